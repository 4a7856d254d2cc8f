"""Dana's lexer, Pygments and the TextMate grammar see the same tokens in every program of the repository."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.highlight.agreement import by_dana, by_pygments, by_textmate, differences

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tests/golden", "tests/stdlib", "stdlib", "examples", "benchmarks", "dana/starter")

# What no program of the repository happens to hold.
MORE = {
    "strings": """a = f'{x!r:>{width}} {{no}} {d["k"]:.2f} {n=} {(lambda y: y)(1)}' + r"\\d" + u'é' + rf"\\{x}\\d"\n""",
    "long strings": '''a = """one "two"\n{three}\\""" four""" + f"""{a\n + b:>{c}}\n"""\nb = 1\n''',
    "continued string": 'a = "one \\\n two"\nb = f"one \\\n {two}"\n',
    "soft words": "match = 1\ncase = 2\nagent = 3\ntype = type(test)\nresource.use = match[1]\nexport(use=1)\n",
    "soft words at work": 'type Money = float\ntest "x":\n    match x:\n        case [a, *b] if a: pass\n        case _: pass\n',
    "keyword names": "f(if_=1, lambda=2, None=3)\nx.class_ = y.match\nfrom . import a\nfrom .b import c\n",
    "scopes": "private:x = 1\nd = {public:y: system:z}\nprint(f'{private:x}')\nprivate = d[private : x]\n",
    "numbers": "a = 0xFF + 1_000.5e-3 + .5 + 1. + 0b1_0 + 0o17 + 1e9 - x.y\n",
    "pipelines": "a = 1 | f($$, ...) as b\n  | [g, h] | print  ## shown\n",
    "unicode": "größe = 'ü' ; naïve = größe # Ω\n",
    "braces": "if x { y = {1: 2} } else { z = {3} }\nstruct P { a: int ; b: str? = None }\n",
}


def samples() -> dict[str, str]:
    found = dict(MORE)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.na")):
            data = path.read_bytes()
            if b"\r" in data or b"\0" in data:
                continue  # editors split lines at these in their own ways
            try:
                found[str(path.relative_to(ROOT))] = data.decode("utf-8")
            except UnicodeDecodeError:
                continue  # programs that are no text are samples of a refusal
    return found


@cache
def read_samples() -> dict[str, tuple[str, list[str | None]]]:
    known = {name: (text, by_dana(text)) for name, text in samples().items()}
    return {name: (text, classes) for name, (text, classes) in known.items() if classes is not None}


def test_there_are_enough_samples() -> None:
    assert len(read_samples()) >= 100
    assert set(MORE) <= set(read_samples())


@pytest.mark.parametrize("read", [by_pygments, by_textmate])
def test_every_token_has_the_class_that_danas_lexer_gives_it(read) -> None:
    wrong = [
        f"{name}:{difference}"
        for name, (text, known) in read_samples().items()
        for difference in differences(text, known, read(text))
    ]
    assert wrong == []


@pytest.mark.parametrize("read", [by_pygments, by_textmate])
def test_a_difference_would_be_seen(read) -> None:
    text = "match x:\n    case 1: pass\n"
    known = by_dana(text)
    known[0] = "name"
    assert differences(text, known, read(text)) == ["1: match x:: name / keyword at 'match x:'"]


@pytest.mark.parametrize("text", ["'open\nx = 1\n", 'f"open {a\nx = 1\n', "x = €\n", "((\n", "}}}\n", "", "\\"])
def test_wrong_programs_are_highlighted_all_the_same(text) -> None:
    assert len(by_pygments(text)) == len(text)
    assert len(by_textmate(text)) == len(text)


def test_a_string_that_is_not_finished_ends_with_its_line() -> None:
    text = "a = 'open\nx = 1\n"
    for read in (by_pygments, by_textmate):
        assert read(text)[text.index("x")] == "name"
