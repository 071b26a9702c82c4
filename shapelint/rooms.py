"""Modules that are found by their names in the rooms of a package: they are listed nowhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType


@cache
def paths(package: str) -> Mapping[str, str]:
    """The last part of each module's name in a package and its rooms, with the whole name."""
    root = importlib.import_module(package)
    found = pkgutil.walk_packages(root.__path__, f"{package}.")
    return {module.name.rpartition(".")[2]: module.name for module in found if not module.ispkg}


def module(package: str, name: str) -> ModuleType:
    """The module of a package that bears a name. Raises KeyError where there is none."""
    return importlib.import_module(paths(package)[name])


def load(package: str) -> None:
    """Import every module of a package and its rooms: what registers itself is found, and listed nowhere."""
    for name in paths(package).values():
        importlib.import_module(name)
