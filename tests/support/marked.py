"""Small texts whose wrong lines are marked with `# error: CODE`."""

from __future__ import annotations

import re
from textwrap import dedent

from followed import DEFAULT

from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import load
from shapelint.source import Source

load()

HEAD = """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset, TensorDataset
"""

Marks = list[tuple[str, str]]  #: a line, and the code that is reported there


def expected(text: str) -> Marks:
    """What the marks of a text say."""
    marked = re.finditer(r"^ *(.*?)  # error: (SHP\d{3})$", text, re.MULTILINE)
    return [(mark[1], mark[2]) for mark in marked]


def found(text: str, *more: str) -> Marks:
    """What the rules that are on by default, and some more, report of a text; not what is of low confidence."""
    source = Source("model.py", HEAD + dedent(text))
    check = check_source(source, Wanted(DEFAULT | {*more}, prove=False))
    assert not check.problems
    told = [one.finding for one in check.candidates if one.finding.confidence.value != "low"]
    lines = [source.lines[finding.span.line - 1].partition("  # error")[0].strip() for finding in told]
    return list(zip(lines, [finding.code for finding in told], strict=True))
