"""Values for the parameters of a finding's own class and method, with which they take the path of the finding.

A value is plain, the step of an input (`verify/program/program.py`), or `{"name": ..}` for a member of an enumeration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from shapelint.choices.questions import COMPARISONS, OTHER_TEXT, Either, IsFlag, IsInstance, Question, Related, Same
from shapelint.choices.store import stands_for_many
from shapelint.data import dataclass
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Member
from shapelint.ops.registry import OPS
from shapelint.reading.operations import is_recurrent_call
from shapelint.reading.recurrent import states_given
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, Float, NoneValue, Tuple, Unknown, Value
from shapelint.trace.decision import Free, without_places
from shapelint.trace.devices import CPU, moved_to
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace
from shapelint.verify.program.encode import Encoded, UnreplayableError, arguments_of
from shapelint.verify.program.plan import Plan, tensors_in
from shapelint.verify.program.program import Writer

_REST = ("vararg", "kwarg")
_ANY_TEXT = "other"  #: for a text that the code names nowhere


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument; `by_name` where it cannot be given by its place."""

    name: str
    value: Encoded
    by_name: bool = True


@dataclass(frozen=True, slots=True)
class Values:
    """What is given to parameters on one path, at the sizes of a plan; `device` is where tensors are."""

    trace: Trace
    plan: Plan
    nodes: Sequence[Node]
    device: str = CPU
    given: dict[str, object] = field(default_factory=dict)  #: by key, also the defaults that are left to stand

    def arguments(self, parameters: Sequence[Free], by_place: bool) -> tuple[Argument, ...]:
        """The arguments of a call; those whose defaults do are left out. Raises UnreplayableError."""
        found: list[Argument] = []
        self._reject_rest(parameters)
        for parameter in (one for one in parameters if one.kind not in _REST):
            named = not by_place or parameter.kind == "keyword"
            for value in self._value(parameter):
                if named and parameter.kind == "positional":
                    raise UnreplayableError(f"`{parameter.name}` is not given by name")
                found.append(Argument(parameter.name, value, named))
            by_place = by_place and bool(found) and found[-1].name == parameter.name
        return tuple(found)

    def contradicted(self) -> str | None:
        """What the path says, in words, where the values lead elsewhere."""
        for question, answer in self.trace.store.told.items():
            values = {name: value for name in question.variables for value in self._known(name)}
            if len(values) == len(question.variables) and _answer(question, values) is not answer:
                told = (one.told for one in self.trace.decisions if one.question == question)
                return next(told, "what it says of " + " and ".join(f"`{name}`" for name in values))
        return None

    def _reject_rest(self, parameters: Sequence[Free]) -> None:
        """Raise UnreplayableError where the path asks what is in `*args` or `**kwargs`: the script gives none."""
        asked = {name for question in self.trace.store.told for name in question.variables}
        for parameter in parameters:
            for name in sorted({*asked, *self.plan.problem.symbols, *self.trace.solved}):
                if parameter.kind in _REST and name.startswith((f"{parameter.key}[", f"{parameter.key}.")):
                    raise UnreplayableError(f"nothing tells what to give for `{without_places(name)}`")

    def _value(self, parameter: Free) -> tuple[Encoded, ...]:
        """The value of an argument, none where it is left out."""
        made_up = self._tensor(parameter.key) or self._state(parameter.key)
        if made_up:
            return made_up
        default = () if parameter.default is None else known(parameter.default)
        chosen = self._chosen(parameter, default)
        for value in chosen or default:
            self.given[parameter.key] = value
        if not chosen or _is_same(chosen, default):
            return ()
        return tuple({"name": value} if value in self.trace.members else value for value in chosen)

    def _tensor(self, key: str) -> tuple[Encoded, ...]:
        leaf = next((node for node in self.nodes if node.leaf_key == key), None)
        return () if leaf is None else (Writer(self.trace, self.nodes, self.plan).input(leaf),)

    def _state(self, key: str) -> tuple[Encoded, ...]:
        """A state whose parts are given to a recurrent layer: it has the shapes of the state that comes back."""
        for call in filter(is_recurrent_call, self.nodes):
            if _are_parts(states_given(call), key) and isinstance(call.result, Tuple):
                shapes = [self.plan.shape(tensor.axes) for tensor in tensors_in(call.result.items[1])]
                return ({"tuple": [{"op": INPUT, "shape": shape, "dtype": "float"} for shape in shapes]},)
        return ()

    def _chosen(self, parameter: Free, default: tuple[object, ...]) -> tuple[object, ...]:
        """A value with which the path is taken; none where that is the default, and it is not a plain one."""
        told = self._told(parameter.key)
        for value in self._candidates(parameter, default, told):
            if _fits(told, parameter.key, value):
                return (value,)
        if parameter.default is None:
            raise UnreplayableError(f"nothing tells what to give for `{parameter.name}`")
        if told:
            raise UnreplayableError(f"nothing tells what to give for `{parameter.name}` in place of its default")
        return ()

    def _candidates(
        self, parameter: Free, default: tuple[object, ...], told: Mapping[Question, bool]
    ) -> Iterator[object]:
        """Values to try: the program's size, the default, what conditions name, and what torch would take."""
        is_flag = any(isinstance(question, IsFlag) for question in told) or isinstance(parameter.default, Bool)
        yield from (bool(size) if is_flag else size for size in self._size(parameter.key))
        yield from default
        yield from self._decided(parameter.key, told)
        if parameter.default is None or told:
            yield from self._as_torch_does(parameter.key)

    def _told(self, key: str) -> dict[Question, bool]:
        """What the path says of a variable alone."""
        return {question: answer for question, answer in self.trace.store.told.items() if question.variables == (key,)}

    def _known(self, variable: str) -> tuple[object, ...]:
        return (self.given[variable],) if variable in self.given else self._size(variable)

    def _size(self, symbol: str) -> tuple[int, ...]:
        """The number of a symbol, where the path or the plan has one."""
        if symbol in self.trace.likely:
            return (self.trace.likely[symbol],)
        try:
            return (self.plan.number(Dim.symbol(symbol)),)
        except UnreplayableError:
            return ()

    def _decided(self, key: str, told: Mapping[Question, bool]) -> Iterator[object]:
        """Values with which the conditions of the path come out as they do, those of the kind that they name first."""
        left = [value for value in self.trace.store.values_of(key) if told]
        if all(isinstance(question, Same | IsInstance) for question in told):
            # what is only known not to be None may be anything
            left = [value for value in left if value is None]
        kinds = {type(value) for question in told for value in question.candidates()} or {bool}
        for value in sorted(left, key=lambda value: type(value) not in kinds):
            if isinstance(value, str):
                yield value.replace(OTHER_TEXT, _ANY_TEXT)
            elif not stands_for_many(value):
                yield value

    def _as_torch_does(self, key: str) -> tuple[object, ...]:
        """What torch takes by default for the argument as which a value is given to it."""
        calls = (node for node in self.nodes if node.op != INPUT)
        for node in calls:
            for name, value, parameter in arguments_of(node):
                if not isinstance(value, Unknown) or value.key != key:
                    continue
                if name == "device" or (node.op in OPS and moved_to(node) is not None):
                    return (self.device,)
                if parameter is not None and known(parameter.default):
                    return known(parameter.default)
        return ()


def known(value: object) -> tuple[object, ...]:
    """A value as Python's own, none where it is not known: an abstract one, or a default of the registry."""
    if isinstance(value, Member):
        return (value.text,)
    if isinstance(value, NoneValue) or value is None:
        return (None,)
    if isinstance(value, Dim):
        return () if value.constant is None else (value.constant,)
    if isinstance(value, bool | int | float | str):
        return (value,)
    if isinstance(value, Float):
        return () if value.value is None else (value.value,)
    if isinstance(value, Tuple):
        items = [item for one in value.items for item in known(one)]
        return (tuple(items),) if len(items) == len(value.items) else ()
    constant = constant_key(value) if isinstance(value, Value) else None
    return () if constant is None else (constant,)


def _are_parts(states: Sequence[Value], key: str) -> bool:
    """Whether states are the parts of an unknown value, and nothing else."""
    return bool(states) and all(getattr(one, "key", None) == f"{key}[{index}]" for index, one in enumerate(states))


def _is_same(chosen: tuple[object, ...], default: tuple[object, ...]) -> bool:
    return chosen == default and [type(value) for value in chosen] == [type(value) for value in default]


def _fits(told: Mapping[Question, bool], key: str, value: object) -> bool:
    return all(_answer(question, {key: value}) is answer for question, answer in told.items())


def _answer(question: Question, values: Mapping[str, object]) -> bool | Either | None:
    """The answer for values; numbers are compared that are no sizes, too: `dropout > 0`."""
    numbers = [values[name] for name in question.variables]
    if isinstance(question, Related) and all(isinstance(number, int | float) for number in numbers):
        first, second = (*numbers, 0)[:2]
        assert isinstance(first, int | float)
        assert isinstance(second, int | float)
        return COMPARISONS[question.comparison](first - second, question.number)
    return question.answer(values)
