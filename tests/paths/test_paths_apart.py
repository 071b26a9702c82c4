"""What one path sets, reads or asks is not said of another; what a shape is, all of them agree on."""

import pytest
from at_any_confidence import findings, traces

from shapelint.finding import Confidence


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
