"""The script that shows what is wrong with `batch_size_polymorphism`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, indented, straight


def write(document: dict[str, Any]) -> list[str]:
    """The shapes that batches of 1, 2 and 3 samples give."""
    lines: list[str] = []
    batches = [("all", document["steps"])]
    batches += [(str(variant["batch"]), variant["steps"]) for variant in document["variants"]]
    for label, steps in batches:
        names = Names(steps)
        body = [*straight(steps, names), f"return {names.of(document['target'])}"]
        lines += ["", f"def batch_of_{label}():", *indented(body), ""]
    models = ", ".join(f"batch_of_{label}" for label, _ in batches)
    return [
        *lines,
        f"for model in ({models}):",
        "    try:",
        "        print(model.__name__, tuple(model().shape))",
        "    except Exception as error:",
        '        print(model.__name__, f"{type(error).__name__}: {error}")',
    ]
