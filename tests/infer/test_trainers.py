"""Lightning's Trainer calls the steps of a module with the batches of a loader."""

from __future__ import annotations

import pytest
from followed import traces_of

from shapelint.rules.base import load
from shapelint.trace.node import SCRIPT

load()

MODEL = """\
import torch
import pytorch_lightning as pl
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Data(pl.LightningDataModule):
    def setup(self, stage):
        self.rows = TensorDataset(torch.randn(64, 21), torch.randn(64))

    def train_dataloader(self):
        return DataLoader(self.rows, batch_size=16)

class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(21, 1)

    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.randn(64, 21), torch.randn(64)), batch_size=16)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.mse_loss(self.fc(x), y)

"""


@pytest.mark.parametrize(
    "call",
    [
        "pl.Trainer(max_epochs=1).fit(Model(), datamodule=Data())",
        "pl.Trainer().fit(Model(), Data())",
        "pl.Trainer().fit(Model())",
        "model = Model()\npl.Trainer().fit(model, train_dataloaders=model.train_dataloader())",
        "trainer = pl.Trainer()\ntrainer.fit(Model(), DataLoader(TensorDataset(torch.randn(9, 21), torch.randn(9))))",
    ],
)
def test_the_loss_gets_the_loaders_targets(call: str) -> None:
    script = next(trace for trace in traces_of(MODEL + call + "\n") if trace.entry == SCRIPT)
    (loss,) = [node for node in script.nodes if node.op.endswith("mse_loss")]
    ranks = [getattr(value, "rank", None) for value in loss.args]
    assert ranks == [2, 1]
