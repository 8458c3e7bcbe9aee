"""What a service counts of its requests, in Prometheus' text format with the names of OpenTelemetry's conventions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

# OpenTelemetry's advice for durations of HTTP requests, with two below and one between where this service lives.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class Kind(NamedTuple):
    """Requests that are counted together."""

    method: str
    route: str
    status: int


class Requests:
    """Counts and times of requests, and how many are in flight."""

    def __init__(self) -> None:
        self.active = 0
        self._counts: dict[Kind, list[int]] = {}
        self._sums: dict[Kind, float] = {}

    def add(self, kind: Kind, seconds: float) -> None:
        """One that has been answered."""
        counts = self._counts.setdefault(kind, [0] * (len(BOUNDS) + 1))
        counts[bisect_left(BOUNDS, seconds)] += 1
        self._sums[kind] = self._sums.get(kind, 0.0) + seconds

    def text(self) -> str:
        """All of it as a scrape reads it."""
        return "\n".join((*self._durations(), *self._totals(), *self._in_flight(), ""))

    def _durations(self) -> Iterator[str]:
        name = "http_server_request_duration_seconds"
        yield f"# TYPE {name} histogram"
        for kind, counts in self._counts.items():
            labels = _labels(kind)
            *within, count = accumulate(counts)
            for bound, number in zip(BOUNDS, within, strict=True):
                yield f'{name}_bucket{{{labels},le="{bound:g}"}} {number}'
            yield f'{name}_bucket{{{labels},le="+Inf"}} {count}'
            yield f"{name}_sum{{{labels}}} {self._sums[kind]:.6f}"
            yield f"{name}_count{{{labels}}} {count}"

    def _totals(self) -> Iterator[str]:
        name = "http_server_requests_total"
        yield f"# TYPE {name} counter"
        for kind, counts in self._counts.items():
            yield f"{name}{{{_labels(kind)}}} {sum(counts)}"

    def _in_flight(self) -> Iterator[str]:
        yield "# TYPE http_server_active_requests gauge"
        yield f"http_server_active_requests {self.active}"


def _labels(kind: Kind) -> str:
    return f'http_request_method="{kind.method}",http_route="{kind.route}",http_response_status_code="{kind.status}"'
