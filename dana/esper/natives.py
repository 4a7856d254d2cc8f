"""Esper as Dana programs see it: opaque handles with plain results; what is not done is a `Refused` with a code.

Names that begin with an underscore cannot be reached by programs, so a handle shows exactly its methods and the values
it means to show. Nothing here reads or writes files. Long work looks at the program's deadline between steps.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from dana.esper import data as sets
from dana.esper import nets
from dana.esper.budget import Budget
from dana.esper.checkpoint import saved
from dana.esper.host import Host, Mark, Plan, Site
from dana.esper.lifecycle import Event
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.report import beside
from dana.esper.tamiyo import BLEND, CULL, FOSSILISE, GERMINATE, Action, Judgement, View, judge
from dana.esper.train import CONTROLLERS, Epoch, Run, train

if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.esper.report import Report

MOST_NEURONS = 1_000_000
MOST_ROWS = 1_000_000
# What grows derives seeds of its own from a run's.
MOST_SEED = 1_000_000_000
# Neurons of one layer times those of the next.
MOST_WEIGHTS = 50_000_000


class Refused:
    """Why something was not done: `code`, `reason`, `hint`. It counts as false."""

    __slots__ = ("code", "hint", "reason")

    def __init__(self, refusal: Refusal) -> None:
        self.code = refusal.code
        self.reason = refusal.reason
        self.hint = refusal.hint

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"Refused({self.code}: {self.reason})"


def _shown(refusal: Refusal | None) -> Any:
    return None if refusal is None else Refused(refusal)


class NetHandle:
    """A network in which something can grow."""

    __slots__ = ("_host", "_spent")

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return self._host.parameters

    @property
    def sites(self) -> list[str]:
        """The names of the places where something may grow."""
        return [site.path for site in self._host.sites]

    def site(self, which: Any) -> Any:
        """A place by name or position; a `Refused` when there is none."""
        try:
            return SiteHandle(self._host.site(which))
        except RefusedError as error:
            return Refused(error.refusal)

    def germinate(self, plan: Any) -> Any:
        """Let a plan grow: the growth, or a `Refused`."""
        if isinstance(plan, Refused):
            return plan
        if not isinstance(plan, PlanHandle):
            raise _wrong("`germinate` takes a plan, which `site.propose(…)` makes")
        refusal = self._host.germinate(plan._plan)
        return GrowthHandle(self._host, plan._plan.site) if refusal is None else Refused(refusal)

    def mark(self) -> MarkHandle:
        """A moment to go back to."""
        return MarkHandle(self._host.mark())

    def rollback(self, mark: Any) -> None:
        """Go back to a mark, exactly."""
        if not isinstance(mark, MarkHandle):
            raise _wrong("`rollback` takes what `mark()` gave")
        self._host.rollback(mark._mark, reason="the program asked for it")

    def freeze(self) -> None:
        """Its weights stay as they are from now on: only what grows beside them learns."""
        for parameter in self._host.model.parameters():
            parameter.requires_grad_(False)

    def predict(self, rows: list[Any]) -> list[int]:
        """The class of each row of numbers."""
        x = _tensor(rows)
        model = self._host.model
        training = model.training
        model.eval()
        try:
            with torch.no_grad():
                found = model(x)
        except (RuntimeError, IndexError) as error:
            raise _wrong(f"these rows do not fit the network: {str(error).splitlines()[0]}") from None
        finally:
            model.train(training)
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


class SiteHandle:
    """A place in a network where something may grow."""

    __slots__ = ("_site",)

    def __init__(self, site: Site) -> None:
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
    def stage(self) -> str:
        """Where what grows here is in its life."""
        return self._site.stage.value

    @property
    def history(self) -> list[dict[str, Any]]:
        """What happened here: epoch, event, stage."""
        return [
            {"epoch": at, "event": event.value, "stage": stage.value} for at, event, stage in self._site.seed.history
        ]

    def propose(self, template: str, **measures: Any) -> Any:
        """A plan to grow a template here, or a `Refused`."""
        plan = self._site.propose(str(template), **measures)
        return Refused(plan) if isinstance(plan, Refusal) else PlanHandle(plan)

    def __repr__(self) -> str:
        return repr(self._site)


class PlanHandle:
    """What could grow where, and what it costs."""

    __slots__ = ("_plan",)

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @property
    def template(self) -> str:
        """The name of its template."""
        return self._plan.template.name

    @property
    def site(self) -> str:
        """The name of its place."""
        return self._plan.site.path

    @property
    def parameters(self) -> int:
        """How many numbers it would add."""
        return self._plan.cost.parameters

    @property
    def blueprint(self) -> dict[str, Any] | None:
        """What would be built, as data; None where the layer itself grows."""
        return None if self._plan.blueprint is None else self._plan.blueprint.to_data()

    def __repr__(self) -> str:
        return repr(self._plan)


class GrowthHandle:
    """Something that grows."""

    __slots__ = ("_host", "_site")

    def __init__(self, host: Host, site: Site) -> None:
        self._host = host
        self._site = site

    @property
    def stage(self) -> str:
        """Where it is in its life."""
        return self._site.stage.value

    @property
    def alpha(self) -> float:
        """How far it is blended in, 0 to 1."""
        return self._site.alpha

    def blend(self, steps: int = 100, curve: str = "cosine", strategy: str = "fixed") -> Any:
        """Begin to blend it in over so many training steps; a `Refused` when that cannot be now."""
        try:
            return _shown(self._host.blend(self._site, curve=curve, steps=int(steps), strategy=strategy))
        except ValueError as error:
            raise _wrong(str(error)) from None

    def cull(self, reason: str = "the program asked for it") -> Any:
        """Remove it; a `Refused` when it is gone or for good."""
        return _shown(self._host.cull(self._site, str(reason)))

    def __repr__(self) -> str:
        return f"Growth({self._site.path}, {self.stage})"


class MarkHandle:
    """A moment to go back to."""

    __slots__ = ("_mark",)

    def __init__(self, mark: Mark) -> None:
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

    def __init__(self, data: sets.Data) -> None:
        self._data = data

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
            raise _wrong(error.refusal.reason) from None

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

    def __init__(self, run: Run, net: NetHandle, program: Any) -> None:
        self._run = run
        self.net = net
        self._program = program
        # Now: the optimiser goes when `train` returns.
        self._saved = "" if len(run.history) >= run.epochs else b64encode(saved(run)).decode()

    def saved(self) -> str:
        """A paused run as text, which `train(…, resume=text)` goes on from."""
        if not self._saved:
            raise _wrong("the training is over: what is saved is a run that was paused (`pause=` of `train`)")
        return self._saved

    def report(self, large: Any = None) -> ReportHandle:
        """The run beside all controls, which are trained now, each as long; `large`: a network to compare with."""
        if large is not None and not isinstance(large, NetHandle):
            raise _wrong("`large` is a network: mlp, cnn or transformer")
        if self._saved:
            raise _wrong("a paused run has nothing to report yet")
        with _Quiet():
            return ReportHandle(
                beside(self._run, None if large is None else large._host.model, watch=self._program.meter.check)
            )

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
        return [_epoch(epoch) for epoch in self._run.history]

    @property
    def events(self) -> list[str]:
        """What happened, in words."""
        return [
            f"epoch {epoch.number}: {action.kind} at {_where(action)}: {action.reason}"
            for epoch in self._run.history
            for action in epoch.growth
        ]

    def judge(self, site: Any, rent_rate: float = 0.01) -> dict[str, Any]:
        """What a growth brings on held-out examples, each with and without it: gain, low, high, rent, wins, loses."""
        found = self.net._host.site(site)
        return _judged(judge(self._run.host, found, self._run.growing._held_out, rent_rate=rent_rate))

    def __repr__(self) -> str:
        return repr(self._run)


def _where(action: Action) -> str:
    return "" if action.site is None else f"`{action.site.path}`"


def _epoch(epoch: Epoch) -> dict[str, Any]:
    return {
        "number": epoch.number,
        "loss": epoch.loss,
        "accuracy": epoch.accuracy,
        "parameters": epoch.parameters,
        "growth": [f"{action.kind} at {_where(action)}" for action in epoch.growth],
    }


def _judged(found: Judgement) -> dict[str, Any]:
    return {
        "gain": found.gain, "low": found.low, "high": found.high, "rent": found.rent, "n": found.n,
        "wins": found.low > 0 and found.gain > found.rent, "loses": found.high < 0,
    }  # fmt: skip


class _Asked:
    """A function of the program as a controller: it sees plain data and says what shall be done; the shield decides."""

    blend_epochs = 2

    def __init__(self, function: Callable[[dict[str, Any]], Any]) -> None:
        self.function = function

    def decide(self, view: View) -> list[Action]:
        """Ask the program."""
        said = self.function({
            "epoch": view.epoch, "epochs": view.epochs, "losses": list(view.losses), "parameters": view.host.parameters,
            "sites": [
                {"name": site.path, "kind": site.kind, "stage": site.stage.value, "outputs": site.facts.outputs}
                for site in view.host.sites
            ],
        })  # fmt: skip
        if said is None:
            return []
        if not isinstance(said, list):
            raise _wrong("a controller returns a list of actions (dicts), or None")
        return [found for each in said if (found := self._action(view, each)) is not None]

    def _action(self, view: View, said: Any) -> Action | None:
        if not isinstance(said, dict) or "do" not in said or "site" not in said:
            raise _wrong('an action is a dict like {"do": "germinate", "site": "0", "template": "widen", "neurons": 4}')
        try:
            site = view.host.site(said["site"])
        except RefusedError as error:
            raise _wrong(error.refusal.reason) from None
        if said["do"] == GERMINATE:
            measures = {key: value for key, value in said.items() if key not in ("do", "site", "template")}
            plan = site.propose(str(said.get("template", "widen")), **measures)
            if isinstance(plan, Refusal):
                view.host.write("refuse", {"asked": "propose", "site": site.path, **plan.to_data()})
                return None
            return Action(GERMINATE, site, plan, "the program's controller")
        if said["do"] in (BLEND, CULL):
            return Action(said["do"], site, reason="the program's controller")
        if said["do"] == FOSSILISE:
            found = judge(view.host, site, view.held_out, rent_rate=0.0)
            return Action(FOSSILISE, site, reason="the program's controller", measured=found.measured())
        known = ", ".join(event.value for event in (Event.GERMINATE, Event.BLEND, Event.FOSSILISE, Event.CULL))
        raise _wrong(f"`{said['do']}` is no action; actions are {known}")


class Esper:
    """Esper for one program."""

    __slots__ = ("_program",)

    def __init__(self, program: Any) -> None:
        self._program = program

    def warm_up(self) -> None:
        """Let torch make what it makes at its first use."""
        with torch.random.fork_rng(devices=[]):
            train(nets.mlp(2, [2], 2), sets.spirals(20), epochs=1, controller="off").finish()

    def mlp(self, inputs: int, hidden: list[int], outputs: int, seed: int = 0) -> NetHandle:
        """Layers of neurons with a ReLU after each hidden one."""
        _seed(seed)
        sizes = [inputs, *hidden, outputs]
        _sizes(sizes)
        if sum(one * other for one, other in pairwise(sizes)) > MOST_WEIGHTS:
            raise _wrong(f"a network of more than {MOST_WEIGHTS:,} weights is too large for this")
        return self._net(nets.mlp(inputs, list(hidden), outputs, seed=seed), torch.zeros(2, inputs), seed)

    def cnn(self, channels: list[int], outputs: int, size: int = 8, seed: int = 0) -> NetHandle:
        """Convolutions over images of one channel, each halving them, and a linear layer."""
        _seed(seed)
        _sizes([*channels, outputs, size])
        if size >> len(channels) < 1:
            raise _wrong(f"images of {size} pixels cannot be halved {len(channels)} times")
        model = nets.cnn(list(channels), outputs, size=size, seed=seed)
        return self._net(model, torch.zeros(2, 1, size, size), seed)

    def transformer(self, classes: int, length: int, width: int = 16, heads: int = 2, seed: int = 0) -> NetHandle:
        """A small transformer over texts of `length` characters."""
        _seed(seed)
        _sizes([classes, length, width, heads])
        if width % heads:
            raise _wrong(f"{heads} heads do not divide a width of {width}")
        model = nets.transformer(classes, length, width=width, heads=heads, seed=seed)
        example = torch.zeros(2, length, dtype=torch.long)
        return NetHandle(Host(model, sites="linear,transformer", example=example, seed=seed, journal=self._heard))

    def _net(self, model: torch.nn.Module, example: torch.Tensor, seed: int) -> NetHandle:
        return NetHandle(Host(model, example=example, seed=seed, journal=self._heard))

    def _heard(self, kind: str, data: dict[str, Any]) -> None:
        """What happens in networks is in the program's ledger, beside everything else."""
        ledger = self._program.ledger
        if ledger is not None:
            ledger.keep(kind, str(data.get("site", "")), dict(data))

    def data(self, rows: list[Any], answers: list[int], seed: int = 0) -> DataHandle:
        """Examples of your own: rows of numbers, and the class of each (0, 1, 2 …)."""
        _seed(seed)
        x = _tensor(rows)
        if len(answers) != len(rows) or len(rows) < 10:
            raise _wrong(f"{len(rows)} rows and {len(answers)} answers: there must be as many, and 10 at least")
        if any(answer.__class__ is not int or answer < 0 for answer in answers):
            raise _wrong("answers are whole numbers from 0")
        return DataHandle(sets.split("data", x, torch.tensor(answers), max(answers) + 1, seed))

    def spirals(self, count: int = 2400, noise: float = 0.02, seed: int = 0) -> DataHandle:
        """Two spirals around each other."""
        _seed(seed)
        _sizes([count])
        if count < 10:
            raise _wrong(f"{count} points are too few for three parts: 10 at least")
        return DataHandle(sets.spirals(count, noise=noise, seed=seed))

    def digits(self, seed: int = 0) -> DataHandle:
        """Handwritten digits as 64 grey values."""
        _seed(seed)
        return DataHandle(sets.digits(seed=seed))

    def images(self, seed: int = 0) -> DataHandle:
        """The digits as images."""
        _seed(seed)
        return DataHandle(sets.images(seed=seed))

    def chars(self, text: str, length: int = 16, count: int = 4000, seed: int = 0) -> DataHandle:
        """Which character follows, in a text."""
        _seed(seed)
        try:
            return DataHandle(sets.chars(text, length=length, count=count, seed=seed))
        except RefusedError as error:
            raise _wrong(error.refusal.reason) from None

    def budget(self, parameters: Any = None, growths: Any = None, concurrent: int = 1) -> Budget:
        """What growth may cost."""
        try:
            return Budget(parameters, growths=growths, concurrent=concurrent)
        except ValueError as error:
            raise _wrong(str(error)) from None

    def train(
        self,
        net: Any,
        data: Any,
        epochs: int = 60,
        seed: int = 0,
        controller: Any = "heuristic",
        budget: Any = None,
        batch: int = 32,
        lr: float = 0.01,
        optimizer: str = "adam",
        pause: Any = None,
        resume: Any = None,
    ) -> RunHandle:
        """Train a network, letting it grow; when it returns, the training is over, or paused after `pause` epochs."""
        _seed(seed)
        if not isinstance(net, NetHandle) or not isinstance(data, DataHandle):
            raise _wrong("`train` takes a network (mlp, cnn, transformer) and data (digits, spirals, data …)")
        _sizes([epochs, batch])
        if isinstance(controller, str) and controller not in CONTROLLERS:
            raise _wrong(f"`{controller}` is no controller; known are {', '.join(CONTROLLERS)}, or a function")
        if budget is not None:
            if not isinstance(budget, Budget):
                raise _wrong("`budget` is what `budget(…)` gives")
            net._host.budget = budget
        if pause is not None:
            _sizes([pause])
        with _Quiet():
            try:
                return self._trained(
                    net, data, pause, epochs=epochs, seed=seed,
                    controller=controller if isinstance(controller, str) else _Asked(controller),
                    batch=batch, lr=lr, optimizer=optimizer, resume=_bytes(resume),
                )  # fmt: skip
            except RefusedError as error:
                raise _wrong(error.refusal.reason) from None
            except (RuntimeError, IndexError) as error:
                raise _wrong(f"the network and the data do not fit: {str(error).splitlines()[0]}") from None
            finally:
                net._host.optimizers.clear()
                net._host.schedulers.clear()

    def _trained(self, net: NetHandle, data: DataHandle, pause: int | None, **how: Any) -> RunHandle:
        run = train(net._host, data._data, **how)
        bar = self._bar(run.epochs)
        until = run.epochs if pause is None else min(pause, run.epochs)
        while len(run.history) < until:
            epoch = run.one()
            self._program.meter.check()
            if bar is not None:
                bar(epoch)
        if until == run.epochs:
            run.finish()
        return RunHandle(run, net, self._program)

    def _bar(self, epochs: int) -> Callable[[Epoch], None] | None:
        """A line that grows, where a person watches."""
        if not getattr(self._program, "prints_on_terminal", False):
            return None
        import sys

        def show(epoch: Epoch) -> None:
            done = round(24 * epoch.number / epochs)
            figures = f"loss {epoch.loss:.3f}  accuracy {epoch.accuracy:.1%}  {epoch.parameters:,} parameters"
            sys.stderr.write(f"\r{'█' * done}{'░' * (24 - done)} {epoch.number}/{epochs}  {figures} ")
            sys.stderr.write("\n" if epoch.number == epochs else "")
            sys.stderr.flush()

        return show


class _Quiet:
    """Tiny networks are slower with more threads; and a program's random numbers are its own."""

    def __enter__(self) -> None:
        self._threads, self._random = torch.get_num_threads(), torch.get_rng_state()
        torch.set_num_threads(1)

    def __exit__(self, *_error: object) -> None:
        torch.set_num_threads(self._threads)
        torch.set_rng_state(self._random)


def _bytes(text: Any) -> bytes | None:
    """What `saved()` gave, as bytes."""
    if text is None:
        return None
    try:
        return b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise _wrong("`resume` is the text that `saved()` of a paused run gave") from None


def _wrong(message: str) -> Exception:
    """A mistake of the program."""
    from dana.runtime.stops import failure

    error: Exception = failure(ValueError, "E861", message)
    return error


def _seed(value: Any) -> None:
    if value.__class__ is not int or not 0 <= value < MOST_SEED:
        raise _wrong(f"a seed is a whole number from 0 below {MOST_SEED:,}, not {value!r}")


def _sizes(values: list[Any]) -> None:
    for value in values:
        if value.__class__ is not int or not 0 < value <= MOST_NEURONS:
            raise _wrong(f"{value!r} is no size: sizes are whole numbers from 1 to {MOST_NEURONS:,}")


def _tensor(rows: Any) -> torch.Tensor:
    if not isinstance(rows, list) or not rows or len(rows) > MOST_ROWS:
        raise _wrong(f"rows are a list of 1 to {MOST_ROWS:,} lists of numbers")
    try:
        found = torch.tensor(rows, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise _wrong("rows are lists of numbers, all of one length") from None
    if found.dim() < 2 or not bool(torch.isfinite(found).all()):
        raise _wrong("rows are lists of finite numbers, all of one length")
    return found
