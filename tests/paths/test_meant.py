"""Right programs whose code reckons with a failure: each kind in styles, by a wrong twin."""

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
