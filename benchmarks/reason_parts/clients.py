"""Who is compared: Dana, a naive client in two wordings, Instructor, pydantic-ai.

Each gets questions and gives, per question, the answer as plain data and the seconds it took, `None` for no answer. All
have the same deadline per question and as many questions under way at once.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from reason_parts.questions import FIELDS, STRUCTS, TWINS, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reason_parts.questions import Question

AT_ONCE = 50
# Seconds for one attempt of whoever sets a fixed limit: twenty times what most answers take, as 60 s are for 3.
ATTEMPT_S = 6.0
RETRIES = 3

Outcome = tuple[Any, float]


def of_dana(url: str, asked: Sequence[Question], deadline_s: float) -> list[Outcome]:
    """A Dana program: one function per type, all questions through `parallel`."""
    from dana import Allow, Engine

    functions = "".join(
        f"\ndef ask{n}(mail: str) -> any:\n    found: {kind.__name__} = "
        f'reason("Read the {kind.__name__.lower()} from this mail.", context=mail, timeout={deadline_s})\n'
        "    return found\n"
        for n, kind in enumerate(TYPES)
    )
    table = "asking = [" + ", ".join(f"ask{n}" for n in range(len(TYPES))) + "]\n"
    program = f"""{STRUCTS}{functions}
{table}
def one(question: list) -> list:
    begun = now()
    try:
        return [asking[question[0]](question[1]), now() - begun]
    except ReasonError as e:
        return [None, now() - begun]

def all_of(questions: list) -> list:
    return parallel(one, questions, limit={AT_ONCE})
"""
    engine = Engine(model=f"{url}#test", allow=Allow(model=True), cache=False)
    engine.host("now")(time.perf_counter)
    answers = engine.load(program, name="asking").all_of([[q.kind, q.mail] for q in asked])
    return [(plain(value), took) for value, took in answers]


def plain(value: Any) -> Any:
    """A value of a program as plain data: structs as dicts, with whatever stands in their fields."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    twin = TWINS.get(getattr(value, "_raw", value).__class__.__name__)
    return value if twin is None else {name: plain(getattr(value, name)) for name in twin.model_fields}


def of_naive(url: str, asked: Sequence[Question], deadline_s: float, *, frugal: bool = False) -> list[Outcome]:
    """A competent quick script: httpx, a timeout, `response_format`, `json.loads`, three retries after 1, 2 and 4 s.

    It puts the JSON schema into its prompt, or, `frugal`, the fields as one would write them by hand.
    """
    import httpx

    async def ask(client: httpx.AsyncClient, question: Question) -> Any:
        schema = FIELDS[question.model] if frugal else json.dumps(question.model.model_json_schema())
        system = f"You answer with JSON only, no other words. The JSON has this schema:\n{schema}"
        body = {
            "model": "test",
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": f"{question.prompt}\n\n{question.mail}"},
            ],
            "response_format": {"type": "json_object"},
        }
        for attempt in range(1 + RETRIES):
            try:
                reply = await client.post(f"{url}/chat/completions", json=body)
                reply.raise_for_status()
                return json.loads(reply.json()["choices"][0]["message"]["content"])
            except (httpx.HTTPError, ValueError, KeyError):
                if attempt == RETRIES:
                    raise
                await asyncio.sleep(2**attempt)
        raise AssertionError("the last attempt raises")

    async def main() -> list[Outcome]:
        limits = httpx.Limits(max_connections=AT_ONCE)
        async with httpx.AsyncClient(timeout=min(ATTEMPT_S, deadline_s), limits=limits) as client:
            return await _together(asked, deadline_s, lambda q: ask(client, q))

    return asyncio.run(main())


def of_instructor(url: str, asked: Sequence[Question], deadline_s: float) -> list[Outcome]:
    """Instructor in its JSON mode, over the client of the openai package."""
    import instructor
    from openai import AsyncOpenAI

    async def main() -> list[Outcome]:
        async with AsyncOpenAI(base_url=url, api_key="none", timeout=ATTEMPT_S, max_retries=RETRIES) as openai:
            client = instructor.from_openai(openai, mode=instructor.Mode.JSON)

            async def ask(question: Question) -> Any:
                found = await client.chat.completions.create(
                    model="test", response_model=question.model, max_retries=1 + RETRIES,
                    messages=[{"role": "user", "content": f"{question.prompt}\n\n{question.mail}"}],
                )  # fmt: skip
                return found.model_dump(mode="json")

            return await _together(asked, deadline_s, ask)

    return asyncio.run(main())


def of_pydantic_ai(url: str, asked: Sequence[Question], deadline_s: float) -> list[Outcome]:
    """pydantic-ai with the schema in its prompt, over the client of the openai package."""
    from openai import AsyncOpenAI
    from pydantic_ai import Agent, PromptedOutput
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    async def main() -> list[Outcome]:
        async with AsyncOpenAI(base_url=url, api_key="none", timeout=ATTEMPT_S, max_retries=RETRIES) as openai:
            model = OpenAIChatModel("test", provider=OpenAIProvider(openai_client=openai))
            agents = {kind: Agent(model, output_type=PromptedOutput(kind), retries=RETRIES) for kind in TYPES}

            async def ask(question: Question) -> Any:
                result = await agents[question.model].run(f"{question.prompt}\n\n{question.mail}")
                return result.output.model_dump(mode="json")

            return await _together(asked, deadline_s, ask)

    return asyncio.run(main())


async def _together(asked: Sequence[Question], deadline_s: float, ask: Callable[[Question], Any]) -> list[Outcome]:
    """All questions, so many at once; an error or a missed deadline is no answer."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(question: Question) -> Outcome:
        async with places:
            begun = time.perf_counter()
            try:
                async with asyncio.timeout(deadline_s):
                    value = await ask(question)
            except Exception:  # noqa: BLE001  (whatever a library raises: it has no answer)
                value = None
            return value, time.perf_counter() - begun

    return list(await asyncio.gather(*(one(question) for question in asked)))
