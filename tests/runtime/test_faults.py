"""What people read when a program stops: Dana's words, Dana's frames, the right place."""

from __future__ import annotations

import pytest

from dana import errors
from dana.runtime.faults import diagnose
from dana.runtime.stops import ExitStop

CASES = [
    # text, code, message, hint
    ("1 + 'a'", "E601", "`+` does not work between int and str", "write `str(…)` around the other side, or use an f-string"),
    ("'a' + 1", "E601", "`+` does not work between str and int", "write `str(…)` around the other side, or use an f-string"),
    ("x = None\nx + 1", "E601", "`+` does not work between None and int", "`x` is None here"),
    ("def f(): pass\nf() * 2", "E601", "`*` does not work between None and int", "`f(…)` returned nothing"),
    ("1 < 'a'", "E601", "`<` does not work between int and str", "comparisons never convert: write `int(…)`, `float(…)` or `str(…)`"),
    ("-'a'", "E601", "`-` does not work on str", ""),
    ("x = 5\nx()", "E601", "`x` is int and cannot be called: it is no function", ""),
    ("for i in 5: pass", "E601", "int has no items to go through", ""),
    ("x = 5\nx[0]", "E601", "int has no items: `[…]` does not work on it", ""),
    ("len(5)", "E601", "int has no length", ""),
    ("{[]: 1}", "E601", "list cannot be a key of a dict or an item of a set, because it can change", "use a tuple"),
    ("x = [1]\nx['a']", "E601", "the items of list are numbered: an index is an int, not str", ""),
    ("a, b = 5", "E601", "int cannot be unpacked into several variables", ""),
    ("'abc'[0] = 'x'", "E601", "items of str cannot be assigned", "texts and tuples cannot change: build a new one"),
    ("a, b = [1]", "E602", "expected 2 values to unpack, there are 1", ""),
    ("a, b = [1, 2, 3]", "E602", "expected 2 values to unpack, there are more", "a name with a star takes what is left: `first, *rest = …`"),
    ("int('abc')", "E602", "'abc' is not a whole number", ""),
    ("float('abc')", "E602", "'abc' is not a number", ""),
    ("str(10 ** 5000)", "E602", "the number has too many digits to be converted to or from text", ""),
    ("total = 1\ntotl", "E603", "`totl` has no value here", "did you mean `total`?"),
    ("def f():\n    print(v)\n    v = 1\nf()", "E603", "`v` is used before it has a value", ""),
    ("None.x", "E604", "None has no attribute `x`", "`None` is None here"),
    ("'a'.uper()", "E604", "str has no attribute `uper`", "did you mean `upper`?"),
    ("d = {'age': 1}\nd.age", "E604", "dict has no attribute `age`", 'items of a dict are reached with `["age"]`'),
    ("d = {'age': 1}\nd['agee']", "E605", "key 'agee' is not in the dict", "did you mean 'age'?"),
    ("d = {'a': 1}\nd['zzzz']", "E605", "key 'zzzz' is not in the dict", "its keys are: 'a'; `d.get('zzzz')` gives None instead of an error"),
    ("d = {}\nd[5]", "E605", "key 5 is not in the dict", "the dict is empty; `d.get(5)` gives None instead of an error"),
    ("xs = [1, 2]\nxs[5]", "E606", "index out of bounds: the list has 2 items", "indices go from 0 to 1, or from -2 to -1"),
    ("[].pop()", "E606", "pop from empty list", ""),
    ("1 / 0", "E607", "division by zero", "test the divisor first: `if d != 0`"),
    ("1 % 0", "E607", "remainder of a division by zero", "test the divisor first: `if d != 0`"),
    ("assert 1 > 2", "E608", "assertion failed", ""),
    ("assert 1 > 2, 'no'", "E608", "assertion failed: no", ""),
    ("def f(a, b): pass\nf(1)", "E610", "Missing required argument 'b' in the call of `f`", ""),
    ("def f(a): pass\nf(1, 2)", "E610", "Too many positional arguments in the call of `f`: it takes 1, 2 were given", ""),
    ("def f(name): pass\nf(nme=1)", "E610", "Unexpected keyword argument 'nme' in the call of `f`", "did you mean `name`?"),
    ("def f(a): pass\nf(1, a=2)", "E610", "argument `a` of `f` is given twice, by position and by name", ""),
    ("raise RuntimeError('no money')", "E600", "no money", ""),
    ("raise ValueError('negative')", "E600", "ValueError: negative", ""),
    ("raise KeyError('k')", "E600", "KeyError: k", ""),
    ("next(iter([]))", "E617", "the iterator has no further item", "`next(it, default)` gives a default instead"),
    ("d = {1: 1}\nfor k in d: d[k + 1] = 1", "E619", "the dict changed its size while a loop went through it", "go through a copy: `for x in list(…)`"),
    ("bool('perhaps')", "E612", "bool() cannot tell whether 'perhaps' means true or false", 'compare it: `text == "…"`, or ask whether there is any: `text != ""`'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message", "hint"), CASES, ids=[c[0].replace("\n", "; ")[:40] for c in CASES])
def test_messages_are_dana_s(machine, text, code, message, hint):
    found = machine.fault(text).diagnostics[0]
    assert (found.code, found.message, found.hint) == (code, message, hint)
    assert found.source.name == "main.na"
    assert found.line >= 1


def test_struct_constructors_speak_of_fields(machine):
    machine.struct("Point", x=("int",), y=("int",))

    def said(text):
        found = machine.fault(text).diagnostics[0]
        return found.message, found.hint

    assert said("Point(1)") == ("missing field `y` for struct `Point`", "write `Point(y=…)`")
    assert said("Point()") == ("missing fields `x`, `y` for struct `Point`", "write `Point(x=…)`")
    assert said("Point(1, 2, 3)") == ("struct `Point` has 2 fields, 3 values were given", "")
    assert said("Point(1, 2, z=3)")[0] == "Unknown fields: struct `Point` has no field `z`"
    assert said("Point(x=1, yy=2)")[1] == "did you mean `y`?"
    assert (
        said("Point(1, 'a')")[0] == "field `y` of `Point`: expected int, got str ('a'): the text is not a whole number"
    )
    assert said("Point(1, 2).xx") == ("struct `Point` has no field or delegated access `xx`", "did you mean `x`?")


def test_a_rendered_error_shows_the_place_and_the_dana_stack_only(machine):
    fault = machine.fault("""
        def part(n):
            return 10 / n

        def whole(ns):
            return sorted(ns, key=part)

        whole([2, 0])
    """)
    assert isinstance(fault, errors.RuntimeFault)
    assert (
        str(fault)
        == """\
error[E607]: division by zero
  --> main.na:2:12
  |
2 |     return 10 / n
  |            ^^^^^^
  = help: `n` is 0 here: test it before dividing
  = note: in `part`, called from `whole` (main.na:5:12)
  = note: called from the program (main.na:7:1)"""
    )
    assert fault.stack == (
        ("<module>", "main.na", 7, 1),
        ("whole", "main.na", 5, 12),
        ("part", "main.na", 2, 12),
    )
    assert isinstance(fault.__cause__, ZeroDivisionError)


def test_places_are_right_behind_wide_characters(machine):
    fault = machine.fault("é = 'äöü' ; x = 1 / 0")
    assert fault.diagnostics[0].column == 17


def test_comprehensions_are_part_of_their_function(machine):
    fault = machine.fault("""
        def f(xs):
            return [1 / x for x in xs]
        f([0])
    """)
    assert fault.stack == (("<module>", "main.na", 3, 1), ("f", "main.na", 2, 13))


def test_long_stacks_are_shortened(machine):
    fault = machine.fault("""
        def even(n): return 1 / 0 if n == 0 else odd(n - 1)
        def odd(n): return even(n - 1)
        even(50)
    """)
    notes = fault.diagnostics[0].notes
    assert len(notes) == 9
    assert notes[4] == "… 43 more calls …"
    recursion = machine.fault("""
        def down(n): return 1 / 0 if n == 0 else down(n - 1)
        down(50)
    """)
    assert recursion.diagnostics[0].notes[1] == "called from `down` (main.na:1:42)"
    assert recursion.diagnostics[0].notes[2].startswith("… the same call ")


def test_causes_are_told(machine):
    fault = machine.fault("""
        try:
            {}["a"]
        except KeyError as e:
            raise ValueError("no config") from e
    """)
    assert fault.diagnostics[0].message == "ValueError: no config"
    assert fault.diagnostics[0].notes == ("caused by KeyError: 'a' (main.na:2:5)",)
    fault = machine.fault("""
        try:
            {}["a"]
        except KeyError:
            1 / 0
    """)
    assert fault.diagnostics[0].notes == ("while handling KeyError: 'a' (main.na:2:5)",)


@pytest.mark.parametrize(
    ("limits", "text", "cls", "code", "which"),
    [
        ({"steps": 100}, "for _ in h_steps: pass", errors.LimitExceeded, "E701", "steps"),
        ({"wall_s": 1.0}, "for _ in h_steps: wait(1)", errors.LimitExceeded, "E702", "time"),
        ({"depth": 50}, "def f():\n    for _ in h_calls: break\n    f()\nf()", errors.LimitExceeded, "E703", "depth"),
        ({}, "def f(): f()\nf()", errors.LimitExceeded, "E703", "depth"),
        ({}, "h_pow(10, 10 ** 10)", errors.LimitExceeded, "E704", "memory"),
        ({}, "with timeout(1):\n    for _ in h_steps: wait(1)", errors.Timeout, "E706", None),
        ({}, "cancel('enough')\nfor _ in h_steps: pass", errors.Cancelled, "E707", None),
    ],
)
def test_limits_are_reported_with_their_place(make_machine, limits, text, cls, code, which):
    machine = make_machine(**limits)
    fault = machine.fault(text, wait=machine.clock.sleep, cancel=machine.program.meter.cancel)
    assert type(fault) is cls
    assert fault.diagnostics[0].code == code
    assert fault.diagnostics[0].line > 0
    assert getattr(fault, "which", None) == which


def test_a_limit_that_struck_again_in_finally_is_reported_where_it_struck_first(make_machine):
    machine = make_machine(steps=10)
    fault = machine.fault("""
        try:
            for _ in h_steps: pass
        finally:
            for _ in h_steps: pass
    """)
    assert fault.diagnostics[0].line == 2


def test_exceptions_of_dana_have_their_class_in_python(machine):
    assert type(machine.fault("raise Denied('no')")) is errors.Denied
    assert type(machine.fault("raise POETError('no')")) is errors.POETError
    struct = machine.struct("NotFound", kind="exception", id=("int",))
    fault = machine.fault("raise NotFound(3)")
    assert fault.diagnostics[0].message == "NotFound: NotFound(id=3)"
    assert isinstance(fault.__cause__, struct)


def test_a_call_from_outside_that_does_not_fit_points_at_the_function(machine):
    entry = machine.run("""
        x = 1
        def __main__(n): pass
    """)["__main__"]
    with pytest.raises(TypeError) as error:
        entry(other=1)
    error.value.__traceback__ = None
    found = diagnose(error.value, machine.program).diagnostics[0]
    assert (found.line, found.message) == (2, "Unexpected keyword argument 'other' in the call of `__main__`")


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"hous": 1}, "did you mean `house`?"),
        ({"zzz": 1, "house": 2}, "it takes `house`, `price`"),
        ({"price": 1}, "as in: house=…"),
    ],
)
def test_arguments_from_outside_that_do_not_fit_have_a_hint(machine, given, hint):
    entry = machine.run("def __main__(house, price=3): pass")["__main__"]
    with pytest.raises(TypeError) as error:
        entry(**given)
    error.value.__traceback__ = None
    assert diagnose(error.value, machine.program).diagnostics[0].hint == hint


def test_a_builtin_handed_the_wrong_kind_of_value_is_the_program_s_error(machine):
    assert machine.fault("title_case(5)").diagnostics[0].message == "int has no attribute `title`"
    assert machine.fault("getattr('a', 'b')").diagnostics[0].message == "str has no attribute `b`"


def test_exit_is_no_error(machine):
    assert diagnose(ExitStop(3), machine.program) is None


def test_a_dana_error_is_passed_on(machine):
    error = errors.CompileError([])
    assert diagnose(error, machine.program) is error


def test_a_fault_of_ours_says_so(machine):
    def broken():
        raise AttributeError("oops")

    broken = type(broken)(broken.__code__, {"__name__": "dana.runtime.broken", "__builtins__": __builtins__})
    fault = machine.fault("broken()", broken=broken)
    assert fault.diagnostics[0].code == "E990"
    assert "please report it" in fault.diagnostics[0].hint
    assert machine.fault("h_nothing_of_ours").diagnostics[0].code == "E990"
