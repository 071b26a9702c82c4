"""What the server does not do: what nobody waits for any more, and remember more than the last texts."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import pytest
from editor import MODEL

from shapelint.editors.server.reading import look as reader
from shapelint.editors.server.reading.checks import Reader
from shapelint.editors.server.reading.look import Text, look
from shapelint.finding import Confidence
from shapelint.selection import Chosen
from shapelint.trace.trace import Trace


@pytest.mark.asyncio
async def test_what_is_cancelled_while_it_waits_is_never_begun(tmp_path: Path) -> None:
    """The process does one thing after the other; a request behind a long one is taken out of the row."""
    asked = Reader()
    first = asyncio.ensure_future(asked.ask(time.sleep, 0.5))
    await asyncio.sleep(0)
    waiting = [asyncio.ensure_future(asked.ask(os.mkdir, str(tmp_path / str(number)))) for number in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await asyncio.gather(first, *waiting, return_exceptions=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "2"]
    asked.close()


@pytest.mark.asyncio
async def test_a_long_request_ends_with_the_session() -> None:
    asked = Reader()
    long = asyncio.ensure_future(asked.ask(time.sleep, 600))
    while not asked._bounded._ready:
        await asyncio.sleep(0.05)
    asked.close()
    with pytest.raises(Exception, match="the check"):
        await long


def traces() -> int:
    gc.unfreeze()  # what is remembered is hidden from the collector, see `_settle`
    gc.collect()
    return sum(isinstance(one, Trace) for one in gc.get_objects())


def test_only_the_last_texts_are_remembered() -> None:
    """However many files are opened, and however often one is changed."""
    reader._texts = {}
    for number in range(8):
        look(Text(f"model{number}.py", MODEL, Chosen(), Confidence.LOW))
    assert [path for path, _ in reader._texts] == ["model5.py", "model6.py", "model7.py"]
    changed = [f"{MODEL}\n\nx{number} = {number}\n" for number in range(12)]
    look(Text("model7.py", changed[0], Chosen(), Confidence.LOW))
    before = traces()
    assert before > 0
    for text in changed:
        look(Text("model7.py", text.replace("out[-1]", f"out[-{len(text) % 3 + 1}]"), Chosen(), Confidence.LOW))
    assert traces() <= before
