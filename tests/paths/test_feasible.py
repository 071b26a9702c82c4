"""Paths that no run of the code takes: conditions that hang together are never combined against each other."""

from textwrap import dedent

import pytest
from followed import DEFAULT

from shapelint.finding import Confidence, Finding
from shapelint.pipeline.check import Wanted, analyse_source, check_source
from shapelint.rules.base import load
from shapelint.source import Source
from shapelint.trace.trace import Trace

load()

HEAD = "import torch\nimport torch.nn as nn\n"


def traces(text: str) -> list[Trace]:
    return analyse_source(Source("model.py", HEAD + dedent(text))).traces


def findings(text: str) -> list[Finding]:
    check = check_source(Source("model.py", HEAD + dedent(text)), Wanted(DEFAULT, Confidence.LOW, prove=False))
    assert not check.problems
    return [candidate.finding for candidate in check.candidates]


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


@pytest.mark.parametrize("kind", ["tuple", "list", "dict", "str"])
def test_a_builtin_type_is_not_a_tensor_class(kind: str) -> None:
    text = f"""
        from torch.autograd import Variable

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(3, 4)

            def forward(self, x):
                out, state = self.rnn(x)
                for _ in range(3):
                    out, state = self.rnn(out, self.cut(state))
                return out

            def cut(self, state):
                if type(state) == Variable or type(state) is {kind} and {kind} is not tuple:
                    return Variable(state.data)
                return tuple(self.cut(part) for part in state)
        """
    assert [one for one in findings(text) if one.code == "SHP207"] == []


SET = """
class Model(nn.Module):
    def __init__(self, kind, both):
        super().__init__()
        if kind == "lstm":
            self.rnn = nn.LSTM(3, 4, batch_first=True, bidirectional=both)
        elif kind == "gru":
            self.rnn = nn.GRU(3, 4, batch_first=True, bidirectional=both)
        self.head = nn.Linear(8 if both else 4, 2)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])
"""


def test_an_attribute_that_no_branch_has_set_ends_the_path() -> None:
    [finding] = findings(SET)
    assert (finding.code, "(when `both`)" in finding.message) == ("SHP103", True)


IDS = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(9, 5)
        self.rnn = nn.LSTM(5, 8, batch_first=True)

    def forward(self, x):
        # x: (batch_size, seq_len)
        if {asked}:
            x = self.embedding(x)
        return self.rnn(x)[0][:, -1]
"""


@pytest.mark.parametrize(
    "asked",
    [
        "isinstance(x, torch.LongTensor)",
        "isinstance(x, (torch.LongTensor, torch.IntTensor))",
        "isinstance(x, torch.LongTensor) or torch.cuda.is_available() and isinstance(x, torch.cuda.LongTensor)",
    ],
)
def test_what_is_stated_of_ids_is_not_said_of_other_inputs(asked: str) -> None:
    assert all(finding.confidence is Confidence.LOW for finding in findings(IDS.format(asked=asked)))


TURNED = {
    "ids": ("nn.Embedding(21, hidden)", "self.embed(x)"),
    "ids behind an operation": ("nn.Embedding(21, hidden)", "torch.tanh(self.embed(x))"),
    "ids in a list": ("nn.Sequential(nn.Embedding(21, hidden), nn.Dropout(0.1))", "self.embed(x)"),
}


@pytest.mark.parametrize(("made", "used"), TURNED.values(), ids=TURNED)
def test_what_one_path_reads_an_input_as_is_not_said_of_another(made: str, used: str) -> None:
    text = f"""
        class Model(nn.Module):
            def __init__(self, kind, size, hidden):
                super().__init__()
                if kind == "features":
                    self.embed = nn.Linear(size, hidden)
                if kind == "ids":
                    self.embed = {made}
                self.rnn = nn.GRU(hidden, hidden, batch_first=True)

            def forward(self, x):
                out, _ = self.rnn({used})
                return out[:, -1]
        """
    assert findings(text) == []


@pytest.mark.parametrize("name", ["build", "setup", "reset"])
def test_a_state_that_another_method_has_drawn_is_carried_on(name: str) -> None:
    text = f"""
        class Filter(nn.Module):
            def {name}(self):
                self.state = torch.randn(1, 4, 8)
                self.rnn = nn.GRU(3, 8)

            def forward(self, x):
                out, self.state = self.rnn(x, self.state)
                return out
        """
    assert [one for one in findings(text) if one.code == "SHP211"] == []


ONE_SIZE = """
class Model(nn.Module):
    def __init__(self, size, hidden{parameter}):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True, bidirectional={both})
        self.head = nn.Linear({features}, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0])
{more}"""
#: a parameter, how the layer is built, what the head takes, and a further method
NEEDED = {
    "with the flag": (", both", "both", "2 * hidden", ""),
    "another method": (
        "",
        "True",
        "hidden",
        "\n    def short(self, x):\n        return self.head(self.rnn(x)[1][-1])\n",
    ),
}


@pytest.mark.parametrize(("parameter", "both", "features", "more"), NEEDED.values(), ids=NEEDED)
def test_a_fix_that_another_path_would_suffer_from_is_not_safe(
    parameter: str, both: str, features: str, more: str
) -> None:
    told = findings(ONE_SIZE.format(parameter=parameter, both=both, features=features, more=more))
    fixes = [fix for finding in told if finding.code == "SHP501" for fix in finding.fixes]
    assert [fix.safe for fix in fixes] == [False] * len(fixes)
    assert fixes


def test_a_fix_that_no_other_path_runs_through_is_safe() -> None:
    told = findings(ONE_SIZE.format(parameter="", both="True", features="hidden", more=""))
    assert [fix.safe for finding in told for fix in finding.fixes] == [True]


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


@pytest.mark.parametrize(
    "fallback", ["settings.hidden or 0", "int(settings.hidden or 0)", "getattr(settings, 'hidden', 0) or 0"]
)
def test_what_stands_in_for_a_size_that_is_missing_is_none(fallback: str) -> None:
    text = f"""
class Model(nn.Module):
    def __init__(self, size, settings):
        super().__init__()
        hidden = {fallback}
        self.rnn = nn.LSTM(size, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(self.rnn(x)[0])
"""
    assert findings(text) == []


#: how the number of axes is asked for, of one shape in two places
RANKS = {
    "by length": "len(self.shape) > 1",
    "of the space": "len(self.space.shape) > 1",
    "turned round": "not len(self.shape) <= 1",
}
OF_RANK = """
class Model(nn.Module):
    def __init__(self, space, hidden):
        super().__init__()
        self.space, self.shape = space, space.shape
        self.read = nn.Flatten() if {asked} else nn.Linear(hidden, hidden)
        self.rnn = nn.LSTM(hidden, hidden, batch_first=True)

    def forward(self, x):
        if {asked}:
            x = self.read(x.permute(0, 3, 1, 2)).unsqueeze(1)
        else:
            x = self.read(x)
        return self.rnn(x)[0]
"""


@pytest.mark.parametrize("asked", RANKS.values(), ids=RANKS)
def test_a_shape_has_one_rank(asked: str) -> None:
    text = OF_RANK.format(asked=asked)
    assert findings(text) == []
    told = ("torch.nn.Flatten", "torch.nn.Linear", "torch.Tensor.permute")
    made = [tuple(node.op for node in trace.nodes if node.op in told) for trace in traces(text)]
    assert sorted(filter(None, made)) == [("torch.nn.Flatten", "torch.Tensor.permute"), ("torch.nn.Linear",)]


def test_a_list_of_names_may_hold_none() -> None:
    text = """
    class Net(nn.Module):
        def __init__(self, width, kind="glu"):
            super().__init__()
            self.linear = nn.Linear(width, 2 * width if kind == "glu" else width)
            self.act = nn.Identity() if kind in [None, "identity"] else nn.GLU()
            self.norm = nn.LayerNorm(width)

        def forward(self, x):
            return self.norm(self.act(self.linear(x)))
    """
    assert not [node for trace in traces(text) for node in trace.nodes if node.error is not None]
