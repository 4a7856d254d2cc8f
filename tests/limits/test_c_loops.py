"""What C walks by itself ends, or counts steps: no iterator a program can hold runs away from its limits (L49)."""

from __future__ import annotations

import pytest

from dana.engine import Engine, Limits
from dana.errors import LimitExceeded

RUNAWAYS = {
    "a list extended by itself, zipped": "xs = [1]\nxs.extend(zip(xs))",
    "… mapped": "xs = [1]\nxs.extend(map(str, xs))",
    "… enumerated, by an operator": "xs = [1]\nxs += enumerate(xs)",
    "… by its iterator": "def more(xs, it): xs += it\nxs = [1]\nmore(xs, iter(xs))",
    "… by a method that was kept": "xs = [1]\nmore = xs.extend\nmore(filter(None, xs))",
    "… by several lists": "xs = [1]\nys = [2]\nxs.extend(zip(xs, xs, xs))",
    "membership that appends": "xs = [1]\nprint(9 in map(lambda x: xs.append(x) or x, xs))",
    "membership in a zip": "print(None in zip(range(10 ** 12), range(10 ** 12)))",
    "membership, backwards": "print(1.5 in reversed(range(10 ** 12)))",
    "membership in an enumeration": "print(None in enumerate(range(10 ** 12)))",
    "membership in what a function returns": "print(None in iter(lambda: 1, 2))",
    "unpacking": "a, *b = zip(range(10 ** 12))",
    "arguments": "print(*enumerate(range(10 ** 12)))",
    "a filter that finds nothing": "for x in filter(lambda x: False, range(10 ** 12)): pass",
}


@pytest.mark.parametrize("text", RUNAWAYS.values(), ids=RUNAWAYS)
def test_a_loop_in_c_reaches_the_step_limit(text: str) -> None:
    engine = Engine(limits=Limits(steps=20_000), on_print=lambda text: None, cache=False)
    with pytest.raises(LimitExceeded) as caught:
        engine.run(text + "\n")
    assert caught.value.which == "steps"


def test_a_list_that_grows_under_its_iterator_is_walked_as_in_python() -> None:
    text = "xs = [1, 2]\nseen = []\nit = iter(xs)\nxs.append(3)\nxs[0] = 9\nlist(it)"
    assert Engine(cache=False).run(text) == [9, 2, 3]
