"""The versions that are promised, each with the installed wheel; and what a release needs.

    nox -l                     # the sessions
    nox -s plain-3.12          # one
    nox -s release             # build, and check what was built

Sessions of a Python that is not there are skipped. docs/support.md tells which were run, and what came out.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import nox

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
OLDEST = ("click==8.0.0", "pathspec==1.0.0")  #: what pyproject.toml promises
OLDEST_TORCH = ("torch==2.2.0", "numpy<2")  #: its wheels are for Python 3.8 to 3.12
OLDEST_DASK = ("dask==2024.5.0", "distributed==2024.5.0")
TRY = "scripts/try_installed.py"

nox.options.sessions = ["plain", "oldest", "torch_oldest", "torch_newest", "dask_oldest", "dask_newest"]
nox.options.error_on_missing_interpreters = False


def install(session: nox.Session, *packages: str) -> None:
    """Install the wheel of this tree, not the tree, with the newest that fits what is asked for."""
    session.install("build")
    # not create_tmp: it becomes the TMPDIR of what follows, and .gitignore would hide the files that are tried there
    with TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--wheel", "--outdir", folder, silent=True)
        [wheel] = Path(folder).glob("*.whl")
        session.install("--force-reinstall", str(wheel), *packages)


@nox.session(python=PYTHONS)
def plain(session: nox.Session) -> None:
    """Without torch, with the newest of what is needed."""
    install(session)
    session.run("python", TRY, "--no-torch")


@nox.session(python=PYTHONS)
def oldest(session: nox.Session) -> None:
    """Without torch, with the oldest of what is needed."""
    install(session, *OLDEST, *(["tomli==2.0.0"] if session.python == "3.10" else []))
    session.run("python", TRY, "--no-torch")


@nox.session(python=PYTHONS[:3])
def torch_oldest(session: nox.Session) -> None:
    """With the oldest torch, and the oldest of what is needed."""
    install(session, *OLDEST, *OLDEST_TORCH)
    session.run("python", TRY)


@nox.session(python=PYTHONS)
def torch_newest(session: nox.Session) -> None:
    """With the newest torch."""
    install(session, "torch")
    session.run("python", TRY)


@nox.session(python=PYTHONS)
def dask_oldest(session: nox.Session) -> None:
    """With the oldest Dask, and a cluster of it."""
    install(session, *OLDEST_DASK)
    session.run("python", TRY, "--no-torch", "--dask")


@nox.session(python=PYTHONS)
def dask_newest(session: nox.Session) -> None:
    """With the newest Dask, and a cluster of it."""
    install(session, "dask", "distributed")
    session.run("python", TRY, "--no-torch", "--dask")


@nox.session
def tests(session: nox.Session) -> None:
    """The whole suite, with the versions of constraints.txt."""
    session.install("-c", "constraints.txt", "-e", ".[dev]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """The documentation, as .ci/run builds it."""
    session.install("-c", "constraints.txt", "-e", ".[docs]")
    session.run("mkdocs", "build", "--strict")


@nox.session
def release(session: nox.Session) -> None:
    """Build the sdist, the wheel from it, and check both; nothing is uploaded."""
    session.install("build", "twine")
    folder = session.create_tmp()
    for old in Path(folder).iterdir():
        old.unlink()
    session.run("python", "-m", "build", "--outdir", folder)
    session.run("twine", "check", "--strict", *map(str, Path(folder).iterdir()))


@nox.session
def changelog(session: nox.Session) -> None:
    """Put the fragments of changes/ together: `nox -s changelog -- 0.3.0`."""
    session.install("towncrier")
    session.run("towncrier", "build", "--yes", "--version", *session.posargs)
