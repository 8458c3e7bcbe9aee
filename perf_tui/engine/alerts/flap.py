"""Keeps what comes and goes from being told over and over."""

from __future__ import annotations

from collections import deque

from perf_tui.engine.alerts.model import Level, Transition

SPAN = 600.0
"""Seconds: what turns four times in so long is flapping, and what does not turn for so long has stopped."""
TURNS = 4
FIRST_STAY, LONGEST_STAY, GROWTH = 15.0, 3600.0, 1.5
"""Seconds for which what flaps must be better before it ends: each turn, half as long again."""


class Flap:
    """How often one alert began or ended lately."""

    def __init__(self) -> None:
        self._turns: deque[float] = deque()
        self.flapping = False
        self.heard = Level.OK
        """The worst level that people were told since it flaps; OK where they have been told that it is over."""
        self.line: Transition | None = None
        """The last line of the log about it."""
        self._stay = FIRST_STAY

    def turn(self, at: float) -> None:
        """It began or ended."""
        self._turns.append(at)
        while self._turns[0] < at - SPAN:
            self._turns.popleft()
        if self.flapping:
            self._stay = min(LONGEST_STAY, self._stay * GROWTH)

    def often(self) -> bool:
        """Whether it has turned too often; asked when it begins, so that people's last word is not that all is well."""
        return len(self._turns) > TURNS

    def calm(self, at: float) -> bool:
        """Whether it has not turned for long."""
        return not self._turns or self._turns[-1] < at - SPAN

    def begin(self) -> None:
        """From now on it flaps."""
        self.flapping, self._stay = True, FIRST_STAY

    def stay(self, keep: float) -> float:
        """Seconds for which it must be better before it ends."""
        return max(keep, self._stay) if self.flapping else keep
