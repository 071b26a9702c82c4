"""A project that begins to use shapelint: comments that silence, those that silence nothing, and known mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shapelint.cli import run

pytestmark = pytest.mark.usefixtures("kept_processes")

MODEL = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.lstm = nn.LSTM(n, h, batch_first=True)
        self.fc = nn.Linear(h, 2)

    def forward(self, x):
        out, _ = self.lstm(x)
        a = self.fc(
            out[-1],
        )
        return a + self.fc(out[-1])
"""
PLACES = ["m.py:13:13 SHP101", "m.py:15:28 SHP101"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Told:
    """What a run without torch tells."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        self.status = run([*arguments, "--output-format", "concise", "--verify", "off"])
        told = capsys.readouterr()
        lines = [line.split(" ") for line in told.out.splitlines()]
        self.places = [f"{place.rstrip(':')} {code}" for place, code, *_ in lines]
        self.errors = told.err.splitlines()


def silenced(text: str) -> str:
    return text.replace("self.fc(out[-1])", "self.fc(out[-1])  # shapelint: ignore[SHP101] the last sample is meant")


def test_comments_silence_and_those_that_do_not_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        silenced(MODEL).replace("        )\n", "        )  # noqa: SHP101\n").replace("h, 2)", "h, 2)  # noqa: SHP604")
    )
    Path("m.py").write_text(text)
    assert Told(capsys, "m.py").places == ["m.py:8:36 SHP002"]
    assert Told(capsys, "m.py", "--ignore", "SHP002").places == []
    assert Told(capsys, "m.py", "--select", "SHP101").places == []
    Path("m.py").write_text(text.replace("# noqa: SHP604", "# noqa: SHP604,SHP002"))
    assert Told(capsys, "m.py").places == []
    Path("m.py").write_text(MODEL + "# shapelint: disable-file=SHP1\n")
    assert Told(capsys, "m.py").places == []


STATEMENT = MODEL.replace("out[-1],\n", "out[\n                -1\n            ],\n").replace(" + self.fc(out[-1])", "")


@pytest.mark.parametrize("comment", ["# noqa: SHP101", "# shapelint: ignore[SHP101] the last sample is meant"])
@pytest.mark.parametrize("line", [12, 13, 14, 16])
def test_a_comment_speaks_for_its_statement_from_its_first_and_last_line(
    comment: str, line: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """And from the line of the finding, the second, but not from any other one."""
    lines = STATEMENT.splitlines()
    lines[line - 1] += f"  {comment}"
    Path("m.py").write_text("\n".join([*lines, ""]))
    assert Told(capsys, "m.py").places == ([] if line != 14 else ["m.py:13:13 SHP101", "m.py:14:21 SHP002"])


def test_the_page_of_unused_comments_shows_what_the_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rule", "shp002"]) == 0
    wrong, right = re.findall(r"```python\n(.*?)```", capsys.readouterr().out, re.DOTALL)
    Path("m.py").write_text(right)
    assert Told(capsys, "m.py").places == []
    Path("m.py").write_text(wrong)
    assert Told(capsys, "m.py").places == ["m.py:3:45 SHP002"]
    assert run(["m.py", "--fix"]) == 0
    assert Path("m.py").read_text() == right


def test_what_silences_nothing_is_taken_away_with_the_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    """A comment is needed until the mistake below it is mended, and idle from then on."""
    model = MODEL.replace(" + self.fc(out[-1])", "")
    text = model.replace("out[-1],", "out[-1],  # noqa: E501").replace("h, 2)", "h, 2)  # noqa: SHP604")
    Path("m.py").write_text(text)
    assert run(["m.py", "--fix", "--unsafe-fixes"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "Fixed 2 mistakes (0 remaining)"
    assert Path("m.py").read_text() == model.replace("out[-1],", "out[:, -1],  # noqa: E501")


def test_add_noqa(capsys: pytest.CaptureFixture[str]) -> None:
    Path("m.py").write_bytes(MODEL.replace("\n", "\r\n").encode())
    first = Told(capsys, "m.py", "--add-noqa")
    assert (first.status, first.places, first.errors) == (0, [], ["Added 2 comments in 1 file"])
    written = Path("m.py").read_bytes().decode()
    assert written.count("  # noqa: SHP101\r\n") == 2
    assert written.replace("  # noqa: SHP101", "") == MODEL.replace("\n", "\r\n")
    assert Told(capsys, "m.py").places == []


def test_a_baseline_knows_mistakes_by_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("m.py").write_text(MODEL)
    assert run(["baseline", "."]) == 0
    assert capsys.readouterr().err == "shapelint-baseline.json knows 2 mistakes\n"
    document = json.loads(Path("shapelint-baseline.json").read_text())
    assert document["findings"][0] == {"path": "m.py", "code": "SHP101", "text": "out[-1],", "count": 1}
    known = ("--baseline", "shapelint-baseline.json")
    assert Told(capsys, ".", *known).places == []
    Path("m.py").write_text(f"# above\n{MODEL}        return self.fc(out[-1])\n".replace("out[-1],", "out[:, -1],"))
    told = Told(capsys, ".", *known)
    assert told.errors[0] == "shapelint-baseline.json: m.py: SHP101 is not found any more: out[-1],"
    Path("other").mkdir()
    assert len(Told(capsys, "other", *known).errors) == 1
    Path("pyproject.toml").write_text('[tool.shapelint]\nbaseline = "shapelint-baseline.json"\n')
    assert Told(capsys, ".").places == told.places


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no baseline of version 1"),
        ("{}", "no baseline of version 1"),
        ('{"version": 1, "findings": [{}]}', "no baseline of version 1"),
        (None, "cannot read the baseline"),
    ],
)
def test_what_is_no_baseline_is_told_in_one_line(
    text: str | None, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("m.py").write_text("")
    if text is not None:
        Path("b.json").write_text(text)
    told = Told(capsys, "m.py", "--baseline", "b.json")
    assert (told.status, len(told.errors)) == (2, 1)
    assert why in told.errors[0]


WRAPPED = MODEL.replace("from torch import nn", "import fast.rnn as f\nfrom fast.rnn import Fast\nfrom torch import nn")
KNOWN = '[tool.shapelint]\nknown-layers = {"fast.rnn.Fast" = "torch.nn.LSTM"}\n'


# what a module that is not read holds is not known: there the layer is imported by its name
@pytest.mark.parametrize(
    ("called", "source"),
    [("Fast", None), ("Fast", "class Fast:\n    pass\n"), ("f.Fast", "class Fast:\n    pass\n")],
)
def test_a_wrapper_is_read_as_the_layer_that_the_settings_name(
    called: str, source: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if source is not None:
        Path("fast").mkdir()
        Path("fast/rnn.py").write_text(source)
    Path("m.py").write_text(WRAPPED.replace("nn.LSTM", called))
    assert Told(capsys, "m.py").places == []
    Path("pyproject.toml").write_text(KNOWN)
    assert Told(capsys, "m.py").places == ["m.py:15:13 SHP101", "m.py:17:28 SHP101"]
    assert run(["shapes", "m.py"]) == 0
    assert "LSTM(input_size=n, hidden_size=h, batch_first=True)" in capsys.readouterr().out


def test_a_layer_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("m.py").write_text(MODEL)
    Path("pyproject.toml").write_text(KNOWN.replace("nn.LSTM", "nn.LSTMM"))
    told = Told(capsys, "m.py")
    assert told.status == 2
    assert "'torch.nn.LSTMM' is no layer that is known; did you mean 'torch.nn.LSTM'?" in told.errors[0]


def test_modules_are_looked_for_in_the_folders_that_the_settings_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("lib/python").mkdir(parents=True)
    build = "def build(n, h):\n    return nn.LSTM(n, h, batch_first=True)\n"
    Path("lib/python/layers.py").write_text(f"from torch import nn\n\n\n{build}")
    model = MODEL.replace("from torch import nn", "from layers import build\nfrom torch import nn  # and LSTM")
    Path("m.py").write_text(model.replace("nn.LSTM(n, h, batch_first=True)", "build(n, h)  # an LSTM"))
    assert run(["shapes", "m.py"]) == 0
    assert "LSTM(" not in capsys.readouterr().out
    Path("pyproject.toml").write_text('[tool.shapelint]\nsrc = ["lib/python"]\n')
    assert run(["shapes", "m.py"]) == 0
    assert "self.lstm         LSTM(input_size=n, hidden_size=h, batch_first=True)" in capsys.readouterr().out
