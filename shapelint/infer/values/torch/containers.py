"""nn.Sequential, nn.ModuleList and nn.ModuleDict."""

from __future__ import annotations

from shapelint.infer.protocol import (
    Site,
    attributes,
    call_value,
    calls,
    items,
    iterates,
    lengths,
    methods,
    takes_item,
)
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Container, Method
from shapelint.infer.values.python.dicts import entries
from shapelint.infer.values.python.lists import grow, insert, item_of_list
from shapelint.infer.values.rounds import Rounds, rounds_over
from shapelint.infer.values.torch.modules import call_module_method
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Dict, Int, Layer, List, Str, Tuple, Unknown, Value
from shapelint.syntax import facts

#: methods of containers of modules, and the methods of dicts that give the same
_MEMBERS = {name: name for name in ("items", "keys", "values")} | {"children": "values", "named_children": "items"}


@calls(Container)
def _call(run: Run, container: Container, site: Site) -> Value:
    """nn.Sequential runs its members in order."""
    if container.kind != "Sequential" or container.length is not None:
        return site.unknown(run, f"calling a {container.kind}")
    container.is_used = True
    given = site.args
    for number, member in enumerate(container.members.values()):
        with run.recorder.within(f"#{number}"):
            value = call_value(run, member, Site(_place(run, container, member, site), given))
            given = (run.path.settle(value) if isinstance(value, Unknown) else value,)
    return given[0] if len(given) == 1 else Tuple(given)


def _place(run: Run, container: Container, member: Value, site: Site) -> facts.Expression:
    """Where a member is called: with the container, or where it was built if the container is called where it was."""
    if container.built is None or site.node is not container.built.expression:
        return site.node
    if isinstance(member, Container) and member.built is not None and member.built.home is container.built.home:
        return member.built.expression
    made = run.trace.node(member.ref) if isinstance(member, Layer) and member.ref is not None else None
    return site.node if made is None or made.path != run.recorder.path else made.expression or site.node


@attributes(Container)
def _attribute(run: Run, container: Container, name: str, node: facts.Expression) -> Value:
    return container.members[name] if name in container.members else Method(container, name)


@items(Container)
def _item(run: Run, container: Container, index: Value, node: facts.Subscript) -> Value:
    container.is_used = True
    members = list(container.members.values())
    if isinstance(index, Str) and index.value in container.members:
        return container.members[index.value]
    found = item_of_list(run, List(members, container.length), index, node)
    if isinstance(found, List):
        return Container(container.kind, {str(i): item for i, item in enumerate(found.items)}, found.length)
    return found


@takes_item(Container)
def _set_item(run: Run, container: Container, index: Value, value: Value, node: facts.Subscript) -> None:
    position = index.dim.constant if isinstance(index, Int) else None
    count = len(container.members)
    if isinstance(index, Str):
        container.members[index.value] = value
    elif position is not None and container.length is None and -count <= position < count:
        container.members[list(container.members)[position]] = value


@iterates(Container)
def _rounds(run: Run, container: Container, node: facts.Expression) -> Rounds:
    container.is_used = True
    members = map(Str, container.members) if container.kind == "ModuleDict" else container.members.values()
    return rounds_over(tuple(members), container.length)


@lengths(Container)
def _length(run: Run, container: Container, node: facts.Expression) -> Value:
    return Int(container.length or Dim.of(len(container.members)))


@methods(Container)
def _method(run: Run, container: Container, site: Site) -> Value:
    if site.name in ("forward", "__call__"):
        return _call(run, container, site)
    if site.name in _MEMBERS:
        container.is_used = True
        return entries(container.members, _MEMBERS[site.name])
    change = _CHANGES.get(site.name)
    made = None if change is None else change(container, site.args)
    return call_module_method(run, container, site) if made is None else made


def _append(container: Container, args: tuple[Value, ...]) -> Value | None:
    if not args:
        return None
    grow(container, List([args[0]]))
    return container


def _extend(container: Container, args: tuple[Value, ...]) -> Value | None:
    if not args or not isinstance(args[0], List | Tuple | Container):
        return None
    grow(container, args[0])
    return container


def _add_module(container: Container, args: tuple[Value, ...]) -> Value | None:
    if len(args) != 2:
        return None
    if isinstance(args[0], Str):
        container.members[args[0].value] = args[1]
    else:
        grow(container, List([args[1]]))
    return NONE


def _insert(container: Container, args: tuple[Value, ...]) -> Value | None:
    if len(args) != 2 or not isinstance(args[0], Int) or container.length is not None:
        return None
    members = List(list(container.members.values()))
    insert(members.items, *args)
    container.members.clear()
    grow(container, members)
    return NONE


def _update(container: Container, args: tuple[Value, ...]) -> Value | None:
    if not args or not isinstance(args[0], Dict) or args[0].open:
        return None
    container.members.update((str(key), value) for key, value in args[0].items.items())
    return NONE


#: what changes a container, and what that gives; None where the arguments do not tell how
_CHANGES = {"append": _append, "extend": _extend, "add_module": _add_module, "insert": _insert, "update": _update}
