"""What can go wrong around a run is one clear line and exit status 2, and nothing else is lost.

Real processes where it is the process that something is wrong with: its streams, its environment, its folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from here import here
from wrong_models import TAGGER as BAD

pytestmark = pytest.mark.usefixtures("kept_processes")

QUICK = ("--verify=off", "--output-format=concise")
FOUND = "bad.py:10:16: SHP101"
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")
with_full_device = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bad.py").write_text(BAD)
    return tmp_path


def shapelint_(
    place: Path, *arguments: str | bytes, shell: str = "", env: Mapping[str, str] | None = None, **options: Any
) -> tuple[int, str, list[str]]:
    """Status, standard output, and the lines of standard error; `shell` redirects."""
    command: list[str | bytes] = [sys.executable, "-m", "shapelint", *arguments]
    if shell:
        command = ["sh", "-c", f'"$0" "$@" {shell}', *command]
    done = subprocess.run(
        command, cwd=place, capture_output=True, env={**os.environ, **(env or {})}, timeout=120, **options
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode().splitlines()


def told(place: Path, *arguments: str) -> tuple[int, str, list[str]]:
    """The same of a run in this process."""
    done = here(place, *arguments)
    return done.status, done.out.decode(), done.err.decode().splitlines()


def only_line(done: tuple[int, str, list[str]]) -> str:
    status, output, errors = done
    assert (status, output, len(errors)) == (2, "", 1), errors
    return errors[0]


@with_full_device
@pytest.mark.parametrize(
    "arguments",
    [
        ["bad.py", *QUICK],
        ["bad.py", "--verify=off", "--output-format=json"],
        ["bad.py", "--verify=off"],
        ["shapes", "bad.py"],
        ["rule", "SHP101"],
        ["--help"],
        ["--version"],
    ],
)
def test_output_that_cannot_be_written(place: Path, arguments: list[str]) -> None:
    line = only_line(shapelint_(place, *arguments, shell=">/dev/full"))
    assert line == "shapelint: error: cannot write the output: No space left on device"


@with_full_device
def test_errors_that_cannot_be_written(place: Path) -> None:
    assert shapelint_(place, "bad.py", *QUICK, shell="2>/dev/full")[::2] == (2, [])
    assert shapelint_(place, "bad.py", *QUICK, shell=">/dev/full 2>/dev/full")[0] == 2


@posix
def test_streams_that_are_closed(place: Path) -> None:
    line = only_line(shapelint_(place, "-", *QUICK, shell="<&-"))
    assert line == "shapelint: error: standard input is closed, and `-` reads it"
    line = only_line(shapelint_(place, "bad.py", *QUICK, shell=">&-"))
    assert line == "shapelint: error: standard output is closed; --output-file writes to a file"
    assert shapelint_(place, "bad.py", *QUICK, "--output-file=report", shell=">&-")[0] == 1
    assert FOUND in (place / "report").read_text()
    status, output, _ = shapelint_(place, "bad.py", *QUICK, shell="2>&- <&-")
    assert (status, FOUND in output) == (1, True)


@posix
def test_input_without_end(place: Path) -> None:
    assert only_line(shapelint_(place, "-", *QUICK, shell="</dev/zero")) == (
        "shapelint: error: standard input is larger than 50 MB"
    )


@posix
def test_only_regular_files_are_read(place: Path) -> None:
    os.mkfifo(place / "pipe.py")
    (place / "endless.py").symlink_to("/dev/zero")
    os.mkfifo(place / ".gitignore")
    status, output, errors = told(place, "bad.py", "pipe.py", "endless.py", *QUICK)
    assert (status, FOUND in output) == (2, True)
    assert errors[:2] == [
        f"{name}:1: SHP001 cannot read the file: not a regular file; `shapelint -` reads standard input"
        for name in ("endless.py", "pipe.py")
    ]
    assert errors[2] == "Found 1 mistake (1 unverified) in 1 of 1 file; 2 paths could not be checked"
    assert told(place, ".", *QUICK)[0] == 1


@posix
def test_settings_without_end(place: Path) -> None:
    os.mkfifo(place / "pyproject.toml")
    line = only_line(told(place, *QUICK))
    assert line.startswith("shapelint: error: pyproject.toml: cannot read the settings: not a regular file")


def test_a_codec_that_fails_costs_its_file_only(place: Path) -> None:
    codecs = ("hex", "punycode", "undefined")
    for codec in codecs:
        (place / f"{codec}.py").write_text(f"# coding: {codec}\nimport torch.nn as nn\nnn.LSTM(3, 4)\n")
    (place / "wide.py").write_bytes(BAD.encode("utf-16"))
    status, output, errors = told(place, *QUICK)
    assert (status, FOUND in output) == (2, True)
    for codec, line in zip(codecs, errors[:3], strict=True):
        assert line.startswith(f"{codec}.py:1: SHP001 cannot decode the file: ")
    assert errors[3].startswith("wide.py:1: SHP001 cannot decode the file: it is UTF-16 or UTF-32")
    assert errors[4].endswith("in 1 of 1 file; 4 paths could not be checked")


def test_what_could_not_be_checked_is_counted(place: Path) -> None:
    (place / "broken.py").write_text("import torch.nn as nn\nnn.LSTM(3\n")
    _, output, errors = told(place, ".", "nowhere", *QUICK[:1], "--output-format=json")
    summary = json.loads(output)["summary"]
    assert (summary["files"], summary["checked"], summary["unchecked"], summary["errors"]) == (1, 1, 2, 2)
    assert errors == []
    assert told(place, "broken.py", *QUICK)[2][-1] == "Nothing was checked; 1 path could not be checked"


@posix
def test_paths_that_would_break_a_line_or_command_a_terminal(place: Path) -> None:
    name = "a\nb\x1b[31m\udcff.py"
    (place / name).write_text("import torch.nn as nn\nnn.LSTM(3\n")
    missing = shapelint_(place, *QUICK, os.fsencode(name) + b"y")
    for _, output, errors in (told(place, *QUICK), told(place, "shapes", "."), missing):
        assert "\x1b" not in output + "".join(errors)
        assert sum("SHP001" in line for line in errors) == 1
        assert any(line.startswith("a b\ufffd[31m\ufffd.py") for line in errors)
    status, _, errors = told(place, "--sel\x1bec\nt")
    assert (status, len(errors), "\x1b" in errors[0]) == (2, 1, False)


@posix
def test_a_current_folder_that_is_gone(place: Path) -> None:
    gone = place / "gone"
    gone.mkdir()
    line = only_line(shapelint_(gone, *QUICK, preexec_fn=gone.rmdir))
    assert line == "shapelint: error: the current folder does not exist any more"


@posix
def test_a_report_takes_no_code_s_place(place: Path) -> None:
    (place / "link").symlink_to("bad.py")
    for name in ("bad.py", "link"):
        line = only_line(told(place, "bad.py", *QUICK, "--output-file", name))
        assert line == "shapelint: error: --output-file would overwrite bad.py, which is to be checked"
    assert (place / "bad.py").read_text() == BAD
    assert only_line(told(place, *QUICK, "--output-file=")) == "shapelint: error: cannot write '': Is a directory"


def test_lines_without_end_are_cut(place: Path) -> None:
    (place / "bad.py").write_text(BAD.replace("        return", "        y = [" + "1, " * 5_000 + "]; return"))
    status, output, _ = told(place, "--verify=off", "bad.py")
    assert status == 1
    assert "+         y = [1, 1" in output
    assert max(map(len, output.splitlines())) < 400


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "dumb"},
        {"COLUMNS": "x"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": "/nowhere", "TMPDIR": "/nowhere"},
        {"FORCE_COLOR": "1", "NO_COLOR": "1"},
    ],
    ids=" ".join,
)
def test_odd_environments(place: Path, env: dict[str, str]) -> None:
    status, output, errors = shapelint_(place, "--verify=off", env=env)
    assert (status, len(errors)) == (1, 1)
    assert "SHP101" in output


@pytest.fixture
def broken_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which torch is installed and cannot be imported."""
    folder = tmp_path_factory.mktemp("libraries")
    (folder / "torch").mkdir()
    text = "raise ImportError('libtorch_cpu.so: cannot open\\n  shared object file')\n"
    (folder / "torch" / "__init__.py").write_text(text)
    return {"PYTHONPATH": str(folder)}


WHY = "torch's import raised ImportError: libtorch_cpu.so: cannot open shared object file"


@pytest.mark.parametrize(("output_format", "text"), [("full", BAD), ("json", BAD.replace("[-1]", "[:, -1]"))])
def test_torch_that_is_required_and_cannot_be_imported(
    place: Path, broken_torch: dict[str, str], output_format: str, text: str
) -> None:
    (place / "bad.py").write_text(text)
    done = shapelint_(place, "--verify=require", "--output-format", output_format, env=broken_torch)
    assert only_line(done) == f"shapelint: error: --verify=require, but {WHY}"


def test_torch_that_cannot_be_imported_is_told_once(place: Path, broken_torch: dict[str, str]) -> None:
    (place / "more.py").write_text(BAD)
    status, output, errors = shapelint_(place, "--output-format=concise", env=broken_torch)
    assert (status, output.count("SHP101")) == (1, 2)
    assert errors == [
        "Found 2 mistakes (2 unverified) in 2 of 2 files",
        f"The findings are unverified: {WHY}",
    ]
    _, _, errors = shapelint_(place, "--fix", env=broken_torch)
    assert errors[-1] == f"Nothing is fixed without torch's proof, and {WHY}"
    assert sum(WHY in line for line in errors) == 1
