"""What decorators say of a function, by their names."""

from __future__ import annotations

from shapelint.syntax import facts

_KINDS = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "cached_property": "property",
}
_HARMLESS = frozenset(
    "staticmethod classmethod property cached_property abstractmethod override no_grad inference_mode export "
    "ignore unused jit wraps lru_cache typechecked jaxtyped beartype final overload deprecated".split()
)


def method_kind(decorators: tuple[facts.Expression, ...]) -> str:
    """What decorators make of a method: "plain", "property", "static", "class" or "setter"."""
    names = [_decorator_name(decorator) for decorator in decorators]
    if "setter" in names or "deleter" in names:
        return "setter"
    kinds = [_KINDS[name] for name in names if name in _KINDS]
    return kinds[0] if kinds else "plain"


def is_harmless(decorator: facts.Expression) -> bool:
    """Whether a decorator is known by name to leave calls as they are (or to make a property or such)."""
    return _decorator_name(decorator) in _HARMLESS


def _decorator_name(decorator: facts.Expression) -> str:
    target = decorator.func if isinstance(decorator, facts.Call) else decorator
    return target.attr if isinstance(target, facts.Attribute) else getattr(target, "id", "")


def is_abstract(definition: facts.FunctionDef) -> bool:
    """Whether a method only says that derived classes must define it."""
    marked = any(_decorator_name(decorator) == "abstractmethod" for decorator in definition.decorators)
    body = [s for s in definition.body if not isinstance(s, facts.ExpressionStatement | facts.Jump)]
    return not body if marked else len(body) == 1 and isinstance(body[0], facts.Raise)
