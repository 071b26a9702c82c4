"""What the checking of one small file loads and reads, in its two processes: counted, never timed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from root import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from startup import MODEL

#: runs `shapelint check` as the command line does
PARENT = "from shapelint.cli import run\nassert run(['check', PATH, '--verify', 'off', '-j1']) == 0\n"

#: does what the process does that the parent starts: it gets ready, and answers one request
CHILD = """\
import pickle
from shapelint.selection import Chosen
from shapelint.finding import Confidence
from shapelint.pipeline.processes.checker import _call, _prepare
from shapelint.pipeline.processes.task import Task, run_task
_prepare()
task = Task(PATH, open(PATH, 'rb').read(), Chosen(), Confidence.MEDIUM, False)
answer, _ = pickle.loads(_call(pickle.dumps((run_task, (task,)))))
assert answer.candidates == ()
"""

#: counts what is asked of `typing` and `inspect`, by the function that is asked about
COUNTED = """\
import inspect, json, sys, typing
counts = {'hints': [], 'signature': []}

def counting(module, name, told):
    ask = getattr(module, name)
    def counted(function, *args, **kwargs):
        if getattr(function, '__module__', '').startswith('shapelint.'):
            counts[told].append(f'{function.__module__}.{function.__qualname__}')
        return ask(function, *args, **kwargs)
    setattr(module, name, counted)

counting(typing, 'get_type_hints', 'hints')
counting(inspect, 'signature', 'signature')
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("small") / "model.py"
    file.write_text(MODEL)
    return str(file)


def told(code: str, path: str) -> dict[str, Any]:
    """What a fresh interpreter has loaded and counted when the code has run."""
    end = "print(json.dumps({**counts, 'modules': sorted(sys.modules)}))"
    script = f"{COUNTED}\nPATH = {path!r}\n{code}\n{end}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def own(modules: list[str]) -> list[str]:
    return [name for name in modules if name.startswith("shapelint")]


def test_the_parent_loads_no_rules_and_nothing_that_understands_code(path: str) -> None:
    modules = own(told(PARENT, path)["modules"])
    parts = {name.split(".")[1] for name in modules if "." in name}
    assert not parts & {"rules", "claims", "reading", "infer", "trace", "ops", "shapes", "syntax"}
    assert len(modules) <= 56


def test_neither_process_loads_what_checks_on_other_machines(path: str) -> None:
    for code in (PARENT, CHILD):
        modules = told(code, path)["modules"]
        assert not [
            name for name in modules if name.partition(".")[0] in ("concurrent", "asyncio", "distributed", "dask")
        ]
        assert not [
            name for name in modules if name.startswith(("shapelint.pipeline.executors", "shapelint.cli.executor"))
        ]


def test_the_checking_process_loads_nothing_that_proves_or_tells(path: str) -> None:
    modules = told(CHILD, path)["modules"]
    assert not [name for name in own(modules) if name.split(".")[1:2] in (["verify"], ["cli"], ["editors"])]
    assert "torch" not in modules


def test_the_checking_process_loads_a_bounded_number_of_modules(path: str) -> None:
    """A kind of value or an operation is a module more, since it is found by its place; anything else is counted."""
    modules = set(told(CHILD, path)["modules"]) - set(told("", path)["modules"])
    ours = own(sorted(modules))
    found = [name for name in ours if name.split(".")[1:2] in (["rules"], ["claims"], ["ops"])]
    assert len(ours) - len(found) <= 197
    assert len(modules) - len(ours) <= 95


def test_it_loads_the_rules_for_what_the_file_does(path: str) -> None:
    """A layer, a step and a Linear: what tells of losses, packing, softmax and refusals is not asked for."""
    loaded = [name.split(".") for name in told(CHILD, path)["modules"] if name.startswith("shapelint.rules.")]
    rooms = [room for _, _, room, *rule in loaded if rule]
    assert len(rooms) <= 30
    assert "refusals" not in rooms


def test_a_check_loads_nothing_but_pythons_own_library(path: str) -> None:
    modules = set(told(CHILD, path)["modules"]) - set(told("", path)["modules"])
    others = {name.partition(".")[0] for name in modules if not name.startswith("shapelint")}
    assert others <= sys.stdlib_module_names


def test_only_the_headers_of_the_functions_that_are_called_are_read_and_each_once(path: str) -> None:
    for code, most in ((PARENT, 0), (CHILD, 10)):
        counts = told(code, path)
        hints = counts["hints"]
        assert len(hints) == len(set(hints)) <= most, hints


def test_a_headers_signature_is_read_once(path: str) -> None:
    ops = [name for name in told(CHILD, path)["signature"] if name.startswith("shapelint.ops.")]
    assert len(ops) == len(set(ops)) <= 10
