"""What agents cost: an ask and its answer, an agent that is idle, ten times too many messages, somebody else's crash.

Asks and sends are measured from Python functions (execution alone) and from Dana programs (the language on top). Times
are CPU time but for the delay that a crash causes, which is what another agent would notice on a clock.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
from time import perf_counter, process_time

from measure import Row, Table

import dana
from dana.agents.system import system_of
from dana.runtime.effects import Effect
from dana.runtime.effects.bridge import drive
from dana.runtime.meter import Meter
from dana.runtime.program import Program

IDLE = 10_000
CAPACITY = 1_000
# Agents stay until the end, so that no figure is of memory that an earlier one has left.
KEPT = []

PROGRAM = """
agent_blueprint Counter:
    count: int = 0

    def add(self, n: int = 1) -> int:
        self.count += n
        return self.count

agent_blueprint Asker:
    def asks(self, other, n: int):
        for i in range(n):
            other.add()
        return n

counter = Counter()
asker = Asker()

def asks(n: int):
    for i in range(n):
        counter.add()
    return n

def between(n: int):
    return asker.asks(counter, n)

def sends(n: int):
    for i in range(n):
        counter.send("add")
    return counter.add()

crowd = []

def idle(n: int):
    for i in range(n):
        crowd.append(Counter())
    for each in crowd:
        each.add()
    return len(crowd)
"""


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"agents on CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    rounds, count = (5, 1_000) if quick else (15, 4_000)
    for driven in (False, True):
        execution(table, rounds, count, driven=driven)
    language(table, rounds, count)
    hooks(table, rounds, count // 10)
    table.add(Row("agents.idle, 10 000 of Python", idle_of_python(), "MB", "before they were made", 100))
    table.add(Row("agents.idle, 10 000 of Dana", idle_of_dana(), "MB", "before they were made", 100))
    overload(table)
    crash(table, 5 if quick else 20)
    return table.close()


class Agents:
    """A program with agents of Python functions, run by `run` or, `driven`, by `arun`."""

    def __init__(self, *, driven=False):
        self.driven = driven
        self.program = Program(meter=Meter(wall_s=3_600))
        self.system = system_of(self.program)
        self.rest = Effect(self.program, "rest", asyncio.sleep)

    def actor(self, name="Agent", **options):
        return self.system.actor(name, rebuild=nothing, **options)

    def method(self, actor, function):
        return Effect(self.program, actor.name, lambda *args: actor.ask(function, args))

    def run(self, action):
        def whole():
            self.program.meter.start()
            try:
                return action()
            finally:
                self.program.close()
                self.program.meter.finish()

        async def main():
            return await drive(self.program, whole)

        return asyncio.run(main()) if self.driven else whole()


def nothing():
    return 1


def microseconds(action, rounds, count):
    """The median over rounds of CPU time for each of `count`."""
    times = []
    for _ in range(rounds):
        gc.collect()
        start = process_time()
        action(count)
        times.append((process_time() - start) / count * 1e6)
    return statistics.median(times)


def execution(table, rounds, count, *, driven):
    """Asks and sends between Python functions."""
    agents = Agents(driven=driven)
    one, two = agents.actor("One"), agents.actor("Two")
    ask = agents.method(one, nothing)
    within = agents.method(two, lambda action: action())
    how = "arun" if driven else "run"

    def asks(many):
        for _ in range(many):
            ask()

    def sends(many):
        for _ in range(many):
            one.tell(nothing)
        ask()

    def main():
        asks(100)
        table.add(Row(f"agents.ask, {how}", microseconds(asks, rounds, count), "us", "round trip", 60))
        between = within(lambda: microseconds(asks, rounds, count))
        table.add(Row(f"agents.ask, {how}, by an agent", between, "us", "round trip", 60))
        table.add(Row(f"agents.send, {how}", microseconds(sends, rounds, count), "us", "sent and processed", None))

    agents.run(main)


def language(table, rounds, count):
    """The same from a program."""
    module = dana.Engine().load(PROGRAM)
    for name, label in (("asks", "ask, Dana"), ("between", "ask, Dana, by an agent"), ("sends", "send, Dana")):
        function = getattr(module, name)
        function(100)
        goal = 60 if "ask" in label else None
        baseline = "round trip" if goal else "sent and processed"
        table.add(Row(f"agents.{label}", microseconds(function, rounds, count), "us", baseline, goal))


HOOKS = ("before_agent", "after_agent", "before_model", "after_model", "completion")
# A model on this machine takes longer; one elsewhere a hundred times as long.
MODEL_US = 5_000


def hooks(table, rounds, count):
    """A turn beside the model it asks, and what hooks add to one whose model answers in 5 ms (M16)."""
    found = {number: min(turn(number, count) for _ in range(rounds)) for number in (0, 1, 5)}
    table.add(Row("agents.turn, beside the model", found[0], "us", "CPU time of a turn without hooks", None))
    for number, goal in ((1, 5), (5, 10)):
        share = 100 * (found[number] - found[0]) / (found[0] + MODEL_US)
        label = "one hook" if number == 1 else f"{number} hooks"
        table.add(Row(f"agents.turn, {label}", share, "%", "of a turn whose model takes 5 ms", goal))


def turn(number, count):
    """Microseconds of CPU time of one turn with so many hooks, the model answering at once."""
    text = "agent_blueprint B:\n    k: int = 0\n"
    text += "".join(f"    def {name}(self, value) -> any:\n        return None\n" for name in HOOKS[:number])
    text += "b = B()\ndef run(n: int):\n    for i in range(n):\n        x = b.solve('hello')\n        y = x + ''\n"

    async def answer(request):
        return "ok"

    module = dana.Engine(model=answer, cache=False).load(text)
    module.run(count // 4)
    begun = process_time()
    module.run(count)
    return (process_time() - begun) / count * 1e6


def resident():
    """Megabytes this process holds."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def idle_of_python():
    agents = Agents()

    def main():
        before = resident()
        for _ in range(IDLE):
            actor = agents.actor()
            KEPT.append(actor)
            agents.method(actor, nothing)()
        return resident() - before

    return agents.run(main)


def idle_of_dana():
    module = dana.Engine().load(PROGRAM)
    before = resident()
    KEPT.append(module)
    assert module.idle(IDLE) == IDLE
    return resident() - before


def overload(table):
    """Ten senders, each as fast as it can, to one agent whose mailbox holds a tenth of what they send."""
    agents = Agents()
    slow = agents.actor("Slow", mailbox=CAPACITY)
    senders = [agents.actor(f"Sender{n}") for n in range(10)]
    most = [0, 0]
    before = resident()

    def work(_payload):
        waiting = slow.mailbox.size + len(slow.mailbox.door or ())
        if waiting > most[0]:
            most[0] = waiting
        most[1] += 1

    def flood():
        for number in range(CAPACITY):
            slow.tell(work, (str(number) * 100,))

    def main():
        for sender in senders:
            sender.tell(flood)

    agents.run(main)
    assert most[1] == 10 * CAPACITY, "an accepted message was lost"
    table.add(Row("agents.overload, messages held", most[0], "", "ten times the mailbox sent", CAPACITY + 10))
    table.add(Row("agents.overload, memory", max(0.0, resident() - before), "MB", "before the flood", 10))


def crash(table, rounds):
    """How much longer than ever without it an agent waits for its turn while another one crashes and restarts."""
    delays = [longest_gap(crashes=True) for _ in range(rounds)]
    calm = [longest_gap(crashes=False) for _ in range(rounds)]
    worst = statistics.median(delays) * 1000
    table.add(
        Row("agents.crash, delay of another", worst, "ms", f"{statistics.median(calm) * 1000:.2f} ms without", 10)
    )


def longest_gap(*, crashes):
    agents = Agents()
    other = agents.actor("Other")
    crew = agents.system.supervisor("crew", limit=1_000)
    broken = agents.actor("Broken", supervisor=crew)
    agents.program.log = lambda _level, _text: None
    gaps = []

    def beat():
        last = perf_counter()
        for _ in range(100):
            agents.rest(0)
            now = perf_counter()
            gaps.append(now - last)
            last = now

    def fail():
        raise AttributeError("a bug")

    def main():
        answer = other.ask(beat)
        for _ in range(20 if crashes else 0):
            broken.tell(fail)
        agents.system.wait(answer, None)

    agents.run(main)
    return max(gaps)
