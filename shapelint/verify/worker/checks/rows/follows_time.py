"""How torch tests `follows_time`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import InconclusiveError, tensor_at
from shapelint.verify.worker.outcome import Outcome, told
from shapelint.verify.worker.replay import StepError, put, run


def check(document: Mapping[str, Any]) -> Outcome:
    """Run the program with the source, then with one step less."""
    options = document["options"]
    source, target = options["source"], document["target"]

    def shorten(value: Any) -> Any:
        whole = tensor_at(value, source["path"], "source")
        return put(value, source["path"], whole.narrow(options["time_axis"], 0, whole.shape[options["time_axis"]] - 1))

    run(document["steps"])
    try:
        run(document["steps"], {source["ref"]: shorten})
    except StepError as raised:
        if raised.step != target["ref"]:
            raise InconclusiveError("a shorter sequence stops before the value") from None
        return Outcome(False, f"with one step less torch raises {told(raised.error)}")
    return Outcome(True, "a sequence that is one step shorter runs too")
