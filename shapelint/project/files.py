"""The files of the project that a file belongs to, as far as they may say how its classes are used."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from shapelint.source import read_regular

MAX_FILES = 2_000  #: of a project that are looked at, the nearest to its root
MAX_BYTES = 200_000  #: of one of them
MAX_TAKEN = 2_000_000  #: bytes of those that speak of a name: a second's work for Python's parser
MAX_LEVELS = 8  #: folders above a file in which its project's root is looked for

CODE = (".py",)
PROSE = (".md", ".rst")
SETTINGS = (".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".conf", ".sh", ".ipynb", *PROSE)

_ROOTS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "README.md")
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
    marked = [folder for folder in folders if any((folder / name).exists() for name in _ROOTS)]
    repositories = [folder for folder in marked if (folder / ".git").exists() or (folder / ".hg").exists()]
    found = repositories[:1] or marked[-1:]
    return Project(found[0], deep=True) if found else Project(folders[0], deep=False)


@lru_cache(maxsize=8)
def files_of(project: Project) -> tuple[str, ...]:
    """The code and settings of a project, folder by folder from its root; links are not followed."""
    found: list[str] = []
    waiting = [str(project.root)]
    while waiting and len(found) < MAX_FILES:
        folder = waiting.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue  # what cannot be read says nothing
        found.extend(one.path for one in entries if one.name.endswith((*CODE, *SETTINGS)))
        if project.deep:
            waiting.extend(one.path for one in entries if _is_walked(one))
    return tuple(found[:MAX_FILES])


def _is_walked(entry: os.DirEntry[str]) -> bool:
    return entry.name not in _NEVER and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def texts_with(project: Project, pattern: str) -> Iterator[tuple[str, str]]:
    """The paths and texts of a project's files that match a pattern, until they are more than is worth the time."""
    wanted = re.compile(pattern.encode())
    left = MAX_TAKEN
    for path in files_of(project):
        try:
            raw = read_regular(path, MAX_BYTES)
        except OSError:
            continue
        if wanted.search(raw):
            left -= len(raw)
            if left < 0:
                return
            yield path, raw.decode("utf-8", errors="replace")
