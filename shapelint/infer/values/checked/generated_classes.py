"""Classes whose constructor is generated: dataclasses and named tuples."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.infer.protocol import Site, calls
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Factory, Instance, Record
from shapelint.infer.values.scopes import Class
from shapelint.infer.values.snapshot import MAX_DEPTH
from shapelint.shapes.value import Dict, List, Str, Tuple, Value
from shapelint.syntax import facts

NAMED_TUPLE = "typing.NamedTuple"


def fields_of(cls: Class) -> dict[str, Value | None]:
    """The annotated fields of a class and its bases in order, with their defaults."""
    fields: dict[str, Value | None] = {}
    for owner in reversed(list(cls.lineage())):
        for statement in owner.definition.body:
            if isinstance(statement, facts.AnnAssign) and isinstance(statement.target, facts.Name):
                fields[statement.target.id] = owner.scope.names.get(statement.target.id)
    return fields


def set_fields(instance: Instance, args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> None:
    """What the generated `__init__` of a dataclass does."""
    fields = fields_of(instance.cls)
    instance.attributes.update((name, default) for name, default in fields.items() if default is not None)
    instance.attributes.update(zip(fields, args, strict=False))
    instance.attributes.update((name, value) for name, value in kwargs.items() if name in fields)


def record_of(cls: Class) -> Record:
    """The named tuple that `class Output(NamedTuple)` defines."""
    fields = fields_of(cls)
    return Record(cls.name, tuple(fields), {name: value for name, value in fields.items() if value is not None})


def declare_record(args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> Record | None:
    """`namedtuple("Output", ["out", "state"])` in its forms; None where the fields are not known."""
    if len(args) < 2 or not isinstance(args[0], Str):
        return None
    fields = _field_names(args[1])
    if fields is None:
        return None
    defaults = kwargs.get("defaults")
    values = defaults.items if isinstance(defaults, Tuple | List) else ()
    last = fields[len(fields) - len(values) :]
    return Record(args[0].value, fields, dict(zip(last, values, strict=False)))


def _field_names(value: Value) -> tuple[str, ...] | None:
    if isinstance(value, Str):
        return tuple(value.value.replace(",", " ").split())
    names: list[str] = []
    for item in value.items if isinstance(value, Tuple | List) else ():
        name = item.items[0] if isinstance(item, Tuple) and item.items else item
        if not isinstance(name, Str):
            return None
        names.append(name.value)
    return tuple(names) or None


@calls(Record)
def make_record(run: Run, record: Record, site: Site) -> Value:
    """An instance of a named tuple; Unknown where an argument is missing or there are too many."""
    given = {**record.defaults, **dict(zip(record.fields, site.args, strict=False)), **site.kwargs}
    if len(site.args) > len(record.fields) or set(given) != set(record.fields):
        return site.unknown(run, f"{record.name} with other fields")
    return Tuple(tuple(given[name] for name in record.fields), names=record.fields)


def default_of_field(kwargs: Mapping[str, Value]) -> Value | None:
    """`field(default=...)` and `field(default_factory=...)`; None for a field without a default."""
    if "default_factory" in kwargs:
        return Factory(kwargs["default_factory"])
    return kwargs.get("default")


def as_dict(value: Value, depth: int = 0) -> Value:
    """What `dataclasses.asdict` makes of a value: instances inside are taken apart too, `MAX_DEPTH` deep."""
    if not isinstance(value, Instance) or depth > MAX_DEPTH:
        return value
    fields = [name for name in fields_of(value.cls) if name in value.attributes]
    return Dict({name: as_dict(value.attributes[name], depth + 1) for name in fields})
