"""A run: discover, read, check all files, prove the findings, apply fixes; results in the order of the paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from shapelint.config import Config, ConfigError, Selector
from shapelint.data import dataclass
from shapelint.effort import phase
from shapelint.pipeline.check import FileCheck
from shapelint.pipeline.discover import Discovery, discover
from shapelint.pipeline.interrupt import signal_number
from shapelint.pipeline.processes.pool import Pool, workers
from shapelint.pipeline.processes.task import Task
from shapelint.pipeline.progress import Progress
from shapelint.pipeline.verdicts import proven, unproven
from shapelint.prefilter import may_use_torch
from shapelint.project.given import Given
from shapelint.project.reads import forget, recorded
from shapelint.report.result import FileResult, RunResult, Skipped, Stopped, is_unchecked
from shapelint.source import NOTEBOOK, Problem, decode_source, read_regular

if TYPE_CHECKING:
    from shapelint.pipeline.kept import Kept
    from shapelint.verify.client import Verifier

INTERRUPTED = "the run was interrupted"
NOT_INSTALLED = "torch is not installed"
LEADS_OUT = "the file is a link that leads out of the checked folders; name it to have it fixed"
HOW_TO_INSTALL = "python -m pip install 'shapelint[verify]'"


@dataclass(frozen=True, slots=True)
class Input:
    """A name and a content; `on_disk` when they are those of a file, `outside` when that is a link out of all paths."""

    path: str
    raw: bytes
    on_disk: bool = True
    outside: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The version of the torch that ran, or why none did."""

    torch: str | None = None
    unproven: str | None = None


def run(
    paths: Sequence[str],
    config: Config,
    jobs: int = 0,
    stdin: Input | None = None,
    write: bool = True,
    progress: Progress | None = None,
) -> RunResult:
    """Check files and folders, and a text that did not come from a file.

    With `config.fix` the findings are fixed as well, in the files if `write`, else only in the result. Raises
    ConfigError when torch is required and cannot be imported; never for what is in a file.
    """
    progress = progress or Progress()
    can_prove = _can_prove(config.verify) if config.verify == "require" else None
    with phase("discover"):
        discovery = discover(paths, config.excludes, config.root)
    with phase("read"):
        inputs, problems = _read(discovery)
    if stdin:
        inputs.append(stdin)
    unread = [FileResult(problem.path, problems=(problem,)) for problem in (*discovery.problems, *problems)]
    with phase("read"):
        candidates = [given for given in inputs if _may_use_torch(given, config.given)]
    skipped = (*discovery.skipped, *_nothing_to_check(inputs, candidates))
    if not candidates:
        return RunResult(len(inputs), 0, _told(unread), skipped=skipped)
    if can_prove is None:
        can_prove = _can_prove(config.verify)
    with phase("cache"):
        checks = _Checks(candidates, _tasks(candidates, config, can_prove), _kept(config, can_prove), progress)
    sizes = [len(candidates[number].raw) for number in checks.due]
    with Pool(workers(sizes, jobs), config.file_timeout, progress) as pool:
        if can_prove:
            outcome = _check_and_prove(checks, pool, config, write)
        else:
            outcome = _check_only(checks, pool, _why_unproven(config))
    return _result(len(inputs), len(candidates), unread, skipped, checks, outcome)


def _result(
    inputs: int,
    candidates: int,
    unread: Sequence[FileResult],
    skipped: tuple[Skipped, ...],
    checks: _Checks,
    outcome: _Outcome,
) -> RunResult:
    """What a run has found, of so many files, some of which speak of torch."""
    trouble = _saved(checks.kept)
    results = checks.results.values()
    stopped = Stopped(signal_number(checks.stopped), candidates - len(results)) if checks.stopped else None
    failed = sum(map(is_unchecked, results))
    told = _told([*unread, *results])
    torch, unproven = outcome.torch, outcome.unproven
    return RunResult(
        inputs - failed, len(results) - failed, told, torch, unproven, stopped, trouble, skipped, checks.again
    )


def _told(results: Iterable[FileResult]) -> tuple[FileResult, ...]:
    """The results that have something to tell, in the order of their paths."""
    told = (result for result in results if _has_something(result))
    return tuple(sorted(told, key=lambda result: result.path))


def _has_something(result: FileResult) -> bool:
    return bool(result.findings or result.refuted or result.problems or result.change or result.graphs)


def _nothing_to_check(inputs: Sequence[Input], candidates: Sequence[Input]) -> Iterator[Skipped]:
    taken = {given.path for given in candidates}
    for given in inputs:
        if given.path not in taken:
            yield Skipped(given.path, "it does not speak of torch")


def _read(discovery: Discovery) -> tuple[list[Input], list[Problem]]:
    inputs: list[Input] = []
    problems: list[Problem] = []
    for path in discovery.files:
        try:
            inputs.append(Input(path, read_regular(path), outside=path in discovery.outside))
        except OSError as error:
            problems.append(Problem(path, 1, f"cannot read the file: {error.strerror or error}"))
    return inputs, problems


def _may_use_torch(given: Input, settings: Given) -> bool:
    """Whether a file is worth a check. JSON hides what a notebook's code says; one that cannot be read is told."""
    if not given.path.endswith(NOTEBOOK):
        return may_use_torch(given.raw) or settings.names_layer(given.raw.decode("utf-8", "replace"))
    source = decode_source(given.path, given.raw)
    if isinstance(source, Problem) or settings.names_layer(source.text):
        return True
    return may_use_torch(source.text.encode("utf-8", "replace"))


def _can_prove(mode: str) -> bool:
    """Whether torch proves the findings of this run; raises ConfigError when it must and cannot."""
    if mode == "off":
        return False
    from shapelint.verify.client import available

    if available():
        return True
    if mode == "require":
        raise ConfigError(f"--verify=require, but torch cannot be imported; install it: {HOW_TO_INSTALL}")
    return False


def _tasks(candidates: Sequence[Input], config: Config, prove: bool) -> list[Task]:
    selector = Selector(config)
    return [
        Task(
            given.path,
            given.raw,
            selector.chosen(given.path),
            config.min_confidence,
            prove,
            config.pictures,
            config.given,
        )
        for given in candidates
    ]


def _why_unproven(config: Config) -> str:
    return "verification is off" if config.verify == "off" else NOT_INSTALLED


def _kept(config: Config, prove: bool) -> Kept | None:
    """The results of earlier runs; None where nothing is to be kept."""
    if config.cache_path is None:
        return None
    from shapelint.cache.cache import Cache
    from shapelint.cache.versions import of_torch
    from shapelint.pipeline.kept import Kept

    return Kept(Cache(config.cache_path), of_torch() if prove else _why_unproven(config))


def _saved(kept: Kept | None) -> str | None:
    """Write the cache; returns why that cannot be done."""
    if kept is None:
        return None
    with phase("cache"):
        kept.cache.save()
    return kept.cache.trouble


@dataclass(slots=True)
class _Checks:
    """The checks of a run, and their results by the numbers of their tasks; `stopped` is what ended them early.

    What earlier runs found is a result from the start, and `due` are the numbers of the others. Of a text that did not
    come from a file nothing is kept: it changes with each key that is pressed.
    """

    inputs: Sequence[Input]
    tasks: Sequence[Task]
    kept: Kept | None
    progress: Progress
    results: dict[int, FileResult] = field(default_factory=dict)
    due: list[int] = field(default_factory=list)
    stopped: KeyboardInterrupt | None = None
    again: int = 0  #: files whose results are those of earlier runs

    def __post_init__(self) -> None:
        for number, task in enumerate(self.tasks):
            kept = self.kept_for(number)
            result = kept.result(task) if kept else None
            if result is None:
                self.due.append(number)
            else:
                self.results[number] = result
        self.progress.files = len(self.due)
        self.again = len(self.results)

    def kept_for(self, number: int) -> Kept | None:
        """What is kept of a file."""
        return self.kept if self.inputs[number].on_disk else None

    def judge(self, pool: Pool, judged: Callable[[FileCheck], FileResult], verifier: Verifier | None = None) -> None:
        """Make a result of every check that is due; when the run is stopped, of those that have ended."""
        try:
            for place, check in pool.checks([self.tasks[number] for number in self.due]):
                number, before = self.due[place], _count(verifier)
                self.results[number] = result = judged(check)
                self.progress.told += 1
                if kept := self.kept_for(number):
                    asked, doubts = (now - then for now, then in zip(_count(verifier), before, strict=True))
                    torch = verifier.torch if verifier and asked else None
                    kept.keep(self.tasks[number], result, check.reads, torch, sure=not doubts)
        except KeyboardInterrupt as signal:
            self.stopped = signal
            ended = {self.due[place]: check for place, check in pool.outcomes().items()}
            self.results = {number: unproven(check, INTERRUPTED) for number, check in ended.items()} | self.results


def _count(verifier: Verifier | None) -> tuple[int, int]:
    """How many programs torch was asked about, and how many answers may be others the next time."""
    return (verifier.asked, verifier.doubts) if verifier else (0, 0)


def _check_only(checks: _Checks, pool: Pool, why: str) -> _Outcome:
    checks.judge(pool, lambda check: unproven(check, why))
    return _Outcome(unproven=why)


def _check_and_prove(checks: _Checks, pool: Pool, config: Config, write: bool) -> _Outcome:
    """Check, prove and fix the files, in place if `write`."""
    from shapelint.verify.client import Verifier

    asks = checks.due or config.fix or config.verify == "require"
    known = checks.kept.cache.verdicts if checks.kept and asks else None
    with Verifier(known=known) as verifier:
        if checks.due and not (known and known.known):
            verifier.start()  # torch's import there overlaps the analysis; where much is known, it may not be needed
        checks.judge(pool, lambda check: proven(check, verifier), verifier)
        if checks.kept:
            verifier.torch = verifier.torch or checks.kept.torch
        if config.verify == "require" and not checks.stopped and not verifier.ready():
            raise ConfigError(f"--verify=require, but {verifier.failure}")
        if config.fix and not checks.stopped:
            try:
                _fix(checks, config.unsafe_fixes, write, verifier)
            except KeyboardInterrupt as signal:
                checks.stopped = signal
        return _Outcome(verifier.torch, None if verifier.torch else verifier.failure)


def _fix(checks: _Checks, unsafe: bool, write: bool, verifier: Verifier) -> None:
    """Fix the files, each in view of those before it; what remains is looked at again when all are written."""
    from shapelint.pipeline.fix import applicable, leave, look_again, save

    results = checks.results
    for number, given in enumerate(checks.inputs):
        if not any(applicable(finding, unsafe) for finding in results[number].findings):
            continue
        if given.outside:
            results[number] = leave(results[number], unsafe, LEADS_OUT)
            continue
        writes = given.on_disk and write
        mended = _mended(checks, number, unsafe, writes, verifier)
        results[number] = save(results[number], mended) if writes else mended
        if (change := results[number].change) and change.written:
            _forget_files(checks.kept)
    if any(result.change and result.change.written for result in results.values()):
        for number, task in enumerate(checks.tasks):
            results[number] = look_again(task, results[number], verifier)


def _mended(checks: _Checks, number: int, unsafe: bool, writes: bool, verifier: Verifier) -> FileResult:
    """A file's result after its fixes. What is written to it is made anew: a cache may be anybody's work."""
    from shapelint.pipeline.fix import mender

    task, result, kept = checks.tasks[number], checks.results[number], checks.kept_for(number)
    found = kept.mended(task, unsafe, result) if kept else None
    if found is not None and not (writes and found.change):
        return found
    _, doubts = _count(verifier)
    with recorded() as reads:
        mended = mender(task.wanted, unsafe, verifier).mend(task.raw, result)
    if kept and verifier.doubts == doubts:
        kept.keep_mended(task, unsafe, mended, reads)
    return mended


def _forget_files(kept: Kept | None) -> None:
    """A file was written: what was read before may be otherwise now."""
    forget()
    if kept:
        kept.cache.results.now.written()
