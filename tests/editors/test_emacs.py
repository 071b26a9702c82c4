"""A real editor with the language server: Emacs and its client eglot, without a screen."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from editor import COMMENTED, seen_by

EMACS = shutil.which("emacs")
SCRIPT = Path(__file__).with_name("emacs.el")


def has_eglot() -> bool:
    find = '(progn (package-initialize) (unless (locate-library "eglot") (kill-emacs 1)))'
    return (
        EMACS is not None
        and not subprocess.run([EMACS, "--batch", "-q", "--eval", find], capture_output=True).returncode
    )


@pytest.mark.skipif(not has_eglot(), reason="no Emacs with eglot (Debian: apt-get install emacs-nox elpa-eglot)")
def test_emacs_shows_findings_and_takes_actions(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    seen = seen_by([str(EMACS), "--batch", "-q", "-l", str(SCRIPT)], path, {"HOME": str(tmp_path)})
    (finding,) = seen["told"]
    assert "SHP101" in finding
    assert "`out[-1]` selects the last sample of the batch" in finding
    assert seen["actions"] == [
        "Fix SHP101: select the last step: `out[:, -1]` (changes results)",
        "Suppress SHP101 here with `# noqa`",
        "Explain SHP101: last-step-on-batch-axis",
        "Show SHP101 in a script that needs only torch",
        "Write shapes as comments here",
        "Write shapes as comments in the whole file",
    ]
    assert path.read_text() == COMMENTED
