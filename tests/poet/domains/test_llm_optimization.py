"""Functions that ask a model: which prompts are asked, which answers are none."""

from __future__ import annotations

import pytest

from dana.poet.domains.llm_optimization import LONG, SHORT, LlmOptimization, advice, tidied
from dana.poet.plugins.base import RejectionError

PROMPT = "Name the three largest cities of the country, one a line, with their number of inhabitants."


def read(prompt, **config):
    reader = LlmOptimization(config).perceiver([("prompt", "str")])
    changed, notes = reader({"prompt": prompt})
    return changed.get("prompt", prompt), [repr(note) for note in notes]


def test_only_texts_that_are_prompts_are_read() -> None:
    domain = LlmOptimization()
    assert domain.perceiver([("city", "str")]) is None
    assert domain.perceiver([("prompt", "int")]) is None


@pytest.mark.parametrize("wrong", [7, None, "", " \n\u200b"])
def test_what_is_no_prompt_is_refused(wrong) -> None:
    with pytest.raises(RejectionError):
        read(wrong)


def test_a_prompt_may_be_too_long() -> None:
    with pytest.raises(RejectionError, match="91 characters, 20 is the most"):
        read(PROMPT, most=20)


def test_white_space_says_nothing_except_at_the_beginning_of_a_line() -> None:
    assert tidied("  a   b \r\n\r\n\n\n    code  here\u200b \n") == "a b\n\n    code  here"
    assert read(PROMPT) == (PROMPT, [])


def test_a_vague_prompt_is_improved_where_that_is_wanted() -> None:
    assert read("cities")[0] == "cities"
    better, notes = read("cities", improve=True)
    assert better.startswith("cities\n")
    assert "more specific" in notes[0]
    assert read(PROMPT, improve=True)[0] == PROMPT
    assert len("cities") < SHORT
    assert len(advice("word " * (LONG // 5 + 1))) == 1, "a long one without an order gets one"


ANSWERS = {
    "there is no answer": None,
    "the answer is empty": "  ",
    "the answer is too short: 2 characters": "no",
    "the answer is a refusal": "I'm sorry, but I cannot help with that.",
    "the answer repeats the prompt": PROMPT.upper() + " ",
    "the answer says the same over and over": "The largest of them is the capital.\n" * 8,
}


@pytest.mark.parametrize("why", ANSWERS)
def test_answers_that_are_none(why) -> None:
    with pytest.raises(RejectionError, match=why):
        LlmOptimization({"least": 3}).judge(ANSWERS[why], {"prompt": PROMPT})


@pytest.mark.parametrize("good", ["Lima, Arequipa and Trujillo.", 7, ["Lima"], {"name": "Lima"}])
def test_answers_that_are_some(good) -> None:
    assert LlmOptimization().judge(good, {"prompt": PROMPT}) == good


def test_a_refusal_is_an_answer_where_that_is_said() -> None:
    said = "I cannot help with that."
    assert LlmOptimization({"refusals": True}).judge(said, {"prompt": PROMPT}) == said
