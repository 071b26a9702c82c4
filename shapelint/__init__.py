"""shapelint: shapes and axis meanings in PyTorch code, each report proven by torch.

    import shapelint

    shapelint.check(["src"]).findings           # as `shapelint check` does
    shapelint.check_source(text).findings       # of a text
    shapelint.shapes_of(text)                   # the shape of every value

docs/api.md describes what they return. Nothing is loaded before the first call.
"""

# nothing may be imported here: `python -m` has the current folder, which is the checked project's, first on its path
TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapelint.api import ConfigError as ConfigError
    from shapelint.api import Document as Document
    from shapelint.api import ExecutorError as ExecutorError
    from shapelint.api import ShapeRow as ShapeRow
    from shapelint.api import check as check
    from shapelint.api import check_source as check_source
    from shapelint.api import shapes_of as shapes_of

__version__ = "0.2.0"
__all__ = ["ConfigError", "Document", "ExecutorError", "ShapeRow", "__version__", "check", "check_source", "shapes_of"]


_HOMES = {"load_ipython_extension": "editors.jupyter", "unload_ipython_extension": "editors.jupyter"}


def __getattr__(name: str) -> object:
    """What api.py defines, and what IPython looks for, loaded when it is asked for."""
    if name not in __all__ and name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'api')}"), name)
