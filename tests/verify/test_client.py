"""The worker as seen from the analysis: restarts, time-outs, refusals, and how much work is done."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import pytest
from injected import write_injected
from root import ROOT

import shapelint.verify.client
from shapelint.finding import Status, Verdict
from shapelint.ops.nature import Nature
from shapelint.ops.registry import OPS, load
from shapelint.verify.client import MAX_STARTS, Verifier, available
from shapelint.verify.program.program import Program, limits

load()


def program(*steps: dict[str, Any], **options: Any) -> Program:
    """A program that claims that its last step raises."""
    document = {
        "property": "raises",
        "target": {"ref": len(steps) - 1, "path": []},
        "options": options,
        "lengths": None,
        "steps": list(steps),
        "variants": [],
    }
    return Program(json.dumps(document))


def step(op: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"op": op, "args": list(args), "kwargs": kwargs}


def ref(number: int) -> dict[str, Any]:
    return {"ref": number, "path": []}


X = {"op": "input", "shape": [3, 5], "dtype": "float"}
GOOD = program(X, step("torch.Tensor.transpose", ref(0), 0, 1))
BAD = program(X, step("torch.Tensor.transpose", ref(0), 0, 7))


@pytest.fixture(scope="module")
def shared() -> Iterator[Verifier]:
    with Verifier() as verifier:
        yield verifier


def refusal(verifier: Verifier, asked: Program) -> str:
    verdict = verifier.check([asked])[0]
    assert verdict.status is Status.UNVERIFIED
    return verdict.detail


def test_equal_programs_run_once_and_one_worker_serves_all() -> None:
    with Verifier() as verifier:
        first = verifier.check([GOOD, BAD, GOOD])
        again = verifier.check([BAD])
        assert [verdict.status for verdict in first] == [Status.REFUTED, Status.CONFIRMED, Status.REFUTED]
        assert again == first[1:2]
        assert (verifier.ran, verifier.starts) == (2, 1)


def test_nothing_is_started_before_it_is_needed() -> None:
    with Verifier() as verifier:
        assert verifier.check([]) == []
        assert (verifier.ran, verifier.starts, verifier.torch) == (0, 0, None)


def other(number: int) -> Program:
    """A program that is right, unlike any with another number."""
    return program({"op": "input", "shape": [3, number], "dtype": "float"}, step("torch.Tensor.t", ref(0)))


def slow(number: int) -> Program:
    """A program that takes longer than no time at all: some hundred operations, before one that torch refuses."""
    return program(
        X, *[step("torch.Tensor.exp", ref(0))] * (500 + number), step("torch.Tensor.transpose", ref(0), 0, 7)
    )


def worker_of(verifier: Verifier) -> int:
    assert verifier._worker is not None
    return verifier._worker.number


def test_a_program_is_asked_again_when_its_worker_was_killed() -> None:
    with Verifier() as verifier:
        assert verifier.check([GOOD])[0].status is Status.REFUTED
        os.kill(worker_of(verifier), signal.SIGKILL)
        assert verifier.check([BAD])[0].status is Status.CONFIRMED
        assert (verifier.ran, verifier.starts) == (3, 2)


def test_a_program_is_asked_again_when_its_worker_was_stopped() -> None:
    with Verifier() as verifier:
        assert verifier.check([GOOD])[0].status is Status.REFUTED
        verifier.program_seconds = 3.0
        stopped = worker_of(verifier)
        os.kill(stopped, signal.SIGSTOP)
        assert verifier.check([BAD])[0].status is Status.CONFIRMED
        assert (verifier.ran, verifier.starts) == (3, 2)
        with pytest.raises(ProcessLookupError):
            os.kill(stopped, 0)


#: a worker that never comes to an end with some programs
HANG = """
import time
import shapelint.verify.program.limits as limits
whole = limits.elements
def elements(step):
    if step.get("shape", [0])[0] == 13:
        time.sleep(600)
    return whole(step)
limits.elements = elements
"""


def hanging(number: int) -> Program:
    return program({"op": "input", "shape": [13, number], "dtype": "float"}, step("torch.Tensor.t", ref(0)))


def test_a_program_that_fails_twice_is_given_up_and_the_next_one_runs(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(write_injected(tmp_path / "start", HANG)))
    with Verifier(program_seconds=1.0) as verifier:
        lost = verifier.check([hanging(5)])[0]
        assert lost == Verdict(Status.UNVERIFIED, "raises", "the program took more than 1 s")
        verifier.program_seconds = 60.0
        assert verifier.check([BAD])[0].status is Status.CONFIRMED
        assert (verifier.ran, verifier.starts) == (3, 3)


def test_deaths_that_have_nothing_to_do_with_each_other_end_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MAX_LOST", "MAX_STARTS"):
        monkeypatch.setattr(shapelint.verify.client, limit, 2)  # each start imports torch
    with Verifier() as verifier:
        for number in range(3):
            assert verifier.check([other(number)])[0].status is Status.REFUTED
            os.kill(worker_of(verifier), signal.SIGKILL)
        assert verifier.check([BAD])[0].status is Status.CONFIRMED


def test_programs_are_no_longer_asked_when_many_in_a_row_are_lost(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(write_injected(tmp_path / "start", HANG)))
    monkeypatch.setattr(shapelint.verify.client, "MAX_LOST", 2)
    with Verifier(program_seconds=0.5) as verifier:
        verdicts = verifier.check([*map(hanging, range(4)), BAD])
        assert {verdict.status for verdict in verdicts} == {Status.UNVERIFIED}
        assert verifier.ran == 2 * 2


def test_a_worker_that_never_gets_ready_is_not_restarted_forever() -> None:
    with Verifier(start_seconds=0.0) as verifier:
        verdicts = verifier.check([other(number) for number in range(4)])
        assert {verdict.detail for verdict in verdicts} == {"torch's import took more than 0 s"}
        assert (verifier.ran, verifier.starts) == (0, MAX_STARTS)


def test_a_torch_that_cannot_be_imported_is_tried_once(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('no libtorch.so')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with Verifier() as verifier:
        details = {verdict.detail for verdict in verifier.check([GOOD, BAD])}
        assert details == {"torch's import raised ImportError: no libtorch.so"}
        assert (verifier.ran, verifier.starts) == (0, 1)


CHATTER = """\
import os, sys
print("welcome")
os.write(1, b"to torch\\n")
sys.stdin.read()
"""


def test_what_libraries_print_and_read_is_no_part_of_the_protocol(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch").mkdir()
    real = importlib.util.find_spec("torch")
    assert real is not None
    assert real.origin is not None
    path = f"__path__ = [{os.path.dirname(real.origin)!r}]\n__file__ = {real.origin!r}\n"
    start = f"exec(compile(open({real.origin!r}, encoding='utf-8').read(), {real.origin!r}, 'exec'))\n"
    (tmp_path / "torch" / "__init__.py").write_text(CHATTER + path + start)
    monkeypatch.syspath_prepend(str(tmp_path))
    with Verifier() as verifier:
        assert verifier.check([BAD])[0].status is Status.CONFIRMED


@pytest.mark.parametrize("name", ["os.system", "torch.load", "torch.hub.load", "builtins.eval", "torch.Tensor.apply_"])
def test_only_operations_of_the_registry_are_run(shared: Verifier, name: str) -> None:
    assert refusal(shared, program(X, step(name, "id"))) == f"refused: {name} is not an operation of the registry"


def test_unknown_values_and_properties_are_refused(shared: Verifier) -> None:
    assert "vocabulary" in refusal(shared, program(X, step("torch.Tensor.t", {"code": "1"})))
    unknown = Program(GOOD.text.replace('"raises"', '"surprises"'))
    assert refusal(shared, unknown) == "refused: there is no property surprises"


COLUMN, ROW = ({"op": "input", "shape": shape, "dtype": "float"} for shape in ([50_000, 1], [1, 50_000]))


@pytest.mark.parametrize(
    "steps",
    [
        [{"op": "input", "shape": [10**6, 10**6], "dtype": "float"}],
        [step("torch.nn.LSTM", 10, 10**9)],
        [step("torch.nn.LSTM", input_size=10, hidden_size=10, num_layers=10**6)],
        [step("torch.nn.Linear", 10**5, 10**5)],
        [step("torch.zeros", 10**5, 10**5)],
        [X, step("torch.Tensor.repeat", ref(0), 10**5, 10**5)],
        [X] * (limits.MAX_STEPS + 1),
    ],
)
def test_large_programs_are_refused_before_anything_is_allocated(shared: Verifier, steps: list[dict[str, Any]]) -> None:
    assert refusal(shared, program(*steps)).startswith("refused: too ")


@pytest.mark.parametrize(
    "steps",
    [
        [
            {"op": "input", "shape": [3, 5, 7], "dtype": "float"},
            *(step("torch.Tensor.repeat", ref(number), 1, 100, 1) for number in range(3)),
        ],
        [COLUMN, ROW, step("torch.Tensor.__mul__", ref(0), ref(1))],
        [COLUMN, ROW, step("torch.matmul", ref(0), ref(1))],
    ],
    ids=["repeats", "product", "matmul"],
)
def test_what_grows_too_large_on_the_way_is_refused_and_no_crash_of_the_code(
    shared: Verifier, steps: list[dict[str, Any]]
) -> None:
    shared.start()
    starts = shared.starts
    assert refusal(shared, program(*steps)) == "refused: too large to replay"
    assert shared.starts == starts


def test_an_exception_before_the_target_proves_nothing(shared: Verifier) -> None:
    detail = refusal(shared, program(X, step("torch.Tensor.view", ref(0), 7), step("torch.Tensor.t", ref(1))))
    assert detail.startswith("the replay raises at torch.Tensor.view: RuntimeError: shape '[7]' is invalid")


def test_another_exception_than_the_expected_proves_nothing(shared: Verifier) -> None:
    asked = program(X, step("torch.Tensor.transpose", ref(0), 0, 7), match="mat1 and mat2")
    assert "Dimension out of range" in refusal(shared, asked)


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if op.nature is Nature.DETACH))
def test_detached_and_converted_tensors_still_show_their_dependence(shared: Verifier, name: str) -> None:
    steps = [X, step(name, ref(0)), step("torch.Tensor.float", ref(1))]
    document = json.loads(program(*steps, source=ref(0), batch_axis=0, target_axis=0).text)
    verdict = shared.check([Program(json.dumps({**document, "property": "batch_independence"}))])[0]
    assert (verdict.status, verdict.detail) == (
        Status.REFUTED,
        "each output row depends on its own sample only",
    )


def test_a_result_that_never_sees_the_source_proves_nothing(shared: Verifier) -> None:
    document = json.loads(program(X, step("torch.zeros", 3, 5), source=ref(0), batch_axis=0, target_axis=0).text)
    asked = Program(json.dumps({**document, "property": "batch_independence"}))
    assert refusal(shared, asked) == "the value does not depend on the source at all"


def test_the_footprint_says_which_steps_of_which_samples_reach_a_row(shared: Verifier) -> None:
    source = {"op": "input", "shape": [2, 3, 1], "dtype": "float"}
    index = {"tuple": [{"slice": [None, None, None]}, 1]}
    document = json.loads(
        program(
            source,
            step("torch.Tensor.__getitem__", ref(0), index),
            source=ref(0),
            batch_axis=0,
            target_axis=0,
        ).text
    )
    verdict = shared.check([Program(json.dumps({**document, "property": "batch_independence"}))])[0]
    nothing, second = (False, False, False), (False, True, False)
    assert verdict.footprint == ((second, nothing), (nothing, second))


def test_availability_is_told_without_importing_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys, shapelint.verify.client as c; print(c.available(), 'torch' in sys.modules)"
    root = ROOT
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["True", "False"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not available()


def test_the_checked_project_is_not_on_the_workers_path(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text("open('imported', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with Verifier() as verifier:
        assert verifier.check([BAD])[0].status is Status.CONFIRMED
    assert not (tmp_path / "imported").exists()
