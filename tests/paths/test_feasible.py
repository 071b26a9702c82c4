"""Paths that no run of the code takes: conditions that hang together are never combined against each other."""

import pytest
from at_any_confidence import findings, traces

from shapelint.finding import Confidence

#: how a class is made of the name `kind`, and how the code asks whether it is an LSTM
MADE = {
    "getattr": ("getattr(nn, kind)", 'kind == "LSTM"'),
    "the other name": ("getattr(nn, kind)", 'not kind == "GRU" and kind != "RNN"'),
    "in a list": ("getattr(nn, kind)", 'kind in ("LSTM",)'),
    "not in a list": ("getattr(nn, kind)", 'kind not in ["GRU", "RNN"]'),
    "upper": ("getattr(nn, kind.upper())", 'kind.upper() == "LSTM"'),
    "upper of an attribute": ("getattr(nn, self.kind.upper())", 'self.kind.upper() == "LSTM"'),
    "the beginning": ("getattr(nn, kind)", 'kind.startswith("LS")'),
    "the end": ("getattr(nn, kind)", 'not kind.endswith("U") and kind != "RNN"'),
    "the beginning of the lower name": ("getattr(nn, kind)", 'kind.lower().startswith("ls")'),
    "a change of a change": ("getattr(nn, kind)", 'kind.strip().lower() == "lstm"'),
    "a table": ('{"lstm": nn.LSTM, "gru": nn.GRU}[kind]', 'kind == "lstm"'),
    "a table of lower names": ('{"lstm": nn.LSTM, "gru": nn.GRU}[kind.lower()]', 'kind.lower() == "lstm"'),
    "a table and getattr": ('getattr(nn, {"l": "LSTM", "g": "GRU"}[kind])', 'kind == "l"'),
}
MODEL = """
class Model(nn.Module):
    def __init__(self, kind, size, hidden):
        super().__init__()
        self.hidden = hidden
        self.kind = kind
        self.is_lstm = {is_lstm}
        self.rnn = {made}(size, hidden, batch_first=True)

    def forward(self, x):
        h = torch.zeros(1, x.size(0), self.hidden)
        out, state = self.rnn(x, (h, h) if {asked} else h)
        h_n = state[0] if {asked} else state
        return out[:, -1] + h_n[-1]
"""
CELLS = {
    "format": 'getattr(nn, "{}Cell".format(kind))',
    "f-string": 'getattr(nn, f"{kind}Cell")',
    "plus": 'getattr(nn, kind + "Cell")',
    "percent": 'getattr(nn, "%sCell" % kind)',
    "upper": 'getattr(nn, f"{kind.upper()}Cell")',
}
CELL = """
class Model(nn.Module):
    def __init__(self, kind, size, hidden):
        super().__init__()
        self.kind, self.hidden = kind, hidden
        make = {made}
        self.first = make(size, hidden)
        self.second = make(hidden, hidden)

    def forward(self, x):
        h = torch.zeros(x.size(1), self.hidden)
        state = (h, h) if {asked} else h
        for t in range(x.size(0)):
            one = self.first(x[t], state)
            two = self.second(one[0] if {asked} else one, one)
            state = two
        return state[0] if {asked} else state
"""


@pytest.mark.parametrize(("made", "asked"), MADE.values(), ids=MADE)
@pytest.mark.parametrize("inline", [True, False])
def test_a_layer_and_its_state_follow_from_one_name(made: str, asked: str, inline: bool) -> None:
    where = asked.replace("self.kind", "kind").replace("kind", "self.kind") if inline else "self.is_lstm"
    text = MODEL.format(made=made, is_lstm=asked, asked=where)
    kinds = {node.op for trace in traces(text) for node in trace.nodes if node.op.endswith(".forward")}
    assert kinds >= {"torch.nn.LSTM.forward", "torch.nn.GRU.forward"}
    assert findings(text) == []


@pytest.mark.parametrize(("made", "asked"), MADE.values(), ids=MADE)
def test_a_state_that_is_right_for_no_name_is_told(made: str, asked: str) -> None:
    text = MODEL.format(
        made=made, is_lstm=asked, asked=f"not ({asked})".replace("self.kind", "kind").replace("kind", "self.kind")
    )
    assert {finding.code for finding in findings(text)} & {"SHP210", "SHP209"}


@pytest.mark.parametrize("made", CELLS.values(), ids=CELLS)
def test_two_layers_of_one_class(made: str) -> None:
    asked = 'self.kind.upper() == "LSTM"' if "upper" in made else 'self.kind == "LSTM"'
    text = CELL.format(made=made, asked=asked)
    kinds = [
        {node.op for node in trace.nodes if "Cell" in node.op and node.op.endswith(".forward")}
        for trace in traces(text)
    ]
    assert {"torch.nn.LSTMCell.forward"} in kinds
    assert {"torch.nn.GRUCell.forward"} in kinds
    assert all(len(found) <= 1 for found in kinds)
    assert findings(text) == []


LAYERS = """
class Model(nn.Module):
    def __init__(self, size, hidden, layers=1, both={both}):
        super().__init__()
        self.layers, self.both = layers, both
        if {deep}:
            self.rnn = nn.LSTM(size, hidden, layers, batch_first=True)
        else:
            self.rnn = nn.LSTM(size, hidden, layers, batch_first=True, bidirectional=both)

    def forward(self, x):
        _, (h_n, _) = self.rnn(x)
        if {shallow}:
            return h_n[-2] + h_n[-1]
        return h_n[-1]
"""


@pytest.mark.parametrize(
    ("deep", "shallow"),
    [
        ("both and layers > 1", "self.both and self.layers == 1"),
        ("both and layers != 1", "self.both and not self.layers > 1"),
        ("both and layers >= 2", "self.both and self.layers < 2"),
        ("both and not layers <= 1", "self.both and self.layers in (1,)"),
    ],
)
def test_numbers_hang_together(deep: str, shallow: str) -> None:
    assert findings(LAYERS.format(deep=deep, shallow=shallow, both=False)) == []


@pytest.mark.parametrize("asked", ["self.both == True", "self.both is True", "self.both", "not self.both == False"])
def test_a_flag_that_is_compared_is_the_flag(asked: str) -> None:
    assert findings(LAYERS.format(deep="False", shallow=asked, both=False)) == []


ALLOWED = {
    "assert": 'assert kind in ("LSTM", "GRU")',
    "a guard": 'if kind not in ["LSTM", "GRU"]:\n            raise ValueError(kind)',
    "two comparisons": 'assert kind == "LSTM" or kind == "GRU", kind',
}


@pytest.mark.parametrize("guard", ALLOWED.values(), ids=ALLOWED)
def test_an_allowed_name_is_all_there_is(guard: str) -> None:
    text = f"""
class Model(nn.Module):
    def __init__(self, kind, size, hidden):
        super().__init__()
        {guard}
        self.kind, self.hidden = kind, hidden
        self.rnn = getattr(nn, kind)(size, hidden, batch_first=True)

    def forward(self, x):
        h = torch.zeros(1, x.size(0), self.hidden)
        return self.rnn(x, h if self.kind == "GRU" else (h, h))[0]
"""
    kinds = {node.op for trace in traces(text) for node in trace.nodes if node.op.endswith(".forward")}
    assert kinds == {"torch.nn.LSTM.forward", "torch.nn.GRU.forward"}
    assert findings(text) == []


ENUMERATION = """
from enum import Enum
from typing import Literal


class Kind({base}):
    LSTM = "LSTM"
    GRU = "GRU"


class Model(nn.Module):
    def __init__(self, kind: {annotation}, size, hidden):
        super().__init__()
        {before}
        self.hidden = hidden
        self.kind = kind
        self.rnn = {made}(size, hidden, batch_first=True)

    def forward(self, x):
        h = torch.zeros(1, x.size(0), self.hidden)
        out, _ = self.rnn(x, {state})
        return out[:, -1]
"""
#: bases of the enumeration, the annotation, what is done with it, how the layer is made, and the state of an LSTM
LIMITED = {
    "a member's value": ("Enum", "Kind", "pass", "getattr(nn, kind.value)", "self.kind == Kind.LSTM"),
    "a member's name": ("Enum", "Kind", "pass", "getattr(nn, kind.name)", "self.kind is Kind.LSTM"),
    "a quoted annotation": ("Enum", '"Kind"', "pass", "getattr(nn, kind.value)", "self.kind is not Kind.GRU"),
    "a table of members": (
        "Enum",
        "Kind",
        "pass",
        "{Kind.LSTM: nn.LSTM, Kind.GRU: nn.GRU}[kind]",
        "self.kind == Kind.LSTM",
    ),
    "an enumeration of texts": ("str, Enum", "Kind", "pass", "getattr(nn, kind.value)", "self.kind == Kind.LSTM"),
    "made of a text": ("Enum", "str", "kind = Kind(kind)", "getattr(nn, kind.value)", "self.kind == Kind.LSTM"),
    "a branch": ("Enum", "Kind", "pass", "(nn.LSTM if kind == Kind.LSTM else nn.GRU)", "self.kind.value == 'LSTM'"),
    "literals": ("Enum", 'Literal["LSTM", "GRU"]', "pass", "getattr(nn, kind)", 'self.kind != "GRU"'),
}


@pytest.mark.parametrize(("base", "annotation", "before", "made", "asked"), LIMITED.values(), ids=LIMITED)
def test_what_a_type_says_limits_what_a_parameter_is(
    base: str, annotation: str, before: str, made: str, asked: str
) -> None:
    right = {"base": base, "annotation": annotation, "before": before, "made": made}
    text = ENUMERATION.format(**right, state=f"(h, h) if {asked} else h")
    kinds = {node.op for trace in traces(text) for node in trace.nodes if node.op.endswith(".forward")}
    assert kinds == {"torch.nn.LSTM.forward", "torch.nn.GRU.forward"}
    assert findings(text) == []
    assert {finding.code for finding in findings(ENUMERATION.format(**right, state=f"h if {asked} else (h, h)"))}


#: how an RNN is built where the name is none of two, and a tuple is returned where it is none of two others
SEPARATE = {
    "lists": ('kind in ("LSTM", "GRU")', 'kind in ["RNN", "GRU"]'),
    "comparisons": ('kind == "LSTM" or kind == "GRU"', 'kind == "RNN" or kind == "GRU"'),
    "the lower name": ('kind.lower() in ("lstm", "gru")', 'kind.lower() in ("rnn", "gru")'),
}
SOME_KIND = """
class Model(nn.Module):
    def __init__(self, args, size, hidden):
        super().__init__()
        self.kind, self.hidden = args.kind, hidden
        if {gated}:
            self.rnn = getattr(nn, {made})(size, hidden, batch_first=True)
        else:
            self.rnn = nn.RNN(size, hidden, batch_first=True)

    def forward(self, x):
        return self.rnn(x, self.state(x.size(0)))[0]

    def state(self, batch):
        h, c = torch.zeros(1, batch, self.hidden), torch.zeros(1, batch, self.hidden)
        if {one}:
            return h
        return h, c
"""


def of_some_kind(gated: str, one: str) -> str:
    made = "args.kind.upper()" if "lower" in gated else "args.kind"
    return SOME_KIND.format(gated=gated.replace("kind", "args.kind"), one=one.replace("kind", "self.kind"), made=made)


@pytest.mark.parametrize(("gated", "one"), SEPARATE.values(), ids=SEPARATE)
def test_a_name_that_neither_of_two_functions_has_is_low_confidence(gated: str, one: str) -> None:
    found = findings(of_some_kind(gated, one))
    assert {(finding.code, finding.confidence) for finding in found} <= {("SHP210", Confidence.LOW)}


@pytest.mark.parametrize(("made", "asked"), [("upper", "lstm"), ("upper", "Lstm"), ("title", "LSTM")])
def test_another_spelling_of_a_name_is_low_confidence(made: str, asked: str) -> None:
    text = f"""
        class Model(nn.Module):
            def __init__(self, kind, size, hidden):
                super().__init__()
                self.kind, self.hidden = kind, hidden
                self.rnn = getattr(nn, self.kind.{made}(){".upper()" if made == "title" else ""})(size, hidden)

            def forward(self, x):
                return self.rnn(x, self.state(x.size(1)))[0]

            def state(self, batch):
                if self.kind == "{asked}":
                    return torch.zeros(1, batch, self.hidden), torch.zeros(1, batch, self.hidden)
                return torch.zeros(1, batch, self.hidden)
        """
    assert {(one.code, one.confidence) for one in findings(text)} <= {("SHP210", Confidence.LOW)}


@pytest.mark.parametrize(("gated", "one"), SEPARATE.values(), ids=SEPARATE)
def test_a_name_that_one_function_takes_for_all_others_is_told(gated: str, one: str) -> None:
    without = (
        one.replace('"RNN", ', "").replace('"rnn", ', "").replace('kind == "RNN" or ', "").replace('"gru"', '"gru",')
    )
    found = findings(of_some_kind(gated, without))
    assert ("SHP210", Confidence.MEDIUM) in {(finding.code, finding.confidence) for finding in found}


ONLY = {
    "assert": 'assert kind == "GRUCell"',
    "assert the other way": 'assert "GRUCell" == kind',
    "a guard": 'if kind != "GRUCell":\n            raise ValueError(kind)',
}


@pytest.mark.parametrize("guard", ONLY.values(), ids=ONLY)
def test_the_only_name_that_is_allowed(guard: str) -> None:
    text = f"""
class Model(nn.Module):
    def __init__(self, size, hidden, kind="GRU"):
        super().__init__()
        if kind == "GRU":
            kind = "GRUCell"
        {guard}
        self.cell = getattr(nn, kind)(input_size=size, hidden_size=hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, h):
        return self.out(self.cell(x, h))
"""
    kinds = {node.op for trace in traces(text) for node in trace.nodes if "Linear" not in node.op}
    assert "torch.nn.GRUCell.forward" in kinds
    assert findings(text) == []
