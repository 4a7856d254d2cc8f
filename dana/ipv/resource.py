"""A language model as a resource with a pipeline of POET around it: `generate` with handlers by name (P164).

    llm = LLMResource("openai:gpt-4o-mini", retries=2)
    text = await llm.generate("What is …?")

    optimize_prompt           perceive: the prompt tidied, an empty one refused
    validate_response         enforce: no empty answer, no refusal, no echo
    update_prompt_patterns    train: how many prompts of which length were answered well, in `llm.patterns`

Each of them may be replaced by the name of another handler, or by a function. A class of one's own that derives from
it may override the methods of the same names.
"""

from __future__ import annotations

from dana.ipv.phases import IPVConfig, IPVReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ipv.asking import Host

HANDLERS = {
    "perceive_handler": "optimize_prompt",
    "enforce_handler": "validate_response",
    "train_handler": "update_prompt_patterns",
}
TIMEOUT_S = 30.0


class LLMResource:
    """One model. `options` are those of `@poet`; by default a call takes at most 30 seconds.

    `config` are options of the questions (`reason`), `host` who is told what they cost, `poet_host` the
    `dana.poet.python.Host` in which the function is decorated.
    """

    def __init__(
        self, model: Any, config: IPVConfig | None = None, *, host: Host | None = None, poet_host: Any = None,
        **options: Any,
    ) -> None:  # fmt: skip
        from dana.poet.python import poet

        self._reason = IPVReason(model, config, host=host)
        # Calls and good answers by the length of the prompt, in powers of two.
        self.patterns: dict[int, list[float]] = {}
        chosen = {"timeout": TIMEOUT_S, **HANDLERS, **options}
        for option, name in HANDLERS.items():
            if chosen[option] == name:
                chosen[option] = getattr(self, name)
        reason = self._reason

        async def generate(prompt: str, context: Any = None, kind: Any = None) -> Any:
            return await reason.execute(prompt, context, kind)

        generate.__doc__ = type(self).generate.__doc__
        self._generate = poet(host=poet_host, **chosen)(generate)

    async def generate(self, prompt: str, context: Any = None, kind: Any = None) -> Any:
        """The model's answer: text, or a value of `kind`. Raises what a decorated function raises."""
        return await self._generate(prompt, context, kind)

    @property
    def function(self) -> Any:
        """The decorated function, for `dana.poet.status`, `explain` and `feedback`."""
        return self._generate

    # --- handlers -----------------------------------------------------------------------------------

    def optimize_prompt(self, prompt: str) -> dict[str, Any]:
        """Perceive: the prompt as the domain llm_optimization reads it."""
        from dana.poet.domains.llm_optimization import LlmOptimization

        return {"prompt": LlmOptimization()._read(prompt).value}

    def validate_response(self, value: Any, call: Any) -> Any:
        """Enforce: an answer that is none is asked for again."""
        from dana.poet.domains.llm_optimization import LlmOptimization

        return LlmOptimization().judge(value, call.arguments)

    def update_prompt_patterns(self, call: Any, value: Any, figures: dict[str, Any]) -> None:  # noqa: ARG002
        """Train: an answer at the first attempt is worth 1, later ones less."""
        size = len(call.arguments["prompt"]).bit_length()
        known = self.patterns.setdefault(size, [0, 0.0])
        known[0] += 1
        known[1] += 1 / figures["attempts"]
