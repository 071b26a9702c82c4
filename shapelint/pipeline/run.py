"""A run: discover, read, check all files, prove the findings, apply fixes; results in the order of the paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import field
from typing import TYPE_CHECKING

from shapelint.config import Config, ConfigError, Selector
from shapelint.data import dataclass
from shapelint.effort import phase
from shapelint.pipeline.discover import Discovery, discover
from shapelint.pipeline.hands import Hands, Local
from shapelint.pipeline.interrupt import signal_number
from shapelint.pipeline.processes.pool import Pool, workers
from shapelint.pipeline.processes.task import Task
from shapelint.pipeline.progress import Progress
from shapelint.project.given import Given
from shapelint.project.reads import forget, recorded
from shapelint.report.result import FileResult, RunResult, Skipped, Stopped, is_unchecked
from shapelint.source import NOTEBOOK, Problem, decode_source, read_regular

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from shapelint.pipeline.kept import Kept
    from shapelint.verify.client import Verifier

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
    executor: Executor | None = None,
) -> RunResult:
    """Check files and folders, and a text that did not come from a file.

    With `config.fix` the findings are fixed as well, in the files if `write`, else only in the result. An `executor`
    checks in place of processes of this machine (`jobs` are theirs), and is left open. Raises ConfigError when torch is
    required and cannot be imported, and when the executor cannot be used; never for what is in a file.
    """
    progress = progress or Progress()
    can_prove = _can_prove(config.verify) if config.verify == "require" else None
    with phase("discover"):
        discovery = discover(paths, config.excludes, config.root)
    with phase("read"):
        candidates, others, problems = _read(discovery, stdin, config.given)
    unread = [FileResult(problem.path, problems=(problem,)) for problem in (*discovery.problems, *problems)]
    skipped = (*discovery.skipped, *(Skipped(path, "it does not speak of torch") for path in others))
    if not candidates:
        return RunResult(len(others), 0, _told(unread), skipped=skipped)
    if can_prove is None:
        can_prove = _can_prove(config.verify)
    with phase("cache"):
        checks = _Checks(candidates, _tasks(candidates, config, can_prove), _kept(config, can_prove), progress)
    try:
        if can_prove:
            outcome = _check_and_prove(checks, config, jobs, write, executor)
        else:
            outcome = _check_only(checks, config, jobs, executor)
    except ConfigError:
        _saved(checks.kept)  # the next run goes on from there
        raise
    return _result(len(others) + len(candidates), len(candidates), unread, skipped, checks, outcome)


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


def _read(discovery: Discovery, stdin: Input | None, settings: Given) -> tuple[list[Input], list[str], list[Problem]]:
    """What is worth a check, the paths of the others, whose contents nobody needs any more, and what cannot be read."""
    candidates: list[Input] = []
    others: list[str] = []
    problems: list[Problem] = []

    def take(given: Input) -> None:
        if _may_use_torch(given, settings):
            candidates.append(given)
        else:
            others.append(given.path)

    for path in discovery.files:
        try:
            take(Input(path, read_regular(path), outside=path in discovery.outside))
        except OSError as error:
            problems.append(Problem(path, 1, f"cannot read the file: {error.strerror or error}"))
    if stdin:
        take(stdin)
    return candidates, others, problems


def _may_use_torch(given: Input, settings: Given) -> bool:
    """Whether a file is worth a check. JSON hides what a notebook's code says; one that cannot be read is told."""
    if not given.path.endswith(NOTEBOOK):
        return settings.may_use_torch(given.raw)
    source = decode_source(given.path, given.raw)
    return isinstance(source, Problem) or settings.may_use_torch(source.text.encode("utf-8", "replace"))


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
            given.on_disk,
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

    def judge(self, hands: Hands) -> None:
        """Have every check made that is due; when the run is stopped, what has ended by then is told."""
        try:
            for place, judgement in hands.judgements([self.tasks[number] for number in self.due]):
                number = self.due[place]
                self.results[number] = judgement.result
                self.progress.told += 1
                if kept := self.kept_for(number):
                    kept.keep(self.tasks[number], judgement)
        except KeyboardInterrupt as signal:
            self.stopped = signal
            self.results = {self.due[place]: result for place, result in hands.left().items()} | self.results


@contextmanager
def _hands(
    checks: _Checks, config: Config, jobs: int, verifier: Verifier | None, executor: Executor | None
) -> Iterator[Hands]:
    """Who checks the files that are due. The verifier is for those of this machine, which get ready at once."""
    why, progress = _why_unproven(config), checks.progress
    if executor is not None:
        from shapelint.pipeline.executors.remote import Remote

        with closing(
            Remote(executor, config.file_timeout, verifier is not None, why, progress, checks.kept is not None)
        ) as remote:
            yield remote
        return
    sizes = [len(checks.inputs[number].raw) for number in checks.due]
    with Pool(workers(sizes, jobs), config.file_timeout, progress) as pool:
        yield Local(pool, verifier, why)


def _check_only(checks: _Checks, config: Config, jobs: int, executor: Executor | None) -> _Outcome:
    with _hands(checks, config, jobs, None, executor) as hands:
        checks.judge(hands)
    return _Outcome(unproven=_why_unproven(config))


def _check_and_prove(checks: _Checks, config: Config, jobs: int, write: bool, executor: Executor | None) -> _Outcome:
    """Check, prove and fix the files, in place if `write`. What is fixed is proven here, where it is written."""
    from shapelint.verify.client import Verifier

    asks = checks.due or config.fix or config.verify == "require"
    known = checks.kept.cache.verdicts if checks.kept and asks else None
    with Verifier(known=known) as verifier, _hands(checks, config, jobs, verifier, executor) as hands:
        if executor is None and checks.due and not (known and known.known):
            verifier.start()  # torch's import there overlaps the analysis; where much is known, it may not be needed
        checks.judge(hands)
        if config.verify == "require" and not checks.stopped and not hands.ready():
            raise ConfigError(f"--verify=require, but {hands.failure}")
        if config.fix and not checks.stopped:
            try:
                _fix(checks, config.unsafe_fixes, write, verifier)
            except KeyboardInterrupt as signal:
                checks.stopped = signal
        torch = hands.torch or verifier.torch or (checks.kept.torch if checks.kept else None)
        return _Outcome(torch, None if torch else hands.failure)


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
    doubts = verifier.doubts
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
