"""How much of real code around recurrent layers the interpreter understands.

usage: python benchmarks/coverage.py DIRECTORY [--json] [--jobs N]

What there is to understand is counted by an independent scan with the standard `ast` module; what was understood is
read off the interpreter's traces by position. Text, or JSON with --json.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from shapelint.infer.analyse import analyse
from shapelint.infer.trace import Node, Trace
from shapelint.ops.rnn import RECURRENT
from shapelint.prefilter import may_hold_recurrent
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Layer, Packed, Tensor, Tuple, Unknown, Value
from shapelint.source import Problem, decode_source
from shapelint.syntax.parse import parse

KINDS = ("LSTM", "GRU", "RNN")
RESHAPING = ("view", "reshape", "permute", "transpose", "squeeze", "unsqueeze", "flatten", "contiguous")
Place = tuple[int, int]


@dataclass
class Scan:
    """What the ast scan of one file found, by (line, column) of the expression."""

    constructions: set[Place] = field(default_factory=set)
    calls: set[Place] = field(default_factory=set)
    uses: set[Place] = field(default_factory=set)


@dataclass
class Counts:
    """What was counted in one file: how many there are, and how many were understood."""

    numbers: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


# the scan: standard ast only


def scan(text: str) -> Scan:
    """Constructions of torch's recurrent layers, calls of what holds them, and uses of what the calls give."""
    tree = ast.parse(text)
    names = _torch_names(tree)
    found = Scan()
    for node in ast.walk(tree):
        if _is_construction(node, names):
            found.constructions.add(_place(node))
    for scope in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        _scan_scope(scope, names, found, "self.")
    _scan_scope(tree, names, found, "")
    return found


def _torch_names(tree: ast.AST) -> dict[str, str]:
    """Local names of torch modules and classes, from the import statements."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "torch":
                    names[alias.asname or "torch"] = alias.name if alias.asname else "torch"
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "torch":
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _is_construction(node: ast.AST, names: dict[str, str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    head, _, rest = _dotted(node.func).partition(".")
    path = f"{names.get(head, '?')}.{rest}".rstrip(".")
    return path.startswith("torch.nn.") and path.rpartition(".")[2] in KINDS


def _dotted(node: ast.AST) -> str:
    """`self.rnn` as text; empty for what is no dotted name."""
    if isinstance(node, ast.Name):
        return node.id
    base = _dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{base}.{node.attr}" if base and isinstance(node, ast.Attribute) else ""


def _scan_scope(scope: ast.AST, names: dict[str, str], found: Scan, prefix: str) -> None:
    """Calls of attributes (in a class) or names (in a module) that were given a construction there."""
    holders: set[str] = set()
    for node in ast.walk(scope):
        if not isinstance(node, ast.Assign) or isinstance(node.value, ast.List | ast.ListComp | ast.Dict):
            continue
        if any(_is_construction(inner, names) for inner in ast.walk(node.value)):
            holders |= {_dotted(target) for target in node.targets} - {""}
    wanted = {holder for holder in holders if holder.startswith(prefix) and (prefix or "." not in holder)}
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and _dotted(node.func) in wanted:
            found.calls.add(_place(node))
    if wanted:
        for function in (node for node in ast.walk(scope) if isinstance(node, ast.FunctionDef | ast.Module)):
            _scan_uses(function, wanted, found)


def _scan_uses(function: ast.AST, holders: set[str], found: Scan) -> None:
    """Subscripts and reshapings of the names that a call's result was unpacked to, before they are bound again."""
    live: set[str] = set()
    for statement in _statements(function):
        for node in ast.walk(statement) if live else ():
            base = node.value if isinstance(node, ast.Subscript | ast.Attribute) else None
            if not isinstance(base, ast.Name) or base.id not in live:
                continue
            if isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in RESHAPING):
                found.uses.add(_place(node))
        if isinstance(statement, ast.Assign):
            bound = {n.id for target in statement.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            live -= bound
            value = statement.value
            if isinstance(value, ast.Call) and _dotted(value.func) in holders:
                live |= bound - {"_", "self"}


def _statements(function: ast.AST) -> Iterator[ast.stmt]:
    """The simple statements of a function's own body, in order of lines."""
    simple = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)
    inside = [node for node in ast.walk(function) if isinstance(node, simple)]
    return iter(sorted(inside, key=lambda node: node.lineno))


def _place(node: ast.AST) -> Place:
    assert isinstance(node, ast.expr)
    return node.lineno, node.col_offset


# the comparison with the interpreter's traces


def count_file(path: str) -> Counts:
    """Compare the scan of one file with what the interpreter understood of it."""
    counts = Counts()
    source = decode_source(path, Path(path).read_bytes())
    if isinstance(source, Problem):
        return counts
    try:
        scanned = scan(source.text)
    except SyntaxError:
        return counts
    module = parse(source)
    if isinstance(module, Problem):
        counts.failures.append(f"{path}: {module.message}")
        return counts
    traces = analyse(module, source)
    nodes = [node for trace in traces for node in trace.nodes if node.path == path]
    _count_constructions(counts, scanned, nodes)
    _count_calls(counts, scanned, nodes, traces)
    _count_uses(counts, scanned, nodes)
    return counts


def _count_constructions(counts: Counts, scanned: Scan, nodes: list[Node]) -> None:
    built = {_at(node): node.result for node in nodes if node.op in RECURRENT and isinstance(node.result, Layer)}
    counts.numbers["constructions"] += len(scanned.constructions)
    counts.numbers["constructions found"] += len(scanned.constructions & built.keys())
    for place in scanned.constructions & built.keys():
        layer = built[place]
        assert isinstance(layer, Layer)
        counts.numbers["kind known"] += 1
        for option in ("batch_first", "bidirectional", "num_layers"):
            counts.numbers[f"{option} known"] += not isinstance(layer.config.get(option), Unknown)


def _count_calls(counts: Counts, scanned: Scan, nodes: list[Node], traces: list[Trace]) -> None:
    called: dict[Place, list[Node]] = {}
    for node in nodes:
        if node.op.endswith(".forward") and node.op.removesuffix(".forward") in RECURRENT:
            called.setdefault(_at(node), []).append(node)
    linked = scanned.calls & called.keys()
    counts.numbers["calls"] += len(scanned.calls)
    counts.numbers["calls linked"] += len(linked)
    for place in linked:
        results = [node.result for node in called[place]]
        counts.numbers["input layout known"] += any(_layout_known(node) for node in called[place])
        counts.numbers["output roles known"] += any(_roles_known(result) for result in results)
        counts.numbers["output feature size known"] += any(_roles_known(result) for result in results)
        if not any(_roles_known(result) for result in results):
            counts.reasons.update({_reason(result) for result in results})
    counts.reasons["the call is not reached, or what is called is unknown"] += len(scanned.calls - linked)


def _layout_known(node: Node) -> bool:
    value = node.args[1] if len(node.args) > 1 else node.kwargs.get("input")
    return isinstance(value, Tensor | Packed)


def _roles_known(result: Value) -> bool:
    output = result.items[0] if isinstance(result, Tuple) else None
    if isinstance(output, Packed):
        return True
    return isinstance(output, Tensor) and any(axis.role is Role.TIME for axis in output.axes)


def _reason(result: Value) -> str:
    return result.reason if isinstance(result, Unknown) else "another result"


def _count_uses(counts: Counts, scanned: Scan, nodes: list[Node]) -> None:
    """A use is known when a node reads a tensor there; a method's node begins where its receiver begins."""
    known = {_at(node) for node in nodes if node.error is None and not isinstance(node.result, Unknown)}
    counts.numbers["uses"] += len(scanned.uses)
    counts.numbers["uses known"] += len(scanned.uses & known)


def _at(node: Node) -> Place:
    return node.span.line, node.span.column


# the report

RATES = (
    ("constructions found", "constructions"),
    ("kind known", "constructions found"),
    ("batch_first known", "constructions found"),
    ("bidirectional known", "constructions found"),
    ("num_layers known", "constructions found"),
    ("calls linked", "calls"),
    ("input layout known", "calls linked"),
    ("output roles known", "calls linked"),
    ("output feature size known", "calls linked"),
    ("uses known", "uses"),
)


def main() -> int:
    """Count over a directory and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    files = [str(path) for path in sorted(options.directory.rglob("*.py")) if may_hold_recurrent(path.read_bytes())]
    total = Counts()
    with ProcessPoolExecutor(options.jobs) as pool:
        for counts in pool.map(count_file, files, chunksize=4):
            total.numbers.update(counts.numbers)
            total.reasons.update(counts.reasons)
            total.failures.extend(counts.failures)
    print(_as_json(files, total) if options.json else _as_text(files, total))
    return 0


def _as_json(files: list[str], total: Counts) -> str:
    reasons = [{"reason": reason, "count": count} for reason, count in total.reasons.most_common(20)]
    return json.dumps({"files": len(files), **total.numbers, "reasons": reasons, "failures": total.failures}, indent=2)


def _as_text(files: list[str], total: Counts) -> str:
    lines = [f"{len(files)} files with recurrent layers, {len(total.failures)} given up"]
    for part, whole in RATES:
        have, of = total.numbers[part], total.numbers[whole]
        lines.append(f"{part:28} {have:5} of {of:5}  {100 * have / of if of else 100:5.1f} %")
    lines.append("most frequent reasons:")
    lines.extend(f"{count:6}  {reason}" for reason, count in total.reasons.most_common(20))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
