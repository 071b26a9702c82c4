"""What torch does with a generated program: the value of each name at each line, and where it raises."""

from __future__ import annotations

import ast
import sys
import traceback
import warnings
from dataclasses import dataclass, field
from typing import Any

import torch

NAME = "<generated>"


@dataclass(slots=True)
class Execution:
    """The values that names were given, by line; `raised` is the line at which torch refused, 0 if nowhere."""

    values: dict[tuple[int, str], list[Any]] = field(default_factory=dict)
    raised: int = 0
    error: str = ""

    def record(self, line: int, name: str, value: Any) -> None:
        """Keep a value; a copy of a list, which may grow."""
        self.values.setdefault((line, name), []).append(list(value) if isinstance(value, list) else value)


class _Recording(ast.NodeTransformer):
    """Puts `__record__(line, "name", name)` behind each assignment of names and attributes."""

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        targets = [inner for target in node.targets for inner in ast.walk(target)]
        names = [ast.unparse(target) for target in targets if isinstance(target, ast.Name | ast.Attribute)]
        calls = (f"__record__({node.lineno}, {name!r}, {name})" for name in names if name != "self")
        return [node, *(ast.copy_location(ast.parse(call).body[0], node) for call in calls)]


def execute(text: str) -> Execution:
    """Run a program that this package has written."""
    done = Execution()
    tree = ast.fix_missing_locations(_Recording().visit(ast.parse(text)))
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            exec(compile(tree, NAME, "exec"), {"__name__": "generated", "__record__": done.record})
    except Exception as error:
        frames = traceback.extract_tb(sys.exc_info()[2])
        done.raised = [frame.lineno or 0 for frame in frames if frame.filename == NAME][-1]
        done.error = f"{type(error).__name__}: {error}"
    return done
