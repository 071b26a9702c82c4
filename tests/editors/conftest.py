"""An editor with its server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from editor import SETTINGS, Editor, started
from extra_rules import ADD_EXTRA_RULES, EXTRA_RULES
from injected import write_injected


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """An editor for all tests: each has files of its own."""
    top = tmp_path_factory.mktemp("editor")
    (top / "rules").mkdir()
    (top / "rules" / "extra.py").write_text(EXTRA_RULES)
    write_injected(top / "start", ADD_EXTRA_RULES.format(directory=str(top / "rules")))
    (top / "project").mkdir()
    paths = os.pathsep.join([str(top / "start"), os.environ.get("PYTHONPATH", "")])
    editor = await started(top / "project", SETTINGS, {"PYTHONPATH": paths})
    yield editor
    await editor.shutdown_session()
    await editor.stop()
    assert editor._server is None or editor._server.returncode == 0
