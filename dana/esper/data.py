"""Data to grow on: small, offline, and always the same for a seed; three parts, of which the last is for reports only.

    spirals    two arms of a plane, with noise                          2 inputs, 2 classes
    digits     handwritten digits as 8 × 8 grey values                  64 inputs, 10 classes
    images     the same as images                                       1 × 8 × 8, 10 classes
    chars      which character follows, in a text                       `length` characters, `classes` of them

The digits are the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak 1998, UCI Machine
Learning Repository, CC BY 4.0), as distributed with scikit-learn.
"""

from __future__ import annotations

import csv
import gzip
import io
from importlib.resources import files
from math import cos, pi, sin

import torch
from torch import Tensor
from torch.nn import functional

from dana.esper.refusals import RefusedError

# Shares of training, validation and test examples.
_PARTS = (0.6, 0.2, 0.2)


class Data:
    """Examples in three parts of fixed order: to learn from, to decide by (gates, controllers), and to report on.

    Each part is (x, y): inputs as floats (or whole numbers for texts), classes as whole numbers.
    """

    __slots__ = ("classes", "name", "test", "train", "validation")

    def __init__(
        self,
        name: str,
        train: tuple[Tensor, Tensor],
        validation: tuple[Tensor, Tensor],
        test: tuple[Tensor, Tensor],
        classes: int,
    ) -> None:
        for x, y in (train, validation, test):
            if len(x) != len(y) or not len(x):
                raise RefusedError("refused.argument", f"`{name}`: {len(x)} inputs and {len(y)} answers")
        self.name = name
        self.train = train
        self.validation = validation
        self.test = test
        self.classes = classes

    def changed(self, how: str, seed: int = 0) -> Data:
        """The same task after a shift: "inverted" (dark for light), "rotated" (pixels in another order), "relabelled".

        Raises `RefusedError` for another word.
        """
        generator = torch.Generator().manual_seed(seed)
        if how == "inverted":
            parts = [(x.max() + x.min() - x, y) for x, y in (self.train, self.validation, self.test)]
        elif how == "rotated":
            parts = [(_rotated(x), y) for x, y in (self.train, self.validation, self.test)]
        elif how == "relabelled":
            names = torch.randperm(self.classes, generator=generator)
            parts = [(x, names[y]) for x, y in (self.train, self.validation, self.test)]
        else:
            raise RefusedError("refused.argument", f"`{how}` is no shift; shifts are inverted, rotated, relabelled")
        return Data(f"{self.name}, {how}", parts[0], parts[1], parts[2], self.classes)

    def __repr__(self) -> str:
        sizes = ", ".join(str(len(part[0])) for part in (self.train, self.validation, self.test))
        return f"Data({self.name}: {sizes} examples, {self.classes} classes)"


def split(name: str, x: Tensor, y: Tensor, classes: int, seed: int) -> Data:
    """Examples in three parts, mixed by a seed."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    first, second = int(_PARTS[0] * len(x)), int((_PARTS[0] + _PARTS[1]) * len(x))
    parts = [order[:first], order[first:second], order[second:]]
    (a, b), (c, d), (e, f) = ((x[at], y[at]) for at in parts)
    return Data(name, (a, b), (c, d), (e, f), classes)


def spirals(count: int = 2400, *, turns: float = 1.75, noise: float = 0.02, seed: int = 0) -> Data:
    """Two spirals around each other, `count` points in all, radius up to 1; `noise` is a standard deviation."""
    generator = torch.Generator().manual_seed(seed)
    points, answers = [], []
    for at in range(count):
        arm = at % 2
        along = ((at // 2) / (count / 2)) ** 0.5
        angle = along * turns * 2 * pi + arm * pi
        points.append((along * cos(angle), along * sin(angle)))
        answers.append(arm)
    x = torch.tensor(points) + noise * torch.randn(count, 2, generator=generator)
    return split("spirals", x, torch.tensor(answers), 2, seed)


def digits(*, seed: int = 0) -> Data:
    """1,797 handwritten digits as 64 grey values from -0.5 to 0.5."""
    x, y = _digits()
    return split("digits", x, y, 10, seed)


def images(*, seed: int = 0) -> Data:
    """The digits as images of one channel."""
    x, y = _digits()
    return split("images", x.view(-1, 1, 8, 8), y, 10, seed)


def chars(text: str, *, length: int = 16, count: int = 4000, seed: int = 0) -> Data:
    """The character after each of `count` pieces of `length` characters of a text. Raises `RefusedError`: too short."""
    if len(text) < 4 * length:
        raise RefusedError("refused.argument", f"{len(text)} characters are too few for pieces of {length}")
    alphabet = sorted(set(text))
    known = {character: at for at, character in enumerate(alphabet)}
    codes = torch.tensor([known[character] for character in text])
    generator = torch.Generator().manual_seed(seed)
    # The parts come from different stretches of the text, so that none has seen another's words.
    ends = [0, int(_PARTS[0] * len(text)), int((_PARTS[0] + _PARTS[1]) * len(text)), len(text)]
    parts = []
    for share, low, high in zip(_PARTS, ends, ends[1:], strict=False):
        starts = torch.randint(low, max(low + 1, high - length - 1), (max(1, int(share * count)),), generator=generator)
        x = torch.stack([codes[start : start + length] for start in starts.tolist()])
        parts.append((x, codes[starts + length]))
    return Data("chars", parts[0], parts[1], parts[2], len(alphabet))


def _digits() -> tuple[Tensor, Tensor]:
    packed = files("dana.esper").joinpath("datasets/digits.csv.gz").read_bytes()
    rows = list(csv.reader(io.StringIO(gzip.decompress(packed).decode("ascii"))))
    table = torch.tensor([[int(float(cell)) for cell in row] for row in rows])
    return table[:, :64].float() / 16 - 0.5, table[:, 64].long()


def _rotated(x: Tensor) -> Tensor:
    """A quarter turn of images, or of what was one; the numbers in the opposite order where it was none."""
    side = int(x.shape[-1] ** 0.5) if x.dim() == 2 else 0
    if x.dim() == 4:
        return torch.rot90(x, 1, (2, 3))
    if side * side == x.shape[-1]:
        return torch.rot90(x.view(-1, side, side), 1, (1, 2)).reshape(x.shape)
    return x.flip(-1)


def accuracy(answers: Tensor, y: Tensor) -> float:
    """The share of right answers, 0 to 1."""
    return float((answers.argmax(-1) == y).double().mean())


def example_losses(answers: Tensor, y: Tensor) -> Tensor:
    """The loss of each example by itself."""
    found: Tensor = functional.cross_entropy(answers, y, reduction="none")
    return found
