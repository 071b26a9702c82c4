"""The places to count in a file: constructions, calls, and uses of what the calls give (see recurrent_scan.py)."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from sources.ast_names import bare, dotted
from sources.recurrent_scan import CELLS, Facts, File, Scope

RESHAPING = frozenset(
    "view reshape permute transpose squeeze unsqueeze flatten narrow select index_select swapaxes movedim t".split()
)
#: what gives back the tensor, or result, that it is given
PASSING = frozenset({"contiguous", "clone", "detach", "to", "float", "cuda", "cpu"})
Place = tuple[int, int, int, int]
OTHER = "other"  #: what a call may call that is no layer of torch


@dataclass(frozen=True, slots=True)
class Construction:
    """The kinds that a construction may make; `guess` where the class is looked up by an unknown name."""

    kinds: frozenset[str]
    guess: bool

    @property
    def is_cell(self) -> bool:
        """Whether it makes cells."""
        return self.kinds <= CELLS


@dataclass
class Places:
    """What the scan of one file found: places are (line, column, end line, end column) in code points."""

    constructions: dict[Place, Construction] = field(default_factory=dict)
    calls: set[Place] = field(default_factory=set)
    mixed_calls: set[Place] = field(default_factory=set)  #: of a layer, or of a cell or a module of the file
    cell_calls: set[Place] = field(default_factory=set)
    uses: set[Place] = field(default_factory=set)


def scan(text: str) -> Places:
    """Count in one file. Raises SyntaxError."""
    file = File(text)
    places, lines = Places(), text.split("\n")
    for call, scope in [pair for calls in file.calls.values() for pair in calls]:
        place = place_of(call, lines)
        built = _built(file, call, scope)
        if built:
            kinds = frozenset(fact.kind for fact in built)
            places.constructions[place] = Construction(kinds, any(fact.guess for fact in built))
        called = _called(file, call, scope)
        if called and called <= CELLS:
            places.cell_calls.add(place)
        elif called:
            (places.mixed_calls if called & (CELLS | {OTHER}) else places.calls).add(place)
    for node, scope in file.scopes.items():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            flow = _Flow(file, scope, lines)
            flow.block(node.body)
            places.uses |= flow.uses
    return places


def _built(file: File, call: ast.Call, scope: Scope) -> Facts:
    """The recurrent classes that a call constructs; a class derived from one does it by `super().__init__`."""
    cls = _super_of(file, call, "__init__", scope)
    if cls is not None:
        return file.recurrent_bases(cls)
    facts = file.facts(call.func, scope)
    found = frozenset(fact for fact in facts if fact.what == "class")
    for fact in facts:
        if fact.what == "user" and isinstance(fact.node, ast.ClassDef) and not _defines(file, fact.node, "__init__"):
            found |= file.recurrent_bases(fact.node)
    return found


def _called(file: File, call: ast.Call, scope: Scope) -> frozenset[str]:
    """The kinds of layer that a call may call, with OTHER where it may be a module of the file as well."""
    cls = _super_of(file, call, "forward", scope)
    if cls is not None:
        return frozenset(fact.kind for fact in file.recurrent_bases(cls))
    is_forward = isinstance(call.func, ast.Attribute) and call.func.attr == "forward"
    facts = file.facts(call.func.value if is_forward and isinstance(call.func, ast.Attribute) else call.func, scope)
    kinds = {OTHER if fact.what == "other" else fact.kind for fact in facts if fact.what in ("layer", "other")}
    for fact in facts:
        if fact.what == "instance" and isinstance(fact.node, ast.ClassDef):
            bases = {base.kind for base in file.recurrent_bases(fact.node)}
            kinds |= {OTHER} if _defines(file, fact.node, "forward") else bases
    return frozenset() if kinds <= {OTHER} else frozenset(kinds)


def _defines(file: File, cls: ast.ClassDef, name: str) -> bool:
    return any(name in file.scopes[c].names for c in file.lineage(cls))


def _super_of(file: File, call: ast.Call, name: str, scope: Scope) -> ast.ClassDef | None:
    """The class in which a call is `super().name(...)`, or `nn.LSTM.name(self, ...)`, of a class of torch."""
    function = call.func
    outer = scope.parent.node if scope.parent else None
    if not (isinstance(function, ast.Attribute) and function.attr == name and isinstance(outer, ast.ClassDef)):
        return None
    if any(fact.what == "class" for fact in file.facts(function.value, scope)):
        return outer
    if not isinstance(function.value, ast.Call) or bare(function.value.func) != "super":
        return None
    return None if any(name in file.scopes[c].names for c in file.lineage(outer)[1:]) else outer


# uses, in the order of the statements


class _Flow:
    """The names that hold a result, output or state while the statements of one function are read in order.

    A value is the name of what it is: "pair" (what a layer returns; "lstm-pair" and "any-pair" where it is, or may be,
    an LSTM), "output", "state" (a tensor), "states" (two), "any-state" (a tensor or two), "tensor", "padded" (what
    pad_packed_sequence returns).
    """

    PARTS = {"pair": ("output", "state"), "lstm-pair": ("output", "states"), "any-pair": ("output", "any-state"),
             "padded": ("output", ""), "states": ("tensor", "tensor"), "any-state": ("tensor", "tensor")}  # fmt: skip

    def __init__(self, file: File, scope: Scope, lines: list[str]) -> None:
        self.file, self.scope, self.lines = file, scope, lines
        self.names: dict[str, str] = {}
        self.uses: set[Place] = set()

    def block(self, body: list[ast.stmt]) -> None:
        """Read statements in order; each branch of an `if` starts from what holds in front of it."""
        for statement in body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            for part in ast.iter_child_nodes(statement):
                if isinstance(part, ast.expr):
                    self._read(part)
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    self._bind(target, self._value(statement.value))
            before, after = self.names, self.names if not isinstance(statement, ast.If) else {}
            for branch in _branches(statement):
                self.names = dict(before)
                self.block(branch)
                after = {**after, **self.names}
            self.names = after

    def _bind(self, target: ast.expr, value: str) -> None:
        if isinstance(target, ast.Name):
            self.names.pop(target.id, None)
            if value:
                self.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = self.PARTS.get(value, ())
            for i, one in enumerate(target.elts):
                self._bind(one, parts[i] if len(parts) == len(target.elts) else "")

    def _read(self, expression: ast.expr) -> None:
        """Note the uses inside an expression."""
        for node in ast.walk(expression):
            if isinstance(node, ast.expr) and self._operand(node) in ("output", "state", "tensor"):
                self.uses.add(place_of(node, self.lines))

    def _operand(self, node: ast.expr) -> str:
        """What is indexed or reshaped here; empty for any other expression."""
        if isinstance(node, ast.Subscript):
            return self._value(node.value) if isinstance(node.ctx, ast.Load) else ""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return ""
        if node.func.attr not in RESHAPING:
            return ""
        if dotted(node.func.value) == "torch":
            return self._value(node.args[0]) if node.args else ""
        return self._value(node.func.value)

    def _value(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Subscript):
            return self._item(self._value(node.value), node.slice)
        if not isinstance(node, ast.Call):
            return ""
        kinds = _called(self.file, node, self.scope)
        if kinds and not kinds <= CELLS:
            return "lstm-pair" if kinds == {"LSTM"} else "any-pair" if "LSTM" in kinds else "pair"
        name = bare(node.func)
        if name == "pad_packed_sequence" and node.args:
            return "padded" if self._value(node.args[0]) == "output" else ""
        if isinstance(node.func, ast.Attribute) and name in PASSING:
            return self._value(node.func.value)
        return "tensor" if self._operand(node) in ("output", "state", "tensor") else ""

    def _item(self, value: str, index: ast.expr) -> str:
        if value in ("output", "state", "tensor"):
            return "tensor"
        parts = self.PARTS.get(value, ())
        negative = isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub)
        number = index.operand if negative and isinstance(index, ast.UnaryOp) else index
        if not parts or not isinstance(number, ast.Constant) or not isinstance(number.value, int):
            return ""
        position = -number.value if negative else number.value
        return parts[position] if -len(parts) <= position < len(parts) else ""


def _branches(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks inside a statement; an `if` without `else` has an empty one."""
    if isinstance(statement, ast.If):
        return [statement.body, statement.orelse]
    blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    return [block for block in (*blocks, *(h.body for h in getattr(statement, "handlers", []))) if block]


def place_of(node: ast.expr, lines: list[str]) -> Place:
    """Where an expression stands, in code points."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    columns = [len(lines[line - 1].encode()[:offset].decode(errors="ignore")) for line, offset in (start, end)]
    return node.lineno, columns[0], node.end_lineno, columns[1]
