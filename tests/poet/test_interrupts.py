"""Interrupts: who is asked when, what an answer does, and that nothing said is lost or heard twice."""

from __future__ import annotations

import json
import threading

import pytest

from dana.poet import interrupts as i
from dana.poet.interrupts import Manager, Question, Signal, Terminal, why


class Call:
    def __init__(self, execution_id="e1", attempt=1, last_failure="") -> None:
        self.execution_id = execution_id
        self.function_name = "loans.score"
        self.attempt = attempt
        self.last_failure = last_failure


@pytest.mark.parametrize(
    ("mode", "facts", "asked"),
    [
        ("off", {"failed": True, "critical": True}, False),
        ("on", {"failed": False, "critical": False}, True),
        ("on_error", {"failed": False, "critical": True}, False),
        ("on_error", {"failed": True, "critical": False}, True),
        ("on_critical", {"failed": True, "critical": False}, False),
        ("on_critical", {"failed": True, "critical": True}, True),
        ("on_critical", {"failed": False, "critical": True}, False),
        ("on_critical", {"failed": False, "critical": True, "estimated": True}, True),
        ("on_critical", {"failed": False, "critical": False, "missing": True}, False),
        ("auto", {"failed": False, "critical": False, "missing": True}, True),
        ("auto", {"failed": True, "critical": True}, True),
        ("auto", {"failed": True, "critical": False}, False),
    ],
)
def test_the_mode_says_when_a_person_is_asked(mode, facts, asked) -> None:
    assert bool(why(mode, **facts)) is asked


def test_a_handler_is_asked_at_its_stage_and_its_answer_is_on_record() -> None:
    manager, asked = Manager(lambda: 7.0), []

    def handler(question):
        asked.append((question.stage, question.value))
        return Signal("override", 42)

    manager.on("enforce", handler)
    assert manager.checkpoint("operate", Call(), {"x": 1}, "every stage is looked at") is None
    answer = manager.checkpoint("enforce", Call(), 5, "every stage is looked at")
    assert asked == [("enforce", 5)]
    assert (answer.feedback_type, answer.feedback_data, answer.execution_id, answer.target_stage, answer.timestamp) == (
        "override",
        42,
        "e1",
        "enforce",
        7.0,
    )


def test_one_handler_for_all_stages_gives_way_to_a_special_one() -> None:
    manager = Manager(lambda: 0.0)
    manager.on("*", lambda question: Signal("guidance", "all"))
    manager.on("operate", lambda question: Signal("guidance", "special"))
    said = [manager.checkpoint(stage, Call(), 1, "why").feedback_data for stage in i.STAGES]
    assert said == ["all", "special", "all"]


def test_signals_wait_for_their_execution_and_stage_in_order() -> None:
    manager = Manager(lambda: 0.0)
    for number in range(3):
        manager.send(Signal("guidance", number, execution_id="e1", target_stage="enforce"))
    manager.send(Signal("guidance", "other", execution_id="e2", target_stage="enforce"))
    assert manager.checkpoint("operate", Call(), None, "") is None
    heard = [manager.checkpoint("enforce", Call(), None, "") for _ in range(4)]
    assert [h and h.feedback_data for h in heard] == [0, 1, 2, None]
    assert manager.checkpoint("enforce", Call("e2"), None, "").feedback_data == "other"


def test_what_is_meant_for_a_call_that_is_over_is_dropped() -> None:
    manager = Manager(lambda: 0.0)
    manager.send(Signal("denial", execution_id="e1", target_stage="enforce"))
    manager.forget("e1")
    assert manager.checkpoint("enforce", Call(), None, "") is None


def test_the_queue_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr("dana.poet.interrupts.MAX_PENDING", 3)
    manager = Manager(lambda: 0.0)
    for number in range(5):
        manager.send(Signal("denial", execution_id=f"e{number}", target_stage="enforce"))
    heard = [manager.checkpoint("enforce", Call(f"e{n}"), None, "") is not None for n in range(5)]
    assert heard == [False, False, True, True, True]


def test_an_approval_is_for_exactly_this_and_only_once() -> None:
    manager, asked = Manager(lambda: 0.0), []

    def handler(question):
        asked.append(question)
        return Signal("denial")

    manager.on("*", handler)
    first = Question("operate", Call(), {"to": "bob", "amount": 10}, "")
    manager.approve(first)
    assert manager.checkpoint("operate", Call(), {"to": "bob", "amount": 1000}, "why").feedback_type == "denial"
    assert manager.checkpoint("operate", Call(), {"amount": 10, "to": "bob"}, "why") is None
    assert manager.checkpoint("operate", Call(), {"to": "bob", "amount": 10}, "why").feedback_type == "denial"
    assert len(asked) == 2


def test_one_approval_serves_one_of_many_threads() -> None:
    manager = Manager(lambda: 0.0)
    question = Question("operate", Call(), {"x": 1}, "")
    for _ in range(20):
        manager.approve(question)
    used = []

    def use() -> None:
        used.extend(manager.use_approval(question) for _ in range(10))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert used.count(True) == 20


def test_what_makes_no_sense_is_refused() -> None:
    manager = Manager(lambda: 0.0)
    with pytest.raises(ValueError, match="feedback is one of"):
        Signal("praise")
    with pytest.raises(ValueError, match="a stage is one of"):
        Signal("denial", target_stage="train")
    with pytest.raises(ValueError, match="a stage is one of"):
        manager.on("train", lambda question: None)
    with pytest.raises(ValueError, match="needs the execution"):
        manager.send(Signal("denial"))
    manager.on("*", lambda question: True)
    with pytest.raises(TypeError, match="a Signal or None"):
        manager.checkpoint("operate", Call(), 1, "why")


def talk(*lines):
    said, answers = [], iter(lines)

    def read(prompt):
        try:
            return next(answers)
        except StopIteration:
            raise EOFError from None

    terminal = Terminal(read, said.append, json.loads)
    signal = terminal(Question("operate", Call(attempt=2, last_failure="ConnectionError: no"), {"score": "?"}, "why"))
    return signal, "".join(said)


@pytest.mark.parametrize(
    ("lines", "kind", "data"),
    [
        (["c=720"], "correction", 720),
        (["o = [1, 2]"], "override", [1, 2]),
        (["g=the score is in the second letter"], "guidance", "the score is in the second letter"),
        (["d"], "denial", None),
        (["what?", "c=", "c=nope", "c=720"], "correction", 720),
    ],
)
def test_a_person_at_a_terminal(lines, kind, data) -> None:
    signal, said = talk(*lines)
    assert (signal.feedback_type, signal.feedback_data) == (kind, data)
    assert "loans.score, before operate (attempt 2): why" in said
    assert "last failure: ConnectionError: no" in said
    assert "score = '?'" in said


def test_an_empty_line_or_the_end_of_input_goes_on() -> None:
    assert talk("")[0] is None
    assert talk()[0] is None
