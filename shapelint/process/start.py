"""The parent's side of a process of our own: start it, ask it within a time, stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from shapelint.process.frames import read_frame, write_frame
from shapelint.process.path import search_path
from shapelint.process.serve import ANSWERED

PATH_SECONDS = 30.0  #: for another interpreter to tell where it finds its modules

_BOOT = str(Path(__file__).with_name("boot.py"))


class ProcessError(Exception):
    """There is no answer. The text goes on from a word for what was asked: "took more than 10 s"."""


class RaisedError(ProcessError):
    """The process could not answer, and told why. It is alive."""


class OverdueError(ProcessError):
    """The time for an answer was over, and the process was killed."""


class DeadError(ProcessError):
    """The process died, or cannot be started."""


class Process:
    """A process that runs a module of this package, see `serve`. It dies with this process.

    On Linux it dies with the thread that starts it, which the system takes for the parent.
    """

    def __init__(
        self,
        module: str,
        folder: str | None = None,
        environment: Mapping[str, str] | None = None,
        python: str | None = None,
    ) -> None:
        """Start the process, in another `folder` and by another `python` than ours if given; raises DeadError."""
        self._overdue = False
        path = search_path(sys.path if python is None else _path_of(python), os.getcwd())
        try:
            self._process = subprocess.Popen(
                [python or sys.executable, "-I", "-S", _BOOT, module, *path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            raise DeadError(f"cannot be started: {error.strerror or error}") from None

    @property
    def number(self) -> int:
        """The system's number of the process."""
        return self._process.pid

    def ask(self, request: bytes, seconds: float) -> bytes:
        """The answer to a request; raises ProcessError, after which the process is of no use if it is not alive."""
        timer = threading.Timer(seconds, self._end_overdue)
        timer.daemon = True
        timer.start()
        try:
            answer = self._exchange(request)
        except BaseException:  # Ctrl-C: an answer that nobody waits for would be taken for that to the next request
            self.stop()
            raise
        finally:
            timer.cancel()
        if answer is None:
            why = self._lost(seconds)
            self.stop()
            raise why
        if not answer.startswith(ANSWERED):
            raise RaisedError(f"raised {answer[1:].decode()}")
        return answer[1:]

    def stop(self) -> None:
        """Kill the process: it holds nothing that is worth a tidy end."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # an unsent request stays unsent
                _stream(stream).close()

    def _exchange(self, request: bytes) -> bytes | None:
        try:
            write_frame(_stream(self._process.stdin), request)
            return read_frame(_stream(self._process.stdout))
        except (OSError, ValueError):  # the other side is closed, or ours by `stop`
            return None

    def _end_overdue(self) -> None:
        self._overdue = True
        self._process.kill()

    def _lost(self, seconds: float) -> ProcessError:
        if self._overdue:
            return OverdueError(f"took more than {seconds:g} s")
        status = self._process.wait()
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        return DeadError(f"died with its process ({how})")


def _path_of(python: str) -> list[str]:
    """Where another interpreter finds its modules; raises DeadError."""
    ask = [python, "-I", "-c", "import sys; print('\\0'.join(sys.path))"]
    try:
        done = subprocess.run(ask, capture_output=True, timeout=PATH_SECONDS, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise DeadError(f"cannot be started: {python}: {getattr(error, 'strerror', None) or error}") from None
    lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    return lines[-1].split("\0") if lines else []  # what its environment prints at each start comes before


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
