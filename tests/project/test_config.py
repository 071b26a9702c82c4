"""`[tool.shapelint]`, and the command line over it."""

import os
import re
import sys
from pathlib import Path

import jsonschema
import pytest
from root import ROOT

from shapelint.cli import run
from shapelint.config import Config, ConfigError, Selector, check_codes, load_config
from shapelint.finding import Confidence
from shapelint.keys import KEYS, schema, suggestion, text
from shapelint.selection import Selection

pytestmark = pytest.mark.usefixtures("kept_processes")

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
        ("# shapelint\ntool = 3", ":2: [tool] must be a table"),
        ("[tool.shapelint.per-file-ignores]\n'[z-a]' = ['SHP1']", ":2: per-file-ignores: '[z-a]' is no pattern of .gitignore: "),
        ("[tool.shapelint]\nexclude = [\n 'a',\n '[z-a]b']", ":4: exclude: '[z-a]b' is no pattern of .gitignore: "),
        ("[tool.shapelint]\nselect = " + "[" * 50_000 + "]" * 50_000, ": not valid TOML: nested too deeply"),
        ("[tool.shapelint]\nfix = " + "9" * 5_000, ": not valid TOML: "),
        ("[tool.shapelint]\nexclude = " + str([f"*{n}" for n in range(20_000)]), ":2: exclude: has 20000 entries; 1000 are the most"),
        ("[tool.shapelint.per-file-ignores]\n" + "".join(f"'{n}*' = ['SHP1']\n" for n in range(20_000)), ":1: per-file-ignores: has 20000 entries"),
        ("[tool.shapelint]\n'" + "a" * 90_000 + "' = 3", f":2: unknown key '{'a' * 80}...'"),
        ("[tool.shapelint]\nverify = '" + "a" * 90_000 + "'", f":2: verify: '{'a' * 80}...' is not one of"),
        ("[tool.shapelint]\n" + "# \u2028\n" * 3 + "fix = 3", ":5: fix: must be true or false"),
        ("[tool.shapelint]\n#" + "a" * 2_000_000, ": cannot read the settings: it is larger than 1 MB"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_line_and_nearest_name(tmp_path: Path, table: str, expected: str) -> None:
    assert error(tmp_path, table).startswith(expected)


def test_a_file_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff[tool.shapelint]\nfix = true\n")
    with pytest.raises(ConfigError, match="not valid UTF-8 at byte 0"):
        load_config(str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_has_no_end_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pyproject.toml"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: cannot read the settings: not a regular file"):
        load_config(str(tmp_path))


def test_a_folder_or_a_link_to_nowhere_is_no_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "pyproject.toml").mkdir()
    (tmp_path / "a" / "pyproject.toml").symlink_to(tmp_path / "nowhere")
    assert load_config(str(tmp_path / "a")) == Config()


def test_a_pattern_of_many_stars_is_matched(tmp_path: Path) -> None:
    config = load(tmp_path, "[tool.shapelint.per-file-ignores]\n'" + "*a" * 60 + "b' = ['SHP1']")
    assert chosen(config, str(tmp_path / ("a" * 250))) == "SHP101 SHP102 SHP201"
    assert chosen(config, str(tmp_path / ("a" * 200 + "b"))) == "SHP201"


def chosen(config: Config, path: str = "a.py") -> str:
    return " ".join(sorted(Selector(config).chosen(path).among(CODES)))


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


def test_the_schema_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "schema-config.json").read_text(encoding="utf-8") == text(), "python -m shapelint.keys docs"
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("page", ["README.md", "docs/configuration.md"])
def test_the_settings_of_the_pages_are_read_and_fit_the_schema(page: str, tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```toml\n(\[tool.shapelint\]\n.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert blocks
    for block in blocks:
        (tmp_path / "pyproject.toml").write_text(block)
        load_config(str(tmp_path))
        jsonschema.validate(tomllib.loads(block)["tool"]["shapelint"], schema())


def refusal(place: Path) -> str | None:
    try:
        load_config(str(place))
    except ConfigError as why:
        return str(why)
    return None


@pytest.mark.parametrize("key", KEYS)
def test_schema_and_code_refuse_the_same(key: str, tmp_path: Path) -> None:
    values = (
        '"x"',
        '""',
        "[]",
        "[1]",
        '["x"]',
        "3",
        "-1",
        "0",
        "true",
        "{}",
        '{x = ["SHP1"]}',
        "{x = 3}",
        '"low"',
        '"full"',
        '"off"',
    )
    taken = 0
    for value in values:
        (tmp_path / "pyproject.toml").write_text(f"[tool.shapelint]\n{key} = {value}\n")
        document = tomllib.loads(f"x = {value}")["x"]
        fits = jsonschema.Draft202012Validator(schema()).is_valid({key: document})
        why = refusal(tmp_path)
        # a code must be known, which the schema does not say
        assert (why is None) is fits or (fits and "unknown rule code" in str(why)), value
        taken += why is None
    assert taken


def test_the_settings_that_hold_are_shown_with_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table = '[tool.shapelint]\nignore = ["SHP1"]\nmin-confidence = "low"\n\n[tool.shapelint.per-file-ignores]\n"*.py" = ["SHP2"]\n'
    (tmp_path / "pyproject.toml").write_text(table)
    (tmp_path / "inner").mkdir()
    assert run(["config", "inner"]) == 0
    told = capsys.readouterr().out
    for line in (
        'ignore = ["SHP1"]  # pyproject.toml:2',
        'min-confidence = "low"  # pyproject.toml:3',
        'per-file-ignores = {"*.py" = ["SHP2"]}  # pyproject.toml:5',
        'verify = "auto"  # default',
        "# cache-dir is not set  # SHAPELINT_NO_CACHE",
    ):
        assert f"\n{line}\n" in told
    shown = tomllib.loads(told)["tool"]["shapelint"]
    given = tomllib.loads(table)["tool"]["shapelint"]
    assert {key: shown[key] for key in given} == given
    assert set(KEYS) - set(shown) == {"select", "cache-dir", "baseline"}
    jsonschema.validate(shown, schema())
    monkeypatch.chdir(tmp_path / "inner")
    assert run(["config", ".."]) == 0
    (tmp_path / "pyproject.toml").write_text("[tool.shapelint]\nverfy = 1\n")
    assert run(["config"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
