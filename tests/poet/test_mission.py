"""The acceptance tests of the mission's documents, as they stand there: in Python and in Dana (P203–P208)."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

import dana.poet
from dana.adaptive.clock import FakeClock
from dana.engine import Engine
from dana.poet import (
    BaseDomainPlugin,
    DanaPOETBridge,
    LearningStore,
    ParameterPackage,
    ParameterStorage,
    PluginManager,
    POETConfig,
    POETEnforceError,
    POETPlugin,
    POETValidationError,
    SimplePOETConfig,
    SimplePOETExecutor,
    poet,
)
from dana.poet.packages import PackageError
from dana.poet.python import Host


def test_p203_a_simple_function_works():
    config = SimplePOETConfig(retries=2, timeout=10.0)

    @SimplePOETExecutor(config)
    def simple_func(x, y):
        return x + y

    assert simple_func(2, 3) == 5
    assert SimplePOETExecutor().execute(max, (2, 3), config=config) == 3


def test_p204_two_failures_then_a_success_are_three_calls():
    calls = []

    @poet(retries=3, host=Host(FakeClock(), random.Random(1)))
    def failing_func():
        calls.append(1)
        if len(calls) < 3:
            raise Exception("Temporary failure")  # noqa: TRY002  (the document's own)
        return "success"

    assert failing_func() == "success"
    assert len(calls) == 3


def test_p205_messy_values_of_credit_are_read_by_name():
    @poet(domain="financial_services")
    def credit_func(score, income):
        return score, income

    score, income = credit_func("excellent", "$50,000")
    assert (score, income) == (780, 50000.0)
    assert isinstance(score, int)
    assert isinstance(income, float)
    assert credit_func(income="$50,000", score="excellent") == (780, 50000.0)


def test_p206_the_pipeline_costs_less_than_10_ms():
    @poet(domain="financial_services", retries=3, timeout=30, breaker=True)
    def quick(score: int):
        return score

    quick(700)
    start = time.perf_counter()
    for _ in range(100):
        quick(700)
    assert (time.perf_counter() - start) / 100 < 0.010


def test_p207_a_thousand_functions_take_less_than_30_mb():
    import tracemalloc

    def made():
        @poet(retries=3, timeout=30, breaker=True)
        def f(x):
            return x

        return f

    made()
    tracemalloc.start()
    try:
        functions = [made() for _ in range(1000)]
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(functions) == 1000
    assert used < 8_000_000


def test_p208_parameters_are_kept_and_read_in_less_than_5_ms(tmp_path):
    from dana.poet.learning import LearningStore

    learnings = LearningStore(str(tmp_path / "parameters.db"))
    learnings.update_parameters("f", "-", {"timeout": 2.5})
    start = time.perf_counter()
    for _ in range(100):
        learnings.get_parameters("f", "-")
    assert (time.perf_counter() - start) / 100 < 0.005
    learnings.close()


PROGRAM = """
@poet(retries=2, timeout=10.0)
def simple_func(x: int, y: int) -> int:
    return x + y

calls = []

@poet(retries=3, learning=true, backoff=0)
def failing_func() -> str:
    calls.append(1)
    if len(calls) < 3:
        raise "Temporary failure"
    return "success"

@poet(domain="financial_services", learning=true, interrupts="auto")
def credit_func(score: int, income: float) -> list:
    return [score, income]

print(simple_func(2, 3), failing_func(), len(calls), credit_func("excellent", "$50,000"))
"""


def test_the_same_in_dana():
    printed = []
    Engine(on_print=printed.append, cache=False).run(PROGRAM)
    assert "".join(printed) == "5 success 3 [780, 50000.0]\n"


@pytest.mark.parametrize(
    "options",
    [
        {"learning": "on", "interrupts": "auto", "retries": 2},
        {"learning": True, "domain": "financial_services", "timeout": 30.0},
        {"learning": dana.poet.LearningMode.HYBRID, "interrupts": dana.poet.InterruptMode.OFF, "priority": "high"},
        {"profile": "production"},
        {"profile": "development", "interrupts": "off"},
        {"safety_critical": True, "audit_trail": True, "context_window": 8192},
    ],
)
def test_the_documents_ways_of_writing_options(options):
    @poet(**options)
    def f(score):
        return score

    assert f(700) == 700


def test_what_is_explicit_goes_before_the_profile_and_that_before_the_default():
    config = POETConfig(profile="production", retries=7)
    assert (config.retries, config.audit_trail, config.backoff) == (7, True, 0.1)
    origins = config.origins
    assert (origins["retries"], origins["audit_trail"], origins["backoff"]) == ("explicit", "profile", "default")
    assert POETConfig(profile="research").timeout is None
    assert (POETConfig(profile="realtime").timeout, POETConfig(profile="realtime").interrupts) == (5.0, "off")


def test_a_critical_call_is_tried_more_often_unless_somebody_said_how_often():
    assert POETConfig(priority="critical").retries == 5
    assert POETConfig(priority="low").retries == 2
    assert POETConfig(priority="critical", retries=1).retries == 1


def test_a_profile_of_ones_own():
    dana.poet.register_profile("nightly", {"retries": 9})
    assert POETConfig(profile="nightly").retries == 9
    with pytest.raises(dana.poet.POETConfigError, match="has no option"):
        dana.poet.register_profile("wrong", {"retrys": 9})


def test_a_thousand_calls_at_once_on_an_event_loop():
    @poet(retries=2, timeout=20, backoff=0.001)
    async def fetch(n, seen=set()):  # noqa: B006  (remembers which failed already)
        await asyncio.sleep(0)
        if n % 10 == 0 and n not in seen:
            seen.add(n)
            raise ConnectionError("once")
        return n

    async def all_of_them():
        return await asyncio.gather(*(fetch(n) for n in range(1000)))

    assert asyncio.run(all_of_them()) == list(range(1000))
    assert dana.poet.status(fetch)["outcomes"] == {"succeeded": 900, "retried": 100}


def test_a_coroutine_is_cancelled_at_its_deadline():
    ended = []

    @poet(timeout=0.02, retries=0)
    async def hang():
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(1)

    with pytest.raises(dana.poet.POETTimeoutError):
        asyncio.run(hang())
    assert ended == [1]


def test_an_asynchronous_handler_is_asked_about_a_coroutine():
    from dana.poet.interrupts import Signal
    from dana.poet.registry import registry_of

    host = Host()

    async def person(question):
        await asyncio.sleep(0)
        return Signal("correction", question.value + 1)

    registry_of(host).interrupts.on("enforce", person)

    @poet(host=host, interrupts="on")
    async def fetch(x):
        return x

    assert asyncio.run(fetch(1)) == 2

    @poet(host=host, interrupts="on")
    def ordinary(x):
        return x

    with pytest.raises(dana.poet.POETConfigError, match="asynchronous"):
        ordinary(1)


def test_waiting_calls_of_dana_functions_run_side_by_side():
    engine = Engine(cache=False)
    failed = set()

    @engine.host("service.get")
    async def get(n: int) -> int:
        await asyncio.sleep(0)
        if n % 10 == 0 and n not in failed:
            failed.add(n)
            raise ConnectionError("once")
        return n

    text = "@poet(retries=2, backoff=0.001, timeout=60, breaker=true)\ndef fetch(n: int) -> int:\n    return service.get(n)\n"
    module = engine.load(text, name="fetching")

    async def all_of_them():
        return await asyncio.gather(*(module.fetch.acall(n) for n in range(500)))

    assert asyncio.run(all_of_them()) == list(range(500))
    assert len(failed) == 50


def test_the_record_of_an_engine_with_a_store_is_kept_and_chained(tmp_path):
    from dana.adaptive.journal import Journal

    path = tmp_path / "runs.db"
    program = "@poet(audit_trail=true)\ndef f(x: int) -> int:\n    return x\nprint(f(1), f(2))\n"
    Engine(store=f"sqlite:///{path}", cache=False, on_print=lambda _text: None).run(program)
    journal = Journal(str(path))
    try:
        assert journal.verify()
        assert [row[4] for row in journal.rows(pattern="poet.call.*")] == ["poet.call.start", "poet.call.end"] * 2
    finally:
        journal.close()


def test_p54_parameters_are_kept_in_json_files_as_document_001_writes_it(tmp_path):
    storage = ParameterStorage(str(tmp_path / ".poet"))
    assert storage.load_parameters("f", "financial_services") == {}
    storage.save_parameters("f", "financial_services", {"a": 1, "b": 2})
    storage.save_parameters("f", "financial_services", {"a": 3})
    storage.close()
    again = ParameterStorage(tmp_path / ".poet")
    assert again.load_parameters("f", "financial_services") == {"a": 3}
    again.save_parameters("g", None, {"x": 0.5})
    assert again.load_parameters("g", None) == {"x": 0.5}
    assert len(list((tmp_path / ".poet").glob("*_params.json"))) == 2
    again.close()


def test_p53_parameters_need_no_domain(tmp_path):
    learnings = LearningStore(str(tmp_path / "p.db"))
    assert learnings.update_parameters("f", {"timeout": 2.0}) == {"timeout": 2.0}
    assert learnings.get_parameters("f", None) == {"timeout": 2.0}
    with pytest.raises(TypeError, match="a dict"):
        learnings.update_parameters("f", "-")
    learnings.close()


def test_p55_a_package_is_filled_written_and_read_by_its_methods(tmp_path):
    package = ParameterPackage("f", "financial_services")
    package.parameters = {"a": 1.0}
    package.parameters["b"] = 2.0
    package.export_to_file(str(tmp_path / "p.json"))
    other = ParameterPackage("f", "financial_services")
    assert other.import_from_file(str(tmp_path / "p.json")) is other
    assert other.parameters == {"a": 1.0, "b": 2.0} == ParameterPackage.import_from_file(tmp_path / "p.json").parameters
    assert (other.function_id, other.domain, other.version) == ("f", "financial_services", "1.0")
    package.parameters["c"] = print
    with pytest.raises(PackageError):
        package.export_to_file(str(tmp_path / "q.json"))
    with pytest.raises(PackageError, match="no single function"):
        ParameterPackage().parameters = {}


def test_p49_simple_configurations_take_their_four_options_in_order():
    config = SimplePOETConfig(5, 30.0, "financial_services", False)
    assert (config.retries, config.timeout, config.domain, config.learning) == (5, 30.0, "financial_services", "off")
    assert SimplePOETExecutor(config)(lambda score: score)("excellent") == 780
    for wrong in (lambda: SimplePOETConfig(1, 2.0, None, True, 5), lambda: SimplePOETConfig(1, retries=2)):
        with pytest.raises(TypeError):
            wrong()


def test_p58_plugins_are_discovered():
    manager = PluginManager()
    assert manager.plugins == {}
    assert {"financial_services", "building_management", "semiconductor"} <= set(manager.discover_plugins())
    assert manager.plugins["semiconductor"] is manager.get_plugin("semiconductor")
    assert manager.get_plugin("alchemy") is None


def test_p61_p62_the_bridges():
    bridge = DanaPOETBridge(host=Host(FakeClock(), random.Random(1)))
    assert bridge.enhance_dana_function(lambda score: score, {"domain": "financial_services"})("good") == 720
    assert bridge.enhance_dana_function(lambda score: score, POETConfig(domain="financial_services"))("good") == 720
    assert bridge.enhance_dana_function(abs, retries=1)(-2) == 2
    assert not dana.poet.POETIPVBridge().ipv_available
    assert dana.poet.POETStatus.__name__ == "POETStatus"


def test_p56_a_plugin_is_derived_as_in_the_documents():
    class Doubling(POETPlugin):
        def __init__(self):  # as people write it: the base class hears nothing of it
            self.seen = []

        def get_domain_name(self):
            return "doubling"

        def process_inputs(self, args, kwargs):
            self.seen.append((args, kwargs))
            return {"args": args, "kwargs": {**kwargs, "amount": kwargs["amount"] * 2}}

        def validate_output(self, result, context):
            if result > 100:
                raise (ValueError if result == 800 else POETValidationError)("too much")
            return result + 1

    class Named(BaseDomainPlugin):
        def get_domain_name(self):
            return "named"

        def process_inputs(self, args, kwargs):
            return kwargs

        def validate_output(self, result, context):
            return result

    for candidate in (Doubling(), Doubling):
        assert poet(host=Host(), custom_plugin=candidate)(lambda amount: amount)(4) == 9
        assert poet(host=Host(), plugins=[Named, candidate])(lambda amount: amount)(4) == 9
    for amount in (400, 500):
        with pytest.raises(POETEnforceError, match="too much"):
            poet(host=Host(), retries=0, custom_plugin=Doubling())(lambda amount: amount)(amount)
    assert Named().get_optimization_hints() == Named().get_learning_hints({}) == {}
