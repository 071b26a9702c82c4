"""Modules of the same project: read, lowered and defined when a name from them is needed.

A module is defined once for each analysed file: its imports, definitions and constants are executed, nothing
else. Cyclic imports see what is defined so far, as in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path

from shapelint.data import dataclass
from shapelint.infer.known.torch_names import canonical, is_registered
from shapelint.infer.values.objects import Imported, ModuleValue
from shapelint.infer.values.scopes import Home, Scope
from shapelint.project.given import given
from shapelint.project.imports import imported_file, module_of, read_import
from shapelint.project.reads import remembered, version_of
from shapelint.project.settings import set_from_outside
from shapelint.shapes.value import Bool, External, Float, Int, NoneValue, Str, Tuple, Unknown, Value
from shapelint.source import Problem, Source
from shapelint.syntax import facts

MAX_MODULES = 40  #: modules that are read for one file

Parse = Callable[[Source], facts.Module | Problem]
Define = Callable[[facts.Module, Home, Scope, "Library"], None]


@dataclass(slots=True)
class Library:
    """The project's modules that one analysis has read, by path.

    `parse` and `define` are handed in: rules import this package, and must not load the parser.
    """

    parse: Parse
    define: Define
    modules: dict[Path, ModuleValue | None] = field(default_factory=dict)
    known: dict[Imported, Value | None] = field(default_factory=dict)
    members: dict[str, Value] = field(default_factory=dict)  #: of enumerations, by their texts

    def resolve(self, wanted: Imported) -> Value | None:
        """What an imported name stands for; None where it is not the project's, or cannot be read."""
        if wanted not in self.known:
            self.known[wanted] = None  # an import that needs itself finds nothing
            self.known[wanted] = self._look_up(wanted)
        return self.known[wanted]

    def _look_up(self, wanted: Imported) -> Value | None:
        if (layer := _known_layer(wanted)) is not None:
            return External(layer)
        module = self._load(imported_file(wanted.importer, wanted.module, wanted.level))
        if wanted.name is None:
            return module
        found = self._name_in(module, wanted.name) if module is not None else None
        if found is None or found == wanted:
            return self._submodule(wanted)
        return self.resolve(found) if isinstance(found, Imported) else found

    def member(self, module: ModuleValue, name: str) -> Value | None:
        """`module.name`; a constant that other files of the project assign is what it is until they do."""
        if given().layers and (layer := given().layer(f"{module_of(module.path)[1]}.{name}")):
            return External(layer)
        found = self._name_in(module, name) or Imported(module.path, "", 1, name)
        value = self.resolve(found) if isinstance(found, Imported) else found
        if isinstance(value, Int | Float | Str | Bool | NoneValue) and name in set_from_outside(module.path):
            return Unknown(f"{Path(module.path).stem}.{name}", "a setting that other files give", value)
        return value

    def _name_in(self, module: ModuleValue, name: str) -> Value | None:
        """What a module binds a name to, itself or by a star import."""
        found = module.scope.names.get(name) or self.starred(module.scope.names.get("*"), name)
        is_guess = isinstance(found, External) and name not in module.scope.names and not is_registered(found.path)
        return None if is_guess else found

    def starred(self, stars: Value | None, name: str) -> Value | None:
        """A name that star imports may bind: the project's own modules are asked before torch's."""
        for star in stars.items if isinstance(stars, Tuple) else ():
            if isinstance(star, Imported):
                found = self.resolve(replace(star, name=name))
                if found is not None:
                    return found
            elif isinstance(star, External) and star.path.split(".")[0] == "torch":
                return External(canonical(f"{star.path}.{name}"))
        return None

    def _submodule(self, wanted: Imported) -> Value | None:
        path = f"{wanted.module}.{wanted.name}".lstrip(".")
        return self._load(imported_file(wanted.importer, path, wanted.level))

    def _load(self, path: Path | None) -> ModuleValue | None:
        if path is None:
            return None
        if path not in self.modules and len(self.modules) < MAX_MODULES:
            self.modules[path] = None
            self._read(path)
        return self.modules.get(path)

    def _read(self, path: Path) -> None:
        read = _lowered(self.parse, path, version_of(str(path)))
        if read is None:
            return
        home, module = read
        scope = Scope({}, home=home)
        self.modules[path] = ModuleValue(str(path), scope)
        self.define(module, home, scope, self)


def _known_layer(wanted: Imported) -> str | None:
    """The layer of torch that the settings say a name is."""
    if wanted.name is None or not given().layers:
        return None
    parts = module_of(wanted.importer)[1].split(".")
    package = parts[: len(parts) - wanted.level] if wanted.level else []
    return given().layer(".".join([*package, *filter(None, [wanted.module]), wanted.name]))


@remembered(256)
def _lowered(parse: Parse, path: Path, version: object) -> tuple[Home, facts.Module] | None:
    """A file read and lowered; the files of a package import the same few modules again and again."""
    source = read_import(path)
    module = None if source is None else parse(source)
    if source is None or module is None or isinstance(module, Problem):
        return None
    return Home.of(source, module), module
