"""What a value is: `type` and `isinstance`."""

from __future__ import annotations

from types import UnionType

from shapelint.choices.questions import IsInstance
from shapelint.infer.code.comparisons import is_of_kind, is_of_others, note_kind
from shapelint.infer.known.table import builtin, external
from shapelint.infer.known.torch_names import TENSORS
from shapelint.infer.protocol import Site, class_of
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Builtin, Container, Instance
from shapelint.infer.values.scopes import Class
from shapelint.ops import registry
from shapelint.ops.names import CELLS, MODULE, PACKED, RECURRENT
from shapelint.regex import regex
from shapelint.shapes.term import Term
from shapelint.shapes.value import (
    FALSE,
    TRUE,
    Bool,
    Dict,
    External,
    Float,
    Int,
    Layer,
    List,
    NoneValue,
    Packed,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.syntax import facts

#: the values that are of a class of Python
_PLAIN: dict[str, type[Value] | UnionType] = {
    "tuple": Tuple | Packed,
    "list": List,
    "dict": Dict,
    "int": Int | Bool,
    "float": Float,
    "str": Str,
    "bool": Bool,
}


@builtin("type", least=1, most=1)
def _type(run: Run, site: Site) -> Value:
    return class_of(site.args[0]) or site.unknown_result(run)


@builtin("isinstance", least=2, most=2)
def _isinstance(run: Run, site: Site) -> Value:
    value, kind = site.args[0], site.args[1]
    return _is_one_of(run, value, kind.items if isinstance(kind, Tuple) else (kind,), site)


@external("torch.is_tensor", least=1, most=1)
def _is_tensor(run: Run, site: Site) -> Value:
    """torch.is_tensor(x): `isinstance(x, torch.Tensor)`."""
    return _is_one_of(run, site.args[0], (External("torch.Tensor"),), site)


def _is_one_of(run: Run, value: Value, kinds: tuple[Value, ...], site: Site) -> Value:
    leaf = run.trace.leaf_of(value)
    if leaf is not None and leaf.leaf_key is not None:
        note_kind(run, leaf.leaf_key, kinds)
    answers = [_is_instance(value, one) for one in kinds]
    if any(answers):
        return TRUE
    if all(answer is False for answer in answers):
        return FALSE
    if isinstance(value, Unknown):
        return Bool(is_of_kind(run, value, kinds))
    if isinstance(value, Tensor):
        return Bool(_is_of_dtype(run, value, kinds, site.node))
    return site.unknown_result(run)


def _is_of_dtype(run: Run, value: Tensor, kinds: tuple[Value, ...], node: facts.Expression) -> bool:
    """Decide whether a tensor holds numbers of a kind: `isinstance(x, torch.LongTensor)`."""
    leaf = run.trace.leaf_of(value)
    classes = frozenset(kind.path for kind in kinds if isinstance(kind, External))
    key = (leaf and leaf.leaf_key) or run.key_of(node)
    subject = run.recorder.home.text(node.span)
    return run.path.ask(IsInstance(Term(key), classes), f"{subject}:{key}", subject, None)


def _is_instance(value: Value, kind: Value) -> bool | None:
    if isinstance(value, Unknown):
        return None
    if isinstance(kind, Builtin):
        wanted = _PLAIN.get(kind.name)
        return isinstance(value, wanted) if wanted is not None else None
    if isinstance(kind, External):
        return _is_torch_instance(value, kind.path)
    if isinstance(kind, Class):
        return isinstance(value, Instance) and kind in list(value.cls.lineage())
    return False if isinstance(value, Layer | Container) and is_of_others(kind) else None


_TYPED_TENSOR = regex(r"torch\.(cuda\.)?\w+Tensor\Z")
_LAYER_BASES = (MODULE, "torch.nn.RNNBase")


def _is_torch_instance(value: Value, path: str) -> bool | None:
    if path in TENSORS:
        return isinstance(value, Tensor)
    if isinstance(value, Tensor) and _TYPED_TENSOR.match(path):
        return None  # what it holds is a guess, or not asked
    if path == PACKED:
        return isinstance(value, Packed)
    if isinstance(value, Layer):
        known = path in registry.LAYERS or not path.startswith("torch.")
        return value.kind == path or path in _LAYER_BASES or (False if known else None)
    if isinstance(value, Container):
        return path in (f"torch.nn.{value.kind}", MODULE)
    if isinstance(value, Instance):
        return _derives(value.cls, path)
    if isinstance(value, Tensor | Packed | Tuple | List | Int | Str | NoneValue):
        return False
    return None


def _derives(cls: Class, path: str) -> bool | None:
    """Whether a class of the checked code derives from a class of torch; None where a base is not known."""
    bases = [base for parent in cls.lineage() for base in parent.bases if not isinstance(base, Class)]
    paths = [base.path for base in bases if isinstance(base, External)]
    if path in paths or (path == MODULE and any(p in registry.LAYERS for p in paths)):
        return True
    if len(paths) < len(bases):
        return None
    # no class of torch derives from these, and what is a module only is no layer of torch
    is_layer = path.startswith("torch.nn.") and path != MODULE
    return False if path in RECURRENT | CELLS or (is_layer and set(paths) == {MODULE}) else None
