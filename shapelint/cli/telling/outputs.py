"""Which reports a run writes, and where: `--output-format A --output-file a --output-format B` are two."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from shapelint.cli.options import Failure
from shapelint.config import Config
from shapelint.data import dataclass

_FORMAT, _FILE = "output_format", "output_file"
_ORDER = "shapelint.order"


class Ordered(click.Command):
    """A command that remembers in which order its options were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse them, and keep the order in the context."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [parameter.name for parameter in order]
        return super().parse_args(ctx, args)


@dataclass(frozen=True, slots=True)
class Output:
    """A report in a format; without a path it goes to standard output."""

    format: str
    path: str | None


@dataclass(frozen=True, slots=True)
class Outputs:
    """The pairs of formats and files of a command line, either of which may be missing."""

    pairs: tuple[tuple[str | None, str | None], ...]

    @staticmethod
    def of(ctx: click.Context, options: Mapping[str, Any]) -> Outputs:
        """Each file belongs to the format before it, or to the next one where none is before it."""
        pairs: list[tuple[str | None, str | None]] = []
        for name, value in _given(ctx.meta.get(_ORDER, ()), options[_FORMAT], options[_FILE]):
            format_, path = pairs[-1] if pairs else ("", "")
            if name == _FORMAT and format_ is None:
                pairs[-1] = (value, path)
            elif name == _FILE and path is None:
                pairs[-1] = (format_, value)
            else:
                pairs.append((value, None) if name == _FORMAT else (None, value))
        return Outputs(tuple(pairs) or ((None, None),))

    def told(self, config: Config) -> list[Output]:
        """The reports; raises Failure where two of them would go to one place."""
        told = [Output(format_ or config.output_format, path) for format_, path in self.pairs]
        places = [None if output.path is None else os.path.realpath(output.path) for output in told]
        for number, place in enumerate(places):
            if place in places[:number]:
                where = f"to {told[number].path}" if place else "to standard output"
                raise Failure(f"two reports would go {where}; give each --output-format an --output-file of its own")
        return told

    def only_file(self) -> str | None:
        """The file of the one report; raises Failure where there are several."""
        if len(self.pairs) > 1:
            raise Failure("--diff is one report, and several are asked for")
        return self.pairs[0][1]

    def refuse_places(self, files: Sequence[str]) -> None:
        """A report must not take the place of the code that it is about, and what it lies in must be there."""
        for _, output in self.pairs:
            if output and not os.path.isdir(os.path.dirname(output) or "."):
                raise Failure(f"cannot write {output}: {os.strerror(errno.ENOENT)}")
            for path in files:
                is_there = output and os.path.isfile(path) and os.path.exists(output)
                if is_there and os.path.samefile(path, output or ""):
                    raise Failure(f"--output-file would overwrite {path}, which is to be checked")


def _given(order: Sequence[str], formats: Sequence[str], files: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options with their values, in the order of the command line."""
    values = {_FORMAT: iter(formats), _FILE: iter(files)}
    for name in order:
        if name in values:
            yield name, next(values[name])
