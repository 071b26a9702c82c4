"""Instances of the checked code's classes, and what `super()` finds for them."""

from __future__ import annotations

from shapelint.infer.plan import Raised
from shapelint.infer.protocol import (
    Site,
    attribute_of,
    attributes,
    call_value,
    calls,
    classes,
    has_attribute,
    item_of,
    items,
    iterates,
    length_of,
    lengths,
    methods,
    rounds,
    takes_attribute,
    unknown_item,
    unknown_rounds,
)
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.classes import make_base
from shapelint.infer.values.checked.functions import call_function
from shapelint.infer.values.checked.parameters import free_arguments
from shapelint.infer.values.checked.setters import is_set_on_other_paths, makers_of
from shapelint.infer.values.methods import call_method
from shapelint.infer.values.objects import BoundMethod, Instance, Kept, Method, Namespace, Super
from shapelint.infer.values.python.texts import name_of
from shapelint.infer.values.rounds import Rounds
from shapelint.infer.values.scopes import Class, Function
from shapelint.infer.values.settings import attributes_of, loosen_attributes, update
from shapelint.infer.values.torch.modules import METHODS, REGISTERING, call_module_method
from shapelint.shapes.value import NONE, Dict, Int, Str, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.node import Frame

_SAVING = "save_hyperparameters"  #: Lightning's


@classes(Instance)
def _class(instance: Instance) -> Value:
    return instance.cls


@calls(Instance)
def call_instance(run: Run, instance: Instance, site: Site) -> Value:
    """`module(x)`: `forward` of its class, or of the layer or container that the class derives from."""
    for name in ("forward", "__call__"):
        result = call_special(run, instance, name, site)
        if result is not None:
            return result
    if instance.base is not None:
        return call_value(run, instance.base, site)
    return site.unknown(run, f"{instance.cls.name} has no forward in this file")


def call_special(run: Run, instance: Value, name: str, site: Site) -> Value | None:
    """Call a method like `__len__` of an instance's class; None where it has none."""
    method = instance.cls.find(name) if isinstance(instance, Instance) else None
    return call_function(run, method, site.passing(instance, *site.args)) if isinstance(method, Function) else None


@attributes(Instance)
def _attribute(run: Run, instance: Instance, name: str, node: facts.Expression) -> Value:
    """Its own, then its class's (methods bound, properties called), then what it has from torch."""
    if name in instance.attributes:
        return instance.attributes[name]
    if name == "__dict__":
        return attributes_of(instance)
    found = instance.cls.find(name)
    if found is not None:
        return _bound(run, found, instance, node)
    if name == "module":
        return instance  # what nn.DataParallel wraps
    if name in METHODS or name == _SAVING:
        return Method(instance, name)
    if instance.base is not None:
        return attribute_of(run, instance.base, name, node)
    found = _set_elsewhere(run, instance, name, node)
    if found is None and is_set_on_other_paths(run, instance, name):
        raise Raised  # an AttributeError: the constructor's branch that sets it was not taken
    return found or Unknown(f"self.{name}", "an attribute that is not set yet")


def _bound(run: Run, found: Value, instance: Instance, node: facts.Expression) -> Value:
    """What a class attribute is on an instance: a method is bound, a property called."""
    if not isinstance(found, Function) or found.kind == "static":
        return found
    if found.kind == "property":
        return call_function(run, found, Site(node, (instance,)))
    return BoundMethod(found, instance.cls if found.kind == "class" else instance)


def _set_elsewhere(run: Run, instance: Instance, name: str, node: facts.Expression) -> Value | None:
    """A module that one other method makes (`setup`, `build`): that method has run before."""
    makers = [method for cls in instance.cls.lineage() for method in makers_of(cls, name)]
    if len(makers) != 1 or makers[0].name == "__init__" or id(makers[0]) in instance.prepared:
        return None
    instance.prepared.add(id(makers[0]))
    recorder = run.recorder
    frames = recorder.frames
    recorder.frames = [Frame("__init__", node.span, recorder.path)]  # a part of the construction
    try:
        call_function(run, makers[0], Site(node, *free_arguments(run, makers[0], instance)))
    finally:
        recorder.frames = frames
    return instance.attributes.get(name)


@takes_attribute(Instance)
def _set_attribute(run: Run, instance: Instance, name: str, value: Value, source: facts.Expression | None) -> None:
    if name == "__dict__":
        loosen_attributes(instance)
        update(attributes_of(instance), value)
        return
    instance.assign(name, value)
    if source is not None:
        instance.places[name] = Kept(source, run.recorder.home)


@has_attribute(Instance)
def _has(instance: Instance, name: str) -> bool | None:
    return True if name in instance.attributes or instance.cls.find(name) is not None else None


@items(Instance)
def _item(run: Run, instance: Instance, index: Value, node: facts.Subscript) -> Value:
    found = call_special(run, instance, "__getitem__", Site(node, (index,)))
    if found is None and instance.base is not None:
        return item_of(run, instance.base, index, node)
    return found or unknown_item(run, node)


@iterates(Instance)
def _rounds(run: Run, instance: Instance, node: facts.Expression) -> Rounds:
    found = call_special(run, instance, "__iter__", Site(node)) or instance.base
    if found is None or isinstance(found, Instance):
        return unknown_rounds(run.key_of(node))
    return rounds(run, found, node)


@lengths(Instance)
def _length(run: Run, instance: Instance, node: facts.Expression) -> Value | None:
    found = call_special(run, instance, "__len__", Site(node))
    if found is None or isinstance(found, Int | Instance):
        return found if isinstance(found, Int) else None
    return length_of(run, found, node)


@methods(Instance)
def _method(run: Run, instance: Instance, site: Site) -> Value:
    """A method that an instance has from nn.Module, or from Lightning's."""
    if site.name == _SAVING:
        _save_arguments(instance, site)
        return NONE
    if site.name in REGISTERING:
        if len(site.args) >= 2 and isinstance(site.args[0], Str | Unknown):
            instance.assign(name_of(site.args[0]), site.args[1])
        return NONE
    return call_module_method(run, instance, site)


def _save_arguments(instance: Instance, site: Site) -> None:
    """`self.hparams` holds the constructor's arguments as they are now."""
    constructor = instance.cls.find("__init__")
    names = [parameter.name for parameter in constructor.parameters[1:]] if isinstance(constructor, Function) else []
    chosen = [arg.value for arg in site.args if isinstance(arg, Str)] or names
    saved = instance.attributes.setdefault("hparams", Namespace(Dict({}, open=True)))
    local = {} if site.scope is None else site.scope.names
    if isinstance(saved, Namespace):
        saved.table.items.update((name, local[name]) for name in chosen if name in local)


@attributes(Super)
def _attribute_of_super(run: Run, base: Super, name: str, node: facts.Expression) -> Value:
    receiver = base.receiver
    if not isinstance(receiver, Instance | Class):
        return Method(base, name)
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    found = cls.find_after(base.cls, name)
    if found is not None and isinstance(receiver, Instance):
        return _bound(run, found, receiver, node)
    if found is not None:
        return BoundMethod(found, receiver) if isinstance(found, Function) else found
    return Method(base, name)


@methods(Super)
def _method_of_super(run: Run, base: Super, site: Site) -> Value:
    """`super().__init__(...)` and `super().forward(x)` of a class that derives from a class of torch."""
    receiver = base.receiver
    if not isinstance(receiver, Instance):
        return site.unknown(run, "super() of a class")
    if site.name == "__init__":
        receiver.base = make_base(run, receiver.cls, site)
        return NONE
    if site.name == "__call__":
        return call_instance(run, receiver, site)
    return call_method(run, receiver if receiver.base is None else receiver.base, site.name, site)
