"""Which arguments the constructors of recurrent layers and cells refuse, and which calls the cells, against torch."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from oracle import Argument, PathAssumptions, check_layer, number, numbers, tensor

from shapelint.ops.binding import call
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.ops.registry import LAYERS, ShapeError, Undetermined
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, TRUE, Float, List, Str, Tuple, Unknown, Value

SIZES = {"B": 4, "T": 7, "I": 5, "H": 6}
KINDS = sorted(RECURRENT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({"input_size": number(0)}, "SHP607"),
        ({"hidden_size": number(-1)}, "SHP607"),
        ({"num_layers": number(0)}, "SHP607"),
        ({"hidden_size": Float(6.0)}, "SHP607"),
        ({"input_size": Str("5")}, "SHP607"),
        ({"num_layers": Float(1.0)}, "SHP607"),
        ({"hidden_size": List([number(6), number(6)])}, "SHP617"),
        ({"num_layers": numbers(1, 1)}, "SHP617"),
        ({"dropout": Float(1.5)}, "SHP605"),
        ({"dropout": TRUE}, "SHP605"),
        ({"dropout": Str("0.5")}, "SHP605"),
        ({"dropout": number(2)}, "SHP605"),
        ({"proj_size": number(6)}, "SHP610"),
        ({"proj_size": number(-1)}, "SHP610"),
        ({"nonlinearity": TRUE}, "SHP603 SHP611"),
        ({"nonlinearity": Str("gelu")}, "SHP611"),
        ({"return_sequences": TRUE}, "SHP606"),
        ({"bias": number(1)}, "SHP609"),
        ({"batch_first": Str("True")}, "SHP609"),
        ({"bidirectional": number(1)}, "SHP609"),
        ({"bidirectional": Str("False")}, "SHP609"),
        ({"bidirectional": NONE}, "SHP609"),
    ],
)
def test_constructions_that_torch_refuses(kind: str, options: Mapping[str, Argument], codes: str) -> None:
    config = {"input_size": number(5), "hidden_size": number(6), **options}
    error = check_layer(kind, config, [tensor("T", "B", 5)], sizes=SIZES).error
    assert isinstance(error, ShapeError)
    assert error.code in codes.split()


@pytest.mark.parametrize("kind", KINDS)
def test_an_option_that_may_be_right_is_not_refused(kind: str) -> None:
    maybe = Unknown("options", "a parameter")
    sizes = {"input_size": maybe, "hidden_size": Unknown("h / 2", "a number", number=Dim.symbol("H"))}
    build = LAYERS[kind].build
    call(build, (), {**sizes, "num_layers": maybe, "dropout": maybe, "bidirectional": maybe}, PathAssumptions())
    with pytest.raises(Undetermined):
        call(build, (), {**sizes, "bidirectional": number("K")}, PathAssumptions())
    with pytest.raises(ShapeError):
        call(
            build,
            (),
            {**sizes, "hidden_size": Unknown("h / 2", "a number", number=Dim.symbol("H"), fractional=True)},
            PathAssumptions(),
        )


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_what_cells_refuse(kind: str) -> None:
    lstm = kind.endswith("LSTMCell")
    config = {"input_size": number(5), "hidden_size": number(6)}

    def code(x: Value, state: Value | None = None, **options: Argument) -> str | None:
        hx = [] if state is None else [Tuple((state, state)) if lstm else state]
        error = check_layer(kind, {**config, **options}, [x, *hx], sizes=SIZES).error
        assert isinstance(error, ShapeError)
        return error.code

    assert code(tensor("B", "T", 5)) == "SHP701"
    assert code(tensor("B", 4)) == "SHP503"
    for state in (tensor("B", 7), tensor(7), tensor(1, "B", 6)):
        assert code(tensor("B", 5), state) is None
    assert code(tensor(3, 5), tensor(1, 6)) is None
    assert code(tensor("B", 5), hidden_size=number(-1)) == "SHP607"
    assert code(tensor("B", 5), hidden_size=Float(6.0)) == "SHP607"
    assert code(tensor("B", 5), input_size=numbers(5, 5)) == "SHP617"
    assert code(tensor("B", 5), num_layers=number(2)) == "SHP613"
    assert code(tensor("B", 5), units=number(2)) == "SHP606"
    if kind != "torch.nn.RNNCell":
        assert code(tensor("B", 5), nonlinearity=Str("relu")) == "SHP611"
    wrong = tensor("B", 6) if lstm else Tuple((tensor("B", 6),) * 2)
    kinds = check_layer(kind, config, [tensor("B", 5), wrong], sizes=SIZES).error
    assert isinstance(kinds, ShapeError)
    assert kinds.code == "SHP210"
