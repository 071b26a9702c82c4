"""What in a file takes a name as an argument, and what a file's calls give it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from shapelint.data import dataclass
from shapelint.project.written import (
    Given,
    constants_of,
    defaults,
    last_name,
    names_of_torch,
    own_parameters,
    root,
    values,
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Taker:
    """What takes the name as an argument: a function or class, the place of the argument (from 0), and its default.

    The place is None of an argument that is given by name only; what a default may be is empty where there is none.
    """

    callee: str
    place: int | None
    default: tuple[Given, ...] = ()


def takers_in(tree: ast.Module, name: str) -> Iterator[Taker]:
    """The functions and classes of a file's top level that have a parameter of that name."""
    constants = constants_of(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield from _taker(node.args, node.name, name, constants)
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    yield from _taker(method.args, node.name, name, constants)


def defaulting(tree: ast.Module, name: str) -> Iterator[Taker]:
    """What has a default for the name; the defaults of a module that hands it on to nothing are its own."""
    constants, own = constants_of(tree), set(own_parameters(tree, name))
    for node in ast.walk(tree):
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, _Function) and inner.args not in own:
                is_constructor = isinstance(node, ast.ClassDef) and inner.name == "__init__"
                callee = node.name if isinstance(node, ast.ClassDef) and is_constructor else inner.name
                yield from (one for one in _taker(inner.args, callee, name, constants) if one.default)


def _taker(arguments: ast.arguments, callee: str, name: str, constants: Mapping[str, ast.expr]) -> Iterator[Taker]:
    names = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)]
    skipped = 1 if names[:1] in (["self"], ["cls"]) else 0
    default = tuple(value for one in defaults(arguments, name) for value in values(one, constants))
    if name in names[skipped:]:
        yield Taker(callee, names.index(name) - skipped, default)
    elif name in [parameter.arg for parameter in arguments.kwonlyargs]:
        yield Taker(callee, None, default)


def calls_of(tree: ast.Module, nodes: Iterable[ast.AST], taker: Taker) -> Iterator[ast.Call]:
    """The calls among the nodes of what has the taker's name, and is none of torch's."""
    outside = names_of_torch(tree)
    calls = (node for node in nodes if isinstance(node, ast.Call) and root(node.func) not in outside)
    return (call for call in calls if last_name(call.func) == taker.callee)


def leaves(call: ast.Call, taker: Taker, name: str) -> bool:
    """Whether a call leaves the argument to its default, or may: what it unpacks is not known."""
    return not any(_arguments(call, taker, name))


def hands_on(call: ast.Call, taker: Taker, name: str) -> bool:
    """Whether a call gives the argument something of the same name, or unpacks its arguments: `Model(**config)`."""
    return _unpacks(call) or any(last_name(given) == name for given in _arguments(call, taker, name))


def given_by(call: ast.Call, taker: Taker, name: str, constants: Mapping[str, ast.expr]) -> Iterator[Given]:
    """What a call gives the argument, by its place or by its name; where it leaves the argument, the default."""
    given = list(_arguments(call, taker, name))
    for value in given:
        if last_name(value) != name:
            yield from values(value, constants)
    if not given and not _unpacks(call):
        yield from taker.default


def is_held(tree: ast.Module, callee: str) -> bool:
    """Whether a name stands where it is neither called nor only a type: whoever has it may call it in any way."""
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    types = {inner for node in _types(tree) for inner in ast.walk(node)}
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute))
    return any(last_name(node) == callee and node not in called and node not in types for node in names)


def _arguments(call: ast.Call, taker: Taker, name: str) -> Iterator[ast.expr]:
    """What a call gives an argument by its place, and by its name."""
    if taker.place is not None:
        given = call.args[: taker.place + 1]
        if len(given) > taker.place and not any(isinstance(one, ast.Starred) for one in given):
            yield given[-1]
    yield from (one.value for one in call.keywords if one.arg == name)


def _unpacks(call: ast.Call) -> bool:
    return any(one.arg is None for one in call.keywords) or any(isinstance(one, ast.Starred) for one in call.args)


def _types(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions that only say what type something is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, _Function) and node.returns is not None:
            yield node.returns
        elif isinstance(node, ast.Call) and last_name(node.func) in ("isinstance", "super"):
            yield from node.args
