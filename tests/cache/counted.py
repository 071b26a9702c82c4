"""The command line over a project of three files, each run counted: what it loaded, started and parsed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from here import Done, here

import shapelint.pipeline.processes.bounds
import shapelint.verify.client

MODEL = """\
import torch.nn as nn
from layers import SIZE

class Tagger(nn.Module):
    def __init__(self, n, h, bidirectional=False):
        super().__init__()
        self.rnn = nn.GRU(n, SIZE, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(SIZE, 3)

    def forward(self, x):
        out, state = self.rnn(x)
        return self.head(out[-1]), self.head(state[-1])
"""
FILES = {"model.py": MODEL, "layers.py": "SIZE = 16\n", "train.py": "from model import Tagger\n", "README.md": "text\n"}

#: runs the command line, and tells what was loaded, started and parsed
COUNTED = """\
import json, subprocess, sys
from shapelint.cli import run
started = []
begin = subprocess.Popen.__init__
def counted(self, command, *rest, **options):
    started.append(command[4])
    begin(self, command, *rest, **options)
subprocess.Popen.__init__ = counted
status = run(sys.argv[1:])
sys.stdout.flush()
heavy = [name for name in ("torch", "shapelint.syntax.parse", "shapelint.infer.analyse") if name in sys.modules]
print("COUNTED", json.dumps([status, started, heavy]), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run has told and done; `heavy` is what a process of its own has loaded that understands code."""

    done: Done
    started: list[str]
    heavy: list[str]

    @property
    def is_idle(self) -> bool:
        return not self.started and not self.heavy


QUICK = ("--verify=off", "--output-format=concise")


def check(project: Path, *arguments: str) -> Ran:
    """A run in this process."""
    started: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for module in (shapelint.pipeline.processes.bounds, shapelint.verify.client):
            begin = module.Process  # type: ignore[attr-defined]

            def counted(name: str, *how: Any, begin: Callable[..., object] = begin) -> object:
                started.append(name)
                return begin(name, *how)

            patch.setattr(module, "Process", counted)
        return Ran(here(project, *(arguments or QUICK)), started, [])


def begun(project: Path, *arguments: str, code: str = COUNTED) -> subprocess.Popen[bytes]:
    """A run in a process of its own."""
    command = [sys.executable, "-c", code, *(arguments or QUICK)]
    return subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> Ran:
    out, err = process.communicate(timeout=300)
    told, found, counted = err.rpartition(b"COUNTED ")
    assert found, err.decode()
    status, started, heavy = json.loads(counted)
    return Ran(Done(status, out, told), started, heavy)


def results(project: Path) -> Path:
    [path] = (project / ".shapelint_cache").glob("results-*.json")
    return path
