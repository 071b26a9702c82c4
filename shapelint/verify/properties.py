"""The properties that a claim may name: the closed vocabulary between the rules and the replay.

A rule writes `Claim(property, target, options)`. `target` is the value that is wrong (select it before the
head: a Linear layer hides what is missing), options say how to read it. `Ref`s in options are values of the
same trace; axes are ints and may be negative. A finding with several claims needs all of them.

| property | confirms a finding when | options (`?`: may be left out) |
|---|---|---|
| raises | torch raises at the target's node | `match?` text, `unpack?` int, `on_device?` flag |
| batch_independence | a row reads other samples | `source`, `batch_axis`, `target_axis`, `time_axis?` |
| sees_whole_sequence | a feature ignores a step | `source`, `time_axis` |
| dead_parameters | a parameter of the layer gets no gradient | `layer`, `allowed?` names |
| padding_invariance | padding matters | `source`, `batch_axis`, `time_axis`, `target_axis`, `on_left?` flag |
| causality | a step reads later steps | `source`, `time_axis`, `target_axis` |
| provenance | the cells are not the source's, permuted | `source`, `expected` axes, `split?` ints, `select?` ints |
| equals | the value is another one than the reference | `reference` |
| batch_size_polymorphism | batches of 1, 2, 3 do not show | `source`, `batch_axis`, `target_axis`, `alone?` |
| ignores_padding | padding reaches a loss | `source`, its axes, `padded`, `padded_batch_axis`, `value` |
| unchanged_by | a later step gives the value another shape | `step` |
| dropout_acts | a layer's dropout drops nothing | `dropout?` number |
| argument_acts | a layer is built the same without an argument | `argument` text |
| biased | a layer has no bias | |
| registered | a module that holds the layers so has no parameters of theirs | |
| own_parameters | layers that are held together share parameters | `other?` |
| hooks_run | a call goes past the layer's hooks | |
| loop_matters | one call with all the steps gives what the calls of a loop give | |
| depends_on | nothing of the source reaches the value | `source`, `axis?` int |
| independence | the value depends on the source | `source` |
| separate_graphs | a backward pass needs the graph of an earlier one | `earlier` ref |
| statelessness | two passes over one input differ | `source`, `anew?` ref |
| substitution | other arguments give something else | `replaced` refs, `by` refs |
| state_acts | a layer's call gives the same without its state | |
| has_shape | the value has another rank or size | `sizes` |
| alignment | a score meets another's target | `source`, `batch_axis`, `time_axis?`, `class_axis?`, `targets...` |
| follows_time | torch raises at the target for one step less | `source`, `time_axis` |
| unnormalised | the values along the axis are probabilities | `axis` |

What they mean:

* raises: `match` is a part of the exception's text.
* batch_independence: row i of the target (along `target_axis`) must depend on sample i of the source, and on
  no other. padding_invariance: no row may depend on padding, and each must be what its sample gives alone.
* causality: step t of the target (along `target_axis`) must depend on no step of the source after t.
* `source`: a float or integer tensor of the slice: an input leaf, the embedding's output, `torch.randn(...)`.
  `batch_axis` and `time_axis` are axes **of the source as the author means them**, `target_axis` is the axis
  of the target that the author takes for the batch. `out[-1]` of a batch-first LSTM on x (B, T, I) is
  `Claim("batch_independence", target, {"source": x, "batch_axis": 0, "target_axis": 0})`: the target's rows
  are steps of the last sample. A missing `time_axis` is the other one of the source's axes 0 and 1.
* `unpack` for raises: the target itself runs, and unpacking it into that many names raises
  (`out, h, c = lstm(x)`). `on_device`: the layers and the inputs are on another device than the CPU, and so is
  what the code puts there; torch's device "meta" stands in for it.
* `layer`: the `Ref` of the node that constructs the layer; `allowed`: parameters that may be dead
  ("weight_hh_l0_reverse"). Every parameter must be alive, except those.
* `expected` for provenance: the target must be `source.permute(expected)`, up to merging and splitting
  neighbouring axes. Only layout operations may lie between them. Before that, `split` (axis, size, size) takes
  an axis of the source apart, one size may be -1; then `select` (axis, entry) takes one entry of an axis.
* `reference` for equals: a `Ref`, or `("last_state", call)` for `h_n[-1]`, or `("both_directions", call)`
  for `torch.cat((h_n[-2], h_n[-1]), -1)`, where `call` is the `Ref` of the recurrent layer's call.
* dropout_acts: the target is the node that constructs a recurrent layer. Two passes over the same sequence in
  training mode must differ, unless the layer has no dropout. `dropout` stands in for one that is a parameter.
* depends_on: with `axis`, the target must depend on every entry of the source along it.
* separate_graphs: after a backward pass from `earlier`, one from the target must be possible.
* statelessness: what is drawn at random besides the source must not reach the target; `anew` is a layer that each
  pass builds.
* substitution: the target's own operation must give the same with each of `by` in the place of the argument in
  `replaced`: `fc(c_n)` must be `fc(h_n)`.
* state_acts: the target is the output of a recurrent layer's call.
* has_shape: `sizes` has an entry for each axis: a `Dim`, or None where any size will do.
* argument_acts and biased: the target is the node that constructs a layer. registered and own_parameters: it is
  the node of what holds the layers (ops/holders.py). hooks_run: it is the call of a layer. With
  `other`, own_parameters is about the layers of two calls.
* loop_matters: the target is the output of a recurrent layer's call, the last one of a loop over steps.
* ignores_padding: no step of the source that is padding may reach the target, a loss. `padded` are the classes that
  it is compared with, (batch, time) or the other way round; their padding holds `value`.
* unchanged_by: an operation that works in place may not change the shape of what it is given.
* alignment: the target is the call of a loss. `source` holds the scores and `targets` the targets, both before
  they were cut or flattened, with their axes as meant; `class_axis` is the axis of the classes in what the loss
  gets. Laid over each other, a score and a target must be of the same sample and step.
* follows_time: torch must run the target's node for a source that is one step shorter, too.
* padding_invariance takes the lengths from the program's own packing call, and makes some up without one. The
  padding follows each sequence, or comes before it (`on_left`).

The batch axis of a batch_size_polymorphism source must be a symbol (a parameter's axis), not a literal. With
`alone` it changes without the sizes that the code assumes equal to it.

Blind spots. A non-zero initial state hides a dead reverse weight. ReLU in the slice makes features look
blind to steps, so sees_whole_sequence is for values before a ReLU, and not for `nn.RNN(nonlinearity="relu")`.
With two layers the lower one spreads information: use dead_parameters there. Layers run in eval mode, except
for dropout_acts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shapelint.finding import Claim, Ref, Status
from shapelint.shapes.dim import Dim

REFERENCES = ("last_state", "both_directions")  #: named references of `equals`


@dataclass(frozen=True, slots=True)
class Property:
    """A property's options, each with the kind of value it takes (a key of `_KINDS`)."""

    required: Mapping[str, str]
    optional: Mapping[str, str]


PROPERTIES: Mapping[str, Property] = {
    "raises": Property({}, {"match": "text", "unpack": "int", "on_device": "flag"}),
    "batch_independence": Property({"source": "ref", "batch_axis": "int", "target_axis": "int"}, {"time_axis": "int"}),
    "sees_whole_sequence": Property({"source": "ref", "time_axis": "int"}, {}),
    "dead_parameters": Property({"layer": "ref"}, {"allowed": "names"}),
    "padding_invariance": Property(
        {"source": "ref", "batch_axis": "int", "time_axis": "int", "target_axis": "int"}, {"on_left": "flag"}
    ),
    "causality": Property({"source": "ref", "time_axis": "int", "target_axis": "int"}, {}),
    "provenance": Property({"source": "ref", "expected": "ints"}, {"split": "ints", "select": "ints"}),
    "equals": Property({"reference": "reference"}, {}),
    "batch_size_polymorphism": Property(
        {"source": "ref", "batch_axis": "int", "target_axis": "int"}, {"alone": "flag"}
    ),
    "ignores_padding": Property(
        {"source": "ref", "batch_axis": "int", "time_axis": "int"}
        | {"padded": "ref", "padded_batch_axis": "int", "value": "number"},
        {},
    ),
    "unchanged_by": Property({"step": "ref"}, {}),
    "dropout_acts": Property({}, {"dropout": "number"}),
    "argument_acts": Property({"argument": "text"}, {}),
    "biased": Property({}, {}),
    "registered": Property({}, {}),
    "own_parameters": Property({}, {"other": "ref"}),
    "hooks_run": Property({}, {}),
    "loop_matters": Property({}, {}),
    "depends_on": Property({"source": "ref"}, {"axis": "int"}),
    "independence": Property({"source": "ref"}, {}),
    "separate_graphs": Property({"earlier": "ref"}, {}),
    "statelessness": Property({"source": "ref"}, {"anew": "ref"}),
    "substitution": Property({"replaced": "refs", "by": "refs"}, {}),
    "state_acts": Property({}, {}),
    "alignment": Property(
        {
            **dict.fromkeys(("source", "targets"), "ref"),
            **dict.fromkeys(("batch_axis", "targets_batch_axis"), "int"),
        },
        dict.fromkeys(("time_axis", "targets_time_axis", "class_axis"), "int"),
    ),
    "follows_time": Property({"source": "ref", "time_axis": "int"}, {}),
    "unnormalised": Property({"axis": "int"}, {}),
    "has_shape": Property({"sizes": "sizes"}, {}),
}


def invalid(claim: Claim) -> str | None:
    """What is wrong with a claim's property or options; None when it is well formed."""
    known = PROPERTIES.get(claim.property)
    if known is None:
        return f"there is no property {claim.property}"
    kinds = {**known.required, **known.optional}
    for name in known.required:
        if name not in claim.options:
            return f"{claim.property} needs the option {name}"
    for name, value in claim.options.items():
        if name not in kinds:
            return f"{claim.property} has no option {name}"
        if not _KINDS[kinds[name]](value):
            return f"{claim.property}: {name} is not a {kinds[name]}: {value!r}"
    return None


def status(property: str, holds: bool) -> Status:
    """Tell what the outcome says of the finding: `raises` proves it by holding, the others by failing."""
    return Status.CONFIRMED if holds == (property == "raises") else Status.REFUTED


def refs_of(options: Mapping[str, object]) -> list[Ref]:
    """All trace references in a claim's options."""
    values = [value if isinstance(value, tuple | list) else (value,) for value in options.values()]
    return [item for value in values for item in value if isinstance(item, Ref)]


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_reference(value: object) -> bool:
    if isinstance(value, tuple | list):
        return len(value) == 2 and value[0] in REFERENCES and isinstance(value[1], Ref)
    return isinstance(value, Ref)


_KINDS: Mapping[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "ref": lambda value: isinstance(value, Ref),
    "int": _is_int,
    "number": lambda value: isinstance(value, float) or _is_int(value),
    "ints": lambda value: isinstance(value, tuple | list) and all(map(_is_int, value)),
    "sizes": lambda value: isinstance(value, tuple) and all(size is None or isinstance(size, Dim) for size in value),
    "names": lambda value: isinstance(value, tuple | list) and all(isinstance(name, str) for name in value),
    "refs": lambda value: isinstance(value, tuple | list) and all(isinstance(item, Ref) for item in value),
    "reference": _is_reference,
}
