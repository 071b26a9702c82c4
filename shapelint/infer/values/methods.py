"""Methods that a value has from outside the checked code, apart from being called: `x.view`, `outputs.append`."""

from __future__ import annotations

from shapelint.infer.protocol import Site, attributes, calls, methods
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Method
from shapelint.ops.nature import Nature
from shapelint.ops.registry import OPS
from shapelint.ops.tensors.attributes import APART_FROM_SHAPES
from shapelint.shapes.value import FALSE, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.events import BackwardPass


@attributes(Method)
def _attribute(run: Run, method: Method, name: str, node: facts.Expression) -> Value:
    """`layer.weight.device`: a parameter of a layer says where it lies, like any tensor."""
    op = OPS.get(f"torch.Tensor.{name}")
    is_apart = op is not None and op.attribute and op.nature is Nature.INQUIRY
    return Unknown(run.key_of(node), APART_FROM_SHAPES) if is_apart else Method(method, name)


@calls(Method)
def _call(run: Run, method: Method, site: Site) -> Value:
    return call_method(run, method.receiver, method.name, site)


def call_method(run: Run, receiver: Value, name: str, site: Site) -> Value:
    """`receiver.name(...)`."""
    if name == "backward":
        _note_backward(run, receiver, site)
    call = methods.of(receiver)
    if call is None:
        return site.unknown(run, f".{name}() of {type(receiver).__name__.lower()}")
    return call(run, receiver, site.called(name))


#: the arguments of `backward` with which the graph is kept, and their places
_KEEPING = (("retain_graph", 1), ("create_graph", 2))


def _option(site: Site, name: str, place: int) -> Value:
    return site.args[place] if len(site.args) > place else site.kwargs.get(name, FALSE)


def _note_backward(run: Run, loss: Value, site: Site) -> None:
    retains = any(_option(site, name, place) != FALSE for name, place in _KEEPING) or "**" in site.kwargs
    ref = getattr(loss, "ref", None)
    made = BackwardPass(
        len(run.trace.nodes), retains, site.node.span, run.recorder.path, tuple(run.recorder.frames), ref
    )
    run.trace.backward_passes.append(made)
