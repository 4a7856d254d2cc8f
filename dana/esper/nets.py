"""Ordinary networks to grow in, for numbers, images and texts. Esper takes any `nn.Module`; these are at hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dana.esper.train import mlp

__all__ = ["Characters", "cnn", "mlp", "transformer"]


def cnn(channels: list[int], outputs: int, *, size: int = 8, inputs: int = 1, seed: int = 0) -> nn.Sequential:
    """Convolutions of 3 × 3, each with a ReLU and halving the image, then a linear layer. `size`: pixels of a side."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for count in channels:
            layers += [nn.Conv2d(inputs, count, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            inputs, size = count, size // 2
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * size * size, outputs))


class Characters(nn.Module):
    """What follows in a text: embedded characters and places, one transformer layer, the last step's guess."""

    def __init__(self, classes: int, length: int, width: int, heads: int) -> None:
        super().__init__()
        self.embedded = nn.Embedding(classes, width)
        self.places = nn.Parameter(torch.zeros(length, width))
        self.layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout=0.0, batch_first=True)
        self.guess = nn.Linear(width, classes)

    def forward(self, codes: Tensor) -> Tensor:
        """The scores of each character."""
        found: Tensor = self.guess(self.layer(self.embedded(codes) + self.places)[:, -1])
        return found


def transformer(classes: int, length: int, *, width: int = 16, heads: int = 2, seed: int = 0) -> Characters:
    """A small transformer for texts; its weights are drawn from the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Characters(classes, length, width, heads)
