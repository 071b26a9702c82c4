"""torch.utils.data: what a data loader's batches are, as far as its dataset tells."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.infer.known.table import external
from shapelint.infer.plan import VIEWED, Demand
from shapelint.infer.protocol import Site, call_value
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.instances import call_special
from shapelint.infer.values.objects import Rows
from shapelint.infer.values.rounds import MAX_EXACT, later_round
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import listed
from shapelint.shapes.value import NONE, Bool, Dict, Dtype, Float, Int, List, Tensor, Tuple, Unknown, Value
from shapelint.trace.evidence import Loader

_LAYS_OUT_BATCHES = frozenset({"collate_fn", "batch_sampler", "**"})
_ROUNDS = 2  #: that are followed of a loop over batches


@external("torch.utils.data.TensorDataset", least=1)
def tensor_dataset(run: Run, site: Site) -> Value:
    """TensorDataset(inputs, targets): a sample is a row of each."""
    rows = [value for value in site.args if isinstance(value, Tensor) and value.rank]
    return Rows(tuple(rows)) if len(rows) == len(site.args) else site.unknown(run, "a dataset of unknown tensors")


@external("torch.utils.data.Subset", least=2)
def subset(run: Run, site: Site) -> Value:
    """Subset(dataset, indices) has samples of the same form."""
    return _part(run, site, site.args[0], 0)


@external("torch.utils.data.random_split", least=2)
def random_split(run: Run, site: Site) -> Value:
    """The parts of a dataset have samples of the same form."""
    parts = listed(site.args[1])
    if parts is None:
        return site.unknown(run, "parts of a dataset")
    return List([_part(run, site, site.args[0], number) for number in range(len(parts))])


def _part(run: Run, site: Site, dataset: Value, number: int) -> Value:
    """Some of the samples of a dataset: how many is not said."""
    count = Axis(Dim.symbol(f"len({run.key_of(site.node)}[{number}])"))
    if isinstance(dataset, Tensor) and dataset.rank:
        return Tensor((count, *dataset.axes[1:]), dataset.dtype)
    if isinstance(dataset, Rows):
        return Rows(tuple(Tensor((count, *one.axes[1:]), one.dtype) for one in dataset.tensors))
    return dataset


@external("torch.utils.data.DataLoader")
def data_loader(run: Run, site: Site) -> Value:
    """DataLoader(dataset, ...): its batches are unknown, but for what its dataset tells of them."""
    key = run.key_of(site.node)
    dataset = site.args[0] if site.args else site.kwargs.get("dataset")
    size = site.args[1] if len(site.args) > 1 else site.kwargs.get("batch_size")
    stacked = size != NONE and len(site.args) < 5 and not _LAYS_OUT_BATCHES & site.kwargs.keys()
    samples = size.dim.constant if isinstance(size, Int) and stacked else None
    shuffled = (site.args[2] if len(site.args) > 2 else site.kwargs.get("shuffle")) == Bool(True)
    paired = isinstance(dataset, Rows) and len(dataset.tensors) > 1
    last = _last_batch(site, dataset, samples)
    run.trace.loaders[key] = Loader(site.node.span, stacked, samples, shuffled, paired, run.recorder.away, last)
    sample = _sample(run, dataset, site) if stacked and dataset is not None else None
    for number in range(_ROUNDS if sample is not None else 0):
        batch = f"{key}[*{number}]"
        for part, value in _parts(batch, sample):
            _stack(run, batch, part, value)
    made = _collated(run, dataset, site, key) if "collate_fn" in site.kwargs and dataset is not None else None
    return made or Unknown(key, "the batches of a dataset")


def _last_batch(site: Site, dataset: Value | None, samples: int | None) -> int | None:
    """How many samples the last batch has behind full ones; None where that is not told, or it is full or left out."""
    rows = dataset.tensors[0] if isinstance(dataset, Rows) else dataset
    count = rows.sizes[0].constant if isinstance(rows, Tensor) and rows.rank else None
    is_all = "sampler" not in site.kwargs and site.kwargs.get("drop_last", Bool(False)) == Bool(False)
    if count is None or samples is None or not 1 <= samples <= count or not is_all:
        return None
    return count % samples or None


def _collated(run: Run, dataset: Value, site: Site, key: str) -> Value | None:
    """The batches that a function makes of lists of samples; None where it or the samples are not understood."""
    items = listed(dataset)
    if items is None:
        sample = _sample(run, dataset, site)
        batch = None if sample is None else List([sample], Dim.symbol(f"{key}[*0].size(0)"))
    else:
        batch = List(list(items[:MAX_EXACT]))
    made = None if batch is None else call_value(run, site.kwargs["collate_fn"], Site(site.node, (batch,)))
    known = isinstance(made, Tuple | Tensor | Dict)
    return List([made] * _ROUNDS, Dim.symbol(f"len({key})")) if known and made is not None else None


def _sample(run: Run, dataset: Value, site: Site) -> Value | None:
    """A sample of a dataset; None where it is not known."""
    if isinstance(dataset, Rows):
        return Tuple(tuple(Tensor(one.axes[1:], one.dtype) for one in dataset.tensors))
    if isinstance(dataset, Tensor) and dataset.rank:
        return Tensor(dataset.axes[1:], dataset.dtype)
    return call_special(run, dataset, "__getitem__", Site(site.node, (later_round(run, site.node),)))


def _parts(key: str, value: Value | None) -> Iterator[tuple[str, Value]]:
    """What a batch of samples like one consists of, by the keys of its parts."""
    if isinstance(value, Tuple):
        for place, item in enumerate(value.items):
            yield from _parts(f"{key}[{place}]", item)
    elif isinstance(value, Dict) and not value.open:
        for name, item in value.items.items():
            yield from _parts(f"{key}[{name!r}]", item)
    elif isinstance(value, Tensor | Int | Float):
        yield key, value


def _stack(run: Run, batch: str, key: str, value: Value) -> None:
    """Say of an unknown that it holds samples like one: stacked along axis 0, as many as all of the batch."""
    sizes = value.sizes if isinstance(value, Tensor) else ()
    dtype = value.dtype if isinstance(value, Tensor) else Dtype.INT if isinstance(value, Int) else Dtype.FLOAT
    run.path.viewed[key] = (run.path.size_of(f"{batch}.size(0)"), *map(run.resolve, sizes))
    run.path.demand(Unknown(key, "a batch"), Demand(len(sizes) + 1, VIEWED, dtype=dtype))
