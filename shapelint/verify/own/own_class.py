"""How a finding's own class is constructed and called, so that a script of a few lines shows the mistake with it.

The program that torch runs for us is the slice that leads to one value. The class itself runs whole: so all that its
parameters and inputs are must be known, also what the slice does not need, and nothing else may raise on the way.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Claim, Finding
from shapelint.project.imports import module_of
from shapelint.source import NOTEBOOK
from shapelint.trace.decision import Entered
from shapelint.trace.devices import CPU, DEVICE, is_named_device, moved_to
from shapelint.trace.node import INPUT, SCRIPT, Node
from shapelint.trace.trace import Trace
from shapelint.verify.own.rows import Rows, rows_of
from shapelint.verify.own.values import Argument, Values
from shapelint.verify.program.encode import Encoder, UnreplayableError
from shapelint.verify.program.plan import plan_sizes, plan_whole
from shapelint.verify.program.program import NotReplayable, backward_slice, meant

META = "meta"  #: torch's device that stands in for any but the CPU
_UNCALLED = {
    "generator": "is a generator",
    "coroutine": "is a coroutine",
    "property": "is a property",
}


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class of a module that lies in a folder, what constructs it, and what its method is given; it pickles.

    Without a `method` the finding is in the construction. `rows` tell where the mistake shows in what comes back,
    `raises` that it shows as an error.
    """

    folder: str
    module: str
    name: str
    is_module: bool  #: a torch module, which has modes
    trains: bool
    construction: tuple[Argument, ...]
    method: str | None
    arguments: tuple[Argument, ...]
    device: str
    raises: bool
    rows: Rows | None


def own_class(finding: Finding, trace: Trace) -> OwnClass | NotReplayable:
    """How to run the class whose method a finding was made in, or why that is not known. Never raises on a trace."""
    try:
        return _own_class(finding, trace)
    except UnreplayableError as why:
        return NotReplayable(str(why))


def _own_class(finding: Finding, trace: Trace) -> OwnClass:
    entered, called = _entered(trace)
    folder, module = _module(trace.path)
    claim = next((claim for claim in finding.claims if isinstance(claim, Raises) or claim.sound), None)
    _reject_other_errors(trace, claim)
    _reject_devices(trace)
    values = _values(trace, claim or next(iter(finding.claims), None))
    construction = values.arguments(entered.parameters, by_place=False)
    arguments = () if called is None else values.arguments(called.parameters, by_place=True)
    elsewhere = values.contradicted()
    if elsewhere is not None:
        raise UnreplayableError(f"no values are known with which the path is taken: {elsewhere}")
    return OwnClass(
        folder,
        module,
        entered.name,
        entered.kind == "module",
        any(decision.subject == "self.training" and decision.choice is True for decision in trace.decisions),
        construction,
        None if called is None else called.name,
        arguments,
        values.device,
        isinstance(claim, Raises),
        None if claim is None else rows_of(values, claim, () if called is None else called.parameters),
    )


def _entered(trace: Trace) -> tuple[Entered, Entered | None]:
    """The class and the method that the path begins with; no method where it only constructs."""
    name, _, method = trace.entry.partition(".")
    if not method:
        where = "the module's top level" if trace.entry == SCRIPT else f"the function `{name}`"
        raise UnreplayableError(f"it is in {where}, not in a method of a class")
    entered = next((one for one in trace.entered if one.name == name), None)
    called = next((one for one in trace.entered[1:] if one.name == method), None)
    others = [one.name for one in trace.entered if one not in (entered, called)]
    if entered is None or (called is None and method != "__init__"):
        raise UnreplayableError(f"what `{trace.entry}` takes is not known")
    if others:
        raise UnreplayableError(f"`{others[0]}` has to be called before, and what it takes is not known")
    if called is not None and called.kind in _UNCALLED:
        raise UnreplayableError(f"`{trace.entry}` {_UNCALLED[called.kind]}")
    return entered, called


def _module(path: str) -> tuple[str, str]:
    if path.endswith(NOTEBOOK):
        raise UnreplayableError("a notebook cannot be imported")
    folder, module = module_of(path)
    first = module.partition(".")[0]
    file = Path(path).stem
    if not all(part.isidentifier() for part in (file, *module.split("."))):
        raise UnreplayableError(f"`{file}` is no name that can be imported")
    if first in sys.stdlib_module_names or first == "torch":
        raise UnreplayableError(f"another module is imported by the name of `{first}`")
    return folder, module


def _reject_other_errors(trace: Trace, claim: Claim | None) -> None:
    for node in trace.nodes:
        is_claimed = isinstance(claim, Raises) and node.id == claim.target.node
        if node.error is not None and not is_claimed:
            raise UnreplayableError(f"line {node.span.line} raises, too: {node.error.message}")


def _reject_devices(trace: Trace) -> None:
    """Raise UnreplayableError where the code moves a value to a device that no argument names: there may be none."""
    for node in trace.nodes:
        if is_named_device(node) and moved_to(node) == DEVICE:
            raise UnreplayableError(f"line {node.span.line} moves a tensor to a device of its own choice")


def _values(trace: Trace, claim: Claim | None) -> Values:
    nodes = list(_sized(trace.nodes))
    device = META if claim is not None and claim.options.get("on_device") else CPU
    wished = {**trace.defaults, **_sizes_of_program(trace, claim)}
    return Values(trace, plan_whole(trace, nodes, wished), nodes, device)


def _sizes_of_program(trace: Trace, claim: Claim | None) -> dict[str, int]:
    """The sizes of the program that puts the claim to the test, where it has one."""
    if claim is None:
        return {}
    with suppress(UnreplayableError):
        nodes = backward_slice(trace, claim.refs)
        return dict(plan_sizes(trace, nodes, meant(trace, claim)).sizes)
    return {}


def _sized(nodes: Sequence[Node]) -> Iterator[Node]:
    """The nodes whose sizes can be told; the class runs the others as well, and they ask nothing of the sizes."""
    encoder = Encoder(lambda number: number, lambda _: 1, lambda _: [])
    for node in nodes:
        with suppress(UnreplayableError):
            if node.op != INPUT:
                encoder.call(node)
            yield node
