"""CONTRIBUTING.md, walked step by step in a copy of the package; and what docs/architecture.md names is there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "shapelint"
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

#: a line that names a file, or a place in one, if there is such a line, and the block below it
BLOCK = re.compile(
    r"(?:^(?:(?P<side>Above|Below) `(?P<line>[^`\n]+)` in )?\*\*`(?P<path>\S+)`\*\*\n\n)?"
    r"^(?P<fence>`{3,})(?P<language>\w+)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the guide: a file, a command, or what the command above it prints."""

    language: str
    text: str
    path: str | None
    side: str | None  #: Above or Below a line of a file that is there already
    line: str | None


def recipe(title: str) -> list[Block]:
    """The blocks below a heading of the guide, in their order."""
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", without_blocks(GUIDE), re.DOTALL | re.MULTILINE)
    assert section, title
    found = BLOCK.finditer(GUIDE[section.start() : section.end()])
    return [Block(*block.group("language", "text", "path", "side", "line")) for block in found]


def without_blocks(text: str) -> str:
    """The text at the same places, with blanks for what stands in blocks: a page in one has headings, too."""
    return BLOCK.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A copy of what a newcomer's clone has, with its compiled files: there are several hundred."""
    for folder in ("shapelint", "tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the guide in a copy, which is what Python finds under the name of the package."""
    python, *arguments = shlex.split(command)
    assert python == "python"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def write(block: Block, folder: Path) -> None:
    assert block.path is not None
    path = folder / block.path
    if block.line is None:
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return
    before, line, after = path.read_text(encoding="utf-8").partition(f"\n{block.line}\n")
    assert line, f"{block.path} has no line {block.line}"
    parts = ("\n", block.text, line[1:]) if block.side == "Above" else (line, block.text)
    path.write_text("".join((before, *parts, after)), encoding="utf-8")


def commands(blocks: list[Block]) -> Iterator[tuple[str, str | None]]:
    """The commands, each with what it prints where the guide tells it."""
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language == "console":
            yield block.text.strip(), following.text if following and following.language == "text" else None


def failures(blocks: list[Block], folder: Path) -> list[str]:
    """What a recipe's commands print that do not do what the guide says."""
    failed = []
    for command, expected in commands(blocks):
        done = run(command, folder)
        if done.stdout != expected if expected is not None else done.returncode != 0:
            failed.append(f"$ {command}\n{done.stdout}{done.stderr}")
    return failed


@pytest.mark.parametrize("title", ["Add an operation", "Add a rule", "Add a property", "Add a report format"])
def test_a_recipe_works(title: str, scratch: Path) -> None:
    blocks = recipe(title)
    for block in blocks:
        if block.path is not None:
            write(block, scratch)
    assert len(list(commands(blocks))) > 0
    assert failures(blocks, scratch) == []
    written = [block.path for block in blocks if block.path and block.path.startswith(("shapelint/", "tests/"))]
    for tool in ("check", "format --check"):
        done = run(f"python -m ruff {tool} {' '.join(written)}", scratch)
        assert done.returncode == 0, done.stdout


def test_what_is_left_out_is_missed(scratch: Path) -> None:
    """The walk above can fail: without its file there is no such format."""
    blocks = recipe("Add a report format")
    name = next(Path(block.path).stem for block in blocks if block.path and block.path.startswith("shapelint/"))
    assert name not in run("python -m shapelint check --help", scratch).stdout
    assert len(failures(blocks, scratch)) == 1
    for block in blocks:
        if block.path is not None:
            write(block, scratch)
    assert name in run("python -m shapelint check --help", scratch).stdout
