"""The script that shows what is wrong with `same_places`."""

from __future__ import annotations

from functools import partial
from typing import Any

from shapelint.verify.witness import rows
from shapelint.verify.witness.script import as_function, changed


def write(document: dict[str, Any]) -> list[str]:
    """The rows that change with each entry of the one tensor, and those that change with each entry of the other."""
    options = document["options"]
    lines: list[str] = []
    for source, axis in ((options["source"], options["axis"]), (options["other"], options["other_axis"])):
        one = {**document, "options": {**options, "source": source}}
        lines += [*as_function(one), *rows.of_samples(axis, options["target_axis"], partial(changed, one)), ""]
    return lines
