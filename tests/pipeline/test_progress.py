"""The bar of a long run: what it shows, and where it shows nothing."""

import io
import threading
from pathlib import Path

import pytest

from shapelint.cli.telling.progress import bar, shown
from shapelint.config import Config
from shapelint.pipeline.progress import Progress
from shapelint.pipeline.run import run

MODEL = "import torch.nn as nn\nrnn = nn.GRU(3, 4)\n"


class Screen(io.StringIO):
    """A stream that tells when something was drawn."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def flush(self) -> None:
        self.drawn.set()


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(), ""),
        (Progress(8, 0, 0), "checking [........................] 0/8 files"),
        (Progress(8, 3, 1), "checking [#########...............] 3/8 files"),
        (Progress(8, 8, 4), "proving  [############............] 4/8 files"),
        (Progress(8, 8, 8), "proving  [########################] 8/8 files"),
    ],
)
def test_files_are_checked_then_proved(progress: Progress, text: str) -> None:
    assert bar(progress, 80) == text
    assert bar(progress, 20) == text[:19]


def test_it_is_drawn_and_taken_away() -> None:
    screen = Screen(terminal=True)
    with shown(Progress(8, 3), screen, delay=0):
        assert screen.drawn.wait(60)
    drawn = screen.getvalue()
    text = bar(Progress(8, 3), 80)
    assert drawn == f"\r{text}\r{' ' * len(text)}\r"


def test_a_short_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal, delay in ((True, 600), (False, 0)):
        screen = Screen(terminal)
        with shown(Progress(8, 3), screen, delay):
            pass
        assert screen.getvalue() == ""
    monkeypatch.setenv("TERM", "dumb")
    threads = threading.active_count()
    with shown(Progress(8, 3), Screen(terminal=True), delay=0):
        assert threading.active_count() == threads
    with shown(Progress(8, 3), None):
        pass


def test_a_run_tells_how_far_it_is(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(MODEL)
    progress = Progress()
    run([str(tmp_path)], Config(verify="off", cache_dir=None), progress=progress)
    assert progress == Progress(2, 2, 2)
