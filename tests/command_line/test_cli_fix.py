"""`--fix`, `--unsafe-fixes` and `--diff` on real files; as real processes where the surroundings are odd."""

from __future__ import annotations

import ctypes
import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from here import here

import shapelint.pipeline.fix
from shapelint.cli import run
from shapelint.report.schema import schemas

pytestmark = pytest.mark.usefixtures("kept_processes")

BAD = """\
import torch.nn as nn

class Tagger(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.rnn = nn.GRU(n, h, batch_first=True, dropout=0.5)

    def forward(self, x):
        out, _ = self.rnn(x)
        return out[-1]
"""
SAFE = BAD.replace(", dropout=0.5", "")
GOOD = SAFE.replace("out[-1]", "out[:, -1]")
LEFT = "SHP101 `out[-1]` selects the last sample"
NO_TORCH = "import sys\nsys.modules['torch'] = None\n"
DAC_OVERRIDE, CAPBSET_DROP = 1, 24


@dataclass(frozen=True)
class Done:
    status: int
    out: bytes
    lines: list[str]  #: of standard error


def mortal() -> None:
    """Root writes where modes forbid it, unless it lacks this capability."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(CAPBSET_DROP, DAC_OVERRIDE, 0, 0, 0)


def shapelint_(place: Path, *arguments: str, stdin: bytes = b"") -> Done:
    done = here(place, *arguments, stdin=stdin)
    return Done(done.status, done.out, done.err.decode().splitlines())


def alone(place: Path, *arguments: str, at_start: str = "") -> Done:
    """The same as a process, which may not write where modes forbid it, and runs some code when it starts."""
    (place.parent / "sitecustomize.py").write_text(at_start)
    done = subprocess.run(
        [sys.executable, "-m", "shapelint", *arguments],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place.parent), "PYTHONUTF8": "1"},
        capture_output=True,
        preexec_fn=mortal,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode().splitlines())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    (place / "m.py").write_text(BAD)
    return place


def text(place: Path, name: str = "m.py") -> str:
    return (place / name).read_bytes().decode()


def test_a_check_tells_what_could_be_fixed(place: Path) -> None:
    done = shapelint_(place)
    assert done.status == 1
    assert (
        b"= fix:   select the last step: `out[:, -1]` (changes results; proven: torch ran the mended program)"
        in done.out
    )
    assert b"= fix:   leave the dropout away (proven: torch ran the mended program)" in done.out
    found = "Found 2 mistakes (2 confirmed by torch) in 1 of 1 file"
    assert done.lines == [f"{found}; 1 fixable with --fix (1 more with --unsafe-fixes)"]
    assert shapelint_(place, "--unsafe-fixes").lines == [f"{found}; 2 fixable with --fix"]
    assert text(place) == BAD


def test_fix_writes_and_tells_what_remains(place: Path) -> None:
    done = shapelint_(place, "--fix", "--output-format=concise")
    assert (done.status, text(place)) == (1, SAFE)
    assert done.out.decode().startswith(f"m.py:10:16: {LEFT}")
    assert done.lines == ["Fixed 1 mistake (1 remaining); 1 more fixable with --unsafe-fixes"]
    done = shapelint_(place, "--fix", "--unsafe-fixes")
    assert (done.status, done.out, text(place)) == (0, b"", GOOD)
    assert done.lines == ["Fixed 1 mistake (0 remaining)"]


def test_diff_writes_nothing_and_says_what_fix_does(place: Path) -> None:
    crlf = b"\xef\xbb\xbf" + BAD.replace("\n", "\r\n").rstrip().encode()
    latin = b"# coding: latin-1\n" + BAD.replace("return", "# \xe9\n        return").encode("latin-1")
    for name, raw in {"crlf.py": crlf, "latin.py": latin}.items():
        (place / name).write_bytes(raw)
    before = {path.name: path.read_bytes() for path in place.glob("*.py")}
    done = shapelint_(place, "--diff", "--unsafe-fixes")
    assert (done.status, done.lines) == (1, ["Would fix 6 mistakes"])
    assert before == {path.name: path.read_bytes() for path in place.glob("*.py")}
    other = place / "other"
    other.mkdir()
    for name, raw in before.items():
        (other / name).write_bytes(raw)
    subprocess.run(["git", "apply", "-p0", "--whitespace=nowarn"], input=done.out, cwd=other, check=True)
    assert shapelint_(place, "--fix", "--unsafe-fixes", "m.py", "crlf.py", "latin.py").status == 0
    for name in before:
        assert (other / name).read_bytes() == (place / name).read_bytes() != before[name]
    assert (place / "crlf.py").read_bytes() == b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").rstrip().encode()


def test_diff_of_nothing(place: Path) -> None:
    (place / "m.py").write_text(SAFE)
    done = shapelint_(place, "--diff")
    assert (done.status, done.out) == (0, b"")
    assert done.lines == ["Would fix nothing; 1 more fixable with --unsafe-fixes"]
    assert shapelint_(place, "--diff", "--unsafe-fixes", "--output-file=changes", "--exit-zero").status == 0
    assert "+        return out[:, -1]\n" in text(place, "changes")


def test_standard_input_is_fixed_on_standard_output(place: Path) -> None:
    raw = BAD.replace("\n", "\r\n").encode()
    done = shapelint_(place, "--fix", "--output-format=concise", "--stdin-filename=m.py", "-", stdin=raw)
    assert (done.status, done.out) == (1, SAFE.replace("\n", "\r\n").encode())
    assert done.lines[0].startswith(f"m.py:10:16: {LEFT}")
    assert done.lines[1] == "Fixed 1 mistake (1 remaining); 1 more fixable with --unsafe-fixes"
    assert text(place) == BAD, "a name is no file to write to"
    assert shapelint_(place, "--fix", "-", stdin=b"x = (\r").out == b"x = (\r"
    assert shapelint_(place, "--diff", "-", stdin=raw).out.startswith(b"--- <stdin>\n+++ <stdin>\n@@ ")


@pytest.mark.parametrize(
    ("arguments", "at_start", "why"),
    [(["--verify=off"], "", "verification is off"), ([], NO_TORCH, "torch is not installed")],
)
def test_without_proof_nothing_is_fixed(place: Path, arguments: list[str], at_start: str, why: str) -> None:
    def told(option: str) -> Done:
        return alone(place, option, at_start=at_start) if at_start else shapelint_(place, option, *arguments)

    done = told("--fix")
    assert (done.status, text(place)) == (1, BAD)
    assert f"Nothing is fixed without torch's proof, and {why}" in done.lines
    done = told("--diff")
    assert (done.status, done.out) == (2, b"")
    assert f"Nothing is fixed without torch's proof, and {why}" in done.lines
    (place / "m.py").write_text(GOOD)
    assert len(told("--fix").lines) == 1, "nothing to fix, nothing to say"


def test_a_torch_that_breaks_proves_nothing(place: Path) -> None:
    (place.parent / "torch.py").write_text("raise SystemExit")
    done = alone(place, "--fix")
    assert (done.status, text(place)) == (1, BAD)
    assert done.lines[-1].startswith("Nothing is fixed without torch's proof, and torch's import raised SystemExit")


def test_what_cannot_be_written_is_told_and_the_others_are_fixed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir()
    for path in (closed / "m.py", place / "locked.py", place / "real.py"):
        path.write_text(BAD)
    (place / "link.py").symlink_to("real.py")
    (place / "locked.py").chmod(0o444)
    (place / "m.py").chmod(0o750)
    closed.chmod(0o555)
    done = alone(place, "--fix", "--unsafe-fixes", "--output-format=concise")
    closed.chmod(0o755)
    assert done.status == 2
    assert done.lines == [
        f"{Path('closed/m.py')}:1: SHP003 cannot write the file: Permission denied",
        "locked.py:1: SHP003 cannot write the file: it is read-only",
        "Fixed 6 mistakes (4 remaining); 2 paths could not be written",
    ]
    assert [text(place, name) for name in ("closed/m.py", "locked.py")] == [BAD, BAD]
    assert [text(place, name) for name in ("m.py", "real.py")] == [GOOD, GOOD]
    assert (place / "link.py").is_symlink()
    assert stat.S_IMODE((place / "m.py").stat().st_mode) == 0o750
    assert sorted(path.name for path in place.glob("*")) == ["closed", "link.py", "locked.py", "m.py", "real.py"]


def test_what_has_changed_meanwhile_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = shapelint.pipeline.fix.replace_content

    def someone_saves_first(path: str, before: bytes, after: bytes) -> None:
        (place / "m.py").write_text("# mine\n")
        write(path, before, after)

    monkeypatch.chdir(place)
    monkeypatch.setattr(shapelint.pipeline.fix, "replace_content", someone_saves_first)
    assert run(["--fix"]) == 2
    assert "m.py:1: SHP003 cannot write the file: it has changed since it was read\n" in capsys.readouterr().err
    assert text(place) == "# mine\n"


def test_the_json_report_is_about_what_remains(place: Path) -> None:
    (place / "m.py").write_text("\n" + BAD)
    page = ("--output-format=html", "--output-file=page.html")
    report = json.loads(shapelint_(place, "--fix", "--output-format=json", *page).out)
    assert "Data flow of" in (place / "page.html").read_text(encoding="utf-8")
    jsonschema.validate(report, schemas()["schema.json"])
    assert report["summary"] | {"fixed": 1, "findings": 1, "errors": 0} == report["summary"]
    assert [(f["code"], f["line"], f["fixes"][0]["safe"]) for f in report["findings"]] == [("SHP101", 11, False)]


def test_settings(place: Path) -> None:
    (place / "pyproject.toml").write_text("[tool.shapelint]\nfix = true\nunsafe-fixes = true\n")
    assert shapelint_(place, "--no-fix").lines[0].endswith("; 2 fixable with --fix")
    assert (shapelint_(place, "--no-unsafe-fixes").status, text(place)) == (1, SAFE)
    silenced = BAD.replace("out[-1]", "out[-1]  # noqa")
    (place / "m.py").write_text(silenced)
    assert (shapelint_(place).status, text(place)) == (0, silenced.replace(", dropout=0.5", ""))


ENCODER = """\
import torch.nn as nn

class Encoder(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.rnn = nn.GRU(n, h)

    def forward(self, x):
        # x: (batch, time, feature)
        return self.rnn(x)[0]
"""
MODEL = """\
import torch.nn as nn
from encoder import Encoder

class Model(Encoder):
    def __init__(self):
        super().__init__(3, 4)
        self.head = nn.LSTM(4, 5, batch_first=True)

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return self.head(out)
"""


@pytest.mark.parametrize("name", ["a.py", "model.py"])
def test_what_remains_is_told_in_view_of_all_fixed_files(place: Path, name: str) -> None:
    (place / "m.py").unlink()
    (place / "encoder.py").write_text(ENCODER)
    (place / name).write_text(MODEL)
    done = shapelint_(place, "--fix", "--unsafe-fixes")
    assert text(place, "encoder.py") == ENCODER.replace("(n, h)\n\n", "(n, h, batch_first=True)\n\n")
    assert (done.status, text(place, name)) == (0, MODEL), done


def test_a_link_out_of_the_checked_folders_is_not_followed_unless_it_is_named(place: Path) -> None:
    outside = place.parent / "outside.py"
    (place / "m.py").rename(outside)
    (place / "link.py").symlink_to(outside)
    (place / "inner").mkdir()
    (place / "inner" / "own.py").write_text(BAD)
    (place / "own_link.py").symlink_to(place / "inner" / "own.py")
    done = shapelint_(place, "--fix", "--output-format=concise")
    assert (done.status, outside.read_text(), text(place, "inner/own.py")) == (1, BAD, SAFE)
    why = "the file is a link that leads out of the checked folders; name it to have it fixed"
    assert done.lines[0] == f"link.py:6:20: SHP604 is not fixed: {why}"
    assert b"link.py:6:20: SHP604 " in done.out
    assert b"outside" not in shapelint_(place, "--diff").out
    assert b"link.py" not in shapelint_(place, "--diff").out.replace(b"own_link.py", b"")
    assert shapelint_(place, "--fix", "link.py").status == 1
    assert (outside.read_text(), (place / "link.py").is_symlink()) == (SAFE, True)


@pytest.mark.parametrize("named", [["."], [".", "../other"], ["../other/m.py", "."]])
def test_what_is_named_beside_the_folder_is_inside(place: Path, named: list[str]) -> None:
    other = place.parent / "other"
    other.mkdir()
    (place / "m.py").rename(other / "m.py")
    (place / "link.py").symlink_to(other / "m.py")
    shapelint_(place, "--fix", *named)
    assert (other / "m.py").read_text() == (SAFE if len(named) > 1 else BAD)
