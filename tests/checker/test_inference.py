"""What the checker claims about expressions; every claim holds at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    TypeOf = Callable[[str, str], str]
    Codes = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2", "int"),
        ("1 / 2", "float"),
        ("7 // 2", "int"),
        ("1 + 2.0", "float"),
        ("2 ** 3", "int"),
        ("'a' + 'b'", "str"),
        ("'n = ' + 3", "str"),
        ("'a' * 3", "str"),
        ("'%s' % 3", "str"),
        ("[1] + [2.5]", "list[float | int]"),
        ("1 < 2 < 3", "bool"),
        ("not 3", "bool"),
        ("1 if true else None", "int?"),
        ("1 or 'a'", "int | str"),
        ("[1, 2]", "list[int]"),
        ("{'a': 1}", "dict[str, int]"),
        ("(1, 'a')", "tuple[int, str]"),
        ("(1, 'a')[1]", "str"),
        ("[x * 2 for x in [1, 2]]", "list[int]"),
        ("f'{1}'", "str"),
        ("len('abc')", "int"),
        ("range(3)", "range"),
        ("abs(-2.5)", "float"),
        ("round(2.5)", "int"),
        ("sorted([3, 1])", "list[int]"),
        ("max(1, 2)", "int"),
        ("sum([1, 2])", "int"),
        ("'a,b'.split(',')", "list[str]"),
        ("'abc'.upper()", "str"),
        ("divmod(7, 2)", "tuple[int, int]"),
        ("str(3)", "str"),
        ("int('3')", "int"),
        ("isinstance(1, int)", "bool"),
    ],
)
def test_expressions(type_of: TypeOf, expression: str, expected: str) -> None:
    """Literals, operators, displays and builtins."""
    assert type_of(f"v = {expression}\n", expression) == expected


def test_int_power_of_unknown_sign_may_be_a_float(type_of: TypeOf) -> None:
    """2 ** -1 is 0.5."""
    assert type_of("def f(n: int):\n    return 2 ** n\n", "2 ** n") == "float | int"


def test_parameters_have_their_annotated_type(type_of: TypeOf) -> None:
    """The entry check converts, so the body may rely on it."""
    assert type_of("def f(x: float):\n    return x * 2\n", "x * 2") == "float"


def test_default_none_makes_a_parameter_optional(type_of: TypeOf) -> None:
    """L13."""
    assert type_of("def f(x: int = None):\n    return x\n", "x") == "int?"


def test_a_local_has_the_join_of_all_its_assignments(type_of: TypeOf) -> None:
    """A later assignment in a loop reaches earlier reads."""
    text = "def f():\n    x = 1\n    for i in range(3):\n        y = x\n        x = 'a'\n    return y\n"
    assert type_of(text, "y") == "int | str"


def test_counters_stay_ints(type_of: TypeOf) -> None:
    """`i = i + 1` of an int is an int."""
    text = "def f(n: int):\n    i = 0\n    while i < n:\n        i += 1\n    return i\n"
    assert type_of(text, "i") == "int"


def test_variables_that_inner_functions_assign_hold_anything(type_of: TypeOf) -> None:
    """A nonlocal assignment may happen at any call."""
    text = "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 'a'\n    g()\n    return x\n"
    assert type_of(text, "x") == "any"


def test_element_types_of_own_lists_follow_what_is_added(type_of: TypeOf) -> None:
    """append, item assignment and extend widen the elements."""
    text = "def f():\n    xs = [1]\n    xs.append(2)\n    for v in xs:\n        print(v)\n    return 0\n"
    assert type_of(text, "v") == "int"
    text = "def f():\n    xs = [1]\n    for v in xs:\n        print(v)\n    xs.append('a')\n    return 0\n"
    assert type_of(text, "v") == "int | str"
    text = "def f():\n    xs = [1]\n    for v in xs:\n        print(v)\n    xs[0] = 1.5\n    return 0\n"
    assert type_of(text, "v") == "float | int"


@pytest.mark.parametrize("leak", ["ys = xs", "g(xs)", "h = lambda: xs", "q = [xs]", "return xs, xs"])
def test_lists_that_escape_claim_no_elements(type_of: TypeOf, leak: str) -> None:
    """Whoever else holds the list may put anything into it."""
    text = f"def g(v):\n    return v\ndef f():\n    xs = [1]\n    for v in xs:\n        print(v)\n    {leak}\n"
    assert type_of(text, "v") == "any"


def test_list_parameters_claim_no_elements(type_of: TypeOf) -> None:
    """The caller holds the list, too."""
    assert type_of("def f(xs: list[int]):\n    for x in xs:\n        print(x)\n", "x") == "any"


def test_struct_fields_have_their_declared_types(type_of: TypeOf) -> None:
    """Every store is checked, so reading relies on it."""
    text = "struct P:\n    x: float\n    tags: list[str] = []\ndef f(p: P):\n    return p.x, p.tags\n"
    assert type_of(text, "p.x") == "float"
    assert type_of(text, "p.tags") == "list"


def test_results_are_declared_or_found_out(type_of: TypeOf) -> None:
    """An undeclared result is the join of what the body returns, with None when it may fall through."""
    text = "def f(c):\n    if c:\n        return 1\ndef g():\n    return f(true)\n"
    assert type_of(text, "f(true)") == "int?"
    assert type_of("def f() -> str:\n    return 'a'\nx = f()\n", "f()") == "str"


def test_forward_calls_know_the_result(type_of: TypeOf) -> None:
    """A body whose result is needed is checked first."""
    assert type_of("def g():\n    return f() + 1\ndef f():\n    return 1\n", "f() + 1") == "int"


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("x is None", "None"),
        ("x is not None", "int"),
        ("isinstance(x, int)", "int"),
        ("x", "int"),
        ("not (x is None)", "int"),
        ("x is not None and x > 0", "int"),
        ("type(x) == int", "int"),
    ],
)
def test_conditions_narrow(type_of: TypeOf, test: str, expected: str) -> None:
    """Inside the branch the variable is what the test says."""
    assert type_of(f"def f(x: int = None):\n    if {test}:\n        print([x])\n    return 0\n", "x") == expected


def test_an_early_return_narrows_what_follows(type_of: TypeOf) -> None:
    """After `if x is None: return` x is no None."""
    assert type_of("def f(x: int = None):\n    if x is None:\n        return 0\n    return x + 1\n", "x + 1") == "int"


def test_assignments_end_what_was_known(type_of: TypeOf) -> None:
    """The fact is about the old value."""
    text = "def f(x: int = None):\n    if x is not None:\n        x = None\n        print([x])\n    return 0\n"
    assert type_of(text, "x") == "int?"


def test_loops_forget_facts_about_variables_they_assign(type_of: TypeOf) -> None:
    """The second round starts with what the first one left."""
    text = (
        "def f(x: int = None):\n    if x is not None:\n        for i in range(3):\n            print([x])\n"
        "            x = None\n    return 0\n"
    )
    assert type_of(text, "[x]") == "list[int?]"


def test_annotated_assignment_keeps_none(type_of: TypeOf) -> None:
    """`x: int = e` converts, and None stays None (L14)."""
    assert type_of("def f(v):\n    x: int = v\n    return x\n", "x") == "int?"
    assert type_of("def f():\n    x: int = '3'\n    return x\n", "x") == "int"


def test_module_variables_are_typed_inside_functions(type_of: TypeOf) -> None:
    """A module variable nobody declares `global` has the join of its assignments."""
    assert type_of("TAX = 0.2\ndef f():\n    return TAX * 2\n", "TAX * 2") == "float"
    assert type_of("n = 1\ndef f():\n    global n\n    n = 'a'\ndef g():\n    return n\n", "n") == "any"


@pytest.mark.parametrize(
    "line",
    [
        "'a' - 1",
        "None + 1",
        "[1] + 1",
        "-'a'",
        "1 < 'a'",
        "3 in 4",
        "'abc'.uper()",
        "(3).x",
        "len(3)",
        "for c in 3: print(c)",
        "x, y = 1, 2, 3",
        "{[1]: 2}",
        "'abc'['a']",
        "[1]['a']",
        "(1, 2)[5]",
        "'abc'[0] = 'x'",
        "raise 3",
        "range('5')",
        "[1, 2].append()",
    ],
)
def test_provable_type_errors_are_errors(codes: Codes, line: str) -> None:
    """What must fail whenever it runs is reported before."""
    found = codes(line + "\n")
    assert len(found) == 1
    assert found[0].startswith(("E3", "E4"))


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x - 1\nf('a')\n",
        "x = 1 if input() else 'a'\nprint(x - 1)\n",
        "def f(x: float):\n    return x\nf(3)\nf('3.5')\n",
        "def f(x: int):\n    return x\nf('3')\nf(3.0)\nf(true)\n",
        "def f(xs: list):\n    return xs\nf((1, 2))\nf('[1]')\n",
        "struct P:\n    x: int\ndef f(p: P):\n    return p\nf({'x': 1})\n",
        "x: int = None\n",
        "x: str = 3\n",
        "x: int = '3'\n",
        "xs = []\nxs += (1, 2)\n",
        "d = {}\nd |= {'a': 1}\n",
        "print('%d %s' % (1, 'a'))\n",
        "print('a' < 'b', [1] < [2], (1,) < (2,), {1} < {2})\n",
        "a = b = []\na.append(1)\nprint(b[0].upper() if b else 0)\n",
    ],
)
def test_valid_programs_are_left_alone(codes: Codes, text: str) -> None:
    """Never a false alarm: coercions of L14, unknown values, unions with a working option."""
    assert [c for c in codes(text) if c.startswith("E")] == []
