"""The cache of the command line: what is told from it is what would be found again, and costs no work."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from here import Done, here

import shapelint.pipeline.processes.bounds
import shapelint.verify.client
from shapelint.cache.codec import CodecError, decoded, encoded
from shapelint.cache.folder import MAX_BYTES
from shapelint.finding import Finding, Status, Verdict
from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import RULES, load
from shapelint.source import Source

pytestmark = pytest.mark.usefixtures("kept_processes")

MODEL = """\
import torch.nn as nn
from layers import SIZE

class Tagger(nn.Module):
    def __init__(self, n, h, bidirectional=False):
        super().__init__()
        self.rnn = nn.GRU(n, SIZE, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(SIZE, 3)

    def forward(self, x):
        out, state = self.rnn(x)
        return self.head(out[-1]), self.head(state[-1])
"""
FILES = {"model.py": MODEL, "layers.py": "SIZE = 16\n", "train.py": "from model import Tagger\n", "README.md": "text\n"}

#: runs the command line, and tells what was loaded, started and parsed
COUNTED = """\
import json, subprocess, sys
from shapelint.cli import run
started = []
begin = subprocess.Popen.__init__
def counted(self, command, *rest, **options):
    started.append(command[4])
    begin(self, command, *rest, **options)
subprocess.Popen.__init__ = counted
status = run(sys.argv[1:])
sys.stdout.flush()
heavy = [name for name in ("torch", "shapelint.syntax.parse", "shapelint.infer.analyse") if name in sys.modules]
print("COUNTED", json.dumps([status, started, heavy]), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run has told and done; `heavy` is what a process of its own has loaded that understands code."""

    done: Done
    started: list[str]
    heavy: list[str]

    @property
    def is_idle(self) -> bool:
        return not self.started and not self.heavy


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SHAPELINT_NO_CACHE")
    (tmp_path / "project" / ".git").mkdir(parents=True)
    for name, text in FILES.items():
        (tmp_path / "project" / name).write_text(text)
    return tmp_path / "project"


QUICK = ("--verify=off", "--output-format=concise")


def check(project: Path, *arguments: str) -> Ran:
    """A run in this process."""
    started: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for module in (shapelint.pipeline.processes.bounds, shapelint.verify.client):
            begin = module.Process  # type: ignore[attr-defined]

            def counted(name: str, *how: Any, begin: Callable[..., object] = begin) -> object:
                started.append(name)
                return begin(name, *how)

            patch.setattr(module, "Process", counted)
        return Ran(here(project, *(arguments or QUICK)), started, [])


def begun(project: Path, *arguments: str, code: str = COUNTED) -> subprocess.Popen[bytes]:
    """A run in a process of its own."""
    command = [sys.executable, "-c", code, *(arguments or QUICK)]
    return subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> Ran:
    out, err = process.communicate(timeout=300)
    told, found, counted = err.rpartition(b"COUNTED ")
    assert found, err.decode()
    status, started, heavy = json.loads(counted)
    return Ran(Done(status, out, told), started, heavy)


def results(project: Path) -> Path:
    [path] = (project / ".shapelint_cache").glob("results-*.json")
    return path


OPTIONS = [
    ["--output-format=full", "--verify=off"],
    ["--output-format=concise", "--verify=off", "--statistics", "--exit-zero"],
    ["--output-format=json", "--verify=off", "--min-confidence=low"],
    ["--output-format=full", "--show-refuted", "--min-confidence=low"],
    ["--output-format=json", "--verify=require"],
    ["--output-format=html", "--verify=off"],
    ["--diff", "--unsafe-fixes"],
    ["--fix"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_a_warm_run_tells_the_same_and_does_nothing(project: Path, options: list[str]) -> None:
    (project / "broken.py").write_text("import torch.nn as nn\nnn.LSTM(\n")
    cold, warm = check(project, *options), ended(begun(project, *options))
    assert cold.started
    assert warm.is_idle
    assert warm.done == cold.done
    assert check(project, "--no-cache", *options).done == cold.done


def test_a_cold_run_understands_no_code_itself(project: Path) -> None:
    cold = ended(begun(project, "--output-format=json"))
    assert (cold.started, cold.heavy) == (["shapelint.pipeline.processes.checker", "shapelint.verify.worker.main"], [])
    assert cold.done == check(project, "--no-cache", "--output-format=json").done


def change_own(project: Path) -> None:
    (project / "model.py").write_text(MODEL.replace("out[-1]", "out[:, -1]"))


def change_imported(project: Path) -> None:
    (project / "layers.py").write_text("SIZE = 24\n")


def add_shadowing(project: Path) -> None:
    (project / "layers").mkdir()
    (project / "layers" / "__init__.py").write_text("SIZE = 40\n")


def add_caller(project: Path) -> None:
    (project / "use.py").write_text("from model import Tagger\nmodel = Tagger(3, 5, bidirectional=True)\n")


def change_caller(project: Path) -> None:
    (project / "train.py").write_text("from model import Tagger\nmodel = Tagger(3, 5, bidirectional=True)\n")


def add_settings(project: Path) -> None:
    (project / "settings.yaml").write_text("bidirectional: true\n")


def configure(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.shapelint]\nignore = ["SHP101"]\n')


def remove_imported(project: Path) -> None:
    (project / "layers.py").unlink()


@pytest.mark.parametrize(
    "change",
    [
        change_own,
        change_imported,
        add_shadowing,
        add_caller,
        change_caller,
        add_settings,
        configure,
        remove_imported,
    ],
)
def test_what_a_result_rests_on_is_looked_at_again(project: Path, change: object) -> None:
    options = ("--verify=off", "--output-format=full", "--min-confidence=low")
    check(project, *options)
    change(project)  # type: ignore[operator]
    after = check(project, *options)
    assert after.started
    assert after.done == check(project, "--no-cache", *options).done


def test_what_has_nothing_to_do_with_a_result_leaves_it(project: Path) -> None:
    check(project)
    (project / "notes.md").write_text("nothing of it\n")
    (project / "other.py").write_text("import os\n")
    assert ended(begun(project)).is_idle
    assert ended(begun(project)).is_idle


@pytest.mark.parametrize("options", [["--min-confidence=low"], ["--select=SHP1"], ["--ignore=SHP101"]])
def test_options_are_part_of_a_result(project: Path, options: list[str]) -> None:
    check(project)
    other = check(project, "--verify=off", *options)
    assert "shapelint.pipeline.processes.checker" in other.started
    assert other.done == check(project, "--no-cache", "--verify=off", *options).done


def test_another_version_has_results_of_its_own(project: Path) -> None:
    check(project)
    other = COUNTED.replace(", sys\n", ", sys\nsys.version += 'other'\n", 1)
    assert ended(begun(project, code=other)).started
    assert ended(begun(project, code=other)).is_idle
    third = other.replace("'other'", "'third'")
    assert ended(begun(project, code=third)).started
    assert len(list((project / ".shapelint_cache").glob("results-*.json"))) == 2


def test_verdicts_are_kept_by_program(project: Path) -> None:
    check(project, "--output-format=json")
    (project / "model.py").write_text(MODEL + "\nOTHER = 1\n")
    again = check(project, "--output-format=json")
    assert again.started == ["shapelint.pipeline.processes.checker"]
    assert again.done == check(project, "--no-cache", "--output-format=json").done


SPOILED = {
    "empty": b"",
    "truncated": None,
    "binary": bytes(range(256)),
    "another document": b'{"answers": 3}',
    "a list": b"[1, 2]",
    "deep": b"[" * 200_000,
    "large": b" " * (MAX_BYTES + 1),
    "a long number": b'{"answers": [' + b"9" * 100_000 + b"]}",
}


@pytest.mark.parametrize("kind", SPOILED)
def test_what_is_no_cache_of_ours_is_written_anew(project: Path, kind: str) -> None:
    first = check(project)
    path = results(project)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2] if SPOILED[kind] is None else SPOILED[kind])  # type: ignore[arg-type]
    assert check(project).done == first.done
    assert check(project).is_idle
    assert json.loads(path.read_bytes())["entries"]


def forged(document: object) -> Iterator[object]:
    """The document with each of its parts replaced."""
    if isinstance(document, dict | list):
        for key, value in list(document.items() if isinstance(document, dict) else enumerate(document)):
            for other in (None, -1, 10**9, "\x1b[31m", [], {}, *forged(value)):
                changed = document.copy()
                changed[key] = other  # type: ignore[index]
                yield changed


def test_a_forged_result_is_no_result(project: Path) -> None:
    """Whatever stands in the place of a part, the run ends in order, and shows nothing that commands the terminal."""
    check(project, "--verify=off", "--output-format=full")
    path = results(project)
    document = json.loads(path.read_bytes())
    [key] = document["entries"]
    whole = [dict(document, entries={key: entry}) for entry in forged(document["entries"][key])]
    chosen = [*whole[:: max(len(whole) // 20, 1)], *list(forged(dict(document, entries={})))[::600]]
    for one in chosen:
        path.write_text(json.dumps(one))
        done = here(project, "--verify=off", "--output-format=full")
        assert done.status in (0, 1, 2)
        assert b"\x1b" not in done.out + done.err


def test_two_runs_at_once_are_safe(project: Path) -> None:
    expected = check(project, "--no-cache", "--verify=off")
    running = [begun(project, "--verify=off") for _ in range(4)]
    assert [ended(process).done for process in running] == [expected.done] * 4
    assert check(project, "--verify=off").is_idle
    assert not list((project / ".shapelint_cache").glob(".shapelint-*"))


def test_the_second_of_two_runs_keeps_what_the_first_has_written(project: Path) -> None:
    (project / "other.py").write_text(MODEL)
    running = [begun(project, "--verify=off", name) for name in ("model.py", "other.py")]
    for process in running:
        ended(process)
    check(project, "--verify=off", "model.py")
    check(project, "--verify=off", "other.py")
    assert check(project, "--verify=off").is_idle


def test_the_folder_is_marked(project: Path) -> None:
    check(project)
    folder = project / ".shapelint_cache"
    assert (folder / ".gitignore").read_text().endswith("*\n")
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


@pytest.mark.parametrize("where", ["tempfile.mkstemp", "os.makedirs", "os.replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_is_told_once(
    project: Path, where: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    expected = here(project, "--no-cache", "--verify=off")
    monkeypatch.setattr(where, fail)
    failed = here(project, "--verify=off")
    monkeypatch.undo()
    assert (failed.out, failed.status) == (expected.out, expected.status)
    assert failed.err.count(b"the cache ") == 1
    lines = [line for line in failed.err.splitlines() if b"the cache " not in line]
    assert lines == expected.err.splitlines()


def test_another_folder_is_left_alone(project: Path) -> None:
    folder = project / "mine"
    folder.mkdir()
    (folder / "results.txt").write_text("mine")
    done = here(project, "--verify=off", "--cache-dir=mine")
    assert b"it holds something else" in done.err
    assert [path.name for path in folder.iterdir()] == ["results.txt"]
    assert here(project, "clean", "--cache-dir=mine").status == 2
    assert (folder / "results.txt").read_text() == "mine"


def test_a_link_is_not_followed(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / ".shapelint_cache").symlink_to(tmp_path / "elsewhere")
    assert b"it is a link" in check(project).done.err
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (project / ".shapelint_cache").unlink()
    check(project)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = results(project)
    path.unlink()
    path.symlink_to(secret)
    check(project)
    assert secret.read_text() == "secret"
    assert not path.is_symlink()


def test_clean_removes_it(project: Path) -> None:
    check(project)
    assert here(project, "clean").status == 0
    assert not (project / ".shapelint_cache").exists()
    assert here(project, "clean").status == 0


def test_the_settings_name_the_folder(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.shapelint]\ncache-dir = "kept/here"\n')
    check(project)
    assert (project / "kept" / "here" / "CACHEDIR.TAG").is_file()
    assert not (project / ".shapelint_cache").exists()
    assert check(project).is_idle


def test_nothing_is_kept_where_that_is_not_wanted(project: Path) -> None:
    check(project, "--no-cache", "--verify=off")
    assert not (project / ".shapelint_cache").exists()


def test_a_timeout_is_not_kept(project: Path) -> None:
    late = here(project, "--verify=off", "--file-timeout=0.00001")
    assert b"took more than" in late.err
    assert late.status == 2
    assert here(project, "--verify=off").status == 1


def test_what_is_gone_is_dropped(project: Path) -> None:
    (project / "other.py").write_text(MODEL)
    check(project)
    assert len(json.loads(results(project).read_bytes())["entries"]) == 2
    (project / "other.py").unlink()
    (project / "model.py").write_text(MODEL + "\n")
    check(project)
    entries = json.loads(results(project).read_bytes())["entries"]
    assert {Path(one[0]).name for one in entries.values()} == {"model.py"}


def test_what_nobody_used_for_long_is_dropped(project: Path) -> None:
    check(project)
    document = json.loads(results(project).read_bytes())
    for entry in document["entries"].values():
        entry[1] -= 100
    results(project).write_text(json.dumps(document))
    check(project, "--verify=off", "--select=SHP1")
    assert len(json.loads(results(project).read_bytes())["entries"]) == 1


def test_a_fix_writes_nothing_that_the_cache_says(project: Path) -> None:
    check(project, "--diff", "--unsafe-fixes")
    path = results(project)
    path.write_bytes(path.read_bytes().replace(b"class Tagger(nn.Module)", b"class Forged(nn.Module)"))
    check(project, "--fix", "--unsafe-fixes")
    assert "Forged" not in (project / "model.py").read_text()
    assert "out[:, -1]" in (project / "model.py").read_text()


load()


@pytest.mark.parametrize("code", sorted(RULES))
def test_findings_come_back_as_they_were(code: str) -> None:
    for text in RULES[code].bad:
        for candidate in check_source(Source("model.py", text), Wanted(frozenset(RULES), prove=False)).candidates:
            verdict = Verdict(Status.CONFIRMED, "raises", "why", (((True, False),),), "2.0", ("x",))
            finding = replace(candidate.finding, verdict=verdict)
            assert decoded(Finding, json.loads(json.dumps(encoded(finding)))) == finding


@pytest.mark.parametrize("given", [None, {}, {"Finding": []}, {"Path": ["/"]}, {"Verdict": [1, 2, 3, 4, 5, 6]}])
def test_nothing_else_is_made_of_a_text(given: object) -> None:
    with pytest.raises(CodecError):
        decoded(Finding, given)
