"""Which format a log is in, by the lines that it has."""

from __future__ import annotations

from collections.abc import Sequence

from perf_tui.sources.accesslog.formats import (
    COMBINED,
    GRANIAN,
    HAPROXY,
    MICROSECONDS,
    MILLISECONDS,
    SECONDS,
    TRAEFIK,
    UVICORN,
    WHOLE_SECONDS,
    Format,
)
from perf_tui.sources.accesslog.json_formats import CADDY, TRAEFIK_JSON

SAMPLE = 200
"""Lines that are looked at."""
_LONGEST = 4096
"""Bytes of a line that are looked at: a request may fill kilobytes, and a hostile one more."""

CANDIDATES: dict[str, tuple[Format, ...]] = {
    "auto": (COMBINED, *SECONDS, MICROSECONDS, TRAEFIK, UVICORN, GRANIAN, HAPROXY, CADDY, TRAEFIK_JSON),
    "nginx": (COMBINED, *SECONDS),
    "apache": (COMBINED, MICROSECONDS),
    "caddy": (CADDY,),
    "traefik": (TRAEFIK, TRAEFIK_JSON),
    "haproxy": (HAPROXY,),
    "gunicorn": (COMBINED, *SECONDS, MICROSECONDS),
    "uvicorn": (UVICORN,),
    "granian": (GRANIAN,),
    "combined": (COMBINED,),
    "combined-s": (*SECONDS, WHOLE_SECONDS),
    "combined-ms": (MILLISECONDS,),
    "combined-us": (MICROSECONDS,),
}
"""The formats that each word of the configuration allows, the plainer first."""


def recognise(text: bytes, candidates: Sequence[Format]) -> Format | None:
    """The candidate that reads most of the last lines of `text`, and most times; None where none reads any."""
    if len(candidates) == 1:
        return candidates[0]
    lines = _last_lines(text)
    best, best_score = None, (0, 0)
    for candidate in candidates:
        found = _score(candidate, lines)
        if found > best_score:
            best, best_score = candidate, found
    if best is MICROSECONDS:
        # Apache's %D (µs) and %T (s) look alike, but hardly any request takes 100 s, or less than 100 µs.
        times = sorted(time for time in best.parse(lines).times if time is not None)
        return WHOLE_SECONDS if times[len(times) // 2] < 100e-6 else best
    return best


def better(text: bytes, format: Format, candidates: Sequence[Format]) -> Format:
    """`format`, or a candidate that reads more of the last lines of `text`, or more times of them."""
    found = recognise(text, candidates)
    lines = _last_lines(text)
    if found is None or _score(found, lines) <= _score(format, lines):
        return format
    return found


def guessed(format: Format | None, candidates: Sequence[Format]) -> bool:
    """Whether the unit of the format's times is a guess: by their size, and not by how lines look."""
    return format in (MICROSECONDS, WHOLE_SECONDS) and MICROSECONDS in candidates and len(candidates) > 1


def _last_lines(text: bytes) -> bytes:
    lines = [line for line in text.split(b"\n") if line and len(line) <= _LONGEST]
    return b"".join(line + b"\n" for line in lines[-SAMPLE:])


def _score(format: Format, lines: bytes) -> tuple[int, int]:
    """How many of the lines the format reads, and how many times are on them."""
    rows = format.parse(lines)
    return len(rows.statuses), len(rows.times) - rows.times.count(None)
