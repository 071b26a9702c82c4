"""The picture in README.md: what `shapelint sentiment.py` prints on a terminal, as SVG.

    python scripts/picture.py    # writes docs/pictures/sentiment.svg anew

`tests/house/test_readme.py` compares it with what is printed now.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "sentiment.svg"
COMMAND = ("shapelint", "--verify=require", "--color", "always", "sentiment.py")
TITLE = "$ shapelint sentiment.py"


def example() -> str:
    """The wrong model of README.md."""
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def svg(told: str) -> str:
    """What was printed as a picture that loads nothing: its letters are those of the reader's own fixed-width font."""
    text = Text.from_ansi(re.sub(r"(torch \d+\.\d+\.\d+)\+\w+", r"\1", told))
    width = max(map(len, text.plain.splitlines()))
    console = Console(file=io.StringIO(), record=True, width=width, force_terminal=True, color_system="truecolor")
    console.print(text, soft_wrap=True)
    alone = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    alone = re.sub("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono", alone)
    drawn = console.export_svg(title=TITLE, code_format=alone, unique_id="sentiment")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def main() -> None:
    """Run the example and draw what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sentiment.py").write_text(example(), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SHAPELINT_NO_CACHE": "1"}
        command = [sys.executable, "-m", *COMMAND]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    if done.returncode != 1:
        sys.exit(done.stderr)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(svg(done.stdout), encoding="utf-8")


if __name__ == "__main__":
    main()
