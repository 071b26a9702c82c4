"""Code for a newer Python than the one that runs, as Python's own parser reads it in older words."""

from __future__ import annotations

import ast

import pytest

from shapelint.grammar.newer import in_older_words
from shapelint.grammar.tree import tree_of


@pytest.mark.parametrize("written", ["A, b.C", "A,b.C[0, 1]", "A, b.C, D"])
@pytest.mark.parametrize("keyword", ["except", "except*"])
def test_exceptions_without_brackets_are_read(keyword: str, written: str) -> None:
    text = f"try:\n    f()\n{keyword} {written}:\n    pass\n"
    tree, _ = tree_of(text)
    statement = tree.body[0]
    assert isinstance(statement, (ast.Try, ast.TryStar))
    named = statement.handlers[0].type
    assert named is not None
    assert {"A", "b"} <= {one.id for one in ast.walk(named) if isinstance(one, ast.Name)}
    assert ast.get_source_segment(text, named) == written


@pytest.mark.parametrize("text", ["except", "x.y, except_", "try: f()\nexcept (A, B): g(1, 2)"])
def test_other_commas_stay(text: str) -> None:
    assert in_older_words(text).count(",") == text.count(",")
