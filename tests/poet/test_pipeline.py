from __future__ import annotations

import gc
import inspect
import weakref

import pytest

from dana.poet.errors import (
    POETConfigError,
    POETEnforceError,
    POETError,
    POETOperateError,
    POETPerceiveError,
    POETTimeoutError,
)
from dana.runtime.exceptions import DeniedFault, POETFault
from dana.runtime.stops import CancelStop, TimeoutStop


class Flaky:
    """Fails with each of its faults in turn, then answers; remembers its calls."""

    def __init__(self, *faults, answer="answer"):
        self.faults = list(faults)
        self.answer = answer
        self.calls = []

    def function(self):
        def flaky(*args, **keywords):
            self.calls.append((args, keywords))
            if self.faults:
                raise self.faults.pop(0)
            return self.answer

        return flaky


# --- what decoration leaves as it was ---------------------------------------------------------------


def test_the_bare_decorator_adds_two_numbers(bench):
    assert bench.poet()(lambda x, y: x + y)(2, 3) == 5


def test_name_docs_signature_defaults_and_annotations_are_the_functions_own(bench):
    def price(item: str, /, region: str = "EU", *more: int, rush: bool = False, **notes: str) -> float:
        """What it costs."""
        return 9.5

    price.label = "kept"
    made = bench.poet(perceive_handler=lambda item: None, enforce_handler=abs)(price)
    assert (made.__name__, made.__qualname__, made.__doc__) == (price.__name__, price.__qualname__, "What it costs.")
    assert made.__annotations__ == price.__annotations__
    assert made.label == "kept"
    assert made.__wrapped__ is price
    assert inspect.signature(made, follow_wrapped=False) == inspect.signature(price)


@pytest.mark.parametrize("options", [{}, {"timeout": None}, {"perceive_handler": lambda arguments: None}])
def test_arguments_of_every_kind_arrive(bench, options):
    def f(a, /, b, c=3, *rest, k, m=5, **more):
        return a, b, c, rest, k, m, more

    made = bench.poet(**options)(f)
    assert made(1, 2, k=4) == f(1, 2, k=4)
    assert made(1, 2, 3, 4, 5, k=6, m=7, z=8) == f(1, 2, 3, 4, 5, k=6, m=7, z=8)
    assert made(1, b=2, k=4) == f(1, b=2, k=4)
    with pytest.raises(TypeError, match=r"f\(\) missing"):
        made(1, k=4)
    with pytest.raises(TypeError, match=r"f\(\) (got|missing)"):
        made(1, z=2)


def test_parameters_may_be_named_like_anything_in_the_pipeline(bench):
    def f(token, value, failed, fault, function, recover, a0, rest, push):
        return token, value, failed, fault, function, recover, a0, rest, push

    assert bench.poet(enforce_handler=lambda result: result)(f)(*range(9)) == tuple(range(9))


def test_a_function_that_is_not_enabled_is_itself(bench):
    def f(): ...

    assert bench.poet(enabled=False, retries=5)(f) is f


def test_a_method_gets_its_receiver(bench):
    class Counter:
        def __init__(self):
            self.n = 0

        @bench.poet(retries=1, backoff=0)
        def add(self, by=1):
            self.n += by
            if self.n == by:
                raise ConnectionError("first one fails")
            return self.n

    counter = Counter()
    assert counter.add(2) == 4
    assert counter.n == 4


def test_a_recursive_function_runs_a_pipeline_per_level(bench):
    faults = [ConnectionError()] * 3

    @bench.poet(retries=3, timeout=10)
    def down(n):
        if n == 2 and faults:
            raise faults.pop()
        return 0 if n == 0 else 1 + down(n - 1)

    assert down(50) == 50
    assert not faults


def test_a_builtin_function_can_be_decorated(bench):
    assert bench.poet()(len)([1, 2]) == 2


# --- operate -------------------------------------------------------------------------------------------


def test_two_failures_then_success_take_three_calls(bench):
    flaky = Flaky(RuntimeError("Temporary failure"), RuntimeError("Temporary failure"))
    assert bench.poet(retries=3)(flaky.function())(1, b=2) == "answer"
    assert flaky.calls == [((1,), {"b": 2})] * 3


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries_are_further_attempts(bench, retries):
    flaky = Flaky(*[OSError("x")] * 9)
    with pytest.raises(OSError, match="x"):
        bench.poet(retries=retries, backoff=0)(flaky.function())()
    assert len(flaky.calls) == retries + 1


def test_without_retries_a_fault_passes_through_as_it_came(bench):
    fault = OSError("x")
    with pytest.raises(OSError, match="x") as caught:
        bench.poet(retries=0)(Flaky(fault).function())()
    assert caught.value is fault


def test_a_permanent_fault_passes_through_without_a_retry(bench):
    fault = KeyError("k")
    flaky = Flaky(fault)
    with pytest.raises(KeyError) as caught:
        bench.poet(retries=3)(flaky.function())()
    assert caught.value is fault
    assert len(flaky.calls) == 1
    assert bench.clock.sleeps == []


def test_the_error_of_exhausted_retries_tells_the_whole_story(bench):
    flaky = Flaky(ConnectionError("one"), ConnectionError("two"), ConnectionError("three"))
    with pytest.raises(POETOperateError) as caught:
        bench.poet(retries=2, jitter="none", backoff=0.5)(flaky.function())()
    error = caught.value
    assert str(error) == "`flaky` failed in 3 attempts: ConnectionError: three"
    assert [(a.number, a.stage, a.type, a.message, a.waited) for a in error.attempts] == [
        (1, "operate", "ConnectionError", "one", 0.5),
        (2, "operate", "ConnectionError", "two", 1.0),
        (3, "operate", "ConnectionError", "three", None),
    ]
    assert "attempt 1: ConnectionError: one" in error.story
    assert "waited 0.5 s" in error.story
    assert isinstance(error, POETError)
    assert isinstance(error, POETFault)
    assert isinstance(error, ConnectionError)
    assert error._code == "E811"
    assert str(error.__cause__) == "three"


def test_the_error_answers_for_the_fault_it_ends_with(bench):
    class Refused(Exception):
        def __init__(self, port):
            super().__init__(f"port {port}")
            self.port = port

    with pytest.raises(Refused) as caught:
        bench.poet(retries=1, backoff=0)(Flaky(Refused(1), Refused(2)).function())()
    assert caught.value.port == 2
    assert type(caught.value).__name__ == "POETOperateError"
    with pytest.raises(AttributeError):
        _ = caught.value.nothing


def test_a_permanent_fault_after_a_transient_one_ends_the_story(bench):
    with pytest.raises(POETOperateError) as caught:
        bench.poet(retries=5)(Flaky(OSError("x"), ValueError("bad")).function())()
    assert len(caught.value.attempts) == 2
    assert "not retried" in caught.value._hint


def test_retry_on_types_replaces_the_usual_rule(bench):
    flaky = Flaky(ValueError("x"), KeyError("y"))
    assert bench.poet(retry_on=[ValueError, KeyError])(flaky.function())() == "answer"
    with pytest.raises(OSError, match="z"):
        bench.poet(retry_on=ValueError)(Flaky(OSError("z")).function())()


def test_retry_on_a_function_decides_by_the_fault(bench):
    made = bench.poet(retry_on=lambda fault: "later" in str(fault))
    assert made(Flaky(ValueError("try later")).function())() == "answer"
    with pytest.raises(ValueError, match="never"):
        made(Flaky(ValueError("never")).function())()


@pytest.mark.parametrize(
    "stop", [CancelStop(), TimeoutStop("user"), KeyboardInterrupt(), RecursionError(), MemoryError()]
)
def test_stops_and_exhaustion_are_nobodys_to_retry(bench, stop):
    flaky = Flaky(stop)
    with pytest.raises(type(stop)) as caught:
        bench.poet(retry_on=Exception, enforce_handler=abs)(flaky.function())()
    assert caught.value is stop
    assert len(flaky.calls) == 1
    late = Flaky(OSError(), stop)
    with pytest.raises(type(stop)) as caught:
        bench.poet(retry_on=Exception)(late.function())()
    assert caught.value is stop


def test_a_denied_act_is_not_tried_again(bench):
    flaky = Flaky(DeniedFault("no"))
    with pytest.raises(DeniedFault):
        bench.poet()(flaky.function())()
    assert len(flaky.calls) == 1


def test_what_an_inner_pipeline_gave_up_on_is_not_multiplied_by_an_outer_one(bench):
    flaky = Flaky(*[OSError("x")] * 99)
    inner = bench.poet(retries=2, backoff=0)(flaky.function())
    outer = bench.poet(retries=5, backoff=0)(inner)
    with pytest.raises(POETOperateError) as caught:
        outer()
    assert caught.value.function == "flaky"
    assert len(flaky.calls) == 3


def test_waits_go_through_the_programs_clock_and_random_source(bench):
    with pytest.raises(POETOperateError) as caught:
        bench.poet(retries=3, backoff=1, jitter="full")(Flaky(*[OSError()] * 9).function())()
    waits = [a.waited for a in caught.value.attempts[:-1]]
    assert sum(bench.clock.sleeps) == pytest.approx(sum(waits))
    assert all(0 <= wait <= 2**n for n, wait in enumerate(waits))


def test_a_spent_retry_budget_ends_the_retries(bench):
    flaky = Flaky(*[OSError("x")] * 999)
    made = bench.poet(retries=3, backoff=0, retry_budget=0.1)(flaky.function())
    for _ in range(100):
        with pytest.raises(POETOperateError) as caught:
            made()
    assert len(flaky.calls) <= 100 * 1.1 + 10
    assert len(caught.value.attempts) == 1
    assert "retry budget is spent" in caught.value._hint


def test_nothing_of_a_recovered_call_stays_alive(bench):
    class Big: ...

    alive = []

    @bench.poet(backoff=0)
    def f():
        big = Big()
        if not alive:
            alive.append(weakref.ref(big))
            raise OSError("x")

    gc.collect()
    gc.disable()
    try:
        f()
        assert alive[0]() is None
    finally:
        gc.enable()


# --- the deadline -------------------------------------------------------------------------------------


def test_a_call_that_works_too_long_is_stopped(bench):
    @bench.poet(timeout=2)
    def work():
        for _ in range(100):
            bench.work(0.5)

    with pytest.raises(POETTimeoutError) as caught:
        work()
    assert str(caught.value).startswith("`work` did not finish within its timeout of 2 s (stopped at ")
    assert caught.value.attempts == []
    assert isinstance(caught.value, TimeoutError)
    assert bench.clock.now == 1002


def test_the_timeout_covers_all_attempts_and_tells_what_failed_before(bench):
    @bench.poet(timeout=2, retries=9, jitter="none", backoff=0.1)
    def work():
        bench.work(0.8)
        raise ConnectionError("again")

    with pytest.raises(POETTimeoutError) as caught:
        work()
    assert [a.message for a in caught.value.attempts] == ["again", "again"]
    assert "in attempt 3" in str(caught.value)
    assert bench.clock.now < 1003


def test_no_attempt_is_made_that_could_only_be_late(bench):
    flaky = Flaky(*[OSError("x")] * 9)
    with pytest.raises(POETOperateError) as caught:
        bench.poet(timeout=2, backoff=1.5, jitter="none")(flaky.function())()
    assert len(flaky.calls) == 2
    assert "after the timeout of 2 s" in caught.value._hint


@pytest.mark.parametrize("faults", [[], [OSError()]])
def test_a_late_result_is_not_handed_out(bench, faults):
    @bench.poet(timeout=2, retries=1, backoff=0)
    def native():
        if faults:
            raise faults.pop()
        bench.clock.advance(3)
        return "late"

    with pytest.raises(POETTimeoutError, match="finished, but not within its timeout of 2 s"):
        native()


def test_an_outer_deadline_passes_through_the_inner_pipeline(bench):
    @bench.poet(timeout=10, retries=3)
    def inner():
        for _ in range(100):
            bench.work(0.5)

    @bench.poet(timeout=1, retries=3)
    def outer():
        inner()

    with pytest.raises(POETTimeoutError) as caught:
        outer()
    assert caught.value.function == "outer"
    assert bench.clock.now == 1001


def test_an_inner_timeout_is_an_ordinary_error_to_its_caller(bench):
    @bench.poet(timeout=1)
    def inner():
        for _ in range(100):
            bench.work(0.5)

    @bench.poet(timeout=10)
    def outer():
        try:
            inner()
        except POETTimeoutError:
            bench.work(0.5)
            return "went on"

    assert outer() == "went on"


def test_a_wait_between_attempts_ends_with_the_callers_deadline(bench):
    @bench.poet(timeout=None, retries=3, backoff=5, jitter="none")
    def inner():
        raise OSError("x")

    @bench.poet(timeout=1)
    def outer():
        inner()

    with pytest.raises(POETTimeoutError) as caught:
        outer()
    assert caught.value.function == "outer"
    assert bench.clock.now == pytest.approx(1001, abs=0.06)


def test_cancelling_ends_a_wait(bench):
    bench.clock.on_sleep = lambda _: bench.meter.cancel("enough")
    flaky = Flaky(*[OSError("x")] * 9)
    with pytest.raises(CancelStop, match="enough"):
        bench.poet(backoff=5, jitter="none")(flaky.function())()
    assert len(flaky.calls) == 1


# --- perceive ------------------------------------------------------------------------------------------


def test_a_handler_that_names_arguments_is_given_these(bench):
    def clean(income):
        return {"income": float(income.strip("$"))}

    @bench.poet(perceive_handler=clean)
    def rate(score, income, years=1):
        return score, income, years

    assert rate(720, "$50") == (720, 50.0, 1)
    assert rate(income="$7", score=3, years=2) == (3, 7.0, 2)


def test_a_handler_with_one_parameter_gets_all_arguments_and_may_change_them_in_place(bench):
    def clean(arguments):
        arguments["b"] *= 10

    assert bench.poet(perceive_handler=clean)(lambda a, b=4: (a, b))(1) == (1, 40)


def test_perceive_runs_once_however_many_attempts_there_are(bench):
    seen = []
    flaky = Flaky(OSError(), OSError())

    def f(x):
        return flaky.function()(x)

    made = bench.poet(perceive_handler=lambda x: seen.append(x) or {"x": x + 1}, backoff=0)(f)
    assert made(1) == "answer"
    assert seen == [1]
    assert [args for args, _ in flaky.calls] == [(2,)] * 3


def test_refused_arguments_never_reach_the_function(bench):
    calls = []

    def taken(score):
        calls.append(score)

    def known(score):
        raise ValueError("a score is at most 850")

    with pytest.raises(POETPerceiveError, match="the arguments of `rate` were refused: ValueError: a score") as caught:
        bench.poet(perceive_handler=known)(_named("rate", taken))(900)
    assert calls == []
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("returned", "message", "hint"),
    [
        (3, "returned int 3 instead of a dict", "return the changed ones"),
        ({"scor": 3}, "returned `scor`, which is no parameter", "did you mean `score`?"),
    ],
)
def test_a_handler_that_returns_nonsense_is_told_so(bench, returned, message, hint):
    with pytest.raises(POETPerceiveError, match=message) as caught:
        bench.poet(perceive_handler=lambda score: returned)(lambda score: score)(1)
    assert hint in caught.value._hint


def test_a_handler_that_does_not_fit_is_refused_where_the_decorator_stands(bench):
    with pytest.raises(POETConfigError, match="wants `branch`, which is no parameter"):
        bench.poet(perceive_handler=lambda income, branch: None)(lambda score, income: 1)
    with pytest.raises(POETConfigError, match="takes no parameters"):
        bench.poet(perceive_handler=lambda: None)(lambda score: 1)
    with pytest.raises(POETConfigError, match="cannot be read"):
        bench.poet(perceive_handler=lambda arguments: None)(len)


# --- enforce --------------------------------------------------------------------------------------------


def test_enforce_may_mend_the_result(bench):
    assert bench.poet(enforce_handler=lambda power: min(power, 100))(lambda: 500)() == 100


def test_a_refused_result_is_tried_again(bench):
    results = [500, 400, 90]

    def plausible(power):
        if power > 100:
            raise ValueError(f"{power} %")
        return power

    assert bench.poet(enforce_handler=plausible, backoff=0)(lambda: results.pop(0))() == 90


def test_a_result_nobody_accepts_is_never_handed_out(bench):
    def plausible(power):
        raise ValueError("500 %")

    with pytest.raises(POETEnforceError) as caught:
        bench.poet(enforce_handler=plausible, retries=1, backoff=0)(_named("heat", lambda: 500))()
    error = caught.value
    assert str(error) == "`heat` gave no acceptable result in 2 attempts: ValueError: 500 %"
    assert [a.stage for a in error.attempts] == ["enforce", "enforce"]
    assert "attempt 1: result refused, ValueError: 500 %" in error.story


def test_enforce_works_without_retries(bench):
    def never(result):
        raise RuntimeError("no")

    with pytest.raises(POETEnforceError, match="in its first attempt"):
        bench.poet(enforce_handler=never, retries=0, timeout=None)(lambda: 1)()


@pytest.mark.parametrize("faults", [[], [OSError()]])
def test_a_handler_that_forgot_its_return_is_told_so_and_nothing_is_retried(bench, faults):
    calls = []

    def f():
        calls.append(1)
        if faults:
            raise faults.pop()
        return 5

    expected = len(faults) + 1
    with pytest.raises(POETEnforceError, match="returned None for a result that is something"):
        bench.poet(enforce_handler=lambda result: None, backoff=0)(f)()
    assert len(calls) == expected


def test_none_for_none_is_fine(bench):
    assert bench.poet(enforce_handler=lambda result: result)(lambda: None)() is None


def test_a_handler_may_ask_about_the_call(bench):
    seen = []
    results = [-1, 5]

    def check(result, call):
        seen.append((call.function, call.arguments, call.attempt, [f.message for f in call.failures]))
        if result < 0:
            raise ValueError("negative")
        return result

    assert bench.poet(enforce_handler=check, backoff=0)(_named("f", lambda x, y=2: results.pop(0)))(1) == 5
    assert seen == [("f", {"x": 1, "y": 2}, 1, []), ("f", {"x": 1, "y": 2}, 2, ["negative"])]


def test_an_enforce_handler_with_the_wrong_parameters_is_refused(bench):
    for handler in (lambda: 1, lambda a, b, c: 1, lambda a, *, k: 1):
        with pytest.raises(POETConfigError, match="it is given the result"):
            bench.poet(enforce_handler=handler)(lambda: 1)


def test_the_stages_come_in_order(bench):
    order = []

    def f(x):
        order.append("operate")
        if len(order) < 4:
            raise OSError
        return x

    made = bench.poet(
        perceive_handler=lambda x: order.append("perceive"),
        enforce_handler=lambda r: order.append("enforce") or r,
        backoff=0,
    )(f)
    assert made(1) == 1
    assert order == ["perceive", "operate", "operate", "operate", "enforce"]


# --- the decorator itself ------------------------------------------------------------------------------


def test_wrong_options_are_refused_at_decoration_with_the_checkers_words(bench):
    with pytest.raises(POETConfigError, match="has no option `retrys`") as caught:
        bench.poet(retrys=3)(len)
    assert (caught.value._code, caught.value._hint) == ("E801", "did you mean `retries`?")


def test_only_functions_that_work_when_called_can_be_decorated(bench):
    def items():
        yield 1

    async def later(): ...

    for function in (items, later):
        with pytest.raises(POETConfigError, match="returns before its work is done"):
            bench.poet()(function)
    with pytest.raises(POETConfigError, match="needs a function, got int"):
        bench.poet()(3)


def _named(name, function):
    function.__name__ = name
    return function
