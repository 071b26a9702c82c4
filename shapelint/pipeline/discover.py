"""Which files are checked: the paths given, folders walked without what .gitignore and the excludes name.

A path given by name is always checked. Symbolic links to folders are followed only when given by name, so
the walk ends. Folders that are excluded are never read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from shapelint.data import dataclass
from shapelint.patterns import spec_of, spec_of_lines
from shapelint.report.result import Skipped
from shapelint.source import NOTEBOOK, Problem, read_regular

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MAX_RULES = 1_000_000  #: bytes of a .gitignore
EXCLUDED = "the settings exclude it"
_WILD = frozenset("*?[]!\\/")


@dataclass(frozen=True, slots=True)
class Discovery:
    """The files to check, sorted and each once, and the paths that could not be read.

    `outside` are those of the files that are links to what lies in none of the paths given.
    """

    files: tuple[str, ...]
    problems: tuple[Problem, ...]
    outside: frozenset[str] = frozenset()
    skipped: tuple[Skipped, ...] = ()


def discover(paths: Sequence[str], excludes: Sequence[str] = (), root: str = ".") -> Discovery:
    """Expand files and folders; `excludes` are .gitignore patterns relative to `root`."""
    walk = _Walk(Excludes(excludes, root))
    for path in paths:
        walk.add(os.path.normpath(path))
    files = tuple(sorted(walk.files.values()))
    return Discovery(files, tuple(walk.problems), walk.outside(paths), tuple(sorted(walk.skipped)))


def is_excluded(path: str, excludes: Sequence[str], root: str) -> bool:
    """Whether a walk from `root` would leave a file out by these patterns."""
    rules, top = Excludes(excludes, root), os.path.abspath(root)
    if not _lies_in(path, top):
        return False
    parts = os.path.relpath(path, top).split(os.sep)
    places = [os.path.join(top, *parts[: number + 1]) for number in range(len(parts))]
    return any(rules.match(os.path.basename(place), place, place != path) for place in places)


class Excludes:
    """The exclude patterns. Bare names, the most common kind, need no pattern matching."""

    def __init__(self, patterns: Sequence[str], root: str) -> None:
        self._names = frozenset(p for p in patterns if not _WILD.intersection(p))
        rest = [p for p in patterns if p not in self._names]
        self._rules = _Rules(os.path.abspath(root), spec_of(rest)) if rest else None

    def match(self, name: str, absolute: str, is_folder: bool) -> bool:
        """Whether a folder's entry is excluded."""
        if name in self._names:
            return True
        return self._rules is not None and bool(self._rules.ignores(absolute, is_folder))


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one .gitignore and the folder that they are relative to."""

    folder: str
    spec: GitIgnoreSpec

    def ignores(self, absolute: str, is_folder: bool) -> bool | None:
        """True: ignored, False: named again by a `!` pattern, None: not mentioned (or outside the folder)."""
        relative = os.path.relpath(absolute, self.folder)
        if relative.startswith(".."):
            return None
        return self.spec.check_file(relative + "/" if is_folder else relative).include


@dataclass(slots=True)
class _Walk:
    excludes: Excludes
    files: dict[str, str] = field(default_factory=dict)  #: absolute path -> path as shown
    problems: list[Problem] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)  #: path as shown -> file that it leads to
    skipped: list[Skipped] = field(default_factory=list)

    def outside(self, paths: Sequence[str]) -> frozenset[str]:
        """The links found in folders that lead to none of the given paths, and into none of them."""
        if not self.links:
            return frozenset()
        roots = [os.path.realpath(path) for path in paths]
        return frozenset(shown for shown, real in self.links.items() if not any(_lies_in(real, root) for root in roots))

    def add(self, path: str) -> None:
        """Take a path that the user named."""
        if os.path.isdir(path):
            self._folder(path, os.path.abspath(path), list(_rules_above(os.path.abspath(path))))
        elif os.path.lexists(path):
            self.files.setdefault(os.path.abspath(path), path)
        else:
            self.problems.append(Problem(path, 1, "no such file or directory"))

    def _folder(self, top: str, top_absolute: str, top_rules: list[_Rules]) -> None:
        pending = [(top, top_absolute, top_rules)]
        while pending:
            shown, absolute, inherited = pending.pop()
            try:
                entries = list(os.scandir(absolute))
            except OSError as error:
                message = f"cannot read the folder: {error.strerror or error}"
                self.problems.append(Problem(shown, 1, message))
                continue
            rules = [*inherited, *_rules_of(absolute, entries)]
            for entry in entries:
                inner = (entry.name if shown == "." else os.path.join(shown, entry.name), entry.path)
                is_folder = entry.is_dir(follow_symlinks=False)
                if not is_folder and not (entry.name.endswith((".py", NOTEBOOK)) and _is_file(entry)):
                    continue
                if why := self._why_not(entry, rules, is_folder):
                    self.skipped.append(Skipped(inner[0], why))
                elif is_folder:
                    pending.append((*inner, rules))
                else:
                    self.files.setdefault(inner[1], inner[0])
                    if entry.is_symlink():
                        self.links[inner[0]] = os.path.realpath(entry.path)

    def _why_not(self, entry: os.DirEntry[str], rules: list[_Rules], is_folder: bool) -> str | None:
        """Why an entry is passed over, if it is."""
        if self.excludes.match(entry.name, entry.path, is_folder):
            return EXCLUDED
        # the innermost .gitignore that mentions the path decides, as in git
        for rule in reversed(rules):
            ignored = rule.ignores(entry.path, is_folder)
            if ignored is not None:
                return f"{os.path.relpath(os.path.join(rule.folder, '.gitignore'))} names it" if ignored else None
        return None


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file: a link that leads nowhere or in a circle is none, and its own answer would raise."""
    return os.path.isfile(entry.path) if entry.is_symlink() else entry.is_file()


def _lies_in(path: str, root: str) -> bool:
    return path == root or path.startswith(os.path.join(root, ""))


def _rules_above(absolute: str) -> Iterator[_Rules]:
    """The .gitignore files of the folders from the repository's top down to the parent of `absolute`."""
    chain: list[str] = []
    folder = absolute
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return  # not in a repository
        folder = parent
        chain.append(folder)
    for outer in reversed(chain):
        yield from _read_rules(outer)


def _rules_of(folder: str, entries: Sequence[os.DirEntry[str]]) -> Iterator[_Rules]:
    if any(entry.name == ".gitignore" for entry in entries):
        yield from _read_rules(folder)


def _read_rules(folder: str) -> Iterator[_Rules]:
    try:
        raw = read_regular(os.path.join(folder, ".gitignore"), MAX_RULES)
    except OSError:
        return
    yield _Rules(folder, spec_of_lines(raw.decode("utf-8", "surrogateescape").splitlines()))
