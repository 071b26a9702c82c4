"""The speed of shapelint beside other tools, written to the end of docs/benchmarks.md and to docs/benchmarks.svg.

usage: python benchmarks/speed.py CORPUS [--lines N] [--runs N]

CORPUS is a folder with the packages of `benchmarks/trees.py` as they are published (one folder each). ruff, flake8,
TorchFix and pyrefly are installed in scratch environments. CPU is user and system time of all processes of a command.
TorchFix and flake8 run on the files that shapelint analyses only: TorchFix needs minutes for a million lines.
"""

from __future__ import annotations

import argparse
import math
import platform
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from runs.timing import Taken, interleaved, timed
from runs.trees import Tree, build, part, without_torch
from startup import MODEL

ROOT = Path(__file__).parent.parent
HEADING = "## Speed"  #: of the last section of the document, which this writes
SHAPELINT = (sys.executable, "-m", "shapelint", "check", "--exit-zero")
COLD = (*SHAPELINT, "--no-cache", "--verify=off")
_PARSE = "import libcst, sys; [libcst.parse_module(open(path, 'rb').read()) for path in sys.stdin.read().split('\\n')]"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    goal: str


def environment(folder: Path, *packages: str) -> Path:
    """A scratch environment with some packages; the folder of its commands."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "-q", *packages], check=True)
    return folder / "bin"


def beside(tree: Tree, recurrent: Path, scratch: Path, runs: int) -> dict[str, Taken]:
    """All tools, on the whole tree and on what is analysed of it."""
    tools = environment(scratch / "tools", "ruff", "pyrefly")
    flake8, torchfix = environment(scratch / "flake8", "flake8"), environment(scratch / "torchfix", "torchfix")
    whole, some = str(tree.folder), str(recurrent)
    return interleaved(
        {
            "ruff, tree": (str(tools / "ruff"), "check", "--no-cache", "--isolated", whole),
            "pyrefly, tree": (str(tools / "pyrefly"), "check", whole),
            "shapelint, tree": (*COLD, whole),
            "ruff, recurrent": (str(tools / "ruff"), "check", "--no-cache", "--isolated", some),
            "pyrefly, recurrent": (str(tools / "pyrefly"), "check", some),
            "flake8, recurrent": (str(flake8 / "flake8"), "--isolated", some),
            "TorchFix, recurrent": (str(torchfix / "torchfix"), "--select=ALL", some),
        },
        runs,
    )


def rows(tree: Tree, peers: dict[str, Taken], scratch: Path) -> list[Row]:
    """The table, from what the peers took and further runs."""
    own, ruff, pyrefly = peers["shapelint, tree"], peers["ruff, tree"], peers["pyrefly, tree"]
    bare = parse_alone(tree, scratch)
    ratio = f"{own.cpu:.1f} s: {own.cpu / ruff.cpu:.0f} x ruff, {own.cpu / pyrefly.cpu:.1f} x pyrefly"
    return [
        Row("cold, no proof, CPU, against `ruff check --no-cache`", ratio, "at most 6 x, not above pyrefly"),
        *proof_and_cache(tree, own, scratch),
        Row(
            "CPU against libcst's bare parse of what is analysed",
            f"{own.cpu / bare:.1f} x ({bare:.2f} s)",
            "at most 3 x",
        ),
        Row("peak memory of a process, the tree", f"{own.megabytes:.0f} MB", "at most 400 MB"),
        *one_file(scratch),
        plugin(tree, scratch),
    ]


def parse_alone(tree: Tree, scratch: Path) -> float:
    """The CPU of libcst's bare parse of the files that are analysed, without its import."""
    names, python = scratch / "names", scratch / "torchfix/bin/python"  # TorchFix reads with libcst
    taken = []
    for paths in ([], tree.analysed):
        names.write_text("\n".join(map(str, paths)) or "/dev/null")
        taken.append(timed(("sh", "-c", f'exec "{python}" -c "{_PARSE}" < "{names}"')).cpu)
    return taken[1] - taken[0]


def proof_and_cache(tree: Tree, cold: Taken, scratch: Path) -> list[Row]:
    """What a proof adds, and what a cache saves."""
    cached = (*SHAPELINT, f"--cache-dir={scratch / 'cache'}", str(tree.folder))
    proven = timed(cached)
    warm = min((timed(cached) for _ in range(3)), key=lambda taken: taken.wall)
    with tree.analysed[0].open("ab") as file:
        file.write(b"\n# changed\n")
    changed = timed(cached)
    return [
        Row("the same with proof, CPU", f"{proven.cpu - cold.cpu:+.1f} s", "one import of torch"),
        Row("warm, unchanged, wall", f"{warm.wall:.2f} s", "at most 0.3 s"),
        Row("warm after a change of one file, wall", f"{changed.wall:.2f} s", "that file, its importers and 0.3 s"),
    ]


def one_file(scratch: Path) -> list[Row]:
    """The whole command for one file."""
    small = scratch / "model.py"
    small.write_text(MODEL)
    large = scratch / "models.py"
    head, _, body = MODEL.partition("\n\n\n")
    large.write_text(head + "".join(f"\n\n\n{body.replace('Model', f'Model{i}')}" for i in range(33)))
    few, many = (min(timed((*COLD, str(path))).cpu for _ in range(3)) for path in (small, large))
    return [Row("one file of 14 and of 400 lines, CPU", f"{few:.2f} and {many:.2f} s", "at most 0.35 and 0.6 s")]


def plugin(tree: Tree, scratch: Path) -> Row:
    """What the plugin adds to flake8 where nothing speaks of torch."""
    texts = scratch / "no_torch"
    texts.mkdir()
    some = str(without_torch(tree, texts))
    with_plugin = environment(scratch / "plugin", "flake8", str(ROOT))
    commands = {
        name: (str(folder / "flake8"), "--isolated", "-j1", some)
        for name, folder in (("without", scratch / "flake8/bin"), ("with", with_plugin))
    }
    taken = interleaved(commands, 3)
    ratio = taken["with"].cpu / taken["without"].cpu
    return Row("flake8 with the plugin, files without torch, CPU", f"{ratio:.2f} x without it", "at most 1.05 x")


def plot(peers: dict[str, Taken]) -> str:
    """The CPU of each run as a bar, on a logarithmic scale, in SVG."""
    least = min(taken.cpu for taken in peers.values()) / 2
    scale = 420 / _decades(max(taken.cpu for taken in peers.values()) / least)
    bars = []
    for place, (name, taken) in enumerate(sorted(peers.items(), key=lambda one: one[1].cpu)):
        width, top = _decades(taken.cpu / least) * scale, 12 + 26 * place
        color = "#c2410c" if name.startswith("shapelint") else "#64748b"
        bars.append(
            f'<text x="158" y="{top + 13}" text-anchor="end">{name}</text>'
            f'<rect x="166" y="{top}" width="{width:.0f}" height="18" fill="{color}"/>'
            f'<text x="{172 + width:.0f}" y="{top + 13}">{taken.cpu:.1f} s</text>'
        )
    height = 20 + 26 * len(bars)
    font = 'font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="660" height="{height}" {font}>'
    ground = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head, ground, *bars, "</svg>\n"])


def _decades(ratio: float) -> float:
    return math.log10(ratio)


def page(tree: Tree, peers: dict[str, Taken], table: list[Row], command: str) -> str:
    """The section of the document."""
    measured = "\n".join(f"| {row.what} | {row.measured} | {row.goal} |" for row in table)
    tools = "\n".join(
        f"| {name} | {taken.cpu:.1f} | {taken.wall:.1f} | {taken.megabytes:.0f} |" for name, taken in peers.items()
    )
    return f"""{HEADING}

```console
{command}
```

Python {platform.python_version()}, {platform.machine()}; all tools in turn on the same machine, the least of the runs.
CPU counts all processes of a command. The tree: {tree.files:,} files with {tree.lines:,} lines of allennlp, gluonts,
nemo-toolkit, neuralforecast, pytorch-forecasting, speechbrain, ray and the models of transformers. "Recurrent" are the
{len(tree.analysed):,} files of it, {tree.analysed_lines:,} lines, that shapelint analyses, in a folder of their own.
In the tree it reads what they import as well.

| what | measured | goal |
|---|---|---|
{measured}

![CPU of each tool, logarithmic](benchmarks.svg)

| run, cold | CPU, s | wall, s | largest process, MB |
|---|---|---|---|
{tools}

The others do other things: ruff and flake8 look at lines and names, pyrefly infers types, TorchFix looks for outdated
calls. None follows shapes.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        tree = build(options.corpus.resolve(), scratch / "tree", options.lines)
        peers = beside(tree, part(tree, scratch / "recurrent"), scratch, options.runs)
        command = f"python benchmarks/speed.py CORPUS --lines {options.lines} --runs {options.runs}"
        text = page(tree, peers, rows(tree, peers, scratch), command)
    document = ROOT / "docs/benchmarks.md"
    before, _, _ = document.read_text().partition(HEADING)
    document.write_text(before + text)
    (ROOT / "docs/benchmarks.svg").write_text(plot(peers))


if __name__ == "__main__":
    main()
