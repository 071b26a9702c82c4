"""flake8 runs the plugin, each time as a process of its own in a scratch directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from extra_rules import ADD_EXTRA_RULES, EXTRA_RULES
from injected import write_injected
from wrong_models import CLASSIFIER as MODEL
from wrong_models import WRAPPER

from shapelint.editors.flake8 import Settings, check_alone, messages
from shapelint.source import Problem

PLACE = "12:26: SHP101"
RIGHT = MODEL.replace("out[-1]", "out[:, -1]")
WITHOUT_TORCH = "import math\n\nprint(math.pi)\n"

TELL_MODULES = """\
import atexit, json, sys
def tell():
    if "flake8.checker" in sys.modules:
        with open({file!r}, "w") as file:
            json.dump(sorted(sys.modules), file)
atexit.register(tell)
"""
BREAK_ANALYSIS = """\
import shapelint.infer.analyse as broken
whole = broken.analyse
def analyse(module, source):
    if source.path.endswith("bad.py"):
        raise ZeroDivisionError("injected")
    return whole(module, source)
broken.analyse = analyse
"""
BREAK_PROOF = """\
import shapelint.pipeline.verdicts
def proven(check, verifier):
    raise ZeroDivisionError("injected")
shapelint.pipeline.verdicts.proven = proven
"""
DIE = """
import os
import shapelint.pipeline.check as broken
whole = broken.check_source
def check_source(source, wanted):
    if source.path == "deadly.py":
        os.abort()
    return whole(source, wanted)
broken.check_source = check_source
"""
NO_TORCH = """\
import sys
sys.modules["torch"] = None
"""


class Scratch:
    """A directory with files, in which flake8 is run. `at_start` is code that its processes run first."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.at_start = ""
        self.write(".flake8", "[flake8]\n")

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def flake8(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        done = self.python("-m", "flake8", *arguments, stdin=stdin)
        assert done.stderr == ""
        return done

    def python(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        start = self.directory / "start"
        if not start.exists():
            write_injected(start, self.at_start)
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.directory,
            env={**os.environ, "PYTHONPATH": str(self.directory / "start"), "PYTHONUTF8": "1"},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=100,
        )


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path)


def places(done: subprocess.CompletedProcess[str]) -> list[str]:
    """`path:line:column: CODE` of each line of flake8's report."""
    return [" ".join(line.split(" ")[:2]) for line in done.stdout.splitlines()]


def test_line_column_and_code(scratch: Scratch) -> None:
    """Nothing for right code; columns count code points."""
    line = '        "é😀"; return self.head(out[-1])'
    scratch.write("model.py", MODEL)
    scratch.write("right.py", RIGHT)
    scratch.write("words.py", "\ufeff" + MODEL.replace("        return self.head(out[-1])", line))
    done = scratch.flake8("--extend-ignore=E702", "model.py", "right.py", "words.py")
    assert done.returncode == 1
    assert places(done) == [f"model.py:{PLACE}", f"words.py:12:{line.index('out') + 1}: SHP101"]


def test_right_code_gives_nothing(scratch: Scratch) -> None:
    scratch.write("model.py", RIGHT)
    done = scratch.flake8("model.py")
    assert (done.returncode, done.stdout) == (0, "")


def test_report_is_that_of_the_command_line(scratch: Scratch) -> None:
    scratch.write("model.py", MODEL)
    here = scratch.flake8("model.py")
    there = scratch.python("-m", "shapelint", "--verify=off", "--output-format=concise", "model.py")
    assert here.stdout == there.stdout


def test_noqa(scratch: Scratch) -> None:
    comments = {"all": "# noqa", "code": "# noqa: SHP101", "family": "# NOQA:E501,SHP1", "other": "# noqa: E501"}
    for name, comment in comments.items():
        scratch.write(f"{name}.py", MODEL.replace("(out[-1])", f"(out[-1])  {comment}"))
    files = [f"{name}.py" for name in comments]
    assert places(scratch.flake8("--select=SHP", *files)) == [f"other.py:{PLACE}"]
    assert places(scratch.flake8("--select=SHP", "--disable-noqa", *files)) == [f"{name}:{PLACE}" for name in files]


def test_per_file_ignores(scratch: Scratch) -> None:
    scratch.write(".flake8", "[flake8]\nper-file-ignores =\n    old_*.py: SHP1\n")
    scratch.write("old_model.py", MODEL)
    scratch.write("new_model.py", MODEL)
    assert places(scratch.flake8("old_model.py", "new_model.py")) == [f"new_model.py:{PLACE}"]
    assert places(scratch.flake8("--stdin-display-name=old_x.py", "-", stdin=MODEL)) == []


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_standard_input_goes_by_its_display_name(scratch: Scratch, newline: str) -> None:
    text = MODEL.replace("\n", newline)
    done = scratch.flake8("--select=SHP", "--stdin-display-name", "lib/x.py", "-", stdin=text)
    assert places(done) == [f"lib/x.py:{PLACE}"]


def test_several_processes(scratch: Scratch) -> None:
    names = ["a.py", "b.py", "c.py"]
    for name in names:
        scratch.write(name, MODEL)
    assert places(scratch.flake8("-j2", *names)) == [f"{name}:{PLACE}" for name in names]


@pytest.mark.parametrize(
    ("option", "found"),
    [("--select=SHP", 1), ("--select=SHP2,F", 0), ("--extend-ignore=SHP1", 0), ("--ignore=E,SHP102", 1)],
)
def test_select_and_ignore(scratch: Scratch, option: str, found: int) -> None:
    scratch.write("model.py", MODEL)
    assert places(scratch.flake8(option, "model.py")) == [f"model.py:{PLACE}"] * found


def add_extra_rules(scratch: Scratch) -> None:
    rules = scratch.write("rules/extra.py", EXTRA_RULES).parent
    scratch.at_start = ADD_EXTRA_RULES.format(directory=str(rules))


def test_rules_that_are_off_run_when_their_code_is_selected(scratch: Scratch) -> None:
    add_extra_rules(scratch)
    scratch.write("model.py", RIGHT)
    assert places(scratch.flake8("model.py")) == ["model.py:11:18: SHP198"]
    assert places(scratch.flake8("--extend-select=SHP199", "model.py")) == [
        "model.py:11:18: SHP198",
        "model.py:11:18: SHP199",
    ]


def test_verify_drops_what_torch_refutes(scratch: Scratch) -> None:
    add_extra_rules(scratch)
    scratch.write("model.py", MODEL)
    unproven = [f"model.py:{PLACE}", "model.py:11:18: SHP198"]
    assert sorted(places(scratch.flake8("model.py"))) == sorted(unproven)
    assert places(scratch.flake8("--shapelint-verify", "model.py")) == [f"model.py:{PLACE}"]
    scratch.write(".flake8", "[flake8]\nshapelint-verify = true\n")
    scratch.write("second.py", MODEL)
    both = scratch.flake8("-j2", "model.py", "second.py")
    assert places(both) == [f"model.py:{PLACE}", f"second.py:{PLACE}"]


def test_verify_without_torch_says_how_to_install_it(scratch: Scratch) -> None:
    scratch.at_start = NO_TORCH
    scratch.write("model.py", MODEL)
    done = scratch.flake8("--shapelint-verify", "model.py")
    assert done.returncode == 1
    assert "--shapelint-verify: torch cannot be imported; install it: python -m pip install" in done.stdout
    assert places(scratch.flake8("model.py")) == [f"model.py:{PLACE}"]


@pytest.mark.parametrize(
    ("text", "option", "loaded"),
    [
        (WITHOUT_TORCH, "--shapelint-verify", set()),
        (MODEL, "--select=SHP", set()),
        (MODEL, "--shapelint-verify", set()),
    ],
    ids=["without layers", "static", "verified"],
)
def test_what_is_loaded(scratch: Scratch, text: str, option: str, loaded: set[str]) -> None:
    file = scratch.directory / "modules.json"
    scratch.at_start = TELL_MODULES.format(file=str(file))
    scratch.write("model.py", text)
    scratch.flake8(option, "model.py")
    modules = json.loads(file.read_text())
    assert "shapelint.editors.flake8" in modules
    assert loaded == {"shapelint.grammar.tree", "torch"}.intersection(modules)


def test_nothing_but_the_standard_library_is_loaded_for_a_file_without_torch(scratch: Scratch) -> None:
    file = scratch.directory / "modules.json"
    scratch.at_start = TELL_MODULES.format(file=str(file))
    scratch.write("model.py", WITHOUT_TORCH)
    scratch.flake8("model.py")
    ours = [name for name in json.loads(file.read_text()) if name.startswith("shapelint")]
    assert ours == ["shapelint", "shapelint.editors", "shapelint.editors.flake8", "shapelint.prefilter"]


def test_an_internal_error_is_a_message_on_its_file(scratch: Scratch) -> None:
    scratch.at_start = BREAK_ANALYSIS
    scratch.write("bad.py", "import os\n" + MODEL)
    scratch.write("model.py", MODEL)
    done = scratch.flake8("bad.py", "model.py")
    assert done.returncode == 1
    assert sorted(places(done)) == ["bad.py:1:1: F401", "bad.py:1:1: SHP001", f"model.py:{PLACE}"]
    assert "SHP001 internal error at __init__.py:7: ZeroDivisionError: injected" in done.stdout


def test_an_internal_error_of_the_proof_is_a_message_too(scratch: Scratch) -> None:
    scratch.at_start = BREAK_PROOF
    scratch.write("model.py", MODEL)
    assert places(scratch.flake8("--shapelint-verify", "model.py")) == ["model.py:1:1: SHP001"]


def test_a_syntax_error_is_left_to_flake8(scratch: Scratch) -> None:
    scratch.write("model.py", MODEL + "def f(:\n")
    codes = {place.split(" ")[1] for place in places(scratch.flake8("model.py"))}
    assert "E999" in codes
    assert not any(code.startswith("SHP") for code in codes)


def test_code_that_only_the_parser_refuses_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Problem("model.py", 3, "cannot parse: nested too deeply")
    monkeypatch.setattr("shapelint.syntax.parse.parse", lambda source: refusal)
    check = check_alone("model.py", MODEL, Settings())
    assert check.problems == (refusal,)
    assert messages([], check.problems) == []


def test_code_beyond_the_bounds_is_a_message(scratch: Scratch) -> None:
    scratch.at_start = DIE
    scratch.write("deadly.py", MODEL)
    scratch.write("model.py", MODEL)
    done = scratch.flake8("--select=SHP", "deadly.py", "model.py")
    assert sorted(places(done)) == ["deadly.py:1:1: SHP001", f"model.py:{PLACE}"]
    assert "SHP001 cannot check the file: the check died with its process" in done.stdout


def test_code_that_nests_too_deeply_is_a_message() -> None:
    deep = check_alone("model.py", MODEL + "y = " + "-" * 10_000 + "1\n", Settings())
    (message,) = messages([], deep.problems)
    assert message.text.startswith("SHP001 cannot parse: the code is nested too deeply")
    brackets = check_alone("model.py", MODEL + "y = " + "(" * 1_000 + "1" + ")" * 1_000 + "\n", Settings())
    assert brackets.problems
    assert messages([], brackets.problems) == [], "E999 tells it"


@pytest.mark.parametrize("option", ["--select=SHP", "--shapelint-verify"])
def test_what_the_settings_say_of_the_project_is_heeded(scratch: Scratch, option: str) -> None:
    """Its layers, where its modules lie, and what it knows; what they select is for the command alone."""
    scratch.write("model.py", WRAPPER)
    assert places(scratch.flake8(option, "model.py")) == []
    known = '[tool.shapelint]\nignore = ["SHP101"]\nknown-layers = {"fast.rnn.Fast" = "torch.nn.LSTM"}\n'
    scratch.write("pyproject.toml", known)
    assert places(scratch.flake8(option, "model.py")) == ["model.py:10:16: SHP101"]
    scratch.write("lib/fast/__init__.py", "")
    scratch.write("lib/fast/rnn.py", "from torch.nn import LSTM as Fast\n")
    assert places(scratch.flake8(option, "model.py", "-j2", "--exclude=lib")) == ["model.py:10:16: SHP101"]
    scratch.write("model.py", WRAPPER.replace("True)", "True)  # an nn.LSTM"))
    scratch.write("pyproject.toml", '[tool.shapelint]\nsrc = ["lib"]\n')
    assert places(scratch.flake8(option, "model.py")) == ["model.py:10:16: SHP101"]


def test_what_a_baseline_knows_is_not_told(scratch: Scratch) -> None:
    scratch.write("model.py", MODEL)
    scratch.write("other.py", MODEL)
    scratch.write("pyproject.toml", '[tool.shapelint]\nbaseline = "known.json"\n')
    done = scratch.python("-m", "shapelint", "baseline", "model.py", "--output-file", "known.json")
    assert (done.returncode, done.stderr) == (0, "known.json knows 1 mistake\n")
    assert places(scratch.flake8("-j2", "model.py", "other.py")) == [f"other.py:{PLACE}"]
    scratch.write("model.py", MODEL.replace("out[-1]", "1 * out[-1]"))
    assert places(scratch.flake8("./model.py")) == ["./model.py:12:30: SHP101"], "the line is another one"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("[tool.shapelint]\nknown-layer = {}\n", "pyproject.toml:2: unknown key 'known-layer'; did you mean"),
        ('[tool.shapelint]\nbaseline = "gone.json"\n', "gone.json: cannot read the baseline"),
    ],
)
def test_settings_that_cannot_be_used_end_flake8(scratch: Scratch, settings: str, why: str) -> None:
    scratch.write("model.py", WITHOUT_TORCH)
    scratch.write("pyproject.toml", settings)
    done = scratch.flake8("model.py")
    assert done.returncode == 1
    assert "There was a critical error during execution of Flake8:" in done.stdout
    assert why in done.stdout
