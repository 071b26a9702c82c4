"""The command `shapelint`, and `python -m shapelint`.

Nothing but `sys`, `os` and `site`, which Python loads itself, is imported before the current folder is off the path.
"""

import sys

from shapelint.process.path import drop_current_folder


def main() -> None:
    """Run the command line with the modules that are installed, not those of the checked project."""
    drop_current_folder()
    try:
        from shapelint.cli import main as run

        run()
    except KeyboardInterrupt:  # while things are imported: later it is dealt with
        sys.exit(130)


if __name__ == "__main__":
    main()
