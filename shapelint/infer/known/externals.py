"""Calls of torch (and a few standard) functions and classes by their dotted names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shapelint.infer.apply import apply, construct
from shapelint.infer.known.table import Arguments, Table
from shapelint.infer.state import Run
from shapelint.infer.values.generated_classes import NAMED_TUPLE, as_dict, declare_record, default_of_field
from shapelint.infer.values.module_holders import note_holder
from shapelint.infer.values.objects import Container, DefaultDict, Instance, Namespace, Partial
from shapelint.ops import registry
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Bool, Dict, Int, Layer, List, Str, Tuple, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.trace import Loader

CALLS = Table()
external_call = CALLS.register

#: wrappers that give back what they get
_TRANSPARENT = frozenset(
    "torch.nn.Parameter torch.nn.parameter.Parameter torch.autograd.Variable torch.nn.DataParallel "
    "torch.jit.script "
    "torch.nn.parallel.DistributedDataParallel torch.nn.utils.weight_norm torch.nn.utils.spectral_norm "
    "torch.nn.utils.parametrizations.weight_norm torch.compile torch.jit.annotate "
    "functools.wraps copy.copy torch.jit.trace".split()
)


#: questions about the machine and the mode that no shape depends on
_FLAGS = {
    "torch.jit.is_scripting": False,
    "torch.jit.is_tracing": False,
    "torch.onnx.is_in_onnx_export": False,
    "torch.compiler.is_compiling": False,
    "torch.cuda.is_available": False,
    "torch.backends.mps.is_available": False,
    "torch.is_grad_enabled": True,
}


def call_external(run: Run, path: str, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """Call what was imported: a layer class, an operation, a wrapper; Unknown for the rest."""
    if path in registry.LAYERS:
        return construct(run, path, args, _with_open_kwargs(path, args, kwargs), node)
    if path in registry.OPS:
        op = registry.OPS[path]
        if "**" in kwargs:
            return Unknown(run.key_of(node), "keyword arguments that are not known")
        return apply(run, op, args, kwargs, node)
    if path in _FLAGS:
        return Bool(_FLAGS[path])
    if path in _TRANSPARENT and args:
        return args[1] if path == "torch.jit.annotate" and len(args) == 2 else args[0]
    if path in CALLS:
        return CALLS[path].call(run, args, kwargs, node)
    return Unknown(run.key_of(node), f"{path} is not known")


def _with_open_kwargs(path: str, args: Arguments, kwargs: Mapping[str, Value]) -> Mapping[str, Value]:
    """With `**options` of unknown content all arguments not written out are unknown, defaults likely."""
    options = kwargs.get("**")
    if options is None:
        return kwargs
    key = options.key if isinstance(options, Unknown) else "kwargs"
    missing = layer_parameters(path)[len(args) :]
    unknown = {
        name: Unknown(f"{key}[{name!r}]", "an unknown keyword argument", hint)
        for name, hint in missing
        if name not in kwargs
    }
    return {**unknown, **{name: value for name, value in kwargs.items() if name != "**"}}


def layer_parameters(path: str) -> list[tuple[str, Value | None]]:
    """The parameters of a layer's constructor that decide shapes, with defaults; none that is 0 there."""
    return [
        (name, _as_value(parameter.default))
        for name, parameter in registry.LAYERS[path].build.signature.parameters.items()
        if name not in ("assume", "device", "dtype") and parameter.default != Dim.of(0)
    ]


def _as_value(default: object) -> Value | None:
    if isinstance(default, Value):
        return default
    if isinstance(default, bool):
        return Bool(default)
    return Int(default) if isinstance(default, Dim) else None


@external_call("torch.nn.Sequential")
def sequential(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """nn.Sequential of modules, or of one OrderedDict."""
    if len(args) == 1 and isinstance(args[0], Dict):
        return Container("Sequential", {str(key): value for key, value in args[0].items.items()})
    return Container("Sequential", {str(i): value for i, value in enumerate(args)})


@external_call("torch.nn.ModuleList", "torch.nn.ParameterList")
def module_list(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """nn.ModuleList of a list, and lists of parameters; a list filled in a loop keeps its symbolic length."""
    from shapelint.infer.code.loops import unrolled

    if not args:
        return Container("ModuleList", {})
    members = unrolled(run, args[0], node)
    if isinstance(members, List | Tuple):
        length = members.length if isinstance(members, List) else None
        made = Container("ModuleList", {str(i): item for i, item in enumerate(members.items)}, length)
        note_holder(run, made, node)
        return made
    return Unknown(run.key_of(node), "a ModuleList of something unknown")


@external_call("torch.nn.ModuleDict", "torch.nn.ParameterDict")
def module_dict(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """nn.ModuleDict of a dict, and dicts of parameters."""
    if args and isinstance(args[0], List | Tuple):
        args = (ordered_dict(run, args, {}, node),)
    if args and not (isinstance(args[0], Dict) and not args[0].open):
        return Unknown(run.key_of(node), "a ModuleDict of something unknown")
    items = args[0].items if args and isinstance(args[0], Dict) else {}
    return Container("ModuleDict", {str(key): value for key, value in items.items()})


@external_call("copy.deepcopy", least=1)
def deep_copy(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """A copy of a layer is a layer of its own, built like the first."""
    return replace(args[0]) if isinstance(args[0], Layer) else args[0]


@external_call("collections.OrderedDict")
def ordered_dict(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """OrderedDict of pairs."""
    made = Dict({})
    made.items.update(kwargs)
    pairs = args[0].items if args and isinstance(args[0], List | Tuple) else ()
    for pair in pairs:
        if isinstance(pair, Tuple | List) and len(pair.items) == 2 and isinstance(pair.items[0], Str):
            made.items[pair.items[0].value] = pair.items[1]
    return made


@external_call("collections.defaultdict", least=1)
def default_dict(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """defaultdict(make): a missing item is made when it is asked for."""
    return DefaultDict({}, make=args[0])


@external_call("collections.deque")
def deque(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """A deque is a list; one of bounded length forgets its items."""
    bounded = len(args) > 1 or "maxlen" in kwargs
    given = args[0] if args else List([])
    if bounded or not isinstance(given, List | Tuple):
        return Unknown(run.key_of(node), "a deque of unknown items")
    return List(list(given.items), given.length if isinstance(given, List) else None)


@external_call("torch.utils.data.DataLoader")
def data_loader(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """DataLoader(dataset, ...): its batches are unknown."""
    key = run.key_of(node)
    size = args[1] if len(args) > 1 else kwargs.get("batch_size")
    stacked = size != NONE and len(args) < 5 and not _LAYS_OUT_BATCHES & kwargs.keys()
    samples = size.dim.constant if isinstance(size, Int) and stacked else None
    shuffled = (args[2] if len(args) > 2 else kwargs.get("shuffle")) == Bool(True)
    run.trace.loaders[key] = Loader(node.span, stacked, samples, shuffled, run.away)
    return Unknown(key, "the batches of a dataset")


_LAYS_OUT_BATCHES = frozenset({"collate_fn", "batch_sampler", "**"})


@external_call("functools.partial", least=1)
def partial(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """functools.partial(function, ...)."""
    return Partial(args[0], args[1:], dict(kwargs))


@external_call("collections.namedtuple", NAMED_TUPLE)
def named_tuple(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """namedtuple("Name", fields) and its typed form."""
    return declare_record(args, kwargs) or Unknown(run.key_of(node), "a named tuple of unknown fields")


@external_call("dataclasses.field")
def dataclass_field(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """The default of a dataclass's field."""
    return default_of_field(kwargs) or Unknown(run.key_of(node), "a field without a known default")


@external_call("dataclasses.asdict", least=1)
def dataclass_as_dict(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """The fields of a dataclass's instance as a dict."""
    return as_dict(args[0]) if isinstance(args[0], Instance) else Unknown(run.key_of(node), "an unknown dataclass")


@external_call("dataclasses.replace", least=1, most=1)
def dataclass_replaced(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """A dataclass's instance with other values for some fields."""
    if not isinstance(args[0], Instance):
        return Unknown(run.key_of(node), "an unknown dataclass")
    return Instance(args[0].cls, {**args[0].attributes, **kwargs})


@external_call("argparse.Namespace", "types.SimpleNamespace")
def namespace(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """A configuration made of its keywords."""
    given: dict[object, Value] = {name: value for name, value in kwargs.items() if name != "**"}
    return Namespace(Dict(given, open="**" in kwargs))


def is_module_class(path: str) -> bool:
    """Whether calling the dotted name makes a layer or a container."""
    return path in registry.LAYERS or path in (
        "torch.nn.Sequential",
        "torch.nn.ModuleList",
        "torch.nn.ModuleDict",
    )
