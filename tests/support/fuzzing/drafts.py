"""A random program that grows line by line, each line executed by torch as soon as it is written.

So the next line can be chosen to fit the values that there are. What is executed is the draft's own text;
the checked tool never executes anything.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

HEAD = """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

"""
#: sizes of the inputs' axes, values of the constructor's parameters, and other sizes of layers: where they differ, what
#: fits does not fit by chance, so a program that runs is right for inputs of other sizes, too
AXES, PARAMETERS, SIZES = (3, 5, 7, 11, 13), (10, 14), (1, 2, 2, 4, 6, 8)
SMALL = (1, 2, 3, 4)
MAX_ELEMENTS = 20_000  #: larger results are not kept
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")

Test = Callable[[torch.Tensor], bool]


class Draft:
    """The model under way: its constructor, its `forward`, and the values that the lines so far have given."""

    def __init__(self, choice: random.Random) -> None:
        self.choice = choice
        self.by_chance = choice.random() < 0.2  #: whether sizes may be equal by chance
        values = choice.choices(SMALL, k=2) if self.by_chance else PARAMETERS
        self.parameters = dict(zip(("width", "hidden"), values, strict=True))
        self.constructor = [f"self.{name} = {name}" for name in self.parameters]
        self._free = choice.sample(AXES, len(AXES))
        self.forward: list[str] = []
        self.inputs: dict[str, torch.Tensor] = {}
        self.model = nn.Module().eval()
        self.scope: dict[str, Any] = {"self": self.model, **self.parameters}
        exec(HEAD, self.scope)
        for line in self.constructor:
            exec(line, self.scope)
        self.count = 0

    def new(self, count: int = 1) -> str:
        """Fresh names, separated by commas."""
        self.count += count
        return ", ".join(f"v{self.count - left}" for left in range(count, 0, -1))

    def axes(self, rank: int) -> list[int]:
        """The sizes of an input; the last may be a parameter of the constructor."""
        if self.by_chance:
            return self.choice.choices(SMALL, k=rank)
        return [self._free.pop() for _ in range(rank - 1)] + [self.choice.choice((self._free.pop(), PARAMETERS[0]))]

    def some_size(self) -> int:
        """A size for a layer."""
        return self.choice.choice(SMALL if self.by_chance else (*SIZES, *PARAMETERS))

    def input(self, name: str, value: torch.Tensor) -> None:
        """A parameter of `forward` with the value that it is called with."""
        self.inputs[name] = self.scope[name] = value

    def tensors(self, test: Test) -> list[str]:
        """The names of the tensors that pass a test, late ones more often than early ones."""
        return [n for n, v in self.scope.items() if isinstance(v, torch.Tensor) and test(v)]

    def pick(self, test: Test = lambda value: value.is_floating_point()) -> tuple[str, torch.Tensor] | None:
        """A tensor: its name and value."""
        names = self.tensors(test)
        if not names:
            return None
        name = self.choice.choice(names[-4:] if self.choice.random() < 0.7 else names)
        return name, self.scope[name]

    def size(self, number: int) -> str:
        """A number as `forward` may write it: as a literal, an attribute, or the size of an axis."""
        ways = [str(number), *(f"self.{text}" for text in self._by_parameter(number, "{}"))]
        for name in self.tensors(lambda value: number in value.shape)[-3:]:
            axis = list(self.scope[name].shape).index(number)
            ways += [f"{name}.size({axis})", f"{name}.shape[{axis - self.scope[name].dim()}]"]
        return self.choice.choice(ways)

    def argument(self, number: int) -> str:
        """A number as the constructor may write it."""
        doubled = self._by_parameter(number / 2, "2 * {}") + self._by_parameter(number - 1, "{} + 1")
        return self.choice.choice([str(number), *self._by_parameter(number, "{}"), *doubled])

    def _by_parameter(self, number: float, form: str) -> list[str]:
        return [form.format(name) for name, value in self.parameters.items() if value == number]

    def layer(self, construction: str) -> str:
        """Make a layer in the constructor; returns its attribute."""
        line = f"self.layer{len(self.constructor)} = {construction}"
        exec(line, self.scope)
        self.model.eval()
        self.constructor.append(line)
        return line.partition(" ")[0]

    def write(self, statement: str) -> bool:
        """Add a statement to `forward`, maybe with another number in it; whether torch goes on after it.

        Of the statements that torch refuses, few are kept: each ends a program.
        """
        if self.choice.random() < 0.06:
            statement = self._with_another_number(statement)
        before = dict(self.scope)
        try:
            exec(statement, self.scope)
        except Exception:
            self.scope = before
            if self.choice.random() < 0.7:
                return True
            self.forward.append(statement)
            return False
        if any(isinstance(v, torch.Tensor) and v.numel() > MAX_ELEMENTS for v in self.scope.values()):
            self.scope = before
        else:
            self.forward.append(statement)
        return True

    def _with_another_number(self, statement: str) -> str:
        found = list(_NUMBER.finditer(statement))
        if not found or "torch.full((" in statement:  # lengths: what a tensor holds is not known
            return statement
        match = self.choice.choice(found)
        changed = int(match[0]) + self.choice.choice((-2, -1, 1, 1, 2, 5))
        return statement[: match.start()] + str(changed) + statement[match.end() :]

    def text(self) -> str:
        """The program."""
        given = [f"{name}={self.choice.choice((value, value, 3))}" for name, value in self.parameters.items()]
        last = [name for name in self.scope if re.fullmatch(r"v\d+", name)][-1:] or list(self.inputs)[:1]
        values = [f"{name}={value}" for name, value in self.parameters.items()]
        lines = [
            "class Model(nn.Module):",
            f"    def __init__(self, {', '.join(given)}):",
            *_indented(["super().__init__()", *self.constructor]),
            "",
            f"    def forward(self, {', '.join(self.inputs)}):",
            *_indented([*self.forward, f"return {last[0]}"]),
            "",
            "",
            f"model = Model({', '.join(values)})",
            "model.eval()",
            f"result = model({', '.join(map(_made, self.inputs.values()))})",
        ]
        return HEAD + "\n" + "\n".join(lines) + "\n"


def _indented(lines: Sequence[str]) -> list[str]:
    return [textwrap.indent(line, " " * 8) for line in lines]


def _made(value: torch.Tensor) -> str:
    sizes = ", ".join(map(str, value.shape))
    return f"torch.ones({sizes})" if value.is_floating_point() else f"torch.ones({sizes}, dtype=torch.long)"
