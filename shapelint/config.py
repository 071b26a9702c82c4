"""`[tool.shapelint]` of pyproject.toml: read, checked, and put together with the command line.

One table holds for a run: that of the nearest pyproject.toml with a `[tool.shapelint]` table, upwards from
the first checked path. Patterns in it are those of .gitignore, relative to its directory.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.keys import KEYS, BadValueError, shown, suggestion
from shapelint.patterns import spec_of
from shapelint.pipeline.processes.bounds import FILE_SECONDS
from shapelint.project.given import Given
from shapelint.selection import Chosen, Selection
from shapelint.source import read_regular

MAX_BYTES = 1_000_000  #: of a pyproject.toml
DEFAULT_CACHE = ".shapelint_cache"
DEFAULT_EXCLUDES = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".hypothesis", ".ipynb_checkpoints",
    ".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", DEFAULT_CACHE, ".svn",
    ".tox", ".venv", ".vscode", "__pycache__", "__pypackages__", "_build", "build", "dist", "node_modules",
    "site-packages", "venv",
)  # fmt: skip


class ConfigError(Exception):
    """The configuration or an option cannot be used; the text is one line for people."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a run. `root` is the directory that patterns are relative to."""

    root: str = "."
    file: Selection = Selection()
    command_line: Selection = Selection()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDES
    extend_exclude: tuple[str, ...] = ()
    verify: str = "auto"
    min_confidence: Confidence = Confidence.MEDIUM
    output_format: str = "full"
    fix: bool = False
    unsafe_fixes: bool = False
    file_timeout: float = FILE_SECONDS
    pictures: bool = False  #: whether a report shows data flows, and scripts
    cache_dir: str | None = DEFAULT_CACHE  #: relative to `root`; None: nothing is kept
    src: tuple[str, ...] = ()  #: folders of modules, relative to `root`
    known_layers: tuple[tuple[str, str], ...] = ()  #: names, and the layers of torch that they are read as
    baseline: str | None = None  #: relative to `root`; None: no mistakes are known
    origins: tuple[tuple[str, str], ...] = field(default=(), compare=False)  #: the keys that the file gives, and where

    @property
    def baseline_path(self) -> str | None:
        """The file of the known mistakes."""
        return None if self.baseline is None else os.path.abspath(os.path.join(self.root, self.baseline))

    @property
    def given(self) -> Given:
        """What a check is told of the project."""
        folders = (os.path.abspath(os.path.join(self.root, folder)) for folder in self.src)
        return Given(tuple(folders), self.known_layers)

    @property
    def cache_path(self) -> str | None:
        """The folder of the cache."""
        return None if self.cache_dir is None else os.path.abspath(os.path.join(self.root, self.cache_dir))

    @property
    def excludes(self) -> tuple[str, ...]:
        """All exclude patterns."""
        return (*self.exclude, *self.extend_exclude)

    def with_command_line(
        self, select: tuple[str, ...] | None = None, ignore: tuple[str, ...] = (), **options: Any
    ) -> Config:
        """The same with what the command line gives (None: not given), which wins over the file."""
        given = {name: value for name, value in options.items() if value is not None}
        return replace(self, command_line=Selection(select, (), ignore), **given)


class Selector:
    """Answers what is checked in which file."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._root = os.path.abspath(config.root)
        self._ignores = [(spec_of((pattern,)), codes) for pattern, codes in config.per_file_ignores]

    def chosen(self, path: str) -> Chosen:
        """What is on in a file."""
        dropped: list[str] = []
        for spec, codes in self._ignores:
            if spec.match_file(os.path.relpath(os.path.abspath(path), self._root)):
                dropped.extend(codes)
        return Chosen(self._config.file, self._config.command_line, tuple(dropped))


def load_config(start: str) -> Config:
    """The configuration that holds for `start` (a file or directory); raises ConfigError."""
    place = Path(os.path.abspath(start))  # `..` is not below the current folder
    for directory in (place, *place.parents):
        path = directory / "pyproject.toml"
        raw = _read(path)
        # most projects have no such table, and a TOML parser costs more than the rest of a short run
        config = read_config(str(path), _decoded(path, raw)) if b"shapelint" in raw else None
        if config:
            return config
    return Config()


def _read(path: Path) -> bytes:
    """The content of a pyproject.toml; empty where there is none."""
    try:
        is_there = os.path.exists(path) and not os.path.isdir(path)
        return read_regular(str(path), MAX_BYTES) if is_there else b""
    except OSError as error:
        raise ConfigError(f"{_shown(str(path))}: cannot read the settings: {error.strerror or error}") from None


def _decoded(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{_shown(str(path))}: not valid UTF-8 at byte {error.start}; save it as UTF-8") from None


def read_config(path: str, text: str) -> Config | None:
    """Check and convert the `[tool.shapelint]` table of a pyproject.toml, None if it has none.

    Raises ConfigError, which names the file and the line.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tools = tomllib.loads(text).get("tool", {})
    except RecursionError:
        raise ConfigError(f"{_shown(path)}: not valid TOML: nested too deeply") from None
    except ValueError as error:  # also of a number of too many digits
        raise ConfigError(f"{_shown(path)}: not valid TOML: {error}") from None
    reader = _TableReader(path, text)
    if not isinstance(tools, dict):
        raise reader.error("tool", "[tool] must be a table")
    return reader.read(tools["shapelint"]) if "shapelint" in tools else None


def check_codes(prefixes: Iterable[str], known: Iterable[str]) -> str | None:
    """What is wrong with the first code or prefix that fits no known code, None if all do."""
    codes = sorted(known)
    for prefix in prefixes:
        if not prefix or not any(code.startswith(prefix) for code in codes):
            near = suggestion(prefix, codes) or "; `shapelint rule --all` lists the codes"
            return f"unknown rule code {shown(prefix)}{near}"
    return None


def _shown(path: str) -> str:
    """The path as seen from the working directory, if it lies below it."""
    here = os.path.relpath(path)
    return path if here.startswith("..") else here


@dataclass(slots=True)
class _TableReader:
    """Turns the TOML table into a Config, and knows where its keys stand."""

    path: str
    text: str
    values: dict[str, Any] = field(default_factory=dict)

    def read(self, table: object) -> Config:
        if not isinstance(table, dict):
            raise self.error("shapelint", "[tool.shapelint] must be a table")
        for key, value in table.items():
            known = KEYS.get(key)
            if known is None:
                raise self.error(key, f"unknown key {shown(key)}{suggestion(key, KEYS)}")
            try:
                self.values[key] = known.kind.convert(value)
            except BadValueError as error:
                raise self.error(key, f"{key}: {error}", error.word) from None
        return self._config()

    def _config(self) -> Config:
        values = self.values
        self._check_codes()
        origins = tuple((key, f"{_shown(self.path)}:{self._line(key, None)}") for key in values)
        selection = Selection(values.pop("select", None), values.pop("extend-select", ()), values.pop("ignore", ()))
        options = {key.replace("-", "_"): value for key, value in values.items()}
        return Config(root=str(Path(self.path).parent), file=selection, origins=origins, **options)

    def _check_codes(self) -> None:
        by_key = [(key, self.values.get(key) or ()) for key in ("select", "extend-select", "ignore")]
        by_key += [("per-file-ignores", codes) for _, codes in self.values.get("per-file-ignores", ())]
        for key, codes in by_key:
            for code in codes:
                wrong = check_codes([code], known_codes())
                if wrong:
                    raise self.error(key, f"{key}: {wrong}", code)

    def error(self, key: str, message: str, word: str | None = None) -> ConfigError:
        return ConfigError(f"{_shown(self.path)}:{self._line(key, word)}: {message}")

    def _line(self, key: str, word: str | None) -> int:
        """The line of a key (or of a quoted word after it) in the table; that of the table if it hides."""
        lines = self.text.split("\n")
        header = re.compile(r"\s*\[\s*tool\s*\.\s*[\"']?shapelint\b")
        start = next((n for n, line in enumerate(lines) if header.match(line)), 0)
        at = self._find(lines, start, rf"\s*(\[.*\.)?[\"']?{re.escape(key)}[\"']?\s*[\].=]")
        if at is None:
            return start + 1
        if word is not None:
            quoted = self._find(lines, at, rf".*[\"']{re.escape(word)}[\"']")
            at = at if quoted is None else quoted
        return at + 1

    @staticmethod
    def _find(lines: list[str], start: int, pattern: str) -> int | None:
        expression = re.compile(pattern)
        return next((n for n in range(start, len(lines)) if expression.match(lines[n])), None)


def known_codes() -> frozenset[str]:
    """The codes of all rules; imports the rules."""
    from shapelint.rules.index import by_default

    return frozenset(by_default())
