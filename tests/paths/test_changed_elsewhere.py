"""What a decorator, a walk over the modules, a setting under any name or another function changes, by a wrong twin."""

from __future__ import annotations

import pytest
from reported import codes

DECORATED = """
from library import batch_major

def plain(function):
    def wrapper(self, x):
        print("called")
        return function(self, x)
    return wrapper

class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden)
        self.fc = nn.Linear(hidden, 2)

    {decorator}
    def read(self, x):
        return self.rnn(x){rest}

    def forward(self, x):
        # x: (batch, time, feature)
        out = self.read(x)
        return self.fc(out[:, -1])
"""


@pytest.mark.parametrize(
    ("decorator", "rest", "wrong"),
    [
        ("@batch_major", "[0]", []),
        ("@batch_major(layout='NTC')", "[0]", []),
        ("@batch_major", "", []),
        ("@plain", "[0]", ["SHP110"]),
        ("@torch.no_grad()", "[0]", ["SHP110"]),
    ],
)
def test_what_an_unknown_decorator_makes_of_a_method(decorator: str, rest: str, wrong: list[str]) -> None:
    assert codes(DECORATED.format(decorator=decorator, rest=rest)) == wrong


WALKED = """
{walk}

class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden)
        self.fc = nn.Linear(hidden, 2)
        {inside}

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])
"""
FIX = "def fix(m):\n    if isinstance(m, nn.GRU):\n        m."
WALKS = {
    "modules": ("", "for m in self.modules():\n            m.batch_first = True", []),
    "by name": ("", 'for _, m in self.named_children():\n            setattr(m, "batch_first", True)', []),
    "applied": (FIX + "batch_first = True", "self.apply(fix)", []),
    "from outside": (FIX + "batch_first = True", "", []),
    "of another option": (FIX + "dropout = 0.0", "self.apply(fix)", ["SHP110"]),
    "of its own": ("", "self.batch_first = True", ["SHP110"]),
    "of parameters": ("", "for p in self.parameters():\n            p.requires_grad = False", ["SHP110"]),
}


@pytest.mark.parametrize(("walk", "inside", "wrong"), WALKS.values(), ids=WALKS)
def test_a_walk_over_modules_changes_layers(walk: str, inside: str, wrong: list[str]) -> None:
    assert codes(WALKED.format(walk=walk, inside=inside)) == wrong


SET = """
import json

class Model(nn.Module):
    def __init__(self, size, hidden, options, **more):
        super().__init__()
        self.first = False
        {update}
        self.rnn = nn.GRU(size, hidden, batch_first=self.first)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])
"""
UPDATES = {
    "setattr": ("for key, value in more.items():\n            setattr(self, key, value)", []),
    "__dict__": ("self.__dict__.update(options)", []),
    "vars": ('vars(self).update(json.load(open("options.json")))', []),
    "a new __dict__": ("self.__dict__ = options", []),
    "setattr of modules": ("for i in range(size):\n            setattr(self, f'fc{i}', nn.Linear(2, 2))", ["SHP110"]),
    "another setting": ("vars(self).update({'second': True})", ["SHP110"]),
}


@pytest.mark.parametrize(("update", "wrong"), UPDATES.values(), ids=UPDATES)
def test_settings_that_are_set_under_unknown_names(update: str, wrong: list[str]) -> None:
    assert codes(SET.format(update=update)) == wrong


GLOBAL = """
FIRST = {value}

def configure(flag):
    {declared}
    FIRST = flag

class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=FIRST)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return self.fc(out{last})
"""


@pytest.mark.parametrize(
    ("value", "declared", "last", "wrong"),
    [
        ("None", "global FIRST", "[:, -1]", []),
        ("None", "global FIRST, OTHER", "[:, -1] if FIRST else out[-1]", []),
        ("True", "global FIRST", "[:, -1]", []),
        ("False", "FIRST = None", "[:, -1]", ["SHP110"]),
    ],
)
def test_a_name_that_another_function_binds(value: str, declared: str, last: str, wrong: list[str]) -> None:
    assert codes(GLOBAL.format(value=value, declared=declared, last=last)) == wrong
