"""Functions of numbers, as far as their arguments are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from shapelint.infer.apply import apply
from shapelint.infer.code.arithmetic import binary
from shapelint.infer.known.table import KnownFunction, builtin, external
from shapelint.infer.protocol import Site
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import known_number
from shapelint.ops import registry
from shapelint.shapes.value import Float, Tensor, Tuple, Value, integer


def _of_constants(name: str, function: Callable[..., Any]) -> KnownFunction:
    def call(run: Run, site: Site) -> Value:
        numbers = [known_number(arg) for arg in site.args]
        unknown = site.unknown(run, f"{name}() of something unknown")
        if site.kwargs or None in numbers:
            return unknown
        try:
            return _as_value(function(*numbers)) or unknown
        except (ArithmeticError, TypeError, ValueError):
            return unknown

    return call


def _a_float(name: str, function: Callable[..., Any]) -> KnownFunction:
    """A function whose result is a float, whatever it is given."""
    of_constants = _of_constants(name, function)

    def call(run: Run, site: Site) -> Value:
        found = of_constants(run, site)
        return found if isinstance(found, Float) else Float()

    return call


def _as_value(result: object) -> Value | None:
    if isinstance(result, tuple):
        items = [_as_value(item) for item in result]
        return Tuple(tuple(item for item in items if item is not None))
    if isinstance(result, int):
        return integer(result)
    return Float(result) if isinstance(result, float) else None


builtin("round", least=1, most=2)(_of_constants("round", round))
builtin("divmod", least=2, most=2)(_of_constants("divmod", divmod))
for _function in (math.ceil, math.floor, math.trunc, math.gcd):
    external(f"math.{_function.__name__}")(_of_constants(_function.__name__, _function))
for _root in (math.sqrt, math.log, math.log2, math.log10):
    external(f"math.{_root.__name__}", least=1)(_a_float(_root.__name__, _root))


@builtin("abs", least=1, most=1)
def abs_(run: Run, site: Site) -> Value:
    """`abs(x)` of a number; of a tensor it is the tensor's own."""
    if isinstance(site.args[0], Tensor):
        return apply(run, registry.OPS["torch.abs"], site.args, site.kwargs, site.node)
    return _of_constants("abs", abs)(run, site)


@builtin("pow", least=2, most=2)
def pow_(run: Run, site: Site) -> Value:
    """`pow(x, y)` is `x ** y`."""
    return binary(run, site.args[0], "**", site.args[1], site.node)
