"""Recorded runs (`Engine(record=PATH)`) happen again as they were recorded, or say where they do not."""

from __future__ import annotations

import asyncio
import contextlib
import os

import pytest

import dana
from dana import Allow, Engine, Limits, Source
from dana.adaptive.journal import Journal, JournalError
from dana.adaptive.ledger import Ledger
from dana.engine.replaying import Departure, NotRecordedError, Replayed


class FakeClock:
    """Goes on by a little with every look, so that readings that are left out or doubled show."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        self.now += 0.001
        return self.now

    def time(self) -> float:
        self.now += 0.001
        return self.now + 1_700_000_000

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def engine_of(**options: object) -> Engine:
    """An engine whose host answers otherwise each time it is asked."""
    engine = Engine(cache=False, **options)
    asked = iter(range(1, 1000))

    @engine.host("crm.number")
    def number(of: str = "") -> int:
        return next(asked)

    @engine.host("crm.lookup")
    async def lookup(key: int) -> dict:
        await asyncio.sleep(0)
        if key < 0:
            raise KeyError(f"no {key}")
        return {"id": key, "turn": next(asked)}

    return engine


def replayed(text: str, tmp_path: object, again: str | None = None, **options: object) -> Replayed:
    """Record a program, and replay it; `again`: another text in its place."""
    path = os.path.join(str(tmp_path), "runs.db")
    place = os.path.join(str(tmp_path), "main.na")
    with open(place, "w", encoding="utf-8") as file:
        file.write(text)
    options.setdefault("on_print", lambda _text: None)
    with contextlib.suppress(dana.DanaError):
        engine_of(record=path, **options).run(place)
    if again is not None:
        with open(place, "w", encoding="utf-8") as file:
            file.write(again)
    return engine_of().replay(path)


AUDITED = """
import time, random

@poet(retries=3, backoff=0.002, audit_trail=true)
def price(item: str) -> int:
    n = crm.number(item)
    if n % 3 != 0:
        raise ConnectionError(f"busy {n}")
    return n * random.randint(1, 1_000_000)

print(price("tea"), time.now(), time.monotonic())
print(price("milk"))
"""


def test_a_run_happens_again_without_its_host(tmp_path) -> None:
    found = replayed(AUDITED, tmp_path)
    assert found.departure is None
    assert found
    # Three modules; a beginning, two failed attempts and an end for each call; two lines; the end.
    assert found.events == 3 + 2 * 4 + 2 + 1
    assert "all as recorded" in repr(found)


def test_times_are_those_that_were_recorded(tmp_path) -> None:
    assert replayed(AUDITED, tmp_path, clock=FakeClock()).departure is None


def test_nobody_waits_in_a_replay(tmp_path) -> None:
    slow = "import time\nfor i in range(3):\n    time.sleep(3600)\nprint(time.now())\n"
    assert replayed(slow, tmp_path, clock=FakeClock(), limits=Limits(wall_s=None)).departure is None


PROGRAMS = {
    "effects side by side": "a = crm.lookup(1)\nb = crm.lookup(2)\nprint(a, b)\nprint(parallel(crm.lookup, [1, 2, 3]))\n",
    "a failure of an effect": "try:\n    crm.lookup(-1)\nexcept KeyError as e:\n    print(e)\n",
    "a failure that ends it": "print(crm.number())\ncrm.lookup(-1)\n",
    "chance": "import random\nprint([random.random() for i in range(5)])\nxs = [1, 2, 3]\nrandom.shuffle(xs)\nprint(xs)\n",
    "dates": "from datetime import datetime\nprint(datetime.now())\n",
    "exit": "print(1)\nexit(3)\n",
    "a limit": "while true:\n    pass\n",
    "a large text": "print('ab' * 50_000)\n",
    "a value": "[1, 2.5, (1, 'a'), {'k': b'x'}]\n",
    "a deadline on the way": (
        "@poet(timeout=0.05, audit_trail=true)\ndef f():\n    while true:\n        pass\n"
        "try:\n    f()\nexcept POETTimeoutError as e:\n    print('late')\n"
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_happen_again(name, tmp_path) -> None:
    options = {"limits": Limits(steps=20_000)} if name == "a limit" else {}
    found = replayed(PROGRAMS[name], tmp_path, **options)
    # How late a deadline was seen is nobody's to repeat: only where CPU time decided may a duration differ.
    if name == "a deadline on the way" and found.departure is not None:
        assert found.departure.field in ("data.took_s", "at", "data.error")
    else:
        assert found.departure is None


def test_files_are_answered_from_the_record(tmp_path) -> None:
    data = tmp_path / "data.txt"
    data.write_text("one\ntwo\nthree\n")
    text = (
        "import files\n"
        f"print(files.read_text({str(data)!r}))\n"
        f"for line in files.lines({str(data)!r}):\n    print(line)\n"
        f"print(files.exists({str(tmp_path / 'gone')!r}))\n"
        "try:\n    files.read_text('/etc/hostname')\nexcept Exception as e:\n    print(type(e))\n"
        f"files.write_text({str(tmp_path / 'out.txt')!r}, 'made')\n"
    )
    path, place = str(tmp_path / "runs.db"), str(tmp_path / "main.na")
    (tmp_path / "main.na").write_text(text)
    allowed = Allow(read=[str(tmp_path)], write=[str(tmp_path)])
    engine_of(record=path, allow=allowed, on_print=lambda _t: None).run(place)
    data.write_text("something else")
    (tmp_path / "out.txt").unlink()
    found = Engine(cache=False).replay(path)
    assert found.departure is None
    assert not (tmp_path / "out.txt").exists(), "a replay touches nothing"


def test_a_large_answer_is_kept_in_pieces(tmp_path) -> None:
    big = tmp_path / "big.txt"
    big.write_text("".join(f"line {n * 7919 % 10007}\n" for n in range(30_000)))
    path, place = str(tmp_path / "runs.db"), tmp_path / "main.na"
    place.write_text(f"import files\nprint(len(files.read_text({str(big)!r})))\n")
    Engine(record=path, cache=False, allow=Allow(read=True), on_print=lambda _t: None).run(str(place))
    big.unlink()
    assert Engine(cache=False).replay(path).departure is None


def test_texts_and_arguments_are_in_the_record(tmp_path) -> None:
    path = str(tmp_path / "runs.db")
    engine = Engine(record=path, cache=False, on_print=lambda _t: None, seed=7)
    text = "import random\ndef __main__(n: int, who: str):\n    print(who, [random.randint(1, n) for i in range(3)])\n"
    engine.run(Source("<text>", text), arguments={"n": 6, "who": "Ann"})
    assert engine.eval("a + b", a=1, b=[2][0]) == 3
    assert Engine(cache=False).replay(path).departure is None
    journal = Journal(path, reading=True)
    first, second = (run for run, _at, _count in journal.runs())
    journal.close()
    assert Engine(cache=False).replay(path, first).run == first
    assert Engine(cache=False).replay(path).run == second


def test_input_is_answered_from_the_record(tmp_path) -> None:
    path = str(tmp_path / "runs.db")
    engine = Engine(record=path, cache=False, on_print=lambda _t: None, read=lambda prompt: prompt.upper())
    engine.run(Source("<text>", "print(input('a'), input('b'))\n"))
    assert Engine(cache=False).replay(path).departure is None


def test_asynchronous_runs_are_recorded(tmp_path) -> None:
    path = str(tmp_path / "runs.db")
    engine = engine_of(record=path, on_print=lambda _t: None)
    asyncio.run(engine.arun(Source("<text>", "print(crm.lookup(1), crm.number())\n")))
    assert engine_of().replay(path).departure is None


def test_an_effect_that_a_deadline_ended_is_ended_again(tmp_path) -> None:
    path = str(tmp_path / "runs.db")
    text = (
        "@poet(timeout=0.02)\ndef f():\n    return slow.wait()\n"
        "try:\n    f()\nexcept POETTimeoutError as e:\n    print('late')\nprint(slow.wait.__doc__ == none)\n"
    ).replace("print(slow.wait.__doc__ == none)\n", "")

    def make(**options: object) -> Engine:
        engine = Engine(cache=False, on_print=lambda _t: None, **options)

        @engine.host("slow.wait")
        async def wait() -> int:
            await asyncio.sleep(60)
            return 1

        return engine

    make(record=path).run(Source("<text>", text))
    assert make().replay(path).departure is None


# --- departures -------------------------------------------------------------------------------------


def test_a_changed_program_departs_at_its_text(tmp_path) -> None:
    found = replayed("print(1)\n", tmp_path, "print(2)\n")
    departure = found.departure
    assert not found
    assert isinstance(departure, Departure)
    assert (departure.event, departure.field) == ("event 1 (replay.module __main__)", "data.sha256")
    assert departure.note == "the text of `__main__` has changed since"
    assert len(departure.recorded) == len(departure.replayed) == 64
    assert found.events == 0


def test_a_changed_module_departs_where_it_is_imported(tmp_path) -> None:
    (tmp_path / "rates.na").write_text("rate = 3\n")
    path, place = str(tmp_path / "runs.db"), tmp_path / "main.na"
    place.write_text("print('before')\nfrom rates import rate\nprint(rate)\n")
    Engine(record=path, cache=False, on_print=lambda _t: None).run(str(place))
    (tmp_path / "rates.na").write_text("rate = 4\n")
    departure = Engine(cache=False).replay(path).departure
    assert departure is not None
    assert departure.event == "event 3 (replay.module rates)"


def tampered(tmp_path, edit) -> Departure:
    """The departure of a run in whose record something was changed."""
    import sqlite3

    path = str(tmp_path / "runs.db")
    (tmp_path / "main.na").write_text(AUDITED)
    engine_of(record=path, on_print=lambda _t: None).run(str(tmp_path / "main.na"))
    connection = sqlite3.connect(path)
    edit(connection)
    connection.commit()
    connection.close()
    departure = engine_of().replay(path).departure
    assert departure is not None
    return departure


def test_another_answer_shows_at_the_first_event_it_changes(tmp_path) -> None:
    def edit(db) -> None:
        db.execute("UPDATE events SET data = replace(data, '\"value\":1', '\"value\":11') WHERE kind = 'replay.answer'")

    departure = tampered(tmp_path, edit)
    assert departure.event.endswith("(poet.attempt price)")
    assert departure.field == "data.fault"
    assert (departure.recorded, departure.replayed) == ("ConnectionError: busy 1", "ConnectionError: busy 11")
    assert 'recorded "ConnectionError: busy 1", now "ConnectionError: busy 11"' in str(departure)


def test_another_seed_shows_in_the_first_value_of_chance(tmp_path) -> None:
    def edit(db) -> None:
        db.execute("UPDATE events SET data = json_set(data, '$.seed', 5) WHERE kind = 'replay.start'")

    departure = tampered(tmp_path, edit)
    assert departure.field == "act", "the ids of calls come from the seed"


def test_a_question_nobody_asked_then(tmp_path) -> None:
    def edit(db) -> None:
        db.execute("DELETE FROM events WHERE kind = 'replay.answer' AND json_extract(data, '$.number') = 4")

    departure = tampered(tmp_path, edit)
    assert departure.event == "question 4 to `crm.number`"
    assert departure.replayed == 'asked with ["milk"]'


def test_another_question(tmp_path) -> None:
    def edit(db) -> None:
        db.execute("UPDATE events SET data = replace(data, 'milk', 'mead') WHERE kind = 'replay.answer'")

    departure = tampered(tmp_path, edit)
    assert (departure.event, departure.field) == ("question 4 to `crm.number`", "asked[0]")
    assert (departure.recorded, departure.replayed) == ("mead", "milk")


def test_an_event_too_many_and_one_too_few(tmp_path) -> None:
    def more(db) -> None:
        db.execute("DELETE FROM events WHERE kind = 'poet.call.end'")

    departure = tampered(tmp_path, more)
    assert (departure.field, departure.replayed) == ("kind", "poet.call.end")
    assert departure.to_json()["recorded"] == "replay.print"


def test_times_that_differ_show(tmp_path) -> None:
    def edit(db) -> None:
        db.execute("UPDATE events SET at = at + 1 WHERE kind = 'poet.call.start'")

    assert tampered(tmp_path, edit).field == "at"


def test_secrets_are_not_recorded_and_the_departure_says_so(tmp_path) -> None:
    path = str(tmp_path / "runs.db")
    text = "c = vault.open()\nprint(len(c['password']))\n"

    def make(**options: object) -> Engine:
        engine = Engine(cache=False, on_print=lambda _t: None, **options)

        @engine.host("vault.open")
        def open_() -> dict:
            return {"password": "correct horse"}

        return engine

    make(record=path).run(Source("<text>", text))
    with open(path, "rb") as file:
        assert b"correct horse" not in file.read()
    departure = make().replay(path).departure
    assert departure is not None
    assert departure.note == "answer 1 of `vault.open` had secrets in it, which no record holds"


# --- what cannot be replayed --------------------------------------------------------------------------


def test_a_run_that_was_not_recorded(tmp_path) -> None:
    path = str(tmp_path / "events.db")
    ledger = Ledger(Journal(path), run="monday", background=False)
    ledger.keep("poet.notes", "f", {})
    ledger.close()
    with pytest.raises(NotRecordedError, match="has no recorded run: it holds 1 run whose events alone were kept") as e:
        Engine().replay(path)
    assert "dana run --record FILE" in e.value.hint
    (tmp_path / "main.na").write_text("print(1)\n")
    Engine(record=path, on_print=lambda _t: None).run(str(tmp_path / "main.na"))
    with pytest.raises(NotRecordedError, match="the run `monday` was not recorded, only its events were kept"):
        Engine().replay(path, "monday")
    with pytest.raises(NotRecordedError, match="has no run `tuesday`"):
        Engine().replay(path, "tuesday")


def test_an_empty_ledger_and_no_ledger(tmp_path) -> None:
    path = str(tmp_path / "empty.db")
    Journal(path).close()
    with pytest.raises(NotRecordedError, match="it is empty"):
        Engine().replay(path)
    (tmp_path / "text.db").write_text("no ledger at all, only some text that is long enough")
    with pytest.raises(JournalError):
        Engine().replay(str(tmp_path / "text.db"))
    with pytest.raises(JournalError):
        Engine(record=str(tmp_path / "text.db"))


def test_a_run_without_an_end(tmp_path) -> None:
    import sqlite3

    path = str(tmp_path / "runs.db")
    Engine(record=path, cache=False, on_print=lambda _t: None).run(Source("<text>", "print(1)\n"))
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM events WHERE kind = 'replay.end'")
    connection.commit()
    connection.close()
    with pytest.raises(NotRecordedError, match="has no end: its process was killed, or is still running"):
        Engine().replay(path)


def test_an_answer_that_is_no_data(tmp_path) -> None:
    path = str(tmp_path / "runs.db")

    class Connection:
        name = "x"

    def make(**options: object) -> Engine:
        engine = Engine(cache=False, on_print=lambda _t: None, **options)

        @engine.host("db.connect")
        def connect() -> object:
            return Connection()

        return engine

    make(record=path).run(Source("<text>", "c = db.connect()\nprint(1)\n"))
    with pytest.raises(NotRecordedError, match=r"answer 1 of `db\.connect` cannot be given again"):
        make().replay(path)


def test_a_recording_is_a_ledger_that_verifies(tmp_path) -> None:
    path = str(tmp_path / "runs.db")
    engine = Engine(record=path, cache=False, on_print=lambda _t: None)
    engine.run(Source("<text>", "print(1)\n"))
    engine.run(Source("<text>", "print(2)\n"))
    journal = Journal(path, reading=True)
    assert journal.verify()
    assert len(journal.runs()) == 2
    journal.close()
    assert engine.events("run.*"), "record=PATH keeps events as record=True does"


def test_what_was_denied_is_denied_again(tmp_path):
    text = "import files\ntry:\n    files.read_text('/etc/hosts')\nexcept Denied as e:\n    print(e.type, e.message)\n"
    path = str(tmp_path / "run.db")
    told: list[str] = []
    dana.Engine(record=path, on_print=told.append, cache=False).run(dana.Source("<denied>", text))
    assert told == ["Denied reading `/etc/hosts` is not granted\n"]
    assert dana.Engine(cache=False).replay(path).departure is None
