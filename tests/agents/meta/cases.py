"""What tests of the slow loop have in common: a repository, a case, events."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dana.adaptive.ledger import Event
from dana.agents.meta.detectors import Figures, Finding
from dana.agents.meta.loop import Case
from dana.agents.meta.proposer import Proposal
from dana.agents.meta.tasks import Task
from dana.agents.meta.trial import Ran, compare

NOW = 1_700_000_000.0


class Git:
    """A repository with one commit, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self("init", "-q", "-b", "main")
        self("config", "user.name", "Ann")
        self("config", "user.email", "ann@example.com")
        self.commit({"main.na": "print(1)\n"}, "first")

    def __call__(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, files: dict[str, str], message: str) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self("add", name)
        self("commit", "-q", "-m", message)

    def state(self) -> tuple[str, str, str]:
        """What is checked out, what is staged or changed, and what the files are."""
        files = sorted(p for p in self.folder.rglob("*") if p.is_file() and ".git" not in p.parts)
        texts = "\n".join(f"{p.relative_to(self.folder)}: {p.read_bytes()!r}" for p in files)
        return self("rev-parse", "HEAD"), self("status", "--porcelain"), texts


def case_of(subject: str = "Triage", text: str = "Where a parcel is.", turn: str = "Triage-1") -> Case:
    """A case that passed its trial."""
    proposal = Proposal(
        "Say what `track` is for", "It was mistaken.", {"tool_descriptions": {"track": text}}, origin="rules"
    )
    tasks = [Task(f"where is {number}", "track") for number in range(12)]
    trial = compare(lambda behaviour, _task: Ran(behaviour["answer"]), tasks, {"answer": "no"}, {"answer": "track"}, 0)
    finding = Finding("tool misuse", subject, "6 of 10 calls came to nothing", 0.6, 0.2, tool="track", links=[7, 9])
    return Case(subject, turn, proposal, trial, [finding], Figures(subject), [tasks[0].to_data()], seed=0, hours=24)


def event(kind: str, subject: str = "Triage#1", at: float = NOW - 60, act: str = "t1", seq: int = 0, **data) -> Event:
    made = Event(at, "keep", kind, subject, act, data)
    made.seq = seq
    return made
