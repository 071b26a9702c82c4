"""Which file of the same project an import statement means.

A project is what lies together: the folder above the outermost package of the importing file, and its `src`
folder. What is installed (site-packages) is never a project's own file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from shapelint.project.given import given
from shapelint.project.reads import is_file, source_of
from shapelint.regex import regex
from shapelint.source import Problem, Source

MAX_BYTES = 300_000  #: a larger file is not read for an import's sake
_MAIN = regex(r"^if\s*\(?\s*__name__\s*==\s*[\"']__main__[\"']", re.MULTILINE)
SMALL = 10_000  #: a smaller file may hold constants and helpers; a larger one is read if it speaks of torch


def imported_file(importer: str, module: str, level: int) -> Path | None:
    """The file that `from <level dots><module> import ...` in `importer` reads; None outside the project.

    Its path is absolute or relative, as the importer's is. Where a module of that name lies beside the importer and
    another one at the root, it depends on how the program is started: None, but for a script, which is started itself.
    """
    bases = [*_bases(Path(importer).absolute(), level)]
    parts = [part for part in module.split(".") if part]
    files = {base: _module_file(base.joinpath(*parts), bool(parts)) for base in bases}
    found = {file for file in files.values() if file is not None and "site-packages" not in file.parts}
    beside = files.get(Path(importer).absolute().parent)
    if len(found) > 1:
        found = {beside} if beside is not None and _is_script(importer) else set()
    if not found:
        return None
    (file,) = found
    return file if Path(importer).is_absolute() else Path(os.path.relpath(file))


def module_of(path: str) -> tuple[str, str]:
    """The folder from which Python imports a file, and the dotted name that the file has there."""
    file = Path(path).absolute()
    root = _root(file)
    parts = file.relative_to(root).with_suffix("").parts
    return str(root), ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def read_import(path: Path) -> Source | None:
    """The text of an imported file; None where it cannot be read, or says nothing of models."""
    source = source_of(str(path))
    if isinstance(source, Problem) or len(source.text) > MAX_BYTES:
        return None
    return source if len(source.text) < SMALL or "torch" in source.text else None


def _bases(importer: Path, level: int) -> Iterator[Path]:
    """The folders in which the module's first name is looked up."""
    if level:
        yield from importer.parents[level - 1 : level]
        return
    root = _root(importer)
    yield from dict.fromkeys((root, root / "src", *map(Path, given().src), importer.parent))


def _is_script(path: str) -> bool:
    """Whether a file does something of its own where Python is told to run it."""
    source = source_of(path)
    return not isinstance(source, Problem) and _MAIN.search(source.text) is not None


def _root(file: Path) -> Path:
    """The folder above the outermost package of a file."""
    root = file.parent
    while is_file(str(root / "__init__.py")) and root.parent != root:
        root = root.parent
    return root


def _module_file(path: Path, named: bool) -> Path | None:
    candidates = [path / "__init__.py"]
    if named:
        candidates.append(path.with_name(path.name + ".py"))
    return next((candidate for candidate in candidates if is_file(str(candidate))), None)
