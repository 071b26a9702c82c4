"""Modules that are found by their names in the rooms of a package: they are listed nowhere."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def _inside(package: str) -> Iterator[tuple[str, bool]]:
    """The names of what lies in a package, each with whether it is a room, which stands before what is in it.

    `pkgutil` takes three times as long, since what it finds need not be files.
    """
    for folder in importlib.import_module(package).__path__:
        for entry in sorted(os.listdir(folder)):
            name, ending = os.path.splitext(entry)
            if ending == ".py" and name != "__init__":
                yield f"{package}.{name}", False
            elif os.path.isfile(os.path.join(folder, entry, "__init__.py")):
                yield f"{package}.{name}", True
                yield from _inside(f"{package}.{name}")


@cache
def paths(package: str) -> Mapping[str, str]:
    """The last part of each module's name in a package and its rooms, with the whole name; `_names` are for the others.

    Raises ValueError where two rooms have a module of one name.
    """
    found: dict[str, str] = {}
    for name in names(package):
        last = name.rpartition(".")[2]
        if not last.startswith("_") and found.setdefault(last, name) != name:
            raise ValueError(f"two modules of {package} are called {last}")
    return found


def names(package: str) -> list[str]:
    """The names of all modules in a package and its rooms, which are imported; the modules are not."""
    return [name for name, is_room in _inside(package) if not is_room]


def modules(package: str) -> list[ModuleType]:
    """All rooms and modules of a package, imported: what they register is listed nowhere."""
    return [importlib.import_module(name) for name, _ in _inside(package)]


def put(table: dict[K, V], key: K, value: V) -> None:
    """Register a thing under a name of its own. Raises ValueError where another one has it."""
    if key in table:
        raise ValueError(f"{key} is registered twice")
    table[key] = value


def module(package: str, name: str) -> ModuleType:
    """The module of a package that bears a name. Raises KeyError where there is none."""
    return importlib.import_module(paths(package)[name])
