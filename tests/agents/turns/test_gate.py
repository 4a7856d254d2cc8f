"""The six points, verdicts, order, failing checks, approvals."""

from __future__ import annotations

import asyncio

import pytest

from dana import DanaError, Engine
from dana.adaptive.gate import allow, amend, ask, deny, wait
from dana.agents.gate import Check, Gate
from dana.models import Scripted

PAY = '''
import agents
paid = []
def pay(amount: int, to: str) -> str:
    """Pays money."""
    paid.append([to, amount])
    return "paid"
'''


def code_of(caught):
    return caught.value.diagnostics[0].code


# --- hooks ----------------------------------------------------------------------------------------


def test_hooks_run_at_their_points_in_order(run, call):
    program = """
log = []
def look(what: str) -> str:
    return "seen " + what
agent_blueprint B:
    tools: list = [look]
    def before_agent(self, request) -> any:
        log.append("before_agent " + request.message + " " + request.kind)
    def before_model(self, sent) -> any:
        log.append("before_model " + str(sent.round) + " " + str(sent.tools))
    def around_model(self, sent, next) -> any:
        log.append("model {")
        r = next(sent)
        log.append("}")
        return r
    def after_model(self, reply) -> any:
        log.append("after_model " + reply.text)
    def around_tool(self, call, next) -> any:
        log.append("tool " + call.tool + " " + str(call.arguments))
        return next(call)
    def completion(self, value) -> any:
        log.append("completion " + value)
    def after_agent(self, response) -> any:
        log.append("after_agent " + response.value)
b = B()
b.solve("hello")
log
"""
    assert run(program, call("look", what="it"), "done").value == [
        "before_agent hello solve", "before_model 1 ['look']", "model {", "}", "after_model ", "tool look {'what': 'it'}",
        "before_model 2 ['look']", "model {", "}", "after_model done", "completion done", "after_agent done",
    ]  # fmt: skip


def test_checks_stand_in_order_before_hooks(run):
    program = """
import agents
log = []
def first(v: any) -> any:
    log.append("first")
def second(v: any) -> any:
    log.append("second")
agent_blueprint B:
    checks: list = [agents.check(second, order=50), agents.check(first, order=7)]
    def before_agent(self, request) -> any:
        log.append("hook")
b = B()
b.solve("x")
log
"""
    assert run(program, "ok").value == ["first", "second", "hook"]


def test_values_can_be_modified_at_each_point(run, call):
    program = """
import agents
def look(n: int) -> str:
    return "n is " + str(n)
agent_blueprint B:
    tools: list = [look]
    def before_agent(self, request) -> any:
        return agents.modified(request.message + "!")
    def before_model(self, sent) -> any:
        m = sent.messages
        m[0]["content"] = m[0]["content"] + " Be kind."
        return agents.modified(m)
    def after_model(self, reply) -> any:
        if reply.text != "":
            return agents.modified(reply.text + "1")
    def around_tool(self, call, next) -> any:
        return next({"n": call.arguments["n"] + 1}) + "."
    def after_agent(self, response) -> any:
        return agents.modified(response.value * 2)
b = B()
n: int = b.solve("hello")
n
"""
    ran = run(program, call("look", n=4), "2")
    assert ran.value == 42
    assert ran.asked[0].messages[0].content.endswith(" Be kind.")
    assert ran.asked[0].messages[1].content.startswith("hello!")
    assert "n is 5." in ran.asked[1].messages[-1].content


def test_a_layer_may_answer_without_the_model(run):
    program = """
agent_blueprint B:
    def around_model(self, sent, next) -> any:
        return "cached"
b = B()
b.solve("x")
"""
    ran = run(program, "unused")
    assert ran.value == "cached"
    assert ran.asked == []


def test_a_layer_may_try_again_and_all_of_it_is_counted(run):
    program = """
import agents
agent_blueprint B:
    def around_model(self, sent, next) -> any:
        r = next(sent)
        if r.text == "bad":
            r = next(sent)
        return r
b = B()
r = agents.respond(b, "x")
[r.value, r.usage.completion_tokens]
"""
    assert run(program, "bad", "good").value == ["good", 2]


@pytest.mark.parametrize("point", ["before_agent", "before_model", "after_model", "completion", "after_agent"])
def test_a_hook_that_fails_is_a_no(run, point):
    program = f"agent_blueprint B:\n    def {point}(self, v) -> any:\n        return 1 / 0\nb = B()\nb.solve('x')"
    with pytest.raises(DanaError) as caught:
        run(program, *["x"] * 5)
    assert code_of(caught) == "E871"
    assert "line 3" in str(caught.value)


@pytest.mark.parametrize("answer", ["3", '"no"', "[]"])
def test_a_hook_that_gives_no_verdict_is_a_no(run, answer):
    program = (
        f"agent_blueprint B:\n    def before_agent(self, v) -> any:\n        return {answer}\nb = B()\nb.solve('x')"
    )
    with pytest.raises(DanaError) as caught:
        run(program, "x")
    assert code_of(caught) == "E871"


def test_a_check_that_may_fail_open_is_on_record(run):
    program = """
import agents
def broken(v: any) -> any:
    return 1 / 0
agent_blueprint B:
    checks: list = [agents.check(broken, fail_open=true)]
b = B()
r = agents.respond(b, "x")
[r.value, r.verdicts[0]["decision"]]
"""
    assert run(program, "ok").value == ["ok", "failed open"]


def test_retry_of_a_hook_is_bounded(run):
    program = """
import agents
agent_blueprint B:
    tries: int = 0
    def before_agent(self, request) -> any:
        self.tries += 1
        return agents.retry(0.0, "busy")
b = B()
try:
    b.solve("x")
except AgentError as e:
    print(e.retry_after)
b.tries
"""
    assert run(program, "ok").value == 4


def test_a_refusal_leaves_the_agent_as_it_is_and_a_bug_does_not_pass_for_one(run):
    program = """
import agents
agent_blueprint B:
    n: int = 0
    checks: list = [agents.request_check(most=5)]
    def bump(self) -> int:
        self.n += 1
        return self.n
b = B()
b.bump()
try:
    b.solve("much too long")
except AgentError as e:
    e.check
b.bump()
"""
    assert run(program, "x").value == 2


# --- verdicts in Python ---------------------------------------------------------------------------


def _decided(checks, value="v"):
    seen = []

    async def settle(_check, verdict):
        return verdict

    gate = Gate(checks, lambda point, check, verdict: seen.append((check, verdict.kind)))
    return asyncio.run(gate.decide("before_agent", value, {}, settle)), seen


def check(name, judge, **options):
    return Check(name, judge, points=["before_agent"], **options)


def test_the_first_no_ends_a_round():
    verdict, seen = _decided([
        check("c", lambda v, c: deny("no"), order=2), check("a", lambda v, c: amend(v + "a", "x"), order=1),
        check("d", lambda v, c: pytest.fail("asked"), order=3),
    ])  # fmt: skip
    assert verdict.kind == "deny"
    assert seen == [("a", "amend"), ("c", "deny")]


def test_amended_values_go_on():
    verdict, _ = _decided([
        check("a", lambda v, c: amend(v + "a", "x"), order=1), check("b", lambda v, c: amend(v + "b", "x"), order=2),
        check("c", lambda v, c: allow() if v == "vab" else deny("?"), order=3),
    ])  # fmt: skip
    assert verdict.value == "vab"


@pytest.mark.parametrize("made", [wait(1.0, "later"), ask("may it?")])
def test_what_waits_or_asks_does_not_pass_by_itself(made):
    verdict, _ = _decided([check("a", lambda v, c: made)])
    assert not verdict.passes


def test_a_check_that_is_awaited_may_fail_as_well():
    async def broken(_value, _context):
        raise ValueError("oops")

    verdict, _ = _decided([check("a", broken)])
    assert verdict.kind == "deny"
    assert verdict.code == "validation.broken_check"


# --- approvals ------------------------------------------------------------------------------------


def paying(replies, handler="", **fields):
    extra = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    program = f"""{PAY}
{handler}
agent_blueprint B:
    tools: list = [agents.tool(pay, dangerous=true)]
{extra}
b = B()
r = agents.respond(b, "pay")
[r.value, paid, [t["outcome"] for t in r.tool_results]]
"""
    model = Scripted(list(replies))
    return Engine(model=model, cache=False).run(program), model


def test_without_anybody_to_ask_a_dangerous_tool_does_not_run(call):
    (_, paid, outcomes), model = paying([call("pay", amount=5, to="Ann"), "could not"])
    assert paid == []
    assert outcomes == ["refused"]
    assert "nobody is there" in model.asked[1].messages[-1].content


def test_an_approval_holds_for_one_call(call):
    handler = "asked = []\ndef decide(c: any) -> any:\n    asked.append(c.digest)\n    return len(asked) == 1\nagents.on_approval(decide)"
    (_, paid, outcomes), _ = paying([call("pay", amount=5, to="Ann")] * 2 + ["done"], handler)
    assert paid == [["Ann", 5]]
    assert outcomes == ["ok", "refused"]


def test_whoever_approves_may_change_arguments_which_are_checked(call):
    handler = 'agents.on_approval(lambda c: {"amount": 1})'
    (_, paid, _), _ = paying([call("pay", amount=5, to="Ann"), "done"], handler)
    assert paid == [["Ann", 1]]
    handler = 'agents.on_approval(lambda c: {"amount": "much"})'
    (_, paid, outcomes), _ = paying([call("pay", amount=5, to="Ann"), "done"], handler)
    assert paid == []
    assert outcomes == ["refused"]


def test_a_handler_cannot_change_the_call_behind_the_digest(call):
    handler = (
        'def decide(c: any) -> any:\n    c.arguments["amount"] = 1000\n    return true\nagents.on_approval(decide)'
    )
    (_, paid, _), _ = paying([call("pay", amount=5, to="Ann"), "done"], handler)
    assert paid == [["Ann", 5]]


def test_a_layer_that_changes_arguments_needs_another_approval(run, call):
    program = (
        PAY
        + """
asked = []
def decide(c: any) -> any:
    asked.append(c.arguments["amount"])
    return c.arguments["amount"] < 10
agents.on_approval(decide)
agent_blueprint B:
    tools: list = [agents.tool(pay, dangerous=true)]
    def around_tool(self, call, next) -> any:
        call.arguments["amount"] = 1000
        return next(call)
b = B()
b.solve("pay")
[paid, asked]
"""
    )
    assert run(program, call("pay", amount=5, to="Ann"), "done").value == [[], [5, 1000]]


def test_tools_can_be_guarded_by_name(run, call):
    program = (
        PAY
        + """
agent_blueprint B:
    tools: list = [pay]
    checks: list = [agents.approval(tools=["pay"])]
b = B()
b.solve("pay")
paid
"""
    )
    assert run(program, call("pay", amount=5, to="Ann"), "done").value == []


GUARDED = (
    PAY
    + """
agents.on_approval(lambda c: true)
agent_blueprint B:
    tools: list = [agents.tool(pay, dangerous=true)]
b = B()
print(b.solve("pay"))
paid
"""
)


@pytest.mark.parametrize(
    ("answer", "paid"), [(False, []), (True, [["Ann", 5]]), ({"amount": 2}, [["Ann", 2]]), (None, [])]
)
@pytest.mark.parametrize("is_async", [False, True])
def test_the_host_goes_before_the_program(call, answer, paid, is_async):
    seen = []
    engine = Engine(model=Scripted([call("pay", amount=5, to="Ann"), "done"]), cache=False, on_print=lambda _: None)

    def decide(called):
        seen.append((called.agent, called.tool, called.arguments, len(called.digest)))
        return answer

    async def decide_later(called):
        await asyncio.sleep(0)
        return decide(called)

    engine.on_approval(decide_later if is_async else decide)
    assert engine.run(GUARDED) == paid
    assert seen == [("B", "pay", {"amount": 5, "to": "Ann"}, 64)]


def test_a_host_that_fails_has_not_agreed(call):
    engine = Engine(model=Scripted([call("pay", amount=5, to="Ann"), "done"]), cache=False, on_print=lambda _: None)
    engine.on_approval(lambda called: 1 / 0)
    assert engine.run(GUARDED) == []


@pytest.mark.parametrize(("said", "paid"), [("y", True), ("yes", True), ("", False), ("n", False), (None, False)])
def test_at_the_terminal_only_a_yes_is_one(said, paid, monkeypatch):
    from dana.agents.approval import Approvals
    from dana.agents.requests import Called
    from dana.ipv import offering
    from dana.poet.registry import registry_of
    from dana.runtime.program import Program

    def read(_prompt):
        if said is None:
            raise EOFError
        return said

    async def beside(_program, action):
        return action()

    shown = []
    program = Program(read=read, output=shown.append)
    registry_of(program).interrupts.fallback = lambda _question: None
    monkeypatch.setattr(offering, "beside", beside)
    answer = asyncio.run(Approvals(program).decide(Called("B", "pay", {"amount": 5}, "d")))
    assert (answer is True) is paid
    assert "pay" in "".join(shown)


def test_what_was_approved_beforehand_is_used_once():
    from dana.agents.approval import Approvals, digest_of
    from dana.agents.requests import Called
    from dana.runtime.program import Program

    approvals = Approvals(Program())
    called = Called("B", "pay", {"amount": 5}, digest_of("B#1", "pay", {"amount": 5}))
    other = Called("B", "pay", {"amount": 6}, digest_of("B#1", "pay", {"amount": 6}))
    approvals.approve(called)
    assert asyncio.run(approvals.decide(other)) != True  # noqa: E712
    assert asyncio.run(approvals.decide(called)) is True
    assert asyncio.run(approvals.decide(called)) != True  # noqa: E712


def test_a_hook_may_ask_a_person(run):
    program = """
import agents
agents.on_approval(lambda c: c.arguments["question"] == "Really?")
agent_blueprint B:
    def before_agent(self, request) -> any:
        return agents.ask("Really?" if request.message == "a" else "What?")
b = B()
b.solve("a")
try:
    b.solve("b")
except AgentError as e:
    r = e.reason
r
"""
    assert run(program, "ok", "ok").value.startswith("What?")


# --- what programs can reach ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "agents.request_check()._parameters", "agents.tool(len2)._function", "c = agents.request_check()\nc.enabled = false",
        "agents.approved().kind = 'deny'", "agents.request_check().__class__", "agents.tool(len2)._function.__globals__",
    ],
)  # fmt: skip
def test_no_internals_are_reachable(run, text):
    with pytest.raises(DanaError):
        run("import agents\ndef len2(x: str) -> int:\n    return 2\n" + text, "x")
