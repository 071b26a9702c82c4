"""A real editor with the language server: Neovim's own client, without a screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editor import COMMENTED, MENDED, seen_by

NEOVIM = shutil.which("nvim")
SCRIPT = Path(__file__).with_name("neovim.lua")


@pytest.mark.skipif(NEOVIM is None, reason="nvim is not on the path (Debian: apt-get install neovim)")
def test_neovim_shows_findings_and_hints_and_takes_a_quick_fix(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    homes = {name: str(tmp_path) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    seen = seen_by([str(NEOVIM), "--headless", "--clean", "-S", str(SCRIPT)], path, homes)
    (first,), (confirmed,) = seen["first"], seen["confirmed"]
    assert (first["line"], first["column"], first["code"]) == (12, 27, "SHP101")
    assert "unverified: torch has not spoken yet" in first["message"]
    assert "confirmed by torch" in confirmed["message"]
    assert seen["hints"] == [[11, ": (B, T, hidden) batch, time, feature"], [12, ": (T, 3) time, feature"]]
    assert "out: (B, T, hidden)" in seen["hover"]
    assert [action.split(" here")[0] for action in seen["actions"]] == [
        "Fix SHP101: select the last step: `out[:, -1]` (changes results)",
        "Suppress SHP101",
        "Explain SHP101: last-step-on-batch-axis",
        "Show SHP101 in a script that needs only torch",
        "Write shapes as comments",
        "Write shapes as comments in the whole file",
    ]
    assert seen["mended"] == MENDED.splitlines()
    assert path.read_text() == COMMENTED
