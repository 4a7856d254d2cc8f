"""Keys: where they may go, and that they are seen nowhere."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys

import pytest

from dana.models import AuthRefused, ModelError, Secret, SettingsRefused, open_model, settings_of
from dana.models.endpoints import endpoint_of
from dana.models.secrets import scrubbed
from dana.models.settings import Settings
from dana.policy import Allow, Policy
from tests.models.conftest import asked, model_at, run
from tests.servers.models import ModelServer

CANARY = "sk-canary-0123456789abcdefghij"
EVIL = "https://evil.example/v1"


def test_a_secret_is_used_and_never_shown():
    secret = Secret(CANARY)
    assert secret.reveal() == CANARY
    assert {repr(secret), str(secret), f"{secret}", f"{secret!r:>5}".strip(), "%s" % secret} == {"***"}  # noqa: UP031
    assert secret == Secret(CANARY) != Secret("other")
    assert copy.deepcopy([secret])[0] is secret
    for forbidden in (pickle.dumps, json.dumps, hash, vars, len):
        with pytest.raises(TypeError) as caught:
            forbidden(secret)
        assert CANARY not in str(caught.value)
    with pytest.raises(ValueError, match="not an empty one"):
        Secret("")


def test_what_a_stranger_says_is_scrubbed():
    secret = Secret(CANARY)
    said = f"wrong key {CANARY}, or sk-can***********fghij? and sk-canary-01 and Bearer abcdefghijkl"
    found = scrubbed(said, secret)
    assert "canary" not in found
    assert "fghij" not in found
    assert "abcdefghijkl" not in found
    assert scrubbed("a plain sentence", secret) == "a plain sentence"


def test_the_canary_is_in_no_error_reply_recording_or_repr(tmp_path, capfd):
    """Every way out of a client whose endpoint echoes the key."""
    answers = {
        "echo": CANARY,
        "bad": {"status": 400, "error": {"message": f"you sent {CANARY}"}},
        "forbidden": {"status": 403, "error": {"message": f"not with {CANARY[:12]}…"}},
        "down": {"status": 500, "error": {"message": CANARY}},
        "moved": {"status": 307, "headers": {"Location": f"https://evil.example/{CANARY}"}},
        "nonsense": {"content": [CANARY]},
    }
    path = tmp_path / "calls.jsonl"
    seen = []
    with ModelServer(lambda body: answers[body["messages"][0]["content"]], key=CANARY) as server:
        environ = {"DANA_MODEL_URL": server.url, "DANA_MODEL_KEY": CANARY}
        for question in answers:
            model = model_at(server, spec=f"replay:{path}?record=openai:test", environ=environ, retries=0)
            streaming = model_at(server, spec="openai:test", environ=environ, retries=0)
            for ask in (model.complete, lambda request, m=streaming: last(m.stream(request))):
                try:
                    seen.append(repr(run(ask(asked(question)))))
                except ModelError as error:
                    seen += [repr(error), str(error), error.hint, repr(error.__cause__), repr(vars(error))]
            seen += [repr(model), repr(streaming), repr(streaming._endpoint), model.name]
        assert server.headers[0]["authorization"] == f"Bearer {CANARY}"
        wrong = model_at(server, spec="openai:test", environ={**environ, "DANA_MODEL_KEY": CANARY + "x"}, retries=0)
        with pytest.raises(AuthRefused) as caught:
            run(wrong.complete(asked("echo")))
        seen.append(str(caught.value))
    printed = capfd.readouterr()
    everything = "\n".join([*seen, path.read_text() if path.exists() else "", printed.out, printed.err])
    assert "***" in everything
    assert CANARY not in everything
    assert CANARY[:12] not in everything


async def last(stream):
    *texts, reply = [piece async for piece in stream]
    assert "".join(texts) == reply.text
    return reply


def test_keys_do_not_follow_redirects():
    with ModelServer(lambda _body: "stolen") as other:
        moved = {"status": 307, "headers": {"Location": f"{other.url}/chat/completions"}}
        with ModelServer(lambda _body: moved) as server:
            environ = {"DANA_MODEL_URL": server.url, "DANA_MODEL_KEY": CANARY}
            with pytest.raises(ModelError, match="keys do not follow"):
                run(model_at(server, spec="openai:test", environ=environ).complete(asked()))
        assert other.headers == []


def endpoint(spec, environ, settings=None, policy=None, *, trusted=True):
    return endpoint_of(spec, environ, settings or Settings(), policy, trusted=trusted)


def test_a_key_goes_to_its_own_address():
    environ = {"OPENAI_API_KEY": "o", "DANA_MODEL_KEY": "d", "OPENROUTER_API_KEY": "r"}
    found = endpoint("openai:x", environ)
    assert (found.base_url, found.key) == ("https://api.openai.com/v1", Secret("o"))
    found = endpoint("openai:x", {**environ, "OPENAI_BASE_URL": "https://proxy.example/v1/"})
    assert (found.base_url, found.key) == ("https://proxy.example/v1", Secret("o"))
    found = endpoint("openai:x", {**environ, "DANA_MODEL_URL": "https://own.example/v1"})
    assert (found.base_url, found.key) == ("https://own.example/v1", Secret("d"))
    assert endpoint("openrouter:x", environ).key == Secret("r")
    assert endpoint("ollama:x", environ).key is None
    assert endpoint("ollama:x", {"OLLAMA_HOST": "0.0.0.0:99"}).base_url == "http://127.0.0.1:99/v1"
    assert endpoint(f"{EVIL}#x", environ).key is None
    assert endpoint("https://own.example/v1#x", {**environ, "DANA_MODEL_URL": "https://own.example/v1"}).key == Secret(
        "d"
    )


def test_a_projects_file_cannot_send_keys_away():
    environ = {"OPENAI_API_KEY": CANARY, "AWS_SECRET": CANARY}
    for table in (
        {"base_url": EVIL, "key_env": "OPENAI_API_KEY"},
        {"base_url": EVIL},
        {"key_env": "AWS_SECRET"},
        {"endpoints": {"house": {"base_url": EVIL, "key_env": "OPENAI_API_KEY"}}},
    ):
        spec = "house:x" if "endpoints" in table else "openai:x"
        for policy in (None, Policy(), Policy(Allow(model=["*"]))):
            with pytest.raises(AuthRefused) as caught:
                endpoint(spec, environ, settings_of(table), policy)
            assert CANARY not in str(caught.value)
    # The address may be granted, and a key of its own as well.
    settings = settings_of({"base_url": EVIL, "key_env": "HOUSE_KEY"})
    environ["HOUSE_KEY"] = "h"
    with pytest.raises(AuthRefused, match="HOUSE_KEY, which is not granted"):
        endpoint("openai:x", environ, settings, Policy(Allow(net=["evil.example"])))
    granted = Policy(Allow(net=["evil.example"], env=["HOUSE_KEY"]))
    assert endpoint("openai:x", environ, settings, granted).key == Secret("h")
    # A default of the file is not trusted more than the file.
    with pytest.raises(AuthRefused):
        open_model(None, environ={}, settings=settings_of({"default": f"{EVIL}#x"}), policy=Policy())


def test_a_program_cannot_name_any_address_or_file(tmp_path):
    for spec in (f"{EVIL}#x", "http://127.0.0.1:1/v1#x", f"scripted:{tmp_path}/a", f"replay:{tmp_path}/a"):
        with pytest.raises(AuthRefused):
            open_model(spec, environ={}, policy=Policy(Allow(model=["*"])))
    (tmp_path / "a").write_text("")
    policy = Policy(Allow(read=[str(tmp_path)]))
    assert open_model(f"replay:{tmp_path}/a", environ={}, policy=policy)
    with pytest.raises(AuthRefused, match="may not write"):
        open_model(f"replay:{tmp_path}/a?record=mock:", environ={}, policy=policy)


def test_no_key_travels_unencrypted():
    environ = {"DANA_MODEL_URL": "http://models.example/v1", "DANA_MODEL_KEY": CANARY}
    with pytest.raises(SettingsRefused, match="unencrypted"):
        endpoint("openai:x", environ)
    for near in ("http://10.0.0.5/v1", "http://localhost:1/v1", "http://[::1]:1/v1", "http://gpu.internal/v1"):
        assert endpoint("openai:x", {**environ, "DANA_MODEL_URL": near}).key == Secret(CANARY)
    with pytest.raises(AuthRefused, match="cannot be sent") as caught:
        endpoint("openai:x", {"OPENAI_API_KEY": "two words"})
    assert "two" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "said", "hint"),
    [
        ({"defualt": "x"}, "unknown setting `defualt`", "did you mean `default`?"),
        ({"api_key": CANARY}, "unknown setting `api_key`", "never stands in a file"),
        ({"key_env": CANARY}, "no name of a variable", "never the key itself"),
        ({"default": []}, "`default` in [model]", "as in"),
        ({"timeout": 0}, "`timeout` in [model] must be a number above 0", ""),
        ({"retries": True}, "`retries` in [model] must be a whole number", ""),
        ({"hedge": "p99"}, "`hedge` in [model]", ""),
        ({"base_url": "ftp://x"}, "is no address", "http://127.0.0.1:8000/v1"),
        ({"base_url": "http://me:pw@host/v1"}, "holds no user and no key", "key_env"),
        ({"prices": {"m": {"input": 1}}}, "needs `output`", "output = 0.15"),
        ({"prices": {"m": {"input": 1, "output": 1, "cached": 1}}}, "unknown setting `cached`", ""),
        ({"endpoints": {"openai": {"base_url": "http://x/v1"}}}, "cannot be called `openai`", ""),
        ({"endpoints": {"house": {}}}, "has no `base_url`", ""),
        ({"endpoints": {"house": {"base_url": "http://x/v1", "tiemout": 3}}}, "`tiemout`", "did you mean `timeout`?"),
    ],
)
def test_settings_that_mean_nothing_are_refused_by_name(table, said, hint):
    with pytest.raises(SettingsRefused) as caught:
        settings_of(table)
    assert said in str(caught.value)
    assert hint in caught.value.hint
    assert CANARY not in str(caught.value) + caught.value.hint


def test_prices_are_the_tables_the_projects_or_unknown():
    from dana.models.messages import Usage
    from dana.models.prices import cost, price_of

    usage = Usage(1_000_000, 1_000_000)
    assert cost(price_of("openai", "gpt-4o-mini-2024-07-18", {}), usage) == pytest.approx(0.75)
    assert cost(price_of("openai", "gpt-4o-mini", {"gpt-4o-mini": (1, 1)}), usage) == 2
    assert cost(price_of("vllm", "gpt-4o-mini", {}), usage) is None


def test_the_command_shows_what_is_configured_and_no_key(tmp_path):
    (tmp_path / "dana.toml").write_text(
        'name = "demo"\nversion = "0.1.0"\n[model]\ndefault = "mock:"\n[model.endpoints.house]\nbase_url = "http://10.0.0.5/v1"\n'
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DANA_MO", "OPENAI"))}
    environ = {**kept, "OPENAI_API_KEY": CANARY}

    def dana(*words):
        words = [sys.executable, "-m", "dana", "models", *words]
        return subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    listed = dana()
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "reason asks: mock:" in listed.stdout
    assert "key from OPENAI_API_KEY: set" in listed.stdout
    assert "http://10.0.0.5/v1" in listed.stdout
    checked = dana("check", "--json")
    assert json.loads(checked.stdout)["model"] == "mock:"
    refused = dana("check", "house:x")
    assert (refused.returncode, "E851" in refused.stderr) == (1, True)
    with ModelServer(lambda _body: "yes") as server:
        answered = dana("check", server.spec())
    assert "answers after" in answered.stdout
    assert CANARY not in listed.stdout + answered.stdout + refused.stderr
