"""A training that was interrupted goes on as if it had not been: exactly, bit for bit (E10, E90, E94).

    run = train(mlp(64, [3, 3], 10, seed=7), digits(), epochs=80, seed=7)
    for epoch in run:
        run.save("run.dana")                                    # after any epoch
    …
    run = train(mlp(64, [3, 3], 10, seed=7), digits(), epochs=80, seed=7, resume="run.dana")

The file is safetensors: weights, the optimisers' moments and the states of random streams as tensors, all else as JSON
in its header. Nothing of it is executed. The network is rebuilt from the one it began as, by the list of changes
that lasted; then the numbers are put in. The moment of saving becomes the governor's moment to go back to, in the run
that goes on as in the one that is resumed.

A host with a `GrowthJournal` goes on in that journal: the state it tells for the moment of saving must be the saved
one, and what a process wrote after that moment, before it was killed, counts for nothing from then on.
"""

from __future__ import annotations

import json
import os
import struct
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors import torch as files
from torch import Tensor

from dana.esper.budget import Cost
from dana.esper.graft import Graft, put, schedule
from dana.esper.host import Plan
from dana.esper.journal import GrowthJournal
from dana.esper.lifecycle import Event, Stage
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.tamiyo import Action
from dana.esper.templates import SiteFacts

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from dana.esper.host import Host, Site
    from dana.esper.train import Growing, Run

FORMAT = "dana run 1"
MOST_HEADER = 64 * 1024 * 1024
_FACTS = tuple(SiteFacts.__slots__)


# --- saving -----------------------------------------------------------------------------------------


def saved(run: Run) -> bytes:
    """A run after an epoch, as bytes. It goes on from here as the one that is resumed does."""
    host, growing = run.host, run.growing
    tensors = {f"model/{name}": value for name, value in host.model.state_dict().items()}
    tensors |= {"random/torch": torch.get_rng_state(), "random/order": run._order.get_state()}
    for site in host.sites:
        if isinstance(site.grown, Graft) and site.grown.stream is not None:
            tensors[f"stream/{site.path}"] = site.grown.stream.state
        tensors |= {f"memory/{site.path}/{k}": v for k, v in site._memory.items() if isinstance(v, Tensor)}
    state = {
        "how": run.how(), "host": _host_data(host), "growing": _growing_data(growing),
        "history": [_epoch_data(epoch) for epoch in run.history],
        "controller": _asked(growing.controller, "state"),
        "optimizers": [_optimizer_data(host, at, each, tensors) for at, each in enumerate(host.optimizers)],
        "schedulers": [_plain(each.state_dict()) for each in host.schedulers],
    }  # fmt: skip
    if growing.governor is not None:
        growing.governor.good_now()
    copied = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    return files.save(copied, {"format": FORMAT, "state": json.dumps(state)})


def write(run: Run, path: str) -> None:
    """A run into a file; one that is there already is replaced at once, or not at all."""
    beside = f"{path}.part"
    with open(beside, "wb") as file:
        file.write(saved(run))
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _host_data(host: Host) -> dict[str, Any]:
    return {
        "epoch": host.epoch, "steps": host.steps, "last_change": host.last_change, "finite": host.finite,
        "events": host.events, "births": host._births, "changes": host.changes, "budget": list(host.budget.snapshot()),
        "frozen": [name for name, parameter in host.model.named_parameters() if not parameter.requires_grad],
        "sites": [_site_data(site) for site in host.sites],
    }  # fmt: skip


def _site_data(site: Site) -> dict[str, Any]:
    seed, grown = site.seed, site.grown
    return {
        "path": site.path, "stage": seed.stage.value, "since": seed.since, "until": seed.until,
        "history": [[epoch, event.value, stage.value] for epoch, event, stage in seed.history],
        "facts": {name: getattr(site.facts, name) for name in _FACTS},
        "plan": None if site.plan is None else _plan_data(site.plan),
        "alpha": {
            "curve": site._curve_name, "steps": site._alpha_steps, "passed": site._passed, "start": site._start,
            "strategy": site._strategy, "memory": {k: v for k, v in site._memory.items() if not isinstance(v, Tensor)},
        },
        "graft": {"alpha": grown.alpha, "blending": grown.blending, "strikes": grown.strikes, "faults": grown.faults}
        if isinstance(grown, Graft) else None,
    }  # fmt: skip


def _plan_data(plan: Plan) -> dict[str, Any]:
    return {
        "gain": plan.gain,
        "rent": plan.rent,
        "reason": plan.reason,
        "cost": [plan.cost.parameters, plan.cost.flops],
    }


def _growing_data(growing: Growing) -> dict[str, Any]:
    governor = growing.governor
    return {
        "losses": growing.losses,
        "governor": None if governor is None else governor.to_data(),
    }


def _epoch_data(epoch: Any) -> dict[str, Any]:
    return {
        "number": epoch.number, "loss": epoch.loss, "accuracy": epoch.accuracy, "parameters": epoch.parameters,
        "alpha": epoch.alpha, "panics": epoch.panics,
        "growth": [[each.kind, each.site.path if each.site else None, each.reason] for each in epoch.growth],
    }  # fmt: skip


def _optimizer_data(host: Host, at: int, optimizer: Optimizer, tensors: dict[str, Tensor]) -> dict[str, Any]:
    names = {id(parameter): name for name, parameter in host.model.named_parameters()}
    groups = [
        {
            "names": [names[id(parameter)] for parameter in group["params"]],
            "options": _plain({key: value for key, value in group.items() if key != "params"}),
        }
        for group in optimizer.param_groups
    ]  # fmt: skip
    state: dict[str, dict[str, Any]] = {}
    for parameter, values in optimizer.state.items():
        name = names[id(parameter)]
        state[name] = {}
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer/{at}/{name}/{key}"] = value
            else:
                state[name][key] = value
    return {"groups": groups, "state": state}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """What JSON can hold; a tensor of one number as that number."""
    return {
        key: value.item() if isinstance(value, Tensor) else value
        for key, value in values.items()
        if not callable(value)
    }


def _asked(controller: Any, what: str) -> Any:
    act = getattr(controller, what, None)
    return act() if callable(act) else None


# --- resuming ---------------------------------------------------------------------------------------


def resume(run: Run, source: str | bytes) -> None:
    """Put a run that has not begun where the saved one was. `source`: a path, or the bytes.

    Raises `RefusedError` for bytes that are no saved run, and for one of another call: data, seed, batch, network.
    """
    state, tensors = _read(source)
    try:
        if state["how"] != run.how():
            raise _another(state["how"], run.how())
        _rebuild(run.host, state["host"], tensors)
        for at, (optimizer, said) in enumerate(zip(run.host.optimizers, state["optimizers"], strict=True)):
            _fill_optimizer(run.host, at, optimizer, said, tensors)
        for scheduler, said in zip(run.host.schedulers, state["schedulers"], strict=True):
            scheduler.load_state_dict(said)
        _go_on_telling(run.host, state["host"]["events"])
        _fill_growing(run, state)
        torch.set_rng_state(tensors["random/torch"])
        run._order.set_state(tensors["random/order"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        raise RefusedError(
            "refused.bytes", f"this is no run of this network: {type(error).__name__}: {error}"
        ) from None


def _go_on_telling(host: Host, number: int) -> None:
    """The journal hears that the host is where it was after event `number`. Raises `RefusedError`: it does not fit."""
    journal: Any = host._journal
    while not isinstance(journal, GrowthJournal) and hasattr(journal, "then"):
        journal = journal.then  # what passes events on
    host.events = number
    if isinstance(journal, GrowthJournal):
        refusal = journal.fits(host, number)
        if refusal is not None:
            raise RefusedError(refusal.code, refusal.reason, refusal.hint)
        host.events = journal.last
    growing = [site.plan.to_data() for site in host.sites if site.plan is not None]
    host.write("resume", {"to_event": number, "growing": growing})


def _read(source: str | bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if isinstance(source, str):
        try:
            with open(source, "rb") as file:
                source = file.read()
        except OSError as error:
            raise RefusedError("refused.unknown", f"the saved run cannot be read: {error.strerror}") from None
    wrong = "its header is longer than it"
    try:
        (length,) = struct.unpack_from("<Q", source)
        if length <= min(MOST_HEADER, len(source)):
            said = json.loads(source[8 : 8 + length])["__metadata__"]
            state = json.loads(said["state"])
            if said["format"] == FORMAT and isinstance(state, dict):
                return state, files.load(source)
            wrong = f"it is not of the format {FORMAT!r}"
    except struct.error:
        wrong = "it is too short"
    except (ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        wrong = str(error)
    raise RefusedError("refused.bytes", f"this is no saved run: {wrong}")


def _another(saved: dict[str, Any], wanted: dict[str, Any]) -> RefusedError:
    differ = [f"{name} {saved.get(name)!r}, not {value!r}" for name, value in wanted.items() if saved[name] != value]
    return RefusedError("refused.argument", f"the saved run is another one: {', '.join(differ)}")


def _rebuild(host: Host, said: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    for change in said["changes"]:
        _again(host, change)
    for site, each in zip(host.sites, said["sites"], strict=True):
        _fill_site(site, each, tensors)
    own = {name.removeprefix("model/"): value for name, value in tensors.items() if name.startswith("model/")}
    host.model.load_state_dict(own)
    frozen = set(said["frozen"])
    for name, parameter in host.model.named_parameters():
        parameter.requires_grad_(name not in frozen)
    host.changes = list(said["changes"])
    host.epoch, host.steps, host.last_change = said["epoch"], said["steps"], said["last_change"]
    host.finite, host._births = said["finite"], said["births"]
    host.budget.restore((said["budget"][0], said["budget"][1]))
    host.marks.clear()


def _again(host: Host, change: dict[str, Any]) -> None:
    """A change of topology once more; what it computes comes later."""
    site = host.site(change["site"])
    if change["do"] == "fossilise":
        if isinstance(site.grown, Graft):
            put(host.model, site.path, site.grown.fused())
        site.grown = site.plan = None
        site.facts = host._facts_now(site)
        host._tell_neighbours(site)
        return
    plan = site.propose(change["template"], **change["measures"])
    if isinstance(plan, Refusal):
        raise RefusedError(plan.code, plan.reason, plan.hint)
    if change["blueprint"] != (None if plan.blueprint is None else plan.blueprint.id):
        raise RefusedError("refused.validation", f"`{site.path}`: another blueprint grew here")
    if "units" in change:
        from dana.esper.renewal import Renewal

        plan.kernel = Renewal(list(change["units"]))
    site.grown, site.plan = host._grow(plan, change["birth"]), plan
    if change["kernel"] is not None:
        plan.report = {"kernel": change["kernel"]}
    # As while it grew: neighbours reckon with the layer's own size until it is kept.
    site.seed.stage = Stage.TRAINING
    host._tell_neighbours(site)


def _fill_site(site: Site, said: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    seed = site.seed
    seed.stage, seed.since, seed.until = Stage(said["stage"]), said["since"], said["until"]
    seed.history = [(epoch, Event(event), Stage(stage)) for epoch, event, stage in said["history"]]
    shape = tuple(said["facts"]["shape"])
    for name in _FACTS:
        setattr(site.facts, name, shape if name == "shape" else said["facts"][name])
    if site.plan is not None and said["plan"] is not None:
        kept = said["plan"]
        site.plan.gain, site.plan.rent, site.plan.reason = kept["gain"], kept["rent"], kept["reason"]
        site.plan.cost = Cost(*kept["cost"])
    alpha = said["alpha"]
    site._curve_name, site._alpha_steps, site._passed = alpha["curve"], alpha["steps"], alpha["passed"]
    site._curve = schedule(alpha["curve"]) if alpha["curve"] else None
    site._start, site._strategy, site._memory = alpha["start"], alpha["strategy"], dict(alpha["memory"])
    start = f"memory/{site.path}/"
    site._memory |= {name.removeprefix(start): v for name, v in tensors.items() if name.startswith(start)}
    if isinstance(site.grown, Graft):
        graft = said["graft"]
        site.grown.alpha, site.grown.blending = float(graft["alpha"]), bool(graft["blending"])
        site.grown.strikes, site.grown.faults = graft["strikes"], dict(graft["faults"])
        if site.grown.stream is not None:
            site.grown.stream.state = tensors[f"stream/{site.path}"]


def _fill_optimizer(
    host: Host, at: int, optimizer: Optimizer, said: dict[str, Any], tensors: dict[str, Tensor]
) -> None:
    by_name = dict(host.model.named_parameters())
    optimizer.param_groups = [
        {**group["options"], "params": [by_name[name] for name in group["names"]]} for group in said["groups"]
    ]
    for group in optimizer.param_groups:
        if isinstance(group.get("betas"), list):
            group["betas"] = tuple(group["betas"])
    optimizer.state.clear()
    for name, values in said["state"].items():
        optimizer.state[by_name[name]] = dict(values)
    start = f"optimizer/{at}/"
    for key, value in tensors.items():
        if key.startswith(start):
            name, _, what = key.removeprefix(start).rpartition("/")
            optimizer.state[by_name[name]][what] = value


def _action(host: Host, kind: str, path: str | None, reason: str) -> Action:
    return Action(kind, None if path is None else host.site(path), None, reason)


def _fill_growing(run: Run, state: dict[str, Any]) -> None:
    from dana.esper.train import Epoch

    growing = run.growing
    growing.losses = list(state["growing"]["losses"])
    if growing.governor is not None:
        growing.governor.restore(state["growing"]["governor"])
        growing.governor.good_now()
    if state["controller"] is not None:
        growing.controller.restore(state["controller"])
    run.history = [
        Epoch(
            each["number"], each["loss"], each["accuracy"], each["parameters"],
            [_action(run.host, *action) for action in each["growth"]],
            each["alpha"], each["panics"],
        )
        for each in state["history"]
    ]  # fmt: skip
