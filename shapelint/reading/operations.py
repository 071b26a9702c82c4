"""Which operation a node is, where exactly one is meant; whatever else is asked is asked of its nature (`trail`)."""

from __future__ import annotations

from shapelint.ops import names
from shapelint.ops.holders import PLAIN
from shapelint.ops.signs import SIGNS, Sign
from shapelint.shapes.value import Layer
from shapelint.trace.node import Node

_FORWARD = ".forward"


def short_name(node: Node) -> str:
    """The bare name of an operation or layer: `transpose`, `Linear`."""
    return node.op.removesuffix(_FORWARD).rpartition(".")[2]


def is_method(node: Node) -> bool:
    """Whether an operation is called as a method of a tensor."""
    return node.op.startswith("torch.Tensor.")


def called_kind(node: Node) -> str | None:
    """The dotted name of the layer that a node calls."""
    return node.op.removesuffix(_FORWARD) if node.op.endswith(_FORWARD) else None


def is_recurrent_call(node: Node) -> bool:
    """Whether a node is the call of a recurrent layer."""
    return called_kind(node) in names.RECURRENT


def is_cell_call(node: Node) -> bool:
    """Whether a node is the call of an LSTMCell, GRUCell or RNNCell."""
    return called_kind(node) in names.CELLS


def is_step_call(node: Node) -> bool:
    """Whether a node is the call of a recurrent layer or of a cell."""
    return is_recurrent_call(node) or is_cell_call(node)


def has_cell_state(layer: Layer) -> bool:
    """Whether the state of a recurrent layer, or of a cell, is a pair: nn.LSTM and nn.LSTMCell."""
    return layer.kind in names.WITH_CELL_STATE


def builds_recurrent(node: Node) -> bool:
    """Whether a node is the construction of a recurrent layer."""
    return node.op in names.RECURRENT


def builds_cell(node: Node) -> bool:
    """Whether a node is the construction of an LSTMCell, GRUCell or RNNCell."""
    return node.op in names.CELLS


def builds_step(node: Node) -> bool:
    """Whether a node is the construction of a recurrent layer or of a cell."""
    return builds_recurrent(node) or builds_cell(node)


def is_packing(node: Node) -> bool:
    """Whether a node is a call of pack_padded_sequence."""
    return node.op == names.PACK


def is_packing_of_list(node: Node) -> bool:
    """Whether a node is a call of pack_sequence."""
    return node.op == names.PACK_SEQUENCE


def is_unpacking(node: Node) -> bool:
    """Whether a node is a call of pad_packed_sequence."""
    return node.op == names.PAD_PACKED


def is_padding(node: Node) -> bool:
    """Whether a node is a call of pad_sequence."""
    return node.op == names.PAD


def is_unpadding(node: Node) -> bool:
    """Whether a node is a call of unpad_sequence."""
    return node.op == names.UNPAD


def is_packed_attribute(node: Node, name: str) -> bool:
    """Whether a node reads an attribute of a PackedSequence, or calls a method of it."""
    return node.op == f"{names.PACKED}.{name}"


def is_subscript(node: Node) -> bool:
    """Whether a node is `tensor[...]`."""
    return node.op == names.GETITEM


def is_select(node: Node) -> bool:
    """Whether a node is `tensor.select(...)`."""
    return node.op == names.SELECT


def is_unbind(node: Node) -> bool:
    """Whether a node takes an axis apart: `unbind`, and the unpacking of a tensor into names."""
    return short_name(node) == "unbind"


def is_failed_unpacking(node: Node) -> bool:
    """Whether a node unpacks a value into names, where there are more or fewer."""
    return node.op == names.UNPACK


def is_linear(node: Node) -> bool:
    """Whether a node is a call of an nn.Linear."""
    return called_kind(node) == names.LINEAR


def is_embedding(node: Node) -> bool:
    """Whether a node is a call of an nn.Embedding."""
    return called_kind(node) == names.EMBEDDING


def is_bag(node: Node) -> bool:
    """Whether a node looks up bags of ids."""
    return "EmbeddingBag" in node.op and called_kind(node) is not None


def is_batch_norm(node: Node) -> bool:
    """Whether a node normalises each channel over all samples."""
    return short_name(node).lower().replace("_", "").startswith("batchnorm")


def is_squeeze(node: Node) -> bool:
    """Whether a node takes axes of one entry away."""
    return short_name(node) == "squeeze"


def is_flip(node: Node) -> bool:
    """Whether a node turns axes around."""
    return short_name(node) == "flip"


def is_gather(node: Node) -> bool:
    """Whether a node is a call of gather."""
    return short_name(node) == "gather"


def is_stack(node: Node) -> bool:
    """Whether a node joins tensors along a new axis."""
    return short_name(node) == "stack"


def is_index_select(node: Node) -> bool:
    """Whether a node takes entries of one axis by their numbers."""
    return short_name(node) == "index_select"


def is_sort(node: Node) -> bool:
    """Whether a node gives the entries in their order, and where they were."""
    return short_name(node) == "sort"


def is_argsort(node: Node) -> bool:
    """Whether a node gives where the entries are, in their order."""
    return short_name(node) == "argsort"


def is_flatten(node: Node) -> bool:
    """Whether a node is a call of flatten."""
    return short_name(node) == "flatten"


def is_type_as(node: Node) -> bool:
    """Whether a node makes a tensor like another one."""
    return short_name(node) == "type_as"


def is_contiguous(node: Node) -> bool:
    """Whether a node lays a tensor out in memory in the order of its axes."""
    return short_name(node) == "contiguous"


def is_strict_view(node: Node) -> bool:
    """Whether a node is `tensor.view(...)`, which never copies."""
    return short_name(node) == "view"


def is_randint(node: Node) -> bool:
    """Whether a node draws whole numbers."""
    return short_name(node) == "randint"


def draws_by_sizes(node: Node) -> bool:
    """Random numbers of which nothing is said but their sizes, or a tensor that has them: what `zeros` takes, too."""
    kind = short_name(node).removesuffix("_like")
    return kind == "rand" or kind == "randn"


def is_module_list(node: Node) -> bool:
    """Whether a node stands for an nn.ModuleList and the layers that it is left with."""
    return node.op == names.MODULE_LIST


def is_plain_holder(node: Node) -> bool:
    """Whether a node stands for a sequence of Python's and the layers that it is left with."""
    return node.op in PLAIN


def subtracts(node: Node) -> bool:
    """Whether a sum takes its second operand away."""
    return "sub" in short_name(node)


def is_logarithmic(node: Node) -> bool:
    """Whether a softmax gives logarithms."""
    return "log" in short_name(node).lower()


def is_parameter(node: Node) -> bool:
    """Whether a node makes a tensor a parameter of a module."""
    return short_name(node) == "Parameter"


def is_sigmoid(node: Node) -> bool:
    """Whether a node puts each number between 0 and 1 by the logistic function."""
    return short_name(node).lower().rstrip("_") == "sigmoid"


def takes_logits(node: Node) -> bool:
    """Whether a loss of probabilities takes them as logits, and applies the sigmoid itself."""
    return "logits" in short_name(node).lower()


def triangle(node: Node) -> bool | None:
    """Whether a node keeps the lower triangle of a matrix, or, False, the upper one; None for another operation."""
    name = short_name(node)
    return name == "tril" if name == "tril" or name == "triu" else None


def is_ones(node: Node) -> bool:
    """Whether a node makes a tensor of ones."""
    return short_name(node).removesuffix("_like") == "ones"


def is_count(node: Node) -> bool:
    """Whether a node counts: `arange`."""
    return short_name(node) == "arange"


def inverts(node: Node) -> bool:
    """Whether a node makes true what is false."""
    return short_name(node).strip("_") == "invert" or short_name(node).endswith("_not")


def comparison(node: Node) -> Sign | None:
    """How a node compares; None for another operation."""
    return SIGNS.get(short_name(node).strip("_"))


def fills_where_true(node: Node) -> bool:
    """Whether a node writes a number where a mask is true."""
    return short_name(node).rstrip("_") == "masked_fill"


def divides(node: Node) -> bool:
    """Whether a node divides its first operand by its second."""
    return "div" in short_name(node)
