"""What every module has from `nn.Module`, be it a layer, a container or an instance of the code's own class."""

from __future__ import annotations

from shapelint.infer.protocol import Site
from shapelint.infer.run.run import Run
from shapelint.shapes.value import NONE, Value

REGISTERING = frozenset({"register_buffer", "register_parameter", "add_module", "register_module"})
_GIVING_BACK = frozenset(
    "to cuda cpu float double half bfloat16 train eval requires_grad_ apply share_memory type to_empty".split()
)
METHODS = _GIVING_BACK | REGISTERING


def call_module_method(run: Run, module: Value, site: Site) -> Value:
    """A method of `nn.Module`."""
    if site.name in _GIVING_BACK:
        return module
    if site.name == "flatten_parameters":
        return NONE
    return site.unknown(run, f"the module method .{site.name}()")
