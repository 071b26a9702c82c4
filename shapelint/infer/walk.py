"""Looking through facts without interpreting them."""

from __future__ import annotations

from dataclasses import fields

from shapelint.syntax import facts


def calls(fact: object) -> bool:
    """Whether evaluating an expression calls something."""
    if isinstance(fact, facts.Call):
        return True
    if isinstance(fact, tuple):
        return any(calls(item) for item in fact)
    return isinstance(fact, facts.Expression) and any(calls(getattr(fact, f.name)) for f in fields(fact))
