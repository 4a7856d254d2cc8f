"""Kernels that run: pack → verify → build → cache, and the five faces the mission gives them (E1–E18).

    data = pack(module, blueprint, report, key)     an ordinary module as signed bytes (see `artifact.py`)
    blueprint, module = load(data, key)             … and back: every check, then a build that executes nothing
    RealKernelExecutor().execute_kernel(kernel, x)  the host's value with the kernel's part, or the host's value

A kernel is an ordinary `nn.Module`, built once: executing it is calling it, synchronously, with gradients as usual.
What is read from bytes is built without initial weights (on no device) and gets the verified ones, so no random number
is drawn and nothing of a file is executed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from dana.esper import artifact as files
from dana.esper.artifact import Artifact
from dana.esper.blueprint import MOST_PARAMETERS, Blueprint
from dana.esper.modules import Grown, build_bare
from dana.esper.operations import OPERATIONS, written
from dana.esper.refusals import Refusal, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
DEVICES = ("cpu", "meta", "cuda", "mps")
MEGABYTE = 1_000_000
STRIKES = 3
# How much of the newest call the mean latency takes in.
_EMA = 0.05


# --- pack, load -----------------------------------------------------------------------------------


def pack(
    module: nn.Module,
    blueprint: Blueprint,
    report: Sequence[Mapping[str, Any]],
    key: bytes,
    *,
    provenance: Mapping[str, Any] | None = None,
) -> bytes:
    """A built blueprint as a signed file; equal arguments give equal bytes. Raises `RefusedError`."""
    return files.write(blueprint, raw_weights(module), report, key, provenance=provenance)


def raw_weights(module: nn.Module) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Kind of numbers, shape and bytes of each weight by name. Raises `RefusedError` for kinds no kernel has."""
    found = {}
    for name, value in module.state_dict().items():
        if value.dtype not in _NAMES:
            raise RefusedError("refused.shape", f"`{name}` is {value.dtype}, which no kernel has")
        flat = value.detach().to("cpu").contiguous().flatten()
        found[name] = _NAMES[value.dtype], tuple(value.shape), bytes(flat.view(torch.uint8).numpy())
    return found


def load(data: bytes | bytearray | memoryview, key: bytes, *, expected: str | None = None) -> tuple[Blueprint, Grown]:
    """The blueprint and the module of a signed file, ready to train. Raises `RefusedError`, whatever the bytes."""
    kernel = load_kernel(data, key, expected=expected)
    return kernel.blueprint, kernel.module


def load_kernel(data: bytes | bytearray | memoryview, key: bytes, *, expected: str | None = None) -> Kernel:
    """As `load`, with the kernel's id and metadata."""
    found = files.read(data, key, expected=expected)
    return Kernel(found, build_from(found))


def build_from(artifact: Artifact) -> Grown:
    """The module of a verified artifact; its weights are copies of the file's."""
    made = build_bare(artifact.blueprint)
    modules = dict(made.named_modules())
    for entry in artifact.entries:
        path, _, name = entry.name.rpartition(".")
        # In memory of torch's own, as it aligns it: sums may depend on that.
        flat = torch.empty((entry.end - entry.begin) // files.DTYPES[entry.dtype], dtype=DTYPES[entry.dtype])
        flat.view(torch.uint8).numpy()[:] = np.frombuffer(artifact.weights[entry.begin : entry.end], np.uint8)
        value = flat.reshape(entry.shape)
        holder = modules[path]
        if name in holder._parameters:
            holder._parameters[name] = nn.Parameter(value)
        else:
            holder._buffers[name] = value
    return made


class KernelMetadata:
    """What is known of a kernel without running it, all of it from its header (E13).

    `input_shape` and `output_shape` with names for what a run decides; `bytes` of its weights; `target`: what it grows
    at; `flags`: draws, normalises, mixes time; `profile`: exact figures; `checksum`: of the weights.
    """

    __slots__ = (
        "blueprint_id", "bytes", "checksum", "devices", "dtype", "flags", "input_shape", "kernel_id", "name",
        "output_shape", "parameters", "profile", "target", "version",
    )  # fmt: skip

    def __init__(
        self,
        *,
        kernel_id: str,
        blueprint_id: str,
        name: str,
        input_shape: tuple[int | str, ...],
        output_shape: tuple[int | str, ...],
        parameters: int,
        bytes: int,  # noqa: A002
        dtype: str = "F32",
        devices: tuple[str, ...] = DEVICES,
        target: str = "",
        flags: tuple[str, ...] = (),
        profile: Mapping[str, Any] | None = None,
        version: int = 1,
        checksum: str = "",
    ) -> None:
        if parameters < 0 or bytes < 0 or not kernel_id or not blueprint_id or dtype not in DTYPES:
            raise RefusedError("refused.argument", "metadata needs ids, a kind of numbers, and counts from 0")
        self.kernel_id = kernel_id
        self.blueprint_id = blueprint_id
        self.name = name
        self.input_shape = tuple(input_shape)
        self.output_shape = tuple(output_shape)
        self.parameters = parameters
        self.bytes = bytes
        self.dtype = dtype
        self.devices = tuple(devices)
        self.target = target
        self.flags = tuple(flags)
        self.profile = dict(profile or {})
        self.version = version
        self.checksum = checksum

    @classmethod
    def of(cls, found: Artifact) -> KernelMetadata:
        """The metadata of an artifact."""
        blueprint = found.blueprint
        operations = {node.op for node in blueprint.nodes}
        flags = [flag for flag, ops in _FLAGS.items() if operations & ops]
        return cls(
            kernel_id=found.id, blueprint_id=blueprint.id, name=blueprint.name, input_shape=blueprint.input,
            output_shape=blueprint.shapes[blueprint.output], parameters=blueprint.parameters, bytes=len(found.weights),
            dtype=found.dtype, target=str(found.provenance.get("site", "")), flags=tuple(flags),
            profile={"flops": blueprint.flops(), "nodes": len(blueprint.nodes)}, checksum=found.weights_id,
        )  # fmt: skip

    def to_data(self) -> dict[str, Any]:
        """As plain data; `from_data` gives equal metadata."""
        lists = ("devices", "flags", "input_shape", "output_shape")
        return {name: list(getattr(self, name)) if name in lists else getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> KernelMetadata:
        """Metadata from plain data. Raises `RefusedError` for what is none."""
        try:
            return cls(**data)
        except TypeError as error:
            raise RefusedError("refused.argument", f"this is no metadata of a kernel: {error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KernelMetadata) and other.to_data() == self.to_data()

    def __hash__(self) -> int:
        return hash(self.kernel_id)


_FLAGS = {
    "draws": {"dropout"},
    "normalises": {"batch_norm", "layer_norm"},
    "mixes time": {"attention"},
    "mixes places": {"conv2d", "mean_hw"},
}


class Kernel:
    """A verified kernel with its built module."""

    __slots__ = ("artifact", "blueprint", "id", "metadata", "module", "multiplies", "report")

    def __init__(self, artifact: Artifact, module: Grown) -> None:
        self.artifact = artifact
        self.id = artifact.id
        self.blueprint = artifact.blueprint
        self.report = artifact.report
        self.metadata = KernelMetadata.of(artifact)
        self.multiplies = artifact.blueprint.mode == "multiply"
        self.module = module

    @property
    def bytes(self) -> int:
        """What it takes in memory: its weights, and the file they came in."""
        return 2 * len(self.artifact.weights)

    def __repr__(self) -> str:
        return f"Kernel({self.blueprint.name}, {self.blueprint.parameters:,} parameters, {self.id[:12]})"


# --- checks ---------------------------------------------------------------------------------------


class ShapeCompatibilityChecker:
    """Whether a value fits a kernel: by the shape algebra alone; nothing is padded, cut or reshaped (E4, E14)."""

    def check(self, expected: Sequence[int | str], shape: Sequence[int]) -> Refusal | None:
        """Why a value of `shape` does not fit; None when it does. A name stands for one size, the same everywhere."""
        if len(expected) == len(shape):
            named: dict[str, int] = {}
            for want, size in zip(expected, shape, strict=True):
                if size < 1 or size != (named.setdefault(want, size) if isinstance(want, str) else want):
                    break
            else:
                return None
        reason = f"a value of {written(tuple(shape))} does not fit {written(tuple(expected))}"
        return Refusal("refused.shape", reason, "a kernel for this shape, or a node that adapts it")


class KernelValidator:
    """What any kernel must obey before it is built: size, operations, memory, device (E15).

    `parameters`: the most it may learn; `memory`: the most bytes of its weights; `operations`: the allowed ones;
    `devices`: where it may be put.
    """

    def __init__(
        self,
        *,
        parameters: int = MOST_PARAMETERS,
        memory: int = MOST_PARAMETERS * 4,
        operations: Sequence[str] = tuple(OPERATIONS),
        devices: Sequence[str] = DEVICES,
    ) -> None:
        self.parameters = parameters
        self.memory = memory
        self.operations = frozenset(operations)
        self.devices = frozenset(devices)

    def validate(self, what: Blueprint | Artifact | Kernel, *, device: str = "cpu") -> Refusal | None:
        """Why it may not be used; None when it may."""
        blueprint = what if isinstance(what, Blueprint) else what.blueprint
        refused = next((node for node in blueprint.nodes if node.op not in self.operations), None)
        if refused is not None:
            return Refusal("refused.operation", f"`{refused.op}` is not allowed here", node=refused.id)
        if blueprint.parameters > self.parameters:
            reason = f"{blueprint.parameters:,} parameters; {self.parameters:,} are the limit"
            return Refusal("refused.budget", reason, which="parameters")
        size = blueprint.parameters * 4 if isinstance(what, Blueprint) else _bytes_of(what)
        if size > self.memory:
            return Refusal("refused.memory", f"{size:,} bytes of weights; {self.memory:,} are the limit")
        return self.check_device(device)

    def check_device(self, device: str) -> Refusal | None:
        """Why nothing can be put on a device; None when it can."""
        kind = str(device).partition(":")[0]
        if kind not in self.devices:
            return Refusal("refused.argument", f"`{device!s:.40}` is no device that kernels run on")
        return None


def _bytes_of(what: Artifact | Kernel) -> int:
    return len(what.weights if isinstance(what, Artifact) else what.artifact.weights)


# --- the cache ------------------------------------------------------------------------------------


class CacheStatistics:
    """What a cache was asked and did (E17). `compatibility_misses`: the kernel was there, for another shape or place.

    `bytes` and `entries`: what it holds now.
    """

    __slots__ = ("bytes", "compatibility_misses", "entries", "evictions", "hits", "misses")

    def __init__(
        self, *, hits: int, misses: int, compatibility_misses: int, evictions: int, entries: int, size: int
    ) -> None:
        self.hits = hits
        self.misses = misses
        self.compatibility_misses = compatibility_misses
        self.evictions = evictions
        self.entries = entries
        self.bytes = size

    @property
    def hit_rate(self) -> float:
        """Hits by all questions; 0 when none was asked."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0

    def to_data(self) -> dict[str, int]:
        """As plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


class EnhancedKernelCache:
    """Built kernels, the least recently used making room (E12). Never holds more than `max_size_mb` million bytes.

    What it gives is shared: for execution as it is. What shall train at one site is a copy of its own
    (`copy.deepcopy(kernel.module)`), or freshly loaded. Safe to use from any thread.
    """

    def __init__(self, max_size_mb: float = 128) -> None:
        if not max_size_mb > 0:
            raise ValueError(f"`max_size_mb` is more than 0, not {max_size_mb!r}")
        self.limit = int(max_size_mb * MEGABYTE)
        self._entries: OrderedDict[tuple[Any, ...], Kernel] = OrderedDict()
        self._by_id: dict[str, int] = {}
        self._lock = Lock()
        self._hits = self._misses = self._other = self._evictions = self._bytes = 0

    def get(
        self, kernel_id: str, shape: tuple[Any, ...], dtype: torch.dtype = torch.float32, device: str = "cpu"
    ) -> Kernel | None:
        """The built kernel for values of this shape, kind and place; None when it is not here."""
        key = (kernel_id, shape, dtype, device)
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
                self._hits += 1
                return found
            self._misses += 1
            self._other += kernel_id in self._by_id
        return None

    def put(
        self, kernel: Kernel, shape: tuple[Any, ...], dtype: torch.dtype = torch.float32, device: str = "cpu"
    ) -> bool:
        """Keep a kernel; False when it is larger than the whole cache."""
        size = kernel.bytes
        if size > self.limit:
            return False
        key = (kernel.id, shape, dtype, device)
        with self._lock:
            if key in self._entries:
                self._drop(key)
            while self._bytes + size > self.limit:
                self._drop(next(iter(self._entries)))
                self._evictions += 1
            self._entries[key] = kernel
            self._bytes += size
            self._by_id[kernel.id] = self._by_id.get(kernel.id, 0) + 1
        return True

    def _drop(self, key: tuple[Any, ...]) -> None:
        gone = self._entries.pop(key)
        self._bytes -= gone.bytes
        self._by_id[gone.id] -= 1
        if not self._by_id[gone.id]:
            del self._by_id[gone.id]

    def fetch(
        self,
        kernel_id: str,
        shape: tuple[Any, ...],
        read: Callable[[str], bytes],
        key: bytes,
        *,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
    ) -> Kernel:
        """The kernel from here, else read, verified, checked against the shape, built and kept. Raises `RefusedError`.

        `read(id)` gives the file's bytes, as `Urza.get` does.
        """
        found = self.get(kernel_id, shape, dtype, device)
        if found is None:
            found = load_kernel(read(kernel_id), key, expected=kernel_id)
            concrete = all(isinstance(size, int) for size in shape)
            expected = found.metadata.input_shape
            refusal = ShapeCompatibilityChecker().check(expected, shape) if concrete else None
            if refusal is None and not concrete and tuple(shape) != expected:
                refusal = Refusal("refused.shape", f"the kernel is for {written(expected)}, not {written(shape)}")
            if refusal is not None:
                raise RefusedError(refusal.code, refusal.reason, refusal.hint)
            found.module.to(device=device, dtype=dtype)
            self.put(found, shape, dtype, device)
        return found

    def forget(self, kernel_id: str) -> int:
        """Drop every build of a kernel; how many there were."""
        with self._lock:
            keys = [key for key in self._entries if key[0] == kernel_id]
            for key in keys:
                self._drop(key)
        return len(keys)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def statistics(self) -> CacheStatistics:
        """What it was asked and did until now."""
        with self._lock:
            return CacheStatistics(
                hits=self._hits, misses=self._misses, compatibility_misses=self._other, evictions=self._evictions,
                entries=len(self._entries), size=self._bytes,
            )  # fmt: skip


# --- the executor ---------------------------------------------------------------------------------


class ExecutionStats:
    """What an executor did (E2): a snapshot that does not change. `mean_s`: an average in favour of newer calls."""

    __slots__ = ("calls", "errors", "failures", "mean_s", "refused", "successes")

    def __init__(
        self, *, calls: int, successes: int, failures: int, refused: int, mean_s: float, errors: Mapping[str, int]
    ) -> None:
        self.calls = calls
        self.successes = successes
        self.failures = failures
        # Calls of kernels that had failed before, and were not tried again.
        self.refused = refused
        self.mean_s = mean_s
        self.errors = dict(errors)

    @property
    def success_rate(self) -> float:
        """Successes by calls; 1 when there were none."""
        return self.successes / self.calls if self.calls else 1.0


class RealKernelExecutor:
    """Calls kernels so that whatever they do, a usable value comes out: the host's own, when theirs is not (E1, E6).

    `safety_checks`: whether results are checked for their shape and for being finite; `strikes`: failures after which
    a kernel is not tried again; `limit_s`: a call that takes longer is a failure (it cannot be interrupted);
    `clock`: gives seconds. Synchronous, in the caller's thread, with gradients. Raises `RefusedError` for a device
    that is none.
    """

    def __init__(
        self,
        device: str = "cpu",
        safety_checks: bool = True,
        *,
        strikes: int = STRIKES,
        limit_s: float | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        refusal = KernelValidator().check_device(device)
        if refusal is not None:
            raise RefusedError(refusal.code, refusal.reason)
        self.device = device
        self.safety_checks = safety_checks
        self.strikes = strikes
        self.limit_s = limit_s
        self.failed_kernels: set[str] = set()
        self._failures: dict[str, int] = {}
        self._errors: dict[str, int] = {}
        self._clock = clock
        self._successes = self._refused = 0
        self._mean_s: float | None = None
        self._checker = ShapeCompatibilityChecker()

    def execute_kernel(
        self,
        artifact: Kernel,
        input: Tensor,  # noqa: A002  (the mission's signature)
        metadata: KernelMetadata | None = None,
        blend_alpha: float = 1.0,
    ) -> Tensor:
        """`input` with the kernel's part: at `blend_alpha` 0 the input itself, at 1 the whole part, between in between.

        Any failure of the kernel's gives the input as it is, and is counted. `metadata`, if other than the kernel's
        own, is what shapes are checked by.
        """
        if blend_alpha == 0.0:
            return input
        if artifact.id in self.failed_kernels:
            self._refused += 1
            return input
        # Reading a clock twice costs as much as half of the checks: one call of sixteen is timed, all when limited.
        timed = self.limit_s is not None or not self._successes & 15
        began = self._clock() if timed else 0.0
        try:
            part = artifact.module(input)
            value = input * (1 + torch.tanh(part)) if artifact.multiplies else input + part
            if blend_alpha != 1.0:
                value = torch.lerp(input, value, blend_alpha)
            if self.safety_checks:
                if value.shape != input.shape:
                    return self._failed(artifact, "shape", input)
                total = (value.detach() if value.requires_grad else value).sum().item()
                if total - total != 0.0:
                    return self._failed(artifact, "not finite", input)
        except (RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
            return self._failed(artifact, self._kind(error, artifact, input, metadata), input)
        if timed and self._is_late(self._clock() - began):
            return self._failed(artifact, "timeout", input)
        self._successes += 1
        return value

    def _is_late(self, took: float) -> bool:
        """Whether a call took longer than it may; if not, it counts for the mean."""
        if self.limit_s is not None and took > self.limit_s:
            return True
        mean = self._mean_s
        self._mean_s = took if mean is None else mean + _EMA * (took - mean)
        return False

    def check(self, kernel: Kernel, value: Tensor, metadata: KernelMetadata | None = None) -> Refusal | None:
        """Why a value cannot be given to a kernel: its shape, kind or place."""
        known = metadata or kernel.metadata
        refusal = self._checker.check(known.input_shape, tuple(value.shape))
        if refusal is None and value.dtype != DTYPES[known.dtype]:
            refusal = Refusal("refused.shape", f"the kernel works on {known.dtype}, not on {value.dtype}")
        if refusal is None and value.device.type != self.device.partition(":")[0]:
            refusal = Refusal("refused.argument", f"the value is on {value.device}, the executor on {self.device}")
        return refusal

    def _kind(self, error: Exception, kernel: Kernel, value: Tensor, metadata: KernelMetadata | None) -> str:
        """What kind of failure it was; that a value did not fit is found out here, off the path of those that do."""
        refusal = self.check(kernel, value, metadata)
        return refusal.code if refusal is not None else type(error).__name__

    def _failed(self, kernel: Kernel, kind: str, host: Tensor) -> Tensor:
        self._errors[kind] = self._errors.get(kind, 0) + 1
        count = self._failures.get(kernel.id, 0) + 1
        self._failures[kernel.id] = count
        if count >= self.strikes:
            self.failed_kernels.add(kernel.id)
        return host

    def forgive(self, kernel_id: str) -> None:
        """Let a failed kernel be tried again."""
        self.failed_kernels.discard(kernel_id)
        self._failures.pop(kernel_id, None)

    @property
    def stats(self) -> ExecutionStats:
        """What it did until now."""
        failures = sum(self._errors.values())
        return ExecutionStats(
            calls=self._successes + failures + self._refused, successes=self._successes, failures=failures,
            refused=self._refused, mean_s=self._mean_s or 0.0, errors=self._errors,
        )  # fmt: skip
