"""The command line in the test's own process: what it writes, and its status."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

from shapelint.cli import run


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: bytes
    err: bytes


def here(folder: Path, *arguments: str, stdin: bytes = b"") -> Done:
    """Run a command in a folder."""
    before, streams = os.getcwd(), (sys.stdin, sys.stdout, sys.stderr)
    out, err = BytesIO(), BytesIO()
    os.chdir(folder)
    sys.stdin = TextIOWrapper(BytesIO(stdin), encoding="utf-8")
    sys.stdout, sys.stderr = (TextIOWrapper(each, encoding="utf-8", write_through=True) for each in (out, err))
    try:
        status = run(list(arguments))
        return Done(status, out.getvalue(), err.getvalue())
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(before)
