"""The worker process: reads closed programs as JSON lines, runs them with torch, answers in JSON lines.

Only the modules `worker*` of this package import torch. The process never forks, and imports nothing of the
checked project: the client gives it a search path without the current directory.
"""

from __future__ import annotations

import gc

gc.disable()  # torch's import makes many objects and no garbage: 10 % of its time

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from typing import IO, Any  # noqa: E402

import torch  # noqa: E402

from shapelint.ops import registry  # noqa: E402
from shapelint.verify.worker_checks import check, footprint_list  # noqa: E402
from shapelint.verify.worker_footprint import InconclusiveError  # noqa: E402
from shapelint.verify.worker_outcome import told  # noqa: E402
from shapelint.verify.worker_replay import RefusedError, StepError  # noqa: E402


def main() -> None:
    """Serve until the input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # nothing but answers goes to the client
    prepare()
    _send(answers, {"ready": torch.__version__})
    for line in sys.stdin:
        request = json.loads(line)
        _send(answers, {"id": request["id"], **answer(request["program"])})
    answers.flush()
    os._exit(0)  # torch's own tear-down takes 0.1 s and has nothing to save


def prepare() -> None:
    """Set torch up for many tiny runs, and load the registry."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    registry.load()
    gc.freeze()
    gc.enable()


def answer(document: dict[str, Any]) -> dict[str, Any]:
    """What the replay says: `holds` with `detail` and `footprint`, or only why there is nothing to say."""
    try:
        outcome = check(document)
    except InconclusiveError as why:
        return {"unverified": str(why)}
    except RefusedError as why:
        return {"unverified": f"refused: {why}"}
    except StepError as raised:
        operation = document["steps"][raised.step]["op"]
        return {"unverified": f"the replay raises at {operation}: {told(raised.error)}"}
    except Exception as error:  # a slip of ours must cost one program, not the worker
        return {"unverified": f"the replay failed: {told(error)}"}
    return {"holds": outcome.holds, "detail": outcome.detail, "footprint": footprint_list(outcome.footprint)}


def _send(answers: IO[str], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
