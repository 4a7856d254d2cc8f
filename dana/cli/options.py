"""Reading the command line: the verb, its options, its words.

Options may stand before or after the other words; `--` ends them. Every option is a row of `TABLE`,
so a wrong one can name the right one.
"""

from __future__ import annotations

import sys

from dana.diagnostics import Diagnostic, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence
    from typing import Any


class UsageProblem(Exception):
    """The command line is wrong; `diagnostic` says how."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, hint=hint)


class Options:
    """A command line that was understood: the verb, whether it was written, its words in order, its options."""

    __slots__ = ("given", "named", "verb", "words")

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.named = True
        self.words: list[str] = []
        self.given: dict[str, Any] = {}

    @property
    def help(self) -> bool:
        return "help" in self.given

    def colour(self, automatic: bool) -> bool:
        """Whether to paint: what `--colour`/`--no-colour` says, else what the terminal suggests."""
        return bool(self.given.get("colour", automatic))


# What an option's value is, in words for messages, and the function that reads it.


def _count(text: str) -> int:
    value = int(text.replace("_", ""))
    if value <= 0:
        raise ValueError
    return value


def _seconds(text: str) -> float:
    for unit, size in (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)):
        if text.endswith(unit):
            value = float(text[: -len(unit)]) * size
            break
    else:
        value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _size(text: str) -> int:
    """Bytes: `65536`, `500K`, `256M`, `1.5G`, with or without a `B` at the end."""
    digits = text.upper().removesuffix("B").removesuffix("I")
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(digits[-1:], 1)
    value = int(float(digits[:-1]) * unit) if unit > 1 else int(digits.replace("_", ""))
    if value <= 0:
        raise ValueError
    return value


def _style(text: str) -> str:
    if text not in ("indent", "braces"):
        raise ValueError
    return text


def _kind(text: str) -> str:
    if text not in ("application", "library", "embedded"):
        raise ValueError
    return text


def _detail(text: str) -> str:
    if text not in ("summary", "key", "diagnostic", "full"):
        raise ValueError
    return text


def _text(text: str) -> str:
    return text


def _store(text: str) -> str:
    if text.endswith(".na"):  # the program that was meant to run
        raise ValueError
    return text


def _seed(text: str) -> int:
    value = int(text.replace("_", ""))
    if value < 0:
        raise ValueError
    return value


def _patterns(text: str) -> tuple[str, ...]:
    """`a,b` as two patterns; `,,` is a comma in one."""
    parts = [part.replace("\0", ",") for part in text.replace(",,", "\0").split(",")]
    if not all(part.strip() for part in parts):
        raise ValueError
    return tuple(parts)


def _model(text: str) -> str:
    provider, colon, _name = text.partition(":")
    if not colon or not provider.replace("-", "_").isidentifier():
        raise ValueError
    return text


def _tip(text: str) -> str:
    number, colon, digits = text.partition(":")
    if not (number.isdecimal() and colon and len(digits) == 64 and set(digits) <= set("0123456789abcdef")):
        raise ValueError
    return text


SEED = ("a whole number, as in 42", _seed)
FILE = ("the name of a file", _text)
WORDS = ("words of tests' names, as in 'total and not tax'", _text)
COUNT = ("a whole number above 0, as in 5000 or 5_000_000", _count)
STYLE = ("`indent` or `braces`", _style)
KIND = ("`application`, `library` or `embedded`", _kind)
DETAIL = ("`summary`, `key`, `diagnostic` or `full`", _detail)
SIZE = ("a number of bytes, as in 100_000, 500K, 256M or 1.5G", _size)
SECONDS = ("seconds, as in 2, 0.5, 200ms or 3m", _seconds)
PATTERNS = ("what is meant, joined by commas, as in data,notes.txt", _patterns)
CODE = ("a Dana program, in quotes", _text)
TEXT = ("a text, in quotes", _text)
PARAMETERS = ("names of parameters, joined by commas, as in timeout,retries", _patterns)
GLOB = ("a pattern, as in poet.* or loans.score", _text)
NAME = ("a name", _text)
STORE = ("a .db file, a folder of JSON files, or a URL such as postgresql://host/database", _store)
TIP = ("a tip as `dana audit verify` prints it: a number, a colon, 64 hex digits", _tip)

MODEL = ("a language model, as in openai:gpt-4o-mini or ollama:llama3.2", _model)

RUNS = frozenset({"run", "repl"})
REWRITES = frozenset({"fmt", "fix"})
TESTS = frozenset({"test"})
# What can be granted; `dana.policy` says what each is.
KINDS = ("read", "write", "net", "env", "run", "python", "model")
REACHES = RUNS | TESTS | {"models"}
COMPILES = frozenset({"run", "check", "tokens", "tree", "ast", "lower"})
EVERY = (
    COMPILES
    | RUNS
    | TESTS
    | REWRITES
    | {"explain", "new", "doctor", "completions", "grant", "grants", "poet", "ledger", "audit", "help", "version"}
    | {"replay", "models", "meta"}
)

# spelling → (key, what kind of value it takes (None: a switch), the switch's value, verbs that know it)
TABLE: dict[str, tuple[str, tuple[str, Callable[[str], Any]] | None, Any, frozenset[str]]] = {
    "-h": ("help", None, True, EVERY),
    "--help": ("help", None, True, EVERY),
    "-V": ("version", None, True, EVERY),
    "--version": ("version", None, True, EVERY),
    "--colour": ("colour", None, True, EVERY),
    "--color": ("colour", None, True, EVERY),
    "--no-colour": ("colour", None, False, EVERY),
    "--no-color": ("colour", None, False, EVERY),
    "-e": ("code", CODE, None, COMPILES),
    "--eval": ("code", CODE, None, COMPILES),
    "--steps": ("steps", COUNT, None, RUNS),
    "--depth": ("depth", COUNT, None, RUNS),
    "--time": ("time", SECONDS, None, RUNS),
    "--memory": ("memory", SIZE, None, RUNS),
    "--output": ("output", SIZE, None, RUNS),
    "--no-limits": ("no_limits", None, True, RUNS),
    "--isolate": ("isolate", None, True, frozenset({"run"})),
    "--record": ("record", FILE, None, frozenset({"run"})),
    "--metrics": ("metrics", FILE, None, frozenset({"run"})),
    "--model": ("model", MODEL, None, RUNS),
    "--no-cache": ("no_cache", None, True, RUNS | TESTS),
    "-k": ("select", WORDS, None, TESTS),
    "--watch": ("watch", None, True, TESTS),
    "--junit": ("junit", FILE, None, TESTS),
    "--jobs": ("jobs", COUNT, None, TESTS),
    "-j": ("jobs", COUNT, None, TESTS),
    "--update-snapshots": ("update_snapshots", None, True, TESTS),
    "--seed": ("seed", SEED, None, TESTS),
    "--cover": ("cover", None, True, TESTS),
    "--slowest": ("slowest", COUNT, None, TESTS),
    "--check": ("check", None, True, REWRITES),
    "--diff": ("diff", None, True, REWRITES),
    "--style": ("style", STYLE, None, frozenset({"fmt"})),
    "--kind": ("kind", KIND, None, frozenset({"new"})),
    "--json": ("json", None, True, frozenset({"check", "poet", "ledger", "audit", "replay", "models", "meta"})),
    "-A": ("allow_all", None, True, REACHES),
    "--allow-all": ("allow_all", None, True, REACHES),
    **{f"--allow-{kind}": (f"allow_{kind}", PATTERNS, None, REACHES) for kind in KINDS},
    **{f"--deny-{kind}": (f"deny_{kind}", PATTERNS, None, REACHES) for kind in KINDS},
    "--no-prompt": ("no_prompt", None, True, REACHES),
    "--yes": ("yes", None, True, frozenset({"grant", "poet"})),
    "--revoke": ("revoke", None, True, frozenset({"grant"})),
    "--store": ("store", STORE, None, frozenset({"poet", "run"})),
    "--domain": ("domain", NAME, None, frozenset({"poet"})),
    "--key": ("key", FILE, None, frozenset({"poet"})),
    "--only": ("only", PARAMETERS, None, frozenset({"poet"})),
    "--limit": ("limit", COUNT, None, frozenset({"poet", "ledger"})),
    "--event": ("kind_of_event", GLOB, None, frozenset({"ledger"})),
    "--subject": ("subject", GLOB, None, frozenset({"ledger"})),
    "--run": ("run", NAME, None, frozenset({"ledger", "replay"})),
    "--trace": ("trace", NAME, None, frozenset({"ledger"})),
    "--detail": ("detail", DETAIL, None, frozenset({"ledger"})),
    "--anchor": ("anchor", TIP, None, frozenset({"audit", "ledger"})),
    "--reason": ("reason", TEXT, None, frozenset({"meta"})),
    "--ledger": ("ledger", FILE, None, frozenset({"meta"})),
}


def split_verb(words: Sequence[str], verbs: Container[str]) -> tuple[str, list[str]]:
    """The verb and what follows; a command line that begins with anything else runs a program."""
    for at, word in enumerate(words):
        if word in ("--version", "-V"):
            return "version", []
        if word in verbs:
            return word, [*words[:at], *words[at + 1 :]]
        if word not in TABLE or TABLE[word][1] is not None:
            break
    if not words and sys.stdin.isatty():
        return "repl", []
    if words and all(w in TABLE and TABLE[w][0] in ("help", "colour") for w in words):
        return "help", list(words)
    return "run", list(words)


def read(verb: str, words: Iterable[str]) -> Options:
    """Sort `words` into options and the rest. Raises `UsageProblem`."""
    options = Options(verb)
    rest = iter(words)
    for word in rest:
        if word == "--":
            options.words.extend(rest)
        elif word[:1] != "-" or word == "-":
            options.words.append(word)
        else:
            _read_option(options, word, rest)
    return options


def _read_option(options: Options, word: str, rest: Iterable[str]) -> None:
    spelling, equals, attached = word.partition("=")
    if spelling not in TABLE or options.verb not in TABLE[spelling][3]:
        raise _unknown(spelling, options.verb)
    key, kind, switched, _ = TABLE[spelling]
    if kind is None:
        if equals:
            raise UsageProblem("E904", f"option {spelling} takes no value", f"write {spelling} alone")
        options.given[key] = switched
        return
    wanted, convert = kind
    if kind is PATTERNS:
        _read_patterns(options, key, spelling, attached if equals else None)
        return
    value = attached if equals else next(iter(rest), None)
    if value is None:
        raise UsageProblem("E904", f"option {spelling} needs a value", f"it takes {wanted}")
    try:
        options.given[key] = convert(value)
    except ValueError:
        raise UsageProblem("E904", f"option {spelling} cannot be {value!r}", f"it takes {wanted}") from None


def _read_patterns(options: Options, key: str, spelling: str, attached: str | None) -> None:
    """`--allow-read` alone means everything; what is meant otherwise stands behind `=`, and adds up."""
    if attached is None:
        options.given[key] = True
        return
    try:
        more = _patterns(attached)
    except ValueError:
        raise UsageProblem("E904", f"option {spelling} cannot be {attached!r}", f"it takes {PATTERNS[0]}") from None
    held = options.given.get(key, ())
    options.given[key] = held if held is True else (*held, *more)


def _unknown(spelling: str, verb: str) -> UsageProblem:
    known = [s for s, row in TABLE.items() if verb in row[3]]
    if spelling in TABLE:
        homes = " or ".join(f"`dana {v}`" for v in sorted(TABLE[spelling][3]))
        return UsageProblem("E901", f"`dana {verb}` has no option {spelling}", f"it belongs to {homes}")
    near = suggest(spelling, known)
    hint = f"did you mean {near}?" if near else f"`dana {verb} --help` lists the options"
    return UsageProblem("E901", f"unknown option {spelling}", hint)
