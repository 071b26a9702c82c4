"""The paths through a small text, and all that is found on them, also what is of low confidence."""

from textwrap import dedent

from followed import DEFAULT

from shapelint.finding import Confidence, Finding
from shapelint.pipeline.check import Wanted, analyse_source, check_source
from shapelint.source import Source
from shapelint.trace.trace import Trace

HEAD = "import torch\nimport torch.nn as nn\n"


def traces(text: str) -> list[Trace]:
    return analyse_source(Source("model.py", HEAD + dedent(text))).traces


def findings(text: str) -> list[Finding]:
    check = check_source(Source("model.py", HEAD + dedent(text)), Wanted(DEFAULT, Confidence.LOW, prove=False))
    assert not check.problems
    return [candidate.finding for candidate in check.candidates]
