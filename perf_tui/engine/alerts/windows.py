"""What a series comes to over a window: pushed a number at a time, in a bounded space.

Numbers that come within a 120th of a window of each other share a bucket, so a window of days takes no
more room than one of minutes, and is left at most that much too late. Times are monotonic seconds. Nothing
is said (None) until a window has been watched for long enough to be worth something.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from itertools import count
from math import inf, isfinite

from perf_tui.engine.alerts.model import EARLY, Kind, Level, Over, Rule
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Status, Value, series
from perf_tui.measures.resolution import resolution

BUCKETS = 120
_FAR = 1e6
"""Times by which numbers may differ and be taken off a sum without a trace that matters."""
_TURNS = count()
BURNS = {Level.CRITICAL: (1 / 720, 1 / 8640), Level.WARNING: (1 / 120, 1 / 1440), Level.INFO: (1 / 10, 1 / 120)}
"""The long and the short window of each level, as shares of the objective's period: of 30 days 1 h with 5 min,
6 h with 30 min, 3 d with 6 h. Both must burn: the long one says that it matters, the short one that it goes on."""
FACTORS = {Level.CRITICAL: 14.4, Level.WARNING: 6.0, Level.INFO: 1.0}
"""How many times too fast is too fast: 2 %, 5 % and 10 % of the period's budget within the long window."""


class Window(ABC):
    """One series' recent past, as much of it as a rule needs."""

    @abstractmethod
    def push(self, at: float, number: float, values: Mapping[Series, Value]) -> float | None:
        """Take a number in; what the series comes to now. `values` are all of this tick."""

    def level(self, rule: Rule, number: float, held: Level) -> Level:
        """The level of what `push` returned."""
        return rule.level(number, held)


class _Sums:
    """Running sums over the last `span` seconds of a weight and of what has it."""

    def __init__(self, span: float, buckets: int = BUCKETS) -> None:
        self.span = span
        self._width = span / buckets
        self.buckets: deque[list[float]] = deque()
        self.part = self.whole = 0.0
        self._since = next(_TURNS) % BUCKETS
        """Buckets taken off since the sums were made anew, from a start of its own: not all do so in one tick."""
        self._first = 0.0
        self.watched = 0.0
        """Seconds since the first was taken in, without a gap as long as the window."""

    def add(self, at: float, part: float, whole: float) -> list[list[float]]:
        """Take in one more; returns the buckets that have become too old, each [time, part, whole]."""
        old = []
        while self.buckets and self.buckets[0][0] < at - self.span - EARLY:
            old.append(self.buckets.popleft())
        if old:
            self._take_off(old)
        if not self.buckets:
            self._first = at
        self.watched = at - self._first
        if self.buckets and at - self.buckets[-1][0] < self._width:
            self.buckets[-1][1] += part
            self.buckets[-1][2] += whole
        else:
            self.buckets.append([at, part, whole])
        self.part += part
        self.whole += whole
        return old

    def _take_off(self, old: list[list[float]]) -> None:
        for _, part, whole in old:
            self.part -= part
            self.whole -= whole
            self._since += 1
            # What is far larger than the rest, or not finite, would leave its rounding, or itself, behind.
            if not (abs(part) <= _FAR * abs(self.part) and abs(whole) <= _FAR * abs(self.whole)):
                self._since = BUCKETS
        if self._since >= BUCKETS:
            self._since = 0
            self.part = sum(bucket[1] for bucket in self.buckets)
            self.whole = sum(bucket[2] for bucket in self.buckets)

    @property
    def mean(self) -> float:
        """part / whole."""
        return self.part / self.whole


class Mean(Window):
    """The mean, or the sum, of the numbers in the window, once it has been watched for half of its length."""

    def __init__(self, span: float, total: bool = False) -> None:
        self._sums = _Sums(span)
        self._total = total

    def push(self, at: float, number: float, values: Mapping[Series, Value]) -> float | None:
        """The mean or sum."""
        self._sums.add(at, number, 1.0)
        if self._sums.watched < self._sums.span / 2 - EARLY:
            return None
        return self._sums.part if self._total else self._sums.mean


class Extreme(Window):
    """The largest or smallest number in the window, once it has been watched for half of its length."""

    def __init__(self, span: float, largest: bool) -> None:
        self._span = span
        self._sign = 1.0 if largest else -1.0
        self._first, self._newest = 0.0, -inf
        # Only what nothing later surpasses can ever become the extreme again.
        self._falling: deque[tuple[float, float]] = deque()

    def push(self, at: float, number: float, values: Mapping[Series, Value]) -> float | None:
        """The extreme."""
        number *= self._sign
        falling = self._falling
        while falling and falling[0][0] < at - self._span - EARLY:
            falling.popleft()
        if at - self._newest > self._span:
            self._first = at
        self._newest = at
        while falling and falling[-1][1] <= number:
            falling.pop()
        if not falling or at - falling[-1][0] >= self._span / BUCKETS:
            falling.append((at, number))
        return falling[0][1] * self._sign if at - self._first >= self._span / 2 - EARLY else None


class Change(Window):
    """How far the number is from what it was one window ago."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._past: deque[tuple[float, float]] = deque()

    def push(self, at: float, number: float, values: Mapping[Series, Value]) -> float | None:
        """The difference, once there is a number that is as old as the window."""
        past = self._past
        if not past or at - past[-1][0] >= self._span / BUCKETS:
            past.append((at, number))
        then = at - self._span + EARLY
        while len(past) > 1 and past[1][0] <= then:
            past.popleft()
        return number - past[0][1] if past[0][0] <= then else None


class Baseline(Window):
    """How far the window's mean is from that of the time before it, as a share of the latter."""

    def __init__(self, span: float, before: float, floor: float) -> None:
        self._recent, self._before = _Sums(span), _Sums(before)
        self._floor = floor

    def push(self, at: float, number: float, values: Mapping[Series, Value]) -> float | None:
        """The relative change, once half of the time before has been watched."""
        for when, part, whole in self._recent.add(at, number, 1.0):
            self._before.add(when, part, whole)
        if not self._before.buckets or self._before.watched < self._before.span / 2 - self._recent.span / BUCKETS:
            return None
        usual = self._before.mean
        return (self._recent.mean - usual) / max(abs(usual), self._floor)


class Burn(Window):
    """How many times too fast the budget of an objective is spent, over two windows for each level.

    What was before the first number counts as good: an objective is not missed because a monitor was started.
    """

    def __init__(self, rule: Rule, key: Series) -> None:
        self._bound, self._budget, self._factors = rule.bound, rule.budget, rule.thresholds
        # Of a share of requests, minutes with many of them weigh more than minutes with few.
        weighs = rule.bound is None and key.id.startswith("app.error.")
        self._weight = series("app.request.rate", service=key.label("service")) if weighs else None
        self._pairs = {
            level: (_Sums(rule.period * BURNS[level][0]), _Sums(rule.period * BURNS[level][1]))
            for level, _ in rule.thresholds
        }
        self._burning: dict[Level, float] = {}

    def push(self, at: float, number: float, values: Mapping[Series, Value]) -> float | None:
        """The burn rate of the worst level that is reached, else of the mildest."""
        weight = self._weigh(values)
        bad = number if self._bound is None else float(number > self._bound)
        for level, pair in self._pairs.items():
            for sums in pair:
                sums.add(at, bad * weight, weight)
            self._burning[level] = min(map(self._rate, pair))
        reached = (self._burning[level] for level, factor in self._factors if self._burning[level] >= factor)
        return next(reached, self._burning[self._factors[-1][0]])

    def level(self, rule: Rule, number: float, held: Level) -> Level:
        """The worst level both of whose windows burn."""
        for level, factor in rule.thresholds:
            if self._burning[level] >= (rule.leave(level, factor) if level <= held else factor):
                return level
        return Level.OK

    def _weigh(self, values: Mapping[Series, Value]) -> float:
        weight = values.get(self._weight) if self._weight else None
        if weight is None or weight.status is not Status.OK or weight.number is None or not isfinite(weight.number):
            return 1.0
        return max(weight.number, 0.0)

    def _rate(self, sums: _Sums) -> float:
        if sums.whole <= 0:
            return 0.0
        watched = min(1.0, (sums.watched + EARLY) / sums.span)
        return sums.mean * watched / self._budget


def window_of(rule: Rule, key: Series) -> Window | None:
    """The window that a rule sees a series through; None where it takes the newest value."""
    match rule.kind:
        case Kind.RATE:
            return Change(rule.window)
        case Kind.BASELINE:
            measure = CATALOGUE.get(rule.metric)
            return Baseline(rule.window, rule.baseline, resolution(measure.unit if measure else "1"))
        case Kind.BURN_RATE:
            return Burn(rule, key)
        case Kind.THRESHOLD if rule.window:
            return _over(rule.over, rule.window)
        case _:
            return None


def _over(over: Over, span: float) -> Window:
    if over in ("max", "min"):
        return Extreme(span, largest=over == "max")
    return Mean(span, total=over == "sum")
