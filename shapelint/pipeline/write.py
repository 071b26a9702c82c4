"""Replacing the content of a file at once: a reader sees the old text or the new one, never a part of it."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from shapelint.source import UNWRITTEN, Problem


def replace_content(path: str, before: bytes, after: bytes) -> None:
    """Write `after` to a file that holds `before`; one that holds `after` already is left alone.

    A symbolic link stays one: the file that it leads to is replaced. Mode and owner are kept. Raises OSError,
    whose text says why nothing was written, also for a file that holds something else by now.
    """
    target = os.path.realpath(path)
    status = os.stat(target)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no regular file")
    if Path(target).read_bytes() == after:
        return
    # a folder's owner, and root, could replace a file that is marked as read-only
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise OSError("it is read-only")
    descriptor, temporary = tempfile.mkstemp(prefix=".shapelint-", dir=os.path.dirname(target))
    try:
        with open(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(descriptor)
        _take_over(temporary, status)
        if Path(target).read_bytes() != before:
            raise OSError("it has changed since it was read")
        os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def unwritten(path: str, error: Exception) -> Problem:
    """What is told of a file that could not be written."""
    return Problem(path, 1, f"cannot write the file: {getattr(error, 'strerror', None) or error}", UNWRITTEN)


def _take_over(temporary: str, status: os.stat_result) -> None:
    """Give the new file the owner, where the system lets us, and the mode of the old one."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(temporary, status.st_uid, status.st_gid)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))
