"""What the worker process does: runs closed programs with torch.

Only this room of verify/ imports torch. The process never forks, and imports nothing of the
checked project: it is started without the current folder on its search path.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import torch

from shapelint.ops import registry
from shapelint.process.serve import leave_room
from shapelint.verify.program.limits import MEMORY
from shapelint.verify.worker.check import check, footprint_list
from shapelint.verify.worker.footprint import InconclusiveError
from shapelint.verify.worker.outcome import told
from shapelint.verify.worker.replay import NoMemoryError, RefusedError, StepError, is_out_of_memory


def prepare() -> None:
    """Set torch up for many tiny runs, and load the registry."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    registry.load()
    leave_room(MEMORY)


def respond(request: bytes) -> bytes:
    """The answer to a program, JSON as the request is; torch's version where the request is empty."""
    return json.dumps(answer(json.loads(request))).encode() if request else torch.__version__.encode()


def answer(document: dict[str, Any]) -> dict[str, Any]:
    """What the replay says: `holds` with `detail` and `footprint`, or only why there is nothing to say.

    With `passing` the machine is the reason, and not the program.
    """
    try:
        outcome = check(document)
    except InconclusiveError as why:
        return {"unverified": str(why)}
    except RefusedError as why:
        return {"unverified": f"refused: {why}", "passing": isinstance(why, NoMemoryError)}
    except StepError as raised:
        operation = document["steps"][raised.step]["op"]
        return {"unverified": f"the replay raises at {operation}: {told(raised.error)}"}
    except Exception as error:  # a slip of ours must cost one program, not the worker
        return {"unverified": f"the replay failed: {told(error)}", "passing": is_out_of_memory(error)}
    return {"holds": outcome.holds, "detail": outcome.detail, "footprint": footprint_list(outcome.footprint)}
