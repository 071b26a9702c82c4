"""The folder of a cache: what is in it is read within bounds, replaced whole, and never a way out of it.

The folder lies in the checked project, so what is in it may be anybody's. Links in it are not followed, and a folder
that holds something else is left alone.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from shapelint.project.files import CACHE_TAG
from shapelint.regex import regex
from shapelint.source import read_regular

MAX_BYTES = 64_000_000  #: of a file in it
KEPT_VERSIONS = 2  #: of each kind of file: two Pythons may take turns
LEFTOVER_SECONDS = 3_600.0  #: after which a file that was not written to its end is nobody's

_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
_TAG = f"{_SIGNATURE}\n# This folder is a cache of shapelint: `shapelint clean` removes it.\n"
_IGNORE = "# made by shapelint\n*\n"
_OWN = regex(r"(results|verdicts)-[0-9a-f]{32}\.json")
_UNFINISHED = ".shapelint-"


class FolderError(Exception):
    """The folder is of no use; the text says why."""


def read(folder: str, name: str) -> bytes | None:
    """The content of a file of the folder, None where there is none; raises FolderError for what is no cache."""
    if not os.path.lexists(folder):
        return None
    _refuse_what_is_no_cache(folder)
    path = os.path.join(folder, name)
    try:
        return None if os.path.islink(path) else read_regular(path, MAX_BYTES)
    except OSError:
        return None


def write(folder: str, name: str, raw: bytes) -> None:
    """Replace a file of the folder, which is made if need be; raises FolderError."""
    try:
        _make(folder)
        _replace(folder, name, raw)
        _drop_old(folder, name.partition("-")[0])
    except OSError as error:
        raise FolderError(error.strerror or str(error)) from None


def clean(folder: str) -> bool:
    """Remove what a cache holds, and the folder with it; False where there is none. Raises FolderError."""
    if not os.path.lexists(folder):
        return False
    _refuse_what_is_no_cache(folder)
    try:
        for path in (*_files(folder), *_unfinished(folder), *(Path(folder, one) for one in (".gitignore", CACHE_TAG))):
            path.unlink(missing_ok=True)
        os.rmdir(folder)
    except OSError as error:
        raise FolderError(error.strerror or str(error)) from None
    return True


def _make(folder: str) -> None:
    if os.path.lexists(folder):
        _refuse_what_is_no_cache(folder)
    os.makedirs(folder, exist_ok=True)
    for name, text in ((CACHE_TAG, _TAG), (".gitignore", _IGNORE)):
        if not os.path.lexists(os.path.join(folder, name)):
            _replace(folder, name, text.encode())


def _refuse_what_is_no_cache(folder: str) -> None:
    if os.path.islink(folder):
        raise FolderError("it is a link")
    if not os.path.isdir(folder):
        raise FolderError("it is no folder")
    try:
        is_ours = _is_ours(os.path.join(folder, CACHE_TAG))
        if not is_ours and any(not one.startswith(_UNFINISHED) for one in os.listdir(folder)):
            raise FolderError("it holds something else")
    except OSError as error:
        raise FolderError(error.strerror or str(error)) from None


def _is_ours(tag: str) -> bool:
    return not os.path.islink(tag) and os.path.isfile(tag) and read_regular(tag, 10_000) == _TAG.encode()


def _replace(folder: str, name: str, raw: bytes) -> None:
    """Readers see the old content or the new one; a link in the place of the file is replaced, not followed."""
    descriptor, temporary = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(raw)
        os.replace(temporary, os.path.join(folder, name))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _drop_old(folder: str, kind: str) -> None:
    """Remove the files of other versions but the latest, and what a process that died has left behind."""
    ours = [path for path in _files(folder) if path.name.startswith(kind)]
    dated = sorted(ours, key=lambda path: path.lstat().st_mtime, reverse=True)
    leftover = time.time() - LEFTOVER_SECONDS
    for path in (*dated[KEPT_VERSIONS:], *(one for one in _unfinished(folder) if one.lstat().st_mtime < leftover)):
        path.unlink(missing_ok=True)


def _files(folder: str) -> list[Path]:
    return [Path(folder, name) for name in os.listdir(folder) if _OWN.fullmatch(name)]


def _unfinished(folder: str) -> Iterator[Path]:
    return (Path(folder, name) for name in os.listdir(folder) if name.startswith(_UNFINISHED))
