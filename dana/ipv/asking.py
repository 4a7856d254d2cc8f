"""The loop around a model: ask, decode, say what is wrong, ask again, within a budget.

    prompt ──▶ model.complete ──▶ decode ──▶ valid ──▶ Answer
      ▲                             │
      └────── what is wrong ◀───────┘ not valid: another attempt, while retries, tokens, money and time last

Transport is the model's own business (`dana.models` retries, waits and breaks circuits); here an attempt is an answer
that was not valid. Nothing is invented: whoever gets no valid answer gets a `ReasonError` with every attempt and the
best candidate. This module knows nothing of the language; a `Host` gives it time and takes the accounts.
"""

from __future__ import annotations

import asyncio
import time

from dana.adaptive.sharing import CALL, CHARS_OF_TOKEN, UNTIL, OutOfTime, Until
from dana.ipv.errors import failed
from dana.ipv.prompting import LONGEST_ECHO, again, messages_of, size_of
from dana.models.errors import ModelError
from dana.models.messages import Message, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from dana.adaptive.sharing import Shared
    from dana.ipv.options import Options
    from dana.ipv.tools import Toolbox
    from dana.models.messages import Model, Reply

# Of a model's text, this much is kept for the record.
LONGEST_KEPT = 2_000
# Characters of context that are worth sending where a window bounds the request.
LEAST_ROOM = 200
# A text that grows is told again when a share of it is new: of a text, of a value that must be read out of it.
TEXT_STEPS, VALUE_STEPS = 256, 32
NO_MORE = "There are no more tools. Answer now."
# Repairs that read a value, and not only its form (`dana.ipv.decoding.records`): `precision="exact"` has none of them.
READ_INTO = frozenset({"currency", "percent", "number word", "spelling", "date", "text", "whole", "none"})


class Host:
    """What the loop asks of whoever runs it.

    `monotonic()`: seconds; `spend(tokens, usd)`: counts, and raises what stops the run; `emit(kind, data)`: is told
    what happens, or None.
    """

    __slots__ = ("emit", "monotonic", "spend")

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        spend: Callable[[int, float], None] | None = None,
        emit: Callable[[str, dict[str, Any]], object] | None = None,
    ) -> None:
        self.monotonic = monotonic
        self.spend = spend
        self.emit = emit


class Asked:
    """The form of an answer: its type as a run-time value, as text for the prompt, and as a JSON schema.

    `kind` is None for free text. `name` is what messages call the type.
    """

    __slots__ = ("described", "family", "kind", "name", "schema")

    def __init__(self, kind: Any, name: str, family: str, described: str | None, schema: dict[str, Any] | None) -> None:
        self.kind = kind
        self.name = name
        self.family = family
        self.described = described
        self.schema = schema


class Question:
    """What is asked: a prompt, the form of its answer, material, and the options.

    `how` is "condition" when the answer decides one; `stream(text)` is awaited with the text so far as it arrives;
    `within`: seconds until whoever asks gives up by itself (the model is told to be done by then). `shared`: the call
    of a function it belongs to, by default the one that runs; `tools`: what the model may ask for on the way.
    """

    __slots__ = ("asked", "context", "how", "options", "prompt", "shared", "stream", "tools", "within")

    def __init__(
        self,
        prompt: str,
        asked: Asked,
        options: Options,
        *,
        context: Any = None,
        how: str = "",
        stream: Callable[[str], Any] | None = None,
        within: float | None = None,
        shared: Shared | None = None,
        tools: Toolbox | None = None,
    ) -> None:
        self.tools = tools
        self.within = within
        self.shared = shared if shared is not None else CALL.get()
        self.prompt = prompt
        self.asked = asked
        self.options = options
        self.context = context
        self.how = how
        self.stream = stream


class Attempt:
    """One answer that was looked at; `problems` is empty for the one that is valid."""

    __slots__ = ("model", "number", "problems", "seconds", "text", "tokens", "usd")

    def __init__(self, number: int, reply: Reply, problems: Sequence[str], seconds: float) -> None:
        self.number = number
        self.text = reply.text[:LONGEST_KEPT]
        self.problems = tuple(problems)
        self.model = reply.model
        self.tokens = reply.usage.prompt_tokens + reply.usage.completion_tokens
        self.usd = reply.usd
        self.seconds = seconds

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        data: dict[str, Any] = {name: getattr(self, name) for name in ("number", "text", "model", "tokens", "usd")}
        return {**data, "problems": list(self.problems), "seconds": round(self.seconds, 6)}


class Answer:
    """A valid value and what it took: `attempts`, `repairs` of the decoder, `tokens`, `usd` (None: not known).

    `rounds`: how often the model asked for tools before; what that cost is among the tokens.
    """

    __slots__ = ("attempts", "repairs", "rounds", "tokens", "usd", "value")

    def __init__(
        self, value: Any, attempts: Sequence[Attempt], repairs: Sequence[Any], rounds: Sequence[Attempt] = ()
    ) -> None:
        self.value = value
        self.attempts = tuple(attempts)
        self.repairs = tuple(repairs)
        self.tokens = sum(attempt.tokens for attempt in (*attempts, *rounds))
        known = [attempt.usd for attempt in (*attempts, *rounds) if attempt.usd is not None]
        self.usd = sum(known) if known else None
        self.rounds = len(rounds)


async def ask(model: Model, question: Question, *, host: Host | None = None) -> Answer:
    """The answer to a question as a valid value of its type. Raises `ReasonError`, and what `host.spend` raises."""
    host = host or Host()
    asking = _Asking(model, question, host)
    if question.shared is None:
        return await _in_time(asking)
    answered = False
    try:
        answer = await _in_time(asking)
        answered = True
    finally:
        question.shared.asked(failed=not answered)
    return answer


async def _in_time(asking: _Asking) -> Answer:
    """The answer within the time of the question."""
    question, seconds = asking.question, asking.seconds
    # What runs for it and does not wait, a tool that computes, ends by this.
    until = Until(asyncio.get_running_loop().time() + seconds, seconds)
    outer = UNTIL.get()
    UNTIL.set(until if outer is None or until.at < outer.at else outer)
    try:
        async with asyncio.timeout(seconds):
            if question.options.safety != "maximum" or question.asked.kind is None:
                return await asking.answer()
            return await _agreed(asking)
    except (TimeoutError, OutOfTime) as late:
        if isinstance(late, ModelError) or getattr(late, "until", until) is not until:
            raise
        raise asking.failure("E843", f"no valid answer within {seconds:g} s", "`timeout=` gives it longer") from None
    finally:
        UNTIL.set(outer)


async def _agreed(first: _Asking) -> Answer:
    """Two answers that agree: what `safety="maximum"` asks for."""
    second = _Asking(first.model, first.question, first.host)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_outcome(each)) for each in (first, second)]
    outcomes = [task.result() for task in tasks]
    first.attempts += second.attempts
    first.rounds += second.rounds
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    one, other = outcomes
    if one.value != other.value:
        first.best = one.value
        raise first.failure(
            "E846", "two answers to the same question do not agree", 'safety="high" is content with one of them'
        )
    return Answer(one.value, first.attempts, one.repairs, first.rounds)


async def _outcome(asking: _Asking) -> Any:
    """How it ended, so that neither of two cancels the other."""
    try:
        return await asking.answer()
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001  (stops are no Exceptions; whoever waits raises it again)
        return error


class _Asking:
    """One question under way."""

    def __init__(self, model: Model, question: Question, host: Host) -> None:
        self.model = model
        self.question = question
        self.host = host
        self.attempts: list[Attempt] = []
        # Replies that asked for tools.
        self.rounds: list[Attempt] = []
        self.best: Any = None
        self.absent: set[str] = set()
        options = question.options
        limits = [each for each in (options.timeout_s, options.budget_s) if each is not None]
        self.seconds = min(limits)
        within = question.within
        shared = question.shared
        # What the same question has used in earlier attempts of the function that asks it.
        self.used = None if shared is None else shared.used(question.prompt, question.asked.name)
        self.before = (0, 0, 0.0) if self.used is None else (self.used.reasked, self.used.tokens, self.used.usd)
        if shared is not None and within is None:
            within = shared.remaining()
            if within is not None:
                self.seconds = max(0.001, min(self.seconds, within))
        self.until = host.monotonic() + (self.seconds if within is None else min(self.seconds, within))

    async def answer(self) -> Answer:
        """Ask until an answer is valid."""
        question, options = self.question, self.question.options
        first = self._first()
        messages = first
        longest = self._longest_echo()
        if self.before[1]:
            self._within_budget(0, 0.0)
        while True:
            started = self.host.monotonic()
            reply = await self._reply(messages)
            if reply.tool_calls and question.tools is not None and len(self.rounds) < question.tools.rounds:
                first = messages = await self._with_tools(messages, reply, self.host.monotonic() - started)
                continue
            value, repairs, problems = self._looked_at(reply)
            attempt = Attempt(len(self.attempts) + 1, reply, problems, self.host.monotonic() - started)
            self.attempts.append(attempt)
            self._account(attempt, reply)
            if not problems:
                return Answer(value, self.attempts, repairs, self.rounds)
            if reply.finish == "refusal":
                hint = "word the question differently, or ask another model"
                raise self._final("E844", "the model refuses to answer", hint)
            if len(self.attempts) > max(0, options.retries - self.before[0]):
                raise self._exhausted()
            self._within_budget(attempt.tokens, attempt.usd or 0.0)
            messages = again(first, reply.text, problems, longest)

    def _first(self) -> Sequence[Message]:
        """The first request, bounded by the window of the call. Raises `ReasonError` (E848) when nothing would fit."""
        question, shared = self.question, self.question.shared
        about = (question.prompt, question.asked.described, question.context, question.how, question.options)
        notes = () if shared is None else shared.notes()
        tools = question.tools is not None
        if shared is None or shared.window is None:
            return messages_of(*about, notes, tools=tools)
        window = shared.window * CHARS_OF_TOKEN
        bare = messages_of(*about[:2], None, *about[3:], notes, tools=tools)
        room = window - size_of(bare)
        if room >= 0 and question.context is None:
            return bare
        if room >= LEAST_ROOM:
            made = messages_of(*about, notes, room, tools=tools)
            over = size_of(made) - window
            while over > 0 and room - over >= LEAST_ROOM:
                room -= over
                made = messages_of(*about, notes, room, tools=tools)
                over = size_of(made) - window
            if over <= 0:
                return made
        needed = window - room + (0 if question.context is None else LEAST_ROOM)
        message = f"the question does not fit into `context_window={shared.window}`: it needs {needed // 4 + 1} tokens"
        raise self.failure(
            "E848", message, f"`{shared.function}` can have a larger `context_window`, or a shorter prompt"
        )

    async def _with_tools(self, messages: Sequence[Message], reply: Reply, seconds: float) -> Sequence[Message]:
        """What was said so far, with what the tools gave that the model asked for."""
        tools = self.question.tools
        assert tools is not None
        tools.longest = min(tools.longest, self._longest_echo()) if self._is_bounded else tools.longest
        this = Attempt(len(self.rounds) + 1, reply, (), seconds)
        self.rounds.append(this)
        self._account(this, reply)
        self._within_budget(this.tokens, this.usd or 0.0)
        emit = self.host.emit

        def tell(data: dict[str, Any]) -> None:
            if emit is not None:
                emit("tool.call", {"model": reply.model or self.model.name, "round": this.number, **data})

        answers = await tools.answered(reply.tool_calls, tell)
        asked = Message("assistant", reply.text, reply.tool_calls)
        said = (*messages, asked, *answers)
        return said if this.number < tools.rounds else (*said, Message("user", NO_MORE))

    @property
    def _is_bounded(self) -> bool:
        shared = self.question.shared
        return shared is not None and shared.window is not None

    def _longest_echo(self) -> int:
        """How much of an answer that was not valid is shown to the model again."""
        shared = self.question.shared
        if shared is None or shared.window is None:
            return LONGEST_ECHO
        return min(LONGEST_ECHO, shared.window * CHARS_OF_TOKEN // 4)

    async def _reply(self, messages: Sequence[Message]) -> Reply:
        """One answer of the model. Raises `ReasonError` (E842) when it gives none."""
        options, tools = self.question.options, self.question.tools
        asked = self.question.asked
        request = Request(
            messages,
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            seed=options.seed,
            tools=() if tools is None or len(self.rounds) >= tools.rounds else tools.offered,
            schema=asked.schema if self._tells_schema() else None,
            timeout_s=max(0.001, self.until - self.host.monotonic()),
        )
        try:
            if self.question.stream is None:
                return await self.model.complete(request)
            return await self._streamed(request)
        except ModelError as problem:
            self._told(problem)
            raise self._unanswered(problem) from problem

    def _tells_schema(self) -> bool:
        """Whether the endpoint is told the schema beside the words.

        A schema is paid for as the words are, or costs nothing where the endpoint makes a grammar of it. So data is
        asked for in words, which nearly always do; the schema comes after two answers that were not valid.
        """
        structure, model = self.question.options.structure, self.model
        if structure == "strict" or model.name.startswith("mock"):
            return True
        return structure == "formatted" and (len(self.attempts) > 1 or getattr(model, "schema_is_free", False))

    async def _streamed(self, request: Request) -> Reply:
        """The same, telling of the text as it grows: the longer it is, the more must come before it is told again.

        Whoever listens reads the text from its beginning each time; so all of it stays linear in the text.
        """
        hear = self.question.stream
        assert hear is not None
        share = TEXT_STEPS if self.question.asked.kind is None else VALUE_STEPS
        pieces: list[str] = []
        length = told = due = 0
        reply: Reply | None = None
        async for piece in self.model.stream(request):
            if not isinstance(piece, str):
                reply = piece
                continue
            pieces.append(piece)
            length += len(piece)
            if length >= due:
                pieces = ["".join(pieces)]
                told, due = length, length + 1 + length // share
                await hear(pieces[0])
        assert reply is not None, "the last item of a stream is its reply"
        if told < length and not reply.tool_calls:
            await hear("".join(pieces))
        return reply

    def _looked_at(self, reply: Reply) -> tuple[Any, Sequence[Any], list[str]]:
        """What a reply says: value, repairs, and what is wrong with it."""
        asked = self.question.asked
        if reply.finish == "refusal":
            return None, (), ["the model refused: " + reply.text[:200]]
        if asked.kind is None and self.question.options.format != "json":
            text = reply.text.strip()
            return text, (), [] if text else ["the answer is empty"]
        from dana.ipv.decoding import DecodeError, decode

        try:
            found = decode(reply.text, asked.kind)
        except DecodeError as wrong:
            if wrong.best is not None:
                self.best = wrong.best
            problems = [_problem(each) for each in wrong.problems] or ["it is no " + asked.name]
            if reply.finish == "length":
                problems.insert(0, "the answer was cut off: be shorter")
            return None, (), problems
        if reply.finish == "length" and self._is_open(reply.text, found.repairs):
            self.best = found.value
            return None, (), ["the answer was cut off: be shorter"]
        refused = self._too_free(found.repairs) or self._left_out(found.repairs)
        if refused:
            self.best = found.value
        return found.value, found.repairs, refused

    def _is_open(self, text: str, repairs: Sequence[Any]) -> bool:
        """Whether an answer that was cut off may have meant to go on: 12 may be the beginning of 120."""
        if self.question.options.precision not in ("specific", "exact"):
            return False
        return bool(repairs) or text.rstrip()[-1:] not in ("}", "]")

    def _left_out(self, repairs: Sequence[Any]) -> list[str]:
        """Fields that may be None and did not come: None, if they do not come a second time either.

        Whether a model left out what it does not know or forgot what it does is worth one more question.
        """
        before, self.absent = self.absent, {each.path for each in repairs if each.kind == "absent"}
        if self.question.options.precision not in ("specific", "exact"):
            return []
        return [f"{path} is missing: null if it is not known" for path in sorted(self.absent - before)]

    def _too_free(self, repairs: Sequence[Any]) -> list[str]:
        """With `precision="exact"` the values themselves must be as the type says; their form may be put right."""
        if self.question.options.precision != "exact" or self.question.asked.family != "data":
            return []  # a bare number or word has hardly any form: what it says is certain once it is read
        touched = [each for each in repairs if each.kind in READ_INTO]
        return [f"{each.path}: write {each.after} instead of {each.before}" for each in touched]

    # --- accounts -------------------------------------------------------------------------------

    def _account(self, attempt: Attempt, reply: Reply) -> None:
        """Tell what an attempt took; raises what stops the run when that is too much."""
        emit = self.host.emit
        if emit is not None:
            outcome = "tools" if reply.tool_calls else "ok" if not attempt.problems else "not valid"
            emit("model.call", {
                "model": reply.model or self.model.name, "outcome": outcome,
                "prompt_tokens": reply.usage.prompt_tokens, "completion_tokens": reply.usage.completion_tokens,
                "usd": reply.usd, "seconds": round(attempt.seconds, 6), "attempt": attempt.number,
                "sent": getattr(reply, "attempts", 1),
            })  # fmt: skip
        if self.used is not None:
            assert self.question.shared is not None
            self.question.shared.count(self.used, attempt)
        if self.host.spend is not None:
            self.host.spend(attempt.tokens, attempt.usd or 0.0)

    def _told(self, problem: ModelError) -> None:
        if self.host.emit is not None:
            data = {"model": self.model.name, "outcome": type(problem).__name__, "attempt": len(self.attempts) + 1}
            self.host.emit("model.call", data)

    def _within_budget(self, tokens: int, usd: float) -> None:
        """Raises `ReasonError` (E845) when another attempt, as dear as the last, would go beyond the budget."""
        options = self.question.options
        replies = (*self.attempts, *self.rounds)
        used = self.before[1] + sum(each.tokens for each in replies)
        dollars = self.before[2] + sum(each.usd or 0.0 for each in replies)
        if options.budget_tokens is not None and used + tokens > options.budget_tokens:
            raise self._spent(f"{used} of {options.budget_tokens} tokens are used")
        if options.budget_usd is not None and dollars + usd > options.budget_usd:
            raise self._spent(f"{dollars:.6f} of {options.budget_usd:g} USD are spent")

    # --- failures -------------------------------------------------------------------------------

    def failure(self, code: str, message: str, hint: str = "") -> Exception:
        """A `ReasonError` with everything tried so far."""
        return failed(code, message, hint, attempts=self.attempts, best=self.best, rounds=self.rounds)

    def _spent(self, why: str) -> Exception:
        wrong = "; ".join(self.attempts[-1].problems[:2]) if self.attempts else "an attempt before used it up"
        return self._final("E845", f"the budget allows no further attempt ({why}): {wrong}", "`budget=` is larger")

    def _final(self, code: str, message: str, hint: str) -> Exception:
        """A failure that asking once more would only repeat: whoever tries again around it leaves it alone."""
        error = self.failure(code, message, hint)
        error.leaf = "budget.exceeded"  # type: ignore[attr-defined]
        return error

    def _exhausted(self) -> Exception:
        number = len(self.attempts)
        times = "1 attempt" if number == 1 else f"{number} attempts"
        wrong = "; ".join(self.attempts[-1].problems[:2])
        hint = "`e.best` is what came closest, `e.attempts` what was tried; `retries=` allows more"
        return self._final("E844", f"no valid {self.question.asked.name} in {times}: {wrong}", hint)

    def _unanswered(self, problem: ModelError) -> Exception:
        code = "E840" if problem.code == "E850" and self.model.name == "" else "E842"
        error = self.failure(code, f"the model `{self.model.name}` gave no answer: {problem}", problem.hint)
        error.retryable = problem.retryable  # type: ignore[attr-defined]
        error.leaf = problem.leaf  # type: ignore[attr-defined]
        return error


def _problem(each: Any) -> str:
    """What is wrong at a place of the answer, as the model is told it."""
    path = str(each.path) if each.path else ""
    message = str(each.message)[:200]
    return f"{path}: {message}" if path and path != "$" else message
