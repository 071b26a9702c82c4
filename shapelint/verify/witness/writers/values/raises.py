"""The script that shows what is wrong with `raises`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, indented, is_passed_on, statement


def write(document: dict[str, Any]) -> list[str]:
    """The exception that torch raises."""
    steps, target = document["steps"], document["target"]
    names = Names(steps)
    before = [statement(number, names) for number in range(target["ref"]) if not is_passed_on(steps[number])]
    tried = [statement(target["ref"], names, whole=True)]
    if "unpack" in document["options"]:
        variables = ", ".join(f"name_{number}" for number in range(document["options"]["unpack"]))
        tried.append(f"{variables} = result" + "".join(f"[{index}]" for index in target["path"]))
    return [
        *before,
        "try:",
        *indented(tried),
        "except Exception as error:",
        '    print(f"{type(error).__name__}: {error}")',
        "else:",
        '    print("torch raises nothing")',
    ]
