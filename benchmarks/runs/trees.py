"""The trees that speed is measured on, built from a folder with packages as they are published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shapelint.prefilter import may_use_torch

#: of the last one, only the folder with the models
PACKAGES = (
    "allennlp",
    "gluonts",
    "nemo-toolkit",
    "neuralforecast",
    "pytorch-forecasting",
    "speechbrain",
    "ray",
    "transformers/transformers/models",
)


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder of Python files, those of them that shapelint analyses, and their lines."""

    folder: Path
    files: int
    lines: int
    analysed: tuple[Path, ...]
    analysed_lines: int


def build(corpus: Path, folder: Path, most: int) -> Tree:
    """Copy the packages' files, up to a number of lines."""
    files, lines, analysed, analysed_lines = 0, 0, [], 0
    for path in _files(corpus):
        raw = path.read_bytes()
        count = raw.count(b"\n")
        if lines + count > most:
            break
        copy = folder / path.relative_to(corpus)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        files, lines = files + 1, lines + count
        if may_use_torch(raw):
            analysed.append(copy)
            analysed_lines += count
    return Tree(folder, files, lines, tuple(analysed), analysed_lines)


def part(tree: Tree, folder: Path) -> Path:
    """The files of a tree that are analysed, in a folder of their own."""
    for path in tree.analysed:
        copy = folder / path.relative_to(tree.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return folder


def without_torch(tree: Tree, folder: Path, most: int = 200) -> Path:
    """Some files of a tree that do not speak of torch."""
    for number, path in enumerate(p for p in sorted(tree.folder.rglob("*.py")) if b"torch" not in p.read_bytes()):
        if number < most:
            shutil.copyfile(path, folder / f"{number}_{path.name}")
    return folder


def _files(corpus: Path) -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((corpus / package).rglob("*.py"))
