"""Checks by an executor: what any executor must do. What is told when it does not is in test_lost_work.py, Dask in test_cluster.py."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from calling import PART, RIGHT, SIZES, TASKS, Here, checked, fields, told
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
from shapelint.selection import Chosen

pytestmark = pytest.mark.usefixtures("project")


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


def test_torch_is_tried_there_where_it_is_required_and_nothing_is_found() -> None:
    config = load_config(".").with_command_line(verify="require", cache_dir=None)
    executor = Here()
    result = run(["b.py"], config, executor=executor)
    assert result.torch
    assert [len(fields(request)[TASKS]) for request in executor.requests] == [1, 0]


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
