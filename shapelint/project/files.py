"""The files of the project that a file belongs to, as far as they may say how its classes are used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from shapelint.source import read_regular

MAX_FILES = 3_000  #: of a project that are looked at
MAX_BYTES = 300_000  #: of one of them
MAX_LEVELS = 8  #: folders above a file in which its project's root is looked for

CODE = (".py",)
PROSE = (".md", ".rst")
SETTINGS = (".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".conf", ".sh", ".ipynb", *PROSE)

_ROOTS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "README.md")
_NEVER = frozenset({"site-packages", "node_modules", "venv", "env", "build", "dist", "__pycache__"})


def root_of(path: str) -> Path:
    """The folder of the project that a file lies in: the nearest one with a repository, else the topmost with a mark.

    A file without any such folder above it is a project with what lies beside it.
    """
    folders = list(Path(path).absolute().parents)[:MAX_LEVELS]
    marked = [folder for folder in folders if any((folder / name).exists() for name in _ROOTS)]
    repositories = [folder for folder in marked if (folder / ".git").exists() or (folder / ".hg").exists()]
    return (repositories[:1] or marked[-1:] or folders[:1])[0]


@lru_cache(maxsize=8)
def files_of(root: Path) -> tuple[str, ...]:
    """The code and settings of a project, in a fixed order; links are not followed."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NEVER and not name.startswith("."))
        found.extend(os.path.join(folder, name) for name in sorted(names) if name.endswith((*CODE, *SETTINGS)))
        if len(found) > MAX_FILES:
            break
    return tuple(found[:MAX_FILES])


def texts_with(root: Path, word: str) -> Iterator[tuple[str, str]]:
    """The paths and texts of a project's files that hold a word."""
    wanted = word.encode()
    for path in files_of(root):
        raw = _bytes_of(path)
        if wanted in raw:
            yield path, raw.decode("utf-8", errors="replace")


def _bytes_of(path: str) -> bytes:
    try:
        return read_regular(path, MAX_BYTES)
    except (OSError, ValueError):
        return b""  # what cannot be read says nothing
