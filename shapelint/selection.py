"""Which codes are on in a file, as the settings say it: by the beginnings of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapelint.data import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """Codes or prefixes of codes that are wanted; `select` None means the rules that are on by default."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, code: str, before: bool) -> bool:
        """Whether `code` is on, `before` being the answer of the layer below; the longest prefix decides."""
        chosen = _longest(code, (*(self.select or ()), *self.extend_select))
        ignored = _longest(code, self.ignore)
        if chosen == ignored == 0:
            return before and self.select is None
        return chosen > ignored


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the settings choose for a file: the codes themselves are told by those who have loaded the rules."""

    file: Selection = Selection()
    command_line: Selection = Selection()
    dropped: tuple[str, ...] = ()

    def among(self, defaults: Mapping[str, bool]) -> frozenset[str]:
        """The codes that are on in the file; `defaults` maps every known code to whether it is on by default."""
        return frozenset(code for code, on in defaults.items() if self._wants(code, on))

    def _wants(self, code: str, default: bool) -> bool:
        if code.startswith(self.dropped):
            return False
        return self.command_line.wants(code, self.file.wants(code, default))


def _longest(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)
