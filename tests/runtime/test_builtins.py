"""The builtin names, bounded operators, scopes, exceptions, modules, and what none of them lets out."""

from __future__ import annotations

import pytest

from dana import abi
from dana.checker import builtins as table
from dana.runtime.modules import ModuleRecord
from dana.runtime.stops import ExitStop, LimitStop


def test_the_checker_and_the_runtime_agree_on_the_names(machine):
    provided = {n for n in machine.program.builtins if n[0] != "." and n != "__build_class__"}
    promised = table.names() - {"__name__", "__file__"}
    assert promised - provided == set()
    assert provided - promised == set()


def test_nothing_refused_is_there(machine):
    assert not set(table.REFUSED) & set(machine.program.builtins)


def test_print_and_log(machine):
    lines = []
    machine.program._log = lambda level, text: lines.append((level, text))
    machine.run("""
        print("a", 1, None, True, sep="-")
        print(end="")
        log("hello")
        log("quiet", "DEBUG")
        log_level("debug")
        log.debug("now")
        log("x", level="error")
    """)
    assert machine.printed == ["a-1-None-True\n", ""]
    assert lines == [("INFO", "hello"), ("DEBUG", "now"), ("ERROR", "x")]
    assert "Invalid log level: 'LOUD'" in str(machine.fault("log('x', 'LOUD')"))


def test_output_is_limited(make_machine):
    machine = make_machine()
    machine.program._output_left = 10
    fault = machine.fault("print('12345')\nprint('123456')")
    assert fault.which == "output"
    assert machine.printed == ["12345\n"]


def test_builtins_with_options(machine):
    found = machine.run("""
        a = [max([1, 3, 2]), max(1, 5), max([], default=0), min("b", "a"), max([1, -5], key=abs), sum([1, 2], 10)]
        b = [sorted([3, 1], reverse=True), list(reversed([1, 2])), list(enumerate("ab", start=1))]
        c = [list(map(str.upper, ["a"])), list(filter(None, [0, 1])), list(zip([1], "a")), any([]), all([])]
        d = [case((False, 1), (True, 2), 3), case((False, 1), 9), case(5, (lambda x: x > 3, lambda x: x * 2), 0)]
        e = [noop(1), noop(1, 2), is_even(4), is_odd(4), sum_range(1, 10), factorial(5)]
        f = [capitalize_words("one two"), title_case("one two"), basic_max([1, 2]), hasattr("a", "upper")]
        g = [getattr("a", "upper")(), getattr("a", "nothing", 5), hasattr([], "__class__"), round(2.567, 1), pow(2, 5, 7)]
        h = [next(iter([]), "end"), parallel(str, [1, 2]), frozenset([1]) == frozenset([1]), bytes([65])]
    """)
    assert found["a"] == [3, 5, 0, "a", -5, 13]
    assert found["b"] == [[3, 1], [2, 1], [(1, "a"), (2, "b")]]
    assert found["c"] == [["A"], [1], [(1, "a")], False, True]
    assert found["d"] == [2, 9, 10]
    assert found["e"] == [1, (1, 2), True, False, 55, 120]
    assert found["f"] == ["One Two", "One Two", 2, True]
    assert found["g"] == ["A", 5, False, 2.6, 4]
    assert found["h"] == ["end", ["1", "2"], True, b"A"]


def test_exit_ends_the_program_in_order(machine):
    with pytest.raises(ExitStop) as stop:
        machine.run("""
            try:
                exit(3)
            except Exception:
                pass
        """)
    assert stop.value.code == 3


def test_input_asks_the_host_or_says_that_nobody_is_there(machine):
    assert "`input` has nobody to ask" in str(machine.fault("input('name? ')"))
    machine.program.read = lambda prompt: prompt + "Ada"
    assert machine.run("name = input('name? ')")["name"] == "name? Ada"


@pytest.mark.parametrize("name", ["reason", "llm", "ask"])
def test_a_question_without_anybody_to_ask_says_so(machine, name):
    assert machine.fault(f"{name}('x')").diagnostics[0].code == "E840"


@pytest.mark.parametrize("name", ["use", "learnable"])
def test_what_is_not_there_yet_says_so(machine, name):
    fault = machine.fault(f"{name}('x')")
    assert f"`{name}`" in fault.diagnostics[0].message
    assert fault.diagnostics[0].code.startswith("E82")


# --- bounded operators --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "h_pow(10, 10 ** 9)", "h_lshift(1, 10 ** 10)", "h_mul('x', 10 ** 10)", "h_mul(10 ** 10, [0])",
        "pow(7, 10 ** 9)", "factorial(10 ** 7)", "h_pow(h_pow(2, 8000000), 2)",
    ],
)  # fmt: skip
def test_absurd_sizes_stop_the_program(machine, text):
    with pytest.raises(LimitStop) as stop:
        machine.run(text)
    assert stop.value.which == "memory"


def test_ordinary_sizes_are_python_s(machine):
    found = machine.run("""
        a = [h_pow(2, 10), h_pow(2.0, 0.5), h_pow(1, 10 ** 12), h_pow(-1, 10 ** 12), h_pow(2, -1), h_lshift(1, 4)]
        b = [h_mul("ab", 2), h_mul(2, [0]), h_mul(3, 4), h_mul(2.5, 2), h_mul("a", -1)]
        c = [h_add("n = ", 3), h_add("ok: ", True), h_add(1, 2), h_add(2.5, " kg"), h_text("x")]
    """)
    assert found["a"] == [1024, 2**0.5, 1, 1, 0.5, 16]
    assert found["b"] == ["abab", [0, 0], 12, 5.0, ""]
    assert found["c"] == ["n = 3", "ok: true", 3, "2.5 kg", "x"]
    with pytest.raises(TypeError, match="not with list"):
        machine.run("h_text([])")


# --- no way in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "args", "wanted"),
    [
        ("{} {}", ("a", 1), "a 1"),
        ("{1}{0}", ("a", "b"), "ba"),
        ("{:>5}|{:.2f}", ("a", 2.345), "    a|2.35"),
        ("{0[1]}{1[k]}", ([1, 2], {"k": 3}), "23"),
        ("{!r}", ("a",), "'a'"),
        ("{:{}}", ("a", 3), "a  "),
        ("{{}}", (), "{}"),
    ],
)
def test_format_of_texts(machine, template, args, wanted):
    assert machine.helper("format_of")(template)(*args) == wanted


@pytest.mark.parametrize(
    "template", ["{0.__class__}", "{0.real}", "{0[0].__class__}", "{0!x}", "{:99999999}", "{:{:{}}}"]
)
def test_format_reaches_no_internals(machine, template):
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        machine.helper("format_of")(template)(5, 5, 5)


@pytest.mark.parametrize("name", ["__class__", "_x", "mro", "gi_frame", abi.HIDDEN + "x", "f_globals", ""])
def test_getattr_follows_the_rules_of_attributes(machine, name):
    with pytest.raises((AttributeError, TypeError)):
        machine.program.builtins["getattr"](lambda: 0, name)


def test_formats_of_a_type_are_the_safe_ones(machine):
    with pytest.raises(ValueError, match="cannot reach"):
        machine.run("str.format('{0.__class__}', 1)")
    with pytest.raises(ValueError, match="cannot reach"):
        machine.run("getattr('{0.__class__}', 'format')(1)")


def test_types_of_host_objects_make_nothing(machine):
    for text in ("type(log)()", "type(iter([]))([1])", "type(lambda: 0)(1)", "type(type)('X')"):
        assert "only a name for types" in machine.fault(text).diagnostics[0].message
    assert str(machine.run("e = type(ValueError('x'))('y')")["e"]) == "y"


def test_a_caught_exception_hands_out_no_objects(machine):
    found = machine.run("""
        try:
            "text".nothing
        except AttributeError as e:
            e = h_caught(e)
            obj = e.obj
            facts = [e.type, e.message, e.file, e.line, e.column]
            asked = [h_err(e, "type"), h_err(e, "line"), h_err(e, "args")]
    """)
    assert found["obj"] is None
    assert found["facts"][0] == "AttributeError"
    assert found["facts"][2:] == ["main.na", 2, 5]
    assert found["asked"][:2] == ["AttributeError", 2]


def test_what_can_be_raised(machine):
    assert machine.fault("raise h_raising('no money')").diagnostics[0].message == "no money"
    assert machine.fault("raise h_raising(ValueError)").diagnostics[0].message == "ValueError"
    assert "only exceptions and text" in str(machine.fault("raise h_raising(5)"))


# --- scopes -------------------------------------------------------------------------------------


def test_public_scope(machine):
    machine.run("h_public['counter'] = 1")
    fault = machine.fault("h_public['countr']")
    assert fault.diagnostics[0].message == "`public:countr` has not been assigned"
    assert fault.diagnostics[0].hint == "did you mean `public:counter`?"


def test_system_settings(machine):
    found = machine.run("a = [h_system['steps_limit'], h_system['version'], h_system['log_level']]")
    assert found["a"] == [None, abi.VERSION, "INFO"]
    machine.run("h_system['log_level'] = 'debug'")
    assert machine.program.system["log_level"] == "DEBUG"
    assert "read-only" in str(machine.fault("h_system['version'] = 1"))
    assert "did you mean `system:log_level`?" in str(machine.fault("h_system['loglevel']"))


# --- modules ------------------------------------------------------------------------------------


@pytest.fixture
def geo(machine):
    """A module `geo` and a loader that knows it and its submodule `geo.flat`."""
    program = machine.program

    def loader(name, level, path, python, importer):
        known = program.modules.get(name)
        if known is None:
            error = ImportError(f"no module `{name}`")
            error._missing = name
            raise error
        return known

    program.loader = loader
    record = program.module("geo", "geo.na")
    record.globals.update({"pi": 3, "area": len, "_secret": 1, "private:n": 2})
    program.module("geo.flat", "geo/flat.na").globals["x"] = 1
    return machine


def test_modules_show_their_public_names_live(geo):
    found = geo.run("""
        geo = h_import_(h_module, 0, ("geo",), False, False)
        a, = h_from_(h_module, 0, ("geo",), False, ("pi",))
        flat, = h_from_(h_module, 0, ("geo",), False, ("flat",))
        top = h_import_(h_module, 0, ("geo", "flat"), False, True)
    """)
    assert found["a"] == 3
    assert found["flat"].x == 1
    assert found["top"] is found["geo"]
    assert found["geo"].flat is found["flat"]
    geo.program.modules["geo"].globals["pi"] = 4
    assert found["geo"].pi == 4
    assert repr(found["geo"]) == "<module geo>"


def test_modules_hide_the_rest_and_cannot_be_written(geo):
    value = geo.program.modules["geo"].value
    for name in ("_secret", "__builtins__", "__dict__", "__class__"):
        with pytest.raises(AttributeError):
            getattr(value, abi.mangle(name))
    with pytest.raises(AttributeError, match="read-only"):
        value.pi = 5
    fault = geo.fault("h_import_(h_module, 0, ('geo',), False).aera")
    assert fault.diagnostics[0].message == "module `geo` has no `aera`"
    assert fault.diagnostics[0].hint == "did you mean `area`?"


def test_import_errors(geo):
    assert "Cannot import name `pie` from `geo`" in str(geo.fault("h_from_(h_module, 0, ('geo',), False, ('pie',))"))
    assert "names starting with '_' are private" in str(
        geo.fault("h_from_(h_module, 0, ('geo',), False, ('_secret',))")
    )
    with pytest.raises(ImportError):
        geo.run("h_import_(h_module, 0, ('nothing',), False)")


def test_star_takes_public_names_or_the_exported_ones(geo):
    geo.run("h_star(h_module, 0, ('geo',), False)")
    assert geo.scope["pi"] == 3
    assert "_secret" not in geo.scope
    other = ModuleRecord(geo.program, "other", "other.na")
    geo.program.builtins[".star"](other, 0, ("geo",), False)
    assert {"pi", "area"} <= set(other.globals)
    record = geo.program.modules["geo"]
    geo.program.builtins[".export"](record, ("pi",))
    third = ModuleRecord(geo.program, "third", "third.na")
    geo.program.builtins[".star"](third, 0, ("geo",), False)
    assert "area" not in third.globals
