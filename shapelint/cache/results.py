"""The results of files, in one JSON file for each version of shapelint and Python.

    {"answers": [["file", "/project/layers.py", ""], ..],            what checks have asked, and were told
     "states": {"..": ["/project", true, [["/project/a.py", ".."], ..]]},
     "searches": [["mention", "kind", "..", ["/project/a.py"]], ..],
     "entries": {"KEY": ["/project/a.py", DAY, [0, 7], [3], RESULT]}}

A key stands for the file's name and content and for what was asked of it. An entry names the answers and searches that
its result rests on, by their places in the lists above; most are shared by many. It is used if all of them are the
same now. It is dropped when its file is gone, and when no run has used it for `KEPT_DAYS`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import Any, TypeVar

from shapelint.cache.codec import decoded
from shapelint.cache.now import Now, is_there
from shapelint.data import dataclass
from shapelint.project.reads import Reads, Search, State

Kept = TypeVar("Kept")

KEPT_DAYS = 14
MAX_ENTRIES = 50_000
DAY_SECONDS = 86_400

Answer = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """What was told of a file, and what it rests on; `day` is when it was used last."""

    path: str
    day: int
    answers: tuple[Answer, ...]
    searches: tuple[Search, ...]
    result: Any


def entry(path: str, reads: Reads, result: Any) -> Entry:
    """An entry of today."""
    answers = tuple((kind, asked, told) for (kind, asked), told in reads.answers.items())
    return Entry(path, today(), answers, tuple(reads.searches), result)


def latest(kept: Mapping[str, Kept], day: Callable[[Kept], int], most: int) -> dict[str, Kept]:
    """As many entries as may be kept: those that were used last."""
    return dict(sorted(kept.items(), key=lambda item: day(item[1]), reverse=True)[:most])


def today() -> int:
    """The number of the day."""
    return int(time.time()) // DAY_SECONDS


@dataclass(slots=True)
class Results:
    """The entries of a cache, with those that this run adds; `is_old` when the file should be written anew."""

    _lists: _Lists
    now: Now
    touched: dict[str, Entry] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    is_old: bool = False
    is_stale: bool = False  #: only the days are old

    @staticmethod
    def of(raw: bytes | None) -> Results:
        """Those of a file's content; none where it is not one of ours."""
        lists = _Lists.of(raw)
        return Results(lists, Now(lists.states))

    def find(self, key: str) -> Any | None:
        """The result under a key, if all that it rests on is the same now."""
        found = self.touched.get(key) or self._lists.entry(key)
        if found is None or not self._holds(found):
            return None
        moved = [self.now.moved(search) for search in found.searches]
        self.states.update((search.state, state) for search, state in moved)
        searches = tuple(search for search, _ in moved)
        self.is_old |= searches != found.searches
        self.is_stale |= found.day != today()
        self.touched[key] = replace(found, day=today(), searches=searches)
        return found.result

    def _holds(self, found: Entry) -> bool:
        return all(self.now.answers(*one) for one in found.answers) and all(map(self.now.finds, found.searches))

    def put(self, key: str, new: Entry, states: Mapping[str, State]) -> None:
        """Keep a result."""
        self.touched[key] = new
        self.states.update(states)
        self.is_old = True

    def merged(self, raw: bytes | None) -> bytes:
        """What to write in place of a content: another run may have written meanwhile."""
        lists = _Lists.of(raw)
        first = today() - KEPT_DAYS
        others = {key: one for key in lists.entries if key not in self.touched and (one := lists.entry(key))}
        kept = {key: one for key, one in {**others, **self.touched}.items() if one.day >= first and is_there(one.path)}
        return _written(latest(kept, lambda one: one.day, MAX_ENTRIES), {**lists.states, **self.states})


@dataclass(frozen=True, slots=True)
class _Lists:
    """The content of a file. Entries are read when they are asked for."""

    answers: tuple[Answer, ...] = ()
    searches: tuple[Search, ...] = ()
    states: Mapping[str, State] = field(default_factory=dict)
    entries: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(raw: bytes | None) -> _Lists:
        try:
            return _Lists._read(json.loads(raw)) if raw is not None else _Lists()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return _Lists()

    @staticmethod
    def _read(given: Any) -> _Lists:
        states = {str(key): decoded(State, {"State": values}) for key, values in given["states"].items()}
        searches = decoded(tuple[Search, ...], [{"Search": values} for values in given["searches"]])
        answers = decoded(tuple[Answer, ...], given["answers"])
        return _Lists(answers, searches, states, dict(given["entries"]))

    def entry(self, key: str) -> Entry | None:
        """The entry under a key; None where there is none that can be read."""
        try:
            path, day, answers, searches, result = self.entries[key]
            places = decoded(tuple[str, int, tuple[int, ...], tuple[int, ...]], [path, day, answers, searches])
            return Entry(
                path,
                min(day, today()),
                tuple(self.answers[place] for place in places[2]),
                tuple(self.searches[place] for place in places[3]),
                result,
            )
        except (KeyError, IndexError, TypeError, ValueError):
            return None


def _written(entries: Mapping[str, Entry], states: Mapping[str, State]) -> bytes:
    answers = _places(one for entry in entries.values() for one in entry.answers)
    searches = _places(one for entry in entries.values() for one in entry.searches)
    used = {search.state: states[search.state] for search in searches if search.state in states}
    document = {
        "answers": list(answers),
        "states": {key: [state.root, state.deep, state.files] for key, state in used.items()},
        "searches": [[one.form, one.name, one.state, one.found] for one in searches],
        "entries": {
            key: [
                one.path,
                one.day,
                [answers[answer] for answer in one.answers],
                [searches[search] for search in one.searches],
                one.result,
            ]
            for key, one in entries.items()
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _places(items: Iterable[Any]) -> dict[Any, int]:
    """The items, each once, with their places in the order in which they come first."""
    return {item: place for place, item in enumerate(dict.fromkeys(items))}
