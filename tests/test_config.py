"""`[tool.shapelint]`, and the command line over it."""

from pathlib import Path

import pytest

from shapelint.config import Config, ConfigError, Selection, Selector, check_codes, load_config, suggestion
from shapelint.finding import Confidence

CODES = {"SHP101": True, "SHP102": True, "SHP201": True, "SHP901": False}


def load(root: Path, table: str) -> Config:
    (root / "pyproject.toml").write_text(table)
    return load_config(str(root))


def error(root: Path, table: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(root, table)
    return str(caught.value).rpartition("pyproject.toml")[2]


def test_all_keys(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        [tool.shapelint]
        select = ["SHP1"]
        extend-select = ["SHP201"]
        ignore = ["SHP102"]
        exclude = ["old"]
        extend-exclude = ["gen/*.py"]
        verify = "off"
        min-confidence = "low"
        output-format = "concise"
        fix = true
        unsafe-fixes = true
        [tool.shapelint.per-file-ignores]
        "tests/*" = ["SHP1"]
        """,
    )
    assert config == Config(
        root=str(tmp_path),
        file=Selection(("SHP1",), ("SHP201",), ("SHP102",)),
        per_file_ignores=(("tests/*", ("SHP1",)),),
        exclude=("old",),
        extend_exclude=("gen/*.py",),
        verify="off",
        min_confidence=Confidence.LOW,
        output_format="concise",
        fix=True,
        unsafe_fixes=True,
    )
    assert config.excludes == ("old", "gen/*.py")


def test_the_nearest_file_with_a_table_holds(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('tool.shapelint = {verify = "off"}')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text('[project.scripts]\nshapelint = "shapelint.cli:main"\n')
    (inner / "model.py").touch()
    assert load_config(str(inner / "model.py")).root == str(tmp_path)
    (inner / "pyproject.toml").write_text("[tool.shapelint]\n")
    assert load_config(str(inner / "model.py")) == Config(root=str(inner))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('[tool.shapelint]\n\nselec = ["SHP1"]', ":3: unknown key 'selec'; did you mean 'select'?"),
        ('[tool.x]\nverify = 1\n[tool.shapelint]\nverify = "of"', ":4: verify: 'of' is not one of auto, require, off; did you mean 'off'?"),
        ("[tool.shapelint]\nselect = 'SHP1'", ":2: select: must be a list of strings, not a string"),
        ("[tool.shapelint]\nignore = [\n 'SHP101',\n 3]", ":2: ignore: must be a list of strings, not a list of other things"),
        ("[tool.shapelint]\nmin-confidence = true", ":2: min-confidence: must be one of high, medium, low, not a boolean"),
        ("[tool.shapelint]\nfix = 'yes'", ":2: fix: must be true or false, not a string"),
        ("[tool.shapelint]\nper-file-ignores = []", ":2: per-file-ignores: must be a table of pattern = [codes], not a list"),
        ("[tool.shapelint]\nselect = [\n 'SHP101',\n 'SPH102',\n]", ":4: select: unknown rule code 'SPH102'; did you mean 'SHP102'?"),
        ("[tool.shapelint.per-file-ignores]\n'a.py' = ['SHP9999']", ":2: per-file-ignores: unknown rule code 'SHP9999'"),
        ("[tool]\nshapelint = 3", ":2: [tool.shapelint] must be a table"),
        ("[tool.shapelint]\nselect = [", ": not valid TOML: "),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_line_and_nearest_name(tmp_path: Path, table: str, expected: str) -> None:
    assert error(tmp_path, table).startswith(expected)


def test_a_file_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff[tool.shapelint]\nfix = true\n")
    with pytest.raises(ConfigError, match="not valid UTF-8 at byte 0"):
        load_config(str(tmp_path))


def chosen(config: Config, path: str = "a.py") -> str:
    return " ".join(sorted(Selector(config, CODES).codes(path)))


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), "SHP101 SHP102 SHP201"),
        (Selection(("SHP",)), "SHP101 SHP102 SHP201 SHP901"),
        (Selection(("SHP1",)), "SHP101 SHP102"),
        (Selection(None, ("SHP9",)), "SHP101 SHP102 SHP201 SHP901"),
        (Selection(None, (), ("SHP1",)), "SHP201"),
        (Selection(("SHP101",), (), ("SHP1",)), "SHP101"),
        (Selection(("SHP1",), (), ("SHP101",)), "SHP102"),
        (Selection(("SHP101",), (), ("SHP101",)), ""),
    ],
)
def test_the_longest_prefix_decides(selection: Selection, expected: str) -> None:
    assert chosen(Config(file=selection)) == expected


def test_the_command_line_wins() -> None:
    config = Config(file=Selection(("SHP1",), (), ("SHP102",)), verify="off")
    assert chosen(config.with_command_line(select=("SHP102",))) == "SHP102"
    assert chosen(config.with_command_line(ignore=("SHP101",))) == ""
    assert config.with_command_line(verify=None).verify == "off"
    assert config.with_command_line(verify="require").verify == "require"


def test_per_file_ignores_are_relative_to_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(root=str(tmp_path), per_file_ignores=(("tests/*", ("SHP1",)), ("old.py", ("SHP2",))))
    monkeypatch.chdir(tmp_path)
    assert chosen(config, "tests/test_x.py") == "SHP201"
    assert chosen(config, "sub/old.py") == "SHP101 SHP102"
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path / "tests")
    assert chosen(config, "test_x.py") == "SHP201"


def test_suggestions() -> None:
    assert suggestion("--selct", ["--select", "--ignore"]) == "; did you mean '--select'?"
    assert suggestion("shp101", ["SHP101"]) == "; did you mean 'SHP101'?"
    assert suggestion("zzz", ["SHP101"]) == ""
    assert check_codes(["SHP", "SHP1", "SHP101"], CODES) is None
    assert "lists the codes" in (check_codes(["zzz"], CODES) or "")
