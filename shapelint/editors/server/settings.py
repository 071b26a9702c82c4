"""The settings of an editor: they win over `[tool.shapelint]`, as the command line's options do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from shapelint.config import Config, check_codes, known_codes
from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.keys import suggestion

SECTION = "shapelint"  #: the name under which an editor keeps the settings
SIZES = ("symbols", "numbers", "both")


class SettingsError(Exception):
    """A setting cannot be used; the text is one line for people."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Which shapes are shown behind assignments, and how."""

    enable: bool = True
    roles: bool = False  #: with what each axis means
    only_changes: bool = False  #: not where the name had this shape before
    sizes: str = "symbols"  #: or the numbers of the script's own calls, where there are any, or both


@dataclass(frozen=True, slots=True)
class Settings:
    """What an editor sets. None: what pyproject.toml says, or the default."""

    verify: str | None = None
    python: str | None = None  #: the interpreter whose torch proves the findings
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    min_confidence: Confidence | None = None
    hints: Hints = Hints()

    def over(self, config: Config) -> Config:
        """A file's configuration under these settings."""
        return config.with_command_line(
            select=self.select, ignore=self.ignore, verify=self.verify, min_confidence=self.min_confidence
        )


def read_settings(given: object) -> Settings:
    """The settings in what an editor sends, with or without the name of their section; raises SettingsError."""
    table = given.get(SECTION, given) if isinstance(given, Mapping) else given
    settings: Settings = _read(Settings(), _SETTINGS, table, SECTION)
    return settings


Reader = Callable[[str, Any], tuple[str, object]]  #: the field's name and value


def _read(settings: Any, readers: Mapping[str, Reader], table: object, name: str) -> Any:
    if table is None:
        return settings
    if not isinstance(table, Mapping):
        raise SettingsError(f"{name} is not a table of settings")
    values = dict[str, object]()
    for key, value in table.items():
        if key not in readers:
            raise SettingsError(f"{name}.{key} is no setting{suggestion(str(key), list(readers))}")
        if value is not None:
            field, values[field] = readers[key](f"{name}.{key}", value)
    return replace(settings, **values)


def _one_of(field: str, *words: str) -> Reader:
    def read(name: str, value: Any) -> tuple[str, object]:
        if value not in words:
            raise SettingsError(f"{name} is none of {', '.join(words)}")
        return field, value

    return read


def _truth(field: str) -> Reader:
    def read(name: str, value: Any) -> tuple[str, object]:
        if not isinstance(value, bool):
            raise SettingsError(f"{name} is neither true nor false")
        return field, value

    return read


def _codes(field: str) -> Reader:
    def read(name: str, value: Any) -> tuple[str, object]:
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            raise SettingsError(f"{name} is not a list of codes")
        wrong = check_codes(value, known_codes()) if value else None
        if wrong:
            raise SettingsError(f"{name}: {wrong}")
        return field, tuple(value)

    return read


def _text(field: str) -> Reader:
    def read(name: str, value: Any) -> tuple[str, object]:
        if not isinstance(value, str):
            raise SettingsError(f"{name} is not a text")
        return field, value or None

    return read


def _confidence(name: str, value: Any) -> tuple[str, object]:
    _, level = _one_of("", *(one.value for one in Confidence))(name, value)
    return "min_confidence", Confidence(level)


def _hints(name: str, value: Any) -> tuple[str, object]:
    return "hints", _read(Hints(), _HINTS, value, name)


_HINTS: Mapping[str, Reader] = {
    "enable": _truth("enable"),
    "roles": _truth("roles"),
    "onlyChanges": _truth("only_changes"),
    "sizes": _one_of("sizes", *SIZES),
}
_SETTINGS: Mapping[str, Reader] = {
    "verify": _one_of("verify", "auto", "off"),
    "python": _text("python"),
    "select": _codes("select"),
    "ignore": _codes("ignore"),
    "minConfidence": _confidence,
    "inlayHints": _hints,
}
