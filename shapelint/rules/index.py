"""Which files hold rules for what occurs on a path: they alone are imported.

A check of a short file needs a quarter of the rules. `index.json` says which codes a file has, and where they are
looked for. It is written from the rules by `python -m shapelint.rules.docs`; a file that it does not have is imported
to be asked, and one that says something else when it is imported ends the check.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from shapelint import rooms
from shapelint.data import dataclass
from shapelint.finding import UNUSED
from shapelint.rules.base import CHECKS, RULES, RegisteredCheck, Rule
from shapelint.rules.occurring import occurring
from shapelint.trace.trace import Trace

_RULES = "shapelint.rules"
FILE = Path(__file__).with_name("index.json")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a check before it is imported."""

    codes: Mapping[str, bool]  #: its rules, each with whether it is on by default
    at: frozenset[str]  #: what must occur, one at least; nothing: it looks at every path

    def is_for(self, codes: Iterable[str], occurring: frozenset[str]) -> bool:
        """Whether it serves one of some rules, and may find anything where that occurs."""
        return not self.codes.keys().isdisjoint(codes) and (not self.at or not self.at.isdisjoint(occurring))


def by_default() -> dict[str, bool]:
    """The codes of all findings, each with whether it is on by default."""
    found = {UNUSED: True}
    for entries in _known().values():
        for entry in entries:
            found.update(entry.codes)
    return found


def rule_of(code: str) -> Rule | None:
    """The rule of a code, or None: its file is imported."""
    if code == UNUSED:
        from shapelint.rules.unused_comments import UNUSED_SUPPRESSION

        return UNUSED_SUPPRESSION
    for module in () if code in RULES else _known():
        if any(code in entry.codes for entry in _known()[module]):
            _checks_in(module)
    return RULES.get(code)


def checks_on(trace: Trace, codes: frozenset[str]) -> tuple[RegisteredCheck, ...]:
    """The checks that serve some rules and may find anything on a path, in the order of their files."""
    return _checks_for(codes, occurring(trace))


@cache
def _checks_for(codes: frozenset[str], occurring: frozenset[str]) -> tuple[RegisteredCheck, ...]:
    return tuple(
        check
        for module, entries in _known().items()
        if any(entry.is_for(codes, occurring) for entry in entries)
        for check in _checks_in(module)
        if _entry(check).is_for(codes, occurring)
    )


def text() -> str:
    """What `index.json` is to say: a line for each file."""
    lines = (
        f"{json.dumps(module)}: {json.dumps([{'codes': dict(one.codes), 'at': sorted(one.at)} for one in entries])}"
        for module, entries in ((name, _entries_in(name)) for name in rooms.names(_RULES))
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write() -> None:
    """Write `index.json`, and go on with it."""
    FILE.write_text(text(), encoding="utf-8")
    _known.cache_clear()
    _checks_for.cache_clear()


@cache
def _known() -> Mapping[str, list[Entry]]:
    """The checks in each file, in the order of the files."""
    written = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        module: [Entry(one["codes"], frozenset(one["at"])) for one in written[module]]
        if module in written
        else _entries_in(module)
        for module in rooms.names(_RULES)
    }


def _checks_in(module: str) -> list[RegisteredCheck]:
    """Import a file. Raises RuntimeError where the index, which would hide what the file finds, says something else."""
    if _entries_in(module) != _known()[module]:
        raise RuntimeError(f"{FILE.name} does not say what {module} says: run `python -m shapelint.rules.docs`")
    return CHECKS.get(module, [])


def _entries_in(module: str) -> list[Entry]:
    import_module(module)
    return list(map(_entry, CHECKS.get(module, ())))


def _entry(check: RegisteredCheck) -> Entry:
    return Entry({rule.code: rule.default for rule in check.rules}, frozenset(one.name for one in check.at))
