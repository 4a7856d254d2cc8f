"""The front on a terminal, on prompt_toolkit: what the keys do, what is painted, what Tab offers.

Nothing here knows Dana: whether Enter submits is `completeness`' to say, colours are `painting`'s, offers
`completing`'s. prompt_toolkit is imported here and nowhere else.
"""

from __future__ import annotations

import textwrap
from itertools import islice

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, get_common_complete_suffix
from prompt_toolkit.filters import has_focus, is_searching
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.styles import Style

from dana.repl.completeness import INDENT, goes_on, indentation, is_complete
from dana.repl.lines import prompt_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from dana.repl.painting import Painted
    from dana.repl.shell import Shell

MENU_LINES = 6
LOADED_LATER = (
    "dana.parser.lexer",
    "dana.repl.probe",
    "dana.repl.painting",
    "dana.parser",
    "dana.checker.types",
    "dana.checker",
    "dana.lowering",
    "dana.engine.session",
    "dana.repl.completing",
    "dana.repl.show",
)
# How what `painting` names is painted; the sixteen colours follow the terminal's own theme.
STYLES = {
    "keyword": "ansimagenta",
    "constant": "ansicyan",
    "string": "ansigreen",
    "number": "ansicyan",
    "comment": "ansibrightblack italic",
    "definition": "ansiblue bold",
    "call": "ansiblue",
    "builtin": "ansicyan",
    "decorator": "ansiyellow",
    "scope": "ansiyellow",
    "command": "ansiyellow bold",
}
LOOK = {
    "prompt": "ansibrightblack",
    "bottom-toolbar": "noreverse ansibrightblack",
    "completion-menu.meta.completion": "",
    **STYLES,
}


def edit(shell: Shell, history: str | None) -> None:
    """Prompt until the user leaves."""
    session = make_session(shell, history)
    _warm_up(session.app)
    shell.edits = True
    while not shell.leaving:
        # What was written for a sentence stands at the prompt, to be looked at, changed, and run with Enter.
        written, shell.written = shell.written, ""
        try:
            text = session.prompt(prompt_text(shell.number), default=written)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        shell.enter(text.rstrip())


def make_session(shell: Shell, history: str | None, **more: Any) -> PromptSession[str]:
    """The editor; `more` are further arguments of `PromptSession` (an input and output, for measuring)."""
    return PromptSession(
        history=_history(history),
        lexer=_Painter(shell),
        completer=_Completer(shell),
        complete_while_typing=False,
        multiline=True,
        key_bindings=_keys(),
        prompt_continuation=_continuation,
        enable_history_search=True,
        bottom_toolbar=_Toolbar(shell),
        reserve_space_for_menu=MENU_LINES,
        style=Style.from_dict(LOOK),
        include_default_pygments_style=False,
        color_depth=None if shell.screen.colour else ColorDepth.DEPTH_1_BIT,
        **more,
    )


def _history(path: str | None) -> InMemoryHistory | FileHistory:
    """The history in its file; in memory when the file cannot be written."""
    if path is None:
        return InMemoryHistory()
    try:
        with open(path, "ab"):
            pass
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)


def _continuation(width: int, _number: int, _soft: int) -> StyleAndTextTuples:
    return [("class:prompt", ".. ".rjust(width))]


def _warm_up(app: Application[str]) -> None:
    """Load what the first entry needs once the prompt is there, in pieces between which keys are read.

    In no other thread: modules that import each other must not be imported from two sides.
    """

    async def load() -> None:
        from asyncio import sleep
        from importlib import import_module

        for name in LOADED_LATER:
            await sleep(0)
            import_module(name)

    def painted(_app: Application[str]) -> None:
        app.after_render -= painted
        app.create_background_task(load())

    app.after_render += painted


# --- keys ---------------------------------------------------------------------------------------


def _keys() -> KeyBindings:
    keys = KeyBindings()
    editing = has_focus("DEFAULT_BUFFER") & ~is_searching
    table: list[tuple[tuple[str, ...], Callable[[KeyPressEvent], None]]] = [
        (("enter",), _Enter()),
        (("escape", "enter"), new_line),
        (("tab",), tab),
        (("s-tab",), back_tab),
        (("backspace",), backspace),
        (("}",), closing_brace),
        (("<bracketed-paste>",), paste),
    ]
    for combination, act in table:
        keys.add(*combination, filter=editing)(act)
    return keys


class _Enter:
    """Submits what is whole, else a new line with the indentation that belongs there.

    A terminal that does not announce a paste sends it like typing, only faster: a line that follows at once and
    brings its own blanks is one. Then nothing is indented, and an entry ends where the next one begins.
    """

    def __init__(self) -> None:
        self._pasted = False

    def __call__(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
            return
        if "\n" not in buffer.text:
            self._pasted = False
        follows = _waiting(event)
        if follows[:1] in (" ", "\t") and buffer.text.strip():
            self._pasted = True
        if self._pasted and follows:
            begins = not follows[0].isspace() and not goes_on(follows)
            if begins and is_complete(buffer.text.rstrip() + "\n"):
                buffer.validate_and_handle()
            else:
                buffer.insert_text("\n")
        elif _is_whole(buffer):
            buffer.validate_and_handle()
        else:
            new_line(event)


def _waiting(event: KeyPressEvent) -> str:
    """The text that has arrived behind this key: a few characters of it."""
    queue = event.app.key_processor.input_queue
    return "".join(press.data for press in islice(queue, 12))


def _is_whole(buffer: Buffer) -> bool:
    document = buffer.document
    if "\n" in buffer.text and not document.on_last_line:
        return False
    recalled = buffer.working_index < len(buffer._working_lines) - 1
    return is_complete(buffer.text) or (recalled and is_complete(buffer.text + "\n"))


def new_line(event: KeyPressEvent) -> None:
    """A new line, whatever the text is."""
    buffer = event.current_buffer
    before = buffer.document.text_before_cursor
    blank = before.rpartition("\n")[2]
    if blank and not blank.strip():
        buffer.delete_before_cursor(len(blank))
        buffer.insert_text("\n" + blank)
        return
    buffer.insert_text("\n" + " " * indentation(before))


def tab(event: KeyPressEvent) -> None:
    """Indent where a line begins, complete elsewhere: what is certain at once, else a menu.

    Offers are made here and now, not in the background: what is typed behind the key must find them made.
    """
    buffer = event.current_buffer
    before = buffer.document.current_line_before_cursor
    if buffer.complete_state is not None:
        buffer.complete_next()
    elif not before.strip() and "\n" in buffer.text:
        buffer.insert_text(" " * (INDENT - len(before) % INDENT))
    else:
        offers = list(buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
        common = get_common_complete_suffix(buffer.document, offers) if offers else ""
        if len(offers) == 1:
            buffer.apply_completion(offers[0])
        elif common:
            buffer.insert_text(common)
        elif offers:
            buffer._set_completions(offers)


def back_tab(event: KeyPressEvent) -> None:
    """The offer before, or one indentation less."""
    buffer = event.current_buffer
    if buffer.complete_state is not None:
        buffer.complete_previous()
    else:
        _dedent(buffer)


def backspace(event: KeyPressEvent) -> None:
    """In the indentation a whole step, elsewhere a character."""
    buffer = event.current_buffer
    before = buffer.document.current_line_before_cursor
    if before and not before.strip(" ") and len(before) % INDENT == 0:
        _dedent(buffer)
    else:
        buffer.delete_before_cursor(event.arg)


def closing_brace(event: KeyPressEvent) -> None:
    """A brace that begins a line stands where its block began."""
    buffer = event.current_buffer
    before = buffer.document.current_line_before_cursor
    if before and not before.strip(" "):
        _dedent(buffer)
    buffer.insert_text("}")


def _dedent(buffer: Buffer) -> None:
    before = buffer.document.current_line_before_cursor
    if before and not before.strip(" "):
        buffer.delete_before_cursor(len(before) - (len(before) - 1) // INDENT * INDENT)


def paste(event: KeyPressEvent) -> None:
    """Pasted text as it is; a block that was indented as a whole begins in the first column."""
    text = event.data.replace("\r\n", "\n").replace("\r", "\n").expandtabs(INDENT)
    if not event.current_buffer.text and text[:1] == " ":
        text = textwrap.dedent(text)
    event.current_buffer.insert_text(text)


# --- what is seen -------------------------------------------------------------------------------


class _Painter(Lexer):
    """Colours, by the lexer that compiles the text."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._painted: Painted | None = None
        self._text = ""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        text = document.text
        if not text:
            return lambda _line: []
        if self._painted is None:
            from dana.repl.painting import Painted

            self._painted = Painted(
                builtins=frozenset(n for n in self._shell.session.program.builtins if n.isidentifier())
            )
        if self._text != text:
            self._painted.read(text)
            self._text = text
        return self._painted.line  # type: ignore[return-value]


class _Completer(Completer):
    """Offers, as prompt_toolkit wants them."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        from dana.repl.completing import offers

        room = max(10, self._shell.screen.width() - 30)
        for offer in offers(self._shell, document.text_before_cursor, document.text_after_cursor):
            meta = offer.meta if len(offer.meta) <= room else offer.meta[: room - 1] + "…"
            made = Completion(offer.text, -offer.width, display_meta=meta)
            made.offer = offer  # type: ignore[attr-defined]
            yield made


class _Toolbar:
    """The line below: what the chosen offer does, or the signature of the call the cursor is in."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._last: tuple[str, str] | None = None

    def __call__(self) -> str:
        buffer = get_app().current_buffer
        state = buffer.complete_state
        if state is not None and state.current_completion is not None:
            offer = getattr(state.current_completion, "offer", None)
            return self._clipped(self._doc(offer)) if offer is not None else ""
        before = buffer.document.text_before_cursor
        if "(" not in before:
            return ""
        if self._last is None or self._last[0] != before:
            from dana.repl.completing import signature_at

            self._last = (before, signature_at(self._shell, before))
        return self._clipped(self._last[1])

    def _doc(self, offer: Any) -> str:
        doc = self._shell.about.doc(offer.name) if offer.name else ""
        first = doc.strip().split("\n", 1)[0]
        return f"{offer.meta}  {first}" if first else str(offer.meta)

    def _clipped(self, text: str) -> str:
        width = self._shell.screen.width()
        return text if len(text) < width else text[: width - 2] + "…"
