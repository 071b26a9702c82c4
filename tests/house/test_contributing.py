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
from blocks import BLOCK, Block, blocks, without_blocks
from layers import RANK
from root import ROOT

PACKAGE = ROOT / "shapelint"
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def recipe(title: str) -> list[Block]:
    """The blocks below a heading of the guide, in their order."""
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", without_blocks(GUIDE), re.DOTALL | re.MULTILINE)
    assert section, title
    return blocks(GUIDE[section.start() : section.end()])


TITLES = ["Add an operation", "Add a kind of value", "Add a rule", "Add a property", "Add a report format"]
RECIPES = {title: recipe(title) for title in TITLES}
BLOCKS = [block for steps in RECIPES.values() for block in steps]
CHECK = "python -m shapelint --output-format="
PYTEST = "python -m pytest -q "


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the guide, and what it prints where the guide tells it."""

    text: str
    printed: str | None

    @property
    def files(self) -> list[str]:
        return [word for word in shlex.split(self.text) if word.endswith(".py")]

    @property
    def words(self) -> list[str]:
        """What a command of pytest chooses tests by: of the whole file, its name."""
        _, _, chosen = self.text.partition(" -k ")
        return re.findall(r"\w+", chosen.replace(" or ", " ")) or [Path(name).stem for name in self.files]


def commands(steps: list[Block]) -> list[Command]:
    return [
        Command(block.text.strip(), following.text if following and following.language == "text" else None)
        for block, following in zip(steps, [*steps[1:], None], strict=True)
        if block.language == "console"
    ]


def beginning(start: str) -> list[Command]:
    return [command for command in commands(BLOCKS) if command.text.startswith(start)]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy, which is what Python finds under the name of the package."""
    python, *arguments = shlex.split(command)
    assert python == "python"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def write(block: Block, folder: Path) -> None:
    assert block.path is not None
    path = folder / block.path
    if block.line is None:
        assert not path.exists(), f"{block.path} is there: choose another example in CONTRIBUTING.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return
    before, line, after = path.read_text(encoding="utf-8").partition(f"\n{block.line}\n")
    assert line, f"{block.path} has no line {block.line}"
    parts = ("\n", block.text, line[1:]) if block.side == "Above" else (line, block.text)
    path.write_text("".join((before, *parts, after)), encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what a newcomer's clone has, with what Python keeps of several hundred files."""
    for folder in ("shapelint", "tests", "docs", "fixtures"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("title", TITLES)
def test_a_recipe_has_files_and_says_how_to_try_them(title: str) -> None:
    assert any(block.path and block.path.startswith("shapelint/") for block in RECIPES[title])
    assert any(command.text.startswith(PYTEST) for command in commands(RECIPES[title]))


def test_the_recipes_work(clone: Path) -> None:
    """All of them in one copy, each kind of command in as few processes as it takes."""
    formats = [command for command in beginning(CHECK) if "concise" not in command.text]
    assert [run(command.text, clone).returncode for command in formats] == [2], "there is no such format yet"
    for block in BLOCKS:
        if block.path is not None:
            write(block, clone)
    others = [command for command in commands(BLOCKS) if not command.text.startswith((CHECK, PYTEST))]
    assert [command for command in others if run(command.text, clone).returncode] == []
    assert [command for command in formats if run(command.text, clone).stdout != command.printed] == []
    assert told_otherwise(beginning(f"{CHECK}concise "), clone) == []
    assert untested(beginning(PYTEST), clone) == []
    written = [block.path for block in BLOCKS if block.path and block.path.startswith(("shapelint/", "tests/"))]
    for tool in ("check", "format --check"):
        done = run(f"python -m ruff {tool} {' '.join(written)}", clone)
        assert done.returncode == 0, done.stdout


def told_otherwise(checks: list[Command], clone: Path) -> list[Command]:
    """The checks of single files that do not tell, all in one run, what the guide says."""
    files = [name for command in checks for name in command.files]
    lines = run(f"{CHECK}concise {' '.join(files)}", clone).stdout.splitlines(keepends=True)
    told = {name: "".join(line for line in lines if line.startswith(f"{name}:")) for name in files}
    return [command for command in checks if [told[name] for name in command.files] != [command.printed]]


def untested(tests: list[Command], clone: Path) -> list[Command]:
    """The commands of pytest none of whose tests have passed in one run of all of them."""
    files = sorted({name for command in tests for name in command.files})
    words = sorted({word for command in tests for word in command.words})
    done = run(f"python -m pytest -rA -q {' '.join(files)} -k '{' or '.join(words)}'", clone)
    assert done.returncode == 0, done.stdout
    passed = re.findall(r"^PASSED (.*)$", done.stdout, re.MULTILINE)

    def is_tested(command: Command, name: str) -> bool:
        return any(test.startswith(name) and any(word in test for word in command.words) for test in passed)

    return [command for command in tests if not all(is_tested(command, name) for name in command.files)]


#: a line of the map: the layer where it begins, the depth by the blanks, the name
MAPPED = re.compile(r"^(\d\d|[ ]\d|  )  ( *)(\S+)  +\S", re.MULTILINE)


def mapped() -> Iterator[tuple[int, str]]:
    """The places on the map of docs/architecture.md, each with its layer, the lowest being 1."""
    section = ARCHITECTURE.partition("## Map")[2].partition("\n## ")[0]
    layer, above = 0, list[str]()
    for number, blanks, name in MAPPED.findall(section):
        layer = int(number) if number.strip() else layer
        above = [*above[: len(blanks) // 2], name]
        yield layer, "".join(above)


def test_the_map_shows_every_package_in_the_order_of_imports() -> None:
    shown = list(mapped())
    top = [(layer, place.removesuffix("/").removesuffix(".py")) for layer, place in shown if "/" not in place[:-1]]
    assert sorted(top) == sorted((rank + 1, name) for name, rank in RANK.items())
    packages = {f"{path.parent.relative_to(PACKAGE)}/" for path in PACKAGE.rglob("__init__.py")} - {"./"}
    in_rooms_of_claims = {place for place in packages if re.search(r"/(checks|writers)/.", place)}
    assert {place for _, place in shown if place.endswith("/")} == packages - in_rooms_of_claims


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_the_map_shows_every_room_of(folder: str) -> None:
    section = re.split(r"\n##", ARCHITECTURE.partition(f"### The rooms of {folder}")[2])[0]
    shown, above = list[str](), list[str]()
    for blanks, name in re.findall(r"^( *)(\w+)/ +\S", section, re.MULTILINE):
        above = [*above[: len(blanks) // 2], name]
        shown.append("/".join(above))
    root = ROOT / folder
    assert sorted(shown) == sorted({str(path.parent.relative_to(root)) for path in root.rglob("*.py")} - {"."})


#: what the document names: tests, members of classes, constants, and paths
TEST = r"tests/[\w/]+\.py::[\w:]+"
MEMBER = r"[A-Z][a-z]\w*\.[a-z_]\w*"
CONSTANT = r"[A-Z]+_[A-Z_]+"
LOCATION = r"[\w./-]*\w(?:/|/[\w.-]+|\.py|\.md)"
FUNCTION = r"[\w/]+\.py:\w+"
PROSE = re.sub(r"^```.*?^```", "", ARCHITECTURE, flags=re.DOTALL | re.MULTILINE)
NAMED = sorted(
    word
    for word in set(re.findall(r"`([^`\n]+)`", PROSE))
    if re.fullmatch("|".join((TEST, MEMBER, CONSTANT, LOCATION, FUNCTION)), word)
)
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")))


def is_there(word: str) -> bool:
    """Whether what the document names is there under this name."""
    if re.fullmatch(TEST, word):
        path, *names = word.split("::")
        text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
        return all(re.search(rf"^ *((async )?def|class) {name}\b", text, re.MULTILINE) for name in names)
    if re.fullmatch(MEMBER, word):
        name, _, member = word.partition(".")
        own = re.search(rf"^class {name}\b.*?(?=^[^\s#)]|\Z)", SOURCE, re.DOTALL | re.MULTILINE)
        return own is not None and re.search(rf"\b{member}\b", own[0]) is not None
    if re.fullmatch(CONSTANT, word):
        return re.search(rf"^{word}\b", SOURCE, re.MULTILINE) is not None
    if re.fullmatch(FUNCTION, word):
        path, _, name = word.partition(":")
        return re.search(rf"^def {name}\b", (PACKAGE / path).read_text(encoding="utf-8"), re.MULTILINE) is not None
    return (ROOT / word).exists() or (PACKAGE / word).exists()


@pytest.mark.parametrize("word", NAMED)
def test_what_the_architecture_names_is_there(word: str) -> None:
    assert is_there(word)


@pytest.mark.parametrize(
    "word",
    [
        "infer/nowhere.py",
        "nowhere/",
        "tests/ops/test_ops.py::test_nothing",
        "infer/follow.py:nothing",
        "Trace.nothing",
        "MAX_NOTHING",
    ],
)
def test_what_is_invented_is_not_there(word: str) -> None:
    assert not is_there(word)


def test_what_the_guide_names_is_there() -> None:
    written = {block.path for block in blocks(GUIDE)} | {"docs/rules/SHP199.md"}
    named = set(re.findall(rf"`({LOCATION})`", BLOCK.sub("", GUIDE)))
    assert named
    assert [word for word in sorted(named - written) if not is_there(word)] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_the_files_of_the_package_that_a_page_names_are_there(page: Path) -> None:
    """The tables of faults in docs/reliability.md say where each was: files move, and the tables go with them."""
    named = set(re.findall(r"`([\w/]+\.py)(?::\w+)?`", page.read_text(encoding="utf-8")))
    ours = {path for path in named if path.split("/")[0] in {*RANK, "shapelint", "tests"} and "/" in path}
    assert [path for path in sorted(ours) if not is_there(path)] == []


def test_each_invariant_names_a_test() -> None:
    section = ARCHITECTURE.partition("## Invariants")[2].partition("\n## ")[0]
    lines = re.findall(r"^(\d+)\. .*`(\S+::\S+)`\.$", section, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, section.count("::test_") + 1))
    assert {test for _, test in lines} == {word for word in NAMED if re.fullmatch(TEST, word)}
