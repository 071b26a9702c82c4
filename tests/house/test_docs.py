"""Every block of Python and of a shell in README.md and docs/ is run, and prints what stands below it.

A page is one session in a folder of its own. `**`path`**` above a block makes it a file of that folder. A command stands alone,
with what it prints in the block right below, or behind `$ ` with what it prints in the lines below; `...` stands for some lines.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blocks import Block, blocks
from root import ROOT

from shapelint.cli import run
from shapelint.verify.client import Verifier

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

sys.path.insert(0, str(ROOT / "scripts"))
import gallery
import picture

pytestmark = pytest.mark.usefixtures("kept_processes")

SHELLS = ("console", "bash", "sh")
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if any(block.language in ("python", *SHELLS) for block in blocks(page.read_text(encoding="utf-8")))
]
#: what other tests, or the checks of each change, run, by the page and how the block begins
ELSEWHERE = {
    ("README.md", "python -m pip install -c constraints.txt '.[verify]'"): "tests/programs/test_tour.py",
    ("README.md", "python -m pip install -c constraints.txt -e '.[dev]'"): ".ci/run",
    ("ci.md", "python -m pip"): "tests/house/test_ci.py",
    ("ci.md", "shapelint --exit-zero"): "tests/house/test_ci.py",
    ("ci.md", "git diff"): "tests/house/test_ci.py",
    ("editors.md", "cd editors/vscode"): ".ci/run",
    ("editors.md", "$ flake8"): "tests/editors/test_flake8.py",
    ("scale.md", "dask scheduler"): "tests/pipeline/executors/test_cluster.py",
    ("scale.md", "shapelint --executor"): "tests/pipeline/executors/test_cluster.py",
}


def prepared(folder: Path) -> None:
    """What the pages speak of and do not show."""
    for name in ("src", "notebooks", "DIRECTORY"):
        (folder / name).mkdir()
    shutil.copy(ROOT / "docs" / "rising.ipynb", folder)


def run_elsewhere(page: Path, block: Block) -> bool:
    return any(page.name == name and block.text.startswith(start) for name, start in ELSEWHERE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHAPELINT_NO_CACHE")
    monkeypatch.setenv("COLUMNS", "100")  # the width of the pages
    prepared(tmp_path)
    steps = blocks(page.read_text(encoding="utf-8"))
    names: dict[str, object] = {"__name__": "page"}
    for block, following in zip(steps, [*steps[1:], None], strict=False):
        if block.path is not None:
            (tmp_path / block.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.path).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            python(block.text, names)
        if block.language in SHELLS and not run_elsewhere(page, block):
            for command, expected in commands(block, following):
                told = [outcome for one in command.split(" && ") for outcome in output_of(one)]
                assert expected is None or any(is_as(expected, one) for one in told), f"$ {command}\n{told[-1]}"


def test_the_picture_is_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sentiment.py").write_text(picture.example())
    told = picture.svg(output_of(shlex.join(picture.COMMAND))[0])
    assert told == picture.PICTURE.read_text(encoding="utf-8"), "run `python scripts/picture.py`"
    assert not re.search(r"url\(\s*[\"']?http|<script|<image|@import", told), "it loads nothing"


def python(text: str, names: dict[str, object]) -> None:
    """Run a block, and the tests that it defines."""
    before = set(names)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "page", "exec"), names)
        for name in set(names) - before:
            value = names[name]
            if name.startswith("test_") and callable(value):
                value()


def commands(block: Block, following: Block | None) -> Iterator[tuple[str, str | None]]:
    """The commands of a block, each with what it prints where the page tells it."""
    if not block.text.startswith("$ "):
        lines = block.text.replace("\\\n", "").splitlines()
        told = following.text if following and following.is_below and following.language in ("text", "diff") else None
        yield from ((line, told if line == lines[-1] else None) for line in lines)
        return
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def output_of(command: str) -> list[str]:
    """What a command prints: on standard output, or on standard error if that is all; and on both."""
    program, *arguments = shlex.split(command, comments=True)
    into = arguments.pop() if arguments[-2:-1] == [">"] else None
    arguments = arguments[:-1] if into else arguments
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        PROGRAMS[program](arguments)
    if into:
        Path(into).write_bytes(out.buffer.getvalue())  # type: ignore[attr-defined]
        return ["", ""]
    printed = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    told = [re.sub(r"(torch \d+\.\d+\.\d+)\+\w+", r"\1", one) for one in printed]
    return [told[0] or told[1], "".join(told)]


def of_python(arguments: list[str]) -> None:
    if arguments[:3] == ["-m", "pip", "install"]:
        could_be_installed(arguments[3:])
    elif (ROOT / arguments[0]).exists():
        asked_for_help(arguments)
    else:
        script(arguments)


def script(arguments: list[str]) -> None:
    """A script of the page, in this process: torch is loaded once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", arguments)
        patch.syspath_prepend(os.getcwd())
        with contextlib.suppress(SystemExit):
            runpy.run_path(arguments[0], run_name="__main__")
    if "torch" in sys.modules:
        sys.modules["torch"].set_default_dtype(sys.modules["torch"].float32)  # which scripts set


def asked_for_help(arguments: list[str]) -> None:
    """A measurement takes minutes: whether it is there, and has the options that it is given."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(sys, "argv", [arguments[0], "--help"])
        patch.setattr(sys, "path", [str(ROOT / arguments[0]).rpartition("/")[0], *sys.path])
        with pytest.raises(SystemExit):
            runpy.run_path(str(ROOT / arguments[0]), run_name="__main__")
    assert [one for one in arguments[1:] if one.startswith("--") and one not in out.getvalue()] == []


def of_nox(arguments: list[str]) -> None:
    """Whether there are such sessions: each takes minutes."""
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert arguments[0] == "-s"
    for session in arguments[1:]:
        assert re.search(rf"^@nox.session.*\ndef {session}\(", noxfile, re.MULTILINE), session


def could_be_installed(arguments: list[str]) -> None:
    """Whether the extras are there: nothing is installed by a test."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [found[1] for found in re.finditer(r"(?:shapelint|\.)\[([\w,]+)\]", " ".join(arguments))]
    extras = {extra for group in wanted for extra in group.split(",")}
    assert extras <= set(project["optional-dependencies"])


def cat(paths: list[str]) -> None:
    for path in paths:
        print(Path(path).read_text(encoding="utf-8"), end="")


PROGRAMS: dict[str, Callable[[list[str]], object]] = {"cat": cat, "nox": of_nox, "shapelint": run, "python": of_python}


def is_as(expected: str, told: str) -> bool:
    """Whether something was printed that a page tells, `...` being any lines."""
    pattern = re.escape(expected.rstrip()).replace(re.escape("...") + "\\\n", "(?:.*\n)*?")
    return re.fullmatch(re.sub(r"\\\.\\\.\\\.$", "(?:.*\n?)*", pattern), told.rstrip()) is not None


def test_what_is_printed_otherwise_is_seen() -> None:
    assert is_as("a\n...\nb\n", "a\nx\ny\nb\n")
    assert is_as("a\n...\n", "a\nx\ny")
    assert not is_as("a\n...\nb\n", "a\nx\n")
    assert not is_as("a.b\n", "axb\n")


def test_what_runs_elsewhere_is_there() -> None:
    for (name, start), where in ELSEWHERE.items():
        page = ROOT / name if name == "README.md" else ROOT / "docs" / name
        texts = [block.text for block in blocks(page.read_text(encoding="utf-8")) if block.language in SHELLS]
        assert any(text.startswith(start) for text in texts), (name, start)
        assert (ROOT / where).exists()


def test_the_gallery_is_what_is_found(verifier: Verifier) -> None:
    """All rules are on it; what it says of them is compared for some, since each costs a run of torch."""
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    rules = gallery.silent()
    assert sorted(re.findall(r"^(?:\| )?\[(SHP\d+)\]", page, re.MULTILINE)) == [rule.code for rule in rules]
    for rule in rules[::6]:
        text, picture = gallery.part(rule, verifier)
        assert without_measures(text) in without_measures(page), "run `python scripts/gallery.py`"
        path = ROOT / "docs" / gallery.picture_of(rule)
        assert (path.read_text(encoding="utf-8") if path.exists() else "") == picture


def without_measures(text: str) -> str:
    """Without differences of computed numbers, which another processor may round otherwise."""
    return re.sub(r"up to [\d.e-]+", "up to", text)
