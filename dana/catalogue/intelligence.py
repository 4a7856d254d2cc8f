"""Codes of the intelligence family: E80x options of `@poet`, E81x how a decorated call can end, E84x `reason`."""

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
        "feedback that nobody can give",
        "`feedback_mode` names who judges results: a simulation needs the option `simulation`, a function of the "
        "arguments and the result that gives a score from 0 to 1; a test without effects needs a function written in "
        "Dana, as what Python code does cannot be held back.",
        "@poet(feedback_mode='simulation')\ndef rate(score: int) -> float:\n    return 3.5\n\nprint(rate(720))\n",
        "def world(inputs: dict, rate: float) -> float:\n    return 1.0 if rate < 5 else 0.0\n\n"
        "@poet(feedback_mode='simulation', simulation=world)\n"
        "def rate(score: int) -> float:\n    return 3.5\n\nprint(rate(720))\n",
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
    "E806": Entry(
        "feedback that nobody would keep",
        "`feedback` keeps what is said about a call in the store of the function: without a store, for a call that is not "
        "known (any more), or when it says nothing, it would be lost. A store is named by `@poet(store=…)`, by the host's "
        "`Engine(store=…)` or `dana run --store`.",
        "@poet(retries=1)\ndef price(item: str) -> float:\n    return 9.5\n\nfeedback(price, ok=true)\n",
        "@poet(retries=1, store='memory:')\ndef price(item: str) -> float:\n    return 9.5\n\nfeedback(price, ok=true)\n",
    ),
    "E807": Entry(
        "a hedge for a function that computes",
        "`hedge` begins a second attempt beside one that waits too long. A function that waits for nobody would "
        "only compute the same twice.",
        "@poet(hedge=0.5)\ndef rate(score: int) -> float:\n    return 3.5\n\nprint(rate(720))\n",
        "@poet(retries=3)\ndef rate(score: int) -> float:\n    return 3.5\n\nprint(rate(720))\n",
    ),
    "E808": Entry(
        "a batch without a result for each item",
        "A function with `batch` is given a list of items and returns a list with one result for each, in the same order; "
        "otherwise nobody can tell whose result is whose. An exception in the list is the failure of that item alone.",
        "@poet(batch={'size': 10})\ndef prices(items: list) -> list:\n    return []\n\nprint(prices('tea'))\n",
        "@poet(batch={'size': 10})\ndef prices(items: list) -> list:\n    return [9.5 for item in items]\n\n"
        "print(prices('tea'))\n",
    ),
    "E809": Entry(
        "a function that cannot run in a process of its own",
        "`isolation` runs the body of a Python function in a worker process, because Python code cannot be stopped where "
        "it is. Dana functions and coroutines are stopped at their deadlines without it; a Python function must stand "
        "at the top of a module, so that the worker finds it.",
        "@poet(isolation='process', timeout=2.0)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
        "@poet(timeout=2.0)\ndef price(item: str) -> float:\n    return 9.5\n\nprint(price('tea'))\n",
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
    "E819": Entry(
        "POET: a plugin cannot be used",
        "The plugin that a function names by its `domain` is there, but cannot be loaded: its file does not compile, fails "
        "where it begins, says its domain, words, settings or readers wrongly, or the package that has it is damaged. The "
        "message names the file. `dana poet plugins check FILE` says everything that is wrong with one written in Dana.",
    ),
    "E827": Entry(
        "POET: a prohibited basis of decisions about credit",
        "The domain `financial_services` makes decisions about credit lawful, and race, colour, religion, national origin, "
        "sex, marital status, age and public assistance are no basis for one (Equal Credit Opportunity Act). A function "
        "with such a parameter is refused where it is decorated. A study of fairness may keep it with "
        "`plugin_config={'prohibited': 'flag'}`: then every decision's record names it.",
        "@poet(domain='financial_services')\ndef limit(score: int, gender: str) -> int:\n    return score * 10\n\n"
        "print(limit(720, 'female'))\n",
        "@poet(domain='financial_services')\ndef limit(score: int) -> int:\n    return score * 10\n\n"
        "print(limit(720))\n",
    ),
    "E823": Entry(
        "POET: no such handler",
        "`perceive_handler`, `enforce_handler` and `train_handler` take a function, or the name of one: of a function of "
        "the same module that is defined above the decorator, or of a handler registered with `register_handler`. It is "
        "looked up once, where the decorator stands.",
        "def plausible(price: float) -> float:\n    return max(price, 0.0)\n\n"
        "@poet(enforce_handler='plausibel')\ndef price() -> float:\n    return 3.5\n\nprint(price())\n",
        "def plausible(price: float) -> float:\n    return max(price, 0.0)\n\n"
        "@poet(enforce_handler='plausible')\ndef price() -> float:\n    return 3.5\n\nprint(price())\n",
    ),
    "E821": Entry(
        "belongs to an engine",
        "`use`, `poet`, `feedback` and `learnable` need an engine around the program. `dana run`, the prompt and "
        "`dana.Engine` are one; a program that is run in another way has none.",
    ),
    "E880": Entry(
        "no such resource",
        "`use` takes the kind and the place of a resource outside the program, in one text or two, and the options "
        "`headers` and `timeout`. There is one kind: `mcp`, the tools of a server of the Model Context Protocol, at "
        "an address of http or https, or a program that is started (`mcp:stdio:python server.py`).",
        "use 'mpc:http://127.0.0.1:9000/mcp' as desk\n",
    ),
    "E881": Entry(
        "a server of tools that does not answer",
        "The connection to a server of tools could not be made, or broke, or took longer than `timeout` (30 s unless "
        "the program says otherwise), or the tool itself failed. Programs catch it as a `RuntimeError`. A server that has "
        "ended is started again by the next call; what was under way is not repeated. After two failures in a row calls "
        "are refused for a while, at first half a second. The package "
        '`mcp` is an extra: `pip install dana[mcp]`. A program in a process of its own (`isolate="process"`) cannot '
        "connect; its host can, and hand a function in.",
    ),
    "E883": Entry(
        "no such tool",
        "A server of tools has no tool of this name; `server.tools()` lists what there is. A name that is none in Dana "
        "is written with `_` in the place of what does not fit, or given to `server.call(name, arguments)`.",
    ),
    "E884": Entry(
        "arguments a tool does not take",
        "The arguments of a tool are checked by the schema its server gave, before anything is sent: names, types, "
        "what must be there. They are plain data: what JSON can say.",
    ),
    "E824": Entry(
        "POET: not above a type",
        "`@poet` makes a function reliable: it retries, checks and bounds its calls. A type has none; its methods have.",
        "@poet\nstruct Point:\n    x: int\n\nprint(Point(1).x)\n",
        "struct Point:\n    x: int\n    @poet\n    def doubled(self) -> int:\n        return self.x * 2\n\n"
        "print(Point(1).doubled())\n",
    ),
    "E822": Entry(
        "a learnable constant that cannot be learnt",
        "`learnable(low, high, start=…)` has bounds that are written out as numbers, the lower one first, and starts "
        "between them; without `start` it starts in the middle. In a function with `@poet` it may not have the name "
        "of an option. `learn` needs such constants, ten scenarios or more, and learning that is not switched off.",
        "setback = learnable(5.0, 2.0)\nprint(setback)\n",
        "setback = learnable(2.0, 5.0, start=3.0)\nprint(setback)\n",
    ),
    "E840": Entry(
        "no language model is configured",
        "`reason` asks a language model, and nobody has said which. Set `DANA_MODEL` (and the provider's key), write "
        "`default` under `[model]` in the project's `dana.toml`, start with `--model=SPEC`, or give `model=` in the call; "
        "`DANA_MOCK_LLM=true` and `use_mock=true` answer with made-up valid values. In programs this is a `ReasonError`.",
        "print(reason('What is the capital of France?'))\n",
        "print(reason('What is the capital of France?', use_mock=true))\n",
    ),
    "E841": Entry(
        "option of reason that makes no sense",
        "The value of an option cannot mean anything: a profile or level there is not, a temperature above 2, a budget "
        "that is no dict, a prompt that is no text. Words that stand in the program are checked before it runs.",
        "print(reason('How many?', profile='finacial', use_mock=true))\n",
        "print(reason('How many?', profile='financial', use_mock=true))\n",
    ),
    "E842": Entry(
        "the model gave no answer",
        "The model was asked and nothing usable came back: no connection, a refused key, too many requests, a request it "
        "does not take. What may pass has been tried again by then. In programs this is a `ReasonError`; `e.retryable` "
        "says whether the same question may be answered later.",
    ),
    "E843": Entry(
        "no valid answer in time",
        "Neither the first answer nor those after it were valid within the `timeout` of the call (60 s unless it says "
        "otherwise) or the seconds of its `budget`. In programs this is a `ReasonError` with `.attempts`.",
    ),
    "E844": Entry(
        "no valid answer",
        "The model was told what was wrong with each of its answers and still gave none of the expected type. Such an "
        "answer is never handed out, and never replaced by 0, false or an empty text: this is an error, in programs a "
        "`ReasonError` with `.attempts` and `.best`. A simpler type, an optional field or more `retries` may help.",
    ),
    "E845": Entry(
        "the budget of a question is used up",
        "The answers so far were not valid, and another attempt would use more tokens or money than the call's `budget` "
        "allows. In programs this is a `ReasonError` with `.attempts`, `.best`, `.tokens` and `.usd`.",
    ),
    "E846": Entry(
        "two answers do not agree",
        'With `safety="maximum"` (also through `profile="financial"`) a question is asked twice, and only a value that '
        "both answers give is handed out. These differ. In programs this is a `ReasonError`; `.best` is the first of them.",
    ),
    "E849": Entry(
        "something that cannot be offered as a tool",
        "`tools=[…]` of `reason` takes functions, methods, structs and resources, and dicts with a `function`. Each needs a "
        "name of its own and parameters that can be given by name. A tool that has side effects needs somebody who "
        "confirms: `confirm=` a function, a person the host asks, or `confirm=false` for nobody.",
        "print(reason('How many?', tools=[3], use_mock=true))\n",
        "def known() -> int:\n    return 3\n\nprint(reason('How many?', tools=[known], use_mock=true))\n",
    ),
    "E848": Entry(
        "a question that does not fit into its window",
        "A `@poet` function says by `context_window` how many tokens a model is shown. Context is cut to what is left "
        "behind the prompt and the type; here these alone are larger, or nothing worth sending would be left of the "
        "context. In programs this is a `ReasonError`. A shorter prompt, a smaller type or a larger window helps.",
    ),
    "E847": Entry(
        "a type no answer can have",
        "A model answers with data: structs, numbers, texts, bools, lists, dicts, tuples, sets, unions and literals. A "
        "function, a resource or a value that is no type cannot be asked for.",
        "print(reason('How many?', type=3, use_mock=true))\n",
        "print(reason('How many?', type=int, use_mock=true))\n",
    ),
}
