"""A run: discover, read, check all files, prove the findings, apply fixes; results in the order of the paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.check import Wanted
from shapelint.config import Config, ConfigError, Selector
from shapelint.discover import discover
from shapelint.prefilter import may_hold_recurrent
from shapelint.report.result import FileResult, RunResult
from shapelint.source import Problem
from shapelint.verdicts import proven, unproven

if TYPE_CHECKING:
    from shapelint.pool import Task
    from shapelint.verify.client import Verifier

NOT_INSTALLED = "torch is not installed"
HOW_TO_INSTALL = "python -m pip install 'shapelint[verify]'"


@dataclass(frozen=True, slots=True)
class Input:
    """A name and a content; `on_disk` when they are those of a file."""

    path: str
    raw: bytes
    on_disk: bool = True


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The results of the checked files; the version of the torch that ran, or why none did."""

    results: Sequence[FileResult]
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
    inputs, problems = _read(discovery.files)
    if stdin:
        inputs.append(stdin)
    unread = [FileResult(problem.path, problems=(problem,)) for problem in (*discovery.problems, *problems)]
    candidates = [given for given in inputs if may_hold_recurrent(given.raw)]
    total = len(inputs) + len(problems)
    if not candidates:
        return RunResult(total, 0, _told(unread))
    if can_prove is None:
        can_prove = _can_prove(config.verify)
    tasks = _tasks(candidates, config, can_prove)
    if can_prove:
        outcome = _check_and_prove(tasks, config, jobs, saved=[given.on_disk and write for given in candidates])
    else:
        outcome = _check_only(tasks, jobs, "verification is off" if config.verify == "off" else NOT_INSTALLED)
    return RunResult(total, len(tasks), _told([*unread, *outcome.results]), outcome.torch, outcome.unproven)


def _told(results: Iterable[FileResult]) -> tuple[FileResult, ...]:
    """The results that have something to tell, in the order of their paths."""
    told = (result for result in results if result.findings or result.refuted or result.problems or result.change)
    return tuple(sorted(told, key=lambda result: result.path))


def _read(paths: Iterable[str]) -> tuple[list[Input], list[Problem]]:
    inputs: list[Input] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            inputs.append(Input(path, Path(path).read_bytes()))
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
    from shapelint.pool import Task

    selector = Selector(config, _rules_by_default())
    return [
        Task(given.path, given.raw, Wanted(selector.codes(given.path), config.min_confidence, prove))
        for given in candidates
    ]


def _check_only(tasks: Sequence[Task], jobs: int, why: str) -> _Outcome:
    from shapelint.pool import check_all

    checks = check_all(tasks, jobs, started=lambda: None)
    return _Outcome([unproven(check, why) for check in checks], unproven=why)


def _check_and_prove(tasks: Sequence[Task], config: Config, jobs: int, saved: Sequence[bool]) -> _Outcome:
    """Check, prove and fix the files, those that are to be `saved` in place."""
    from shapelint.pool import check_all
    from shapelint.verify.client import Verifier

    with Verifier() as verifier:
        # torch's import in the worker overlaps the analysis here
        results = [proven(check, verifier) for check in check_all(tasks, jobs, started=verifier.start)]
        if config.fix:
            results = _fix(tasks, results, config.unsafe_fixes, saved, verifier)
        return _Outcome(results, verifier.torch, None if verifier.torch else verifier.failure)


def _fix(
    tasks: Sequence[Task], results: Sequence[FileResult], unsafe: bool, saved: Sequence[bool], verifier: Verifier
) -> list[FileResult]:
    """Fix the files, each in view of those before it; what remains is looked at again when all are written."""
    from shapelint.fix import look_again, mender, save

    fixed: list[FileResult] = []
    for task, result, is_saved in zip(tasks, results, saved, strict=True):
        mended = mender(task.wanted, unsafe, verifier).mend(task.raw, result)
        fixed.append(save(result, mended) if is_saved else mended)
    if not any(result.change and result.change.written for result in fixed):
        return fixed
    return [look_again(task, result, verifier) for task, result in zip(tasks, fixed, strict=True)]


def _rules_by_default() -> dict[str, bool]:
    from shapelint.rules.base import RULES, load

    load()
    return {code: rule.default for code, rule in RULES.items()}
