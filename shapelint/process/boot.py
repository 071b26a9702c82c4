"""The first code of each process that is started: `python -I -S boot.py MODULE PATH...`.

Python's flags keep the current folder off the search path, and put off the environment's own hooks (.pth files,
sitecustomize): who needs them calls `run_hooks`, when what they print cannot reach the protocol any more. PATH...
becomes the search path, and `MODULE.main(requests, answers)` takes over, with two files of its own in place of the
standard streams.

Nothing is imported before that which Python has not loaded already.
"""

import os
import sys


def main() -> None:
    """Set the streams apart, then the path, then go on in the module."""
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.path[:] = sys.argv[2:]
    from importlib import import_module

    import_module(sys.argv[1]).main(requests, answers)


if __name__ == "__main__":
    main()
