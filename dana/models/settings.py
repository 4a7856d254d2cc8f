"""What is configured: the table `[model]` of `dana.toml`, or the same given by a host.

    [model]
    default = "openai:gpt-4o-mini"          a spec, or a list of them: the next is asked when one cannot answer
    base_url = "http://10.0.0.5:8000/v1"    where `openai:` leads (only that)
    key_env = "HOUSE_KEY"                   the environment variable that holds the key, which never stands here
    timeout = 120                           seconds for a request, with all its retries
    attempt_timeout = 30                    seconds for one attempt; without it a share of what is left
    retries = 5
    requests_per_minute = 500
    tokens_per_minute = 200_000
    max_bytes = 10_000_000                  the largest answer that is taken
    hedge = "p95"                           a second request when the first takes longer; or seconds

    [model.prices."my-model"]               USD for a million tokens
    input = 0.15
    output = 0.60

    [model.endpoints.house]                 a name for specs: "house:qwen3"; keys as above, from base_url to max_bytes
    base_url = "http://10.0.0.5:8000/v1"

Everything is optional. A key that nothing reads is refused by its name.
"""

from __future__ import annotations

from dana.diagnostics import suggest
from dana.models.errors import SettingsRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TIMEOUT_S = 120.0
RETRIES = 5
MAX_BYTES = 10_000_000
# What an endpoint's table may say; the table [model] says it for `openai:`.
OF_ENDPOINT = (
    "base_url", "key_env", "timeout", "attempt_timeout", "retries", "requests_per_minute", "tokens_per_minute",
    "max_bytes",
)  # fmt: skip
OF_MODEL = ("default", *OF_ENDPOINT, "hedge", "prices", "endpoints")
OF_PRICE = ("input", "output")


class EndpointSettings:
    """How one endpoint is reached and treated; times in seconds."""

    __slots__ = (
        "attempt_timeout_s", "base_url", "key_env", "max_bytes", "requests_per_minute", "retries", "timeout_s",
        "tokens_per_minute",
    )  # fmt: skip

    def __init__(
        self,
        *,
        base_url: str | None = None,
        key_env: str | None = None,
        timeout: float = TIMEOUT_S,
        attempt_timeout: float | None = None,
        retries: int = RETRIES,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.base_url = base_url
        self.key_env = key_env
        self.timeout_s = timeout
        self.attempt_timeout_s = attempt_timeout
        self.retries = retries
        self.requests_per_minute = requests_per_minute
        self.tokens_per_minute = tokens_per_minute
        self.max_bytes = max_bytes


class Settings:
    """What `[model]` says. `trusted`: a host wrote it; a project's file is not trusted with keys (docs/models.md)."""

    __slots__ = ("default", "endpoint", "endpoints", "hedge", "prices", "trusted")

    def __init__(
        self,
        *,
        default: str | list[str] | None = None,
        endpoint: EndpointSettings | None = None,
        endpoints: Mapping[str, EndpointSettings] | None = None,
        hedge: float | str | None = None,
        prices: Mapping[str, tuple[float, float]] | None = None,
        trusted: bool = True,
    ) -> None:
        self.default = default
        self.endpoint = endpoint or EndpointSettings()
        self.endpoints = dict(endpoints or {})
        self.hedge = hedge
        self.prices = dict(prices or {})
        self.trusted = trusted

    def of(self, provider: str) -> EndpointSettings:
        """The settings of a provider, or of an endpoint the project has named."""
        if provider in self.endpoints:
            return self.endpoints[provider]
        return self.endpoint if provider == "openai" else _treatment(self.endpoint)


def _treatment(of: EndpointSettings) -> EndpointSettings:
    """The same treatment for another endpoint; its address and its key are its own."""
    return EndpointSettings(
        timeout=of.timeout_s, attempt_timeout=of.attempt_timeout_s, retries=of.retries, max_bytes=of.max_bytes,
        requests_per_minute=of.requests_per_minute, tokens_per_minute=of.tokens_per_minute,
    )  # fmt: skip


def settings_of(table: Mapping[str, Any], *, place: str = "[model]", trusted: bool = False) -> Settings:
    """The settings a table says. Raises `SettingsRefused` for keys there are not and values that make no sense.

    `place` is how messages call it; `trusted` as in `Settings`.
    """
    _known(table, OF_MODEL, place)
    of_endpoint = {name: table[name] for name in OF_ENDPOINT if name in table}
    endpoints = _table(table.get("endpoints", {}), f"{place} endpoints")
    prices = _table(table.get("prices", {}), f"{place} prices")
    return Settings(
        default=_default(table.get("default"), place),
        endpoint=_endpoint(of_endpoint, place),
        endpoints={name: _named(name, each, place) for name, each in endpoints.items()},
        hedge=_hedge(table.get("hedge"), place),
        prices={name: _price(each, f"{place} prices.{name}") for name, each in prices.items()},
        trusted=trusted,
    )


def _known(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for name in table:
        if name not in known:
            near = suggest(name, known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
            if "key" in name.lower() and not near:
                hint = "a key never stands in a file: `key_env` names the environment variable that holds it"
            raise SettingsRefused(f"{place} has an unknown setting `{name}`", hint)


def _table(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SettingsRefused(f"{place} must be a table")
    return value


def _default(value: Any, place: str) -> str | list[str] | None:
    specs = value if isinstance(value, list) else [value]
    if value is not None and (not specs or not all(isinstance(spec, str) and spec.strip() for spec in specs)):
        hint = 'as in: default = "openai:gpt-4o-mini"'
        raise SettingsRefused(f"`default` in {place} is a model, or a list of models", hint)
    return value  # type: ignore[no-any-return]


def _hedge(value: Any, place: str) -> float | str | None:
    if value is None or value == "p95" or (_is_number(value) and value > 0):
        return value  # type: ignore[no-any-return]
    raise SettingsRefused(f'`hedge` in {place} is a number of seconds above 0, or "p95"')


def _named(name: str, table: Any, place: str) -> EndpointSettings:
    from dana.models.endpoints import SCHEMES

    where = f"{place} endpoints.{name}"
    if name in SCHEMES or not name.replace("-", "").replace("_", "").isalnum():
        hint = (
            f"these have a meaning already: {', '.join(sorted(SCHEMES))}" if name in SCHEMES else "letters and digits"
        )
        raise SettingsRefused(f"{where}: an endpoint cannot be called `{name}`", hint)
    found = _table(table, where)
    _known(found, OF_ENDPOINT, where)
    if "base_url" not in found:
        raise SettingsRefused(f"{where} has no `base_url`", 'as in: base_url = "http://127.0.0.1:8000/v1"')
    return _endpoint(found, where)


def _endpoint(table: Mapping[str, Any], place: str) -> EndpointSettings:
    for name in ("base_url", "key_env"):
        if name in table and not (isinstance(table[name], str) and table[name].strip()):
            raise SettingsRefused(f"`{name}` in {place} must be a text")
    if "key_env" in table and not table["key_env"].isidentifier():
        hint = "it is the name of an environment variable, never the key itself"
        raise SettingsRefused(f"`key_env` in {place} is no name of a variable", hint)
    if "base_url" in table:
        from dana.models.endpoints import checked_url

        checked_url(table["base_url"], f"`base_url` in {place}")
    for name in ("timeout", "attempt_timeout", "requests_per_minute", "tokens_per_minute"):
        if name in table and not (_is_number(table[name]) and table[name] > 0):
            raise SettingsRefused(f"`{name}` in {place} must be a number above 0")
    for name, least in (("retries", 0), ("max_bytes", 1)):
        if name in table and (not isinstance(table[name], int) or isinstance(table[name], bool) or table[name] < least):
            raise SettingsRefused(f"`{name}` in {place} must be a whole number of at least {least}")
    return EndpointSettings(**table)


def _price(value: Any, place: str) -> tuple[float, float]:
    table = _table(value, place)
    _known(table, OF_PRICE, place)
    for name in OF_PRICE:
        if not _is_number(table.get(name)) or table[name] < 0:
            raise SettingsRefused(f"{place} needs `{name}`: USD for a million tokens", f"as in: {name} = 0.15")
    return float(table["input"]), float(table["output"])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18
