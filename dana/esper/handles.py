"""What Dana programs hold of Esper: opaque handles with plain results; what is not done is a `Refused` with a code.

Names that begin with an underscore cannot be reached by programs, so a handle shows exactly its methods and the values
it means to show. Nothing here reads or writes files.
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from json import dumps
from math import log1p
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from dana.adaptive.statistics import t95
from dana.esper.checkpoint import saved
from dana.esper.data import accuracy, example_losses
from dana.esper.journal import GrowthJournal, trace
from dana.esper.karn import diagnose, propose
from dana.esper.keeping import ForgeHandle, KernelHandle, StoreHandle, TicketHandle
from dana.esper.probe import probe
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.report import beside
from dana.esper.showing import Quiet, Refused, asked, check_count, one_of, shown, tensor_of, wrong
from dana.esper.snapshot import take
from dana.esper.store import Reporting
from dana.esper.tamiyo import judge

if TYPE_CHECKING:
    from dana.esper.data import Data
    from dana.esper.host import Host, Mark, Plan, Site
    from dana.esper.journal import Told, Trail
    from dana.esper.probe import Figures
    from dana.esper.report import Report
    from dana.esper.tamiyo import Action
    from dana.esper.train import Epoch, Run

# Examples by which a network is probed, and by which something is judged.
PROBED, JUDGED = 256, 2_000
# What doubling the network must bring in loss.
RENT_RATE = 0.01
PARTS = ("train", "validation", "test")
PICTURES = ("png", "svg")


class Heard:
    """Where a network's events go: its own journal, the program's ledger, and a store that wants field reports."""

    __slots__ = ("filing", "program", "then")

    def __init__(self, program: Any) -> None:
        self.program = program
        self.then = GrowthJournal()
        self.filing: Reporting | None = None

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        """One event."""
        self.then(kind, data)
        if self.filing is not None:
            self.filing(kind, data)
        ledger = self.program.ledger
        if ledger is not None:
            ledger.keep(kind, str(data.get("site", "")), dict(data))


class NetHandle:
    """A network in which something can grow."""

    __slots__ = ("_figures", "_heard", "_host", "_probed", "_seen")

    def __init__(self, host: Host, heard: Heard) -> None:
        self._host = host
        self._heard = heard
        # The data it was trained on or looked at with last, and what a probe with it showed at which moment.
        self._seen: Data | None = None
        self._figures: dict[str, Figures] = {}
        self._probed: tuple[int, int] | None = None

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return self._host.parameters

    @property
    def sites(self) -> list[str]:
        """The names of the places where something may grow."""
        return [site.path for site in self._host.sites]

    @property
    def weights(self) -> list[str]:
        """The names of its weights, which `trail` takes."""
        return [name for name, _value in self._host.model.named_parameters()]

    def site(self, which: Any) -> Any:
        """A place by name or position; a `Refused` when there is none."""
        return asked(lambda: SiteHandle(self, self._host.site(which)))

    def germinate(self, what: Any) -> Any:
        """Let a plan, or a ticket of the forge, grow: the growth, or a `Refused`."""
        if isinstance(what, Refused):
            return what
        if not isinstance(what, (PlanHandle, TicketHandle)):
            raise wrong("`germinate` takes a plan, which `site.propose(…)` makes, or a ticket of a forge")
        found = what._plan if isinstance(what, PlanHandle) else what._ticket
        site = what._plan.site if isinstance(what, PlanHandle) else what._ticket.plan.site
        if site.host is not self._host:
            raise wrong("the plan is for another network")
        refusal = self._host.germinate(found)
        return GrowthHandle(self, site) if refusal is None else Refused(refusal)

    def diagnose(self, data: Any) -> list[dict[str, Any]]:
        """Where it is stuck on this data, worst first: fault, site, severity from 0 to 1, and the figures."""
        self._look(data_of(data))
        return [found.to_data() for found in diagnose(self._host, self._figures)]

    def plans(self, data: Any, most: int = 4) -> list[Any]:
        """Plans against what `diagnose` finds, best first, each as far as budget and shape allow."""
        self._look(data_of(data))
        found = propose(self._host, diagnose(self._host, self._figures), self._figures, most=int(most))
        return [PlanHandle(self, plan) for plan in found]

    def _look(self, data: Data | None) -> None:
        """Probe the network with data, unless that was done at this moment."""
        now = self._host.steps, self._host.events
        if data is None or (data is self._seen and self._probed == now):
            return
        x, y = (part[:PROBED] for part in data.train)

        def loss() -> Tensor:
            value: Tensor = functional.cross_entropy(self._host.model(x), y)
            return value

        with Quiet(), Fitting():
            learns = any(parameter.requires_grad for parameter in self._host.model.parameters())
            self._figures = probe(self._host, loss) if learns else {}
        self._seen, self._probed = data, now

    def score(self, data: Any, part: str = "validation") -> dict[str, float]:
        """Loss and accuracy (0 to 1) on a part of the data: train, validation or test."""
        x, y = getattr(data_of(data), one_of(part, PARTS, "part of data"))
        with Quiet(), Fitting():
            found = self._computed(x)
            return {"loss": float(functional.cross_entropy(found, y)), "accuracy": accuracy(found, y)}

    def _computed(self, x: Tensor) -> Tensor:
        model = self._host.model
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        try:
            with torch.no_grad():
                found: Tensor = model(x)
        finally:
            for module, training in modes:
                module.training = training
        return found

    def _losses(self, data: Data) -> Tensor:
        x, y = (part[:JUDGED] for part in data.validation)
        return example_losses(self._computed(x), y).double()

    def mark(self) -> MarkHandle:
        """A moment to go back to."""
        return MarkHandle(self, self._host.mark())

    def rollback(self, mark: Any) -> None:
        """Go back to a mark, exactly."""
        self._host.rollback(self._marked(mark, "rollback"), reason="the program asked for it")

    def twin(self, mark: Any, data: Any = None) -> Judgement:
        """The network beside itself as it was at a mark, on the same held-out examples: what was gained since.

        Gives gain, low, high, rent, wins, loses. `data`: by default what it was trained on last.
        """
        then, known = self._marked(mark, "twin"), self._data(data)
        with Quiet(), Fitting():
            here, size = self._losses(known), self.parameters
            now = take(self._host.model, self._host.optimizers, self._host.schedulers)
            try:
                then.snapshot.restore()
                gains, before = self._losses(known) - here, self.parameters
            finally:
                now.restore()
        return judged(gains, rent=RENT_RATE * log1p(max(0, size - before) / max(1, before)))

    def _marked(self, mark: Any, who: str) -> Mark:
        if not isinstance(mark, MarkHandle):
            raise wrong(f"`{who}` takes what `mark()` gave")
        if mark._net is not self:
            raise wrong("the mark is of another network")
        return mark._mark

    def _data(self, data: Any) -> Data:
        found = self._seen if data is None else data_of(data)
        if found is None:
            raise wrong("the network has seen no data yet", "give the data, or train it first")
        return found

    def freeze(self) -> None:
        """Its weights stay as they are from now on: only what grows beside them learns."""
        for parameter in self._host.model.parameters():
            parameter.requires_grad_(False)

    def use(self, forge: Any) -> None:
        """Let nothing grow but what this forge has validated; None lifts that."""
        if forge is not None and not isinstance(forge, ForgeHandle):
            raise wrong("`use` takes what `forge(…)` gives")
        self._host.forge = None if forge is None else forge._forge

    def report_to(self, store: Any) -> None:
        """File a field report in a store for each growth that ends from now on."""
        if not isinstance(store, StoreHandle):
            raise wrong("`report_to` takes what `store(…)` gives")
        self._heard.filing = Reporting(store._urza)

    def journal(self) -> list[dict[str, Any]]:
        """Everything that happened to it, in order: event, epoch, step, and what it was about."""
        return [told(event) for event in self._heard.then.events()]

    def trail(self, weight: str) -> Any:
        """Where a weight comes from, part by part: template, why it grew, by which kernel, and what became of it."""
        from dana.diagnostics import suggest

        if weight not in self.weights:
            near = suggest(str(weight), self.weights)
            hint = f"did you mean `{near}`?" if near else "`weights` has the names"
            return Refused(Refusal("refused.unknown", f"there is no weight `{weight!s:.60}`", hint))
        return asked(lambda: [_trail(each) for each in trace(self._heard.then.events(), weight)])

    def predict(self, rows: list[Any]) -> list[int]:
        """The class of each row of numbers."""
        x = tensor_of(rows)
        try:
            found = self._computed(x)
        except (RuntimeError, IndexError) as error:
            raise wrong(f"these rows do not fit the network: {str(error).splitlines()[0]}") from None
        return [int(at) for at in found.argmax(-1).tolist()]

    def layers(self) -> list[str]:
        """The layers, as text."""
        return [
            f"{path}: {module}"
            for path, module in self._host.model.named_modules()
            if path and not list(module.children())
        ]

    def __repr__(self) -> str:
        return f"Net({len(self._host.sites)} sites, {self.parameters:,} parameters)"


class Fitting:
    """What a network says of values that do not fit it, in words of the program."""

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (RuntimeError, IndexError)):
            raise wrong(f"the network and the data do not fit: {str(error).splitlines()[0]}") from None


def data_of(data: Any) -> Data:
    """The data of a handle. Raises the program's mistake."""
    if not isinstance(data, DataHandle):
        raise wrong("data is what digits, spirals, images, chars or data gives")
    return data._data


class Judgement:
    """Held-out examples with and without something: the mean gain in loss with its 95 % interval, and what it must be.

    `wins`: it is surely a gain, and above its rent; `loses`: it is surely a loss; `n`: of how many examples.
    """

    __slots__ = ("gain", "high", "loses", "low", "n", "rent", "wins")

    def __init__(self, gain: float, low: float, high: float, rent: float, n: int) -> None:
        self.gain = gain
        self.low = low
        self.high = high
        self.rent = rent
        self.n = n
        self.wins = low > 0 and gain > rent
        self.loses = high < 0

    def __repr__(self) -> str:
        said = "wins" if self.wins else "loses" if self.loses else "is undecided"
        return f"Judgement({said}: gain {self.gain:.4f} ({self.low:.4f} to {self.high:.4f}), rent {self.rent:.4f})"


def judged(gains: Tensor, *, rent: float) -> Judgement:
    """Paired gains of single examples, judged."""
    n = len(gains)
    mean = float(gains.mean())
    half = t95(n - 1) * float(gains.std()) / n**0.5 if n > 1 else float("inf")
    return Judgement(mean, mean - half, mean + half, rent, n)


def told(event: Told) -> dict[str, Any]:
    """An event of a journal as a program sees it."""
    return {**event.data, "event": event.kind}


def _trail(found: Trail) -> dict[str, Any]:
    change = found.change
    return {
        "part": found.part, "template": None if change is None else change.data["template"], "reason": found.trigger,
        "epoch": None if change is None else change.data["epoch"], "kernel": found.kernel,
        "life": [told(event) for event in found.life],
    }  # fmt: skip


class SiteHandle:
    """A place in a network where something may grow."""

    __slots__ = ("_net", "_site")

    def __init__(self, net: NetHandle, site: Site) -> None:
        self._net = net
        self._site = site

    @property
    def name(self) -> str:
        """Its path in the network."""
        return self._site.path

    @property
    def kind(self) -> str:
        """What layer it is."""
        return self._site.kind

    @property
    def outputs(self) -> int:
        """How many values the layer gives."""
        return self._site.facts.outputs

    @property
    def stage(self) -> str:
        """Where what grows here is in its life."""
        return self._site.stage.value

    @property
    def growth(self) -> Any:
        """What grows here now, or None."""
        return GrowthHandle(self._net, self._site) if self._site.seed.is_active else None

    @property
    def history(self) -> list[dict[str, Any]]:
        """What happened here: epoch, event, stage."""
        return [
            {"epoch": at, "event": event.value, "stage": stage.value} for at, event, stage in self._site.seed.history
        ]

    def propose(self, template: str, **measures: Any) -> Any:
        """A plan to grow a template here, or a `Refused`."""
        plan = self._site.propose(str(template), **measures)
        return Refused(plan) if isinstance(plan, Refusal) else PlanHandle(self._net, plan)

    def release(self) -> Any:
        """Let a place that a rollback locked be used again: None, or a `Refused`."""
        return shown(self._site.host.release(self._site))

    def __repr__(self) -> str:
        return repr(self._site)


class PlanHandle:
    """What could grow where, what it costs, and what it promises."""

    __slots__ = ("_gain", "_net", "_plan")

    def __init__(self, net: NetHandle, plan: Plan) -> None:
        self._net = net
        self._plan = plan
        self._gain: float | None = None
        self._promise()

    def _promise(self) -> None:
        """What is to be gained here is looked at before anything grows; afterwards it would be what is left."""
        if self._gain is None and self._net._seen is not None and not self._plan.site.seed.is_active:
            self._net._look(self._net._seen)
            figures = self._net._figures.get(self._plan.site.path)
            self._gain = None if figures is None else figures.get("gain")

    @property
    def template(self) -> str:
        """The name of its template."""
        return self._plan.template.name

    @property
    def site(self) -> str:
        """The name of its place."""
        return self._plan.site.path

    @property
    def measures(self) -> dict[str, int]:
        """Its sizes by name."""
        return dict(self._plan.measures)

    @property
    def parameters(self) -> int:
        """How many numbers it would add."""
        return self._plan.cost.parameters

    @property
    def flops(self) -> int:
        """How many multiply-adds it would add to a forward pass of one example."""
        return self._plan.cost.flops

    @property
    def reason(self) -> str:
        """Why it is proposed; empty for what the program asked for."""
        return self._plan.reason

    @property
    def gain(self) -> float | None:
        """How much less loss a first-order look promises here; None before the network has seen data, and where
        nothing can be promised.
        """
        self._promise()
        return self._gain

    @property
    def rent(self) -> float:
        """How much less loss it must bring to be worth its parameters."""
        return RENT_RATE * log1p(self._plan.cost.parameters / max(1, self._net.parameters))

    @property
    def blueprint(self) -> dict[str, Any] | None:
        """What would be built, as data; None where the layer itself grows."""
        return None if self._plan.blueprint is None else self._plan.blueprint.to_data()

    def carrying(self, kernel: Any) -> Any:
        """The same plan, which a kernel of its blueprint shall grow from; a `Refused` for another one."""
        if isinstance(kernel, Refused):
            return kernel
        if not isinstance(kernel, KernelHandle):
            raise wrong("`carrying` takes a kernel, which `validate(…)` or `load_kernel(…)` gives")
        plan = self._plan
        if plan.blueprint is None or plan.blueprint.id != kernel._kernel.blueprint.id:
            return Refused(
                Refusal("refused.shape", f"the kernel `{kernel.name}` is of another blueprint than the plan")
            )
        made = plan.site.propose(plan.template.name, **plan.measures)
        if isinstance(made, Refusal):
            return Refused(made)
        # A module of its own, as this one will learn.
        made.kernel = KernelHandle(kernel.data, kernel._key)._kernel.module
        made.report = {"kernel": kernel.id, "records": kernel.report}
        made.reason, made.gain = plan.reason, plan.gain
        return PlanHandle(self._net, made)

    def __repr__(self) -> str:
        return repr(self._plan)


class GrowthHandle:
    """Something that grows."""

    __slots__ = ("_net", "_site")

    def __init__(self, net: NetHandle, site: Site) -> None:
        self._net = net
        self._site = site

    @property
    def site(self) -> str:
        """The name of its place."""
        return self._site.path

    @property
    def stage(self) -> str:
        """Where it is in its life."""
        return self._site.stage.value

    @property
    def alpha(self) -> float:
        """How far it is blended in, 0 to 1."""
        return self._site.alpha

    def blend(self, steps: int = 100, curve: str = "cosine", strategy: str = "fixed") -> Any:
        """Begin to blend it in over so many training steps: the growth, or a `Refused` when that cannot be now."""
        check_count("steps", steps)
        try:
            refusal = self._site.host.blend(self._site, curve=curve, steps=steps, strategy=strategy)
        except ValueError as error:
            raise wrong(str(error)) from None
        return self if refusal is None else Refused(refusal)

    def judge(self, data: Any = None, rent_rate: float = RENT_RATE) -> Judgement:
        """What it brings on held-out examples, each with and without it: gain, low, high, rent, wins, loses.

        `data`: by default what the network was trained on last.
        """
        return self._judged(data, rent_rate)[0]

    def _judged(self, data: Any, rent_rate: float) -> tuple[Judgement, dict[str, float]]:
        known = self._net._data(data)
        with Quiet(), Fitting():
            found = judge(self._site.host, self._site, lambda: self._net._losses(known), rent_rate=rent_rate)
        return Judgement(found.gain, found.low, found.high, found.rent, found.n), found.measured()

    def keep(self, data: Any = None, rent_rate: float = RENT_RATE) -> Any:
        """Make it a part of the network for good, if it pays its rent: None, or a `Refused`."""
        return shown(self._site.host.fossilise(self._site, self._judged(data, rent_rate)[1]))

    def cull(self, reason: str = "the program asked for it") -> Any:
        """Remove it; a `Refused` when it is gone or for good."""
        return shown(self._site.host.cull(self._site, str(reason)))

    def __repr__(self) -> str:
        return f"Growth({self._site.path}, {self.stage})"


class MarkHandle:
    """A moment to go back to."""

    __slots__ = ("_mark", "_net")

    def __init__(self, net: NetHandle, mark: Mark) -> None:
        self._net = net
        self._mark = mark

    @property
    def step(self) -> int:
        """After which training step it was taken."""
        return self._mark.step

    def __repr__(self) -> str:
        return f"Mark(step {self.step})"


class DataHandle:
    """Examples in three parts: to learn from, to decide by, to report on."""

    __slots__ = ("_data",)

    def __init__(self, data: Data) -> None:
        self._data = data

    @property
    def name(self) -> str:
        """What it is."""
        return self._data.name

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self._data.classes

    @property
    def sizes(self) -> list[int]:
        """How many examples each part has."""
        return [len(part[0]) for part in (self._data.train, self._data.validation, self._data.test)]

    def changed(self, how: str, seed: int = 0) -> DataHandle:
        """The same task after a shift: inverted, rotated or relabelled."""
        try:
            return DataHandle(self._data.changed(how, seed))
        except RefusedError as error:
            raise wrong(error.refusal.reason) from None

    def __repr__(self) -> str:
        return repr(self._data)


class ReportHandle:
    """A run beside its controls. As text it is a table."""

    __slots__ = ("_text", "fewer", "gap_closed", "rows")

    def __init__(self, found: Report) -> None:
        self.rows = found.rows()
        self.gap_closed = found.gap_closed
        self.fewer = found.fewer
        self._text = str(found)

    def __repr__(self) -> str:
        return self._text


class RunHandle:
    """A training that is over, or was paused."""

    __slots__ = ("_program", "_run", "_saved", "net")

    def __init__(self, run: Run, net: NetHandle, program: Any, *, paused: bool) -> None:
        self._run = run
        self.net = net
        self._program = program
        # Now: the optimiser goes when `train` returns.
        self._saved = _text(run, net) if paused else ""

    def saved(self) -> str:
        """A paused run as text, which `train(…, resume=text)` goes on from."""
        if not self._saved:
            raise wrong("the training is over: what is saved is a run that was paused (`pause=` of `train`)")
        return self._saved

    def report(self, large: Any = None) -> ReportHandle:
        """The run beside all controls, which are trained now, each as long; `large`: a network to compare with."""
        if large is not None and not isinstance(large, NetHandle):
            raise wrong("`large` is a network: mlp, cnn or transformer")
        if self._saved:
            raise wrong("a paused run has nothing to report yet")
        with Quiet(), Fitting():
            return ReportHandle(
                beside(self._run, None if large is None else large._host.model, watch=self._program.meter.check)
            )

    def plot(self, format: str = "png") -> bytes:  # noqa: A002  (the word programs use)
        """Loss, accuracy, parameters, α and what happened, as a picture: the bytes of a png or svg file."""
        from dana.esper.plots import plot

        one_of(format, PICTURES, "format of pictures")
        if not self._run.history:
            raise wrong("there is nothing to draw before the first epoch")
        drawn = BytesIO()
        try:
            plot(self._run, drawn, format=format)
        except RefusedError as error:
            raise wrong(error.refusal.reason, error.refusal.hint) from None
        return drawn.getvalue()

    @property
    def accuracy(self) -> float:
        """The share of right answers on examples nobody decided by, 0 to 1."""
        return self._run.accuracy

    @property
    def parameters(self) -> int:
        """How many numbers the network learns now."""
        return self._run.parameters

    @property
    def growths(self) -> int:
        """How many growths stayed."""
        return self._run.growths

    @property
    def germinations(self) -> int:
        """How many were tried."""
        return self._run.germinations

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """Each epoch: number, loss, accuracy on the part decisions are made by, parameters, what happened."""
        return [epoch_data(epoch) for epoch in self._run.history]

    @property
    def events(self) -> list[str]:
        """What happened, in words."""
        return [
            f"epoch {epoch.number}: {action.kind} at {_where(action)}: {action.reason}"
            for epoch in self._run.history
            for action in epoch.growth
        ]

    @property
    def panics(self) -> list[dict[str, Any]]:
        """What went wrong and was put back: template, site, reason, epoch."""
        governor = self._run.growing.governor
        names = ("template", "site", "reason", "epoch")
        return [] if governor is None else [{n: getattr(each, n) for n in names} for each in governor.reports]

    def judge(self, site: Any, rent_rate: float = RENT_RATE) -> Judgement:
        """What a growth brings on held-out examples, each with and without it: gain, low, high, rent, wins, loses."""
        try:
            found = self._run.host.site(site)
        except RefusedError as error:
            raise wrong(error.refusal.reason, error.refusal.hint) from None
        return GrowthHandle(self.net, found).judge(DataHandle(self._run.data), rent_rate)

    def __repr__(self) -> str:
        return repr(self._run)


def _text(run: Run, net: NetHandle) -> str:
    """A run and its journal as text."""
    told = [[event.kind, event.data] for event in net._heard.then.events()]
    return f"{b64encode(saved(run)).decode()}.{b64encode(dumps(told).encode()).decode()}"


def _where(action: Action) -> str:
    return "" if action.site is None else f"`{action.site.path}`"


def epoch_data(epoch: Epoch) -> dict[str, Any]:
    """An epoch as a program sees it."""
    return {
        "number": epoch.number,
        "loss": epoch.loss,
        "accuracy": epoch.accuracy,
        "parameters": epoch.parameters,
        "growth": [f"{action.kind} at {_where(action)}" for action in epoch.growth],
    }
