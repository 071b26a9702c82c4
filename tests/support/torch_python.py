"""Scripts that need torch, each in a process of its own: forks of one that has imported torch, which takes 4 s of CPU."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NoReturn

PATIENCE = 120  #: seconds, to catch what never ends


class TorchPython:
    """Runs scripts as `python -c` does."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, script: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        place = str(folder or os.getcwd())
        command = [sys.executable, "-B", "-c", script]
        if not hasattr(os, "fork"):
            return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if self._process is None:
            serve = [sys.executable, "-B", __file__]
            self._process = subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"script": script, "folder": place}), file=self._process.stdin, flush=True)
        return subprocess.CompletedProcess(command, **json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        if self._process is not None:
            self._process.communicate()


def serve() -> None:
    """Answer each line of standard input with what the script in it has done."""
    import torch  # noqa: F401  # for the scripts

    for line in sys.stdin:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            number = os.fork()
            if number == 0:
                _be(out, err, **json.loads(line))
            status = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
            print(json.dumps({"returncode": status, "stdout": _text(out), "stderr": _text(err)}), flush=True)


def _be(out: IO[bytes], err: IO[bytes], script: str, folder: str) -> NoReturn:
    signal.alarm(PATIENCE)
    for number, stream in enumerate((os.open(os.devnull, os.O_RDONLY), out.fileno(), err.fileno())):
        os.dup2(stream, number)
    os.chdir(folder)
    sys.argv, sys.path[0] = ["-c"], ""
    main = sys.modules["__main__"] = ModuleType("__main__")
    status: Any = 0
    try:
        exec(compile(script, "<string>", "exec"), main.__dict__)
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    serve()
