"""What a check costs grows with the file and not with its square: work is counted, never time."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest
from grown import DIMENSIONS, HEAD, WRONG, model

import shapelint
from shapelint.finding import Confidence
from shapelint.infer import analyse as driver
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.fix import mender
from shapelint.pipeline.processes.bounds import Bounded
from shapelint.pipeline.verdicts import proven
from shapelint.reading.text import _holds
from shapelint.rules.base import RULES, load
from shapelint.source import Source
from shapelint.syntax import parse as parser
from shapelint.verify.client import Verifier

load()

HOME = shapelint.__file__.removesuffix("__init__.py")
WANTED = Wanted(frozenset(RULES), Confidence.LOW)
MOST = 4.5  #: times the work for four times the code
SMALL = 10  #: of each dimension; enough for a square to show


@dataclass
class Work:
    """Lines of shapelint that were run."""

    lines: int = 0

    def start(self, frame: FrameType, event: str, arg: object) -> Any:
        """Follow a call of shapelint's own, or of what dataclasses generate for it."""
        name = frame.f_code.co_filename
        return self._count if name.startswith((HOME, "<string>")) else None

    def _count(self, frame: FrameType, event: str, arg: object) -> Any:
        self.lines += event == "line"
        return self._count


@contextmanager
def counted() -> Iterator[Work]:
    work, before = Work(), sys.gettrace()
    threading.settrace(work.start)  # the parser runs in a thread of its own
    sys.settrace(work.start)
    try:
        yield work
    finally:
        sys.settrace(before)
        threading.settrace(before)


def work_for(text: str) -> int:
    """The work of a check, with the programs for its findings and for their fixes."""
    with counted() as work:
        check = check_source(Source("/nowhere/grown.py", text), WANTED)
    assert check.problems == ()
    return work.lines


def wrong_models(count: int) -> str:
    return HEAD + "".join(model(WRONG, name=f"Net{i}") for i in range(count))


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Modules that are loaded when they are needed first are no work of a check."""
    work_for(wrong_models(1))


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_four_times_the_code_is_four_times_the_work(dimension: str) -> None:
    grown = DIMENSIONS[dimension]
    least = work_for(grown(1))
    few, many = (work_for(grown(size + 1)) - least for size in (SMALL, 4 * SMALL))
    assert many <= MOST * few, f"{least} + {few} -> {least} + {many}: {many / few:.1f} times"


def test_a_fix_is_analysed_by_the_entry_that_shows_the_finding_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    explored: list[str] = []
    explore = driver.explore

    def noted(checked: Any, entry: Any, called: Any) -> Any:
        explored.append(entry.name)
        return explore(checked, entry, called)

    monkeypatch.setattr(driver, "explore", noted)
    check = check_source(Source("m.py", wrong_models(5)), WANTED)
    fixes = sum(len(candidate.finding.fixes) for candidate in check.candidates)
    assert (len(check.candidates), fixes >= 5) == (5, True)
    assert len(explored) == 1 + 5 + fixes, "the script, each model, and the model of each fix"


def test_a_fix_is_parsed_with_the_parts_that_it_needs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[int] = []
    tree = parser.tree_of

    def noted(text: str) -> Any:
        lines.append(text.count("\n"))
        return tree(text)

    monkeypatch.setattr(parser, "tree_of", noted)
    text = wrong_models(20)
    check_source(Source("m.py", text), WANTED)
    assert lines[0] == text.count("\n")
    assert len(lines) > 20
    assert max(lines[1:]) <= 2 * text.count("\n") / 20


def test_a_text_is_searched_once_for_all_paths() -> None:
    _holds.cache_clear()
    check_source(Source("m.py", wrong_models(20)), WANTED)
    info = _holds.cache_info()
    assert info.misses <= len(RULES)
    assert info.hits >= 20 * info.misses


def test_a_check_hardly_looks_for_garbage() -> None:
    process = Bounded()

    def looks() -> int:
        return sum(generation["collections"] for generation in process.call(gc.get_stats))

    def check() -> int:
        before = looks()
        process.call(check_source, Source("/nowhere/grown.py", wrong_models(SMALL)), WANTED)
        return looks() - before

    try:
        process.call(check_source, Source("/nowhere/first.py", wrong_models(1)), WANTED)
        assert check() <= 4
    finally:
        process.close()


def test_a_judge_analyses_each_text_once(monkeypatch: pytest.MonkeyPatch, verifier: Verifier) -> None:
    texts: list[str] = []
    tree = parser.tree_of

    def noted(text: str) -> Any:
        texts.append(text)
        return tree(text)

    monkeypatch.setattr(parser, "tree_of", noted)
    text = wrong_models(2)
    first = proven(check_source(Source("m.py", text), WANTED), verifier)
    mended = mender(WANTED, True, verifier).mend(text.encode(), first)
    assert (mended.fixed, mended.findings) == (2, ())
    whole = [read for read in texts if read.count("\n") >= text.count("\n")]
    assert len(whole) == 2, "the text before the round and the text after it"
