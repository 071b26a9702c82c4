"""The tables of docs/lstm.md, each row against torch."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
import torch
from root import ROOT
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from shapelint.finding import Severity
from shapelint.rules.base import RULES, load

PAGE = (ROOT / "docs" / "lstm.md").read_text(encoding="utf-8")
#: no two sizes are equal, so that no axis passes for another
SIZES = {"T": 5, "B": 3, "I": 7, "H": 11, "L": 2, "P": 4}
T, B, I, H, L, P = SIZES.values()  # noqa: E741 - the names of the page
HEADINGS = re.split(r"^## ", PAGE, flags=re.MULTILINE)


def tables(heading: str) -> list[list[list[str]]]:
    """The rows of the tables below a heading, without their heads; code without its backticks."""
    [section] = [part for part in HEADINGS if part.startswith(heading)]
    found = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    return [[_cells(row) for row in table.splitlines()[2:]] for table in found]


def _cells(row: str) -> list[str]:
    return [cell.strip().strip("`") for cell in row.strip("|").split("|")]


def size(text: str, **more: int) -> tuple[int, ...]:
    return tuple(eval(text, {**SIZES, **more}))


def layer(options: str = "") -> nn.LSTM:
    made = eval(f"LSTM(I, H, num_layers=L, {options})", {"LSTM": nn.LSTM, **SIZES})
    assert isinstance(made, nn.LSTM)
    return made


def test_the_page_has_the_tables_that_are_looked_at() -> None:
    looked_at = ("Words", "Shapes for", "What the layers", "Which entry", "Parameters", "Packed", "The mistakes")
    assert [len(tables(heading)) for heading in looked_at] == [1, 2, 1, 2, 1, 1, 1]
    assert len(HEADINGS) - 1 == len(looked_at)
    assert all(rows for heading in looked_at for rows in tables(heading))


@pytest.mark.parametrize(
    "row", [row for table in tables("Shapes for") for row in table], ids=lambda row: " ".join(row[:2])
)
def test_shapes(row: list[str]) -> None:
    options, given, *told = row
    output, (h_n, c_n) = layer(options)(torch.randn(size(given)))
    assert [tuple(one.shape) for one in (output, h_n, c_n)] == [size(text) for text in told]


def test_the_table_has_every_combination() -> None:
    batched, _ = tables("Shapes for")
    flags = [{word.split("=")[0] for word in row[0].split(", ") if word} for row in batched]
    switches = {"batch_first", "bidirectional", "proj_size"}
    assert len({frozenset(one) for one in flags if one <= switches}) == 2 ** len(switches)


def test_words() -> None:
    lstm = nn.LSTM(I, H, L, batch_first=True, proj_size=P)
    x = torch.randn(B, T, I)
    output, (h_n, c_n) = lstm(x)
    names = {"num_layers": L, "proj_size": P, "num_directions": 1, "time_step": 3}
    for word, _, is_argument, expression in tables("Words")[0]:
        assert eval(expression, {"x": x, "lstm": lstm, "output": output, "h_n": h_n, "c_n": c_n, **names}), word
        assert hasattr(lstm, word) == (is_argument == "yes")
        if is_argument == "no":
            with pytest.raises(TypeError):
                nn.LSTM(I, H, **{word: 1})


def test_what_the_layers_return() -> None:
    for name, returned, state in tables("What the layers")[0]:
        kind = name.removeprefix("nn.")
        made = getattr(nn, kind)(I, H)
        x = torch.randn(B, I) if kind.endswith("Cell") else torch.randn(T, B, I)
        h_0 = torch.zeros(B, H) if kind.endswith("Cell") else torch.zeros(1, B, H)
        given = eval(state, {"h_0": h_0, "c_0": h_0})
        assert structure(made(x, given)) == structure(eval(re.sub(r"\b[a-z]\w*", "h_0", returned), {"h_0": h_0}))


def structure(value: Any) -> Any:
    return tuple(map(structure, value)) if isinstance(value, tuple) else ()


@pytest.mark.parametrize("number", [0, 1])
def test_which_entry_is_what(number: int) -> None:
    torch.manual_seed(0)
    lstm = layer(f"bidirectional={bool(number)}")
    first = layer(f"bidirectional={bool(number)}, batch_first=True")
    first.load_state_dict(lstm.state_dict())
    x = torch.randn(T, B, I)
    output, (h_n, _) = lstm(x)
    output_bf, _ = first(x.transpose(0, 1))
    names = {"torch": torch, "output": output, "output_bf": output_bf, "h_n": h_n, **SIZES}
    for what, *expressions in tables("Which entry")[number]:
        values = [eval(expression, dict(names)) for expression in expressions]
        for one, other in pairwise(values):
            torch.testing.assert_close(one, other, msg=what)


def test_parameters() -> None:
    for name, plain, projected in tables("Parameters")[0]:
        for options, text in (("", plain), ("proj_size=P", projected)):
            for directions in (1, 2):
                made = layer(f"{options}, bidirectional={directions == 2}".lstrip(", "))
                if not text:
                    assert not hasattr(made, name)
                else:
                    assert tuple(getattr(made, name).shape) == size(text, D=directions)


def test_packed_sequences() -> None:
    x, lengths = torch.randn(T, B, I), torch.tensor([2, 4, 1])
    names = {
        "pack_padded_sequence": pack_padded_sequence,
        "pad_packed_sequence": pad_packed_sequence,
        "x": x,
        "lengths": lengths,
        "lstm": layer(),
        "packed": pack_padded_sequence(x, lengths, enforce_sorted=False),
        "T": T,
    }
    for expression, told in tables("Packed")[0]:
        assert tuple(eval(expression, dict(names)).shape) == size(told, N=7, M=4), expression


def test_mistakes() -> None:
    """What torch says is the severity of the rule, whose examples torch confirms (test_rules.py)."""
    load()
    for mistake, says, rule in tables("The mistakes")[0]:
        code = rule.partition("]")[0].lstrip("[")
        assert (RULES[code].severity is Severity.ERROR) == (says == "an error"), mistake
