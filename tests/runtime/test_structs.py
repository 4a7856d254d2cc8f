"""Structs, resources, methods, interfaces (L28–L32)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runtime.conftest import Machine

MACHINE = Machine()
POINT = MACHINE.struct("Point", x=("int",), y=(("int",), 0))
LINE = MACHINE.struct("Line", start=("ref", "Point"), end=("ref", "Point"), tags=(("list", ("str",)), ()))
ITEM = MACHINE.struct("Item", name=("str",), price=("float",), extra=(("union", (("int",), ("none",))), None))
POINTS = st.builds(POINT, st.integers(), st.integers())
ITEMS = st.builds(
    ITEM, st.text(), st.floats(allow_nan=False, allow_infinity=False), st.one_of(st.none(), st.integers())
)
LINES = st.builds(LINE, POINTS, POINTS, st.lists(st.text(max_size=3), max_size=3))


@given(POINTS)
def test_a_copy_is_equal_and_another(p):
    assert p.copy() == p
    assert p.copy() is not p
    assert p.copy(x=p.x + 1) != p
    assert p.copy(x=5, y=6) == POINT(5, 6)


@given(st.one_of(POINTS, ITEMS, LINES))
@settings(max_examples=150, deadline=None)
def test_dict_and_json_there_and_back(value):
    cls = type(value)
    assert cls.from_dict(value.to_dict()) == value
    assert cls.from_json(value.to_json()) == value
    assert json.loads(value.to_json()) == value.to_dict()


@given(LINES)
def test_to_dict_shares_nothing(line):
    plain = line.to_dict()
    plain["start"]["x"] = "changed"
    plain["tags"].append("changed")
    assert line.start.x != "changed"
    assert "changed" not in line.tags


@given(POINTS, POINTS)
def test_equality_is_by_value_and_by_type(p, q):
    assert (p == q) == ((p.x, p.y) == (q.x, q.y))
    other = Machine().struct("Point", x=("int",), y=("int",))
    assert other(p.x, p.y) != p


def test_printing():
    assert str(POINT(1)) == "Point(x=1, y=0)"
    assert repr(ITEM("a", 2)) == "Item(name='a', price=2.0, extra=None)"


def test_printing_ends_for_cycles_and_for_deep_and_wide_structures(machine):
    node = machine.struct("Node", value=("any",), next=(("any",), None))
    ring = node(1)
    machine.helper("setattr")(ring, "next", ring)
    assert repr(ring) == "Node(value=1, next=Node(…))"
    chain = None
    for n in range(5000):
        chain = node(n, chain)
    assert len(repr(chain)) < 5000
    tree = None
    for _ in range(38):
        tree = node(tree, tree)
    assert len(repr(tree)) < 1_000_000
    assert repr(node(1)) == "Node(value=1, next=None)"


def test_structs_are_unhashable_unless_frozen(machine):
    with pytest.raises(TypeError, match="unhashable"):
        hash(POINT(1))
    frozen = machine.struct("Money", frozen=True, amount=("int",), unit=(("str",), "EUR"))
    assert len({frozen(1), frozen(1), frozen(2)}) == 2
    with pytest.raises(AttributeError, match="`Money` is frozen"):
        machine.helper("setattr")(frozen(1), "amount", 2)
    with pytest.raises(AttributeError, match="frozen"):
        frozen(1).amount = 2
    assert frozen(1).copy(amount=5) == frozen(5)


def test_stores_are_checked_and_converted(machine):
    store = machine.helper("setattr")
    p = POINT(1)
    store(p, "x", "7")
    assert p.x == 7
    with pytest.raises(TypeError, match="field `x` of `Point`: expected int, got str"):
        store(p, "x", "seven")
    with pytest.raises(AttributeError, match="no field or delegated access `xx`") as error:
        store(p, "xx", 1)
    assert error.value._hint == "did you mean `x`?"
    with pytest.raises(AttributeError, match="items, not fields") as error:
        store({}, "name", 1)
    assert error.value._hint == 'write `value["name"] = …`'
    with pytest.raises(AttributeError):
        store(5, "real", 1)
    with pytest.raises(AttributeError, match="read-only"):
        store(machine.record.value, "x", 1)
    with pytest.raises(AttributeError, match="cannot be deleted"):
        machine.helper("delattr")(p, "x")


def test_types_cannot_be_written_to():
    with pytest.raises(AttributeError, match="cannot be changed"):
        POINT.norm = lambda self: 0
    with pytest.raises(AttributeError, match="cannot be changed"):
        del POINT.copy


def test_types_print_and_equal_their_names():
    assert repr(POINT) == "Struct[Point]"
    assert POINT == "Point"
    assert POINT == "Struct[Point]"
    assert POINT != "Line"
    assert {POINT: 1}["Point"] == 1
    assert repr(POINT | None) == "Point | None"
    assert (POINT | None)._conforms(None)


def test_a_dict_becomes_a_struct_with_good_reasons_when_it_does_not():
    with pytest.raises(ValueError, match=r"has no field 'z'"):
        POINT.from_dict({"x": 1, "z": 2})
    with pytest.raises(ValueError, match="`x` is missing"):
        POINT.from_dict({"y": 1})
    with pytest.raises((TypeError, ValueError), match="field `start`: field `x`"):
        LINE.from_dict({"start": {"x": "a"}, "end": {"x": 1}})
    with pytest.raises(ValueError, match="not JSON"):
        POINT.from_json("{x")
    with pytest.raises(ValueError, match="JSON object"):
        POINT.from_json("[1]")


def test_json_text_and_dicts_pass_a_boundary_of_struct_type(machine):
    cls = machine.struct("P", x=("int",))
    declared = machine.type("ref", "P")
    assert machine.helper("param")({"x": "3"}, declared, "f", "p") == cls(3)
    assert machine.helper("param")('{"x": 3}', declared, "f", "p") == cls(3)
    many = machine.type("list", ("ref", "P"))
    assert machine.helper("param")('[{"x": 3}]', many, "f", "ps") == [cls(3)]
    assert machine.helper("assign")([{"x": 3}], many, "ps") == [cls(3)]


def test_a_structure_that_contains_itself_has_no_dict(machine):
    node = machine.struct("Node", next=("any",))
    ring = node(None)
    machine.helper("setattr")(ring, "next", [ring])
    with pytest.raises(ValueError, match="contains itself"):
        ring.to_dict()


def test_match_by_position():
    match POINT(1, 2):
        case POINT(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("the pattern did not match")


# --- `.ft:` -------------------------------------------------------------------------------------


def test_the_fast_store_class_is_what_all_structs_agree_on(machine):
    builtins = machine.program.builtins
    machine.helper("fields")(machine.record, ("a", "q"))
    assert not isinstance(1, builtins[".ft:q"])
    machine.struct("A", a=("int",), b=("str",), c=("any",), d=("list", ("int",)), e=("ref", "B"))
    assert builtins[".ft:a"] is int
    assert builtins[".ft:b"] is str
    assert builtins[".ft:c"] not in (int, str)
    assert builtins[".ft:d"] is not list
    b = machine.struct("B", a=("int",), b=("int",), f=("list", ("any",)))
    assert builtins[".ft:a"] is int
    assert builtins[".ft:b"] not in (int, str)
    assert builtins[".ft:e"] is b
    assert builtins[".ft:f"] is list
    machine.struct("C", e=("int",))
    assert builtins[".ft:e"] not in (int, b)


# --- delegation ---------------------------------------------------------------------------------


def test_delegation_of_fields_methods_and_stores(machine):
    engine = machine.struct("Engine", power=("int",), name=(("str",), "e"))
    radio = machine.struct("Radio", volume=("int",), name=(("str",), "r"))
    machine.h["attach"](machine.record, machine.type("ref", "Engine"), "roar", None)(lambda e: "R" * e.power)
    car = machine.struct("Car", wheels=("int",), _engine=("ref", "Engine"), _radio=("ref", "Radio"))
    c = car(4, engine(3), radio(5))
    assert (c.wheels, c.power, c.volume, c.name, c.roar()) == (4, 3, 5, "e", "RRR")
    c.power = 7
    assert c.power == 7
    machine.helper("setattr")(c, "volume", "9")
    assert c.volume == 9
    with pytest.raises(TypeError, match="field `power` of `Engine`"):
        machine.helper("setattr")(c, "power", "many")
    with pytest.raises(AttributeError, match="`Car` has no field or delegated access `colour`"):
        _ = c.colour
    assert repr(c).startswith("Car(wheels=4, _engine=Engine(power=7")
    assert car.from_dict(c.to_dict()) == c
    assert c.copy(_radio=radio(1)).volume == 1


def test_a_struct_that_delegates_to_itself_ends(machine):
    knot = machine.struct("Knot", _self=("any",))
    k = knot(None)
    machine.helper("setattr")(k, "_self", k)
    with pytest.raises((AttributeError, RecursionError)):
        _ = k.anything


def test_delegation_to_a_text_does_not_open_its_format(machine):
    holder = machine.struct("Holder", _text=("str",))
    with pytest.raises(ValueError, match="cannot reach"):
        holder("{0.__class__}").format(1)


# --- methods ------------------------------------------------------------------------------------


def test_methods_of_the_same_name_dispatch_by_the_first_argument(machine):
    a, b = machine.struct("A", x=("int",)), machine.struct("B", x=("int",))
    attach = machine.h["attach"]
    first = attach(machine.record, machine.type("ref", "A"), "area", None)(lambda p: p.x)
    both = attach(machine.record, machine.type("ref", "B"), "area", first)(lambda p: p.x * 100)
    shout = attach(machine.record, machine.type("str"), "area", both)(len)
    assert (a(2).area(), b(2).area()) == (2, 200)
    assert (shout(a(2)), shout(b(2)), shout("abc")) == (2, 200, 3)
    with pytest.raises(TypeError, match="`area` is a method of A or B or str, not of int"):
        shout(5)


def test_union_receivers_and_forward_references(machine):
    attach = machine.h["attach"]
    declared = machine.type("union", (("ref", "A"), ("ref", "B")))
    attach(machine.record, declared, "twice", None)(lambda p: p.x * 2)
    a, b = machine.struct("A", x=("int",)), machine.struct("B", x=("int",))
    assert (a(1).twice(), b(4).twice()) == (2, 8)


def test_a_field_and_a_method_cannot_share_a_name(machine):
    machine.struct("A", x=("int",))
    with pytest.raises(TypeError, match="has a field `x`"):
        machine.h["attach"](machine.record, machine.type("ref", "A"), "x", None)(lambda p: 1)


def test_uniform_calls_prefer_the_value_s_own(machine):
    ufcs = machine.h["ufcs"]
    p = POINT(3)
    assert ufcs(p, "double", lambda v: v.x * 2)() == 6
    assert ufcs("a", "upper", lambda v: "mine")() == "A"
    assert ufcs("{}", "format", lambda v: "mine")(5) == "5"


def test_interfaces_are_structural(machine):
    shape = machine.helper("interface")(machine.record, "Shape", (("area", 0, 0), ("scale", 1, 1)), (), None)
    round_ = machine.struct("Round", r=("float",))
    machine.scope["Shape"] = shape
    attach = machine.h["attach"]
    receiver = machine.type("ref", "Round")
    declared = machine.type("ref", "Shape")
    with pytest.raises(TypeError, match=r"expected Shape, got Round .*it lacks the method `area`"):
        machine.helper("param")(round_(1), declared, "f", "s")
    attach(machine.record, receiver, "area", None)(lambda self: 1)
    attach(machine.record, receiver, "scale", None)(lambda self: 1)
    with pytest.raises(TypeError, match="it lacks a method `scale` that takes 1 argument"):
        machine.helper("param")(round_(1), declared, "f", "s")
    attach(machine.record, receiver, "scale", None)(lambda self, by, more=0: 1)
    assert machine.helper("param")(round_(1), declared, "f", "s") == round_(1)
    bigger = machine.helper("interface")(machine.record, "Solid", (("volume", 0, 0),), (declared,), None)
    assert not bigger._conforms(round_(1))
    attach(machine.record, receiver, "volume", None)(lambda self: 1)
    assert bigger._conforms(round_(1))


# --- exceptions and resources -------------------------------------------------------------------


def test_exception_structs(machine):
    cls = machine.struct("NotFound", kind="exception", id=("int",), message=(("str",), "nothing there"))
    with pytest.raises(cls) as error:
        raise cls(3)
    assert str(error.value) == "nothing there"
    assert (error.value.id, repr(error.value)) == (3, "NotFound(id=3, message='nothing there')")
    assert isinstance(error.value, Exception)
    bare = machine.struct("Odd", kind="exception", a=("int",), b=("int",))
    assert str(bare(1, 2)) == "Odd(a=1, b=2)"
    assert error.value != cls(3)


def test_resources_have_a_lifecycle_and_stop_in_reverse_order(machine):
    log = []
    cls = machine.struct("Database", kind="resource", url=("str",))
    attach = machine.h["attach"]
    receiver = machine.type("ref", "Database")
    attach(machine.record, receiver, "start", None)(lambda self: log.append(f"start {self.url}"))
    attach(machine.record, receiver, "stop", None)(lambda self: log.append(f"stop {self.url}"))
    a, b, c = cls("a"), cls("b"), cls("c")
    assert a.state == "created"
    a.start()
    a.start()
    with b as opened:
        assert opened is b
        assert b.is_running
    c.start()
    assert [r.state for r in (a, b, c)] == ["running", "stopped", "running"]
    assert machine.program.close() == []
    assert log == ["start a", "start b", "stop b", "start c", "stop c", "stop a"]
    assert repr(cls) == "Resource[Database]"
    with pytest.raises(RuntimeError, match="has been stopped"):
        a.start()
    assert a != cls("a")


def test_one_resource_that_cannot_stop_does_not_keep_the_others_running(machine):
    log = []
    cls = machine.struct("Thing", kind="resource", name=("str",))

    def stop(self):
        log.append(self.name)
        if self.name == "b":
            raise ValueError("stuck")

    machine.h["attach"](machine.record, machine.type("ref", "Thing"), "stop", None)(stop)
    for name in "abc":
        cls(name).start()
    failures = machine.program.close()
    assert log == ["c", "b", "a"]
    assert [str(f) for f in failures] == ["stuck"]


def test_with_over_a_struct_needs_enter_and_exit(machine):
    machine.struct("Plain", x=("int",))
    fault = machine.fault("with Plain(1): pass")
    assert "cannot be used in `with`" in str(fault)
