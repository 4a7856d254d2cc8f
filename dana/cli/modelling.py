"""`dana models`: which language models are configured, and whether one answers.

    dana models                       what `reason` asks, and which endpoints are known
    dana models check [SPEC]          ask one (without SPEC: the one that is configured) for a word

A model that is named here is asked because the user says so. What a project's `dana.toml` says about addresses and
keys still goes as far as its grants and the flags do.
"""

from __future__ import annotations

import json
import os
import sys

from dana.cli import project
from dana.cli.grants import printable
from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK
from dana.diagnostics import Diagnostic, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.models import Model, Reply, Settings

ACTIONS = ("list", "check")
QUESTION = "Answer with the one word: yes"
TIMEOUT_S = 30.0


def models(options: Options, terminal: Terminal) -> int:
    """`dana models [list | check [SPEC]]`."""
    from dana.models import ModelError

    action = options.words[0] if options.words else "list"
    if action not in ACTIONS:
        near = suggest(action, ACTIONS)
        hint = f"did you mean `dana models {near}`?" if near else f"as in: dana models check {action}"
        raise UsageProblem("E905", f"`dana models` has no action {action!r}", hint)
    most = 2 if action == "check" else 1
    if len(options.words) > most:
        raise UsageProblem("E905", f"`dana models {action}` takes no word {options.words[most]!r}")
    try:
        return _list(options) if action == "list" else _check(options)
    except ModelError as problem:
        terminal.report([Diagnostic(problem.code, printable(str(problem)), hint=printable(problem.hint))])
        return FAILED


def _settings() -> Settings:
    from dana.models import settings_of

    return settings_of(project.model_of(os.getcwd()) or {}, place="[model] in dana.toml")


# --- what is configured -------------------------------------------------------------------------


def _list(options: Options) -> int:
    from dana.models.endpoints import PROVIDERS
    from dana.models.errors import SETUP, ModelMissing
    from dana.models.opening import default_spec
    from dana.models.prices import AS_OF

    settings = _settings()
    hint = ""
    try:
        default = default_spec(os.environ, settings)
    except ModelMissing:
        default, hint = None, SETUP
    rows = [_row(name, settings) for name in (*PROVIDERS, *settings.endpoints)]
    if "json" in options.given:
        sys.stdout.write(json.dumps({"default": default, "endpoints": rows, "prices_as_of": AS_OF}, indent=2) + "\n")
        return OK
    shown = "none" if default is None else " | ".join(default) if isinstance(default, list) else default
    sys.stdout.write(printable(f"reason asks: {shown}") + "\n")
    if hint:
        sys.stdout.write(f"  -> {hint}\n")
    sys.stdout.write("\n")
    width = max(len(row["name"]) for row in rows) + 1
    far = max(len(row["address"]) for row in rows)
    for row in rows:
        sys.stdout.write(printable(f"{row['name'] + ':':<{width}}  {row['address']:<{far}}  {row['key']}") + "\n")
    sys.stdout.write(f"\nprices of the built-in table are as of {AS_OF}; [model.prices] in dana.toml has your own\n")
    return OK


def _row(name: str, settings: Settings) -> dict[str, str]:
    """An endpoint: where it is, and whether its key is there. Never the key."""
    from dana.models.endpoints import KEY, PROVIDERS, URL

    standard, variable, elsewhere = PROVIDERS.get(name, ("", "", ""))
    own = settings.of(name)
    if name == "openai" and os.environ.get(URL):
        address, variable = os.environ[URL], KEY
    else:
        address = (os.environ.get(elsewhere) if elsewhere else None) or own.base_url or standard
        variable = own.key_env or variable
    if not variable:
        return {"name": name, "address": address, "key": "no key"}
    state = "set" if os.environ.get(variable) else "not set"
    return {"name": name, "address": address, "key": f"key from {variable}: {state}"}


# --- does it answer? ----------------------------------------------------------------------------


def _check(options: Options) -> int:
    from asyncio import run

    from dana.cli.granting import policy_of
    from dana.models import open_model

    settings = _settings()
    for each in (settings.endpoint, *settings.endpoints.values()):
        each.retries = 0  # who checks wants to see what is wrong
    spec = options.words[1] if len(options.words) > 1 else None
    policy = policy_of(options.given, os.getcwd())()
    model = open_model(spec, environ=os.environ, settings=settings, policy=policy, trusted=True)
    reply = run(_asked(model))
    if "json" in options.given:
        sys.stdout.write(json.dumps(_facts(model, reply), indent=2) + "\n")
        return OK
    usd = "price not known" if reply.usd is None else f"${reply.usd:.6f}"
    tokens = f"{reply.usage.prompt_tokens} + {reply.usage.completion_tokens} tokens"
    answer = " ".join(reply.text.split())[:80]
    sys.stdout.write(printable(f"{model.name} answers after {reply.took_s * 1000:.0f} ms: {answer!r}") + "\n")
    sys.stdout.write(f"{tokens}, {usd}\n")
    return OK


async def _asked(model: Model) -> Reply:
    from dana.models import Message, Request

    try:
        return await model.complete(Request([Message("user", QUESTION)], timeout_s=TIMEOUT_S))
    finally:
        await model.aclose()


def _facts(model: Model, reply: Reply) -> dict[str, Any]:
    return {
        "model": model.name, "text": reply.text, "took_s": reply.took_s, "usd": reply.usd,
        "prompt_tokens": reply.usage.prompt_tokens, "completion_tokens": reply.usage.completion_tokens,
    }  # fmt: skip
