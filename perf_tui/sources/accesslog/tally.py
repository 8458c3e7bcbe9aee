"""Counting requests: what each status means, and totals by route."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import NamedTuple, Self

from perf_tui.measures.sketch import Sketch
from perf_tui.sources.accesslog.formats import Rows
from perf_tui.sources.accesslog.routes import Names, collapse

OTHER = "(other)"
"""Where requests go for whose routes there is no room."""
ROUTES_AT_ONCE = 1000
"""Routes that are told apart within one reading."""
_GATHER = 50_000

TIMEOUTS = frozenset((408, 504, 524, 598, 599))
"""Statuses that say that somebody waited too long: the client's request (408), an upstream (504), and
the unofficial ones of proxies. 499 is not among them: nginx writes it when the client hung up."""


class Outcome(NamedTuple):
    """What a status counts as, each 0 or 1. A timeout with a status of 4xx or 5xx is that as well."""

    client: int
    server: int
    timeout: int
    error: int
    """Any of the three, once."""
    missing: int
    """404: whoever asks chooses the path, so it makes no route."""


def outcome(status: bytes | int) -> Outcome:
    """Of a status as `Rows` has it."""
    told = isinstance(status, bytes) and status.endswith(b"!")
    number = int(status.rstrip(b"!")) if isinstance(status, bytes) else status
    client, server = 400 <= number <= 499, 500 <= number <= 599
    timeout = told or number in TIMEOUTS
    return Outcome(client, server, timeout, client or server or timeout, number == 404)


class _Outcomes(dict[bytes | int, Outcome]):
    def __missing__(self, status: bytes | int) -> Outcome:
        self[status] = found = outcome(status)
        return found


class Tally:
    """Requests of one route or service: how many, how they ended, how long they took."""

    __slots__ = ("client", "errors", "missing", "requests", "server", "timeouts", "times")

    def __init__(self) -> None:
        self.requests = 0
        self.client = 0
        self.server = 0
        self.timeouts = 0
        self.errors = 0
        self.missing = 0
        self.times = Sketch()
        """Of those requests whose line told it."""

    def add(self, outcome: Outcome, count: int) -> None:
        """Count `count` requests that ended alike."""
        self.requests += count
        if outcome.error:
            self.client += outcome.client * count
            self.server += outcome.server * count
            self.timeouts += outcome.timeout * count
            self.errors += count
            self.missing += outcome.missing * count

    def merge(self, other: Tally) -> None:
        """Count everything that `other` has counted."""
        self._shift(other, 1)
        self.times.merge(other.times)

    def subtract(self, other: Tally) -> None:
        """Take off what was merged before."""
        self._shift(other, -1)
        self.times.subtract(other.times)

    def _shift(self, other: Tally, sign: int) -> None:
        self.requests += sign * other.requests
        self.client += sign * other.client
        self.server += sign * other.server
        self.timeouts += sign * other.timeouts
        self.errors += sign * other.errors
        self.missing += sign * other.missing

    @classmethod
    def of(cls, tallies: Mapping[str, Tally]) -> Self:
        """All of them together."""
        whole = cls()
        for tally in tallies.values():
            whole.merge(tally)
        return whole


class Teller:
    """Counts rows by route. Equal requests are gathered first, and converted together."""

    def __init__(self) -> None:
        self._names = Names()
        self._outcomes = _Outcomes()
        self._alike: defaultdict[tuple[bytes, bytes | int], list[float | None]] = defaultdict(list)
        self._gathered = 0
        self._routes: dict[str, Tally] = {}

    def count(self, rows: Rows) -> None:
        """Count the rows of a block."""
        alike = self._alike
        for target, status, time in zip(collapse(rows.targets), rows.statuses, rows.times, strict=True):
            alike[target, status].append(time)
        self._gathered += len(rows.statuses)
        if self._gathered > _GATHER:
            self._convert()

    def take(self) -> dict[str, Tally]:
        """What was counted since the last call, by route."""
        self._convert()
        routes, self._routes = self._routes, {}
        return routes

    def _convert(self) -> None:
        for (target, status), times in self._alike.items():
            tally = self._route(self._names[target])
            tally.add(self._outcomes[status], len(times))
            counts = Counter(times)
            tally.times.add_counted({time: count for time, count in counts.items() if time is not None})
        self._alike.clear()
        self._gathered = 0

    def _route(self, name: str) -> Tally:
        tally = self._routes.get(name)
        if tally is None:
            if len(self._routes) >= ROUTES_AT_ONCE:
                name = OTHER
            tally = self._routes.setdefault(name, Tally())
        return tally
