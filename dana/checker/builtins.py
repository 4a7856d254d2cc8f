"""Every name a Dana program has without importing anything, with its signature.

The runtime offers exactly these (`dana/runtime/builtins.py`). `FUNCTIONS` holds signature texts,
`TYPES` the names that are types as well, `VALUES` plain values, `REFUSED` what Dana leaves out of
Python on purpose, with the reason and the alternative.
"""

from __future__ import annotations

from dana.checker.signatures import signature
from dana.checker.types import ANY, BOOL, CALLABLE, DICT, FLOAT, INT, LIST, NONE, RANGE, SET, STR, TUPLE, effect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.types import Type

_REASON = (
    "(prompt: str|list, options: dict|None=None, *, context=None, type=None, model=None, "
    "temperature: number|None=None, max_tokens: int|None=None, system: str|None=None, timeout: number|None=None, "
    "retries: int|None=None, seed: int|None=None, budget: dict|None=None, profile: str|None=None, "
    "reliability: str|None=None, precision: str|None=None, safety: str|None=None, structure: str|None=None, "
    "detail: str|None=None, format: str|None=None, stream=None, use_mock: bool|None=None, "
    "variants: list|None=None, tools: list|None=None, confirm=None, rounds: int|None=None, "
    "system_message: str|None=None) -> any"
)

FUNCTIONS: dict[str, str] = {
    "abs": "abs(x: number, /) -> any",
    "all": "all(items: iterable, /) -> bool",
    "any": "any(items: iterable, /) -> bool",
    "ask": "ask" + _REASON,
    "basic_max": "basic_max(items: iterable, /) -> any",
    "basic_min": "basic_min(items: iterable, /) -> any",
    "basic_sum": "basic_sum(items: iterable, /) -> any",
    "bin": "bin(n: int, /) -> str",
    "callable": "callable(value, /) -> bool",
    "capitalize_words": "capitalize_words(text: str) -> str",
    "case": "case(*choices) -> any",
    "cast": "cast(type, value) -> any",
    "chr": "chr(code: int, /) -> str",
    "context_aware_reason": "context_aware_reason" + _REASON,
    "divmod": "divmod(a: number, b: number, /) -> any",
    "enumerate": "enumerate(items: iterable, start: int=0) -> iterator",
    "exit": "exit(code=0) -> never",
    "factorial": "factorial(n: int) -> int",
    "feedback": "feedback(...) -> any",
    "filter": "filter(function, items: iterable, /) -> iterator",
    "format": "format(value, spec: str='', /) -> str",
    "getattr": "getattr(value, name: str, default=None, /) -> any",
    "get_resource": "get_resource(...) -> any",
    "hasattr": "hasattr(value, name: str, /) -> bool",
    "hash": "hash(value, /) -> int",
    "hex": "hex(n: int, /) -> str",
    "id": "id(value, /) -> int",
    "input": "input(prompt='', /) -> str",
    "is_even": "is_even(n: int) -> bool",
    "is_odd": "is_odd(n: int) -> bool",
    "isinstance": "isinstance(value, type, /) -> bool",
    "issubclass": "issubclass(type, base, /) -> bool",
    "iter": "iter(items, sentinel=None, /) -> iterator",
    "learnable": "learnable(low: float, high: float, start: float=None) -> any",
    "len": "len(value: sized, /) -> int",
    "llm": "llm" + _REASON,
    "log": "log(message, level='INFO') -> None",
    "log_level": "log_level(level: str, namespace: str='dana') -> None",
    "map": "map(function, items: iterable, /, *more: iterable) -> iterator",
    "max": "max(*values, key=None, default=None) -> any",
    "min": "min(*values, key=None, default=None) -> any",
    "next": "next(items, default=None, /) -> any",
    "noop": "noop(*values) -> any",
    "oct": "oct(n: int, /) -> str",
    "ord": "ord(letter: str, /) -> int",
    "parallel": "parallel(function, items: iterable, limit: int=8) -> list",
    "poet": "poet(...) -> any",
    "pow": "pow(base: number, exp: number, mod=None) -> any",
    "print": "print(*values, sep=' ', end='\\n', flush=False) -> None",
    "quit": "quit(code=0) -> never",
    "race": "race(first, /, *others) -> any",
    "reason": "reason" + _REASON,
    "repr": "repr(value, /) -> str",
    "reversed": "reversed(items, /) -> iterator",
    "round": "round(number: number, ndigits=None) -> any",
    "set_model": "set_model(model) -> None",
    "slice": "slice(start, stop=None, step=None, /) -> any",
    "sorted": "sorted(items: iterable, /, *, key=None, reverse=False) -> list",
    "sum": "sum(items: iterable, /, start=0) -> any",
    "sum_range": "sum_range(start: int, end: int) -> int",
    "timeout": "timeout(seconds: number) -> any",
    "title_case": "title_case(text: str) -> str",
    "type": "type(value, /) -> any",
    "use": "use(...) -> any",
    "zip": "zip(*items: iterable, strict=False) -> iterator",
}

# Type names: what they are as a type, and how they are called.
TYPES: dict[str, tuple[Type, str | None]] = {
    "int": (INT, "int(value=0, /, base: int=10) -> int"),
    "float": (FLOAT, "float(value=0.0, /) -> float"),
    "str": (STR, "str(value='', encoding='utf-8', errors='strict', /) -> str"),
    "bool": (BOOL, "bool(value=False, /) -> bool"),
    "list": (LIST, "list(items: iterable=(), /) -> list"),
    "dict": (DICT, "dict(items=(), /, **entries) -> dict"),
    "set": (SET, "set(items: iterable=(), /) -> set"),
    "tuple": (TUPLE, "tuple(items: iterable=(), /) -> tuple"),
    "range": (RANGE, "range(start: int, stop: int=0, step: int=1, /) -> range"),
    "object": (ANY, "object() -> any"),
    "frozenset": (("opaque", "frozenset"), "frozenset(items: iterable=(), /) -> any"),
    "bytes": (("opaque", "bytes"), "bytes(...) -> any"),
    "Any": (ANY, None),
    "List": (LIST, "list(items: iterable=(), /) -> list"),
    "Dict": (DICT, "dict(items=(), /, **entries) -> dict"),
    "Set": (SET, "set(items: iterable=(), /) -> set"),
    "Tuple": (TUPLE, "tuple(items: iterable=(), /) -> tuple"),
    "Optional": (ANY, None),
    "Union": (ANY, None),
    "Literal": (ANY, None),
    "Callable": (CALLABLE, None),
    "Iterable": (ANY, None),
    "Iterator": (ANY, None),
    "Sequence": (ANY, None),
    "Mapping": (ANY, None),
    "function": (CALLABLE, None),
}

# Names that are types in annotations although their value is an ordinary function or nothing at all.
ANNOTATION_ONLY: dict[str, Type] = {
    "None": NONE,
    "any": ANY,
    "callable": CALLABLE,
    "exception": ("exception", "Exception"),
    "resource": ANY,
    "agent": ANY,
    "struct": ANY,
    "workflow": CALLABLE,
    "promise": ANY,
    "Promise": ANY,
}

EXCEPTIONS: dict[str, str] = {
    "BaseException": "",
    "Exception": "BaseException",
    "KeyboardInterrupt": "BaseException",
    "SystemExit": "BaseException",
    "ArithmeticError": "Exception",
    "FloatingPointError": "ArithmeticError",
    "OverflowError": "ArithmeticError",
    "ZeroDivisionError": "ArithmeticError",
    "AssertionError": "Exception",
    "AttributeError": "Exception",
    "BufferError": "Exception",
    "EOFError": "Exception",
    "ImportError": "Exception",
    "ModuleNotFoundError": "ImportError",
    "LookupError": "Exception",
    "IndexError": "LookupError",
    "KeyError": "LookupError",
    "MemoryError": "Exception",
    "NameError": "Exception",
    "UnboundLocalError": "NameError",
    "OSError": "Exception",
    "IOError": "Exception",
    "EnvironmentError": "Exception",
    "BlockingIOError": "OSError",
    "ChildProcessError": "OSError",
    "ConnectionError": "OSError",
    "BrokenPipeError": "ConnectionError",
    "ConnectionAbortedError": "ConnectionError",
    "ConnectionRefusedError": "ConnectionError",
    "ConnectionResetError": "ConnectionError",
    "FileExistsError": "OSError",
    "FileNotFoundError": "OSError",
    "InterruptedError": "OSError",
    "IsADirectoryError": "OSError",
    "NotADirectoryError": "OSError",
    "PermissionError": "OSError",
    "ProcessLookupError": "OSError",
    "TimeoutError": "OSError",
    "ReferenceError": "Exception",
    "RuntimeError": "Exception",
    "NotImplementedError": "RuntimeError",
    "RecursionError": "RuntimeError",
    "StopIteration": "Exception",
    "StopAsyncIteration": "Exception",
    "SyntaxError": "Exception",
    "IndentationError": "SyntaxError",
    "TabError": "IndentationError",
    "SystemError": "Exception",
    "TypeError": "Exception",
    "ValueError": "Exception",
    "UnicodeError": "ValueError",
    "UnicodeDecodeError": "UnicodeError",
    "UnicodeEncodeError": "UnicodeError",
    "UnicodeTranslateError": "UnicodeError",
    "Warning": "Exception",
    "DeprecationWarning": "Warning",
    "FutureWarning": "Warning",
    "RuntimeWarning": "Warning",
    "UserWarning": "Warning",
    "DanaError": "Exception",
    "Timeout": "BaseException",
    "Cancelled": "BaseException",
    "Denied": "Exception",
    "LimitExceeded": "Exception",
    "POETError": "Exception",
    "POETPerceiveError": "POETError",
    "POETOperateError": "POETError",
    "POETTimeoutError": "POETError",
    "POETEnforceError": "POETError",
    "POETCircuitOpenError": "POETError",
    "POETBulkheadFullError": "POETError",
    "POETInterruptError": "POETError",
    "POETPluginError": "POETError",
    "POETConfigError": "POETError",
    "IPVError": "Exception",
    "ReasonError": "IPVError",
    "AgentError": "Exception",
    "EsperError": "Exception",
}

# Module names of L5 that may be read everywhere, predefined agents, and Python's few plain values.
VALUES: dict[str, Type] = {
    "__name__": STR,
    "__file__": STR,
    "DanaAgent": ("struct", "DanaAgent", ""),
    "BasicAgent": ("struct", "BasicAgent", ""),
    "Ellipsis": ANY,
    "NotImplemented": ANY,
}

REFUSED: dict[str, tuple[str, str]] = {
    "eval": ("it runs text as code", "parse the text with `json.loads`, `int` or `float`"),
    "exec": ("it runs text as code", "put the code in a module and import it"),
    "compile": ("it makes code from text", "put the code in a module and import it"),
    "open": ("it reaches the file system past the policy", "take the text as an argument: `dana main.na text=@path`"),
    "globals": ("it exposes the interpreter's own tables", "use `public:name` or a dict of your own"),
    "locals": ("it exposes the interpreter's own tables", "build a dict of the values you need"),
    "vars": ("it exposes the interpreter's own tables", "use `value.to_dict()` of a struct"),
    "dir": ("it exposes the interpreter's own tables", "use `value.to_dict()` of a struct"),
    "__import__": ("it loads modules past the policy", "write `import name`"),
    "setattr": ("it could write what no check has seen", "write `value.name = …`, or use a dict"),
    "delattr": ("it could remove what other code relies on", "set the field to None, or use a dict"),
    "super": ("Dana types have no inheritance", "use delegation: a field whose name starts with `_`"),
    "memoryview": ("it reaches raw memory", "use a list or a str"),
    "bytearray": ("it reaches raw memory", "use a list of ints or a str"),
    "staticmethod": ("Dana has no classes", "write an ordinary function"),
    "classmethod": ("Dana has no classes", "write an ordinary function"),
    "property": ("Dana has no classes", "write a method, `def (p: Point) norm() -> float`"),
    "breakpoint": ("it opens a Python debugger", "print the values you want to see"),
    "help": ("it describes Python's objects", "run `dana explain CODE` or read the module's docs"),
    "ascii": ("it is hardly ever what is meant", "use `repr(value)`"),
    "complex": ("complex numbers are not part of Dana", "use two floats or a struct"),
}

# Builtins that call functions handed to them (or found in what they get): the call graph counts these
# calls as calls to everything whose value escapes.
CALLERS = frozenset(
    "all any case cast dict enumerate filter iter list map max min next noop parallel race reason reversed set "
    "sorted sum timeout tuple use zip llm ask feedback".split()
)

# Builtins that start an effect (L34).
EFFECTS = frozenset("reason llm ask context_aware_reason".split())

# Builtins that look at a container without keeping or changing it.
PURE = frozenset(
    "abs all any basic_max basic_min basic_sum bool callable dict enumerate float format frozenset hasattr hash id int "
    "isinstance len list log max min next print range repr reversed round set sorted str sum tuple type zip".split()
)

_cache: dict[str, Type] = {}


def builtin_type(name: str) -> Type | None:
    """The static type of a builtin name, or None when there is no such builtin."""
    found = _cache.get(name)
    if found is None:
        found = _builtin_type(name)
        if found is not None:
            _cache[name] = found
    return found


def _builtin_type(name: str) -> Type | None:
    text = FUNCTIONS.get(name)
    if text is not None:
        return effect(signature(text)) if name in EFFECTS else signature(text)
    if name in TYPES:
        return ("type", TYPES[name][0])
    if name in EXCEPTIONS:
        return ("type", ("exception", name))
    return VALUES.get(name)


def constructor(name: str) -> Type | None:
    """The signature of a builtin type's construction (`int(…)`, `list(…)`), or None."""
    entry = TYPES.get(name)
    return signature(entry[1]) if entry is not None and entry[1] is not None else None


def is_subexception(name: str, base: str) -> bool:
    """Whether one builtin exception derives from another."""
    while name:
        if name == base:
            return True
        name = EXCEPTIONS.get(name, "")
    return False


def names() -> set[str]:
    """All builtin names (for suggestions and completion)."""
    return {*FUNCTIONS, *TYPES, *EXCEPTIONS, *VALUES}
