"""The script that shows what is wrong with `padding_invariance`."""

from __future__ import annotations

from functools import partial
from typing import Any

from shapelint.verify.witness import rows
from shapelint.verify.witness.script import as_function, changed


def write(document: dict[str, Any]) -> list[str]:
    """The padding of each sample changed, then its last step, and the rows of the result that change."""
    options = document["options"]
    axes = (options["batch_axis"], options["time_axis"], options["target_axis"])
    on_left = options.get("on_left", False)
    loop = rows.of_padding(axes, document["lengths"], on_left, partial(changed, document))
    return [*as_function(document), *loop]
