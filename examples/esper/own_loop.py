"""A training loop of one's own in which a network grows: `python examples/esper/own_loop.py`."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from dana.esper.budget import Budget
from dana.esper.data import accuracy, spirals
from dana.esper.host import Host
from dana.esper.tamiyo import Tamiyo
from dana.esper.train import Growing

EPOCHS, BATCH = 60, 32


def main(epochs: int = EPOCHS) -> float:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    data = spirals(1200, seed=1)
    x, y = data.train
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    host = Host(model, budget=Budget(400, concurrent=2), seed=1)
    host.attach(optimizer)
    growing = Growing(host, validation=data.validation, controller=Tamiyo(), epochs=epochs)

    for epoch in range(epochs):
        for at in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x[at]), y[at])
            (growing.share(loss.item()) * loss).backward()  # once something grew, an odd loss counts for less
            optimizer.step()
            growing.step(loss.item(), (x[at], y[at]))  # α moves, the governor looks at the loss
        for action in growing.epoch():  # the controller decides
            print(f"epoch {epoch + 1}: {action.kind} {action.reason}")

    model = host.finish()  # an ordinary nn.Module
    model.eval()
    with torch.no_grad():
        right = accuracy(model(data.test[0]), data.test[1])
    print(f"{right:.1%} right with {sum(p.numel() for p in model.parameters())} parameters")
    return right


if __name__ == "__main__":
    main()
