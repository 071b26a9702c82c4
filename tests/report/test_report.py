"""The formats, and the schema of the JSON report."""

import json
import unicodedata
from dataclasses import replace

import click
import jsonschema
import pytest
from results import FINDING, REFUTED, RESULT, TEXT, T
from root import ROOT

from shapelint.finding import Confidence, Edit, Fix, Place, Severity, ShownShape, Status, Verdict
from shapelint.notebooks.places import Places
from shapelint.report import diff, formats
from shapelint.report.document import ShapeRow
from shapelint.report.footprint import grid
from shapelint.report.formats import concise, full
from shapelint.report.formats import json as json_report
from shapelint.report.frame import Mark, render
from shapelint.report.result import Change, FileResult, RunResult
from shapelint.report.schema import schemas, text_of
from shapelint.report.shapes import rows as shapes
from shapelint.report.shapes.table import render_text
from shapelint.report.telling import Telling
from shapelint.report.text import expand, plain
from shapelint.source import Span

DOCS = ROOT / "docs"
EXPECTED = """\
warning[SHP101]: `out[-1]` is the last sample, not the last step
  --> tagger.py:10:16: last-step-on-batch-axis
 6 |         self.rnn = nn.GRU(n, h, batch_first=True)
   |                    ------------------------------ batch_first is set
...
10 |         return out[-1]
   |                ^^^^^^^
   = see:   train.py:3: used here
   = shape: out (B, T, h) batch, time, feature; out[-1] (T, h)
   = proof: ran torch 2.13.0: output row 0 depends on sample 1
   = fix:   take the last step: `out[:, -1]` (changes results; proven: torch ran the mended program)
10 +         return out[:, -1]

reach of SHP101 at tagger.py:10:16: which input reaches which output
█ does, · does not; of each sample its 2 steps from left to right
              sample 0  sample 1
output row 0  ··        █·
output row 1  ··        ██
"""


def test_full() -> None:
    assert (
        click.unstyle(full.render(RunResult(1, 1, (FileResult("tagger.py", TEXT, (FINDING,)),)), Telling())) == EXPECTED
    )


def test_full_says_why_torch_did_not_run_and_what_it_refuted() -> None:
    unverified = replace(FINDING, verdict=Verdict(Status.UNVERIFIED, "raises", "too large to replay"))
    medium = replace(REFUTED, confidence=Confidence.MEDIUM, help="take the last step")
    shown = click.unstyle(full.blocks([unverified, medium], Places({"tagger.py": TEXT}), Telling()))
    assert "= proof: not run: too large to replay" in shown
    assert "tagger.py:9:9: last-step-on-batch-axis (medium confidence)" in shown
    assert "= proof: refuted: ran torch 2.13.0: it is" in shown
    assert "= help:  take the last step" in shown


@pytest.mark.parametrize(
    ("safe", "proven", "standing"),
    [
        (True, True, " (proven: torch ran the mended program)"),
        (True, False, ""),
        (False, False, " (changes results)"),
    ],
)
def test_full_says_what_a_fix_is_worth(safe: bool, proven: bool, standing: str) -> None:
    fix = replace(FINDING.fixes[0], safe=safe, proven=proven)
    shown = click.unstyle(full.blocks([replace(FINDING, fixes=(fix,))], Places({"tagger.py": TEXT}), Telling()))
    assert f"   = fix:   take the last step: `out[:, -1]`{standing}\n" in shown


def test_diff() -> None:
    changes = [
        Change("a.py", b"one\r\ntwo\r\n", b"one\r\n2\r\n"),
        Change("b.py", b"x = 1\ry = '\xe9'\n\x0cz = 3", b"x = 1\ry = '\xe9'\n\x0cz = 4"),
        Change("c.py", b"same\n", b"same\n"),
    ]
    assert diff.render(changes) == (
        b"--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n one\r\n-two\r\n+2\r\n"
        b"--- b.py\n+++ b.py\n@@ -1,2 +1,2 @@\n x = 1\ry = '\xe9'\n"
        b"-\x0cz = 3\n\\ No newline at end of file\n+\x0cz = 4\n\\ No newline at end of file\n"
    )


def test_concise() -> None:
    assert concise.lines([FINDING, REFUTED], Places({})) == (
        "tagger.py:10:16: SHP101 `out[-1]` is the last sample, not the last step\n"
        "tagger.py:9:9: SHP101 `out[-1]` is the last sample, not the last step (refuted by torch)\n"
    )


def frame(text: str, *marks: Mark) -> list[str]:
    return [click.unstyle(row) for row in render(text.split("\n"), marks, 1)]


def test_underlines_follow_tabs_and_wide_characters() -> None:
    assert frame("\tx = '日本' + y[0]", Mark(Span(1, 12, 1, 16), "here", primary=True)) == [
        "1 |     x = '日本' + y[0]",
        "  |                  ^^^^ here",
    ]
    assert frame("é = 'e\u0301' + z", Mark(Span(1, 11, 1, 12), "")) == [
        "1 | é = 'e\u0301' + z",
        "  |           -",
    ]


def test_a_span_of_several_lines_is_underlined_line_by_line() -> None:
    assert frame("a = f(\n    1,\n\n    2)  # x", Mark(Span(1, 4, 4, 6), "all", primary=True)) == [
        "1 | a = f(",
        "  |     ^^",
        "2 |     1,",
        "  |     ^^",
        "3 |",
        "4 |     2)  # x",
        "  |     ^^ all",
    ]


def test_a_long_span_shows_its_ends() -> None:
    rows = frame("f(\n" + "1,\n" * 20 + ")", Mark(Span(1, 0, 22, 1), "call"))
    assert rows == ["1 | f(", "  | --", "...", "22 | )", "  | - call"]


def test_frames_survive_spans_beyond_the_text_and_empty_files() -> None:
    assert frame("x", Mark(Span(1, 5, 9, 3), "past", primary=True)) == ["1 | x", "  |  ^ past"]
    assert "error" in full.blocks([replace(FINDING, severity=Severity.ERROR, fixes=())], Places({}), Telling())


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("two\nlines", "two lines"),
        ("\u202eabc", "\ufffdabc"),
        ("日本 é", "日本 é"),
    ],
)
def test_a_text_is_shown_without_commands(raw: str, shown: str) -> None:
    assert plain(raw) == shown
    assert "\x1b" not in expand(raw)[0]


@pytest.mark.parametrize("name", formats.NAMES)
def test_nothing_in_the_source_commands_the_terminal(name: str) -> None:
    """Whatever the checked code names, also where it stands."""
    hostile = "\x1b[31m\u202e\r\n"
    place = Place(Span(3, 0, 3, 1), hostile, hostile)
    fix = Fix(hostile, (Edit(Span(10, 19, 10, 21), hostile),))
    shape = ShownShape(hostile, hostile)
    told = replace(
        FINDING, path=hostile, message=hostile, shapes=(shape,), related=(place,), fixes=(fix,), help=hostile
    )
    result = RunResult(1, 1, (FileResult(hostile, hostile * 12, (told,)),))
    report = click.unstyle(formats.render(name, result, Telling()))
    shown = (character for character in report if character != "\n")
    assert not [character for character in shown if unicodedata.category(character) in ("Cc", "Cs")]
    assert "\u202e" not in report


def test_the_grid_has_no_rows_for_nothing_and_ends_after_a_few() -> None:
    assert grid(()) == grid(((),)) == []
    rows = [click.unstyle(row) for row in grid(tuple(((T,),) for _ in range(12)))]
    assert rows[-1] == "(6 more rows)"
    assert grid(tuple(((T,),) for _ in range(7)))[-1] == "(1 more row)"
    assert len(rows) == 2 + 6 + 1


def test_the_legend_counts_the_steps_where_both_grids_have_as_many() -> None:
    two, three = (tuple(((T,) * steps,) for _ in range(2)) for steps in (2, 3))
    assert grid(two, two)[0].endswith("of each sample its 2 steps from left to right")
    assert grid(two, three)[0].endswith("of each sample its steps from left to right")
    assert grid((((T,),),))[0].endswith("of each sample its one step")


@pytest.mark.parametrize("show_refuted", [False, True])
def test_json_follows_its_schema(show_refuted: bool) -> None:
    document = json.loads(json_report.render(RESULT, Telling(show_refuted=show_refuted)))
    jsonschema.validate(document, schemas()["schema.json"])
    assert document["summary"] == {
        "files": 3, "checked": 2, "findings": 1, "confirmed": 1, "refuted": 1, "unverified": 0, "errors": 1, "unchecked": 1, "fixed": 2,
    }  # fmt: skip
    assert document["tool"]["torch"] == "2.13.0"
    assert [entry["verification"]["status"] for entry in document["findings"]] == (
        ["refuted", "confirmed"] if show_refuted else ["confirmed"]
    )
    error = {"path": "broken.py", "line": 7, "code": "SHP001", "message": "invalid syntax", "cell": None}
    assert document["errors"] == [error]
    finding = document["findings"][-1]
    assert (finding["line"], finding["column"], finding["end_line"], finding["end_column"]) == (
        10,
        16,
        10,
        23,
    )
    assert finding["fixes"][0]["edits"] == [
        {"line": 10, "column": 20, "end_line": 10, "end_column": 22, "text": ":, -1", "cell": None}
    ]
    assert [place["path"] for place in finding["related"]] == ["tagger.py", "train.py"]


@pytest.mark.parametrize("spoil", [{"version": 2}, {"extra": 1}, {"findings": [{}]}, {"tool": None}])
def test_the_schema_refuses_what_is_not_a_report(spoil: dict[str, object]) -> None:
    document = {**json.loads(json_report.render(RESULT, Telling())), **spoil}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schemas()["schema.json"])


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_schemas_in_docs_are_those_of_the_code(name: str) -> None:
    schema = schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (DOCS / name).read_text(encoding="utf-8") == text_of(schema), "run python -m shapelint.report.schema docs"


ROWS = [
    ShapeRow("m.py", 4, 9, "self.rnn", "layer", (), (), "GRU(input_size=n, hidden_size=h)", None),
    ShapeRow("m.py", 4, 20, "nn.GRU(n, h)", "layer", (), (), "GRU(input_size=n, hidden_size=h)", None),
    ShapeRow("m.py", 18, 5, "out", "tensor", ("B", 7, "2*h"), ("batch", "time", "feature"), None, "Net.forward"),
    ShapeRow("m.py", 18, 9, "f(x)", "tensor", (3,), (), None, None),
    ShapeRow("n.py", 1, 1, "p", "packed", ("B", "T", 5), ("batch", "time", "feature"), None, None),
]


def test_shapes_as_a_table() -> None:
    assert click.unstyle(render_text(ROWS)) == (
        "m.py\n"
        " 4  self.rnn  GRU(input_size=n, hidden_size=h)\n"
        "18  out       (B, 7, 2*h)  batch, time, feature\n"
        "18  f(x)      (3,)\n"
        "\n"
        "n.py\n"
        "1  p  packed (B, T, 5)  batch, time, feature\n"
    )


def test_shapes_as_json() -> None:
    entries = json.loads(shapes.render_json(ROWS))
    jsonschema.validate(entries, schemas()["schema-shapes.json"])
    assert entries[2]["shape"] == ["B", 7, "2*h"]
