"""What a run on a Dask cluster costs its three parties, for docs/scale.md.

usage: python benchmarks/scale.py TREE [--workers N] [--no-proof] [--cache]
       python benchmarks/scale.py TREE --command     # as if the workers found nothing, at once
       python benchmarks/scale.py TREE --chunks N    # N chunks without files

It starts a scheduler and N workers of a thread each, runs a check of the tree with them, and prints the CPU of the
command, of the scheduler and of the workers with all that they start, the chunks, and what was sent.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapelint.config import load_config
from shapelint.pipeline.executors.cluster import Cluster
from shapelint.pipeline.executors.wire import (
    Answer,
    SentJudgement,
    answer_bytes,
    request_bytes,
    request_of,
    versions_of,
)
from shapelint.pipeline.run import run
from shapelint.prefilter import may_use_torch

if TYPE_CHECKING:
    import psutil


class Counting(Executor):
    """Another executor, with the chunks and bytes that go through it."""

    def __init__(self, inner: Executor) -> None:
        self.inner, self.chunks, self.there, self.back = inner, 0, 0, 0

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.chunks += 1
        self.there += len(args[0])
        future = self.inner.submit(function, *args, **kwargs)
        future.add_done_callback(self._count)
        return future

    def _count(self, future: Future[bytes]) -> None:
        self.back += len(future.result())


class Idle(Executor):
    """Says of each file that nothing is found."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        request = request_of(versions_of(args[0])[1])
        future: Future[Any] = Future()
        future.set_result(answer_bytes(Answer("here", judgements=(SentJudgement(),) * len(request.tasks))))
        return future


class Empty(Executor):
    """Sends a number of chunks for each, without files."""

    def __init__(self, inner: Executor, number: int) -> None:
        self.inner, self.number = inner, number

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        versions, rest = versions_of(args[0])
        empty = request_bytes(versions, replace(request_of(rest), tasks=()))
        for future in [self.inner.submit(function, empty, **kwargs) for _ in range(self.number)]:
            future.result()
        return Idle().submit(function, *args)


@contextmanager
def cluster(workers: int, folder: str) -> Iterator[tuple[str, psutil.Process, list[psutil.Process]]]:
    """A scheduler's address, its process, and those of the workers."""
    import psutil  # Dask brings it

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    options = ["--nthreads=1", "--no-nanny", "--no-dashboard", f"--local-directory={folder}"]
    commands = [["scheduler", "--host=127.0.0.1", f"--port={port}", "--no-dashboard"]]
    commands += [["worker", address, *options]] * workers
    started = [
        subprocess.Popen([sys.executable, "-P", "-m", "dask", *command], stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        time.sleep(5)
        processes = [psutil.Process(one.pid) for one in started]
        yield address, processes[0], processes[1:]
    finally:
        for one in reversed(started):  # a worker whose scheduler is gone waits for it
            one.terminate()
            one.wait()


def cpu(*processes: psutil.Process) -> float:
    """Seconds of user and system time of processes and all that they have started."""
    family = [one for process in processes for one in (process, *process.children(recursive=True))]
    times = [one.cpu_times() for one in family]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def size(tree: Path) -> str:
    """Files and lines, and those of them that are checked."""
    raws = [path.read_bytes() for path in tree.rglob("*.py")]
    checked = [raw for raw in raws if may_use_torch(raw)]
    lines, some = (sum(raw.count(b"\n") for raw in of) for of in (raws, checked))
    return f"{len(raws):,} files, {lines:,} lines; {len(checked):,} files, {some:,} lines are checked"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-proof", action="store_true")
    parser.add_argument("--cache", action="store_true")
    parser.add_argument("--command", action="store_true")
    parser.add_argument("--chunks", type=int)
    options = parser.parse_args()
    import psutil  # behind `--help`, which needs no Dask

    print(size(options.tree))
    os.chdir(options.tree)
    config = load_config(".").with_command_line(verify="off" if options.no_proof else "require")
    with tempfile.TemporaryDirectory() as folder, cluster(options.workers, folder) as (address, scheduler, workers):
        config = replace(config, cache_dir=folder + "/cache" if options.cache else None)
        own = psutil.Process()
        before = (sum(own.cpu_times()[:2]), cpu(scheduler), cpu(*workers), time.perf_counter())
        with Cluster(address) as executor:
            counting = Counting(Idle() if options.command else executor)
            used = Empty(counting, options.chunks) if options.chunks else counting
            result = run(["."], config, executor=used)
            after = (sum(own.cpu_times()[:2]), cpu(scheduler), cpu(*workers), time.perf_counter())
        command, scheduling, working, wall = (now - then for now, then in zip(after, before, strict=True))
        print(f"{len(result.findings)} findings, {len(result.problems)} problems, {wall:.1f} s")
        print(f"CPU: {command:.2f} s the command, {scheduling:.2f} s the scheduler, {working:.1f} s the workers")
        print(f"{counting.chunks} chunks, {counting.there:,} bytes there, {counting.back:,} bytes back")
        print(f"{own.memory_info().rss / 1e6:.0f} MB the command")


if __name__ == "__main__":
    main()
