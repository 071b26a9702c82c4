"""nn.LSTM, nn.GRU, nn.RNN and their cells against real torch, with every option, input and state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Argument, Given, Outcome, PathAssumptions, check_layer, number, tensor
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from shapelint.ops.binding import build, call
from shapelint.ops.layers.rnn import RecurrentConfig, recurrent_config
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.ops.registry import LAYERS, ShapeError, Undetermined
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, TRUE, Bool, Float, Layer, List, Packed, Str, Tensor, Tuple, Unknown, Value
from shapelint.source import Span

SIZES = {"B": 4, "T": 7, "I": 5, "H": 6, "P": 2, "K": 3, "N": 9}
NOWHERE = Span(1, 0, 1, 0)
KINDS = sorted(RECURRENT)
B, T, H = Dim.symbol("B"), Dim.symbol("T"), Dim.symbol("H")

flags = st.booleans().map(Bool)


@st.composite
def configs(draw: st.DrawFn, kind: str) -> dict[str, Argument]:
    """Constructor keywords over symbols; any of the optional ones may be absent."""
    optional: dict[str, st.SearchStrategy[Value]] = {
        "num_layers": st.sampled_from([number(1), number(2), number("K")]),
        "bias": flags,
        "batch_first": flags,
        "dropout": st.sampled_from([Float(0.0), Float(0.5), number(1)]),
        "bidirectional": flags,
    }
    if kind.endswith("LSTM"):
        optional["proj_size"] = st.sampled_from([number(0), number("P")])
    if kind.endswith(".RNN"):
        optional["nonlinearity"] = st.sampled_from([Str("tanh"), Str("relu")])
    drawn = draw(st.fixed_dictionaries({}, optional=optional))
    return {"input_size": number("I"), "hidden_size": number("H"), **drawn}


def layer_of(kind: str, config: Mapping[str, Argument]) -> RecurrentConfig:
    values = {name: value for name, value in config.items() if isinstance(value, Value)}
    return recurrent_config(build(LAYERS[kind], (), values, PathAssumptions(), NOWHERE))


def packed(batch: str = "B", time: str = "T", features: str = "I", *, sort: bool = True) -> Given:
    """A packed sequence; unsorted, its shortest sequence comes first."""
    axes = tensor(batch, time, features, roles=(Role.BATCH, Role.TIME)).axes
    value = Packed(axes[0], axes[1], axes[2:], batch_first=True, enforce_sorted=sort)

    def real(sizes: Mapping[str, int]) -> PackedSequence:
        lengths = [sizes[time] - min(row, sizes[time] - 1) for row in range(sizes[batch])]
        data = torch.rand(sizes[batch], sizes[time], sizes[features])
        return pack_padded_sequence(data, lengths if sort else lengths[::-1], True, enforce_sorted=sort)

    return Given(value, real)


def an_input(layout: str, batch_first: bool) -> Argument:
    if layout == "batched":
        return tensor("B", "T", "I") if batch_first else tensor("T", "B", "I")
    if layout == "unbatched":
        return tensor("T", "I")
    return packed(sort=layout == "packed")


LAYOUTS = ["batched", "unbatched", "packed", "packed unsorted"]


def a_state(kind: str, layout: str, config: RecurrentConfig) -> Value:
    batch = () if layout == "unbatched" else ("B",)
    h_0 = tensor(config.state_layers, *batch, config.real_hidden_size)
    return Tuple((h_0, tensor(config.state_layers, *batch, "H"))) if kind.endswith("LSTM") else h_0


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None, database=None)
@given(data=st.data())
def test_every_option(kind: str, layout: str, data: st.DataObject) -> None:
    drawn = data.draw(configs(kind))
    config = layer_of(kind, drawn)
    args = [an_input(layout, config.batch_first)]
    if data.draw(st.booleans(), label="state"):
        args.append(a_state(kind, layout, config))
    outcome = check_layer(kind, drawn, args, sizes=SIZES)
    assert outcome.error is None
    output, states = outcome.result.items
    assert_roles(output, config.batch_first, layout)
    for state in states.items if isinstance(states, Tuple) else (states,):
        expected = [Role.LAYERS, Role.FEATURE] if layout == "unbatched" else [Role.LAYERS, Role.BATCH, Role.FEATURE]
        assert [axis.role for axis in state.axes] == expected


def assert_roles(output: Tensor | Packed, batch_first: bool, layout: str) -> None:
    if isinstance(output, Packed):
        found = [output.batch.role, output.time.role, *(axis.role for axis in output.features)]
        assert found == [Role.BATCH, Role.TIME, Role.FEATURE]
        return
    pair = [Role.BATCH, Role.TIME] if batch_first else [Role.TIME, Role.BATCH]
    leading = [Role.TIME] if layout == "unbatched" else pair
    assert [axis.role for axis in output.axes] == [*leading, Role.FEATURE]


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_roles_mean_what_torch_does(kind: str, bidirectional: bool, batch_first: bool) -> None:
    """Row i of a BATCH axis depends on sample i only."""
    x = torch.rand((4, 7, 5) if batch_first else (7, 4, 5), requires_grad=True)
    real = getattr(nn, kind.rpartition(".")[2])(5, 6, 3, bidirectional=bidirectional, batch_first=batch_first)
    shaped = check_layer(
        kind,
        {
            "input_size": number(5),
            "hidden_size": number(6),
            "num_layers": number(3),
            "bidirectional": Bool(bidirectional),
            "batch_first": Bool(batch_first),
        },
        [tensor(*x.shape)],
    ).result
    output, state = real(x)
    shaped_output, shaped_state = shaped.items
    pairs = [(shaped_output, output), *zip(as_tuple(shaped_state), as_tuple(state), strict=True)]
    for abstract, value in pairs:
        axis = [axis.role for axis in abstract.axes].index(Role.BATCH)
        (gradient,) = torch.autograd.grad(value.select(axis, 2).sum(), x, retain_graph=True)
        touched = gradient.abs().sum(dim=(1, 2) if batch_first else (0, 2)) > 0
        assert touched.tolist() == [False, False, True, False]


def as_tuple(state: Any) -> tuple[Any, ...]:
    return state.items if isinstance(state, Tuple) else state if isinstance(state, tuple) else (state,)


def test_directions_are_parts_of_the_merged_axes() -> None:
    config = {**SMALL, "bidirectional": TRUE, "num_layers": number("K")}
    output, (h_n, _) = unpacked(check_layer("torch.nn.LSTM", config, [tensor("T", "B", "I")], sizes=SIZES))
    assert [part.dim for part in output.axes[2].parts] == [Dim.of(2), H]
    assert [part.dim for part in h_n.axes[0].parts] == [Dim.symbol("K"), Dim.of(2)]


def unpacked(outcome: Outcome) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    output, states = outcome.result.items
    return output, states.items


SMALL: dict[str, Argument] = {"input_size": number("I"), "hidden_size": number("H")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("sizes", "options", "code"),
    [
        (("B", "K", "H"), {}, "SHP201"),
        (("B", 2, "H"), {"num_layers": number(2)}, "SHP201"),
        (("K", "B", "H"), {"bidirectional": TRUE}, "SHP202"),
        ((2, "B", "H"), {"num_layers": number(2), "bidirectional": TRUE}, "SHP202"),
        ((1, "B", "H"), {"num_layers": number(2)}, "SHP203"),
        (("K", "T", "H"), {}, "SHP204"),
        (("K", "B", 3), {"hidden_size": number(4)}, None),
        (("K", "B"), {}, None),
    ],
)
def test_wrong_states(
    kind: str, sizes: tuple[str | int, ...], options: Mapping[str, Argument], code: str | None
) -> None:
    config = {**SMALL, "num_layers": number("K"), **options}
    state = tensor(*sizes)
    hx = Tuple((state, state)) if kind.endswith("LSTM") else state
    for batch_first, x in ((TRUE, tensor("B", "T", "I")), (FALSE, tensor("T", "B", "I"))):
        error = check_layer(kind, {**config, "batch_first": batch_first}, [x, hx], sizes=SIZES).error
        assert isinstance(error, ShapeError)
        assert error.code == code
        assert code is None or error.details["got"] == state.sizes


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_that_may_agree_are_assumed_to(kind: str) -> None:
    """Batch 1 and one layer are written as literals in code that means them."""
    state = tensor(1, 1, "H")
    hx = Tuple((state, state)) if kind.endswith("LSTM") else state
    config = {**SMALL, "num_layers": number("K"), "batch_first": TRUE}
    outcome = check_layer(kind, config, [tensor("B", 1, "I"), hx], sizes={**SIZES, "B": 1, "K": 1})
    assert outcome.error is None


@pytest.mark.parametrize(
    ("kind", "hx", "code"),
    [
        ("torch.nn.LSTM", tensor(1, "B", "H"), "SHP210"),
        ("torch.nn.LSTM", tensor(2, 1, "B", "H"), "SHP210"),
        ("torch.nn.LSTM", Tuple((tensor(1, "B", "H"),)), None),
        ("torch.nn.LSTM", Tuple((tensor(1, "B", "H"),) * 3), None),
        ("torch.nn.GRU", Tuple((tensor(1, "B", "H"),) * 2), "SHP210"),
        ("torch.nn.RNN", List([tensor(1, "B", "H")]), "SHP210"),
    ],
)
def test_states_of_the_wrong_kind(kind: str, hx: Value, code: str | None) -> None:
    error = check_layer(kind, SMALL, [tensor("T", "B", "I"), hx], sizes=SIZES).error
    assert isinstance(error, ShapeError)
    assert error.code == code


def test_states_that_torch_unpacks_itself() -> None:
    for hx in (
        tensor(2, 1, "H"),
        tensor(3, 1, "H"),
        Tuple((tensor(1, "H"),) * 3),
        List([tensor(1, "H")] * 2),
    ):
        assert check_layer("torch.nn.LSTM", SMALL, [tensor("T", "I"), hx], sizes=SIZES).error is None
    refused = check_layer("torch.nn.LSTM", SMALL, [tensor("T", "I"), tensor(1, 1, "H")], sizes=SIZES)
    assert isinstance(refused.error, ShapeError)


def test_a_permuted_pack_ignores_the_surplus_of_a_state() -> None:
    surplus = Tuple((tensor(1, "N", "H"), tensor(1, "N", "H")))
    assert check_layer("torch.nn.LSTM", SMALL, [packed(sort=False), surplus], sizes=SIZES).error is None
    for missing in (tensor(1, "P", "H"), tensor(1, 2, "H")):
        check_layer("torch.nn.GRU", SMALL, [packed(sort=False), missing], sizes=SIZES)
    sorted_pack = check_layer("torch.nn.GRU", SMALL, [packed(), tensor(1, 99, "H")], sizes=SIZES)
    assert sorted_pack.error is None, "B may be 99"


def test_a_packed_cell_state_of_too_few_layers() -> None:
    """Torch is not asked: it reads past the end of the state (segmentation fault in 2.13)."""
    lstm = layer_value("torch.nn.LSTM", {**SMALL, "num_layers": number(2)})
    states = Tuple((tensor(2, "B", "H"), tensor(1, "B", "H")))
    with pytest.raises(ShapeError) as caught:
        call(LAYERS["torch.nn.LSTM"].forward, (lstm, packed().value, states), {}, PathAssumptions())
    assert (caught.value.code, caught.value.details["state"]) == ("SHP203", "c_0")


def test_three_positional_arguments() -> None:
    state = tensor(1, "B", "H")
    lstm = check_layer("torch.nn.LSTM", SMALL, [tensor("T", "B", "I"), state, state], sizes=SIZES)
    gru = check_layer("torch.nn.GRU", SMALL, [tensor("T", "B", "I"), state, state], sizes=SIZES)
    assert isinstance(lstm.error, ShapeError)
    assert isinstance(gru.error, ShapeError)
    assert (lstm.error.code, gru.error.code) == ("SHP209", None)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_inputs(kind: str) -> None:
    config = {"input_size": number(5), "hidden_size": number("H")}
    features = check_layer(kind, config, [tensor("T", "B", 10)], sizes=SIZES).error
    assert isinstance(features, ShapeError)
    assert (features.code, features.details["expected"], features.details["got"]) == (
        "SHP503",
        Dim.of(5),
        Dim.of(10),
    )
    for x in (tensor(5), tensor("T", "B", 1, 5), packed(features="N")):
        check_layer(kind, config, [x], sizes=SIZES)
    wide = LAYERS[kind].forward
    with pytest.raises(ShapeError, match="not of 1 axes"):
        call(wide, (layer_value(kind, SMALL), Packed(Axis(B), Axis(T), ())), {}, PathAssumptions())


def layer_value(kind: str, config: Mapping[str, Argument]) -> Layer:
    values = {name: value for name, value in config.items() if isinstance(value, Value)}
    return build(LAYERS[kind], (), values, PathAssumptions(), NOWHERE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("sizes", [(0, "B", "I"), ("B", 0, "I"), (0, "I"), ("T", "I")])
def test_a_layer_needs_a_step_and_no_sample(kind: str, batch_first: bool, sizes: tuple[int | str, ...]) -> None:
    config = {"input_size": number("I"), "hidden_size": number("H"), "batch_first": Bool(batch_first)}
    check_layer(kind, config, [tensor(*sizes)], sizes=SIZES)


def test_positional_order() -> None:
    sizes = [number(5), number(6), number(2)]
    for kind, further in (
        ("torch.nn.LSTM", [TRUE, TRUE, Float(0.0), TRUE, number(3)]),
        ("torch.nn.GRU", [TRUE, TRUE, Float(0.0), TRUE]),
        ("torch.nn.RNN", [Str("relu"), TRUE, TRUE, Float(0.0), TRUE]),
    ):
        x = tensor("B", "T", 5)
        outcome = check_layer(kind, {}, [x], sizes=SIZES, config_args=[*sizes, *further])
        assert outcome.result.items[0].axes[0].role is Role.BATCH


def test_unknown_states_and_inputs() -> None:
    forward = LAYERS["torch.nn.LSTM"].forward
    lstm = layer_value("torch.nn.LSTM", SMALL)
    unknown = Unknown("hidden", "a parameter")
    for hx in (unknown, Tuple((unknown, unknown)), List([], length=B)):
        result, _ = call(forward, (lstm, tensor("T", "B", "I"), hx), {}, PathAssumptions())
        assert result.items[0].sizes == (T, B, H)
    with pytest.raises(Undetermined) as caught:
        call(forward, (lstm, unknown), {}, PathAssumptions())
    assert caught.value.wants == unknown
    assert {LAYERS[kind].input_rank for kind in RECURRENT} == {3}


@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("batch", [(), ("B",)])
def test_cells(kind: str, batch: tuple[str, ...]) -> None:
    lstm = kind.endswith("LSTMCell")
    x, state = tensor(*batch, "I"), tensor(*batch, "H")
    for hx in (None, Tuple((state, state)) if lstm else state):
        outcome = check_layer(kind, SMALL, [x] if hx is None else [x, hx], sizes=SIZES)
        h = outcome.result.items[0] if lstm else outcome.result
        assert [axis.role for axis in h.axes] == [Role.BATCH, Role.FEATURE][-len(h.axes) :]


def test_cells_with_unusual_states() -> None:
    one, many = tensor("I"), tensor("B", "I")
    h = tensor("H")
    for x, hx in (
        (one, tensor(2, "H")),
        (one, tensor(1, "H")),
        (one, Tuple((h, h, h))),
        (one, Tuple((h,))),
        (many, Tuple((tensor("B", "H"),) * 3)),
        (many, List([tensor("B", "H")] * 2)),
    ):
        check_layer("torch.nn.LSTMCell", SMALL, [x, hx], sizes=SIZES)
    for nonlinearity in ("relu", "gelu"):
        check_layer("torch.nn.RNNCell", {**SMALL, "nonlinearity": Str(nonlinearity)}, [many], sizes=SIZES)
