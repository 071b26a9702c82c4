"""The printed witness scripts, each run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path as FilePath

import pytest
from catalogue import layouts, modules, networks, packing, properties, states, surroundings
from torch_python import TorchPython
from traces import B, Case, F, Path, T

from shapelint import rooms
from shapelint.claims.values.equals import Equals
from shapelint.finding import Confidence, Finding, Severity
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import External
from shapelint.source import Span
from shapelint.verify.program.program import Program, build
from shapelint.verify.witness.witness import script

SHOWN = {
    layouts.shp101: (
        "the result is (5, 13) for 3 samples",
        "sample 2 reaches the output rows [0, 1, 2, 3, 4]",
    ),
    layouts.shp101_polymorphism: ("batch_of_1 (5, 13)",),
    layouts.shp103: ("step 0 reaches 13 of 26 features", "step 4 reaches 26 of 26 features"),
    layouts.shp103_dead: ("weight_hh_l0_reverse gets no gradient",),
    layouts.shp103_equals: ("result (3, 26) reference (3, 26)\nequal: False",),
    layouts.shp106: ("sample 1 reaches the output rows [0, 2]",),
    layouts.shp110: ("sample 0 reaches the output rows [0, 1, 2]",),
    layouts.shp107: ("cells hold another value",),
    layouts.shp122: ("cells hold another value",),
    layouts.shp123: ("step 1 reaches the output steps [0, 1, 2, 3, 4]",),
    layouts.shp112: ("meant (5, 3, 11) result (5, 3, 11)", "cells hold another value"),
    layouts.shp190: ("result (3, 5, 13) stated (any, any, 14)",),
    states.shp201: ("RuntimeError: Expected hidden size (2, 3, 13), got [3, 2, 13]",),
    states.shp206: ("RuntimeError: Trying to backward through the graph a second time",),
    states.shp215: ("the result depends on it: True",),
    states.shp208: ("result (3, 5, 13) other (3, 5, 13)\nequal: False",),
    states.shp211: ("two passes over the same input are equal: False",),
    states.shp213: ("equal: True",),
    states.shp214: ("the result depends on it: False",),
    states.shp217: ("the result depends on it: [True, True, True, False, False, False, False]",),
    states.shp303: ("equal: False",),
    states.shp304: ("ValueError: not enough values to unpack (expected 3, got 2)",),
    packing.shp402: ("the last step of sample 0 reaches the output rows []",),
    packing.shp404: ("RuntimeError: 'lengths' argument should be a 1D CPU int64 tensor",),
    packing.shp412: ("result None reference (3, 13)\nequal: False",),
    packing.shp418: ("the padding of sample 0 reaches the output rows [0]",),
    packing.shp419: ("before (5, 3, 11)\nafter (3, 5, 11)",),
    packing.shp420: ("the padding of sample 0 reaches the loss: True",),
    surroundings.shp509: ("scores for (15,) targets for (15,)", "(100 * sample + step) [100] meets the target of 1"),
    surroundings.shp512: ("the result depends on it: False",),
    surroundings.shp517: ("scores for (3, 1) targets for (3,)", "(100 * sample + step) [0] meets the target of 100"),
    surroundings.shp518: ("sums along axis 1: [1.0, 1.0, 1.0] least: 0.",),
    surroundings.shp520: ("one step less: RuntimeError: ", "mat1 and mat2 shapes cannot be multiplied"),
    modules.shp604: ("two training passes with dropout 0.5 are equal: True",),
    modules.shp612: ("bias is 'relu' and nonlinearity tanh",),
    modules.shp616: ("the parameters are weight_ih_l0 weight_hh_l0",),
    modules.shp706: ("together 4 parameters, counted apart 8",),
    modules.shp706_calls: ("together 4 parameters, counted apart 8",),
    modules.shp801: ("the model has 0 parameters",),
    modules.shp801_dict: ("the model has 0 parameters",),
    modules.shp802: ("two passes over the same input are equal: False",),
    modules.shp803: ("one call differs at the last step by up to",),
    modules.shp804: ("forward hooks that were run: 0",),
    networks.shp910: ("least and largest value: 0.",),
    networks.shp911: ("sums of exponentials along axis 1: [",),
    networks.shp912: (
        "sample 0 reaches the output rows [0, 3, 6, 9, 12]",
        "sample 0 reaches the output rows [0, 1, 2, 3, 4]",
    ),
    networks.shp913: ("step 0 reaches the output steps",),
    networks.shp915: ("distances from row 0: [0.0, ",),
    networks.shp916: ("sums along axis 2: [",),
    modules.shp604_parameter: ("two training passes with dropout 0.1 are equal: True",),
}


def run_script(text: str, python: TorchPython) -> str:
    done = python.run(text)
    assert done.returncode == 0, done.stderr + text
    return done.stdout


def program_of(case: Callable[[bool], Case]) -> Program:
    path, claim = case(True)
    program = build(path.trace, claim)
    assert isinstance(program, Program)
    return program


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case.__name__)
def test_script_shows_the_mistake(case: Callable[[bool], Case], torch_python: TorchPython) -> None:
    text = script(program_of(case))
    assert [line for line in text.splitlines() if "import" in line] == ["import torch"]
    printed = run_script(text, torch_python)
    for shown in SHOWN[case]:
        assert shown in printed


def test_every_property_has_a_claim_a_check_and_a_script_of_its_name() -> None:
    packages = ("shapelint.claims", "shapelint.verify.worker.checks", "shapelint.verify.witness.writers")
    claims, *others = [
        {path.removeprefix(f"{package}.") for path in rooms.paths(package).values()} for package in packages
    ]
    assert others == [claims, claims]
    assert {path.rpartition(".")[2] for path in claims} == properties()


def test_every_script_is_run() -> None:
    assert {case(True)[1].property for case in SHOWN} == properties()


def test_script_reads_like_the_code() -> None:
    finding = Finding(
        "SHP101",
        "last-step",
        Severity.WARNING,
        Confidence.HIGH,
        "a.py",
        Span(3, 0, 3, 9),
        "picks\nthe last sample",
    )
    lines = script(program_of(layouts.shp101), finding).splitlines()
    assert lines[0] == "# SHP101 a.py:3: picks the last sample"
    assert "lstm = torch.nn.LSTM(11, 13, batch_first=True).eval()" in lines
    assert "    out, (h_n, c_n) = lstm(x)" in lines
    assert "    part = out[-1]" in lines


def test_what_only_moves_a_tensor_is_left_out_of_the_script(torch_python: TorchPython) -> None:
    path = Path()
    x = path.input("t", "b", 7, roles=(T, B, F))
    gru = path.layer("GRU", 7, 11)
    state = path.op("Tensor.to", path.op("zeros", 1, Dim.symbol("b"), 11), External("torch.device"))
    call = path.call(gru, path.op("Tensor.detach", x), state)
    target = path.item(call.items[0], -1)
    program = build(path.trace, Equals(target.ref, reference=("last_state", call.ref)))
    assert isinstance(program, Program)
    assert "out, h_n = gru(x, zeros)" in script(program).splitlines()
    assert run_script(script(program), torch_python).endswith("equal: True\n")


def test_scripts_do_not_depend_on_the_checkout(tmp_path: FilePath) -> None:
    text = script(program_of(layouts.shp106))
    done = subprocess.run(
        [sys.executable, "-I", "-c", text],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=tmp_path,
    )
    assert "sample 1 reaches the output rows [0, 2]" in done.stdout
