"""What counts as a case, how it runs, and what it says when it fails."""

from __future__ import annotations

import pytest

from dana.testing.outcome import FAILED, PASSED, SKIPPED
from dana.testing.session import Session
from dana.testing.settings import Settings


@pytest.fixture
def outcomes(write):
    """`outcomes(text)` runs a file's cases; `name: (status, message, output)`."""

    def run(text: str, name: str = "a.na", **settings: object) -> dict[str, tuple[str, str, str]]:
        write(name, text)
        result = Session(name, Settings(cache=False, **settings)).run_all()
        return {o.case.name: (o.status, o.message, o.output) for o in result.outcomes}

    return run


def failure(found: dict[str, tuple[str, str, str]], name: str) -> str:
    status, message, _ = found[name]
    assert status == FAILED
    return message


def statuses(found: dict[str, tuple[str, str, str]]) -> list[str]:
    return [status for status, _, _ in found.values()]


# --- isolation ------------------------------------------------------------------------------------


def test_tests_cannot_influence_each_other(outcomes) -> None:
    found = outcomes(
        "count = 0\nseen = []\n"
        'test "first":\n    global count\n    count += 1\n    seen.append(1)\n    public:x = 1\n    assert count == 1\n'
        'test "second":\n    global count\n    count += 1\n    seen.append(1)\n'
        "    assert count == 1 and seen == [1]\n    assert public:x == 1\n"
    )
    assert found["first"][0] == PASSED
    assert "E605" in failure(found, "second") or "x" in failure(found, "second")


def test_what_a_test_binds_is_its_own(outcomes) -> None:
    found = outcomes('x = 1\ntest "binds":\n    x = 2\n    assert x == 2\ntest "reads":\n    assert x == 1\n')
    assert statuses(found) == [PASSED, PASSED]


def test_imported_modules_are_fresh_for_every_test(write, outcomes) -> None:
    write("store.na", "items = []\ndef add(x):\n    items.append(x)\n    return len(items)\n")
    found = outcomes(
        'import store\ntest "one":\n    assert store.add(1) == 1\ntest "two":\n    assert store.add(2) == 1\n'
    )
    assert statuses(found) == [PASSED, PASSED]


def test_tests_are_no_part_of_the_program(write) -> None:
    from dana.engine import Engine

    write("a.na", 'x = 1\ntest "t":\n    global x\n    x = 2\nx\n')
    assert Engine(cache=False).run("a.na") == 1


# --- what failed assertions say -------------------------------------------------------------------


def test_both_sides_of_a_comparison_are_shown(outcomes) -> None:
    message = failure(outcomes('test "t":\n    xs = [1, 2]\n    assert len(xs) == 3\n'), "t")
    assert "left:  2" in message
    assert "right: 3" in message
    assert "where xs = [1, 2]" in message
    assert "assert len(xs) == 3" in message
    assert "a.na:3:12" in message


def test_the_place_where_two_structs_differ_is_named(outcomes) -> None:
    text = 'struct P:\n    name: str\n    at: dict\ntest "t":\n    assert P("a", {"x": 1}) == P("a", {"x": 2})\n'
    assert ".at['x']: got 1, expected 2" in failure(outcomes(text), "t")


def test_texts_of_several_lines_are_shown_as_a_difference(outcomes) -> None:
    message = failure(outcomes('test "t":\n    assert "a\\nb\\nc" == "a\\nx\\nc"\n'), "t")
    assert "-x" in message
    assert "+b" in message


def test_of_several_conditions_the_one_that_fails_is_shown(outcomes) -> None:
    message = failure(outcomes('test "t":\n    n = 3\n    assert n > 1 and n > 5, "too small"\n'), "t")
    assert "too small" in message
    assert "left:  3" in message
    assert "right: 5" in message


def test_the_variables_of_a_chain_are_shown(outcomes) -> None:
    assert "where a = 1" in failure(outcomes('test "t":\n    a = 1\n    assert 0 < a < 1\n'), "t")


def test_values_that_contain_themselves_are_shown(outcomes) -> None:
    text = 'test "t":\n    xs = [1]\n    xs.append(xs)\n    ys = [2]\n    ys.append(ys)\n    assert xs == ys\n'
    assert "left:  [1, [...]]" in failure(outcomes(text), "t")


def test_a_message_that_fails_is_what_failed(outcomes) -> None:
    assert "E607" in failure(outcomes('test "t":\n    assert false, 1 / 0\n'), "t")


def test_tests_of_the_same_name_are_told_apart(outcomes) -> None:
    assert list(outcomes('test "t":\n    pass\ntest "t":\n    pass\n')) == ["t", "t (2)"]


def test_sides_are_evaluated_once(outcomes) -> None:
    found = outcomes(
        "calls = []\ndef f(n):\n    calls.append(n)\n    return n\n"
        'test "t":\n    assert f(1) == f(1)\n    assert calls == [1, 1]\n'
    )
    assert statuses(found) == [PASSED]


def test_helpers_of_the_file_tell_as_much(outcomes) -> None:
    message = failure(outcomes('def same(a, b):\n    assert a == b\ntest "t":\n    same([1], [2])\n'), "t")
    assert "[0]: got 1, expected 2" in message


def test_an_error_is_shown_where_it_happened(outcomes) -> None:
    message = failure(outcomes('def f(n):\n    return 1 / n\ntest "t":\n    f(0)\n'), "t")
    assert "E607" in message
    assert 'in `f`, called from `test "t"`' in message


def test_what_is_printed_is_kept(outcomes) -> None:
    found = outcomes('print("loading")\ntest "t":\n    print("hello")\n    log("careful", "error")\n')
    assert found["t"][2].startswith("loading\nhello\n")
    assert "careful" in found["t"][2]


def test_a_program_that_ends_itself_is_not_a_pass(outcomes) -> None:
    assert "exit(0)" in failure(outcomes('test "t":\n    exit(0)\n'), "t")


def test_an_endless_loop_is_stopped(outcomes, monkeypatch) -> None:
    from dana.engine import Limits
    from dana.testing import session

    monkeypatch.setattr(session, "LIMITS", Limits(steps=10_000, wall_s=None))
    assert "E701" in failure(outcomes('test "t":\n    while true:\n        pass\n'), "t")


def test_a_file_that_does_not_compile_is_one_failed_case(outcomes) -> None:
    found = outcomes('test "t":\n    assert totl == 1\n')
    assert "E201" in failure(found, "the file compiles")


def test_a_fault_of_the_compiler_is_reported_as_one(outcomes, monkeypatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise KeyError("oh")

    monkeypatch.setattr("dana.compiler.compile_module", broken)
    assert "oh" in failure(outcomes('test "t":\n    pass\n'), "the file compiles")


# --- clock and chance -----------------------------------------------------------------------------


def test_the_clock_stands_still_but_for_sleeping(outcomes) -> None:
    found = outcomes(
        "import time\nfrom testing import advance\n"
        'test "a day":\n    begin = time.now()\n    time.sleep(86400)\n    advance(60)\n'
        "    assert time.now() - begin == 86460\n"
        'test "begins at the same moment":\n    assert time.now() == 1_700_000_000\n'
    )
    assert statuses(found) == [PASSED, PASSED]


def test_a_month_is_slept_in_one_nap(outcomes, monkeypatch) -> None:
    from dana.testing.clock import TestClock

    naps = []
    monkeypatch.setattr(TestClock, "sleep", lambda clock, s: (naps.append(s), setattr(clock, "slept", clock.slept + s)))
    assert statuses(outcomes('import time\ntest "a month":\n    time.sleep(30 * 86400)\n')) == [PASSED]
    assert naps == [30 * 86400]


def test_a_deadline_is_missed_by_what_sleeps_too_long(outcomes) -> None:
    found = outcomes(
        "import time\n@poet(timeout=1.0)\ndef slow():\n    time.sleep(5)\n    return 1\n"
        'test "late":\n    try:\n        slow()\n        assert false\n    except POETTimeoutError:\n        pass\n'
    )
    assert statuses(found) == [PASSED]


def test_chance_depends_on_the_seed_and_on_nothing_else(outcomes) -> None:
    text = 'import random\ntest "t":\n    print(random.randint(1, 10**9))\ntest "u":\n    print(random.randint(1, 10**9))\n'
    first, again, other = outcomes(text), outcomes(text), outcomes(text, seed=7)
    assert first == again
    assert first != other
    assert first["t"][2] != first["u"][2]


# --- clean-up and skipping ------------------------------------------------------------------------


def test_clean_up_happens_however_a_test_ends_last_first(outcomes) -> None:
    found = outcomes(
        'from testing import on_exit\ntest "t":\n    on_exit(lambda: print("first"))\n'
        '    on_exit(lambda: print("second"))\n    assert 1 == 2\n'
    )
    assert found["t"][0] == FAILED
    assert found["t"][2] == "second\nfirst\n"


def test_resources_are_stopped_after_the_test(outcomes) -> None:
    found = outcomes(
        'resource Db:\n    name: str = "db"\n    def stop(self):\n        print("stopped")\n'
        'test "t":\n    db = Db()\n    db.start()\n    assert false\n'
    )
    assert found["t"][2] == "stopped\n"


def test_a_skipped_test_says_why(outcomes) -> None:
    found = outcomes('from testing import skip\ntest "t":\n    skip("no printer")\n    assert false\n')
    assert found["t"][:2] == (SKIPPED, "no printer")


def test_outside_tests_these_functions_refuse() -> None:
    from dana.engine import Engine
    from dana.errors import RuntimeFault

    with pytest.raises(RuntimeFault, match="works in tests only"):
        Engine(cache=False).run("from testing import snapshot\nsnapshot(1)\n")


# --- programs, pages, docstrings ------------------------------------------------------------------


def test_a_test_program_runs_as_a_whole_and_prints_what_it_says(outcomes) -> None:
    assert statuses(outcomes('print("a")  # expect: a\n', "test_p.na")) == [PASSED]
    assert "+b" in failure(outcomes('print("b")  # expect: a\n', "test_p.na"), "the whole program")


def test_blocks_of_a_page_are_cases_and_point_into_the_page(outcomes) -> None:
    page = (
        "# Page\n\n```dana\nprint(1)  # expect: 1\n```\n\n```dana\nx = yy  # error: E201\n```\n\n"
        "- item\n\n  ```dana\n  print(1 / 0)\n  ```\n\n```dana skip\nnonsense(\n```\n"
    )
    found = outcomes(page, "page.md")
    assert statuses(found) == [PASSED, PASSED, FAILED]
    assert "page.md:14:9" in failure(found, "block in line 13")


def test_tests_inside_a_block_are_run(outcomes) -> None:
    found = outcomes('```dana\ntest "t":\n    assert 1 == 2\n```\n', "page.md")
    assert "page.md:3:12" in failure(found, "block in line 1")


def test_a_block_that_names_a_mistake_must_make_it(outcomes) -> None:
    found = outcomes("```dana\nx = 1  # error: E201\n```\n", "page.md")
    assert "line 1: E201 was expected" in failure(found, "block in line 1")


def test_examples_in_docstrings_know_the_module(outcomes) -> None:
    text = (
        'def half(n):\n    """Half.\n\n    ```dana\n    print(half(4))  # expect: 2.0\n    print("a\\\\nb")\n    # expect: a\n'
        '    # expect: b\n    ```\n    """\n    return n / 2\n'
    )
    assert statuses(outcomes(text)) == [PASSED]
    assert statuses(outcomes(text.replace("n / 2", "n / 3"))) == [FAILED]


# --- properties -----------------------------------------------------------------------------------


def test_a_property_that_does_not_hold_is_shown_with_simple_values(outcomes) -> None:
    found = outcomes(
        "from testing import for_all, integers, lists, texts\n"
        'test "sums":\n    for_all(lambda xs: sum(xs) < 100, lists(integers(0, 1000)))\n'
        'test "texts":\n    for_all(lambda t, n: "b" not in t, texts(), integers())\n'
        'test "holds":\n    for_all(lambda n: -5 <= n <= 5, integers(-5, 5))\n'
    )
    assert "([100])" in failure(found, "sums")
    assert "('b', 0)" in failure(found, "texts")
    assert found["holds"][0] == PASSED


def test_generators_can_be_built_and_written(outcomes) -> None:
    found = outcomes(
        "from testing import booleans, built, dicts, floats, for_all, one_of, tuples, integers\n"
        "struct P:\n    x: int\n    tag: str\n"
        "def even(choice):\n    return 2 * choice(0, 50)\n"
        'test "t":\n'
        '    for_all(lambda p: p.x % 2 == 0 and p.tag in ["a", "b"], built(P, even, one_of(["a", "b"])))\n'
        "    for_all(lambda pair: pair[0] in [true, false] and 1 <= pair[1] <= 2, tuples(booleans(), floats(1.0, 2.0)))\n"
        "    for_all(lambda d: all(k > 0 for k in d), dicts(integers(1, 9), booleans()))\n"
    )
    assert statuses(found) == [PASSED]


# --- snapshots ------------------------------------------------------------------------------------

SNAPSHOT = (
    'from testing import snapshot\ntest "t":\n    snapshot({"a": 1})\n    snapshot("x\\n==== y\\n\\\\z\\n", "text")\n'
)


def test_a_snapshot_is_taken_once_and_then_compared(outcomes, tmp_path) -> None:
    assert statuses(outcomes(SNAPSHOT)) == [PASSED]
    kept = (tmp_path / "__snapshots__" / "a.snap").read_text(encoding="utf-8")
    assert "==== t\n{'a': 1}\n" in kept
    assert statuses(outcomes(SNAPSHOT)) == [PASSED]
    changed = SNAPSHOT.replace('"a": 1', '"a": 2')
    message = failure(outcomes(changed), "t")
    assert "not as in its snapshot 't'" in message
    assert (tmp_path / "__snapshots__" / "a.snap").read_text(encoding="utf-8") == kept
    assert statuses(outcomes(changed, update=True)) == [PASSED]
    assert statuses(outcomes(changed)) == [PASSED]


def test_in_ci_a_missing_snapshot_fails(outcomes, tmp_path) -> None:
    assert "no such snapshot" in failure(outcomes(SNAPSHOT, frozen=True), "t")
    assert not (tmp_path / "__snapshots__").exists()


def test_unused_snapshots_are_counted_and_removed_on_request(write, tmp_path) -> None:
    write("a.na", SNAPSHOT)
    Session("a.na", Settings(cache=False)).run_all()
    write("a.na", 'test "t":\n    pass\n')
    assert Session("a.na", Settings(cache=False)).run_all().snapshots == {"unused": 2}
    assert Session("a.na", Settings(cache=False, update=True)).run_all().snapshots == {"removed": 2}
    assert not (tmp_path / "__snapshots__" / "a.snap").exists()


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n", "a\n\n", "==== x", "\\", "\\==== x\n\n==== y\n"])
def test_snapshot_files_read_back_what_was_written(text: str) -> None:
    from dana.testing.snapshots import read, shown

    known = {"one": text, "two": "2"}
    assert read(shown(known, "a")) == known
