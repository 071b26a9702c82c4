"""What is used again of earlier texts: whatever is changed, the findings and shapes are those of a fresh look."""

from __future__ import annotations

import random

import pytest
from root import ROOT

from shapelint.editors.server.reading import look as reader
from shapelint.editors.server.reading.look import Look, Text, look, point, programs
from shapelint.editors.server.reading.spread import Spread
from shapelint.effort import spent
from shapelint.finding import Confidence
from shapelint.rules.base import RULES, load
from shapelint.selection import Chosen
from shapelint.source import Source

FIXTURES = sorted((ROOT / "fixtures" / "inference").glob("*.py"))
load()
EXAMPLES = [text for code in sorted(RULES) for text in RULES[code].bad[:1]]
LINES = (
    "",
    "# a comment",
    "x = 3",
    "import torch",
    "def helper(x):\n    return x",
    "class Model:\n    pass",
    "if True:",
    '"""',
    ")",
)


def asked(text: str) -> Text:
    return Text("edited.py", text, Chosen(), Confidence.LOW)


def fresh(text: str) -> Look:
    """What is seen in a text of which nothing is known."""
    known, reader._texts = reader._texts, {}
    try:
        return look(asked(text))
    finally:
        reader._texts = known


def seen(found: Look) -> object:
    rows = {
        key: {(row.shape, row.roles, row.layer): entry for row, entry in rows.items()}
        for key, rows in found.shapes.items()
    }
    return found.check, rows


def edited(text: str, chance: random.Random) -> str:
    """A text with a line more or less, or another one, at any place."""
    lines = text.split("\n")
    place = chance.randrange(len(lines))
    kind = chance.randrange(5)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(place, chance.choice(lines))
    elif kind == 2:
        lines.insert(place, chance.choice(LINES))
    elif kind == 3:
        lines[place] = lines[place].replace("1", "2").replace("True", "False") + "  # changed"
    else:
        other = chance.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(4))
def test_an_edited_text_is_seen_as_a_fresh_one(seed: int) -> None:
    chance = random.Random(seed)
    text = "\n\n".join([*chance.sample(EXAMPLES, 3), chance.choice(FIXTURES).read_text(encoding="utf-8")])
    look(asked(text))
    for _ in range(6):
        changed = edited(text, chance)
        found, expected = look(asked(changed)), fresh(changed)
        assert seen(found) == seen(expected)
        text = changed if chance.random() < 0.7 else text


MODULE = "import torch\nfrom torch import nn\n\n\n" + "".join(
    f"""class Model{number}(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.lstm = nn.LSTM(features, SIZE, batch_first=True)

    def forward(self, x):
        out, _ = self.lstm(x)
        return out[-1]


"""
    for number in range(6)
).replace("SIZE", "16", 5)


def runs(text: str) -> int:
    """How many runs of the interpreter a look at a text takes."""
    spent()
    look(asked(text))
    return spent().work["runs"]


def test_only_what_a_change_has_to_do_with_is_run_again() -> None:
    text = MODULE.replace("SIZE", "size").replace("\n\n\nclass", "\n\nsize = 8\n\n\nclass", 1)
    reader._texts = {}
    everything = runs(text)
    assert 0 < runs(text.replace("out[-1]", "out[-2]", 1)) <= everything // 3
    assert runs(text.replace("out[-1]", "out[-1]\n        # a line more", 1)) <= everything // 3
    assert runs(text) <= everything // 3
    assert 0 < runs(text.replace("size = 8", "size = 9")) <= everything // 3  # the last model reads it
    runs(text)
    assert runs(text + "\n\ndef more():\n    return 1\n") <= everything // 3


def test_what_is_told_has_the_places_of_the_text_itself() -> None:
    reader._texts = {}
    look(asked(MODULE.replace("SIZE", "16")))
    text = MODULE.replace("SIZE", "16").replace("super()", "pass\n        super()", 1)
    check = programs(asked(text))
    lines = text.split("\n")
    assert len(check.candidates) == 6
    for candidate in check.candidates:
        span = candidate.finding.span
        assert lines[span.line - 1][span.column : span.end_column] == "out[-1]"
        (place,) = candidate.finding.related
        assert lines[place.span.line - 1][place.span.column :].startswith("nn.LSTM")
        assert candidate.judged is not None
        assert candidate.judged.finding.span == span
    last = max(number for number, line in enumerate(lines, 1) if "out, _" in line)
    found = point(asked(text), last, 8)
    assert found is not None
    assert found.span.line == last
    assert f"in line {last}" in " ".join(found.views[0].origins)


def test_a_text_with_room_is_the_same_to_python() -> None:
    text = '"""Doc."""\nimport a; import b\nx = """\n\n"""\n# said of f\n@a\n@b(\n  1)\ndef f():\n  pass\n\nif x:\n  pass\nelse:\n  pass\ny = 1'
    spread = Spread.of(Source("m.py", text))
    assert spread is not None
    assert "".join(spread.parts) == text + "\n"
    assert [part.split("\n")[0] for part in spread.parts] == [
        '"""Doc."""',
        "import a; import b",
        'x = """',
        "# said of f",
        "",
        "y = 1",
    ]
    for number, line in enumerate(text.split("\n"), 1):
        assert spread.wide.lines[spread.wide_line(number) - 1] == line
        assert spread.real(spread.wide_line(number)) == number
    for longer in (
        text.replace("  pass\n\n", "  pass\n" * 30),
        text.replace("y = 1", "z = 1\ny = 1"),
        text.replace("# said", "w = 2\n# said"),
    ):
        after = Spread.of(Source("m.py", longer), spread)
        assert after is not None
        assert "".join(after.parts) == longer + "\n"
        kept = {start for start, part in after.placed.items() if spread.placed.get(start) == part}
        assert len(kept) >= len(spread.parts) - 2
    assert Spread.of(Source("m.py", text.replace("y", "ay")), spread).parts[-1] == "ay = 1\n"  # type: ignore[union-attr]
    assert Spread.of(Source("m.py", "x = (")) is None
