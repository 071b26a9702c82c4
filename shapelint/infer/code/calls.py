"""Call expressions: the arguments are evaluated, and what is called decides what happens."""

from __future__ import annotations

from shapelint.infer.dispatch import evaluate, evaluates
from shapelint.infer.protocol import Site, call_value, unrolled
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Scope
from shapelint.shapes.inside import listed
from shapelint.shapes.value import Dict, Unknown, Value
from shapelint.syntax import facts


@evaluates(facts.Call)
def call_expression(run: Run, scope: Scope, node: facts.Call) -> Value:
    """`func(arguments)`."""
    function = evaluate(run, scope, node.func)
    args, kwargs = _arguments(run, scope, node)
    if args is None:
        return Unknown(run.key_of(node), "an argument list of unknown length")
    value = call_value(run, function, Site(node, args, kwargs, scope))
    run.recorder.bind(node.span, None, value)
    return value


def _arguments(run: Run, scope: Scope, node: facts.Call) -> tuple[tuple[Value, ...] | None, dict[str, Value]]:
    """The values of a call's arguments; None for positional ones of unknown number.

    Keyword arguments that come from a `**dict` of unknown content leave that dict under the key `**`.
    """
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    for argument in node.arguments:
        value = evaluate(run, scope, argument.value)
        if argument.star == 2:
            if isinstance(value, Dict):
                kwargs.update((str(key), item) for key, item in value.items.items())
            if not isinstance(value, Dict) or value.open:
                kwargs["**"] = value
        elif argument.star == 1:
            items = listed(unrolled(run, value, argument.value))
            if items is None:
                return None, kwargs
            args.extend(items)
        elif argument.keyword is not None:
            kwargs[argument.keyword] = value
        else:
            args.append(value)
    return tuple(args), kwargs
