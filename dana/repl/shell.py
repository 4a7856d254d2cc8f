"""The conversation without a terminal: an entry comes in as text, what it leads to goes out as text.

    shell = Shell(engine, Screen(sys.stdout.write))
    shell.enter("1 + 1")        # writes 2

Both fronts and most tests talk to this. `_` is the last value, `Out[n]` that of the prompt numbered n.
"""

from __future__ import annotations

from dana.diagnostics import Diagnostic, render_all
from dana.errors import DanaError
from dana.repl import commands
from dana.repl.completeness import is_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.engine import Engine
    from dana.engine.session import Session
    from dana.policy import Denial
    from dana.repl.about import About
    from dana.repl.pending import Pending
    from dana.repl.reading import Reading

_PLEASE = "this is a fault of Dana, not of your program; please report it with the entry that shows it"
KEPT = 1_000  # values that `Out` holds


class Screen:
    """Where text goes: `write` takes it, `width()` says how many columns there are, `colour` whether to paint."""

    def __init__(
        self, write: Callable[[str], object], *, width: Callable[[], int] = lambda: 80, colour: bool = False
    ) -> None:
        self._write = write
        self.width = width
        self.colour = colour

    def line(self, text: str) -> None:
        """A text and the end of its line."""
        self._write(text + "\n")


class Shell:
    """One conversation. `leaving` says that it is over; `failures` counts entries that failed."""

    def __init__(self, engine: Engine, screen: Screen) -> None:
        self._engine = engine
        self._session: Session | None = None
        self._about: About | None = None
        self._reading: Reading | None = None
        self.screen = screen
        self.leaving = False
        self.failures = 0
        self.loaded: list[str] = []
        self.number = 1
        # What the last entry was refused and could be granted, and the entry (`:grants +`).
        self.refused: tuple[Denial, str] | None = None
        self._out: dict[int, Any] = {}
        # Sentences (`/nlp`): are they read as such, the Dana that was written for one, can it be edited.
        self.natural = False
        self.written = ""
        self.edits = False
        # Shows what entries wait for, where there is a terminal.
        self.pending: Pending | None = None

    @property
    def engine(self) -> Engine:
        """What runs the entries."""
        return self._engine

    @property
    def session(self) -> Session:
        """The program that is alive; made when it is first needed, for the prompt is there sooner."""
        if self._session is None:
            self._session = self._engine.session()
            if self.pending is not None:
                self.pending.watch(self._session.program)
        return self._session

    @property
    def reading(self) -> Reading:
        """The text before the cursor, as the lexer sees it."""
        if self._reading is None:
            from dana.repl.reading import Reading

            self._reading = Reading()
        return self._reading

    @property
    def about(self) -> About:
        """What is known about names."""
        if self._about is None:
            from dana.repl.about import About

            self._about = About(self.session)
        return self._about

    def enter(self, text: str) -> None:
        """Do what an entry says, and show what comes of it. Never raises for a user's mistake."""
        if not text.strip():
            return
        try:
            if is_command(text):
                commands.obey(self, text.strip())
            elif self.natural and self._is_sentence(text):
                from dana.repl.natural import translate

                translate(self, text)
            else:
                self.written = ""
                self.run(text)
        except KeyboardInterrupt:
            self.screen.line("interrupted")
        except Exception as error:  # noqa: BLE001  (a front door: the conversation goes on)
            self.complain("E990", f"internal error: {type(error).__name__}: {error}", _PLEASE)

    def _is_sentence(self, text: str) -> bool:
        from dana.repl.natural import is_sentence

        return is_sentence(text)

    def run(self, text: str, *, show: bool = True) -> bool:
        """Run an entry; False when it failed."""
        number, self.number = self.number, self.number + 1
        session = self.session
        try:
            value = session.enter(text, name=f"<repl:{number}>")
        except DanaError as error:
            self._settle()
            self.report(error)
            self.offer(error, text)
            return False
        self._settle()
        self.refused = None
        self.about.remember(session.entries[-1].source)
        if session.exited or (text.strip() in ("exit", "quit") and getattr(value, "__name__", "") == "exit"):
            self.leaving = True
        elif value is not None:
            self._keep(number, value)
            if show:
                self.show(value)
        return True

    def _settle(self) -> None:
        if self.pending is not None:
            self.pending.clear()

    def offer(self, error: DanaError, text: str) -> None:
        """After a denial: how to grant it here."""
        denial: Denial | None = getattr(error.__cause__, "_denial", None)
        self.refused = (denial, text) if denial is not None and denial.pattern else None
        if self.refused is not None:
            self.screen.line(":grants + grants this for the session, and runs the entry again")

    def _keep(self, number: int, value: Any) -> None:
        self.session.bind("_", value)
        self._out[number] = value
        while len(self._out) > KEPT:
            del self._out[next(iter(self._out))]
        self.session.bind("Out", self._out)

    def show(self, value: Any) -> None:
        """A value, as it looks at the prompt."""
        from dana.repl.show import shown

        about = self.about
        text = shown(value, max(20, self.screen.width()), about.head)
        self.screen.line(text)
        found = about.definition(getattr(value, "__name__", ""), value) if callable(value) else None
        if found is not None:
            from dana.repl.about import poet_options

            for line in poet_options(*found):
                self.screen.line(line)

    def report(self, error: DanaError) -> None:
        """The same findings as for a file."""
        self.failures += 1
        self.screen.line(render_all(error.diagnostics, colour=self.screen.colour))

    def complain(self, code: str, message: str, hint: str = "") -> None:
        """Something is wrong with what was said to the prompt itself."""
        self.failures += 1
        self.screen.line(render_all([Diagnostic(code, message, hint=hint)], colour=self.screen.colour))

    def close(self) -> None:
        """End the program; resources that cannot be stopped are reported."""
        if self._session is None:
            return
        try:
            self._session.close()
        except DanaError as error:
            self.report(error)
