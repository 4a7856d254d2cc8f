"""A turn: the built-ins, typed answers, tools, conversation, limits, the record."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest

from dana import DanaError, Engine
from dana.models import Scripted

FORECAST = '''
seen = []
def forecast(city: str, days: int = 1) -> list[float]:
    """Temperatures of the coming days, in °C."""
    seen.append([city, days])
    return [20.5] * days

'''
CLERK = (
    FORECAST
    + '''
agent_blueprint Clerk:
    """Knows the weather."""
    tools: list = [forecast]

c = Clerk()
'''
)


# --- the built-ins --------------------------------------------------------------------------------


def test_solve_gives_a_value_of_the_expected_type_and_uses_tools(run, call):
    ran = run(CLERK + 'n: float = c.solve("How warm?", context={"city": "Basel"})\n[n, seen]',
              call("forecast", city="Basel", days=2), "20.5")  # fmt: skip
    assert ran.value == [20.5, [["Basel", 2]]]
    first, second = ran.asked
    system = first.messages[0].content
    assert "You are Clerk." in system
    assert "Knows the weather." in system
    assert [tool.name for tool in first.tools] == ["forecast"]
    assert "Basel" in first.messages[1].content
    (told,) = [m.content for m in second.messages if m.role == "tool"]
    assert told.startswith("<data-")
    assert 'name="forecast"' in told
    assert "[20.5,20.5]" in told


def test_plan_is_typed_and_runs_nothing(run):
    ran = run(CLERK + 'p = c.plan("Say how warm it will be")\n[p.goal, p.steps, str(type(p))]',
              '{"goal": "a report", "steps": ["ask", "tell"]}')  # fmt: skip
    assert ran.value == ["a report", ["ask", "tell"], "Struct[Plan]"]
    assert ran.asked[0].tools == ()
    assert "forecast: Temperatures" in ran.asked[0].messages[0].content


def test_plan_gives_the_expected_type_where_there_is_one(run):
    ran = run(CLERK + 's: list[str] = c.plan("Say how warm it will be")\ns', '["ask", "tell"]')
    assert ran.value == ["ask", "tell"]


def test_chat_knows_the_last_turns_with_the_same_user(run):
    program = (
        CLERK
        + """
c.chat("I am Ann", user="ann")
c.chat("I am Ben", user="ben")
c.chat("Who am I?", user="ann")
"""
    )
    ran = run(program, "Hello Ann", "Hello Ben", "You are Ann")
    said = [(m.role, m.content) for m in ran.asked[2].messages if m.role != "system"]
    assert said == [("user", "I am Ann"), ("assistant", "Hello Ann"), ("user", "Who am I?")]


@pytest.mark.parametrize(("turns", "known"), [(0, 0), (1, 2), (5, 6)])
def test_context_turns_bounds_what_is_said_again(run, turns, known):
    program = f"agent_blueprint B:\n    context_turns: int = {turns}\nb = B()\n" + 'b.chat("x")\n' * 4
    ran = run(program, *"abcd")
    assert len(ran.asked[3].messages) - 2 == known


def test_reason_is_the_agents_own(run):
    ran = run(CLERK + 'ok: bool = c.reason("Is it warm?")\nok', "yes")
    assert ran.value is True
    assert "You are Clerk." in ran.asked[0].messages[0].content
    assert ran.asked[0].tools == ()


def test_turns_of_several_agents_run_side_by_side():
    under_way = [0, 0]

    async def slow(request):
        under_way[0] += 1
        under_way[1] = max(under_way)
        await asyncio.sleep(0.02)
        under_way[0] -= 1
        return "3"

    program = """
agent_blueprint B:
    k: int = 0
x = B(k=1)
y = B(k=2)
z = B(k=3)
a: int = x.solve("?")
b: int = y.solve("?")
c: int = z.solve("?")
[a, b, c]
"""
    assert Engine(model=slow, cache=False).run(program) == [3, 3, 3]
    assert under_way[1] == 3


def test_fields_of_the_agent_say_who_it_is_and_how(run):
    program = """
agent_blueprint B:
    name: str = "Ada"
    description: str = "an accountant"
    instructions: str = "Answer in French."
b = B()
b.solve("?")
"""
    system = run(program, "oui").asked[0].messages[0].content
    assert system.startswith("You are Ada, an accountant.\nAnswer in French.")


def test_without_a_model_the_error_says_how_to_set_one_up(monkeypatch):
    for name in ("DANA_MODEL", "DANA_MOCK_LLM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DanaError) as caught:
        Engine(cache=False).run('agent A\nprint(A.solve("?"))')
    assert caught.value.diagnostics[0].code == "E840"
    assert "DANA_MODEL" in str(caught.value)


def test_the_mock_answers_with_valid_values(monkeypatch):
    monkeypatch.setenv("DANA_MOCK_LLM", "true")
    n = Engine(cache=False).run('agent A\nn: int = A.solve("?")\np = A.plan("x")\n[n, p.steps, A.chat("hi")]')
    assert isinstance(n[0], int)
    assert isinstance(n[1], list)
    assert isinstance(n[2], str)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("c.solve(3)", "E841"), ("c.solve()", "E841"), ('c.solve("x", temprature=0.2)', "E841"),
        ('c.solve("x", user=3)', "E875"), ('c.chat("a", "b", "c")', "E610"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_call_is_said(run, text, code):
    with pytest.raises(DanaError) as caught:
        run(CLERK + text, "x")
    assert caught.value.diagnostics[0].code == code


# --- the loop -------------------------------------------------------------------------------------


def test_max_turns_bounds_the_rounds(run, call):
    program = (
        FORECAST + 'agent_blueprint B:\n    tools: list = [forecast]\n    max_turns: int = 2\nb = B()\nb.solve("?")'
    )
    ran = run(program, *[call("forecast", city="x")] * 2, "enough")
    assert ran.value == "enough"
    assert ran.asked[2].tools == ()


def test_a_tool_that_fails_is_told_to_the_model(run, call):
    program = 'def f() -> int:\n    return 1 / 0\nagent_blueprint B:\n    tools: list = [f]\nb = B()\nb.solve("?")'
    ran = run(program, call("f"), "it failed")
    assert "division by zero" in ran.asked[1].messages[-1].content


def test_methods_of_other_agents_are_tools(run, call):
    program = """
agent_blueprint Store:
    left: int = 3
    def take(self, n: int) -> int:
        \"\"\"Takes some.\"\"\"
        self.left -= n
        return self.left
s = Store()
agent_blueprint B:
    tools: list = [s.take]
b = B()
first = b.solve("Take two")
whole = B(tools=[s])
second = whole.solve("Take one")
[first, second, s.left]
"""
    ran = run(program, call("Store_take", n=2), "done", call("Store_take", n=1), "done")
    assert ran.value == ["done", "done", 0]
    assert [tool.name for tool in ran.asked[2].tools] == ["Store_take"]


def test_completion_has_an_answer_made_again_and_says_what_was_done(run, call):
    program = (
        FORECAST
        + """
import agents
agent_blueprint B:
    tools: list = [forecast]
    def completion(self, value) -> any:
        if "°C" not in value:
            return agents.rejected("say the unit")
b = B()
b.solve("How warm?")
"""
    )
    ran = run(program, call("forecast", city="Basel"), "20", "20 °C")
    assert ran.value == "20 °C"
    again = ran.asked[2].messages[1].content
    assert "say the unit" in again
    assert 'forecast({"city":"Basel"' in again.replace(" ", "")


def test_completion_gives_up(run):
    program = 'agent_blueprint B:\n    def completion(self, value) -> any:\n        return false\nb = B()\nb.solve("?")'
    with pytest.raises(DanaError) as caught:
        run(program, *"abcd")
    assert caught.value.diagnostics[0].code == "E870"


def test_the_deadline_of_the_one_who_asks_reaches_the_model(run):
    ran = run('agent A\nwith timeout(2.0):\n    x = A.solve("?")\n', "fine")
    assert ran.asked[0].timeout_s <= 2.0
    assert run('agent A\nx = A.solve("?")', "fine").asked[0].timeout_s <= 30.0


def test_a_stream_shows_the_answer_while_it_comes(run):
    program = (
        'agent A\nshown = []\ndef show(t: str):\n    shown.append(t)\nv = A.solve("?", stream=show)\n[v, shown[-1]]'
    )
    assert run(program, "a long answer").value == ["a long answer", "a long answer"]


def test_nothing_is_shown_before_a_check_of_the_answer_has_agreed(run):
    program = """
shown = []
def show(t: str):
    shown.append(t)
agent_blueprint B:
    def after_agent(self, response) -> any:
        return false
b = B()
try:
    b.solve("?", stream=show)
except AgentError as e:
    shown.append(e.check)
shown
"""
    assert run(program, "a secret").value == ["after_agent"]


# --- responses and the record ---------------------------------------------------------------------


def test_respond_gives_the_whole_response(run, call):
    program = (
        "import agents\n"
        + CLERK
        + """
r = agents.respond(c, "How warm?", user="ann", metadata={"ticket": 7})
[r.value, r.usage.total_tokens > 0, r.tool_results, r.metadata, r.request != ""]
"""
    )
    value, tokens, results, metadata, named = run(program, call("forecast", city="Basel"), "warm").value
    assert (value, tokens, metadata, named) == ("warm", True, {"ticket": 7}, True)
    assert [(each["tool"], each["outcome"]) for each in results] == [("forecast", "ok")]


def test_everything_is_on_record_under_one_trace_and_no_words_are(tmp_path, run, call):
    where = tmp_path / "ledger.db"
    program = (
        "import agents\n"
        + FORECAST
        + """
agent_blueprint B:
    tools: list = [agents.tool(forecast, dangerous=true)]
    checks: list = [agents.request_check(most=60)]
agents.on_approval(lambda call: true)
b = B()
b.solve("my private words")
try:
    b.solve("x" * 70)
except AgentError:
    pass
"""
    )
    run(program, call("forecast", city="Basel"), "an answer", store=f"sqlite:///{where}")
    with sqlite3.connect(where) as database:
        rows = database.execute("SELECT kind, delivery, act, data FROM events ORDER BY seq").fetchall()
    kinds = [row[0] for row in rows if row[0].split(".")[0] in ("turn", "model", "tool", "gate", "approval")]
    assert kinds == [
        "turn.start", "model.call", "approval.asked", "approval.given", "tool.start", "tool.end", "model.call", "turn.end",
        "turn.start", "gate.verdict", "turn.end",
    ]  # fmt: skip
    first = [row for row in rows if row[0] in kinds][:8]
    assert len({row[2] for row in first}) == 1
    assert first[0][2]
    deliveries = {row[0]: row[1] for row in rows}
    assert deliveries["tool.start"] == deliveries["approval.given"] == deliveries["gate.verdict"] == "audit"
    assert deliveries["turn.start"] == "keep"
    data = json.loads(first[1][3])
    assert data["tokens"] == data["prompt_tokens"] + data["completion_tokens"]
    assert data["latency_ms"] >= 0
    text = where.read_bytes()
    for words in (b"private words", b"an answer", b"Basel", b"xxxxxx"):
        assert words not in text


def test_questions_of_tools_and_of_other_agents_have_the_trace_of_the_turn(tmp_path, run, call):
    where = tmp_path / "ledger.db"
    program = """
agent Helper
def sum_up(text: str) -> str:
    return reason("Sum up", context=text)
def ask_helper(text: str) -> str:
    return Helper.solve(text)
agent_blueprint B:
    tools: list = [sum_up, ask_helper]
    def work(self) -> str:
        return self.solve("?")
b = B()
b.work()
"""
    replies = [call("sum_up", text="long"), "short", call("ask_helper", text="x"), "helped", "done"]
    assert run(program, *replies, store=f"sqlite:///{where}").value == "done"
    with sqlite3.connect(where) as database:
        rows = database.execute(
            "SELECT kind, act FROM events WHERE kind LIKE 'model.%' OR kind LIKE 'turn.%'"
        ).fetchall()
    assert len([row for row in rows if row[0] == "model.call"]) == 5
    assert len({row[1] for row in rows}) == 1
    assert rows[0][1]


def test_a_run_that_is_recorded_is_repeated_without_a_model(tmp_path, call):
    source = tmp_path / "crew.na"
    source.write_text("import agents\n" + CLERK + 'print(c.solve("How warm?"))\n', encoding="utf-8")
    said = []
    engine = Engine(
        model=Scripted([call("forecast", city="Basel"), "20.5"]), cache=False, record=str(tmp_path / "run.db"),
        on_print=said.append,
    )  # fmt: skip
    engine.run(source)
    assert "".join(said).strip() == "20.5"


def test_an_accepted_behaviour_changes_prompt_and_descriptions(tmp_path, call):
    source = tmp_path / "crew.na"
    source.write_text(CLERK + 'print(c.solve("How warm?"))\n', encoding="utf-8")
    (tmp_path / "behaviours").mkdir()
    changes = {"system_prompt": "Be exact.", "tool_descriptions": {"forecast": "Degrees of a city"}}
    (tmp_path / "behaviours" / "Clerk.json").write_text(json.dumps(changes), encoding="utf-8")
    model = Scripted(["20.5"])
    Engine(model=model, cache=False, on_print=lambda _: None).run(source)
    assert "Be exact." in model.asked[0].messages[0].content
    assert "Knows the weather" not in model.asked[0].messages[0].content
    assert model.asked[0].tools[0].description == "Degrees of a city"


def test_a_damaged_behaviour_is_refused(tmp_path):
    source = tmp_path / "crew.na"
    source.write_text(CLERK + 'print(c.solve("How warm?"))\n', encoding="utf-8")
    (tmp_path / "behaviours").mkdir()
    (tmp_path / "behaviours" / "Clerk.json").write_text(json.dumps({"checks": []}), encoding="utf-8")
    with pytest.raises(DanaError) as caught:
        Engine(model=Scripted(["20.5"]), cache=False).run(source)
    assert "checks" in str(caught.value)


# --- time -------------------------------------------------------------------------------------------

SPINS = """
def spin() -> int:
    while true: pass
    return 1

agent_blueprint Clerk:
    tools: list = [spin]
    hooked: str = ""
    def before_agent(self, request):
        while self.hooked == "before_agent": pass
    def before_model(self, sent):
        while self.hooked == "before_model": pass
    def after_agent(self, response):
        while self.hooked == "after_agent": pass
    def hi(self): return "hi"

"""


@pytest.mark.parametrize(
    ("hooked", "replies", "said"),
    [
        ("", [{"tool_calls": [{"name": "spin", "arguments": {}}]}, "done"], "no valid answer within 0.05 s"),
        ("before_agent", ["done"], "`before_agent` of `Clerk` was not done within 0.05 s"),
        ("before_model", ["done"], "no valid answer within 0.05 s"),
        ("after_agent", ["done"], "`after_agent` of `Clerk` was not done within 0.05 s"),
    ],
)
def test_the_time_of_a_turn_ends_what_computes(run, hooked, replies, said):
    program = (
        SPINS
        + f"""
c = Clerk(hooked="{hooked}")
try:
    c.solve("go", timeout=0.05)
except ReasonError as e:
    said = e.message
[said, c.hi()]
"""
    )
    assert run(program, *replies).value == [said, "hi"]


def test_the_time_of_a_question_ends_a_tool_that_computes(run, call):
    program = (
        SPINS
        + """
try:
    reason("go", tools=[spin], timeout=0.05)
except ReasonError as e:
    said = e.message
said
"""
    )
    assert run(program, call("spin"), "done").value == "no valid answer within 0.05 s"


def test_the_deadline_of_an_asker_ends_a_turn_and_what_its_tools_ask(run, call):
    program = (
        SPINS
        + """
agent_blueprint Helper:
    def spin(self) -> int:
        while true: pass
    def hi(self): return "hi"

h = Helper()
c = Clerk(tools=[h.spin])
try:
    with timeout(0.05):
        c.solve("go")
except Timeout as e:
    said = e.message
[said, c.hi(), h.hi()]
"""
    )
    assert run(program, call("Helper_spin"), "done").value == ["timed out after 0.05 s", "hi", "hi"]


@pytest.mark.parametrize(
    "hook", ["before_agent(self, request)", "before_model(self, sent)", "after_agent(self, response)"]
)
def test_a_hook_that_asks_its_own_agent_without_an_end_is_told(run, hook):
    program = f"""
agent_blueprint Desk:
    def {hook}:
        self.solve("once more")

d = Desk()
try:
    d.solve("go")
except AgentError as e:
    said = e.message
said
"""
    wanted = "10 turns of `Desk` wait for each other: a hook or a tool of each begins another one"
    assert run(program, *["done"] * 20).value == wanted


def test_a_hook_may_ask_its_own_agent_once(run):
    program = """
agent_blueprint Desk:
    asked: int = 0
    def before_agent(self, request):
        if request.message == "go":
            self.asked += 1
            self.solve("is this polite?")
    def get(self): return self.asked

d = Desk()
[d.solve("go") for i in range(12)]
d.get()
"""
    assert run(program, *["done"] * 24).value == 12
