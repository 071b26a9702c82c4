"""The invariants of docs/architecture.md: who imports what, in which order, and what a cheap run loads."""

import ast
import importlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from layers import RANK
from root import ROOT

from shapelint.ops import registry

PACKAGE = ROOT / "shapelint"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TOOLS = [path for folder in ("benchmarks", "scripts") for path in sorted((ROOT / folder).rglob("*.py"))]

HEAVY = ("shapelint.grammar.tree", "torch")


def part(path: Path) -> str:
    """`shapelint/ops/layers/rnn.py` belongs to `ops`, `shapelint/pipeline/run.py` to `run`, `shapelint/__init__.py` to nothing."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree_of(path)))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield node.lineno, node.module or ""


def importers(package: str) -> set[str]:
    return {
        str(path.relative_to(PACKAGE)) for path in MODULES for _, name in imports(path) if name.split(".")[0] == package
    }


def test_only_the_worker_imports_torch() -> None:
    found = importers("torch")
    assert found
    assert all(Path(name).is_relative_to("verify/worker") for name in found)


def test_dataclasses_are_the_cheap_ones() -> None:
    """Those of the library cost three times as much CPU at each start."""
    froms = [
        (path, node)
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and "dataclass" in {alias.name for alias in node.names}
    ]
    assert {node.module for path, node in froms if path != PACKAGE / "data.py"} == {"shapelint.data"}


def test_no_pattern_is_compiled_before_it_is_used() -> None:
    early = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in MODULES
        for statement in tree_of(path).body
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    ]
    assert early == []


def test_nobody_imports_the_worker_outside_of_it() -> None:
    outside = [path for path in MODULES if not path.is_relative_to(PACKAGE / "verify" / "worker")]
    found = [(path, name) for path in outside for _, name in imports(path)]
    assert [(path, name) for path, name in found if name.startswith("shapelint.verify.worker")] == []


def goes_one_way(path: Path, name: str) -> bool:
    """Whether a file may import a module: the package itself imports nothing but its interface."""
    root, _, rest = name.partition(".")
    if root != "shapelint":
        return True
    here, there = part(path), rest.split(".")[0]
    return (not rest or RANK[there] <= RANK[here]) if here else rest == "api"


def test_imports_go_one_way() -> None:
    found = [(path, line, name) for path in MODULES for line, name in imports(path)]
    assert [f"{path}:{line}: {name}" for path, line, name in found if not goes_one_way(path, name)] == []


MOST_LINES, MOST_MODULES = 400, 15


def too_long(paths: Iterable[Path]) -> list[str]:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return [f"{path}: {length} lines" for path, length in lengths.items() if length > MOST_LINES]


def too_full(paths: Iterable[Path]) -> list[str]:
    """The folders that want rooms. The families of rules excepted: a mechanism a file, found by its code."""
    families = {path.parent for path in MODULES if path.parent.parent == PACKAGE / "rules"}
    counted = Counter(path.parent for path in paths if path.name != "__init__.py")
    full = {folder: number for folder, number in counted.items() if number > MOST_MODULES and folder not in families}
    return [f"{folder}: {number} modules" for folder, number in full.items()]


def test_files_stay_readable() -> None:
    assert too_long([*MODULES, *TESTS, *TOOLS]) == []


def test_folders_stay_readable() -> None:
    assert too_full([*MODULES, *TESTS, *TOOLS]) == []


def test_a_line_and_a_module_too_many_are_seen(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.py" for number in range(MOST_MODULES + 1)]
    for path in paths:
        path.write_text("x = 1\n" * MOST_LINES)
    assert (too_long(paths), too_full(paths[1:])) == ([], [])
    paths[0].write_text("x = 1\n" * (MOST_LINES + 1))
    assert too_long(paths) == [f"{paths[0]}: 401 lines"]
    assert too_full([*paths, tmp_path / "__init__.py"]) == [f"{tmp_path}: 16 modules"]


def test_helpers_of_tests_are_no_tests_and_have_one_name_each() -> None:
    """They are imported by their bare names, from a room or from tests/support: pytest puts both on the path."""
    from_tests = [path for path in TESTS for _, name in imports(path) if name.startswith("test_")]
    assert from_tests == []
    packages = {path.parent for path in TESTS if path.name == "__init__.py"}
    named = Counter(path.stem for path in [*TESTS, *packages] if path.parent not in packages)
    assert {name: number for name, number in named.items() if number > 1 and name != "conftest"} == {}


INTERPRETER = [path for path in MODULES if path.is_relative_to(PACKAGE / "infer")]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph(paths: list[Path]) -> dict[str, set[str]]:
    """Which of the files each file imports, wherever the import stands."""
    names = {module_name(path) for path in paths}
    found: dict[str, set[str]] = {}
    for path in paths:
        froms = [node for node in nodes_of(path) if isinstance(node, ast.ImportFrom)]
        parts = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
        found[module_name(path)] = names & (parts | {name for _, name in imports(path)})
    return found


def in_circles(needs: dict[str, set[str]]) -> set[str]:
    """What is left when all that needs nothing of what is left is taken away, again and again."""
    left = dict(needs)
    while free := {name for name, needed in left.items() if needed.isdisjoint(left)}:
        left = {name: needed for name, needed in left.items() if name not in free}
    return set(left)


def test_no_circle_of_files_in_the_interpreter() -> None:
    assert in_circles({"a": {"b"}, "b": {"a"}, "c": set()}) == {"a", "b"}
    assert in_circles(graph(INTERPRETER)) == set()


def test_nothing_is_imported_late_in_the_interpreter() -> None:
    asked = [(path, node) for path in INTERPRETER for node in nodes_of(path)]
    imported = [(path, node) for path, node in asked if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [f"{path}:{node.lineno}" for path, node in imported if node not in tree_of(path).body] == []


def loaded(code: str) -> list[str]:
    """Which heavy packages a fresh interpreter holds after running the code."""
    script = f"{code}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    answer: list[str] = ast.literal_eval(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["check", "--help"], ["rule", "SHP101"], ["bug-report"], ["TREE"]]
)
def test_cheap_commands_load_neither_parser_nor_torch(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "plain.py").write_text("import torch\nLSTM_SIZE = 3\n")
    given = [str(tmp_path) if word == "TREE" else word for word in arguments]
    assert loaded(f"from shapelint.cli import run\nrun({given!r})") == []


def test_a_file_with_a_layer_is_checked_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("import torch.nn as nn\nx = nn.LSTM(3, 5, batch_first=True)\n")
    assert loaded(f"from shapelint.cli import run\nassert run([{str(path)!r}]) == 0") == []


def test_a_check_loads_the_parser_and_never_torch(tmp_path: Path) -> None:
    text = "import torch.nn as nn\nx = nn.LSTM(3, 5, batch_first=True)\n"
    check = "check_bytes('model.py', text, Wanted(frozenset(('SHP101',))))"
    assert loaded(f"from shapelint.pipeline.check import Wanted, check_bytes\ntext = {text.encode()!r}\n{check}") == [
        "shapelint.grammar.tree"
    ]


def test_importing_the_pipeline_is_cheap() -> None:
    assert (
        loaded(
            "import shapelint.pipeline.run, shapelint.pipeline.check, shapelint.pipeline.processes.pool, shapelint.cli"
        )
        == []
    )


registry.load()
QUESTIONS = sorted([*(PACKAGE / "rules").rglob("*.py"), *(PACKAGE / "reading").rglob("*.py")])
BARE_NAMES = {name.rpartition(".")[2] for name in (*registry.OPS, *registry.LAYERS)}


def _listed(path: Path) -> Iterator[tuple[int, set[str]]]:
    """The texts in each collection, and in each text that is split into words, by the line."""
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
            yield node.lineno, {word for text in _texts([node.func.value]) for word in text.split()}
        elif isinstance(node, ast.Set | ast.Tuple | ast.List):
            yield node.lineno, set(_texts(node.elts))


def _texts(nodes: Iterable[ast.AST | None]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_rules_list_no_operations() -> None:
    """What an operation does, the operation tells: its nature, and its axis flow."""
    listed = [(path, line, words & BARE_NAMES) for path in QUESTIONS for line, words in _listed(path)]
    assert [f"{path}:{line}: {words}" for path, line, words in listed if len(words) > 1] == []


def test_nor_are_tables_keyed_by_them() -> None:
    tables = [(path, node) for path in QUESTIONS for node in nodes_of(path) if isinstance(node, ast.Dict)]
    keyed = [(f"{path}:{node.lineno}", set(_texts(node.keys))) for path, node in tables]
    assert [(place, keys) for place, keys in keyed if len(keys) > 1 and keys <= BARE_NAMES] == []


#: where the operations stand that are meant one by one
PREDICATES = PACKAGE / "reading" / "operations.py"
NAMES = BARE_NAMES | {*registry.OPS, *registry.LAYERS, "builtins.unpack"}
ASKED = {"op", "kind", "name", "short_name", "called_kind"}


def _operand(node: ast.AST) -> str:
    """The last name of an attribute or a call: `op` of `node.op.removesuffix(...)`, `short_name` of a call of it."""
    while isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr if node.attr in ASKED else _operand(node.value)
    return getattr(node, "id", "")


def _meant(module: object, operand: ast.AST) -> Iterator[str]:
    """The texts of an operand, and those of the constants that it names."""
    for node in ast.walk(operand):
        yield from _texts([node])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            value = getattr(getattr(module, node.value.id, None), node.attr, None)
        else:
            value = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
        values = value if isinstance(value, frozenset | tuple) else (value,)
        yield from (text for text in values if isinstance(text, str))


def _compared(path: Path) -> Iterator[tuple[int, set[str]]]:
    """The names of operations that a file compares the operation of a node, or the kind of a layer, with."""
    module = importlib.import_module(module_name(path))
    for line, sides in _sides(nodes_of(path)):
        if ASKED & set(map(_operand, sides)):
            yield line, {name.lstrip(".") for side in sides for name in _meant(module, side)} & NAMES


def _sides(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, list[ast.AST]]]:
    """What stands on the two sides of a comparison, of a question for an end or a beginning, and of a `match`."""
    for node in nodes:
        match node:
            case ast.Compare():
                yield node.lineno, [node.left, *node.comparators]
            case ast.Call(func=ast.Attribute(value=asked, attr="endswith" | "startswith")):
                if _operand(asked) != "name":  # classes and variables have names, too
                    yield node.lineno, [asked, *node.args]
            case ast.Match():
                yield node.lineno, [node.subject, *(case.pattern for case in node.cases)]


def test_nor_do_they_compare_with_a_name() -> None:
    """Where exactly one operation is meant, `reading/operations.py` has a predicate for it."""
    compared = [(path, *found) for path in QUESTIONS if path != PREDICATES for found in _compared(path)]
    assert [f"{path}:{line}: {names}" for path, line, names in compared if names] == []


def test_comparisons_with_names_are_seen() -> None:
    assert [names for _, names in _compared(PREDICATES) if "torch.nn.utils.rnn.pack_padded_sequence" in names]
    assert [names for _, names in _compared(PREDICATES) if "squeeze" in names]


def test_so_are_ends_of_names_and_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "by_another_way.py"
    path.write_text(
        'def f(node):\n    match node.op:\n        case "torch.sum":\n            return node.op.endswith(".cumsum")\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys.modules[__name__], "module_name", lambda path: path.stem)
    assert [names for _, names in _compared(path)] == [{"torch.sum"}, {"cumsum"}]
