"""`# noqa`, compared with flake8 itself."""

import re
from pathlib import Path

import pytest
from flake8.main.application import Application

from shapelint.suppress.comments import Suppressions
from shapelint.suppress.unused import unused
from shapelint.verify.edits import apply_edits

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
        "a =", "b =", "c =", "d =", "e =", "g =", 'h =', "two", '"""', "i =", "2  #",
        "j =", "a=1,", "b=2,", ")  #", "k =", "l =", "# no",
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


OWN = """
def f(x):  # shapelint: ignore[SHP101] of the head alone
    a = x[
        -1
    ]  # shapelint:ignore[ shp1, SHP204 ]
    # shapelint: ignore[SHP101] what stands below, over all its lines
    # and these words
    b = g(
        x,  # shapelint: ignore[SHP2] of this line alone
        -1,
    )
    c = "# shapelint: ignore"
    d = x  # shapelint: ignore
    e = x  # shapelint: ignore[no codes]
    f = x  # shapelint: ignored
    return (  # noqa: SHP101
        x
    )
"""


def silent_lines(text: str, code: str, **minded: bool) -> list[int]:
    silenced = Suppressions(text, **minded)
    return [number for number in range(1, text.count("\n") + 1) if silenced.silences(code, number)]


def test_own_comments() -> None:
    assert silent_lines(OWN, "SHP101") == [2, 3, 4, 5, 8, 9, 10, 11, 13, 16, 17, 18]
    assert silent_lines(OWN, "SHP204") == [3, 4, 5, 9, 13]
    assert silent_lines(OWN, "SHP101", own=False) == [16, 17, 18]
    assert silent_lines(OWN, "SHP101", noqa=False) == [2, 3, 4, 5, 8, 9, 10, 11, 13]
    assert silent_lines("x = 1\n  # shapelint: disable-file=SHP1, SHP204 because\n", "SHP101") == [1, 2]
    assert silent_lines("# shapelint: disable-file\nx = 1\n", "SHP101") == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_any_end(end: str) -> None:
    text = "a = f(\n  1,\n)  # noqa: SHP1\n# shapelint: ignore[SHP1]\nb = 1\n".replace("\n", end)
    silenced = Suppressions(text)
    assert [n for n in range(1, 6) if silenced.silences("SHP101", n)] == [1, 2, 3, 5]


KNOWN = ("SHP002", "SHP101", "SHP102", "SHP204", "SHP205")

IDLE = {
    "x = 1  # noqa: SHP101\n": "x = 1\n",
    "x = 1  # noqa: SHP101, E501,SHP204\n": "x = 1  # noqa: E501\n",
    "x = 1  # noqa:SHP1\n": "x = 1\n",
    "x = 1  # told # noqa: SHP1 because\n": "x = 1  # told\n",
    "x = 1\n    # shapelint: ignore[SHP101, SHP204]\ny = 2": "x = 1\ny = 2",
    "x = 1\n# shapelint: disable-file=SHP101": "x = 1\n",
    "x = 1  # shapelint: ignore[SHP999,X1]\n": "x = 1  # shapelint: ignore[X1]\n",
    "# flake8: noqa: SHP101\n": "",
    "x = 1  # noqa\n": None,
    "x = 1  # shapelint: ignore\n": None,
    "x = 1  # noqa: E501\n": None,
    "x = '# noqa: SHP101'\n": None,
    "x = 1  # noqa: SHP205\n": None,
    "x = 1  # noqa: SHP2\n": None,
    "x = 3  # noqa: SHP101\n": None,
}


@pytest.mark.parametrize("text", IDLE)
def test_what_silences_nothing_is_told_and_taken_away(text: str) -> None:
    """SHP205 is not looked for; the line with a 3 has a finding."""
    silenced = Suppressions(text)
    if "3" in text:
        silenced.silences("SHP101", 1)
    found = list(unused("m.py", text, silenced, KNOWN, set(KNOWN) - {"SHP205"}))
    after = apply_edits(text, [edit for one in found for edit in one.fixes[0].edits]) if found else None
    assert after == IDLE[text]


def test_code_that_cannot_be_tokenized_goes_line_by_line() -> None:
    silenced = Suppressions("x = (\n1,  # noqa\n")
    assert silenced.silences("SHP101", 2)
    assert not silenced.silences("SHP101", 1)
