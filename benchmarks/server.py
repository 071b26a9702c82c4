"""What an editor waits for after a change of the text: until the new findings, and until the new hints.

usage: python benchmarks/server.py [FILE]... [--changes N]

Without files, for texts of 400 and 3,000 lines that are made here. The server is a real one, warm: the text was looked
at before. Each change is of one line in a function in the middle of the text; torch is not asked, which takes its time
beside all this in a process of its own. Hints are asked for as editors do, for the lines that are shown. The CPU time
is that of the server and its processes, for each change; on a machine that does other things, too, it tells more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

MODEL = """\
class Encoder{number}(nn.Module):
    def __init__(self, features, hidden, layers=1):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, {number} + 2)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, lengths=None):
        out, (h_n, c_n) = self.lstm(x)
        out = self.dropout(self.norm(out))
        scores = self.head(out)
        if lengths is not None:
            mask = torch.arange(x.size(1))[None, :] < lengths[:, None]
            scores = scores * mask.unsqueeze(-1)
        last = h_n[-1]
        return scores, self.head(last)


"""


SHOWN = 60  #: lines that a window of an editor has


@dataclass(slots=True)
class Waited:
    """Milliseconds from a change to the answers."""

    findings: list[float] = field(default_factory=list)
    hints: list[float] = field(default_factory=list)
    cpu: float = 0.0


def text_of(lines: int) -> str:
    """A text of about that many lines."""
    head = "import torch\nfrom torch import nn\n\n\n"
    models = lines // MODEL.count("\n")
    return head + "".join(MODEL.format(number=number) for number in range(models))


def changes_of(text: str, count: int) -> list[str]:
    """The text with one line in its middle changed, each time otherwise."""
    lines = text.split("\n")
    middle = min(
        (number for number, line in enumerate(lines) if " = self." in line),
        key=lambda number: abs(number - len(lines) // 2),
    )
    made = (f"{lines[middle]}  # {'x' * (number + 1)}" for number in range(count))
    return ["\n".join([*lines[:middle], line, *lines[middle + 1 :]]) for line in made]


async def measure(path: str, text: str, changes: list[str]) -> Waited:
    client, told, waited = LanguageClient("benchmark", "0"), asyncio.Event(), Waited()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def found(params: types.PublishDiagnosticsParams) -> None:
        told.set()

    await client.start_io(sys.executable, "-m", "shapelint", "server")
    options = {"verify": "off"}
    capabilities = types.ClientCapabilities()
    await client.initialize_async(types.InitializeParams(capabilities, initialization_options=options))
    client.initialized(types.InitializedParams())
    uri = Path(path).absolute().as_uri()
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 0, text)))
    await told.wait()
    middle = text.count("\n") // 2
    shown = types.Range(types.Position(max(middle - SHOWN // 2, 0), 0), types.Position(middle + SHOWN // 2, 0))
    asked = types.InlayHintParams(types.TextDocumentIdentifier(uri), shown)
    assert client._server is not None
    spent = cpu(client._server.pid)
    for version, changed in enumerate(changes, 1):
        told.clear()
        document = types.VersionedTextDocumentIdentifier(version=version, uri=uri)
        began = time.perf_counter()
        whole = [types.TextDocumentContentChangeWholeDocument(changed)]
        client.text_document_did_change(types.DidChangeTextDocumentParams(document, whole))
        hints = asyncio.ensure_future(client.text_document_inlay_hint_async(asked))
        await told.wait()
        waited.findings.append((time.perf_counter() - began) * 1000)
        await hints
        waited.hints.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.05)
    waited.cpu = (cpu(client._server.pid) - spent) * 1000 / len(changes)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return waited


def cpu(process: int) -> float:
    """The seconds of CPU that a process and its children have taken, as far as Linux tells; 0 elsewhere."""
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if process in (int(stat.parent.name), int(fields[1])):
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def told(name: str, lines: int, waited: Waited) -> str:
    cells = [f"{statistics.median(times):.0f} ({max(times):.0f})" for times in (waited.findings, waited.hints)]
    return f"| {name} | {lines} | {' | '.join(cells)} | {waited.cpu:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--changes", type=int, default=20)
    options = parser.parse_args()
    texts = {path: Path(path).read_text(encoding="utf-8") for path in options.files}
    print("| text | lines | to findings, ms: median (most) | to hints, ms: median (most) | CPU, ms |")
    print("|---|---|---|---|---|")
    for name, text in (texts or {"made-400.py": text_of(400), "made-3000.py": text_of(3000)}).items():
        waited = asyncio.run(measure(name, text, changes_of(text, options.changes)))
        print(told(Path(name).name, text.count("\n"), waited), flush=True)


if __name__ == "__main__":
    main()
