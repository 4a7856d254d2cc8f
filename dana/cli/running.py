"""`dana FILE`, `dana -e CODE`, `… | dana`: running a program."""

from __future__ import annotations

import os
import sys

from dana.cli import inputs, project
from dana.cli.alarm import backstop
from dana.cli.granting import policy_of
from dana.cli.options import UsageProblem
from dana.diagnostics import Diagnostic
from dana.engine.fastpath import exit_status, plain
from dana.errors import CompileError, DanaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.engine import Engine, Limits


def run(options: Options, terminal: Terminal) -> int:
    """Run the program the command line names, with its arguments; the value of `-e` is printed."""
    from dana.engine import Engine

    words = options.words
    shown = "code" in options.given
    if not shown:
        path, words = _program(options)
        if path != "-":
            inputs.must_be_readable(path)
    for name in ("record", "metrics"):
        if name in options.given and "isolate" in options.given:
            hint = "only what runs in this process is recorded and measured"
            raise UsageProblem("E904", f"--{name} cannot be used together with --isolate", hint)
    # A text without a place of its own has no project whose grants could be its own, too.
    folder = None if shown or path == "-" else os.path.dirname(os.path.abspath(path))
    engine = Engine(
        limits=limits(options),
        cache="no_cache" not in options.given,
        read=input,
        stderr=sys.stderr,
        policy=policy_of(options.given, folder),
        isolate="process" if "isolate" in options.given else None,
    )
    watched = _watched(engine, options)
    configure_model(engine, options, folder)
    engine.poet_profile = os.environ.get("DANA_POET_PROFILE") or None
    engine.poet_store = options.given.get("store") or os.environ.get("DANA_POET_STORE") or "auto"
    engine.agent_memory = os.environ.get("DANA_MEMORY") or "auto"
    arguments = inputs.arguments(words)
    try:
        with backstop(engine):
            if shown:
                value = engine.run(
                    _text(options.given["code"].encode("utf-8", "surrogateescape"), "<eval>"),
                    arguments=arguments,
                    name="<eval>",
                )
            elif path == "-":
                engine.run(_text(inputs.data_of("-"), "<stdin>"), arguments=arguments, name="<stdin>")
            else:
                engine.run(File(path), arguments=arguments)
    except DanaError as error:
        return terminal.fail(error)
    finally:
        if watched is not None:
            watched()
    if shown and value is not None:
        sys.stdout.write(plain(value) + "\n")
    return exit_status(engine)


def configure_model(engine: Engine, options: Options, folder: str | None) -> None:
    """Who answers `reason` (L41): what `--model` names is allowed by being named; else the project's `[model]`."""
    if "model" in options.given:
        engine.model = options.given["model"]
        engine.models.granted = True
    elif folder is not None:
        engine.model_table = lambda: project.model_of(folder)


def _watched(engine: Engine, options: Options) -> Callable[[], None] | None:
    """Have a run recorded and measured, where that is asked for; gives what is to be done at its end."""
    if "record" in options.given:
        from dana.adaptive.journal import JournalError
        from dana.engine.taping import recorder

        try:
            engine._taping = recorder(options.given["record"])
        except JournalError as problem:
            raise UsageProblem("E920", str(problem), problem.hint) from None
    path = options.given.get("metrics")
    if path is None:
        return None
    from dana.errors import UsageError
    from dana.poet.exporters import Prometheus

    try:
        figures = Prometheus()
    except UsageError as missing:
        said, _, hint = str(missing).partition(": ")
        raise UsageProblem("E837", said, hint) from None
    engine.observe(figures)

    def write() -> None:
        if path == "-":
            sys.stdout.write(figures.text())
            return
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(figures.text())
        except OSError as error:
            sys.stderr.write(f"warning: the figures cannot be written to {path}: {error.strerror}\n")

    return write


class File:
    """A path as such, so that a program's name need not end in `.na`."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return self._path


def _text(data: bytes, name: str) -> str:
    """A program's text. Raises `CompileError` when it is none."""
    from dana.parser import decode

    source = decode(data, name)
    if isinstance(source, Diagnostic):
        raise CompileError([source])
    return source.text + "\n"  # a line end, so that no text is taken for the name of a file


def _program(options: Options) -> tuple[str, list[str]]:
    """The file to run and the words after it.

    Where none is named, `dana run` means the entry of the project around, and a pipe stands for the file.
    """
    words = options.words
    if words and (words[0] == "-" or not _is_argument(words[0])):
        return words[0], words[1:]
    around = project.around(os.getcwd()) if options.named else None
    if around is not None:
        return project.entry_of(around), words
    if not sys.stdin.isatty():
        return "-", words
    raise UsageProblem("E905", "there is no program to run", "as in: dana main.na; `dana new` makes a project")


def _is_argument(word: str) -> bool:
    key, equals, _value = word.partition("=")
    return bool(equals) and key.isidentifier()


def limits(options: Options) -> Limits:
    """What the command line allows: nothing is limited but the depth, unless an option says so."""
    from dana.engine import Limits
    from dana.engine.limits import DEFAULT_DEPTH, MAX_DEPTH, MIN_MEMORY

    given = options.given
    depth = given.get("depth", MAX_DEPTH if "no_limits" in given else DEFAULT_DEPTH)
    if depth > MAX_DEPTH:
        raise UsageProblem("E904", f"option --depth cannot be {depth}", f"at most {MAX_DEPTH} calls can be nested")
    memory = given.get("memory")
    if memory is not None and memory < MIN_MEMORY:
        raise UsageProblem("E904", f"option --memory cannot be {memory}", "at least 1M is needed")
    made = Limits(
        steps=given.get("steps"),
        wall_s=given.get("time"),
        depth=depth,
        memory_bytes=memory,
        output_bytes=given.get("output"),
        promises=None,
    )
    return _isolated(made) if "isolate" in given and "no_limits" not in given else made


def _isolated(given: Limits) -> Limits:
    """What is isolated is not trusted: where nothing is said, the limits of a sandbox hold."""
    from dana.engine import Limits

    default = Limits()
    names = ("steps", "wall_s", "memory_bytes", "output_bytes", "promises")
    return given.replace(**{n: getattr(default, n) for n in names if getattr(given, n) is None})
