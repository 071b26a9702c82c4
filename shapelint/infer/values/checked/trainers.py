"""Lightning's Trainer: `fit(model, loader)` calls the model's steps with batches of the loader."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.infer.known.table import external
from shapelint.infer.protocol import Site, methods
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.instances import call_special
from shapelint.shapes.value import Str, Unknown, Value, integer

_FIT = "fit"
_STEPS = {"fit": ("train_dataloader", "training_step"), "test": ("test_dataloader", "test_step")}
_GIVEN = ("train_dataloaders", "train_dataloader", "dataloaders", "test_dataloaders")


@dataclass(frozen=True, slots=True)
class Trainer(Value):
    """A Trainer of Lightning, which calls the steps of a module with the batches of a loader."""


@external("pytorch_lightning.Trainer", "lightning.Trainer", "lightning.pytorch.Trainer")
def trainer(run: Run, site: Site) -> Value:
    """A trainer, however it is set up."""
    return Trainer()


@methods(Trainer)
def _method(run: Run, trainer: Trainer, site: Site) -> Value:
    """`fit` and `test` call a step of the model; what else a trainer does is not followed."""
    unknown = site.unknown(run, f"Trainer.{site.name}()")
    model = site.args[0] if site.args else site.kwargs.get("model")
    if site.name not in _STEPS or model is None:
        return unknown
    loads, steps = _STEPS[site.name]
    loader = _loader(run, model, loads, site)
    if isinstance(loader, Unknown):
        batch = Unknown(f"{loader.key}[*0]", "a batch of a loader")
        call_special(run, model, steps, Site(site.node, (batch, integer(0))))
    return unknown


def _loader(run: Run, model: Value, loads: str, site: Site) -> Value | None:
    """The loader that is given, that of a data module, or the model's own."""
    given = [*site.args[1:2], *(site.kwargs[name] for name in _GIVEN if name in site.kwargs)]
    if given and isinstance(given[0], Unknown):
        return given[0]
    for source in (*given, *(site.kwargs[name] for name in ("datamodule",) if name in site.kwargs), model):
        call_special(run, source, "setup", Site(site.node, (Str(_FIT),)))
        loader = call_special(run, source, loads, Site(site.node))
        if loader is not None:
            return loader
    return None
