"""What other tools say of the rules' bad examples, and of some models that are run: the tables of docs/comparison.md.

    python benchmarks/compare.py --python PYTHON --shapes SHAPES           # the tables
    python benchmarks/compare.py --python PYTHON --shapes SHAPES --told    # and each message of the static tools on a marked line

PYTHON is an interpreter with torch, ruff, flake8, torchfix, mypy, pyrefly, jaxtyping, beartype and torchinfo. SHAPES is one with
torch, pyrefly and pyrefly-torch-stubs, which are of one version; the stubs would change what pyrefly says without shapes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from shapelint.finding import Severity
from shapelint.rules.base import RULES, load

#: the static tools; each message is `path:line:...`
STATIC = {
    "ruff, its default rules": "ruff check --isolated --no-cache --output-format concise .",
    "ruff, all rules": "ruff check --isolated --no-cache --select ALL --preview --output-format concise .",
    "flake8 with TorchFix": "flake8 --isolated --select TOR .",
    "mypy --strict": "mypy --strict --no-error-summary .",
    "pyrefly, preset basic": "pyrefly check --output-format min-text --summary none .",
    "pyrefly, preset strict": "pyrefly check --preset strict --output-format min-text --summary none .",
}
#: what is style, asks for annotations, or tells that a name is not used, says nothing of the mistake
STYLE = re.compile(
    r"line-too-long|unused|docstring|annotation|\bRUF059\b|missing-|copyright|\[no-untyped|\[no-any|\[type-arg|\[misc\]|implicit|\bnote:"
)

#: models that are run: a name, the code with a place for annotations, and whether torch raises
MODELS = {
    "the last sample for the last step (SHP101)": """
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, 3)
    def forward(self, x: X) -> "{Y}":
        out, _ = self.lstm(x)
        return self.head(out[-1])
""",
    "a state viewed across samples (SHP106)": """
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(8, 16, batch_first=True, bidirectional=True)
        self.head = nn.Linear(32, 3)
    def forward(self, x: X) -> "{Y}":
        _, h_n = self.gru(x)
        return self.head(h_n.view(x.size(0), -1))
""",
    "one direction of the final state (SHP104)": """
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(8, 16, batch_first=True, bidirectional=True)
        self.head = nn.Linear(16, 3)
    def forward(self, x: X) -> "{Y}":
        _, h_n = self.gru(x)
        return self.head(h_n[-1])
""",
    "batch_first missing, the mean over the right axis (SHP110)": """
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16)
        self.head = nn.Linear(16, 3)
    def forward(self, x: X) -> "{Y}":
        out, _ = self.lstm(x)  # x: (batch, time, features)
        return self.head(out.mean(1))
""",
    "the mean over the batch (SHP116)": """
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, 3)
    def forward(self, x: X) -> "{Y}":
        out, _ = self.lstm(x)
        return self.head(out.mean(0))
""",
    "layers in a plain list (SHP801)": """
    def __init__(self):
        super().__init__()
        self.layers = [nn.LSTM(8, 16, batch_first=True), nn.LSTM(16, 16, batch_first=True)]
        self.head = nn.Linear(16, 3)
    def forward(self, x: X) -> "{Y}":
        for layer in self.layers:
            x, _ = layer(x)
        return self.head(x[:, -1])
""",
    "a head that forgets a direction (SHP501)": """
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(8, 16, batch_first=True, bidirectional=True)
        self.head = nn.Linear(16, 3)
    def forward(self, x: X) -> "{Y}":
        out, _ = self.gru(x)
        return self.head(out[:, -1])
""",
    "a batch-first initial state (SHP201)": """
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(8, 16, batch_first=True)
        self.head = nn.Linear(16, 3)
    def forward(self, x: X) -> "{Y}":
        out, _ = self.gru(x, torch.zeros(x.size(0), 1, 16))
        return self.head(out[:, -1])
""",
}
HEAD = "import torch\nfrom torch import nn\n"
TYPED = f"""{HEAD}from beartype import beartype
from jaxtyping import Float, jaxtyped
from torch import Tensor
X = Float[Tensor, "batch time 8"]
Y = Float[Tensor, "batch 3"]
class Net(nn.Module):
"""
SHAPED = f"""{HEAD}from shape_extensions import IntVar
from torch import Tensor
B = IntVar("B")
T = IntVar("T")
class Net(nn.Module):
"""
PLAIN = f"{HEAD}class Net(nn.Module):\n"
RUN = "\nprint(tuple(Net()(torch.randn({}, 8)).shape))\n"
DRIVER = """
import json, sys
outcomes = []
for program in json.loads(sys.argv[1]):
    try:
        exec(program, {"__name__": "model"})
        outcomes.append("runs")
    except Exception as error:
        outcomes.append(type(error).__name__)
print(json.dumps(outcomes))
"""
SUMMARY = "\nfrom torchinfo import summary\nsummary(Net(), input_size=(4, 10, 8), verbose=0)\n"


def examples() -> Iterator[tuple[str, bool, str]]:
    """Each first bad example: its code, whether torch raises, its text."""
    load()
    for rule in sorted(RULES.values(), key=lambda rule: rule.code):
        if rule.default:
            yield rule.code, rule.severity is Severity.ERROR, rule.bad[0]


def of_static(python: Path, told: bool) -> None:
    """Which examples a tool says something of, on the marked line and beyond style."""
    marked, raises = {}, {}
    found: dict[str, set[str]] = defaultdict(set)
    messages: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for code, is_error, text in examples():
            lines = text.splitlines()
            marked[code] = {number for number, line in enumerate(lines, 1) if "# error:" in line}
            raises[code] = is_error
            plain = "\n".join(re.sub(r"  # error: .*", "", line) for line in lines)
            (Path(folder) / f"{code.lower()}.py").write_text(plain + "\n", encoding="utf-8")
        for name, command in STATIC.items():
            program, *arguments = command.split()
            done = subprocess.run([python.parent / program, *arguments], cwd=folder, capture_output=True, text=True)
            for code, line, message in _messages(done.stdout):
                if line in marked[code] and not STYLE.search(f" {message}"):
                    found[name].add(code)
                    messages[f"{name}: {code}: {message}"] += 1
    silent = [code for code in raises if not raises[code]]
    print(f"| tool | of {len(raises) - len(silent)} that raise | of {len(silent)} that are silent |\n|---|---|---|")
    for name in STATIC:
        counts = Counter(raises[code] for code in found[name])
        print(f"| {name} | {counts[True]} | {counts[False]} |")
    if told:
        print("\n".join(messages))


def _messages(told: str) -> Iterator[tuple[str, int, str]]:
    for found in re.finditer(r"(shp\d{3})\.py:(\d+):?([^\n]*)", told):
        yield found[1].upper(), int(found[2]), found[3].strip()


def of_models(python: Path, shapes: Path) -> None:
    """What is said of each model: by pyrefly of annotated shapes, and when it is run: with annotations that are checked, with a
    batch as long as the sequence, by torchinfo."""
    print(
        "\n| model | torch | pyrefly with shapes | jaxtyping, 4 samples of 10 steps | jaxtyping, 4 samples of 4 steps | torchinfo |"
    )
    print("|---|---|---|---|---|---|")
    rows = [_programs(body) for body in MODELS.values()]
    outcomes = iter(_outcomes(python, [program for row in rows for program in row]))
    of_shapes = _with_shapes(shapes, list(MODELS.values()))
    for name, row, said in zip(MODELS, rows, of_shapes, strict=True):
        first, *others = [next(outcomes) for _ in row]
        print(f"| {name} | {' | '.join((first, said, *others))} |")


def _with_shapes(shapes: Path, bodies: list[str]) -> list[str]:
    """The kinds of errors that pyrefly finds in each model with annotated shapes."""
    kinds: dict[int, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        for number, body in enumerate(bodies):
            text = SHAPED + body.replace("x: X", "x: Tensor[[B, T, 8]]").replace('"{Y}"', "Tensor[[B, 3]]")
            (Path(folder) / f"m{number}.py").write_text(text, encoding="utf-8")
        command = [shapes.parent / "pyrefly", "check", "--preset", "default", "--output-format", "min-text", "."]
        command += ["--python-interpreter-path", shapes, "--summary", "none"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        for found in re.finditer(r"^ERROR m(\d+)\.py:.*\[([\w-]+)\]", done.stdout, re.MULTILINE):
            kinds[int(found[1])].add(found[2])
    return [", ".join(sorted(kinds[number])) or "nothing" for number in range(len(bodies))]


def _programs(body: str) -> list[str]:
    """The program with torch, annotated with two sizes of input, and for torchinfo."""
    typed = TYPED + body.replace('"{Y}"', "Y").replace(
        "    def forward", "    @jaxtyped(typechecker=beartype)\n    def forward"
    )
    plain = PLAIN + body.replace(": X", "").replace(' -> "{Y}"', "")
    return [plain + RUN.format("4, 10"), typed + RUN.format("4, 10"), typed + RUN.format("4, 4"), plain + SUMMARY]


def _outcomes(python: Path, programs: list[str]) -> list[str]:
    """Whether each program runs, or the kind of its error; one process runs all of them."""
    command = [python, "-W", "ignore", "-c", DRIVER, json.dumps(programs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outcomes: list[str] = json.loads(done.stdout.splitlines()[-1])
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="the interpreter of the other tools")
    parser.add_argument("--shapes", type=Path, required=True, help="the interpreter of pyrefly with its torch stubs")
    parser.add_argument("--told", action="store_true", help="print the messages")
    options = parser.parse_args()
    python = options.python.absolute()
    of_static(python, options.told)
    of_models(python, options.shapes.absolute())


if __name__ == "__main__":
    main()
