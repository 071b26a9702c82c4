"""What the axes mean after an operation: (B, T, H) is batch, time, feature; h_n is (K, B, H)."""

from __future__ import annotations

import pytest
from oracle import Argument, check_op, dim, number, numbers, tensor

from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.equations import product_of
from shapelint.shapes.value import ELLIPSIS, FALSE, NONE, TRUE, Dtype, List, SliceValue, Str, Tensor, Tuple, Value

BTF = (Role.BATCH, Role.TIME, Role.FEATURE)
X = tensor("B", "T", "H", roles=BTF)
H_N = tensor(dim("K") * dim(2), "B", "H", roles=(Role.LAYERS, Role.BATCH, Role.FEATURE))
ROWS = tensor("B", "H", roles=(Role.BATCH, Role.FEATURE))
SCORES = tensor("B", "T", 1, roles=(Role.BATCH, Role.TIME))
SIZES = {"B": 3, "T": 4, "H": 5, "K": 2, "N": 3, "C": 7, "E": 4}
LETTERS = {
    "B": Role.BATCH,
    "T": Role.TIME,
    "F": Role.FEATURE,
    "L": Role.LAYERS,
    "C": Role.CHANNEL,
    "?": Role.UNKNOWN,
}
FULL = SliceValue(NONE, NONE, NONE)


def ids(*sizes: int | str, roles: tuple[Role, ...] = ()) -> Tensor:
    return tensor(*sizes, dtype=Dtype.INT, roles=roles)


def merged(*axes: Axis) -> Axis:
    return Axis(product_of(axis.dim for axis in axes), parts=axes)


FLAT = Tensor((merged(*X.axes[:2]), X.axes[2]))  #: (B*T, H), as `x.reshape(-1, H)` leaves it


@pytest.mark.parametrize(
    ("name", "args", "roles"),
    [
        ("torch.Tensor.permute", [X, numbers(1, 0, 2)], "TBF"),
        ("torch.transpose", [X, number(0), number(1)], "TBF"),
        ("torch.Tensor.mT", [X], "BFT"),
        ("torch.movedim", [X, number(2), number(0)], "FBT"),
        ("torch.unsqueeze", [ROWS, number(1)], "B?F"),
        ("torch.squeeze", [SCORES, number(-1)], "BT"),
        ("torch.Tensor.view", [X, number(-1), number("H")], "?F"),
        ("torch.Tensor.view", [X, number("B"), number(-1)], "B?"),
        ("torch.Tensor.view", [X, number("T"), number("B"), number("H")], "??F"),
        ("torch.Tensor.view", [X, number("B"), number("T"), number(1), number("H")], "BT?F"),
        ("torch.Tensor.view", [H_N, number("B"), number(-1)], "??"),
        ("torch.Tensor.view", [H_N, number("K"), number(2), number("B"), number("H")], "??BF"),
        ("torch.Tensor.view", [FLAT, number("B"), number("T"), number("H")], "BTF"),
        ("torch.Tensor.view", [FLAT, number("B"), number(-1), number("H")], "BTF"),
        ("torch.Tensor.view", [FLAT, number("T"), number("B"), number("H")], "??F"),
        ("torch.unflatten", [FLAT, number(0), numbers("B", "T")], "BTF"),
        ("torch.Tensor.expand", [SCORES, number(-1), number(-1), number("H")], "BT?"),
        ("torch.Tensor.repeat", [ROWS, number(1), number(2)], "BF"),
        ("torch.Tensor.__getitem__", [X, Tuple((FULL, number(-1)))], "BF"),
        ("torch.Tensor.__getitem__", [X, number(-1)], "TF"),
        ("torch.Tensor.__getitem__", [H_N, number(-1)], "BF"),
        ("torch.Tensor.__getitem__", [H_N, SliceValue(number(-2), NONE, NONE)], "LBF"),
        ("torch.Tensor.__getitem__", [X, Tuple((ELLIPSIS, NONE))], "BTF?"),
        ("torch.Tensor.__getitem__", [X, Tuple((FULL, ids("N")))], "BTF"),
        ("torch.Tensor.__getitem__", [X, Tuple((ids("B"), ids("B")))], "BF"),
        ("torch.gather", [X, number(1), ids("B", 1, "H")], "BTF"),
        ("torch.index_select", [X, number(1), ids("N")], "BTF"),
        ("torch.cat", [List([X, X]), number(2)], "BTF"),
        ("torch.cat", [List([ROWS, tensor("B", "C")]), number(1)], "B?"),
        ("torch.stack", [List([ROWS, ROWS]), number(1)], "B?F"),
        ("torch.Tensor.mean", [X, number(1)], "BF"),
        ("torch.Tensor.sum", [X, number(1), TRUE], "BTF"),
        ("torch.Tensor.__mul__", [X, SCORES], "BTF"),
        ("torch.Tensor.__add__", [X, tensor("B", 1, "H", roles=BTF)], "BTF"),
        ("torch.Tensor.__add__", [tensor("B", "T", "H"), ROWS], "?BF"),
        ("torch.softmax", [X, number(1)], "BTF"),
        ("torch.bmm", [X, tensor("B", "H", "N")], "BT?"),
        ("torch.matmul", [X, tensor("H", "C", roles=(Role.FEATURE, Role.CHANNEL))], "BTC"),
        ("torch.einsum", [Str("bth,bth->bt"), X, X], "BT"),
        ("torch.zeros_like", [X], "BTF"),
        ("torch.Tensor.detach", [X], "BTF"),
    ],
)
def test_roles_after(name: str, args: list[Argument], roles: str) -> None:
    result = check_op(name, args, sizes={**SIZES, "N": 4}).result
    assert isinstance(result, Tensor)
    assert [axis.role for axis in result.axes] == [LETTERS[letter] for letter in roles]


def test_every_field_of_a_reduction_keeps_the_roles() -> None:
    result = check_op("torch.max", [X, number(1), FALSE], sizes=SIZES).result
    assert result.names == ("values", "indices")
    assert [tuple(axis.role for axis in item.axes) for item in result.items] == [(Role.BATCH, Role.FEATURE)] * 2


@pytest.mark.parametrize(
    ("name", "args", "axis", "parts"),
    [
        ("torch.flatten", [X], 0, ("B:batch", "T:time", "H:feature")),
        ("torch.Tensor.view", [X, number("B"), number(-1)], 1, ("T:time", "H:feature")),
        ("torch.Tensor.view", [H_N, number("K"), number(2), number(-1)], 2, ("B:batch", "H:feature")),
        (
            "torch.Tensor.view",
            [tensor(dim("B") * dim("E"), "T", "H", roles=(Role.UNKNOWN, *BTF[1:])), numbers("B", "E", -1)],
            2,
            ("T:time", "H:feature"),
        ),
        ("torch.flatten", [FLAT], 0, ("B:batch", "T:time", "H:feature")),
        ("torch.Tensor.repeat", [ROWS, number(2), number(1)], 0, ("2:?", "B:batch")),
        ("torch.repeat_interleave", [ROWS, number(2), number(0)], 0, ("B:batch", "2:?")),
    ],
)
def test_merged_axes_remember_their_parts(name: str, args: list[Argument], axis: int, parts: tuple[str, ...]) -> None:
    result = check_op(name, args, sizes=SIZES).result
    assert tuple(map(str, result.axes[axis].parts)) == parts


def test_axes_of_size_one_leave_no_trace_in_a_view() -> None:
    state = tensor(1, "B", "H", roles=(Role.LAYERS, Role.BATCH, Role.FEATURE))
    result = check_op("torch.Tensor.view", [state, number(-1), number("H")], sizes=SIZES).result
    assert result.axes == state.axes[1:]


@pytest.mark.parametrize("value", [X, FLAT])
def test_a_view_into_its_own_sizes_changes_nothing(value: Tensor) -> None:
    shape: Value = Tuple(tuple(map(number, value.sizes)))
    assert check_op("torch.reshape", [value, shape], sizes=SIZES).result == value
