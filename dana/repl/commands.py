"""Words to the prompt itself: `:time f(3)`, `?name`. Each is a row of `COMMANDS` and one function."""

from __future__ import annotations

import os
import time

from dana.diagnostics import suggest
from dana.errors import DanaError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.policy import Policy
    from dana.repl.shell import Shell

    Command = Callable[["Shell", str], None]


def obey(shell: Shell, text: str) -> None:
    """Do what a line that begins with `:`, `?` or `/` says."""
    if text.startswith("??"):
        source(shell, text[2:].strip())
    elif text.startswith("?"):
        about(shell, text[1:].strip())
    else:
        word, _, rest = text[1:].partition(" ")
        _named(shell, text[0] + word, rest.strip())


def _named(shell: Shell, spelled: str, rest: str) -> None:
    if spelled == "/nlp":
        from dana.repl.natural import obey as translate

        translate(shell, rest)
        return
    if spelled[0] == "/":
        hint = "commands begin with a colon: `:help` lists them"
        if spelled[1:] in COMMANDS or spelled[1:] in SHORT:
            hint = f"commands begin with a colon: :{spelled[1:]}"
        elif suggest(spelled[1:], ["nlp"]):
            hint = "did you mean /nlp?"
        shell.complain("E911", f"there is no command {spelled}", hint)
        return
    found = COMMANDS.get(spelled[1:]) or COMMANDS.get(SHORT.get(spelled[1:], ""))
    if found is None:
        near = suggest(spelled[1:], COMMANDS)
        shell.complain(
            "E911", f"there is no command {spelled}", f"did you mean :{near}?" if near else ":help lists them"
        )
        return
    found[2](shell, rest)


# --- looking ------------------------------------------------------------------------------------


def about(shell: Shell, name: str) -> None:
    """`?name`"""
    if not name:
        help_(shell, "")
        return
    told = shell.about.describe(name)
    if told is None:
        _unknown(shell, name)
    else:
        shell.screen.line(told)


def source(shell: Shell, name: str) -> None:
    """`??name`"""
    text = shell.about.source_of(name) if name else None
    if text is not None:
        shell.screen.line(text)
    elif name and shell.about.describe(name) is not None:
        shell.screen.line(f"{name} has no text in Dana: it is built in, or a plain value")
    else:
        _unknown(shell, name)


def _unknown(shell: Shell, name: str) -> None:
    from dana.checker.builtins import names

    near = suggest(name, [*shell.session.names(), *names()])
    shell.complain("E912", f"nothing is known about `{name}`", f"did you mean `{near}`?" if near else "")


def type_(shell: Shell, text: str) -> None:
    """`:type EXPR`"""
    if not text:
        shell.complain("E905", ":type needs an expression", "as in: :type [1, 2]")
        return
    from dana.checker import builtins as known
    from dana.checker.types import show

    if text.isidentifier() and text in shell.session:
        value = shell.session.value(text)
        shell.screen.line((callable(value) and shell.about.signature(text, value)) or shell.about.type_of(value))
        return
    if text.isidentifier() and (static := known.builtin_type(text)) is not None:
        shell.screen.line(shell.about.signature(text) or show(static))
        return
    saved = shell.session.mark()
    try:
        value = shell.session.enter(text, name="<:type>")
    except DanaError as error:
        shell.report(error)
        return
    finally:
        shell.session.back(saved)
    shell.screen.line("None" if value is None else shell.about.type_of(value))


# --- running ------------------------------------------------------------------------------------


def time_(shell: Shell, text: str) -> None:
    """`:time ENTRY`"""
    if not text:
        shell.complain("E905", ":time needs something to run", "as in: :time sum(range(1000))")
        return
    start = time.perf_counter()
    shell.run(text)
    took = time.perf_counter() - start
    steps = f"{shell.session.steps_used:,}".replace(",", " ")
    shell.screen.line(f"{duration(took)}, {steps} step{'' if steps == '1' else 's'}")


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def load(shell: Shell, path: str) -> None:
    """`:load FILE`"""
    path = os.path.expanduser(path.strip("\"'"))
    text = _read(shell, path)
    if text is None:
        return
    if path not in shell.loaded:
        shell.loaded.append(path)
    before = set(shell.session.names())
    try:
        shell.session.enter(text, name=path)
    except DanaError as error:
        shell.report(error)
        return
    new = [n for n in shell.session.names() if n not in before and n[0] != "_"]
    shell.screen.line(f"loaded {path}" + (f": {', '.join(new)}" if new else ""))


def _read(shell: Shell, path: str) -> str | None:
    from dana.parser import decode
    from dana.source import Source

    if not path:
        shell.complain("E905", ":load needs a file", "as in: :load rules.na")
        return None
    try:
        with open(path, "rb") as stream:
            decoded = decode(stream.read(), path)
    except OSError as problem:
        shell.complain("E902", f"cannot read {path}: {(problem.strerror or str(problem)).lower()}")
        return None
    if isinstance(decoded, Source):
        return decoded.text
    from dana.errors import CompileError

    shell.report(CompileError([decoded]))
    return None


def reload(shell: Shell, _rest: str) -> None:
    """`:reload`"""
    try:
        files = shell.session.reload()
    except DanaError as error:
        shell.report(error)
        return
    except OSError as problem:
        shell.complain("E902", f"cannot read {problem.filename}: {(problem.strerror or str(problem)).lower()}")
        return
    for file in files:
        shell.screen.line(f"reloaded {_short(file)}")
    for path in list(shell.loaded):
        load(shell, path)
    if not files and not shell.loaded:
        shell.screen.line("nothing to reload: no module has been imported and no file loaded")


def _short(path: str) -> str:
    from dana.diagnostics import shown_name

    return shown_name(path)


def undo(shell: Shell, _rest: str) -> None:
    """`:undo`"""
    taken = shell.session.undo()
    if taken is None:
        shell.screen.line("nothing to undo")
        return
    first, *more = taken.text.strip().split("\n")
    shell.screen.line(f"undone: {first}{' …' if more else ''}")


def save(shell: Shell, path: str) -> None:
    """`:save FILE`"""
    path = os.path.expanduser(path.strip("\"'"))
    if not path:
        shell.complain("E905", ":save needs a file", "as in: :save session.na")
        return
    entries = [e.source.text.strip("\n") for e in shell.session.entries if e.done and e.source.name.startswith("<repl")]
    try:
        with open(path, "x", encoding="utf-8") as stream:
            stream.write("\n".join(entries) + ("\n" if entries else ""))
    except FileExistsError:
        shell.complain("E902", f"{path} exists already", "choose another name; nothing is overwritten")
        return
    except OSError as problem:
        shell.complain("E902", f"cannot write {path}: {(problem.strerror or str(problem)).lower()}")
        return
    shell.screen.line(f"saved {len(entries)} {'entry' if len(entries) == 1 else 'entries'} to {path}")


def limits(shell: Shell, rest: str) -> None:
    """`:limits steps=… time=… depth=…`"""
    now = shell.session.limits
    wanted = {"steps": now.steps, "time": now.wall_s, "depth": now.depth}
    for word in rest.split():
        key, _, value = word.partition("=")
        if key not in wanted:
            shell.complain("E904", f"there is no limit {key}", "the limits are steps, time and depth")
            return
        try:
            wanted[key] = None if value == "none" else float(value) if key == "time" else int(value.replace("_", ""))
        except ValueError:
            shell.complain("E904", f"{key} cannot be {value!r}", "as in: :limits steps=1_000_000 time=2 depth=500")
            return
    try:
        made = now.replace(steps=wanted["steps"], wall_s=wanted["time"], depth=wanted["depth"])
    except UsageError as wrong:
        shell.complain("E904", str(wrong))
        return
    shell.session.limits = made
    steps = "none" if made.steps is None else f"{made.steps:,}".replace(",", " ")
    seconds = "none" if made.wall_s is None else f"{made.wall_s:g} s"
    shell.screen.line(f"per entry: steps {steps}, time {seconds}, depth {made.depth}")


def grants(shell: Shell, rest: str) -> None:
    """`:grants`, `:grants read=data python=pandas`, `:grants -read`, `:grants +`"""
    policy = shell.session.program.policy.policy
    words = rest.split()
    if words == ["+"]:
        _grant_what_was_refused(shell, policy)
        return
    for word in words:
        if not _change_grants(shell, policy, word):
            return
    _list_grants(shell, policy)


def _list_grants(shell: Shell, policy: Policy) -> None:
    from dana.policy import KINDS

    rows = [(k, policy.allow.of(k)) for k in KINDS if policy.allow.of(k)]
    rows += [(f"not {k}", policy.deny.of(k)) for k in KINDS if policy.deny.of(k)]
    models = shell.engine.models
    if models.granted and isinstance(models.default, str):
        rows.append(("model", (f"{models.default} (by --model)",)))
    if not rows:
        shell.screen.line("nothing is granted: entries compute, print and import modules.")
        shell.screen.line("as in: :grants read=data net=api.acme.dev, and back: :grants -read")
    for kind, value in rows:
        shown = "everything" if isinstance(value, bool) else ", ".join(value)
        shell.screen.line(f"{kind:<10} {shown}")


def _change_grants(shell: Shell, policy: Policy, word: str) -> bool:
    """One word: `read`, `read=a,b` grant, `-read`, `-read=a` take back; False when it could not be understood."""
    takes = word.startswith("-")
    kind, equals, patterns = word.removeprefix("-").partition("=")
    try:
        for pattern in patterns.split(",") if equals else [None]:
            if not takes:
                policy.grant(kind, True if pattern is None else pattern)
            elif not policy.revoke(kind, pattern):
                shell.screen.line(f"{kind} {pattern or ''}".rstrip() + " was not granted")
    except UsageError as wrong:
        shell.complain("E904", str(wrong), "as in: :grants read=data, and back: :grants -read")
        return False
    return True


def _grant_what_was_refused(shell: Shell, policy: Policy) -> None:
    """`:grants +`: what the last entry was refused, and the entry once more."""
    if shell.refused is None:
        shell.screen.line("nothing was refused")
        return
    denial, text = shell.refused
    shell.refused = None
    policy.grant(denial.kind, denial.target if denial.kind in ("read", "write") else denial.pattern)
    shell.enter(text)


# --- the conversation ---------------------------------------------------------------------------


def help_(shell: Shell, _rest: str) -> None:
    """`:help`"""
    width = max(len(f"{name} {takes}") for name, (takes, _, _) in COMMANDS.items()) + 3
    lines = ["Type Dana and press Enter.", "An empty line ends an indented block.", ""]
    rows = [("?name", "what a name means"), ("??name", "its source")]
    rows += [(f":{name} {takes}".rstrip(), does) for name, (takes, does, _) in COMMANDS.items()]
    rows += [("/nlp SENTENCE", "write it in Dana, to look at before it runs; /nlp on: always")]
    rows += [("_, Out[n]", "the last value, the value of prompt n")]
    if shell.screen.width() < 60:
        from textwrap import wrap

        room = max(shell.screen.width() - 3, 10)
        lines += [line for left, right in rows for line in (left, *(f"   {part}" for part in wrap(right, room)))]
    else:
        lines += [f"{left.ljust(width)}{right}" for left, right in rows]
    lines += ["", "Tab completes, Ctrl-R searches the past,", "Ctrl-C stops what runs, Ctrl-D leaves."]
    shell.screen.line("\n".join(lines))


def yes(shell: Shell, rest: str) -> None:
    """`:yes`"""
    from dana.repl.natural import yes as run

    run(shell, rest)


def quit_(shell: Shell, _rest: str) -> None:
    """`:quit`"""
    shell.leaving = True


COMMANDS: dict[str, tuple[str, str, Command]] = {
    "help": ("", "this list", help_),
    "type": ("EXPR", "the type of a value", type_),
    "time": ("ENTRY", "run it and say how long it took", time_),
    "load": ("FILE", "run a file here", load),
    "reload": ("", "read imported modules and loaded files again", reload),
    "undo": ("", "take the last entry back", undo),
    "save": ("FILE", "write the entries so far to a file", save),
    "limits": ("[steps=N time=S depth=N]", "what one entry may use", limits),
    "grants": ("[read=PATHS] [-read] [+]", "what entries may reach; change it for this session", grants),
    "yes": ("", "run what /nlp wrote", yes),
    "quit": ("", "leave", quit_),
}
SHORT = {"q": "quit", "h": "help", "t": "type", "exit": "quit", "l": "load", "r": "reload", "u": "undo"}
