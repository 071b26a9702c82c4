"""Right programs whose code reckons with a failure, or is changed from elsewhere: each kind in styles, by a wrong twin."""

from __future__ import annotations

import pytest
from reported import codes

CALL = "rnn(x, torch.zeros(1, 3, 8))"  # an LSTM takes a pair
MADE = "rnn, x = nn.LSTM(4, 8), torch.randn(5, 3, 4)"

EXPECTED = {
    "pytest": f"""
        def test():
            {MADE}
            with pytest.raises(ShapeMismatch):
                {CALL}
        """,
    "unittest": f"""
        class Test(unittest.TestCase):
            def test(self):
                {MADE}
                with self.assertRaisesRegex(ERRORS, "tuple"):
                    {CALL}
        """,
    "expected to fail": f"""
        class Test(unittest.TestCase):
            @unittest.expectedFailure
            def test(self):
                {MADE}
                {CALL}
        """,
    "marked": f"""
        class Test:
            @pytest.mark.xfail(reason="one tensor")
            def test(self):
                {MADE}
                {CALL}
        """,
    "a context manager of its own": f"""
        from contextlib import contextmanager

        @contextmanager
        def refused():
            try:
                yield
            except RuntimeError as error:
                print(error)

        def test():
            {MADE}
            with refused():
                {CALL}
        """,
    "a class of its own": f"""
        class Refused:
            def __enter__(self):
                return self

            def __exit__(self, kind, value, traceback):
                return kind is not None

        def test():
            {MADE}
            with Refused():
                {CALL}
        """,
}
HELPED = f"""
        class Test(unittest.TestCase):
            def help(self):
                {MADE}
                {CALL}

            def test(self):
                {{use}}
        """
EXPECTED |= {
    name: HELPED.format(use=use)
    for name, use in {
        "a helper in a block": "with pytest.raises(RuntimeError):\n                    self.help()",
        "a helper that is given": "self.assertRaises(RuntimeError, self.help)",
        "a helper in a function": "pytest.raises(RuntimeError, lambda: self.help())",
    }.items()
}
NOT_EXPECTED = {
    "a helper that is called elsewhere": HELPED.format(
        use="self.assertRaises(RuntimeError, self.help)\n                self.help()"
    ),
    "a helper in a block that only warns": HELPED.format(
        use="with warnings.catch_warnings():\n                    self.help()"
    ),
    "nothing": f"""
        def test():
            {MADE}
            {CALL}
        """,
    "a context manager that only sets up": f"""
        from contextlib import contextmanager

        @contextmanager
        def timed():
            try:
                yield
            finally:
                print("over")

        def test():
            {MADE}
            with timed():
                {CALL}
        """,
    "a class that goes on raising": f"""
        class Timed:
            def __enter__(self):
                return self

            def __exit__(self, kind, value, traceback):
                return False

        def test():
            {MADE}
            with Timed():
                {CALL}
        """,
    "another mark": f"""
        class Test:
            @pytest.mark.slow
            def test(self):
                {MADE}
                {CALL}
        """,
}


@pytest.mark.parametrize("text", EXPECTED.values(), ids=EXPECTED)
def test_what_is_meant_to_fail_may(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize("text", NOT_EXPECTED.values(), ids=NOT_EXPECTED)
def test_what_is_not_may_not(text: str) -> None:
    assert codes(text) == ["SHP210"]


WARNED = """
class Test(unittest.TestCase):
    def test(self):
        with {context}:
            nn.LSTM(4, 8, dropout=0.5)
"""


@pytest.mark.parametrize(
    ("context", "wrong"),
    [
        ("pytest.warns(UserWarning)", []),
        ('self.assertWarnsRegex(UserWarning, "dropout")', []),
        ("warnings.catch_warnings(record=True)", []),
        ("torch.no_grad()", ["SHP604"]),
    ],
)
def test_a_warning_that_is_wanted_is_no_news(context: str, wrong: list[str]) -> None:
    assert codes(WARNED.format(context=context)) == wrong


REPAIRED = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden)

    def read(self, x, state):
        return self.rnn(x, state)

    def forward(self, x):
        state = torch.zeros(1, x.size(1), self.rnn.hidden_size)
        {body}
"""
REPAIRS = {
    "by a value": (
        """try:
            out, _ = self.read(x, state)
        except (RuntimeError, TypeError):
            out, _ = self.read(x, (state, state))
        return out[-1]""",
        [],
    ),
    "by a return": (
        """try:
            return self.read(x, state)
        except Exception:
            return self.rnn(x)""",
        [],
    ),
    "of an attribute": (
        """try:
            self.out = self.read(x, state)[0]
        except RuntimeError as error:
            print(error)
            self.out = self.rnn(x)[0]
        return self.out[-1]""",
        [],
    ),
    "by a word": (
        """try:
            out, _ = self.read(x, state)
            return out[-1]
        except RuntimeError as error:
            print(error)""",
        ["SHP210"],
    ),
    "not at all": ("return self.read(x, state)[0][-1]", ["SHP210"]),
}


@pytest.mark.parametrize(("body", "wrong"), REPAIRS.values(), ids=REPAIRS)
def test_a_handler_makes_up_for_what_is_called(body: str, wrong: list[str]) -> None:
    assert codes(REPAIRED.format(body=body)) == wrong


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


PRODUCT = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.attention = make(size)
        self.rnn = nn.GRU(size, hidden, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn({product})
        return out[-1]
"""


@pytest.mark.parametrize(
    ("product", "wrong"),
    [
        ("self.attention(x).mm(x)", []),
        ("torch.mm(self.attention(x), x)", []),
        ("self.attention(x).outer(x)", []),
        ("self.attention(x).bmm(x)", ["SHP101"]),
    ],
)
def test_a_product_tells_the_rank_of_what_is_not_known(product: str, wrong: list[str]) -> None:
    assert codes(PRODUCT.format(product=product)) == wrong


MEMBERS = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden)

    def forward(self, windows):
        # windows: {said} (time, batch, size)
        return torch.stack([self.rnn(one)[1][-1] for one in windows])
"""


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("list of tensors", []),
        ("a tuple of", []),
        ("a list of n", []),
        ("", ["SHP118"]),
        ("tensor of shape", ["SHP118"]),
    ],
)
def test_what_is_said_of_members_is_not_said_of_the_list(said: str, wrong: list[str]) -> None:
    assert codes(MEMBERS.format(said=said)) == wrong


CARRYING = """
class Reader(nn.Module):
    def __init__(self, words, size, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.lstm = nn.LSTM(size, hidden)
        self.state = (torch.zeros(1, 1, hidden), torch.zeros(1, 1, hidden))

    def forward(self, sentence):
        for word in sentence:
            out, self.state = self.lstm(self.embedding(word).view(1, 1, -1), self.state)
        return out

class Trainer:
    def __init__(self, model, criterion):
        self.model, self.criterion = model, criterion

    def run(self, batches):
        for sentence, target in batches:
            loss = {loss}
            loss.backward({options})

def main(batches, criterion):
    Trainer(Reader(100, 8, 16), criterion).run(batches)
"""
UNKNOWN_LOSS = "self.criterion(self.model(sentence), target)"
BACKWARDS = {
    "kept": (UNKNOWN_LOSS, "retain_graph=True", []),
    "kept by place": (UNKNOWN_LOSS, "None, True", []),
    "kept for a second derivative": (UNKNOWN_LOSS, "create_graph=True", []),
    "kept by options": (UNKNOWN_LOSS, "**make()", []),
    "kept of a known loss": ("self.model(sentence).sum()", "retain_graph=True", []),
    "not kept": (UNKNOWN_LOSS, "", ["SHP206"]),
    "not kept in so many words": (UNKNOWN_LOSS, "retain_graph=False", ["SHP206"]),
    "not kept by place": (UNKNOWN_LOSS, "None, False", ["SHP206"]),
    "not kept of a known loss": ("self.model(sentence).sum()", "", ["SHP206"]),
}


@pytest.mark.parametrize(("loss", "options", "wrong"), BACKWARDS.values(), ids=BACKWARDS)
def test_a_graph_that_is_kept_is_not_freed(loss: str, options: str, wrong: list[str]) -> None:
    assert codes(CARRYING.format(loss=loss, options=options)) == wrong
