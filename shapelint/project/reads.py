"""What a check asks of the file system, written down: its result holds for as long as the answers stay the same.

Whoever looks for a file, or reads one, for the sake of another file's check asks here. What is remembered for
longer than a check (`remembered`) comes with what was read for it, so that each check that uses it has read it too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from functools import lru_cache, wraps
from typing import Any, Literal, ParamSpec, TypeVar

from shapelint.data import dataclass
from shapelint.source import Problem, Source, decode_source, read_regular

_ROOTS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "README.md")
_DIGITS = 32

Kind = Literal["file", "marks", "content"]
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def digest(raw: bytes) -> str:
    """What stands for a content: equal digests mean equal contents."""
    from hashlib import sha256

    return sha256(raw).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class State:
    """The files of a project that may be searched, in their order, with the digests of their contents."""

    root: str
    deep: bool
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for a name found in a project, whose files were then in a `state`, given by its digest."""

    form: str  #: the kind of mention that was looked for
    name: str
    state: str
    found: tuple[str, ...]


@dataclass(slots=True)
class Reads:
    """The questions of a check with their answers; `is_sure` is False where the same check may end otherwise."""

    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    searches: dict[Search, None] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    is_sure: bool = True

    def note(self, kind: Kind, path: str, answer: str) -> None:
        """Write an answer down; a file that changes during a check leaves no sure result."""
        if self.answers.setdefault((kind, path), answer) != answer:
            self.is_sure = False

    def add(self, other: Reads) -> None:
        """Take over what was read for a part of the work."""
        self.is_sure &= other.is_sure and all(
            self.answers.get(asked, answer) == answer for asked, answer in other.answers.items()
        )
        self.answers.update(other.answers)
        self.searches.update(other.searches)
        self.states.update(other.states)


_open: list[Reads] = []  #: the records being written, the innermost last; a process checks one file at a time


@contextmanager
def recorded() -> Iterator[Reads]:
    """Write down what is read inside; it counts as read for what is being recorded around it, too."""
    reads = Reads()
    _open.append(reads)
    try:
        yield reads
    finally:
        _open.pop()
        if _open:
            _open[-1].add(reads)


def remembered(size: int) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Remember a function's last results, as `lru_cache` does, with what was read for them."""

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @lru_cache(maxsize=size)
        def alone(*arguments: Hashable) -> tuple[Result, Reads]:
            with recorded() as reads:
                result = function(*arguments)  # type: ignore[call-arg,arg-type]  # they are the caller's own
            return result, reads

        @wraps(function)
        def call(*arguments: Any) -> Result:
            result, reads = alone(*arguments)
            note_again(reads)
            return result

        _forgetting.append(alone.cache_clear)
        return call  # type: ignore[return-value]  # without keywords: nobody gives them

    return decorate


def note_again(reads: Reads) -> None:
    """Write down what was read for a result that is used again."""
    if _open:
        _open[-1].add(reads)


_forgetting: list[Callable[[], None]] = []
_unsaved: dict[str, bytes] = {}


def forget() -> None:
    """Drop all that is remembered: files were written."""
    for clear in _forgetting:
        clear()


def doubt() -> None:
    """The check came to something that may be otherwise the next time, such as a lack of memory."""
    if _open:
        _open[-1].is_sure = False


def is_file(path: str) -> bool:
    """Whether there is a file, or a link to one."""
    return _asked("file", path) != ""


def marks(folder: str) -> frozenset[str]:
    """The names in a folder that mark the root of a project."""
    return frozenset(_asked("marks", folder).split())


def take_unsaved(texts: Mapping[str, bytes]) -> None:
    """Read these texts, by absolute paths, in place of the files: an editor holds them, and has not saved them."""
    _unsaved.clear()
    _unsaved.update(texts)


def version_of(path: str) -> object:
    """What is another one when the text of a file has changed; raises OSError where there is none."""
    raw = _unsaved.get(os.path.abspath(path))
    return os.stat(path).st_mtime_ns if raw is None else raw


def source_of(path: str) -> Source | Problem:
    """The text of a file, or why there is none."""
    try:
        raw = _held(path)
    except OSError as error:
        _note("content", path, "")
        return Problem(path, 1, f"cannot read the file: {error.strerror or error}")
    _note("content", path, digest(raw))
    return decode_source(path, raw)


def note_search(form: str, name: str, state: State, found: tuple[str, ...]) -> None:
    """Write down what a search found."""
    if not _open:
        return
    key = state_digest(state)
    _open[-1].searches[Search(form, name, key, found)] = None
    _open[-1].states[key] = state


@lru_cache(maxsize=8)
def state_digest(state: State) -> str:
    """What stands for a state."""
    return digest(repr(state).encode("utf-8", "surrogatepass"))


def answer(kind: str, path: str) -> str:
    """What the file system says now; raises KeyError for a kind of question that nobody asks."""
    return _ANSWERS[kind](path)


def _asked(kind: Kind, path: str) -> str:
    given = answer(kind, path)
    _note(kind, path, given)
    return given


def _note(kind: Kind, path: str, given: str) -> None:
    if _open:
        _open[-1].note(kind, os.path.abspath(path), given)


def _held(path: str) -> bytes:
    """What a file holds, or an editor in its place; raises OSError."""
    raw = _unsaved.get(os.path.abspath(path))
    return read_regular(path) if raw is None else raw


def _content(path: str) -> str:
    try:
        return digest(_held(path))
    except OSError:
        return ""


def _marks(folder: str) -> str:
    return " ".join(name for name in _ROOTS if os.path.exists(os.path.join(folder, name)))


_ANSWERS: dict[str, Callable[[str], str]] = {
    "file": lambda path: "yes" if os.path.isfile(path) else "",
    "marks": _marks,
    "content": _content,
}
