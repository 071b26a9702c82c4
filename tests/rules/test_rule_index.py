"""The index of the rules: what is imported for a path, and that nothing is missed by it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from followed import traces_of
from root import ROOT

from shapelint.ops.nature import Nature
from shapelint.rules import index
from shapelint.rules.base import CHECKS, RULES, Rule, load
from shapelint.rules.occurring import occurring
from shapelint.trace.trace import Trace

load()

FIXTURES = sorted((ROOT / "fixtures").rglob("*.py"))
PLAIN = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.second = nn.Linear(16, 2)

    def forward(self, x):
        return self.second(self.first(x))
"""


def missed(paths: Iterable[Trace]) -> set[str]:
    """The codes of what checks find where they are not asked: their `at=` names nothing that occurs there."""
    return {
        finding.code
        for trace in paths
        for check in chain.from_iterable(CHECKS.values())
        if check.at and {one.name for one in check.at}.isdisjoint(occurring(trace))
        for finding in check.run(trace)
    }


def test_the_index_says_what_the_rules_say() -> None:
    assert index.FILE.read_text(encoding="utf-8") == index.text(), "run `python -m shapelint.rules.docs`"


@pytest.mark.parametrize("rule", sorted(RULES.values(), key=lambda rule: rule.code), ids=lambda rule: rule.code)
def test_nothing_is_found_in_examples_where_a_check_is_not_asked(rule: Rule) -> None:
    codes = missed(chain.from_iterable(map(traces_of, (*rule.bad, *rule.good))))
    assert not codes, f"{sorted(codes)} found where nothing occurs that `at=` names"


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_nor_is_it_in_fixtures(path: Path) -> None:
    assert missed(traces_of(path.read_text(encoding="utf-8"), str(path))) == set()


def test_a_check_that_looks_at_another_place_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two tests above would see it, if a check named what does not occur where it finds something."""
    module = "shapelint.rules.layout.last_step"
    (check,) = CHECKS[module]
    monkeypatch.setitem(CHECKS, module, [replace(check, at=frozenset((Nature.SEQUENCE_LOSS,)))])
    assert missed(traces_of(RULES["SHP101"].bad[0])) == {"SHP101"}


def test_a_file_that_the_index_does_not_have_is_asked_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written = json.loads(index.FILE.read_text(encoding="utf-8"))
    del written["shapelint.rules.layout.last_step"]
    monkeypatch.setattr(index, "FILE", tmp_path / "index.json")
    index.FILE.write_text(json.dumps(written), encoding="utf-8")
    index._known.cache_clear()
    try:
        assert "SHP101" in index.by_default()
    finally:
        index._known.cache_clear()


def test_a_file_that_says_something_else_than_the_index_ends_the_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A code that was renamed, a trigger that was changed: one line tells what to run."""
    written = json.loads(index.FILE.read_text(encoding="utf-8"))
    (entry,) = written["shapelint.rules.layout.last_feature"]
    entry["codes"]["SHP199"] = True
    monkeypatch.setattr(index, "FILE", tmp_path / "index.json")
    index.FILE.write_text(json.dumps(written), encoding="utf-8")
    index._known.cache_clear()
    try:
        with pytest.raises(RuntimeError, match=r"last_feature says: run `python -m shapelint.rules.docs`"):
            index.rule_of("SHP199")
    finally:
        index._known.cache_clear()


IMPORTED = """\
import json, sys
from shapelint.infer.analyse import analyse
from shapelint.rules.index import by_default
from shapelint.rules.findings import findings
from shapelint.source import Source
from shapelint.syntax.parse import parse

source = Source("model.py", sys.argv[1])
findings(analyse(parse(source), source), frozenset(by_default()))
rooms = [name.split(".")[2:] for name in sys.modules if name.startswith("shapelint.rules.")]
print(json.dumps([".".join(room) for room in rooms if len(room) == 2]))
"""


def imported(text: str) -> set[str]:
    """The files of rules that a check of a text imports."""
    done = subprocess.run([sys.executable, "-c", IMPORTED, text], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_rules_are_imported_for_what_occurs() -> None:
    files = imported(PLAIN)
    assert "sizes.fixed_length_head" in files
    assert not files & {"packing.unsorted_lengths", "sizes.softmax_over_batch", "refusals.no_broadcast"}
    assert len(files) <= 3, f"which of these needs no `at=`? {sorted(files)}"
    assert "refusals.unequal_sizes" in imported(PLAIN.replace("16, 2", "17, 2"))
