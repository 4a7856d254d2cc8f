"""Equipment of a zone over time: what it can stand, and when it wants looking after.

    Protection    minimum time off, starts in a day, ramps: may this command be given now?
    Maintenance   short cycles, starts, weak response, a sensor that no longer moves, hours of the fan: what to look at

Both are states of one zone that are told commands with their time (seconds of any clock); nothing here reads a clock.
A command that is not allowed changes nothing, so whoever asks again gets the same answer until time has passed.
"""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

DAY_S = 86_400.0
HOUR_S = 3_600.0
DEVICES = ("heating", "cooling")


class Device:
    """One machine: its level in percent, since when, and its starts of the last day."""

    __slots__ = ("at", "level", "off_since", "starts")

    def __init__(self) -> None:
        self.level = 0.0
        self.at: float | None = None
        self.off_since: float | None = None
        self.starts: deque[float] = deque()


class Protection:
    """What the machines of one zone are protected from, by settings (see `building_management`)."""

    __slots__ = ("devices", "settings")

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.devices = {name: Device() for name in DEVICES}

    def problem(self, levels: Mapping[str, float], now: float) -> tuple[str, str]:
        """Which device may not do what is commanded, and why; two empty texts when all may."""
        for name, level in levels.items():
            device = self.devices.get(name)
            why = "" if device is None else self._problem(name, device, level, now)
            if why:
                return name, why
        return "", ""

    def _problem(self, name: str, device: Device, level: float, now: float) -> str:
        settings = self.settings
        if level > 0 and device.level == 0:
            off: float = settings["min_off_s"]
            if device.off_since is not None and now - device.off_since < off:
                left = off - max(0.0, now - device.off_since)
                return f"{name} stopped less than {off:g} s ago: it may start in {left:.0f} s"
            recent = sum(now - at < DAY_S for at in device.starts)
            if recent >= settings["max_starts"]:
                return f"{name} has started {recent} times in a day, and {settings['max_starts']} is what it stands"
        ramp = settings["ramp_per_min"]
        if ramp and device.at is not None and level > device.level:
            most = ramp * max(0.0, now - device.at) / 60
            if level - device.level > most + 1e-9:
                return f"{name} may rise by {most:.3g} % by now, not by {level - device.level:g} %"
        return ""

    def allowed(self, name: str, level: float, now: float) -> float:
        """The nearest level that the device may have now."""
        device = self.devices[name]
        if not self._problem(name, device, level, now):
            return level
        ramp = self.settings["ramp_per_min"]
        if ramp and device.at is not None:
            slower: float = min(level, device.level + ramp * max(0.0, now - device.at) / 60)
            if not self._problem(name, device, slower, now):
                return slower
        return 0.0 if device.level == 0 else device.level

    def commanded(self, levels: Mapping[str, float], now: float) -> None:
        """A command was given."""
        for name, level in levels.items():
            device = self.devices.get(name)
            if device is None:
                continue
            if level > 0 and device.level == 0:
                device.starts.append(now)
                while device.starts and now - device.starts[0] >= DAY_S:
                    device.starts.popleft()
            if level == 0 and device.level > 0:
                device.off_since = now
            device.level, device.at = level, now


class Alert:
    """What somebody should look at: its `name`, a sentence, and how soon ("now", "this week", "next visit")."""

    __slots__ = ("name", "text", "urgency")

    def __init__(self, name: str, text: str, urgency: str) -> None:
        self.name = name
        self.text = text
        self.urgency = urgency

    def to_data(self) -> dict[str, str]:
        """Its fields."""
        return {"name": self.name, "text": self.text, "urgency": self.urgency}

    def __repr__(self) -> str:
        return f"{self.name} ({self.urgency}): {self.text}"


# Alerts, for the docs: name, when, how soon somebody should look.
ALERTS = (
    ("short cycles", "more than 6 starts of a machine in an hour", "now"),
    ("many starts", "four fifths of the starts a machine stands in a day", "this week"),
    ("weak heating", "heating at 80 % or more for an hour, and the zone is not 1 °F warmer", "this week"),
    ("weak cooling", "cooling at 80 % or more for an hour, and the zone is not 1 °F cooler", "this week"),
    ("sensor stuck", "not the least change of temperature in 4 hours of at least 12 readings", "this week"),
    ("filter due", "the fan has run for 500 hours since the filter was changed", "next visit"),
)
_URGENCY = {name: urgency for name, _when, urgency in ALERTS}
_STRONG = 80.0
_FILTER_S = 500 * HOUR_S
_STUCK_S = 4 * HOUR_S


class Maintenance:
    """Signs that the machines of one zone want looking after."""

    __slots__ = ("fan_s", "fan_since", "max_starts", "same", "strong")

    def __init__(self, max_starts: int) -> None:
        self.max_starts = max_starts
        # By device: since when it runs at full strength, and how warm it was then (°F).
        self.strong: dict[str, tuple[float, float]] = {}
        # A temperature, since when, how many readings.
        self.same: tuple[float, float, int] | None = None
        self.fan_s = 0.0
        self.fan_since: float | None = None

    def told(self, levels: Mapping[str, float], fan: float, warm_f: float | None, now: float) -> None:
        """A command was given, and how warm the zone was (°F; None: nobody said)."""
        if self.fan_since is not None:
            self.fan_s += max(0.0, now - self.fan_since)
        self.fan_since = now if fan > 0 else None
        if warm_f is None:
            return
        if self.same is None or self.same[0] != warm_f:
            self.same = warm_f, now, 1
        else:
            self.same = warm_f, self.same[1], self.same[2] + 1
        for name, level in levels.items():
            if level < _STRONG:
                self.strong.pop(name, None)
            elif name not in self.strong or self._moved(name, warm_f):
                self.strong[name] = now, warm_f

    def _moved(self, name: str, warm_f: float) -> bool:
        began = self.strong[name][1]
        return (warm_f - began if name == "heating" else began - warm_f) >= 1

    def filter_changed(self) -> None:
        """Somebody changed the filter."""
        self.fan_s = 0.0

    def alerts(self, protection: Protection, now: float) -> list[Alert]:
        """What to look at, the most urgent first."""
        return sorted(self._alerts(protection, now), key=lambda alert: list(_URGENCY).index(alert.name))

    def _alerts(self, protection: Protection, now: float) -> Iterator[Alert]:
        for name, device in protection.devices.items():
            lately = sum(now - at < HOUR_S for at in device.starts)
            today = sum(now - at < DAY_S for at in device.starts)
            if lately > 6:
                yield _alert("short cycles", f"{name} started {lately} times in the last hour")
            if today >= 0.8 * self.max_starts:
                yield _alert("many starts", f"{name} started {today} times in a day; it stands {self.max_starts}")
            if name in self.strong and now - self.strong[name][0] >= HOUR_S:
                hours = (now - self.strong[name][0]) / HOUR_S
                yield _alert("weak " + name, f"{name} has been strong for {hours:.1f} h and changes nothing")
        if self.same is not None and self.same[2] >= 12 and now - self.same[1] >= _STUCK_S:
            yield _alert("sensor stuck", f"{self.same[2]} readings of exactly {self.same[0]:g} °F")
        if self.fan_s >= _FILTER_S:
            yield _alert("filter due", f"the fan has run for {self.fan_s / HOUR_S:.0f} h")


def _alert(name: str, text: str) -> Alert:
    return Alert(name, text, _URGENCY[name])
