"""`# noqa`, compared with flake8 itself."""

import re
from pathlib import Path

import pytest
from flake8.main.application import Application

from shapelint.suppress import Suppressions

LINES = '''
a = 1  # noqa
b = 1  # noqa: SHP101
c = 1  # NOQA:SHP1,E501
d = 1  # noqa : SHP101
e = 1  # noqa: E501 SHP1
f = 1  # noqa: E501
g = 1  # some words # noqa:SHP1 because
h = """ one
two
"""  # noqa
i = 1 + \\
    2  # noqa: SHP101
j = dict(
    a=1,  # noqa
    b=2,
)  # noqa
k = "# noqa"
l = 1  # noqa:W
# noqa
'''


def test_lines_by_name() -> None:
    silenced = Suppressions(LINES)
    numbers = [number for number in range(1, LINES.count("\n") + 1) if silenced.silences("SHP101", number)]
    names = dict(enumerate(LINES.split("\n"), 1))
    assert [names[number].strip()[:4].strip() for number in numbers] == [
        "a =", "b =", "c =", "d =", "e =", "g =", 'h =', "two", '"""', "i =", "2  #", "a=1,", ")  #", "k =", "l =", "# no",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "comment", ["# noqa", "#noqa", "# noqa:E501", "# noqa: E5", "# NoQA : E501", "# noqa: W1,E501"]
)
@pytest.mark.parametrize(
    "text",
    [
        "x = '{filler}'  {comment}\n",
        "x = '''\n{filler}\n'''  {comment}\n",
        "x = '''\n{filler}''' + '''\n'''  {comment}\n",
        "x = '{filler}' + \\\n    'y'  {comment}\n",
        "x = (\n    '{filler}',\n)  {comment}\n",
        "{comment}\nx = '{filler}'\n",
        "def f():\n    {comment}\n    return '{filler}'\n",
    ],
)
def test_the_same_lines_as_flake8(tmp_path: Path, comment: str, text: str) -> None:
    code = text.format(filler="x " * 50, comment=comment)
    line = next(number for number, part in enumerate(code.split("\n"), 1) if len(part) > 85)
    assert Suppressions(code).silences("E501", line) is not flake8_reports(tmp_path, code)


def flake8_reports(folder: Path, code: str) -> bool:
    path, output = folder / "x.py", folder / "out.txt"
    path.write_text(code)
    Application().run(["--isolated", "--select=E501", "-j1", f"--output-file={output}", str(path)])
    return bool(re.search("E501", output.read_text()))


def test_whole_files() -> None:
    assert Suppressions("import os\n# flake8: noqa\n").silences("SHP101", 1)
    assert not Suppressions("import os  # flake8: noqa\n").silences("SHP101", 9)
    some = Suppressions("# flake8: noqa: SHP1\n")
    assert some.silences("SHP101", 9)
    assert not some.silences("SHP201", 9)


def test_code_that_cannot_be_tokenized_goes_line_by_line() -> None:
    silenced = Suppressions("x = (\n1,  # noqa\n")
    assert silenced.silences("SHP101", 2)
    assert not silenced.silences("SHP101", 1)
