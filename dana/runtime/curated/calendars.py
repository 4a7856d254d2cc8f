"""`calendar`: weeks and months, in English and independent of the machine's locale."""

from __future__ import annotations

import calendar as host

from dana.runtime.curated import Curated
from dana.runtime.curated.values import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
MAX_WIDTH = 100


def monthcalendar(year: int, month: int) -> list[list[int]]:
    """The weeks of a month, Monday first; 0 for days of other months."""
    return host.Calendar().monthdayscalendar(_year(year), whole(month, "month", 1, 12))


def month(theyear: int, themonth: int, w: int = 0, l: int = 0) -> str:  # noqa: E741
    """A month as text."""
    width, lines = whole(w, "w", 0, MAX_WIDTH), whole(l, "l", 0, MAX_WIDTH)
    width, lines = max(2, width), max(1, lines)
    title = f"{MONTHS[whole(themonth, 'month', 1, 12)]} {_year(theyear)}".center((width + 1) * 7 - 1).rstrip()
    rows = [
        title,
        " ".join(day[:width].center(width) if width >= 9 else day[: min(width, 3)].center(width) for day in DAYS),
    ]
    for week in monthcalendar(theyear, themonth):
        rows.append(" ".join(("" if day == 0 else f"{day:2}").center(width) for day in week).rstrip())
    return "".join(row.rstrip() + "\n" * lines for row in rows)


def monthrange(year: int, month: int) -> tuple[int, int]:
    """The weekday of the first day (Monday is 0), and how many days there are."""
    first, days = host.monthrange(_year(year), whole(month, "month", 1, 12))
    return int(first), days


def weekday(year: int, month: int, day: int) -> int:
    """0 for Monday to 6 for Sunday."""
    return int(host.weekday(_year(year), month, day))


def _year(year: Any) -> int:
    return whole(year, "year", 1, 9999)


def timegm(tuple: Any) -> int:  # noqa: A002
    """Seconds since 1970 of a time tuple in UTC."""
    return host.timegm(tuple)


def make_calendar(_program: Program) -> dict[str, Any]:
    names = "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY".split()
    return {
        "isleap": host.isleap, "leapdays": host.leapdays, "monthcalendar": monthcalendar, "month": month,
        "monthrange": monthrange, "weekday": weekday, "timegm": timegm, "day_name": list(DAYS),
        "day_abbr": [d[:3] for d in DAYS], "month_name": list(MONTHS), "month_abbr": [m[:3] for m in MONTHS],
        **{name: number for number, name in enumerate(names)},
    }  # fmt: skip


SIGNATURES = {
    "isleap": "(year: int) -> bool",
    "leapdays": "(y1: int, y2: int) -> int",
    "monthcalendar": "(year: int, month: int) -> list[list[int]]",
    "month": "(theyear: int, themonth: int, w: int = …, l: int = …) -> str",
    "monthrange": "(year: int, month: int) -> tuple[int, int]",
    "weekday": "(year: int, month: int, day: int) -> int",
    "timegm": "(tuple: any) -> int",
    **dict.fromkeys(("day_name", "day_abbr", "month_name", "month_abbr"), "list[str]"),
    **dict.fromkeys("MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY".split(), "int"),
}
OBJECTS = "Calendar TextCalendar HTMLCalendar LocaleTextCalendar".split()
REFUSED = {
    **dict.fromkeys(OBJECTS, "use `calendar.monthcalendar(year, month)`"),
    **dict.fromkeys(("calendar", "prcal", "prmonth"), "print `calendar.month(year, month)`"),
    "setfirstweekday": "weeks begin on Monday for everybody",
}
FAMILY = {"calendar": Curated(make_calendar, SIGNATURES, REFUSED)}
