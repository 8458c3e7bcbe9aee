"""How much is taken."""

from __future__ import annotations

from dataclasses import dataclass

BURST = 2.0
"""Seconds' worth of requests that may come at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one receiver."""

    body: int = 4 * 1024 * 1024
    """Bytes of a request, before and after decompression."""
    requests: float = 100.0
    """Requests per second."""
    series: int = 10_000
    """Sets of labels."""
    sessions: int = 1_000
    at_once: int = 16
    """Requests that are read at the same time: each may hold a whole body."""
    seconds: float = 10.0
    """In which a body must be there."""


class Bucket:
    """So many requests per second, with bursts."""

    def __init__(self, rate: float) -> None:
        self._rate, self._most = rate, max(1.0, rate * BURST)
        self._left = self._most
        self._at: float | None = None

    def wait(self, at: float) -> float:
        """0 where a request may be taken now, and takes its place; else in how many seconds to try again."""
        if self._at is not None:
            self._left = min(self._most, self._left + (at - self._at) * self._rate)
        self._at = at
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._rate
