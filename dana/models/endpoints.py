"""Which address a spec stands for, and which key may go there.

    openai:gpt-4o-mini                      https://api.openai.com/v1, OPENAI_API_KEY (or OPENAI_BASE_URL)
    openrouter:meta-llama/llama-3.1-8b      https://openrouter.ai/api/v1, OPENROUTER_API_KEY
    ollama:llama3.2                         http://127.0.0.1:11434/v1
    lmstudio:…  llamacpp:…  vllm:…          the usual port of each on this machine
    http://127.0.0.1:8000/v1#name           any endpoint that speaks chat completions

A key belongs to an address. Three rules keep it there:

1. A provider's key (OPENAI_API_KEY) goes to the provider's own address, or to the one that the *environment* names
   beside it (OPENAI_BASE_URL); DANA_MODEL_KEY goes to DANA_MODEL_URL.
2. A project's file and a program may name other addresses. The program then needs the permission to connect there
   (`net`), and for a key from a variable the permission to read it (`env`). They may do without a key.
3. A key never travels unencrypted, but on this machine and in a private network.
"""

from __future__ import annotations

from dana.diagnostics import suggest
from dana.models.errors import AuthRefused, SettingsRefused
from dana.models.secrets import Secret
from dana.models.settings import EndpointSettings, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class Permits(Protocol):
        """What decides about permissions: `dana.policy.Policy`, or a program's own."""

        def permits(self, kind: str, target: str) -> bool: ...


# provider → its address, the variable of its key, the variable that names another address.
PROVIDERS: dict[str, tuple[str, str, str]] = {
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", ""),
    "ollama": ("http://127.0.0.1:11434/v1", "", "OLLAMA_HOST"),
    "lmstudio": ("http://127.0.0.1:1234/v1", "", ""),
    "llamacpp": ("http://127.0.0.1:8080/v1", "", ""),
    "vllm": ("http://127.0.0.1:8000/v1", "VLLM_API_KEY", ""),
}
OTHERS = ("scripted", "replay", "mock", "http", "https")
SCHEMES = frozenset(PROVIDERS) | frozenset(OTHERS)
KEY, URL, DEFAULT, MOCK = "DANA_MODEL_KEY", "DANA_MODEL_URL", "DANA_MODEL", "DANA_MOCK_LLM"
NEEDS_KEY = frozenset({"openai", "openrouter"})


class Endpoint:
    """Where a model is: `provider`, `base_url` without a slash at its end, `model`, `key` and how it is treated."""

    __slots__ = ("base_url", "key", "model", "provider", "settings")

    def __init__(
        self, provider: str, base_url: str, model: str, key: Secret | None, settings: EndpointSettings
    ) -> None:
        self.provider = provider
        self.base_url = base_url
        self.model = model
        self.key = key
        self.settings = settings

    @property
    def name(self) -> str:
        """What permissions, ledgers and messages call the model."""
        return (
            f"{self.base_url}#{self.model}" if self.provider in ("http", "https") else f"{self.provider}:{self.model}"
        )

    @property
    def target(self) -> str:
        """`host:port`."""
        return target_of(self.base_url)


def endpoint_of(
    spec: str, environ: Mapping[str, str], settings: Settings, policy: Permits | None, *, trusted: bool = True
) -> Endpoint:
    """The endpoint of a spec. `trusted`: a host or the user gave it; else it goes as far as `policy`.

    Settings that are not trusted go as far as `policy` in any case, without one nowhere.

    Raises `SettingsRefused` for a spec that means nothing, `AuthRefused` for a key that is missing or may not go there.
    """
    scheme, colon, rest = spec.partition(":")
    if scheme in ("http", "https"):
        return _by_address(spec, environ, settings, policy, trusted=trusted)
    if not colon or (scheme not in PROVIDERS and scheme not in settings.endpoints):
        raise unknown_spec(spec, settings)
    if not rest.strip():
        raise SettingsRefused(f"`{spec}` names no model", f"as in: {scheme}:{EXAMPLES.get(scheme, 'name')}")
    own = settings.of(scheme)
    url, key = _address(scheme, own, environ, settings, policy)
    if key is None and scheme in NEEDS_KEY and url == PROVIDERS[scheme][0]:
        hint = f"export {PROVIDERS[scheme][1]}=…, or `base_url` under [model] for another endpoint"
        raise AuthRefused(f"`{spec}` needs a key, and {PROVIDERS[scheme][1]} is not set", hint)
    return Endpoint(scheme, _safe(url, key), rest.strip(), key, own)


EXAMPLES = {"openai": "gpt-4o-mini", "ollama": "llama3.2", "openrouter": "meta-llama/llama-3.1-8b-instruct"}


def unknown_spec(spec: str, settings: Settings) -> SettingsRefused:
    """A spec that stands for nothing."""
    known = [*SCHEMES, *settings.endpoints]
    scheme = spec.partition(":")[0]
    near = suggest(scheme, known)
    shown = "".join(c if c.isprintable() else "\ufffd" for c in spec[:80])
    if near and ":" in spec:
        hint = f"did you mean `{near}:{shown.partition(':')[2]}`?"
    elif ":" not in spec:
        hint = f"say who offers it, as in openai:{shown or 'gpt-4o-mini'} or ollama:{shown or 'llama3.2'}"
    else:
        hint = f"a model begins with one of {', '.join(sorted(known))}"
    return SettingsRefused(f"`{shown}` is no model", hint)


def _by_address(
    spec: str, environ: Mapping[str, str], settings: Settings, policy: Permits | None, *, trusted: bool
) -> Endpoint:
    address, _, model = spec.partition("#")
    url = checked_url(address, "the model's address")
    if not model:
        raise SettingsRefused(f"`{spec[:80]}` names no model", "as in: http://127.0.0.1:8000/v1#name")
    configured = environ.get(URL, "")
    is_own = bool(configured) and checked_url(configured, URL) == url
    if not is_own and not trusted:
        _may_connect(url, policy)
    key = _key(environ, KEY) if is_own else None
    return Endpoint(url.partition(":")[0], _safe(url, key), model, key, settings.of("http"))


def _address(
    scheme: str, own: EndpointSettings, environ: Mapping[str, str], settings: Settings, policy: Permits | None
) -> tuple[str, Secret | None]:
    """The address of a provider and the key that belongs there: the environment's word first, then the file's."""
    standard, variable, elsewhere = PROVIDERS.get(scheme, ("", "", ""))
    if scheme == "openai" and environ.get(URL):
        return checked_url(environ[URL], URL), _key(environ, KEY)
    if elsewhere and environ.get(elsewhere):
        return checked_url(_with_path(scheme, environ[elsewhere]), elsewhere), _key(environ, variable)
    if own.base_url is None:
        key = _key(environ, own.key_env or variable)
        if own.key_env and own.key_env != variable:
            _may_read(own.key_env, settings, policy)
        return standard, key or (_key(environ, KEY) if scheme == "openai" else None)
    url = checked_url(own.base_url, "`base_url`")
    if not settings.trusted and url != standard:
        _may_connect(url, policy)
    if own.key_env is None:
        return url, _key(environ, variable) if url == standard else None
    if not (url == standard and own.key_env == variable):
        _may_read(own.key_env, settings, policy)
    found = _key(environ, own.key_env)
    if found is None:
        raise AuthRefused(f"the environment variable {own.key_env}, which holds the model's key, is not set")
    return url, found


def _with_path(scheme: str, address: str) -> str:
    """OLLAMA_HOST is `host:port`, as its own tools read it."""
    if scheme != "ollama":
        return address
    whole = address if "://" in address else f"http://{address}"
    whole = whole.replace("://0.0.0.0", "://127.0.0.1").rstrip("/")
    return whole if whole.endswith("/v1") else f"{whole}/v1"


def _may_connect(url: str, policy: Permits | None) -> None:
    target = target_of(url)
    if policy is None or not policy.permits("net", target):
        hint = f"--allow-net={target} permits it; an address from the environment ({URL}) needs no permission"
        raise AuthRefused(f"the project or the program asks a model at {target}, which is not granted", hint)


def _may_read(variable: str, settings: Settings, policy: Permits | None) -> None:
    if not settings.trusted and (policy is None or not policy.permits("env", variable)):
        hint = f"--allow-env={variable} permits it"
        raise AuthRefused(f"the project takes its model's key from {variable}, which is not granted", hint)


def _key(environ: Mapping[str, str], variable: str) -> Secret | None:
    text = environ.get(variable, "").strip() if variable else ""
    if not text:
        return None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise AuthRefused(f"what {variable} holds is no key: it has blanks or characters that cannot be sent")
    return Secret(text)


# --- addresses ----------------------------------------------------------------------------------


def checked_url(text: str, place: str) -> str:
    """An address of an endpoint, without a slash at its end. Raises `SettingsRefused`."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SettingsRefused(f"{place} is no address of an endpoint", "as in: http://127.0.0.1:8000/v1")
    if parts.username is not None or "@" in parts.netloc:
        raise SettingsRefused(
            f"{place} holds no user and no key", "a key comes from an environment variable: `key_env`"
        )
    if parts.query or parts.fragment or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise SettingsRefused(f"{place} is an address without query, blanks and fragment")
    return text.rstrip("/")


def target_of(url: str) -> str:
    """`host:port` of an address."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _safe(url: str, key: Secret | None) -> str:
    """The address, if the key may travel there."""
    if key is not None and url.startswith("http:") and not _is_near(url):
        hint = "use https; without encryption a key goes to this machine and to private addresses only"
        raise SettingsRefused(f"the key would go to {target_of(url)} unencrypted", hint)
    return url


def _is_near(url: str) -> bool:
    """Whether it is this machine, a private address, or a name that only a private network knows."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".lan", ".internal", ".home.arpa"))
    return address.is_private or address.is_loopback
