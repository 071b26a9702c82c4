"""The operations with many forms of arguments, on random arguments: subscripts, views, broadcasting, joining."""

from __future__ import annotations

from math import prod

from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_op, dim, number, numbers, tensor

from shapelint.shapes.value import ELLIPSIS, NONE, Dtype, Int, List, SliceValue, Tensor, Tuple, Value

QUICK = settings(max_examples=150, deadline=None, database=None)
NAMES = "ABCD"

numbers_1_4 = st.integers(1, 4)
shapes = st.lists(numbers_1_4, max_size=4)
bounds = st.one_of(st.just(NONE), st.integers(-7, 7).map(number))
slices = st.builds(SliceValue, bounds, bounds, st.sampled_from([NONE, number(1), number(2), number(3)]))
index_tensors = st.sampled_from([(), (1,), (2,), (3, 2)]).map(lambda sizes: tensor(*sizes, dtype=Dtype.INT))
integers = st.integers(-5, 5).map(number)
picks: st.SearchStrategy[Value] = st.one_of(
    integers,
    slices,
    index_tensors,
    st.sampled_from([NONE, ELLIPSIS, List([number(0), number(0)])]),
)
subscripts = st.one_of(picks, st.lists(picks, min_size=1, max_size=5).map(lambda items: Tuple(tuple(items))))


def symbolic(draw: st.DataObject, sizes: list[int]) -> tuple[Tensor, dict[str, int]]:
    """A tensor with symbols for some of its sizes."""
    named = draw.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    used = {NAMES[at]: size for at, size in enumerate(sizes) if named[at]}
    return tensor(*(NAMES[at] if named[at] else size for at, size in enumerate(sizes))), used


@QUICK
@given(shapes, subscripts)
def test_subscripts_of_known_sizes(sizes: list[int], index: Value) -> None:
    check_op("torch.Tensor.__getitem__", [tensor(*sizes), index], undetermined=True)


@QUICK
@given(st.data(), st.lists(st.integers(7, 9), max_size=4), subscripts)
def test_subscripts_of_symbols(draw: st.DataObject, sizes: list[int], index: Value) -> None:
    x, known = symbolic(draw, sizes)
    check_op("torch.Tensor.__getitem__", [x, index], sizes=known, undetermined=True)


@QUICK
@given(shapes, st.data())
def test_views(sizes: list[int], draw: st.DataObject) -> None:
    x, known = symbolic(draw, sizes)
    wanted: list[Int] = [number(size) for size in draw.draw(shapes)]
    if draw.draw(st.booleans()):
        wanted.insert(0, number(-1))
    check_op("torch.Tensor.reshape", [x, Tuple(tuple(wanted))], sizes=known)


@QUICK
@given(st.lists(numbers_1_4, min_size=1, max_size=4), st.data())
def test_views_that_regroup_factors(sizes: list[int], draw: st.DataObject) -> None:
    x, known = symbolic(draw, sizes)
    order = draw.draw(st.permutations(x.sizes))
    at = draw.draw(st.integers(0, len(order)))
    merged = dim(1)
    for size in order[at:]:
        merged = merged * size
    outcome = check_op("torch.Tensor.reshape", [x, numbers(*order[:at], merged)], sizes=known)
    assert outcome.error is None
    assert prod(size.evaluate(known) for size in outcome.result.sizes) == prod(sizes)


@QUICK
@given(shapes, shapes, st.data())
def test_broadcasting(left: list[int], right: list[int], draw: st.DataObject) -> None:
    x, known = symbolic(draw, left)
    for name in ("torch.Tensor.__add__", "torch.maximum", "torch.Tensor.add_"):
        check_op(name, [x, tensor(*right)], sizes=known)
    check_op("torch.where", [tensor(*right, dtype=Dtype.BOOL), x, tensor(*left)], sizes=known)
    check_op("torch.Tensor.expand", [x, numbers(*right)], sizes=known)


@QUICK
@given(shapes, shapes, st.data())
def test_products(left: list[int], right: list[int], draw: st.DataObject) -> None:
    x, known = symbolic(draw, left)
    check_op("torch.matmul", [x, tensor(*right)], sizes=known)


@QUICK
@given(shapes, st.integers(-4, 4), st.integers(-4, 4), st.booleans())
def test_dimensions_of_known_tensors(sizes: list[int], dim0: int, dim1: int, keep: bool) -> None:
    x, first, second = tensor(*sizes), number(dim0), number(dim1)
    check_op("torch.transpose", [x, first, second])
    check_op("torch.flatten", [x, first, second])
    check_op("torch.movedim", [x, first, second])
    check_op("torch.unsqueeze", [x, first])
    check_op("torch.squeeze", [x, first])
    check_op("torch.amax", [x, numbers(dim0, dim1)])
    check_op("torch.stack", [List([x, x]), first])
    check_op("torch.cat", [List([x, x]), first])
    check_op("torch.select", [x, first, second])
    check_op("torch.softmax", [x, first])
    check_op("torch.unbind", [x, first])


@QUICK
@given(st.integers(0, 9), st.integers(1, 5), st.lists(st.integers(0, 5), max_size=3))
def test_pieces(size: int, count: int, listed: list[int]) -> None:
    x = tensor(2, size)
    check_op("torch.chunk", [x, number(count), number(1)], undetermined=size == 0)
    check_op("torch.split", [x, number(count), number(1)], undetermined=size == 0)
    check_op("torch.split", [x, numbers(*listed), number(1)])
