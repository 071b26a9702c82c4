"""The registry of torch operations and layers that shapelint understands.

An operation is one function, named after torch's own and decorated with `@op`:

    @op("torch.transpose", "torch.Tensor.transpose", "torch.swapaxes")
    def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
        ...

Its Python signature is torch's signature and binds the call's arguments; its annotations say what each
argument must be, and the registry coerces (`Tensor`, `int` a known integer, `Dim` a symbolic one, `bool`,
`str`, `float`, `Value` anything, `Sizes` a list of sizes given as `*args` or as one tuple; `Annotated` brings
a coercer of its own). An argument that cannot be coerced raises `Undetermined`, and the result is Unknown.

The function returns tensors without a `ref` (the interpreter stamps them), or raises `ShapeError` when torch
would certainly raise. A function that must know whether two sizes agree takes a parameter
`assume: Assumptions`, which the interpreter supplies. The registered names are also the closed vocabulary of
the replay: the worker calls the very torch function that the name spells.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from functools import cache
from string import Template
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar

from shapelint import rooms
from shapelint.data import dataclass
from shapelint.ops.axis_flow import Along
from shapelint.ops.nature import Nature
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import Tuple, Unknown, Value

Function = TypeVar("Function", bound=Callable[..., Any])


class ShapeError(Exception):
    """Torch certainly raises here. `code` is the rule that explains it, None where no rule of its own does.

    `wording` says what is wrong in one line, with `$name` for one of the `details`, the quantities that a message
    needs. The subclasses of `ops/refusals.py` tell the kind of error.
    """

    def __init__(self, wording: str, code: str | None = None, **details: object) -> None:
        super().__init__(wording)
        self.wording = wording
        self.code = code
        self.details = details

    @property
    def message(self) -> str:
        """What is wrong, in the interpreter's own names of sizes."""
        return self.told(str)

    def told(self, shown: Callable[[Dim], str]) -> str:
        """What is wrong, with the sizes as they are shown."""
        return Template(self.wording).safe_substitute({name: _text(it, shown) for name, it in self.details.items()})


def _text(quantity: object, shown: Callable[[Dim], str]) -> str:
    if isinstance(quantity, tuple):
        return ", ".join(_text(one, shown) for one in quantity)
    return shown(quantity) if isinstance(quantity, Dim) else str(quantity)


class Undetermined(Exception):  # noqa: N818 - an answer, not an error
    """The result cannot be told from what is known; `wants` names the unknown that a tensor was needed of.

    `rank` is the rank that it must have, as a tensor of integers; without it, that of the operation's input.
    """

    def __init__(self, reason: str, wants: Unknown | None = None, rank: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wants = wants
        self.rank = rank


class Assumptions(Protocol):
    """What is known, and may be assumed, on the path that the interpreter follows."""

    def same(self, left: Dim, right: Dim) -> Same:
        """Compare under the equations assumed so far; assumes nothing."""

    def agree(self, left: Dim, right: Dim) -> bool:
        """Return False if the sizes certainly differ; otherwise they are assumed equal from now on."""

    def sum_over(self, left: Dim, right: Dim) -> bool:
        """`agree` for two axes that a product sums over: nobody builds a recurrent layer that is 1 wide for it."""

    def overlay(self, left: Dim, right: Dim) -> bool:
        """`agree` for sizes that are laid over each other: an axis of an input may have length 1 as well."""

    def resolve(self, dim: Dim) -> Dim:
        """Put what has been assumed into the size."""

    def decide(self, condition: Unknown) -> bool:
        """Take a side of a flag that is not known; the other side is another path."""

    def choose_equal(self, left: Dim, right: Dim, otherwise: bool) -> bool:
        """Whether sizes are equal: a choice of the path by their likely values; `otherwise` (no choice if False)."""


class Sizes(tuple[Dim, ...]):
    """Sizes given as separate arguments or as one tuple, list or torch.Size; -1 stays the constant -1."""


#: `Annotated[Dim, Coercer]`: how a parameter reads its argument, from the parameter's name and the value
Coercer = Callable[[str, Value, Assumptions], Any]

#: what a layer class says of a keyword that it does not take: its bare name and the keyword
Refusal = Callable[[str, str], ShapeError]


class _Header(NamedTuple):
    """What a shape function says of its parameters."""

    signature: inspect.Signature
    hints: Mapping[str, Any]
    coercers: Mapping[str, Coercer]
    of_torch: inspect.Signature  #: without what the interpreter gives
    defaults: Mapping[str, Any]  #: of all parameters of torch; None where there is none
    needed: int | None  #: how many of them have none; None where not all are plain, given by place or by name


@dataclass(frozen=True, slots=True)
class Op:
    """A registered operation.

    `nature` says what it does to numbers. `rank_change` says how the result's rank follows from the first argument's
    when that is all that is known (None: it does not); of a broadcasting operation it holds where the other operands
    are numbers, and of one that gives values and indices for both.
    `attribute`: read without a call (`x.T`). `input_rank` is the rank that the first tensor must have, or
    most likely has, for an input whose rank is not known. `refuse` explains a keyword that it does not take. `mixes`,
    `causal` and `moves` tell along which axes it reads more than one entry, reads none that comes later, and puts
    entries elsewhere (`ops/axis_flow.py`).
    """

    name: str
    function: Callable[..., Any]
    nature: Nature
    rank_change: int | None = None
    attribute: bool = False
    input_rank: int | None = None
    refuse: Refusal | None = None
    mixes: Along | None = None
    causal: Along | None = None
    moves: Along | None = None

    @property
    def signature(self) -> inspect.Signature:
        """The function's parameters, which are torch's, and `assume` where it takes that."""
        return _header(self.function).signature

    @property
    def hints(self) -> Mapping[str, Any]:
        """The types of the parameters, and the result's as `return`."""
        return _header(self.function).hints

    @property
    def of_torch(self) -> inspect.Signature:
        """The parameters that are torch's."""
        return _header(self.function).of_torch

    @property
    def needed(self) -> int | None:
        """How many of torch's parameters have no default; None where some take several values, or go by name alone."""
        return _header(self.function).needed

    @property
    def defaults(self) -> Mapping[str, Any]:
        """What torch's parameters are where nothing is given, None without a default."""
        return _header(self.function).defaults

    @property
    def coercers(self) -> Mapping[str, Coercer]:
        """The coercers that parameters bring."""
        return _header(self.function).coercers

    @property
    def gives_pair(self) -> bool:
        """Whether the result is a pair: values and indices."""
        return self.hints.get("return") is Tuple

    @property
    def assumes(self) -> bool:
        """Whether the function takes the interpreter's `Assumptions`."""
        return self.hints.get("assume") is Assumptions


@dataclass(frozen=True, slots=True)
class LayerOp:
    """A registered layer class: `build` checks and coerces the constructor's arguments, `forward` is called.

    What `build` returns the layer holds as `typed`; `forward` takes the `Layer` first, then the call's arguments.
    """

    name: str
    build: Op
    forward: Op

    @property
    def input_rank(self) -> int | None:
        """The rank of a batched input, where the layer demands one (3 for LSTM); None where it does not."""
        return self.forward.input_rank


OPS: dict[str, Op] = {}
LAYERS: dict[str, LayerOp] = {}


@cache
def load() -> None:
    """Import every file of this package: a new operation is a new function, listed nowhere."""
    rooms.modules("shapelint.ops")


def op(
    *names: str,
    nature: Nature,
    rank_change: int | None = None,
    attribute: bool = False,
    input_rank: int | None = None,
    mixes: Along | None = None,
    causal: Along | None = None,
    moves: Along | None = None,
) -> Callable[[Function], Function]:
    """Register a shape function under torch's dotted names (`torch.Tensor.x` for methods and attributes)."""

    def register(function: Function) -> Function:
        for name in names:
            made = Op(
                name,
                function,
                nature,
                rank_change=rank_change,
                attribute=attribute,
                input_rank=input_rank,
                mixes=mixes,
                causal=causal,
                moves=moves,
            )
            rooms.put(OPS, name, made)
        return function

    return register


def layer(
    *names: str,
    forward: Callable[..., Any],
    nature: Nature,
    rank_change: int | None = None,
    input_rank: int | None = None,
    refuse: Refusal | None = None,
    mixes: Along | None = None,
    causal: Along | None = None,
) -> Callable[[Function], Function]:
    """Register a layer class: decorates the build function, whose signature is the constructor's."""

    def register(build: Function) -> Function:
        for name in names:
            called = Op(
                f"{name}.forward",
                forward,
                nature,
                rank_change=rank_change,
                input_rank=input_rank,
                mixes=mixes,
                causal=causal,
            )
            made = LayerOp(name, Op(name, build, nature, refuse=refuse), called)
            rooms.put(LAYERS, name, made)
        return build

    return register


@cache
def _header(function: Callable[..., Any]) -> _Header:
    """Read a shape function's signature once, when a call needs it: few files call more than a handful."""
    marked = typing.get_type_hints(function, include_extras=True)
    coercers = {key: hint.__metadata__[0] for key, hint in marked.items() if typing.get_origin(hint) is Annotated}
    hints = {key: hint.__origin__ if typing.get_origin(hint) is Annotated else hint for key, hint in marked.items()}
    signature = inspect.signature(function)
    assumes = hints.get("assume") is Assumptions
    kept = [one for one in signature.parameters.values() if not (assumes and one.name == "assume")]
    defaults = {one.name: None if one.default is one.empty else one.default for one in kept}
    is_plain = all(one.kind is one.POSITIONAL_OR_KEYWORD for one in kept)
    needed = sum(one.default is one.empty for one in kept) if is_plain else None
    return _Header(signature, hints, coercers, signature.replace(parameters=kept), defaults, needed)
