"""Torch's layers."""

from __future__ import annotations

from shapelint.infer.apply import call_layer
from shapelint.infer.plan import Raised
from shapelint.infer.protocol import Site, attributes, calls, classes, has_attribute, methods, takes_attribute
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Method
from shapelint.infer.values.torch.members import is_as_built, lacks
from shapelint.infer.values.torch.modules import call_module_method
from shapelint.ops.layers.rnn import mode_of
from shapelint.ops.names import RECURRENT
from shapelint.regex import regex
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, External, Int, Layer, Str, Unknown, Value
from shapelint.syntax import facts

_REVERSE = regex(r"(weight|bias)_[ih]h_l0_reverse")


@classes(Layer)
def _class(layer: Layer) -> Value:
    return External(layer.kind)


@calls(Layer)
def _call(run: Run, layer: Layer, site: Site) -> Value:
    return call_layer(run, layer, site.args, site.kwargs, site.node)


@methods(Layer)
def _method(run: Run, layer: Layer, site: Site) -> Value:
    if site.name in ("forward", "__call__"):
        return _call(run, layer, site)
    if site.name.startswith("register_forward"):
        run.altered.add(layer.ref)  # a hook: what goes in and out may be anything
    return call_module_method(run, layer, site)


@attributes(Layer)
def _attribute(run: Run, layer: Layer, name: str, node: facts.Expression) -> Value:
    setting = layer.config.get(name)
    if isinstance(setting, Value):
        return setting
    if isinstance(setting, bool):
        return Bool(setting)
    if isinstance(setting, int | Dim):
        return Int(Dim.of(setting) if isinstance(setting, int) else setting)
    if name == "mode" and layer.kind in RECURRENT:
        return Str(mode_of(layer))
    if lacks(layer, name):
        if is_as_built(run, layer, name):
            raise Raised  # an AttributeError
        return Unknown(run.key_of(node), f"an attribute that the code gives a {layer.name}")
    return Method(layer, name)


@takes_attribute(Layer)
def _set_attribute(run: Run, layer: Layer, name: str, value: Value, source: facts.Expression | None) -> None:
    if name in (*layer.config, "forward"):
        run.altered.add(layer.ref)
    run.lent.add(layer.ref)


@has_attribute(Layer)
def _has(layer: Layer, name: str) -> bool | None:
    """Whether it is one of its options, or a weight of a second direction where it has one."""
    if name in layer.config:
        return True
    return layer.flag("bidirectional") if _REVERSE.fullmatch(name) else None
