"""Urabrask: what a blueprint goes through before it may grow, in five stages, each a signed record (E93, E105).

    static        the blueprint is canonical; operations, parameters, work and memory are within their limits
    build         as many numbers as the algebra says, each weight as large as it says, all finite
    probe         forward and backward on ordinary, single, odd, zero, huge and NaN values: nothing raised, same shape,
                  finite for finite, the same twice, and gradient reaches every layer within a few steps
    benchmark     CPU time relative to one plain layer of the site's size, bytes
    characterise  tags, a risk from 0 to 1, and how sure that is

Only a kernel with five passed records is signed. Records hold what is exact, so that equal blueprints and seeds give
equal kernels everywhere; times are in `Verdict.measured` beside them.
"""

from __future__ import annotations

from hashlib import sha256
from math import ceil
from time import thread_time
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dana.esper.artifact import STAGES, sign_record, weights_of
from dana.esper.blueprint import Blueprint, from_data
from dana.esper.graft import Stream
from dana.esper.kernel import KernelValidator, pack, raw_weights
from dana.esper.modules import Grown, build
from dana.esper.refusals import Refusal, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Sizes of what only a run knows, while probing: small, odd and different from one another.
PROBE_SIZES = {"batch": 4, "time": 5, "height": 6, "width": 7}
HUGE = 1e4
# A kernel may take this many times the CPU time of one plain layer of the site's width.
MOST_RELATIVE = 60.0
# Multiply-adds of one forward pass for one sample.
MOST_FLOPS = 2_000_000_000
_ROUNDS = 7


class Verdict:
    """What came of a validation. `records`: the signed ones; `packed`: the signed kernel; `measured`: times and such.

    `refusal`: why it ended early, None when the kernel is signed.
    """

    __slots__ = ("measured", "packed", "records", "refusal")

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.measured: dict[str, Any] = {}
        self.packed = b""
        self.refusal: Refusal | None = None


class Urabrask:
    """The validator of kernels, who signs them.

    `validator`: limits of size and operations; `relative`: the most CPU time, in plain layers of the site's width;
    `flops`: the most multiply-adds of one forward pass for one sample.
    """

    def __init__(
        self,
        key: bytes,
        *,
        validator: KernelValidator | None = None,
        relative: float = MOST_RELATIVE,
        flops: int = MOST_FLOPS,
    ) -> None:
        self._key = key
        self.validator = validator or KernelValidator()
        self.relative = relative
        self.flops = flops

    def validate(self, blueprint: Blueprint, *, seed: int = 0, provenance: Mapping[str, Any] | None = None) -> Verdict:
        """All five stages; the kernel's first weights are drawn from `seed`, and from nothing else."""
        verdict = Verdict()
        made: list[Grown] = []
        stages: dict[str, Callable[[], dict[str, Any]]] = {
            "static": lambda: self.static(blueprint),
            "build": lambda: _build(blueprint, seed, made),
            "probe": lambda: _probe(blueprint, made[0], seed),
            "benchmark": lambda: self._benchmark(blueprint, made[0], seed, verdict.measured),
            "characterise": lambda: _characterise(blueprint, verdict.records),
        }
        previous = ""
        for stage in STAGES:
            try:
                facts, passed = stages[stage](), True
            except RefusedError as error:
                facts, passed, verdict.refusal = error.refusal.to_data(), False, error.refusal
            except (MemoryError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError) as error:
                verdict.refusal = _fault(stage, error)
                facts, passed = verdict.refusal.to_data(), False
            record = sign_record(stage, blueprint.id, facts, self._key, previous=previous, passed=passed)
            verdict.records.append(record)
            previous = record["signature"]
            if not passed:
                return verdict
        said = {"seed": seed, **(provenance or {})}
        verdict.packed = pack(made[0], blueprint, verdict.records, self._key, provenance=said)
        return verdict

    def static(self, blueprint: Blueprint) -> dict[str, Any]:
        """The first stage: no number is computed, so it may run anywhere. Raises `RefusedError`."""
        if from_data(blueprint.to_data()).id != blueprint.id:
            raise RefusedError("refused.validation", "the blueprint is not what its data says")
        refusal = self.validator.validate(blueprint)
        if refusal is not None:
            raise RefusedError(refusal.code, refusal.reason, refusal.hint)
        flops = blueprint.flops(PROBE_SIZES | {"batch": 1})
        if flops > self.flops:
            raise RefusedError("refused.budget", f"{flops:,} multiply-adds; {self.flops:,} are the limit")
        return {"parameters": blueprint.parameters, "flops": flops, "nodes": len(blueprint.nodes)}

    def validate_now(self, blueprint: Blueprint) -> Refusal | None:
        """The static stage alone, for where there is no forge; under a millisecond."""
        try:
            self.static(blueprint)
        except RefusedError as error:
            return error.refusal
        return None

    def _benchmark(self, blueprint: Blueprint, module: Grown, seed: int, measured: dict[str, Any]) -> dict[str, Any]:
        value = _value(blueprint, seed, batch=32)
        with Stream(seed):
            plain = _plain_layer(blueprint)
        module.eval()
        with torch.no_grad(), _OneThread():
            own, layer = _fastest(lambda: module(value), lambda: plain(value), self.relative)
        module.train()
        measured["forward_us"] = own * 1e6
        measured["relative"] = own / layer
        measured["bytes"] = sum(len(raw) for _kind, _shape, raw in raw_weights(module).values())
        if measured["relative"] > self.relative:
            said = f"it takes {measured['relative']:.0f} times as long as a plain layer; {self.relative:g} is the limit"
            raise RefusedError("refused.time", said)
        return {"bytes": measured["bytes"], "relative_at_most": self.relative}


def _fault(stage: str, error: Exception) -> Refusal:
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return Refusal("refused.memory", f"`{stage}` needed more memory than there is")
    return Refusal("refused.validation", f"`{stage}` failed: {type(error).__name__}: {error!s:.200}", stage=stage)


def _wrong(stage: str, reason: str) -> RefusedError:
    return RefusedError("refused.validation", f"`{stage}`: {reason}", stage=stage)


# --- build ----------------------------------------------------------------------------------------


def _build(blueprint: Blueprint, seed: int, made: list[Grown]) -> dict[str, Any]:
    with Stream(seed):
        module = build(blueprint)
    made.append(module)
    count = sum(parameter.numel() for parameter in module.parameters())
    if count != blueprint.parameters:
        raise _wrong("build", f"{count:,} parameters were built, {blueprint.parameters:,} were said")
    expected = {name: shape for name, (shape, _counts) in weights_of(blueprint).items()}
    found = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    if found != expected:
        raise _wrong("build", "the weights are not those of the blueprint")
    if not all(bool(torch.isfinite(value).all()) for value in module.state_dict().values()):
        raise _wrong("build", "a weight is not finite")
    raw = raw_weights(module)
    order = sorted(raw, key=lambda name: (-raw[name][0].endswith("64"), name))
    return {"weights": sha256(b"".join(raw[name][2] for name in order)).hexdigest(), "parameters": count}


# --- probe ----------------------------------------------------------------------------------------


def _value(blueprint: Blueprint, seed: int, *, batch: int, **sizes: int) -> Tensor:
    known = PROBE_SIZES | {"batch": batch} | sizes
    generator = torch.Generator()
    generator.manual_seed(seed)
    shape = [size if isinstance(size, int) else known[size] for size in blueprint.input]
    return torch.randn(shape, generator=generator)


def _probe(blueprint: Blueprint, module: Grown, seed: int) -> dict[str, Any]:
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with Stream(seed):
        facts = _probe_values(blueprint, module, seed)
        facts["reached"] = _probe_gradient(blueprint, module, seed)
    # Probing moves running means; what is packed is the kernel at birth.
    module.load_state_dict(before)
    module.zero_grad(set_to_none=True)
    module.train()
    return facts


def _probe_values(blueprint: Blueprint, module: Grown, seed: int) -> dict[str, Any]:
    ordinary = _value(blueprint, seed, batch=4)
    cases = {
        "ordinary": ordinary,
        "one": _value(blueprint, seed + 1, batch=1),
        "odd": _value(blueprint, seed + 2, batch=3, time=3, height=5, width=3),
        "zeros": torch.zeros_like(ordinary),
        "huge": ordinary * HUGE,
    }
    largest = 0.0
    for training in (False, True):
        module.train(training)
        for name, value in cases.items():
            if training and value.shape[0] == 1:
                continue  # a batch norm cannot train on one sample, which the network around it could not, either
            found = module(value)
            _check_value(name, value, found)
            largest = max(largest, float(found.detach().abs().max()) if name == "ordinary" else 0.0)
    module.eval()
    with torch.no_grad():
        if not torch.equal(module(ordinary), module(ordinary)):
            raise _wrong("probe", "the same value gives different results")
        broken = ordinary.clone()
        broken.flatten()[0] = float("nan")
        if module(broken).shape != broken.shape:
            raise _wrong("probe", "a NaN changes the shape of the result")
    return {"cases": len(cases), "neutral": largest == 0.0, "deterministic": True}


def _check_value(name: str, value: Tensor, found: Tensor) -> None:
    if found.shape != value.shape:
        raise _wrong("probe", f"{name}: {tuple(found.shape)} for {tuple(value.shape)}")
    if not bool(torch.isfinite(found).all()):
        raise _wrong("probe", f"{name}: the result is not finite")


def _probe_gradient(blueprint: Blueprint, module: Grown, seed: int) -> int:
    """How many layers gradient reaches: all, once the first step has moved a last factor away from zero."""
    module.train()
    layers = {name: child for name, child in module.named_children() if next(child.parameters(), None) is not None}
    reached: set[str] = set()
    target = _value(blueprint, seed + 4, batch=4)
    # Values around several means, so that a layer behind a rectifier is not taken for one out of reach.
    for step, mean in enumerate((0.0, 0.0, 1.0, -1.0, 3.0, -3.0)):
        if reached == set(layers):
            break
        module.zero_grad(set_to_none=True)
        loss = (module(_value(blueprint, seed + 5 + step, batch=4) + mean) - target).square().mean()
        loss.backward()
        for name, child in layers.items():
            grads = [parameter.grad for parameter in child.parameters() if parameter.grad is not None]
            if not all(bool(torch.isfinite(grad).all()) for grad in grads):
                raise _wrong("probe", f"the gradient of `{name}` is not finite")
            if any(bool(grad.any()) for grad in grads):
                reached.add(name)
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.grad is not None:
                    parameter.sub_(parameter.grad, alpha=0.1)
    missed = sorted(set(layers) - reached)
    if missed:
        raise _wrong("probe", f"no gradient reaches `{missed[0]}`")
    return len(reached)


# --- benchmark, characterise ----------------------------------------------------------------------


def _plain_layer(blueprint: Blueprint) -> nn.Module:
    if len(blueprint.input) == 4:
        channels = int(blueprint.input[1])
        return nn.Conv2d(channels, channels, 1)
    width = int(blueprint.input[-1])
    return nn.Linear(width, width)


class _OneThread:
    """Small work is measured on one thread: others would wait for one another in a spin, and that is not its work."""

    def __enter__(self) -> None:
        self._before = torch.get_num_threads()
        if self._before != 1:
            torch.set_num_threads(1)

    def __exit__(self, *_error: object) -> None:
        if self._before != 1:
            torch.set_num_threads(self._before)


def _fastest(act: Callable[[], object], other: Callable[[], object], relative: float) -> tuple[float, float]:
    """The least CPU time of both, in turns; what seems too slow is measured again: the machine may be busy."""
    best = [float("inf"), float("inf")]
    for turn in range(_ROUNDS * 8):
        if turn >= _ROUNDS and best[0] <= relative * best[1]:
            break
        for place, each in enumerate((act, other)):
            began = thread_time()
            each()
            best[place] = min(best[place], max(thread_time() - began, 1e-7))
    return best[0], best[1]


def _characterise(blueprint: Blueprint, records: list[dict[str, Any]]) -> dict[str, Any]:
    operations = {node.op for node in blueprint.nodes}
    neutral = records[2]["facts"]["neutral"]
    tags = sorted(operations) + (["neutral at birth"] if neutral else [])
    risk = 0.1 + 0.4 * (not neutral) + 0.1 * ("batch_norm" in operations) + 0.1 * ("dropout" in operations)
    risk += 0.1 * (blueprint.parameters > 1_000_000)
    # Probes say more about few operations than about many.
    sure = "high" if len(blueprint.nodes) <= 4 else "medium" if len(blueprint.nodes) <= 16 else "low"
    return {"tags": tags, "risk": ceil(risk * 100) / 100, "confidence": sure}
