"""What the code catches, or a context expects, is no mistake; what it lets through is."""

import pytest
from reported import codes

CAUGHT = {
    "the very error": "AttributeError",
    "any error": "Exception",
    "whatever it is": "",
    "one of several": "(TypeError, AttributeError)",
}
TRIED = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden, batch_first=True)

    def forward(self, x):
        out, s = self.rnn(x)
        try:
            s = s.detach()
        except {kind}:
            {body}
        return out, s
"""


@pytest.mark.parametrize("kind", CAUGHT.values(), ids=CAUGHT)
def test_what_the_code_catches_is_no_mistake(kind: str) -> None:
    assert codes(TRIED.format(kind=kind, body="s = tuple(one.detach() for one in s)")) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [("KeyError", "s = None"), ("ImportError", "s = None"), ("Exception", "print(s)\n            raise")],
)
def test_what_it_does_not_catch_is(kind: str, body: str) -> None:
    assert codes(TRIED.format(kind=kind, body=body)) == ["SHP207"]


MANAGERS = {
    "a test": "pytest.raises(AttributeError)",
    "a test of a class": "self.assertRaises(AttributeError)",
    "a library": "contextlib.suppress(TypeError, AttributeError)",
}
EXPECTED = """
import contextlib
import pytest

class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden, batch_first=True)

    def forward(self, x):
        out, s = self.rnn(x)
        with {manager}:
            s = s.detach()
        return out, s
"""


@pytest.mark.parametrize("manager", MANAGERS.values(), ids=MANAGERS)
def test_what_a_context_expects_is_no_mistake(manager: str) -> None:
    assert codes(EXPECTED.format(manager=manager)) == []


@pytest.mark.parametrize("manager", ["pytest.raises(KeyError)", "timer(s)"])
def test_what_it_does_not_expect_is(manager: str) -> None:
    assert codes(EXPECTED.format(manager=manager)) == ["SHP207"]
