"""The module search path without the current folder, whose modules are those of the checked project.

Python puts the current folder first on the path with `-m`, and a PYTHONPATH with an empty entry does, too. This module
imports nothing that Python has not loaded when it gets here, `__future__` included.
"""

import os
import site
import sys

PACKAGE_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def drop_current_folder() -> None:
    """Take the current folder off this process's search path."""
    try:
        current = os.getcwd()
    except OSError:
        return  # it has been deleted, and nothing can be loaded from it
    sys.path[:] = search_path(sys.path, current)


def run_hooks() -> None:
    """Run the hooks of the environment, which may add ways to find modules. The search path stays."""
    path = sys.path[:]
    site.main()
    sys.path[:] = path


def search_path(path: list[str], current: str) -> list[str]:
    """A search path as absolute paths, without the current folder.

    Folders that hold what is trusted anyway (the standard library, what is installed, this package) keep their places,
    also when somebody stands in them.
    """
    here = os.path.realpath(current)
    trusted = {os.path.realpath(folder) for folder in _trusted()}
    kept = [
        os.path.join(current, entry) if os.path.exists(entry) else entry  # else it is a hook's own word, no folder
        for entry in path
        if entry and (os.path.realpath(entry) != here or here in trusted)
    ]
    return kept if PACKAGE_ROOT in kept else [*kept, PACKAGE_ROOT]


def _trusted() -> list[str]:
    return [PACKAGE_ROOT, os.path.dirname(os.__file__), *site.getsitepackages()]
