"""Kernels: what is packed comes back the same, what is damaged is refused, what fails gives the host's value (E1–E18)."""

from __future__ import annotations

import copy
from collections import OrderedDict
from random import Random
from time import perf_counter, thread_time

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dana.esper import artifact as files
from dana.esper.blueprint import MOST_PARAMETERS, Blueprint, Node
from dana.esper.kernel import (
    EnhancedKernelCache,
    Kernel,
    KernelMetadata,
    KernelValidator,
    RealKernelExecutor,
    ShapeCompatibilityChecker,
    load,
    load_kernel,
    pack,
)
from dana.esper.modules import build
from dana.esper.refusals import RefusedError
from dana.esper.templates import TEMPLATES, SiteFacts
from dana.esper.validation import Urabrask
from tests.esper.kernels import KEY, kernel, mlp, packed

SITES = (
    SiteFacts("a", "linear", ("batch", 16), inputs=8, outputs=16),
    SiteFacts("c", "conv", ("batch", 8, "height", "width"), inputs=8, outputs=8, spatial=9),
    SiteFacts("t", "transformer", ("batch", "time", 16), inputs=16, outputs=16),
)


def blueprints():
    for site in SITES:
        for name, template in TEMPLATES.items():
            if template.fits(site) and template.growth == "graft":
                yield pytest.param(template.blueprint(site), id=f"{name}-{site.kind}")


def refused(data, key=KEY, **how):
    with pytest.raises(RefusedError) as caught:
        load(data, key, **how)
    return caught.value.refusal


# --- pack and load --------------------------------------------------------------------------------


@pytest.mark.parametrize("blueprint", list(blueprints()))
def test_every_template_survives_the_way_through_a_file(blueprint):
    data = packed(blueprint, seed=5)
    random = torch.get_rng_state()
    found, module = load(data, KEY)
    assert torch.equal(torch.get_rng_state(), random)
    torch.manual_seed(5)
    fresh = build(blueprint)
    assert found == blueprint
    assert module.state_dict().keys() == fresh.state_dict().keys()
    for name, value in fresh.state_dict().items():
        assert torch.equal(module.state_dict()[name], value), name
    assert all(parameter.requires_grad and not parameter.is_meta for parameter in module.parameters())
    assert [type(layer) for layer in module.modules()] == [type(layer) for layer in fresh.modules()]
    assert {name: tuple(v.shape) for name, v in fresh.state_dict().items()} == {
        name: shape for name, (shape, _counts) in files.weights_of(blueprint).items()
    }


def test_equal_blueprints_and_seeds_give_equal_bytes():
    assert packed(mlp(), seed=3) == packed(mlp(), seed=3)
    assert packed(mlp(), seed=3) != packed(mlp(), seed=4)


def test_a_kernel_is_a_safetensors_file_behind_its_signature():
    data = packed(mlp())
    tensors = safetensors.torch.load(data[40:])
    _found, module = load(data, KEY)
    assert all(torch.equal(value, tensors[name]) for name, value in module.state_dict().items())


def test_a_loaded_kernel_learns():
    module = kernel().module
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module(torch.randn(4, 12)).square().mean().backward()
    optimizer.step()
    assert all(not torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_the_id_is_the_content():
    data = packed(mlp())
    assert files.identify(data) == load_kernel(data, KEY).id
    assert refused(data, expected="0" * 64).code == "refused.bytes"


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "refused.bytes", "no kernel"),
        (b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system", "refused.bytes", "pickle"),
        (b"PK\x03\x04archive/data.pkl", "refused.bytes", "TorchScript"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{}              ", "refused.unsigned", "without a signature"),
        (files.MAGIC + b"\0" * 40, "refused.unsigned", "not Urabrask's"),
        (files.MAGIC + b"\0" * 32 + b"\xff" * 8, "refused.bytes", "header of"),
        (files.MAGIC + b"\0" * 20, "refused.bytes", "before its header"),
        (files.MAGIC + b"\0" * 32 + b"\x40" + b"\0" * 7, "refused.bytes", "within its header"),
    ],
)
def test_what_is_no_kernel_is_refused(data, code, said):
    refusal = refused(data)
    assert refusal.code == code
    assert said in f"{refusal.reason} {refusal.hint}"


def test_another_key_and_no_key_are_refused():
    assert refused(packed(), b"another key, which is 32 bytes!!").code == "refused.unsigned"
    with pytest.raises(ValueError, match="at least 16 bytes"):
        load(packed(), b"")


def test_every_truncation_and_every_flipped_byte_is_refused():
    data = packed(mlp(4, 2))
    for length in range(0, len(data), 7):
        refused(data[:length])
    for place in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        refused(bytes(damaged))


def test_signed_nonsense_is_refused_too():
    """Who holds the key may be wrong as well."""
    header = {"__metadata__": {"format": "1", "blueprint": "{}", "report": "[]", "provenance": "{}"}}
    assert refused(files.seal(files.frame(header, b""), KEY)).code == "refused.argument"
    assert refused(files.seal(files.frame({"a": 1}, b""), KEY)).code == "refused.bytes"
    deep = b"[" * 100_000
    file = len(deep).to_bytes(8, "little") + deep
    assert refused(files.seal(file, KEY)).code == "refused.bytes"


def test_a_report_that_lacks_a_stage_is_no_report():
    verdict = Urabrask(KEY).validate(mlp())
    module = load(verdict.packed, KEY)[1]
    for count in range(5):
        with pytest.raises(RefusedError, match=r"missing"):
            pack(module, mlp(), verdict.records[:count], KEY)
    swapped = [verdict.records[1], verdict.records[0], *verdict.records[2:]]
    with pytest.raises(RefusedError, match="of something else"):
        pack(module, mlp(), swapped, KEY)
    changed = copy.deepcopy(verdict.records)
    changed[3]["facts"]["bytes"] = 1
    with pytest.raises(RefusedError, match="not signed"):
        pack(module, mlp(), changed, KEY)
    with torch.no_grad():
        next(module.parameters()).add_(1)
    with pytest.raises(RefusedError, match="other weights were validated"):
        pack(module, mlp(), verdict.records, KEY)


def test_a_verified_load_is_fast():
    """The bench measures it; this only notices when it becomes another kind of slow."""
    data = packed(mlp(512, 128))
    load(data, KEY)
    best = min(timed(lambda: load(data, KEY)) for _ in range(20))
    assert best < 0.005


def timed(act):
    began = thread_time()
    act()
    return thread_time() - began


# --- metadata, shapes, rules ----------------------------------------------------------------------


def test_metadata_comes_from_the_header_and_goes_through_plain_data():
    found = kernel(mlp(), site="0.1").metadata
    assert (found.parameters, found.target, found.flags) == (mlp().parameters, "0.1", ("normalises",))
    assert found.input_shape == found.output_shape == ("batch", 12)
    assert KernelMetadata.from_data(found.to_data()) == found
    with pytest.raises(RefusedError, match="no metadata"):
        KernelMetadata.from_data({"name": "x"})
    with pytest.raises(RefusedError, match="ids"):
        KernelMetadata.from_data({**found.to_data(), "parameters": -1})


@pytest.mark.parametrize(
    ("expected", "shape", "fits"),
    [
        (("batch", 12), (1, 12), True),
        (("batch", 12), (7, 12), True),
        (("batch", 12), (7, 11), False),
        (("batch", 12), (7, 12, 1), False),
        (("batch", 12), (12,), False),
        (("batch", 12), (0, 12), False),
        (("batch", "time", 4), (2, 9, 4), True),
        (("batch", 8, "height", "width"), (2, 8, 3, 5), True),
        (("batch", "batch"), (2, 3), False),
        (("batch", "batch"), (3, 3), True),
    ],
)
def test_a_value_fits_by_the_algebra_and_nothing_is_padded(expected, shape, fits):
    refusal = ShapeCompatibilityChecker().check(expected, shape)
    assert (refusal is None) is fits
    assert fits or refusal.code == "refused.shape"


def test_each_rule_of_the_validator_lets_one_through_and_stops_one():
    blueprint = mlp()
    size = blueprint.parameters
    cases = {
        "refused.budget": (KernelValidator(parameters=size), KernelValidator(parameters=size - 1)),
        "refused.memory": (KernelValidator(memory=4 * size), KernelValidator(memory=4 * size - 1)),
        "refused.operation": (KernelValidator(), KernelValidator(operations=("linear", "gelu"))),
        "refused.argument": (KernelValidator(), KernelValidator(devices=("cuda",))),
    }
    for what in (blueprint, kernel()):
        for code, (lets, stops) in cases.items():
            assert lets.validate(what) is None
            assert stops.validate(what).code == code
    assert KernelValidator().validate(blueprint, device="toaster:1").code == "refused.argument"


def test_ten_million_parameters_are_the_limit():
    def made(bias):
        nodes = [Node("a", "linear", ["input"], {"out": 500_000, "bias": False})]
        return Blueprint("most", ["batch", 10], [*nodes, Node("b", "linear", ["a"], {"out": 10, "bias": bias})], "b")

    assert made(False).parameters == MOST_PARAMETERS
    assert KernelValidator().validate(made(False)) is None
    with pytest.raises(RefusedError, match="10,000,010 parameters"):
        made(True)


# --- the cache ------------------------------------------------------------------------------------


class Reference:
    """The same cache, written as plainly as possible."""

    def __init__(self, limit):
        self.limit, self.kept = limit, OrderedDict()

    def get(self, key):
        if key in self.kept:
            self.kept.move_to_end(key)
            return True
        return False

    def put(self, key, size):
        self.kept.pop(key, None)
        while sum(self.kept.values()) + size > self.limit:
            self.kept.popitem(last=False)
        self.kept[key] = size


KERNELS = [kernel(mlp(width, 3, f"k{width}")) for width in range(3, 11)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 7), st.integers(0, 1)), max_size=60))
def test_the_cache_is_a_least_recently_used_one(steps):
    cache = EnhancedKernelCache(max_size_mb=0.003)
    reference = Reference(3000)
    for put, which, other in steps:
        one, shape = KERNELS[which], ("batch", which + other)
        if put:
            assert cache.put(one, shape)
            reference.put((one.id, shape), one.bytes)
        else:
            assert (cache.get(one.id, shape) is one) is reference.get((one.id, shape))
        found = cache.statistics
        assert found.bytes == sum(reference.kept.values()) <= cache.limit
        assert found.entries == len(cache) == len(reference.kept)


def test_statistics_of_a_scripted_trace_are_exact():
    one, other = KERNELS[:2]
    cache = EnhancedKernelCache(max_size_mb=(one.bytes + other.bytes - 1) / 1e6)
    assert cache.get(one.id, ("batch", 3)) is None
    cache.put(one, ("batch", 3))
    assert cache.get(one.id, ("batch", 3)) is one
    assert cache.get(one.id, ("batch", 3), torch.float64) is None
    cache.put(other, ("batch", 4))
    assert cache.get(one.id, ("batch", 3)) is None
    assert cache.statistics.to_data() == {
        "hits": 1, "misses": 3, "compatibility_misses": 1, "evictions": 1, "entries": 1, "bytes": other.bytes,
    }  # fmt: skip
    assert cache.forget(other.id) == 1
    assert cache.statistics.bytes == 0
    assert not EnhancedKernelCache(max_size_mb=0.0001).put(one, ("batch", 3))


def test_fetching_verifies_once_and_checks_the_shape():
    data, reads = packed(mlp()), []

    def read(kernel_id):
        reads.append(kernel_id)
        return data

    cache, name = EnhancedKernelCache(), files.identify(data)
    first = cache.fetch(name, ("batch", 12), read, KEY)
    assert cache.fetch(name, ("batch", 12), read, KEY) is first
    assert len(reads) == 1
    for shape in (("batch", 13), (4, 13)):
        with pytest.raises(RefusedError, match=r"fit|is for"):
            cache.fetch(name, shape, read, KEY)
    with pytest.raises(RefusedError, match="not"):
        cache.fetch("0" * 64, ("batch", 12), read, KEY)
    assert cache.statistics.compatibility_misses == 2


def test_a_trace_of_adaptations_hits_more_than_95_of_100():
    chance = Random(7)
    names = [f"{number:064x}" for number in range(200)]
    weights = [1 / (rank + 1) ** 1.2 for rank in range(200)]
    made = {}
    cache = EnhancedKernelCache(max_size_mb=0.9 * 200 * KERNELS[0].bytes / 1e6)
    for name in chance.choices(names, weights, k=20_000):
        if cache.get(name, ("batch", 3)) is None:
            if name not in made:
                made[name] = Kernel(KERNELS[0].artifact, KERNELS[0].module)
                made[name].id = name
            cache.put(made[name], ("batch", 3))
    assert cache.statistics.hit_rate > 0.95
    assert cache.statistics.evictions > 0


def test_a_hit_is_cheap():
    cache = EnhancedKernelCache()
    cache.put(KERNELS[0], ("batch", 3))
    name = KERNELS[0].id

    def hits():
        for _ in range(2000):
            cache.get(name, ("batch", 3))

    assert min(timed(hits) for _ in range(20)) / 2000 < 5e-6


# --- the executor ---------------------------------------------------------------------------------


class Faulty(torch.nn.Module):
    """A kernel's module that does what it is told, call by call."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.next = ""

    def forward(self, value):
        kind, self.next = self.next, ""
        part = self.inner(value)
        if kind == "raise":
            raise RuntimeError("injected")
        if kind == "nan":
            return part * float("nan")
        if kind == "shape":
            return part[:, :-1]
        if kind == "grow":
            return part[None].expand(2, *part.shape)
        if kind == "timeout":
            self.clock.now += 10.0
        return part


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.001
        return self.now


def faulty(**how):
    clock = Clock()
    one = kernel()
    one.module = Faulty(one.module)
    one.module.clock = clock
    return one, RealKernelExecutor(limit_s=1.0, clock=clock, **how)


def test_alpha_is_convex_with_exact_ends():
    one = kernel()
    executor = RealKernelExecutor()
    x = torch.randn(5, 12, requires_grad=True)
    assert executor.execute_kernel(one, x, blend_alpha=0.0) is x
    whole = x + one.module(x)
    assert torch.equal(executor.execute_kernel(one, x), whole)
    half = executor.execute_kernel(one, x, blend_alpha=0.25)
    assert torch.allclose(half, 0.75 * x + 0.25 * whole, atol=1e-6)
    half.sum().backward()
    assert all(parameter.grad is not None for parameter in one.module.parameters())


def test_stats_are_exact_and_a_failed_kernel_is_not_tried_again():
    one, executor = faulty(strikes=8)
    x = torch.randn(4, 12)
    for number in range(107):
        one.module.next = {10: "raise", 20: "raise", 30: "raise", 40: "nan", 50: "nan", 60: "timeout", 70: "grow"}.get(
            number, ""
        )
        found = executor.execute_kernel(one, x)
        if one.module.next or number in (10, 20, 30, 40, 50, 60, 70):
            assert found is x
    stats = executor.stats
    assert (stats.calls, stats.successes, stats.failures) == (107, 100, 7)
    assert stats.errors == {"RuntimeError": 3, "not finite": 2, "timeout": 1, "shape": 1}
    assert stats.success_rate == 100 / 107
    one.module.next = "raise"
    executor.execute_kernel(one, x)
    assert executor.failed_kernels == {one.id}
    assert executor.execute_kernel(one, x) is x
    assert executor.stats.refused == 1
    executor.forgive(one.id)
    assert executor.execute_kernel(one, x) is not x


def test_the_mean_latency_is_the_closed_form():
    one, executor = faulty()
    x = torch.randn(4, 12)
    for _ in range(50):
        executor.execute_kernel(one, x)
    assert executor.stats.mean_s == pytest.approx(0.001)


def test_a_value_that_does_not_fit_gives_itself_and_says_why():
    one, executor = kernel(), RealKernelExecutor()
    wrong = torch.randn(4, 11)
    assert executor.execute_kernel(one, wrong) is wrong
    assert executor.stats.errors == {"refused.shape": 1}
    assert executor.check(one, torch.randn(4, 12).double()).code == "refused.shape"
    assert RealKernelExecutor("meta").check(one, torch.randn(4, 12)).code == "refused.argument"
    with pytest.raises(RefusedError, match="no device"):
        RealKernelExecutor("toaster")


def test_a_kernel_runs_on_the_meta_device():
    one = kernel()
    one.module.to("meta")
    found = RealKernelExecutor("meta", safety_checks=False).execute_kernel(one, torch.empty(3, 12, device="meta"))
    assert found.shape == (3, 12)
    assert found.is_meta


def test_10_000_faults_one_value():
    """raise, NaN, shape and timeout at random: the host's value, bit for bit, each time."""
    chance = Random(1)
    one, executor = faulty(strikes=10**9)
    x = torch.randn(4, 12)
    right = x + one.module.inner(x)
    faults = 0
    with torch.no_grad():
        for _ in range(10_000):
            kind = chance.choice(("", "raise", "nan", "shape", "grow", "timeout"))
            one.module.next = kind
            found = executor.execute_kernel(one, x)
            faults += bool(kind)
            assert found is x if kind else torch.equal(found, right)
    assert executor.stats.failures == faults > 8000


def test_loading_reads_no_clock_and_touches_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    began = perf_counter()
    load(packed(), KEY)
    assert list(tmp_path.iterdir()) == []
    assert perf_counter() - began < 5
