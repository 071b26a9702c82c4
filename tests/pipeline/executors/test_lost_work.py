"""Work that an executor loses, refuses or answers with nonsense: what is told of it, and that no other file is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from calling import FOLDER, RIGHT, TASKS, Here, checked, fields, told, with_field
from wrong_models import TAGGER

import shapelint.pipeline.executors.remote as remote
from shapelint.api import ExecutorError

pytestmark = pytest.mark.usefixtures("project")


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


def test_what_has_come_back_is_kept_when_the_executor_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CHUNK_FILES", 1)

    def fail(request: Any) -> Any:
        if fields(request)[TASKS][0]["SentTask"][0] == "c.py":
            raise ExecutorError("no more")
        return request

    with pytest.raises(ExecutorError, match="no more"):
        checked(Here(fail))
    assert checked(None).again == 2
