"""What there is to understand of recurrent layers in a file, counted with the standard `ast` module alone.

Nothing of shapelint is used here. Expressions are given *facts* ("one of these recurrent classes", "a layer of one of
these kinds", "an instance of this class"), without regard to the order of statements: through names, attributes of
classes and their bases, tables, conditional expressions, parameters, returned values, lists and loops.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sources.ast_names import bare, constant, dotted

KINDS = frozenset({"LSTM", "GRU", "RNN"})
CELLS = frozenset({"LSTMCell", "GRUCell", "RNNCell"})
#: what tells a `getattr(nn, kind)` of unknown kind from that of an activation
TELLING = re.compile(r"rnn|lstm|gru", re.IGNORECASE)
OPTIONS = frozenset({"hidden_size", "batch_first", "bidirectional"})
#: calls that give back a layer, class or container that they are given
TRANSPARENT = frozenset(
    "weight_norm spectral_norm DataParallel DistributedDataParallel script deepcopy copy partial ModuleList ModuleDict "
    "list tuple reversed dict OrderedDict".split()
)
RECEIVING = frozenset("to cuda cpu float double half eval train requires_grad_ apply values get pop".split())
GROWING = frozenset({"append", "add_module", "insert", "extend", "register_module"})

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Fact:
    """What an expression may be: `what` says which of the things below, `kind` the recurrent class.

    "class", "layer", "other", and "classes", "layers", "others" for what holds several; "user" (a class of the file),
    "instance" and "function", whose definition is `node`. `guess` is set where an unknown name picks the class.
    """

    what: str
    kind: str = ""
    node: ast.AST | None = None
    guess: bool = False


Facts = frozenset[Fact]
NOTHING: Facts = frozenset()


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a module, class or function: for each, what is bound to it, and in which scope to read that."""

    node: ast.AST
    parent: Scope | None
    names: dict[str, list[tuple[object, Scope]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding that is no plain expression: an item of an iterable, an import's path, a parameter."""

    what: str
    node: ast.AST | None = None
    path: str = ""


class File:
    """One file: its scopes, its classes, and the facts of its expressions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.module = Scope(self.tree, None)
        self.scopes: dict[ast.AST, Scope] = {self.tree: self.module}
        self.inside: dict[ast.AST, Scope] = {}
        self.members: dict[ast.AST, dict[str, list[tuple[object, Scope]]]] = {}
        self.calls: dict[str, list[tuple[ast.Call, Scope]]] = {}
        self.known: dict[tuple[int, int], Facts] = {}
        self.telling: set[ast.expr] = set()  #: callees of calls with an option of recurrent layers
        self.busy: set[tuple[int, int]] = set()
        self.families: dict[ast.ClassDef, list[ast.ClassDef]] = {}
        self._read(self.tree, self.module)

    # reading: which names and attributes are bound to what

    def _read(self, node: ast.AST, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            self.inside[child] = scope
            inner = scope
            if isinstance(child, ast.ClassDef | Function | Comprehension):
                inner = self.scopes[child] = Scope(child, scope)
            self._bind(child, scope, inner)
            self._read(child, inner)

    def _bind(self, node: ast.AST, scope: Scope, inner: Scope) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            self._name(scope, node.name, Bound("user" if isinstance(node, ast.ClassDef) else "function", node))
        if isinstance(node, Function):
            for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                self._name(inner, argument.arg, Bound("parameter", argument))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._imports(node, scope)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._target(target, node.value, scope)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
            self._target(node.target, node.value or ast.Constant(None), scope)
        elif isinstance(node, ast.For | ast.comprehension):
            self._loop(node.target, node.iter, scope)
        elif isinstance(node, ast.Call):
            self._call(node, scope)

    def _name(self, scope: Scope, name: str, value: object, where: Scope | None = None) -> None:
        scope.names.setdefault(name, []).append((value, where or scope))

    def _imports(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                path = alias.name if alias.asname else alias.name.split(".")[0]
            else:
                path = f"{'.' * node.level}{node.module or ''}.{alias.name}"
            self._name(scope, alias.asname or path.rpartition(".")[2], Bound("import", path=path))

    def _target(self, target: ast.expr, value: ast.expr, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            self._name(scope, target.id, value)
        elif isinstance(target, ast.Attribute):
            self._member(target.value, target.attr, value, scope)
        elif isinstance(target, ast.Subscript):
            # `table[key] = layer`: the table holds it
            self._target(target.value, ast.List(elts=[value], ctx=ast.Load()), scope)
        elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            for one, part in zip(target.elts, value.elts, strict=False):
                self._target(one, part, scope)

    def _member(self, owner: ast.expr, name: str, value: object, scope: Scope) -> None:
        """`self.name = value`; `self` is the first parameter of a method."""
        cls = self.class_of_self(owner, scope)
        if cls is not None:
            self.members.setdefault(cls, {}).setdefault(name, []).append((value, scope))

    def _loop(self, target: ast.expr, iterable: ast.expr, scope: Scope) -> None:
        called = bare(iterable.func) if isinstance(iterable, ast.Call) else ""
        arguments = iterable.args if isinstance(iterable, ast.Call) else []
        if isinstance(target, ast.Tuple) and called in ("zip", "enumerate", "items"):
            if called == "enumerate" and len(target.elts) == 2:
                self._loop(target.elts[1], arguments[0], scope)
            elif called == "items" and len(target.elts) == 2 and isinstance(iterable, ast.Call):
                assert isinstance(iterable.func, ast.Attribute)
                self._loop(target.elts[1], iterable.func.value, scope)
            elif called == "zip" and len(target.elts) == len(arguments):
                for one, part in zip(target.elts, arguments, strict=True):
                    self._loop(one, part, scope)
        elif isinstance(target, ast.Name):
            self._name(scope, target.id, Bound("item", iterable))

    def _call(self, node: ast.Call, scope: Scope) -> None:
        name = bare(node.func)
        self.calls.setdefault(name, []).append((node, scope))
        if not OPTIONS.isdisjoint(keyword.arg or "" for keyword in node.keywords):
            self.telling.add(node.func)
        if isinstance(node.func, ast.Attribute) and name in GROWING and node.args:
            grown = node.args[-1] if name == "extend" else ast.List(elts=[node.args[-1]], ctx=ast.Load())
            self._target(node.func.value, grown, scope)
            if name in ("add_module", "register_module"):
                self._member_by_name(node.func.value, node.args[0], node.args[-1], scope)
        elif name == "setattr" and len(node.args) == 3:
            self._member_by_name(*node.args, scope)

    def _member_by_name(self, owner: ast.expr, name: ast.expr, value: ast.expr, scope: Scope) -> None:
        """`setattr(owner, name, value)`; what is set under open names is one collection, `*`."""
        text = constant(name)
        self._member(owner, text or "*", value if text else ast.List(elts=[value], ctx=ast.Load()), scope)

    def class_of_self(self, owner: ast.expr, scope: Scope | None) -> ast.ClassDef | None:
        """The class whose instance a name is, because it is the first parameter of a method of it."""
        while scope is not None and isinstance(owner, ast.Name):
            function = scope.node
            if isinstance(function, ast.FunctionDef) and scope.parent and isinstance(scope.parent.node, ast.ClassDef):
                parameters = [*function.args.posonlyargs, *function.args.args]
                return scope.parent.node if parameters and parameters[0].arg == owner.id else None
            scope = scope.parent
        return None

    # facts

    def facts(self, node: object, scope: Scope) -> Facts:
        """What an expression, or a binding, may be."""
        key = (id(node), id(scope))
        if key in self.known or key in self.busy:
            return self.known.get(key, NOTHING)
        self.busy.add(key)
        found = self._facts(node, scope)
        self.busy.discard(key)
        self.known[key] = found
        return found

    def _facts(self, node: object, scope: Scope) -> Facts:
        if isinstance(node, Bound):
            return self._bound(node, scope)
        if isinstance(node, ast.Name | ast.Attribute):
            kind = self._torch_class(node, scope)
            if kind:
                return frozenset({Fact("class", kind)})
            return self._named(node.id, scope) if isinstance(node, ast.Name) else self._attribute(node, scope)
        if isinstance(node, ast.IfExp):
            return self.facts(node.body, scope) | self.facts(node.orelse, scope)
        if isinstance(node, ast.BoolOp):
            return union(self.facts(value, scope) for value in node.values)
        if isinstance(node, ast.NamedExpr | ast.Starred):
            return self.facts(node.value, scope)
        if isinstance(node, ast.Dict):
            return held(self.facts(value, scope) for value in node.values)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return held(self.facts(value, scope) for value in node.elts)
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            return held([self.facts(node.elt, self.scopes[node])])
        if isinstance(node, ast.DictComp):
            return held([self.facts(node.value, self.scopes[node])])
        if isinstance(node, ast.BinOp):
            return self.facts(node.left, scope) | self.facts(node.right, scope)
        if isinstance(node, ast.Subscript):
            value, index = self.facts(node.value, scope), node.slice
            return value if isinstance(index, ast.Slice) else items(value, not isinstance(index, ast.Constant))
        return self._called(node, scope) if isinstance(node, ast.Call) else NOTHING

    def _bound(self, bound: Bound, scope: Scope) -> Facts:
        if bound.what == "item":
            return items(self.facts(bound.node, scope))
        if bound.what == "parameter":
            assert isinstance(bound.node, ast.arg)
            return self._parameter(bound.node, scope)
        return frozenset({Fact(bound.what, node=bound.node)}) if bound.node else NOTHING

    def _named(self, name: str, scope: Scope | None) -> Facts:
        start = scope
        while scope is not None:
            if name in scope.names and (scope is start or not isinstance(scope.node, ast.ClassDef)):
                return union(self.facts(value, where) for value, where in scope.names[name])
            scope = scope.parent
        return NOTHING

    def _torch_class(self, node: ast.expr, scope: Scope) -> str:
        """LSTM for `nn.LSTM`, by the file's imports."""
        head, _, rest = dotted(node).partition(".")
        if not head:
            return ""
        path = self._import_path(head, scope)
        path = f"{path}.{rest}".rstrip(".") if path else ""
        name = path.rpartition(".")[2]
        return name if path.startswith("torch.nn.") and name in KINDS | CELLS else ""

    def _import_path(self, name: str, scope: Scope | None) -> str:
        while scope is not None:
            if name in scope.names:
                value = scope.names[name][0][0]
                path = value.path if isinstance(value, Bound) and value.what == "import" else ""
                break
            scope = scope.parent
        else:
            path = ""
        # code binds these two names through guards and helpers as well, and to nothing else
        return path if path.startswith("torch") else {"torch": "torch", "nn": "torch.nn"}.get(name, "")

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Facts:
        cls = self.class_of_self(node.value, scope)
        owners = [cls] if cls else [f.node for f in self.facts(node.value, scope) if f.what in ("instance", "user")]
        return union(self._member_facts(owner, node.attr) for owner in owners if isinstance(owner, ast.ClassDef))

    def _member_facts(self, cls: ast.ClassDef, name: str) -> Facts:
        """What an attribute of a class's instances may be: set in the class, its bases, or classes derived from it."""
        found: Facts = NOTHING
        for relative in self.relatives(cls):
            bindings = self.members.get(relative, {}).get(name, []) + self.scopes[relative].names.get(name, [])
            found |= union(self.facts(value, where) for value, where in bindings)
        return found

    def relatives(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        """The class, its bases and the classes derived from it, in this file."""
        if not self.families:
            self.families = {c: self.lineage(c) for c in self.scopes if isinstance(c, ast.ClassDef)}
        derived = [c for c, family in self.families.items() if cls in family]
        return list(dict.fromkeys([*self.families[cls], *derived]))

    def lineage(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        """The class and its bases in this file."""
        found = [cls]
        for current in found:
            for base in current.bases:
                facts = self.facts(base, self.inside.get(current, self.module))
                found += [f.node for f in facts if isinstance(f.node, ast.ClassDef) and f.node not in found]
        return found

    def recurrent_bases(self, cls: ast.ClassDef) -> Facts:
        """The recurrent classes of torch that a class derives from."""
        pairs = [(base, self.inside.get(c, self.module)) for c in self.lineage(cls) for base in c.bases]
        return frozenset(f for base, scope in pairs for f in self.facts(base, scope) if f.what == "class")

    def _parameter(self, argument: ast.arg, scope: Scope) -> Facts:
        """A parameter's default, and what calls in the file pass to it."""
        function = scope.node
        assert isinstance(function, Function)
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = dict(zip([a.arg for a in positional[::-1]], arguments.defaults[::-1], strict=False))
        defaults.update((a.arg, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d)
        outer = scope.parent or scope
        found = self.facts(defaults[argument.arg], outer) if argument.arg in defaults else NOTHING
        cls = outer.node if isinstance(outer.node, ast.ClassDef) else None
        if cls and positional and positional[0] is argument:
            return frozenset({Fact("instance", node=cls)})
        if isinstance(function, ast.Lambda):
            return found
        names = [a.arg for a in positional][1 if cls else 0 :]
        for call, where in self._callers(function, cls):
            given = dict(zip(names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
            if argument.arg in given:
                found |= self.facts(given[argument.arg], where)
        return found

    def _callers(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, cls: ast.ClassDef | None
    ) -> Iterator[tuple[ast.Call, Scope]]:
        if cls and function.name == "__init__":
            for derived in self.relatives(cls):
                for call, where in self.calls.get(derived.name, []):
                    if Fact("user", node=derived) in self.facts(call.func, where) and cls in self.lineage(derived):
                        yield call, where
            return
        for call, where in self.calls.get(function.name, []):
            if any(fact.node is function for fact in self.facts(call.func, where)):
                yield call, where

    def _called(self, node: ast.Call, scope: Scope) -> Facts:
        name = bare(node.func)
        if name == "getattr" and len(node.args) >= 2:
            return self._looked_up(node, scope)
        if name in TRANSPARENT and node.args:
            return self.facts(node.args[0], scope)
        if name in RECEIVING and isinstance(node.func, ast.Attribute):
            value = self.facts(node.func.value, scope)
            return items(value, True) if name in ("get", "pop") else value
        found: Facts = NOTHING
        for fact in self.facts(node.func, scope):
            if fact.what == "class":
                found |= {Fact("layer", fact.kind, guess=fact.guess)}
            elif fact.what == "user" and isinstance(fact.node, ast.ClassDef):
                found |= {Fact("instance", node=fact.node)}
            elif isinstance(fact.node, ast.FunctionDef):
                found |= self._returned(fact.node)
        return found

    def _looked_up(self, node: ast.Call, scope: Scope) -> Facts:
        """`getattr(nn, kind)` and `getattr(self, name)`."""
        owner, name = node.args[0], constant(node.args[1])
        if dotted(owner).rpartition(".")[2] != "nn":
            cls = self.class_of_self(owner, scope)
            found = self._member_facts(cls, name or "*") if cls else NOTHING
            return found if name else items(found)
        if name:
            return frozenset({Fact("class", name)}) if name in KINDS | CELLS else NOTHING
        telling = node in self.telling or TELLING.search(ast.unparse(node.args[1]))
        return frozenset(Fact("class", kind, guess=True) for kind in KINDS) if telling else NOTHING

    def _returned(self, function: ast.FunctionDef) -> Facts:
        scope = self.scopes[function]
        returns = [n for n in ast.walk(function) if isinstance(n, ast.Return) and self.inside[n] is scope]
        return union(self.facts(statement.value, scope) for statement in returns)


def union(facts: Iterator[Facts]) -> Facts:
    """All of several facts."""
    return frozenset().union(*facts)


def held(items: Iterable[Facts]) -> Facts:
    """What a list or table of such values is: items that are none of these things count as "others"."""
    plural = {"class": "classes", "layer": "layers", "other": "others"}
    facts = union(item or frozenset({Fact("other")}) for item in items)
    return frozenset(Fact(plural[f.what], f.kind, f.node, f.guess) for f in facts if f.what in plural)


def items(facts: Facts, guess: bool = False) -> Facts:
    """What an item of such a value is; `guess` where which item is not known."""
    singular = {"classes": "class", "layers": "layer", "others": "other"}
    return frozenset(Fact(singular[f.what], f.kind, f.node, f.guess or guess) for f in facts if f.what in singular)
