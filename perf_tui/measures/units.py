"""One formatter per unit for screens, exports and alerts: three significant digits, fixed width.

`short` gives the text of a number at the fewest cells that keep it readable, `WIDTH` the cells
that a column of the unit needs so that its numbers never jitter.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from perf_tui.measures.model import Status, Value


def significant(number: float, digits: int = 3) -> str:
    """A number below 1000 (before rounding) with three significant digits and no exponent.

    >>> significant(1.9449), significant(19.449), significant(194.49), significant(0.0123)
    ('1.94', '19.4', '194', '0.01')
    """
    size = abs(number)
    if size >= 10 ** (digits - 1) - 0.5 or number == 0:
        return f"{number:.0f}"
    if size >= 10 ** (digits - 2) - 0.05:
        return f"{number:.1f}"
    return f"{number:.2f}"


def _scaled(number: float, steps: tuple[str, ...], base: float) -> str:
    size = abs(number)
    for step in steps[:-1]:
        if size < base - 0.5:
            return significant(number) + step
        number /= base
        size /= base
    return significant(number) + steps[-1]


def ratio(number: float) -> str:
    """0..1 as percent: `0.0%`, `7.3%`, `38%`, `100%`; one decimal below ten."""
    percent = number * 100
    return f"{percent:.1f}%" if abs(percent) < 9.95 else f"{percent:.0f}%"


def size(number: float) -> str:
    """Bytes in binary steps: `812B`, `1.21GiB`."""
    return _scaled(number, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"), 1024)


def throughput(number: float) -> str:
    """Bytes per second in binary steps: `1.21GiB/s`."""
    return size(number) + "/s"


def count(number: float) -> str:
    """A plain number in decimal steps: `37`, `1.24k`, `3.1M`."""
    if abs(number) < 999.5 and number == int(number):
        return f"{number:.0f}"
    return _scaled(number, ("", "k", "M", "G", "T"), 1000)


def frequency(number: float) -> str:
    """Per second in decimal steps: `12.4k/s`."""
    return count(number) + "/s"


def seconds(number: float) -> str:
    """A duration: `812ns`, `41µs`, `412ms`, `1.94s`, `2m10s`, `3h05m`, `12d4h`."""
    length = abs(number)
    if length == 0:
        return "0s"
    if length < 0.9995:
        for factor, unit in ((1e3, "ms"), (1e6, "µs")):
            if length * factor >= 0.9995:
                return significant(number * factor) + unit
        return significant(number * 1e9) + "ns"
    if length < 59.95:
        return significant(number) + "s"
    whole = round(number)
    if length < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if length < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def celsius(number: float) -> str:
    """Degrees: `71°C`."""
    return f"{number:.0f}°C"


def watts(number: float) -> str:
    """Power: `612W`, `1.21kW`."""
    return _scaled(number, ("W", "kW"), 1000)


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

WIDTH = {"ratio": 5, "By": 7, "By/s": 9, "1": 5, "1/s": 7, "s": 6, "Cel": 5, "W": 6}
"""Cells that hold any usual number of the unit."""

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
        return "NaN" if amount != amount else ("∞" if amount > 0 else "-∞")
    return FORMATS[unit](amount)


def show(value: Value, unit: str, ascii_only: bool = False) -> str:
    """A value as a screen writes it: its number, `≥` a bound, `~` before a stale one, or its status' mark."""
    if value.number is None:
        return (ASCII_MARKS if ascii_only else MARKS)[value.status]
    text = number(value.number, unit)
    if value.bound:
        text = (">=" if ascii_only else "≥") + text
    if value.status is Status.STALE:
        text = "~" + text
    return text.replace("µ", "u").replace("°", "").replace("∞", "inf") if ascii_only else text
