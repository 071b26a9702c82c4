"""The options of command lines: what a run without them takes, what they offer, and which commands give them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from shapelint.data import dataclass
from shapelint.project.written import Constant, Given, Something, values

#: the actions of an argparse option that is a flag, and the values of a run without it and with it
_FLAGS: Mapping[str, tuple[Constant, Constant]] = {"store_true": (False, True), "store_false": (True, False)}


@dataclass(frozen=True, slots=True)
class Option:
    """What a command line's option can be: by `default`, by what is `tried` in any case, and by what is `offered`.

    Without a default, a run takes one of those that are offered.
    """

    default: tuple[Given, ...] = ()
    tried: tuple[Given, ...] = ()
    offered: tuple[Given, ...] = ()


def options_in(nodes: Iterable[ast.AST], name: str, *, fallbacks: bool = False) -> Iterator[Option]:
    """The options of that name, and the parameters of a search; with `fallbacks` what `.get(name, value)` gives."""
    for node in nodes:
        if isinstance(node, ast.Call) and (fallbacks or getattr(node.func, "attr", "") != "get"):
            yield from _option(node, name)


def _option(call: ast.Call, name: str) -> Iterator[Option]:
    keywords = {given.arg: given.value for given in call.keywords}
    spelled = [*call.args, *(keywords[key] for key in keywords if key == "dest")]
    if name not in {_text(one).lstrip("-").replace("-", "_") for one in spelled}:
        return
    action = "store_true" if "is_flag" in keywords else getattr(keywords.get("action"), "value", "")
    flag = _FLAGS.get(action, ())
    default = tuple(_written(keywords[key] for key in keywords if key == "default")) or flag[:1]
    offered = (*flag[1:], *_written(keywords[key] for key in ("choices", "type") if key in keywords))
    tried = tuple(_written(one for one in call.args if not _text(one)))
    if default in ((), (None,)):
        tried, offered = (*tried, *offered), ()
    yield Option(default, tried, offered)


def _written(expressions: Iterable[ast.expr]) -> Iterator[Given]:
    for value in expressions:
        for found in values(value, {}):
            if not isinstance(found, Something):
                yield int(found) if isinstance(found, str) and found.isdecimal() else found


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def commands_in(text: str, script: str) -> Iterator[str]:
    """The commands in a text that run a Python file: `python train.py --size 3`, over several lines."""
    for match in re.finditer(rf"(?<=[\s/]){re.escape(script)}(?=\s)((?:\\\r?\n|[^\n])*)", text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if re.search(r"\b(?:python[\d.]*|torchrun|launch|accelerate)\b|(?:^|\s)\./", line):
            yield match[1]
