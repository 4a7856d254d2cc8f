"""What is known about a name: its signature, its documentation, its source, its type.

A dotted name is followed through modules, structs and their fields, never by running anything. Definitions are
found in the text they came from, which is kept: docstrings, `##` comments and the options of `@poet` are read
there.
"""

from __future__ import annotations

from dana import abi
from dana.ast import nodes as na
from dana.checker import builtins as known_builtins
from dana.checker.methods import STRUCT, TABLES, method_type
from dana.checker.types import show, show_signature
from dana.parser import parse
from dana.parser.words import WORDS
from dana.runtime.modules import ModuleValue, public_names
from dana.runtime.structs import Struct
from dana.runtime.typevalues import TypeValue, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.types import Type
    from dana.engine.session import Session
    from dana.source import Source

NOTHING = object()
_FUNCTIONS = (na.FunctionDef, na.ComposedDef)
_DEFINITIONS = (*_FUNCTIONS, na.StructDef, na.ResourceDef, na.InterfaceDef, na.AgentDef, na.AgentBlueprintDef)

# What Dana's own builtins do; those named as in Python say it themselves.
DOCS = {
    "print": "Prints its arguments, a blank between them, and ends the line.",
    "log": 'log("text", "INFO"): a line for the log.',
    "reason": "Asks a language model; the result has the type that is expected. Needs a model.",
    "cast": "cast(T, v): v converted to the type T, as `x: T = v` does.",
    "map": "The results of a function for every item.",
    "filter": "The items for which a function says yes.",
    "sorted": "A new list with the items in order; key= says what to compare, reverse= turns it around.",
    "input": "Asks the user for a line of text.",
    "type": "The type of a value.",
    "str": "Text; str(v) is the text of a value.",
    "int": "Whole numbers; int(v) converts a number or text.",
    "float": "Numbers with a fraction; float(v) converts a number or text.",
    "bool": "True or False.",
    "list": "A list; list(v) has the items of v.",
    "dict": "Keys with values.",
    "set": "Items without order and repetition.",
    "tuple": "A fixed row of items.",
    "range": "range(stop), range(start, stop, step): whole numbers in order.",
    "len": "How many items a value has.",
    "exit": "Ends the program; at the prompt, the session.",
}
KEYWORDS = {
    "def": "Defines a function: `def area(r: float) -> float:`, or a pipeline: `def f = a | b`.",
    "struct": "Defines a type with fields: `struct Point:` and a line `x: int = 0` per field.",
    "if": "Chooses: `if c:`, `elif c:`, `else:`.",
    "for": "Walks over items: `for x in xs:`.",
    "while": "Repeats as long as a condition holds.",
    "match": "Compares a value with patterns, one `case` per line.",
    "import": "Loads a module: `import math`.",
    "from": "Takes names out of a module: `from math import sqrt`.",
    "try": "Runs a block that may fail: `try:`, `except E as e:`, `finally:`.",
    "with": "Uses a resource and gives it back: `with r as x:`.",
    "return": "Ends a function with a value.",
    "raise": "Fails with an exception or a text.",
    "lambda": "A function in an expression: `lambda x: x + 1`.",
    "test": 'A test: `test "name":` and a block; `dana test` runs it.',
}


class About:
    """Answers questions about the names of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._parsed: dict[int, tuple[Source, tuple[na.Module, list[Any]]]] = {}

    # --- finding ----------------------------------------------------------------------------------

    def value(self, path: str) -> Any:
        """The value a dotted name stands for, or `NOTHING`."""
        first, *rest = path.split(".")
        session = self._session
        if first in session:
            value = session.value(first)
        elif first in known_builtins.names() and first in session.program.builtins:
            value = session.program.builtins[first]
        else:
            return NOTHING
        for name in rest:
            value = member(value, name)
            if value is NOTHING:
                return NOTHING
        return value

    def definition(self, name: str, value: Any) -> tuple[Source, Any] | None:
        """Where a function or type was defined: its source and the node."""
        code = getattr(_plain(value), "__code__", None)
        if code is not None:
            source = self._session.program.sources.get(code.co_filename)
            if source is None:
                return None
            wanted = abi.demangle(code.co_name)
            return self._in_source(source, wanted, code.co_firstlineno)
        if isinstance(value, type) and issubclass(value, Struct):
            name = value.__name__
            file = value._shape.record.file
            if file:
                source = next((s for s in self._session.program.sources.values() if s.name == file), None)
                return self._in_source(source, name, 0) if source else None
        for entry in reversed(self._session.entries):
            found = self._in_source(entry.source, name.rpartition(".")[2], 0)
            if found:
                return found
        return None

    def _in_source(self, source: Source, name: str, line: int) -> tuple[Source, Any] | None:
        found = None
        for node in self._module(source)[1]:
            if node.name != name:
                continue
            first, last = source.line_column(node.start)[0], source.line_column(node.end)[0]
            if not line or first <= line <= last:
                found = (source, node)
        return found

    def remember(self, source: Source) -> None:
        """Read the definitions of an entry now, so that Tab need not."""
        if "def " in source.text or "struct " in source.text:
            self._module(source)

    def _module(self, source: Source) -> tuple[na.Module, list[Any]]:
        """The tree of a source and the definitions in it."""
        known = self._parsed.get(id(source))
        if known is None:
            module = parse(source).module
            known = self._parsed[id(source)] = (source, (module, _definitions(module)))
        return known[1]

    # --- signatures and docs ----------------------------------------------------------------------

    def signature(self, name: str, value: Any = NOTHING) -> str:
        """`f(n: int) -> str`, or "" for what cannot be called."""
        short = name.rpartition(".")[2]
        if value is NOTHING:
            value = self.value(name)
        if name == short and name not in self._session:
            static = known_builtins.constructor(name) or known_builtins.builtin_type(name)
            if static is not None and static[0] == "func":
                return show_signature(name, static)
        found = self.definition(name, value) if callable(value) else None
        if found is not None:
            return head(*found)
        static = self._session.types.get(name)
        return show_signature(name, static) if static is not None and static[0] == "func" else ""

    def head(self, value: Any) -> str:
        """The signature of a function as a value, or "" when its text is not known."""
        name = abi.demangle(str(getattr(value, "__name__", "")))
        if not name or isinstance(value, TypeValue):
            return ""
        if self._session.program.builtins.get(name) is value:
            return self.signature(name, value) if name not in self._session else ""
        found = self.definition(name, value) if getattr(_plain(value), "__code__", None) is not None else None
        return head(*found) if found else ""

    def parameters(self, name: str) -> list[tuple[str, str]]:
        """The parameters of what a name stands for, with their types as text."""
        value = self.value(name)
        found = self.definition(name, value) if value is not NOTHING and callable(value) else None
        if found is not None:
            source, node = found
            if isinstance(node, _FUNCTIONS):
                return [(p.name, _annotation(source, p.annotation)) for p in node.params if "star" not in p.kind]
            if isinstance(node, (na.StructDef, na.ResourceDef)):
                return [(f.name, _annotation(source, f.annotation)) for f in node.fields]
        static = known_builtins.constructor(name) or known_builtins.builtin_type(name) if "." not in name else None
        if static is not None and static[0] == "func" and static[1] is not None:
            return [(p[0], show(p[1])) for p in static[1] if p[2] in ("normal", "keyword")]
        return []

    def doc(self, name: str, value: Any = NOTHING) -> str:
        """The documentation of what a name stands for, or ""."""
        if value is NOTHING:
            value = self.value(name)
        if isinstance(value, ModuleValue):
            source = next(
                (s for s in self._session.program.sources.values() if s.name == value.__dict__["__file__"]), None
            )
            return (self._module(source)[0].doc or "") if source else ""
        found = self.definition(name, value) if callable(value) else None
        if found is not None:
            return found[1].doc or ""
        if name in DOCS and name not in self._session:
            return DOCS[name]
        if value is not NOTHING and callable(value):
            import builtins

            own = getattr(getattr(builtins, name, value), "__doc__", None)
            return _paragraph(own or "")
        return ""

    # --- answers ----------------------------------------------------------------------------------

    def describe(self, name: str) -> str | None:
        """The answer to `?name`, or None when nothing is known of it."""
        value = self.value(name)
        if value is NOTHING:
            return self._word(name)
        lines = [self.signature(name, value) or f"{name}: {self.type_of(value)}"]
        found = self.definition(name, value) if callable(value) else None
        lines += [
            f"    {line}".rstrip() for line in self.doc(name, value).strip().split("\n") if line or len(lines) > 1
        ]
        if found is not None:
            lines += _parameter_docs(*found)
            lines += poet_options(*found)
            source, node = found
            lines.append(f"  defined in {source.name}, line {source.line_column(node.start)[0]}")
        names = [n for n, *_ in members(value)] if isinstance(value, (ModuleValue, Struct)) else []
        if names:
            lines.append(f"  has: {', '.join(names)}")
        return "\n".join(lines)

    def _word(self, name: str) -> str | None:
        receiver, _, last = name.rpartition(".")
        if receiver:
            value = self.value(receiver)
            kind = receiver if receiver in TABLES else "" if value is NOTHING else kind_of(value)
            found = method_type(kind, last) if kind in TABLES else None
            return None if found is None else show_signature(name, found)
        if name in KEYWORDS:
            return f"{name} (a word of the language)\n    {KEYWORDS[name]}"
        if name in WORDS:
            return f"{name} (a word of the language)"
        from dana.catalogue import catalogue

        entry = catalogue().get(name.upper())
        return None if entry is None else f"{name.upper()}: {entry.title}\n\n{entry.explanation.strip()}"

    def source_of(self, name: str) -> str | None:
        """The text of a definition, or None."""
        value = self.value(name)
        found = None if value is NOTHING else self.definition(name, value)
        if found is None:
            return None
        source, node = found
        start = source.text.rfind("\n", 0, node.start) + 1
        return source.text[start : node.end].rstrip()

    def type_of(self, value: Any) -> str:
        """The type of a value, with those of its parts where they agree."""
        if isinstance(value, ModuleValue):
            return "module"
        return show(static_type(value)) or kind_of(value)


# --- values -------------------------------------------------------------------------------------


def static_type(value: Any, depth: int = 3) -> Type:
    """The checker's word for a value's type; the first items of a container speak for it."""
    from itertools import islice

    from dana.checker.types import ANY, of_value, union

    kind = type(value)
    if depth and kind in (list, set, tuple, dict) and value:
        if kind is dict:
            pairs = list(islice(value.items(), 50))
            return ("dict", *(union(static_type(p[i], depth - 1) for p in pairs) for i in (0, 1)))
        parts = [static_type(v, depth - 1) for v in islice(value, 50)]
        return ("tuple", tuple(parts)) if kind is tuple else (kind.__name__, union(parts))
    if isinstance(value, Struct):
        return ("struct", value._shape.name, "")
    if isinstance(value, type) and issubclass(value, Struct):
        return ("type", ("struct", value.__name__, ""))
    found = of_value(value)
    if found[0] == "lit":
        found = (type(value).__name__,)
    return found if found is not ANY and found != ANY else ("opaque", kind_of(value))


def member(value: Any, name: str) -> Any:
    """What a dot leads to without running anything: a module's name, a field, a method; else `NOTHING`."""
    if name[:1] == "_":
        return NOTHING
    if isinstance(value, ModuleValue):
        return value.__dict__.get(name, NOTHING)
    if isinstance(value, Struct):
        field = value._shape.index.get(name)
        if field is not None:
            return getattr(value, field.slot, NOTHING)
        value = type(value)
    if isinstance(value, type) and issubclass(value, Struct):
        for cls in value.__mro__:
            if name in cls.__dict__ and cls.__module__.split(".")[0] != "dana":
                return cls.__dict__[name]
        for cls in value.__mro__:
            if name in cls.__dict__:
                return cls.__dict__[name]
    return NOTHING


def members(value: Any) -> list[tuple[str, str, str]]:
    """What may stand behind a dot: `(name, kind, signature)`."""
    if isinstance(value, ModuleValue):
        record = value.__dict__[".module"]
        names = record.exports or public_names(record)
        return [(n, _kind(value.__dict__.get(n)), "") for n in names]
    if isinstance(value, Struct) or (isinstance(value, type) and issubclass(value, Struct)):
        return _struct_members(value)
    kind = kind_of(value)
    if kind in TABLES:
        return [(n, "method", show_signature(n, method_type(kind, n) or ())) for n in TABLES[kind]]
    return []


def _struct_members(value: Any) -> list[tuple[str, str, str]]:
    cls: Any = value if isinstance(value, type) else type(value)
    found = [(f.name, "field", f"{f.name}: {f.type.name}") for f in cls._shape.fields] if value is not cls else []
    for each in cls.__mro__:
        if each.__dict__.get("_shape") is not None:
            found += [
                (n, "method", "")
                for n, v in each.__dict__.items()
                if callable(v) and n.isidentifier() and n.isascii() and n[0] != "_"
            ]
    have = {n for n, *_ in found}
    return found + [(n, "method", n + text) for n, text in STRUCT.items() if n not in have]


def _kind(value: Any) -> str:
    if isinstance(value, ModuleValue):
        return "module"
    if isinstance(value, (type, TypeValue)):
        return "type"
    return "function" if callable(value) else "value"


def _plain(value: Any) -> Any:
    """A function behind its decorators."""
    for _ in range(20):
        inner = getattr(value, "__wrapped__", None) if not isinstance(value, (type, Struct)) else None
        if inner is None:
            return value
        value = inner
    return value


# --- definitions --------------------------------------------------------------------------------


def _definitions(module: na.Module) -> list[Any]:
    found = []
    waiting: list[Any] = [module]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _DEFINITIONS):
            found.append(node)
        for part in node[2:]:
            if isinstance(part, na.Node):
                waiting.append(part)
            elif part.__class__ is tuple:
                waiting += [p for p in part if isinstance(p, na.Node)]
    return found


def head(source: Source, node: Any) -> str:
    """The signature of a definition, as it is written there."""
    if isinstance(node, _FUNCTIONS):
        shown = []
        keywords = False
        for p in node.params:
            if p.kind == "keyword" and not keywords:
                shown.append("*")
            keywords = keywords or p.kind in ("keyword", "star")
            star = {"star": "*", "double_star": "**"}.get(p.kind, "")
            kind = _annotation(source, p.annotation)
            text = star + p.name + (f": {kind}" if kind else "")
            if p.default is not None:
                text += (" = " if kind else "=") + _piece(source, p.default)
            shown.append(text)
        result = _annotation(source, node.returns)
        return f"{node.name}({', '.join(shown)})" + (f" -> {result}" if result else "")
    if isinstance(node, (na.StructDef, na.ResourceDef)):
        fields = []
        for f in node.fields:
            kind = _annotation(source, f.annotation)
            text = f.name + (f": {kind}" if kind else "")
            fields.append(text + (f" = {_piece(source, f.default)}" if f.default is not None else ""))
        return f"{node.name}({', '.join(fields)})"
    return str(node.name)


def _annotation(source: Source, node: Any) -> str:
    return "" if node is None else _piece(source, node)


def _piece(source: Source, node: Any) -> str:
    text = " ".join(source.text[node.start : node.end].split())
    return text if len(text) <= 40 else text[:39] + "…"


def _parameter_docs(source: Source, node: Any) -> list[str]:
    parts = getattr(node, "params", None) or getattr(node, "fields", None) or ()
    documented = [p for p in parts if p.doc]
    width = max((len(p.name) for p in documented), default=0)
    del source
    return [f"    {p.name.ljust(width)}  {p.doc}" for p in documented]


def poet_options(source: Source, node: Any) -> list[str]:
    """What `@poet` above a function was given, and what that means."""
    from dana.poet.options import OPTIONS

    lines: list[str] = []
    for decorator in getattr(node, "decorators", ()):
        expr = decorator.expr
        called = expr.func if isinstance(expr, na.Call) else expr
        if not isinstance(called, na.Name) or called.id != "poet":
            continue
        lines.append(f"  {source.text[decorator.start : decorator.end].strip()}")
        given = expr.keywords if isinstance(expr, na.Call) else ()
        for keyword in given:
            row = OPTIONS.get(keyword.name or "")
            if row is not None:
                lines.append(f"    {keyword.name} = {_piece(source, keyword.value)}: {row.meaning}")
        if not given:
            lines.append("    no options: it runs as it is; `retries=…`, `timeout=…` make it reliable")
    return lines


def _paragraph(text: str) -> str:
    lines = text.strip().split("\n\n")
    body = [p for p in lines if "->" not in p.split("\n")[0]] or lines
    return " ".join(body[0].split())
