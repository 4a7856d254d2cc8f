"""What could stand at the cursor: names in scope, what is behind a dot, parameters, modules, files, commands.

Nothing is run to find out. The text before the cursor is read by the real lexer, so a dot in a string or a word
in a comment offers nothing. An offer carries a signature, and its documentation when somebody asks for it.
"""

from __future__ import annotations

import os
import re

from dana.checker import builtins as known_builtins
from dana.checker.methods import TABLES, method_type
from dana.checker.types import show, show_signature
from dana.parser.lexer import Lexer
from dana.parser.words import HARD, REFUSED_WORDS, SOFT, SPELLED_CONSTANTS
from dana.repl import about
from dana.repl.commands import COMMANDS
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dana.parser.reader import Token
    from dana.repl.reading import Reading
    from dana.repl.shell import Shell

MAX_OFFERS = 200
CALL_MAX = 1_000  # how many tokens before the cursor may belong to the call it is in
_WORD = re.compile(r"(?:[^\W\d]\w*)?\Z")
_WORDS = sorted((set(HARD) - set(SPELLED_CONSTANTS) - set(REFUSED_WORDS)) | (SOFT - {"case"}) | {"case"})
_LITERALS = {"STRING": "str", "FSTRING_END": "str", "RSQB": "list", "RBRACE": "dict"}


class Offer:
    """One thing that could be written: `text` replaces the `width` characters before the cursor."""

    __slots__ = ("kind", "meta", "name", "text", "width")

    def __init__(self, text: str, width: int, *, meta: str = "", kind: str = "", name: str = "") -> None:
        self.text = text
        self.width = width
        self.meta = meta
        self.kind = kind
        self.name = name

    def __repr__(self) -> str:
        return f"Offer({self.text!r}, {self.meta!r})"


def offers(shell: Shell, before: str, after: str = "") -> list[Offer]:
    """Everything that fits at the cursor, best first. `before` and `after` are the text around it."""
    stripped = before.lstrip()
    if stripped[:1] == ":":
        return _of_command(shell, stripped)
    if stripped[:1] == "?":
        word = stripped.lstrip("?").strip()
        return _dotted(shell, word) if "." in word else _names(shell, word, ())
    reading = shell.reading
    reading.read(before)
    tokens = [t for t in reading.tokens if t[1] > t[0] and t[2] not in ("NEWLINE", "INDENT", "BAD")]
    if _in_text(reading, before):
        return []
    match = _WORD.search(before)
    word = match[0] if match else ""
    while tokens and word and tokens[-1][1] > len(before) - len(word):
        tokens.pop()
    return _of_place(shell, word, tokens, before, after)


def _of_place(shell: Shell, word: str, tokens: list[Token], before: str, after: str) -> list[Offer]:
    line = [t for t in tokens if t[0] > before.rfind("\n")]
    kinds = [t[2] for t in line]
    if kinds[:1] == ["IMPORT"] or (kinds[:1] == ["FROM"] and "IMPORT" not in kinds):
        return _modules(shell, word, line)
    if kinds[:1] == ["FROM"] and "IMPORT" in kinds:
        return _from_module(shell, word, line[1 : kinds.index("IMPORT")])
    if tokens and tokens[-1][2] == "DOT":
        return _behind_dot(shell, word, tokens)
    if before.endswith("."):
        return []
    found = _arguments(shell, word, tokens)
    buffer = {t[3] for t in tokens if t[2] == "NAME"} | set(_later_names(after))
    return (found + _names(shell, word, buffer))[:MAX_OFFERS]


def _in_text(reading: Reading, before: str) -> bool:
    """Whether the cursor is in a comment or in a string that has not ended."""
    if reading.comments and reading.comments[-1][1] == len(before):
        return True
    last = before.rfind("\n")
    for finding in reading.findings:
        if finding.code == "E104" and finding.span is not None:
            opener = before[finding.span[0] : finding.span[1]]
            if finding.span[0] > last or opener.endswith(('"""', "'''")):
                return "{" not in before[finding.span[1] :] or opener[:1] not in "fF"
    return False


def _later_names(after: str) -> Iterator[str]:
    if after.strip():
        for token in Lexer(Source("<repl>", after)).run():
            if token[2] == "NAME":
                yield token[3]


# --- names --------------------------------------------------------------------------------------


def _names(shell: Shell, word: str, buffer: Iterable[str]) -> list[Offer]:
    """Variables, what the text itself names, built-in names, words of the language."""
    session = shell.session
    found: dict[str, Offer] = {}
    own = [n for n in session.names() if n.startswith(word)]
    for name in sorted(own, key=lambda n: (n[0] == "_" and word[:1] != "_", n)):
        if name[0] != "_" or word[:1] == "_":
            found[name] = Offer(name, len(word), meta=_meta(shell, name), kind="name", name=name)
    for name in sorted(n for n in buffer if n.startswith(word) and n != word):
        found.setdefault(name, Offer(name, len(word), kind="name"))
    if not word:
        return list(found.values())
    for name in sorted(n for n in known_builtins.names() if n.startswith(word) and n[0] != "_"):
        found.setdefault(name, Offer(name, len(word), meta=_builtin_meta(name), kind="builtin", name=name))
    for name in _WORDS:
        if name.startswith(word):
            found.setdefault(name, Offer(name, len(word), meta="word of the language", kind="word", name=name))
    return list(found.values())


def _meta(shell: Shell, name: str) -> str:
    value = shell.session.value(name)
    if callable(value):
        return shell.about.signature(name, value)
    return shell.about.type_of(value)


def _builtin_meta(name: str) -> str:
    static = known_builtins.constructor(name) or known_builtins.builtin_type(name)
    if static is None:
        return ""
    return show_signature(name, static) if static[0] == "func" else show(static)


# --- behind a dot -------------------------------------------------------------------------------


def _dotted(shell: Shell, path: str) -> list[Offer]:
    receiver, _, word = path.rpartition(".")
    return _members(shell, receiver, shell.about.value(receiver), word)


def _behind_dot(shell: Shell, word: str, tokens: list[Token]) -> list[Offer]:
    before = tokens[-2] if len(tokens) > 1 else None
    if before is None:
        return []
    kind = _LITERALS.get(before[2])
    if kind == "list" and not _opens_list(tokens[:-1]):
        return []
    if kind is not None:
        return [_method(kind, name, len(word)) for name in TABLES[kind] if name.startswith(word)]
    path: list[str] = []
    at = len(tokens) - 2
    while at >= 0 and tokens[at][2] == "NAME":
        path.insert(0, tokens[at][3])
        if at == 0 or tokens[at - 1][2] != "DOT":
            receiver = ".".join(path)
            return _members(shell, receiver, shell.about.value(receiver), word)
        at -= 2
    return []


def _opens_list(tokens: list[Token]) -> bool:
    """Whether the `]` at the end closes a list and not an index."""
    depth = 0
    for number in range(len(tokens) - 1, -1, -1):
        depth += (tokens[number][2] == "RSQB") - (tokens[number][2] == "LSQB")
        if depth == 0:
            return number == 0 or tokens[number - 1][2] not in ("NAME", "RPAR", "RSQB", "STRING", "RBRACE")
    return False


def _members(shell: Shell, receiver: str, value: object, word: str) -> list[Offer]:
    if value is about.NOTHING:
        return []
    found = []
    for name, kind, meta in about.members(value):
        if name.startswith(word):
            full = f"{receiver}.{name}"
            shown = meta or (shell.about.signature(full, about.member(value, name)) if kind != "module" else "module")
            found.append(Offer(name, len(word), meta=shown or kind, kind=kind, name=full))
    return found[:MAX_OFFERS]


def _method(kind: str, name: str, width: int) -> Offer:
    return Offer(
        name,
        width,
        meta=show_signature(name, method_type(kind, name) or ("any",)),
        kind="method",
        name=f"{kind}.{name}",
    )


# --- calls --------------------------------------------------------------------------------------


def open_call(tokens: list[Token]) -> tuple[str, int] | None:
    """The call the end of the tokens is in: what is called, and how many commas came since."""
    depth = 0
    commas = 0
    for number in range(len(tokens) - 1, 0, -1):
        kind = tokens[number][2]
        if kind in ("RPAR", "RSQB", "RBRACE"):
            depth += 1
        elif kind in ("LPAR", "LSQB", "LBRACE"):
            depth -= 1
            if depth < 0:
                if kind != "LPAR" or tokens[number - 1][2] != "NAME":
                    return None
                return _path(tokens, number - 1), commas
        elif kind == "COMMA" and depth == 0:
            commas += 1
    return None


def _path(tokens: list[Token], at: int) -> str:
    path = [tokens[at][3]]
    while at >= 2 and tokens[at - 1][2] == "DOT" and tokens[at - 2][2] == "NAME":
        at -= 2
        path.insert(0, tokens[at][3])
    return ".".join(path)


def _arguments(shell: Shell, word: str, tokens: list[Token]) -> list[Offer]:
    """`name=` for every parameter that has not been given by name."""
    called = open_call(tokens)
    if called is None or not tokens or tokens[-1][2] not in ("LPAR", "COMMA"):
        return []
    given = {tokens[i][3] for i in range(len(tokens) - 1) if tokens[i + 1][2] == "EQUAL" and tokens[i][2] == "NAME"}
    parameters = shell.about.parameters(called[0])[called[1] if not given else 0 :]
    return [
        Offer(f"{name}=", len(word), meta=kind, kind="argument")
        for name, kind in parameters
        if name.startswith(word) and name not in given
    ]


def signature_at(shell: Shell, before: str) -> str:
    """The signature of the call the cursor is in, or ""."""
    if "(" not in before:
        return ""
    shell.reading.read(before)
    tokens = [t for t in shell.reading.tokens[-CALL_MAX:] if t[1] > t[0] and t[2] != "BAD"]
    while tokens and tokens[-1][2] == "NEWLINE":
        tokens.pop()
    called = open_call(tokens)
    if called is None:
        return ""
    value = shell.about.value(called[0])
    return "" if value is about.NOTHING else shell.about.signature(called[0], value)


# --- modules ------------------------------------------------------------------------------------


def _modules(shell: Shell, word: str, line: list[Token]) -> list[Offer]:
    from dana.engine.finder import submodules

    path = [t[3] for t in line[1:] if t[2] == "NAME"]
    finder = shell.session.finder
    folders = dict.fromkeys([os.getcwd(), *finder.roots])
    names: dict[str, str] = {}
    for folder in folders:
        inner = os.path.join(folder, *path)
        if os.path.isdir(inner):
            for name in submodules(inner):
                names.setdefault(name, "standard library" if folder == finder.stdlib else "module")
    return [Offer(n, len(word), meta=m, kind="module") for n, m in sorted(names.items()) if n.startswith(word)]


def _from_module(shell: Shell, word: str, path: list[Token]) -> list[Offer]:
    interface = shell.session.interface(tuple(t[3] for t in path if t[2] == "NAME"))
    if interface is None:
        return []
    return [
        Offer(name, len(word), meta=show_signature(name, t) if t[0] == "func" else show(t), kind="name")
        for name, t in interface.names.items()
        if name.startswith(word)
    ]


# --- commands -----------------------------------------------------------------------------------


def _of_command(shell: Shell, text: str) -> list[Offer]:
    word, blank, rest = text[1:].partition(" ")
    if not blank:
        return [
            Offer(f":{name}", len(word) + 1, meta=does, kind="command")
            for name, (_, does, _) in COMMANDS.items()
            if name.startswith(word)
        ]
    if word in ("load", "save"):
        return _files(rest.lstrip())
    return offers(shell, rest) if word in ("type", "time") else []


def _files(start: str) -> list[Offer]:
    folder, name = os.path.split(start)
    try:
        entries = sorted(os.listdir(os.path.expanduser(folder) or "."))
    except OSError:
        return []
    found = []
    for entry in entries:
        if entry.startswith(name) and (name or entry[0] != "."):
            is_folder = os.path.isdir(os.path.join(os.path.expanduser(folder), entry))
            if is_folder or entry.endswith(".na"):
                found.append(Offer(entry + ("/" if is_folder else ""), len(name), kind="file"))
    return found[:MAX_OFFERS]
