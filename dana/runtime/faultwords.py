"""CPython's messages in Dana's words: code, message, label and hint for an exception.

Exceptions of the runtime carry their words (`_code`, `_hint`, `_notes`); those that the program raised itself
are quoted; the rest are CPython's and are translated, with facts from the frame they were raised in.
"""

from __future__ import annotations

import ast
import builtins
import re

from dana import abi
from dana.diagnostics import suggest
from dana.runtime.exceptions import Fault, message_of, name_of, text_of
from dana.runtime.stops import CancelStop, LimitStop, Stop, TimeoutStop, limit_message
from dana.runtime.typevalues import class_name, short, word_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from dana.runtime.faults import Frame

LIMIT_CODES = {
    "steps": "E701", "time": "E702", "depth": "E703", "memory": "E704", "output": "E705", "promises": "E709",
    "tokens": "E710", "usd": "E711",
}  # fmt: skip
_ABSENT = object()


class Words:
    """What is said about one exception."""

    __slots__ = ("code", "hint", "label", "message", "notes")

    def __init__(self, code: str, message: str, hint: str = "", label: str = "", notes: Iterable[str] = ()) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.label = label
        self.notes = tuple(notes)


def words_for(error: BaseException, frame: Frame | None) -> Words:
    """The words for any exception that ended a program."""
    code = getattr(error, "_code", None)
    if code is None and isinstance(error, (Stop, KeyboardInterrupt, RecursionError, MemoryError)):
        return _stop_words(error)
    if code is not None:
        hint, notes = getattr(error, "_hint", ""), getattr(error, "_notes", ())
        return Words(code, message_of_key(error) or name_of(type(error)), hint, notes=notes)
    if is_raised_by_program(error, frame):
        return _raised_words(error)
    for cls in type(error).__mro__:
        translate = TRANSLATIONS.get(cls)
        if translate is not None:
            try:
                return translate(error, frame)
            except RecursionError:
                # The message holds a value that is nested too deeply to be made into text.
                return Words("E600", f"{name_of(type(error))}, with a value that is nested too deeply to show")
    return _raised_words(error)


def message_of_key(error: BaseException) -> str:
    """The message of an exception; a KeyError's without the quotes CPython puts around it."""
    if isinstance(error, KeyError) and len(error.args) == 1 and isinstance(error.args[0], str):
        return error.args[0]
    return message_of(error)


# --- stops --------------------------------------------------------------------------------------


DEEPER = "a recursion without an end? otherwise allow more: `--depth=N`, in Python `Limits(depth=N)`"


def _stop_words(error: BaseException) -> Words:
    if isinstance(error, TimeoutStop):
        return Words("E706", message_of(error))
    if isinstance(error, (CancelStop, KeyboardInterrupt)):
        return Words("E707", message_of(error) or "interrupted")
    if isinstance(error, LimitStop):
        hints = {
            "steps": "an endless loop? otherwise allow more: `--steps=N`, in Python `Limits(steps=N)`",
            "time": "do less, or allow more: `--time=SECONDS`, in Python `Limits(wall_s=SECONDS)`",
            "depth": DEEPER,
            "memory": "work on parts, or keep only what is needed",
            "output": "print less, or allow more: `--output=SIZE`, in Python `Limits(output_bytes=N)`",
            "promises": "wait for some before more are begun, or allow more: in Python `Limits(promises=N)`",
            "tokens": "ask less of the model, or allow more: in Python `Limits(tokens=N)`",
            "usd": "ask less of the model, or allow more: in Python `Limits(usd=N)`",
        }
        code = LIMIT_CODES.get(error.which, "E704")
        if error.which == "memory" and error.limit is not None:
            hint = "keep less at once, or allow more: `--memory=SIZE`, in Python `Limits(memory_bytes=N)`"
            return Words("E708", message_of(error), hint)
        return Words(code, message_of(error), hints.get(error.which, ""))
    if isinstance(error, RecursionError):
        if getattr(error, "_code", "") == "E703":  # no call, but a value (`nesting`)
            return Words("E703", message_of(error), error._hint)  # type: ignore[attr-defined]
        return Words("E703", limit_message("depth", None), DEEPER)
    if isinstance(error, MemoryError):
        return Words("E704", "the program needs more memory than there is")
    return Words("E707", f"the program ended with {message_of(error)}")


# --- raised by the program ----------------------------------------------------------------------


def is_raised_by_program(error: BaseException, frame: Frame | None) -> bool:
    """Whether the program chose the message: it raised the exception, or defined it."""
    if isinstance(error, Fault) or getattr(type(error), "_shape", None) is not None:
        return True
    return frame is not None and bool(re.match(r"raise\b", _text(frame)))


def _raised_words(error: BaseException) -> Words:
    name, message = name_of(type(error)), message_of_key(error)
    if type(error) is RuntimeError and message:
        return Words("E600", message)
    return Words("E600", f"{name}: {message}" if message else name)


# --- the program's text and values at the place -------------------------------------------------


def _text(frame: Frame | None) -> str:
    return "" if frame is None else frame.source.text[frame.span[0] : frame.span[1]]


def _names(frame: Frame | None) -> dict[str, Any]:
    """Every variable the frame sees, innermost winning."""
    if frame is None or frame.frame is None:
        return {}
    seen = {**frame.frame.f_globals, **frame.frame.f_locals}
    return {abi.demangle(n): v for n, v in seen.items() if n.isidentifier() and n != "__builtins__"}


def _called(frame: Frame | None) -> Any:
    """The function that was called from outside, as `__main__` is with a program's arguments; None for other calls."""
    return None if frame is None else frame.called


def _value_of(frame: Frame | None, node: ast.expr) -> Any:
    """The value of a simple expression in a frame, computed without running any code of the program."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _names(frame).get(node.id, _ABSENT)
    if isinstance(node, ast.Attribute):
        owner = _value_of(frame, node.value)
        shape = getattr(type(owner), "_shape", None)
        if shape is not None and node.attr in shape.index:
            return getattr(owner, shape.index[node.attr].slot, _ABSENT)
    if isinstance(node, ast.Subscript):
        owner, key = _value_of(frame, node.value), _value_of(frame, node.slice)
        if type(owner) in (list, tuple, dict) and key is not _ABSENT:
            try:
                return owner[key]
            except (LookupError, TypeError):
                return _ABSENT
    return _ABSENT


def _subscripted(frame: Frame | None) -> tuple[str, Any]:
    """The text and the value of `x` where the place is `x[…]`."""
    try:
        tree = ast.parse(_text(frame).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", _ABSENT
    if not isinstance(tree, ast.Subscript):
        return "", _ABSENT
    return ast.unparse(tree.value), _value_of(frame, tree.value)


def _kind(name: str) -> str:
    """Dana's word for a CPython class name in a message."""
    return "function" if name in ("Composed", "Partial", "Bound") else word_for(name)


def _plain(message: str) -> str:
    """A CPython message without its names for internals."""
    message = re.sub(r"'([A-Za-z_]\w*)' object", lambda m: _kind(m[1]), message)
    return message.replace(abi.HIDDEN, "").replace("NoneType", "None")


def _function(qualified: str) -> str:
    return abi.demangle(qualified.rpartition("<locals>.")[2])


# --- types --------------------------------------------------------------------------------------


def _type_error(error: BaseException, frame: Frame | None) -> Words:
    message = text_of(error)
    for pattern, translate in TYPE_ERRORS:
        match = re.match(pattern, message, re.DOTALL)
        if match:
            words: Words = translate(match, frame)
            return words
    return _host_words(message, "E601") or Words("E601", _plain(message))


def _host_words(message: str, code: str) -> Words | None:
    """The words for what a builtin of CPython complains about."""
    from dana.runtime.hostwords import TYPE_WORDS, VALUE_WORDS, told

    found = told(message, TYPE_WORDS if code == "E601" else VALUE_WORDS, _kind)
    return Words(found[2] or code, found[0], found[1]) if found else None


def _missing(match: re.Match[str], frame: Frame | None) -> Words:
    names = re.findall(r"'([^']+)'", match[2])
    listed = ", ".join(f"`{n}`" for n in names)
    struct = _struct_of(match[1])
    if struct:
        many = "s" if len(names) > 1 else ""
        return Words("E610", f"missing field{many} {listed} for struct `{struct}`", f"write `{struct}({names[0]}=…)`")
    quoted = ", ".join(f"'{n}'" for n in names)
    noun = "arguments" if len(names) > 1 else "argument"
    hint = f"as in: {' '.join(f'{name}=…' for name in names)}" if _called(frame) is not None else ""
    return Words("E610", f"Missing required {noun} {quoted} in the call of `{_function(match[1])}`", hint)


def _struct_of(qualified: str) -> str:
    name = _function(qualified)
    return name.removesuffix(".__init__") if name.endswith(".__init__") else ""


def _unexpected(match: re.Match[str], frame: Frame | None) -> Words:
    name = abi.demangle(match[2])
    struct = _struct_of(match[1])
    if struct:
        shape = getattr(_names(frame).get(struct), "_shape", None)
        fields = list(shape.index) if shape is not None else []
        near = suggest(name, fields)
        hint = f"did you mean `{near}`?" if near else f"its fields are: {', '.join(fields)}" if fields else ""
        return Words("E610", f"Unknown fields: struct `{struct}` has no field `{name}`", hint)
    outside = _called(frame)
    function = outside or _names(frame).get(_function(match[1]).rpartition(".")[2])
    code = getattr(function, "__code__", None)
    own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
    near = suggest(name, own)
    hint = f"did you mean `{near}`?" if near else ""
    if outside is not None and not near:
        hint = f"it takes {', '.join(f'`{each}`' for each in own)}" if own else "it takes no arguments"
    return Words("E610", f"Unexpected keyword argument '{name}' in the call of `{_function(match[1])}`", hint)


def _too_many(match: re.Match[str], frame: Frame | None) -> Words:
    struct = _struct_of(match[1])
    most, given = int(match[3]), int(match[4])
    if struct:
        most, given = most - 1, given - 1
        return Words("E610", f"struct `{struct}` has {_count(most, 'field')}, {given} values were given")
    takes = f"{match[2]} to {most}" if match[2] else str(most)
    told = f"it takes {takes}, {given} were given"
    return Words("E610", f"Too many positional arguments in the call of `{_function(match[1])}`: {told}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _twice(match: re.Match[str], frame: Frame | None) -> Words:
    name = _struct_of(match[1]) or _function(match[1])
    return Words("E610", f"argument `{match[2]}` of `{name}` is given twice, by position and by name")


def _operands(match: re.Match[str], frame: Frame | None) -> Words:
    op, left, right = match[1], _kind(match[2]), _kind(match[3])
    op = {"** or pow()": "**", "divmod()": "divmod"}.get(op, op)
    hint = ""
    if op in ("+", "+=") and "str" in (left, right):
        hint = "write `str(…)` around the other side, or use an f-string"
    elif "None" in (left, right):
        hint = _where_none(frame, left == "None")
    elif "function" in (left, right):
        hint = "call the function: a pair of parentheses may be missing"
    return Words("E601", f"`{op}` does not work between {left} and {right}", hint)


def _where_none(frame: Frame | None, left: bool) -> str:
    """Which of the two operands is None, if it is a plain name or field."""
    try:
        tree = ast.parse(_text(frame).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "one side is None: a variable without a value, or a function that returned nothing"
    if isinstance(tree, ast.BinOp):
        side = tree.left if left else tree.right
        if isinstance(side, (ast.Name, ast.Attribute, ast.Subscript)):
            return f"`{ast.unparse(side)}` is None here"
        if isinstance(side, ast.Call):
            return f"`{ast.unparse(side.func)}(…)` returned nothing"
    return "one side is None: a variable without a value, or a function that returned nothing"


def _concatenation(match: re.Match[str], frame: Frame | None) -> Words:
    kind, other = match[1], _kind(match[2])
    hint = "write `str(…)` around the other side, or use an f-string" if kind == "str" else ""
    return Words("E601", f"`+` does not work between {kind} and {other}", hint)


def _repeated(match: re.Match[str], frame: Frame | None) -> Words:
    kind = _kind(match[1])
    hint = "numbers that were read as text are converted with `float(…)` or `int(…)`" if kind == "str" else ""
    return Words("E601", f"`*` repeats a text or a list a whole number of times: {kind} is no int", hint)


def _comparison(match: re.Match[str], frame: Frame | None) -> Words:
    left, right = _kind(match[2]), _kind(match[3])
    hint = "comparisons never convert: write `int(…)`, `float(…)` or `str(…)`" if {left, right} & {"str"} else ""
    return Words("E601", f"`{match[1]}` does not work between {left} and {right}", hint)


def _unary(match: re.Match[str], frame: Frame | None) -> Words:
    return Words("E601", f"`{match[1]}` does not work on {_kind(match[2])}")


def _not_able(match: re.Match[str], frame: Frame | None) -> Words:
    kind, what = _kind(match[1]), match[2]
    if what == "callable":
        callee = _text(frame).partition("(")[0].strip()
        subject = f"`{callee}` is {kind} and" if callee.replace(".", "_").isidentifier() else kind
        return Words("E601", f"{subject} cannot be called: it is no function")
    told = {
        "iterable": f"{kind} has no items to go through",
        "subscriptable": f"{kind} has no items: `[…]` does not work on it",
        "an iterator": f"{kind} is no iterator: `iter(…)` makes one",
    }
    hint = (
        "the value is None: a variable without a value, or a function that returned nothing" if kind == "None" else ""
    )
    return Words("E601", told.get(what, f"{kind} is not {what}"), hint)


def _item_change(match: re.Match[str], frame: Frame | None) -> Words:
    kind = _kind(match[1])
    hint = "texts and tuples cannot change: build a new one" if kind in ("str", "tuple") else ""
    return Words("E601", f"items of {kind} cannot be {'assigned' if 'assign' in match[2] else 'deleted'}", hint)


def _unhashable(match: re.Match[str], frame: Frame | None) -> Words:
    kind = match[1]
    hint = "use a tuple" if kind == "list" else "" if kind in ("dict", "set") else f"declare it `frozen struct {kind}`"
    return Words("E601", f"{kind} cannot be a key of a dict or an item of a set, because it can change", hint)


def _indices(match: re.Match[str], frame: Frame | None) -> Words:
    kind = {"string": "str"}.get(match[1], match[1])
    return Words("E601", f"the items of {kind} are numbered: an index is an int, not {_kind(match[2])}")


def _no_len(match: re.Match[str], frame: Frame | None) -> Words:
    return Words("E601", f"{_kind(match[1])} has no length")


def _unpack(match: re.Match[str], frame: Frame | None) -> Words:
    return Words("E601", f"{_kind(match[1])} cannot be unpacked into several variables")


TYPE_ERRORS: tuple[tuple[str, Any], ...] = (
    (r"(.+?)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.+)$", _missing),
    (r"(.+?)\(\) missing \d+ required arguments?: (.+)$", _missing),
    (r"(.+?)\(\) got an unexpected keyword argument '(.+)'$", _unexpected),
    (r"(.+?)\(\) takes (?:from (\d+) to )?(\d+) positional arguments? but (\d+) ", _too_many),
    (r"(.+?)\(\) got multiple values for argument '(.+)'$", _twice),
    (r"unsupported operand type\(s\) for (.+?): '(.+)' and '(.+)'$", _operands),
    (r"can't multiply sequence by non-int of type '(.+)'$", _repeated),
    (r"can only concatenate (\w+) \(not \"(.+)\"\) to", _concatenation),
    (r"bad operand type for unary (.): '(.+)'$", _unary),
    (r"'(.+)' not supported between instances of '(.+)' and '(.+)'$", _comparison),
    (r"'(.+)' object is not (callable|iterable|subscriptable|an iterator)$", _not_able),
    (r"argument of type '(.+)' is not (iterable)$", _not_able),
    (
        r"'(.+)' object (does not support item assignment|does(?: not|n't) support item deletion)",
        _item_change,
    ),
    (r"unhashable type: '(.+)'$", _unhashable),
    (r"(\w+) indices must be integers(?: or slices)?, not '?(\w+)'?", _indices),
    (r"object of type '(.+)' has no len\(\)$", _no_len),
    (r"cannot unpack non-iterable (\w+) object$", _unpack),
)


# --- names and attributes -----------------------------------------------------------------------


def _name_error(error: BaseException, frame: Frame | None) -> Words:
    message = text_of(error)
    found = re.search(r"'([^']+)'", message)
    name = abi.demangle(found[1]) if found else ""
    if name.startswith("private:"):
        known = (
            [n for n in frame.frame.f_globals if n.startswith("private:")]
            if frame is not None and frame.frame is not None
            else []
        )
        near = suggest(name, known)
        hint = f"did you mean `{near}`?" if near else f"assign it first: `{name} = …`"
        return Words("E603", f"`{name}` has not been assigned", hint)
    if "local variable" in message or "free variable" in message:
        return Words("E603", f"`{name}` is used before it has a value", label="no value yet")
    if frame is not None and frame.frame is not None and f"private:{name}" in frame.frame.f_globals:
        return Words("E603", f"`{name}` has no value here", f"did you mean `private:{name}`?", "no value")
    near = suggest(name, [*_names(frame), *(n for n in dir(builtins) if n[0] != "_")])
    hint = f"did you mean `{near}`?" if near else "it is assigned later, or only on another path"
    return Words("E603", f"`{name}` has no value here", hint, "no value")


def _attribute_error(error: BaseException, frame: Frame | None) -> Words:
    raw = getattr(error, "name", None)
    owner = getattr(error, "obj", None)
    if raw is None:
        return Words("E604", _plain(text_of(error)))
    name = abi.demangle(raw)
    if owner is None:
        value = _text(frame).rpartition(".")[0].strip()
        hint = f"`{value}` is None here" if value and "\n" not in value else ""
        return Words("E604", f"None has no attribute `{name}`", hint)
    return _missing_attribute(name, owner)


def _missing_attribute(name: str, owner: Any) -> Words:
    cls = type(owner)
    shape = getattr(cls, "_shape", None)
    if shape is not None:
        known = [*shape.index, *(abi.demangle(n) for n in dir(cls) if n[0] != "_" and n not in shape.slots)]
        near = suggest(name, known)
        hint = f"did you mean `{near}`?" if near else f"its fields are: {', '.join(shape.index)}" if shape.index else ""
        return Words("E604", f"struct `{shape.name}` has no field or delegated access `{name}`", hint)
    if isinstance(owner, dict) and name in owner:
        return Words("E604", f"dict has no attribute `{name}`", f'items of a dict are reached with `["{name}"]`')
    near = suggest(name, [n for n in dir(cls) if n[0] != "_" and n not in abi.INTERNAL_ATTRIBUTES])
    hint = f"did you mean `{near}`?" if near else ""
    if not near and isinstance(owner, dict):
        hint = f'items of a dict are reached with `["{name}"]`'
    kind = class_name(cls)
    if isinstance(owner, type) and issubclass(owner, BaseException):
        kind = f"the exception type `{name_of(owner)}`"
        hint = "a caught exception tells it: `e.type`" if name == "__name__" else hint
    return Words("E604", f"{kind} has no attribute `{name}`", hint)


# --- lookups, numbers, values -------------------------------------------------------------------


def _key_error(error: BaseException, frame: Frame | None) -> Words:
    key = error.args[0] if error.args else ""
    text, owner = _subscripted(frame)
    if not isinstance(owner, dict):
        if isinstance(key, str) and " " in key and not text:
            return Words("E605", key)
        return Words("E605", f"key {short(key)} is not there")
    near = suggest(key, [k for k in owner if isinstance(k, str)]) if isinstance(key, str) else None
    if near:
        hint = f"did you mean {near!r}?"
    elif not owner:
        hint = "the dict is empty"
    else:
        keys = ", ".join(short(k, 20) for k in list(owner)[:8])
        hint = f"its keys are: {keys}{', …' if len(owner) > 8 else ''}"
    if not near:
        hint += f"; `{text}.get({short(key, 20)})` gives None instead of an error" if text.isidentifier() else ""
    return Words("E605", f"key {short(key)} is not in the dict", hint)


def _index_error(error: BaseException, frame: Frame | None) -> Words:
    message = text_of(error)
    _, owner = _subscripted(frame)
    if "out of range" in message and isinstance(owner, (list, tuple, str)):
        kind, size = class_name(type(owner)), len(owner)
        if not size:
            return Words("E606", f"index out of bounds: the {kind} is empty")
        return Words(
            "E606",
            f"index out of bounds: the {kind} has {_count(size, 'item')}",
            f"indices go from 0 to {size - 1}, or from -{size} to -1",
        )
    return Words("E606", message.replace("index out of range", "index out of bounds") or "index out of bounds")


def _arithmetic(error: BaseException, frame: Frame | None) -> Words:
    message = text_of(error)
    if isinstance(error, ZeroDivisionError):
        what = "remainder of a division" if "modulo" in message else "division"
        if "negative power" in message:
            return Words("E607", "zero cannot be raised to a negative power")
        return Words("E607", f"{what} by zero", _divisor(frame))
    if isinstance(error, OverflowError):
        if message == "math range error":
            return Words("E607", f"the result of {_callee(frame)} is too large for a float")
        return _host_words(message, "E607") or Words("E607", f"a number is too large: {_plain(message)}")
    return Words("E607", f"{type(error).__name__}: {message_of(error)}")


def _divisor(frame: Frame | None) -> str:
    """Which part of the division is zero, if the place shows it."""
    try:
        tree = ast.parse(_text(frame).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if isinstance(tree, ast.BinOp) and isinstance(tree.right, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        return f"`{ast.unparse(tree.right)}` is 0 here: test it before dividing"
    return "test the divisor first: `if d != 0`"


def _callee(frame: Frame | None) -> str:
    """The function called at the place, for messages of functions that do not name themselves."""
    name = _text(frame).partition("(")[0].strip()
    return f"`{name}`" if name.replace(".", "_").isidentifier() else "the function"


def _value_error(error: BaseException, frame: Frame | None) -> Words:
    message = text_of(error)
    match = re.match(r"invalid literal for int\(\) with base (\d+): (.+)$", message, re.DOTALL)
    if match:
        base = "" if match[1] == "10" else f" in base {match[1]}"
        return Words("E602", f"{match[2]} is not a whole number{base}")
    match = re.match(r"could not convert string to float: (.+)$", message, re.DOTALL)
    if match:
        return Words("E602", f"{match[1]} is not a number")
    match = re.match(
        r"(not enough|too many) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?\)", message
    )
    if match:
        got = f", there are {match[3]}" if match[3] else ", there are more"
        hint = "a name with a star takes what is left: `first, *rest = …`" if match[1] == "too many" else ""
        return Words("E602", f"expected {_count(int(match[2]), 'value')} to unpack{got}", hint)
    if message.startswith("Exceeds the limit") and "digits" in message:
        return Words("E602", "the number has too many digits to be converted to or from text")
    if message == "math domain error":
        hint = "the square root of a negative number and the logarithm of 0, for example, are no numbers"
        return Words("E602", f"{_callee(frame)} has no result for this value", hint)
    return _host_words(message, "E602") or Words("E602", _plain(message) or "a value cannot be used here")


def _unicode_error(error: BaseException, frame: Frame | None) -> Words:
    if isinstance(error, UnicodeDecodeError):
        byte = f"byte 0x{error.object[error.start]:02x} at position {error.start}" if error.object else "the bytes"
        hint = 'decode with the encoding the bytes were written in, such as `.decode("latin-1")`'
        return Words("E618", f"these bytes are no {error.encoding} text: {byte}", hint)
    if isinstance(error, UnicodeEncodeError):
        character = repr(error.object[error.start]) if error.object else "a character"
        return Words("E618", f"{character} has no form in {error.encoding}", 'every character has one in "utf-8"')
    return Words("E618", _plain(message_of(error)))


_CHANGED = {
    "dictionary changed size during iteration": "the dict changed its size while a loop went through it",
    "dictionary keys changed during iteration": "the keys of the dict changed while a loop went through it",
    "Set changed size during iteration": "the set changed its size while a loop went through it",
    "deque mutated during iteration": "the values changed while a loop went through them",
}


def _runtime_error(error: BaseException, frame: Frame | None) -> Words:
    told = _CHANGED.get(text_of(error))
    return Words("E619", told, "go through a copy: `for x in list(…)`") if told else _other("E619")(error, frame)


def _assertion(error: BaseException, frame: Frame | None) -> Words:
    message = text_of(error)
    if message:
        return Words("E608", f"assertion failed: {message}")
    test = _text(frame).removeprefix("assert").strip()
    return Words("E608", "assertion failed", label="is false" if test else "")


def _os_error(error: BaseException, frame: Frame | None) -> Words:
    reason = getattr(error, "strerror", None)
    file = getattr(error, "filename", None)
    name = name_of(type(error))
    if reason and file:
        return Words("E615", f"{name}: {reason}: {file}")
    return Words("E615", f"{name}: {message_of(error)}")


def _end_of_input(error: BaseException, frame: Frame | None) -> Words:
    return Words("E615", "there is nothing more to read: the input has ended")


def _other(code: str) -> Callable[[BaseException, Frame | None], Words]:
    def words(error: BaseException, frame: Frame | None) -> Words:
        message = message_of(error)
        return Words(code, f"{name_of(type(error))}: {_plain(message)}" if message else name_of(type(error)))

    return words


def _stop_iteration(error: BaseException, frame: Frame | None) -> Words:
    return Words("E617", "the iterator has no further item", "`next(it, default)` gives a default instead")


TRANSLATIONS: dict[type[BaseException], Callable[[BaseException, Frame | None], Words]] = {
    TypeError: _type_error,
    NameError: _name_error,
    AttributeError: _attribute_error,
    KeyError: _key_error,
    IndexError: _index_error,
    ArithmeticError: _arithmetic,
    UnicodeError: _unicode_error,
    ValueError: _value_error,
    AssertionError: _assertion,
    ImportError: _other("E616"),
    EOFError: _end_of_input,
    OSError: _os_error,
    StopIteration: _stop_iteration,
    RuntimeError: _runtime_error,
}
