"""Which model an engine's programs ask (L41): opened at the first question, shared by all of them.

DANA_MOCK_LLM, `use_mock=true`                        the mock
`model=` of a call, `set_model(…)`                    what the program says, as far as the policy goes
`Engine(model=…)`, `dana --model=…`                   what the host says
DANA_MODEL, `default` under [model] in dana.toml      what is configured
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.engine.engine import _Run
    from dana.models import Model, Settings

MOST_KEPT = 64


class Models:
    """The opened models of one engine. `table()` gives what `dana.toml` says under [model], or None."""

    __slots__ = ("_client", "_clock", "_environ", "_opened", "_settings", "_table", "default", "granted")

    def __init__(
        self,
        default: Any = None,
        *,
        clock: Any = None,
        environ: Mapping[str, str] | None = None,
        table: Callable[[], Mapping[str, Any] | None] | None = None,
    ) -> None:
        self.default = default
        # Whether naming the default was a grant: a model that was handed in as an object, or named on the command line.
        self.granted = default is not None and not _is_spec(default)
        self._clock = clock
        self._environ = os.environ if environ is None else environ
        self._table = table
        self._settings: Settings | None = None
        self._client: Any = None
        self._opened: dict[Any, Model] = {}

    @property
    def settings(self) -> Settings:
        """What is configured. Raises `SettingsRefused`."""
        if self._settings is None:
            from dana.models import Settings, settings_of

            table = self._table() if self._table is not None else None
            self._settings = settings_of(table) if table else Settings()
        return self._settings

    def get(self, spec: Any, *, mock: Any = None, policy: Any = None) -> tuple[Model, bool]:
        """The model that is meant, and whether it needs the policy's grant. Raises `ModelError`.

        `spec`: what the program says, None for the host's. `policy`: what bounds a spec of the program's.
        """
        from dana.models.opening import is_mocked

        if mock is True or (mock is None and is_mocked(self._environ.get("DANA_MOCK_LLM", ""))):
            return self._model("mock:", None), False
        if spec is not None:
            return self._model(spec, policy), True
        return self._model(self.default, policy, trusted=True), not self.granted

    def check(self, spec: Any) -> None:
        """Whether a program's spec could name a model. Raises `SettingsRefused`."""
        from dana.models.opening import check_spec

        check_spec(spec, self.settings)

    def _model(self, spec: Any, policy: Any, *, trusted: bool = False) -> Model:
        is_text = spec is None or isinstance(spec, str)
        # All programs of an engine have its policy, so that it is no part of the key.
        key = (spec if is_text else id(spec), policy is None, trusted)
        known = self._opened.get(key)
        if known is None:
            from dana.models import open_model

            known = open_model(
                spec, environ=self._environ, settings=self.settings, client=self._connections(), clock=self._clock,
                policy=policy, trusted=trusted,
            )  # fmt: skip
            if is_text or spec is self.default:
                if len(self._opened) >= MOST_KEPT:
                    self._opened.clear()
                self._opened[key] = known
        return known

    def reasoning(self, run: _Run) -> Any:
        """What makes questions of a program's calls of `reason`."""
        from dana.engine.signatures import declared_by
        from dana.ipv.reasoning import Reasoning

        return Reasoning(run.program, self, declared_by(run))

    def _connections(self) -> Any:
        """One way out for all models, so that breakers and rate limits are shared; made with the first of them."""
        if self._client is None:
            from random import Random

            from dana.adaptive.clock import SystemClock
            from dana.models.connections import Connections

            self._client = Connections(clock=self._clock or SystemClock(), random=Random())  # noqa: S311  (spreads waits)
        return self._client


def _is_spec(model: Any) -> bool:
    return isinstance(model, str) or (isinstance(model, list | tuple) and all(isinstance(m, str) for m in model))
