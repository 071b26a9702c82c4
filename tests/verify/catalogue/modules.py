"""Mistakes with constructors, cells and modules: what torch says of the bad code."""

from __future__ import annotations

from collections.abc import Callable

from traces import Case, Path

from shapelint.claims.modules.argument_acts import ArgumentActs
from shapelint.claims.modules.biased import Biased
from shapelint.claims.modules.dropout_acts import DropoutActs
from shapelint.claims.modules.hooks_run import HooksRun
from shapelint.claims.modules.loop_matters import LoopMatters
from shapelint.claims.modules.own_parameters import OwnParameters
from shapelint.claims.modules.registered import Registered
from shapelint.claims.states.statelessness import Statelessness
from shapelint.shapes.value import Float, Unknown


def shp604(bad: bool) -> Case:
    path = Path()
    path.layer("LSTM", 3, 5, 1 if bad else 2, dropout=Float(0.5))
    return path, DropoutActs(path.last)


def shp604_parameter(bad: bool) -> Case:
    path = Path()
    path.layer("GRU", 3, 5, 1 if bad else 2, dropout=Unknown("dropout", "a parameter", Float(0.1)))
    return path, DropoutActs(path.last, dropout=0.1)


def shp604_left_away(bad: bool) -> Case:
    path = Path()
    path.layer("RNN", 3, 5, **({"dropout": Float(0.5)} if bad else {}))
    return path, DropoutActs(path.last)


def shp612(bad: bool) -> Case:
    path = Path()
    path.layer("RNNCell", 3, 5, *(["relu"] if bad else []), **({} if bad else {"nonlinearity": "relu"}))
    return path, ArgumentActs(path.last, argument="bias")


def shp616(bad: bool) -> Case:
    path = Path()
    path.layer("GRU", 3, 5, 1, not bad)
    return path, Biased(path.last)


def shp706(bad: bool) -> Case:
    path = Path()
    cell = path.layer("GRUCell", 5, 5)
    path.hold("torch.nn.ModuleList", cell, cell if bad else path.layer("GRUCell", 5, 5))
    return path, OwnParameters(path.last)


def shp706_calls(bad: bool) -> Case:
    path = Path()
    x, cell = path.input("b", 5), path.layer("GRUCell", 5, 5)
    below = path.call(cell, x)
    above = path.call(cell if bad else path.layer("GRUCell", 5, 5), below)
    return path, OwnParameters(above.ref, other=below.ref)


def shp801(bad: bool) -> Case:
    path = Path()
    layers = path.layer("GRU", 3, 5), path.layer("GRU", 5, 5)
    path.hold("builtins.list" if bad else "torch.nn.ModuleList", *layers)
    return path, Registered(path.last)


def shp801_dict(bad: bool) -> Case:
    path = Path()
    path.hold("builtins.dict" if bad else "torch.nn.ModuleDict", path.layer("GRU", 3, 5))
    return path, Registered(path.last)


def shp802(bad: bool) -> Case:
    path = Path()
    built = path.layer("GRU", 3, 5)
    x = path.input("t", "b", 3)
    result = path.call(built, x)
    return path, Statelessness(result.items[0].ref, source=x.ref, **{"anew": built.ref} if bad else {})


def shp803(bad: bool) -> Case:
    path = Path()
    x = path.input("t", "b", 3)
    gru = path.layer("GRU", 3, 5)
    h = None
    for step in range(3):
        y, state = path.call(gru, path.item(x, slice(step, step + 1)), h).items
        h = state if bad else path.op("Tensor.tanh", state)
    return path, LoopMatters(y.ref)


def shp804(bad: bool) -> Case:
    path = Path()
    x, gru = path.input("t", "b", 3), path.layer("GRU", 3, 5)
    result = path.directly(gru, x) if bad else path.call(gru, x)
    return path, HooksRun(result.ref)


CASES: dict[Callable[[bool], Case], str] = {
    shp604: "with dropout=0.5 two passes in training mode are equal",
    shp604_parameter: "with dropout=0.1 two passes in training mode are equal",
    shp604_left_away: "with dropout=0.5 two passes in training mode are equal",
    shp612: "the layer has the same parameters without it: weight_ih, weight_hh, bias_ih and bias_hh",
    shp616: "its parameters are weight_ih_l0 and weight_hh_l0",
    shp706: "2 layers have 4 parameters together, 8 if counted apart",
    shp706_calls: "2 layers have 4 parameters together, 8 if counted apart",
    shp801: "a module with this list has 0 parameters of 2 layers",
    shp801_dict: "a module with this dict has 0 parameters of 1 layers",
    shp802: "two passes over the same input differ by up to",
    shp803: "one call with 3 steps gives the same last step as 3 calls",
    shp804: "a forward hook of the layer is not run",
}
