"""`race`, `parallel`, `timeout`: branches on one account, in a known order, and nothing left behind."""

from __future__ import annotations

import pytest


def test_parallel_keeps_the_order_of_items_and_the_limit(machine):
    machine.run(
        """
        def f(i):
            return answer(i, 0.001 * (4 - i))
        result = parallel(f, [0, 1, 2, 3], 2)
        """
    )
    assert machine.scope["result"] == [0, 1, 2, 3]
    assert machine.story[:2] == ["start 0", "start 1"]
    assert machine.story.index("start 2") > min(machine.story.index("end 0"), machine.story.index("end 1"))


def test_parallel_of_plain_functions_gives_plain_results(machine):
    scope = machine.run("result = parallel(lambda x: x * 2, range(20), limit=3)")
    assert scope["result"] == [x * 2 for x in range(20)]
    assert machine.run("result = parallel(answer, [])")["result"] == []


def test_the_first_failure_of_parallel_ends_the_others(machine):
    fault = machine.fault(
        """
        def f(i):
            try:
                if i == 1:
                    fail("no")
                never()
            finally:
                say("left " + str(i))
        parallel(f, [0, 1, 2])
        """
    )
    assert fault.diagnostics[0].line == 4
    assert fault.stack[0][:1] == ("<module>",)
    assert machine.story.count("never ended") == 2
    assert sorted(s for s in machine.story if s.startswith("left")) == ["left 0", "left 1", "left 2"]


@pytest.mark.parametrize(
    "bad", ["parallel(answer, [1], 0)", "parallel(answer, [1], 'x')", "parallel(3, [1])", "race()"]
)
def test_wrong_arguments_are_refused(machine, bad):
    assert machine.fault(bad).diagnostics[0].code in {"E601", "E833", "E834"}


def test_race_takes_the_first_success_and_cancels_the_others(machine):
    scope = machine.run(
        """
        with h_promises(None) as h_p:
            a = h_begin(h_p, answer, "slow", 0.05)
            b = h_begin(h_p, fail, "quick", 0)
            c = h_begin(h_p, answer, "good", 0.002)
            won = race(a, b, c)
        """
    )
    assert scope["won"] == "good"
    assert machine.story[-1] == "cancelled slow"


def test_race_of_functions(machine):
    scope = machine.run("won = race(lambda: answer('slow', 0.05), lambda: answer('quick', 0.001))")
    assert scope["won"] == "quick"
    assert machine.story[-1] == "cancelled slow"
    assert machine.run("won = race(5, lambda: answer(1))")["won"] == 5


def test_a_race_that_all_lose_raises_the_first_failure(machine):
    fault = machine.fault("race(lambda: fail('later', 0.004), lambda: fail('first', 0.001))")
    assert fault.diagnostics[0].message.endswith("first")


def test_a_deadline_ends_a_wait_and_cancels_what_began_under_it(machine):
    scope = machine.run(
        """
        late = "no"
        with h_promises(None) as h_p:
            try:
                with timeout(0.005):
                    x = h_begin(h_p, never)
                    h_force(x)
            except Timeout:
                late = "yes"
            say("after")
        """
    )
    assert scope["late"] == "yes"
    assert machine.story == ["start never", "after", "never ended"]


def test_the_nearest_of_nested_deadlines_holds_through_waits(machine):
    machine.run(
        """
        with timeout(0.2):
            try:
                with timeout(0.004):
                    never()
            except Timeout:
                say("inner")
            say(answer(1))
            try:
                with timeout(5):
                    with timeout(0.004):
                        parallel(lambda i: never(), [1, 2])
            except Timeout:
                say("inner of parallel")
        """
    )
    assert [s for s in machine.story if s in ("inner", 1, "inner of parallel")] == ["inner", 1, "inner of parallel"]


def test_an_outer_deadline_passes_inner_handlers(machine):
    fault = machine.fault(
        """
        def f(i):
            try:
                never()
            except Exception:
                say("swallowed")
        with timeout(0.005):
            parallel(f, [1, 2])
        """
    )
    assert fault.diagnostics[0].code == "E703" or "timed out" in fault.diagnostics[0].message
    assert "swallowed" not in machine.story


def test_branches_share_the_steps_of_their_run(make_machine):
    machine = make_machine(steps=1000)
    fault = machine.fault(
        """
        def f(i):
            for s in h_compress(range(400), h_steps):
                pass
            answer(i)
        parallel(f, [1, 2, 3])
        """
    )
    assert fault.which == "steps"


def test_branches_that_branch_are_as_deep_as_calls(make_machine):
    machine = make_machine(depth=200)
    fault = machine.fault(
        """
        def f(i):
            for s in h_calls:
                break
            if i == 0:
                parallel(f, [0, 1])
        f(0)
        """
    )
    assert fault.which == "depth"


def test_branches_count_as_promises(make_machine):
    machine = make_machine(promises=50)
    assert machine.fault("def f(i):\n    parallel(f, [i, i])\nf(0)").which == "promises"
    assert machine.meter.promises == 0


def test_sleeps_side_by_side_take_the_time_of_one(machine):
    program = machine.program
    machine.scope["sleep"] = lambda s: program.clock.sleep(s)  # noqa: PLW0108  (the clock may be another by then)
    machine.run("def nap(i):\n    say('start')\n    sleep(0.02)\n    say('end')\nparallel(nap, range(8))")
    assert machine.story == ["start"] * 8 + ["end"] * 8


def test_the_order_of_branches_is_always_the_same(make_machine):
    stories = []
    for _ in range(5):
        machine = make_machine()
        machine.run(
            """
            def f(i):
                for k in range(3):
                    answer((i, k), 0)
                    say((i, k))
            parallel(f, [0, 1, 2, 3, 4])
            """
        )
        stories.append(machine.story)
    assert all(story == stories[0] for story in stories)
    first = [s for s in stories[0] if isinstance(s, tuple)][:5]
    assert first == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]
