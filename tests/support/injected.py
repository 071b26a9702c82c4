"""Code of a test inside the processes that check files: they take nothing but a search path from their parent."""

from __future__ import annotations

from pathlib import Path

import shapelint


def write_injected(folder: Path, code: str) -> Path:
    """A folder which, first on the search path, gives this package as it is and runs `code` when it is imported."""
    package = folder / "shapelint"
    package.mkdir(parents=True)
    head = f"__path__ = {list(shapelint.__path__)!r}\n__version__ = {shapelint.__version__!r}\n"
    (package / "__init__.py").write_text(head + code)
    return folder
