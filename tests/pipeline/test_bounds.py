"""A file has bounds: of time, of memory, of depth. One line tells of a file beyond them, the others are checked."""

from __future__ import annotations

import io
import sysconfig
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest
from injected import write_injected
from wrong_models import TAGGER as BAD

from shapelint.cli import run
from shapelint.grammar import tokens as scan
from shapelint.pipeline.processes.bounds import Bounded, BoundsError
from shapelint.source import Problem, Source
from shapelint.syntax import facts
from shapelint.syntax.parse import parse

#: by the name of a file what happens when it is checked, and what is told of it
BEYOND = {
    "aborted": ("os.abort()", "the check died with its process (SIGABRT)"),
    "asleep": ("time.sleep(600)", "the check took more than 3 s"),
    "memory": ("bytes(3 << 30)", "the check raised MemoryError"),
    "native": ("re.match('(a*)*b', 'a' * 60)", "the check took more than 3 s"),
    "stopped": ("os.kill(os.getpid(), signal.SIGSTOP)", "the check took more than 3 s"),
}
GO_BEYOND = f"""
import os, re, signal, time
import shapelint.pipeline.check as checks
whole = checks.check_bytes
happens = { ({f"{name}.py": what for name, (what, _) in BEYOND.items()}) }
def check_bytes(path, raw, wanted):
    eval(happens.get(path, "None"))
    return whole(path, raw, wanted)
checks.check_bytes = check_bytes
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("beyond", "right", "wrong"):
        (folder / f"{name}.py").write_text(BAD.replace("out[-1]", "out[:, -1]") if name == "right" else BAD)
    return folder


def checked(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[str], list[str]]:
    status = run(["--verify=off", "--output-format=concise", *options])
    output = capsys.readouterr()
    return status, output.out.splitlines(), output.err.splitlines()


@pytest.mark.parametrize("options", [["-j1", "--file-timeout=3"], ["-j2"]], ids=["told", "configured"])
def test_one_line_tells_of_a_file_beyond_the_bounds(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
) -> None:
    monkeypatch.syspath_prepend(str(write_injected(tmp_path / "start", GO_BEYOND)))
    (project / "beyond.py").unlink()
    for name in BEYOND:
        (project / f"{name}.py").write_text(BAD)
    if len(options) == 1:
        (project / "pyproject.toml").write_text("[tool.shapelint]\nfile-timeout = 3\n")
    status, findings, errors = checked(capsys, *options)
    assert status == 2
    assert [line.partition(":")[0] for line in findings] == ["wrong.py"]
    told = [f"{name}.py:1: SHP001 cannot check the file: {told}" for name, (_, told) in BEYOND.items()]
    assert errors[:-1] == told, "one line for each file, one for the run"


LESS = """
import shapelint.pipeline.processes.checker as checker
checker.MEMORY = 100 << 20
"""


def test_a_file_that_makes_the_parser_take_all_memory(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(write_injected(tmp_path / "start", LESS)))  # 2 GB take 8 s
    (project / "beyond.py").write_text(BAD + "x = [a + b, c * d]\n" * 100_000)
    status, findings, errors = checked(capsys, "-j1", "--file-timeout=300")
    assert status == 2
    assert [line.partition(":")[0] for line in findings] == ["wrong.py"]
    assert errors[0].startswith("beyond.py:1: SHP001 cannot ")
    assert "memory" in errors[0]


DIE = """
import os
import shapelint.pipeline.check as checks
checks.analyse_source = lambda source: os.abort()
"""


@pytest.mark.parametrize("command", [["shapes", "wrong.py"], ["witness", "wrong.py:10"]])
def test_other_commands_have_bounds_too(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    monkeypatch.syspath_prepend(str(write_injected(tmp_path / "start", DIE)))
    assert run(command) == 2
    output = capsys.readouterr()
    assert "wrong.py:1: " in output.err
    assert "cannot check the file: the check died with its process (SIGABRT)" in output.err


@pytest.mark.parametrize("value", ["0", "-1", "true", "'1'", "inf", "nan"])
def test_a_timeout_is_a_number_of_seconds(project: Path, capsys: pytest.CaptureFixture[str], value: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.shapelint]\nfile-timeout = {value}\n")
    status, _, errors = checked(capsys)
    assert (status, len(errors)) == (2, 1)
    assert "pyproject.toml:2: file-timeout: must be" in errors[0]


def test_a_call_gives_its_result_and_its_failure_and_the_process_is_kept() -> None:
    bounded = Bounded(60.0)
    try:
        numbers = {bounded.call(len, "abc"), bounded.call(len, "abcd")}
        with pytest.raises(BoundsError, match="the check raised TypeError: "):
            bounded.call(len, 3)
        assert numbers == {3, 4}
    finally:
        bounded.close()
    with pytest.raises(BoundsError, match="was given up"):
        bounded.call(len, "abc")


NESTED: dict[str, Callable[[int], str]] = {
    "minus": lambda n: "-" * n + "a",
    "invert": lambda n: "~" * n + "a",
    "not": lambda n: "not " * n + "a",
    "lambda": lambda n: "lambda: " * n + "a",
    "lambda with parameters": lambda n: "lambda a, b=1, *c: " * n + "a",
    "lambda in a default": lambda n: "lambda a=" * n + "1" + ": a" * n,
    "conditional": lambda n: "a if b else " * n + "c",
    "power": lambda n: "a ** " * n + "a",
    "mixed": lambda n: "lambda: a ** - ~ a if b else " * (n // 5) + "a",
    "signs between brackets": lambda n: "-------(" * (n // 8) + "a" + ")" * (n // 8),
    "in an f-string": lambda n: "f'{" + "-" * n + "a}'",
    "in an f-string's width": lambda n: "f'{a:{" + "-" * n + "a}}'",
    "behind an f-string's quotes": lambda n: 'f"{a["b"]}{' + "- " * n + 'a}"',
    "in an argument": lambda n: "f(1, a=" + "not " * n + "a)",
}
CHAINED: dict[str, Callable[[int], str]] = {
    "sum": lambda n: " + ".join(["a"] * n),
    "sum of negations": lambda n: " + ".join(["-a"] * n),
    "sum of calls": lambda n: " + ".join(["f(a + b)"] * n),
    "sum in brackets": lambda n: "(" + "\n + ".join(["a"] * n) + ")",
    "product": lambda n: " * ".join(["a"] * n),
    "strings": lambda n: " + ".join(['"a"'] * n),
    "attributes": lambda n: "a" + ".b" * n,
    "calls": lambda n: "a" + ".b()" * n,
    "calls with arguments": lambda n: "a" + ".b(c, d=1)" * n,
    "subscripts": lambda n: "a" + "[0]" * n,
    "in an f-string": lambda n: "f'{" + "+".join(["a"] * n) + "}'",
}
LONG: dict[str, Callable[[int], str]] = {
    "and": lambda n: " and ".join(["a"] * n),
    "not and": lambda n: " and ".join(["not a"] * n),
    "comparisons": lambda n: " < ".join(["-a"] * n),
    "list": lambda n: "[" + "-a, not a, a if b else c, lambda: a, " * n + "]",
    "dict": lambda n: "{" + "a: lambda b: -b, " * n + "}",
    "strings": lambda n: "'-' " * n,
    "text": lambda n: "'" + "-" * n + "not " * n + "'",
    "text of an f-string": lambda n: "f'" + "-" * n + "{{" * n + "{a}" + "+" * n + "'",
    "f-string of many fields": lambda n: "f'" + "{-a:>3}" * n + "'",
    "comment": lambda n: "a  # " + "-" * n + "not " * n,
    "targets": lambda n: "a = " * n + "b",
    "lines": lambda n: "-a\nb = not a\n" * n + "c",
    "branches": lambda n: "a\nif a: pass\n" + "elif not a: pass\n" * n + "else: a",
}


def parsed(code: str) -> facts.Module | Problem:
    """What comes of `x = <code>`."""
    return parse(Source("code.py", f"b = 1\nx = {code}\n"))


@pytest.mark.parametrize("kind", NESTED)
def test_what_nests_too_deeply_is_refused(kind: str) -> None:
    problem = parsed(NESTED[kind](10_000))
    assert isinstance(problem, Problem)
    assert problem.message.startswith("cannot parse: ")
    assert any(cause in problem.message for cause in ("nested too deeply", "too many nested parentheses"))


@pytest.mark.parametrize("kind", [*CHAINED, *LONG])
def test_what_is_only_long_is_read(kind: str) -> None:
    table = CHAINED if kind in CHAINED else LONG
    assert not isinstance(parsed(table[kind](2_000)), Problem)


@pytest.mark.parametrize("kind", [*NESTED, *CHAINED])
def test_ordinary_depths_are_read(kind: str) -> None:
    code = NESTED[kind](300) if kind in NESTED else CHAINED[kind](500)
    module = parsed(code)
    assert not isinstance(module, Problem), module


def test_the_judge_takes_time_in_proportion_whatever_quotes_there_are() -> None:
    """Every token begins where the last one ended, and none is searched for twice: the pieces make up the text."""
    for piece in ('\\"""', "'\"", "'''", "f'{", 'f"""{\'', "{f'", "\\", "'\\", "f'\\", "f'{a:{"):
        text = piece * 20_000
        assert sum(1 for _ in scan.tokens(text)) <= len(text)


REAL_FILES = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-h]*.py"))


@pytest.mark.parametrize("path", REAL_FILES[::3], ids=lambda path: path.name)
def test_tokens_are_those_of_python(path: Path) -> None:
    with tokenize.open(path) as file:
        text = file.read()
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    pythons = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in layout]
    if any(token.lstrip("rR").startswith(("f", "F")) and token[-1] in "'\"" for token in pythons):
        pytest.skip("holds f-strings, which Python cuts up from 3.12 on")
    ours = [t.text for t in scan.tokens(text) if t.kind != scan.END or t.text == ";"]
    assert "".join(ours) == "".join(pythons)
