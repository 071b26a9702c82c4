"""Modules of the project, and names that are imported from them."""

from __future__ import annotations

from shapelint.infer.protocol import attributes
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Imported, ModuleValue
from shapelint.shapes.value import Unknown, Value
from shapelint.syntax import facts


@attributes(ModuleValue)
def _attribute(run: Run, module: ModuleValue, name: str, node: facts.Expression) -> Value:
    member = run.library.member(module, name)
    return member or Unknown(f"{module.path}.{name}", "a name that its module does not define")


def imported(run: Run, value: Value) -> Value:
    """A bound name's value: what an import of the project's own stands for, or the value itself."""
    if not isinstance(value, Imported):
        return value
    found = run.library.resolve(value)
    return found or Unknown(value.path, "imported from a module that is not read")
