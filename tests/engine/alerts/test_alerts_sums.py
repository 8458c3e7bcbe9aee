"""The mean over a window, against all of its numbers."""

from __future__ import annotations

import random
from math import inf, isfinite, isnan
from statistics import fmean

import pytest

from perf_tui.engine.alerts.model import EARLY
from perf_tui.engine.alerts.windows import Mean

SPAN = 60.0


@pytest.mark.parametrize("seed", range(6))
def test_a_mean_stays_exact_whatever_has_passed(seed: int) -> None:
    dice = random.Random(seed)
    window, past = Mean(SPAN), []
    for tick in range(1_500):
        at = tick * 1.0
        number = dice.choice([dice.random(), dice.random(), 0.0, dice.gauss(0, 1)])
        if dice.random() < 0.01:
            number = dice.choice([1e18, -1e12, inf, -inf])
        past.append((at, number))
        found = window.push(at, number, {})
        within = [each for when, each in past[-100:] if when >= at - SPAN - EARLY]
        if at < SPAN / 2:
            assert found is None
        elif all(map(isfinite, within)):
            size = max(map(abs, within))
            assert found == pytest.approx(fmean(within), rel=1e-9, abs=1e-9 * max(size, 1.0) * 1e-3 + 1e-9)
        else:
            assert found is not None
            assert not isfinite(found) or isnan(found)
