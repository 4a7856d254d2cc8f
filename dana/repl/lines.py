"""The front that needs nothing but stdin: pipes, dumb terminals, an environment without prompt_toolkit."""

from __future__ import annotations

import sys

from dana.repl.completeness import entries, is_complete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.repl.shell import Shell


def pipe(shell: Shell) -> None:
    """Every entry of stdin, without prompts; ends with stdin or `:quit`."""
    for text in entries(sys.stdin):
        shell.enter(text)
        sys.stdout.flush()
        if shell.leaving:
            return


def terminal(shell: Shell) -> None:
    """Prompts with `input`: the terminal edits the line, an empty line ends a block."""
    held: list[str] = []
    while not shell.leaving:
        prompt = prompt_text(shell.number)
        try:
            line = input(prompt if not held else ".. ".rjust(len(prompt)))
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            held = []
            continue
        held.append(line)
        text = "\n".join(held)
        if is_complete(text):
            held = []
            shell.enter(text.rstrip())
            sys.stdout.flush()


def prompt_text(number: int) -> str:
    """What stands in front of an entry; its number is part of the entry's name in messages."""
    return f"dana {number}> "
