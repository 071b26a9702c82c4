"""Classes of the checked code."""

from __future__ import annotations

from shapelint.infer.known.torch_names import is_module_class
from shapelint.infer.protocol import Site, attributes, call_value, calls, items, takes_attribute
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.enums import is_enumeration, looked_up, member
from shapelint.infer.values.checked.functions import call_function
from shapelint.infer.values.checked.generated_classes import NAMED_TUPLE, make_record, record_of, set_fields
from shapelint.infer.values.objects import BoundMethod, Container, Factory, Instance
from shapelint.infer.values.scopes import Class, Function
from shapelint.infer.values.torch.module_holders import note_holders
from shapelint.shapes.value import External, Layer, Str, Unknown, Value
from shapelint.syntax import facts


@calls(Class)
def instantiate(run: Run, cls: Class, site: Site) -> Value:
    """Make an instance and run `__init__`."""
    if cls.torch_base() == NAMED_TUPLE:
        return make_record(run, record_of(cls), site)
    if is_enumeration(cls) and len(site.args) == 1:
        return looked_up(run, cls, site.args[0], run.key_of(site.node))
    instance = Instance(cls)
    constructor = cls.find("__init__")
    if isinstance(constructor, Function):
        call_function(run, constructor, site.passing(instance, *site.args))
        note_holders(run, instance)
        return instance
    set_fields(instance, site.args, site.kwargs)
    _make_defaults(run, instance, site.node)
    instance.base = make_base(run, cls, site)
    finish = cls.find("__post_init__")
    if isinstance(finish, Function):
        call_function(run, finish, Site(site.node, (instance,)))
    return instance


def _make_defaults(run: Run, instance: Instance, node: facts.Expression) -> None:
    """Call the factories of a dataclass's fields that no argument was given for."""
    for name, value in instance.attributes.items():
        if isinstance(value, Factory):
            instance.attributes[name] = call_value(run, value.make, Site(node))


def make_base(run: Run, cls: Class, site: Site) -> Value | None:
    """What the torch class makes from which a class derives: a layer, a container or nothing."""
    path = cls.torch_base()
    made = call_value(run, External(path), site) if path and is_module_class(path) else None
    return made if isinstance(made, Layer | Container) else None


@attributes(Class)
def _attribute(run: Run, cls: Class, name: str, node: facts.Expression) -> Value:
    if name in ("__name__", "__qualname__"):
        return Str(cls.name)
    found = (member(run, cls, name) if is_enumeration(cls) else None) or cls.find(name)
    if isinstance(found, Function) and found.kind == "class":
        return BoundMethod(found, cls)
    return Unknown(f"{cls.name}.{name}", "an attribute that is not found") if found is None else found


@takes_attribute(Class)
def _set_attribute(run: Run, cls: Class, name: str, value: Value, source: facts.Expression | None) -> None:
    cls.scope.names[name] = value


@items(Class)
def _item(run: Run, cls: Class, index: Value, node: facts.Subscript) -> Value:
    return cls  # `Generic[T]`
