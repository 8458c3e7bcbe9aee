"""Durations, sizes and thresholds as people write them."""

from __future__ import annotations

import re
from math import inf, isfinite

from perf_tui.measures.catalogue import Measure

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4,
          "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}  # fmt: skip
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s?([KMGT]i?)?B(?:/s)?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?%")

_UNITS = {
    "ratio": "a share", "By": "in bytes", "By/s": "in bytes per second", "1": "a plain number",
    "1/s": "per second", "s": "a duration", "Cel": "in degrees Celsius", "W": "in watts",
}  # fmt: skip
_OF_ONE_CORE = frozenset(("worker.cpu", "self.cpu"))
"""Ratios of one core: a program with several threads takes more than the whole."""


def duration(text: str) -> float:
    """Seconds of `6s`, `1.5m`, `7d`. Raises ValueError."""
    if not (match := _DURATION.fullmatch(text)):
        raise ValueError(f'"{text}" is no duration; write a number and ms, s, m, h, d or w, as in "6s"')
    return float(match[1]) * _SECONDS[match[2]]


def size(text: str) -> float:
    """Bytes of `1GiB`, `512 MB`. Raises ValueError."""
    if not (match := _SIZE.fullmatch(text)):
        raise ValueError(f'"{text}" is no size; write a number and B, KiB, MiB, GiB or TiB, as in "512MiB"')
    return float(match[1]) * _BYTES[match[2] or ""]


def written(limit: float | str) -> str:
    """A limit as a file writes it."""
    return f'"{limit}"' if isinstance(limit, str) else f"{limit:g}"


def threshold(limit: float | str, measure: Measure, percent: bool = False) -> float:
    """A limit in the measure's unit. With `percent`, a plain number is percent. Raises ValueError."""
    if isinstance(limit, str):
        number = _from_text(limit, measure)
    elif measure.unit == "ratio" and not percent and limit > 1:
        raise ValueError(f'{limit:g} is beyond the whole of {measure.id}; write "{limit:g}%" or {limit / 100:g}')
    else:
        number = limit / 100 if percent else float(limit)
    if not isfinite(number):
        raise ValueError(f"{written(limit)} is no limit: it is never reached")
    if measure.unit == "ratio" and not 0 <= number <= (inf if measure.id in _OF_ONE_CORE else 1):
        raise ValueError(f"{written(limit)} is no share of a whole; allowed: 0% to 100%")
    return number


def share(limit: float | str) -> float:
    """A share, which may be of more than one whole: `150%` or 1.5. Raises ValueError."""
    return percent_of(limit) if isinstance(limit, str) else float(limit)


def percent_of(text: str) -> float:
    """0..1 of `80%`, and more of what is beyond 100 %. Raises ValueError."""
    if not (match := _PERCENT.fullmatch(text)):
        raise ValueError(f'"{text}" is no share; write "80%" or 0.8')
    return float(match[1]) / 100


def _from_text(limit: str, measure: Measure) -> float:
    if match := _PERCENT.fullmatch(limit):
        if measure.unit != "ratio":
            raise ValueError(f'"{limit}" is percent, but {measure.id} is {_UNITS[measure.unit]}')
        return float(match[1]) / 100
    if measure.unit == "s":
        return duration(limit)
    if measure.unit in ("By", "By/s"):
        return size(limit)
    advice = 'write "80%" or 0.8' if measure.unit == "ratio" else "write a number"
    raise ValueError(f'"{limit}" is no limit for {measure.id}, which is {_UNITS[measure.unit]}; {advice}')
