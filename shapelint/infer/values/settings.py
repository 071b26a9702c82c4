"""Settings that are given under names that the code does not tell: what was set before may have been set anew."""

from __future__ import annotations

from typing import cast

from shapelint.infer.values.objects import Instance
from shapelint.shapes.value import Bool, Dict, Float, Int, NoneValue, Str, Unknown, Value

_SETTINGS = (Bool, Float, Int, NoneValue, Str)


def set_anew(name: str) -> str:
    """The key of what was set before and may have been set anew: no name of a setting, for which values are looked up.

    What the code gives it first is what others replace, so it speaks for no side of a condition.
    """
    return f"{name} as set anew"


def attributes_of(instance: Instance) -> Dict:
    """`vars(instance)`: what is changed in it is changed in the instance."""
    return Dict(cast("dict[object, Value]", instance.attributes), open=True)


def loosen(table: Dict, owner: str) -> None:
    """Something is set under an unknown name: what a dict has of settings is not known any more."""
    table.open = True
    reason = "a setting that may have been set anew"
    table.items.update(
        {
            name: Unknown(set_anew(f"{owner}.{name}"), reason)
            for name, v in table.items.items()
            if isinstance(v, _SETTINGS)
        }
    )


def loosen_attributes(instance: Instance) -> None:
    """`setattr(self, name, value)` of a name that is not known: nor are the settings of its class."""
    for cls in instance.cls.lineage():
        for name, value in cls.scope.names.items():
            if isinstance(value, _SETTINGS):
                instance.attributes.setdefault(name, value)
    loosen(attributes_of(instance), instance.cls.name)


def update(table: Dict, given: Value) -> None:
    """`table.update(given)`: of something unknown it is not known which items it replaces."""
    if not isinstance(given, Dict) or given.open:
        loosen(table, "settings")
    if isinstance(given, Dict):
        table.items.update(given.items)
