"""`datetime`: Python's dates, times and durations, by the program's clock and in UTC.

`date` and `datetime` are subclasses of Python's: their instances must not lead to the clock or the time zone of the
machine (`d.today()`, `d.astimezone()`), and what they make must be of the same kind. `timedelta` and `timezone`
are Python's own: everything they have is a value. Python gets Python's own for each of them (`_dana_release`):
databases and `pickle` ask for the very class.
"""

from __future__ import annotations

import _strptime  # type: ignore[import-not-found]  # noqa: F401
import datetime as dt
import time as _clock  # noqa: F401  (C looks both up in the builtins of the calling frame, which are the program's)

from dana.runtime.curated import Curated
from dana.runtime.curated.values import CuratedType, register, too_large
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_FORMAT = 1000


def checked_format(format: Any) -> str:  # noqa: A002
    """A format for `strftime`: not long, and without the widths (`%1000000d`) some C libraries understand."""
    if not isinstance(format, str):
        raise failure(TypeError, "E601", "a format is a text, such as '%Y-%m-%d'")
    if len(format) > MAX_FORMAT:
        raise too_large(f"a format of {len(format):,} characters", f"at most {MAX_FORMAT:,}")
    for part in format.replace("%%", "").split("%")[1:]:
        if part.lstrip("#-_^EO:")[:1].isdigit():
            raise failure(
                ValueError, "E602", f"formats take no widths: `%{part[:8]}`", "use an f-string: f'{d.day:>5}'"
            )
    return format


def _ask_the_type(name: str) -> Any:
    def refuse(_self: Any) -> Any:
        raise failure(
            AttributeError, "E604", f"`{name}` belongs to the type: write `{name}` after `date` or `datetime`"
        )

    return property(refuse)


class Date(dt.date):
    """A day."""

    __slots__ = ()

    def strftime(self, format: str) -> str:  # noqa: A002
        return super().strftime(checked_format(format))

    def __format__(self, format: str) -> str:  # noqa: A002
        return self.strftime(format) if format else str(self)

    def timetuple(self) -> Any:
        return super().timetuple()  # C imports `time` by the caller's builtins: a frame of Python must call it

    def __repr__(self) -> str:
        return "datetime." + super().__repr__()

    def _dana_release(self) -> dt.date:
        return dt.date(self.year, self.month, self.day)

    today = _ask_the_type("today")
    fromtimestamp = _ask_the_type("fromtimestamp")


class DateTime(dt.datetime, Date):
    """A moment on the calendar."""

    __slots__ = ()

    def strftime(self, format: str) -> str:  # noqa: A002
        return dt.datetime.strftime(self, checked_format(format))

    def date(self) -> Date:
        return Date(self.year, self.month, self.day)

    def timetuple(self) -> Any:
        return dt.datetime.timetuple(self)

    def utctimetuple(self) -> Any:
        return dt.datetime.utctimetuple(self)

    def timestamp(self) -> float:
        return dt.datetime.timestamp(_in_utc(self))

    def astimezone(self, tz: Any = None) -> DateTime:
        return _mine(dt.datetime.astimezone(_in_utc(self), tz or dt.UTC))

    def time(self) -> Time:
        return Time(self.hour, self.minute, self.second, self.microsecond, fold=self.fold)

    def timetz(self) -> Time:
        return Time(self.hour, self.minute, self.second, self.microsecond, self.tzinfo, fold=self.fold)

    def __repr__(self) -> str:
        return "datetime." + dt.datetime.__repr__(self)

    def _dana_release(self) -> dt.datetime:
        clock = (self.hour, self.minute, self.second, self.microsecond)
        return dt.datetime(self.year, self.month, self.day, *clock, tzinfo=self.tzinfo, fold=self.fold)

    today = _ask_the_type("today")
    now = _ask_the_type("now")
    utcnow = _ask_the_type("utcnow")
    fromtimestamp = _ask_the_type("fromtimestamp")
    utcfromtimestamp = _ask_the_type("utcfromtimestamp")
    strptime = _ask_the_type("strptime")


class Time(dt.time):
    """A time of day."""

    __slots__ = ()

    def strftime(self, format: str) -> str:  # noqa: A002
        return super().strftime(checked_format(format))

    def __format__(self, format: str) -> str:  # noqa: A002
        return self.strftime(format) if format else str(self)

    def __repr__(self) -> str:
        return "datetime." + super().__repr__()

    def _dana_release(self) -> dt.time:
        return dt.time(self.hour, self.minute, self.second, self.microsecond, self.tzinfo, fold=self.fold)


Time.__name__ = Time.__qualname__ = "time"
Date.__name__ = Date.__qualname__ = "date"
DateTime.__name__ = DateTime.__qualname__ = "datetime"
Date.min, Date.max = Date(1, 1, 1), Date(9999, 12, 31)
Time.min, Time.max = Time(), Time(23, 59, 59, 999999)
DateTime.min, DateTime.max = DateTime(1, 1, 1), DateTime(9999, 12, 31, 23, 59, 59, 999999)


def _from_timestamp(timestamp: float, tz: Any) -> DateTime:
    return _mine(dt.datetime.fromtimestamp(timestamp, tz))


def _in_utc(moment: DateTime) -> DateTime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _mine(moment: dt.datetime) -> DateTime:
    return moment if isinstance(moment, DateTime) else admitted(moment)


def admitted(value: Any) -> Any:
    """The program's own date, datetime or time for one of Python's; a time zone becomes its offset then."""
    if value.__class__ is dt.datetime:
        zone = _offset(value.tzinfo, value.utcoffset(), value.tzname())
        clock = (value.hour, value.minute, value.second, value.microsecond)
        return DateTime(value.year, value.month, value.day, *clock, zone, fold=value.fold)
    if value.__class__ is dt.time:
        zone = _offset(value.tzinfo, value.utcoffset(), value.tzname())
        return Time(value.hour, value.minute, value.second, value.microsecond, zone, fold=value.fold)
    return Date(value.year, value.month, value.day) if value.__class__ is dt.date else value


def _offset(zone: Any, offset: dt.timedelta | None, name: str | None) -> Any:
    """A time zone without rules: those of the host are objects with files behind them."""
    if zone is None or zone.__class__ is dt.timezone:
        return zone
    if offset is None:
        return None
    return dt.timezone(offset) if name is None else dt.timezone(offset, name)


def _reader(kind: Any) -> Any:
    """What makes an instance of an ISO text where one is declared."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError
        return kind.fromisoformat(value.strip())

    return read


def make_datetime(program: Program) -> dict[str, Any]:
    clock = program.clock
    utc = dt.UTC

    def today() -> Date:
        """The day it is, in UTC."""
        return now().date()

    def now(tz: Any = None) -> DateTime:
        """The moment it is, by the program's clock: in UTC, or in a time zone."""
        moment = _from_timestamp(clock.time(), tz or utc)
        return moment if tz is not None else moment.replace(tzinfo=None)

    def fromtimestamp(timestamp: float, tz: Any = None) -> DateTime:
        """The moment so many seconds after 1970-01-01 00:00 UTC."""
        moment = _from_timestamp(timestamp, tz or utc)
        return moment if tz is not None else moment.replace(tzinfo=None)

    def date_fromtimestamp(timestamp: float) -> Date:
        return fromtimestamp(timestamp).date()

    def utcnow() -> DateTime:
        return now()

    def utcfromtimestamp(timestamp: float) -> DateTime:
        return fromtimestamp(timestamp)

    def strptime(date_string: str, format: str) -> DateTime:  # noqa: A002
        """The moment a text says, written in this format."""
        return _mine(dt.datetime.strptime(date_string, checked_format(format)))  # noqa: DTZ007

    def combine(date: Any, time: Any, *rest: Any) -> DateTime:
        return DateTime.combine(date, time, *rest)

    date_fromtimestamp.__name__ = "fromtimestamp"
    shared = {"fromisoformat", "fromordinal", "fromisocalendar"}
    date = CuratedType(
        "date", Date, Date,
        {"today": today, "fromtimestamp": date_fromtimestamp, "min": Date.min, "max": Date.max,
         "resolution": Date.resolution, **{n: getattr(Date, n) for n in shared}},
        methods="ctime isocalendar isoformat isoweekday replace strftime timetuple toordinal weekday".split(),
        read=_reader(Date),
    )  # fmt: skip
    moment = CuratedType(
        "datetime", DateTime, DateTime,
        {"now": now, "utcnow": utcnow, "today": utcnow, "fromtimestamp": fromtimestamp,
         "utcfromtimestamp": utcfromtimestamp, "strptime": strptime, "combine": combine, "min": DateTime.min,
         "max": DateTime.max, "resolution": DateTime.resolution, **{n: getattr(DateTime, n) for n in shared}},
        methods="astimezone ctime date dst isocalendar isoformat isoweekday replace strftime time timestamp timetuple "
        "timetz toordinal tzname utcoffset utctimetuple weekday".split(),
        read=_reader(DateTime),
    )  # fmt: skip
    time = CuratedType(
        "time", Time, Time,
        {"fromisoformat": Time.fromisoformat, "min": Time.min, "max": Time.max,
         "resolution": dt.time.resolution},
        methods="dst isoformat replace strftime tzname utcoffset".split(),
        read=_reader(Time),
    )  # fmt: skip
    delta = CuratedType(
        "timedelta", dt.timedelta, dt.timedelta,
        {"min": dt.timedelta.min, "max": dt.timedelta.max, "resolution": dt.timedelta.resolution},
        methods=["total_seconds"],
    )  # fmt: skip
    zone = CuratedType(
        "timezone", dt.timezone, dt.timezone,
        {"utc": utc, "min": dt.timezone.min, "max": dt.timezone.max}, methods=["tzname", "utcoffset"],
    )  # fmt: skip
    register(program, date, moment, time, delta, zone)
    return {
        "date": date, "datetime": moment, "time": time, "timedelta": delta, "timezone": zone, "UTC": utc,
        "MINYEAR": dt.MINYEAR, "MAXYEAR": dt.MAXYEAR,
    }  # fmt: skip


SIGNATURES = {
    "date": "(year: int, month: int, day: int) -> @date",
    "datetime": "(year: int, month: int, day: int, hour: int = …, minute: int = …, second: int = …, "
    "microsecond: int = …, tzinfo: any = …, *, fold: int = …) -> @datetime",
    "time": "(hour: int = …, minute: int = …, second: int = …, microsecond: int = …, tzinfo: any = …, *, "
    "fold: int = …) -> @time",
    "timedelta": "(days: number = …, seconds: number = …, microseconds: number = …, milliseconds: number = …, "
    "minutes: number = …, hours: number = …, weeks: number = …) -> @timedelta",
    "timezone": "(offset: @timedelta, name: str = …) -> @timezone",
    "UTC": "@timezone",
    "MINYEAR": "int",
    "MAXYEAR": "int",
}
REFUSED = {"tzinfo": "use offsets: `timezone(timedelta(hours=1))`"}
FAMILY = {"datetime": Curated(make_datetime, SIGNATURES, REFUSED)}
