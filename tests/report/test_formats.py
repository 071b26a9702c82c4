"""The formats for other programs: what each of them asks, and that none changes unnoticed (tests/report/golden)."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import jsonschema
import pytest
from golden import GOLDEN, told
from results import ERROR, FINDING, MANY, REPEATED, SCRIPT, SECOND, TEXT

from shapelint.cli import run
from shapelint.cli.check import check
from shapelint.cli.telling.outputs import Output, Outputs
from shapelint.config import Config
from shapelint.finding import Edit, Finding, Fix, Place, ShownShape
from shapelint.notebooks.places import Places
from shapelint.report import formats
from shapelint.report.block import MOST
from shapelint.report.fingerprint import fingerprints
from shapelint.report.formats import full
from shapelint.report.result import FileResult, RunResult
from shapelint.report.schema import schemas
from shapelint.report.telling import Telling
from shapelint.source import Span

pytestmark = pytest.mark.usefixtures("kept_processes")

PART = json.loads((Path(__file__).parent / "sarif_part.json").read_text(encoding="utf-8"))
EMPTY = RunResult(3, 1, ())


def rendered(name: str, result: RunResult = MANY) -> str:
    return formats.render(name, result, Telling())


def of(*findings: Finding) -> RunResult:
    return RunResult(1, 1, (FileResult(findings[0].path, SCRIPT, findings),))


@pytest.mark.parametrize("name", formats.NAMES)
def test_a_report_is_that_of_the_golden_file(name: str) -> None:
    assert told(name) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8"), (
        "python tests/report/golden.py writes it anew"
    )


def test_each_golden_file_is_of_a_format() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(formats.NAMES)


@pytest.mark.parametrize("result", [MANY, EMPTY], ids=["many", "empty"])
def test_sarif_is_sarif(result: RunResult) -> None:
    log = json.loads(rendered("sarif", result))
    jsonschema.validate(log, PART)
    [run_] = log["runs"]
    assert len(run_["results"]) == len(result.findings)
    for entry in run_["results"]:
        assert run_["tool"]["driver"]["rules"][entry["ruleIndex"]]["id"] == entry["ruleId"]
    assert run_["invocations"][0]["executionSuccessful"] is not bool(result.problems)


def test_sarif_marks_what_is_refuted_as_passed() -> None:
    log = json.loads(formats.render("sarif", MANY, Telling(show_refuted=True)))
    kinds = [(entry["kind"], entry["level"]) for entry in log["runs"][0]["results"]]
    assert kinds.count(("pass", "none")) == len(MANY.refuted) == 1


def test_an_absolute_path_is_a_file_s_address(tmp_path: Path) -> None:
    log = json.loads(rendered("sarif", of(replace(FINDING, path=str(tmp_path / "a b.py")))))
    assert f"file://{tmp_path}/a%20b.py" in json.dumps(log)


def test_fingerprints_stay_when_lines_move_and_tell_like_findings_apart() -> None:
    low = [
        replace(one, span=replace(one.span, line=one.span.line + 2, end_line=one.span.end_line + 2))
        for one in (ERROR, SECOND)
    ]
    before = fingerprints((ERROR, SECOND), {ERROR.path: SCRIPT})
    assert fingerprints(low, {ERROR.path: "import os\n\n" + SCRIPT.replace(" = ", "=")}) == before
    assert fingerprints((ERROR, SECOND), {ERROR.path: SCRIPT.replace("17", "18")})[0] != before[0]
    assert len(set(fingerprints((ERROR, ERROR, SECOND), {ERROR.path: SCRIPT}))) == 3


def test_github_takes_each_command_as_one_line() -> None:
    lines = rendered("github").splitlines()
    assert len(lines) == len(MANY.findings) + len(MANY.problems)
    for line in lines:
        found = re.fullmatch(r"::(error|warning|notice) ((?:\w+=[^,:]*,?)+)::(.*)", line)
        assert found, line
        assert {"file", "line", "title"} <= {part.partition("=")[0] for part in found[2].split(",")}
    odd = rendered("github", of(replace(ERROR, path="a,b:c%.py", span=Span(1, 3, 2, 1))))
    assert odd.startswith("::error file=a%2Cb%3Ac%25.py,line=1,endLine=2,title=")


def test_gitlab_gets_what_it_asks_for() -> None:
    issues = json.loads(rendered("gitlab"))
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    [issue] = json.loads(rendered("gitlab", of(replace(ERROR, path="./pkg/../a.py"))))
    assert issue["location"] == {"path": "a.py", "lines": {"begin": 6, "end": 6}}


def test_junit_is_xml_and_counts() -> None:
    root = ElementTree.fromstring(rendered("junit"))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("6", "5", "1")
    assert len(list(root.iter("failure"))) == 5
    passed = ElementTree.fromstring(rendered("junit", EMPTY))
    assert (passed.get("tests"), passed.get("failures")) == ("1", "0")
    odd = ElementTree.fromstring(rendered("junit", of(replace(ERROR, message="\x00 \uffff </failure> ]]>"))))
    assert next(odd.iter("failure")).get("message") == "\ufffd \ufffd </failure> ]]>"


def test_rdjson_counts_bytes_and_suggests_what_is_proven_whole() -> None:
    fix = Fix("mend", (Edit(Span(4, 1, 4, 6), "size"),), proven=True)
    halves = replace(fix, edits=fix.edits * 2)
    finding = replace(ERROR, span=Span(4, 1, 4, 6), fixes=(fix, halves, replace(fix, proven=False)))
    [entry] = json.loads(rendered("rdjson", of(finding)))["diagnostics"]
    assert entry["location"]["range"] == {"start": {"line": 4, "column": 2}, "end": {"line": 4, "column": 9}}
    assert [one["text"] for one in entry["suggestions"]] == ["size"]


def test_json_lines_are_the_json_report() -> None:
    report = json.loads(rendered("json"))
    lines = [json.loads(line) for line in rendered("jsonl").splitlines()]
    assert [line.pop("type") for line in lines] == ["finding"] * 5 + ["error", "summary"]
    findings, errors, end = lines[:5], lines[5:6], lines[6]
    jsonschema.validate({**end, "findings": findings, "errors": errors}, schemas()["schema.json"])
    assert {**end, "findings": findings, "errors": errors} == report


def test_no_text_of_the_code_is_markup() -> None:
    page = rendered("markdown", of(replace(ERROR, message="a | b <img src=x onerror=y> [x](http://y) **z** `c|`")))
    row = next(line for line in page.splitlines() if "SHP501" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert "<img" not in row
    assert "[x](" not in row


def rows(findings: Sequence[Finding], **telling: Any) -> list[str]:
    texts = {ERROR.path: SCRIPT, FINDING.path: TEXT, "other.py": ""}
    of_files = (
        FileResult(path, text, tuple(one for one in findings if one.path == path)) for path, text in texts.items()
    )
    return click.unstyle(full.render(RunResult(2, 2, tuple(of_files)), Telling(**telling))).splitlines()


def test_a_finding_has_few_rows_unless_all_is_wanted() -> None:
    place = Place(Span(6, 19, 6, 49), "it is long")
    shape = ShownShape("x" * 90, "(B, T)")
    fix = Fix("mend all", (Edit(Span(1, 0, 9, 0), "a\n" * 20),))
    long = replace(
        FINDING,
        span=Span(1, 0, 10, 4),
        related=(
            place,
            *(replace(place, span=Span(line, 0, line, 2)) for line in range(1, 9)),
            replace(place, path="b.py"),
        ),
        shapes=(shape,) * 9,
        fixes=(fix,) * 5,
    )
    assert len(rows([long], footprints="none")) <= MOST
    assert len(rows([FINDING], footprints="none")) <= MOST
    assert len(rows([long], footprints="none", whole=True)) > 40
    for columns in (40, 60, 100):
        assert sum(-(-len(row) // columns) for row in rows([long], footprints="none", columns=columns)) <= MOST


def test_findings_of_one_cause_in_a_file_are_one_block() -> None:
    together = rows([ERROR, *REPEATED])
    assert sum("SHP501" in row for row in together) == 1
    assert "  = also:  the same at 7:1 and 8:1" in together
    assert sum("SHP501" in row for row in rows([ERROR, *REPEATED], whole=True)) == 3
    elsewhere = replace(REPEATED[0], path="other.py")
    another = replace(REPEATED[0], related=())
    assert sum("SHP501" in row for row in rows([ERROR, elsewhere, another])) == 3
    many = [replace(REPEATED[0], span=Span(line, 0, line, 3)) for line in range(1, 9)]
    assert any(row.endswith("the same at 2:1, 3:1, 4:1, 5:1 and 3 more") for row in rows(many))


@pytest.mark.parametrize(("footprints", "grids"), [("all", 3), ("first", 2), ("none", 0)])
def test_how_many_footprints_are_drawn(footprints: str, grids: int) -> None:
    other = replace(FINDING, code="SHP102")
    findings = [FINDING, replace(FINDING, message="another", related=()), other, ERROR]
    assert sum(row.startswith("reach of ") for row in rows(findings, footprints=footprints)) == grids


def test_the_mended_footprint_stands_beside_it_where_there_is_room() -> None:
    mended = (((True, True), (False, False)), ((False, False), (True, True)))
    fix = replace(FINDING.fixes[0], footprint=mended)
    both = rows([replace(FINDING, fixes=(fix,))])
    assert "output row 1  ··        ██          ··        ██" in both
    wide = replace(FINDING, fixes=(replace(fix, footprint=((((True,) * 90),) * 2,)),))
    assert not any("with the fix" in row for row in rows([wide]))


def test_a_footprint_is_narrow_on_a_narrow_terminal() -> None:
    steps = (True,) * 5
    footprint = ((steps, steps, steps),) * 2
    finding = replace(
        FINDING,
        verdict=replace(FINDING.verdict, footprint=footprint),
        fixes=(replace(FINDING.fixes[0], footprint=footprint),),
    )
    assert rows([finding], columns=60)[-4:] == [
        "              as it is               with the fix",
        "sample        0      1      2        0      1      2",
        "output row 0  █████  █████  █████    █████  █████  █████",
        "output row 1  █████  █████  █████    █████  █████  █████",
    ]
    assert rows([finding], columns=40)[-3:] == [
        "sample        0      1      2",
        "output row 0  █████  █████  █████",
        "output row 1  █████  █████  █████",
    ]


def test_what_has_no_room_on_a_terminal_is_told_to_be_missing() -> None:
    """The message, the proof and the fix each have a line, whatever their length; of the rest is told what fits."""
    long = replace(
        FINDING,
        message="message " * 90,
        shapes=(ShownShape("x" * 20, "(B, T)"),) * 9,
        verdict=replace(FINDING.verdict, detail="日本 " * 90, footprint=None),
    )
    shown = rows([long], columns=60)
    starts = [
        "warning[SHP101]: message",
        "  --> tagger.py",
        "10 |",
        "   |",
        "   = proof: ran",
        "   = fix:   take the last step",
    ]
    assert [next(row for row in shown if row.startswith(start)) for start in starts]
    assert [row[-3:] for row in shown if "message" in row or "proof" in row] == ["...", "..."]
    short = rows([replace(long, message="it is wrong", related=(), verdict=None)], columns=80)
    assert f"   = shape: {'x' * 20}  (B, T)" in short
    assert f"            {'x' * 20}  (B, T) ..." in short


def test_links_are_for_terminals() -> None:
    linked = full.blocks([FINDING], Places({FINDING.path: TEXT}), Telling(links=True))
    assert (
        "\x1b]8;;https://github.com/shapelint/shapelint/blob/main/docs/rules/SHP101.md\x1b\\SHP101\x1b]8;;\x1b\\"
        in linked
    )
    assert "\x1b]8" not in full.blocks([FINDING], Places({FINDING.path: TEXT}), Telling())


@pytest.mark.parametrize(
    ("arguments", "pairs"),
    [
        ("", [("full", None)]),
        ("--output-format json", [("json", None)]),
        ("--output-file x", [("full", "x")]),
        ("--output-file x --output-format json", [("json", "x")]),
        ("--output-format json --output-file x --output-format full", [("json", "x"), ("full", None)]),
        ("--output-format full --output-format json --output-file x", [("full", None), ("json", "x")]),
        (
            "--output-file x --output-format=full -j2 --output-file=y --output-format json",
            [("full", "x"), ("json", "y")],
        ),
        ("--output-file x --output-file y --output-format json", [("full", "x"), ("json", "y")]),
    ],
)
def test_a_file_belongs_to_the_format_before_it(arguments: str, pairs: list[tuple[str, str | None]]) -> None:
    ctx = check.make_context("check", arguments.split())
    assert Outputs.of(ctx, ctx.params).told(Config()) == [Output(*pair) for pair in pairs]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--output-format json --output-format full", "two reports would go to standard output"),
        ("--output-format json --output-file x --output-format full --output-file ./x", "two reports would go to ./x"),
        ("--diff --output-format json --output-file x --output-format full", "--diff is one report"),
    ],
)
def test_two_reports_do_not_go_to_one_place(
    arguments: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments.split()) == 2
    assert capsys.readouterr().err.startswith(f"shapelint: error: {why}")
    assert list(tmp_path.iterdir()) == []
