"""Work with pandas and numpy reads as in Python, and nothing else of Python comes along."""

from __future__ import annotations

import pytest

import dana

pytest.importorskip("pandas")

START = """
import pandas.py as pd
import numpy.py as np
df = pd.DataFrame({"city": ["Oslo", "Bergen", "Oslo", "Bergen"], "price": [10, 20, 30, 40]})
"""


@pytest.fixture(scope="module")
def session():
    engine = dana.Engine(allow=dana.Allow(python=["pandas", "numpy"]), cache=False, limits=dana.Limits(steps=200_000))
    made = engine.session()
    made.run(START)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("df.price.sum()", 100),
        ("type(df.price.mean())", "float"),
        ('df["price"].max() + 1', 41),
        ("len(df), df.shape", (4, (4, 2))),
        ("list(df.price)", [10, 20, 30, 40]),
        ('[c for c in df["city"]]', ["Oslo", "Bergen", "Oslo", "Bergen"]),
        ("df[df.price > 15].price.tolist()", [20, 30, 40]),
        ("df[(df.price > 15) & (df.city == 'Oslo')].price.tolist()", [30]),
        ("df[(df.price > 35) | (df.price < 15)].price.tolist()", [10, 40]),
        ("df[~(df.price > 15)].price.tolist()", [10]),
        ("df.loc[df.price > 35, 'city'].iloc[0]", "Bergen"),
        ("df.price[1:3].tolist()", [20, 30]),
        ("df.price.apply(lambda p: p * 2).tolist()", [20, 40, 60, 80]),
        ("df.apply(lambda row: row.price + 1, axis=1).tolist()", [11, 21, 31, 41]),
        ('df.groupby("city").price.sum().to_dict()', {"Bergen": 60, "Oslo": 40}),
        ('df.groupby("city").agg({"price": lambda s: s.max()}).price.tolist()', [40, 30]),
        ('{k: g.price.sum() for k, g in df.groupby("city")}', {"Bergen": 60, "Oslo": 40}),
        ("[row.price for row in df.itertuples()]", [10, 20, 30, 40]),
        ("pd.concat([df, df]).shape", (8, 2)),
        ("df.sort_values('price', ascending=False).price.tolist()", [40, 30, 20, 10]),
        ("df.replace({'Oslo': 'O'}).city.tolist()", ["O", "Bergen", "O", "Bergen"]),
        ("','.join(df.city)", "Oslo,Bergen,Oslo,Bergen"),
        ("max(df.price), min(df.price), sum(df.price), sorted(df.price)[0]", (40, 10, 100, 10)),
        ("10 in list(df.price), 'price' in df", (True, True)),
        ("df | len", 4),
        ("(np.array([1, 2]) * 2 + 1).tolist()", [3, 5]),
        ("(2 ** np.arange(4)).tolist()", [1, 2, 4, 8]),
        ("np.arange(6).reshape(2, 3)[1, 2]", 5),
        ("np.arange(6).reshape(2, 3)[:, 1].tolist()", [1, 4]),
        ("(np.eye(2) @ np.array([1.0, 2.0])).tolist()", [1.0, 2.0]),
        ("np.where(np.array([1, -1]) > 0, 'up', 'down').tolist()", ["up", "down"]),
        ("f'{df.price.mean():.1f}'", "25.0"),
        ("str(df.price.head(1))", "0    10\nName: price, dtype: int64"),
        ("isinstance(df, pd.DataFrame), isinstance(df.price, pd.DataFrame)", (True, False)),
        ("type(df)", "DataFrame"),
    ],
)
def test_it_reads_as_in_python(session, text, expected):
    found = session.run(text)
    assert found == expected


def test_columns_are_made_and_renamed(session):
    text = """
d = df.copy()
d["total"] = d.price * 2
d.loc[0, "total"] = 0
d.columns = ["c", "p", "t"]
d.t.tolist()
"""
    assert session.run(text) == [0, 40, 60, 80]


def test_classes_of_python_are_types(session):
    session.run("def total(d: pd.DataFrame) -> int:\n    return d.price.sum()\n")
    assert session.run("total(df)") == 100
    with pytest.raises(dana.RuntimeFault, match="expected DataFrame"):
        session.run("total(3)")


@pytest.mark.parametrize(
    ("text", "cls", "message"),
    [
        ("if df.price > 1:\n    print(1)", "ValueError", "truth value of a Series is ambiguous"),
        ("df['nope']", "KeyError", "nope"),
        ("pd.Timestamp('nonsense')", "ValueError", "nonsense"),
        ("np.array([1, 2]) + np.array([1, 2, 3])", "ValueError", "could not be broadcast"),
        ("df.price.apply(lambda p: p / 0)", "ZeroDivisionError", "division by zero"),
    ],
)
def test_errors_can_be_caught_by_their_names(session, text, cls, message):
    body = "\n".join("    " + line for line in text.split("\n"))
    found = session.run(f"said = ''\ntry:\n{body}\nexcept {cls} as e:\n    said = e.message\nsaid\n")
    assert message in found
    with pytest.raises(dana.RuntimeFault):
        session.run(text)


@pytest.mark.parametrize(
    "walk",
    [
        "pd.io.common.os", "pd.io.common.sys", "np.ctypeslib.ctypes", "df._mgr", "df.__class__", "pd.DataFrame.mro",
        "pd.DataFrame.__init__", "df.apply.__globals__", "np._core", "pd.io.common.codecs", "np.array([1]).__array_interface__",
        "pd.io.common.tarfile", "pd.io.pickle.warnings", "np.lib.format.pickle", "np.testing.suppress_warnings._x",
        "pd.api.extensions.register_dataframe_accessor.__globals__", "pd.io.common.mmap",
    ],
)  # fmt: skip
def test_nothing_else_comes_along(session, walk):
    with pytest.raises(dana.DanaError):
        session.run(walk)


def test_deny_wins_inside_a_granted_module():
    allow, deny = dana.Allow(python=["pandas"]), dana.Deny(python=["pandas.io"])
    engine = dana.Engine(allow=allow, deny=deny, cache=False)
    for text in ("import pandas.py as pd\npd.io", "import pandas.io.py", "from pandas.py import io"):
        with pytest.raises(dana.Denied):
            engine.run(text)
