"""`shapelint shapes --annotate` and `--write`: what becomes of files, byte for byte."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from here import here

pytestmark = pytest.mark.usefixtures("kept_processes")

TAGGER = """\
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self, words, tags, hidden=32):
        super().__init__()
        self.embed = nn.Embedding(words, 50)
        self.lstm = nn.LSTM(50, hidden, batch_first=True)
        self.head = nn.Linear(hidden, tags)

    def forward(self, tokens):
        x = self.embed(tokens)
        out, (h_n, _) = self.lstm(x)
        last = torch.cat(
            (h_n[-1], out[:, -1]),
            dim=1,
        )
        print(self.head(out).shape)
        return self.head(out)
"""
ANNOTATED = (
    TAGGER.replace("embed(tokens)\n", "embed(tokens)  # :: (B, T, 50)\n")
    .replace("lstm(x)\n", "lstm(x)  # :: out (B, T, hidden); h_n (1, B, hidden)\n")
    .replace("        )\n", "        )  # :: (B, 2*hidden)\n")
    .replace(".shape)\n", ".shape)  # :: self.head(out) (B, T, tags)\n")
    .replace("return self.head(out)\n", "return self.head(out)  # :: (B, T, tags)\n")
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(TAGGER)
    return path


def written(path: Path, content: bytes) -> bytes:
    """What a file holds after `--write`, which found nothing wrong with it."""
    path.write_bytes(content)
    done = here(path.parent, "shapes", "--write", path.name)
    assert (done.status, done.out) == (0, b"")
    return path.read_bytes()


def test_as_a_process(model: Path) -> None:
    def ran(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "shapelint", "shapes", *arguments, "model.py"]
        done = subprocess.run(command, cwd=model.parent, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    assert ran("--annotate") == (0, ANNOTATED, "")
    assert model.read_text() == TAGGER
    assert ran("--write") == (0, "", "Wrote shapes into 1 of 1 file\n")
    assert model.read_text() == ANNOTATED
    assert ran("--write") == (0, "", "Wrote shapes into 0 of 1 file\n")
    assert model.read_text() == ANNOTATED


def test_it_is_the_same_program(model: Path) -> None:
    assert ast.dump(ast.parse(written(model, TAGGER.encode()))) == ast.dump(ast.parse(TAGGER))


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_mark_and_missing_end_stay(model: Path, end: str) -> None:
    def as_there(text: str) -> bytes:
        return ("\ufeff" + text.rstrip("\n").replace("\n", end)).encode()

    assert written(model, as_there(TAGGER)) == as_there(ANNOTATED)


def test_the_encoding_stays(model: Path) -> None:
    head = "# -*- coding: latin-1 -*-\nname = 'é'\n"
    assert written(model, (head + TAGGER).encode("latin-1")) == (head + ANNOTATED).encode("latin-1")


def test_the_authors_comments_stay(model: Path) -> None:
    own = TAGGER.replace("embed(tokens)\n", "embed(tokens)  # (B, T, D)\n").replace("lstm(x)\n", "lstm(x) # noqa\n")
    after = written(model, own.encode()).decode()
    assert "embed(tokens)  # (B, T, D)\n" in after
    assert "lstm(x) # noqa\n" in after
    assert after.count("# :: ") == ANNOTATED.count("# :: ") - 2


def test_what_follows_our_comment_is_the_authors(model: Path) -> None:
    text = ANNOTATED.replace("(B, T, 50)", "(B, 7)  # noqa: E501")
    assert written(model, text.encode()).decode() == ANNOTATED.replace("(B, T, 50)", "(B, T, 50)  # noqa: E501")
    text = TAGGER.replace("super().__init__()", "super().__init__()  # :: (B, 7)  # noqa")
    assert "super().__init__()  # noqa\n" in written(model, text.encode()).decode()


def test_old_comments_are_renewed_and_taken_away(model: Path) -> None:
    old = ANNOTATED.replace("Embedding(words, 50)", "Embedding(words, 60)").replace("LSTM(50", "LSTM(60")
    new = old.replace("(B, T, 50)", "(B, T, 60)")
    assert written(model, old.encode()).decode() == new
    gone = ANNOTATED.replace("self.embed(tokens)", "unknown(tokens)").replace("dim=1,\n", "dim=1,  # :: (3,)\n")
    after = written(model, gone.encode()).decode()
    assert "unknown(tokens)\n" in after
    assert "dim=1,\n" in after


def test_our_comments_say_nothing_about_the_code(model: Path) -> None:
    """Else a comment of an earlier run would be evidence for itself, and what it says would stay for ever."""
    plain_code = "import torch\n\n\ndef f(x):\n    y = g(x){}\n    return torch.relu(y)\n"
    told = here(model.parent, "shapes", "model.py", "--output-format=json").out
    model.write_text(ANNOTATED.replace("(B, T, 50)", "(T, B, 50)"))
    assert here(model.parent, "shapes", "model.py", "--output-format=json").out == told
    assert written(model, plain_code.format("  # :: (B, T, 8)").encode()).decode() == plain_code.format("")


def test_long_lines_get_none(model: Path) -> None:
    done = here(model.parent, "shapes", "--annotate", "--line-length=50", "model.py")
    assert done.out.decode() == TAGGER.replace("embed(tokens)\n", "embed(tokens)  # :: (B, T, 50)\n").replace(
        "        )\n", "        )  # :: (B, 2*hidden)\n"
    ).replace("return self.head(out)\n", "return self.head(out)  # :: (B, T, tags)\n")


def test_odd_places(model: Path) -> None:
    text = """\
import torch
a = torch.zeros(2, 3); b = a.t()
c = \\
    a @ b
if (d := torch.ones(4)).sum(): e = d[:2]
s = '''
# :: (3,)''' ; f = torch.zeros(1)\t
for row in torch.zeros(5, 6): g = row
h = [torch.zeros(2), torch.zeros(3)]
total = torch.zeros(3)
total += torch.ones(2, 3)
torch.zeros(2).sum() + torch.ones(3, 1)
i = [torch.relu(row) for row in h if row is not None]
def later(): return torch.zeros(8)
one, other = torch.zeros(3), unknown
"""
    after = written(model, text.encode()).decode()
    assert after.splitlines()[1:] == [
        "a = torch.zeros(2, 3); b = a.t()  # :: a (2, 3); b (3, 2)",
        "c = \\",
        "    a @ b  # :: (2, 2)",
        "if (d := torch.ones(4)).sum(): e = d[:2]  # :: e (2,)",
        "s = '''",
        "# :: (3,)''' ; f = torch.zeros(1)  # :: f (1,)",
        "for row in torch.zeros(5, 6): g = row  # :: row, g (6,)",
        "h = [torch.zeros(2), torch.zeros(3)]  # :: torch.zeros(2) (2,); torch.zeros(3) (3,)",
        "total = torch.zeros(3)  # :: (3,)",
        "total += torch.ones(2, 3)  # :: (2, 3)",
        "torch.zeros(2).sum() + torch.ones(3, 1)  # :: torch.zeros(2).sum() (); torch.ones(3, 1) (3, 1)",
        "i = [torch.relu(row) for row in h if row is not None]  # :: torch.relu(row) (2,) or (3,)",
        "def later(): return torch.zeros(8)  # :: torch.zeros(8) (8,)",
        "one, other = torch.zeros(3), unknown  # :: one (3,)",
    ]
    assert written(model, after.encode()).decode() == after


def test_several_files_and_one_that_is_broken(model: Path) -> None:
    (model.parent / "broken.py").write_text("import torch\nx = (\n")
    (model.parent / "other.py").write_text("print(1)\n")
    done = here(model.parent, "shapes", "--annotate", "broken.py", "model.py", "other.py", "missing.py")
    assert done.status == 2
    assert done.out.decode() == f"# model.py\n{ANNOTATED}\n# other.py\nprint(1)\n\n"
    assert [line.split(":")[0] for line in done.err.decode().splitlines()] == ["missing.py", "broken.py"]


def test_a_link_and_a_mode_stay(model: Path) -> None:
    link = model.parent / "link.py"
    link.symlink_to(model)
    os.chmod(model, 0o640)
    assert written(link, TAGGER.encode()).decode() == ANNOTATED
    assert link.is_symlink()
    assert model.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(model.parent)) == ["link.py", "model.py"]


def test_a_notebook(tmp_path: Path) -> None:
    def document(*lines: str) -> str:
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": list(lines)}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)

    path = tmp_path / "nb.ipynb"
    path.write_text(document("%matplotlib inline\n", "import torch\n", "x = torch.zeros(3, 4)"))
    done = here(tmp_path, "shapes", "--annotate", "nb.ipynb")
    assert done.out.decode() == "# cell 1\n%matplotlib inline\nimport torch\nx = torch.zeros(3, 4)  # :: (3, 4)\n"
    assert written(path, path.read_bytes()).decode() == document(
        "%matplotlib inline\n", "import torch\n", "x = torch.zeros(3, 4)  # :: (3, 4)"
    )


def test_what_does_not_go_together(model: Path) -> None:
    for arguments in (["--annotate", "--output-format=json"], ["--write", "--output-file=x"]):
        done = here(model.parent, "shapes", "model.py", *arguments)
        assert (done.status, done.err.count(b"\n")) == (2, 1)
    assert model.read_text() == TAGGER
