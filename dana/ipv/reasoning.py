"""`reason` for one program: what its calls say, turned into questions for `asking`.

A call is checked where it stands: options, type, permission. What it returns is a coroutine for the event loop, so
that many questions are under way at once; tokens and money go on the account of the run that asked.
"""

from __future__ import annotations

from dana.adaptive.sharing import BRANCH, CALL
from dana.ipv.asking import Host, Question, ask
from dana.ipv.errors import failed
from dana.ipv.inferring import Forms
from dana.ipv.options import SYNONYMS, OptionRefused, Options
from dana.ipv.relaying import Distant, Taped, data_of, refusal_of, request_of
from dana.models.errors import SETUP, ModelError, ModelMissing
from dana.runtime.outside import elsewhere
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

    from dana.adaptive.sharing import Shared
    from dana.models.messages import Model
    from dana.runtime.calls import Run
    from dana.runtime.program import Program


class Reasoning:
    """What one program asks. `models.get(spec, mock=…)` opens models: spec None is the one that is configured."""

    __slots__ = ("_asked_so_far", "_chosen", "_forms", "_models", "_program", "_types")

    def __init__(
        self, program: Program, models: Any, types: Callable[[Any], dict[str, Any]] = lambda _function: {}
    ) -> None:
        self._program = program
        # The declared types of a function's parameters, for tools.
        self._types = types
        self._models = models
        self._forms = Forms()
        self._asked_so_far = 0
        # What `set_model` said.
        self._chosen: Any = None

    @property
    def chosen(self) -> Any:
        """The spec that `set_model` named; None for what is configured."""
        return self._chosen

    def set_model(self, spec: Any) -> None:
        """Which model is asked where a call names none. Raises `ReasonError` for what cannot be one."""
        chosen = checked_spec(spec)
        if chosen is not None and elsewhere.host is None:
            try:
                self._models.check(chosen)
            except ModelError as problem:
                raise told(problem) from None
        self._chosen = chosen

    def begin(self, prompt: Any, options: Any, given: Mapping[str, Any]) -> Coroutine[Any, Any, Any]:
        """The coroutine of one call. What is wrong with the call is raised here, where it stands."""
        here = self._program.meter._call
        return self._asked(*self.prepared(prompt, options, given), "" if here is None else here.trace)

    def prepared(
        self, prompt: Any, options: Any, given: Mapping[str, Any]
    ) -> tuple[Model, Question, Callable[[], Any] | None]:
        """A call as a question: whom it asks, what, and what makes branches for the pieces of the program it runs."""
        said = merged(options, given)
        texts = wordings(prompt, said.pop("variants", None))
        shared = self._shared()
        prompt = texts[0] if shared is None else shared.wording(texts)
        how = said.pop(".how", "")
        expected = said.pop(".expected", None)
        kind = said.pop("type", None)
        asked = self._forms.of(expected if kind is None else kind)
        context = said.pop("context", None)
        spec, mock = said.pop("model", None), said.pop("use_mock", None)
        stream = said.pop("stream", None)
        tools, confirm, rounds = said.pop("tools", None), said.pop("confirm", None), said.pop("rounds", None)
        try:
            settled = Options(said, asked.family)
        except OptionRefused as wrong:
            raise failure(ValueError, "E841", str(wrong), wrong.hint) from None
        if settled.format == "json" and asked.kind is None:
            asked = self._forms.of(_json_kind())
        model = self.model(spec, mock)
        within = self._program.meter.remaining()
        question = Question(prompt, asked, settled, context=context, how=how, within=within, shared=shared)
        if tools is None and (confirm is not None or rounds is not None):
            raise failure(ValueError, "E849", "`confirm` and `rounds` are about `tools`, and there are none")
        if tools is not None:
            from dana.ipv.offering import toolbox_of

            question.tools = toolbox_of(self._program, self._types, tools, confirm, rounds)
        if stream is not None:
            question.stream = self._listener(stream, asked)
        return model, question, brancher(self._program) if tools is not None or stream is not None else None

    def _shared(self) -> Shared | None:
        """What questions of the `@poet` function share that is being called, if there is one."""
        shared = CALL.get()
        registry = getattr(self._program, "poet_registry", None) if shared is None else None
        if registry is None or not registry.plans:
            return shared
        from dana.poet.questions import shared_above

        return shared_above()

    async def _asked(self, model: Model, question: Question, branches: Callable[[], Any] | None, trace: str) -> Any:
        program = self._program
        if branches is not None:
            BRANCH.set(branches)
        emit = self._emitter(question.shared, trace)
        host = Host(spend=account_of(program), emit=emit)
        if emit is None:
            return (await ask(model, question, host=host)).value
        now = host.monotonic
        begun = now()
        emit("reason.start", {"model": model.name, "type": question.asked.name, "characters": len(question.prompt)})
        outcome: dict[str, Any] = {"outcome": "cancelled"}
        try:
            answer = await ask(model, question, host=host)
            outcome = {
                "outcome": "ok", "attempts": len(answer.attempts), "tokens": answer.tokens, "usd": answer.usd,
                "repairs": len(answer.repairs),
            }  # fmt: skip
        except Exception as error:
            outcome = {"outcome": type(error).__name__, "attempts": len(getattr(error, "attempts", ()))}
            raise
        finally:
            emit("reason.end", {"model": model.name, **outcome, "seconds": round(now() - begun, 6)})
        return answer.value

    def _emitter(self, shared: Shared | None, trace: str) -> Callable[[str, dict[str, Any]], object] | None:
        """Who is told: listeners of the engine, and the ledger of a program that keeps one; of no prompt or answer.

        Inside a `@poet` function each event names the function and the call; of what an agent does, the `trace`.
        """
        program = self._program
        emit = program.emit
        keeps = program.store is not None
        if not keeps and (emit is None or shared is None):
            return emit
        ledger = program.ledger if keeps else None
        about = {} if shared is None else {"function": shared.function, "call": shared.id}

        def tell(kind: str, data: dict[str, Any]) -> None:
            data = {**about, **data}
            if emit is not None:
                emit(kind, data)
            if ledger is not None:
                ledger.keep(kind, str(data.get("model", "")), data, act=about.get("call") or trace)

        return tell

    # --- models ---------------------------------------------------------------------------------

    def model(self, spec: Any, mock: Any) -> Model:
        """The model a call means, which the policy grants; where a run is taped, what stands for it."""
        spec = checked_spec(spec if spec is not None else self._chosen)
        tape = self._program.tape
        if tape is None or elsewhere.host is not None:
            return self._granted(spec, mock)
        found: list[Model] = []

        def opened(spec: Any, mock: Any) -> str:
            found.append(self._granted(spec, mock))
            return found[0].name

        self._asked_so_far += 1
        name = tape.native("model", opened)(spec, mock)
        return Taped(found[0] if found else None, name, tape, self._asked_so_far)

    def _granted(self, spec: Any, mock: Any) -> Model:
        """The model a call means. Raises what the policy says against it, and `ReasonError` where there is none."""
        if elsewhere.host is not None:
            return Distant(spec, mock)
        policy = self._program.policy
        if spec is not None and mock is not True:
            for each in [spec] if isinstance(spec, str) else spec:
                self._reads(each)
        try:
            model, needs_grant = self._models.get(spec, mock=mock, policy=policy)
        except ModelError as problem:
            raise told(problem) from None
        for each in asked_by(model):
            denial = policy.policy.denial("model", each.name)
            # Without a flag it is denied, and not just not granted.
            is_denied = denial is not None and (needs_grant or not denial.flag)
            if is_denied or policy.narrowed("model", each.name) is not None:
                policy.require("model", each.name)
        return model  # type: ignore[no-any-return]

    def _reads(self, spec: str) -> None:
        """Models that are files: a program that names one must be allowed to read it."""
        scheme, colon, path = spec.partition(":")
        if not colon or scheme not in ("scripted", "replay"):
            return
        path, _, recording = path.partition("?")
        self._program.policy.path("read", path)
        if recording:
            self._program.policy.path("write", path)

    async def complete_for_worker(self, spec: Any, mock: Any, data: Any) -> dict[str, Any]:
        """What a model says to the request of a program in a worker; `data` is a stranger's."""
        request = request_of(data)
        model = self.model(spec, mock)
        try:
            reply = await model.complete(request)
        except ModelError as problem:
            return refusal_of(problem)
        tokens = reply.usage.prompt_tokens + reply.usage.completion_tokens
        self._program.meter.spend(tokens=tokens, usd=reply.usd or 0.0)
        return data_of(reply, model.name)

    # --- streams --------------------------------------------------------------------------------

    def _listener(self, handler: Any, asked: Any) -> Callable[[str], Any]:
        """Calls a function of the program with the best value so far, each time it has changed."""
        if not callable(handler):
            raise failure(TypeError, "E841", "`stream` of reason is a function, called with what is there so far")
        from dana.ipv.offering import beside

        program = self._program
        last: list[Any] = [None]

        async def hear(text: str) -> None:
            value = text if asked.kind is None else so_far(text, asked.kind)
            if value is None or value == last[0]:
                return
            last[0] = value
            await beside(program, lambda: handler(value))

        return hear


def asked_by(model: Any) -> list[Any]:
    """The models that one may ask, each of which must be granted: a pattern must not cover a chain by its first part.

    The mock reaches nothing and needs no grant.
    """
    from dana.models.mocking import Mock

    found: list[Any] = []
    waiting = [model]
    while waiting:
        each = waiting.pop()
        parts = getattr(each, "models", None)
        if isinstance(parts, tuple):
            waiting += parts
            continue
        inner = getattr(each, "_inner", None)
        if inner is not None:
            waiting.append(inner)
        if each.__class__ is not Mock:
            found.append(each)
    return found


def wordings(prompt: Any, variants: Any) -> list[str]:
    """The wordings of a prompt: a text, or a list of them; `variants` are more of them. Raises TypeError (E841)."""
    texts = list(prompt) if isinstance(prompt, list) and prompt else [prompt]
    if variants is not None:
        texts += variants if isinstance(variants, list) else [variants]
    for text in texts:
        if text.__class__ is not str:
            from dana.runtime.typevalues import kind_of

            hint = "" if len(texts) == 1 else "each wording of a prompt is a text"
            raise failure(TypeError, "E841", f"the prompt of reason is a text, not {kind_of(text)}", hint)
    return texts


def brancher(program: Program) -> Callable[[], Any]:
    """What makes, for each piece of the program that a question runs, a branch of the call that begins it now."""
    from dana.runtime.calls import Call, fork

    first = fork(program.meter)

    def branch() -> Call:
        made = Call(first.run)
        made.nested, made.deadlines, made.deadline, made.deeper = 1, list(first.deadlines), first.deadline, first.deeper
        made.actor, made.trace = first.actor, first.trace
        return made

    return branch


def so_far(text: str, kind: Any) -> Any:
    """The best value of a growing text, None while there is none."""
    from dana.ipv.decoding import partial

    return partial(text, kind)


def merged(options: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call: a dict, and those by name, which win. None means that nothing was said."""
    said: dict[str, Any] = {}
    if options is not None:
        if not isinstance(options, dict) or not all(isinstance(name, str) for name in options):
            raise failure(TypeError, "E841", "the options of reason are a dict from name to value")
        said.update(options)
    said.update(given)
    for old, name in SYNONYMS.items():
        if old in said:
            said.setdefault(name, said.pop(old))
    return {name: value for name, value in said.items() if value is not None}


def checked_spec(spec: Any) -> Any:
    """A model as a program names it: a text, or a list of them. Raises TypeError (E841)."""
    if spec is None or (isinstance(spec, str) and spec.strip()):
        return spec
    if isinstance(spec, list | tuple) and spec and all(isinstance(each, str) and each.strip() for each in spec):
        return list(spec)
    hint = 'as in model="openai:gpt-4o-mini", or a list of them to fall back on'
    raise failure(TypeError, "E841", "`model` of reason is the name of a model", hint)


def told(problem: ModelError) -> Exception:
    """A model that cannot be opened, in Dana's words."""
    if isinstance(problem, ModelMissing):
        return failed("E840", str(problem), problem.hint or SETUP)
    return failed("E842", str(problem), problem.hint)


def _json_kind() -> Any:
    from dana.runtime.typevalues import DICT, LIST, union_of

    return union_of(DICT, LIST)


def account_of(program: Program) -> Callable[[int, float], None]:
    """Counts on the account of the run that asks, whoever runs when the answer comes."""
    from dana.runtime.calls import account

    meter = program.meter
    run: Run = account(meter)

    def spend(tokens: int, usd: float) -> None:
        if meter._call is not None and meter._call.run is run:
            meter.spend(tokens=tokens, usd=usd)
            return
        run.tokens += tokens
        run.usd += usd
        if meter.most_tokens is not None and run.tokens > meter.most_tokens:
            raise meter.stop("tokens")
        if meter.most_usd is not None and run.usd > meter.most_usd:
            raise meter.stop("usd")

    return spend
