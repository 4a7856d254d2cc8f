"""The domain llm_optimization: functions that ask a language model with a prompt (P159, P74).

    perceive    a prompt is tidied (white space, invisible characters); an empty one is refused, and so is one that is
                longer than a model is shown; with `improve` it is told what vague prompts leave out
    enforce     an answer that is empty, a refusal, an echo of the prompt, or the same words over and over is refused,
                so that the question is asked again
    hints       `timeout=30`

Only texts are judged for their words; numbers, structs and lists have a type that says what they must be. What it
refuses it says in words a model can act upon: they stand in the next prompt (`dana.adaptive.sharing`).
"""

from __future__ import annotations

import re

from dana.poet.plugins.base import Field, Plugin, Reading, RejectionError, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dana.poet.plugins.base import Rule

# Words of parameters that hold a prompt.
PROMPTS = frozenset({"prompt", "question", "query", "instruction", "instructions"})
TIMEOUT_S = 30.0
# A prompt below this says little; one above that says much without saying in which form.
SHORT, LONG = 20, 200
_FORM = re.compile(
    r"\b(steps?|lists?|format|table|json|bullets?|sections?|numbered|first|then)\b|^\s*(?:[-*•]|\d+[.)])",
    re.IGNORECASE | re.MULTILINE,
)
# What no eye sees and some models stumble over; joiners inside words stay.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REFUSAL = re.compile(
    r"^\W*(?:i(?:['’]m| am) (?:sorry|afraid|unable)\b|sorry,|as an ai\b|i (?:cannot|can['’]t|can not|won['’]t) "
    r"(?:help|assist|answer|comply|provide|do that|fulfil))",
    re.IGNORECASE,
)
DETAIL = "Be specific, and give the details that matter."
STRUCTURE = "Answer step by step, in a clear order."


class LlmOptimization(Plugin):
    """See the module. The settings are `fields`."""

    domain = "llm_optimization"
    words = frozenset({*PROMPTS, "llm", "completion", "chat", "generate"})
    fields: Mapping[str, Field] = {
        "improve": Field(default=False, meaning="add to a vague prompt what it leaves out: details, or an order"),
        "least": Field(1, low=0, high=100_000, meaning="an answer with fewer characters is asked for again"),
        "most": Field(1_000_000, low=1, high=100_000_000, meaning="a prompt with more characters is refused"),
        "refusals": Field(default=False, meaning="take «I cannot help with that» for an answer"),
    }

    def rule(self, name: str, type_: str) -> Rule | None:
        """See `Plugin`."""
        if type_ not in ("", "str", "any", "str?", "Any") or PROMPTS.isdisjoint(words_of(name)):
            return None
        return self._read

    def _read(self, value: Any) -> Reading:
        if not isinstance(value, str):
            msg = "a prompt is a text"
            raise RejectionError(msg, value=value)
        text = tidied(value)
        if not text:
            msg = "the prompt is empty"
            raise RejectionError(msg, value=value)
        if len(text) > self.config["most"]:
            msg = f"the prompt has {len(text)} characters, {self.config['most']} is the most"
            raise RejectionError(msg)
        how = "tidied"
        if self.config["improve"]:
            more = advice(text)
            if more:
                text, how = "\n".join([text, *more]), "tidied, and made more specific"
        return Reading(text, how) if text != value else Reading(value)

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:
        """See `Plugin`: `value` is what the function returned."""
        if value is None:
            raise RejectionError("there is no answer")
        if not isinstance(value, str):
            return value
        text = value.strip()
        if len(text) < max(1, self.config["least"]):
            raise RejectionError(
                "the answer is empty" if not text else f"the answer is too short: {len(text)} characters"
            )
        if not self.config["refusals"] and _REFUSAL.match(text):
            raise RejectionError("the answer is a refusal")
        said = [each for name, each in arguments.items() if not PROMPTS.isdisjoint(words_of(name))]
        if len(text) >= SHORT and any(isinstance(each, str) and _same(text, each) for each in said):
            raise RejectionError("the answer repeats the prompt")
        if repeats(text):
            raise RejectionError("the answer says the same over and over")
        return value

    def hints(self) -> dict[str, Any]:
        """See `Plugin`."""
        return {"timeout": TIMEOUT_S}


def tidied(prompt: str) -> str:
    """A prompt without invisible characters and without white space that says nothing; indentation stays."""
    lines = [line.rstrip() for line in _INVISIBLE.sub("", prompt.replace("\r\n", "\n")).strip().splitlines()]
    kept = [line for line, before in zip(lines, ["x", *lines], strict=False) if line or before]
    return "\n".join(line if line[:1].isspace() else " ".join(line.split()) for line in kept)


def advice(prompt: str) -> list[str]:
    """What a prompt leaves out, as sentences that can be added to it; none for one that is clear."""
    found = []
    if len(prompt) < SHORT:
        found.append(DETAIL)
    if len(prompt) > LONG and not _FORM.search(prompt):
        found.append(STRUCTURE)
    return found


def repeats(text: str) -> bool:
    """Whether a text is one line or one sentence again and again: what a model says that has lost its way."""
    for separator in ("\n", ". "):
        parts = [part.strip() for part in text.split(separator) if part.strip()]
        if len(parts) >= 6 and len(set(parts)) * 5 <= len(parts) and sum(map(len, parts)) > 60:
            return True
    return False


def _same(answer: str, prompt: str) -> bool:
    return " ".join(answer.split()).casefold() == " ".join(prompt.split()).casefold()
