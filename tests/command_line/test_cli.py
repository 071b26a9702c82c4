"""The command line, from the arguments of a check to its output and exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import jsonschema
import pytest
from injected import write_injected
from shown import LINE, concise, error, shown
from wrong_models import TAGGER as BAD

import shapelint.verify.client
from shapelint import __version__
from shapelint.report import formats
from shapelint.report.schema import schemas

pytestmark = pytest.mark.usefixtures("kept_processes", "place")


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapelint.verify.client, "available", lambda: False)


def test_status_0_nothing_found_1_findings_2_could_not_check(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert concise(capsys, "good.py") == (0, [])
    assert concise(capsys) == (1, [f"bad.py:10:16: {LINE}"])
    assert concise(capsys, "--exit-zero") == (0, [f"bad.py:10:16: {LINE}"])
    bad.with_name("broken.py").write_text("import torch.nn as nn\nnn.LSTM(3\n")
    status, output, errors = shown(capsys, "--verify=off", "--output-format=concise", ".", "nowhere")
    assert (status, output) == (2, f"bad.py:10:16: {LINE}\n")
    assert "broken.py:2: SHP001 " in errors
    assert "nowhere:1: SHP001 no such file or directory" in errors
    assert "Found 1 mistake (1 unverified) in 1 of 2 files; 2 paths could not be checked" in errors
    assert shown(capsys, "--exit-zero", "nowhere")[0] == 2


@pytest.mark.parametrize("arguments", [["bad.py"], ["check", "bad.py"], ["--select=SHP1", "bad.py"]])
def test_check_need_not_be_named(bad: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, output, _ = shown(capsys, *arguments, "--verify=off", "--output-format=concise")
    assert (status, output) == (1, f"bad.py:10:16: {LINE}\n")


@pytest.mark.parametrize("arguments", [["check", "shapes"], ["./shapes"], ["--verify=off", "shapes"]])
def test_a_folder_may_be_named_like_a_command(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (place / "shapes").mkdir()
    (place / "shapes" / "bad.py").write_text(BAD)
    status, output, _ = shown(capsys, *arguments, "--output-format=concise", "--verify=off")
    assert (status, output.replace(os.sep, "/")) == (1, f"shapes/bad.py:10:16: {LINE}\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--selct", "SHP1", "."], "unknown option '--selct'; did you mean '--select'?"),
        (
            ["shapes", "--output-fromat", "x"],
            "unknown option '--output-fromat'; did you mean '--output-format'?",
        ),
        (["--select", "SPH101", "."], "--select: unknown rule code 'SPH101'; did you mean 'SHP101'?"),
        (
            ["--ignore", "SHP101,X9", "."],
            "--ignore: unknown rule code 'X9'; `shapelint rule --all` lists the codes",
        ),
        (
            ["--verify", "maybe", "."],
            "Invalid value for '--verify': 'maybe' is not one of 'auto', 'require', 'off'.",
        ),
        (["rule", "SHP010"], "unknown rule code 'SHP010'; did you mean 'SHP"),
        (["rule"], "name a code, for instance `shapelint rule SHP101`, or give --all"),
        (["witness", "good.py"], "'good.py' is not PATH:LINE or PATH:LINE:COLUMN"),
        (
            ["witness", "good.py:3"],
            "good.py:3: nothing is found here; `shapelint good.py` lists the findings",
        ),
        (["witness", "nowhere.py:3"], "nowhere.py: cannot read the file: No such file or directory"),
        (
            ["--output-file", "nowhere/x", "--verify=off", "."],
            "cannot write nowhere/x: No such file or directory",
        ),
        (["shapes"], "Missing argument 'PATH...'."),
    ],
)
def test_misuse_is_told_in_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str) -> None:
    assert error(capsys, *arguments).startswith(f"shapelint: error: {expected}")


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "--version") == (0, f"shapelint, version {__version__}\n", "")
    assert shown(capsys, "check", "--version") == (0, f"shapelint, version {__version__}\n", "")
    status, output, _ = shown(capsys, "--help")
    assert status == 0
    for word in ("check", "shapes", "witness", "rule", "--select", "--verify", "--stdin-filename", "--color"):
        assert word in output
    assert shown(capsys, "-h")[1] == output


def test_select_and_ignore(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert concise(capsys, "--select=SHP1", "--ignore=SHP101")[0] == 0
    assert concise(capsys, "--select=SHP2,SHP101")[0] == 1
    assert concise(capsys, "--select=SHP2", "--select=SHP106")[0] == 0
    (bad.parent / "pyproject.toml").write_text('[tool.shapelint]\nignore = ["SHP101"]\n')
    assert concise(capsys)[0] == 0
    assert concise(capsys, "--select=SHP101")[0] == 1


def test_configuration(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = bad.parent / "pyproject.toml"
    table.write_text('[tool.shapelint]\noutput-format = "concise"\nverify = "off"\n')
    assert shown(capsys)[:2] == (1, f"bad.py:10:16: {LINE}\n")
    table.write_text('[tool.shapelint]\nextend-exclude = ["bad.py"]\n')
    assert concise(capsys)[0] == 0
    assert concise(capsys, "bad.py")[0] == 1
    table.write_text('[tool.shapelint.per-file-ignores]\n"b*.py" = ["SHP1"]\n')
    assert concise(capsys, "bad.py")[0] == 0
    table.write_text("[tool.shapelint]\nfixable = 1\n")
    assert error(capsys).startswith("shapelint: error: pyproject.toml:2: unknown key 'fixable'")


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: SHP101", "# noqa:E501,SHP1"])
def test_noqa(bad: Path, capsys: pytest.CaptureFixture[str], comment: str) -> None:
    bad.write_text(BAD.replace("out[-1]", f"out[-1]  {comment}"))
    assert concise(capsys) == (0, [])


@pytest.mark.parametrize(("name", "path"), [([], "<stdin>"), (["--stdin-filename", "pkg/m.py"], "pkg/m.py")])
def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: list[str], path: str
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(BAD.encode())))
    assert concise(capsys, *name, "-") == (1, [f"{path}:10:16: {LINE}"])


def test_proof(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, output, errors = shown(capsys, "--verify=require", "--output-format=json")
    report = json.loads(output)
    jsonschema.validate(report, schemas()["schema.json"])
    assert (status, errors) == (1, "")
    assert report["summary"] | {"confirmed": 1, "findings": 1, "files": 2, "errors": 0} == report["summary"]
    (finding,) = report["findings"]
    assert finding["verification"]["status"] == "confirmed"
    assert finding["verification"]["torch"] == report["tool"]["torch"] is not None
    assert finding["fixes"][0]["proven"] is True


def test_full_output_with_and_without_colours(
    bad: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plain, _ = shown(capsys, "--verify=off")
    assert plain.startswith("warning[SHP101]: `out[-1]` selects")
    assert "^^^^^^^" in plain
    assert "= proof: not run: verification is off" in plain
    assert "\x1b[" not in plain
    assert "\x1b[" in shown(capsys, "--verify=off", "--color=always")[1]
    assert shown(capsys, "--verify=off", "--color=never")[1] == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(capsys, "--verify=off")[1] == plain
    assert "\x1b[" in shown(capsys, "--verify=off", "--color=always")[1]


def test_output_files(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One run writes all reports, each as it is on standard output."""
    files = [f"--output-format={name} --output-file=report.{name}" for name in formats.NAMES]
    assert shown(capsys, "--verify=off", "bad.py", "--color=always", *" ".join(files).split())[:2] == (1, "")
    for name in ("full", "html", "json"):
        _, output, _ = shown(capsys, "--verify=off", f"--output-format={name}", "bad.py")
        # scripts and data flows are made where one of the reports shows them
        assert Path(f"report.{name}").read_text(encoding="utf-8") == output
    assert all(Path(f"report.{name}").stat().st_size for name in formats.NAMES)


def test_statistics(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad.with_name("bad2.py").write_text(BAD)
    assert shown(capsys, "--verify=off", "--statistics")[2].endswith(
        "found  confirmed  fixable  code    severity  name\n"
        "    2          0        0  SHP101  warning   last-step-on-batch-axis\n"
        "    2          0        0  total\n"
    )


def test_what_is_told_beside_the_findings(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("build", "data"):
        (bad.parent / folder).mkdir()
        (bad.parent / folder / "m.py").write_text(BAD)
    (bad.parent / ".git").mkdir()
    (bad.parent / ".gitignore").write_text("data/\n")
    (bad.parent / "other.py").write_text("x = 1\n")
    (bad.parent / "broken.py").write_text("import torch.nn as nn\nnn.LSTM(\n")
    quick = ("--verify=off", "--output-format=concise")
    _, found, loud = shown(capsys, "-v", *quick)
    assert [line for line in loud.splitlines() if "skipped" in line] == [
        ".git: skipped: the settings exclude it",
        "build: skipped: the settings exclude it",
        "data: skipped: .gitignore names it",
        "other.py: skipped: it does not speak of torch",
    ]
    status, output, quiet = shown(capsys, "--quiet", *quick)
    assert (status, output) == (2, found)
    assert [line.partition(" ")[0] for line in quiet.splitlines()] == ["broken.py:2:"], "failures only"
    assert shown(capsys, "--show-files") == (0, "bad.py\nbroken.py\ngood.py\nother.py\n", "")
    assert shown(capsys, "--show-files", "build/m.py", "nowhere")[:2] == (2, f"build{os.sep}m.py\n")


def test_without_torch(bad: Path, capsys: pytest.CaptureFixture[str], no_torch: None) -> None:
    status, output, errors = shown(capsys)
    assert status == 1
    assert "not run: torch is not installed" in output
    assert errors.count("python -m pip install 'shapelint[verify]'") == 1
    assert "pip install" not in shown(capsys, "good.py")[2], "nothing to prove, nothing to say"
    assert "pip install" not in shown(capsys, "--verify=off")[2]
    assert error(capsys, "--verify=require", "good.py").startswith("shapelint: error: --verify=require, but torch")


BREAK = """
import shapelint.infer.analyse as broken
whole = broken.analyse
def analyse(module, source):
    if source.path == "bomb.py":
        raise ZeroDivisionError("of\\nthe tool")
    return whole(module, source)
broken.analyse = analyse
"""
DIE = """
import os
import shapelint.pipeline.check as broken
whole = broken.check_bytes
def check_bytes(path, raw, wanted):
    if path == "bomb.py":
        open("deaths", "a").write("x")
        os._exit(1)
    return whole(path, raw, wanted)
broken.check_bytes = check_bytes
"""


@pytest.fixture
def bomb(bad: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the processes that check `bomb.py` run some code first."""
    bad.with_name("bomb.py").write_text(BAD)

    def load(code: str) -> None:
        monkeypatch.syspath_prepend(str(write_injected(tmp_path_factory.mktemp("start"), code)))

    return load


def test_an_error_of_the_tool_is_told_and_the_other_files_are_checked(
    capsys: pytest.CaptureFixture[str], bomb: Callable[[str], None]
) -> None:
    bomb(BREAK)
    status, output, errors = shown(capsys, "--verify=off", "--output-format=concise")
    assert (status, output) == (2, f"bad.py:10:16: {LINE}\n")
    assert "bomb.py:1: SHP001 internal error at __init__.py:" in errors
    assert "ZeroDivisionError: of the tool: please report this" in errors


@pytest.mark.parametrize("jobs", ["-j1", "-j2"])
def test_a_process_that_dies_twice_costs_its_file_only(
    place: Path, capsys: pytest.CaptureFixture[str], bomb: Callable[[str], None], jobs: str
) -> None:
    bomb(DIE)
    status, output, errors = shown(capsys, jobs, "--verify=off", "--output-format=concise")
    assert (status, output) == (2, f"bad.py:10:16: {LINE}\n")
    assert "bomb.py:1: SHP001 cannot check the file: the check died with its process (status 1)\n" in errors
    assert (place / "deaths").read_text() == "xx"


def test_processes_give_the_same_results_in_the_same_order(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "edcab":
        bad.with_name(f"{name}.py").write_text(BAD + f"# {name}\n" * ord(name))
    alone, together = concise(capsys, "-j1"), concise(capsys, "-j2")
    assert alone == together
    assert len(alone[1]) == 6


def test_the_checked_code_is_not_run_and_its_sizes_are_not_allocated(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "wild.py").write_text(
        "import os, torch.nn as nn\nos.system('touch ran')\nraise SystemExit\n"
        "big = nn.LSTM(10**9, 10**9, 10**6, batch_first=True)\n"
    )
    assert concise(capsys, "wild.py") == (0, [])
    assert not Path("ran").exists()


def test_a_terminal_without_unicode_and_a_reader_that_leaves(bad: Path) -> None:
    command = [sys.executable, "-m", "shapelint", "--verify=off", "bad.py"]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    bad.write_text(BAD.replace("out[-1]", "out[-1]  # é"))
    done = subprocess.run(command, env=ascii_only, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "# \\xe9" in done.stdout
    piped = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert piped.stdout is not None
    assert piped.stderr is not None
    piped.stdout.close()
    assert "Traceback" not in piped.stderr.read()
    piped.wait()
    piped.stderr.close()
