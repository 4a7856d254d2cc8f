"""`re` answers as Python's does, and stops where Python's would not."""

from __future__ import annotations

import re
import time
import warnings

import pytest

import dana
from dana.runtime.curated import names_of
from dana.runtime.program import Program
from tests.curated.corpus import PROSE, TEXTS, WRITTEN, patterns


@pytest.fixture(name="module", scope="module")
def of_a_program():
    program = Program()
    program.meter.start()
    yield names_of(program, "re")
    program.meter.finish()


def matches(compiled, text, *bounds):
    return [
        (m.span(), m.groups(), m.lastindex, m.lastgroup, [m.span(g) for g in range(compiled.groups + 1)])
        for m in compiled.finditer(text, *bounds)
    ]


WAYS = {
    "finditer": matches,
    "part": lambda p, t: matches(p, t, 1, max(1, len(t) - 1)),
    "findall": lambda p, t: p.findall(t),
    "split": lambda p, t: p.split(t),
    "split once": lambda p, t: p.split(t, 1),
    "sub": lambda p, t: p.subn(r"<\g<0>>", t),
    "sub twice": lambda p, t: p.sub(lambda m: m.group().upper(), t, count=2),
    "match": lambda p, t: (m := p.match(t)) and m.span(),
    "fullmatch": lambda p, t: (m := p.fullmatch(t)) and (m.span(), m.groupdict()),
}


def compared(module, pattern, flags, texts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            theirs = re.compile(pattern, flags)
        except re.error:
            with pytest.raises(module["error"]):
                module["compile"](pattern, flags)
            return 0
    ours = module["compile"](pattern, flags)
    assert (ours.flags, ours.groups, ours.groupindex) == (theirs.flags, theirs.groups, dict(theirs.groupindex))
    for text in texts:
        for name, way in WAYS.items():
            assert way(ours, text) == way(theirs, text), (name, pattern, flags, text)
    return len(texts) * len(WAYS)


@pytest.mark.parametrize("seed", range(4))
def test_random_patterns_mean_what_they_mean_in_python(module, seed):
    assert sum(compared(module, *each, TEXTS) for each in patterns(seed, 100)) > 5_000


@pytest.mark.parametrize("pattern", WRITTEN)
def test_patterns_people_write_mean_what_they_mean_in_python(module, pattern):
    for flags in (0, re.IGNORECASE, re.ASCII, re.MULTILINE, re.IGNORECASE | re.DOTALL):
        assert compared(module, pattern, int(flags), [PROSE, *PROSE.splitlines()])


@pytest.mark.parametrize("pattern", ["a|b", rb"\w+", b"[^a]\\s"])
def test_bytes(module, pattern):
    data = b"ab \xe9c" if isinstance(pattern, bytes) else "ab \xe9c"
    assert matches(module["compile"](pattern), data) == matches(re.compile(pattern), data)


@pytest.mark.parametrize(
    "template",
    [r"\1", r"\g<1>-\g<n>", r"\2\1", r"\g<0>", r"\n\t\\", r"\0", r"\01x", r"\101", r"a\.b", r"\-", r"\12", r"\g<02>",
     "\\", r"\q", r"\g", r"\g<", r"\g<>", r"\g<1x>", r"\9", r"\g<9>", r"\777", r"\g<zz>"],
)  # fmt: skip
def test_templates(module, template):
    pattern, text = r"(a)(?P<n>b)", "xabyab"

    def outcome(compiled):
        try:
            return compiled.sub(template, text)
        except (re.error, module["error"], IndexError) as error:
            return type(error).__name__

    assert outcome(module["compile"](pattern)) == outcome(re.compile(pattern))


@pytest.mark.parametrize("text", ["", "a.b*c", "é [x]", "a b\n-#~"])
def test_escape(module, text):
    assert module["escape"](text) == re.escape(text)
    assert module["fullmatch"](module["escape"](text), text)


CATASTROPHES = [
    (r"(?:a|aa)+$", "a" * 60 + "b"),
    (r"(?:(?:a{1,50}){1,50}){1,50}$", "a" * 200 + "b"),
    (r"(?:.*?,){30}P", ",".join("123456789" * 8)),
    (r"(?:a+){2,}b|(?:a|aa|aaa)+c", "a" * 80),
]


@pytest.mark.parametrize(("pattern", "text"), CATASTROPHES)
def test_a_deadline_holds_inside_a_pattern(pattern, text):
    engine = dana.Engine(limits=dana.Limits(wall_s=0.1), cache=False)
    dana.Engine().eval("import re\nre.search(p, t)", p=pattern, t="")  # what patterns need is loaded
    begin = time.process_time()  # of the processor, as the matcher counts: a busy machine changes nothing
    with pytest.raises(dana.LimitExceeded):
        engine.eval("import re\nre.search(p, t)", p=pattern, t=text)
    assert time.process_time() - begin < 0.1 + 0.25


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a{1000}){1000}",
        "(?:(?:a{100}){100}){100}",
        "(" * 500 + ")" * 500,
        "a" * 30_000,
        "()" * 300,
        "(" * 90 + "a" + ")" * 90,
    ],
)
def test_patterns_are_bounded(pattern):
    with pytest.raises(dana.RuntimeFault) as caught:
        dana.Engine(cache=False).eval("import re\nre.compile(p)", p=pattern)
    assert caught.value.diagnostics[0].code == "E523"


def test_matching_costs_steps():
    with pytest.raises(dana.LimitExceeded):
        dana.Engine(limits=dana.Limits(steps=10_000), cache=False).eval(
            "import re\nre.search('x', t)", t="a" * 5_000_000
        )
