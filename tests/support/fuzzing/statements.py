"""What a random program may do next: each function writes a statement that fits the values of a draft."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from math import prod

import torch

from fuzzing.drafts import Draft

Maker = Callable[[Draft], str | None]
MAKERS: list[Maker] = []

ELEMENTWISE = (
    "torch.relu({})|{}.tanh()|F.gelu({})|torch.sigmoid({})|-{}|{} * 2|1 - {}|{}.exp()|{}.clamp(min=0)|{}.abs()|"
    "F.dropout({}, 0.1)|{}.contiguous()|{}.clone()|{}.detach()|{}.float()|F.leaky_relu({})|torch.zeros_like({})|"
    "{}.double().float()|{} / 3|{} ** 2|F.normalize({}, dim={d})|torch.softmax({}, dim={d})|{}.log_softmax({d})|"
    "{}.cumsum({d})|{}.flip({d})|{}.roll(1, {d})|{}.sort(dim={d})[0]|{}.transpose({d}, {e})|{}.movedim({d}, {e})|"
    "{}.sum({d})|{}.mean(dim={d})|{}.mean({d}, keepdim=True)|{}.amax({d})|{}.std({d})|{}.logsumexp({d})|"
    "{}.argmax({d})|{}.prod({d})|{}.norm(dim={d})|{}.squeeze({d})|{}.unsqueeze({d})|{}.select({d}, 0)|{}.unbind({d})[0]|"
    "{}.sum()|{}.flatten()|{}.flatten({d})|{}.reshape(-1)|{}.squeeze()|{}.t()|{}.mT|{}.T|{}[0]|{}[-1]|{}[..., 0]|"
    "{}[:, -1]|{}[:, 0:1]|{}[1:]|{}[::2]|{}[None]|{}[..., None]|{}[:, None, :]|{}[[0, 0]]|{}[:, :-1]|{}[{} > 0]|"
    "{}.narrow({d}, 0, 1)|{}.repeat_interleave(2, dim={d})|{}.tril()|{}.diagonal()|F.pad({}, (1, 2))|F.glu({}, {d})|"
    "torch.stack([{}, {}], dim={d})|torch.cat([{}, {}], dim={d})|torch.cat(({}, {}), {d})|torch.stack(({}, {}))|"
    "{}.masked_fill({} > 1, 0.0)|torch.where({} > 0, {}, {})|{} + {}.mean({d}, keepdim=True)|{}.new_zeros({}.shape)|"
    "torch.zeros({}.size({d}), 2)|torch.zeros({}.shape[{d}])|{}.view({}.size(0), -1)|{}.view({}.shape)|{}.size({d})|"
    "{}.reshape({}.size({d}), -1)|{}.repeat(2, *[1] * ({}.dim() - 1))|{}.expand_as({})|{}.dim()|len({})|{}.numel()|"
    "{}.topk(1, dim={d})[0]|{}.max(dim={d})[0]|{}.min({d}).indices|torch.einsum('...i,...i->...', {}, {})"
).split("|")


def maker(weight: int = 1) -> Callable[[Maker], Maker]:
    """Register a function that writes statements."""

    def register(function: Maker) -> Maker:
        MAKERS.extend([function] * weight)
        return function

    return register


@maker(14)
def elementwise(draft: Draft) -> str | None:
    """One of the operations on a single tensor, with axes that it has."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() > 0)
    if found is None:
        return None
    name, value = found
    axes = list(range(-value.dim(), value.dim()))
    form = draft.choice.choice(ELEMENTWISE)
    return f"{draft.new()} = " + form.format(
        *[name] * form.count("{}"), d=draft.choice.choice(axes), e=draft.choice.choice(axes)
    )


@maker(3)
def regroup(draft: Draft) -> str | None:
    """A view with some of the sizes multiplied or divided."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() > 1)
    if found is None:
        return None
    name, value = found
    sizes = [draft.size(size) for size in value.shape]
    at = draft.choice.randrange(value.dim() - 1)
    merged = [*sizes[:at], f"{sizes[at]} * {sizes[at + 1]}", *sizes[at + 2 :]]
    split = [*sizes[:at], *draft.choice.choice((["1", sizes[at]], [sizes[at], "-1"])), *sizes[at + 1 :]]
    unknown = [*merged[:at], "-1", *merged[at + 1 :]]
    call = draft.choice.choice(("view", "reshape"))
    wanted = ", ".join(draft.choice.choice((merged, split, unknown, sizes)))
    return f"{draft.new()} = {name}.{call}({draft.choice.choice((wanted, f'({wanted},)'))})"


@maker(2)
def permuted(draft: Draft) -> str | None:
    """All axes in another order."""
    found = draft.pick(lambda value: value.dim() > 1)
    if found is None:
        return None
    order = list(range(found[1].dim()))
    draft.choice.shuffle(order)
    return f"{draft.new()} = {found[0]}.permute({', '.join(map(str, order))})"


@maker(3)
def two_tensors(draft: Draft) -> str | None:
    """An operation on two tensors that may not fit."""
    left, right = draft.pick(), draft.pick()
    if left is None or right is None:
        return None
    forms = (
        "{} + {}", "{} * {}", "torch.matmul({}, {})", "{} @ {}.transpose(-1, -2)", "torch.cat([{}, {}], dim=-1)",
        "torch.bmm({}, {})", "torch.maximum({}, {})", "F.mse_loss({}, {})", "{}.expand_as({})", "{} - {}[0]",
        "torch.cat(({}, {}))", "torch.outer({}, {})", "F.cosine_similarity({}, {}, dim=-1)", "F.linear({}, {})",
    )  # fmt: skip
    fitting = draft.tensors(lambda value: value.shape == left[1].shape and value.is_floating_point())
    name = draft.choice.choice([right[0], *fitting])
    return f"{draft.new()} = " + draft.choice.choice(forms).format(left[0], name)


@maker(2)
def pieces(draft: Draft) -> str | None:
    """A tensor cut in pieces."""
    found = draft.pick(lambda value: value.dim() > 0 and any(size > 1 for size in value.shape))
    if found is None:
        return None
    name, value = found
    axis = draft.choice.choice([axis for axis, size in enumerate(value.shape) if size > 1])
    size = value.shape[axis]
    first = draft.choice.randint(1, size - 1)
    form = draft.choice.choice((f"split([{first}, {size - first}], dim={axis})", f"split({(size + 1) // 2}, {axis})"))
    if size % 2 == 0:
        form = draft.choice.choice((form, f"chunk(2, dim={axis})"))
    return f"{draft.new(2)} = {name}.{form}"


@maker(2)
def created(draft: Draft) -> str | None:
    """A new tensor of known sizes, some of them numbers that were computed."""
    numbers = [name for name, value in draft.scope.items() if type(value) is int and 0 < value < 20 and name[0] == "v"]
    sizes = ", ".join(
        draft.choice.choice([draft.size(draft.some_size()), *numbers]) for _ in range(draft.choice.randint(1, 3))
    )
    form = draft.choice.choice(("torch.zeros({})", "torch.ones(({},))", "torch.randn({})", "torch.full(({},), 2.0)"))
    return f"{draft.new()} = {form.format(sizes)}"


@maker(5)
def linear(draft: Draft) -> str | None:
    """A layer on the last axis."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() > 0)
    if found is None:
        return None
    name, value = found
    size, wanted = draft.argument(value.shape[-1]), draft.argument(draft.some_size())
    made = draft.choice.choice((
        f"nn.Linear({size}, {wanted})",
        f"nn.Linear({size}, {wanted}, bias=False)",
        f"nn.LayerNorm({size})",
        f"nn.Sequential(nn.Linear({size}, {wanted}), nn.ReLU(), nn.Linear({wanted}, 3))",
        f"nn.ModuleList([nn.Linear({size}, {wanted}) for _ in range(2)])[1]",
        "nn.Dropout(0.2)",
        "nn.Softmax(dim=-1)",
        "nn.Flatten()",
        "nn.Identity()",
    ))  # fmt: skip
    return f"{draft.new()} = {draft.layer(made)}({name})"


@maker(3)
def convolution(draft: Draft) -> str | None:
    """A layer on channels."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() in (2, 3))
    if found is None:
        return None
    name, value = found
    channels = draft.argument(value.shape[-2])
    kernel, step, padding = draft.choice.randint(1, 3), draft.choice.randint(1, 2), draft.choice.randint(0, 2)
    made = draft.choice.choice((
        f"nn.Conv1d({channels}, 4, {kernel}, stride={step}, padding={padding})",
        f"nn.Conv1d({channels}, {channels}, kernel_size={kernel}, groups={channels}, dilation={step})",
        f"nn.ConvTranspose1d({channels}, 2, {kernel}, {step})",
        f"nn.MaxPool1d({kernel}, {step})",
        f"nn.AvgPool1d({kernel}, padding={padding})",
        f"nn.AdaptiveAvgPool1d({kernel})",
        f"nn.BatchNorm1d({channels})",
    ))  # fmt: skip
    return f"{draft.new()} = {draft.layer(made)}({name})"


@maker(3)
def embedding(draft: Draft) -> str | None:
    """A table of vectors."""
    found = draft.pick(lambda value: value.dtype is torch.long and bool((value < 9).all()))
    if found is None:
        return None
    table = draft.layer(f"nn.Embedding({draft.argument(9)}, {draft.argument(draft.some_size())})")
    return f"{draft.new()} = {table}({found[0]})"


@maker(9)
def recurrent(draft: Draft) -> str | None:
    """A recurrent layer, with or without a state, and what it returns unpacked."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() in (2, 3))
    if found is None:
        return None
    name, value = found
    kind, options = draft.choice.choice(("LSTM", "GRU", "RNN")), []
    layers = draft.choice.choice((1, 1, 2))
    directions = draft.choice.choice((1, 1, 2))
    hidden = draft.some_size()
    options += [f"num_layers={layers}"] * (layers > 1) + ["bidirectional=True"] * (directions > 1)
    batch_first = draft.choice.random() < 0.6
    options += ["batch_first=True"] * batch_first
    out_size = hidden
    if kind == "LSTM" and hidden > 1 and draft.choice.random() < 0.15:
        out_size = hidden - 1
        options.append(f"proj_size={out_size}")
    sizes = f"{draft.argument(value.shape[-1])}, {draft.argument(hidden)}"
    layer = draft.layer(f"nn.{kind}({', '.join([sizes, *options])})")
    batch = [draft.size(value.shape[0 if batch_first else 1])] if value.dim() == 3 else []
    state, given = [str(layers * directions), *batch], ""
    if draft.choice.random() < 0.3:
        h_0, c_0 = (f"torch.zeros({', '.join([*state, draft.size(size)])})" for size in (out_size, hidden))
        given = f", ({h_0}, {c_0})" if kind == "LSTM" else f", {h_0}"
    targets = f"{draft.new()}, ({draft.new(2)})" if kind == "LSTM" else draft.new(2)
    return f"{targets} = {layer}({name}{given})"


@maker(2)
def packed(draft: Draft) -> str | None:
    """A recurrent layer on a packed sequence, and its output padded again."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() == 3 and prod(value.shape) > 0)
    if found is None:
        return None
    name, value = found
    batch_first = draft.choice.choice((True, False))
    option = ", batch_first=True" * batch_first
    layer = draft.layer(f"nn.GRU({draft.argument(value.shape[-1])}, {draft.argument(draft.some_size())}{option})")
    lengths = (
        f"torch.full(({draft.size(value.shape[0 if batch_first else 1])},), {value.shape[1 if batch_first else 0]})"
    )
    packs, state, out, sizes = (draft.new() for _ in range(4))
    return "\n".join((
        f"{packs}, {state} = {layer}(pack_padded_sequence({name}, {lengths}{option}))",
        f"{out}, {sizes} = pad_packed_sequence({packs}{option})",
    ))  # fmt: skip


@maker(3)
def cell_in_a_loop(draft: Draft) -> str | None:
    """A cell that is called for each step, its states collected."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() == 3 and prod(value.shape) > 0)
    if found is None:
        return None
    name, value = found
    hidden = draft.some_size()
    kind = draft.choice.choice(("GRUCell", "RNNCell", "LSTMCell"))
    cell = draft.layer(f"nn.{kind}({draft.argument(value.shape[-1])}, {draft.argument(hidden)})")
    state, steps, stacked, number = (draft.new() for _ in range(4))
    zeros = f"torch.zeros({draft.size(value.shape[0])}, {draft.size(hidden)})"
    before = f"{state} = {zeros}" if kind != "LSTMCell" else f"{state}, c{state} = {zeros}, {zeros}"
    called = f"{cell}({name}[:, {number}], " + (f"{state})" if kind != "LSTMCell" else f"({state}, c{state}))")
    targets = state if kind != "LSTMCell" else f"{state}, c{state}"
    join = draft.choice.choice(("torch.stack({}, dim=1)", "torch.stack({})", "torch.cat({}, dim=-1)", "torch.cat({})"))
    return "\n".join((
        before,
        f"{steps} = []",
        f"for {number} in range({draft.size(value.shape[1])}):",
        f"    {targets} = {called}",
        f"    {steps}.append({state})",
        f"{stacked} = {join.format(steps)}",
    ))  # fmt: skip


@maker(2)
def attention(draft: Draft) -> str | None:
    """A tensor that attends to itself."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() == 3)
    if found is None:
        return None
    name, value = found
    option = draft.choice.choice(("", ", batch_first=True"))
    if draft.choice.random() < 0.5:
        layer = draft.layer(f"nn.MultiheadAttention({draft.argument(value.shape[-1])}, 1{option})")
        return f"{draft.new(2)} = {layer}({name}, {name}, {name})"
    return f"{draft.new()} = F.scaled_dot_product_attention({name}, {name}, {name})"


@maker(2)
def python(draft: Draft) -> str | None:
    """What is Python's own: tuples, lists, comprehensions, sizes, conditions."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() > 0 and value.shape[0] > 0)
    if found is None:
        return None
    name, _ = found
    forms = (
        "torch.stack([row * 2 for row in {}])", "torch.cat([{}] * 2)", "torch.stack(list({}))", "sum([{}, {}])",
        "{} if {}.size(0) > 1 else {}[0]", "torch.stack([{}[i] for i in range({}.size(0))], dim=-1)",
        "{}.shape[0] * 2 - 1", "{}.size(-1) // 2", "max({}.size(0), 2)", "torch.zeros(*{}.shape)", "tuple({}.shape)",
        "[{}, {}][-1]", "({}, {}[0])[1]", "torch.zeros({}.size(0), int({}.size(-1) / 2))", "{}.view(*{}.shape[:-1], -1)",
        "torch.stack([a + b for a, b in zip({}, {})])", "torch.cat([a[None] for _, a in enumerate({})])",
        "(lambda a: a + 1)({})", "list(map(torch.relu, {}.unbind(0)))[0]", "{}[: {}.size(0) // 2]",
    )  # fmt: skip
    form = draft.choice.choice(forms)
    return f"{draft.new()} = " + form.format(*[name] * form.count("{}"))


@maker(2)
def images(draft: Draft) -> str | None:
    """A layer on two axes of space."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() in (3, 4))
    if found is None:
        return None
    name, value = found
    channels, kernel = draft.argument(value.shape[-3]), draft.choice.randint(1, 3)
    made = draft.choice.choice((
        f"nn.Conv2d({channels}, 4, {kernel}, padding={draft.choice.randint(0, 2)})",
        f"nn.Conv2d({channels}, 2, ({kernel}, 1), stride=(1, 2))",
        f"nn.MaxPool2d({kernel})",
        f"nn.AvgPool2d({kernel}, 1)",
        f"nn.AdaptiveAvgPool2d(({kernel}, 1))",
        f"nn.BatchNorm2d({channels})",
        f"nn.GroupNorm(1, {channels})",
        "nn.Flatten(2)",
    ))  # fmt: skip
    return f"{draft.new()} = {draft.layer(made)}({name})"


@maker(2)
def picked(draft: Draft) -> str | None:
    """Items picked by a tensor of integers, and what is measured against one."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() > 0)
    if found is None:
        return None
    name, value = found
    form = draft.choice.choice((
        "{}.gather({d}, torch.zeros_like({}, dtype=torch.long))",
        "{}.scatter({d}, torch.zeros_like({}, dtype=torch.long), 1.0)",
        "torch.index_select({}, {d}, torch.zeros(2, dtype=torch.long))",
        "{}[torch.zeros(3, dtype=torch.long)]",
        "F.one_hot({}.argmax({d}), 20)",
        "F.cross_entropy({}, torch.zeros({}.size(0), dtype=torch.long))",
        "F.cross_entropy({}, torch.zeros_like({}))",
        "nn.MSELoss()({}, {})",
        "({} > 0.5).float()",
        "({} > 0.5).any({d})",
        "{}.masked_select({} > 0.5)",
        "torch.einsum('...ij->...ji', {})",
        "torch.cdist({}, {})",
        "{}.sort({d}, descending=True).indices",
        "{}.index_select({d}, torch.arange(1))",
    ))  # fmt: skip
    axis = draft.choice.randrange(-value.dim(), value.dim())
    return f"{draft.new()} = " + form.format(*[name] * form.count("{}"), d=axis)


@maker(2)
def one_step(draft: Draft) -> str | None:
    """A cell that is called once, or a layer of a transformer."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() in (1, 2, 3))
    if found is None:
        return None
    name, value = found
    size, hidden = draft.argument(value.shape[-1]), draft.argument(draft.some_size())
    made = draft.choice.choice((f"nn.GRUCell({size}, {hidden})", f"nn.LSTMCell({size}, {hidden})"))
    if value.dim() == 3:
        made = f"nn.TransformerEncoderLayer({size}, 1, 8, batch_first={draft.choice.choice((True, False))})"
    targets = draft.new(2) if "LSTM" in made else draft.new()
    return f"{targets} = {draft.layer(made)}({name})"


@maker(2)
def branches(draft: Draft) -> str | None:
    """A condition, a function of its own, a loop over layers."""
    found = draft.pick(lambda value: value.is_floating_point() and value.dim() > 0)
    if found is None:
        return None
    name, value = found
    made, size = draft.new(), draft.argument(value.shape[-1])
    form = draft.choice.randrange(4)
    if form == 0:
        return f"if self.hidden > {draft.choice.choice((1, 12, 20))}:\n    {made} = {name} * 2\nelse:\n    {made} = {name}[0]"
    if form == 1:
        return f"def f{made}(a, dim=0):\n    return a.mean(dim)\n{made} = f{made}({name}, -1)"
    layers = draft.layer(f"nn.ModuleList([nn.Linear({size}, {size}) for _ in range({draft.choice.randint(1, 10)})])")
    if form == 2:
        return f"{made} = {name}\nfor layer in {layers}:\n    {made} = layer({made})"
    return f"{made} = {name}\nfor at, layer in enumerate({layers}, 1):\n    {made} = torch.cat([layer({name})] * at, 0)"


def random_program(choice: random.Random) -> str:
    """A whole module: a model with random layers, and a call of it."""
    draft = Draft(choice)
    draft.input("x", torch.ones(draft.axes(choice.choice((2, 3, 3, 3)))))
    if choice.random() < 0.3:
        draft.input("ids", torch.ones(draft.axes(choice.randint(1, 2)), dtype=torch.long))
    for _ in range(choice.randint(2, 9)):
        if not draft.write(_statement(draft)):
            break
    return draft.text()


def _statement(draft: Draft) -> str:
    while True:
        with suppress(ValueError):  # of a layer that torch does not make of these sizes
            statement = draft.choice.choice(MAKERS)(draft)
            if statement is not None:
                return statement
