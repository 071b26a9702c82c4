"""How much of real code around recurrent layers the interpreter understands.

usage: python benchmarks/coverage.py DIRECTORY [--json] [--missed] [--operations] [--jobs N]

What there is to understand is counted by an independent scan with the standard `ast` module (recurrent_scan.py); what
was understood is read off the interpreter's traces by position. Text, or JSON with --json. --missed lists each place
that is not understood, with the reason. --operations counts the calls of torch by name instead (operation_calls.py).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sources import operation_calls
from sources.recurrent_places import Construction, Place, Places, scan

from shapelint.infer.analyse import analyse
from shapelint.infer.code import calls, expressions
from shapelint.infer.protocol import Site
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Method
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.ops.registry import LAYERS
from shapelint.prefilter import may_use_torch
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import External, Layer, Packed, Tensor, Tuple, Unknown, Value
from shapelint.source import Problem, decode_source
from shapelint.syntax.facts import Expression, Subscript
from shapelint.syntax.parse import parse
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

OPTIONS = ("batch_first", "bidirectional", "num_layers")


@dataclass
class Counts:
    """What was counted: how many there are, how many were understood, and what was not (place, what, reason)."""

    numbers: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Understood:
    """What the interpreter's traces hold of one file, by place."""

    built: dict[Place, list[Node]] = field(default_factory=dict)
    called: dict[Place, list[Node]] = field(default_factory=dict)
    reasons: dict[Place, str] = field(default_factory=dict)


def count_file(path: str) -> Counts:
    """Compare the scan of one file with what the interpreter understood of it."""
    counts = Counts()
    source = decode_source(path, Path(path).read_bytes())
    if isinstance(source, Problem):
        return counts
    try:
        places = scan(source.text)
    except SyntaxError:
        return counts
    known: set[Place] = set()
    try:
        module = parse(source)
        with _operands(path, known):
            traces = analyse(module, source) if not isinstance(module, Problem) else []
    except Exception as error:
        counts.failures.append(f"{path}: {type(error).__name__}: {error}")
        return counts
    if isinstance(module, Problem):
        counts.failures.append(f"{path}: {module.message}")
    understood = _understood(path, traces)
    _count_constructions(counts, places, understood, path)
    _count_calls(counts, places, understood, path)
    _count_uses(counts, places, known, path)
    return counts


def _understood(path: str, traces: list[Trace]) -> Understood:
    found = Understood()
    for trace in traces:
        for node in trace.nodes:
            if node.path != path:
                continue
            if isinstance(node.result, Unknown):
                found.reasons[_at(node)] = node.result.reason
            if node.op in RECURRENT | CELLS and isinstance(node.result, Layer):
                found.built.setdefault(_at(node), []).append(node)
            if node.op.removesuffix(".forward") in RECURRENT | CELLS and node.op.endswith(".forward"):
                found.called.setdefault(_at(node), []).append(node)
    return found


def _at(node: Node | Expression) -> Place:
    span = node.span
    return span.line, span.column, span.end_line, span.end_column


def _miss(counts: Counts, path: str, place: Place, what: str, reason: str) -> None:
    counts.missed.append((f"{path}:{place[0]}:{place[1] + 1}", what, reason))


def _count_constructions(counts: Counts, places: Places, understood: Understood, path: str) -> None:
    for place, construction in places.constructions.items():
        name = "cells" if construction.is_cell else "constructions"
        nodes = understood.built.get(place, [])
        counts.numbers[name] += 1
        counts.numbers[f"{name} found"] += bool(nodes)
        if not nodes:
            reason = understood.reasons.get(place, "not reached, or what is called is unknown")
            _miss(counts, path, place, "construction", reason)
        elif not construction.is_cell:
            _count_settings(counts, construction, nodes, place, path)


def _count_settings(counts: Counts, expected: Construction, nodes: list[Node], place: Place, path: str) -> None:
    kinds = {node.op.rpartition(".")[2] for node in nodes}
    known = kinds == expected.kinds or (expected.guess and kinds <= expected.kinds)
    counts.numbers["kind known"] += known
    if not known:
        _miss(counts, path, place, "kind", f"{sorted(kinds)} of {sorted(expected.kinds)}")
    for option in OPTIONS:
        told = any(_option_known(node, option) for node in nodes)
        counts.numbers[f"{option} known"] += told
        if not told:
            _miss(counts, path, place, option, "the argument is an expression that is not understood")


def _option_known(node: Node, option: str) -> bool:
    """Whether an argument is a value, or a parameter that stands for one; a key with `@` is not understood."""
    names = [name for name in LAYERS[node.op].build.signature.parameters if name != "assume"]
    given = {**dict(zip(names, node.args, strict=False)), **node.kwargs}.get(option)
    return not (isinstance(given, Unknown) and "@" in given.key)


def _count_calls(counts: Counts, places: Places, understood: Understood, path: str) -> None:
    for name, others in (("cell calls", places.cell_calls), ("mixed calls", places.mixed_calls)):
        counts.numbers[name] += len(others)
        counts.numbers[f"{name} linked"] += len(others & understood.called.keys())
    for place in places.calls:
        nodes = understood.called.get(place, [])
        counts.numbers["calls"] += 1
        counts.numbers["calls linked"] += bool(nodes)
        if not nodes:
            reason = understood.reasons.get(place, "not reached, what is called is unknown, or its input is")
            _miss(counts, path, place, "call", reason)
            continue
        for name, test in (
            ("input layout known", _layout_known), ("output roles known", _roles_known),
            ("output feature size known", _features_known),
        ):  # fmt: skip
            told = any(test(node) for node in nodes)
            counts.numbers[name] += told
            if not told:
                _miss(counts, path, place, name.removesuffix(" known"), _reason(nodes[-1].result))


def _layout_known(node: Node) -> bool:
    value = node.args[1] if len(node.args) > 1 else node.kwargs.get("input")
    return isinstance(value, Tensor | Packed)


def _output(node: Node) -> Value | None:
    return node.result.items[0] if isinstance(node.result, Tuple) else None


def _roles_known(node: Node) -> bool:
    output = _output(node)
    if isinstance(output, Packed):
        return True
    return isinstance(output, Tensor) and any(axis.role is Role.TIME for axis in output.axes)


def _features_known(node: Node) -> bool:
    output = _output(node)
    axes: tuple[Axis, ...] = ()
    if isinstance(output, Packed):
        axes = output.features
    elif isinstance(output, Tensor):
        axes = output.axes
    return bool(axes) and _is_told(axes[-1].dim)


def _is_told(size: Dim) -> bool:
    """Whether a size is a number, or made of names that the code has; a symbol with `@` stands for an expression."""
    return not any("@" in symbol for symbol in size.symbols)


def _reason(result: Value) -> str:
    return result.reason if isinstance(result, Unknown) else "an expression that is not understood"


def _count_uses(counts: Counts, places: Places, known: set[Place], path: str) -> None:
    for place in places.uses:
        counts.numbers["uses"] += 1
        counts.numbers["uses known"] += place in known
        if place not in known:
            _miss(counts, path, place, "use", "not reached, or of something unknown")


@contextmanager
def _operands(path: str, known: set[Place]) -> Iterator[None]:
    """Listen to the interpreter: where it indexes a tensor, calls a method of one, or gives one to a function."""
    kept = expressions.item_of, calls.call_value

    def note(run: Run, operand: Value, node: Expression) -> None:
        if isinstance(operand, Tensor | Packed) and run.recorder.path == path:
            known.add(_at(node))

    def item_of(run: Run, base: Value, index: Value, node: Subscript) -> Value:
        note(run, base, node)
        return kept[0](run, base, index, node)

    def call_value(run: Run, function: Value, site: Site) -> Value:
        operands = (function.receiver,) if isinstance(function, Method) else site.args[:1]
        if operands and isinstance(function, Method | External):
            note(run, operands[0], site.node)
        return kept[1](run, function, site)

    expressions.item_of, calls.call_value = item_of, call_value
    try:
        yield
    finally:
        expressions.item_of, calls.call_value = kept


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
    ("cells found", "cells"),
    ("cell calls linked", "cell calls"),
    ("mixed calls linked", "mixed calls"),
)


def main() -> int:
    """Count over a directory and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--missed", action="store_true", help="list the places that are not understood")
    parser.add_argument("--operations", action="store_true", help="count the calls of torch by name, and those known")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.operations:
        print(operation_calls.report(options.directory))
        return 0
    files = [str(path) for path in sorted(options.directory.rglob("*.py")) if may_use_torch(path.read_bytes())]
    total = Counts()
    with ProcessPoolExecutor(options.jobs) as pool:
        for counts in pool.map(count_file, files, chunksize=4):
            total.numbers.update(counts.numbers)
            total.missed.extend(counts.missed)
            total.failures.extend(counts.failures)
    print(_as_json(files, total) if options.json else _as_text(files, total, options.missed))
    return 0


def _reasons(total: Counts) -> list[tuple[str, int]]:
    return Counter(f"{what}: {reason}" for _, what, reason in total.missed).most_common(20)


def _as_json(files: list[str], total: Counts) -> str:
    reasons = [{"reason": reason, "count": count} for reason, count in _reasons(total)]
    missed = [{"place": place, "what": what, "reason": reason} for place, what, reason in sorted(total.missed)]
    return json.dumps(
        {
            "files": len(files),
            **{key: total.numbers[key] for pair in RATES for key in pair[::-1]},
            "reasons": reasons,
            "missed": missed,
            "failures": total.failures,
        },
        indent=2,
    )


def _as_text(files: list[str], total: Counts, with_missed: bool) -> str:
    lines = [f"{len(files)} files that may hold recurrent layers, {len(total.failures)} given up"]
    for part, whole in RATES:
        have, of = total.numbers[part], total.numbers[whole]
        lines.append(f"{part:28} {have:5} of {of:5}  {100 * have / of if of else 100:5.1f} %")
    lines.append("most frequent reasons:")
    lines.extend(f"{count:6}  {reason}" for reason, count in _reasons(total))
    if with_missed:
        lines.extend(f"{place}: {what}: {reason}" for place, what, reason in sorted(total.missed))
    return "\n".join([*lines, *total.failures])


if __name__ == "__main__":
    sys.exit(main())
