"""One formatter per unit for screens, exports and alerts: three significant digits, fixed width.

`number` gives the text of a number at the fewest cells that keep it readable, `WIDTH` the cells
that a column of the unit needs so that its numbers never jitter and never lose their unit.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, inf, isfinite

from perf_tui.measures.model import Status, Value

WIDTH = {"ratio": 5, "By": 7, "By/s": 9, "1": 5, "1/s": 7, "s": 6, "Cel": 6, "W": 6}
"""Cells that hold any number of the unit; `show` may put a mark of one or two cells (`~`, `≥`) before it.

Only a ratio below -999 % takes more: no measure has one.
"""

_YEAR = 31_556_952


def significant(number: float, digits: int = 3) -> str:
    """A number below 1000 (before rounding) with three significant digits and no exponent.

    >>> significant(1.9449), significant(19.449), significant(194.49), significant(0.0123)
    ('1.94', '19.4', '194', '0.01')
    """
    if number == 0:
        return "0"
    for decimals in range(digits - 1, 0, -1):
        if abs(number) < 10 ** (digits - decimals) - 0.5 * 10**-decimals:
            return f"{number:z.{decimals}f}"
    return f"{number:z.0f}"


def _fitting(number: float, unit: str, width: int) -> str:
    """The number with its unit; a digit less where the sign needs the cell."""
    text = significant(number) + unit
    return text if len(text) <= width else significant(number, 2) + unit


def _scaled(number: float, steps: tuple[str, ...], base: float, width: int) -> str:
    """The number in the first step in which it is small enough and fits; beyond the last it is off the scale."""
    for step in steps:
        text = _fitting(number, step, width)
        if abs(number) < base - 0.5 and len(text) <= width:
            return text
        number /= base
    return _infinite(copysign(inf, number))


def _infinite(number: float) -> str:
    return "∞" if number > 0 else "-∞"


def ratio(number: float) -> str:
    """0..1 as percent: `0.0%`, `7.3%`, `38%`, `100%`; one decimal below ten. Of 128 cores `12800%` is `13k%`."""
    percent = number * 100
    text = f"{percent:z.1f}%" if abs(percent) < 9.95 else f"{percent:.0f}%"
    if len(text) <= WIDTH["ratio"] or percent < 0:
        return text
    return _scaled(percent / 1000, ("k%", "M%", "G%", "T%", "P%", "E%"), 1000, WIDTH["ratio"])


def size(number: float) -> str:
    """Bytes in binary steps: `812B`, `1.21GiB`."""
    return _scaled(number, ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"), 1024, WIDTH["By"])


def throughput(number: float) -> str:
    """Bytes per second in binary steps: `1.21GiB/s`."""
    return size(number) + "/s"


def count(number: float) -> str:
    """A plain number in decimal steps: `37`, `1.24k`, `3.1M`."""
    if abs(number) < 999.5 and number == int(number):
        return f"{number:z.0f}"
    return _scaled(number, ("", "k", "M", "G", "T", "P", "E"), 1000, WIDTH["1"])


def frequency(number: float) -> str:
    """Per second in decimal steps: `12.4k/s`."""
    return count(number) + "/s"


def seconds(number: float) -> str:
    """A duration: `812ns`, `41.3µs`, `412ms`, `1.94s`, `2m10s`, `3h05m`, `12d4h`, `120d`, `274y`."""
    if number == 0:
        return "0s"
    length, width = abs(number), WIDTH["s"]
    for factor, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if length * factor < 999.5:
            return _fitting(number * factor, unit, width)
    if length < 59.95:
        return _fitting(number, "s", width)
    whole = round(length)
    sign = "-" if number < 0 else ""
    if whole < 3600:
        head, tail = f"{sign}{whole // 60}m", f"{whole % 60:02d}s"
    elif whole < 86400:
        head, tail = f"{sign}{whole // 3600}h", f"{whole % 3600 // 60:02d}m"
    else:
        head, tail = f"{sign}{whole // 86400}d", f"{whole % 86400 // 3600}h"
    if len(head + tail) <= width:
        return head + tail
    return head if len(head) <= width else _scaled(number / _YEAR, ("y", "ky", "My", "Gy"), 1000, width)


def celsius(number: float) -> str:
    """Degrees: `71°C`; what no sensor can mean is `>10k°C` or `<-1k°C`."""
    if number <= -999.5:
        return "<-1k°C"
    return f"{number:z.0f}°C" if number < 9999.5 else ">10k°C"


def watts(number: float) -> str:
    """Power: `612W`, `1.21kW`."""
    return _scaled(number, ("W", "kW", "MW", "GW", "TW", "PW", "EW"), 1000, WIDTH["W"])


FORMATS: dict[str, Callable[[float], str]] = {
    "ratio": ratio,
    "By": size,
    "By/s": throughput,
    "1": count,
    "1/s": frequency,
    "s": seconds,
    "Cel": celsius,
    "W": watts,
}
"""Formatter by unit (UCUM codes, as in the catalogue)."""

MARKS = {
    Status.IDLE: "—",
    Status.PENDING: "…",
    Status.ABSENT: "n/a",
    Status.DENIED: "deny",
    Status.ERROR: "?",
}
ASCII_MARKS = {Status.IDLE: "-", Status.PENDING: "..", Status.ABSENT: "n/a", Status.DENIED: "deny", Status.ERROR: "?"}
"""What stands where a status has no number; explained in the help."""


def number(amount: float, unit: str) -> str:
    """A number in its unit's short form; not-a-number is `NaN`, infinities are `∞`."""
    if not isfinite(amount):
        return "NaN" if amount != amount else _infinite(amount)
    return FORMATS[unit](amount)


def show(value: Value, unit: str, ascii_only: bool = False) -> str:
    """A value as a screen writes it: its number, `≥` a bound, `~` before a stale one, or its status' mark."""
    if value.number is None:
        return (ASCII_MARKS if ascii_only else MARKS).get(value.status, "?")
    text = number(value.number, unit)
    if value.bound:
        text = (">=" if ascii_only else "≥") + text
    if value.status is Status.STALE:
        text = "~" + text
    return text.replace("µ", "u").replace("°", "").replace("∞", "inf") if ascii_only else text
