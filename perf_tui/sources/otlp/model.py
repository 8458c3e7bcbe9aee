"""What a request amounts to, whichever way it was written: points of metrics, and events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from perf_tui.sources.otlp.spread import Exponential, Spread

Labels = Mapping[str, str | float | bool]
"""Attributes that are kept, see attributes.py. Text is safe to show; numbers are floats."""


class Peer(NamedTuple):
    """A process of this machine."""

    pid: int
    command: str
    """Its first two words, in lower case."""


class Sender(NamedTuple):
    """A resource: who sends."""

    labels: Labels
    identity: int
    """Differs where any attribute differs, also those that are not kept."""
    peer: Peer | None = None
    """The agent of this machine at the other end of the connection, where it is known."""

    def text(self, name: str) -> str:
        """A label, or an empty string."""
        return text(self.labels, name)


class Point(NamedTuple):
    """One point of a metric."""

    labels: Labels
    identity: int
    """Of all its attributes."""
    start: int
    """Nanoseconds since the epoch; 0 where the sender does not say."""
    time: int
    value: float | Spread | Exponential


class Metric(NamedTuple):
    """One metric of one sender and library."""

    sender: Sender
    name: str
    unit: str
    delta: bool
    """Each point is what has been added since the last one; else what there is since the start."""
    gauge: bool
    points: tuple[Point, ...]
    identity: int
    """Of the sender, the library and the name."""


class Event(NamedTuple):
    """A log record that has a name."""

    sender: Sender
    name: str
    labels: Labels
    time: float
    """Seconds since the epoch; 0 where the sender does not say."""
    identity: int
    """Of its sender, its time and all its attributes; 0 where it has no time."""
    library: str = ""
    """The name of its scope."""


def text(labels: Labels, name: str) -> str:
    """A label that is text or a number, as text; else an empty string."""
    found = labels.get(name, "")
    if isinstance(found, bool):
        return "true" if found else "false"
    return found if isinstance(found, str) else f"{found:.15g}"


def number(labels: Labels, name: str) -> float | None:
    """A label that is a number, or text that is one (Codex sends all its numbers as text)."""
    found = labels.get(name)
    if found is None or isinstance(found, bool):
        return None
    try:
        parsed = float(found)
    except ValueError:
        return None
    return parsed if 0 <= parsed < 2**63 else None


def truth(labels: Labels, name: str) -> bool | None:
    """A label that is true or false, also as text."""
    return {"true": True, "false": False}.get(text(labels, name).lower())
