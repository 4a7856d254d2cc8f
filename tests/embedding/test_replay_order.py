"""Agents that worked side by side do so in the same order when their run is repeated."""

from __future__ import annotations

import asyncio
import os
from random import Random

import pytest

import dana
from dana.engine.ordering import PATIENCE, QUIET, Turns

CREW = """
agent_blueprint Worker:
    done: int = 0
    def work(self, n: int, board: any) -> int:
        for i in range(4):
            board.note(n, net.fetch(n, i))
            self.done += 1
        return self.done

agent_blueprint Board:
    seen: list = []
    def note(self, n, answer):
        self.seen.append([n, answer])
        print("noted", n, answer)
    def get(self): return self.seen

board = Board()
workers = [Worker() for i in range(4)]
print(parallel(lambda i: workers[i].work(i, board), [0, 1, 2, 3]))
workers[0].send("work", 7, board)
workers[1].send("work", 8, board)
print(board.get())
"""

TURNS = """
agent_blueprint Clerk:
    def ask(self, q): return self.solve(q)

clerks = [Clerk() for i in range(5)]

def one(i):
    said = clerks[i].ask(f"question {i}")
    print(i, said)
    return said

print(parallel(one, [0, 1, 2, 3, 4]))
"""

EFFECTS = """
def one(i):
    a = net.fetch(i, 1)
    print("first", i, a)
    b = net.fetch(i, 2)
    print("second", i, b)
    return a + b

print(parallel(one, [0, 1, 2, 3, 4]))
"""


class Slow:
    """A model that takes its time, another one for each question."""

    def __init__(self, random):
        self.random = random

    async def __call__(self, prompt: str) -> str:
        await asyncio.sleep(self.random.random() * 0.01)
        return f"answer {prompt.count('question')}"


def engine_of(seed, **options):
    random = Random(seed)
    engine = dana.Engine(cache=False, on_print=lambda _text: None, model=Slow(random), **options)

    @engine.host("net.fetch")
    async def fetch(n: int, i: int) -> int:
        await asyncio.sleep(random.random() * 0.01 if random.random() < 0.8 else 0)
        return random.randrange(100)

    return engine


@pytest.mark.parametrize("program", [CREW, TURNS, EFFECTS], ids=["crew", "turns", "effects"])
@pytest.mark.parametrize("seed", range(6))
def test_what_ran_side_by_side_does_so_again(program, seed, tmp_path):
    path = os.path.join(str(tmp_path), "run.db")
    engine_of(seed, record=path).run(dana.Source("<crew>", program))
    found = engine_of(seed + 100).replay(path)
    assert found.departure is None
    assert found.events > 10


def passed(order, *deliveries, caused=0, has=1):
    """In which order, and in which round of the loop, deliveries that are there at once pass."""

    async def main():
        turns, found, round_ = Turns(order, lambda: caused), [], [0]

        async def one(delivery):
            if delivery[0] == "m":
                while not turns.may_begin(delivery, has):  # noqa: ASYNC110  (a worker polls)
                    await asyncio.sleep(0)
            else:
                await turns.turn(delivery)
            found.append((delivery, round_[0]))

        tasks = [asyncio.ensure_future(one(each)) for each in deliveries]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            round_[0] += 1
        return found

    return asyncio.run(main())


def test_deliveries_pass_at_their_turn():
    found = passed(["m:A#1/0 0", "a:f#2 0", "+a:f#1 0", "m:B#1/0 0"], "m:B#1/0", "a:f#1", "a:f#2", "m:A#1/0", "a:g#1")
    order = [delivery for delivery, _ in found]
    assert [each for each in order if each != "a:g#1"] == ["m:A#1/0", "a:f#2", "a:f#1", "m:B#1/0"]
    rounds = dict(found)
    assert rounds["a:f#2"] == rounds["a:f#1"]
    assert rounds["a:g#1"] <= 1  # the record knows nothing of it


def test_what_came_after_a_pause_lets_others_go_on():
    first, second = passed(["a:f#1 0", "~a:f#2 0"], "a:f#2", "a:f#1")
    assert (first[0], second[0]) == ("a:f#1", "a:f#2")
    assert QUIET <= second[1] - first[1] < PATIENCE


@pytest.mark.parametrize("order", [["m:A#1/0 0", "a:f#1 0", "m:B#1/0 0"], ["a:f#1 5", "m:B#1/0 5"]])
def test_what_does_not_come_is_not_waited_for_forever(order):
    assert [each for each, _ in passed(order, "m:B#1/0", "a:f#1")] == ["a:f#1", "m:B#1/0"]
    assert [each for each, _ in passed(order, "m:B#1/0")] == ["m:B#1/0"]
