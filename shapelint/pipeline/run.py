"""A run: discover, read, check all files, prove the findings, apply fixes; results in the order of the paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapelint.config import Config, ConfigError, Selector
from shapelint.pipeline.check import FileCheck
from shapelint.pipeline.discover import Discovery, discover
from shapelint.pipeline.interrupt import signal_number
from shapelint.pipeline.pool import Pool, Task, workers
from shapelint.pipeline.verdicts import proven, unproven
from shapelint.prefilter import may_hold_recurrent
from shapelint.report.result import FileResult, RunResult, Stopped, is_unchecked
from shapelint.source import Problem, read_regular

if TYPE_CHECKING:
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
    paths: Sequence[str], config: Config, jobs: int = 0, stdin: Input | None = None, write: bool = True
) -> RunResult:
    """Check files and folders, and a text that did not come from a file.

    With `config.fix` the findings are fixed as well, in the files if `write`, else only in the result. Raises
    ConfigError when torch is required and cannot be imported; never for what is in a file.
    """
    can_prove = _can_prove(config.verify) if config.verify == "require" else None
    discovery = discover(paths, config.excludes, config.root)
    inputs, problems = _read(discovery)
    if stdin:
        inputs.append(stdin)
    unread = [FileResult(problem.path, problems=(problem,)) for problem in (*discovery.problems, *problems)]
    candidates = [given for given in inputs if may_hold_recurrent(given.raw)]
    if not candidates:
        return RunResult(len(inputs), 0, _told(unread))
    if can_prove is None:
        can_prove = _can_prove(config.verify)
    with Pool(workers([len(given.raw) for given in candidates], jobs), config.file_timeout) as pool:
        checks = _Checks(pool, candidates, _tasks(candidates, config, can_prove))
        if can_prove:
            outcome = _check_and_prove(checks, config, write)
        else:
            outcome = _check_only(checks, "verification is off" if config.verify == "off" else NOT_INSTALLED)
    results = checks.results.values()
    stopped = Stopped(signal_number(checks.stopped), len(candidates) - len(results)) if checks.stopped else None
    failed = sum(map(is_unchecked, results))
    files, checked = len(inputs) - failed, len(results) - failed
    return RunResult(files, checked, _told([*unread, *results]), outcome.torch, outcome.unproven, stopped)


def _told(results: Iterable[FileResult]) -> tuple[FileResult, ...]:
    """The results that have something to tell, in the order of their paths."""
    told = (result for result in results if result.findings or result.refuted or result.problems or result.change)
    return tuple(sorted(told, key=lambda result: result.path))


def _read(discovery: Discovery) -> tuple[list[Input], list[Problem]]:
    inputs: list[Input] = []
    problems: list[Problem] = []
    for path in discovery.files:
        try:
            inputs.append(Input(path, read_regular(path), outside=path in discovery.outside))
        except OSError as error:
            problems.append(Problem(path, 1, f"cannot read the file: {error.strerror or error}"))
    return inputs, problems


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
        Task(given.path, given.raw, selector.chosen(given.path), config.min_confidence, prove) for given in candidates
    ]


@dataclass(slots=True)
class _Checks:
    """The checks of a run, and their results by the numbers of their tasks; `stopped` is what ended them early."""

    pool: Pool
    inputs: Sequence[Input]
    tasks: Sequence[Task]
    results: dict[int, FileResult] = field(default_factory=dict)
    stopped: KeyboardInterrupt | None = None

    def judge(self, judged: Callable[[FileCheck], FileResult]) -> None:
        """Make a result of every check; when the run is stopped, of those that have ended."""
        try:
            for number, check in self.pool.checks(self.tasks):
                self.results[number] = judged(check)
        except KeyboardInterrupt as signal:
            self.stopped = signal
            unjudged = {number: unproven(check, INTERRUPTED) for number, check in self.pool.outcomes().items()}
            self.results = unjudged | self.results


def _check_only(checks: _Checks, why: str) -> _Outcome:
    checks.judge(lambda check: unproven(check, why))
    return _Outcome(unproven=why)


def _check_and_prove(checks: _Checks, config: Config, write: bool) -> _Outcome:
    """Check, prove and fix the files, in place if `write`."""
    from shapelint.verify.client import Verifier

    with Verifier() as verifier:
        verifier.start()  # torch's import there overlaps the analysis
        checks.judge(lambda check: proven(check, verifier))
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
    from shapelint.pipeline.fix import leave, look_again, mender, save

    results = checks.results
    for number, (given, task) in enumerate(zip(checks.inputs, checks.tasks, strict=True)):
        if given.outside:
            results[number] = leave(results[number], unsafe, LEADS_OUT)
            continue
        mended = mender(task.wanted, unsafe, verifier).mend(task.raw, results[number])
        results[number] = save(results[number], mended) if given.on_disk and write else mended
    if any(result.change and result.change.written for result in results.values()):
        for number, task in enumerate(checks.tasks):
            results[number] = look_again(task, results[number], verifier)
