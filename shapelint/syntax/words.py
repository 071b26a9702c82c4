"""The author's words in a text, with their places: names, texts and comments."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import libcst as cst

from shapelint.syntax.comments import find_comments
from shapelint.syntax.deep import with_deep_stack
from shapelint.syntax.facts.pieces import Place, Words
from shapelint.syntax.form_feeds import without_form_feeds
from shapelint.syntax.positions import Places, Positions


def words(text: str, packages: Collection[str]) -> Words:
    """The words of a text that parses."""
    return with_deep_stack(lambda: _words(text, packages))


def _words(text: str, packages: Collection[str]) -> Words:
    module = cst.parse_module(without_form_feeds(text))
    positions = Positions(module, text)
    names: dict[str, list[Place]] = {}
    texts: dict[str, list[Place]] = {}
    nodes = list(_nodes(module))
    for node in nodes:
        place = positions.offsets.get(id(node))
        if place and isinstance(node, cst.Name):
            names.setdefault(node.value, []).append(place)
        elif place and isinstance(node, cst.SimpleString):
            before = len(node.prefix) + len(node.quote)
            inner = (place[0] + before, place[1] - len(node.quote))
            texts.setdefault(node.raw_value, []).append(inner)
        elif place and isinstance(node, cst.FormattedStringText):
            texts.setdefault(node.value, []).append(place)
    places = Places(text, positions.offsets)
    return Words(_frozen(names), _frozen(texts), _comments(places, positions), frozenset(_in(packages, nodes)))


def _frozen(found: dict[str, list[Place]]) -> dict[str, tuple[Place, ...]]:
    return {word: tuple(places) for word, places in found.items()}


def _comments(places: Places, positions: Positions) -> tuple[Place, ...]:
    starts = [0]
    for line in places.text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    spans = [comment.span for comment in find_comments(places, positions.strings)]
    return tuple((starts[span.line - 1] + span.column, starts[span.end_line - 1] + span.end_column) for span in spans)


def _nodes(module: cst.Module) -> Iterator[cst.CSTNode]:
    nodes: list[cst.CSTNode] = [module]
    while nodes:
        node = nodes.pop()
        yield node
        nodes += node.children


def _in(packages: Collection[str], nodes: list[cst.CSTNode]) -> Iterator[str]:
    """The names that are looked up in some packages, by an import or by dots behind what was imported."""
    roots: set[str] = set()
    for node in nodes:
        if isinstance(node, cst.Import):
            of_them = [alias for alias in node.names if alias.evaluated_name.partition(".")[0] in packages]
            yield from (part for alias in of_them for part in alias.evaluated_name.split("."))
            roots |= {alias.evaluated_alias or alias.evaluated_name.partition(".")[0] for alias in of_them}
        elif isinstance(node, cst.ImportFrom) and node.module is not None and not node.relative:
            dotted = _dotted(node.module)
            if dotted[0] in packages and not isinstance(node.names, cst.ImportStar):
                yield from (*dotted, *(alias.evaluated_name for alias in node.names))
                roots |= {alias.evaluated_alias or alias.evaluated_name for alias in node.names}
    for node in nodes:
        dotted = _dotted(node) if isinstance(node, cst.Attribute) else ()
        if dotted and dotted[0] in roots:
            yield from dotted[1:]
    yield from roots


def _dotted(node: cst.CSTNode) -> tuple[str, ...]:
    """`a.b.c` as its names; empty where something else than a name is in it."""
    if isinstance(node, cst.Name):
        return (node.value,)
    if isinstance(node, cst.Attribute) and (before := _dotted(node.value)):
        return (*before, node.attr.value)
    return ()
