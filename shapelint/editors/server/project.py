"""What the project of a text says in files: its settings, and the mistakes that it knows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from shapelint.config import Config, ConfigError, load_config
from shapelint.editors.server.settings import Settings
from shapelint.finding import Finding
from shapelint.pipeline.baseline import Baseline, read
from shapelint.source import Source

PROJECT = "pyproject.toml"


class Project:
    """The settings of files under those of the editor. What is wrong with them does not hold, and is told once."""

    def __init__(self, trouble: Callable[[str], None]) -> None:
        self.settings = Settings()
        self._trouble = trouble
        self._told: set[str] = set()
        self._baselines: set[str] = set()  #: the files of known mistakes that settings name

    def config(self, path: str) -> Config:
        """The configuration of a file."""
        try:
            return self.settings.over(load_config(path))
        except ConfigError as error:
            self._tell(error)
            return self.settings.over(Config())

    def fresh(self, config: Config, source: Source, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings of a text that the project does not know already."""
        file = config.baseline_path
        if file is None:
            return tuple(findings)
        self._baselines.add(file)
        try:
            return _baseline(file, _stamp(file)).fresh(source, findings)
        except ConfigError as error:
            self._tell(error)
            return tuple(findings)

    def rests_on(self, path: str) -> bool:
        """Whether a file that was written holds settings or known mistakes; if so, what is wrong is told again."""
        rests = os.path.basename(path) == PROJECT or os.path.abspath(path) in self._baselines
        if rests:
            self._told.clear()
        return rests

    def _tell(self, error: ConfigError) -> None:
        if (told := str(error)) not in self._told:
            self._told.add(told)
            self._trouble(told)


def _stamp(file: str) -> tuple[int, int] | None:
    """What is another value when a file was written."""
    try:
        state = Path(file).stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=4)
def _baseline(file: str, stamp: tuple[int, int] | None) -> Baseline:
    """The known mistakes of a file as it was written at some time; raises ConfigError."""
    return read(file)
