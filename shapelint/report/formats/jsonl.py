"""JSON lines: an object a line, for programs that read line by line.

`type` is "finding" (the object is one of `findings` of the JSON report), "error" (one of its `errors`), and at last
"summary", with `version`, `tool` and `summary` of that report.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from shapelint.report.formats.json import document
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling

COMPLETE = True  #: it holds the problems and the counts, too


def render(result: RunResult, telling: Telling) -> str:
    """The lines, each with its end."""
    report = dataclasses.asdict(document(result, telling))
    end = {name: report[name] for name in ("version", "tool", "summary")}
    lines = [
        *({"type": "finding", **entry} for entry in report["findings"]),
        *({"type": "error", **entry} for entry in report["errors"]),
        {"type": "summary", **end},
    ]
    return "".join(map(_line, lines))


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":")) + "\n"
