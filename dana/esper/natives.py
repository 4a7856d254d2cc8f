"""Esper as Dana programs call it: networks, data, trainings, kernels (E109). What they get is in `handles.py`.

Nothing here reads or writes files, but for a store in a folder that the program may write. Long work looks at the
program's deadline after every step of the optimiser, and a training that does not end leaves the network as it was.
"""

from __future__ import annotations

from base64 import b64decode
from inspect import signature
from itertools import pairwise
from json import loads
from typing import TYPE_CHECKING, Any

import torch

from dana.esper import data as sets
from dana.esper import nets
from dana.esper.artifact import fresh_key
from dana.esper.budget import Budget
from dana.esper.handles import DataHandle, Heard, NetHandle, PlanHandle, RunHandle, epoch_data
from dana.esper.host import Host
from dana.esper.journal import GrowthJournal
from dana.esper.keeping import ForgeHandle, KernelHandle, StoreHandle, key_of, validated
from dana.esper.lifecycle import Event
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.showing import (
    MOST_NEURONS,
    Quiet,
    Refused,
    asked,
    check_count,
    check_seed,
    check_sizes,
    one_of,
    tensor_of,
    wrong,
)
from dana.esper.tamiyo import BLEND, CULL, FOSSILISE, GERMINATE, Action, Tamiyo, View, judge
from dana.esper.templates import template
from dana.esper.train import CONTROLLERS, OPTIMIZERS, Epoch, Random, Run, Schedule, train

if TYPE_CHECKING:
    from collections.abc import Callable

# Neurons of one layer times those of the next.
MOST_WEIGHTS = 50_000_000
# Layers after each other: with each the next is placed more slowly, and more than this nobody trains.
MOST_LAYERS = 200
# Numbers in one image, and in all pieces of a text together.
MOST_PIXELS = 1 << 20
MOST_CODES = 100_000_000
# Refusals of what can never be done, whatever the network: a slip in the program, which it is told of.
NEVER = ("refused.unknown", "refused.argument")
# Epochs a setting of a controller may name, and worker processes of a forge.
LONGEST = 1_000_000
MOST_WORKERS = 4
# The program germinates, blends and keeps by itself, between trainings; while they run α moves and nothing is decided.
BY_HAND = "hand"
# Controllers whose settings a program may give, by the name of the function that takes them.
SET_BY = {"tamiyo": Tamiyo, "schedule": Schedule, "chance": Random}


class ControllerHandle:
    """A controller with settings of the program's; each training begins with a fresh one."""

    __slots__ = ("_kind", "_settings")

    def __init__(self, kind: str, settings: dict[str, Any]) -> None:
        self._kind = kind
        self._settings = settings

    def _made(self, seed: int) -> Any:
        return Random(seed, **self._settings) if self._kind == "chance" else SET_BY[self._kind](**self._settings)

    def __repr__(self) -> str:
        return f"{self._kind}({', '.join(f'{name}={value!r}' for name, value in self._settings.items())})"


class _Hand:
    """Decides nothing: the program does."""

    def decide(self, _view: View) -> list[Action]:
        """Nothing."""
        return []


class _Outer:
    """Functions of the program that a training calls: an error of theirs says nothing about the network."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def heard(self, function: Any) -> Any:
        """The function, whose errors are noted; anything else as it is."""
        if not callable(function):
            return function

        def call(*args: Any) -> Any:
            try:
                return function(*args)
            except BaseException as error:
                self.error = error
                raise

        return call


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
            raise wrong("a controller returns a list of actions (dicts), or None")
        return [found for each in said if (found := self._action(view, each)) is not None]

    def _action(self, view: View, said: Any) -> Action | None:
        if not isinstance(said, dict) or "do" not in said or "site" not in said:
            raise wrong('an action is a dict like {"do": "germinate", "site": "0", "template": "widen", "neurons": 4}')
        try:
            site = view.host.site(said["site"])
        except RefusedError as error:
            raise wrong(error.refusal.reason) from None
        if said["do"] == GERMINATE:
            measures = {key: value for key, value in said.items() if key not in ("do", "site", "template")}
            plan = site.propose(str(said.get("template", "widen")), **measures)
            if isinstance(plan, Refusal):
                if plan.code in NEVER:
                    raise wrong(plan.reason, plan.hint)
                view.host.write("refuse", {"asked": "propose", "site": site.path, **plan.to_data()})
                return None
            return Action(GERMINATE, site, plan, "the program's controller")
        if said["do"] in (BLEND, CULL):
            return Action(said["do"], site, reason="the program's controller")
        if said["do"] == FOSSILISE:
            found = judge(view.host, site, view.held_out, rent_rate=0.0)
            return Action(FOSSILISE, site, reason="the program's controller", measured=found.measured())
        known = ", ".join(event.value for event in (Event.GERMINATE, Event.BLEND, Event.FOSSILISE, Event.CULL))
        raise wrong(f"`{said['do']}` is no action; actions are {known}")


class BudgetHandle:
    """What growth may cost. Each training begins with all of it."""

    __slots__ = ("_limits",)

    def __init__(self, budget: Budget) -> None:
        self._limits = budget

    def _made(self) -> Budget:
        limits = {name: None if limit == float("inf") else int(limit) for name, limit in self._limits.limits.items()}
        return Budget(
            limits["parameters"], flops=limits["flops"], memory=limits["bytes"], growths=limits["growths"],
            concurrent=self._limits.concurrent,
        )  # fmt: skip

    def __repr__(self) -> str:
        return repr(self._limits)


class _Before:
    """A network as it is before a training: what a training that does not end goes back to."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._mark = host.mark()
        self._times = host.epoch, host.steps, host._births, host.last_change
        self._budget, self._state = host.budget, host.budget.snapshot()

    def again(self) -> None:
        """As it was, to the bit, for whoever tries again."""
        host = self._host
        host.rollback(self._mark, reason="the training did not end")
        host.epoch, host.steps, host._births, host.last_change = self._times
        host.budget = self._budget
        host.budget.spent, host.budget.under_way = dict(self._state[0]), self._state[1]
        host.marks.clear()


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
        check_seed(seed)
        sizes = [inputs, *hidden, outputs]
        check_sizes(sizes)
        _check_layers(hidden)
        if sum(one * other for one, other in pairwise(sizes)) > MOST_WEIGHTS:
            raise wrong(f"a network of more than {MOST_WEIGHTS:,} weights is too large for this")
        return self._net(nets.mlp(inputs, list(hidden), outputs, seed=seed), torch.zeros(2, inputs), seed)

    def cnn(self, channels: list[int], outputs: int, size: int = 8, seed: int = 0) -> NetHandle:
        """Convolutions over images of one channel, each halving them, and a linear layer."""
        check_seed(seed)
        check_sizes([*channels, outputs, size])
        if size >> len(channels) < 1:
            raise wrong(f"images of {size} pixels cannot be halved {len(channels)} times")
        _check_layers(channels)
        weights = 9 * sum(one * other for one, other in pairwise([1, *channels]))
        weights += ([1, *channels][-1]) * (size >> len(channels)) ** 2 * outputs
        if size * size > MOST_PIXELS or weights > MOST_WEIGHTS:
            limits = f"{MOST_PIXELS:,} pixels or {MOST_WEIGHTS:,} weights"
            raise wrong(f"a network for images of more than {limits} is too large for this")
        model = nets.cnn(list(channels), outputs, size=size, seed=seed)
        return self._net(model, torch.zeros(2, 1, size, size), seed)

    def transformer(self, classes: int, length: int, width: int = 16, heads: int = 2, seed: int = 0) -> NetHandle:
        """A small transformer over texts of `length` characters."""
        check_seed(seed)
        check_sizes([classes, length, width, heads])
        if width % heads:
            raise wrong(f"{heads} heads do not divide a width of {width}")
        if width * max(8 * width, classes, length) > MOST_WEIGHTS:
            raise wrong(f"a network of more than {MOST_WEIGHTS:,} weights is too large for this")
        model = nets.transformer(classes, length, width=width, heads=heads, seed=seed)
        example = torch.zeros(2, length, dtype=torch.long)
        return self._net(model, example, seed, sites="linear,transformer")

    def _net(self, model: torch.nn.Module, example: torch.Tensor, seed: int, sites: str = "linear,conv") -> NetHandle:
        heard = Heard(self._program)
        return NetHandle(Host(model, sites=sites, example=example, seed=seed, journal=heard), heard)

    def data(self, rows: list[Any], answers: list[int], seed: int = 0) -> DataHandle:
        """Examples of your own: rows of numbers, and the class of each (0, 1, 2 …)."""
        check_seed(seed)
        x = tensor_of(rows)
        if len(answers) != len(rows) or len(rows) < 10:
            raise wrong(f"{len(rows)} rows and {len(answers)} answers: there must be as many, and 10 at least")
        if any(answer.__class__ is not int or answer < 0 for answer in answers):
            raise wrong("answers are whole numbers from 0")
        if max(answers) >= MOST_NEURONS:
            raise wrong(f"answers are classes, counted from 0: there are none beyond {MOST_NEURONS - 1:,}")
        return DataHandle(sets.split("data", x, torch.tensor(answers), max(answers) + 1, seed))

    def spirals(self, count: int = 2400, noise: float = 0.02, seed: int = 0) -> DataHandle:
        """Two spirals around each other."""
        check_seed(seed)
        check_count("count", count)
        if noise.__class__ not in (int, float) or not 0 <= noise < float("inf"):
            raise wrong(f"`noise` is a number from 0, not {noise!r}")
        if count < 10:
            raise wrong(f"{count} points are too few for three parts: 10 at least")
        return DataHandle(sets.spirals(count, noise=noise, seed=seed))

    def digits(self, seed: int = 0) -> DataHandle:
        """Handwritten digits as 64 grey values."""
        check_seed(seed)
        return DataHandle(sets.digits(seed=seed))

    def images(self, seed: int = 0) -> DataHandle:
        """The digits as images."""
        check_seed(seed)
        return DataHandle(sets.images(seed=seed))

    def chars(self, text: str, length: int = 16, count: int = 4000, seed: int = 0) -> DataHandle:
        """Which character follows, in a text."""
        check_seed(seed)
        check_count("length", length)
        check_count("count", count)
        if length * count > MOST_CODES:
            raise wrong(f"{count:,} pieces of {length:,} characters are too many: {MOST_CODES:,} in all at most")
        try:
            return DataHandle(sets.chars(text, length=length, count=count, seed=seed))
        except RefusedError as error:
            raise wrong(error.refusal.reason) from None

    def budget(
        self, parameters: Any = None, growths: Any = None, concurrent: int = 1, flops: Any = None, memory: Any = None
    ) -> BudgetHandle:
        """What growth may cost."""
        try:
            return BudgetHandle(Budget(parameters, growths=growths, concurrent=concurrent, flops=flops, memory=memory))
        except ValueError as error:
            raise wrong(str(error)) from None

    def controller(self, kind: str, settings: dict[str, Any]) -> ControllerHandle:
        """A controller with settings. Each is checked by name."""
        known = {name: each.default for name, each in signature(SET_BY[kind]).parameters.items() if name != "seed"}
        for name, value in settings.items():
            default = known[one_of(name, known, f"setting of `{kind}`")]
            _check_setting(name, value, default)
        if kind == "schedule" and settings.get("measures") is not None and not isinstance(settings["measures"], dict):
            raise wrong('`measures` is a dict of sizes, like {"neurons": 4}')
        if kind == "schedule" and settings.get("measures"):
            try:
                template(settings["template"]).sized(settings["measures"])
            except RefusedError as error:
                raise wrong(error.refusal.reason, error.refusal.hint) from None
        return ControllerHandle(kind, dict(settings))

    def kernel_key(self) -> bytes:
        """A new key that kernels are signed with."""
        return fresh_key()

    def validate(self, plan: Any, key: Any, seed: int = 0) -> Any:
        """The kernel of a plan after all five stages, signed; a `Refused` names the stage it did not pass."""
        check_seed(seed)
        if isinstance(plan, Refused):
            return plan
        if not isinstance(plan, PlanHandle):
            raise wrong("`validate` takes a plan, which `site.propose(…)` makes")
        with Quiet():
            return asked(lambda: validated(plan._plan, key_of(key), seed))

    def load_kernel(self, data: Any, key: Any, expected: Any = None) -> Any:
        """A signed kernel from its bytes, verified; a `Refused`, whatever the bytes."""
        if not isinstance(data, bytes):
            raise wrong("a kernel is bytes, as `kernel.data` gives and files.read_bytes reads")
        return asked(lambda: KernelHandle(data, key_of(key), None if expected is None else str(expected)))

    def store(self, folder: Any) -> StoreHandle:
        """A store of kernels in a folder, made if it is not there; the program must be allowed to write it."""
        if not isinstance(folder, str) or not folder or "\0" in folder:
            raise wrong("a folder is a text")
        self._program.policy.path("read", folder)
        try:
            return StoreHandle(self._program.policy.path("write", folder))
        except RefusedError as error:
            raise wrong(error.refusal.reason, error.refusal.hint) from None
        except OSError as error:
            raise wrong(f"the store `{folder:.80}` cannot be made: {error.strerror or error}") from None

    def forge(self, workers: int = 1, key: Any = None, store: Any = None) -> ForgeHandle:
        """Worker processes that build and validate kernels; with 0 workers it is done when they are asked for."""
        if workers.__class__ is not int or not 0 <= workers <= MOST_WORKERS:
            raise wrong(f"`workers` is a whole number from 0 to {MOST_WORKERS}")
        if store is not None and not isinstance(store, StoreHandle):
            raise wrong("`store` is what `store(…)` gives")
        return ForgeHandle(workers, None if key is None else key_of(key), None if store is None else store._urza)

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
        on_epoch: Any = None,
    ) -> RunHandle:
        """Train a network, letting it grow; when it returns, the training is over, or paused after `pause` epochs."""
        check_seed(seed)
        if not isinstance(net, NetHandle) or not isinstance(data, DataHandle):
            raise wrong("`train` takes a network (mlp, cnn, transformer) and data (digits, spirals, data …)")
        for name, value in {"epochs": epochs, "batch": batch, "pause": 1 if pause is None else pause}.items():
            check_count(name, value)
        one_of(optimizer, OPTIMIZERS, "optimiser")
        if lr.__class__ not in (int, float) or not 0 < lr < float("inf"):
            raise wrong(f"`lr` is a number above 0, not {lr!r}")
        if budget is not None and not isinstance(budget, BudgetHandle):
            raise wrong("`budget` is what `budget(…)` gives")
        outer = _Outer()
        decides = _controller(outer.heard(controller), seed)
        host, before = net._host, _Before(net._host)
        how = {"epochs": epochs, "seed": seed, "controller": decides, "batch": batch, "lr": lr, "optimizer": optimizer}
        with Quiet():
            try:
                saved = _resumed(net, resume)
                if budget is not None and saved is None:
                    host.limit(budget._made())
                elif budget is not None:
                    host.budget = budget._made()  # the journal tells of it already
                run = train(host, data._data, resume=saved, **how)
                run.optimizer.register_step_post_hook(lambda *_told: self._program.meter.check())
                paused = self._trained(
                    run, epochs if pause is None else min(pause, epochs), outer.heard(on_epoch), decides
                )
                net._seen = data._data
                return RunHandle(run, net, self._program, paused=paused)
            except RefusedError as error:
                before.again()
                raise wrong(error.refusal.reason, error.refusal.hint) from None
            except (RuntimeError, IndexError) as error:
                before.again()
                if outer.error is error:
                    raise
                raise wrong(f"the network and the data do not fit: {str(error).splitlines()[0]}") from None
            except BaseException:
                # Stopped by a limit, or by a mistake in the program's controller: who tries again begins afresh.
                before.again()
                raise
            finally:
                host.optimizers.clear()
                host.schedulers.clear()

    def _trained(self, run: Run, until: int, on_epoch: Any, decides: Any) -> bool:
        """Train to an epoch, or until `on_epoch` says false; whether it is only paused."""
        bar = self._bar(run.epochs)
        goes_on = True
        while goes_on and len(run.history) < until:
            epoch = run.one()
            self._program.meter.check()
            if bar is not None:
                bar(epoch)
            goes_on = on_epoch is None or on_epoch(epoch_data(epoch)) is not False
        if goes_on and until < run.epochs:
            return True
        # What ended early has no epochs left.
        run.epochs = len(run.history)
        if not isinstance(decides, _Hand):
            run.finish()
        return False

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


def _check_layers(hidden: list[int]) -> None:
    if len(hidden) > MOST_LAYERS:
        raise wrong(f"{len(hidden):,} layers are too many: {MOST_LAYERS} at most")


def _controller(said: Any, seed: int) -> Any:
    """What decides in a training: a name as `train` knows it, or an object."""
    if isinstance(said, ControllerHandle):
        return said._made(seed)
    if isinstance(said, str):
        return _Hand() if one_of(said, (*CONTROLLERS, BY_HAND), "controller") == BY_HAND else said
    if not callable(said):
        known = ", ".join((*CONTROLLERS, BY_HAND))
        raise wrong(f"a controller is one of {known}, what tamiyo(…), schedule(…) or chance(…) gives, or a function")
    return _Asked(said)


def _check_setting(name: str, value: Any, default: Any) -> None:
    """Numbers for what is a number by default, from 0 on."""
    if default.__class__ is int or name == "hold_epochs":
        if value is None and default is None:
            return
        if value.__class__ is not int or not 0 < value <= LONGEST:
            raise wrong(f"`{name}` is a whole number from 1 to {LONGEST:,}, not {value!r}")
    elif default.__class__ is float and (value.__class__ not in (int, float) or not 0 <= value < float("inf")):
        raise wrong(f"`{name}` is a number from 0, not {value!r}")
    elif name == "template":
        from dana.esper.templates import TEMPLATES

        one_of(value, TEMPLATES, "template")


def _resumed(net: NetHandle, text: Any) -> bytes | None:
    """What `saved()` gave: the run as bytes; its journal becomes the network's."""
    if text is None:
        return None
    try:
        run, _, story = text.partition(".")
        data, told = b64decode(run, validate=True), loads(b64decode(story, validate=True) or b"[]")
        journal = GrowthJournal()
        for kind, event in told:
            journal.write(str(kind), **event)
    except (AttributeError, TypeError, ValueError, RecursionError):
        raise wrong("`resume` is the text that `saved()` of a paused run gave") from None
    own = net._heard.then.events()
    if len(own) > 1:
        raise wrong("a training is resumed on the network as it was at the beginning: make it anew")
    for event in own:
        journal.write(event.kind, **event.data)
    net._heard.then = journal
    return data
