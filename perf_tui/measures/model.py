"""The three words of the whole program: a *series* has an identity, a *value* a status, a *sample* both."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """What a value is worth. Only `ok` and `stale` come with a number; missing is never 0."""

    OK = "ok"
    PENDING = "pending"
    """A first sample has no rate yet."""
    IDLE = "idle"
    """No traffic in the window: the latency of nothing is not 0."""
    STALE = "stale"
    """The source failed or is late; this is its last value."""
    ABSENT = "absent"
    """This source does not have it; the reason says which and why."""
    DENIED = "denied"
    """No permission; the reason says what would give it."""
    ERROR = "error"


class Series(NamedTuple):
    """The identity of one series: a measure's id and its labels, sorted by name."""

    id: str
    labels: tuple[tuple[str, str], ...] = ()

    def label(self, name: str) -> str:
        """The label's value, or an empty string."""
        for key, value in self.labels:
            if key == name:
                return value
        return ""

    def __str__(self) -> str:
        if not self.labels:
            return self.id
        return self.id + "{" + ", ".join(f"{key}={value}" for key, value in self.labels) + "}"


def series(id: str, /, **labels: str) -> Series:
    """The series of measure `id` with these labels."""
    return Series(id, tuple(sorted(labels.items())))


class Value(NamedTuple):
    """One value: `number` in the catalogue's unit, or None where the status has none."""

    number: float | None
    status: Status = Status.OK
    reason: str | None = None
    at: float = 0.0
    """Monotonic seconds of the reading that this comes from."""
    bound: bool = False
    """The true value is at least this: a quantile beyond the last finite bucket."""


class Sample(NamedTuple):
    """A series with its value, as a source's model puts it out."""

    series: Series
    value: Value


PENDING = Value(None, Status.PENDING)
IDLE = Value(None, Status.IDLE)


def absent(reason: str) -> Value:
    """A value that this source cannot give."""
    return Value(None, Status.ABSENT, reason)


def ok(number: float) -> Value:
    """A plain number."""
    return Value(number)
