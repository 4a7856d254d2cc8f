"""Mutated answers: never a value of a wrong type, never another exception than `DecodeError`.

    python -m tests.ipv.decoding.fuzz --count 100000 --seed 1

An input is made from `(seed, number)` alone: an answer that was right, with one to six faults put into it, decoded as
the type it was meant for or as another one.
"""

from __future__ import annotations

import argparse
import sys
from random import Random
from typing import Any

from dana.ipv.decoding import DecodeError, decode, partial
from dana.runtime.typevalues import as_type
from tests.ipv.decoding.kinds import scope

SEEDS = {
    "Item": '{"name": "Blue bolt", "price": 1200.5}',
    "Invoice": '{"number": "A-17", "items": [{"name": "bolt", "price": 2}, {"name": "nut", "price": 0.5}], '
    '"level": "very high", "due_date": "2025-03-09"}',
    "Node": '{"value": 1, "children": [{"value": 2, "children": []}, {"value": 3}]}',
    "Person": 'Sure!\n```json\n{"name": "Ann \\"A\\" Lee", "age": 41, "email": null, "active": false}\n```\nDone.',
    "Ten": '{"a": "x", "b": "y", "c": 1, "d": -2, "e": 0.5, "f": 7, "g": true, "h": "low", "i": ["p", "q"], "j": null}',
    "Money": '{"amount": 19.90, "tax_percent": "7 %"}',
    "Trip": '{"day": "2025-01-02", "at": "2025-01-02T10:00:00Z", "start": "09:30:00", "lasts": "P1DT2H", '
    '"id": "12345678-1234-1234-1234-123456789012", "share": "3/4"}',
    "Add": '{"left": {"type": "Mul", "left": 1, "right": 2}, "right": 3}',
    "list[Card|Cash]": '[{"kind": "cash", "amount": 5}, {"kind": "card", "last_four": "1234"}]',
    "dict[int,str]": '{"1": "one", "-2": "two"}',
    "dict[str,Item]": '{"x": {"name": "a", "price": 5}, "y": {"name": "b", "price": 6}}',
    "list[list[int]]": "[[1, 2], [3], []]",
    "set[Point]": '[{"x": 1, "y": 2}, {"x": 3, "y": 4}]',
    "tuple[int,str]": '[1, "one"]',
    "any": '[1, {"a": [true, null, "x"]}, -1.5e3]',
    "int": "The answer is 1,200.",
    "float": "$1,200.50",
    "bool": "Yes, because it is due.",
    "Level": "very high",
    "date": "March 9, 2025",
    "Decimal": "19.90",
}
PIECES = (
    "{ } [ ] \" ' , : \\ \n ``` ```json // /* */ # … ... “ ” − % $ € 1 0 -1 1e5 1e999 -1.1e9993 9e400, :1e400} 1,200 00 true None NaN Infinity "
    'null undefined yes nein not low LOW "a" "name": price: {"a":1} [1] \\u \\ud83d \\u0000 \ud7ff é 😀 \u2028 \x00 ; = .'
).split(" ")


def make(seed: int, number: int) -> tuple[str, str]:
    """The name of a type and a damaged answer."""
    random = Random(f"{seed}/{number}")
    name = random.choice(list(SEEDS))
    text = SEEDS[name]
    for _ in range(random.randint(1, 6)):
        text = mutate(text, random)
    if random.random() < 0.15:
        name = random.choice(list(scope()["types"]))
    return name, text


def mutate(text: str, random: Random) -> str:
    """One fault."""
    at = random.randrange(len(text) + 1)
    to = min(len(text), at + random.randint(1, 8))
    match random.randrange(7):
        case 0:
            return text[:at] + random.choice(PIECES) + text[at:]
        case 1:
            return text[:at] + text[to:]
        case 2:
            return text[:at] + random.choice(PIECES) + text[to:]
        case 3:
            return text[:at]
        case 4:
            return text[:to] + text[at:to] + text[to:]
        case 5:
            return text.replace('"', random.choice(("'", "“", "", "`")), random.randint(1, 9))
        case _:
            other = random.choice(list(SEEDS.values()))
            return random.choice((f"{text}\n{other}", f"{other} {text}", f"```\n{text}\n```", text.swapcase()))


def misfit(value: Any, kind: Any) -> str | None:
    """Why a value is not one of the type: it, a field of a struct in it, or plain data that is none."""
    declared = as_type(kind)
    if not declared._conforms(value):
        return f"{value!r} is no {declared.name}"
    return _inside(value)


def _inside(value: Any) -> str | None:
    shape = getattr(type(value), "_shape", None)
    if shape is not None:
        wrong = (misfit(getattr(value, f.slot), f.type) for f in shape.fields)
        return next((w for w in wrong if w), None)
    if isinstance(value, dict):
        return next((w for pair in value.items() for part in pair if (w := _inside(part))), None)
    if isinstance(value, list | tuple | set):
        return next((w for part in value if (w := _inside(part))), None)
    if isinstance(value, float) and (value.__class__ is not float or value - value != 0):
        return f"{value!r} is no finite plain float"
    if isinstance(value, str) and (value.__class__ is not str or any("\ud800" <= c < "\ue000" for c in value)):
        return f"{value!r} is no whole text"
    return f"{value!r} is nothing of Dana's" if value.__class__.__module__.startswith("dana.ipv") else None


def explore(seed: int, numbers: Any) -> dict[str, int]:
    """Counts of outcomes. Raises an AssertionError with the input that went wrong."""
    tally = {"values": 0, "repaired": 0, "refused": 0}
    for number in numbers:
        name, text = make(seed, number)
        kind = scope()["types"][name]
        try:
            decoded = decode(text, kind)
            wrong = misfit(decoded.value, kind)
            tally["repaired" if decoded.repairs else "values"] += 1
        except DecodeError as error:
            wrong = None if error.problems else "an error without a problem"
            tally["refused"] += 1
        except Exception as error:  # the very thing that is looked for
            msg = f"input {seed}/{number}, {name}, {text!r}: {type(error).__name__}: {error}"
            raise AssertionError(msg) from error
        partial(text, kind)
        if wrong:
            msg = f"input {seed}/{number}, {name}, {text!r}: {wrong}"
            raise AssertionError(msg)
    return tally


def main() -> int:
    """Explore so many inputs; 1 when one of them went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.ipv.decoding.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        tally = explore(options.seed, range(options.count))
    except AssertionError as found:
        print(found)
        return 1
    print(f"decoding: {options.count:,} inputs, " + ", ".join(f"{n:,} {what}" for what, n in tally.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
