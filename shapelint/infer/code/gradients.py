"""Where torch keeps no graph: `with torch.no_grad():`, and functions under `@torch.no_grad()`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shapelint.infer.dispatch import evaluate
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Scope
from shapelint.shapes.value import FALSE, External
from shapelint.syntax import facts

_SWITCHES = {"no_grad": None, "inference_mode": None, "set_grad_enabled": FALSE}


@contextmanager
def graphless(run: Run, scope: Scope, switches: Sequence[facts.Expression]) -> Iterator[None]:
    """Note that what is made meanwhile hangs on no graph, where one of some contexts or decorators says so."""
    off = any(_switches_off(run, scope, one) for one in switches)
    run.recorder.graphless += off
    try:
        yield
    finally:
        run.recorder.graphless -= off


def _switches_off(run: Run, scope: Scope, switch: facts.Expression) -> bool:
    """Whether it is `torch.no_grad()`, `torch.inference_mode()` or `torch.set_grad_enabled(False)`."""
    function = switch.func if isinstance(switch, facts.Call) else switch
    name = function.attr if isinstance(function, facts.Attribute) else getattr(function, "id", "")
    if name not in _SWITCHES:
        return False
    value = evaluate(run, scope, function)
    if not isinstance(value, External) or not value.path.startswith("torch."):
        return False
    given = [evaluate(run, scope, one.value) for one in switch.arguments] if isinstance(switch, facts.Call) else []
    wanted = _SWITCHES[name]
    return given == [wanted] if wanted is not None else FALSE not in given
