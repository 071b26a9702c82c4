"""The files of the project that a file belongs to, as far as they may say how its classes are used."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from shapelint.data import dataclass
from shapelint.project.reads import State, digest, marks, note_search, remembered
from shapelint.source import read_regular

MAX_FILES = 2_000  #: of a project that are looked at, the nearest to its root
MAX_BYTES = 200_000  #: of one of them
MAX_TAKEN = 2_000_000  #: bytes of those that speak of a name: a second's work for Python's parser
MAX_FOLDERS = 20_000  #: that are looked into
MAX_LEVELS = 8  #: folders above a file in which its project's root is looked for

CACHE_TAG = "CACHEDIR.TAG"  #: of a folder that holds a cache, see https://bford.info/cachedir
CODE = (".py",)
PROSE = (".md", ".rst")
SETTINGS = (".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".conf", ".sh", ".ipynb", *PROSE)

_NEVER = frozenset({"site-packages", "node_modules", "venv", "env", "build", "dist", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, and whether the folders in it belong to the project too."""

    root: Path
    deep: bool


def project_of(path: str) -> Project:
    """The project that a file lies in: the nearest folder with a repository, else the topmost one with a mark.

    Without any such folder above it, it is what lies beside the file.
    """
    folders = list(Path(path).absolute().parents)[:MAX_LEVELS]
    marked = {folder: names for folder in folders if (names := marks(str(folder)))}
    repositories = [folder for folder, names in marked.items() if names & {".git", ".hg"}]
    found = repositories[:1] or list(marked)[-1:]
    return Project(found[0], deep=True) if found else Project(folders[0], deep=False)


@remembered(8)
def files_of(project: Project) -> tuple[str, ...]:
    """The code and settings of a project, folder by folder from its root; links are not followed."""
    found: list[str] = []
    waiting = deque((str(project.root),))
    for _ in range(MAX_FOLDERS):
        if not waiting or len(found) >= MAX_FILES:
            break
        folder = waiting.popleft()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue  # what cannot be read says nothing
        if any(one.name == CACHE_TAG for one in entries):
            continue  # nor does what a tool has written for itself, ours among them
        found.extend(one.path for one in entries if one.name.endswith((*CODE, *SETTINGS)))
        if project.deep:
            waiting.extend(one.path for one in entries if _is_walked(one))
    return tuple(found[:MAX_FILES])


def _is_walked(entry: os.DirEntry[str]) -> bool:
    return entry.name not in _NEVER and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def texts_with(project: Project, form: str, name: str) -> list[tuple[str, str]]:
    """The paths and texts of a project's files that mention a name, until they are more than is worth the time.

    `form` tells how it is mentioned, see `FORMS`.
    """
    wanted, word = FORMS[form](name), _longest_word(name)
    left = MAX_TAKEN
    found: list[tuple[str, str]] = []
    matched: list[str] = []
    for path in files_of(project):
        raw = content(path)
        if raw is not None and word in raw and wanted.search(raw):
            matched.append(path)
            left -= len(raw)
            if left < 0:
                break
            found.append((path, raw.decode("utf-8", errors="replace")))
    # the file that was one too many belongs to it: smaller, it would leave room for others
    note_search(form, name, state_of(project), tuple(matched))
    return found


@remembered(8)
def state_of(project: Project) -> State:
    """The files of a project with what stands for their contents."""
    contents = ((path, content(path)) for path in files_of(project))
    files = tuple((path, "" if raw is None else digest(raw)) for path, raw in contents)
    return State(str(project.root), project.deep, files)


def content(path: str) -> bytes | None:
    """What a file holds that is looked at for a search; None where it cannot be read."""
    try:
        return read_regular(path, MAX_BYTES)
    except OSError:
        return None


def spelled(name: str) -> str:
    """A pattern for a name, with a dash or a line between its words."""
    return "[-_]".join(map(re.escape, re.split("[-_]", name)))


def assigned(module: str) -> str:
    """A pattern for names of a module that are assigned from outside: `settings.BATCH_FIRST = ...`."""
    return rf"(?<![\w.]){re.escape(module)}\.(\w+)\s*=(?!=)"


def _longest_word(name: str) -> bytes:
    """What all ways to write a name have in common: to look for it is some forty times as fast as a pattern."""
    return max(re.split("[-_]", name), key=len).encode("utf-8", "surrogatepass")


def _mention(name: str) -> str:
    """It is given a value: assigned, in quotes, or an option of a command."""
    words = spelled(name)
    return rf"(?<!\w){words}\s*[:=]|[\"']{words}\\?[\"']|--{words}(?!\w)"


def _call(callee: str) -> str:
    return rf"(?<!\w){re.escape(callee)}\s*\("


def _word(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def _form(pattern: Callable[[str], str]) -> Callable[[str], re.Pattern[bytes]]:
    return lambda name: re.compile(pattern(name).encode("utf-8", "surrogatepass"))


#: the ways to look for a name in texts
FORMS: Mapping[str, Callable[[str], re.Pattern[bytes]]] = {
    "mention": _form(_mention),
    "call": _form(_call),
    "assigned": _form(assigned),
    "word": _form(_word),
}
