"""Kernels as bytes: one signed safetensors file that holds what grows, how it was validated, and its weights.

    DANAKRN1 | signature (32 bytes) | safetensors: length of the header (8 bytes), header (JSON), weights

The header says everything about the weights: the blueprint in its canonical form, the validation report, where it
comes from. So what is known about a kernel cannot drift from it. Its id is the SHA-256 of the header and the SHA-256 of
the weights, in every process and version; the signature (HMAC-SHA256) is Urabrask's, over the id.

Bytes are looked at in this order, and refused at the first thing that is wrong: sizes → signature → hash → schema →
shapes. Nothing is unpickled, compiled or run, and nothing larger than the given bytes is ever allocated. This file
needs no torch: a store checks its kernels with it, too.
"""

from __future__ import annotations

import hmac
import json
import struct
from functools import lru_cache
from hashlib import sha256
from math import prod

from dana.adaptive.canonical import canonical
from dana.esper.blueprint import MOST_PARAMETERS, Blueprint, from_data
from dana.esper.refusals import Refusal, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    from dana.esper.blueprint import Node
    from dana.esper.operations import Shape

    Sizes: TypeAlias = tuple[int, ...]
    Raw: TypeAlias = bytes | bytearray | memoryview

MAGIC = b"DANAKRN1"
FORMAT = "1"
SIGNATURE_BYTES = 32
_PREFIX = len(MAGIC) + SIGNATURE_BYTES
MOST_HEADER_BYTES = 256 * 1024
MOST_BYTES = MOST_PARAMETERS * 8 + MOST_HEADER_BYTES + _PREFIX + 8
LEAST_KEY_BYTES = 16
# Bytes of one number, by the names safetensors has for kinds of numbers.
DTYPES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8}
FLOATS = ("F32", "F64", "F16", "BF16")
# What a kernel went through before it is signed, in this order (E93).
STAGES = ("static", "build", "probe", "benchmark", "characterise")
_METADATA = frozenset(("format", "blueprint", "report", "provenance"))
_RECORD = frozenset(("stage", "blueprint", "passed", "facts", "previous", "signature"))
# How files begin that people might take for kernels.
_FOREIGN = ((b"\x80", "a pickle"), (b"PK\x03\x04", "a zip archive, as TorchScript and torch.save write it"))


class Entry:
    """One tensor in the file: its name, kind of numbers, shape, and where its bytes lie among the weights."""

    __slots__ = ("begin", "dtype", "end", "name", "shape")

    def __init__(self, name: str, dtype: str, shape: Sizes, begin: int, end: int) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.begin = begin
        self.end = end


class Artifact:
    """A kernel's bytes after every check. Made by `read`.

    `id`; `blueprint`; `report`: the signed records of its validation; `provenance`: where it comes from, plain data;
    `entries` and `weights`: its tensors and the bytes they lie in; `weights_id`: SHA-256 of those.
    """

    __slots__ = ("blueprint", "entries", "id", "provenance", "report", "weights", "weights_id")

    def __init__(
        self,
        id: str,  # noqa: A002
        blueprint: Blueprint,
        report: list[dict[str, Any]],
        provenance: dict[str, Any],
        entries: tuple[Entry, ...],
        weights: memoryview,
        weights_id: str,
    ) -> None:
        self.id = id
        self.blueprint = blueprint
        self.report = report
        self.provenance = provenance
        self.entries = entries
        self.weights = weights
        self.weights_id = weights_id

    @property
    def dtype(self) -> str:
        """The kind of its learned numbers; "F32" when it has none."""
        return next((entry.dtype for entry in self.entries if entry.dtype in FLOATS), "F32")

    def __repr__(self) -> str:
        return f"Artifact({self.blueprint.name}, {len(self.weights):,} bytes, {self.id[:12]})"


# --- writing --------------------------------------------------------------------------------------


def write(
    blueprint: Blueprint,
    tensors: Mapping[str, tuple[str, Sizes, bytes]],
    report: Sequence[Mapping[str, Any]],
    key: bytes,
    *,
    provenance: Mapping[str, Any] | None = None,
) -> bytes:
    """The signed file of a kernel; equal arguments give equal bytes.

    `tensors`: kind of numbers, shape and bytes by name; `report`: the records of all five stages, signed with `key`.
    Raises `RefusedError` for a report that is not complete and for weights that are not the blueprint's.
    """
    order = sorted(tensors, key=lambda name: (-DTYPES.get(tensors[name][0], 0), name))
    header: dict[str, Any] = {}
    at = 0
    for name in order:
        dtype, shape, raw = tensors[name]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
    weights = b"".join(tensors[name][2] for name in order)
    _check_entries(blueprint, _entries(header, len(weights)))
    check_report(report, blueprint.id, sha256(weights).hexdigest(), key)
    header["__metadata__"] = {
        "format": FORMAT,
        "blueprint": canonical(blueprint.to_data()),
        "report": canonical([dict(record) for record in report]),
        "provenance": canonical(dict(provenance or {})),
    }
    return seal(frame(header, weights), key)


def frame(header: Mapping[str, Any], weights: bytes) -> bytes:
    """A safetensors file of a header and weights; the header is padded so that weights lie on 8 bytes."""
    text = canonical(dict(header)).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + weights


def seal(file: bytes, key: bytes) -> bytes:
    """A safetensors file with a signature before it. Only what went through all stages should be sealed."""
    (length,) = struct.unpack_from("<Q", file)
    split = min(len(file), 8 + length)
    name = _identity(memoryview(file)[:split], sha256(memoryview(file)[split:]).digest())
    return MAGIC + _signed(key, b"esper kernel 1", name) + file


def _identity(header: Raw, weights: bytes) -> bytes:
    """The id of a kernel: one pass over the weights gives their own digest, and the id with it."""
    whole = sha256(header)
    whole.update(weights)
    return whole.digest()


def _signed(key: bytes, purpose: bytes, message: bytes) -> bytes:
    if len(key) < LEAST_KEY_BYTES:
        raise ValueError(f"a key has at least {LEAST_KEY_BYTES} bytes")
    return hmac.digest(key, purpose + b"\0" + message, "sha256")


def fresh_key() -> bytes:
    """A new key of Urabrask's."""
    from secrets import token_bytes

    return token_bytes(32)


# --- reading --------------------------------------------------------------------------------------


def read(data: Raw, key: bytes, *, expected: str | None = None) -> Artifact:
    """A kernel's file, checked. `expected`: the id it is known by. Raises `RefusedError`, whatever the bytes."""
    view = memoryview(data).cast("B") if not isinstance(data, (bytes, bytearray)) else memoryview(data)
    split = _check_sizes(view)
    weights = view[split:]
    weights_hash = sha256(weights).digest()
    identity = _identity(view[_PREFIX:split], weights_hash)
    if not hmac.compare_digest(_signed(key, b"esper kernel 1", identity), bytes(view[len(MAGIC) : _PREFIX])):
        raise RefusedError("refused.unsigned", "the signature is not Urabrask's, or the bytes are damaged")
    name = identity.hex()
    if expected is not None and name != expected:
        raise RefusedError("refused.bytes", f"this is kernel {name[:12]}, not {expected[:12]}")
    return _read_signed(view[_PREFIX + 8 : split], weights, name, weights_hash.hex(), key)


def identify(data: Raw) -> str:
    """The id of a kernel's file, without a look at its signature. Raises `RefusedError` for what is no kernel."""
    view = memoryview(data)
    split = _check_sizes(view)
    return _identity(view[_PREFIX:split], sha256(view[split:]).digest()).hex()


def _check_sizes(view: memoryview) -> int:
    """Where the weights begin."""
    if len(view) > MOST_BYTES:
        raise RefusedError("refused.bytes", f"{len(view):,} bytes; {MOST_BYTES:,} are the limit")
    if bytes(view[: len(MAGIC)]) != MAGIC:
        raise _foreign(bytes(view[:16]))
    if len(view) < _PREFIX + 8:
        raise RefusedError("refused.bytes", "the file ends before its header")
    (length,) = struct.unpack_from("<Q", view, _PREFIX)
    if length > MOST_HEADER_BYTES:
        raise RefusedError("refused.bytes", f"a header of {length:,} bytes; {MOST_HEADER_BYTES:,} are the limit")
    split = _PREFIX + 8 + int(length)
    if split > len(view):
        raise RefusedError("refused.bytes", "the file ends within its header")
    return split


def _foreign(start: bytes) -> RefusedError:
    if start[8:9] == b"{":
        return RefusedError("refused.unsigned", "this is a safetensors file without a signature")
    what = next((what for head, what in _FOREIGN if start.startswith(head)), "")
    hint = f"it looks like {what}; such files can run code and are never read" if what else ""
    return RefusedError("refused.bytes", "this is no kernel", hint)


def _read_signed(header: memoryview, weights: memoryview, name: str, weights_id: str, key: bytes) -> Artifact:
    found = _json(bytes(header), "the header")
    if not isinstance(found, dict):
        raise _schema("the header is no object")
    metadata = found.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.keys() != _METADATA:
        raise _schema("`__metadata__` has " + ", ".join(sorted(_METADATA)))
    if not all(isinstance(value, str) for value in metadata.values()) or metadata["format"] != FORMAT:
        raise _schema(f"this is format {FORMAT} of kernels")
    blueprint = _blueprint(metadata["blueprint"])
    entries = _entries(found, len(weights))
    _check_entries(blueprint, entries)
    report = _json(metadata["report"].encode("utf-8", "surrogatepass"), "the report")
    check_report(report, blueprint.id, weights_id, key)
    provenance = _json(metadata["provenance"].encode("utf-8", "surrogatepass"), "the provenance")
    if not isinstance(provenance, dict):
        raise _schema("`provenance` is no object")
    return Artifact(name, blueprint, report, provenance, entries, weights, weights_id)


@lru_cache(maxsize=128)
def _blueprint(text: str) -> Blueprint:
    """The blueprint of a canonical text. Many kernels have one blueprint, and a text that was checked stays right."""
    raw = text.encode("utf-8", "surrogatepass")
    blueprint = from_data(_json(raw, "the blueprint"))
    # A blueprint's id is the hash of its canonical form.
    if sha256(raw).hexdigest() != blueprint.id:
        raise _schema("the blueprint is not in its canonical form")
    return blueprint


def _schema(reason: str) -> RefusedError:
    return RefusedError("refused.bytes", reason)


def _json(text: bytes, what: str) -> Any:
    """JSON without repeated names and without NaN, from texts whose size was checked."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise _schema(f"{what} is no JSON: {type(error).__name__}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name is twice there")
    return made


def _constant(word: str) -> Any:
    raise ValueError(word)


def _entries(header: Mapping[str, Any], size: int) -> tuple[Entry, ...]:
    """The tensors of a header; their bytes follow one another without holes, from the first byte to the last."""
    entries = sorted((_entry(name, said) for name, said in header.items()), key=lambda entry: (entry.begin, entry.end))
    at = 0
    for entry in entries:
        if entry.begin != at:
            raise _schema(f"the bytes of `{entry.name:.40}` begin at {entry.begin}, not at {at}")
        at = entry.end
    if at != size:
        raise _schema(f"there are {size:,} bytes of weights, the header speaks of {at:,}")
    return tuple(entries)


def _entry(name: str, said: Any) -> Entry:
    if not isinstance(said, dict) or said.keys() != {"dtype", "shape", "data_offsets"}:
        raise _schema(f"`{name:.40}` has dtype, shape and data_offsets")
    dtype, shape, offsets = said["dtype"], said["shape"], said["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise _schema(f"`{name:.40}`: {dtype!r:.20} is no kind of numbers")
    if not isinstance(shape, list) or len(shape) > 4 or not all(_is_count(size) for size in shape):
        raise _schema(f"`{name:.40}`: the shape is no list of sizes")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(_is_count(place) for place in offsets):
        raise _schema(f"`{name:.40}`: data_offsets are two places")
    begin, end = offsets
    if end - begin != prod(shape) * DTYPES[dtype]:
        raise _schema(f"`{name:.40}`: {end - begin} bytes are not {prod(shape)} numbers of {dtype}")
    return Entry(name, dtype, tuple(shape), begin, end)


def _is_count(value: Any) -> bool:
    return value.__class__ is int and 0 <= value <= MOST_BYTES


# --- what a blueprint's weights are ---------------------------------------------------------------


def weights_of(blueprint: Blueprint) -> dict[str, tuple[Sizes, bool]]:
    """The tensors of a built blueprint by name: their shape, and whether they are counts (whole numbers)."""
    found: dict[str, tuple[Sizes, bool]] = {}
    for node in blueprint.nodes:
        make = _WEIGHTS.get(node.op)
        for name, shape in () if make is None else make(node, blueprint.shapes[node.inputs[0]]):
            found[f"{node.id}.{name}"] = shape, name == "num_batches_tracked"
    return found


def _check_entries(blueprint: Blueprint, entries: Iterable[Entry]) -> None:
    """Exactly the tensors the blueprint has, in one kind of numbers."""
    expected = weights_of(blueprint)
    kinds = set()
    for entry in entries:
        want = expected.pop(entry.name, None)
        if want is None:
            raise RefusedError("refused.shape", f"the blueprint has no weight `{entry.name:.60}`")
        shape, counts = want
        if shape != entry.shape:
            raise RefusedError("refused.shape", f"`{entry.name}` is {entry.shape}, the blueprint says {shape}")
        if counts != (entry.dtype == "I64"):
            raise RefusedError("refused.shape", f"`{entry.name}` cannot be {entry.dtype}")
        if not counts:
            kinds.add(entry.dtype)
    if expected:
        raise RefusedError("refused.shape", f"the weight `{min(expected)}` is missing")
    if len(kinds) > 1:
        raise RefusedError("refused.shape", "the weights are of different kinds: " + ", ".join(sorted(kinds)))


def _linear(node: Node, shape: Shape) -> list[tuple[str, Sizes]]:
    out = node.arguments["out"]
    return [("weight", (out, int(shape[-1]))), *([("bias", (out,))] if node.arguments["bias"] else [])]


def _conv2d(node: Node, shape: Shape) -> list[tuple[str, Sizes]]:
    a = node.arguments
    inner = int(shape[1]) // a["groups"]
    return [("weight", (a["out"], inner, a["kernel"], a["kernel"])), *([("bias", (a["out"],))] if a["bias"] else [])]


def _layer_norm(_node: Node, shape: Shape) -> list[tuple[str, Sizes]]:
    return [("weight", (int(shape[-1]),)), ("bias", (int(shape[-1]),))]


def _batch_norm(_node: Node, shape: Shape) -> list[tuple[str, Sizes]]:
    each = (int(shape[1]),)
    return [(name, each) for name in ("weight", "bias", "running_mean", "running_var")] + [("num_batches_tracked", ())]


def _scale(_node: Node, shape: Shape) -> list[tuple[str, Sizes]]:
    return [("weight", (int(shape[1]), 1, 1) if len(shape) == 4 else (int(shape[-1]),))]


def _attention(node: Node, shape: Shape) -> list[tuple[str, Sizes]]:
    width = int(shape[2])
    inner = node.arguments["width"] or width
    return [
        ("queries_keys_values.weight", (3 * inner, width)),
        ("queries_keys_values.bias", (3 * inner,)),
        ("back.weight", (width, inner)),
        ("back.bias", (width,)),
    ]


_WEIGHTS: dict[str, Callable[[Node, Shape], list[tuple[str, Sizes]]]] = {
    "linear": _linear,
    "conv2d": _conv2d,
    "layer_norm": _layer_norm,
    "batch_norm": _batch_norm,
    "scale": _scale,
    "attention": _attention,
}


# --- records of validation ------------------------------------------------------------------------


def sign_record(
    stage: str, blueprint_id: str, facts: Mapping[str, Any], key: bytes, *, previous: str = "", passed: bool = True
) -> dict[str, Any]:
    """The signed record of one stage. `previous`: the signature of the record before, so that order is signed too."""
    record: dict[str, Any] = {
        "stage": stage,
        "blueprint": blueprint_id,
        "passed": passed,
        "facts": dict(facts),
        "previous": previous,
    }
    return {**record, "signature": _signed(key, b"esper record 1", canonical(record).encode()).hex()}


def check_report(report: Any, blueprint_id: str, weights_id: str, key: bytes) -> None:
    """Whether a report holds all five stages, passed, in order, signed, for this blueprint and these weights.

    Raises `RefusedError`, whatever the report.
    """
    if not isinstance(report, (list, tuple)) or len(report) > len(STAGES):
        raise RefusedError("refused.validation", "the report is no list of stages")
    previous = ""
    for stage, record in zip(STAGES, report, strict=False):
        refusal = _check_record(stage, record, blueprint_id, previous, key)
        if refusal is not None:
            raise RefusedError(refusal.code, refusal.reason, refusal.hint, stage=stage)
        previous = record["signature"]
    if len(report) < len(STAGES):
        raise RefusedError("refused.validation", f"the stage `{STAGES[len(report)]}` of validation is missing")
    if report[1]["facts"].get("weights") != weights_id:
        raise RefusedError("refused.validation", "other weights were validated than these")


def _check_record(stage: str, record: Any, blueprint_id: str, previous: str, key: bytes) -> Refusal | None:
    if not isinstance(record, dict) or record.keys() != _RECORD or not isinstance(record["facts"], dict):
        return Refusal("refused.validation", f"the record of `{stage}` is no record")
    if record["stage"] != stage or record["blueprint"] != blueprint_id or record["previous"] != previous:
        return Refusal("refused.validation", f"the record of `{stage}` is of something else")
    said = record["signature"]
    unsigned = {name: value for name, value in record.items() if name != "signature"}
    right = _signed(key, b"esper record 1", canonical(unsigned).encode("utf-8", "surrogatepass")).hex()
    if not isinstance(said, str) or not said.isascii() or not hmac.compare_digest(right, said):
        return Refusal("refused.unsigned", f"the record of `{stage}` is not signed by Urabrask")
    if record["passed"] is not True:
        return Refusal("refused.validation", f"the stage `{stage}` was not passed")
    return None
