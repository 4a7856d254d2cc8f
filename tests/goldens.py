"""Golden programs: small `.na` files that carry what is expected of them as comments.

    print(1 < 2 < 3)  # expect: True                 a line of output; all of them, in order
    # expect value: 42                               the value of the program (L27), as `repr` shows it
    x = totl  # error: E201 "totl"                   a compile error on this line; all of them and only these
    list = [1]  # warning: W201 "list"               a warning on this line (compared only where present)
    1 / n  # runtime error: ZeroDivisionError "by"   the uncaught error, on the line where it is reported
    x: int = "abc"  # fails: "abc"                   refused before or while running: the language leaves it open
    # error at line 3: E113                          the same three where the line has no room for a comment
    # runtime error somewhere: "depth"               the line is the implementation's business
    # args: n=3 name=Ann                             arguments for `__main__`
    # allow: python=shlex,glob env=TZ                what the program is granted; `# deny: …` likewise
    # folder: empty                                  run in an empty folder, which `# allow: read=.` grants
    # check only                                     parsed and checked, not run
    # host: effects                                  run by a host with the effects of `hosting`
    # model: {"total": 12.5}                         one reply of a scripted model, to the end of the line; in order

Code and fragment may be left out; a fragment must occur in the message, label, hint or a note. A case of
several files is a folder with `main.na`; expectations may stand in any of its files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dana.diagnostics import Diagnostic
    from dana.engine import Engine

ROOT = Path(__file__).parent / "golden"

_MARK = re.compile(
    r"# (?P<kind>expect value|expect|error|warning|runtime error|fails|args|allow|deny|folder|check only|host|model)"
    r"(?P<where> at line \d+| somewhere)?(?::[ ]?(?P<rest>.*?))?\r?$"
)
_CLAIM = re.compile(r'(?:(?P<name>[A-Za-z_]\w*))?\s*(?:"(?P<fragment>.*)")?$')


class Claim(NamedTuple):
    """One expected finding: `line` 0 means anywhere, `name` is a code or an exception class."""

    kind: str
    file: str
    line: int
    name: str
    fragment: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.kind} {self.name} {self.fragment!r}"


class Expected(NamedTuple):
    """What the comments of one case say."""

    output: list[str]
    value: str | None
    claims: list[Claim]
    args: dict[str, str]
    check_only: bool
    host: str = ""
    allow: dict[str, Any] | None = None
    deny: dict[str, Any] | None = None
    in_folder: bool = False
    replies: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What happened: findings of the compiler, output, value, and the error that stopped the program."""

    diagnostics: Sequence[Diagnostic]
    output: str
    value: str | None
    fault: Diagnostic | None
    fault_name: str


def cases() -> list[Path]:
    """Every case: single files, and folders that have a `main.na` (by that file)."""
    found = []
    for path in sorted(ROOT.rglob("*.na")):
        home = next((p for p in path.relative_to(ROOT).parents if (ROOT / p / "main.na").exists()), None)
        if home is None or path == ROOT / home / "main.na":
            found.append(path)
    return found


def read(case: Path) -> Expected:
    """The expectations of a case."""
    files = sorted(case.parent.rglob("*.na")) if case.name == "main.na" else [case]
    files.sort(key=lambda f: f != case)
    expected = Expected([], None, [], {}, False)
    for file in files:
        text = file.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
        for number, line in enumerate(text.split("\n"), 1):
            expected = _read_line(expected, file.name, number, line)
    return expected


def _read_line(expected: Expected, file: str, number: int, line: str) -> Expected:
    mark = _MARK.search(line)
    if mark is None:
        return expected
    kind, rest = mark["kind"], mark["rest"] or ""
    if kind == "expect":
        expected.output.append(rest)
    elif kind == "expect value":
        return expected._replace(value=rest)
    elif kind == "args":
        expected.args.update(dict(item.split("=", 1) for item in rest.split()))
    elif kind == "folder":
        return expected._replace(in_folder=True)
    elif kind in ("allow", "deny"):
        given = (item.partition("=") for item in rest.split())
        return expected._replace(**{kind: {name: value.split(",") if value else True for name, _, value in given}})
    elif kind == "check only":
        return expected._replace(check_only=True)
    elif kind == "model":
        return expected._replace(replies=(*expected.replies, rest.replace("\\n", "\n")))
    elif kind == "host":
        return expected._replace(host=rest.strip())
    else:
        claim = _CLAIM.match(rest.strip())
        if claim is None:
            raise ValueError(f"{file}:{number}: cannot read {line!r}")
        where = (mark["where"] or "").strip()
        at = 0 if where == "somewhere" else int(where.split()[-1]) if where else number
        expected.claims.append(Claim(kind, file, at, claim["name"] or "", claim["fragment"] or ""))
    return expected


def model(expected: Expected) -> Any:
    """The scripted model of a case, None when it has no replies."""
    if not expected.replies:
        return None
    from dana.models import Scripted

    return Scripted(list(expected.replies))


def hosting(engine: Engine, write: Callable[[str], object]) -> None:
    """What `# host: effects` gives a program: asynchronous functions that take rounds of the loop, no time.

    `slow(rounds, value)` answers, `failing(rounds, text)` raises a ValueError; `told(text)` answers its text and
    prints when it begins and ends; `sent(text)` does so too, and writes; `refused(text)` writes and fails.
    """
    import asyncio

    async def rounds_of_the_loop(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    @engine.host("slow")
    async def slow(rounds: int, value: Any = None) -> Any:
        await rounds_of_the_loop(rounds)
        return value

    @engine.host("failing")
    async def failing(rounds: int, text: str) -> Any:
        await rounds_of_the_loop(rounds)
        raise ValueError(text)

    @engine.host("told")
    async def told(text: str) -> str:
        write(f"{text} begins\n")
        await rounds_of_the_loop(5)
        write(f"{text} ends\n")
        return text

    @engine.host("post.sent", writes=True)
    async def sent(text: str) -> str:
        write(f"{text} begins\n")
        await rounds_of_the_loop(5)
        write(f"{text} ends\n")
        return text

    @engine.host("post.refused", writes=True)
    async def refused(text: str) -> str:
        await rounds_of_the_loop(5)
        raise ValueError(text)


def text_of(diagnostic: Diagnostic) -> str:
    """All words of a finding, without the source excerpt."""
    labels = [label.message for label in diagnostic.labels]
    return "\n".join([diagnostic.message, diagnostic.label, diagnostic.hint, *diagnostic.notes, *labels])


def problems(expected: Expected, outcome: Outcome) -> list[str]:
    """How the outcome differs from what was expected; empty when it does not."""
    errors = [d for d in outcome.diagnostics if d.is_error]
    claims = {k: [c for c in expected.claims if c.kind == k] for k in ("error", "warning", "runtime error", "fails")}
    found: list[str] = []
    if claims["fails"] and not (errors and claims["runtime error"]):
        kind = "error" if errors else "runtime error"
        claims[kind] = [*claims[kind], *(c._replace(kind=kind) for c in claims["fails"])]
    found += _unmatched(claims["error"], [(d, "") for d in errors], strict=True)
    warnings = [(d, "") for d in outcome.diagnostics if not d.is_error]
    found += _unmatched(claims["warning"], warnings, strict=False)
    faults = [(outcome.fault, outcome.fault_name)] if outcome.fault else []
    found += _unmatched(claims["runtime error"], faults, strict=True)
    if not errors and not expected.check_only:
        if outcome.output.split("\n")[:-1] != expected.output:
            found.append(f"output is {outcome.output!r}, expected {expected.output!r}")
        if expected.value is not None and outcome.value != expected.value:
            found.append(f"value is {outcome.value}, expected {expected.value}")
    elif outcome.output:
        found.append(f"a refused program wrote {outcome.output!r}")
    return found


def _unmatched(claims: Iterable[Claim], findings: list[tuple[Diagnostic, str]], *, strict: bool) -> list[str]:
    left = list(findings)
    out = []
    for claim in sorted(claims, key=lambda c: (not c.fragment, not c.name)):
        hit = next((item for item in left if _meets(claim, *item)), None)
        if hit is None:
            out.append(f"missing: {claim}")
        else:
            left.remove(hit)
    if strict:
        out += [f"surprising: {_place(d)}: [{d.code}] {d.message} | {d.hint}" for d, _ in left]
    return out


def _meets(claim: Claim, diagnostic: Diagnostic, name: str) -> bool:
    if claim.line:
        file = diagnostic.source.name.rsplit("/", 1)[-1] if diagnostic.source else claim.file
        if (file, diagnostic.line) != (claim.file, claim.line):
            return False
    if claim.name and claim.name not in (diagnostic.code, name):
        return False
    return claim.fragment in text_of(diagnostic)


def _place(diagnostic: Diagnostic) -> str:
    name = diagnostic.source.name.rsplit("/", 1)[-1] if diagnostic.source else "?"
    return f"{name}:{diagnostic.line}"
