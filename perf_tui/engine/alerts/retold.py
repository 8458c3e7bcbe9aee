"""What rules would have done, in words."""

from __future__ import annotations

import time
from collections.abc import Sequence

from perf_tui.engine.alerts.backtest import Episode, Outcome
from perf_tui.engine.alerts.model import unit_of
from perf_tui.measures.units import number, seconds


def summary(outcome: Outcome) -> str:
    """`would have fired 2 times in the last 1h00m`."""
    if not outcome.walls:
        return "there is nothing in memory to try it on yet"
    span = seconds(outcome.walls[-1] - outcome.walls[0])
    times = len(outcome.episodes)
    if not times:
        return f"would not have fired in the last {span}"
    return f"would have fired {'once' if times == 1 else f'{times} times'} in the last {span}"


def told(episode: Episode, now: float, several: bool) -> str:
    """`14:02:10 warning for 40.0s (peak 97%)`; with what it is about where there are `several` series."""
    clock = time.strftime("%H:%M:%S", time.localtime(episode.began))
    lasted = seconds(max(0.0, (now if episode.ended is None else episode.ended) - episode.began))
    peak = number(episode.peak, unit_of(episode.rule))
    about = [value for _, value in episode.series.labels] if several else []
    still = ", still" if episode.ended is None else ""
    return " ".join([clock, *about, episode.level.word, f"for {lasted}{still} (peak {peak})"])


def retold(outcome: Outcome, most: int) -> list[str]:
    """The summary, and the newest `most` episodes, newest first."""
    episodes: Sequence[Episode] = outcome.episodes[::-1][:most]
    several = len({episode.series for episode in outcome.episodes}) > 1
    lines = [told(each, outcome.walls[-1], several) for each in episodes]
    more = len(outcome.episodes) - len(lines)
    return [summary(outcome), *lines, *([f"and {more} more before"] if more else [])]
