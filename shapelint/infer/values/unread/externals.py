"""What is imported from torch and the standard library: its calls are known by their dotted names."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.infer.apply import apply, construct
from shapelint.infer.known.table import EXTERNALS
from shapelint.infer.known.torch_names import SIX, canonical, is_module_class, layer_parameters, named
from shapelint.infer.protocol import Site, attributes, call_value, calls, items
from shapelint.infer.run.run import Run
from shapelint.infer.values.methods import call_method
from shapelint.infer.values.objects import Builtin, Instance, OpenMember, Super
from shapelint.infer.values.python.dicts import choose_key
from shapelint.infer.values.torch.members import lend
from shapelint.ops import registry
from shapelint.ops.registry import Op
from shapelint.shapes.value import Bool, External, Layer, Str, Unknown, Value
from shapelint.syntax import facts

_KINDS = ("LSTM", "GRU", "RNN")
_OPTIONS = frozenset({"hidden_size", "batch_first", "bidirectional"})

#: wrappers that give back what they get
_TRANSPARENT = frozenset(
    "torch.nn.Parameter torch.nn.parameter.Parameter torch.autograd.Variable torch.nn.DataParallel "
    "torch.jit.script "
    "torch.nn.parallel.DistributedDataParallel torch.nn.utils.weight_norm torch.nn.utils.spectral_norm "
    "torch.nn.utils.parametrizations.weight_norm torch.compile torch.jit.annotate "
    "functools.wraps copy.copy torch.jit.trace".split()
)

#: questions about the machine and the mode that no shape depends on
_HAS_DEVICE = "torch.cuda.is_available"  #: one question, wherever it is asked
_FLAGS = {
    "torch.jit.is_scripting": False,
    "torch.jit.is_tracing": False,
    "torch.onnx.is_in_onnx_export": False,
    "torch.compiler.is_compiling": False,
    "torch.backends.mps.is_available": False,
    "torch.is_grad_enabled": True,
}


@calls(External)
def _call(run: Run, function: External, site: Site) -> Value:
    """Call a layer's class, an operation, a wrapper, or a method of torch's on what it is given first."""
    path, first = function.path, site.args[0] if site.args else None
    if path.startswith(SIX):
        return call_value(run, Builtin(path.removeprefix(SIX)), site)
    home, _, name = path.rpartition(".")
    if isinstance(first, Instance | Layer) and is_module_class(home):
        # `nn.Module.__init__(self)`
        receiver = Super(first.cls, first) if isinstance(first, Instance) else first
        return call_method(run, receiver, name, site.passing(*site.args[1:]))
    if path in registry.LAYERS:
        return construct(run, path, site.args, _with_open_kwargs(path, site), site.node)
    if path in registry.OPS:
        return _call_operation(run, registry.OPS[path], site)
    return _call_known(run, path, site)


def _call_operation(run: Run, op: Op, site: Site) -> Value:
    if "**" in site.kwargs:
        return site.unknown(run, "keyword arguments that are not known")
    return apply(run, op, site.args, site.kwargs, site.node)


def _call_known(run: Run, path: str, site: Site) -> Value:
    if path in _FLAGS:
        return Bool(_FLAGS[path])
    if path == _HAS_DEVICE:
        return Unknown(f"{_HAS_DEVICE}()", "the machine decides")
    if path in _TRANSPARENT and site.args:
        return site.args[1] if path == "torch.jit.annotate" and len(site.args) == 2 else site.args[0]
    known = EXTERNALS.get(path)
    if known is None:
        lend(run, site)
        return site.unknown(run, f"{path} is not known")
    return known.call(run, site)


def _with_open_kwargs(path: str, site: Site) -> Mapping[str, Value]:
    """With `**options` of unknown content all arguments not written out are unknown, defaults likely."""
    options = site.kwargs.get("**")
    if options is None:
        return site.kwargs
    key = options.key if isinstance(options, Unknown) else "kwargs"
    missing = layer_parameters(path)[len(site.args) :]
    unknown = {
        name: Unknown(f"{key}[{name!r}]", "an unknown keyword argument", hint)
        for name, hint in missing
        if name not in site.kwargs
    }
    return {**unknown, **{name: value for name, value in site.kwargs.items() if name != "**"}}


@attributes(External)
def _attribute(run: Run, base: External, name: str, node: facts.Expression) -> Value:
    if name in ("__name__", "__qualname__") and base.path in registry.LAYERS:
        return Str(base.path.rpartition(".")[2])
    return named(f"{base.path}.{name}")


@items(External)
def _item(run: Run, base: External, index: Value, node: facts.Subscript) -> Value:
    return base  # `Generic[T]`


def member_of_torch(run: Run, base: External, name: Unknown) -> Value | None:
    """`getattr(nn, kind)`: one of the recurrent layers, if the name looks like that; None of another module."""
    if base.path != "torch.nn":
        return None
    if not any(word in name.key.lower() for word in ("rnn", "lstm", "gru", "cell")):
        return OpenMember(base.path, name)
    # a text that is put together tells itself whether it names cells
    kinds = _KINDS if name.term is None else (*_KINDS, *(f"{kind}Cell" for kind in _KINDS))
    return _named(base.path, choose_key(run, name, kinds))


@calls(OpenMember)
def _call_member(run: Run, member: OpenMember, site: Site) -> Value:
    """Recurrent layers alone have such options: called with them it is one."""
    kinds = () if _OPTIONS.isdisjoint(site.kwargs) else tuple(kind for kind in _KINDS if _takes(member, kind, site))
    if not kinds:
        return site.unknown(run, f"a call of {type(member).__name__}")
    return call_value(run, _named(member.path, choose_key(run, member.name, kinds)), site)


def _takes(member: OpenMember, kind: str, site: Site) -> bool:
    parameters = registry.LAYERS[_named(member.path, kind).path].build.signature.parameters
    return site.kwargs.keys() - {"**"} <= parameters.keys()


def _named(path: str, name: object) -> External:
    return External(canonical(f"{path}.{name}"))
