"""Proposals as branches: what is made, what is left alone, and what is refused."""

from __future__ import annotations

import json
import subprocess

import pytest

from dana.agents.meta import MetaError
from dana.agents.meta.behaviours import load_behaviour
from dana.agents.meta.review import Repository
from tests.agents.meta.cases import NOW, case_of

FILE = "behaviours/Triage.json"


@pytest.fixture
def repository(git) -> Repository:
    return Repository(str(git.folder))


def proposed(repository: Repository, **about):
    repository.propose(case_of(**about), now=NOW)
    return repository.find("Triage")


def test_a_proposal_is_a_branch_and_nothing_else_changes(git, repository) -> None:
    (git.folder / "main.na").write_text("print(2)\n")
    (git.folder / "staged.na").write_text("print(3)\n")
    git("add", "staged.na")
    before = git.state()
    index = (git.folder / ".git" / "index").read_bytes()
    assert repository.propose(case_of(), now=NOW, ledger=str(git.folder / "run.db")) == "dana/behaviours/Triage/1"
    assert git.state() == before
    assert (git.folder / ".git" / "index").read_bytes() == index
    branch = "dana/behaviours/Triage/1"
    assert git("diff", "--name-only", "main", branch).split() == [
        FILE, "behaviours/Triage/evidence.json", "behaviours/Triage/tests.json",
    ]  # fmt: skip
    assert json.loads(git("show", f"{branch}:{FILE}")) == {"tool_descriptions": {"track": "Where a parcel is."}}
    evidence = json.loads(git("show", f"{branch}:behaviours/Triage/evidence.json"))
    assert evidence["events"] == [7, 9]
    assert evidence["ledger"] == "run.db"
    assert evidence["trial"]["n"] == 12
    assert evidence["benchmarks"]["after"]["score"] == 1.0
    assert json.loads(git("show", f"{branch}:behaviours/Triage/tests.json"))[0]["input"] == "where is 0"
    message = git("log", "-1", "--format=%an <%ae>%n%B", branch)
    assert message.startswith("Ann <ann@example.com>\nSay what `track` is for\n")
    assert "a gain of 1.000" in message
    assert git("fsck", "--strict") == ""


def test_an_accepted_proposal_is_merged_and_in_effect(git, repository) -> None:
    found = proposed(repository)
    git.commit({"other.na": "print(4)\n"}, "other work")
    (git.folder / "main.na").write_text("print(2)\n")
    assert load_behaviour("Triage", str(git.folder)) is None
    commit = repository.accept(found, "it helps", now=NOW)
    accepted = load_behaviour("Triage", str(git.folder))
    assert accepted is not None
    assert accepted.changes == {"tool_descriptions": {"track": "Where a parcel is."}}
    assert git("status", "--porcelain") == " M main.na\n"
    assert git("rev-parse", "HEAD").strip() == commit
    assert len(git("log", "-1", "--format=%P").split()) == 2
    assert "Reason: it helps" in git("log", "-1", "--format=%B")
    assert "dana/behaviours" not in git("branch", "--list", "--all")
    assert [(each.name, each.state) for each in repository.listed()] == [("Triage/1", "accepted")]


def test_a_rejected_proposal_leaves_its_reason(git, repository) -> None:
    found = proposed(repository)
    before = git.state()
    repository.reject(found, "too\nlong", now=NOW)
    assert git.state() == before
    assert git("branch", "--list", "dana/*") == ""
    (kept,) = repository.listed()
    assert kept.state == "rejected"
    assert "Reason: too long" in git("log", "-1", "--format=%B", "refs/dana/rejected/Triage/1")
    assert repository.propose(case_of(), now=NOW) == "dana/behaviours/Triage/2"


def test_taking_back_restores_what_was_before(git, repository) -> None:
    for number, text in enumerate(("first", "second"), 1):
        repository.accept(proposed(repository, text=text), "", now=NOW + number)
    git.commit({"other.na": "print(4)\n"}, "other work")
    last, _commit = repository.roll_back("Triage", "it failed", now=NOW + 3)
    assert last.name == "Triage/2"
    assert load_behaviour("Triage", str(git.folder)).changes == {"tool_descriptions": {"track": "first"}}
    assert "Reason: it failed" in git("log", "-1", "--format=%B")
    assert (git.folder / "other.na").exists()
    repository.roll_back("Triage/1", "", now=NOW + 4)
    assert load_behaviour("Triage", str(git.folder)) is None
    assert not (git.folder / "behaviours").exists()
    with pytest.raises(MetaError, match="nothing was accepted for `Triage`"):
        repository.roll_back("Triage", "", now=NOW + 5)
    assert git("status", "--porcelain") == ""
    assert git("fsck", "--strict") == ""


def test_a_further_proposal_keeps_what_was_accepted_before(git, repository) -> None:
    repository.accept(proposed(repository), "", now=NOW)
    case = case_of()
    case.proposal.changes = {"system_prompt": "Be short."}
    repository.propose(case, now=NOW + 1)
    before, after = repository.changes(repository.find("Triage"))
    assert before == {"tool_descriptions": {"track": "Where a parcel is."}}
    assert after == {**before, "system_prompt": "Be short."}


def test_a_program_in_a_folder_of_the_repository(git) -> None:
    (git.folder / "apps" / "post").mkdir(parents=True)
    repository = Repository(str(git.folder / "apps" / "post"))
    repository.accept(proposed(repository), "", now=NOW)
    assert (git.folder / "apps" / "post" / FILE).exists()
    repository.roll_back("Triage", "", now=NOW + 1)
    assert not (git.folder / "apps" / "post" / FILE).exists()


def test_decisions_are_made_from_any_folder(git) -> None:
    (git.folder / "apps" / "post").mkdir(parents=True)
    proposed(Repository(str(git.folder / "apps" / "post")))
    top = Repository(str(git.folder))
    found = top.find("Triage")
    assert top.evidence(found)["turn"] == "Triage-1"
    assert top.changes(found)[1] == {"tool_descriptions": {"track": "Where a parcel is."}}
    top.accept(found, "", now=NOW)
    assert (git.folder / "apps" / "post" / FILE).exists()
    assert top.changes(top.find("Triage", ["accepted"]))[1]
    top.roll_back("Triage", "", now=NOW + 1)
    assert not (git.folder / "apps" / "post" / FILE).exists()
    assert top.evidence(top.find("Triage", ["rolled back"])) == {}


# --- what is refused ------------------------------------------------------------------------------


def refused(action, code: str, text: str) -> None:
    with pytest.raises(MetaError) as caught:
        action()
    assert caught.value.code == code
    assert text in str(caught.value)
    assert caught.value.hint or code == "E961"


def test_files_that_are_not_committed_are_in_the_way(git, repository) -> None:
    found = proposed(repository)
    (git.folder / "behaviours").mkdir()
    (git.folder / FILE).write_text("{}")
    before = git.state()
    refused(lambda: repository.accept(found, "", now=NOW), "E964", f"`{FILE}` has changes that are not committed")
    assert git.state() == before
    assert repository.find("Triage").state == "waiting"


def test_a_file_that_changed_meanwhile_is_a_conflict(git, repository) -> None:
    found = proposed(repository)
    git.commit({FILE: '{"system_prompt": "Be kind."}'}, "by hand")
    before = git.state()
    refused(lambda: repository.accept(found, "", now=NOW), "E964", "was changed since Triage/1 was proposed")
    assert git.state() == before


def test_what_was_changed_after_it_was_accepted_is_not_taken_back(git, repository) -> None:
    repository.accept(proposed(repository), "", now=NOW)
    git.commit({FILE: '{"system_prompt": "Be kind."}'}, "by hand")
    refused(lambda: repository.roll_back("Triage", "", now=NOW), "E964", "was changed since Triage/1 was accepted")


@pytest.mark.parametrize("path", ["main.na", "behaviours/Other.json", "behaviours/Triage/judge.na"])
def test_a_branch_that_changes_more_is_not_merged(git, repository, path) -> None:
    proposed(repository)
    git("switch", "-q", "dana/behaviours/Triage/1")
    git.commit({path: "{}"}, "more")
    git("switch", "-q", "main")
    before = git.state()
    refused(lambda: repository.accept(repository.find("Triage"), "", now=NOW), "E966", f"changes `{path}`")
    assert git.state() == before


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"permissions": ["net:*"]}', "E961"),
        ('{"checks": []}', "E961"),
        ('{"system_prompt": 7}', "E961"),
        ("[1", "E960"),
    ],
)
def test_a_branch_that_holds_no_behaviour_is_not_merged(git, repository, text, code) -> None:
    proposed(repository)
    git("switch", "-q", "dana/behaviours/Triage/1")
    git.commit({FILE: text}, "more")
    git("switch", "-q", "main")
    refused(lambda: repository.accept(repository.find("Triage"), "", now=NOW), code, "Triage/1")


def test_a_wording_may_be_mended_on_the_branch(git, repository) -> None:
    proposed(repository)
    git("switch", "-q", "dana/behaviours/Triage/1")
    git.commit({FILE: '{"tool_descriptions": {"track": "Better."}}'}, "mended")
    refused(lambda: repository.accept(repository.find("Triage"), "", now=NOW), "E964", "is checked out itself")
    git("switch", "-q", "main")
    repository.accept(repository.find("Triage"), "", now=NOW)
    assert load_behaviour("Triage", str(git.folder)).changes == {"tool_descriptions": {"track": "Better."}}


def test_names_that_are_wrong_are_explained(git, repository) -> None:
    proposed(repository)
    with pytest.raises(MetaError) as caught:
        repository.find("Trige")
    assert caught.value.hint == "did you mean Triage?"
    proposed_again = repository.propose(case_of(), now=NOW)
    refused(lambda: repository.find("Triage"), "E965", "has several proposals")
    repository.reject(repository.find("Triage/2"), "", now=NOW)
    refused(lambda: repository.find(proposed_again), "E965", "`Triage/2` is rejected, not waiting")


def test_without_git_or_a_repository(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "bare").mkdir()
    refused(lambda: Repository(str(tmp_path / "bare")), "E963", "is in no git repository")
    subprocess.run(["git", "init", "-q", str(tmp_path / "bare")], check=True)
    refused(lambda: Repository(str(tmp_path / "bare")).propose(case_of(), now=NOW), "E963", "has no commit yet")
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(lambda: Repository(str(tmp_path)), "E963", "git is not installed")


def test_hooks_of_the_repository_do_not_run(git, repository) -> None:
    for name in ("post-merge", "reference-transaction", "pre-merge-commit", "post-checkout"):
        hook = git.folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch ran\n")
        hook.chmod(0o755)
    repository.accept(proposed(repository), "", now=NOW)
    repository.roll_back("Triage", "", now=NOW)
    assert not (git.folder / "ran").exists()


def test_names_that_are_no_names_of_types(repository) -> None:
    refused_name = case_of(subject="../../main")
    with pytest.raises(MetaError, match="no name of a type"):
        repository.propose(refused_name, now=NOW)


def test_many_proposals_take_no_time(git, repository) -> None:
    """Each is one run of fast-import; numbers go on where they were."""
    for number in range(1, 6):
        assert repository.propose(case_of(turn=f"t{number}"), now=NOW) == f"dana/behaviours/Triage/{number}"
