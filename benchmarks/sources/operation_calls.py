"""Which calls of torch by name a tree holds, and which of them the registry knows.

Only what a file's own imports resolve is counted: `torch.cat(...)`, `F.relu(...)`, `nn.Linear(...)`, and not the methods
of values, whose types a text does not tell.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapelint.infer.known.table import EXTERNALS
from shapelint.infer.known.torch_names import canonical
from shapelint.ops.registry import LAYERS, OPS, load
from sources.ast_names import dotted

#: names whose calls make no tensor of shapes and no layer: modes, devices, files, optimizers, processes
_OTHERS = (
    "torch.no_grad torch.device torch.load torch.save torch.compile torch.Generator torch.finfo torch.iinfo "
    "torch.manual_seed torch.inference_mode torch.autocast torch.enable_grad torch.get_default_dtype "
    "torch.set_grad_enabled torch.is_grad_enabled torch.set_float32_matmul_precision torch.set_num_threads"
).split()
_OTHER_ROOMS = (
    "torch.cuda. torch.optim. torch.distributed. torch.jit. torch.amp. torch.backends. torch.compiler. torch._ "
    "torch.multiprocessing. torch.testing. torch.profiler. torch.onnx. torch.hub. torch.mps. torch.xpu. torch.fx. "
    "torch.utils. torch.nn.Module. torch.nn.utils. torch.autograd. torch.export. torch.distributions."
).split()


def calls_in(folder: Path) -> Counter[str]:
    """How often each name of torch is called in the Python files of a folder."""
    counts: Counter[str] = Counter()
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8", errors="ignore") if path.is_file() else ""
        if "torch" in text:
            counts.update(_calls(text))
    return counts


def _calls(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        name = _resolved(node.func, names) if isinstance(node, ast.Call) else None
        if name is not None and not _is_other(canonical(name)):
            yield canonical(name)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "torch":
                    yield (alias.asname, alias.name) if alias.asname else ("torch", "torch")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch" and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _resolved(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """The dotted name of torch that a called expression is; None for anything else."""
    head, dot, rest = dotted(node).partition(".")
    return f"{names[head]}{dot}{rest}" if head in names else None


def _is_other(name: str) -> bool:
    return name in _OTHERS or name.startswith(tuple(_OTHER_ROOMS))


def report(folder: Path, most: int = 50) -> str:
    """The share of the calls whose names are known, and the unknown names that are called most."""
    load()
    counts = calls_in(folder)
    known = {name for name in counts if name in OPS or name in LAYERS or name in EXTERNALS}
    total, found = counts.total(), sum(counts[name] for name in known)
    lines = [
        f"{found} of {total} calls of torch's functions and layers by name are known ({found / max(total, 1):.1%})"
    ]
    unknown = [(name, count) for name, count in counts.most_common() if name not in known]
    return "\n".join([*lines, *(f"{count:6} {name}" for name, count in unknown[:most])])
