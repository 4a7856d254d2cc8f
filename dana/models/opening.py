"""`open_model`: from what was written to whoever answers.

"openai:gpt-4o-mini"  "ollama:llama3.2"  "http://127.0.0.1:8000/v1#name"     an endpoint
"scripted:PATH"       "replay:PATH"      "replay:PATH?record=SPEC"           files
"mock:"               a Python function  a model that is open already
["openai:…", "ollama:…"]                                                     a chain
"""

from __future__ import annotations

from dana.models.errors import AuthRefused, SettingsRefused, none_configured
from dana.models.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random
    from typing import Any

    from dana.models.connections import Connections
    from dana.models.endpoints import Permits
    from dana.models.messages import Model

LONGEST_CHAIN = 16


def open_model(
    spec: Any,
    *,
    environ: Mapping[str, str],
    settings: Settings | None = None,
    client: Connections | None = None,
    clock: Any = None,
    random: Random | None = None,
    policy: Permits | None = None,
    trusted: bool | None = None,
) -> Model:
    """The model a spec stands for.

    `spec`: see above; None is the default of `default_spec`. `environ`: the variables that may be read. `settings`:
    what is configured. `client`: connections that several models share (default: own ones). `clock` has
    `monotonic()` and `time()`, `random` is a `random.Random` (default: the machine's). `trusted`: a
    host or the user gave the spec; else, and for a project's settings in any case, it goes as far as `policy` (default:
    trusted where no policy is given).

    Nothing is connected to here. Raises `SettingsRefused`, `ModelMissing` or `AuthRefused`.
    """
    settings = settings or Settings()
    is_trusted = policy is None if trusted is None else trusted
    if spec is None:
        spec = default_spec(environ, settings)
        is_trusted = settings.trusted or spec is not settings.default
    return Opening(environ, settings, client, clock, random, policy, trusted=is_trusted).model(spec)


def default_spec(environ: Mapping[str, str], settings: Settings) -> Any:
    """What is asked when nobody says: `mock:` under DANA_MOCK_LLM, DANA_MODEL, `default` under [model]. L41.

    Raises `ModelMissing` when there is none.
    """
    from dana.models.endpoints import DEFAULT, MOCK

    if is_mocked(environ.get(MOCK, "")):
        return "mock:"
    spec = environ.get(DEFAULT, "").strip() or settings.default
    if not spec:
        raise none_configured()
    return spec


def is_mocked(said: str) -> bool:
    """Whether DANA_MOCK_LLM says yes. Raises `SettingsRefused` where it says neither yes nor no."""
    word = said.strip().lower()
    if word in ("", "false", "0", "no", "off"):
        return False
    if word in ("true", "1", "yes", "on"):
        return True
    raise SettingsRefused(f"DANA_MOCK_LLM is true or false, not `{_shown(said)}`", "`true` answers with made-up values")


def check_spec(spec: Any, settings: Settings) -> None:
    """Whether a text, or each of a list, could name a model; nothing is opened. Raises `SettingsRefused`."""
    from dana.models.endpoints import SCHEMES, unknown_spec

    for each in spec if isinstance(spec, list | tuple) else (spec,):
        text = each.strip()
        scheme, colon, _ = text.partition(":")
        if text != "mock" and not (colon and (scheme in SCHEMES or scheme in settings.endpoints)):
            raise unknown_spec(text, settings)


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:40])


class Opening:
    """What opening models needs; the models of one opening share their connections."""

    __slots__ = ("_client", "_clock", "_environ", "_policy", "_random", "_trusted", "settings")

    def __init__(
        self,
        environ: Mapping[str, str],
        settings: Settings,
        client: Connections | None,
        clock: Any,
        random: Random | None,
        policy: Permits | None,
        *,
        trusted: bool,
    ) -> None:
        self._trusted = trusted
        self.settings = settings
        self._environ = environ
        self._client = client
        self._clock = clock
        self._random = random
        self._policy = policy

    def model(self, spec: Any) -> Model:
        """The model of any spec."""
        if isinstance(spec, str):
            return self._named(spec.strip())
        if isinstance(spec, list | tuple):
            return self._chain(list(spec))
        if hasattr(spec, "complete") and hasattr(spec, "stream"):
            return spec  # type: ignore[no-any-return]
        if callable(spec):
            from dana.models.calling import Calling

            return Calling(spec, self.clock)
        hint = 'a model is a text such as "openai:gpt-4o-mini", a function, or a list of them'
        raise SettingsRefused(f"{type(spec).__name__} is no model", hint)

    def _named(self, spec: str) -> Model:
        scheme, _, rest = spec.partition(":")
        if spec == "mock" or scheme == "mock":
            from dana.models.mocking import Mock

            return Mock()
        if scheme == "scripted":
            from dana.models.scripted import read_script

            return read_script(self._file("read", rest, spec), spec)
        if scheme == "replay":
            return self._replay(rest, spec)
        if not spec:
            raise none_configured()
        return self._endpoint(spec)

    def _chain(self, specs: list[Any]) -> Model:
        from dana.models.chains import Chain

        if not 0 < len(specs) <= LONGEST_CHAIN:
            raise SettingsRefused(f"a chain has 1 to {LONGEST_CHAIN} models, not {len(specs)}")
        models = [self.model(each) for each in specs]
        return models[0] if len(models) == 1 else Chain(models, clock=self.clock)

    def _replay(self, rest: str, spec: str) -> Model:
        from dana.models.replaying import Replaying

        path, _, options = rest.partition("?")
        self._file("read", path, spec)
        if not options:
            return Replaying(path)
        name, _, inner = options.partition("=")
        if name != "record" or not inner:
            hint = f"as in: replay:{path}?record=openai:gpt-4o-mini"
            raise SettingsRefused(f"`{spec[:120]}` is no model: it has an unknown option", hint)
        self._file("write", path, spec)
        return Replaying(path, self._named(inner))

    def _file(self, kind: str, path: str, spec: str) -> str:
        """The path of a script or recording, if it may be used."""
        if not path.strip():
            raise SettingsRefused(f"`{spec}` names no file", f"as in: {spec.partition(':')[0]}:calls.jsonl")
        if not self._trusted and (self._policy is None or not self._policy.permits(kind, path)):
            hint = f"--allow-{kind}={path} permits it"
            raise AuthRefused(f"the model `{spec[:120]}` may not {kind} {path}", hint)
        return path

    def _endpoint(self, spec: str) -> Model:
        from dana.models.client import Client
        from dana.models.endpoints import endpoint_of
        from dana.models.hedging import Hedged

        endpoint = endpoint_of(spec, self._environ, self.settings, self._policy, trusted=self._trusted)
        made = Client(endpoint, self.connections, self.settings.prices)
        if self.settings.hedge is None:
            return made
        return Hedged(made, self.settings.hedge, sleep=self.connections.sleep)

    @property
    def connections(self) -> Connections:
        """The way out, made when the first endpoint needs it."""
        if self._client is None:
            from random import Random

            from dana.models.connections import Connections

            self._client = Connections(clock=self.clock, random=self._random or Random())  # noqa: S311  (it spreads waits)
        return self._client

    @property
    def clock(self) -> Any:
        """The clock that was handed in, or the machine's."""
        if self._clock is None:
            from dana.adaptive.clock import SystemClock

            self._clock = SystemClock()
        return self._clock
