"""Codes of the intelligence family: E80x options of `@poet`, E81x how a decorated call can end."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E801": Entry(
        "unknown option of @poet",
        "`@poet` knows every one of its options, and refuses the others before the program runs: an option that is "
        "misspelt would otherwise silently not be there.",
        "@poet(retrys=3)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
        "@poet(retries=3)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
    ),
    "E802": Entry(
        "option of @poet that does not exist yet",
        "The option is part of POET's design, but this version does not do what it says. It is refused, so that no "
        "program relies on something that does not happen.",
        "@poet(hedge=0.5)\ndef rate(score: int) -> float:\n    return 3.5\n\nprint(rate(720))\n",
        "@poet(retries=3)\ndef rate(score: int) -> float:\n    return 3.5\n\nprint(rate(720))\n",
    ),
    "E803": Entry(
        "option of @poet of the wrong type",
        "Every option takes one kind of value: `retries` a whole number (never true or false), `timeout` and the "
        "`backoff` options seconds, the handlers functions (themselves, not their names as text). A constant is "
        "checked before the program runs, anything else where the decorator stands.",
        "@poet(retries=\"3\")\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
        "@poet(retries=3)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
    ),
    "E804": Entry(
        "option of @poet outside its range",
        "The value has the right type but makes no sense: a negative number of retries, a timeout of 0 seconds, "
        "a kind of jitter that does not exist. `retries=0` means exactly one call, `timeout=None` no deadline.",
        "@poet(timeout=0)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
        "@poet(timeout=None)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
    ),
    "E805": Entry(
        "options of @poet are written by name",
        "`@poet` takes no positional arguments and no `**options`: each option is written out, so that it can be "
        "checked before the program runs, and read by the next person.",
        "@poet(3)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
        "@poet(retries=3)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
    ),
    "E810": Entry(
        "POET: the arguments were refused",
        "The `perceive_handler` of the function raised an error, or returned something that is no dict of its "
        "arguments. The function was not called, and nothing is retried: the same arguments would be refused again. "
        "In programs this is a `POETPerceiveError`.",
        "def known(score):\n    if score > 850:\n        raise 'a score is at most 850'\n\n"
        "@poet(perceive_handler=known)\ndef rate(score: int) -> float:\n    return 3.5\n\nprint(rate(900))\n",
        "def known(score):\n    if score > 850:\n        return {'score': 850}\n\n"
        "@poet(perceive_handler=known)\ndef rate(score: int) -> float:\n    return 3.5\n\nprint(rate(900))\n",
    ),
    "E811": Entry(
        "POET: every attempt failed",
        "The function failed in its first attempt and in every retry its options allow. The notes list all attempts "
        "with their faults and the waits between them. In programs this is a `POETOperateError`; it is also an error "
        "of the last fault's type, so that `except ConnectionError` still catches it.",
        "@poet(retries=2, backoff=0)\ndef fetch() -> str:\n    raise ConnectionError('refused')\n\nprint(fetch())\n",
        "@poet(retries=2, backoff=0)\ndef fetch() -> str:\n    raise ConnectionError('refused')\n\n"
        "try:\n    print(fetch())\nexcept POETError as e:\n    print('no answer, working with the last known value')\n",
    ),
    "E812": Entry(
        "POET: the timeout was reached",
        "The call (all attempts, the waits between them, and both handlers) took longer than its `timeout`. "
        "Dana code is stopped when that happens; a call into Python code that returns too late fails when it returns. "
        "In programs this is a `POETTimeoutError`.",
        "@poet(timeout=0.02)\ndef search() -> int:\n    n = 0\n    while n >= 0:\n        n += 1\n    return n\n\n"
        "print(search())\n",
        "@poet(timeout=5)\ndef search() -> int:\n    n = 0\n    while n < 1000:\n        n += 1\n    return n\n\n"
        "print(search())\n",
    ),
    "E813": Entry(
        "POET: no acceptable result",
        "The `enforce_handler` of the function refused the result (it raised an error) of every attempt. A result "
        "that was refused is never handed out. A handler that returns None for a result that is something has "
        "forgotten its `return`, and is refused at once. In programs this is a `POETEnforceError`.",
        "def plausible(power):\n    if power > 100:\n        raise 'more than 100 %'\n    return power\n\n"
        "@poet(retries=1, backoff=0, enforce_handler=plausible)\n"
        "def heating(cold: float) -> float:\n    return cold * 30\n\nprint(heating(4.0))\n",
        "def plausible(power):\n    return min(power, 100.0)\n\n"
        "@poet(retries=1, backoff=0, enforce_handler=plausible)\n"
        "def heating(cold: float) -> float:\n    return cold * 30\n\nprint(heating(4.0))\n",
    ),
    "E814": Entry(
        "a handler does not fit its function",
        "A `perceive_handler` takes parameters named like the function's (it is given these arguments), or one "
        "parameter for all of them as a dict. An `enforce_handler` takes the result, and optionally the call. "
        "Anything else is an error where the decorator stands.",
        "def clean(income, branch):\n    return {'income': income * 12}\n\n"
        "@poet(perceive_handler=clean)\ndef rate(score: int, income: float) -> float:\n    return 3.5\n\n"
        "print(rate(720, 4000.0))\n",
        "def clean(income):\n    return {'income': income * 12}\n\n"
        "@poet(perceive_handler=clean)\ndef rate(score: int, income: float) -> float:\n    return 3.5\n\n"
        "print(rate(720, 4000.0))\n",
    ),
    "E815": Entry(
        "POET: the circuit breaker is open",
        "So many of the last calls failed that the function is not called for a while: whoever does not answer gets "
        "time to recover, and callers do not wait in vain. After the open time one call is let through to find out. "
        "In programs this is a `POETCircuitOpenError` with `.retry_after` in seconds.",
        "@poet(retries=0, breaker={'least': 1, 'window': 1})\ndef fetch() -> str:\n"
        "    raise ConnectionError('down')\n\ntry:\n    fetch()\n"
        "except ConnectionError:\n    print('no answer')\nfetch()\n",
        "@poet(retries=0, breaker={'least': 1, 'window': 1}, fallback=lambda: 'the last known value')\n"
        "def fetch() -> str:\n    raise ConnectionError('down')\n\nprint(fetch())\nprint(fetch())\n",
    ),
    "E816": Entry(
        "POET: too many calls at once",
        "As many calls of the function as its `bulkhead` has places for are under way. Calls of a lower priority "
        "leave some places to those of a higher one. In programs this is a `POETBulkheadFullError`.",
        "@poet(bulkhead=1)\ndef depth(n: int) -> int:\n"
        "    return 0 if n == 0 else depth(n - 1) + 1\n\nprint(depth(2))\n",
        "@poet(bulkhead=3, priority='critical')\ndef depth(n: int) -> int:\n"
        "    return 0 if n == 0 else depth(n - 1) + 1\n\nprint(depth(2))\n",
    ),
    "E817": Entry(
        "POET: a person denied the call",
        "The function asks a person (`interrupts`), who said no, or whose correction does not fit its parameters. In "
        "programs this is a `POETInterruptError`.",
    ),
    "E818": Entry(
        "POET: a plugin failed",
        "A plugin of the function made a mistake of its own. For most functions the call goes on without the plugin, "
        "with a warning; a `safety_critical` function gives no result that was not checked. In programs this is a "
        "`POETPluginError`.",
        "def judge(power):\n    return min(power, {'cold': 1}['power'])\n\n"
        "@poet(custom_plugin={'enforce': judge}, safety_critical=true)\n"
        "def heating(cold: float) -> float:\n    return cold * 30\n\nprint(heating(2.0))\n",
        "def judge(power):\n    return min(power, 100.0)\n\n"
        "@poet(custom_plugin={'enforce': judge}, safety_critical=true)\n"
        "def heating(cold: float) -> float:\n    return cold * 30\n\nprint(heating(2.0))\n",
    ),
    "E820": Entry(
        "no language model",
        "`reason` and its relatives ask a language model, which this version of Dana cannot do yet.",
        "print(reason('What is the capital of France?'))\n",
    ),
    "E821": Entry(
        "no external resources",
        "`use` and `get_resource` connect to tools outside the program, which this version of Dana cannot do yet.",
        "tools = use('mcp:http://127.0.0.1:9000')\n",
    ),
    "E822": Entry(
        "not learning yet",
        "This belongs to what POET learns from running, which this version of Dana does not have yet.",
        "feedback('the room was too cold')\n",
    ),
    "E824": Entry(
        "agents do not run yet",
        "Agents are parsed and checked, but this version of Dana cannot run them yet.",
        "agent Helper\n\nprint(Helper.solve('a riddle'))\n",
    ),
}
