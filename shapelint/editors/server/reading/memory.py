"""What was understood of the earlier texts of a file, used again for what a change cannot have to do with.

An entry point's traces hold as long as the parts of the module that it needs do (`infer/definitions.py` tells which
these are), and as long as nothing is bound elsewhere that it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace

from shapelint.data import dataclass
from shapelint.editors.server.reading.back import check_back, pointed_back, shapes_back
from shapelint.editors.server.reading.spread import Spread
from shapelint.editors.server.shown.pointed import Pointed, pointed
from shapelint.finding import Edit
from shapelint.infer.analyse import Explored, analyse
from shapelint.infer.definitions import Outline, words_in
from shapelint.infer.values.scopes import Home
from shapelint.pipeline.check import Analysis, FileCheck, Wanted, analyse_source, check_source
from shapelint.pipeline.shapes import LINE_LENGTH, comments
from shapelint.project.reads import Reads, note_again, recorded
from shapelint.regex import regex
from shapelint.report.shapes.rows import Found, found_in
from shapelint.source import NOTEBOOK, Problem, Source
from shapelint.syntax import facts
from shapelint.syntax.parse import parse_lines
from shapelint.trace.node import SCRIPT

_QUOTED = regex(r"[\"']([^\"'\n]{1,80})[\"']")


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry point of the last text has shown, with the parts that it needs, by their first lines."""

    explored: Explored
    reads: Reads
    lines: frozenset[int]  #: that run
    needed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a part of a module says, at its place."""

    body: tuple[facts.Statement, ...]
    comments: tuple[facts.Comment, ...]
    home: Home  #: of the part alone
    quoted: frozenset[str]  #: the texts of which it speaks, see `Trace.speaks_of`


@dataclass(slots=True)
class Memory:
    """The last text of a file, its parts, and what its entry points have shown."""

    spread: Spread
    pieces: dict[int, Piece]
    module: facts.Module
    home: Home
    outline: Outline
    entries: dict[str, Entry] = field(default_factory=dict)
    kept: dict[str, Entry] = field(default_factory=dict)  #: those of the text before that hold still

    def recall(self, entry: str, explore: Callable[[], Explored]) -> Explored:
        """What an entry point shows."""
        known = self.kept.get(entry)
        if known is not None:
            note_again(known.reads)
        else:
            with recorded() as reads:
                explored = explore()
            lines = frozenset(_lines(explored, self.spread.source.path))
            known = Entry(explored, reads, lines, self.needed(entry, lines))
        self.entries[entry] = known
        return known.explored

    @property
    def known_everywhere(self) -> tuple[frozenset[str], ...]:
        """What one part of the text says and all others may heed."""
        quoted = frozenset[str]().union(*(piece.quoted for piece in self.pieces.values()))
        return self.home.rebound, self.home.changed, quoted, self.outline.shared_sequences

    def needed(self, entry: str, lines: Iterable[int]) -> frozenset[int]:
        """The first lines of the parts that run where some lines of an entry point do."""
        names, run = [entry.split(".")[0]], set(lines)
        if entry == SCRIPT:
            own = [start for start, piece in self.pieces.items() if not all(map(_is_definition, piece.body))]
            names += [word for start in own for word in words_in(self.spread.placed[start])]
            run.update(own)
        return frozenset(self.spread.part_at(self.outline.parts[n].last) for n in self.outline.needed(names, run))


@dataclass(frozen=True, slots=True)
class Read:
    """A text with what is understood of it; `state` stands for all else that it rests on."""

    source: Source
    state: int
    analysis: Analysis | Exception
    memory: Memory | None

    @staticmethod
    def of(source: Source, state: int, before: Read | None) -> Read:
        """What is understood of a text; an error of ours is kept for who asks."""
        try:
            old = before.memory.spread if before is not None and before.memory else None
            # the cells of a notebook stay as they are: a name may be defined in several, see `analyse`
            spread = None if source.path.endswith(NOTEBOOK) else Spread.of(source, old)
            memory = _read(spread, before.memory if before is not None else None) if spread is not None else None
            if memory is None:
                return Read(source, state, analyse_source(source), None)
            traces = analyse(memory.module, memory.spread.wide, memory=memory)
            memory.kept.clear()
            return Read(source, state, Analysis(memory.spread.wide, memory.module, traces), memory)
        except Exception as error:
            return Read(source, state, error, None)

    def check(self, wanted: Wanted) -> FileCheck:
        """What is found in the text."""
        if self.memory is None:
            return check_source(self.source, wanted, lambda _: self._analysed())
        spread = self.memory.spread
        return check_back(check_source(spread.wide, wanted, lambda _: self._analysed()), spread)

    def shapes(self) -> Found:
        """The shapes in the text."""
        found = found_in(self._analysed().traces)
        return found if self.memory is None else shapes_back(found, self.memory.spread)

    def comments(self) -> list[Edit]:
        """The edits that put the shapes into the text as comments; none into one that cannot be read."""
        if isinstance(self.analysis, Exception) or self.analysis.problems:
            return []
        return comments(self.source, self.shapes(), LINE_LENGTH)

    def point(self, line: int, column: int) -> Pointed | None:
        """What is known of the value at a place."""
        traces = self._analysed().traces
        if self.memory is None:
            return pointed(self.source, traces, line, column)
        spread = self.memory.spread
        found = pointed(spread.wide, traces, spread.wide_line(line), column)
        return found and pointed_back(found, spread)

    def _analysed(self) -> Analysis:
        if isinstance(self.analysis, Exception):
            raise self.analysis
        return self.analysis


def _read(spread: Spread, before: Memory | None) -> Memory | None:
    """The statements of a text, of which only the parts are parsed that are new; None where one cannot be."""
    old = before.spread.placed if before is not None else {}
    stable = {start for start, part in spread.placed.items() if old.get(start) == part}
    fresh = [start for start in spread.starts if start not in stable]
    read = parse_lines(spread.wide, [line for start in fresh for line in spread.lines_of(start)])
    if isinstance(read, Problem):
        return None
    pieces = {start: before.pieces[start] for start in stable} if before is not None else {}
    pieces |= {start: _piece(read, spread, start) for start in fresh}
    ordered = [pieces[start] for start in spread.starts]
    module = facts.Module(
        read.path,
        tuple(statement for piece in ordered for statement in piece.body),
        tuple(comment for piece in ordered for comment in piece.comments),
        read.docstring if fresh[:1] == spread.starts[:1] or before is None else before.module.docstring,
    )
    home = _together(spread.wide, ordered)
    memory = Memory(spread, pieces, module, home, Outline.of(module, spread.wide))
    if before is not None and before.known_everywhere == memory.known_everywhere:
        memory.kept = dict(_holding(before, memory, stable))
    return memory


def _piece(read: facts.Module, spread: Spread, start: int) -> Piece:
    body = tuple(one for one in read.body if spread.part_at(one.span.line) == start)
    comments = tuple(one for one in read.comments if spread.part_at(one.span.line) == start)
    home = Home.of(Source(read.path, ""), facts.Module(read.path, body, comments, None))
    return Piece(body, comments, home, frozenset(_QUOTED.findall(spread.placed[start])))


def _together(source: Source, pieces: Iterable[Piece]) -> Home:
    """The home of a text from those of its parts."""
    whole = Home(source, {}, source.lines, {}, frozenset(), frozenset())
    for piece in pieces:
        whole.comments.update(piece.home.comments)
        whole.ending.update(piece.home.ending)
        whole.rebound |= piece.home.rebound
        whole.changed |= piece.home.changed
    return whole


def _holding(before: Memory, memory: Memory, stable: set[int]) -> Iterator[tuple[str, Entry]]:
    """The entry points for which nothing has changed."""
    for name, entry in before.entries.items():
        if entry.needed <= stable and (needed := memory.needed(name, entry.lines)) <= stable:
            yield name, replace(entry, needed=needed)


def _lines(explored: Explored, path: str) -> Iterator[int]:
    for trace in explored.traces:
        yield from (node.span.line for node in trace.nodes if node.path == path)


def _is_definition(statement: facts.Statement) -> bool:
    return isinstance(statement, facts.FunctionDef | facts.ClassDef | facts.Import | facts.ImportFrom)
