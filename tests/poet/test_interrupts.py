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


# --- the digest ---------------------------------------------------------------------------------------


def digest_of(value):
    return Question("operate", Call(), {"x": value}, "").digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"), (1, True), (1, 1.0), (None, "None"), ({1: 2}, {"1": 2}), ([1, 2], (1, 2)), ([1, 2], [2, 1]), ({1}, [1]),
        ([["a"]], [["a"], []]), ({"a": {"b": 1}}, {"a": {"b": 2}}), (b"a", "a"), ({"struct": ["m", "P"]}, {"struct": ["m", "Q"]}),
    ],
)  # fmt: skip
def test_what_is_not_the_same_has_another_digest(one, other) -> None:
    assert digest_of(one) != digest_of(other)


def test_what_is_the_same_has_the_same_digest() -> None:
    assert digest_of({"a": 1, "b": [2, {3, 4}]}) == digest_of({"b": [2, {4, 3}], "a": 1})
    deep: list = []
    for _ in range(100):
        deep = [deep]
    assert digest_of(deep)


LYING = """
from poet import on_interrupt, override

struct Payment:
    to: str
    amount: int
    def to_dict(self) -> dict:
        return {"to": "bob", "amount": 1}

seen = []
def look(question):
    seen.append(question.digest)
    return override(0)

on_interrupt("operate", look)

@poet(interrupts="on")
def pay(payment: Payment): return payment

pay(Payment("bob", 1))
pay(Payment("bob", 1_000_000))
pay(Payment("bob", 1))
print(seen[0] != seen[1], seen[0] == seen[2])
"""


def run(text, prepare=None):
    from dana.engine import Engine

    printed = []
    engine = Engine(on_print=printed.append, cache=False)
    engine.run(text)
    return "".join(printed).splitlines()


def test_a_struct_cannot_say_that_it_is_another_one() -> None:
    assert run(LYING) == ["True True"]


# --- handlers in Dana ---------------------------------------------------------------------------------

ASKING = """
from poet import correct, deny, guide, on_interrupt, override

def noted(value, call: any):
    return f"{value} {call.guidance}" if len(call.guidance) > 0 else value

@poet(interrupts="on", retries=1, backoff=0, enforce_handler=noted)
def greet(name: str) -> str:
    return "hi " + name

def at(stage, answer):
    for each in ["perceive", "operate", "enforce"]:
        on_interrupt(each, none)
    on_interrupt(stage, answer)
"""


@pytest.mark.parametrize(
    ("stage", "answer", "printed"),
    [
        ("perceive", 'correct({"name": "Eve"})', "hi Eve"),
        ("perceive", 'correct("Eve")', "hi Eve"),
        ("operate", 'correct({"name": "Eve"})', "hi Eve"),
        ("enforce", 'correct("hello")', "hello"),
        ("perceive", "override(1)", "1"),
        ("operate", "override(1)", "1"),
        ("enforce", "override(none)", "None"),
        ("operate", 'guide("be nice")', "hi Ada ['be nice']"),
        ("enforce", 'guide("be nice") if q.attempt == 1 else none', "hi Ada ['be nice']"),
        ("perceive", "deny()", "a person denied the call of `greet` before perceive"),
        ("enforce", "deny()", "a person denied the call of `greet` before enforce"),
        ("*", "none", "hi Ada"),
        ("operate", 'correct({"nam": 1})', "a correction names `nam`, which is no parameter of `greet`"),
    ],
)
def test_a_handler_in_dana_corrects_guides_overrides_and_denies(stage, answer, printed) -> None:
    text = f"""{ASKING}
at("{stage}", lambda q: {answer})
try:
    print(greet("Ada"))
except POETError as e:
    print(e)
"""
    assert run(text) == [printed]


def test_a_question_in_dana_is_plain_data() -> None:
    text = (
        ASKING
        + """
def look(q):
    print(q.function, q.stage, q.reason, q.attempt, q.value, q.arguments, q.guidance, q.last_failure, len(q.digest))

at("*", look)
greet("Ada")
"""
    )
    assert run(text) == [
        "greet perceive every stage is looked at 0 {'name': 'Ada'} {} []  64",
        "greet operate every stage is looked at 1 {'name': 'Ada'} {'name': 'Ada'} []  64",
        "greet enforce every stage is looked at 1 hi Ada {'name': 'Ada'} []  64",
    ]


@pytest.mark.parametrize("name", ["status", "config", "__class__", "origins"])
def test_a_question_leads_nowhere(name) -> None:
    import dana

    with pytest.raises(dana.DanaError, match=r"no attribute|has no|is reserved"):
        run(f"{ASKING}\nat('*', lambda q: q.{name})\ngreet('Ada')\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('on_interrupt("enfrce", len)', "did you mean 'enforce'"),
        ('on_interrupt("enforce", 3)', "is a function, not int"),
        ('at("enforce", lambda q: true)\ngreet("Ada")', "a Signal or None, not bool"),
        ('at("enforce", lambda q: 1 / 0)\ngreet("Ada")', "division"),
    ],
)
def test_mistakes_of_handlers_are_errors_of_the_program(text, said) -> None:
    import dana

    with pytest.raises(dana.DanaError, match=said):
        run(f"{ASKING}\n{text}\n")


def test_a_program_cannot_stand_in_for_the_handler_of_its_host() -> None:
    from dana.engine import Engine
    from dana.poet.registry import registry_of

    printed, asked = [], []
    engine = Engine(on_print=printed.append, cache=False)
    module = engine.load(ASKING + '\nat("operate", lambda q: none)\ndef call(): return greet("Ada")\n', name="asking")

    def person(question):
        asked.append(question.stage)
        return Signal("denial")

    registry_of(module._run.program).interrupts.on("operate", person)
    import dana

    with pytest.raises(dana.DanaError, match="a person denied"):
        module.call()
    assert asked == ["operate"]


def test_an_approval_is_spent_by_the_call_it_was_given_for() -> None:
    from dana.poet.python import Host, poet
    from dana.poet.registry import registry_of

    host, paid = Host(), []
    people = registry_of(host).interrupts

    def person(question):
        return Signal("denial")

    people.on("operate", person)

    @poet(host=host, interrupts="on", retries=0)
    def pay(to, amount):
        paid.append((to, amount))
        return amount

    class Status(Call):
        function_name = "pay"

    status = Status()
    status.function_name = "pay"
    people.approve(Question("operate", status, {"to": "bob", "amount": 10}, ""))
    from dana.poet.errors import POETInterruptError

    with pytest.raises(POETInterruptError):
        pay("bob", 1000)
    assert pay("bob", 10) == 10
    with pytest.raises(POETInterruptError):
        pay("bob", 10)
    assert paid == [("bob", 10)]


# --- deadlines ----------------------------------------------------------------------------------------


def test_the_timeout_of_a_call_waits_while_a_person_thinks(bench) -> None:
    from dana.poet.registry import registry_of

    def person(question):
        bench.work(100)

    registry_of(bench).interrupts.on("*", person)

    @bench.poet(interrupts="on", timeout=10, retries=0)
    def slow(x):
        bench.work(6)
        return x

    assert slow(1) == 1


def test_the_time_of_the_function_itself_still_counts(bench) -> None:
    from dana.poet.errors import POETTimeoutError
    from dana.poet.registry import registry_of

    registry_of(bench).interrupts.on("*", lambda question: bench.work(100))

    @bench.poet(interrupts="on", timeout=10, retries=1, backoff=0)
    def slow(x):
        bench.work(6)
        raise ConnectionError("no")

    with pytest.raises(POETTimeoutError, match="did not finish within its timeout of 10 s"):
        slow(1)


def test_a_deadline_outside_does_not_wait(bench) -> None:
    from dana.poet.errors import POETTimeoutError
    from dana.poet.registry import registry_of

    registry_of(bench).interrupts.on("operate", lambda question: bench.work(100))

    @bench.poet(interrupts="on", timeout=10, retries=0)
    def inner(x):
        return x

    @bench.poet(timeout=50, retries=0)
    def outer(x):
        return inner(x)

    with pytest.raises(POETTimeoutError, match="`outer`"):
        outer(1)


def test_a_handler_of_the_program_is_bound_by_the_timeout() -> None:
    import dana

    text = """
from poet import on_interrupt

def look(question):
    while true:
        pass

on_interrupt("operate", look)

@poet(interrupts="on", timeout=0.05, retries=0)
def f(x): return x
f(1)
"""
    with pytest.raises(dana.DanaError, match="did not finish within its timeout"):
        run(text)
