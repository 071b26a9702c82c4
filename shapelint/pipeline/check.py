"""Check one file: from its text to findings and the programs that put them to the test.

Everything here is free of torch, and may run in a worker process or inside flake8. No input makes it raise:
an error of the tool itself becomes a `Problem` of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.data import dataclass
from shapelint.effort import phase
from shapelint.finding import UNUSED, Confidence, Finding, Fix
from shapelint.project.given import Given, take_given
from shapelint.project.reads import Reads, recorded
from shapelint.source import NOTEBOOK, Problem, Source, decode_source
from shapelint.suppress.comments import Suppressions

if TYPE_CHECKING:
    from shapelint.notebooks.places import Places
    from shapelint.report.graph.data import Graph
    from shapelint.rules.findings import Hit
    from shapelint.syntax.facts import Module
    from shapelint.trace.trace import Trace
    from shapelint.verify.again import Before
    from shapelint.verify.cases import Cases
    from shapelint.verify.own.own_class import OwnClass
    from shapelint.verify.program.program import NotReplayable
    from shapelint.verify.prove import Judged, Mended

_CERTAINTY = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a check; `prove` makes the programs for torch, `prove_fixes` also those for fixes."""

    codes: frozenset[str]
    min_confidence: Confidence = Confidence.MEDIUM
    prove: bool = True
    prove_fixes: bool = True
    noqa: bool = True  #: False: the caller deals with these comments
    ignores: bool = True  #: whether to mind shapelint's own comments
    given: Given = Given()  #: what the settings say of the project
    own_class: bool = False  #: whether to tell how the class of a finding is run, for a script that does
    pictures: bool = False  #: whether to draw the data flows, and to write scripts that show the findings


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding before torch has spoken.

    `judged` are the programs that test its claims on the code as it is; `mended` test the same claims on the code
    with each fix applied, in the order of the fixes. `own` tells how the finding's class is run, where that is wanted.
    What says no more than that torch refuses something `needs_proof`: it is left out if torch does not get there.
    """

    finding: Finding
    judged: Judged | None = None
    mended: tuple[Mended, ...] = ()
    own: OwnClass | NotReplayable | None = None
    needs_proof: bool = False


@dataclass(frozen=True, slots=True)
class FileCheck:
    """The outcome for one file, in the order of the code."""

    path: str
    text: str = ""
    candidates: tuple[Candidate, ...] = ()
    problems: tuple[Problem, ...] = ()
    reads: Reads = field(default_factory=Reads)  #: what the outcome rests on, beside the text
    graphs: tuple[Graph, ...] = ()  #: the data flows, where they are wanted


@dataclass(frozen=True, slots=True)
class Analysis:
    """The traces of one file, and what of it could not be read."""

    source: Source  #: what the traces are of; a notebook without the cells that cannot be read
    module: Module | None = None
    traces: list[Trace] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()


Analyse = Callable[[Source], Analysis]


def check_bytes(path: str, raw: bytes, wanted: Wanted) -> FileCheck:
    """Check the content of a file, and write down what is read for it."""
    source = decode_source(path, raw)
    if isinstance(source, Problem):
        return FileCheck(path, problems=(source,))
    with recorded() as reads:
        check = check_source(source, wanted)
    return replace(check, reads=reads)


def check_source(source: Source, wanted: Wanted, analyse: Analyse | None = None) -> FileCheck:
    """Check a text. Findings under a `# noqa` or below the wanted confidence are left out.

    `analyse` may be an `analyse_source` that remembers.
    """
    take_given(wanted.given)
    try:
        analysis = (analyse or analyse_source)(source)
        candidates = tuple(_candidates(source, analysis, wanted))
        drawn = _graphs(analysis, candidates) if wanted.pictures else ()
        return FileCheck(source.path, source.text, candidates, analysis.problems, graphs=drawn)
    except MemoryError:
        problem = Problem(source.path, 1, "cannot check the file: it takes too much memory", internal=True)
    except Exception as error:
        problem = internal_error(source.path, error)
    return FileCheck(source.path, source.text, problems=(problem,))


def analyse_source(source: Source) -> Analysis:
    """Parse and interpret a text."""
    from shapelint.infer.analyse import analyse
    from shapelint.syntax.parse import parse

    module = parse(source)
    problems: tuple[Problem, ...] = ()
    if isinstance(module, Problem) and source.path.endswith(NOTEBOOK):
        from shapelint.pipeline.cells import without_broken_cells

        source, problems = without_broken_cells(source)
        module = parse(source)
    if isinstance(module, Problem):
        return Analysis(source, problems=(*problems, module))
    return Analysis(source, module, analyse(module, source), problems)


def internal_error(path: str, error: BaseException) -> Problem:
    """The tool's own failure as a problem of the file, with the place in the tool that a report needs."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return Problem(path, 1, f"internal error{place}: {text}: please report this with the file", internal=True)


def _candidates(source: Source, analysis: Analysis, wanted: Wanted) -> Iterator[Candidate]:
    from shapelint.rules.findings import findings

    suppressions = Suppressions(source.text, wanted.noqa, wanted.ignores)
    hits = [
        (finding, trace)
        for finding, trace in findings(analysis.traces, wanted.codes)
        if not suppressions.silences(finding.code, finding.span.line) and _is_wanted(finding, wanted)
    ]
    if hits:
        with phase("proof"):
            yield from _with_programs(analysis, wanted, hits)
    if suppressions.comments and UNUSED in wanted.codes and not analysis.problems:
        yield from map(Candidate, _unused(source, suppressions, wanted))


def _unused(source: Source, suppressions: Suppressions, wanted: Wanted) -> Iterator[Finding]:
    """The comments that silence nothing, and are not silenced themselves."""
    from shapelint.rules.index import by_default
    from shapelint.suppress.unused import unused

    for finding in unused(source.path, source.text, suppressions, by_default(), wanted.codes):
        if not suppressions.silences(UNUSED, finding.span.line):
            yield finding


def _with_programs(analysis: Analysis, wanted: Wanted, hits: list[Hit]) -> Iterator[Candidate]:
    from shapelint.verify.cases import cases

    found = [one for hit in hits if _is_wanted((one := cases(*hit)).finding, wanted)]
    if not (wanted.prove or wanted.pictures) or not found or analysis.module is None:
        yield from (Candidate(one.finding) for one in found)
        return
    from shapelint.notebooks.places import Places
    from shapelint.verify.again import Before
    from shapelint.verify.prove import judged

    before = Before.of(analysis.module, analysis.source)
    places = Places({analysis.source.path: analysis.source.text})
    for one in found:
        mended = _mended(before, one) if wanted.prove and wanted.prove_fixes else ()
        programs = _shown(judged(one), places) if wanted.pictures else judged(one)
        own = _own(one) if wanted.own_class else None
        yield Candidate(programs.finding, programs, mended, own, _needs_proof(one.finding, wanted))


def _shown(judged: Judged, places: Places) -> Judged:
    """The same, with a script for the finding where one can be written."""
    from shapelint.verify.witness.witness import NotShownError, script_of

    told = places.of(judged.finding.path, judged.finding.span)
    with suppress(NotShownError):
        script = script_of(replace(judged.finding, path=told.file, span=told.span), judged)
        return replace(judged, finding=replace(judged.finding, witness=script))
    return judged


def _graphs(analysis: Analysis, candidates: Sequence[Candidate]) -> tuple[Graph, ...]:
    from shapelint.report.graph.flow import graphs

    return tuple(graphs(analysis.traces, [candidate.finding for candidate in candidates]))


def _is_wanted(finding: Finding, wanted: Wanted) -> bool:
    return _CERTAINTY.index(finding.confidence) >= _CERTAINTY.index(wanted.min_confidence)


def _needs_proof(finding: Finding, wanted: Wanted) -> bool:
    from shapelint.rules.base import RULES

    return RULES[finding.code].general and wanted.min_confidence is not Confidence.LOW


def _own(found: Cases) -> OwnClass | NotReplayable:
    from shapelint.verify.own.own_class import own_class

    return own_class(*found.hits[0])


def _mended(before: Before, found: Cases) -> tuple[Mended, ...]:
    from shapelint.verify.prove import mended_programs

    finding, trace = found.hits[0]

    def programs(fix: Fix) -> Mended:
        return mended_programs(finding, fix, trace, lambda text: before.mended(text, fix.edits, trace))

    return tuple(map(programs, found.finding.fixes))
