"""What must hold for a long time: the full runs behind short tests, each from a seed.

python -m tests.esper.long cycles [--count 20000]      germinate and cull: memory does not grow
python -m tests.esper.long rollbacks [--count 1000]    rollbacks after injected faults: all exact
python -m tests.esper.long faults [--count 10000]      seeds that raise, give NaN, other shapes, or take too long
python -m tests.esper.long kills [--count 100]         a store that is killed while it writes
python -m tests.esper.long all
"""

from __future__ import annotations

import argparse
import gc
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc
import weakref
from math import isfinite
from pathlib import Path
from random import Random

import torch
from torch import nn

from dana.adaptive.clock import FakeClock
from dana.esper import graft, surgery
from dana.esper.graft import Graft
from dana.esper.host import Host
from dana.esper.lifecycle import Stage
from dana.esper.refusals import Refusal
from dana.esper.store import Urza
from tests.esper.signing import KEY

ROOT = Path(__file__).parents[2]
TEMPLATES = ("bottleneck", "norm", "widen", "low_rank", "deepen", "bypass")
# Bytes a cycle may leave behind on average: less than one small object.
MOST_BYTES_A_CYCLE = 8.0


class Broken(Exception):
    """A promise was not kept."""


def network():
    torch.manual_seed(0)
    layers = [
        nn.Linear(6, 8),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(8, 7),
        nn.Tanh(),
        nn.Linear(7, 3),
    ]
    return nn.Sequential(*layers)


def train_step(host, chance, scheduler=None):
    """One step on data that the seed decides; its loss."""
    generator = torch.Generator().manual_seed(chance.randrange(2**31))
    x = torch.randn(12, 6, generator=generator)
    y = torch.randint(0, 3, (12,), generator=generator)
    loss = nn.functional.cross_entropy(host.model(x), y)
    for optimizer in host.optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in host.optimizers:
        optimizer.step()
    if scheduler is not None:
        scheduler.step()
    host.step()
    return loss.item()


# --- memory ---------------------------------------------------------------------------------------


def cycles(count, seed=1):
    """Germinate, train a step, cull, `count` times; bytes left behind by a cycle. Raises `Broken`."""
    chance = Random(seed)
    host = Host(network(), embargo=0, seed=seed)
    host.attach(torch.optim.Adam(host.model.parameters(), 0.001))
    modules = [id(module) for module in host.model.modules()]
    seeds = []

    def cycle():
        site = chance.choice(host.sites)
        plan = site.propose(chance.choice(TEMPLATES))
        if isinstance(plan, Refusal):
            return
        if (refusal := host.germinate(plan)) is not None:
            raise Broken(f"{plan}: {refusal}")
        if isinstance(site.grown, Graft):
            seeds.append(weakref.ref(site.grown.seed))
        train_step(host, chance)
        host.cull(site, "cycle")
        host.next_epoch()

    # What the first cycles allocate (caches, histories until they are full) is there for good.
    tracemalloc.start()
    for _ in range(max(100, count // 10)):
        cycle()
    seeds.clear()
    host.marks.clear()
    gc.collect()
    objects, before = len(gc.get_objects()), tracemalloc.get_traced_memory()[0]
    for _ in range(count):
        cycle()
        del seeds[:-100]
    host.marks.clear()
    gc.collect()
    left = (tracemalloc.get_traced_memory()[0] - before) / count
    more = len(gc.get_objects()) - objects
    tracemalloc.stop()
    alive = sum(ref() is not None for ref in seeds)
    if alive:
        raise Broken(f"{alive} culled seeds are still there")
    if [id(module) for module in host.model.modules()] != modules:
        raise Broken("the network is not made of its own modules any more")
    # A short run cannot tell a leak from what caches and tables hold.
    if left > MOST_BYTES_A_CYCLE + 60_000 / count or more > 400 + count // 100:
        raise Broken(f"each cycle leaves {left:.1f} bytes; {more} objects more")
    return left


# --- rollbacks ------------------------------------------------------------------------------------

OPTIMIZERS = (
    lambda p: torch.optim.SGD(p, 0.05, momentum=0.9),
    lambda p: torch.optim.Adam(p, 0.01),
    lambda p: torch.optim.AdamW(p, 0.01),
    lambda p: torch.optim.RMSprop(p, 0.01),
    lambda p: torch.optim.Adagrad(p, 0.05),
)


def everything(host):
    """All that a rollback must bring back, as comparable values."""
    found = [torch.get_rng_state().numpy().tobytes()]
    found += [(name, type(module).__name__, module.training) for name, module in host.model.named_modules()]
    found += [(name, value.numpy().tobytes()) for name, value in host.model.state_dict().items()]
    names = {id(parameter): name for name, parameter in host.model.named_parameters()}
    for optimizer in host.optimizers:
        for group in optimizer.param_groups:
            found.append([names.get(id(parameter), "?") for parameter in group["params"]])
            found.append({key: value for key, value in group.items() if key != "params"})
        for parameter, state in optimizer.state.items():
            values = {k: v.numpy().tobytes() if torch.is_tensor(v) else v for k, v in state.items()}
            found.append((names.get(id(parameter), "?"), sorted(values.items())))
    found += [
        sorted((k, v) for k, v in each.__dict__.items() if isinstance(v, (int, float))) for each in host.schedulers
    ]
    found += [(site.path, site.stage.value, site.alpha, repr(site.plan), site.facts.outputs) for site in host.sites]
    found.append({**host.budget.spent, "growths": 0})
    return found


def torn(host, site, chance):
    """A growth that fails halfway: what it needs to end is broken."""
    plan = site.propose(chance.choice(("bottleneck", "deepen", "low_rank")))
    if isinstance(plan, Refusal):
        return
    whole = surgery.join

    def fails(*_arguments):
        raise MemoryError("injected")

    surgery.join = fails
    try:
        host.germinate(plan)
    except MemoryError:
        return
    finally:
        surgery.join = whole


def harm(host, chance):
    """Something that happens to a host, mostly bad."""
    site = chance.choice(host.sites)
    act = chance.randrange(8)
    with torch.no_grad():
        if act == 0:
            next(iter(host.model.parameters())).fill_(float("nan"))
        elif act == 1:
            for parameter in host.model.parameters():
                parameter.mul_(1e6)
    if act == 2:
        torn(host, site, chance)
    elif act == 3:
        for optimizer in host.optimizers:
            optimizer.state.clear()
            optimizer.param_groups[0]["lr"] = 99.0
    elif act == 4 and isinstance(site.grown, Graft):
        site.grown.strikes = 99
    elif act == 5:
        host.cull(site)
    elif act == 6:
        torch.manual_seed(chance.randrange(100))
    else:
        host.model.train(chance.random() < 0.5)


def live(host, chance):
    """Something that happens to a host, mostly good."""
    site = chance.choice(host.sites)
    act = chance.randrange(5)
    if act <= 1:
        plan = site.propose(chance.choice(TEMPLATES))
        if not isinstance(plan, Refusal):
            host.germinate(plan)
    elif act == 2:
        host.blend(site, steps=chance.randrange(1, 6))
    elif act == 3:
        host.fossilise(site, {"gain_low": 0.1, "gain_over_rent": 0.1, "host_alone": 0.1})
    else:
        host.next_epoch()


def rollbacks(count, seed=1):
    """`count` rollbacks, two to each mark; how many. Raises `Broken` for one that is not exact."""
    done = 0
    while done < count:
        chance = Random(f"{seed}-{done}")
        host = Host(network(), embargo=1, seed=seed)
        optimizer = OPTIMIZERS[done // 2 % len(OPTIMIZERS)](host.model.parameters())
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.9)
        host.attach(optimizer, scheduler)
        for _ in range(chance.randrange(1, 6)):
            live(host, chance)
            train_step(host, chance, scheduler)
        first = done
        mark, right, after = host.mark(), everything(host), Random(first)
        losses = [train_step(host, after, scheduler) for _ in range(3)]
        for _ in range(2):
            for _ in range(chance.randrange(1, 4)):
                chance.choice((harm, live))(host, chance)
                try:
                    train_step(host, chance, scheduler)
                except (RuntimeError, ValueError):  # training on a harmed network may end so
                    continue
            host.rollback(mark, reason="injected")
            if everything(host) != right:
                raise Broken(f"rollback {done} of seed {seed} is not exact")
            after = Random(first)
            if [train_step(host, after, scheduler) for _ in range(3)] != losses:
                raise Broken(f"after rollback {done} of seed {seed} the training goes another way")
            done += 1
    return done


# --- faults ---------------------------------------------------------------------------------------


class Faulty(nn.Module):
    """A seed that fails as chance has it, and counts how often."""

    def __init__(self, inner, chance, share, clock):
        super().__init__()
        self.inner, self.blueprint, self.draws = inner, inner.blueprint, False
        self._chance, self._share, self.clock = chance, share, clock
        self.kind = ""

    def forward(self, value):
        self.kind = (
            self._chance.choice(("raise", "nan", "inf", "shape", "timeout"))
            if self._chance.random() < self._share
            else ""
        )
        part = self.inner(value)
        if self.kind == "raise":
            raise RuntimeError("injected")
        if self.kind in ("nan", "inf"):
            return part + float(self.kind)
        if self.kind == "shape":
            return part[:, :-1]
        if self.kind == "timeout":
            self.clock.now += 1.0
        return part


def faults(count, seed=1, share=0.3):
    """`count` forward passes through faulty seeds; (faults, seeds culled). Raises `Broken`."""
    clock, real = FakeClock(), graft.perf_counter
    graft.perf_counter = clock.monotonic
    try:
        return _faults(count, seed, share, clock)
    finally:
        graft.perf_counter = real


def _faults(count, seed, share, clock):
    chance = Random(seed)
    host = Host(network(), embargo=0, seed=seed, sites="linear")
    host.attach(torch.optim.SGD(host.model.parameters(), 0.01))
    calls = injected = culled = 0
    site = host.sites[0]
    given = {}
    while calls < count:
        if site.stage is Stage.DORMANT:
            if (refusal := host.germinate(site.propose("bottleneck"))) is not None:
                raise Broken(repr(refusal))
            site.grown.seed = faulty = Faulty(site.grown.seed, chance, share, clock)
            site.grown.limit_s = 0.5
            host.next_epoch()
            if chance.random() < 0.7:
                host.blend(site, steps=4)
            site.grown.register_forward_hook(
                lambda own, x, value: given.update(is_host=torch.equal(value, own.host(*x)))
            )
        host.model.train()
        before = site.grown.strikes
        loss = train_step(host, chance)
        calls += 1
        if faulty.kind and (site.grown is None or site.grown.strikes > before):
            injected += 1
            if not given["is_host"]:
                raise Broken(f"call {calls}: a seed that failed ({faulty.kind}) changed the value")
        if not isfinite(loss):
            raise Broken(f"call {calls}: the training has stopped")
        if site.stage is Stage.EMBARGOED:
            culled += 1
            host.next_epoch()
    if not culled or not injected:
        raise Broken("nothing was tried")
    return injected, culled


# --- kills ----------------------------------------------------------------------------------------


def kills(count, seed=1):
    """A store whose writer is killed `count` times; how many kernels were promised. Raises `Broken`."""
    chance, promised = Random(seed), set()
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(count):
            command = [sys.executable, "-m", "tests.esper.victim", folder, str(turn)]
            victim = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
            told = [victim.stdout.readline().decode().strip()]
            time.sleep(chance.random() * 0.05)
            victim.send_signal(signal.SIGKILL)
            told += victim.communicate()[0].decode().split("\n")[:-1]
            promised |= {name for name in told if len(name) == 64}
            urza = Urza(folder)
            urza.sweep(KEY)
            if urza.verify():
                raise Broken(f"kill {turn}: a kernel is damaged")
            lost = promised - {entry.id for entry in urza.entries()}
            if lost:
                raise Broken(f"kill {turn}: {len(lost)} promised kernels are lost")
            urza.close()
    return len(promised)


# --- the command ----------------------------------------------------------------------------------

RUNS = {
    "cycles": (20_000, cycles, "{count:,} germinations and culls leave {found:.2f} bytes each"),
    "rollbacks": (1000, rollbacks, "{found:,} rollbacks under faults, all exact"),
    "faults": (
        10_000,
        faults,
        "{count:,} calls: {found[0]:,} faults, the host's value each time, {found[1]:,} seeds culled",
    ),
    "kills": (100, kills, "{count:,} kills, {found:,} promised kernels, none lost"),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.esper.long", description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=[*RUNS, "all"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in RUNS if options.what == "all" else [options.what]:
        usual, run, said = RUNS[name]
        count = options.count or usual
        began = time.monotonic()
        try:
            found = run(count, options.seed)
        except Broken as error:
            print(f"{name}: {error}")
            return 1
        print(f"{name}: {said.format(count=count, found=found)} ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
