"""The values that a Python file gives a name, read off its text: nothing is run, and only constants count."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from shapelint.data import dataclass
from shapelint.project.reads import doubt


@dataclass(frozen=True, slots=True)
class Something:
    """A value that is given, and not written as a constant."""


Constant = str | int | float | bool | None
Given = Constant | Something

#: the actions of an argparse option that is a flag, and the values that it then can have
_FLAGS: Mapping[str, tuple[Constant, ...]] = {"store_true": (False, True), "store_false": (True, False)}


@dataclass(frozen=True, slots=True)
class Taker:
    """What takes the name as an argument: a function or class, and the place of the argument (from 0)."""

    callee: str
    place: int


def parsed(text: str) -> ast.Module | None:
    """A file's tree; None where Python does not read it."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    except MemoryError:
        doubt()
        return None


def values_of(tree: ast.Module, name: str, *, fallbacks: bool = True) -> Iterator[Given]:
    """What a file gives a name: as a default, an argument, a field, an entry of a dict, an option.

    What is handed on under the same name (`bidirectional=args.bidirectional`) tells nothing, and neither does a default
    None: that stands for the lack of a value. What a layer of torch is given is given to no class of the project, and
    the defaults of a module that hands the name on to nothing are its own. `fallbacks`: what `.get(name, value)` gives
    counts.
    """
    constants, outside = _constants(tree), _names_of_torch(tree)
    own = set(_own_parameters(tree, name))
    for node in ast.walk(tree):
        if node in own or (isinstance(node, ast.Call) and _root(node.func) in outside):
            continue
        for value in _given(node, name):
            if _last_name(value) != name:
                yield from _values(value, constants)
        if isinstance(node, ast.Call) and (fallbacks or getattr(node.func, "attr", "") != "get"):
            yield from _option(node, name)


def options_of(tree: ast.Module, name: str) -> Iterator[Given]:
    """What a command line's options of a file give a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") != "get":
            yield from _option(node, name)


def _names_of_torch(tree: ast.Module) -> set[str]:
    """What a file's imports of torch bind."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch":
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            names = [alias for alias in node.names if alias.name.split(".")[0] == "torch"]
            found.update(alias.asname or "torch" for alias in names)
    return found


def _root(function: ast.expr) -> str | None:
    """`nn` of `nn.LSTM`."""
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else None


def _own_parameters(tree: ast.Module, name: str) -> Iterator[ast.arguments]:
    """The parameters of modules (classes with a `forward`) in which no call is given the name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        methods = [method for method in node.body if isinstance(method, ast.FunctionDef)]
        if any(method.name == "forward" for method in methods) and not _hands_on(node, name):
            yield from (method.args for method in methods)


def _hands_on(cls: ast.ClassDef, name: str) -> bool:
    calls = [node for node in ast.walk(cls) if isinstance(node, ast.Call)]
    given = [(one.arg, one.value) for call in calls for one in call.keywords]
    given += [(None, one) for call in calls for one in call.args]
    return any(name in (keyword, _last_name(value)) for keyword, value in given)


def takers_in(tree: ast.Module, name: str) -> Iterator[Taker]:
    """The functions and classes of a file that have a parameter of that name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield from _taker(node, node.name, name, 0)
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    yield from _taker(method, node.name, name, 1)


def values_at(tree: ast.Module, taker: Taker, name: str) -> Iterator[Given]:
    """What a file's calls give the argument `name`, by its place or by its name."""
    constants = _constants(tree)
    for call in _calls_of(tree, taker):
        for given in _arguments(call, taker, name):
            if _last_name(given) != name:
                yield from _values(given, constants)


def hands_on(tree: ast.Module, taker: Taker, name: str) -> bool:
    """Whether a call gives the argument something of the same name, or unpacks its arguments: `Model(**config)`."""
    for call in _calls_of(tree, taker):
        unpacks = any(one.arg is None for one in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)
        if unpacks or any(_last_name(given) == name for given in _arguments(call, taker, name)):
            return True
    return False


def _calls_of(tree: ast.Module, taker: Taker) -> Iterator[ast.Call]:
    """The calls of what has the taker's name, and is none of torch's."""
    outside = _names_of_torch(tree)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _root(node.func) not in outside)
    return (call for call in calls if _last_name(call.func) == taker.callee)


def _arguments(call: ast.Call, taker: Taker, name: str) -> Iterator[ast.expr]:
    """What a call gives an argument by its place, and by its name."""
    given = call.args[: taker.place + 1]
    if len(given) > taker.place and not any(isinstance(one, ast.Starred) for one in given):
        yield given[-1]
    yield from (one.value for one in call.keywords if one.arg == name)


def _taker(function: ast.FunctionDef, callee: str, name: str, skipped: int) -> Iterator[Taker]:
    names = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
    if name in names[skipped:]:
        yield Taker(callee, names.index(name) - skipped)


def _given(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """The expressions whose value a node gives the name."""
    if isinstance(node, ast.Call):
        yield from (given.value for given in node.keywords if given.arg == name)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None and any(_last_name(target) == name for target in targets):
            yield node.value
    elif isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == name)
    elif isinstance(node, ast.arguments):
        yield from _defaults(node, name)


def _defaults(arguments: ast.arguments, name: str) -> Iterator[ast.expr]:
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = zip(reversed(positional), reversed(arguments.defaults), strict=False)
    by_keyword = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for parameter, default in (*with_default, *by_keyword):
        if parameter.arg == name and default is not None and not _is_none(default):
            yield default


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _last_name(target: ast.expr) -> str | None:
    """`bidirectional` of `self.bidirectional`, `args.bidirectional` and `config["bidirectional"]`."""
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript):
        key = target.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    return target.id if isinstance(target, ast.Name) else None


def _option(call: ast.Call, name: str) -> Iterator[Given]:
    """What a command line's option of that name can be, or one of a search of hyperparameters."""
    keywords = {given.arg: given.value for given in call.keywords}
    spelled = [*call.args, *(keywords[key] for key in keywords if key == "dest")]
    if name not in {_text(one).lstrip("-").replace("-", "_") for one in spelled}:
        return
    yield from _FLAGS.get(getattr(keywords.get("action"), "value", ""), ())
    if "is_flag" in keywords:
        yield from _FLAGS["store_true"]
    offered = [keywords[key] for key in ("default", "choices", "type") if key in keywords]
    for value in (*(one for one in call.args if not _text(one)), *offered):
        for found in _values(value, {}):
            if not isinstance(found, Something):
                yield int(found) if isinstance(found, str) and found.isdecimal() else found


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _values(node: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[Given]:
    """What an expression may be: a constant, the items of a list, either side of a condition, or something else."""
    if isinstance(node, ast.Name) and node.id in constants:
        node, constants = constants[node.id], {}
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float)):
        yield node.value
        return
    parts = _parts(node)
    for inner in parts:
        yield from _values(inner, constants)
    if not parts:
        yield Something()


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    """The expressions one of which an expression is, or holds: `field(default=True)`, `Choice(["LSTM", "GRU"])`."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if not isinstance(node, ast.Call):
        return []
    lists = [one for one in node.args if isinstance(one, ast.List | ast.Tuple)]
    return [*lists, *(given.value for given in node.keywords if given.arg == "default")]


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What a module's top level gives names."""
    found: dict[str, ast.expr] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            found.update({target.id: statement.value for target in statement.targets if isinstance(target, ast.Name)})
    return found
