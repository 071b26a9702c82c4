"""What counts as a fault of the tool: an error of its own, a hang, a word that torch contradicts."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import oracle

from fuzzing.executed import Execution, execute
from shapelint.finding import Confidence, Severity, Status
from shapelint.pipeline.check import FileCheck, Wanted, analyse_source, check_bytes
from shapelint.pipeline.verdicts import proven
from shapelint.report.shapes.rows import rows_of
from shapelint.rules.base import RULES, load
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dtype, Int, List, Packed, Tensor, Tuple, Value
from shapelint.source import Problem, Source, decode_source
from shapelint.trace.events import Binding
from shapelint.trace.node import INPUT
from shapelint.trace.trace import Trace
from shapelint.verify.client import Verifier

load()
EVERYTHING = Wanted(frozenset(RULES), Confidence.LOW)
SCRIPT = "module"
INTENT = ("SHP121", "SHP405", "SHP515")  #: which axis is meant: a program may run by chance of its sizes
#: what is no shape: an item that a tuple of sizes lacks, and strides
UNSEEN = ("IndexError: tuple index out of range", "RuntimeError: view size is not compatible with input tensor's")
_INPUT_SIZE = re.compile(r"(\w+)\.size\((\d+)\)")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault; two with the same `kind` are taken for the same."""

    kind: str
    told: str


class Hang(BaseException):
    """The time of an input is up."""


def _ring(signum: int, frame: FrameType | None) -> None:
    raise Hang


def timed(seconds: float, path: str, raw: bytes) -> Fault | FileCheck:
    """Check a text as a run does; a fault when it fails or takes longer."""
    signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        check = check_bytes(path, raw, EVERYTHING)
        rows_of(_traces(path, raw))
    except Hang:
        return Fault("hang", f"not done after {seconds} seconds")
    except Exception as error:
        return Fault(f"raises {type(error).__name__}", f"shapes: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return next((_internal(problem) for problem in check.problems if problem.internal), check)


def _internal(problem: Problem) -> Fault:
    place = re.match(r"internal error( at \S+)?: \w+", problem.message)
    return Fault(place[0] if place else "internal error", problem.message)


def _traces(path: str, raw: bytes) -> list[Trace]:
    source = decode_source(path, raw)
    return analyse_source(source).traces if isinstance(source, Source) else []


def contradictions(text: str, check: FileCheck, verifier: Verifier) -> Iterator[Fault]:
    """Where torch, which runs the generated program, contradicts what the tool says of it."""
    done = execute(text)
    traces = _traces("generated.py", text.encode())
    for trace in traces:
        yield from _of_trace(trace, done, _inputs(text))
    if not done.raised and not _by_chance(_sizes(_inputs(text)), *traces):
        for finding in proven(check, verifier).findings:
            if finding.severity is Severity.ERROR and finding.verdict and finding.verdict.status is Status.CONFIRMED:
                yield Fault(f"{finding.code} confirmed", f"line {finding.span.line}: {finding.message}")


def _inputs(text: str) -> dict[str, Any]:
    """What the program's last lines give the model: the constructor's parameters and the tensors."""
    *_, construction, _, call = text.splitlines()
    given: dict[str, Any] = {name: int(size) for name, size in re.findall(r"(\w+)=(\d+)", construction)}
    names = re.search(r"def forward\(self, (.*)\):", text)
    made = [_input(*found) for found in re.findall(r"torch\.ones\(([\d, ]*)(, dtype=torch\.long)?\)", call)]
    return given | dict(zip(names[1].split(", ") if names else [], made, strict=False))


def _input(sizes: str, is_whole: str) -> Tensor:
    return oracle.tensor(*map(int, sizes.strip(", ").split(", ")), dtype=Dtype.INT if is_whole else Dtype.FLOAT)


def _of_trace(trace: Trace, done: Execution, inputs: dict[str, Any]) -> Iterator[Fault]:
    sizes = _sizes(inputs)
    if trace.entry != SCRIPT and (trace.decisions or not _applies(trace, sizes, inputs)):
        return
    reached = {line for line, _ in done.values}
    for node in trace.nodes:
        line = node.span.line
        if node.error is not None and node.error.code not in INTENT and line != done.raised and line in reached:
            yield Fault(f"{node.op} is refused", f"line {line} of {trace.entry}: {node.error}, and torch runs")
    for binding in trace.bindings:
        yield from _of_binding(binding, trace, done, sizes)


def _of_binding(binding: Binding, trace: Trace, done: Execution, sizes: dict[str, int]) -> Iterator[Fault]:
    line, value = binding.span.line, binding.value
    if not _is_known(value, set(sizes)):
        return
    real = done.values.get((line, binding.name))
    op = _operation(value, trace)
    if real is not None and not any(oracle.agrees(value, each, sizes) for each in real):
        shown = oracle.shapes_of(real[0])
        yield Fault(
            f"{op} gives another shape", f"line {line}: {binding.name} is {_shown(value)} and torch gives {shown}"
        )
    if line == done.raised and trace.entry == SCRIPT and not _is_told(trace, done):
        is_target = re.fullmatch(r"v\d+", binding.name)
        if is_target and real is None and isinstance(value, Tensor):
            yield Fault(f"{op} is not refused", f"line {line}: {binding.name} is {_shown(value)}; torch: {done.error}")


def _is_told(trace: Trace, done: Execution) -> bool:
    """Whether the tool says that the line raises, or the line raises for a reason that is no shape."""
    return done.error.startswith(UNSEEN) or any(node.error and node.span.line == done.raised for node in trace.nodes)


def _operation(value: Value, trace: Trace) -> str:
    ref = getattr(value, "ref", None)
    return trace.node(ref).op if ref is not None else type(value).__name__


def _shown(value: Value) -> str:
    return f"({', '.join(map(str, value.sizes))})" if isinstance(value, Tensor) else str(value)


def _sizes(inputs: dict[str, Any]) -> dict[str, int]:
    sizes = {name: given for name, given in inputs.items() if isinstance(given, int)}
    for name, given in inputs.items():
        if isinstance(given, Tensor):
            sizes |= {f"{name}.size({axis})": size.constant or 0 for axis, size in enumerate(given.sizes)}
    return sizes


def _applies(trace: Trace, sizes: dict[str, int], inputs: dict[str, Any]) -> bool:
    """Whether this program's call is one of those that a trace with free inputs stands for."""
    if _by_chance(sizes, trace):
        return False
    for node in trace.nodes:
        if node.op == INPUT and isinstance(node.result, Tensor):
            names = {
                found[1] for size in node.result.sizes for found in map(_INPUT_SIZE.fullmatch, size.symbols) if found
            }
            if not all(_is_like(node.result, inputs.get(name)) for name in names):
                return False
    equations = [(Dim.symbol(name), size) for name, size in trace.solved.items()]
    return all(_holds(left, right, sizes) for left, right in (*equations, *trace.equations))


def _is_like(taken: Tensor, given: object) -> bool:
    return isinstance(given, Tensor) and (given.rank, given.dtype) == (taken.rank, taken.dtype)


def _by_chance(sizes: dict[str, int], *traces: Trace) -> bool:
    """Whether the program's sizes are 1 or equal where no operation demands it: a free size is taken to be neither."""
    free = [size for name, size in sizes.items() if not any(name in trace.solved for trace in traces)]
    return 1 in free or len(set(free)) < len(free)


def _holds(left: Dim, right: Dim, sizes: dict[str, int]) -> bool:
    if not {*left.symbols, *right.symbols} <= set(sizes):
        return False
    return left.evaluate(sizes) == right.evaluate(sizes)


def _is_known(value: Value, names: set[str]) -> bool:
    """Whether a value consists of nothing but tensors and numbers whose sizes are known."""
    if isinstance(value, Tensor):
        return all(names.issuperset(size.symbols) for size in value.sizes)
    if isinstance(value, Packed):
        return all(names.issuperset(axis.dim.symbols) for axis in (value.batch, *value.features))
    if isinstance(value, Int):
        return names.issuperset(value.dim.symbols)
    if isinstance(value, List) and value.length is not None:
        return False
    return isinstance(value, Tuple | List) and all(_is_known(item, names) for item in value.items)
