"""The forms in which programs write notebooks, each given to the command: the mistake is found, and mended in place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from wrong_models import NET

from shapelint.cli import run

pytestmark = pytest.mark.usefixtures("kept_processes")

IMPORTS = "%matplotlib inline\nfrom torch import nn"
WRONG, RIGHT = "out[-1]", "out[:, -1]"
RESULT = {"output_type": "stream", "name": "stdout", "text": [f"{WRONG}\n"]}


def cell(source: object, kind: str = "code", **more: Any) -> dict[str, Any]:
    own = {"execution_count": 1, "outputs": [RESULT]} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, **own, "source": source, **more}


def notebook(*cells: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}


def cells_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    (page,) = document.get("worksheets", [document])
    cells: list[dict[str, Any]] = page["cells"]
    return cells


PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
FORM_3 = {
    "metadata": {"name": "old"},
    "nbformat": 3,
    "nbformat_minor": 0,
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 1, "metadata": {}, "source": [WRONG]},
                *(
                    {"cell_type": "code", "collapsed": False, "input": text, "language": "python", "outputs": []}
                    for text in (IMPORTS, NET.splitlines(keepends=True))
                ),
            ],
            "metadata": {},
        }
    ],
}
COLAB = {
    "nbformat": 4,
    "nbformat_minor": 0,
    "metadata": {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU", **PYTHON},
    "cells": [
        cell(["# Title"], "markdown", metadata={"id": "a"}),
        cell(["#@title Set-up { run: 'auto' }\n", "!pip -q install torch\n", IMPORTS], metadata={"cellView": "form"}),
        cell(NET.splitlines(keepends=True), metadata={"id": "b", "colab": {"base_uri": "https://localhost:8080/"}}),
    ],
}
VSCODE = notebook(
    cell(["ls <- function() out[-1]"], metadata={"vscode": {"languageId": "r"}}),
    cell(IMPORTS.splitlines(keepends=True), id="one", metadata={"vscode": {"languageId": "python"}}),
    cell(NET.splitlines(keepends=True), id="two"),
    metadata={"orig_nbformat": 4, **PYTHON},
)
FILES = notebook(
    cell(f"%%writefile model.py\nfrom torch import nn\n{NET}"),
    cell(f"%%bash\necho '{WRONG}'"),
    cell(f"{IMPORTS}\n\n\n{NET}"),
)
FORMS = {
    "nbformat 3": (FORM_3, 9),
    "Colab": (COLAB, 9),
    "VS Code": (VSCODE, 9),
    "cells that are files": (FILES, 13),
    "one text": (notebook(cell("", "markdown"), cell(IMPORTS), cell(NET)), 9),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("indent", [1, 2, None])
def test_a_form_is_read_and_mended_in_place(
    form: str, indent: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document, line = FORMS[form]
    monkeypatch.chdir(tmp_path)
    text = json.dumps(document, indent=indent, ensure_ascii=False) + ("\n" if indent else "")
    Path("nb.ipynb").write_text(text, encoding="utf-8")
    assert run(["nb.ipynb", "--output-format", "concise"]) == 1
    (told,) = capsys.readouterr().out.splitlines()
    assert told.startswith(f"nb.ipynb:cell 3:{line}:24: SHP101 ")
    assert run(["nb.ipynb", "--fix", "--unsafe-fixes"]) == 0
    after = Path("nb.ipynb").read_text(encoding="utf-8")
    assert after.replace(f"self.fc({RIGHT})", f"self.fc({WRONG})") == text
    before, mended = (cells_of(json.loads(one)) for one in (text, after))
    assert [number for number, (old, new) in enumerate(zip(before, mended, strict=True), 1) if old != new] == [3]
    assert run(["shapes", "nb.ipynb", "--output-format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["cell"] for row in rows} == {3}


def test_a_percent_script_of_jupytext_is_a_file_with_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    head = "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: percent\n# ---\n\n"
    cells = ("# %% [markdown]\n# out[-1]", "# %%\n# %matplotlib inline\nfrom torch import nn", f"# %% a model\n{NET}")
    text = head + "\n\n".join(cells) + "\n"
    Path("nb.py").write_text(text)
    assert run(["nb.py", "--output-format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    line = 1 + next(number for number, one in enumerate(text.splitlines()) if f"self.fc({WRONG})" in one)
    assert [finding[name] for name in ("path", "cell", "line", "column")] == ["nb.py", None, line, 24]
    assert run(["nb.py", "--fix", "--unsafe-fixes"]) == 0
    assert Path("nb.py").read_text() == text.replace(f"self.fc({WRONG})", f"self.fc({RIGHT})")
