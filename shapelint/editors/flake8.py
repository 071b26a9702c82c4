"""The flake8 plugin: the checks of the command line, reported by flake8 under its own options.

flake8 selects codes and reads `# noqa` itself. Of `[tool.shapelint]` only what is no choice is heeded: what the project
is (`src`, `known-layers`), and what it knows (`baseline`). flake8 loads this module on every run, so nothing but the
standard library is imported before a file speaks of torch, or a pyproject.toml of shapelint. Such a file is checked in
a process that can be ended, one for each process of flake8; with `--shapelint-verify` there is a second one, which runs
torch.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shapelint.prefilter import may_use_torch

if TYPE_CHECKING:
    from argparse import Namespace

    from shapelint.config import Config
    from shapelint.finding import Finding
    from shapelint.pipeline.baseline import Baseline
    from shapelint.pipeline.check import FileCheck
    from shapelint.pipeline.processes.bounds import Bounded
    from shapelint.project.given import Given
    from shapelint.source import Problem
    from shapelint.verify.client import Verifier


class Settings(NamedTuple):
    """The options of a run of flake8.

    `named` are the codes and prefixes of `--select` and `--extend-select`: a rule that is off by default runs
    when one of them fits it. `given` is what the settings say of the project, `baseline` the file of what it knows.
    """

    verify: bool = False
    named: tuple[str, ...] = ()
    given: Given | None = None
    baseline: str | None = None

    def may_use_torch(self, raw: bytes) -> bool:
        """Whether a file is worth a check."""
        return may_use_torch(raw) if self.given is None else self.given.may_use_torch(raw)


class Message(NamedTuple):
    """A line of flake8's report: line from 1, column in code points from 0, code and message in one text."""

    line: int
    column: int
    text: str


class Plugin:
    """The checks of one file, as flake8 calls them."""

    settings = Settings()

    # flake8 goes by the names: `tree` makes it one call for each file
    def __init__(self, tree: object, lines: Sequence[str], filename: str) -> None:
        self._path = filename
        self._text = "".join(lines)

    @staticmethod
    def add_options(manager: Any) -> None:
        """Add `--shapelint-verify` to flake8's command line and configuration."""
        manager.add_option(
            "--shapelint-verify",
            action="store_true",
            default=False,
            parse_from_config=True,
            help="Prove the findings of shapelint by running torch, and drop those that it refutes.",
        )

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Keep the options; raises flake8's ExecutionError when they, or the project's settings, cannot be used."""
        if options.shapelint_verify:
            _require_torch()
        named = (*(options.select or ()), *(options.extend_select or ()))
        config = _config()
        if config is None:
            cls.settings = Settings(options.shapelint_verify, named)
        else:
            cls.settings = Settings(options.shapelint_verify, named, config.given, config.baseline_path)

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """Check the file."""
        for message in check_text(self._path, self._text, self.settings):
            yield (*message, type(self))


def check_text(path: str, text: str, settings: Settings) -> list[Message]:
    """The messages on one file; a failure of shapelint itself is one too, SHP001.

    Code that cannot be parsed gives none: flake8 reports it as E999.
    """
    if not settings.may_use_torch(text.encode("utf-8", "replace")):
        return []
    try:
        return _check(path, text, settings)
    except Exception as error:  # flake8 would end the whole run
        from shapelint.pipeline.check import internal_error

        problem = internal_error(path, error)
        return [Message(problem.line, 0, f"{problem.code} {problem.message}")]


def _check(path: str, text: str, settings: Settings) -> list[Message]:
    from shapelint.pipeline.processes.pool import bounded_check

    check = bounded_check(_checker(os.getpid()), path, check_alone, path, text, settings)
    findings = [candidate.finding for candidate in check.candidates]
    if settings.verify and findings:
        from shapelint.pipeline.verdicts import proven

        findings = list(proven(check, _verifier(os.getpid())).findings)
    if settings.baseline is not None and findings:
        from shapelint.source import Source

        findings = list(_baseline(settings.baseline).fresh(Source(path, text), findings))
    return messages(findings, check.problems)


def check_alone(path: str, text: str, settings: Settings) -> FileCheck:
    """Check a file, in a process that is none of flake8's."""
    from shapelint.pipeline.check import Wanted, check_source
    from shapelint.project.given import Given
    from shapelint.rules.index import by_default
    from shapelint.source import Source

    codes = frozenset(code for code, on in by_default().items() if on or code.startswith(settings.named))
    given = settings.given or Given()
    wanted = Wanted(codes, prove=settings.verify, prove_fixes=False, noqa=False, given=given)
    return check_source(Source(path, text), wanted)


def messages(findings: Iterable[Finding], problems: Iterable[Problem]) -> list[Message]:
    """What flake8 is told; what keeps Python from reading the file it tells itself."""
    from shapelint.report.text import plain

    places = [Message(f.span.line, f.span.column, f"{f.code} {plain(f.message)}") for f in findings]
    return places + [Message(p.line, 0, f"{p.code} {plain(p.message)}") for p in problems if p.internal]


@cache
def _checker(process: int) -> Bounded:
    """What checks the files of a process, given by its number, within bounds; it ends when the process does."""
    from shapelint.pipeline.processes.bounds import Bounded

    return Bounded()


@cache
def _verifier(process: int) -> Verifier:
    """The verifier of a process, by its number: a forked process must not share its parent's worker.

    The worker ends when the process does, for its input then ends.
    """
    from shapelint.verify.client import Verifier

    return Verifier()


def _config() -> Config | None:
    """The settings of the project in the current folder, where flake8 looks for its own; None where there are none."""
    here = Path.cwd()
    if not any(_speaks_of_us(folder / "pyproject.toml") for folder in (here, *here.parents)):
        return None  # most projects: nothing more need be loaded
    from shapelint.config import ConfigError, load_config

    try:
        config = load_config(str(here))
        if config.baseline_path is not None:
            _baseline(config.baseline_path)
    except ConfigError as error:
        from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]  # has no type information

        raise ExecutionError(f"shapelint: {error}") from None
    return config


def _speaks_of_us(file: Path) -> bool:
    """Whether a file may hold settings of ours; why one cannot be read is told by who reads it."""
    try:
        return os.path.isfile(file) and b"shapelint" in file.read_bytes()
    except OSError:
        return True


@cache
def _baseline(file: str) -> Baseline:
    """What a project knows already; raises ConfigError."""
    from shapelint.pipeline.baseline import read

    return read(file)


def _require_torch() -> None:
    from shapelint.verify.client import available

    if not available():
        from flake8.exceptions import ExecutionError

        from shapelint.pipeline.run import HOW_TO_INSTALL

        raise ExecutionError(f"--shapelint-verify: torch cannot be imported; install it: {HOW_TO_INSTALL}")
