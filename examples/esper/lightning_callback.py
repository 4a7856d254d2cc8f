"""The same network in a Lightning training: a callback is all it takes. Needs `pip install lightning`.

python examples/esper/lightning_callback.py
"""

from __future__ import annotations

from typing import Any

import lightning
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from dana.esper.budget import Budget
from dana.esper.data import Data, accuracy, spirals
from dana.esper.host import Host
from dana.esper.tamiyo import Tamiyo
from dana.esper.train import Growing


class Grows(lightning.Callback):
    """Lets `module.model` grow while Lightning trains it. `data` gives the examples by which is decided."""

    def __init__(self, data: Data, *, budget: Budget, seed: int = 0) -> None:
        self.data, self.budget, self.seed = data, budget, seed

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        self.host = Host(module.model, budget=self.budget, seed=self.seed)
        for optimizer in trainer.optimizers:
            self.host.attach(optimizer)
        self.growing = Growing(
            self.host, validation=self.data.validation, controller=Tamiyo(), epochs=trainer.max_epochs or 1
        )

    def on_train_batch_end(self, _trainer: Any, _module: Any, outputs: Any, batch: Any, _at: int) -> None:
        self.growing.step(float(outputs["loss"]), tuple(batch))

    def on_train_epoch_end(self, trainer: lightning.Trainer, _module: Any) -> None:
        for action in self.growing.epoch():
            print(f"epoch {trainer.current_epoch + 1}: {action.kind} {action.reason}")

    def on_train_end(self, _trainer: Any, _module: Any) -> None:
        self.host.finish()


class Classifier(lightning.LightningModule):
    """A plain module of Lightning; nothing in it knows of growing."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))

    def training_step(self, batch: Any, _index: int) -> torch.Tensor:
        x, y = batch
        return functional.cross_entropy(self.model(x), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


def main(epochs: int = 60) -> float:
    lightning.seed_everything(1, verbose=False)
    torch.set_num_threads(1)
    data = spirals(1200, seed=1)
    module = Classifier()
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[Grows(data, budget=Budget(400, concurrent=2), seed=1)],
    )  # fmt: skip
    trainer.fit(module, DataLoader(TensorDataset(*data.train), batch_size=32, shuffle=True))
    module.model.eval()
    with torch.no_grad():
        right = accuracy(module.model(data.test[0]), data.test[1])
    print(f"{right:.1%} right with {sum(p.numel() for p in module.parameters())} parameters")
    return right


if __name__ == "__main__":
    main()
