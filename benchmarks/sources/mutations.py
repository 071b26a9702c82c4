"""Semantic mutations of recurrent models: each changes one thing that a person gets wrong."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sources.ast_names import bare

RECURRENT = ("LSTM", "GRU", "RNN")
NEW = ("zeros", "new_zeros", "randn")
REDUCE = ("mean", "sum", "max", "softmax", "log_softmax", "argmax")


@dataclass(frozen=True)
class Mutation:
    """One change: between two offsets of a text stands something else."""

    kind: str
    start: int
    end: int
    text: str

    def of(self, whole: str) -> str:
        """The mutated text."""
        return whole[: self.start] + self.text + whole[self.end :]


@dataclass(frozen=True)
class Model:
    """A text, its tree, and where its lines begin."""

    text: str
    tree: ast.Module
    begins: tuple[int, ...]

    @staticmethod
    def of(text: str) -> Model:
        """A parsed text; all of it is ASCII, so that columns are offsets."""
        begins = [0]
        for line in text.splitlines(keepends=True):
            begins.append(begins[-1] + len(line))
        return Model(text, ast.parse(text), tuple(begins))

    def span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """Where a node stands."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.begins[node.lineno - 1] + node.col_offset, self.begins[node.end_lineno - 1] + node.end_col_offset

    def source(self, node: ast.expr) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def replaced(self, kind: str, node: ast.expr | ast.keyword, text: str) -> Mutation:
        """Another text in place of a node."""
        return Mutation(kind, *self.span(node), text)

    def calls(self) -> Iterator[ast.Call]:
        """All calls, in order."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


Mutator = Callable[[Model], Iterator[Mutation]]


def flags(model: Model) -> Iterator[Mutation]:
    """Drop or add batch_first and bidirectional."""
    for call in model.calls():
        name = bare(call.func)
        given = {keyword.arg: keyword for keyword in call.keywords}
        end = model.span(call)[1] - 1
        for flag in ("batch_first", "bidirectional") if name in RECURRENT else ():
            if flag in given:
                yield model.replaced(f"drop {flag}", given[flag], f"{flag}=False")
            elif call.args:
                yield Mutation(f"add {flag}", end, end, f", {flag}=True")
        if "batch_first" in given and (name.endswith("_sequence") or name == "MultiheadAttention"):
            what = "attention" if name == "MultiheadAttention" else "packing"
            yield model.replaced(f"flip batch_first of {what}", given["batch_first"], "batch_first=False")
        elif name in ("pack_padded_sequence", "pad_packed_sequence"):
            yield Mutation("flip batch_first of packing", end, end, ", batch_first=True")


def sizes(model: Model) -> Iterator[Mutation]:
    """The 2 of two directions, and the sizes of Linear layers."""
    for node in ast.walk(model.tree):
        two = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.Constant)
        if isinstance(node, ast.BinOp) and two and model.source(node.left) == "2":
            yield model.replaced("x2 dropped", node, model.source(node.right))
        if isinstance(node, ast.Call) and bare(node.func) == "Linear" and node.args:
            first = model.source(node.args[0])
            yield model.replaced("Linear twice as wide", node.args[0], f"2 * ({first})")
            yield model.replaced("Linear one wider", node.args[0], f"{first} + 1")


def states(model: Model) -> Iterator[Mutation]:
    """The axes and the layers of initial states, pairs and tensors."""
    for call in model.calls():
        if bare(call.func) in NEW and len(call.args) == 3:
            first, second, third = map(model.source, call.args)
            whole = model.span(call.args[0])[0], model.span(call.args[2])[1]
            yield Mutation("h0 axes exchanged", *whole, f"{second}, {first}, {third}")
            yield model.replaced("h0 has a layer more", call.args[0], f"{first} + 1")
        pair = call.args[1] if len(call.args) == 2 else None
        if isinstance(pair, ast.Tuple) and len(pair.elts) == 2 and "cell" not in model.source(call.func):
            yield model.replaced("pair to tensor", pair, model.source(pair.elts[0]))
            yield model.replaced("pair exchanged", pair, f"({', '.join(map(model.source, reversed(pair.elts)))})")


def results(model: Model) -> Iterator[Mutation]:
    """What a module gives, under other names."""
    for node in ast.walk(model.tree):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            continue
        first, second = target.elts
        if not isinstance(node.value, ast.Call) or not model.source(node.value.func).startswith("self."):
            continue
        if isinstance(second, ast.Tuple) and len(second.elts) == 2:
            h, c = map(model.source, second.elts)
            yield model.replaced("c for h", second, f"({c}, {h})")
        elif isinstance(second, ast.Name):
            yield model.replaced("GRU as pair", second, f"({second.id}, _)")
        yield Mutation("output for state", *model.span(target), f"{model.source(second)}, {model.source(first)}")


def entries(model: Model) -> Iterator[Mutation]:
    """Which entry of which axis is taken."""
    for node in ast.walk(model.tree):
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
            continue
        index = model.source(node.slice)
        others = {":, -1": ["-1", ":, 0"], "-1": [":, -1", "0"], ":, 0": ["0"], "0": [":, 0"]}
        for other in others.get(index.replace("(", "").replace(")", ""), []):
            yield model.replaced(f"[{index}] to [{other}]", node.slice, other)


def axes(model: Model) -> Iterator[Mutation]:
    """Exchanges that are left away or done by a view, and other axes to join, reduce and normalise along."""
    for call in model.calls():
        name = bare(call.func)
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if name in ("transpose", "permute") and receiver is not None and bare(receiver) != "torch":
            base = model.source(receiver)
            yield model.replaced("exchange dropped", call, base)
            if name == "transpose" and len(call.args) == 2 and model.source(call.args[0]) in ("0", "1"):
                order = (
                    [2, 1, 0] if "0, 2" in model.source(call) else [1, 0, 2] if "0" in model.source(call) else [0, 2, 1]
                )
                shape = ", ".join(f"{base}.size({axis})" for axis in order)
                yield model.replaced("exchange by view", call, f"{base}.reshape({shape})")
        for axis in _axes_of(call):
            value = ast.literal_eval(axis)
            for other in sorted({0, 1, 2} - {value % 3 if value >= 0 else 2}):
                what = "join" if name in ("cat", "stack") else "reduce" if name in REDUCE else ""
                if what:
                    yield model.replaced(f"{what} along another axis", axis, str(other))


def _axes_of(call: ast.Call) -> list[ast.expr]:
    """The axis that a call is given by its name, or as its last argument."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "dim"]
    found = named or call.args[-1:]
    return [one for one in found if model_number(one)]


def model_number(node: ast.expr) -> bool:
    """Whether a node is a whole number, or minus one."""
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    return isinstance(inner, ast.Constant) and type(inner.value) is int


def joined(model: Model) -> Iterator[Mutation]:
    """`cat((h[-2], h[-1]), dim=1)` by a view."""
    for call in model.calls():
        parts = call.args[0] if call.args and bare(call.func) == "cat" else None
        if not isinstance(parts, ast.Tuple | ast.List) or len(parts.elts) != 2:
            continue
        bases = {model.source(one.value) for one in parts.elts if isinstance(one, ast.Subscript)}
        if len(bases) == 1 and all(isinstance(one, ast.Subscript) for one in parts.elts):
            base = bases.pop()
            yield model.replaced("directions joined by view", call, f"{base}.reshape({base}.size(1), -1)")


MUTATORS: tuple[Mutator, ...] = (flags, sizes, states, results, entries, axes, joined)


def mutations(text: str) -> list[Mutation]:
    """All mutations of a text that parse and change it, in order."""
    model = Model.of(text)
    found = {one: None for mutator in MUTATORS for one in mutator(model)}
    return sorted(
        (one for one in found if one.of(text) != text and _parses(one.of(text))),
        key=lambda m: (m.start, m.kind, m.text),
    )


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
