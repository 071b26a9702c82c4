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


def codes(text: str) -> list[str]:
    check = check_source(Source("model.py", HEAD + dedent(text)), Wanted(DEFAULT, prove=False))
    assert not check.problems
    return [candidate.finding.code for candidate in check.candidates]
