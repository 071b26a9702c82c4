"""The codes of what the rules that are on by default report of a small text, whether torch would confirm it or not."""

from __future__ import annotations

from textwrap import dedent

from followed import DEFAULT

from shapelint.pipeline.check import Wanted, check_source
from shapelint.source import Source

HEAD = """\
import unittest
import warnings
import pytest
import torch
import torch.nn as nn
from library import *
"""


PLAIN = "import random\nimport torch\nimport torch.nn as nn\n"


def codes(text: str, head: str = HEAD) -> list[str]:
    check = check_source(Source("model.py", head + dedent(text)), Wanted(DEFAULT, prove=False))
    assert not check.problems
    return [candidate.finding.code for candidate in check.candidates]


def plain_codes(text: str) -> list[str]:
    """The same where every name comes from a library that is known."""
    return codes(text, PLAIN)
