"""Checks by an executor: what any executor must do, and what is told when it does not. tests/pipeline/executors/test_cluster.py has Dask."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from wrong_models import TAGGER

import shapelint
import shapelint.pipeline.executors.remote as remote
import shapelint.pipeline.executors.worker as worker
from shapelint.api import ExecutorError
from shapelint.config import load_config
from shapelint.effort import spent
from shapelint.finding import Confidence
from shapelint.pipeline.processes.task import Task
from shapelint.pipeline.run import run
from shapelint.report.result import RunResult
from shapelint.selection import Chosen

RIGHT = TAGGER.replace("out[-1]", "out[:, -1]")
SIZES = """\
from torch import nn
from parts import Part

class Whole(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.part = Part(n, h)

    def forward(self, x):
        return self.part(x)[-1]
"""
PART = """\
from torch import nn

class Part(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.rnn = nn.GRU(n, h, batch_first=FIRST)

    def forward(self, x):
        return self.rnn(x)[0]
"""


class Here(Executor):
    """Calls in the caller's own thread. `change` may make another request, or another answer, of what goes through."""

    def __init__(
        self,
        request: Callable[[Any], Any] = lambda request: request,
        answer: Callable[[bytes], Any] = lambda answer: answer,
    ) -> None:
        self.requests: list[Any] = []
        self.answers: list[Any] = []
        self._request, self._answer = request, answer

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """What a function gives for the one argument that all requests have."""
        future: Future[Any] = Future()
        [raw] = args
        self.requests.append(json.loads(raw))
        try:
            answer = self._answer(function(json.dumps(self._request(json.loads(raw))).encode()))
            self.answers.append(answer)
            future.set_result(answer)
        except Exception as error:
            future.set_exception(error)
        return future


def fields(request: Any) -> list[Any]:
    """The fields of a request by their places: run, number, folder, seconds, ..., tasks."""
    found: list[Any] = request[1]["Request"]
    return found


def with_field(place: int, value: object) -> Callable[[Any], Any]:
    def change(request: Any) -> Any:
        fields(request)[place] = value
        return request

    return change


FOLDER, TASKS = 2, 8


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.py").write_text(RIGHT if name == "b" else TAGGER)
    yield tmp_path
    vars(worker._of_thread).pop("station", None)  # that of `Here`


def checked(executor: Executor | None, *paths: str, prove: bool = False) -> RunResult:
    config = load_config(".").with_command_line(verify="auto" if prove else "off", cache_dir="cache")
    return run(paths or (".",), config, executor=executor)


def told(result: RunResult) -> list[str]:
    return [f"{one.path}:{one.span.line}: {one.code}" for one in result.findings]


def test_any_executor_tells_what_this_machine_tells(project: Path) -> None:
    """Also what a finding rests on: a run without the executor goes on from what the other has kept."""
    (project / "parts.py").write_text(PART.replace("FIRST", "True"))
    (project / "whole.py").write_text(SIZES)
    (project / "broken.py").write_text("import torch\nx = (\n")
    executor = Here()
    there = checked(executor, prove=True)
    assert told(there) == ["a.py:10: SHP101", "c.py:10: SHP101", "whole.py:10: SHP101"]
    assert there.torch
    assert not there.unproven
    assert len(executor.requests) == 1
    again = checked(None, prove=True)
    assert (again.again, again.results, again.torch) == (6, there.results, there.torch)
    for file in (project / "cache").iterdir():
        file.unlink()
    alone = checked(None, prove=True)
    assert (alone.again, alone.results, alone.torch) == (0, there.results, there.torch)


def test_pools_of_threads_and_of_processes_are_executors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CHUNK_FILES", 1)
    expected = told(checked(None))
    with ThreadPoolExecutor(2) as threads:
        there = shapelint.check(".", verify="off", cache=False, executor=threads)
    assert [f"{one.path}:{one.line}: {one.code}" for one in there.findings] == expected
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        there = shapelint.check(".", verify="off", cache=False, executor=processes)
        assert [f"{one.path}:{one.line}: {one.code}" for one in there.findings] == expected
        for process in processes._processes.values():
            os.kill(process.pid or 0, signal.SIGKILL)
        with pytest.raises(ExecutorError, match=r"(takes no work|got lost): BrokenProcessPool: "):
            shapelint.check(".", verify="off", cache=False, executor=processes)


def test_what_goes_through_is_bytes_of_json_without_the_code(project: Path) -> None:
    executor = Here()
    stdin = b"# never sent, if it were in a file\n" + TAGGER.encode()
    (project / "a.py").write_bytes(stdin)
    checked(executor)
    assert "never sent" not in json.dumps(executor.requests)
    assert all(json.loads(answer)["Answer"] for answer in executor.answers)


def test_what_a_run_took_is_told_whoever_took_it() -> None:
    spent()
    checked(None)
    here = spent().work
    shutil.rmtree("cache")
    checked(Here())
    there = spent().work
    assert here["texts parsed"] == there["texts parsed"] == 3
    assert there["steps"] == here["steps"] > 0


def test_a_text_in_no_file_is_sent(project: Path) -> None:
    from shapelint.pipeline.run import Input

    raw = "# coding: latin-1\n# \xe4\n".encode("latin-1") + TAGGER.encode()
    executor = Here()
    config = load_config(".").with_command_line(verify="off")
    result = run([], config, stdin=Input("new.py", raw, on_disk=False), executor=executor)
    assert told(result) == ["new.py:12: SHP101"]


def test_nothing_is_sent_when_all_is_known() -> None:
    checked(None)
    executor = Here()
    assert checked(executor).again == 3
    assert executor.requests == []


def test_a_lost_chunk_is_sent_again_file_by_file(project: Path) -> None:
    """The one that loses its worker then, too, is told, and the others are checked."""

    def lose(request: Any) -> Any:
        tasks = fields(request)[TASKS]
        if any(task["SentTask"][0].endswith("b.py") for task in tasks):
            raise OSError("the worker\nis gone")
        return request

    executor = Here(lose)
    result = checked(executor)
    assert told(result) == ["a.py:10: SHP101", "c.py:10: SHP101"]
    [problem] = result.problems
    assert problem.path == "b.py"
    assert problem.message == "cannot check the file: its worker was lost twice (OSError: the worker is gone)"
    assert [len(fields(request)[TASKS]) for request in executor.requests] == [3, 1, 1, 1]
    assert checked(None).again == 2, "no such result is kept"


def test_many_files_that_lose_their_workers_cost_no_other(project: Path) -> None:
    for number in range(remote.MAX_LOST + 1):
        (project / f"deadly{number}.py").write_text(TAGGER)

    def lose(request: Any) -> Any:
        if any("deadly" in task["SentTask"][0] for task in fields(request)[TASKS]):
            raise OSError("gone")
        return request

    result = checked(Here(lose))
    assert told(result) == ["a.py:10: SHP101", "c.py:10: SHP101"]
    assert len(result.problems) == remote.MAX_LOST + 1


def test_a_chunk_that_is_lost_once_costs_nothing() -> None:
    fails = iter((True,))

    def lose(request: Any) -> Any:
        if next(fails, False):
            raise OSError("gone")
        return request

    assert checked(Here(lose)).results == checked(None).results


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"\xff", None, b'{"Answer": []}', b'{"Answer": ["h", null, [], [], null, null, [], []]}']
)
def test_nonsense_is_no_answer(answer: Any) -> None:
    result = checked(Here(answer=lambda _: answer))
    assert [problem.path for problem in result.problems] == ["a.py", "b.py", "c.py"]
    assert all("was lost twice" in problem.message for problem in result.problems)


def test_an_answer_about_another_text_is_none(project: Path) -> None:
    def forged(answer: bytes) -> bytes:
        return answer.replace(b"a.py", b"z.py")

    result = checked(Here(answer=forged))
    assert [problem.path for problem in result.problems] == ["a.py"]


def test_an_executor_that_loses_all_is_given_up(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    monkeypatch.setattr(remote, "CHUNK_FILES", 1)
    for number in range(20):
        (project / f"more{number}.py").write_text(RIGHT)
    executor = Here(answer=lambda _: None)
    with pytest.raises(ExecutorError, match="5 chunks in a row got lost"):
        checked(executor)


def test_an_executor_that_takes_no_work_is_told() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(ExecutorError, match="the executor takes no work: RuntimeError: cannot schedule"):
        checked(executor)


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (
            0,
            "0.1.0",
            r"it has shapelint 0\.2\.0, \w+ 3[.\d]+, the run shapelint 0\.1\.0, \w+ 3[.\d]+; install the same",
        ),
        (1, "CPython 3.9.1", r"it has shapelint 0\.2\.0, .*, the run shapelint 0\.2\.0, CPython 3\.9\.1; install"),
        (
            3,
            ["another", ""],
            r"both have shapelint 0\.2\.0, \w+ 3[.\d]+, but of another content; install the same there",
        ),
    ],
)
def test_a_worker_of_another_version_refuses(place: int, value: object, why: str) -> None:
    def other(request: Any) -> Any:
        request[0]["Versions"][place] = value
        return request

    with pytest.raises(ExecutorError, match=rf"^the worker on \S+ cannot check anything: {why}"):
        checked(Here(other))


def test_a_request_of_a_later_version_is_refused_by_its_versions() -> None:
    def later(request: Any) -> Any:
        request[0]["Versions"][0] = "9.9.9"
        return [request[0], {"Order": "of another form"}, 3]

    with pytest.raises(ExecutorError, match=r"the run shapelint 9\.9\.9"):
        checked(Here(later))


def test_torch_is_compared_where_it_proves() -> None:
    def other(request: Any) -> Any:
        request[0]["Versions"][2] = "1.0"
        return request

    with pytest.raises(ExecutorError, match=r"torch \S+, the run .*, torch 1\.0; install the same there"):
        checked(Here(other), prove=True)


def missing(function: bytes) -> bytes:
    raise ModuleNotFoundError("No module named 'shapelint'")


def test_a_worker_without_shapelint_is_told() -> None:
    with pytest.raises(ExecutorError, match="a worker does not have this version of shapelint: No module named"):
        checked(Here(answer=missing))


def test_a_worker_that_does_not_see_the_project_is_told(project: Path, tmp_path: Path) -> None:
    with pytest.raises(ExecutorError, match=r"it has no folder /nowhere, in which the run stands; see docs/scale.md"):
        checked(Here(with_field(FOLDER, "/nowhere")))
    other = tmp_path / "other"
    other.mkdir()
    there = rf"the worker on \S+ cannot read the project: {tmp_path}/a.py: "
    with pytest.raises(ExecutorError, match=f"{there}No such file or directory; all workers must see"):
        checked(Here(with_field(FOLDER, str(other))))
    (other / "a.py").write_text(RIGHT)
    with pytest.raises(ExecutorError, match=f"{there}it has another content there; all workers must see"):
        checked(Here(with_field(FOLDER, str(other))), "a.py")


def test_a_file_that_changes_during_the_run_is_told_alone(project: Path) -> None:
    def edit(request: Any) -> Any:
        (project / "b.py").write_text(TAGGER)
        return request

    result = checked(Here(edit))
    assert told(result) == ["a.py:10: SHP101", "c.py:10: SHP101"]
    assert [(one.path, one.message) for one in result.problems] == [
        ("b.py", "cannot check the file: it was changed during the run")
    ]


def test_a_later_run_sees_what_has_changed(project: Path) -> None:
    """The processes of a worker remember files that are imported, for as long as a run."""
    (project / "whole.py").write_text(SIZES)
    executor = Here()
    for first, found in (("True", ["whole.py:10: SHP101"]), ("False", [])):
        (project / "parts.py").write_text(PART.replace("FIRST", first))
        assert told(checked(executor, "whole.py")) == found


def test_the_processes_of_a_worker_end_when_there_is_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    left = threading.Event()
    leave = worker.Station._leave
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(worker.Station, "_leave", lambda station: (leave(station), left.set()))
    checked(Here())
    assert left.wait(60)
    assert worker._station()._checker is None
    assert told(checked(Here(), "a.py")) == ["a.py:10: SHP101"], "and there are new ones"


class Stopping(Here):
    """Ctrl-C comes while the second chunk is on its way."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not self.requests:
            return super().submit(function, *args, **kwargs)
        threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,)).start()
        self.waiting: Future[Any] = Future()
        return self.waiting


def test_what_has_come_back_is_told_when_the_run_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CHUNK_FILES", 1)
    monkeypatch.setattr(remote, "WINDOW", 2)
    executor = Stopping()
    result = checked(executor)
    assert told(result) == ["a.py:10: SHP101"]
    assert result.stopped
    assert (result.stopped.signal, result.stopped.unchecked) == (signal.SIGINT, 2)
    assert executor.waiting.cancelled()


def test_torch_is_tried_there_where_it_is_required_and_nothing_is_found() -> None:
    config = load_config(".").with_command_line(verify="require", cache_dir=None)
    executor = Here()
    result = run(["b.py"], config, executor=executor)
    assert result.torch
    assert [len(fields(request)[TASKS]) for request in executor.requests] == [1, 0]


def test_what_has_come_back_is_kept_when_the_executor_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CHUNK_FILES", 1)

    def fail(request: Any) -> Any:
        if fields(request)[TASKS][0]["SentTask"][0] == "c.py":
            raise ExecutorError("no more")
        return request

    with pytest.raises(ExecutorError, match="no more"):
        checked(Here(fail))
    assert checked(None).again == 2


def test_fixes_are_proven_here(project: Path) -> None:
    config = load_config(".").with_command_line(fix=True, unsafe_fixes=True, verify="require")
    result = run(["."], config, executor=Here())
    assert (result.fixed, told(result)) == (2, [])
    assert (project / "a.py").read_text() == RIGHT


def tasks(*sizes: int) -> list[Task]:
    return [Task(f"{size}.py", b" " * size, Chosen(), Confidence.MEDIUM, False) for size in sizes]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1], [1]),
        ([10_000, 10_000, 1], [2, 1]),
        ([1] * 70, [32, 32, 6]),
        ([500_000, 1, 500_000, 1], [1, 1, 1, 1]),
        ([50_000] * 1_200, [4] * 300),
        ([40_000] * 256, [1] * 256),
    ],
)
def test_chunks_are_neighbours_of_about_one_size(sizes: list[int], expected: list[int]) -> None:
    found = list(remote.chunks(tasks(*sizes)))
    assert [len(chunk) for chunk in found] == expected
    assert [number for chunk in found for number in chunk] == list(range(len(sizes)))


def test_no_more_than_a_window_is_on_its_way(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    monkeypatch.setattr(remote, "CHUNK_FILES", 1)
    monkeypatch.setattr(remote, "WINDOW", 2)
    most = 0

    class Counting(ThreadPoolExecutor):
        def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            nonlocal most
            most = max(most, sum(not future.done() for future in self.futures) + 1)
            future: Future[Any] = super().submit(function, *args, **kwargs)
            self.futures.append(future)
            return future

        futures: list[Future[Any]] = []

    for number in range(5):
        (project / f"more{number}.py").write_text(RIGHT)
    with Counting(1) as executor:
        assert len(told(checked(executor))) == 2
    assert most <= 2
