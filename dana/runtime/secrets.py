"""`Secret`: a text a program may use and never see (M86, L48).

    key = secrets.env("PAYMENTS_KEY")                 # prints as ***
    http.get(url, headers={"Authorization": key.prefixed("Bearer ")})

The text leaves a secret in two places only: in what is sent by `http` (headers, passwords) and in functions of the host
that ask for one. Everything else that could tell something about it is missing by construction, not by a check: it is
no text, has no length, no items, no order, no hash, and no attribute but `prefixed`. Programs cannot reach `text_of`:
it is a function of this module. A host gets a `dana.secrets.Secret`, which can be asked for its text.
"""

from __future__ import annotations

from dana.runtime.stops import failure
from dana.secrets import SHOWN, same
from dana.secrets import Secret as HostSecret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

    from dana.runtime.program import Program

MAX_PREFIX = 100
# What is shorter is found by chance in whatever is written.
MIN_HIDDEN = 4
# So many of a program's secrets are looked for in what it writes; the oldest beyond are not.
MAX_HELD = 1_000


class Secret:
    """A text that is used and never shown. It equals a secret or a text that is the same, as a whole: comparing takes
    the same time wherever they differ.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text:
            raise failure(ValueError, "E602", "a secret is a text, and not an empty one")
        self._text = text

    def prefixed(self, prefix: str, /) -> Secret:
        """The same secret with a text in front of it: `key.prefixed("Bearer ")`."""
        if prefix.__class__ is not str or len(prefix) > MAX_PREFIX:
            raise failure(
                TypeError, "E601", f"what stands before a secret is a text of at most {MAX_PREFIX} characters"
            )
        return Secret(prefix + self._text)

    def __repr__(self) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        text = other._text if isinstance(other, Secret) else other
        return same(self._text, text) if text.__class__ is str else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a hash would be a way to try candidates

    def __bool__(self) -> bool:
        return True

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise failure(TypeError, "E601", "a secret is not written down")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def _dana_release(self) -> HostSecret:
        """What the host gets for it."""
        return HostSecret(self._text)


def text_of(secret: Secret) -> str:
    """The text, for whoever sends it. Never handed to a program."""
    return secret._text


class Held:
    """The texts of the secrets a program has held, for whoever writes something down."""

    __slots__ = ("_texts",)

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def add(self, text: str) -> None:
        """From now on this text is hidden."""
        if len(text) >= MIN_HIDDEN:
            self._texts.pop(text, None)
            self._texts[text] = None
            if len(self._texts) > MAX_HELD:
                del self._texts[next(iter(self._texts))]

    def texts(self) -> Iterable[str]:
        """What is to be hidden, the longest first, so that none is cut in two by a shorter one."""
        return sorted(self._texts, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        """`text` with `***` for each of them."""
        for secret in self.texts():
            if secret in text:
                text = text.replace(secret, SHOWN)
        return text


def held(program: Program, text: str) -> Secret:
    """A secret of a program, which knows from now on what it must not write down."""
    made = Secret(text)
    if program.secrets is None:
        program.secrets = Held()
    program.secrets.add(text)
    tape = program.tape
    hide([text], program._ledger)
    if tape is not None:
        hide([text], tape.ledger)
    return made


def hide(texts: Iterable[str], ledger: Any) -> None:
    """Have a ledger (None: there is none yet) never write these texts."""
    if ledger is not None:
        redactor = ledger.redactor
        for text in texts:
            if len(text) >= MIN_HIDDEN and len(redactor) < MAX_HELD:
                redactor.hide(text)
