"""Values cross between Python and programs, both ways."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import pickle
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import pydantic
import pytest

import dana
from dana.engine.annotations import Misfit, to_annotation

INVOICES = """
struct Invoice:
    name: str
    amount: float
    tags: list = []

struct Book:
    invoices: list[Invoice]
    best: Invoice? = None

def (i: Invoice) net() -> float:
    return i.amount / 2

def total(items: list[Invoice]) -> float:
    t = 0.0
    for i in items:
        t += i.amount
    return t

def first(items: list[Invoice]) -> Invoice:
    return items[0]

def book(b: Book) -> Book:
    return b

def maybe(i: Invoice?):
    return "none" if i is None else i.name

def by_name(d: dict[str, Invoice], n: str):
    return d[n].amount

def same(x):
    return x

def named(x):
    return x.name

def adder(n):
    return lambda x: x + n

def numbers(n):
    return (i for i in range(n))

def fails(n):
    return 1 / n

const = 7
table = {"a": [1, 2]}
"""


@dataclass
class Invoice:
    name: str
    amount: float


@dataclass
class Book:
    invoices: list[Invoice]
    best: Invoice | None = None


class Model(pydantic.BaseModel):
    name: str
    amount: float
    tags: list[str] = []


class Shelf(pydantic.BaseModel):
    invoices: list[Model]
    best: Model | None = None


@pytest.fixture(scope="module")
def m():
    return dana.Engine(cache=False).load(INVOICES, name="invoices")


def test_plain_values_pass_as_they_are(m):
    for value in (None, True, 3, 2.5, "x", b"y", 1j, [1, [2]], {"a": {1: (2,)}}, {1, 2}, frozenset({3}), ()):
        assert m.same(value) == value
    rows = [[1], {"a": 2}]
    assert m.same(rows) is rows
    assert m.const == 7
    assert m.table == {"a": [1, 2]}


def test_structs_take_dataclasses_models_and_dicts(m):
    assert m.total([Invoice("a", 3.0), Model(name="b", amount=4), {"name": "c", "amount": 5}, m.Invoice("d", 6)]) == 18
    assert m.maybe(None) == "none"
    assert m.maybe(Model(name="q", amount=1)) == "q"
    assert m.by_name({"x": Invoice("x", 2.0)}, "x") == 2.0


def test_nested_models_become_nested_structs_and_come_back(m):
    shelf = Shelf(invoices=[Model(name="a", amount=1), Model(name="b", amount=2)], best=Model(name="b", amount=2))
    seen = m.book(shelf)
    assert seen.best.name == "b"
    assert [i.amount for i in seen.invoices] == [1.0, 2.0]
    assert m.book.returning(Shelf)(shelf) == shelf
    assert m.book.returning(Book)(shelf) == Book([Invoice("a", 1.0), Invoice("b", 2.0)], Invoice("b", 2.0))


def test_a_struct_seen_from_python(m):
    seen = m.first([Invoice("a", 3.0)])
    assert (seen.name, seen.amount, seen.tags) == ("a", 3.0, [])
    assert seen.net() == 1.5
    assert repr(seen) == str(seen) == "Invoice(name='a', amount=3.0, tags=[])"
    assert seen.to_dict() == {"name": "a", "amount": 3.0, "tags": []}
    assert seen == m.Invoice("a", 3.0)
    assert seen != m.Invoice("b", 3.0)
    assert dir(seen) == ["amount", "name", "tags", "to_dict"]
    assert isinstance(seen, m.struct("Invoice"))
    seen.amount = "4"
    assert seen.amount == 4.0
    with pytest.raises(dana.RuntimeFault, match="expected float"):
        seen.amount = "four"
    with pytest.raises(AttributeError, match="did you mean 'amount'"):
        seen.amuont  # noqa: B018
    for hidden in ("_shape", "__slots__x", "_dana"):
        with pytest.raises(AttributeError):
            getattr(seen, hidden)
    with pytest.raises(TypeError, match="to_dict"):
        pickle.dumps(seen)
    with pytest.raises(TypeError, match="has no hash"):
        hash(seen)
    with pytest.raises(AttributeError):
        del seen.name


def test_what_came_from_a_program_goes_back_as_what_it_was(m):
    seen = m.Invoice("a", 1)
    assert m.same(seen) == seen
    assert m.same([seen])[0]._raw is seen._raw
    plus = m.adder(3)
    assert m.same(plus) == plus
    assert plus(4) == 7


def test_functions_types_and_iterators_work_outside_a_run(m):
    assert list(m.numbers(3)) == [0, 1, 2]
    made = m.struct("Invoice")(name="x", amount=2)
    assert made.net() == 1.0
    assert m.struct("Invoice").fields == ("name", "amount", "tags")
    assert m.struct("Invoice").from_value(Invoice("y", 1.0)).name == "y"
    with pytest.raises(dana.RuntimeFault, match="missing field `amount`"):
        m.Invoice("x")
    with pytest.raises(dana.RuntimeFault, match="division by zero"):
        m.fails(0)
    with pytest.raises(AttributeError, match="no struct"):
        m.struct("total")


def test_views_stay_usable_after_their_run_has_ended():
    seen = dana.Engine(cache=False).run("struct P:\n    x: int\ndef (p: P) twice():\n    return p.x * 2\nP(4)")
    assert seen.twice() == 8


def test_a_record_without_a_type_of_its_own_has_its_fields(m):
    assert m.named(Invoice("z", 1.0)) == "z"
    assert m.named.returning(str)(Model(name="q", amount=1)) == "q"
    assert str(m.same(Invoice("z", 1.0))) == "Invoice(name='z', amount=1.0)"


def test_subclasses_of_plain_classes_become_plain(m):
    class Colour(enum.Enum):
        RED = "red"

    class Text(str):  # noqa: SLOT000
        secret = object()

    assert m.same(Colour.RED) == "red"
    assert type(m.same(OrderedDict(a=1))) is dict
    assert type(m.same(Text("x"))) is str
    numpy = pytest.importorskip("numpy")
    assert type(m.same(numpy.int64(3))) is int
    assert type(m.same(numpy.float64(3.5))) is float


def test_cycles_stay_cycles(m):
    inner = [m.Invoice("a", 1)]
    inner.append(inner)
    back = m.same(inner)
    assert back[1] is back


def test_a_value_too_deep_is_refused(m):
    deep = [m.Invoice("a", 1)]
    for _ in range(300):
        deep = [deep]
    with pytest.raises(dana.UsageError, match="nested deeper"):
        m.same(deep)


def test_what_does_not_fit_says_where(m):
    with pytest.raises(dana.RuntimeFault, match="argument `items` of `total`"):
        m.total([{"name": "x", "amuont": 3}])
    with pytest.raises(dana.RuntimeFault, match="the result of `same`: expected int, got str"):
        m.same.returning(int)("x")
    with pytest.raises(dana.RuntimeFault) as stopped:
        m.same.returning(Model)({"name": "x", "amount": "much"})
    assert stopped.value.diagnostics[0].code == "E542"
    assert isinstance(stopped.value.__cause__, pydantic.ValidationError)


def test_values_of_another_program(m):
    other = dana.Engine(cache=False).load(INVOICES, name="others")
    assert other.total([m.Invoice("a", 3)]) == 3.0
    assert other.same(m.adder(1))(4) == 5


def test_a_module_says_what_it_has(m):
    assert "total" in dir(m)
    with pytest.raises(AttributeError, match="did you mean 'total'"):
        m.totl  # noqa: B018
    with pytest.raises(AttributeError):
        m._hidden  # noqa: B018
    assert "0x" not in repr(m)
    assert "0x" not in repr(m.total)
    assert "0x" not in str(m.adder(1))
    assert copy.copy(m.const) == 7


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        (3, float, 3.0),
        ("3", int, 3),
        ([1, "2"], list[int], [1, 2]),
        ((1, 2), list[int], [1, 2]),
        ({"a": 1}, dict[str, float], {"a": 1.0}),
        ([1, "a"], tuple[int, str], (1, "a")),
        ([1, 2, 3], tuple[int, ...], (1, 2, 3)),
        (None, int | None, None),
        ("x", Literal["x", "y"], "x"),
        ([1], set[int], {1}),
        (5, object, 5),
        ({"name": "a", "amount": 1, "more": 2}, Invoice, Invoice("a", 1.0)),
    ],
)
def test_annotations(value, wanted, expected):
    assert to_annotation(value, wanted) == expected


@pytest.mark.parametrize(
    ("value", "wanted", "why"),
    [
        ("x", int, "expected int, got str"),
        (1.5, int, "its fraction would be lost"),
        ("z", Literal["x", "y"], "expected Literal"),
        ([1, "z"], list[int], "item 1 of it: expected int"),
        ([1], tuple[int, int], "expected tuple"),
        (3, Callable[[int], int], "expected"),
        ({"name": "a"}, Invoice, "`amount` is missing"),
        (3, Invoice, "expected Invoice"),
        ("x", int | None, "expected int"),
        (3, list, "expected list"),
    ],
)
def test_annotations_that_are_not_kept(value, wanted, why):
    with pytest.raises(Misfit, match=why):
        to_annotation(value, wanted)


def test_defaults_of_a_dataclass_are_used():
    @dataclass
    class Later:
        name: str
        tags: list[str] = field(default_factory=list)

    # Local classes cannot be found by their annotations' names; these are builtins.
    assert to_annotation({"name": "x"}, Later) == Later("x")


def test_attributes_follow_what_the_module_assigns():
    text = "def f():\n    return 1\ndef g():\n    return 10\ndef swap():\n    global f\n    f = lambda: 2\n    return f\nn = 1\ndef count():\n    global n\n    n += 1\n"
    module = dana.Engine(cache=False).load(text, name="m")
    assert (module.f(), module.g(), module.n) == (1, 10, 1)
    module.swap()
    module.count()
    assert (module.f(), module.g(), module.n) == (2, 10, 2)
    assert module.g is module.g


def test_private_fields_stay_in_python(m):
    @dataclass
    class Account:
        name: str
        _token: str = "secret"

    assert str(m.same(Account("a"))) == "Account(name='a')"
    with pytest.raises(dana.RuntimeFault, match="no field"):
        dana.Engine(cache=False).eval("a._token", a=Account("a"))


# --- dates, decimals, enums -----------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


MOMENTS = {
    "datetime.date(2024, 1, 2)": dt.date(2024, 1, 2),
    "datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.timezone.utc, fold=1)": dt.datetime(
        2024, 1, 2, 3, 4, 5, 6, dt.UTC, fold=1
    ),
    "datetime.time(1, 2, 3, 4)": dt.time(1, 2, 3, 4),
}


@pytest.mark.parametrize("text", MOMENTS)
def test_dates_of_a_program_are_dates_of_python(text):
    wanted = MOMENTS[text]
    engine = dana.Engine(cache=False)
    given = []
    engine.host("take")(given.append)
    whole, inside = engine.run(f"import datetime\nd = {text}\ntake(d)\ntake([d])\n[d, {{'k': (d,)}}]")
    for found in (whole, inside["k"][0], given[0], given[1][0]):
        assert (found, type(found), repr(found)) == (wanted, type(wanted), repr(wanted))
        assert pickle.loads(pickle.dumps(found)) == wanted
    back = engine.load("import datetime\ndef kind(d): return isinstance(d, datetime.date), d == d.replace()")
    assert back.kind(wanted) == (isinstance(wanted, dt.date), True)


@pytest.mark.parametrize(
    ("text", "wanted", "made"),
    [
        ("2024-01-02", dt.date, dt.date(2024, 1, 2)),
        ("2024-01-02T03:04", dt.datetime | None, dt.datetime(2024, 1, 2, 3, 4)),  # noqa: DTZ001
        ("03:04", dt.time, dt.time(3, 4)),
        (["1.10"], list[Decimal], [Decimal("1.10")]),
        ("00000000-0000-0000-0000-000000000004", uuid.UUID, uuid.UUID(int=4)),
        ("2024-01-02", str | dt.date, "2024-01-02"),
    ],
)
def test_texts_are_read_as_what_a_host_function_takes(text, wanted, made):
    assert to_annotation(text, wanted) == made


@pytest.mark.parametrize(
    ("value", "wanted", "why"),
    [
        ("soon", dt.date, "it: expected date, got str .*: it does not read as date"),
        ("x", Decimal, "it does not read as Decimal"),
        (1.1, Decimal, "expected Decimal, got float"),
        ("green", Colour, "expected Colour, got str .*: its values are 'red', 'blue'"),
        ([{"name": "a", "amount": "much"}], list[Invoice], "field `amount` of item 0 of it: expected float"),
    ],
)
def test_what_does_not_read_says_so(value, wanted, why):
    with pytest.raises(Misfit, match=why):
        to_annotation(value, wanted)
