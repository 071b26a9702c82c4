"""Parsing and lowering: every node at its place, and no input that raises."""

from __future__ import annotations

import ast
import pickle
import sys
import sysconfig
import threading
import tokenize
import warnings
from pathlib import Path

import pytest
from facts_oracle import found_by_ast, found_in_facts, walk
from hypothesis import given
from hypothesis import strategies as st

import shapelint
from shapelint.source import Problem, Source, Span, read_source
from shapelint.syntax import facts
from shapelint.syntax.expressions import DEPTH_LIMIT
from shapelint.syntax.parse import parse

STDLIB = Path(sysconfig.get_path("stdlib"))
STDLIB_NAMES = [
    "ast",
    "dataclasses",
    "enum",
    "textwrap",
    "typing",
    "statistics",
    "argparse",
    "contextlib",
    "heapq",
]
REAL_FILES = [
    *sorted(Path(shapelint.__file__).parent.rglob("*.py")),
    *(STDLIB / f"{name}.py" for name in STDLIB_NAMES),
]


def lowered(text: str) -> facts.Module:
    module = parse(Source("code.py", text))
    assert isinstance(module, facts.Module), module
    return module


def refused(text: str) -> Problem:
    problem = parse(Source("code.py", text))
    assert isinstance(problem, Problem)
    return problem


def only(text: str) -> facts.Statement:
    (statement,) = lowered(text).body
    return statement


def value_of(expression: str) -> facts.Expression:
    """The fact for an expression, lowered from its own line."""
    statement = only(f"{expression}\n")
    assert isinstance(statement, facts.ExpressionStatement)
    return statement.value


def cut(text: str, span: Span) -> str:
    """The text of a span within one line."""
    assert span.line == span.end_line
    return text.splitlines()[span.line - 1][span.column : span.end_column]


def assert_like_ast(text: str) -> None:
    assert found_in_facts(lowered(text)) == found_by_ast(text)


@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.name)
def test_real_files_have_the_nodes_and_places_of_ast(path: Path) -> None:
    source = read_source(str(path))
    assert isinstance(source, Source)
    assert_like_ast(source.text)


SNIPPETS = {
    "call in parentheses": "x = ( f ( (a), b=1, *c, **d ) )[ 0 , (1) : 2 ]\n",
    "doubled parentheses": "y = ((a)) + ((b).c)[(d)]\nz = (  # (\n 1, 2 # )\n )\n",
    "called in parentheses": "(f) (1)\n((f) # )(\n)(1)\n(a, b) (1)\n",
    "tuples": "() ; (1,) ; 1, ; (1, (2, 3)), 4\na, (b, *c) = [d, *e]\n",
    "subscripts": "x[1]; x[1,]; x[(1, 2)]; x[:]; x[::]; x[a:b:c, ..., None, -1]\n"
    "x[a:\n]; x[: # c\n , : (b) ]; x[1: :\n]\n",
    "unpacked subscript": "x[*a]\n" if hasattr(ast, "TryStar") else "x[0]\n",
    "generators": "f(x for x in y); f((x for x in y)); f(1, (x for x in y)); g = (x async for x in y if a if b)\n",
    "comprehensions": "[a for b in c for d in e if f]\n{a for b in c}\n{a: b for c, d in e}\n",
    "strings": "'a' \"b\" r'\\n' '\\n\\x41\\u00e9\\N{BULLET}\\101\\\n'\n"
    "b'\\xff\\0' b'z'\n'''a\n  # no comment\n'''\n'\\d'\n",
    "f-strings": "f'a{b!r:>{c}}' 'd' f\"{e=}\" + f'''\n{g}'''\n",
    "numbers": "1_000 + 0xFF + 0b1 + 0o7 + 1.5e3 + 1_0.0 + .5 + 00\n",
    "operators": "a+b-c*d/e//f%g**h@i&j|k^l<<m>>n\n-a, +b, ~c, not d\n"
    "a<b<=c>d>=e==f!=g is h is  not i in j not  in k\n",
    "augmented": "a += 1; b -= 1; c //= 2; d **= 3; e @= f; g >>= 1; h <<= 2; i |= 3\n",
    "conditionals": "a if b else c if d else e\nx = (yes if\n  test else\n  no)\n",
    "walrus": "if (n := 10) > 5: pass\n[y := 1, y**2]\nx[a := 1]\n",
    "lambdas": "lambda: 0\nlambda a, /, b=1, *c, d=(2), **e: (a, b)\nlambda *, k: k\n",
    "functions": "async def f(a: int, /, b: str = 'x', *args, c, d=(1), **kw) -> int:\n"
    "  async with a as b, c: await d\n"
    "  async for x in y: yield x\n  else: return (yield)\n",
    "decorators": "@a.b(c)\n# comment\n@d\nclass E(F, *g, metaclass=H, **i):\n    'doc'\n    x: int\n    y: int = 1\n",
    "nested": "def f():\n    def g():\n        nonlocal x\n        global y, z\n"
    "        del a, b[0], (c, d)\n        del (e, f)\n    return g\n",
    "imports": "import a.b.c as d, e\nfrom . import f\nfrom ..g.h import i as j, k\n"
    "from l import *\nfrom m import (n,\n o as p,)\n",
    "one line": "a = 1; b = 2; pass;\nif a: b; c\nwhile a: break\nelse: d\n",
    "try": "try:\n  a\nexcept (B, C) as d:\n  pass\nexcept E: raise\n"
    "else: raise F(1) from None\nfinally:\n  assert g, 'no'\n",
    "with": "with (a as b, c as (d, e),): pass\nwith (a): pass\nwith (a, b): pass\nwith a as b.c: pass\n",
    "match": "match x, y:\n  case 1: a\n  case 'b' | None: c\n  case D(e=f) if g: h\n  case i.j: k\n  case _: l\n",
    "yield from": "def f():\n    x = yield\n    y = yield from z\n    return\n",
    "elif": "if a:\n  b\nelif c:\n  d\nelse:\n  e\n",
    "wide characters": "λ = 'äß€𝄞'; y = λ + é[ 'ж' ]  # ü\n",
    "continuation": "x = a + \\\n  b\n\\\ny = 1\nif x:\n    z\n\\\n    w = 2\n",
    "tabs": "if a:\n\tif b:\n\t\tc = 1\n\td\n",
    "form feeds in front of indentation": (
        "\x0c\nclass A:\n\x0c    def f(self):\n        if self:\n  \x0c            return '''a\n\x0c  b\n  '''\n"
        "        return f'{self}'\n\n\x0c    # here\n \x0c\x0c    def g(self):\n\x0c\x0c        return (\n\x0c  self)\n\x0cx = 1\n"
    ),
    "form feed": "\x0cx = 1\n\x0c\ndef f():\n\x0c    return x\n",
    "footer": "class A:\n    x = 1\n\n\n   \t# left\n # over\n  \n",
    "no newline at the end": "if a:\n    b",
}


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS.keys())
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_snippets_have_the_nodes_and_places_of_ast(text: str, newline: str) -> None:
    assert_like_ast(text.replace("\n", newline))


NAMES = st.sampled_from(["a", "lstm", "x1", "é"])


def spaced(*parts: str | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The parts with any whitespace between them that brackets allow."""
    gap = st.sampled_from(["", " ", "  ", "\n ", "# ) ( [\n"])
    pieces = [st.just(part) if isinstance(part, str) else part for part in parts]
    strategies = [item for piece in pieces for item in (gap, piece)]
    return st.tuples(*strategies, gap).map("".join)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "@", "//", "**", " and ", " not  in ", " is not ", "<"])
    return st.one_of(
        spaced("(", inner, ")"),
        spaced("(", inner, ",", inner, ")"),
        spaced("(", inner, operators, inner, ")"),
        spaced("(", inner, " if ", inner, " else ", inner, ")"),
        spaced("(", inner, ")", ".", NAMES).map(lambda text: f"({text})"),
        spaced("(", inner, ")", "(", inner, ",", "*", inner, ", k", "=", inner, ")").map(lambda text: f"({text})"),
        spaced("(", inner, ")", "[", inner, ":", inner, ",", ":", ":", "]").map(lambda text: f"({text})"),
        spaced("[", inner, " for ", NAMES, " in ", inner, "]"),
        spaced("{", inner, ":", inner, "}"),
        spaced("(", "-", inner, ")"),
        spaced("f(", inner, " for ", NAMES, " in ", inner, ")"),
    )


@given(st.recursive(st.one_of(NAMES, st.sampled_from(["1", "'s#'", "...", "None"])), larger, max_leaves=8))
def test_any_expression_has_the_nodes_and_places_of_ast(expression: str) -> None:
    assert_like_ast(f"v = ({expression})\n")


@given(st.text())
def test_no_text_raises(text: str) -> None:
    result = parse(Source("code.py", text))
    assert isinstance(result, (facts.Module, Problem))


@given(st.text(alphabet="ab01 ()[]{}:,=+*'\"\\\n\r\t\x0c#.", max_size=40))
def test_no_jumble_of_python_raises(text: str) -> None:
    result = parse(Source("code.py", text))
    if isinstance(result, facts.Module):
        assert all(1 <= fact.span.line <= len(Source("", text).lines) for fact in walk(result) if hasattr(fact, "span"))


def test_parts_of_a_call() -> None:
    text = "net.lstm ( x, h=(h0, c0) )"
    call = value_of(text)
    assert isinstance(call, facts.Call)
    assert isinstance(call.func, facts.Attribute)
    assert cut(text, call.func.attr_span) == "lstm"
    assert call.close_paren.column == len(text) - 1
    assert [cut(text, argument.span) for argument in call.arguments] == ["x", "h=(h0, c0)"]


def test_index_span_is_the_text_between_the_brackets() -> None:
    text = "(out) [ :, -1 ]"
    subscript = value_of(text)
    assert isinstance(subscript, facts.Subscript)
    assert cut(text, subscript.index_span) == " :, -1 "
    assert cut(text, subscript.span) == text


def test_parameters_keep_kind_default_and_whole_span() -> None:
    text = "def forward(self, /, x: int = (0), *args, flag=True, **options): pass"
    function = only(text)
    assert isinstance(function, facts.FunctionDef)
    assert cut(text, function.name_span) == "forward"
    shown = [(parameter.kind, cut(text, parameter.span)) for parameter in function.parameters]
    assert shown == [
        ("positional", "self"),
        ("normal", "x: int = (0)"),
        ("vararg", "*args"),
        ("keyword", "flag=True"),
        ("kwarg", "**options"),
    ]


def test_strings_are_joined_and_formatted_ones_keep_their_parts() -> None:
    joined, formatted = value_of("'a' \"b\""), value_of("'a' f'{{{b}}}' f'{c:02d}'")
    assert isinstance(joined, facts.Literal)
    assert joined.value == "ab"
    assert isinstance(formatted, facts.Formatted)
    assert [part if isinstance(part, str) else type(part).__name__ for part in formatted.parts] == [
        *("a{", "Name", "}", "Opaque"),
    ]


def test_docstrings_are_found_and_placed() -> None:
    module = lowered(
        '"""The module."""\nclass A:\n    "The class."\n    def f(self):\n        """The\n        method."""\n'
    )
    (_, klass) = module.body
    assert module.docstring == "The module."
    assert isinstance(klass, facts.ClassDef)
    assert (klass.docstring, klass.docstring_span) == ("The class.", Span(3, 4, 3, 16))
    method = klass.body[1]
    assert isinstance(method, facts.FunctionDef)
    assert (method.docstring, method.docstring_span) == ("The\n        method.", Span(5, 8, 6, 18))


def test_patterns_of_a_match() -> None:
    match = only("match x:\n  case 1: a\n  case _: b\n  case y: c\n  case None: d\n  case [z]: e\n")
    assert isinstance(match, facts.Match)
    assert [type(case.pattern).__name__ for case in match.cases] == [
        "Literal",
        "Name",
        "Name",
        "Literal",
        "NoneType",
    ]


def test_what_has_no_counterpart_is_opaque() -> None:
    value = value_of("1j")
    assert isinstance(value, facts.Opaque)
    assert value.text == "1j"
    assert "complex" in value.reason


def test_python_newer_than_the_interpreter_is_read() -> None:
    module = lowered("type Pair[T] = tuple[T, T]\ndef f[T: int,\n *Ts\n](a: T) -> T: return a\nclass A[T](B): pass\n")
    *_, alias, function, klass = module.body
    assert isinstance(alias, facts.Assign)
    assert isinstance(function, facts.FunctionDef)
    assert function.span == Span(2, 0, 4, 22)
    assert isinstance(klass, facts.ClassDef)
    assert [base.span for base in klass.bases] == [Span(5, 11, 5, 12)]


@pytest.mark.parametrize(
    "text",
    ["f'{a['b']}'", "f'{a['b']} {f'{c}'}'", 'f"{"\\n".join(a)}"', "t'{a}'", "rt'{a}\\d'", "f'''{a['b']}'''"],
)
def test_strings_of_a_newer_python_are_read(text: str) -> None:
    formatted = value_of(text)
    assert isinstance(formatted, facts.Formatted)
    assert any(isinstance(fact, facts.Name) and fact.id == "a" for fact in walk(formatted.parts))
    assert cut(text, formatted.span) == text


def test_every_comment_is_found() -> None:
    text = "# a\nx = [1,  # b\n\t# c\n 2]\n\n'# no' + f'# no {x}' # d\n'''\n# no\n'''\n   # e"
    comments = lowered(text).comments
    assert [(comment.text, comment.span.line, comment.alone) for comment in comments] == [
        (" a", 1, True),
        (" b", 2, False),
        (" c", 3, True),
        (" d", 6, False),
        (" e", 10, True),
    ]
    assert all(cut(text, comment.span) == f"#{comment.text}" for comment in comments)


@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.name)
def test_comments_are_those_of_tokenize(path: Path) -> None:
    source = read_source(str(path))
    assert isinstance(source, Source)
    with path.open("rb") as file:
        tokens = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
    found = [(comment.span.line, comment.span.column, comment.text) for comment in lowered(source.text).comments]
    assert found == [(*token.start, token.string[1:]) for token in tokens]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\ny = = 2\n", 2, "invalid syntax"),
        ("def f():\n    print 'a'\n", 2, "Missing parentheses"),
        ("def f(:\n", 1, "invalid syntax"),
        ("x = 1\n  y = 2\n", 2, "unexpected indent"),
        ("x = '\ud800'\n", 1, "surrogate"),
        ("x = 1\ny = b'a' 'b'\n", 2, "bytes"),
        ("x = 1\ny = '\\N{no such name}'\n", 2, "unknown Unicode character name"),
        ("x = 1\ny = " + "9" * 5000, 2, "Exceeds the limit"),
        ("x = 1\ny = b'a' f'{b}'\n", 2, "bytes"),
        ("a\nb = " + "(" * 10_000 + "1" + ")" * 10_000, 2, "too many nested parentheses"),
        ("a\nb = " + "[" * 10_000, 2, "too many nested parentheses"),
    ],
)
def test_a_problem_names_line_and_cause(text: str, line: int, message: str) -> None:
    problem = refused(text)
    assert problem.line == line
    assert problem.message.startswith("cannot parse: ")
    assert message in problem.message
    assert "\n" not in problem.message


def test_brackets_nest_as_deep_as_python_allows() -> None:
    assert lowered("x = " + "([" * 100 + "])" * 100 + "\n").body
    assert "too many nested" in refused("x = " + "([" * 100 + "{}" + "])" * 100 + "\n").message


def test_brackets_in_strings_do_not_nest() -> None:
    assert lowered("x = '" + "(" * 500 + "'  # " + "[" * 500 + "\n").body


def test_explaining_a_problem_shows_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused("x = '\\d'\ny = = 1\n")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + " + ".join(["a"] * 3000),
        "x = " + "-" * 400 + "1",
        "x = a" + ".b" * 1000,
        "x = " + "a if b else " * 300 + "c",
        "if a: pass\n" + "elif b: pass\n" * 3000,
    ],
    ids=["sum", "minus", "attributes", "conditional", "elif"],
)
def test_deep_code_is_cut_off_where_facts_would_nest_too_deeply(text: str) -> None:
    module = lowered(text)
    assert depth_of(module) <= 2 * DEPTH_LIMIT
    assert any(isinstance(fact, facts.Opaque) and "deep" in fact.reason for fact in walk(module))
    assert pickle.loads(pickle.dumps(module)) == module


def test_the_caller_keeps_its_limits() -> None:
    before = sys.getrecursionlimit(), threading.stack_size(), threading.active_count()
    lowered("x = 1\n")
    assert (sys.getrecursionlimit(), threading.stack_size(), threading.active_count()) == before


def test_without_room_for_a_thread_the_callers_stack_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert lowered("x = 1\n").body
    assert refused("x = = 1\n").line == 1


def depth_of(value: object) -> int:
    """How deep dataclasses nest in a fact."""
    if isinstance(value, tuple):
        return max(map(depth_of, value), default=0)
    if not hasattr(value, "__dataclass_fields__"):
        return 0
    return 1 + max((depth_of(getattr(value, name)) for name in value.__dataclass_fields__), default=0)


@pytest.mark.parametrize("path", REAL_FILES[:12], ids=lambda path: path.name)
def test_facts_pickle_and_hold_no_node_of_the_parser(path: Path) -> None:
    source = read_source(str(path))
    assert isinstance(source, Source)
    pickled = pickle.dumps(lowered(source.text))
    assert pickle.loads(pickled) == lowered(source.text)
    assert all(type(fact).__module__.startswith("shapelint.") for fact in walk(lowered(source.text)))


def test_a_file_without_code_is_empty() -> None:
    assert lowered("") == facts.Module("code.py", (), (), None)
    assert lowered("\n\n").body == ()
    assert lowered("# only a comment").body == ()
