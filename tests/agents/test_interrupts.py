"""Pause, resume, inject, priorities and the four ways to stop (M63, M67)."""

from __future__ import annotations

import pytest

from dana.agents.errors import AgentStop
from dana.runtime.effects import Effect
from dana.runtime.exceptions import AgentFault


def test_a_paused_agent_accepts_and_does_not_process(stage):
    a = stage.agent("A")

    def main():
        a._actor.pause()
        a.tell("say", 1)
        stage.rest(0.002)
        assert stage.story == []
        assert a._actor.health() == ("degraded", "paused")
        a._actor.resume()
        a._actor.resume()
        stage.rest(0.001)
        assert stage.story == ["A 1"]

    stage.run(main)


def test_a_message_in_progress_waits_at_its_checkpoint(stage):
    a = stage.agent("A")

    def long():
        for step in range(3):
            a.say(step)
            stage.rest(0.001)
            a._actor.checkpoint()

    def main():
        answer = a._actor.ask(long)
        stage.rest(0)
        a._actor.pause()
        stage.rest(0.01)
        assert stage.story == ["A 0"]
        a._actor.resume()
        stage.system.wait(answer, None)

    stage.run(main)
    assert stage.story == ["A 0", "A 1", "A 2"]


def test_checkpoints_of_coroutines(stage):
    """A turn runs as a coroutine: its checkpoints are awaited."""
    a = stage.agent("A")

    async def turn():
        stage.story.append("first")
        await a._actor.reached()
        stage.story.append("second")
        return a._actor.context()

    effect = Effect(stage.program, "turn", turn)

    def main():
        a._actor.inject("it rains", "now")
        a._actor.pause()
        a._actor.resume()
        answer = a._actor.ask(lambda: (a._actor.pause(), effect())[1])
        stage.rest(0.002)
        assert stage.story == ["first"]
        a._actor.resume()
        stage.system.wait(answer, None)
        return answer.result()

    assert stage.run(main) == ["it rains"]


def test_injected_messages_run_at_the_next_checkpoint(stage):
    a = stage.agent("A")

    def long():
        a.say("begin")
        stage.rest(0.002)
        a._actor.checkpoint()
        a.say("end")

    def main():
        answer = a._actor.ask(long)
        stage.rest(0)
        a.tell("say", "waiting")
        a._actor.inject(a.say, "now", ("injected",))
        a._actor.inject(a.say, "next", ("first",))
        stage.system.wait(answer, None)

    stage.run(main)
    assert stage.story == ["A begin", "A injected", "A end", "A first", "A waiting"]


def test_context_for_turns_now_and_next(stage):
    a = stage.agent("A")
    seen = []

    def turn():
        seen.append(a._actor.context())
        stage.rest(0.002)
        seen.append(a._actor.context())

    def main():
        answer = a._actor.ask(turn)
        stage.rest(0)
        a._actor.inject({"for": "now"})
        a._actor.inject("for the next", "next")
        stage.system.wait(answer, None)
        a.ask("call", lambda: seen.append(a._actor.context()))()

    stage.run(main)
    assert seen == [[], [{"for": "now"}], ["for the next"]]


def test_priorities_of_messages(stage):
    a = stage.agent("A")

    def main():
        a._actor.pause()
        a.tell("say", 1)
        a.tell("say", 2, priority="critical")
        a.tell("say", 3, priority="low")
        a.tell("say", 4, priority="high")
        a._actor.resume()

    stage.run(main)
    assert stage.story == ["A 2", "A 4", "A 1", "A 3"]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("complete", ["A begin", "A end", "A normal", "A critical", "clean"]),
        ("best_effort", ["A begin", "A end", "A normal", "A critical", "clean"]),
        ("critical", ["A begin", "A end", "A critical", "clean"]),
        ("immediate", ["A begin", "A cut", "clean"]),
    ],
)
def test_the_four_ways_to_stop(stage, strategy, expected):
    a = stage.agent("A", cleanup=lambda: stage.story.append("clean"))

    def work():
        a.say("begin")
        try:
            stage.rest(0.005)
        except AgentStop:
            raise
        except BaseException:
            a.say("cut")
            raise
        a.say("end")

    def main():
        first = a._actor.ask(work)
        stage.rest(0)
        normal = a._actor.ask(a.say, ("normal",))
        a.tell("say", "critical", priority="critical")
        a._actor.stop("enough", strategy)
        assert a._actor.state == "stopped"
        return [getattr(answer.exception(), "_code", None) for answer in (first, normal)]

    codes = stage.run(main)
    expected = [*expected]
    if strategy in ("complete", "best_effort"):  # what is critical goes first
        expected[2], expected[3] = expected[3], expected[2]
    assert stage.story == expected
    assert codes == {"immediate": ["E866", "E866"], "critical": [None, "E866"]}.get(strategy, [None, None])


def test_best_effort_has_an_end(stage):
    a = stage.agent("A")

    def main():
        for number in range(10):
            a.tell("call", lambda n=number: (stage.rest(0.003), a.say(n)))
        a._actor.stop("enough", "best_effort", 0.01)
        assert a._actor.state == "stopped"

    stage.run(main)
    assert 1 <= len(stage.story) <= 4
    assert "actor.dropped" in stage.kinds()


def test_an_emergency_stop_ends_a_message_at_its_checkpoint(stage):
    a = stage.agent("A")

    def main():
        def long():
            a._actor.stop("emergency", "immediate")
            a.say("still here")
            a._actor.checkpoint()
            a.say("never")

        with pytest.raises(AgentFault, match="emergency") as stopped:
            a.ask(long)()
        return stopped.value._code

    assert stage.run(main) == "E866"
    assert stage.story == ["A still here"]


def test_stopping_a_paused_agent(stage):
    a = stage.agent("A")

    def main():
        a._actor.pause()
        a.tell("say", 1)
        a._actor.stop()

    stage.run(main)
    assert stage.story == ["A 1"]


def test_status_is_plain_data(stage):
    a = stage.agent("A")

    def main():
        a.tell("add")
        return a._actor.status()

    status = stage.run(main)
    assert (status["name"], status["state"], status["waiting"], status["capacity"]) == ("A", "created", 1, 1000)
    assert (status["health"], status["supervisor"], status["priority"]) == ("healthy", "root", "normal")


@pytest.mark.parametrize(
    "action",
    [
        lambda a: a.stop("x", "gently"),
        lambda a: a.inject("x", "later"),
        lambda a: a.set_priority("urgent"),
    ],
)
def test_words_that_are_none_of_those(stage, action):
    a = stage.agent("A")
    with pytest.raises(ValueError, match="is one of") as refused:
        action(a._actor)
    assert refused.value._code == "E867"
