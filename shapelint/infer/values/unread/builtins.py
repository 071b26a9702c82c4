"""Python's builtins, as values."""

from __future__ import annotations

from shapelint.infer.known.table import BUILTINS
from shapelint.infer.protocol import Site, attributes, calls
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Builtin, Method
from shapelint.shapes.value import Str, Value
from shapelint.syntax import facts


@calls(Builtin)
def _call(run: Run, function: Builtin, site: Site) -> Value:
    known = BUILTINS.get(function.name)
    return known.call(run, site) if known else site.called(function.name).unknown_result(run)


@attributes(Builtin)
def _attribute(run: Run, function: Builtin, name: str, node: facts.Expression) -> Value:
    return Str(function.name) if name in ("__name__", "__qualname__") else Method(function, name)
