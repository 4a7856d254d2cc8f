"""Supervision as Erlang/OTP documents it: a table of scenarios, each with what its documentation says.

The sources are OTP's reference manual (`supervisor`, `gen_server`, the chapter "Processes") and its design principles.
Where agents differ on purpose (they keep identity and mailbox over a restart) the rows say so in `differs`.
"""

from __future__ import annotations

import pytest

from dana.runtime.exceptions import AgentFault
from dana.runtime.stops import TimeoutStop

ROWS = []


def row(says, differs=""):
    """Register a scenario: `says` is Erlang's rule in short, `differs` where agents do otherwise, and why."""

    def add(scenario):
        ROWS.append(pytest.param(scenario, says, differs, id=scenario.__name__))
        return scenario

    return add


def crew(stage, strategy="one_for_one", names="ABC", limit=3, within=5.0, **options):
    """A supervisor with one agent for each name, all started."""
    supervisor = stage.system.supervisor("crew", strategy, limit, within)
    agents = [stage.agent(name, supervisor=supervisor, **options) for name in names]
    for agent in agents:
        agent.ask("add", 10)()
    return supervisor, agents


def crash(agent):
    with pytest.raises(AttributeError):
        agent.ask("bug")()


def settle(stage):
    """Let supervisors finish what they are at."""
    stage.rest(0)
    while stage.system.busy or stage.system.tasks:
        stage.rest(0.001)


def code(error):
    return error.value._code


# --- strategies -----------------------------------------------------------------------------------


@row("one_for_one: if one child process terminates and is to be restarted, only that child process is affected")
def one_for_one(stage):
    _, (a, b, c) = crew(stage)
    crash(b)
    assert [x.ask("add", 0)() for x in (a, b, c)] == [10, 0, 10]
    assert stage.story == ["rebuild B"]


@row("one_for_all: if one child terminates and is to be restarted, all others are terminated, then all restarted")
def one_for_all(stage):
    _, (a, b, c) = crew(stage, "one_for_all")
    crash(b)
    settle(stage)
    assert [x.ask("add", 0)() for x in (a, b, c)] == [0, 0, 0]


@row("rest_for_one: the children after the terminated one in start order are terminated and restarted with it")
def rest_for_one(stage):
    _, (a, b, c) = crew(stage, "rest_for_one")
    crash(b)
    settle(stage)
    assert [x.ask("add", 0)() for x in (a, b, c)] == [10, 0, 0]


@row("children are restarted in start order")
def restarts_in_start_order(stage):
    _, (_, b, _) = crew(stage, "one_for_all")
    crash(b)
    settle(stage)
    assert stage.story == ["rebuild A", "rebuild B", "rebuild C"]


@row("rest_for_one: the last child alone is restarted when it terminates")
def rest_for_one_of_the_last(stage):
    _, (a, b, c) = crew(stage, "rest_for_one")
    crash(c)
    settle(stage)
    assert [x.ask("add", 0)() for x in (a, b, c)] == [10, 10, 0]


# --- restart types --------------------------------------------------------------------------------


@row("permanent: the child process is always restarted, also after it exits normally")
def permanent_exits_normally(stage):
    _, (a, *_) = crew(stage)
    a.ask("call", a._actor.exit)()
    settle(stage)
    assert a.ask("add", 0)() == 0
    assert a._actor.incarnation == 2


@row("transient: restarted only if it terminates abnormally")
def transient_crashes(stage):
    _, (a, *_) = crew(stage, restart="transient")
    crash(a)
    assert a.ask("add", 0)() == 0


@row("transient: an exit with reason normal, shutdown or {shutdown, Term} is no reason to restart")
def transient_exits_normally(stage):
    _, (a, b, _) = crew(stage, restart="transient")
    a.ask("call", a._actor.exit)()
    b.ask("call", lambda: b._actor.exit("shutdown"))()
    settle(stage)
    assert (a._actor.state, b._actor.state) == ("stopped", "stopped")
    with pytest.raises(AgentFault) as refused:
        a.ask("add")()
    assert code(refused) == "E866"


@row("transient: an exit with another reason is abnormal")
def transient_exits_with_a_reason(stage):
    _, (a, *_) = crew(stage, restart="transient")
    a.ask("call", lambda: a._actor.exit("no more disk"))()
    settle(stage)
    assert a._actor.incarnation == 2


@row("temporary: never restarted, and its specification is removed when it terminates")
def temporary_crashes(stage):
    supervisor, (a, b, c) = crew(stage, restart="temporary")
    crash(b)
    assert b._actor.state == "failed"
    assert supervisor.children == [a._actor, c._actor]
    with pytest.raises(AgentFault) as refused:
        b.ask("add")()
    assert code(refused) == "E866"


@row("temporary: not even when the strategy is one_for_all and a sibling's death causes it to be terminated")
def temporary_in_one_for_all(stage):
    supervisor = stage.system.supervisor("crew", "one_for_all")
    a = stage.agent("A", supervisor=supervisor)
    b = stage.agent("B", supervisor=supervisor, restart="temporary")
    a.ask("add")(), b.ask("add")()
    crash(a)
    settle(stage)
    assert b._actor.state == "stopped"
    assert supervisor.children == [a._actor]


# --- intensity ------------------------------------------------------------------------------------


@row("at most `intensity` restarts within `period` seconds")
def as_many_restarts_as_allowed(stage):
    supervisor, (a, *_) = crew(stage, limit=3)
    for _ in range(3):
        crash(a)
    assert supervisor.state == "running"
    assert a.ask("add", 0)() == 0


@row("more than `intensity` restarts in the period: all children and then the supervisor itself are terminated")
def too_many_restarts(stage):
    supervisor, (a, *_) = crew(stage, limit=3)
    for _ in range(4):
        crash(a)
    assert supervisor.state == "failed"
    with pytest.raises(AgentFault) as given_up:
        a.ask("add")()
    assert code(given_up) == "E865"
    assert "crew" in str(given_up.value)
    stage.rest(0)
    assert "actor.gave_up" in stage.kinds()


@row("the counter is of the supervisor, over all its children")
def crashes_of_all_children_count(stage):
    supervisor, (a, b, c) = crew(stage, limit=2)
    for agent in (a, b, c):
        crash(agent)
    assert supervisor.state == "failed"


@row("intensity 0: the first crash is one too many")
def no_restart_allowed(stage):
    supervisor, (a, *_) = crew(stage, limit=0)
    crash(a)
    assert supervisor.state == "failed"


@row("restarts that are older than the period do not count")
def old_restarts_are_forgotten(stage):
    supervisor, (a, *_) = crew(stage, limit=1, within=0.02)
    crash(a)
    stage.rest(0.03)
    crash(a)
    assert supervisor.state == "running"


@row("when a supervisor terminates, the next higher-level supervisor restarts it: with all its children, in order")
def escalation(stage):
    top = stage.system.supervisor("top", limit=1)
    inner = stage.system.supervisor("inner", limit=0, parent=top)
    a, b = (stage.agent(name, supervisor=inner) for name in "AB")
    a.ask("add")(), b.ask("add")()
    crash(b)
    settle(stage)
    assert (top.state, inner.state) == ("running", "running")
    assert stage.story == ["rebuild A", "rebuild B"]
    assert a.ask("add", 0)() == 0


@row("… or terminates itself")
def escalation_to_the_top(stage):
    top = stage.system.supervisor("top", limit=0)
    inner = stage.system.supervisor("inner", limit=0, parent=top)
    a = stage.agent("A", supervisor=inner)
    other = stage.agent("Other")
    crash(a)
    stage.rest(0)
    stage.rest(0.005)
    assert (top.state, inner.state) == ("running", "running")  # the root has started them again
    assert stage.system.root.state == "running"
    assert other.ask("add")() == 1


@row("a child that fails to start during a restart is one more restart")
def a_restart_that_fails(stage):
    supervisor = stage.system.supervisor("crew", limit=3)
    broken = [2]

    def init(_agent):
        if broken[0]:
            broken[0] -= 1
            raise AttributeError("not yet")

    a = stage.agent("A", supervisor=supervisor, init=init)
    crash(a)
    assert a.ask("add", 0)() == 0
    assert a._actor.incarnation == 4
    assert supervisor.state == "running"


@row("a child that never starts again exhausts the intensity")
def a_restart_that_always_fails(stage):
    supervisor = stage.system.supervisor("crew", "rest_for_one", limit=3, restart="temporary")
    a = stage.agent("A", supervisor=supervisor, init=lambda _agent: _agent.bug())
    crash(a)
    settle(stage)
    assert supervisor.state == "failed"


# --- start and stop -------------------------------------------------------------------------------


@row("children are terminated in the reverse of start order when the supervisor terminates")
def stops_in_reverse(stage):
    supervisor = stage.system.supervisor("crew")
    agents = [stage.agent(n, supervisor=supervisor, cleanup=lambda n=n: stage.story.append(n)) for n in "ABC"]
    for agent in agents:
        agent.ask("add")()
    supervisor.stop()
    assert stage.story == ["C", "B", "A"]
    assert supervisor.state == "stopped"


@row("shutdown timeout: the child is told to terminate and has that long; then it is killed")
def shutdown_timeout(stage):
    supervisor = stage.system.supervisor("crew")
    a = stage.agent("A", supervisor=supervisor, shutdown=0.005)
    waiting = stage.system.root
    answer = a._actor.ask(a.rest, (5,))
    stage.rest(0)
    supervisor.stop()
    assert a._actor.state == "stopped"
    assert answer.exception()._code == "E866"
    assert waiting.state == "running"


@row("shutdown within the timeout: what the child is doing it may finish")
def shutdown_in_time(stage):
    supervisor = stage.system.supervisor("crew")
    a = stage.agent("A", supervisor=supervisor, shutdown=1.0)
    answer = a._actor.ask(a.rest, (0.005,))
    stage.rest(0)
    supervisor.stop()
    assert answer.result() == 0.005


@row("brutal_kill: terminated unconditionally, at once")
def brutal_kill(stage):
    supervisor = stage.system.supervisor("crew")
    a = stage.agent("A", supervisor=supervisor, shutdown="immediate")
    answer = a._actor.ask(a.rest, (5,))
    stage.rest(0)
    supervisor.stop()
    assert answer.exception()._code == "E866"


@row("a supervisor that is a child stops its own children as part of its own stop: trees end from the leaves")
def trees_stop_from_the_leaves(stage):
    top = stage.system.supervisor("top")

    def leaf(name, parent):
        agent = stage.agent(name, supervisor=parent, cleanup=lambda: stage.story.append(name))
        agent.ask("add")()

    leaf("A", top)
    inner = stage.system.supervisor("inner", parent=top)
    leaf("B", inner)
    leaf("C", inner)
    leaf("D", top)
    top.stop()
    assert stage.story == ["D", "C", "B", "A"]


@row("terminate_child: it ends and stays ended, its specification is kept; restart_child starts it again")
def terminate_and_restart_child(stage):
    supervisor, (a, *_) = crew(stage)
    a._actor.stop()
    assert a._actor.state == "stopped"
    assert a._actor in supervisor.children
    a._actor.start()
    assert a.ask("add", 0)() == 0


@row("an exit by itself with a permanent child is not an error, but it counts as a restart")
def normal_exits_count(stage):
    supervisor, (a, *_) = crew(stage, limit=1)
    for _ in range(2):
        a.ask("call", a._actor.exit)()
        settle(stage)
    assert "actor.gave_up" in stage.kinds(supervisor.id)


# --- gen_server -----------------------------------------------------------------------------------


@row("a process handles one message at a time, in the order of arrival from one sender")
def one_message_at_a_time(stage):
    a = stage.agent("A")

    def slow(word):
        stage.story.append(f"begin {word}")
        stage.rest(0.001)
        stage.story.append(f"end {word}")

    for word in "xyz":
        a.tell(slow, word)
    a.ask("add")()
    assert stage.story == [f"{what} {word}" for word in "xyz" for what in ("begin", "end")]


@row("call: the request that crashes the server makes the call fail in the caller, with the reason")
def the_caller_gets_the_reason(stage):
    _, (a, *_) = crew(stage)
    with pytest.raises(AttributeError, match="a bug"):
        a.ask("bug")()


@row("call: no reply within the timeout fails in the caller; the server goes on, its late reply is dropped")
def a_call_that_times_out(stage):
    a = stage.agent("A")

    def slow():
        stage.rest(0.02)
        stage.story.append("done")

    with pytest.raises(TimeoutStop) as late:
        a.ask(slow, timeout=0.005)()
    assert code(late) == "E863"
    assert a.ask("add")() == 1
    assert stage.story == ["done"]


@row("call to a server that does not exist: noproc")
def a_call_to_nobody(stage):
    a = stage.agent("A")
    a._actor.stop()
    with pytest.raises(AgentFault) as refused:
        a.ask("add")()
    assert code(refused) == "E866"


@row("cast: returns at once, whatever becomes of the message")
def a_cast_that_fails(stage):
    a = stage.agent("A")
    a.tell("bug")
    a.tell("fail", ValueError("no"))
    assert a.ask("add")() == 1
    assert len(stage.logged) == 2


@row("a process that calls itself waits for itself until the timeout", "refused at once, naming the cycle")
def a_call_to_oneself_by_a_detour(stage):
    a, b = stage.agent("A"), stage.agent("B")
    with pytest.raises(AgentFault, match="`B` → `A` → `B`") as refused:
        a.ask("call", lambda: b.ask("call", lambda: a.ask("add")())())()  # noqa: PLW0108  (each asks when it runs)
    assert code(refused) == "E862"
    assert a.ask("add")() == 1


@row("messages in the mailbox of a crashed process are lost", "they are kept, and processed after the restart")
def the_mailbox_survives(stage):
    _, (a, *_) = crew(stage)
    a.tell("add", 1)
    a.tell("bug")
    a.tell("add", 2)
    a.tell("add", 3)
    assert a.ask("add", 0)() == 5


@row("sys:suspend: the process handles only system messages until sys:resume")
def suspend_and_resume(stage):
    a = stage.agent("A")
    a.ask("add")()
    a._actor.pause()
    a.tell("say", "later")
    stage.rest(0.002)
    assert stage.story == []
    assert a._actor.status()["state"] == "paused"
    a._actor.resume()
    a.ask("add")()
    assert stage.story == ["A later"]


# --- links and monitors ---------------------------------------------------------------------------


@row("links: when a process terminates abnormally, linked processes terminate with the same reason")
def linked_processes_end_together(stage):
    _, (a, b, c) = crew(stage)
    a._actor.link(b._actor)
    crash(a)
    settle(stage)
    assert [x.ask("add", 0)() for x in (a, b, c)] == [0, 0, 10]
    assert b._actor.reason == a._actor.reason


@row("links are bidirectional")
def links_are_bidirectional(stage):
    _, (a, b, _) = crew(stage)
    a._actor.link(b._actor)
    crash(b)
    settle(stage)
    assert a.ask("add", 0)() == 0


@row("a link is transitive only through the death it causes")
def links_in_a_chain(stage):
    _, (a, b, c) = crew(stage)
    a._actor.link(b._actor)
    b._actor.link(c._actor)
    crash(a)
    settle(stage)
    assert [x.ask("add", 0)() for x in (a, b, c)] == [0, 0, 0]


@row("links: reason normal does not terminate linked processes")
def a_normal_exit_spares_the_linked(stage):
    _, (a, b, _) = crew(stage, restart="transient")
    a._actor.link(b._actor)
    a.ask("call", a._actor.exit)()
    settle(stage)
    assert (a._actor.state, b._actor.state) == ("stopped", "running")


@row("trap_exit: the exit signal becomes a message {'EXIT', From, Reason}")
def trapped_exits(stage):
    _, (a, b, _) = crew(stage)
    b._actor.trap(lambda who, reason: stage.story.append((who, reason)))
    b._actor.link(a._actor)
    crash(a)
    settle(stage)
    assert [who for who, _ in [entry for entry in stage.story if isinstance(entry, tuple)]] == [a._actor.id]
    assert b.ask("add", 0)() == 10


@row("unlink: no exit signal is sent any more; linking twice is linking once")
def unlink(stage):
    _, (a, b, _) = crew(stage)
    a._actor.link(b._actor)
    a._actor.link(b._actor)
    b._actor.unlink(a._actor)
    crash(a)
    assert b.ask("add", 0)() == 10


@row("a restarted process is a new one: the link to the old one is used up")
def a_link_is_used_up(stage):
    _, (a, b, _) = crew(stage)
    a._actor.link(b._actor)
    crash(a)
    settle(stage)
    b.ask("add", 7)()
    crash(a)
    assert b.ask("add", 0)() == 7


@row("link to a process that does not exist: an exit signal with reason noproc")
def link_to_nobody(stage):
    _, (a, b, _) = crew(stage)
    a._actor.stop()
    b._actor.link(a._actor)
    settle(stage)
    assert b._actor.reason == "noproc"


@row("monitors: one {'DOWN', Ref, process, Pid, Reason} per monitor, one direction, then it is gone")
def monitors(stage):
    _, (a, b, _) = crew(stage)
    told = []
    a._actor.monitor(lambda who, reason: told.append(reason))
    a._actor.monitor(lambda who, reason: told.append(reason))
    crash(a)
    crash(a)
    settle(stage)
    assert told == ["AttributeError: a bug"] * 2
    assert b.ask("add", 0)() == 10


@row("monitor of a process that does not exist: DOWN at once, with reason noproc")
def monitor_of_nobody(stage):
    a = stage.agent("A")
    a._actor.stop()
    told = []
    a._actor.monitor(lambda who, reason: told.append(reason))
    settle(stage)
    assert told == ["noproc"]


@row("demonitor: no message after it")
def demonitor(stage):
    _, (a, *_) = crew(stage)
    told = []
    end = a._actor.monitor(lambda who, reason: told.append(reason))
    end()
    crash(a)
    settle(stage)
    assert told == []


def test_the_table_is_long_enough():
    assert len(ROWS) >= 25


@pytest.mark.parametrize(("scenario", "says", "differs"), ROWS)
def test_as_erlang_documents_it(stage, scenario, says, differs):
    assert says
    stage.run(lambda: scenario(stage))
    assert not stage.system.busy
    if scenario.__name__ != "escalation_to_the_top":
        assert [getattr(p, "_code", p) for p in stage.problems] == []
