"""Functions and classes of torch and the standard library that are no operations, by their dotted names."""

from __future__ import annotations

from dataclasses import replace

from shapelint.infer.known.table import external
from shapelint.infer.protocol import Site, unrolled
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.generated_classes import NAMED_TUPLE, as_dict, declare_record, default_of_field
from shapelint.infer.values.objects import Container, DefaultDict, Instance, Kept, Namespace, Partial
from shapelint.infer.values.torch.module_holders import note_holder
from shapelint.shapes.inside import loop_length
from shapelint.shapes.value import Dict, Layer, List, Str, Tuple, Value


@external("torch.nn.Sequential")
def sequential(run: Run, site: Site) -> Value:
    """nn.Sequential of modules, or of one OrderedDict."""
    built = Kept(site.node, run.recorder.home)
    if len(site.args) == 1 and isinstance(site.args[0], Dict):
        if site.args[0].open:
            return site.unknown(run, "a Sequential of something unknown")
        return Container("Sequential", {str(key): value for key, value in site.args[0].items.items()}, built=built)
    return Container("Sequential", {str(i): value for i, value in enumerate(site.args)}, built=built)


@external("torch.nn.ModuleList", "torch.nn.ParameterList")
def module_list(run: Run, site: Site) -> Value:
    """nn.ModuleList of a list, and lists of parameters; a list filled in a loop keeps its symbolic length."""
    given = site.args[0] if site.args else site.kwargs.get("modules", site.kwargs.get("values"))
    if given is None:
        return Container("ModuleList", {})
    members = unrolled(run, given, site.node)
    if isinstance(members, List | Tuple):
        made = Container("ModuleList", {str(i): item for i, item in enumerate(members.items)}, loop_length(members))
        note_holder(run, made, site.node)
        return made
    return site.unknown(run, "a ModuleList of something unknown")


@external("torch.nn.ModuleDict", "torch.nn.ParameterDict")
def module_dict(run: Run, site: Site) -> Value:
    """nn.ModuleDict of a dict, and dicts of parameters."""
    given = site.args[0] if site.args else site.kwargs.get("modules", site.kwargs.get("parameters", Dict({})))
    if isinstance(given, List | Tuple):
        given = _dict_of_pairs(given)
    if not isinstance(given, Dict) or given.open:
        return site.unknown(run, "a ModuleDict of something unknown")
    return Container("ModuleDict", {str(key): value for key, value in given.items.items()})


@external("copy.deepcopy", least=1)
def deep_copy(run: Run, site: Site) -> Value:
    """A copy of a layer is a layer of its own, built like the first."""
    return replace(site.args[0]) if isinstance(site.args[0], Layer) else site.args[0]


@external("torch.Size", least=1)
def size(run: Run, site: Site) -> Value:
    """torch.Size is a tuple."""
    given = unrolled(run, site.args[0], site.node)
    if isinstance(given, List | Tuple) and loop_length(given) is None:
        return Tuple(tuple(given.items), is_size=True)
    return site.unknown(run, "a size of unknown axes")


@external("collections.OrderedDict")
def ordered_dict(run: Run, site: Site) -> Value:
    """OrderedDict of pairs."""
    made = _dict_of(site.args[0]) if site.args else Dict({})
    made.items.update(site.kwargs)
    return made


def _dict_of(given: Value) -> Dict:
    if isinstance(given, Dict):
        return Dict(dict(given.items), given.open)
    return _dict_of_pairs(given) if isinstance(given, List | Tuple) else Dict({}, open=True)


def _dict_of_pairs(pairs: List | Tuple) -> Dict:
    """A dict of pairs; a name that is not known is one of its own, and a sample of pairs is not all of them."""
    made = Dict({}, open=loop_length(pairs) is not None)
    for place, pair in enumerate(pairs.items):
        if not isinstance(pair, Tuple | List) or len(pair.items) != 2:
            made.open = True
            continue
        name, value = pair.items
        made.items[name.value if isinstance(name, Str) else f"name {place}"] = value
    return made


@external("collections.defaultdict", least=1)
def default_dict(run: Run, site: Site) -> Value:
    """defaultdict(make): a missing item is made when it is asked for."""
    return DefaultDict({}, make=site.args[0])


@external("collections.deque")
def deque(run: Run, site: Site) -> Value:
    """A deque is a list; one of bounded length forgets its items."""
    bounded = len(site.args) > 1 or "maxlen" in site.kwargs
    given = site.args[0] if site.args else List([])
    if bounded or not isinstance(given, List | Tuple):
        return site.unknown(run, "a deque of unknown items")
    return List(list(given.items), loop_length(given))


@external("functools.partial", least=1)
def partial(run: Run, site: Site) -> Value:
    """functools.partial(function, ...)."""
    return Partial(site.args[0], site.args[1:], dict(site.kwargs))


@external("collections.namedtuple", NAMED_TUPLE)
def named_tuple(run: Run, site: Site) -> Value:
    """namedtuple("Name", fields) and its typed form."""
    return declare_record(site.args, site.kwargs) or site.unknown(run, "a named tuple of unknown fields")


@external("dataclasses.field")
def dataclass_field(run: Run, site: Site) -> Value:
    """The default of a dataclass's field."""
    return default_of_field(site.kwargs) or site.unknown(run, "a field without a known default")


@external("dataclasses.asdict", least=1)
def dataclass_as_dict(run: Run, site: Site) -> Value:
    """The fields of a dataclass's instance as a dict."""
    return as_dict(site.args[0]) if isinstance(site.args[0], Instance) else site.unknown(run, "an unknown dataclass")


@external("dataclasses.replace", least=1, most=1)
def dataclass_replaced(run: Run, site: Site) -> Value:
    """A dataclass's instance with other values for some fields."""
    if not isinstance(site.args[0], Instance):
        return site.unknown(run, "an unknown dataclass")
    return Instance(site.args[0].cls, {**site.args[0].attributes, **site.kwargs})


@external("argparse.Namespace", "types.SimpleNamespace")
def namespace(run: Run, site: Site) -> Value:
    """A configuration made of its keywords."""
    given: dict[object, Value] = {name: value for name, value in site.kwargs.items() if name != "**"}
    return Namespace(Dict(given, open="**" in site.kwargs))
