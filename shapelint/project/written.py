"""The values that a Python file gives a name, read off its text: nothing is run, and only constants count."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from shapelint.data import dataclass
from shapelint.project.reads import doubt


@dataclass(frozen=True, slots=True)
class Something:
    """A value that is given, and not written as a constant; `name` is what it is held under: `args.both`."""

    name: str | None = None


Constant = str | int | float | bool | None
Given = Constant | Something


def parsed(text: str) -> ast.Module | None:
    """A file's tree; None where Python does not read it."""
    from shapelint.grammar.tree import tree_of  # the process that proves what was found reads no code

    try:
        tree, _ = tree_of(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    except MemoryError:
        doubt()
        return None
    return tree


def values_of(tree: ast.Module, nodes: Iterable[ast.AST], name: str) -> Iterator[Given]:
    """What nodes of a file give a name: as an argument, a field, an entry of a dict.

    What is handed on under the same name (`bidirectional=args.bidirectional`) tells nothing. What a layer of torch is
    given is given to no class of the project.
    """
    constants, outside = constants_of(tree), names_of_torch(tree)
    for node in nodes:
        if isinstance(node, ast.Call) and root(node.func) in outside:
            continue
        for value in _given(node, name):
            if last_name(value) != name:
                yield from values(value, constants)


def givers(tree: ast.Module, name: str) -> list[ast.AST]:
    """The nodes of a file that give a name a value."""
    return [node for node in ast.walk(tree) if any(_given(node, name))]


def names_of_torch(tree: ast.Module) -> set[str]:
    """What a file's imports of torch bind."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch":
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            names = [alias for alias in node.names if alias.name.split(".")[0] == "torch"]
            found.update(alias.asname or "torch" for alias in names)
    return found


def root(function: ast.expr) -> str | None:
    """`nn` of `nn.LSTM`."""
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else None


def own_parameters(tree: ast.Module, name: str) -> Iterator[ast.arguments]:
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
    return any(name in (keyword, last_name(value)) for keyword, value in given)


def _given(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """The expressions whose value a node gives the name."""
    if isinstance(node, ast.Call):
        yield from (given.value for given in node.keywords if given.arg == name)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None and any(last_name(target) == name for target in targets):
            yield node.value
    elif isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == name)


def defaults(arguments: ast.arguments, name: str) -> Iterator[ast.expr]:
    """The default of a parameter of that name; None stands for the lack of a value, and is none."""
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = zip(reversed(positional), reversed(arguments.defaults), strict=False)
    by_keyword = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for parameter, default in (*with_default, *by_keyword):
        if parameter.arg == name and default is not None and not _is_none(default):
            yield default


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def last_name(target: ast.expr) -> str | None:
    """`bidirectional` of `self.bidirectional`, `args.bidirectional` and `config["bidirectional"]`."""
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript):
        key = target.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    return target.id if isinstance(target, ast.Name) else None


def values(node: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[Given]:
    """What an expression may be: a constant, the items of a list, either side of a condition, or something else."""
    if isinstance(node, ast.Name) and node.id in constants:
        node, constants = constants[node.id], {}
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float)):
        yield node.value
        return
    parts = _parts(node)
    for inner in parts:
        yield from values(inner, constants)
    if not parts:
        yield Something(last_name(node) if isinstance(node, ast.Attribute | ast.Subscript) else None)


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


def constants_of(tree: ast.Module) -> dict[str, ast.expr]:
    """What a module's top level gives names."""
    found: dict[str, ast.expr] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            found.update({target.id: statement.value for target in statement.targets if isinstance(target, ast.Name)})
    return found
