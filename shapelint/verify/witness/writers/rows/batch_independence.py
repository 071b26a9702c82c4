"""The script that shows what is wrong with `batch_independence`."""

from __future__ import annotations

from functools import partial
from typing import Any

from shapelint.verify.witness import rows
from shapelint.verify.witness.script import as_function, changed


def write(document: dict[str, Any]) -> list[str]:
    """Each sample changed in turn, and the rows of the result that change with it."""
    options = document["options"]
    loop = rows.of_samples(options["batch_axis"], options["target_axis"], partial(changed, document))
    return [*as_function(document), *loop]
