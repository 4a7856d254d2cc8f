"""IPV for Python: three phases, an orchestrator, and executors that do one job each.

    reason = IPVReason("openai:gpt-4o-mini")
    invoices = await reason.execute("All invoices in this mail", context=mail, kind=list[Invoice])

    InferPhase      which form the answer has, which options hold
    ProcessPhase    ask, with what was wrong when it was
    ValidatePhase   text → value, strictly; nothing is invented
    IPVOrchestrator the three in order; an executor is an orchestrator with a job

`kind` is a Dana type: what `type=` takes in a program, or one of Python's `int`, `float`, `bool`, `str`, `list`, `dict`
and their `list[int]`, which mean the same.
"""

from __future__ import annotations

from dana.ipv.asking import Answer, Asked, Host, Question, ask
from dana.ipv.inferring import Forms
from dana.ipv.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from typing import Any

    from dana.models import Model

    # Sends a request: (method, url, body or None) → (status, text).
    Sender = Callable[[str, str, Any], Any]


class IPVConfig:
    """The options of an executor by name, as `reason` takes them: dimensions, profile, retries, timeout, budget…"""

    __slots__ = ("options",)

    def __init__(self, **options: Any) -> None:
        Options(options)  # refuse now what cannot mean anything
        self.options = options

    def settled(self, family: str, more: Mapping[str, Any]) -> Options:
        """What holds for an answer of a family of types, with options of one call."""
        return Options({**self.options, **more}, family)


class IPVResult:
    """The outcome of one execution: `value`, and the facts of how it came about (`answer`)."""

    __slots__ = ("answer", "value")

    def __init__(self, value: Any, answer: Answer | None) -> None:
        self.value = value
        self.answer = answer

    @property
    def attempts(self) -> int:
        """How many answers of a model were looked at; 0 where none was needed."""
        return 0 if self.answer is None else len(self.answer.attempts)


class InferPhase:
    """INFER: the form of an answer and the options that suit it."""

    __slots__ = ("_forms", "config")

    def __init__(self, config: IPVConfig) -> None:
        self.config = config
        self._forms = Forms()

    def run(self, kind: Any, options: Mapping[str, Any]) -> tuple[Asked, Options]:
        """The form for a type, and what holds for it. Raises TypeError, `OptionRefused`."""
        asked = self._forms.of(dana_type(kind))
        return asked, self.config.settled(asked.family, options)


class ProcessPhase:
    """PROCESS: ask until an answer is valid."""

    __slots__ = ("host", "model")

    def __init__(self, model: Model, host: Host) -> None:
        self.model = model
        self.host = host

    async def run(self, question: Question) -> Answer:
        """A valid answer. Raises `ReasonError`."""
        return await ask(self.model, question, host=self.host)


class ValidatePhase:
    """VALIDATE: a text as a value of a type, for texts no model has to be asked for."""

    __slots__ = ()

    def run(self, text: str, asked: Asked) -> Any:
        """The value. Raises `dana.ipv.decoding.DecodeError`."""
        from dana.ipv.decoding import decode

        return text if asked.kind is None else decode(text, asked.kind).value


class IPVOrchestrator:
    """The three phases in order, for one model. `model`: a spec or an opened model, as `Engine(model=…)` takes it."""

    __slots__ = ("infer", "process", "validate")

    def __init__(self, model: Any, config: IPVConfig | None = None, *, host: Host | None = None) -> None:
        self.infer = InferPhase(config or IPVConfig())
        self.process = ProcessPhase(opened(model), host or Host())
        self.validate = ValidatePhase()

    async def execute(self, prompt: str, context: Any = None, kind: Any = None, **options: Any) -> IPVResult:
        """Ask for a value of a type. Raises `ReasonError`, TypeError, `OptionRefused`."""
        asked, settled = self.infer.run(kind, options)
        answer = await self.process.run(Question(prompt, asked, settled, context=context))
        return IPVResult(answer.value, answer)

    async def stream(
        self, prompt: str, context: Any = None, kind: Any = None, **options: Any
    ) -> AsyncIterator[IPVResult]:
        """For showing: the best value so far as often as it changes (its `answer` is None), at last the answer.

        Fields that are not there yet are None. Whoever stops listening ends the question.
        """
        import asyncio

        from dana.ipv.decoding import partial

        asked, settled = self.infer.run(kind, options)
        heard: asyncio.Queue[Any] = asyncio.Queue()
        last: Any = None

        async def hear(text: str) -> None:
            nonlocal last
            value = text if asked.kind is None else partial(text, asked.kind)
            if value is not None and value != last:
                last = value
                heard.put_nowait(IPVResult(value, None))

        question = Question(prompt, asked, settled, context=context, stream=hear)
        task = asyncio.ensure_future(self.process.run(question))
        task.add_done_callback(heard.put_nowait)
        try:
            while True:
                found = await heard.get()
                if found is task:
                    break
                yield found
            answer = task.result()
            yield IPVResult(answer.value, answer)
        finally:
            task.cancel()


class IPVReason:
    """A question in words; what `reason` is in programs."""

    __slots__ = ("orchestrator",)

    def __init__(self, model: Any, config: IPVConfig | None = None, *, host: Host | None = None) -> None:
        self.orchestrator = IPVOrchestrator(model, config, host=host)

    async def execute(self, prompt: str, context: Any = None, kind: Any = None, **options: Any) -> Any:
        """The answer as a value of `kind` (None: text). Raises `ReasonError`."""
        return (await self.orchestrator.execute(prompt, context, kind, **options)).value

    async def stream(self, prompt: str, context: Any = None, kind: Any = None, **options: Any) -> AsyncIterator[Any]:
        """The best value so far, as often as it changes, at last the valid answer. Raises `ReasonError`."""
        async for found in self.orchestrator.stream(prompt, context, kind, **options):
            yield found.value


class IPVDataProcessor:
    """Typed values out of messy text, CSV or JSON. What reads as the type needs no model and costs nothing."""

    __slots__ = ("orchestrator",)

    def __init__(self, model: Any, config: IPVConfig | None = None, *, host: Host | None = None) -> None:
        self.orchestrator = IPVOrchestrator(model, config, host=host)

    async def extract(self, data: str, kind: Any, *, wanted: str = "", **options: Any) -> IPVResult:
        """What a text holds, as a value of `kind`. `wanted` says in words what is meant. Raises `ReasonError`."""
        orchestrator = self.orchestrator
        asked, _ = orchestrator.infer.run(kind, options)
        value = self._read(data, asked)
        if value is not None:
            return IPVResult(value, None)
        prompt = "Extract " + (wanted or "the data") + " from the material exactly as it says."
        return await orchestrator.execute(prompt, {"data": data}, kind, **options)

    def _read(self, data: str, asked: Asked) -> Any:
        """The value where the text is already one: JSON as a whole, or a table with the type's columns."""
        if asked.kind is None:
            return None
        from dana.ipv.decoding import DecodeError, encode

        candidates = [data] if data.lstrip()[:1] in ("{", "[") else []
        rows = rows_of(data)
        if rows:
            candidates.append(encode(rows))
        for text in candidates:
            try:
                return self.orchestrator.validate.run(text, asked)
            except DecodeError:
                continue
        return None


class IPVAPIIntegrator:
    """Typed HTTP calls: what an endpoint answers becomes a value of a type, through a model only where it must.

    `send(method, url, body)` returns or awaits `(status, text)`; without it, httpx asks, with a timeout and without
    redirects. Which addresses may be reached is the caller's to decide: programs use `http`, which asks the policy.
    """

    __slots__ = ("_send", "processor")

    def __init__(
        self, model: Any, config: IPVConfig | None = None, *, send: Sender | None = None, host: Host | None = None
    ) -> None:
        self.processor = IPVDataProcessor(model, config, host=host)
        self._send = send or _sent

    async def call(self, url: str, kind: Any, *, method: str = "GET", body: Any = None, wanted: str = "") -> IPVResult:
        """The answer of an endpoint as a value of `kind`. Raises ConnectionError for another status than 2xx."""
        found: Any = self._send(method, url, body)
        status, text = (await found) if hasattr(found, "__await__") else found
        if not 200 <= status < 300:
            msg = f"{method} {url.partition('?')[0]}: {status}"
            raise ConnectionError(msg)
        return await self.processor.extract(text, kind, wanted=wanted)


class POETIPVBridge:
    """P62: an Operate stage that asks a model, and a basic enhancement where there is none (P165)."""

    __slots__ = ("_reason",)

    def __init__(self, model: Any = None, config: IPVConfig | None = None, *, host: Host | None = None) -> None:
        self._reason = None if model is None else IPVReason(model, config, host=host)

    @property
    def ipv_available(self) -> bool:
        """Whether there is a model that answers; a prompt is only made better where there is none."""
        return self._reason is not None

    async def enhance_with_ipv(self, prompt: str, context: Any = None, kind: Any = None, **options: Any) -> Any:
        """The typed answer; without a model the prompt itself, tidied and with its context, for whoever answers it."""
        if self._reason is not None:
            return await self._reason.execute(prompt, context, kind, **options)
        return enhanced(prompt, context, kind)


def enhanced(prompt: str, context: Any = None, kind: Any = None) -> str:
    """A prompt that is tidy, says what vague ones leave out and how the answer looks, with its context behind it.

    What can be done for it without a model: the text is for whoever answers it.
    """
    from dana.ipv.options import CONTEXT_CHARS
    from dana.ipv.prompting import blocks, encoded, form_of_answer, tag_for
    from dana.poet.domains.llm_optimization import advice, tidied

    text = tidied(prompt)
    text = "\n".join([text, *advice(text), *form_of_answer(Forms().of(dana_type(kind)).described)])
    if context is None:
        return text
    material = encoded(context, CONTEXT_CHARS["standard"])
    return f"{text}\n\n{blocks(material, tag_for(material))}"


def opened(model: Any) -> Model:
    """A model from whatever may stand for one."""
    import os

    from dana.models import open_model

    return open_model(model, environ=os.environ)


def dana_type(kind: Any) -> Any:
    """Dana's type for one of Python's: `list[int]` of Python means the same."""
    from types import GenericAlias, UnionType

    from dana.runtime.typevalues import as_type, is_type

    if kind is None or is_type(kind):
        return kind
    if isinstance(kind, UnionType):
        parts = [dana_type(None.__class__ if each is None else each) for each in kind.__args__]
        found = parts[0]
        for each in parts[1:]:
            found = as_type(found) | each
        return found
    if isinstance(kind, GenericAlias):
        outer = as_type(kind.__origin__)
        inner = tuple(each if each is ... else dana_type(each) for each in kind.__args__)
        return outer[inner if len(inner) > 1 else inner[0]]
    return as_type(kind)


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a table with a line of names, by those names; empty when the text is none."""
    import csv

    lines = text.strip().splitlines()
    if len(lines) < 2:
        return []
    separator = next((s for s in ("\t", ";", ",") if s in lines[0]), None)
    if separator is None:
        return []
    found = list(csv.reader(lines, delimiter=separator))
    names = [name.strip() for name in found[0]]
    if len(set(names)) != len(names) or not all(names) or any(len(row) != len(names) for row in found[1:]):
        return []
    return [{name: cell.strip() for name, cell in zip(names, row, strict=True)} for row in found[1:]]


async def _sent(method: str, url: str, body: Any) -> tuple[int, str]:
    import httpx

    async with httpx.AsyncClient(timeout=30.0, follow_redirects=False, trust_env=False) as client:
        reply = await client.request(method, url, json=body)
        return reply.status_code, reply.text
