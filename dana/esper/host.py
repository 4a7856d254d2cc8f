"""A network in which something can grow: any `nn.Module`, and a table of sites beside it (Kasmina's part, E9, E90).

    host = Host(model, budget=Budget(2_000), example=x)
    host.attach(optimizer)
    plan = host.site("0").propose("widen", neurons=4)
    if host.germinate(plan) is None: …          # None: done; else a refusal that says why not
    host.step()                                  # after each step of the optimiser: α moves, strikes are counted
    model = host.finish()                        # an ordinary nn.Module

A site where nothing grows is an entry in the table: the network keeps its own module objects and its forward pass is
untouched (E99). Everything changes at step boundaries, inside the methods here, after the shield has been asked.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dana.esper import renewal, shield, surgery
from dana.esper.budget import Budget
from dana.esper.graft import Graft, Stream, put, schedule
from dana.esper.grafting import PATIENCE, STRATEGIES
from dana.esper.kernel import KernelValidator
from dana.esper.lifecycle import Event, Seed, Stage
from dana.esper.modules import Adapted, build
from dana.esper.reading import COMPOSITE, facts_of, inner_layer, observed_shapes, readers_of, sizes_of
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.snapshot import Snapshot
from dana.esper.templates import SiteFacts, Template, template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from torch.optim import Optimizer

    from dana.esper.blueprint import Blueprint
    from dana.esper.budget import Cost
    from dana.esper.forge import Forge, Ticket
    from dana.esper.reading import Readers

KINDS: dict[str, tuple[type[nn.Module], ...]] = {
    "linear": (nn.Linear,),
    "conv": (nn.Conv2d,),
    "norm": (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d),
    "attention": (nn.MultiheadAttention,),
    "transformer": (nn.TransformerEncoderLayer,),
}


class Plan:
    """What shall grow where: a template with its measures, what that costs, and what it is expected to bring.

    `gain` and `rent` (in the unit of the measure that is judged) are None until somebody predicted them.
    """

    __slots__ = ("blueprint", "cost", "gain", "kernel", "measures", "reason", "rent", "report", "site", "template")

    def __init__(
        self,
        site: Site,
        template: Template,
        measures: dict[str, int],
        blueprint: Blueprint | None,
        cost: Cost,
    ) -> None:
        self.site = site
        self.template = template
        self.measures = measures
        self.blueprint = blueprint
        self.cost = cost
        self.gain: float | None = None
        self.rent: float | None = None
        self.reason = ""
        # From the forge: the built module, and the report of its validation.
        self.kernel: Any = None
        self.report: Mapping[str, Any] | None = None

    def to_data(self) -> dict[str, Any]:
        """As plain data, for the journal."""
        return {
            "site": self.site.path,
            "template": self.template.name,
            "measures": dict(self.measures),
            "blueprint": None if self.blueprint is None else self.blueprint.id,
            "parameters": self.cost.parameters,
            "flops": self.cost.flops,
            "bytes": self.cost.bytes,
            "kernel": None if self.report is None else self.report.get("kernel"),
            "gain": self.gain,
            "rent": self.rent,
            "reason": self.reason,
            **({"units": self.kernel.units} if isinstance(self.kernel, renewal.Renewal) else {}),
        }

    def __repr__(self) -> str:
        return f"Plan({self.template.name} at `{self.site.path}`, {self.cost.parameters:,} parameters)"


class Site:
    """A place where something may grow: `seed` is its life, `facts` what is known, `plan` what grows there now."""

    __slots__ = (
        "_alpha_steps", "_curve", "_curve_name", "_memory", "_passed", "_start", "_strategy", "facts", "grown",
        "host", "kind", "next_path", "path", "plan", "seed",
    )  # fmt: skip

    def __init__(self, host: Host, path: str, kind: str, facts: SiteFacts, next_path: str, embargo: int) -> None:
        self.host = host
        self.path = path
        self.kind = kind
        self.facts = facts
        self.next_path = next_path
        self.seed = Seed(path, embargo_epochs=embargo)
        self.plan: Plan | None = None
        # The graft, or what surgery made; None while dormant.
        self.grown: nn.Module | None = None
        self._curve: Callable[[float], float] | None = None
        self._curve_name = ""
        self._strategy = "fixed"
        self._memory: dict[str, Any] = {}
        self._alpha_steps = 1
        self._passed = 0
        self._start = 0

    @property
    def stage(self) -> Stage:
        """Where its seed is in its life."""
        return self.seed.stage

    @property
    def alpha(self) -> float:
        """How far what grows here is blended in, 0 to 1."""
        if isinstance(self.grown, Graft):
            return self.grown.alpha if self.grown.blending else 0.0
        return 0.0 if self.grown is None else float(self._memory.get("share", 1.0))

    @property
    def renews(self) -> bool:
        """Whether neurons that were there are being renewed (see `dana.esper.renewal`)."""
        return self.plan is not None and self.grown is not None and self.plan.template.growth in renewal.GROWTHS

    def propose(self, name: str, **measures: int) -> Plan | Refusal:
        """A plan to grow `name` (a template) here, or why that does not fit."""
        try:
            found = template(name)
            if found.growth in ("widen", *renewal.GROWTHS) and self._is_frozen():
                reason = f"`{self.path}` is frozen: neurons of its own would not learn"
                return Refusal("refused.state", reason, "what grows beside it does: adapter, low_rank, bottleneck")
            if found.growth == "beside" and self.host.is_widening(self.path):
                reason = f"what `{self.path}` reads is being widened, and may be narrowed again"
                return Refusal("refused.state", reason, "wait until that is judged")
            blueprint, cost = found.planned(self.facts, **measures)
            return Plan(self, found, found.sized(measures), blueprint, cost)
        except RefusedError as error:
            return error.refusal

    def _is_frozen(self) -> bool:
        return not any(parameter.requires_grad for parameter in self.host.model.get_submodule(self.path).parameters())

    def __repr__(self) -> str:
        return f"Site({self.path}, {self.kind}, {self.seed.stage.value})"


class Mark:
    """A moment to go back to: a snapshot of everything that computes, and where each seed was in its life."""

    __slots__ = ("changes", "events", "lives", "snapshot")

    def __init__(self, host: Host) -> None:
        # How many events the journal had been told: by that a replay finds this moment again.
        self.events = host.events
        self.snapshot = Snapshot(
            host.model,
            host.optimizers,
            host.schedulers,
            step=host.steps,
            extras={"budget": host.budget.snapshot(), "epoch": host.epoch},
        )
        self.changes = list(host.changes)
        self.lives: list[tuple[Any, ...]] = [
            (
                site, site.seed, site.seed.stage, site.seed.since, site.seed.until, tuple(site.seed.history), site.plan,
                site.grown, site.facts, site._curve, site._alpha_steps, site._passed, site._strategy, site._start,
                dict(site._memory),
            )
            for site in host.sites
        ]  # fmt: skip

    @property
    def step(self) -> int:
        """The step of the optimiser it was taken after."""
        return self.snapshot.step


class Host:
    """See above.

    `sites`: kinds ("linear,conv"), or paths of layers; `example`: an input, by which the shapes of values are learnt
    (needed where a Linear sees sequences); `seed`: everything random that grows is drawn from it; `cooldown`: epochs
    between two germinations; `embargo`: epochs a culled site rests; `journal`: called with (kind, data) for each event.
    Raises `RefusedError` when no site is found.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        sites: str | Iterable[str] = "linear,conv",
        budget: Budget | None = None,
        example: Tensor | None = None,
        seed: int = 0,
        cooldown: int = 0,
        embargo: int = 5,
        journal: Callable[[str, dict[str, Any]], object] | None = None,
        forge: Forge | None = None,
    ) -> None:
        self.model = model
        self.forge = forge
        self.budget = budget or Budget()
        self.seed = seed
        self.cooldown = cooldown
        self.epoch = 0
        self.steps = 0
        self.last_change: int | None = None
        self.finite = True
        self.optimizers: list[Optimizer] = []
        self.schedulers: list[Any] = []
        self.marks: list[Mark] = []
        # The changes of topology that lasted, in order: what to do to a fresh model to get this one's.
        self.changes: list[dict[str, Any]] = []
        self._journal = journal
        self.events = 0
        self._births = 0
        # Tracing takes longer than all else here, so it is done once.
        readers = readers_of(model)
        self.sites = self._found(sites, example, embargo, readers)
        self.write("open", self._opened(embargo, readers))

    # --- sites --------------------------------------------------------------------------------------

    def site(self, which: str | int) -> Site:
        """A site by path or position. Raises `RefusedError` with the nearest path."""
        if isinstance(which, int) and not isinstance(which, bool):
            if -len(self.sites) <= which < len(self.sites):
                return self.sites[which]
            raise RefusedError("refused.unknown", f"there are {len(self.sites)} sites, none at {which}")
        for found in self.sites:
            if found.path == which:
                return found
        from dana.diagnostics import suggest

        paths = [found.path for found in self.sites]
        near = suggest(str(which), paths)
        hint = f"did you mean `{near}`?" if near else "sites are " + ", ".join(paths)
        raise RefusedError("refused.unknown", f"there is no site `{which}`", hint)

    def _found(self, sites: str | Iterable[str], example: Tensor | None, embargo: int, readers: Readers) -> list[Site]:
        wanted = [part.strip() for part in sites.split(",")] if isinstance(sites, str) else list(sites)
        modules = dict(self.model.named_modules())
        for name in wanted:
            if name not in KINDS and name not in modules:
                from dana.diagnostics import suggest

                near = suggest(name, [*KINDS, *modules])
                hint = f"did you mean `{near}`?" if near else "kinds are " + ", ".join(KINDS)
                raise RefusedError("refused.unknown", f"`{name}` is no kind of site and no layer", hint)
        shapes = observed_shapes(self.model, example)
        found = []
        # What lies inside a composite layer is read past its `forward`, and belongs to it.
        inside = tuple(f"{path}." for path, module in modules.items() if isinstance(module, COMPOSITE))
        for path, module in modules.items():
            if path.startswith(inside):
                continue
            kind = next((kind for kind, types in KINDS.items() if isinstance(module, types)), None)
            if path and kind is not None and (kind in wanted or path in wanted):
                facts, after = facts_of(path, kind, module, shapes.get(path), modules, readers)
                found.append(Site(self, path, kind, facts, after, embargo))
        if not found:
            raise RefusedError("refused.unknown", "nothing can grow here: the model has no such layers")
        return found

    def _opened(self, embargo: int, readers: Readers) -> dict[str, Any]:
        """What a replay of the journal begins with."""
        sites = [
            {
                "path": site.path, "kind": site.kind, "next": site.next_path, "outputs": site.facts.outputs,
                "per": site.facts.next_inputs // site.facts.outputs if site.facts.outputs else 0,
                "norms": list(readers.get(site.path, ("", (), ""))[1]),
            }
            for site in self.sites
        ]  # fmt: skip
        return {
            "sites": sites, "budget": self.budget.to_data(), "seed": self.seed, "embargo": embargo,
            "cooldown": self.cooldown, "parameters": self.parameters,
        }  # fmt: skip

    # --- what trains it -----------------------------------------------------------------------------

    def attach(self, optimizer: Optimizer, scheduler: Any = None) -> None:
        """Tell who trains the network: what grows is trained with it, and its state is kept and carried along."""
        self.optimizers.append(optimizer)
        if scheduler is not None:
            self.schedulers.append(scheduler)

    def limit(self, budget: Budget) -> None:
        """Another budget from now on."""
        self.budget = budget
        self.write("budget", {"budget": budget.to_data()})

    # --- growing ------------------------------------------------------------------------------------

    def germinate(self, what: Plan | Ticket | Refusal) -> Refusal | None:
        """Let a plan grow: None when it does now, else why not. Takes a snapshot first, if this step has none.

        With a forge, a graft grows only from its ticket: what nobody validated is refused by the shield.
        """
        if isinstance(what, Refusal):
            return what
        plan = what if isinstance(what, Plan) else what.plan
        site = plan.site
        if not isinstance(what, Plan):
            self.write("report", what.to_data())
        if not self.marks or self.marks[-1].step != self.steps:
            self.mark()
        view = shield.View(
            site.stage, self.budget, epoch=self.epoch, last_change=self.last_change, cooldown=self.cooldown,
            finite=self.finite, has_snapshot=bool(self.marks),
            validated=self._is_validated(plan),
        )  # fmt: skip
        refusal = shield.check(view, Event.GERMINATE, plan.cost)
        if refusal is None:
            refusal = self.budget.begin(plan.cost)
        if refusal is None:
            refusal = site.seed.step(Event.GERMINATE, self.epoch, {"validated": 1.0, "fits": 1.0})
        if refusal is not None:
            self.write("refuse", {"asked": "germinate", **plan.to_data(), **refusal.to_data()})
            return refusal
        self._births += 1
        birth = self.seed * 1_000_003 + self._births
        try:
            site.grown = self._grow(plan, birth)
        except RefusedError as error:
            self.budget.give_back(plan.cost)
            site.seed.step(Event.CANCEL, self.epoch)
            site.seed.step(Event.WAKE, self.epoch)
            self.write("refuse", {"asked": "germinate", "cancelled": True, **plan.to_data(), **error.refusal.to_data()})
            return error.refusal
        if self.forge is not None:
            self.forge.used(plan)
        site.plan = plan
        self._tell_neighbours(site)
        self.last_change = self.epoch
        site.seed.step(Event.TRAIN, self.epoch, {"placed": 1.0})
        change = {"do": plan.template.growth, "birth": birth, **plan.to_data()}
        self.changes.append(change)
        self.write("germinate", change)
        return None

    def _is_validated(self, plan: Plan) -> bool:
        """By the forge, where there is one; else by the static rules, which take no time."""
        if self.forge is not None:
            return self.forge.vouches(plan)
        return plan.blueprint is None or KernelValidator().validate(plan.blueprint) is None

    def _grow(self, plan: Plan, birth: int) -> nn.Module:
        site, steps = plan.site, self.optimizers
        layer = self.model.get_submodule(site.path)
        if plan.template.growth == "graft":
            assert plan.blueprint is not None
            with Stream(birth):
                seed = plan.kernel if plan.kernel is not None else build(plan.blueprint)
            first = next(layer.parameters(), None)
            if first is not None:
                seed.to(device=first.device, dtype=first.dtype)
            graft = Graft(layer, seed, stream_seed=birth)
            graft.train(layer.training)
            put(self.model, site.path, graft)
            surgery.join(seed, layer, steps)
            return graft
        if plan.template.growth == "deepen":
            return surgery.deepen(self.model, site.path, steps, like=inner_layer(layer), bend=True)
        if plan.template.growth == "beside":
            with Stream(birth):
                return surgery.adapt(self.model, site.path, plan.measures["rank"], steps)
        after = self._reader(site)
        if plan.template.growth in renewal.GROWTHS:
            with Stream(birth):
                site._memory = renewal.begin(plan.template.growth, plan.kernel, layer, after, steps)
            return layer
        with Stream(birth):
            surgery.widen(
                layer, after, plan.measures["neurons"], steps,
                directions=plan.kernel if isinstance(plan.kernel, Tensor) else None, between=self._between(site),
            )  # fmt: skip
        return layer

    def _reader(self, site: Site) -> nn.Module:
        """The layer that reads a site's value, whatever grew around it."""
        return inner_layer(self.model.get_submodule(site.next_path), first=True)

    def is_widening(self, path: str) -> bool:
        """Whether the layer at a path reads neurons that are just growing."""
        before = [site for site in self.sites if site.next_path == path and site.seed.is_active]
        return any(site.plan is not None and site.plan.template.growth == "widen" for site in before)

    def _has_beside(self, path: str) -> bool:
        """Whether an adapter grew beside the layer at a path."""
        return any(isinstance(module, Adapted) for module in self.model.get_submodule(path).modules())

    def _between(self, site: Site) -> list[nn.Module]:
        """The norms between a site and the layer that reads it."""
        paths = readers_of(self.model).get(site.path, ("", (), ""))[1]
        return [self.model.get_submodule(path) for path in paths]

    def blend(
        self,
        site: Site,
        *,
        curve: str = "cosine",
        steps: int = 100,
        strategy: str = "fixed",
        measured: Mapping[str, float] | None = None,
    ) -> Refusal | None:
        """Begin to blend in what grew: α from 0 to 1 in so many steps, as `strategy` lets it (`dana.esper.grafting`).

        Growths of layers are in already. Raises `ValueError` for a curve or a strategy that does not exist.
        """
        if strategy not in STRATEGIES:
            raise ValueError(f"`{strategy}` is no strategy; strategies are {', '.join(STRATEGIES)}")
        shape = schedule(curve)
        refusal = self._shielded(site, Event.BLEND)
        if refusal is None:
            refusal = site.seed.step(Event.BLEND, self.epoch, measured if measured is not None else self._trained(site))
        if refusal is not None:
            self.write("refuse", {"asked": "blend", "site": site.path, **refusal.to_data()})
            return refusal
        memory: dict[str, Any] = {}
        if isinstance(site.grown, Graft):
            site.grown.blending = True
        elif site.renews and "share" in site._memory:
            memory = site._memory
        if isinstance(site.grown, Graft) or memory:
            site._curve, site._alpha_steps, site._passed, site._start = shape, max(1, steps), 0, self.steps
            site._curve_name, site._strategy, site._memory = curve, strategy, memory
        self.write("blend", {"site": site.path, "curve": curve, "steps": steps, "strategy": strategy})
        if not isinstance(site.grown, Graft) and not memory:
            self._hold(site)
        return None

    def _trained(self, site: Site) -> dict[str, float]:
        """The figures of the gate before blending, as far as they are known without a probe."""
        return {
            "epochs_trained": max(1.0, float(self.epoch - site.seed.since)),
            "gradient_health": 1.0 if self.finite else 0.0,
            "gradient_ratio": 0.0,
            "exploding": 0.0 if self.finite else 1.0,
        }

    def _hold(self, site: Site) -> None:
        if site.seed.step(Event.HOLD, self.epoch, {"alpha": site.alpha}) is None:
            self.write("hold", {"site": site.path})

    def fossilise(self, site: Site, measured: Mapping[str, float]) -> Refusal | None:
        """Make what grew a part of the network for good. `measured`: `gain_low`, `gain_over_rent`, `host_alone`."""
        refusal = self._shielded(site, Event.FOSSILISE)
        if refusal is None:
            refusal = site.seed.step(Event.FOSSILISE, self.epoch, measured)
        if refusal is not None:
            self.write("refuse", {"asked": "fossilise", "site": site.path, **refusal.to_data()})
            return refusal
        if isinstance(site.grown, Graft):
            put(self.model, site.path, site.grown.fused())
        if site.renews:
            site._memory = {}
        self.budget.keep()
        self.last_change = self.epoch
        self.changes.append({"do": "fossilise", "site": site.path})
        self.write("fossilise", {"site": site.path, **dict(measured)})
        self._succeed(site)
        return None

    def _succeed(self, site: Site) -> None:
        """The same place can grow again: a fossilised seed makes room for the next one."""
        site.grown = site.plan = None
        successor = Seed(site.path, embargo_epochs=site.seed.embargo_epochs)
        successor.history = site.seed.history
        site.facts = self._facts_now(site)
        site.seed = successor
        self._tell_neighbours(site)

    def _tell_neighbours(self, site: Site) -> None:
        """The layers before and after one that changed have other sizes to reckon with."""
        for other in self.sites:
            if other is not site and (other.next_path == site.path or other.path == site.next_path):
                other.facts = self._facts_now(other)

    def _facts_now(self, site: Site) -> SiteFacts:
        """The facts of a site after layers have changed their sizes."""
        old = site.facts
        layer = inner_layer(self.model.get_submodule(site.path))
        after = self._reader(site) if site.next_path else None
        inputs, outputs, spatial = sizes_of(layer) if site.kind in ("linear", "conv") else (old.inputs, old.outputs, 1)
        if site.seed.is_active:
            outputs = old.outputs  # what grows here is not part of the layer yet
        shape = old.shape
        if site.kind == "linear":
            shape = (*old.shape[:-1], outputs)
        elif site.kind == "conv":
            shape = (old.shape[0], outputs, *old.shape[2:])
        widens = isinstance(self.model.get_submodule(site.path), (nn.Linear, nn.Conv2d)) and after is not None
        # What grew beside the reader reads the same value.
        widens = widens and not self._has_beside(site.next_path)
        inner, outer, next_spatial = sizes_of(after) if widens and after is not None else (0, 0, 1)
        return SiteFacts(
            site.path, site.kind, shape, inputs=inputs, outputs=outputs, next_inputs=inner, next_outputs=outer,
            spatial=spatial, next_spatial=next_spatial, bias=old.bias, norms=old.norms, bend=old.bend,
        )  # fmt: skip

    def cull(self, site: Site, reason: str = "") -> Refusal | None:
        """Remove what grows at a site: the host's own layer is back, and the site rests."""
        refusal = site.seed.step(Event.CULL, self.epoch)
        if refusal is not None:
            return refusal
        plan = site.plan
        assert plan is not None
        assert site.grown is not None
        if isinstance(site.grown, (Graft, Adapted)):
            put(self.model, site.path, site.grown.host)
            surgery.leave(site.grown.seed, self.optimizers)
        elif isinstance(site.grown, nn.Sequential):
            put(self.model, site.path, site.grown[0])
            surgery.leave(site.grown[-1], self.optimizers)
        elif site.renews:
            layer = self.model.get_submodule(site.path)
            renewal.undo(site._memory, layer, self._reader(site), self.optimizers)
            site._memory = {}
        else:
            self._narrow_back(site)
        self.budget.give_back(plan.cost)
        # As if it had never been: the network is the one before.
        self.changes.remove(next(c for c in reversed(self.changes) if c["site"] == site.path))
        self.write("cull", {**plan.to_data(), "reason": reason})
        site.grown = site.plan = None
        self._tell_neighbours(site)
        site.seed.step(Event.EMBARGO, self.epoch)
        return None

    def _narrow_back(self, site: Site) -> None:
        layer, after = self.model.get_submodule(site.path), self._reader(site)
        keep = list(range(site.facts.outputs))
        surgery.narrow(layer, after, keep, self.optimizers)
        for norm in self._between(site):
            surgery.narrow_norm(norm, keep, self.optimizers)

    def _shielded(self, site: Site, event: Event) -> Refusal | None:
        view = shield.View(site.stage, self.budget, epoch=self.epoch, finite=self.finite, has_snapshot=bool(self.marks))
        return shield.check(view, event)

    # --- time ---------------------------------------------------------------------------------------

    def step(self, loss: float | None = None) -> list[str]:
        """After a step of the optimiser, with its loss: tickets grow, α moves, seeds that failed too often go (their
        paths).
        """
        self.steps += 1
        if self.forge is not None:
            # What the forge has ready by now grows; nothing here ever waits for it.
            for ready in self.forge.get_nowait():
                if isinstance(ready, Refusal):
                    self.write("refuse", {"asked": "forge", **ready.to_data()})
                else:
                    self.germinate(ready)
        gone = []
        for site in self.sites:
            grown = site.grown
            if isinstance(grown, Graft) and grown.is_out:
                faults = ", ".join(f"{count} × {kind}" for kind, count in grown.faults.items())
                if self.cull(site, f"{grown.strikes} strikes: {faults}") is None:
                    gone.append(site.path)
                    continue
            if site.stage is Stage.BLENDING and site._curve is not None:
                if not STRATEGIES[site._strategy](site, loss, site._memory):
                    if self.steps - site._start > PATIENCE * site._alpha_steps:
                        self.cull(site, f"α waited too long ({site._strategy})")
                        gone.append(site.path)
                    continue
                site._passed += 1
                alpha = site._curve(site._passed / site._alpha_steps)
                if isinstance(grown, Graft):
                    grown.alpha = alpha
                else:
                    renewal.move(site._memory, self.model.get_submodule(site.path), alpha, self.optimizers)
                if alpha == 1.0:
                    self._hold(site)
        return gone

    def next_epoch(self) -> None:
        """An epoch is over: sites that rested long enough wake up."""
        self.epoch += 1
        rested = [site for site in self.sites if site.stage is Stage.EMBARGOED]
        woke = [site.path for site in rested if site.seed.step(Event.WAKE, self.epoch) is None]
        if woke:
            self.write("wake", {"sites": woke})

    # --- ways back ----------------------------------------------------------------------------------

    def mark(self, *, keep: int = 5) -> Mark:
        """A moment to go back to; the last `keep` are kept here."""
        mark = Mark(self)
        self.marks.append(mark)
        del self.marks[:-keep]
        return mark

    def rollback(self, mark: Mark, *, lock: Site | None = None, reason: str = "") -> None:
        """Go back to a mark, exactly. `lock`: a site where nothing grows from now on, until it is released."""
        mark.snapshot.restore()
        for site, seed, stage, since, until, history, *rest in mark.lives:
            site.seed = seed
            seed.stage, seed.since, seed.until = stage, since, until
            # The story may have gone on differently since, if this is a mark of a way that was left.
            seed.history[:] = history
            site.plan, site.grown, site.facts, site._curve, site._alpha_steps, site._passed = rest[:6]
            site._strategy, site._start, site._memory = rest[6], rest[7], dict(rest[8])
        self.changes = list(mark.changes)
        self.budget.restore(mark.snapshot.extras["budget"])
        # The epoch goes on: what is rolled back has happened.
        self.finite = True
        if lock is not None:
            lock.seed.stage = Stage.ROLLED_BACK
            lock.seed.since = self.epoch
            lock.seed.note(self.epoch, Event.ROLL_BACK)
        locked = None if lock is None else lock.path
        self.write("rollback", {"to_step": mark.step, "to_event": mark.events, "locked": locked, "reason": reason})

    def release(self, site: Site) -> Refusal | None:
        """Let a locked site be used again."""
        refusal = site.seed.step(Event.RELEASE, self.epoch)
        if refusal is None:
            self.write("release", {"site": site.path})
        return refusal

    @contextmanager
    def without(self, site: Site) -> Iterator[None]:
        """The network as it would be without what grows at a site, for the time of a measurement."""
        grown = site.grown
        if grown is None:
            yield
        elif isinstance(grown, (Graft, Adapted)):
            grown.off = True
            try:
                yield
            finally:
                grown.off = False
        elif isinstance(grown, nn.Sequential):
            put(self.model, site.path, grown[0])
            try:
                yield
            finally:
                put(self.model, site.path, grown)
        elif site.renews:
            with renewal.off(site._memory, self.model.get_submodule(site.path), self._reader(site)):
                yield
        else:
            weight = self._reader(site).weight
            assert isinstance(weight, Tensor)
            per = weight.shape[1] // sizes_of(self.model.get_submodule(site.path))[1]
            first = site.facts.outputs * per
            saved = weight.detach()[:, first:].clone()
            with torch.no_grad():
                weight[:, first:] = 0
            try:
                yield
            finally:
                with torch.no_grad():
                    weight[:, first:] = saved

    # --- the end ------------------------------------------------------------------------------------

    def finish(self) -> nn.Module:
        """The network as an ordinary module: what was not fossilised is removed."""
        for site in self.sites:
            if site.seed.is_active:
                self.cull(site, "the end of growing")
        return self.model

    @property
    def parameters(self) -> int:
        """How many numbers the network learns now."""
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

    def write(self, kind: str, data: dict[str, Any]) -> None:
        """Tell the journal. Events are numbered, so that none can be lost or told twice unnoticed."""
        self.events += 1
        if self._journal is not None:
            self._journal(f"esper.{kind}", {**data, "n": self.events, "step": self.steps, "epoch": self.epoch})
