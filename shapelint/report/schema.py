"""JSON schemas from the dataclasses of document.py.

`python -m shapelint.report.schema docs` writes docs/schema.json and docs/schema-shapes.json; a test compares
them with the code.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import types
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from shapelint.report.document import Document, ShapeRow

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas by file name."""
    return {
        "schema.json": _document("shapelint --output-format json", Document),
        "schema-shapes.json": _document("shapelint shapes --output-format json", tuple[ShapeRow, ...]),
    }


def _document(title: str, hint: Any) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    root = _schema(hint, definitions)
    return {"$schema": _DIALECT, "title": title, **root, "$defs": dict(sorted(definitions.items()))}


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return {**_schema(arguments[0], definitions), "description": arguments[1]}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(argument, definitions) for argument in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    return _named(hint, definitions)


def _named(hint: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the definition of an enum or a dataclass, which is added when it is new."""
    if hint.__name__ not in definitions:
        if issubclass(hint, Enum):
            definitions[hint.__name__] = {"enum": [member.value for member in hint]}
        else:
            definitions[hint.__name__] = _object(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _object(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(hint, include_extras=True)
    names = [field.name for field in dataclasses.fields(hint)]
    return {
        "type": "object",
        "description": hint.__doc__,
        "properties": {name: _schema(hints[name], definitions) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def write(folder: Path) -> None:
    """Write all schemas into a folder."""
    for name, schema in schemas().items():
        (folder / name).write_text(text_of(schema), encoding="utf-8")


def text_of(schema: Mapping[str, Any]) -> str:
    """A schema as it stands in its file."""
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
