"""The mailbox alone: bounded, first come first served within a priority, fair at the door."""

# ruff: noqa: PLW0108  (an ask is made where it runs, inside the program)
from __future__ import annotations

import asyncio
from collections import deque
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.agents.mailbox import CRITICAL, NORMAL, Mailbox, Message
from dana.runtime.stops import Stop
from tests.agents.stages import Stage


def message(name="m", priority=NORMAL):
    return Message(SimpleNamespace(id=name), lambda: name, (), {}, None, None, priority)


def names(messages):
    return [each.method() for each in messages]


def test_first_come_first_served():
    box = Mailbox(3)
    assert all(box.offer(message(name)) for name in "abc")
    assert box.is_full
    assert names([box.take(), box.take(), box.take()]) == ["a", "b", "c"]
    assert box.take() is None


def test_higher_priorities_go_first():
    box = Mailbox(9)
    for name, priority in [("low", 3), ("a", NORMAL), ("top", CRITICAL), ("b", NORMAL)]:
        box.offer(message(name, priority))
    assert names(iter(box.take, None)) == ["top", "a", "b", "low"]


def test_who_finds_no_room_waits_at_the_door_and_gets_the_next_room():
    box = Mailbox(1)
    assert box.offer(message("a"))
    assert not box.offer(message("b"))
    assert not box.offer(message("c"))
    assert (len(box), len(box.door)) == (1, 2)
    assert box.take().method() == "a"
    assert (len(box), len(box.door)) == (1, 1)
    assert not box.offer(message("d"))
    assert names(iter(box.take, None)) == ["b", "c", "d"]


def test_a_message_that_is_withdrawn_makes_room():
    box = Mailbox(1)
    first, second = message("a"), message("b")
    box.offer(first)
    box.offer(second)
    box.withdraw(first)
    assert names(iter(box.take, None)) == ["b"]
    box.withdraw(first)
    assert len(box) == 0


def test_emptying_it_tells_those_at_the_door():
    async def main():
        box = Mailbox(1)
        box.offer(message("a", CRITICAL))
        waiting = message("b")
        waiting.admitted = asyncio.get_running_loop().create_future()
        box.offer(waiting)
        assert names(box.clear(lambda each: each.priority == CRITICAL)) == ["b"]
        assert waiting.admitted.result() is False
        assert names(box.clear()) == ["a"]
        assert len(box) == 0

    asyncio.run(main())


@given(st.lists(st.one_of(st.just("take"), st.integers(0, 3)), max_size=60), st.integers(1, 5))
def test_it_is_a_bounded_priority_queue(steps, capacity):
    box = Mailbox(capacity)
    lines, door = [deque() for _ in range(4)], deque()
    for number, step in enumerate(steps):
        if step == "take":
            expected = next((line.popleft() for line in lines if line), None)
            taken = box.take()
            assert (None if taken is None else taken.method()) == expected
            if door and expected is not None:
                priority, name = door.popleft()
                lines[priority].append(name)
        else:
            taken = box.offer(message(number, step))
            assert taken == (sum(map(len, lines)) < capacity)
            (lines[step].append(number) if taken else door.append((step, number)))
        assert len(box) == sum(map(len, lines)) <= capacity


# --- seen from the program ------------------------------------------------------------------------


def test_a_tell_waits_for_room(stage):
    a = stage.agent("A", mailbox=2)

    def main():
        a.ask("add")()
        for number in range(20):
            a.tell("say", number)
            assert a._actor.mailbox.size <= 2
        a.ask("add")()

    stage.run(main)
    assert stage.story == [f"A {number}" for number in range(20)]
    assert stage.kinds().count("actor.overload") >= 1


def test_a_tell_that_finds_no_room_in_time_is_refused(stage):
    a = stage.agent("A", mailbox=1)

    def main():
        a._actor.pause()
        a.tell("say", 1)
        with pytest.raises(Exception, match=r"mailbox of `A` is full \(1 message\)") as refused:
            a.tell("say", 2, timeout=0.005)
        assert refused.value._code == "E864"
        answer = a._actor.ask(a.say, (3,), timeout=0.005)
        stage.rest(0.01)
        assert answer.exception()._code == "E864"
        assert a._actor.mailbox.size == 1
        assert not a._actor.mailbox.door

    stage.run(main)
    assert stage.story == ["A 1"]


def test_an_agent_never_waits_for_room_in_its_own_mailbox(stage):
    a = stage.agent("A", mailbox=1)

    def fill():
        a.tell("say", 1)
        with pytest.raises(Exception, match="full") as refused:
            a.tell("say", 2)
        return refused.value._code

    assert stage.run(lambda: a.ask(fill)()) == "E864"
    assert stage.story == ["A 1"]


def test_memory_is_bounded_under_ten_times_the_load(stage):
    """Ten senders, each as fast as it can; the agent needs a moment for each message."""
    slow = stage.agent("Slow", mailbox=50)
    most = [0]

    def work():
        most[0] = max(most[0], slow._actor.mailbox.size + len(slow._actor.mailbox.door or ()))
        slow.count += 1

    def flood(sender):
        for _ in range(100):
            slow.tell(work)

    senders = [stage.agent(f"S{n}") for n in range(10)]

    def main():
        for sender in senders:
            sender.tell(flood, sender)

    stage.run(main)
    assert slow.count == 1000
    assert most[0] <= 50 + 10


def test_an_ask_nobody_waits_for_leaves_the_mailbox(stage):
    a = stage.agent("A")

    def main():
        a._actor.pause()
        answer = a._actor.ask(a.say, (1,))
        answer.cancel()
        assert a._actor.mailbox.size == 0
        a._actor.resume()

    stage.run(main)
    assert stage.story == []


def test_a_bad_capacity_is_refused():
    for bad in (0, -1, True, 1.5):
        with pytest.raises(ValueError, match="at least one") as refused:
            Stage().agent("A", mailbox=bad)
        assert refused.value._code == "E867"
        assert not isinstance(refused.value, Stop)
