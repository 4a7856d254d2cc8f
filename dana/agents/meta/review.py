"""Proposals in the project's git repository: a branch each, which a person accepts, rejects, or takes back (M49, M51).

    dana/behaviours/Triage/3          the branch: one commit with the change, its tests and the evidence
    refs/dana/accepted/Triage/3       where it was accepted; rejected and rolled-back likewise: nothing is forgotten

Everything is made by `git` itself, out of sight of the working tree: commits by `fast-import`, branches in one
transaction of `update-ref`. Only accepting and taking back change files, and they do so by a fast-forward, which leaves
everything else as it is and refuses where it would overwrite something. What is merged is made of three places below
`behaviours/` and no others, whatever else stands on the branch. Hooks of the repository run at no time: they are for
what people commit.
"""

from __future__ import annotations

import json
import os
from shutil import which
from subprocess import TimeoutExpired, run

from dana.agents.meta import MetaError, behaviours
from dana.agents.meta.behaviours import EVIDENCE, FOLDER, TESTS
from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from dana.agents.meta.loop import Case

BRANCHES = "refs/heads/dana/behaviours/"
STATES = {"accepted": "refs/dana/accepted/", "rejected": "refs/dana/rejected/", "rolled back": "refs/dana/rolled-back/"}
OPEN = "waiting"
TIMEOUT_S = 30.0
# So often another number is tried when somebody else proposes at the same moment.
TRIES = 5
MAX_REASON = 500
_QUIET = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "gc.auto=0",
    "-c",
    "core.quotePath=false",
)
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "SYSTEMROOT", "GIT_CEILING_DIRECTORIES",
         "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")  # fmt: skip


class Proposed:
    """One proposal as the repository knows it: `subject`, `number`, `state`, the commit, when, and its title."""

    __slots__ = ("at", "commit", "number", "ref", "state", "subject", "title")

    def __init__(self, ref: str, commit: str, at: float, title: str, state: str) -> None:
        self.ref = ref
        self.commit = commit
        self.at = at
        self.title = title
        self.state = state
        *_, self.subject, number = ref.split("/")
        self.number = int(number)

    @property
    def name(self) -> str:
        """How people call it: `Triage/3`."""
        return f"{self.subject}/{self.number}"

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {name: getattr(self, name) for name in ("name", "subject", "number", "state", "title", "at", "commit")}


class Place:
    """Where the files of a subject are, from the top of the repository; `prefix` is the folder of its program there."""

    __slots__ = ("evidence", "file", "folder", "prefix", "tests")

    def __init__(self, prefix: str, subject: str) -> None:
        self.prefix = prefix
        self.file = f"{prefix}{FOLDER}/{subject}.json"
        self.folder = f"{prefix}{FOLDER}/{subject}"
        self.evidence = f"{self.folder}/{EVIDENCE}"
        self.tests = f"{self.folder}/{TESTS}"


class Repository:
    """The git repository around `root`, the folder of the program.

    Raises `MetaError` (E963) without git, outside of a repository, and in one without a commit.
    """

    def __init__(self, root: str) -> None:
        found = which("git")
        if found is None:
            raise MetaError("E963", "git is not installed, and proposals are branches of git", "install git")
        self._git = found
        self.root = os.path.realpath(root)
        inside = self._run("rev-parse", "--show-toplevel", fails=True)
        if inside is None:
            hint = "`git init` and a first commit make one; proposals are branches of it"
            raise MetaError("E963", f"{root or '.'} is in no git repository", hint)
        self.top = os.path.realpath(inside.strip())
        inner = os.path.relpath(self.root, self.top)
        self.prefix = "" if inner == "." else inner.replace(os.sep, "/") + "/"

    # --- proposing --------------------------------------------------------------------------------

    def propose(self, case: Case, *, now: float, ledger: str = "") -> str:
        """Put a case on a branch of its own; returns its name (`dana/behaviours/Triage/3`). Nothing else changes."""
        subject = _named(case.subject)
        head = self.head()
        place = Place(self.prefix, subject)
        before = self._blob(head, place.file)
        already = behaviours.read(before, f"{subject}.json") if before is not None else {}
        evidence = {**case.evidence(), "ledger": self._beside(ledger), "from": head, "seed": case.seed}
        files = {
            place.file: behaviours.written(behaviours.applied(already, case.proposal.changes)),
            place.evidence: behaviours.written(evidence),
            place.tests: behaviours.written(case.tests),
        }
        said = f"{case.proposal.title}\n\n{case.proposal.description}\n\n{_figures(case)}\n\nDana-Turn: {case.turn}\n"
        for _attempt in range(TRIES):
            number = 1 + max((each.number for each in self.listed() if each.subject == subject), default=0)
            ref = f"{BRANCHES}{subject}/{number}"
            if self._commit(ref, said, files, parents=(head,), now=now):
                return ref.removeprefix("refs/heads/")
        raise MetaError(
            "E964", f"no branch for {subject} could be made: others make theirs at the same time", "try again"
        )

    def waiting(self, subject: str) -> str:
        """The branch of a proposal for a subject that waits for its review, or ""."""
        found = [each for each in self.listed() if each.subject == subject and each.state == OPEN]
        return found[0].ref.removeprefix("refs/heads/") if found else ""

    # --- looking ----------------------------------------------------------------------------------

    def listed(self) -> list[Proposed]:
        """Every proposal there ever was, those that wait first, then the latest first."""
        form = "%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:subject)"
        places = {BRANCHES: OPEN, **{ref: state for state, ref in STATES.items()}}
        text = self._run("for-each-ref", f"--format={form}", *places) or ""
        found = []
        for line in text.splitlines():
            ref, commit, at, title = line.split("\0", 3)
            state = next(state for place, state in places.items() if ref.startswith(place))
            if ref.count("/") >= 4 - (state != OPEN) and ref.rpartition("/")[2].isdecimal():
                found.append(Proposed(ref, commit, float(at or 0), title, state))
        return sorted(found, key=lambda each: (each.state != OPEN, -each.at, each.subject, -each.number))

    def find(self, name: str, states: Iterable[str] = (OPEN,)) -> Proposed:
        """A proposal by name: `Triage/3`, or `Triage` where only one is meant. Raises `MetaError` (E965)."""
        wanted = name.removeprefix("refs/heads/").removeprefix("dana/behaviours/")
        all_of_them = self.listed()
        known = [each for each in all_of_them if each.state in states]
        found = [each for each in known if wanted in (each.name, each.subject)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(each.name for each in found)
            raise MetaError("E965", f"`{wanted}` has several proposals that are {_or(states)}", f"say which: {names}")
        other = next((each for each in all_of_them if wanted in (each.name, each.subject)), None)
        if other is not None:
            raise MetaError("E965", f"`{other.name}` is {other.state}, not {_or(states)}", "`dana meta list` shows all")
        near = suggest(wanted, [each.name for each in known] + [each.subject for each in known])
        hint = f"did you mean {near}?" if near else "`dana meta list` shows what there is"
        raise MetaError("E965", f"there is no proposal `{wanted[:80]}` that is {_or(states)}", hint)

    def evidence(self, proposed: Proposed) -> dict[str, Any]:
        """What speaks for a proposal, as it stands on its branch; {} where it cannot be read."""
        data = self._blob(self._sides(proposed)[1], self.place(proposed).evidence)
        try:
            said = json.loads(data or b"{}")
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    def changes(self, proposed: Proposed) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the file of a subject says before and after a proposal."""
        file = self.place(proposed).file
        sides = []
        for commit in self._sides(proposed):
            data = self._blob(commit, file)
            sides.append({} if data is None else behaviours.read(data, f"{proposed.name}: {file}"))
        return sides[0], sides[1]

    def place(self, proposed: Proposed) -> Place:
        """Where a proposal's files are: beside its program, whichever folder commands are given in."""
        wanted = f"{FOLDER}/{proposed.subject}.json"
        listed = self._run("diff", "--name-only", "--no-renames", "-z", *self._sides(proposed), fails=True) or ""
        found = next((p for p in listed.split("\0") if p == wanted or p.endswith("/" + wanted)), self.prefix + wanted)
        return Place(found.removesuffix(wanted), proposed.subject)

    def beside(self, proposed: Proposed, name: str) -> str:
        """The path of a file that is named from the folder of a proposal's program."""
        return os.path.realpath(os.path.join(self.top, self.place(proposed).prefix, name))

    def _sides(self, proposed: Proposed) -> tuple[str, str]:
        """The commits between which a proposal made its change."""
        commit = proposed.commit
        if proposed.state == "rejected":
            return f"{commit}^^", f"{commit}^"
        if proposed.state == OPEN:
            base = self._run("merge-base", "HEAD", commit, fails=True)
            return (base or f"{commit}^").strip(), commit
        return f"{commit}^1", commit

    def head(self) -> str:
        """The commit that is checked out."""
        found = self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", fails=True)
        if found is None:
            raise MetaError("E963", "the repository has no commit yet", "`git commit` first: proposals start from one")
        return found.strip()

    # --- deciding ---------------------------------------------------------------------------------

    def accept(self, proposed: Proposed, reason: str, *, now: float) -> str:
        """Merge a proposal into what is checked out; returns the commit.

        Raises `MetaError`: E964 where something else changed meanwhile or files are not committed, E966 for a branch
        that holds more than a proposal may.
        """
        head, tip = self.head(), proposed.commit
        if (self._run("symbolic-ref", "-q", "HEAD", fails=True) or "").strip() == proposed.ref:
            hint = "`git switch` to the branch it shall be accepted into"
            raise MetaError("E964", f"{proposed.name} is checked out itself", hint)
        base = (self._run("merge-base", head, tip, fails=True) or "").strip()
        if not base:
            raise MetaError("E964", f"{proposed.name} has no history in common with what is checked out")
        files = self._only_its_own(proposed, base)
        self._unchanged(self.place(proposed), head, base, f"{proposed.name} was proposed")
        made = {path: self._blob(tip, path) for path in files}
        said = f"Accept {proposed.name}: {proposed.title}\n\n{_reason(reason)}\n"
        commit = self._forward(proposed, said, made, (head, tip), now)
        self._move(proposed, STATES["accepted"], commit)
        return commit

    def reject(self, proposed: Proposed, reason: str, *, now: float) -> str:
        """Take a proposal off the branches; the reason is kept with it. No file is touched."""
        if (self._run("symbolic-ref", "-q", "HEAD", fails=True) or "").strip() == proposed.ref:
            raise MetaError("E964", f"{proposed.name} is checked out", "`git switch` to another branch first")
        kept = f"{STATES['rejected']}{proposed.name}"
        said = f"Reject {proposed.name}: {proposed.title}\n\n{_reason(reason)}\n"
        if not self._commit(kept, said, {}, parents=(proposed.commit,), now=now):
            raise MetaError("E964", f"{proposed.name} was decided about by somebody else just now")
        commit = (self._run("rev-parse", kept) or "").strip()
        self._run("update-ref", "-d", proposed.ref, proposed.commit)
        return commit

    def roll_back(self, subject: str, reason: str, *, now: float) -> tuple[Proposed, str]:
        """Take the latest accepted proposal of a subject back; returns it and the commit. Raises `MetaError`."""
        wanted = subject.partition("/")[0]
        accepted = [each for each in self.listed() if each.state == "accepted"]
        own = sorted((each for each in accepted if each.subject == wanted), key=lambda each: -each.number)
        if not own:
            near = suggest(wanted, sorted({each.subject for each in accepted}))
            hint = f"did you mean {near}?" if near else "`dana meta list` shows what was accepted"
            raise MetaError("E965", f"nothing was accepted for `{wanted[:80]}`", hint)
        last = own[0]
        if subject not in (wanted, last.name):
            raise MetaError(
                "E965", f"{last.name} was accepted after `{subject[:80]}`", "the last one is taken back first"
            )
        head = self.head()
        if self._run("merge-base", "--is-ancestor", last.commit, head, fails=True) is None:
            raise MetaError("E964", f"{last.name} was accepted on another branch", "`git switch` to that one")
        place = self.place(last)
        self._unchanged(place, head, last.commit, f"{last.name} was accepted")
        earlier = f"{last.commit}^1"
        paths = [place.file, place.evidence, place.tests]
        before = {path: self._blob(earlier, path) for path in paths}
        files = {path: data for path, data in before.items() if data != self._blob(head, path)}
        said = f"Roll back {last.name}: {last.title}\n\n{_reason(reason)}\n"
        commit = self._forward(last, said, files, (head,), now)
        self._move(last, STATES["rolled back"], commit)
        return last, commit

    # --- with git ---------------------------------------------------------------------------------

    def _only_its_own(self, proposed: Proposed, base: str) -> list[str]:
        """The files a branch changes; they are those of its subject, and what they say may be said."""
        listed = self._run("diff", "--name-only", "--no-renames", "-z", base, proposed.commit) or ""
        files = [path for path in listed.split("\0") if path]
        place = self.place(proposed)
        own = {place.file, place.evidence, place.tests}
        foreign = next((path for path in files if path not in own), None)
        if foreign is not None:
            hint = "a proposal changes wordings and nothing else; merge other work by itself"
            raise MetaError("E966", f"{proposed.name} changes `{foreign}`", hint)
        data = self._blob(proposed.commit, place.file)
        if data is None or place.file not in files:
            raise MetaError("E966", f"{proposed.name} changes no behaviour")
        behaviours.read(data, proposed.name, proposed=True)
        return files

    def _unchanged(self, place: Place, head: str, other: str, when: str) -> None:
        """The file of a subject is as it was at another commit, and so is the working tree."""
        file = place.file
        if self._blob(head, file) != self._blob(other, file):
            hint = "reject it and let the loop propose again from what is there"
            raise MetaError("E964", f"`{file}` was changed since {when}", hint)
        dirty = self._run("status", "--porcelain", "-z", "--", f":(top){file}", f":(top){place.folder}") or ""
        if dirty:
            name = dirty.split("\0")[0][3:]
            raise MetaError(
                "E964", f"`{name}` has changes that are not committed", "commit them or put them back first"
            )

    def _forward(
        self, proposed: Proposed, said: str, files: Mapping[str, bytes | None], parents: tuple[str, ...], now: float
    ) -> str:
        """A commit with other contents of some files becomes what is checked out; the commit."""
        aside = f"refs/dana/next/{proposed.name}"
        self._run("update-ref", "-d", aside)
        if not self._commit(aside, said, files, parents=parents, now=now):
            raise MetaError("E964", "git takes no commit")
        commit = (self._run("rev-parse", aside) or "").strip()
        try:
            self._run("merge", "--ff-only", "--quiet", "--no-autostash", commit)
        finally:
            self._run("update-ref", "-d", aside, commit)
        return commit

    def _move(self, proposed: Proposed, to: str, commit: str) -> None:
        """A proposal has another state from here on: both references change, or none."""
        orders = (
            f"start\nupdate {to}{proposed.name} {commit}\ndelete {proposed.ref} {proposed.commit}\nprepare\ncommit\n"
        )
        self._run("update-ref", "--stdin", given=orders.encode())

    def _commit(
        self, ref: str, message: str, files: Mapping[str, bytes | None], *, parents: tuple[str, ...], now: float
    ) -> bool:
        """A commit on a reference that is new; False where there is one by now. A file that is None is removed."""
        who = (self._run("var", "GIT_COMMITTER_IDENT", fails=True) or "").strip()
        who = who.rsplit(" ", 2)[0] if who else "Dana <dana@localhost>"
        text = message.encode("utf-8", "backslashreplace")
        lines = [
            b"feature done\n",
            f"commit {ref}\ncommitter {who} {int(now)} +0000\ndata {len(text)}\n".encode(), text, b"\n",
            f"from {parents[0]}\n".encode(), *(f"merge {parent}\n".encode() for parent in parents[1:]),
        ]  # fmt: skip
        for path, data in files.items():
            if data is None:
                lines.append(f"D {_quoted(path)}\n".encode())
            else:
                lines += [f"M 100644 inline {_quoted(path)}\ndata {len(data)}\n".encode(), data, b"\n"]
        lines.append(b"\ndone\n")
        if self._run("rev-parse", "--verify", "--quiet", ref, fails=True) is not None:
            return False
        return self._run("fast-import", "--quiet", given=b"".join(lines), fails=True) is not None

    def _blob(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a commit; None where there is none."""
        return self._call(("cat-file", "blob", f"{commit}:{path}"), None, fails=True)

    def _beside(self, path: str) -> str:
        """A path as it is found again from the folder of the program."""
        return os.path.relpath(os.path.realpath(path), self.root) if path else ""

    def _run(self, *words: str, given: bytes | None = None, fails: bool = False) -> str | None:
        """What git says; None where it fails and may (`fails`). Raises `MetaError` (E964) with its words otherwise."""
        said = self._call(words, given, fails=fails)
        return None if said is None else said.decode("utf-8", "replace")

    def _call(self, words: Iterable[str], given: bytes | None, *, fails: bool) -> bytes | None:
        words = tuple(words)
        variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
        variables |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_MERGE_AUTOEDIT": "no"}
        try:
            done = run(  # noqa: S603  (git, with words made here)
                [self._git, *_QUIET, *words], cwd=self.root, env=variables, input=given or b"",
                capture_output=True, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except (OSError, TimeoutExpired) as error:
            raise MetaError("E964", f"git cannot be run in {self.root}: {error}") from None
        if not done.returncode:
            return done.stdout
        if fails:
            return None
        lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        told = "; ".join(line.removeprefix("fatal: ").removeprefix("error: ") for line in lines[:4])
        raise MetaError("E964", f"git {words[0]} refuses: {told or 'without a word'}", "nothing was changed")


def _named(subject: str) -> str:
    """A type's name as part of references and paths."""
    if not subject.isidentifier():
        raise MetaError("E962", f"`{subject[:80]}` is no name of a type of agents")
    return subject


def _figures(case: Case) -> str:
    found, measured = case.trial.evidence, case.trial.benchmarks
    return (
        f"On {found.n} tasks nobody proposing had seen: score {measured['before']['score']:g} to "
        f"{measured['after']['score']:g}, a gain of {found.gain:.3f} ({found.low:.3f} to {found.high:.3f})."
    )


def _reason(reason: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in reason).split())[:MAX_REASON]
    return f"Reason: {text}" if text else "Reason: none was given"


def _quoted(path: str) -> str:
    if path.isascii() and not set(path) & set('"\\\n'):
        return path
    inside = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inside}"'


def _or(states: Iterable[str]) -> str:
    return " or ".join(states)
