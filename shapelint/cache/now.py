"""What the file system says now of what earlier checks have read: each question is asked once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from shapelint.data import dataclass
from shapelint.project.files import FORMS, Project, content, state_of
from shapelint.project.reads import Search, State, answer, forget, state_digest

MAX_ASKED = 1_000_000  #: questions that a cache may have asked: what is in it may be anybody's


@dataclass(slots=True)
class Now:
    """The answers of this run. `states` are those of earlier runs, by their digests."""

    states: Mapping[str, State]
    left: int = MAX_ASKED
    _answers: dict[tuple[str, str], str] = field(default_factory=dict)
    _changes: dict[str, tuple[set[str], list[bytes]]] = field(default_factory=dict)
    _holding: dict[Search, bool] = field(default_factory=dict)

    def written(self) -> None:
        """Files were written: all must be asked again."""
        forget()
        for known in (self._answers, self._changes, self._holding):
            known.clear()

    def answers(self, kind: str, path: str, given: str) -> bool:
        """Whether a question has the same answer; False for one that nobody asks."""
        asked = (kind, path)
        if asked not in self._answers:
            self.left -= 1
            try:
                self._answers[asked] = answer(kind, path) if self.left > 0 else "not asked"
            except (KeyError, ValueError, OSError):  # a path that holds a NUL
                self._answers[asked] = "not answered"
        return self._answers[asked] == given

    def finds(self, search: Search) -> bool:
        """Whether a search finds the same: in the same state, or where no change has to do with it."""
        if search not in self._holding:
            self._holding[search] = self._finds(search)
        return self._holding[search]

    def moved(self, search: Search) -> tuple[Search, State]:
        """A search that holds, as one of the state in which its project is now."""
        current = _now(self.states[search.state])
        return Search(search.form, search.name, state_digest(current), search.found), current

    def _finds(self, search: Search) -> bool:
        if search.state not in self.states or search.form not in FORMS:
            return False
        gone_or_changed, contents = self._changed(search.state)
        if gone_or_changed.intersection(search.found):
            return False
        if not contents:
            return True
        wanted = FORMS[search.form](search.name)
        return not any(wanted.search(raw) for raw in contents)

    def _changed(self, name: str) -> tuple[set[str], list[bytes]]:
        """The paths of a state that are gone or have changed, and the contents that it did not have."""
        if name not in self._changes:
            state = self.states[name]
            self._changes[name] = _difference(state.files, _now(state).files)
        return self._changes[name]


def _now(state: State) -> State:
    """The state in which the project of another state is now."""
    return state_of(Project(Path(state.root), state.deep))


def _difference(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> tuple[set[str], list[bytes]]:
    known, new = set(before), set(after)
    arrived = [raw for path, _ in new - known if (raw := content(path)) is not None]
    return {path for path, _ in known - new}, arrived


def is_there(path: str) -> bool:
    """Whether a file that was checked has not been removed."""
    return os.path.lexists(path)
