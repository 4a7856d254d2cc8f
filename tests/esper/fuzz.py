"""Hostile artifacts: whatever the bytes, loading them is a typed refusal or a right kernel, and nothing happens besides.

    python -m tests.esper.fuzz --count 100000 --seed 1

Two kinds of attackers. One has no key: bytes are cut, flipped, spliced, given huge lengths, replaced by pickles,
TorchScript archives and noise. The other has the key, and signs headers full of nonsense: cycles, unknown operations,
sizes that would take terabytes, wrong offsets, numbers of every kind, nesting without end, reports without stages.

An audit hook watches every load: a file that is opened, a module that is imported, code that is compiled or run, a
process, a connection: any of them ends the run. So do a load that takes long, and memory that grows.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import os
import pickle
import resource
import struct
import sys
import tempfile
import time
import zipfile
from collections import Counter
from random import Random

import torch

import dana.diagnostics  # noqa: F401  (loaded before the watch begins)
from dana.esper import artifact as files
from dana.esper.kernel import load
from dana.esper.refusals import CODES, RefusedError
from tests.esper.kernels import KEY, mlp, packed

LONGEST_S = 0.5
MOST_GROWTH = 200 << 20
# What must not happen while bytes are looked at.
FORBIDDEN = frozenset(
    "exec compile open import os.system os.exec os.fork os.posix_spawn os.remove os.rename os.mkdir subprocess.Popen "
    "socket.connect socket.bind pickle.find_class marshal.loads ctypes.dlopen ctypes.dlsym shutil.rmtree".split()
)


class Broken(Exception):
    """A promise was not kept."""


class Watch:
    """Hears what the interpreter does while it is `on`. Hooks cannot be removed, so there is one for all runs."""

    def __init__(self):
        self.on = False
        self.heard = []
        sys.addaudithook(self._hear)

    def _hear(self, event, args):
        if self.on and event in FORBIDDEN:
            self.heard.append((event, repr(args)[:200]))


_WATCH = None


def watch():
    global _WATCH
    _WATCH = _WATCH or Watch()
    return _WATCH


class Payload:
    """A pickle that leaves a mark when somebody loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


# --- who has no key -------------------------------------------------------------------------------


def foreign(marker):
    """Files of other kinds, harmful ones."""
    evil = pickle.dumps(Payload(marker))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("archive/data.pkl", evil)
        made.writestr("archive/code/__torch__.py", f"import os\nos.mkdir({marker!r})\n")
    saved = io.BytesIO()
    torch.save({"weight": torch.zeros(3)}, saved)
    return [evil, pickle.dumps(Payload(marker), protocol=0), archive.getvalue(), saved.getvalue(), b"", b"\0" * 4096]


def damaged(data, chance, others):
    """One mutation of the bytes."""
    how = chance.randrange(9)
    place = chance.randrange(len(data))
    if how == 0:
        return data[:place]
    if how == 1:
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 2, 8))):
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(changed)
    if how == 2:
        return data[:place] + chance.randbytes(chance.choice((1, 8, 300))) + data[place:]
    if how == 3:
        return data[:place] + data[place + chance.choice((1, 8, 300)) :]
    if how == 4:
        return data[:40] + struct.pack("<Q", chance.choice((0, 1, 2**20, 2**31, 2**63, 2**64 - 1))) + data[48:]
    if how == 5:
        return chance.choice(others)
    if how == 6:
        return files.MAGIC + chance.choice(others)
    if how == 7:
        return data[:40] + chance.choice(others)
    return chance.randbytes(chance.randrange(400))


# --- who has the key ------------------------------------------------------------------------------


def junk(chance, depth=0):
    """A value of JSON that does not belong there."""
    pick = chance.randrange(14)
    if pick == 12 and depth < 4:
        return [junk(chance, depth + 1) for _ in range(chance.randrange(4))]
    if pick == 13 and depth < 4:
        return {chance.choice(("op", "id", "out", "x")): junk(chance, depth + 1) for _ in range(chance.randrange(4))}
    return chance.choice(
        (None, True, -1, 0, 1, 2**31, 2**63, 10**30, 0.5, 1e308, -1e-300, "", "input", "batch", "linear", "a" * 300,
         "\ud800", "\0", "__class__", "../../x", [], {}, "os.system('true')", 999_999, 1_000_000),
    )  # fmt: skip


def places(value, path=()):
    """Every place in plain data."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for number in range(len(value)):
            yield from places(value[number], (*path, number))


def changed(value, chance):
    """Plain data with something in it replaced, removed, doubled or swapped."""
    value = copy.deepcopy(value)
    path = chance.choice(list(places(value))[1:] or [()])
    if not path:
        return junk(chance)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    how = chance.randrange(5)
    if how == 0:
        del holder[path[-1]]
    elif how == 1 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[path[-1]]))
    elif how == 2 and isinstance(holder, dict):
        holder[chance.choice(("extra", "from", "id", "__metadata__"))] = junk(chance)
    elif how == 3 and isinstance(holder[path[-1]], str):
        holder[path[-1]] = chance.choice(
            ("input", "up", "down", "norm", "bend", "linear", "conv2d", "attention", "add")
        )
    else:
        holder[path[-1]] = junk(chance)
    return value


def resigned(data, chance):
    """The file with a changed header, and a right signature."""
    (length,) = struct.unpack_from("<Q", data, 40)
    header, weights = json.loads(data[48 : 48 + length]), data[48 + length :]
    how = chance.randrange(8)
    if how <= 3:
        name = chance.choice(("blueprint", "blueprint", "report", "provenance"))
        inner = json.loads(header["__metadata__"][name])
        for _ in range(chance.choice((1, 1, 2))):
            inner = changed(inner, chance)
            if not isinstance(inner, (dict, list)):
                break
        header["__metadata__"][name] = files.canonical(inner)
    elif how == 4:
        header = changed(header, chance)
    elif how == 5:
        weights = chance.choice((weights[:-4], weights + b"\0" * 8, b"", chance.randbytes(len(weights))))
    elif how == 6:
        deep = chance.choice((b"[", b'{"a":')) * chance.choice((50, 5000, 40_000))
        return files.seal(struct.pack("<Q", len(deep)) + deep + weights, KEY)
    else:
        text = json.dumps(header)
        text = text.replace('"dtype"', chance.choice(('"dtype": "F32", "dtype"', '"dtype": NaN, "x"')), 1)
        text = text.encode()
        return files.seal(struct.pack("<Q", len(text)) + text + weights, KEY)
    try:
        text = json.dumps(header).encode()
    except (TypeError, ValueError):
        return data
    return files.seal(struct.pack("<Q", len(text)) + text + weights, KEY)


# --- the run --------------------------------------------------------------------------------------


def attempt(data, seen):
    """Load bytes under watch. Raises `Broken`."""
    hears = watch()
    hears.heard.clear()
    began = time.thread_time()
    hears.on = True
    try:
        blueprint, module = load(data, KEY)
    except RefusedError as error:
        hears.on = False
        if error.refusal.code not in CODES or not error.refusal.reason:
            raise Broken(f"a refusal without a code or a reason: {error.refusal!r}") from None
        seen[error.refusal.code] += 1
    else:
        hears.on = False
        shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
        if shapes != {name: shape for name, (shape, _counts) in files.weights_of(blueprint).items()}:
            raise Broken("a module was built that is not its blueprint's")
        seen["right"] += 1
    finally:
        hears.on = False
    if hears.heard:
        raise Broken(f"loading did more than look: {hears.heard[0]}")
    took = time.thread_time() - began
    if took > LONGEST_S:
        raise Broken(f"loading took {took:.2f} s")


def fuzz(count, seed=1, *, tell=None):
    """`count` attempts; how many of each outcome. Raises `Broken` with the bytes of the attempt."""
    chance = Random(seed)
    seen = Counter()
    base = [packed(mlp(6, 2), seed=number) for number in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        marker = os.path.join(folder, "was here")
        others = foreign(marker)
        for data in base:
            load(data, KEY)  # the first load imports parts of torch
            attempt(data, Counter())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        for number in range(count):
            data = chance.choice(base)
            data = damaged(data, chance, others) if number % 2 else resigned(data, chance)
            try:
                attempt(data, seen)
            except Broken as error:
                raise Broken(f"attempt {number} of seed {seed}: {error}; bytes: {data[:2000].hex()}") from None
            except Exception as error:
                said = f"attempt {number} of seed {seed}: {type(error).__name__}: {error}; bytes: {data[:4000]!r}"
                raise Broken(said) from error
            if tell is not None and number % 10_000 == 9_999:
                tell(number + 1, seen)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
        if grown > MOST_GROWTH:
            raise Broken(f"memory grew by {grown >> 20} MiB")
        if os.path.exists(marker):
            raise Broken("a payload has run")
    return seen


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.esper.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    began = time.monotonic()

    def tell(number, seen):
        print(f"{number:>8,} of {options.count:,}, {seen['right']:,} right, the others refused", flush=True)

    try:
        seen = fuzz(options.count, options.seed, tell=tell)
    except Broken as error:
        print(error)
        return 1
    for code, count in seen.most_common():
        print(f"{count:>8,}  {code}")
    print(f"{options.count:,} artifacts in {time.monotonic() - began:.0f} s: nothing but refusals and right kernels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
