"""The standard `ast` module as the oracle of the lowering: the same nodes at the same places."""

from __future__ import annotations

import ast
import dataclasses
import re
import warnings
from collections import Counter
from collections.abc import Iterator

from shapelint.source import Span
from shapelint.syntax import facts

Place = tuple[int, int, int, int]
Found = Counter[tuple[str, str, Place]]  #: kind, what it says, place

SAME_NAME = [
    "Name",
    "Attribute",
    "Call",
    "Subscript",
    "Slice",
    "Starred",
    "Lambda",
    "Compare",
    "Return",
    "If",
    "For",
    "While",
    "With",
    "Try",
    "Match",
    "Assign",
    "AugAssign",
    "AnnAssign",
    "FunctionDef",
    "ClassDef",
    "Import",
    "ImportFrom",
    "Raise",
    "Assert",
    "Delete",
]
AST_KIND: dict[str, str] = {
    **{name: name for name in SAME_NAME},
    "AsyncFunctionDef": "FunctionDef",
    "AsyncFor": "For",
    "AsyncWith": "With",
    "TryStar": "Try",
    "BinOp": "Binary",
    "UnaryOp": "Unary",
    "IfExp": "Conditional",
    "NamedExpr": "Walrus",
    "Tuple": "Sequence",
    "List": "Sequence",
    "Set": "Sequence",
    "Dict": "DictDisplay",
    "ListComp": "Comprehension",
    "SetComp": "Comprehension",
    "DictComp": "Comprehension",
    "GeneratorExp": "Comprehension",
    "Await": "Await",
    "Yield": "Await",
    "YieldFrom": "Await",
    "Expr": "ExpressionStatement",
    "Global": "Scope",
    "Nonlocal": "Scope",
    "Pass": "Jump",
    "Break": "Jump",
    "Continue": "Jump",
    "TypeAlias": "Assign",
}
FACT_KINDS = {*AST_KIND.values(), "Literal", "EllipsisLiteral"}


OPERATORS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Pow": "**",
    "MatMult": "@",
    "BitAnd": "&",
    "BitOr": "|",
    "BitXor": "^",
    "LShift": "<<",
    "RShift": ">>",
    "USub": "-",
    "UAdd": "+",
    "Invert": "~",
    "Not": "not",
    "Eq": "==",
    "NotEq": "!=",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
    "Is": "is",
    "IsNot": "is not",
    "In": "in",
    "NotIn": "not in",
}
NOT_IN_FACTS = {"type_params", "pattern", "Raise.cause", "Assert.msg", "TypeAlias.value"}


def found_by_ast(text: str) -> Found:
    """What Python itself sees in the text, as far as facts have words for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    lines = re.split(r"\r\n?|\n", text)
    return Counter((kind, _ast_detail(node), _ast_place(node, lines)) for kind, node in _ast_nodes(tree))


def _ast_nodes(node: ast.AST) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    for child in _ast_children(node):
        if isinstance(child, ast.Constant):
            if not isinstance(child.value, complex):
                yield "EllipsisLiteral" if child.value is ... else "Literal", child
        elif type(child).__name__ in AST_KIND:
            yield AST_KIND[type(child).__name__], child
        yield from _ast_nodes(child)


def _ast_children(node: ast.AST) -> Iterator[ast.AST]:
    """The children that facts keep: an f-string's own places are wrong before Python 3.12."""
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in NOT_IN_FACTS or f"{type(node).__name__}.{name}" in NOT_IN_FACTS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Starred) and name in ("args", "bases"):
                yield child.value  # facts: an argument with star 1
            elif isinstance(child, ast.AST):
                yield child


def _ast_detail(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return "" if node.value is ... else repr(node.value)
    if isinstance(node, ast.Compare):
        return " ".join(OPERATORS[type(operator).__name__] for operator in node.ops)
    if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.AugAssign)):
        return OPERATORS[type(node.op).__name__]
    if isinstance(node, ast.Call):
        names = [None] * len(node.args) + [keyword.arg for keyword in node.keywords]
        return ",".join(sorted(name or "" for name in names))
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return ",".join(node.names)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return f"{getattr(node, 'module', '') or ''} {[(alias.name, alias.asname) for alias in node.names]}"
    return next(
        (getattr(node, name) for name in ("id", "attr", "name") if isinstance(getattr(node, name, 0), str)),
        "",
    )


def _ast_place(node: ast.expr | ast.stmt, lines: list[str]) -> Place:
    first, last = node.lineno, node.end_lineno or node.lineno
    start = len(lines[first - 1].encode()[: node.col_offset].decode())
    end = len(lines[last - 1].encode()[: node.end_col_offset].decode())
    return first, start, last, end


def found_in_facts(module: facts.Module) -> Found:
    """The same for facts."""
    found: Found = Counter()
    for fact in walk(module):
        if type(fact).__name__ in FACT_KINDS and isinstance(fact, (facts.Expression, facts.Statement)):
            span = fact.span
            place = (span.line, span.column, span.end_line, span.end_column)
            found[type(fact).__name__, _fact_detail(fact), place] += 1
    return found


def _fact_detail(fact: facts.Expression | facts.Statement) -> str:
    if isinstance(fact, facts.Literal):
        return repr(fact.value)
    if isinstance(fact, facts.Compare):
        return " ".join(operator for operator, _ in fact.rest)
    if isinstance(fact, (facts.Binary, facts.Unary, facts.AugAssign)):
        return fact.operator
    if isinstance(fact, facts.Call):
        return ",".join(sorted(argument.keyword or "" for argument in fact.arguments))
    if isinstance(fact, facts.Scope):
        return ",".join(fact.names)
    if isinstance(fact, (facts.Import, facts.ImportFrom)):
        return f"{getattr(fact, 'module', '')} {list(fact.names)}"
    return next((getattr(fact, name) for name in ("id", "attr", "name") if hasattr(fact, name)), "")


def walk(value: object) -> Iterator[object]:
    """Every dataclass instance below `value`, except what is in f-strings and patterns."""
    if isinstance(value, (Span, facts.Formatted)):
        return
    if isinstance(value, tuple):
        for item in value:
            yield from walk(item)
    elif isinstance(value, facts.Case):
        yield from walk((value.guard, value.body))
    elif dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            yield from walk(getattr(value, field.name))
