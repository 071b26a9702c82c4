"""The author's words in a text, with their places: names, texts and comments."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from keyword import iskeyword

from shapelint.grammar.tokens import LITERAL, NAME, OPERAND, Token, tokens
from shapelint.grammar.tree import tree_of
from shapelint.regex import regex
from shapelint.syntax.comments import comments_in
from shapelint.syntax.facts.pieces import Place, Words

_QUOTED = regex(r"[bBrRuU]{0,2}(?P<quote>\"{3}|'{3}|\"|')(?P<text>[\s\S]*)(?P=quote)")


def words(text: str, packages: Collection[str]) -> Words:
    """The words of a text that parses."""
    names: dict[str, list[Place]] = {}
    texts: dict[str, list[Place]] = {}
    for token in tokens(text):
        if token.kind == NAME and not iskeyword(token.text):
            names.setdefault(token.text, []).append((token.offset, token.offset + len(token.text)))
        elif inner := _text_in(token):
            start, end = inner
            texts.setdefault(text[start:end], []).append(inner)
    nodes = list(ast.walk(tree_of(text)[0]))
    comments = tuple(match.span() for match in comments_in(text))
    return Words(_frozen(names), _frozen(texts), comments, frozenset(_in(packages, nodes)))


def _text_in(token: Token) -> Place | None:
    """Where the text stands that a token says: between its quotes, or all of it in an f-string."""
    if token.kind == LITERAL:
        return token.offset, token.offset + len(token.text)
    match = _QUOTED.fullmatch(token.text) if token.kind == OPERAND else None
    return None if match is None else (token.offset + match.start("text"), token.offset + match.end("text"))


def _frozen(found: dict[str, list[Place]]) -> dict[str, tuple[Place, ...]]:
    return {word: tuple(places) for word, places in found.items()}


def _in(packages: Collection[str], nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names that are looked up in some packages, by an import or by dots behind what was imported."""
    roots: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            of_them = [alias for alias in node.names if alias.name.partition(".")[0] in packages]
            yield from (part for alias in of_them for part in alias.name.split("."))
            roots |= {alias.asname or alias.name.partition(".")[0] for alias in of_them}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            dotted = node.module.split(".")
            if dotted[0] in packages and node.names[0].name != "*":
                yield from (*dotted, *(alias.name for alias in node.names))
                roots |= {alias.asname or alias.name for alias in node.names}
    for node in nodes:
        names = _dotted(node) if isinstance(node, ast.Attribute) else ()
        if names and names[0] in roots:
            yield from names[1:]
    yield from roots


def _dotted(node: ast.expr) -> tuple[str, ...]:
    """`a.b.c` as its names; empty where something else than a name is in it."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return (*before, node.attr)
    return ()
