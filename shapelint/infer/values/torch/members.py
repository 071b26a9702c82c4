"""What a recurrent layer of torch has besides its options, and what it certainly has not."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.infer.protocol import Site
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Container
from shapelint.infer.values.torch.module_holders import layers_in
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.regex import regex
from shapelint.shapes.value import Layer, Value

#: of any module
_MODULE = frozenset(
    "T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double "
    "dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half "
    "ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters "
    "requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu "
    "zero_grad".split()
)
#: of layers and cells that run over steps
_RECURRENT = frozenset(
    "all_weights check_forward_args check_hidden_size check_input flatten_parameters get_expected_cell_size "
    "get_expected_hidden_size mode nonlinearity permute_hidden proj_size reset_parameters".split()
)
_OPEN = regex(r"_|weight|bias|register")  #: what torch has under many names, or keeps for itself


def lacks(layer: Layer, name: str) -> bool:
    """Whether torch gives a layer no attribute of that name; False where that is not known."""
    if layer.kind not in RECURRENT | CELLS or name in layer.config or _OPEN.match(name):
        return False
    return name not in _MODULE | _RECURRENT


def is_as_built(run: Run, layer: Layer, name: str) -> bool:
    """Whether no code can have set an attribute of a layer: neither by its name, nor where the layer was given away."""
    return layer.ref not in run.altered | run.lent and name not in run.recorder.home.changed


def lend(run: Run, site: Site) -> None:
    """What something that is not understood does to the layers that it is given is not known."""
    for value in _given(site):
        run.lent |= {layer.ref for layer in layers_in(value)}
        if isinstance(value, Container):
            value.is_used = True


def _given(site: Site) -> Iterator[Value]:
    yield from site.args
    yield from site.kwargs.values()
