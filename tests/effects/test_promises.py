"""Promises: they start at once, their values arrive, and no failure is lost."""

from __future__ import annotations

import asyncio

import pytest

TEN = """
def main():
    with h_promises(None) as h_p:
        {starts}
        return [{forces}]

value = main()
"""


def test_ten_effects_in_ten_lines_take_the_time_of_one(machine):
    starts = "\n        ".join(f"p{i} = h_begin(h_p, answer, {i}, 0.02)" for i in range(10))
    forces = ", ".join(f"h_force(p{i})" for i in range(10))
    assert machine.run(TEN.format(starts=starts, forces=forces))["value"] == list(range(10))
    assert machine.story[:10] == [f"start {i}" for i in range(10)]  # before the first of them ended


def test_an_effect_has_taken_its_first_step_before_the_next_statement_runs(machine):
    machine.run(
        """
        with h_promises(None) as h_p:
            a = h_begin(h_p, answer, "a")
            say("after a")
            h_force(a)
        """
    )
    assert machine.story == ["start a", "after a", "end a"]


def test_an_ordinary_call_waits(machine):
    assert machine.run("x = answer(3) + 1\nys = list(map(answer, [1, 2]))")["x"] == 4
    assert machine.scope["ys"] == [1, 2]


def test_what_is_no_effect_is_called_at_once(machine):
    scope = machine.run("with h_promises(None) as h_p:\n    x = h_begin(h_p, max, 3, 4)")
    assert scope["x"] == 4


def test_a_failure_is_shown_where_the_effect_began_and_where_it_was_needed(machine):
    fault = machine.fault(
        """
        with h_promises(None) as h_p:
            x = h_begin(h_p, fail, "broken")
            y = 1
            z = h_force(x) + y
        """
    )
    found = fault.diagnostics[0]
    assert (found.line, found.column) == (2, 9)
    assert [(label.message, found.source.line_column(label.span[0])[0]) for label in found.labels] == [
        ("its value was needed here", 4)
    ]
    assert isinstance(fault.__cause__, ValueError)
    assert str(fault.__cause__) == "broken"


def test_the_exception_of_the_host_keeps_its_identity_and_traceback(machine):
    raised = KeyError("k")

    async def lookup():
        raise raised

    machine.effect(lookup, "lookup")
    with pytest.raises(KeyError) as caught:
        machine.run("with h_promises(None) as h_p:\n    x = h_begin(h_p, lookup)\n    h_force(x)")
    assert caught.value is raised
    assert any(entry.name == "lookup" for entry in caught.traceback)


def test_a_failed_promise_nobody_looks_at_is_reported_with_its_position(machine):
    fault = machine.fault(
        """
        def main():
            with h_promises(None) as h_p:
                x = h_begin(h_p, fail, "unseen")
                return 5

        main()
        """
    )
    found = fault.diagnostics[0]
    assert (found.line, found.column) == (3, 13)
    assert any("nobody asked" in note for note in found.notes)


def test_the_first_of_many_unseen_failures_is_raised_and_the_others_are_noted(machine):
    fault = machine.fault(
        """
        with h_promises(None) as h_p:
            h_begin(h_p, fail, "one", 0.003)
            h_begin(h_p, fail, "two", 0.001)
            h_begin(h_p, answer, 3)
        """
    )
    found = fault.diagnostics[0]
    assert found.message.endswith("one")
    assert any("`fail` at main.na:3:5 failed, too: ValueError: two" in note for note in found.notes)


def test_a_seen_failure_is_not_reported_again(machine):
    scope = machine.run(
        """
        seen = 0
        with h_promises(None) as h_p:
            x = h_begin(h_p, fail, "once")
            for i in [1, 2]:
                try:
                    h_force(x)
                except ValueError:
                    seen += 1
        """
    )
    assert scope["seen"] == 2


def test_leaving_by_an_exception_cancels_what_is_pending_and_notes_what_failed(machine):
    with pytest.raises(ZeroDivisionError) as caught:
        machine.run(
            """
            with h_promises(None) as h_p:
                h_begin(h_p, never)
                h_begin(h_p, fail, "lost?", 0)
                answer(1, 0.005)
                1 / 0
            """
        )
    assert caught.value.__notes__ == ["`fail` at main.na:3:5 failed, too: ValueError: lost?"]
    assert machine.story[-1] == "never ended"


def test_an_annotation_is_applied_when_the_value_is_there(machine):
    scope = machine.run(
        """
        with h_promises(None) as h_p:
            x = h_expected(h_begin(h_p, answer, "42"), int_type, "x: int")
            y = h_force(x)
        z = h_expected("7", int_type, "z: int")
        """,
        int_type=machine.program.builtins[".type"](machine.record, ("int",)),
    )
    assert (scope["y"], scope["z"]) == (42, 7)


def test_a_value_that_does_not_fit_its_annotation_points_to_it_used_or_not(machine):
    declared = machine.program.builtins[".type"](machine.record, ("int",))
    for use in ("h_force(x)", "pass"):
        fault = machine.fault(
            f"""
            with h_promises(None) as h_p:
                x = h_expected(h_begin(h_p, answer, "many"), T, "x: int")
                {use}
            """,
            T=declared,
        )
        assert fault.diagnostics[0].code == "E612"
        assert fault.diagnostics[0].line == 2


def test_writes_keep_their_order_and_a_failed_one_stops_the_next(machine):
    machine.run("with h_promises(None) as h_p:\n    h_begin(h_p, write, 1)\n    h_begin(h_p, write, 2)\n    write(3)")
    assert machine.story == ["write 1", "written 1", "write 2", "written 2", "write 3", "written 3"]
    machine.story.clear()
    with pytest.raises(OSError, match="disk full"):
        machine.run("with h_promises(None) as h_p:\n    h_begin(h_p, write, 'bad')\n    h_begin(h_p, write, 2)")
    assert machine.story == ["write bad"]


def test_module_variables_never_keep_a_promise(machine):
    with pytest.raises(ValueError, match="gone"):
        machine.run(
            """
            with h_promises(record) as h_p:
                good = h_begin(h_p, answer, 1)
                bad = h_begin(h_p, fail, "gone")
            """,
            record=machine.record,
        )
    assert machine.scope["good"] == 1
    assert "bad" not in machine.scope


def test_an_effect_whose_task_was_cancelled_by_the_host_says_so(machine):
    async def vanishing():
        raise asyncio.CancelledError

    machine.effect(vanishing, "vanishing")
    fault = machine.fault("vanishing()")
    assert fault.diagnostics[0].code == "E832"


def test_an_argument_error_is_raised_where_the_effect_is_called(machine):
    fault = machine.fault("with h_promises(None) as h_p:\n    x = h_begin(h_p, answer)\n    y = 1")
    assert fault.diagnostics[0].line == 2


def test_the_number_of_open_promises_is_limited(make_machine):
    machine = make_machine(promises=5)
    fault = machine.fault("with h_promises(None) as h_p:\n    for i in range(9):\n        h_begin(h_p, answer, i)")
    assert fault.which == "promises"
    machine.run("for i in range(9):\n    answer(i, 0)")
    assert machine.meter.promises == 0


def test_inside_a_running_loop_a_synchronous_program_says_what_to_do(machine):
    async def host():
        return machine.fault("answer(1)")

    found = asyncio.run(host()).diagnostics[0]
    assert found.code == "E830"
    assert "await" in found.hint


def test_finished_promises_do_not_pile_up_in_their_scope(machine):
    scope = machine.run(
        """
        with h_promises(None) as h_p:
            for i in range(50):
                h_begin(h_p, answer, i, 0)
            answer(1)
            left = len(h_p.open)
        """
    )
    assert scope["left"] == 0
