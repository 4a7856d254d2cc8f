"""What compiled code and the runtime agree on.

Compiled Dana is Python code whose globals are one module's variables and whose builtins are one
program's `BUILTINS` (curated functions plus the helpers below). Helper names start with a dot: no Dana
name can, so scripts can neither collide with nor reach them.
"""

from __future__ import annotations

VERSION = "0.1.0"
ABI = 1

# Attribute names that open a host object's internals. Together with every name that starts with an
# underscore they are stored and looked up under a spelling no host object has (`mangle`), so that
# fields of Dana structs may carry them and nothing else ever answers to them (L50).
INTERNAL_ATTRIBUTES = frozenset(
    """
    mro with_traceback add_note format_map
    gi_frame gi_code gi_running gi_yieldfrom gi_suspended
    cr_frame cr_code cr_running cr_await cr_origin cr_suspended
    ag_frame ag_code ag_running ag_await ag_suspended
    f_back f_builtins f_code f_globals f_lasti f_lineno f_locals f_trace f_trace_lines f_trace_opcodes
    tb_frame tb_next tb_lasti tb_lineno
    co_argcount co_cellvars co_code co_consts co_exceptiontable co_filename co_firstlineno co_flags
    co_freevars co_kwonlyargcount co_lines co_linetable co_lnotab co_name co_names co_nlocals
    co_positions co_posonlyargcount co_qualname co_stacksize co_varnames
    func_closure func_code func_defaults func_dict func_doc func_globals func_name
    """.split()
)

ALLOWED_DUNDERS = frozenset({"__main__", "__exports__", "__all__", "__name__", "__file__"})


# The names of the scope `system:` (L10), and what each means.
SETTINGS = {
    "version": "Dana's version",
    "file": "the program's file",
    "steps_used": "steps taken so far",
    "steps_limit": "the step limit, or None",
    "depth_limit": "the limit for nested calls",
    "time_limit_s": "the time limit in seconds, or None",
    "log_level": "the least level that `log` prints: DEBUG, INFO, WARNING, ERROR, CRITICAL",
}


# A letter that NFKC turns into another one: an identifier for CPython (so it may name a slot), but no
# text a Dana program contains can spell it, because the lexer normalises every name (L5).
HIDDEN = "\u00aa"


def mangle(attribute: str) -> str:
    """The Python attribute a Dana attribute is stored under.

    Whoever takes attribute names as run-time text (`getattr`) refuses those that are none (`is_name`)
    before mangling them.
    """
    if attribute[0] == "_" or attribute in INTERNAL_ATTRIBUTES:
        return HIDDEN + attribute
    return attribute


def is_name(text: str) -> bool:
    """Whether a run-time text is a name as programs spell it: an identifier, normalised (L5).

    Helpers and hidden attributes have names that are not, so whoever looks something up by such a text
    cannot reach them.
    """
    if not text.isidentifier():
        return False
    if text.isascii():
        return True
    from unicodedata import normalize

    return normalize("NFKC", text) == text


def demangle(name: str) -> str:
    """The Dana spelling of a mangled attribute, variable or function, for messages."""
    if name.startswith(UNCHECKED):
        return name[len(UNCHECKED) :].rpartition(".")[2]
    return name.lstrip(HIDDEN)


def state_slot(field: str) -> str:
    """The slot in which an agent keeps a field; under the field's own name stands what guards it."""
    return HIDDEN + HIDDEN + field


# The second entry of a function (or constructor) for calls whose arguments are proven: the same body
# without the checks of its parameters, in a module global no Dana name can spell.
UNCHECKED = ".raw:"


def unchecked(name: str, owner: str = "") -> str:
    """The global that holds the unchecked entry of a function, or of a method of the struct `owner`."""
    return f"{UNCHECKED}{owner}.{name}" if owner else UNCHECKED + name


def variable(name: str) -> str:
    """The Python variable a Dana variable is stored in.

    CPython rewrites names that begin with two underscores inside class bodies; a hidden prefix keeps
    them what they are.
    """
    if name[:2] == "__" and name not in ALLOWED_DUNDERS:
        return HIDDEN + name
    return name
