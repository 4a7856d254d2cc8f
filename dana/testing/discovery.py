"""Which files hold tests. Texts are searched, nothing is parsed: a wrong guess costs a compilation, no more."""

from __future__ import annotations

import os

from dana.testing.outcome import BLOCK, EXAMPLE, Case

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FENCE = "```dana"
# Folders that hold other people's files, or none.
FOREIGN = frozenset({"node_modules", "__pycache__", "__snapshots__", "build", "dist", "site-packages"})


class NoSuchPath(Exception):
    """A path named on the command line does not exist."""


def discover(words: Iterable[str]) -> list[str]:
    """The files to test: those named, whatever they hold, and below folders those that hold tests.

    Raises `NoSuchPath`.
    """
    found: dict[str, None] = {}
    for word in words:
        if os.path.isdir(word):
            for path in candidates(word):
                if _holds_tests(path):
                    found[path] = None
        elif os.path.isfile(word):
            found[os.path.normpath(word)] = None
        else:
            raise NoSuchPath(word)
    return list(found)


def candidates(folder: str) -> Iterator[str]:
    """Every Dana and Markdown file below a folder, in order."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            f
            for f in folders
            if f[0] != "." and f not in FOREIGN and not os.path.exists(os.path.join(here, f, "pyvenv.cfg"))
        )
        for name in sorted(files):
            if name.endswith((".na", ".md")):
                yield os.path.normpath(os.path.join(here, name))


def is_test_program(path: str) -> bool:
    """`test_*.na` and `*_test.na` are tests as a whole."""
    name = os.path.basename(path)
    return name.endswith("_test.na") or (name.startswith("test_") and name.endswith(".na"))


def _holds_tests(path: str) -> bool:
    if is_test_program(path):
        return True
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError:
        return False  # a link that leads nowhere, or a file that is not ours to read
    if path.endswith(".md"):
        return FENCE.encode() in data
    return mentions_test(data) or FENCE.encode() in data


def mentions_test(data: bytes) -> bool:
    """Whether a line of the file begins like a test block."""
    at = data.find(b"test ")
    while at >= 0:
        line = data.rfind(b"\n", 0, at) + 1
        if not data[line:at].strip(b" \t\xef\xbb\xbf") and data[at + 5 :].lstrip(b" \t")[:2].strip(b"rR")[:1] in (
            b'"',
            b"'",
        ):
            return True
        at = data.find(b"test ", at + 1)
    return False


def fenced_blocks(path: str, text: str) -> list[Case]:
    """The ```` ```dana ```` blocks of a text as cases; ```` ```dana skip ```` is for readers only.

    A block is taken as it is written, less its indentation; `line` is that of its fence. As in CommonMark, a block
    ends with a fence at least as long as its own and not indented much further, so that blocks can show blocks.
    """
    kind = BLOCK if path.endswith(".md") else EXAMPLE
    found: list[Case] = []
    length = begin = indent = 0  # of the fence that is open
    inside: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        ticks = len(bare) - len(bare.lstrip("`"))
        if not length:
            if ticks >= 3 and "`" not in bare[ticks:]:
                length, begin, indent = ticks, number, len(line) - len(line.lstrip())
                inside = [] if bare[ticks:] == "dana" else None
        elif ticks >= length and ticks == len(bare) and len(line) - len(line.lstrip()) < indent + 4:
            if inside is not None:
                name = f"{'block' if kind == BLOCK else 'example'} in line {begin}"
                found.append(Case(path, name, begin, kind, text=_program(inside, kind)))
            length = 0
        elif inside is not None:
            inside.append(line[indent:] if not line[:indent].strip() else line)
    return found


def _program(lines: list[str], kind: str) -> str:
    """A block's text; in a docstring two backslashes stand for one."""
    text = "\n".join(lines) + "\n"
    return text.replace("\\\\", "\\").replace('\\"', '"') if kind == EXAMPLE else text
