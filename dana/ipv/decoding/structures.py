"""Structs out of objects, and unions: which of several types a value is meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dana import abi
from dana.ipv.decoding import reading
from dana.ipv.decoding.plans import ABSENT, FAIL, LiteralPlan, Plan, kind_of, opened, words
from dana.ipv.decoding.records import shown
from dana.ipv.decoding.scanning import Flaw, same

if TYPE_CHECKING:
    from dana.ipv.decoding.records import Notes, Path

# Names beside a struct's fields that may say which struct of a union is meant.
TAGS = frozenset(("type", "kind", "_type", "$type", "__type__", "struct"))
# How far apart two names may be for one to be the other misspelt.
_LONGEST_NAME = 80


class FieldPlan:
    """One field: how its value is judged, what the constructor calls it."""

    __slots__ = ("argument", "has_default", "name", "optional", "plan", "slot")

    def __init__(self, name: str, slot: str, plan: Plan, *, has_default: bool) -> None:
        self.name = name
        self.slot = slot
        self.argument = abi.variable(name)
        self.plan = plan
        self.has_default = has_default
        self.optional = "nothing" in plan.takes


class StructPlan(Plan):
    """An object with the struct's fields, none missing, none given twice."""

    __slots__ = ("fields", "folded", "make", "required", "shape")
    takes = frozenset({"object"})

    def __init__(self, shape: Any) -> None:
        super().__init__(shape.name)
        self.shape = shape
        self.make = shape.cls
        self.fields: dict[str, FieldPlan] = {}
        self.folded: dict[str, FieldPlan | None] = {}
        self.required: frozenset[str] = frozenset()

    def complete(self, fields: list[FieldPlan]) -> None:
        """The fields, once their plans are made: a struct may have fields of its own type."""
        self.fields = {f.name: f for f in fields}
        self.required = frozenset(f.name for f in fields if not f.has_default)
        for each in fields:
            mark = reading.folded(each.name)
            self.folded[mark] = None if mark in self.folded else each

    def clean(self, value: Any) -> Any:
        if value.__class__ is not dict:
            return FAIL
        fields = self.fields
        made = {}
        for name, each in value.items():
            field = fields.get(name)
            if field is None:
                return FAIL
            one = field.plan.clean(each)
            if one is FAIL:
                return FAIL
            made[field.argument] = one
        if len(made) != len(fields) and not self.required <= value.keys():
            return FAIL
        return self.make(**made)

    def fit(self, value: Any, path: Path, notes: Notes) -> Any:
        value, path = opened(self, value, "{", path, notes)
        if value is FAIL:
            return FAIL
        before = notes.count
        made: dict[str, Any] = {}
        given: dict[str, Any] = {}
        for name, each in value.items():
            field = self.fields.get(name) or self._renamed(name, value, path, notes)
            if field is None:
                continue
            if field.name in given:
                if not same(given[field.name], each):
                    notes.problem((*path, name), f"`{field.name}` is given twice", self.name, each)
                continue
            given[field.name] = each
            if each.__class__ is Flaw and each.readings:
                each = _meant(field, each, (*path, field.name), notes)  # noqa: PLW2901  (one of its readings)
            made[field.argument] = field.plan.fit(each, (*path, field.name), notes)
        self._absent(value, given, made, path, notes)
        return self.make(**made) if notes.count == before else FAIL

    def _renamed(self, name: str, value: dict[str, Any], path: Path, notes: Notes) -> FieldPlan | None:
        """The field an unknown name means; None when it is left out."""
        field = self.folded.get(reading.folded(name))
        if field is not None:
            if field.name not in value:
                notes.repair(path, "field", name, field.name)
            return field
        if name in TAGS and reading.folded(str(words(value[name]))) == reading.folded(self.name):
            notes.repair(path, "tag", name, "")
            return None
        near = self._near(name, value)
        if near is not None:
            message = f"there is no field `{shown(name)}`: did you mean `{near}`?"
            notes.problem((*path, name), message, self.name, value[name])
        else:
            notes.repair(path, "extra", name, "")
        return None

    def _near(self, name: str, value: dict[str, Any]) -> str | None:
        """A field that is not there and may be meant by a misspelt name."""
        if len(name) > _LONGEST_NAME or len(self.fields) > 200:
            return None
        from dana.diagnostics import suggest

        missing = [n for n in self.fields if n not in value]
        return suggest(name, missing) if missing else None

    def _absent(
        self, value: dict[str, Any], given: dict[str, Any], made: dict[str, Any], path: Path, notes: Notes
    ) -> None:
        cut = id(value) in notes.cut
        whole = True
        for field in self.fields.values():
            if field.name in given:
                continue
            whole = False
            if cut:
                message = f"the text ends before the field `{field.name}`: write the answer to its end"
                notes.problem((*path, field.name), message, field.plan.name, "nothing")
            elif field.has_default:
                continue
            elif field.optional:
                notes.repair((*path, field.name), "absent", "", "null")
                made[field.argument] = None
            else:
                message = f"the field `{field.name}` is missing"
                notes.problem((*path, field.name), message, field.plan.name, "nothing")
        if cut and whole:
            notes.repair(path, "closed", "", "}")

    def plausible(self, value: Any) -> bool:
        """Whether an object was meant to be this struct: it has one of its fields."""
        if value.__class__ is not dict:
            return False
        return any(n in self.fields or reading.folded(n) in self.folded for n in value) or (
            not value and not self.required
        )

    def so_far(self, value: Any) -> Any:
        """The struct with what has come of its fields; the others are None."""
        if value.__class__ is not dict:
            return ABSENT
        made = self.shape.new()
        put = object.__setattr__
        for field in self.fields.values():
            put(made, field.slot, None)
        for name, each in value.items():
            found = self.fields.get(name) or self.folded.get(reading.folded(name))
            one = found.plan.so_far(each) if found is not None else ABSENT
            if found is not None and one is not ABSENT:
                put(made, found.slot, one)
        return made


def _meant(field: FieldPlan, flaw: Flaw, path: Path, notes: Notes) -> Any:
    """Of two different values for a field the one of its type, where the other is none."""
    fitting = [each for each in flaw.readings if field.plan.clean(each) is not FAIL]
    if len(fitting) != 1:
        return flaw
    notes.repair(path, "duplicate", flaw.raw, "the one that is of the type")
    return fitting[0]


class UnionPlan(Plan):
    """One of several types. What a value already is counts before what it can be made."""

    __slots__ = ("by_kind", "options", "takes")

    def __init__(self, name: str, options: list[Plan]) -> None:
        super().__init__(name)
        self.options = options
        self.takes: frozenset[str] = frozenset()
        self.by_kind: dict[str, list[Plan]] = {}
        self.complete()

    def complete(self) -> None:
        self.takes = frozenset().union(*(o.takes for o in self.options))
        for option in self.options:
            for kind in option.takes:
                self.by_kind.setdefault(kind, []).append(option)

    def clean(self, value: Any) -> Any:
        """An option that takes the value untouched; where two containers might, `fit` weighs them."""
        kind = kind_of(value)
        options = self.by_kind.get(kind, ())
        if kind in ("object", "array") and len(options) > 1:
            option = self._only(value, options) if kind == "object" else None
            return FAIL if option is None else option.clean(value)
        for option in options:
            made = option.clean(value)
            if made is not FAIL:
                return made
        return FAIL

    def _only(self, value: dict[str, Any], options: Any) -> Plan | None:
        """The only option whose fields the object has; decided without looking inside."""
        found = None
        for option in options:
            if not isinstance(option, StructPlan):
                return None
            if option.required <= value.keys() <= option.fields.keys() and _tags_agree(option, value):
                if found is not None:
                    return None
                found = option
        return found

    def fit(self, value: Any, path: Path, notes: Notes) -> Any:
        if value.__class__ is Flaw:
            notes.problem(path, value.why, self.name, value.raw)
            return FAIL
        made = self.clean(value)
        if made is not FAIL:
            return made
        key = (id(value), id(self))
        found = notes.memo.get(key)
        if found is None:
            tried = notes.attempt()
            # The value is kept as well: as long as it lives, nothing else has its identity.
            found = notes.memo[key] = (value, self._weighed(value, tried), tried)
        notes.adopt(path, found[2])
        return found[1]

    def _weighed(self, value: Any, notes: Notes) -> Any:
        """The best option's value; two that are equally good and not equal are a problem."""
        options = self._candidates(value)
        attempts = []
        for place, option in enumerate(options):
            tried = notes.attempt()
            made = option.fit(value, (), tried)
            attempts.append(((tried.count, tried.costs, _left_open(option, value), place), made, tried, option))
        if not attempts:
            return self.refuse(value, (), notes)
        attempts.sort(key=lambda a: a[0])
        rank, made, tried, option = attempts[0]
        if rank[0]:
            return self._refused(value, attempts, notes)
        rivals = [a for a in attempts[1:] if a[0][:3] == rank[:3]]
        if rivals and not all(_equal(made, r[1]) for r in rivals):
            names = " and ".join(sorted({option.name, *(r[3].name for r in rivals)}))
            notes.problem((), f"this may be {names}: nothing tells which", self.name, value)
            return FAIL
        notes.adopt((), tried)
        return made

    def _candidates(self, value: Any) -> list[Plan]:
        tagged: list[Plan] = [o for o in self.options if isinstance(o, StructPlan) and _names(o, value)]
        if len(tagged) == 1:
            return tagged
        kind = kind_of(value)
        fitting = [o for o in self.options if kind in o.takes and o.name != "any"]
        # A text may be a number in quotes, but not where a text is what was asked for.
        return fitting or self.options

    def _refused(self, value: Any, attempts: list[Any], notes: Notes) -> Any:
        kind = kind_of(value)
        near = [a for a in attempts if kind in a[3].takes and kind in ("object", "array")]
        if near and (len(near) == 1 or near[0][0][0] < near[1][0][0]):
            notes.adopt((), near[0][2])  # one option is clearly meant: its problems say what to mend
            return FAIL
        return self.refuse(value, (), notes)

    def so_far(self, value: Any) -> Any:
        kind = kind_of(value)
        options = self.by_kind.get(kind, self.options)
        if kind == "object" and len(options) > 1:
            tagged = [o for o in options if isinstance(o, StructPlan) and (_names(o, value) or _tagged(o, value))]
            keyed = [o for o in options if isinstance(o, StructPlan) and value.keys() <= o.fields.keys()]
            options = [*tagged] or [*keyed] or options
            return options[0].so_far(value) if len(options) == 1 else ABSENT
        for option in options:
            made = option.so_far(value)
            if made is not ABSENT:
                return made
        return ABSENT

    def plausible(self, value: Any) -> bool:
        return any(is_plausible(o, value) for o in self.options)


def is_plausible(plan: Plan, value: Any) -> bool:
    """Whether a candidate was meant as an answer of this type, right or wrong."""
    judge = getattr(plan, "plausible", None)
    if judge is not None:
        return bool(judge(value))
    if kind_of(value) not in plan.takes:
        return False
    item = getattr(plan, "item", None)
    if item is None or not value:
        return True
    return any(is_plausible(item, v) for v in value[:20])


def _equal(first: Any, second: Any) -> bool:
    return bool(first.__class__ is second.__class__ and first == second)


def _left_open(option: Plan, value: Any) -> int:
    """How many fields of a struct the object does not give."""
    if not isinstance(option, StructPlan) or value.__class__ is not dict:
        return 0
    return sum(name not in value for name in option.fields)


def _tags_agree(option: StructPlan, value: dict[str, Any]) -> bool:
    """Fields that are literals and given have one of their values."""
    return all(
        field.plan.clean(value[name]) is not FAIL
        for name, field in option.fields.items()
        if isinstance(field.plan, LiteralPlan) and name in value
    )


def _tagged(option: StructPlan, value: dict[str, Any]) -> bool:
    """Whether a literal field is given, with one of its values."""
    tags = [n for n, f in option.fields.items() if isinstance(f.plan, LiteralPlan) and n in value]
    return bool(tags) and _tags_agree(option, value)


def _names(option: StructPlan, value: Any) -> bool:
    """Whether the object says, beside the struct's fields, that it is this struct."""
    if value.__class__ is not dict:
        return False
    wanted = reading.folded(option.name)
    for tag in TAGS:
        said = value.get(tag)
        if tag not in option.fields and said.__class__ is str and reading.folded(said) == wanted:
            return True
    return False
