"""What Python refuses ends a path: names that nothing binds, and arguments that a function does not take."""

import pytest
from followed import DEFAULT

from shapelint.pipeline.check import Wanted, check_source
from shapelint.source import Source
from shapelint.syntax.undefined import undefined_names

#: a text, and what of it nothing binds
TEXTS = {
    "print(a)": {"a"},
    "a = 1\nprint(a)": set(),
    "def f(a):\n    return a": set(),
    "def f(a):\n    pass\n\ndef g():\n    return a": {"a"},
    "def f():\n    global a\n    a = 1\n\ndef g():\n    return a": set(),
    "def f():\n    a = 1\n    return lambda: a": set(),
    "class A:\n    a = 1\n    def f(self):\n        return a": {"a"},
    "import a.b\nfrom c import d as e\nprint(a, e, d)": {"d"},
    "for a in range(3): pass\nwith a as b: print(b)\n[c for c in b]\n(d := a)": set(),
    "try:\n    pass\nexcept ValueError as a:\n    print(a)": set(),
    "from a import *\nprint(b)": set(),
    "exec('a = 1')\nprint(a)": set(),
    "globals()['a'] = 1\nprint(a)": set(),
    "print(xrange(3), unicode, __file__, __name__, _('text'), WindowsError)": {"WindowsError"},
    "if __name__ == '__main__':\n    a = 1\n\ndef f():\n    return a": set(),
    "print(a": set(),
    "print 'a', a": set(),
    "\0": set(),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_what_nothing_binds(text: str, expected: set[str]) -> None:
    assert undefined_names(text) == expected


MODEL = """\
import torch.nn as nn

SCALE = 3


class Model(nn.Module):
    def __init__(self, size, hidden):
        super({owner}, self).__init__()
        self.rnn = nn.LSTM(size, hidden, batch_first=True)

    def forward(self, x):
        {before}
        return self.rnn(x)[0][-1]
"""


@pytest.mark.parametrize(
    ("owner", "before", "wrong"),
    [
        ("Model", "pass", ["SHP101"]),
        ("Modell", "pass", []),
        ("Model", "x = x * scale", []),
        ("Model", "x = x * SCALE", ["SHP101"]),
        ("Model", "x = xrange(3) and x", ["SHP101"]),
        ("Model", "try:\n            x = x * scale\n        except NameError:\n            pass", ["SHP101"]),
    ],
)
def test_a_model_that_cannot_run(owner: str, before: str, wrong: list[str]) -> None:
    source = Source("model.py", MODEL.format(owner=owner, before=before))
    assert [one.finding.code for one in check_source(source, Wanted(DEFAULT, prove=False)).candidates] == wrong


CALLED = """\
import torch.nn as nn


class Model(nn.Module):
    def __init__(self, size, hidden=8):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden, batch_first=True)

    def read(self, x, *, scale=1, **more):
        return self.rnn(x * scale)[0]

    def forward(self, x):
        return {call}[-1]
"""


@pytest.mark.parametrize(
    ("call", "runs"),
    [
        ("self.read(x)", True),
        ("self.read(x, scale=2)", True),
        ("self.read(x, any=2)", True),
        ("self.read(*[x])", True),
        ("self.read(**{'x': x})", True),
        ("self.read(x, 2)", False),
        ("self.read()", False),
        ("self.read(x, x=x)", False),
        ("Model(4).read(x)", True),
        ("Model(hidden=4, size=3).read(x)", True),
        ("Model(4, wide=True).read(x)", False),
        ("Model(4, 8, 9).read(x)", False),
        ("Model().read(x)", False),
        ("(lambda a, b=2: self.read(a))(x)", True),
        ("(lambda a, b: self.read(a))(x)", False),
    ],
)
def test_a_call_that_python_refuses(call: str, runs: bool) -> None:
    source = Source("model.py", CALLED.format(call=call))
    found = [one.finding.code for one in check_source(source, Wanted(DEFAULT, prove=False)).candidates]
    assert found == ["SHP101"] * runs
