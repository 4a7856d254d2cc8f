"""How values print that Python prints with an address or under a name of the host.

`print`, `repr`, messages and, where the checker knows the type, `str` and f-strings come here: `<function area>`,
`<generator>`, `ValueError`. What a text itself says is never touched.
"""

from __future__ import annotations

from dana import abi
from dana.runtime.typevalues import word_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any

# A text without these has nothing to hide.
ADDRESS, CLASS = " at 0x", "<class '"
METHODS = ("<bound method ", "<built-in ", "<method '")
_HOST = (
    r"<bound method (?P<bound>\S+) of [^<>]*(?:<[^<>]*>[^<>]*)*>"
    r"|<built-in function (?P<builtin>\w+)>"
    r"|<method '(?P<method>\w+)' of '\w+' objects>|"
    r"<(?:bound |built-in )?(?P<kind>function|method) (?P<name>.+?)(?: of .+?)? at 0x[0-9a-f]+>"
    r"|<(?:(?:\w+|<locals>)\.)*(?P<other>\w+) object at 0x[0-9a-f]+>"
    r"|<class '(?:(?:\w+|<locals>)\.)*(?P<cls>\w+)'>"
)


def shown(value: Any) -> str:
    """`.shown(v)`: `str(v)` in Dana's words."""
    return value if isinstance(value, str) else cleaned(str(value))


def shown_inside(value: Any) -> str:
    """The builtin `repr`."""
    text = repr(value)
    return text if isinstance(value, str) else cleaned(text)


class Shown:
    """Stands for a value while it is made into text, in f-strings and formats."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __str__(self) -> str:
        return cleaned(str(self._value))

    def __repr__(self) -> str:
        return cleaned(repr(self._value))

    def __format__(self, spec: str) -> str:
        return cleaned(format(self._value, spec))


def cleaned(text: str) -> str:
    """A representation without addresses and host classes."""
    if ADDRESS not in text and CLASS not in text and not any(word in text for word in METHODS):
        return text
    import re

    return re.sub(_HOST, _plain, text)


def _plain(found: re.Match[str]) -> str:
    if found["cls"]:
        return word_for(found["cls"])
    if found["other"]:
        return f"<{word_for(found['other'])}>"
    given = found["name"] or found["bound"] or found["builtin"] or found["method"]
    name = abi.demangle(given.rpartition(".")[2])
    return f"<function {name.strip('<>')}>"
