"""The texts that a session shows beside the code: pages of rules and scripts, in a folder that it takes away again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path


class Shelf:
    """A folder for texts, made when the first one is put there."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def path(self, name: str) -> Path:
        """Where a text is, or will be."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="shapelint-"))
        return self._folder / name

    def put(self, name: str, text: str) -> Path:
        """Put a text there; raises OSError."""
        path = self.path(name)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        return path

    def close(self) -> None:
        """Take the folder away."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
