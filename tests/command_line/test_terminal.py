"""What a terminal gets, which is a pseudo-terminal here: nothing that commands it, links, and a bar for long runs."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest
from here import here

from shapelint.cli.options import columns_of
from shapelint.report.screen import Screen
from shapelint.rules.base import RULES, load

pty, fcntl, termios = map(pytest.importorskip, ("pty", "fcntl", "termios"))

HOSTILE = "\x1b]0;owned\x07\x1b[31m\u202e\x9b"
MODEL = f'''\
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(8, 16, batch_first=True)

    def forward(self, x):
        note = "{HOSTILE}"  # größe
        out, _ = self.gru(x)
        return out[-1]
'''


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.py"
    file.write_bytes(MODEL.encode())
    return file


def on_terminal(folder: Path, *arguments: str, given: bytes = b"", columns: int = 80, **environment: str) -> str:
    """All that a command shows on a terminal."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "FORCE_HYPERLINK")}
    command = [sys.executable, "-m", "shapelint", *arguments]
    running = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=its, stderr=its, env={**kept, "TERM": "xterm", **environment}
    )
    os.close(its)
    assert running.stdin is not None
    shown: list[bytes] = []
    reading = threading.Thread(target=_read, args=(ours, shown))
    reading.start()
    running.stdin.write(given)
    running.stdin.close()
    running.wait(timeout=120)
    reading.join()
    os.close(ours)
    return b"".join(shown).decode()


def _read(terminal: int, shown: list[bytes]) -> None:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # what Linux says when nobody writes to it any more
            return
        if not part:
            return
        shown.append(part)


@pytest.mark.parametrize(
    "arguments",
    ["shapes --annotate model.py", "--diff --unsafe-fixes model.py", "--fix --unsafe-fixes -", "model.py"],
)
def test_no_code_commands_the_terminal(model: Path, arguments: str) -> None:
    shown = on_terminal(model.parent, *arguments.split(), "--color=never", given=MODEL.encode())
    assert "out[-1]" in shown or "out[:, -1]" in shown
    assert not [one for one in HOSTILE if one in shown and not one.isprintable()]
    assert "owned" not in shown or "\ufffd]0;owned\ufffd" in shown


def test_a_pipe_gets_the_code_byte_for_byte(model: Path) -> None:
    """Also the sequences that a terminal would take for colours, and in the file's own encoding."""
    for encoding in ("utf-8", "utf-8-sig", "latin-1"):
        text = f"# -*- coding: {encoding.removesuffix('-sig')} -*-\r\n" + MODEL.replace("\u202e", "").replace(
            "\n", "\r\n"
        )
        model.write_bytes(text.encode(encoding))
        done = here(model.parent, "shapes", "--annotate", "model.py")
        assert done.out != text.encode(encoding)
        here(model.parent, "shapes", "--write", "model.py")
        assert done.out == model.read_bytes()
    done = here(model.parent, "shapes", "--annotate", "--output-file", "copy.py", "model.py")
    assert (model.parent / "copy.py").read_bytes() == model.read_bytes()


def test_codes_are_links_where_the_terminal_follows_them(model: Path) -> None:
    link = "\x1b]8;;https://github.com/shapelint/shapelint/blob/main/docs/rules/SHP101.md\x1b\\"
    assert link in on_terminal(model.parent, "--verify=off", "model.py", TERM_PROGRAM="WezTerm")
    assert link not in on_terminal(model.parent, "--verify=off", "model.py", TERM_PROGRAM="", TERM="dumb")
    assert link.encode() not in here(model.parent, "--verify=off", "model.py").out


def test_a_finding_has_at_most_twelve_lines(tmp_path: Path) -> None:
    """What the pages of all rules show to be wrong, in lines of the terminal: a wider row takes several."""
    load()
    for code, rule in RULES.items():
        for number, text in enumerate(rule.bad):
            (tmp_path / f"{code}_{number}.py").write_text(text, encoding="utf-8")
    for columns in (60, 80, 100, 140):
        told = click.unstyle(on_terminal(tmp_path, "-q", ".", columns=columns, SHAPELINT_NO_CACHE=""))
        blocks = [block.split("\n") for block in told.replace("\r\n", "\n").rstrip("\n").split("\n\n")]
        findings = [block for block in blocks if not block[0].startswith("reach of ")]
        assert len(blocks) - len(findings) > 30  # as many drawings
        assert set(re.findall(r"\[(SHP\d+)\]: ", told)) == {code for code, rule in RULES.items() if rule.default}
        assert max(Screen(columns).lines(rows) for rows in findings) == 12
        for rows in findings:
            labels = {row.split(" = ")[1].split(":")[0] for row in rows if row.lstrip().startswith("= ")}
            assert rows[1].lstrip().startswith("--> ")
            assert any("^" in row for row in rows)
            assert "proof" in labels
            assert labels & {"fix", "help"}


def test_what_takes_itself_for_a_terminal_has_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = io.StringIO()
    assert columns_of(shell) is None
    monkeypatch.setattr(shell, "isatty", lambda: True)
    assert columns_of(shell) is None


def test_a_terminal_that_tells_no_width_has_the_usual_one(model: Path) -> None:
    told, untold = (on_terminal(model.parent, "-q", "model.py", "--color=never", columns=one) for one in (80, 0))
    assert told == untold != on_terminal(model.parent, "-q", "model.py", "--color=never", columns=200)


def test_a_long_run_shows_how_far_it_is(model: Path) -> None:
    """A torch that takes its time and then cannot be loaded: the bar is drawn, and taken away again."""
    slow = model.parent / "path"
    (slow / "torch").mkdir(parents=True)
    (slow / "torch" / "__init__.py").write_text("import time; time.sleep(1.5); raise ImportError('slow')\n")
    path = os.pathsep.join(filter(None, (str(slow), os.environ.get("PYTHONPATH"))))
    shown = on_terminal(model.parent, "--no-cache", "model.py", PYTHONPATH=path)
    drawn = "\rproving  [" + "." * 24 + "] 0/1 files"
    before, taken_away, after = shown.partition(f"\r{' ' * (len(drawn) - 1)}\r")
    assert drawn in before  # on a busy machine the end is drawn as well
    assert taken_away
    assert "proving" not in after
    assert "Found 1 mistake (1 unverified)" in shown
    assert "proving" not in on_terminal(model.parent, "--no-cache", "--quiet", "model.py", PYTHONPATH=path)
    command = [sys.executable, "-m", "shapelint", "--no-cache", "model.py"]
    piped = subprocess.run(command, cwd=model.parent, capture_output=True, env={**os.environ, "PYTHONPATH": path})
    assert b"Found 1 mistake" in piped.stderr
    assert b"proving" not in piped.stderr + piped.stdout
