"""What a policy covers: every spelling of a thing is that thing, and a denial covers all of them."""

from __future__ import annotations

import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dana
from dana.cli.options import KINDS as FLAG_KINDS
from dana.policy import KINDS, Allow, Deny, Policy


def allows(kind, pattern, target, **deny):
    return Policy(Allow(**{kind: pattern}), Deny(**deny)).permits(kind, target)


# --- the shape ----------------------------------------------------------------------------------


def test_nothing_is_granted_by_default():
    policy = Policy()
    assert not any(policy.permits(kind, "x") for kind in KINDS)
    assert not Allow()
    assert not Deny()


def test_the_command_line_has_the_same_kinds():
    assert FLAG_KINDS == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_everything_and_deny_wins(kind):
    assert Policy(Allow.all()).permits(kind, "x")
    assert not Policy(Allow.all(), Deny(**{kind: True})).permits(kind, "x")
    assert not Policy(Allow.all(), Deny(**{kind: ["x"]})).permits(kind, "x")
    assert Policy(Allow.all()).grants_all(kind)
    assert not Policy(Allow.all(), Deny(**{kind: ["x"]})).grants_all(kind)


def test_values_do_not_change_and_can_be_sent():
    allow = Allow(read=["data"], net=True)
    with pytest.raises(AttributeError):
        allow.read = True
    assert pickle.loads(pickle.dumps(allow)) == allow
    assert Policy.from_data(Policy(allow).to_data()).allow == allow
    assert repr(allow) == "Allow(read=['data'], net=True)"
    assert allow != Deny(read=["data"], net=True)


@pytest.mark.parametrize("wrong", [3, [3], [""], ["a\0b"], [" "], {"a": None, "": 1}])
def test_what_is_no_pattern_is_refused(wrong):
    with pytest.raises(dana.UsageError):
        Allow(read=wrong)


def test_an_unknown_kind_is_named():
    with pytest.raises(dana.UsageError, match="did you mean read"):
        Policy().permits("raed", "x")
    with pytest.raises(dana.UsageError):
        dana.Engine(policy=Policy(), allow=Allow())
    with pytest.raises(dana.UsageError, match=r"Allow, not dict"):
        Policy({"read": True})


def test_grant_and_revoke_change_what_holds():
    policy = Policy()
    policy.grant("python", "pandas")
    policy.grant("python", "numpy")
    assert policy.permits("python", "pandas.io")
    assert policy.revoke("python", "pandas")
    assert not policy.revoke("python", "pandas")
    assert not policy.permits("python", "pandas")
    assert policy.permits("python", "numpy")
    policy.grant("python")
    assert policy.permits("python", "os")
    assert policy.revoke("python")
    assert not policy.permits("python", "numpy")


# --- files --------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("data/private", "data2", "else"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/private/key").write_text("secret")
    (tmp_path / "else/file").write_text("x")
    return tmp_path


@pytest.mark.parametrize("spelled", ["data", "./data", "data/", "else/../data", "{here}/data", "data//"])
def test_a_folder_covers_what_lies_below_however_it_is_spelled(place, spelled):
    pattern = spelled.format(here=place)
    assert allows("read", [pattern], "data")
    assert allows("read", [pattern], "data/x.csv")
    assert allows("read", [pattern], "data/sub/../y")
    assert allows("read", [pattern], f"{place}/data/new/deep")
    for outside in ("data2", "data2/x", "data/../else", "data/../../x", ".", "/", "/etc/passwd", "datax"):
        assert not allows("read", [pattern], outside), outside


def test_links_are_followed_on_both_sides(place):
    os.symlink("../else", "data/out")
    os.symlink("data", "link")
    assert not allows("read", ["data"], "data/out/file")
    assert allows("read", ["link"], "data/x")
    assert allows("read", ["data"], "link/x")
    assert not allows("read", ["data"], "link/out/file")


def test_a_link_that_appears_later_does_not_move_a_grant(place):
    policy = Policy(Allow(write=["drop"]))
    assert policy.permits("write", "drop/x")
    os.symlink("/etc", "drop")
    assert not policy.permits("write", "drop/x")


def test_what_is_denied_stays_denied_under_every_name(place):
    os.symlink("data/private", "shortcut")
    os.link("data/private/key", "data/copy")
    policy = Policy(Allow(read=True), Deny(read=["data/private"]))
    for path in ("data/private", "data/private/key", "shortcut/key", "data/../data/private/key", "else/../shortcut"):
        assert not policy.permits("read", path), path
    assert policy.permits("read", "data/other")
    assert not Policy(Allow(read=True), Deny(read=["data/private/key"])).permits("read", "data/copy")


def test_a_denied_link_is_denied_where_it_points_now(place):
    os.symlink("data2", "moving")
    policy = Policy(Allow(read=True), Deny(read=["moving"]))
    assert not policy.permits("read", "data2/x")
    os.unlink("moving")
    os.symlink("else", "moving")
    assert not policy.permits("read", "else/file")
    assert not policy.permits("read", "data2/x")


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_not_possible(path):
    denial = Policy(Allow.all()).denial("read", path)
    assert "not possible" in denial.message
    assert denial.flag == ""


def test_relative_patterns_start_where_they_were_written(place, monkeypatch):
    policy = Policy(Allow(read=["data"]))
    monkeypatch.chdir(place / "else")
    assert policy.permits("read", "../data/x")
    assert not policy.permits("read", "data/x")


NAMES = st.sampled_from(["a", "b", "..", ".", "data", "data2", "", "link", "out"])


@given(st.lists(NAMES, max_size=8))
def test_no_path_outside_is_covered(parts):
    target = "/srv/x/" + "/".join(parts)
    covered = allows("read", ["/srv/x/data"], target)
    real = os.path.realpath(target)
    assert covered == (real == "/srv/x/data" or real.startswith("/srv/x/data/"))


# --- hosts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "target", "expected"),
    [
        ("api.acme.dev", "api.acme.dev", True),
        ("api.acme.dev", "api.acme.dev:443", True),
        ("api.acme.dev", "API.Acme.DEV.:80", True),
        ("api.acme.dev:443", "api.acme.dev:443", True),
        ("api.acme.dev:443", "https://api.acme.dev/path?q#f", True),
        ("api.acme.dev:443", "http://api.acme.dev/", False),
        ("api.acme.dev:443", "http://api.acme.dev:443", True),
        ("api.acme.dev:443", "api.acme.dev", False),
        ("api.acme.dev", "api.acme.dev.evil.com", False),
        ("api.acme.dev", "evil-api.acme.dev", False),
        ("api.acme.dev", "http://api.acme.dev@evil.com/", False),
        ("api.acme.dev", "http://api.acme.dev:80@evil.com/", False),
        ("api.acme.dev", "http://evil.com/@api.acme.dev", False),
        ("api.acme.dev", "http://evil.com?@api.acme.dev", False),
        ("api.acme.dev", "http://evil.com#@api.acme.dev", False),
        ("api.acme.dev", "http://evil.com\\@api.acme.dev", False),
        ("api.acme.dev", "http://user:pass@api.acme.dev/", True),
        ("api.acme.dev", "api.acme.dev\n", False),
        ("api.acme.dev", " api.acme.dev", False),
        ("api.acme.dev", "\uff41pi.acme.dev", False),
        ("api.acme.dev", "api\u3002acme.dev", False),
        ("api.acme.dev", "file://api.acme.dev/etc", False),
        ("*.acme.dev", "a.acme.dev", True),
        ("*.acme.dev", "a.b.acme.dev:1", True),
        ("*.acme.dev", "acme.dev", False),
        ("*.acme.dev", "xacme.dev", False),
        ("*", "anything.example:7", True),
        ("*:443", "anything.example:7", False),
        ("127.0.0.1", "127.0.0.1:80", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("127.0.0.1", "[::ffff:7f00:1]:80", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1", "localhost", False),
        ("127.0.0.1", "2130706433", False),
        ("127.0.0.1", "0x7f.1", False),
        ("127.0.0.1", "127.1", False),
        ("127.0.0.1", "0177.0.0.1", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "[::1]:8080", True),
        ("localhost:80", "[::1]:8080", False),
        ("localhost", "127.0.0.2", False),
        ("localhost", "0.0.0.0", False),
        ("::1", "[::1]:80", True),
        ("[::1]:80", "[0:0:0:0:0:0:0:1]:80", True),
        ("[::1]:80", "[::1]:81", False),
        ("10.0.0.0/8", "10.1.2.3:5", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("fd00::/8", "[fd12::1]:80", True),
        ("xn--mnchen-3ya.de", "m\u00fcnchen.de", True),
        ("m\u00fcnchen.de", "xn--mnchen-3ya.de", True),
        ("strasse.de", "stra\u00dfe.de", False),
        ("stra-e.de", "stra\u200de.de", False),
    ],
)
def test_hosts(pattern, target, expected):
    assert allows("net", [pattern], target) is expected


@pytest.mark.parametrize("spelled", ["localhost", "127.0.0.1", "::1"])
@pytest.mark.parametrize(
    "target",
    ["localhost", "LOCALHOST.", "127.0.0.1:80", "[::1]:1", "0.0.0.0", "[::]:80", "::ffff:127.0.0.1", "a.localhost"],
)
def test_this_machine_is_denied_under_every_name(spelled, target):
    assert not Policy(Allow.all(), Deny(net=[spelled])).permits("net", target)


def test_a_denied_port_is_denied_when_no_port_is_named():
    policy = Policy(Allow.all(), Deny(net=["a.dev:25"]))
    assert not policy.permits("net", "a.dev")
    assert not policy.permits("net", "a.dev:25")
    assert policy.permits("net", "a.dev:443")


def test_an_address_that_is_denied_is_denied_behind_a_name():
    policy = Policy(Allow(net=["rebound.example"]), Deny(net=["169.254.0.0/16", "localhost"]))
    assert policy.permits("net", "rebound.example:80")
    assert policy.denied_address("rebound.example:80", "169.254.169.254") is not None
    assert policy.denied_address("rebound.example:80", "127.0.0.9") is not None
    assert policy.denied_address("rebound.example:80", "93.184.216.34") is None


@pytest.mark.parametrize(
    "wrong", ["https:", "a b", "a:99999", "a:x", "a/b/c", "", "*.*.dev", "http://", "[::1", "1.2.3"]
)
def test_what_is_no_host_is_refused_as_a_pattern(wrong):
    with pytest.raises(dana.UsageError):
        Allow(net=[wrong])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("http://api.acme.dev/x", "it is an address of a page; the host in it is api.acme.dev"),
        ("10.0.0.0/99", "what holds a / is a network, as in 10.0.0.0/8"),
        ("10.0.0.1/8", "has host bits set"),
    ],
)
def test_a_pattern_that_is_none_says_what_to_write(wrong, said):
    with pytest.raises(dana.UsageError, match=said):
        dana.Allow(net=[wrong])


@given(st.text(max_size=40))
def test_no_text_is_taken_for_the_granted_host(text):
    if allows("net", ["api.acme.dev"], text):
        assert "api.acme.dev" in text.lower()


@given(st.text(max_size=30))
def test_any_target_gets_an_answer(text):
    for kind in KINDS:
        Policy(Allow.all(), Deny(net=["a.dev"], read=["/x"])).denial(kind, text)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "pattern", "target", "expected"),
    [
        ("env", "APP_*", "APP_KEY", True),
        ("env", "APP_*", "XAPP_KEY", False),
        ("env", "A*B*C", "AxxBxC", True),
        ("env", "A*B*C", "ABxD", False),
        ("env", "[A]", "A", False),
        ("env", "?", "A", False),
        ("env", "TZ", "tz", False),
        ("model", "openai:*", "openai:gpt", True),
        ("model", "openai:*", "other:gpt", False),
        ("python", "pandas", "pandas", True),
        ("python", "pandas", "pandas.io.common", True),
        ("python", "pandas", "pandas_extra", False),
        ("python", "pandas.io", "pandas", False),
        ("python", "*", "os", True),
        ("run", "git", "git", True),
        ("run", "git", "/tmp/git", False),
        ("run", "/bin/ls", "ls", False),
    ],
)
def test_names(kind, pattern, target, expected):
    assert allows(kind, [pattern], target) is expected


def test_a_denied_program_is_denied_by_its_path(tmp_path):
    (tmp_path / "git").write_text("")
    os.symlink(tmp_path / "git", tmp_path / "innocent")
    policy = Policy(Allow.all(), Deny(run=["git"]))
    assert not policy.permits("run", str(tmp_path / "git"))
    assert not policy.permits("run", str(tmp_path / "innocent"))
    assert policy.permits("run", "ls")


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_stars_mean_what_fnmatch_means(pattern, text):
    from fnmatch import fnmatchcase

    from dana.policy.rules import NameRule

    assert NameRule(pattern).covers(text) == fnmatchcase(text, pattern)


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "target", "flag"),
    [
        ("read", "data/x.csv", "--allow-read=data/x.csv"),
        ("write", "a b,c", "--allow-write='a b,,c'"),
        ("net", "https://Api.acme.dev/x", "--allow-net=api.acme.dev:443"),
        ("net", "[::1]:80", "--allow-net='[::1]:80'"),
        ("env", "HOME", "--allow-env=HOME"),
        ("run", "git", "--allow-run=git"),
        ("python", "pandas.io", "--allow-python=pandas"),
        ("model", "openai:large", "--allow-model=openai:large"),
    ],
)
def test_a_denial_names_the_flag_that_grants_it(kind, target, flag, tmp_path, monkeypatch):
    from shlex import split

    from dana.cli.options import read

    monkeypatch.chdir(tmp_path)
    denial = Policy().denial(kind, target)
    assert denial.flag == flag
    assert flag in denial.hint
    assert f"dana.Allow({kind}=" in denial.hint
    given = read("run", split(denial.flag)).given
    assert Policy(Allow(**{kind: given[f"allow_{kind}"]})).permits(kind, target)


def test_control_characters_do_not_reach_the_terminal():
    denial = Policy().denial("read", "x\x1b[2J\r\nallowed? y")
    assert denial.message.isprintable()


# --- in programs --------------------------------------------------------------------------------


def test_at_the_boundary_it_is_dana_denied():
    with pytest.raises(dana.Denied) as caught:
        dana.Engine(cache=False).run("import shlex.py")
    found = caught.value.diagnostics[0]
    assert found.code == "E515"
    assert "--allow-python=shlex" in found.hint
    assert found.line == 1


def test_decisions_are_events():
    from dana.runtime.exceptions import DeniedFault
    from dana.runtime.program import Program

    seen = []
    program = Program(policy=Policy(Allow(env=["A"])), emit=lambda kind, data: seen.append((kind, data)))
    program.policy.require("env", "A")
    with pytest.raises(DeniedFault):
        program.policy.require("env", "B")
    assert seen == [("policy.allow", {"kind": "env", "target": "A"}), ("policy.deny", {"kind": "env", "target": "B"})]


@pytest.mark.parametrize(("answer", "asked"), [("yes", 3), ("always", 1)])
def test_the_user_is_asked_at_the_moment_of_need(answer, asked):
    from dana.runtime.program import Program

    questions = []
    policy = Policy(Allow(), Deny(env=["SECRET"]), ask=lambda denial: questions.append(denial.flag) or answer)
    program = Program(policy=policy)
    for _ in range(3):
        program.policy.require("env", "A")
    assert questions == ["--allow-env=A"] * asked
    from dana.runtime.exceptions import DeniedFault

    with pytest.raises(DeniedFault):
        program.policy.require("env", "SECRET")
    assert len(questions) == asked


def test_the_real_path_is_what_is_opened(tmp_path, monkeypatch):
    from dana.runtime.exceptions import DeniedFault
    from dana.runtime.program import Program

    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    program = Program(policy=Policy(Allow(read=["data"])))
    assert program.policy.path("read", "data/../data/x") == os.path.realpath(tmp_path / "data" / "x")
    with pytest.raises(DeniedFault):
        program.policy.path("read", "data/../x")
