"""Small texts of networks of any kind, and what is found in them before torch is asked."""

from __future__ import annotations

from textwrap import dedent

from followed import DEFAULT

from shapelint.finding import Finding
from shapelint.pipeline.check import Wanted, check_source
from shapelint.source import Source

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def source(text: str) -> Source:
    return Source("model.py", HEAD + dedent(text))


def found(text: str, codes: frozenset[str] = DEFAULT) -> list[Finding]:
    check = check_source(source(text), Wanted(codes, prove=False))
    assert not check.problems
    return [candidate.finding for candidate in check.candidates]


def told(text: str) -> list[str]:
    return [finding.message for finding in found(text)]
