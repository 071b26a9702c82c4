"""The script that shows what is wrong with `causality`."""

from __future__ import annotations

from functools import partial
from typing import Any

from shapelint.verify.witness import rows
from shapelint.verify.witness.script import as_function, changed


def write(document: dict[str, Any]) -> list[str]:
    """Each step changed in turn, and the steps of the result that change with it."""
    options = document["options"]
    loop = rows.of_steps(options["time_axis"], options["target_axis"], partial(changed, document))
    return [*as_function(document), *loop]
