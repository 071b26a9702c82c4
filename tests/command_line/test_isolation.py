"""Nothing of the checked project is executed, each way of running the tool as a process in a folder full of traps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from wrong_models import TAGGER

MODEL = TAGGER.replace("\n\nclass", "\n\n\nclass")  # nothing for flake8 to tell
#: tells that it runs, then is what it hides: so every module in the way tells, not only the first
TRAP = """\
import sys
with open({log!r}, "a") as log:
    log.write(__name__ + "\\n")
path, sys.path[:] = sys.path[:], [entry for entry in sys.path if entry not in ("", ".", {folder!r})]
del sys.modules[__name__]
hidden = __import__("importlib").import_module(__name__)
sys.modules[__name__] = hidden
globals().update(vars(hidden))
sys.path[:] = path
"""
OUR_OWN = ("shapelint", "torch", "click", "pathspec", "flake8", "sitecustomize", "usercustomize")
SCRIPTS = Path(sys.executable).parent


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "ran.txt"


@pytest.fixture
def project(tmp_path: Path, log: Path) -> Path:
    """A project with a mistake and a file named like every module of the standard library, and some others."""
    folder = tmp_path / "project"
    folder.mkdir()
    trap = TRAP.format(log=str(log), folder=str(folder))
    for name in (*sys.stdlib_module_names, *OUR_OWN):
        (folder / f"{name}.py").write_text(trap)
    for name in ("a", "b"):
        (folder / f"model_{name}.py").write_text(MODEL)
    return folder


def run(project: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, timeout=300, env={**kept, **environment}
    )


def ran(log: Path) -> set[str]:
    return set(log.read_text().split()) if log.exists() else set()


JOBS_AND_PROOFS = pytest.mark.parametrize(("jobs", "verify"), [("-j1", "--verify=off"), ("-j2", "--verify=require")])


@JOBS_AND_PROOFS
def test_the_command_runs_nothing(project: Path, log: Path, jobs: str, verify: str) -> None:
    done = run(project, str(SCRIPTS / "shapelint"), jobs, verify, "--output-format=concise", "model_a.py", "model_b.py")
    assert (done.returncode, done.stdout.count("SHP101")) == (1, 2), done.stderr
    assert ran(log) == set()


def test_fixing_runs_nothing(project: Path, log: Path) -> None:
    done = run(project, str(SCRIPTS / "shapelint"), "--fix", "--unsafe-fixes", "model_a.py")
    assert (done.returncode, "out[:, -1]" in (project / "model_a.py").read_text()) == (0, True), done.stderr
    assert ran(log) == set()


def test_an_empty_entry_of_pythonpath_is_the_current_folder_and_goes(project: Path, log: Path) -> None:
    """What Python imports to get to the first line of ours comes from there all the same, so few files are traps."""
    for path in project.glob("*.py"):
        if not path.stem.startswith("model") and path.stem not in ("json", "dataclasses", "tempfile", "click", "torch"):
            path.unlink()
    path = f"{os.pathsep}/nowhere"
    # what is installed beside us may import modules at every start
    run(project, sys.executable, "-c", "pass", PYTHONPATH=path)
    pythons = ran(log)
    log.unlink(missing_ok=True)
    done = run(project, str(SCRIPTS / "shapelint"), "-j2", "model_a.py", PYTHONPATH=path)
    assert (done.returncode, "confirmed by torch" in done.stderr) == (1, True), done.stderr
    assert ran(log) <= pythons


@JOBS_AND_PROOFS
def test_the_module_adds_nothing_to_what_python_runs_for_any_module(
    project: Path, log: Path, tmp_path: Path, jobs: str, verify: str
) -> None:
    """`python -m` itself puts the current folder first on the path, and imports a module or two after that."""
    (project / "shapelint.py").unlink()
    empty = tmp_path / "elsewhere" / "empty"
    empty.mkdir(parents=True)
    for name in ("__init__", "__main__"):
        (empty / f"{name}.py").write_text("")
    python = run(project, sys.executable, "-m", "empty", PYTHONPATH=str(empty.parent))
    pythons = ran(log)
    assert (python.returncode, len(pythons) < 10) == (0, True)
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "shapelint", jobs, verify, "--output-format=concise", "model_a.py", "model_b.py"]
    done = run(project, *command)
    assert (done.returncode, done.stdout.count("SHP101")) == (1, 2), done.stderr
    assert ran(log) <= pythons


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no -P")
def test_the_module_runs_nothing_on_a_safe_path(project: Path, log: Path) -> None:
    done = run(project, sys.executable, "-P", "-m", "shapelint", "-j2", "model_a.py", "model_b.py")
    assert (done.returncode, "2 confirmed by torch" in done.stderr) == (1, True), done.stderr
    assert ran(log) == set()


@pytest.mark.parametrize(("jobs", "options"), [("-j1", []), ("-j2", ["--shapelint-verify"])])
def test_flake8_runs_nothing(project: Path, log: Path, jobs: str, options: list[str]) -> None:
    files = ["model_a.py", "model_b.py"]
    done = run(project, str(SCRIPTS / "flake8"), "--isolated", jobs, "--select=SHP", *options, *files)
    assert (done.returncode, done.stdout.count("SHP101")) == (1, 2), done.stderr
    assert ran(log) == set()


def test_flake8_as_a_module_hands_the_current_folder_to_no_process_of_ours(project: Path, log: Path) -> None:
    for name in ("flake8", "shapelint"):
        (project / f"{name}.py").unlink()
    command = [sys.executable, "-m", "flake8", "--isolated", "-j1"]
    plain = run(project, *command, "--select=E", "model_a.py")
    flake8s = ran(log)
    assert plain.returncode == 0
    log.unlink(missing_ok=True)
    done = run(project, *command, "--select=SHP", "--shapelint-verify", "model_a.py")
    assert (done.returncode, done.stdout.count("SHP101")) == (1, 1), done.stderr
    assert ran(log) <= flake8s, "nothing by shapelint"


def test_a_project_may_be_named_like_our_packages(tmp_path: Path, log: Path) -> None:
    for name in ("shapelint", "torch"):
        package = tmp_path / "project" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"open({str(log)!r}, 'w').write('ran')\n")
        (package / "model.py").write_text(MODEL)
    done = run(tmp_path / "project", str(SCRIPTS / "shapelint"), "-j2", "--output-format=concise", ".")
    assert (done.returncode, done.stdout.count("SHP101")) == (1, 2), done.stderr
    assert ran(log) == set()


def test_torch_is_found_where_only_pythonpath_names_it(tmp_path: Path) -> None:
    """The worker is started without the environment's variables, and gets the path that its parent has."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "model.py").write_text(MODEL)
    package = tmp_path / "elsewhere" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('this one')\n")
    command = [str(SCRIPTS / "shapelint"), "model.py"]
    for path in (str(package.parent), os.path.join("..", "elsewhere")):
        done = run(tmp_path / "project", *command, PYTHONPATH=path)
        assert "ImportError: this one" in done.stdout + done.stderr
