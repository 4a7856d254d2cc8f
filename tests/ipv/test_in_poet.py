"""`reason` inside `@poet`: one deadline, one budget, one account; wordings, windows, domain, record."""

from __future__ import annotations

import asyncio
import json

import pytest

from dana import Allow, Engine
from dana.ipv import IPVReason, LLMResource, POETIPVBridge, ReasonError
from dana.models import Scripted
from dana.poet import explain, poet, status
from dana.poet.python import Host
from dana.poet.registry import registry_of


def ran(program, *replies, **options):
    model = Scripted(list(replies))
    return Engine(model=model, cache=False, **options).run(program), model


# --- budgets and retries --------------------------------------------------------------------------


def test_attempts_of_both_add_up_and_never_multiply():
    program = """
answers = []
@poet(retries=3, backoff=0, retry_on=Exception)
def count() -> int:
    n: int = reason("How many?", retries=2)
    return n

try:
    count()
except ReasonError as e:
    answers.append(len(e.attempts))
answers
"""
    _, model = ran(program, *["no idea"] * 30)
    assert len(model.asked) == 1 + 2 + 3  # the first, two re-asks, and one for each retry of the function


def test_no_valid_answer_is_not_tried_again_by_poet():
    program = """
@poet(retries=3, backoff=0)
def count() -> int:
    return reason("How many?", retries=1)

try:
    count()
except ReasonError as e:
    found = len(e.attempts)
found
"""
    found, model = ran(program, *["no idea"] * 30)
    assert (found, len(model.asked)) == (2, 2)


def test_a_model_that_is_down_is_tried_again_by_poet():
    program = """
@poet(retries=3, backoff=0)
def count() -> int:
    return reason("How many?")
count()
"""
    found, model = ran(program, {"error": "server_fault"}, "3")
    assert (found, len(model.asked)) == (3, 2)


def test_a_key_that_is_refused_is_not():
    program = "@poet(retries=3, backoff=0)\ndef f() -> int:\n    return reason('How many?')\nf()\n"
    with pytest.raises(Exception, match="gave no answer"):
        ran(program, {"error": "auth_refused"}, "3")


def test_the_budget_of_a_question_holds_for_all_attempts():
    program = """
def large(n: int) -> int:
    if n < 10:
        raise ValueError("too small")
    return n

@poet(retries=5, backoff=0, enforce_handler=large)
def count() -> int:
    return reason("How many?", budget={"tokens": 60})

try:
    count()
except ReasonError as e:
    found = str(e)
found
"""
    found, model = ran(program, *["3"] * 30)
    assert "budget" in found
    assert len(model.asked) < 4


def test_several_questions_of_one_attempt_have_their_own_re_asks():
    program = """
@poet(retries=0)
def count() -> int:
    a: int = reason("How many?", retries=1, context="a")
    b: int = reason("How many?", retries=1, context="b")
    return a + b
count()
"""
    found, _ = ran(program, "x", "1", "y", "2")
    assert found == 3


# --- what the model is told -----------------------------------------------------------------------

REFUSING = """
def long(text: str) -> str:
    if len(text) < 5:
        raise ValueError("at least five letters, please")
    return text

@poet(retries=2, backoff=0, enforce_handler=long)
def word() -> str:
    return reason("A word")
word()
"""


def test_the_model_is_told_what_was_said_of_a_refused_result():
    found, model = ran(REFUSING, "tea", "coffee")
    assert found == "coffee"
    assert "at least five letters" not in model.asked[0].prompt
    assert "at least five letters" in model.asked[1].prompt


def test_the_window_bounds_every_request():
    program = """
struct Word:
    text: str

@poet(retries=0, context_window=300)
def word(mail: str) -> str:
    w: Word = reason("A word", context={"mail": mail, "more": mail}, detail="maximum")
    return w.text
word("abc " * 20000)
"""
    found, model = ran(program, "nothing " * 500, '{"text": "tea"}')
    assert found == "tea"
    first, second = (sum(len(m.content) for m in each.messages) for each in model.asked)
    assert 1000 < first <= 1200
    assert second <= 1200 + 300 + 300
    assert "characters left out" in model.asked[0].prompt


def test_without_a_written_window_the_detail_decides():
    program = '@poet\ndef f(m: str) -> str:\n    return reason("Sum up", context=m)\nf("abc " * 5500)\n'
    _, model = ran(program, "fine")
    assert "left out" not in model.asked[0].prompt


def test_a_question_larger_than_its_window_is_refused():
    program = """
@poet(retries=0, context_window=10)
def f() -> str:
    return reason("A long question, longer than ten tokens, which do not suffice for it")
f()
"""
    with pytest.raises(Exception, match="does not fit into `context_window=10`"):
        ran(program, "fine")


# --- wordings -------------------------------------------------------------------------------------

WORDINGS = """
from poet import status

def right(text: str) -> str:
    if text != "right":
        raise ValueError("wrong")
    return text

@poet(retries=0, enforce_handler=right, store="%s")
def f() -> str:
    return reason(["Say it", "Say it well"])

for i in range(60):
    try:
        f()
    except POETError:
        pass
status(f)
"""


def test_the_wording_that_works_is_used(tmp_path):
    replies = [
        {"match": "Say it well", "text": "right", "always": True},
        {"match": "Say", "text": "no", "always": True},
    ]
    program = WORDINGS % (tmp_path / "store.db")
    known, _ = ran(program, *replies, allow=Allow(write=[str(tmp_path)], read=[str(tmp_path)]))
    best, other = known["prompts"]
    assert (best["wording"], other["wording"]) == (2, 1)
    assert best["calls"] > 40 > other["calls"]
    assert best["worth"] > 0.9
    # Another run knows it from the beginning.
    again, model = ran(program, *replies, allow=Allow(write=[str(tmp_path)], read=[str(tmp_path)]))
    assert again["prompts"][0]["calls"] > 95
    assert sum(request.prompt.endswith("Say it") for request in model.asked) < 10


def test_without_poet_the_first_wording_is_used():
    _, model = ran('reason(["One", "Two"])\nreason("Three", variants=["Four"])', "a", "b")
    assert [request.messages[-1].content for request in model.asked] == ["One", "Three"]


def test_learning_off_uses_the_first():
    program = '@poet(learning=false)\ndef f() -> str:\n    return reason(["One", "Two"])\n[f() for _ in range(9)]\n'
    _, model = ran(program, {"text": "x", "always": True})
    assert {request.messages[-1].content for request in model.asked} == {"One"}


def test_a_wording_is_a_text():
    with pytest.raises(Exception, match="is a text, not int"):
        ran("x: any = [1]\nreason(['One', *x])", "a")


# --- who is seen to ask, and the account ----------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        'def helper() -> str:\n    return reason("x")\n@poet\ndef f() -> str:\n    return helper()\n',
        '@poet\ndef f() -> str:\n    return later()\ndef later() -> str:\n    return reason("x")\n',
        'struct S:\n    n: int\n    def ask_it(self) -> str:\n        return llm("x")\n@poet\ndef f() -> str:\n    return S(1).ask_it()\n',
        '@poet\ndef g() -> str:\n    return reason("x")\n@poet\ndef f() -> str:\n    return parallel(lambda _: reason("x"), [1])[0]\n',
    ],
)  # fmt: skip
def test_functions_that_ask_are_found(body):
    program = "from poet import explain, status\n" + body + "f()\nf()\n[status(f)['models'], explain(f)]"
    (known, told), _ = ran(program, "abcd", "abcd")
    assert known["questions"] == known["answers"] == 2
    assert known["tokens"] > 0
    assert "2 questions; 2 answers" in told


def test_a_function_that_asks_nobody_keeps_the_fast_form():
    program = (
        "from poet import status\n@poet\ndef f(n: int) -> int:\n    return n.bit_length()\nf(3)\nstatus(f)['models']"
    )
    assert ran(program)[0] is None


def test_the_record_names_the_call_and_what_it_cost(tmp_path):
    from dana.adaptive.journal import Journal

    where = tmp_path / "runs.db"
    program = "@poet(audit_trail=true)\ndef f() -> int:\n    return reason('How many?')\nf()\n"
    engine = Engine(model=Scripted(["many", "3"]), cache=False, store=f"sqlite:///{where}")
    engine.run(program)
    engine.close()
    rows = {row[4]: row for row in Journal(str(where), reading=True).rows()}
    end = json.loads(rows["poet.call.end"][7])
    assert end["models"]["answers"] == 2
    assert rows["model.call"][6] == rows["poet.call.end"][6] != ""
    assert json.loads(rows["reason.end"][7])["function"] == "f"


# --- Python ---------------------------------------------------------------------------------------


def test_python_functions_share_too():
    host = Host()
    model = Scripted(["x", "y", "tea", "coffee"])
    asking = IPVReason(model)

    def long(text):
        if len(text) < 5:
            raise ValueError("at least five letters")
        return text

    @poet(retries=3, backoff=0, enforce_handler=long, host=host, timeout=5.0, context_window=500)
    async def word(mail):
        return await asking.execute("A word", mail)

    assert asyncio.run(word("mail " * 3000)) == "coffee"
    assert "at least five letters" in model.asked[1].prompt
    assert all(len(request.prompt) <= 2100 for request in model.asked)
    assert all(request.timeout_s <= 5.0 for request in model.asked)
    assert status(word)["models"]["answers"] == 4
    assert "4 questions" in explain(word)
    registry_of(host).close()


def test_an_ordinary_python_function_shares_too():
    model = Scripted(["no", "no", "no", "no", "no", "no"])
    asking = IPVReason(model)

    @poet(retries=2, backoff=0, retry_on=Exception, host=Host())
    def count():
        return asyncio.run(asking.execute("How many?", kind=int, retries=1))

    with pytest.raises(ReasonError):
        count()
    assert len(model.asked) == 1 + 1 + 2


def test_the_llm_resource_has_its_handlers_by_name():
    model = Scripted(["I'm sorry, but I cannot help with that.", "Paris"])
    llm = LLMResource(model, retries=2, backoff=0, poet_host=Host())
    assert asyncio.run(llm.generate("  What is the capital\u200b of   France? ")) == "Paris"
    assert model.asked[0].messages[-1].content == "What is the capital of France?"
    assert "the answer is a refusal" in model.asked[1].prompt
    assert llm.patterns == {5: [1, 0.5]}
    assert status(llm.function)["models"]["answers"] == 2


def test_the_bridge_enhances_without_a_model():
    bridge = POETIPVBridge()
    said = asyncio.run(bridge.enhance_with_ipv("  How   many? ", "three apples", int))
    assert said.startswith("How many?\nBe specific")
    assert "JSON" in said
    assert "three apples" in said


# --- the domain -----------------------------------------------------------------------------------

DOMAIN = """
from poet import configuration
@poet(domain="llm_optimization", retries=2, backoff=0)
def tell(prompt: str) -> str:
    return reason(prompt)
[tell("  What is\\n\\n\\n   tea?  "), configuration(tell)["timeout"]]
"""


@pytest.mark.parametrize(
    "bad",
    [
        "I'm sorry, but I cannot help with that.",
        "As an AI language model I have no taste.",
        "What is\n\ntea?",
        "tea is good\n" * 20,
    ],
)
def test_the_domain_refuses_what_is_no_answer(bad):
    (found, timeout), model = ran(
        DOMAIN.replace("What is", "What is the taste of"), bad.replace("What is", "What is the taste of"), "A drink."
    )
    assert found == "A drink."
    assert timeout == {"value": 30.0, "origin": "domain"}
    assert model.asked[0].messages[-1].content == "What is the taste of\n\n   tea?"
    assert "the answer" in model.asked[1].prompt


def test_the_domain_lets_values_pass_and_refuses_empty_prompts():
    program = """
@poet(domain="llm_optimization", retries=0)
def many(question: str) -> int:
    return reason(question)
print(many("How many?"))
try:
    many("  \\u200b ")
except POETPerceiveError as e:
    found = str(e)
found
"""
    found, model = ran(program, "0")
    assert "the prompt is empty" in found
    assert len(model.asked) == 1


def test_vague_prompts_are_improved_where_that_is_wanted():
    program = DOMAIN.replace("retries=2", 'plugin_config={"improve": true}, retries=2')
    _, model = ran(program, "A drink.")
    assert "Be specific" in model.asked[0].prompt


def test_the_domain_gives_up_in_its_own_words():
    with pytest.raises(Exception, match="no acceptable result"):
        ran(DOMAIN, *["Sorry, no."] * 9)
