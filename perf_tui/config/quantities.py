"""Durations, sizes and thresholds as people write them."""

from __future__ import annotations

import re

from perf_tui.measures.catalogue import Measure

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4,
          "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}  # fmt: skip
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s?([KMGT]i?)?B(?:/s)?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?%")


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


def threshold(limit: float | str, measure: Measure, percent: bool = False) -> float:
    """A limit in the measure's unit. With `percent`, plain numbers of a ratio are percent. Raises ValueError."""
    if isinstance(limit, str):
        if match := _PERCENT.fullmatch(limit):
            if measure.unit != "ratio":
                raise ValueError(f'"{limit}" is percent, but {measure.id} is in {measure.unit}')
            return float(match[1]) / 100
        if measure.unit == "s":
            return duration(limit)
        if measure.unit in ("By", "By/s"):
            return size(limit)
        raise ValueError(f'"{limit}" is no limit for {measure.id}, which is in {measure.unit}; {_allowed(measure)}')
    if measure.unit == "ratio":
        if percent:
            return limit / 100
        if limit > 1:
            raise ValueError(f'{limit:g} is beyond the whole of {measure.id}; write "{limit:g}%" or {limit / 100:g}')
    return float(limit)


def _allowed(measure: Measure) -> str:
    return 'write "80%" or 0.8' if measure.unit == "ratio" else "write a number"
