"""The allow-lists: what is exported is what is declared, and nothing public is there that nobody has read."""

from __future__ import annotations

import numbers
import subprocess
import sys
import types
from pathlib import Path

import pytest

from dana import abi
from dana.runtime.curated import INSTEAD, MODULES, curated, names_of, types_of
from dana.runtime.curated.values import CuratedType
from dana.runtime.program import Program

REVIEWED = Path(__file__).with_name("reviewed.txt")
PLAIN = (bool, int, float, str, bytes, type(None), list, dict, tuple, set, frozenset)
FUNCTIONS = (
    types.FunctionType | types.BuiltinFunctionType | types.MethodType | types.MethodDescriptorType
    | types.WrapperDescriptorType | types.MethodWrapperType | types.ClassMethodDescriptorType
)  # fmt: skip
CALLED = r"""
m = re.search("(?P<a>x)", "x")
d = datetime.datetime(2025, 3, 9, 1, 2, tzinfo=datetime.timezone.utc)
dates = [d, d.date(), d.time(), d.timetz(), d.isocalendar(), d.timetuple(), d.utctimetuple(), d - d, d.tzinfo, d.astimezone()]
P = collections.namedtuple("P", "x y")
cached = functools.lru_cache(lambda x: x)
[m, m.re, dates, decimal.Decimal("1.5"), decimal.Decimal("1.5").as_tuple(), decimal.localcontext(prec=5),
 fractions.Fraction(1, 3), fractions.Fraction(1, 3) + 1, itertools.count(), itertools.tee([1])[0], itertools.groupby("a"),
 list(itertools.groupby("a"))[0][1], itertools.chain("a"), functools.partial(len), cached, cached.cache_info(),
 functools.cmp_to_key(lambda a, b: 0), functools.cmp_to_key(lambda a, b: 0)(1), operator.itemgetter(1),
 collections.Counter("a"), collections.Counter("a") + collections.Counter("b"), collections.Counter("a").elements(),
 collections.defaultdict(list), collections.deque([1]), collections.OrderedDict(), P(1, 2),
 statistics.linear_regression([1, 2], [1, 3]), string.Template("$x"), hashlib.sha256(), hmac.new("k".encode(), None, "md5"),
 uuid.uuid4(), uuid.uuid4().fields, uuid.NAMESPACE_DNS, parse.urlparse("http://u@h:80/p"), parse.urlsplit("/x"),
 parse.urldefrag("/x#y"), heapq.merge([1], [2]), csv.reader(["a"]), csv.DictReader(["a", "b"]), io.StringIO("x"),
 csv.writer(io.StringIO()), csv.DictWriter(io.StringIO(), ["a"])]
"""


def a_program():
    program = Program()
    program.meter.start()
    return program


@pytest.mark.parametrize("name", MODULES)
def test_what_is_declared_is_what_is_there(name):
    exported = names_of(a_program(), name)
    if name != "urllib":
        assert set(exported) == set(types_of(name))
    assert not set(exported) & set(curated(name).refused)
    assert all(hint for hint in curated(name).refused.values())
    assert all(abi.is_name(each) and each[0] != "_" for each in exported)


@pytest.mark.parametrize("name", [n for n in MODULES if n != "urllib"])
def test_parameters_are_those_of_python(name):
    """A keyword that Python takes is declared; how many there are is what the checker counts."""
    import importlib
    import inspect

    host = importlib.import_module(name)
    for each, declared in types_of(name).items():
        theirs = getattr(host, each, None)
        if declared[0] != "func" or declared[1] is None or isinstance(theirs, type) or theirs is None:
            continue
        try:
            signature = inspect.signature(theirs)
        except ValueError:
            continue
        required = [p for p in signature.parameters.values() if p.default is p.empty and p.kind in (0, 1)]
        ours = [p for p in declared[1] if not p[3] and p[2] in ("positional", "normal")]
        assert len(ours) <= max(len(required), 1), f"{name}.{each}"


def test_no_module_is_both_there_and_answered_otherwise():
    assert not set(MODULES) & set(INSTEAD)


def seen_from(values):
    """Everything reachable through public attributes and items: (how to get there, value)."""
    stack = list(values)
    seen = {}
    while stack:
        place, value = stack.pop()
        # Numbers give new numbers for ever (`x.imag.imag`), of which one of each type is enough.
        key = type(value) if isinstance(value, numbers.Number) else id(value)
        if key in seen:
            continue
        seen[key] = value  # kept, so that nothing else gets its id
        yield place, value
        if isinstance(value, list | tuple | set | frozenset):
            stack += [(f"{place}[…]", each) for each in value]
        if isinstance(value, dict):
            stack += [(f"{place}[…]", each) for each in (*value.keys(), *value.values())]
        if type(value) in PLAIN or isinstance(value, FUNCTIONS | type):
            continue
        if isinstance(value, CuratedType):
            stack += [(f"{place}.{name}", each) for name, each in value._members.items()]
            continue
        for name in public(type(value)):
            try:
                stack.append((f"{place}.{name}", getattr(value, name)))
            except Exception:  # noqa: BLE001  (what raises hands nothing out)
                continue


def public(cls):
    return sorted(n for n in dir(cls) if n[0] not in ("_", abi.HIDDEN) and n not in abi.INTERNAL_ATTRIBUTES)


def everything():
    import dana

    modules = sorted(n for n in MODULES if "." not in n and n != "urllib")
    text = f"import {', '.join(modules)}\nfrom urllib import parse\n{CALLED.strip()}"
    run = dana.Engine(cache=False)._started(text.replace("\n ", " "), "<samples>", {})
    samples = []
    run.guarded(lambda: samples.append(run.start().globals[".value"]))
    yield "samples", samples
    program = a_program()
    for name in MODULES:
        yield from ((f"{name}.{each}", value) for each, value in names_of(program, name).items())


def test_everything_in_reach_is_harmless():
    """No module, no class of the host but exceptions, and of every other value only reviewed attributes."""
    reviewed = dict(line.split(":") for line in REVIEWED.read_text(encoding="utf-8").splitlines())
    found = {}
    for place, value in seen_from(everything()):
        assert not isinstance(value, types.ModuleType | types.FrameType | types.CodeType | types.GeneratorType), place
        if isinstance(value, type):
            assert issubclass(value, BaseException), f"{place}: {value}"
        elif type(value) not in PLAIN and not isinstance(value, FUNCTIONS | CuratedType):
            found.setdefault(type(value).__name__, set()).update(public(type(value)))
    for cls, names in found.items():
        assert cls in reviewed, f"read what {cls} has, then add it: {' '.join(sorted(names))}"
        news = names - set(reviewed[cls].split())
        assert not news, f"{cls} has new attributes; read what they do, then add them to {REVIEWED.name}: {news}"


def test_nothing_is_loaded_before_it_is_imported():
    heavy = "{'regex', 're', 'decimal', '_decimal', 'datetime', 'fractions', 'statistics', 'dana.runtime.curated'}"
    code = (
        f"import sys, dana; dana.Engine(cache=False).run('x = 1'); print(sorted({heavy} & set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import sys; import dana.parser, dana.checker; before = set(sys.modules)\n" + code],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
