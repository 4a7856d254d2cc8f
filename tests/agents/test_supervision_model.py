"""Whatever happens to a supervised crew: no orphan, stops in reverse, no acknowledged message lost or done twice."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dana.runtime.exceptions import AgentFault
from tests.agents.stages import Stage

NAMES = "ABCD"
who = st.sampled_from(NAMES)


class Crew(RuleBasedStateMachine):
    """The model: which messages each agent has accepted, and whether it may have dropped some."""

    @initialize(
        strategy=st.sampled_from(["one_for_one", "rest_for_one", "one_for_all"]),
        restarts=st.lists(st.sampled_from(["permanent", "transient", "temporary"]), min_size=4, max_size=4),
        nested=st.booleans(),
        limit=st.sampled_from([0, 2, 1000]),
    )
    def begin(self, strategy, restarts, nested, limit):
        self.stage = Stage()
        self.stage.meter.start()
        self.number = 0
        self.accepted = {name: [] for name in NAMES}
        self.sent = {name: [] for name in NAMES}
        self.done = {name: [] for name in NAMES}
        # Those that may have dropped messages: told to, or because their supervisor gave up.
        self.dropped = set()
        self.linked = self.restarted = False
        self.stops = []
        crew = self.stage.system.supervisor("crew", strategy, limit, restart="temporary")
        inner = self.stage.system.supervisor("inner", "one_for_one", 1000, parent=crew) if nested else crew
        self.agents = {}
        for name, restart in zip(NAMES, restarts, strict=True):
            self.agents[name] = self.stage.agent(
                name, supervisor=inner if name in "BC" else crew, restart=restart, mailbox=8,
                cleanup=lambda name=name: self.stops.append(name),
            )  # fmt: skip
        self.crew, self.inner = crew, inner
        for agent in self.agents.values():
            agent.ask("add")()

    def actor(self, name):
        return self.agents[name]._actor

    def work(self, name, number, seconds):
        if seconds:
            self.stage.rest(seconds)
        self.done[name].append(number)

    def is_up(self, name):
        return self.actor(name).state in ("running", "paused") and self.actor(name).ending is None

    def send(self, name, seconds=0.0, crash=False):
        """A tell that either is refused or counts."""
        self.number += 1
        number = self.number
        agent = self.agents[name]

        def message():
            self.work(name, number, seconds)
            if crash:
                agent.bug()

        if self.actor(name).state == "paused" and self.actor(name).mailbox.is_full:
            return
        self.sent[name].append(number)
        if self.is_refused(lambda: agent.tell(message)) is None:
            self.accepted[name].append(number)

    def is_refused(self, action):
        """The code that refused a message, None if it was taken."""
        try:
            action()
        except AgentFault as refused:
            return refused._code
        return None

    # --- what happens ------------------------------------------------------------------------------

    @rule(name=who, seconds=st.sampled_from([0.0, 0.0, 0.0005]))
    def tell(self, name, seconds):
        self.send(name, seconds)

    @rule(name=who)
    def crash(self, name):
        self.send(name, crash=True)

    @rule(name=who, other=who)
    def pass_on(self, name, other):
        """One agent sends to another one."""
        if name != other and self.actor(name).state == "running":
            with suppress(AgentFault):
                self.agents[name].tell(lambda: self.send(other))

    @rule(name=who)
    def ask(self, name):
        if self.actor(name).state != "paused":
            self.is_refused(self.agents[name].ask("add"))

    @rule()
    def wait(self):
        self.stage.rest(0.001)

    @rule(name=who)
    def pause(self, name):
        self.actor(name).pause()

    @rule(name=who)
    def resume(self, name):
        self.actor(name).resume()

    @rule(name=who)
    def finish(self, name):
        self.actor(name).stop()
        assert self.actor(name).state in ("stopped", "failed")

    @rule(name=who, strategy=st.sampled_from(["critical", "immediate"]))
    def drop(self, name, strategy):
        self.dropped.add(name)
        self.actor(name).stop("enough", strategy)

    @rule(name=who)
    def leave(self, name):
        if self.is_up(name):
            if not self.actor(name).supervisor or self.actor(name).restart != "permanent":
                self.dropped.add(name)
            self.actor(name).exit()

    @rule(name=who)
    def start(self, name):
        if self.actor(name).supervisor.state == "running" and self.crew.state == "running":
            self.restarted = self.restarted or self.actor(name).restart == "temporary"
            self.actor(name).start()

    @rule(name=who, other=who)
    def link(self, name, other):
        if self.is_up(name) and self.is_up(other):
            self.linked = True
            self.actor(name).link(self.actor(other))

    # --- what holds --------------------------------------------------------------------------------

    @invariant()
    def each_at_most_once_and_in_order(self):
        for name in NAMES:
            done = self.done[name]
            assert done == sorted(set(done))
            assert set(done) <= set(self.sent[name])

    @invariant()
    def mailboxes_are_bounded(self):
        for name in NAMES:
            assert self.actor(name).mailbox.size <= 8 + 1  # what was injected or trapped does not count

    def teardown(self):
        if not hasattr(self, "stage"):
            return
        stage = self.stage
        for name in NAMES:
            self.actor(name).resume()
        while stage.system.busy or stage.system.tasks:
            stage.rest(0.001)
        gave_up = "actor.gave_up" in stage.kinds()
        last = [name for name in NAMES if self.actor(name).state not in ("stopped", "failed", "created")]
        self.stops.clear()
        problems = stage.program.close()
        stage.meter.finish()
        assert problems == []
        # No orphan.
        assert not stage.system.busy
        assert not stage.system.tasks
        assert not stage.program.waiting.workers
        for name in NAMES:
            assert self.actor(name).state in ("stopped", "failed")
            assert self.actor(name).message is None
        # The last started are stopped first: the inner supervisor's children where it stands.
        order = list(reversed(last)) if self.inner is self.crew else [x for x in "DACB" if x in last]
        if self.restarted:  # a temporary agent that was started by hand is the last one
            order = self.stops
        assert self.stops == [name for name in order if name in self.stops]
        assert self.linked or len(self.stops) == len(last)
        # Nothing accepted is lost, unless its agent was told to drop it or is down for good.
        for name in NAMES:
            actor = self.actor(name)
            down = name not in last and (actor.crashes > 0 or actor.restart == "temporary")
            if name not in self.dropped and not self.linked and not gave_up and not down:
                assert set(self.accepted[name]) <= set(self.done[name]), name


Crew.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCrew = Crew.TestCase
