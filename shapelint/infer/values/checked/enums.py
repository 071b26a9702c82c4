"""Enumerations: a member is one of its class's, and what takes one can be nothing else.

A member of a class that is also `str` or `int` is its value.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.choices.questions import Among
from shapelint.infer.protocol import attributes
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Builtin, Member, Method
from shapelint.infer.values.scopes import Class, Function, Scope
from shapelint.shapes.value import External, Str, Unknown, Value
from shapelint.syntax import facts

_PLAIN = frozenset({"enum.StrEnum", "enum.IntEnum"})


@attributes(Member)
def _attribute(run: Run, one: Member, name: str, node: facts.Expression) -> Value:
    if name == "value":
        return one.value
    return Str(one.name) if name == "name" else Method(one, name)


def is_enumeration(cls: Value | None) -> bool:
    """Whether a class of the checked code derives from `enum.Enum`."""
    return isinstance(cls, Class) and not {"enum.Enum", *_PLAIN}.isdisjoint(_bases(cls))


def member(run: Run, cls: Class, name: str) -> Value | None:
    """The member of that name; None where the class has none."""
    value = cls.find(name)
    if value is None or isinstance(value, Function) or name.startswith("_"):
        return None
    if not {"str", "int", *_PLAIN}.isdisjoint(_bases(cls)):
        return value
    found = Member(cls, name, value)
    return run.path.members.setdefault(found.text, found)


def members(run: Run, cls: Class) -> Iterator[Value]:
    """All members of an enumeration, in order."""
    for statement in cls.definition.body:
        target = statement.targets[0] if isinstance(statement, facts.Assign) else None
        found = member(run, cls, target.id) if isinstance(target, facts.Name) else None
        if found is not None:
            yield found


def chosen(run: Run, value: Unknown) -> Value:
    """The member that a value is which must be one; other unknown values stay as they are."""
    cls = run.path.enumerations.get(value.key)
    options = {constant_key(one): one for one in members(run, cls)} if isinstance(cls, Class) else {}
    if not options:
        return value
    likely = None if value.hint is None else constant_key(value.hint)
    taken = run.path.choose_among(value.as_term, f"key:{value.key}", value.key, tuple(options), likely)
    run.path.settled[value.key] = options[taken]
    return options[taken]


def looked_up(run: Run, cls: Class, value: Value, key: str) -> Value:
    """`Kind("lstm")`: the member of that value, or one that is not known."""
    for one in members(run, cls):
        if value in (one, one.value if isinstance(one, Member) else one):
            return one
    key = f"{cls.name}({value.key})" if isinstance(value, Unknown) else key
    run.path.enumerations[key] = cls
    return run.path.settle(Unknown(key, "a member of an enumeration"))


def limit(run: Run, key: str, annotation: facts.Expression | None, scope: Scope) -> None:
    """What an annotation says that a parameter can be: a member of an enumeration, or one of `Literal[...]`."""
    name = annotation.value if isinstance(annotation, facts.Literal) else getattr(annotation, "id", None)
    cls = scope.lookup(name) if isinstance(name, str) else None
    options = _literals(annotation)
    if isinstance(cls, Class) and is_enumeration(cls):
        run.path.enumerations[key] = cls
        options = tuple(constant_key(one) for one in members(run, cls))
    if options and None not in options:
        run.path.store.tell(Among(Unknown(key, "a parameter").as_term, options), True)


def _bases(cls: Class) -> frozenset[str]:
    """The names of the classes outside the checked code that a class derives from."""
    bases = [base for parent in cls.lineage() for base in parent.bases]
    return frozenset(
        base.path if isinstance(base, External) else base.name for base in bases if isinstance(base, External | Builtin)
    )


def _literals(annotation: facts.Expression | None) -> tuple[object, ...]:
    """The constants of `Literal["LSTM", "GRU"]`."""
    if not isinstance(annotation, facts.Subscript):
        return ()
    name = annotation.value
    if (name.attr if isinstance(name, facts.Attribute) else getattr(name, "id", "")) != "Literal":
        return ()
    items = annotation.index.items if isinstance(annotation.index, facts.Sequence) else (annotation.index,)
    constants = [item.value for item in items if isinstance(item, facts.Literal)]
    return tuple(constants) if len(constants) == len(items) else ()
