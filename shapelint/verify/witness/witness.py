"""A stand-alone script of a few lines that shows a mistake with torch and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from shapelint import rooms
from shapelint.finding import Finding
from shapelint.ops import registry
from shapelint.verify.program.program import Program
from shapelint.verify.prove import Judged

_WRITERS = "shapelint.verify.witness.writers"
_SETUP = ("import torch", "", "torch.manual_seed(0)", "torch.set_default_dtype(torch.float64)", "")


class NotShownError(Exception):
    """A finding cannot be shown by a script; the text says why."""


Writer: TypeAlias = Callable[[dict[str, Any]], list[str]]


def script(program: Program, finding: Finding | None = None, path: Sequence[str] = ()) -> str:
    """The program as Python source: it builds the layers, runs the operations, and prints what is wrong.

    `path` tells which values lead to it.
    """
    document = program.document
    registry.load()  # the program comes from another process, and nothing here may have loaded the operations
    write = cast("Writer", rooms.module(_WRITERS, document["property"]).write)
    return "\n".join([*heading(finding, path), *_SETUP, *write(document)]) + "\n"


def script_of(finding: Finding, judged: Judged | None) -> str:
    """The script that shows a finding; raises NotShownError."""
    reasons = []
    for program in judged.cases[0].programs if judged else ():
        if isinstance(program, Program):
            return script(program, finding, judged.path if judged else ())
        reasons.append(program.reason)
    raise NotShownError("; ".join(reasons) or "the finding makes no claim that torch can test")


def heading(finding: Finding | None, path: Sequence[str]) -> list[str]:
    """What a script is about, as comments."""
    if finding is None:
        return []
    told = [f"# {finding.code} {finding.path}:{finding.span.line}: {finding.message}"]
    told += [f"# reached with: {', '.join(path)}"] if path else []
    return [" ".join(line.split()) for line in told]
