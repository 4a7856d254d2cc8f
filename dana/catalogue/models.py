"""Codes of language models: why there was no reply (E85x)."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E850": Entry(
        "no such model",
        "No language model is configured, or the endpoint has none of that name. Dana has no default model:\n"
        "`DANA_MODEL`, `default` under `[model]` in `dana.toml`, `--model` or a host says which one is asked. `dana\n"
        "models` shows what is configured, `dana models check` asks it for a word.",
    ),
    "E851": Entry(
        "a model's endpoint refuses the request",
        "The key is missing, wrong, or may not go to that address; the request is longer than the model can read; the\n"
        "provider's filter keeps it back; or the endpoint does not know something in it. Asking again would end the\n"
        "same, so nothing is retried. Keys come from environment variables and are never shown.",
    ),
    "E852": Entry(
        "a model gave no reply",
        "There was no connection, or it broke; the endpoint failed, took no more requests, or took too long. It was\n"
        "asked again as often as the settings and the limit of time allow. After many failures in a row an endpoint\n"
        "is left alone for some seconds. A list of models under `default` asks the next one instead.",
    ),
    "E853": Entry(
        "a script or recording has no reply",
        "`scripted:` models give the replies of a file, each once and in order; `replay:` models those that were\n"
        "recorded for the same question. What was asked is in neither. The message says which question it was, and\n"
        "for a recording in which lines it differs from the nearest one.",
    ),
    "E854": Entry(
        "a model's settings are wrong",
        "What names a model (`openai:gpt-4o-mini`, `http://127.0.0.1:8000/v1#name`, `scripted:replies.jsonl`) is no\n"
        "name of one, or the table `[model]` in `dana.toml` has a setting that does not exist or a value that makes\n"
        "no sense. docs/models.md lists all of them.",
    ),
}
