"""Programs that try to run away through Python's modules are stopped, soon and by a limit."""

from __future__ import annotations

import time

import pytest

import dana

RUNAWAYS = {
    "elements": "from collections import Counter\nlist(Counter(a=10 ** 12).elements())",
    "counter of a long range": "from collections import Counter\nCounter(range(10 ** 12))",
    "deque of a long range": "from collections import deque\ndeque(range(10 ** 12), maxlen=3)",
    "deque extended": "from collections import deque\nq = deque([], 3)\nq.extend(range(10 ** 12))",
    "keys of a long range": "from collections import OrderedDict\nOrderedDict.fromkeys(range(10 ** 12))",
    "membership": "import itertools\n1 in itertools.repeat(2)",
    "mean": "import itertools, statistics\nstatistics.mean(itertools.count())",
    "reduce": "import functools\nfunctools.reduce(lambda a, b: b, range(10 ** 12))",
    "accumulate": "import itertools\nsum(itertools.accumulate(itertools.repeat(1)))",
    "product": "import itertools\nlist(itertools.product(range(1000), repeat=5))",
    "permutations": "import itertools\n-1 in itertools.permutations(range(30))",
    "skipping": "import itertools\nlist(itertools.islice(itertools.count(), 10 ** 12, None))",
    "chains of nothing": "import itertools\nlist(itertools.chain.from_iterable(itertools.repeat([])))",
    "a list that grows": "import itertools\nxs = [1]\nxs.extend(itertools.chain(xs))",
    "largest": "import heapq\nheapq.nlargest(2, range(10 ** 12))",
    "merge": "import heapq, itertools\n-1 in heapq.merge(itertools.count(), itertools.count())",
    "rows": "import csv, itertools\nlist(csv.reader(itertools.repeat('a,b')))",
    "filled": "import io, itertools\nio.StringIO().writelines(itertools.repeat('x' * 1000))",
    "digests": "import hashlib\nh = hashlib.sha256()\ndata = ('x' * 10 ** 7).encode()\nwhile True:\n    h.update(data)",
    "chains of chains": "import itertools\nx = iter([1])\nfor _ in range(100000):\n    x = itertools.chain(x)\nlist(x)",
    "cached for ever": "import functools\nf = functools.cache(lambda x: f(x + 1))\nf(0)",
    "fractions": "from fractions import Fraction\nx = Fraction(3, 2)\nfor _ in range(60):\n    x = x * x",
    "decimals": "from decimal import Decimal\nx = Decimal('1.1')\nfor _ in range(100000):\n    x = x * x",
    "copies": "import copy\nx = []\nfor _ in range(100000):\n    x = [x]\ncopy.deepcopy(x)",
}


@pytest.mark.parametrize("name", RUNAWAYS)
def test_it_is_stopped(name):
    engine = dana.Engine(limits=dana.Limits(steps=1_000_000, wall_s=5, depth=200), cache=False)
    with pytest.raises(dana.RuntimeFault) as caught:
        engine.run(RUNAWAYS[name])
    assert caught.value.diagnostics[0].code != "E990"


def test_a_seed_makes_identifiers_repeatable():
    text = "import uuid, secrets, random\n[str(uuid.uuid4()), secrets.token_hex(8), secrets.choice('abc'), random.random()]"
    assert dana.Engine(seed=5, cache=False).eval(text) == dana.Engine(seed=5, cache=False).eval(text)
    assert dana.Engine(cache=False).eval(text) != dana.Engine(cache=False).eval(text)


def test_now_is_the_clock_of_the_program():
    class Clock:
        monotonic = staticmethod(time.monotonic)
        sleep = staticmethod(time.sleep)

        @staticmethod
        def time():
            return 1e9

    text = "from datetime import datetime, date, timezone\n[str(datetime.now()), str(date.today()), str(datetime.now(timezone.utc))]"
    expected = ["2001-09-09 01:46:40", "2001-09-09", "2001-09-09 01:46:40+00:00"]
    assert dana.Engine(clock=Clock(), cache=False).eval(text) == expected
