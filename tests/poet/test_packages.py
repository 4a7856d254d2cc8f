"""Parameter packages: what goes out comes in again, and nothing else does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive.subject import Knob, Subject
from dana.poet.packages import PackageError, ParameterPackage

KEY = b"a key both sides know"


def subjects() -> dict[str, Subject]:
    knobs = [
        Knob("timeout", 10.0, low=1.0, high=60.0),
        Knob("retries", 3, low=0, high=8),
        Knob("prompt", "short", choices=("short", "long")),
        Knob("ceiling", 85.0, low=50.0, high=90.0, safety=True),
    ]
    return {"loans.score": Subject("function", "loans.score", knobs)}


def package(**parameters) -> ParameterPackage:
    return ParameterPackage("loans.score", "finance", parameters, metadata={"author": "me"})


values = st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40)
names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(st.dictionaries(names, values), st.binary(min_size=1))
def test_what_is_exported_is_imported(parameters, key) -> None:
    made = ParameterPackage("m.f", "-", parameters)
    again = ParameterPackage.from_text(made.to_text(key), key=key)
    assert again.functions == made.functions
    assert again.metadata == made.metadata
    assert again.parameters == made.parameters
    assert (again.function_id, again.domain, again.version) == ("m.f", "-", "1.0")


def test_through_a_file_with_and_without_a_key(tmp_path) -> None:
    path = tmp_path / "score.json"
    package(timeout=2.0).export_to_file(path, key=KEY)
    assert ParameterPackage.import_from_file(path, key=KEY).parameters == {"timeout": 2.0}
    assert ParameterPackage.import_from_file(path).parameters == {"timeout": 2.0}
    with pytest.raises(PackageError, match="not signed with this key"):
        ParameterPackage.import_from_file(path, key=b"another")
    package(timeout=2.0).export_to_file(path)
    with pytest.raises(PackageError, match="is not signed"):
        ParameterPackage.import_from_file(path, key=KEY)


def test_a_change_by_hand_is_noticed() -> None:
    text = package(timeout=2.0).to_text(KEY)
    forged = text.replace("2.0", "60.0")
    with pytest.raises(PackageError, match="checksum"):
        ParameterPackage.from_text(forged)
    document = json.loads(forged)
    document["checksum"] = json.loads(package(timeout=60.0).to_text())["checksum"]
    assert ParameterPackage.from_text(json.dumps(document)).parameters == {"timeout": 60.0}
    with pytest.raises(PackageError, match="not signed with this key"):
        ParameterPackage.from_text(json.dumps(document), key=KEY)


def test_the_layout_of_the_text_does_not_count() -> None:
    document = json.loads(package(timeout=2.0, retries=1).to_text(KEY))
    assert ParameterPackage.from_text(json.dumps(document), key=KEY).parameters == {"timeout": 2.0, "retries": 1}


def test_values_that_fit_become_a_new_version_with_its_source() -> None:
    here = subjects()
    done = package(timeout=2.0, retries=5).apply(here)
    assert here["loans.score"].values["timeout"] == 2.0
    assert here["loans.score"].current.number == 1
    assert here["loans.score"].current.evidence["source"] == "package loans.score 1.0"
    assert len(done.taken) == 2
    assert done.left_out == []
    here["loans.score"].roll_back()
    assert here["loans.score"].values["timeout"] == 10.0


def test_what_does_not_fit_is_left_out_and_said_so() -> None:
    here = subjects()
    sent = package(timeout=500.0, retries=2, prompt="evil", ceiling=90.0, unknown=1)
    sent.add("other.f", "-", {"x": 1})
    assert not sent.validate_compatibility(here)
    done = sent.apply(here)
    assert [(name, value) for _f, name, value in done.taken] == [("retries", 2)]
    reasons = {name: reason for _f, name, reason in done.left_out}
    assert "from 1.0 to 60.0" in reasons["timeout"]
    assert "one of" in reasons["prompt"]
    assert "only people" in reasons["ceiling"]
    assert "no such parameter" in reasons["unknown"]
    assert "no such function" in reasons["*"]
    assert package(retries=2).validate_compatibility(here)


def test_strategies() -> None:
    sent = ParameterPackage()
    sent.add("loans.score", "-", {"timeout": 2.0, "retries": 5}, confidence={"timeout": 0.6, "retries": 0.9})
    sure = {"loans.score": {"timeout": 0.8, "retries": 0.1}}
    here = subjects()
    assert [t[1] for t in sent.apply(here, strategy="merge", confidence=sure).taken] == ["retries"]
    assert len(sent.apply(subjects(), strategy="replace", confidence=sure).taken) == 2
    assert [t[1] for t in sent.apply(subjects(), strategy="selective", only=["timeout"]).taken] == ["timeout"]
    with pytest.raises(PackageError, match="no strategy"):
        sent.apply(here, strategy="hope")


def test_secrets_are_not_exported_and_words_that_look_alike_are() -> None:
    made = package(api_key="sk-1", open_rate=0.5, keyboard="qwerty", note="Bearer abcdefghijklmnop", monkey=1)
    assert made.parameters == {"open_rate": 0.5, "keyboard": "qwerty", "monkey": 1}


@pytest.mark.parametrize(
    "parameters", [{"x": [1]}, {"x": None}, {"x": float("nan")}, {"_x": 1}, {"a b": 1}, {"x": "y" * 10_001}]
)
def test_only_plain_values_go_out(parameters) -> None:
    with pytest.raises(PackageError):
        ParameterPackage("m.f", "-", parameters)


def _with(**changes):
    document = json.loads(package(timeout=2.0).to_text())
    document.update(changes)
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format_version": NaN}',
        "[" * 100_000,
        _with(format_version="2.0"),
        _with(surplus=1),
        _with(functions=[]),
        _with(functions={"a b": {}}),
        _with(functions={"m.f": {"domain": "-", "parameters": {"x": [1]}, "confidence": {}, "evidence": {}}}),
        _with(functions={"m.f": {"domain": "-", "parameters": {}, "confidence": {"x": 7}, "evidence": {}}}),
        _with(functions={"m.f": {"domain": "-", "parameters": {}, "confidence": {}, "evidence": {"x": {}}}}),
        _with(metadata={"name": {"a": 1}}),
        _with(metadata={"privacy": "none"}),
        _with(checksum=3),
        _with(checksum="sha256:0"),
    ],
)
def test_what_is_no_package_is_refused(text) -> None:
    with pytest.raises(PackageError):
        ParameterPackage.from_text(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["format_version", "functions", "metadata", "checksum", "domain", "m.f"]), x, max_size=4
            )
        ),
    )
)
def test_no_text_breaks_the_reader(document) -> None:
    with pytest.raises(PackageError):
        ParameterPackage.from_text(json.dumps(document))


def test_files_that_cannot_be_read_or_written(tmp_path) -> None:
    with pytest.raises(PackageError, match="cannot be read"):
        ParameterPackage.import_from_file(tmp_path / "none.json")
    with pytest.raises(PackageError, match="cannot be written"):
        package().export_to_file(tmp_path / "no" / "folder.json")
    (tmp_path / "big.json").write_bytes(b" " * (5 << 20))
    with pytest.raises(PackageError, match="larger"):
        ParameterPackage.import_from_file(tmp_path / "big.json")


def test_half_a_character_travels_as_it_is(tmp_path) -> None:
    package(prompt="a\ud800").export_to_file(tmp_path / "p.json", key=KEY)
    again = ParameterPackage.import_from_file(tmp_path / "p.json", key=KEY)
    assert again.parameters == {"prompt": "a\ud800"}


def test_what_cannot_be_written_or_is_too_large_is_said(tmp_path, monkeypatch) -> None:
    with pytest.raises(PackageError, match="cannot be written"):
        package(a=1).export_to_file(tmp_path / "nowhere" / "p.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(PackageError, match="cannot be written"):
        package(a=1).export_to_file(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    monkeypatch.setattr("dana.poet.packages.MAX_FILE", 10)
    package(a=1).export_to_file(tmp_path / "p.json")
    with pytest.raises(PackageError, match="larger than"):
        ParameterPackage.import_from_file(tmp_path / "p.json")


def test_privacy_is_one_of_three() -> None:
    with pytest.raises(PackageError, match="privacy is one of private"):
        ParameterPackage("m.f", metadata={"privacy": "secret"})


@pytest.mark.parametrize(
    "entry",
    [
        {"domain": "-", "parameters": [], "confidence": {}, "evidence": {}},
        {"domain": "-", "parameters": {"a": [1]}, "confidence": {}, "evidence": {}},
        {"domain": "-", "parameters": {}, "confidence": {"a": 2}, "evidence": {}},
        {"domain": "-", "parameters": {}, "confidence": {}, "evidence": {"n": {"x": 1}}},
        {"domain": 3, "parameters": {}, "confidence": {}, "evidence": {}},
        {"parameters": {}},
        7,
    ],
)
def test_entries_that_are_none_are_refused_though_sealed(entry) -> None:
    forged = ParameterPackage("m.f", "-", {})
    forged.functions["m.f"] = entry
    with pytest.raises(PackageError):
        ParameterPackage.from_text(forged.to_text())


def test_an_import_says_how_much_it_took() -> None:
    assert repr(package(timeout=5.0, colour="red").apply(subjects())) == "Imported(1 taken, 1 left out)"
