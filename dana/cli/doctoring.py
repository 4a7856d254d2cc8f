"""`dana doctor`: whether everything Dana needs is here, and what to do where it is not.

Each check is a function that gives a `Finding`; the table below is all of them. `ok` is as it should be, `note` is
worth knowing and needs nothing done, `warn` should be mended. Nothing is changed, and nothing outside this machine is
asked.
"""

from __future__ import annotations

import os
import sys

from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.cli.options import Options
    from dana.cli.terminal import Terminal

GOOD, NOTE, WARN = "ok", "note", "warn"
TONES = {GOOD: "32", NOTE: "36", WARN: "33;1"}


class Finding:
    """What a check found, and what to do about it ("" when there is nothing to do)."""

    __slots__ = ("advice", "state", "text", "title")

    def __init__(self, title: str, state: str, text: str, advice: str = "") -> None:
        self.title = title
        self.state = state
        self.text = text
        self.advice = advice


def doctor(options: Options, _terminal: Terminal) -> int:
    """Print the table; status 1 when something should be mended."""
    if options.words:
        raise UsageProblem("E905", f"`dana doctor` takes no word {options.words[0]!r}")
    findings = [check() for check in CHECKS]
    colour = options.colour(_colourful())
    width = max(len(finding.title) for finding in findings)
    for finding in findings:
        state = f"{finding.state:<4}"
        shown = f"\x1b[{TONES[finding.state]}m{state}\x1b[0m" if colour else state
        _say(f"{shown}  {finding.title:<{width}}  {finding.text}\n")
        if finding.advice:
            _say(f"      {'':<{width}}  -> {finding.advice}\n")
    warnings = sum(finding.state == WARN for finding in findings)
    lacking = [finding.title for finding in findings if finding.state == NOTE and finding.title in PACKAGES]
    _say(f"\n{_summary(warnings, lacking)}\n")
    return FAILED if warnings else OK


def _summary(warnings: int, lacking: list[str]) -> str:
    """The last line: what is wrong, and what cannot be done."""
    without = f"; not installed: {', '.join(lacking)} (the notes say what they are for)" if lacking else ""
    if warnings:
        return f"{warnings} {'thing' if warnings == 1 else 'things'} to mend{without}"
    return f"nothing to mend{without}" if without else "everything is as it should be"


def _say(text: str) -> None:
    """Prints also where the terminal cannot show every character: that is one of the things to be told here."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _dana() -> Finding:
    from dana.abi import VERSION

    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return Finding("Dana", GOOD, f"{VERSION} in {folder}")


def _python() -> Finding:
    version = sys.version.split()[0]
    if sys.implementation.name != "cpython":
        advice = "limits and errors rely on CPython; use that"
        return Finding("Python", WARN, f"{sys.implementation.name} {version}", advice)
    return Finding("Python", GOOD, f"{version} in {sys.executable}")


def _command() -> Finding:
    """Whether the word `dana` means something to the shell."""
    from shutil import which

    found = which("dana")
    if found is None:
        advice = f"add the folder of the script to PATH; till then: {sys.executable} -m dana"
        return Finding("command", NOTE, "there is no `dana` on PATH", advice)
    return Finding("command", GOOD, found)


def _library() -> Finding:
    from dana.resources import stdlib_path

    folder = stdlib_path()
    try:
        modules = sorted(name[:-3] for name in os.listdir(folder) if name.endswith(".na"))
    except OSError:
        modules = []
    if not modules:
        return Finding("standard library", WARN, f"nothing in {folder}", "install Dana again")
    return Finding("standard library", GOOD, f"{len(modules)} modules in {folder}")


def _cache() -> Finding:
    from dana.compiler.cache import default_folder

    folder = default_folder()
    if folder is None:
        advice = "every program is compiled at every start; unset DANA_CACHE to keep them"
        return Finding("cache", NOTE, "switched off by DANA_CACHE", advice)
    if not os.path.lexists(folder):
        above = os.path.abspath(folder)
        while not os.path.exists(above):
            above = os.path.dirname(above)
        if not os.access(above, os.W_OK | os.X_OK):
            return Finding("cache", WARN, f"{folder} cannot be made", f"make {above} writable, or set DANA_CACHE")
        return Finding("cache", GOOD, f"empty; will be {folder}")
    if not os.path.isdir(folder):
        return Finding("cache", WARN, f"{folder} is not a folder", "remove it, or set DANA_CACHE")
    if os.stat(folder).st_uid != os.getuid():
        return Finding("cache", WARN, f"{folder} belongs to another user", "set DANA_CACHE to a folder of your own")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("cache", WARN, f"{folder} cannot be written", f"chmod u+rwx {folder}")
    with os.scandir(folder) as entries:
        sizes = [entry.stat().st_size for entry in entries if entry.is_file()]
    return Finding("cache", GOOD, f"{len(sizes)} entries, {_size(sum(sizes))} in {folder}")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _path() -> Finding:
    """The folders of DANAPATH."""
    folders = [folder for folder in os.environ.get("DANAPATH", "").split(os.pathsep) if folder]
    missing = [folder for folder in folders if not os.path.isdir(folder)]
    if missing:
        text = f"no such folder: {', '.join(missing)}"
        return Finding("DANAPATH", WARN, text, "modules are not found there; make it, or take it out")
    return Finding("DANAPATH", GOOD, os.pathsep.join(folders) if folders else "not set")


def _project() -> Finding:
    from dana.cli.project import around

    try:
        project = around(os.getcwd())
    except UsageProblem as problem:
        found = problem.diagnostic
        return Finding("project", WARN, found.message, found.hint)
    if project is None:
        return Finding("project", GOOD, "none here (`dana new NAME` makes one)")
    known = f"{project.name} {project.version} in {project.folder}"
    if project.entry is None:
        return Finding("project", GOOD, f"{known}, nothing to run")
    if not os.path.isfile(os.path.join(project.folder, project.entry)):
        advice = "`dana run` will not find it; correct `entry` in dana.toml"
        return Finding("project", WARN, f"{known}: there is no {project.entry}", advice)
    return Finding("project", GOOD, f"{known}, runs {project.entry}")


def _permissions() -> Finding:
    """What the project asks for, and whether the user has granted it."""
    from dana.cli import grants
    from dana.cli.project import around

    try:
        project = around(os.getcwd())
    except UsageProblem:
        return Finding("permissions", NOTE, "dana.toml cannot be understood, so nothing is allowed here")
    if project is None or not project.asks:
        return Finding("permissions", GOOD, "nothing is asked for")
    kinds = ", ".join(project.asks)
    if grants.is_granted(project):
        return Finding("permissions", GOOD, f"{kinds}: granted")
    advice = "`dana grant` shows what exactly, and grants it"
    return Finding("permissions", NOTE, f"dana.toml asks for {kinds}; not granted", advice)


def _folder() -> Finding:
    here = os.getcwd()
    if os.access(here, os.W_OK | os.X_OK):
        return Finding("this folder", GOOD, "can be written")
    return Finding(
        "this folder", NOTE, f"{here} cannot be written", "`dana fmt`, `new` and snapshots need a folder that can"
    )


def _terminal() -> Finding:
    encoding = sys.stdout.encoding or "none"
    if encoding.lower().replace("-", "") != "utf8":
        advice = "set PYTHONUTF8=1, or a locale that ends in UTF-8"
        return Finding("terminal", WARN, f"shows {encoding}, Dana writes UTF-8", advice)
    if not sys.stdout.isatty():
        return Finding("terminal", GOOD, f"none: a pipe or a file, {encoding}, no colour")
    colour = "colour" if _colourful() else "no colour (NO_COLOR or TERM says so)"
    return Finding("terminal", GOOD, f"{os.environ.get('TERM') or 'unknown'}, {encoding}, {colour}")


def _colourful() -> bool:
    """The table goes to stdout, so it is stdout that decides."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _isolation() -> Finding:
    """Which walls stand around a real worker."""
    from dana.errors import DanaError
    from dana.isolation import ProcessEngine

    try:
        with ProcessEngine(cache=False) as engine:
            walls = engine.isolation
    except DanaError as problem:
        advice = "programs run in this process (`confine`), which is no boundary against hostile code"
        return Finding("isolation", NOTE, problem.diagnostics[0].message, advice)
    if not walls.missing:
        return Finding("isolation", GOOD, f"all {len(walls.standing)} walls stand around a worker process")
    missing = "; ".join(f"{name}: {reason}" for name, reason in walls.missing.items())
    text = f"{len(walls.standing)} walls stand around a worker process, without {missing}"
    advice = "" if walls.is_complete else "do not run hostile code here (docs/security.md)"
    return Finding("isolation", GOOD if walls.is_complete else NOTE, text, advice)


def _extra(module: str, package: str, use: str) -> Callable[[], Finding]:
    """The check for a package that Dana uses where it is there."""

    def check() -> Finding:
        from importlib import import_module
        from importlib.util import find_spec

        if find_spec(module) is None:
            # The environment of `make run` has no pip; Python brings one.
            pip = f"{sys.executable} -m pip install {package}"
            first = "" if find_spec("pip") else f"{sys.executable} -m ensurepip && "
            return Finding(package, NOTE, f"not installed; it is for {use}", first + pip)
        try:
            version = getattr(import_module(module), "__version__", "installed")
        except ImportError as problem:
            return Finding(package, WARN, f"cannot be loaded: {problem}", f"install {package} again")
        return Finding(package, GOOD, f"{version} ({use})")

    return check


# Packages that Dana uses where they are there.
PACKAGES = frozenset({"greenlet", "regex", "httpx", "pydantic", "prompt_toolkit", "Pygments", "pytest"})
CHECKS: tuple[Callable[[], Finding], ...] = (
    _dana,
    _python,
    _command,
    _library,
    _cache,
    _path,
    _project,
    _permissions,
    _folder,
    _terminal,
    _isolation,
    _extra("greenlet", "greenlet", "waiting in the middle of a call"),
    _extra("regex", "regex", "the module re"),
    _extra("httpx", "httpx", "the module http and for models"),
    _extra("pydantic", "pydantic", "pydantic models of a host"),
    _extra("prompt_toolkit", "prompt_toolkit", "editing at the prompt"),
    _extra("pygments", "Pygments", "colours in documents"),
    _extra("pytest", "pytest", "running Dana's tests beside Python's"),
)
