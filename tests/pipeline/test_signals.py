"""How a run ends before its time: nothing hangs, nothing is left behind, what was found is told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from injected import write_injected
from wrong_models import TAGGER as BAD

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")

#: `quick*.py` are checked, others never end; every process writes down its number
SLOW = """
import os, sys, time
open({numbers!r} + str(os.getpid()), "w").close()
import shapelint.pipeline.check as slow
whole = slow.check_bytes
def check_bytes(path, raw, wanted):
    if path.startswith("quick"):
        return whole(path, raw, wanted)
    open({begun!r}, "a").write(path + "\\n")
    {wait}
slow.check_bytes = check_bytes
"""
SLEEP = "time.sleep(600)"
NATIVE = "import re; re.match('(a*)*b', 'a' * 60)"  # gives no other thread a turn
PATIENCE = 120.0  #: seconds, to catch what never ends


class Place:
    """A project, and the processes that a run in it starts."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.numbers = folder / "numbers"
        self.begun = folder / "begun"
        self.start = folder / "start"
        for path in (self.project, self.numbers):
            path.mkdir()
        for name in ("quick", "slow_a", "slow_b", "slow_c", "slow_d"):
            (self.project / f"{name}.py").write_text(BAD)

    def run(self, *options: str, wait: str = SLEEP, **streams: int) -> subprocess.Popen[str]:
        """A run whose checks are under way."""
        code = SLOW.format(numbers=f"{self.numbers}{os.sep}", begun=str(self.begun), wait=wait)
        if not self.start.exists():
            write_injected(self.start, code)
        run = subprocess.Popen(
            [sys.executable, "-m", "shapelint", "--output-format=concise", *options, "."],
            cwd=self.project,
            env={**os.environ, "PYTHONPATH": str(self.start)},
            stdout=streams.get("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        jobs = 2 if "-j2" in options else 1
        until(lambda: self.begun.exists() and len(self.begun.read_text().splitlines()) >= jobs)
        return run

    def left(self) -> list[int]:
        """The processes that are still there."""
        return [number for number in map(int, os.listdir(self.numbers)) if is_alive(number)]


def is_alive(number: int) -> bool:
    """Whether a process is there, and not only its number, which nobody has collected."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, 0)
        return sys.platform != "linux"
    return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "never"
        time.sleep(0.02)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for number in place.left():
        os.kill(number, signal.SIGKILL)


JOBS = pytest.mark.parametrize("jobs", ["-j1", "-j2"])


@pytest.mark.parametrize(
    ("jobs", "verify", "sent", "status"),
    [
        ("-j1", "--verify=off", signal.SIGINT, 130),
        ("-j2", "--verify=require", signal.SIGINT, 130),
        ("-j1", "--verify=require", signal.SIGTERM, 143),
        ("-j2", "--verify=off", signal.SIGTERM, 143),
    ],
)
def test_an_interrupted_run_tells_what_was_found(
    place: Place, jobs: str, verify: str, sent: signal.Signals, status: int
) -> None:
    place.project.joinpath("quick.py").write_text(BAD + "# the largest file is the first\n")
    run = place.run(jobs, verify)
    if jobs == "-j2":
        until(lambda: len(place.begun.read_text().splitlines()) >= 2)
    run.send_signal(sent)
    output, errors = run.communicate(timeout=PATIENCE)
    assert run.returncode == status
    assert output.startswith("quick.py:10:16: SHP101 ")
    assert output.count("\n") == 1
    assert "interrupted, 4 files left unchecked" in errors
    assert "Traceback" not in errors
    assert place.left() == []


def test_ctrl_c_reaches_all_processes_of_a_terminal_and_says_nothing_else(place: Place) -> None:
    run = place.run("-j2", "--verify=off")
    os.killpg(run.pid, signal.SIGINT)
    _, errors = run.communicate(timeout=PATIENCE)
    assert (run.returncode, errors.count("\n")) == (130, 1)
    assert place.left() == []


@pytest.mark.parametrize("wait", [SLEEP, NATIVE], ids=["asleep", "native code"])
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGHUP, signal.SIGQUIT])
def test_children_end_with_their_parent(place: Place, sent: signal.Signals, wait: str) -> None:
    """All kinds of them at once: two that check files, and the one with torch."""
    if wait is NATIVE and sys.platform != "linux":
        pytest.skip("only Linux ends a process that leaves no thread a turn")
    run = place.run("-j2", "--verify=require", wait=wait)
    assert len(place.left()) >= 3
    run.send_signal(sent)
    run.communicate(timeout=PATIENCE)  # which reads to the end of what all of them hold open
    assert run.returncode == -sent
    until(lambda: place.left() == [])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a stopped process of its parent's end")
def test_a_stopped_child_ends_with_its_parent(place: Place) -> None:
    run = place.run("-j2", "--verify=off")
    for number in place.left():
        if number != run.pid:
            os.kill(number, signal.SIGSTOP)
    run.kill()
    run.communicate(timeout=PATIENCE)
    until(lambda: place.left() == [])


@JOBS
def test_a_reader_that_has_gone_is_no_error(place: Place, jobs: str) -> None:
    for path in place.project.glob("slow*"):
        path.unlink()
    for number in range(40):
        (place.project / f"quick{number}.py").write_text(BAD)
    read, write = os.pipe()
    os.close(read)
    place.begun.write_text("none\nnone\n")
    run = place.run(jobs, "--verify=off", stdout=write)
    os.close(write)
    _, errors = run.communicate(timeout=PATIENCE)
    assert (run.returncode in (1, 141), errors) == (True, "")
    assert place.left() == []


def test_an_interrupted_run_leaves_files_whole(place: Place) -> None:
    run = place.run("-j2", "--fix", "--unsafe-fixes")
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=PATIENCE)
    assert run.returncode == 143
    assert {path.read_text() for path in place.project.glob("*.py")} == {BAD}
