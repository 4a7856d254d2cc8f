"""What no program is ever handed, whatever was granted: the ways from an object into the interpreter."""

from __future__ import annotations

import builtins
import operator
import re
import sys
import types

from dana import abi
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Classes whose instances are the interpreter's own: they lead to globals, or run what one hands them.
CLASSES = frozenset(
    {
        types.FrameType, types.CodeType, types.TracebackType, types.CellType, types.GetSetDescriptorType,
        types.MemberDescriptorType, types.MappingProxyType,
    }
)  # fmt: skip
# Functions and classes that take an object apart, or make and run code.
OBJECTS = frozenset(
    id(found)
    for found in (
        *(
            getattr(builtins, name, None)
            for name in (
                "eval", "exec", "compile", "open", "input", "breakpoint", "getattr", "setattr", "delattr", "vars",
                "globals", "locals", "dir", "type", "object", "super", "classmethod", "staticmethod", "property",
                "memoryview", "help", "__import__", "__build_class__", "__loader__",
            )
        ),
        operator.attrgetter, operator.methodcaller, types.FunctionType, types.CodeType, types.MethodType,
        types.ModuleType, types.CellType,
    )
    if found is not None
)  # fmt: skip
# Functions of Python's library that run the text of annotations, or write into what they are given.
BY_NAME = frozenset(
    {
        "typing.get_type_hints", "inspect.get_annotations", "inspect.getattr_static", "functools.update_wrapper",
        "functools.wraps",
    }
)  # fmt: skip
# Public names that open what carries them, besides those no Dana name can reach anyway (`abi.INTERNAL_ATTRIBUTES`).
NAMES = abi.INTERNAL_ATTRIBUTES | {"func", "fget", "fset", "fdel", "throw", "send"}
# Modules of the standard library whose classes and functions other modules may hand on: they only compute.
HARMLESS = frozenset(
    "array bisect calendar collections colorsys copy datetime decimal difflib enum fractions functools heapq itertools "
    "json math numbers random re statistics string textwrap time typing unicodedata uuid zoneinfo".split()
)


def hidden(name: str, shown: str) -> Exception:
    """The error for a name that is not looked up."""
    plain = abi.demangle(name)
    if plain[0] == "_":
        text = f"names starting with '_' are hidden: `{plain}` of {shown} cannot be reached"
    else:
        text = f"`{plain}` of {shown} leads into the interpreter and cannot be reached"
    return failure(AttributeError, "E517", text)


# A field of a format that reaches a hidden name: `{0.name._secret}`.
_WALK = re.compile(r"\{[^{}]*\._")
_WALKED = frozenset({str, list, dict, tuple, set, frozenset})
_LEVELS = 5


def check_formats(values: Any, level: int = 0) -> None:
    """Texts for a module that may take them as formats, also inside lists and dicts; AttributeError (E517) for one that
    would show a hidden name of what it formats.
    """
    for value in values:
        cls = type(value)
        if cls is str:
            if "._" in value and _WALK.search(value):
                raise failure(AttributeError, "E517", "a format with a hidden name cannot be handed to a Python module")
        elif cls in _WALKED and level < _LEVELS:
            parts = [*value.keys(), *value.values()] if cls is dict else value
            if not _WALKED.isdisjoint(map(type, parts)):
                check_formats(parts, level + 1)


def withheld(what: str) -> Exception:
    """The error for a value that is not handed out."""
    return failure(AttributeError, "E517", f"{what} cannot be handed to a program")


def foreign_to(module: str, value: Any) -> str:
    """For a function or class that the module `module` only hands on: the module of the standard library it is from.

    "" when it may be handed on: the module's own, from another library, or one that only computes.
    """
    if not callable(value) or (isinstance(value, type) and issubclass(value, BaseException)):
        return ""
    home = getattr(value, "__module__", None)
    if not isinstance(home, str):
        return ""
    root = home.partition(".")[0]
    if root == module.partition(".")[0] or root == "builtins" or root.lstrip("_") in HARMLESS:
        return ""
    own = root.lstrip("_")
    if root in ("posix", "nt"):
        own = "os"
    return own if root in sys.stdlib_module_names else ""
