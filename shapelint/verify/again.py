"""The analysis of a text after a fix: only of what the fix may change in the traces that show the finding.

These traces begin at one entry point, and run the parts of the module that it needs. Nothing else of the mended
text is parsed or interpreted: so what the proofs of many fixes cost grows with the file, not with its square.
"""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.data import dataclass
from shapelint.finding import Edit
from shapelint.infer.analyse import analyse
from shapelint.infer.definitions import Outline, words_in
from shapelint.source import Problem, Source
from shapelint.syntax import facts
from shapelint.syntax.parse import parse, parse_lines
from shapelint.trace.node import SCRIPT
from shapelint.trace.trace import Trace
from shapelint.verify.edits import lines_added


@dataclass(frozen=True, slots=True)
class Before:
    """A text as it was analysed, and how its module is built up."""

    source: Source
    outline: Outline

    @staticmethod
    def of(module: facts.Module, source: Source) -> Before:
        """The text of a module."""
        return Before(source, Outline.of(module, source))

    def mended(self, text: str, edits: Sequence[Edit], old: Trace) -> list[Trace]:
        """The traces of the text that some edits make of it, from the entry point of a trace."""
        source = Source(self.source.path, text)
        kept = None if old.entry == SCRIPT else self._kept(edits, old)
        module = parse(source) if kept is None else parse_lines(source, kept)
        return [] if isinstance(module, Problem) else analyse(module, source, old.entry)

    def _kept(self, edits: Sequence[Edit], old: Trace) -> list[int] | None:
        """The lines of the mended text that are needed; None where an edit reaches over the end of a part."""
        outline = self.outline
        if any(outline.part_at(edit.span.line) != outline.part_at(edit.span.end_line) for edit in edits):
            return None
        lines = {edit.span.line for edit in edits} | {n.span.line for n in old.nodes if n.path == old.path}
        names = [old.entry.split(".")[0], *(word for edit in edits for word in words_in(edit.text))]
        return [line for number in outline.needed(names, lines) for line in self._moved(number, edits)]

    def _moved(self, number: int, edits: Sequence[Edit]) -> range:
        """The lines of a part, once the edits are made."""
        part = self.outline.parts[number]
        before = sum(lines_added(edit) for edit in edits if edit.span.line < part.first)
        inside = sum(lines_added(edit) for edit in edits if part.first <= edit.span.line <= part.last)
        return range(part.first + before, part.last + before + inside + 1)
