"""What growing costs: microseconds and shares of CPU time, in one thread, candidates interleaved.

`kernel.*`: loading, keeping and calling what grows. `site.*`: a place where something may grow, asleep and at work.
`forge.*`: what the training's thread pays for kernels that are built beside it. A direct call is the same module
without anything around it; a hand-written module is what somebody would write who wanted just that network.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
import tracemalloc
from random import Random
from typing import TYPE_CHECKING

import torch
from measure import Row, Table
from torch import nn

from dana.esper.blueprint import Blueprint, Node
from dana.esper.forge import Forge
from dana.esper.graft import Graft
from dana.esper.host import Host
from dana.esper.journal import GrowthJournal
from dana.esper.kernel import EnhancedKernelCache, Kernel, RealKernelExecutor, load, load_kernel
from dana.esper.lifecycle import Stage
from dana.esper.modules import build
from dana.esper.snapshot import take
from dana.esper.validation import Urabrask

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = b"the key of the benchmarks, 32 b."
MICRO = 1e6


def measure(*, quick: bool) -> list[Row]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    table = Table(
        f"esper on torch {torch.__version__}, CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run"
    )
    rounds = 400 if quick else 3000
    loading(table, rounds // 4)
    caching(table, rounds)
    executing(table, rounds)
    sleeping(table, rounds)
    blending(table, rounds)
    memory(table)
    steps_beside_the_forge(table, 200 if quick else 1000)
    journalling(table, rounds)
    looking_on(table, 2 if quick else 20)
    return table.close()


def beside(acts: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of this thread for each act, in turns; the first turns warm up."""
    times: dict[str, list[float]] = {name: [] for name in acts}
    order = list(acts.items())
    for turn in range(rounds + rounds // 10):
        for name, act in order if turn % 2 else reversed(order):
            began = time.thread_time()
            act()
            spent = time.thread_time() - began
            if turn >= rounds // 10:
                times[name].append(spent)
    return times


def low(times: list[float]) -> float:
    """The 5th percentile: what it takes when nothing else happens."""
    return sorted(times)[len(times) // 20]


def signed(blueprint: Blueprint) -> bytes:
    verdict = Urabrask(KEY, relative=1000).validate(blueprint)
    assert verdict.refusal is None, verdict.refusal
    return verdict.packed


def wide(name: str, width: int, inner: int) -> Blueprint:
    """LayerNorm, Linear down, GELU, Linear up."""
    nodes = [
        Node("norm", "layer_norm", ["input"], {}),
        Node("down", "linear", ["norm"], {"out": inner}),
        Node("bend", "gelu", ["down"], {}),
        Node("up", "linear", ["bend"], {"out": width}),
    ]
    return Blueprint(name, ["batch", width], nodes, "up")


def loading(table: Table, rounds: int) -> None:
    blueprint = wide("load", 512, 128)
    data = signed(blueprint)
    spent = beside({"load": lambda: load(data, KEY), "build": lambda: build(blueprint)}, rounds)
    said = f"{blueprint.parameters:,} parameters; building it with fresh weights: {low(spent['build']) * 1000:.2f} ms"
    table.add(Row("kernel.load", low(spent["load"]) * 1000, "ms", said, 1.0))


def caching(table: Table, rounds: int) -> None:
    data = signed(wide("cache", 16, 4))
    kernel, cache = load_kernel(data, KEY), EnhancedKernelCache()
    cache.put(kernel, ("batch", 16))
    name, shape = kernel.id, ("batch", 16)

    def hits() -> None:
        for _ in range(100):
            cache.get(name, shape)

    spent = beside({"hit": hits}, rounds)["hit"]
    table.add(Row("kernel.cache hit", low(spent) / 100 * MICRO, "us", "", 1.0))
    table.add(
        Row(
            "kernel.cache misses",
            100 * (1 - zipf(kernel)),
            "%",
            "20,000 calls of 200 kernels, Zipf 1.2, room for 90 %",
            5.0,
        )
    )


def zipf(kernel: Kernel) -> float:
    """The share of hits in a trace of adaptations."""
    chance = Random(7)
    names = [f"{number:064x}" for number in range(200)]
    cache = EnhancedKernelCache(max_size_mb=0.9 * 200 * kernel.bytes / 1e6)
    for name in chance.choices(names, [1 / (rank + 1) ** 1.2 for rank in range(200)], k=20_000):
        if cache.get(name, ("batch", 16)) is None:
            other = Kernel(kernel.artifact, kernel.module)
            other.id = name
            cache.put(other, ("batch", 16))
    return cache.statistics.hit_rate


def executing(table: Table, rounds: int) -> None:
    """512 × 512, a batch of 32: one linear map, checked for shape and finiteness."""
    blueprint = Blueprint("linear", ["batch", 512], [Node("a", "linear", ["input"], {"out": 512})], "a")
    kernel, executor = load_kernel(signed(blueprint), KEY), RealKernelExecutor()
    module, x = kernel.module, torch.randn(32, 512)
    acts = {"direct": lambda: x + module(x), "executor": lambda: executor.execute_kernel(kernel, x)}
    with torch.no_grad():
        spent = beside(acts, rounds)
    over = low(spent["executor"]) - low(spent["direct"])
    said = f"direct {low(spent['direct']) * MICRO:.0f} us"
    table.add(Row("kernel.executor over direct", over * MICRO, "us", said, 5.0))
    table.add(Row("kernel.executor over direct", over / low(spent["direct"]) * 100, "%", said, 5.0))


def sleeping(table: Table, rounds: int) -> None:
    """A host in which nothing grows against the same network without one."""
    plain, hosted = network(), network()
    host = Host(hosted)
    x = torch.randn(32, 64)
    with torch.no_grad():
        spent = beside({"plain": lambda: plain(x), "host": lambda: hosted(x)}, rounds)
    share = statistics.median(a / b for a, b in zip(spent["host"], spent["plain"], strict=True))
    kinds = sum(type(a) is not type(b) for a, b in zip(plain.modules(), hosted.modules(), strict=True))
    table.add(Row("site.dormant modules", kinds, "other", f"{len(host.sites)} sites", 0))
    table.add(Row("site.dormant forward", (share - 1) * 100, "%", "the same network without a host", 2.0))


def network(width: int = 128) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))


class Written(nn.Module):
    """A layer with something beside it, as one would write it by hand."""

    def __init__(self, host: nn.Module, seed: nn.Module, alpha: float) -> None:
        super().__init__()
        self.host, self.seed, self.alpha = host, seed, alpha

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The mixture."""
        value = self.host(x)
        return torch.lerp(value, value + self.seed(value), self.alpha)


def blending(table: Table, rounds: int) -> None:
    blueprint = wide("blend", 512, 512)
    layer, seed = nn.Linear(512, 512), build(blueprint)
    graft = Graft(layer, seed)
    graft.blending, graft.alpha = True, 0.5
    written = Written(layer, seed, 0.5)
    x = torch.randn(32, 512)
    with torch.no_grad():
        spent = beside({"hand": lambda: written(x), "graft": lambda: graft(x)}, rounds)
    share = low(spent["graft"]) / low(spent["hand"])
    said = f"hand-written {low(spent['hand']) * MICRO:.0f} us"
    table.add(Row("site.active graft", share, "x", said, 1.02))


def memory(table: Table) -> None:
    model = nn.Sequential(*(nn.Linear(32, 32) for _ in range(100)))
    Host(model)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    host = Host(model)
    used = (tracemalloc.get_traced_memory()[0] - before) / len(host.sites)
    tracemalloc.stop()
    table.add(Row("site.memory", used / 1e6, "MB", f"{len(host.sites)} dormant sites", 2.0))


def steps_beside_the_forge(table: Table, steps: int) -> None:
    """Training goes on while kernels are built; how long the training's thread spent on that in all."""
    with Forge(key=KEY) as forge:
        model = network()
        host = Host(model, forge=forge, embargo=0)
        optimizer = torch.optim.Adam(model.parameters(), 0.001)
        host.attach(optimizer)
        x, y = torch.randn(32, 64), torch.randint(0, 10, (32,))
        whole = extra = 0.0
        grown, end, number = 0, time.monotonic() + 60, 0
        while number < steps or (grown < 3 and time.monotonic() < end):
            began = time.thread_time()
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            between = time.thread_time()
            if number % 50 == 0 and not forge.waiting:
                site = host.sites[0]
                if site.stage is Stage.TRAINING:
                    grown += 1
                    host.cull(site)
                    host.next_epoch()
                plan = site.propose("bottleneck")
                assert hasattr(plan, "template")
                forge.submit(plan)
            host.step()
            after = time.thread_time()
            whole += after - began
            extra += after - between
            number += 1
        table.add(Row("forge.steps that waited", forge.waits, "", f"{number} steps, {grown} kernels grown", 0))
        table.add(
            Row("forge.share of training", extra / whole * 100, "%", "CPU time of submit, get, germinate, cull", 5.0)
        )


def looking_on(table: Table, rounds: int) -> None:
    """A training with everything of Esper running, and nothing that grows, beside the plain one."""
    from dana.esper.data import digits
    from dana.esper.report import Never
    from dana.esper.train import mlp, train

    data = digits(seed=0)

    def run(controller: object) -> None:
        train(mlp(64, [128, 128], 10), data, epochs=6, controller=controller).finish()

    run("off")
    spent: dict[str, list[float]] = {"off": [], "on": []}
    for turn in range(rounds):
        both = (("off", "off"), ("on", Never()))
        for name, controller in both if turn % 2 else reversed(both):
            gc.collect()  # what the training before left behind is not this one's
            began = time.thread_time()
            run(controller)
            spent[name].append(time.thread_time() - began)
    share = low(spent["on"]) / low(spent["off"]) - 1
    table.add(Row("system.share of a training", share * 100, "%", "host, marks, governor, controller; (128, 128)", 5.0))


def journalling(table: Table, rounds: int) -> None:
    journal = GrowthJournal()
    data = {"site": "0", "template": "widen", "measures": {"neurons": 4}, "step": 1, "epoch": 1, "n": 1}
    model = network()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(4, 64)).sum().backward()
    optimizer.step()
    spent = beside(
        {"event": lambda: journal("esper.germinate", data), "mark": lambda: take(model, [optimizer])}, rounds // 2
    )
    table.add(Row("journal.event", low(spent["event"]) * MICRO, "us", "chained, committed, in memory", 500))
    count = sum(p.numel() for p in model.parameters())
    table.add(Row("snapshot.take", low(spent["mark"]) * 1000, "ms", f"{count:,} parameters and AdamW", 2.0))
