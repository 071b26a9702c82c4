"""The keys of `[tool.shapelint]`: what each takes, as a converter and as a JSON schema, and what it means.

`python -m shapelint.keys docs` writes docs/schema-config.json, which a test compares with the code.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.patterns import PatternError, spec_of
from shapelint.report import formats

MAX_SHOWN = 80  #: characters of a wrong word
MAX_ENTRIES = 1_000  #: of a list or a table
VERIFY_MODES = ("auto", "require", "off")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value may be: `convert` raises BadValueError for anything else."""

    convert: Callable[[object], object]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and what it means in a line."""

    kind: Kind
    told: str


def shown(word: str) -> str:
    """A word of the user's in quotes, in one line, and cut where it is long."""
    return repr(word if len(word) <= MAX_SHOWN else word[:MAX_SHOWN] + "...")


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest known word, else nothing."""
    by_case = {name.lower(): name for name in known}
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), by_case, n=1, cutoff=0.6)
    return f"; did you mean {by_case[near[0]]!r}?" if near else ""


class BadValueError(Exception):
    """A value of the wrong type, or an unknown word; `word` is the text to look for in the file."""

    def __init__(self, message: str, word: str | None = None) -> None:
        super().__init__(message)
        self.word = word


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadValueError(f"must be a list of strings, not {_type_name(value)}")
    if len(value) > MAX_ENTRIES:
        raise BadValueError(f"has {len(value)} entries; {MAX_ENTRIES} are the most")
    return tuple(value)


def _patterns(value: object) -> tuple[str, ...]:
    for pattern in (patterns := _strings(value)):
        _check_pattern(pattern)
    return patterns


def _check_pattern(pattern: str) -> None:
    try:
        spec_of([pattern])
    except PatternError as error:
        raise BadValueError(f"{shown(pattern)} is no pattern of .gitignore: {error}", pattern) from None


def _one_of(*words: str) -> Callable[[object], str]:
    def convert(value: object) -> str:
        if not isinstance(value, str):
            raise BadValueError(f"must be one of {', '.join(words)}, not {_type_name(value)}")
        if value not in words:
            wrong = f"{shown(value)} is not one of {', '.join(words)}"
            raise BadValueError(wrong + suggestion(value, words), value)
        return value

    return convert


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValueError(f"must be true or false, not {_type_name(value)}")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValueError(f"must be a number of seconds, not {_type_name(value)}")
    if not 0 < value < float("inf"):
        raise BadValueError("must be more than 0 seconds")
    return float(value)


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise BadValueError(f"must be a path, not {_type_name(value)}")
    if not value or "\0" in value:
        raise BadValueError("must be a path that is not empty")
    return os.path.expanduser(value)


def _folders(value: object) -> tuple[str, ...]:
    return tuple(_path(folder) for folder in _strings(value))


def _layers(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(layer, str) for layer in value.values()):
        raise BadValueError(f"must be a table of name = layer of torch, not {_type_name(value)}")
    for layer in value.values():
        known = known_layers()
        if layer not in known:
            raise BadValueError(f"{shown(layer)} is no layer that is known{suggestion(layer, known)}", layer)
    return tuple(value.items())


def known_layers() -> list[str]:
    """The layers of torch; imports what is known of them."""
    from shapelint.ops import registry

    registry.load()
    return sorted(registry.LAYERS)


def _confidence(value: object) -> Confidence:
    return Confidence(_one_of(*(level.value for level in Confidence))(value))


def _ignores(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise BadValueError(f"must be a table of pattern = [codes], not {_type_name(value)}")
    _patterns(list(value))
    return tuple((pattern, _strings(codes)) for pattern, codes in value.items())


def _type_name(value: object) -> str:
    return _TYPE_NAMES.get(type(value), type(value).__name__)


_TYPE_NAMES: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "a list of other things",
    dict: "a table",
}


def _words(*words: str) -> Kind:
    return Kind(_one_of(*words), {"enum": list(words)})


_LIST: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_ENTRIES}
_CODES = Kind(_strings, _LIST)
_PATTERNS = Kind(_patterns, _LIST)
_FLAG = Kind(_boolean, {"type": "boolean"})
_PATH = Kind(_path, {"type": "string", "minLength": 1})
_SECONDS = Kind(_seconds, {"type": "number", "exclusiveMinimum": 0})
_LEVELS = Kind(_confidence, {"enum": [level.value for level in Confidence]})
_FOLDERS = Kind(_folders, {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": MAX_ENTRIES})
_LAYERS = Kind(_layers, {"type": "object", "additionalProperties": {"type": "string"}})
_IGNORES = Kind(_ignores, {"type": "object", "additionalProperties": _LIST})

KEYS: Mapping[str, Key] = {
    "select": Key(_CODES, "codes or prefixes to check, instead of the rules that are on by default"),
    "extend-select": Key(_CODES, "further codes or prefixes to check"),
    "ignore": Key(_CODES, "codes or prefixes to leave out; the longest prefix decides"),
    "per-file-ignores": Key(_IGNORES, "codes or prefixes to leave out in files, by patterns of .gitignore"),
    "exclude": Key(_PATTERNS, "what is not checked, as patterns of .gitignore, instead of the default ones"),
    "extend-exclude": Key(_PATTERNS, "further patterns of what is not checked"),
    "verify": Key(_words(*VERIFY_MODES), "whether torch proves the findings: if it is installed, in any case, or not"),
    "min-confidence": Key(_LEVELS, "the least certain findings that are told"),
    "output-format": Key(_words(*formats.NAMES), "how findings are told"),
    "fix": Key(_FLAG, "apply fixes that are safe and that torch has proven"),
    "unsafe-fixes": Key(_FLAG, "count and apply fixes that change results, too"),
    "file-timeout": Key(_SECONDS, "seconds that the check of one file may take"),
    "cache-dir": Key(_PATH, "the folder of the cache, relative to that of pyproject.toml"),
    "src": Key(_FOLDERS, "folders in which imported modules are looked for too, relative to that of pyproject.toml"),
    "known-layers": Key(_LAYERS, "names that are read as a layer of torch: mylib.FastLSTM = torch.nn.LSTM"),
    "baseline": Key(_PATH, "the file of known mistakes, relative to the folder of pyproject.toml"),
}


def schema() -> dict[str, Any]:
    """The JSON schema of `[tool.shapelint]`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "[tool.shapelint] of pyproject.toml",
        "type": "object",
        "properties": {name: {**key.kind.schema, "description": key.told} for name, key in KEYS.items()},
        "additionalProperties": False,
    }


def text() -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1], "schema-config.json").write_text(text(), encoding="utf-8")
