"""Dicts, those that make what they miss, and namespaces, which are dicts whose keys are attributes."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.infer.protocol import (
    Site,
    attributes,
    call_value,
    classes,
    has_attribute,
    items,
    iterates,
    lengths,
    methods,
    takes_attribute,
    takes_item,
    unknown_rounds,
)
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Builtin, DefaultDict, Namespace
from shapelint.infer.values.rounds import Rounds, rounds_over
from shapelint.infer.values.settings import loosen, update
from shapelint.infer.values.truth import truths
from shapelint.shapes.value import NONE, Bool, Dict, Str, Tuple, Unknown, Value, integer
from shapelint.syntax import facts


@classes(Dict)
def _class(value: Dict) -> Value:
    return Builtin("dict")


@has_attribute(Dict)
def _has(base: Dict, name: str) -> bool:
    return hasattr(dict, name)


@items(Dict)
def _item(run: Run, base: Dict, index: Value, node: facts.Subscript) -> Value:
    if isinstance(index, Unknown) and base.items and not base.open:
        return base.items[choose_key(run, index, tuple(base.items))]
    constant = constant_key(index)
    if constant is not None and constant in base.items:
        return base.items[constant]
    return Unknown(run.key_of(node), "a key that is not known")


@items(DefaultDict)
def _item_or_default(run: Run, base: DefaultDict, index: Value, node: facts.Subscript) -> Value:
    constant = constant_key(index)
    if constant is not None and constant not in base.items:
        base.items[constant] = call_value(run, base.make, Site(node))
    return _item(run, base, index, node)


def choose_key(run: Run, key: Unknown, options: tuple[object, ...]) -> object:
    """Decide which of a table's keys an unknown key is; a string key is that string from now on."""
    likely = key.hint.value if isinstance(key.hint, Str) and key.hint.value in options else None
    taken = run.path.choose_among(key.as_term, f"key:{key.key}", f"{key.key}", options, likely)
    if isinstance(taken, str):
        run.path.settled[key.key] = run.path.members.get(taken) or Str(taken)
    return taken


@takes_item(Dict)
def _set_item(run: Run, base: Dict, index: Value, value: Value, node: facts.Subscript) -> None:
    if isinstance(index, Str | Bool):
        base.items[index.value] = value
    elif isinstance(value, Unknown):
        loosen(base, "settings")
    else:
        base.open = True  # what it holds, and how much of it, is not known any more


@iterates(Dict)
def _rounds(run: Run, value: Dict, node: facts.Expression) -> Rounds:
    if value.open:
        return unknown_rounds(run.key_of(node))
    return rounds_over(tuple(Str(k) if isinstance(k, str) else Unknown(str(k), "a key") for k in value.items))


@lengths(Dict)
def _length(run: Run, value: Dict, node: facts.Expression) -> Value | None:
    return None if value.open else integer(len(value.items))


@truths(Dict)
def _truth(value: Dict) -> bool:
    return bool(value.items) or value.open


@methods(Dict)
def _method(run: Run, table: Dict, site: Site) -> Value:
    if site.name in ("get", "pop") and site.args:
        return _get(run, table, site)
    key = constant_key(site.args[0]) if site.args else None
    if site.name == "setdefault" and len(site.args) == 2 and key is not None:
        return table.items.setdefault(key, site.args[1])
    if site.name == "update":
        for given in (*site.args, Dict(dict(site.kwargs.items()))):
            update(table, given)
        return NONE
    if site.name == "copy":
        return Dict(dict(table.items), table.open)
    if site.name in ("items", "keys", "values") and not table.open:
        return entries({str(key): value for key, value in table.items.items()}, site.name)
    return site.unknown(run, f"the dict method .{site.name}()")


def _get(run: Run, table: Dict, site: Site) -> Value:
    wanted, *more = site.args
    if site.name == "get" and isinstance(wanted, Unknown) and table.items and not table.open:
        return table.items[choose_key(run, wanted, tuple(table.items))]
    key = constant_key(wanted)
    if key in table.items:
        return table.items[key] if site.name == "get" else table.items.pop(key)
    default = more[0] if more else NONE
    return default if not table.open else Unknown(f"kwargs[{key!r}]", "an unknown keyword", default)


def entries(members: Mapping[str, Value], name: str) -> Value:
    """What `items`, `keys` or `values` gives of what has names."""
    if name == "keys":
        return Tuple(tuple(Str(key) for key in members))
    if name == "items":
        return Tuple(tuple(Tuple((Str(key), value)) for key, value in members.items()))
    return Tuple(tuple(members.values()))


@attributes(Namespace)
def _attribute(run: Run, base: Namespace, name: str, node: facts.Expression) -> Value:
    # read again it is the same value
    return base.table.items.setdefault(name, Unknown(run.key_of(node), "a setting that is not known"))


@takes_attribute(Namespace)
def _set_attribute(run: Run, base: Namespace, name: str, value: Value, source: facts.Expression | None) -> None:
    base.table.items[name] = value


@has_attribute(Namespace)
def _namespace_has(base: Namespace, name: str) -> bool | None:
    return None if base.table.open else name in base.table.items
