"""Oracles: numbers worked out by hand from the definition, and promtool, which evaluates real PromQL."""

import json
import random
import shutil
import subprocess
from math import inf, isnan, nan
from pathlib import Path

import pytest

from perf_tui.measures.histogram import Distribution, fell, histogram_quantile, rise
from perf_tui.measures.model import Status

# 100 observations up to 0.1 s, 60 up to 0.2, 30 up to 1, 10 beyond
USUAL = [(0.1, 100.0), (0.2, 160.0), (1.0, 190.0), (inf, 200.0)]


@pytest.mark.parametrize(
    ("q", "number"),
    [
        (0.5, 0.1),  # rank 100: exactly the first bucket's count
        (0.25, 0.05),  # rank 50 of 100 between 0 and 0.1
        (0.75, 0.1 + 0.1 * 50 / 60),  # rank 150
        (0.9, 0.2 + 0.8 * 20 / 30),  # rank 180
        (0.95, 1.0),  # rank 190: the last finite bound
    ],
)
def test_a_rank_is_interpolated_within_its_bucket(q: float, number: float) -> None:
    assert histogram_quantile(q, USUAL) == pytest.approx(number, rel=1e-12)


def test_beyond_the_last_finite_bound_only_a_bound_is_known() -> None:
    estimate = Distribution(USUAL).quantile(0.99)
    assert (estimate.number, estimate.lower, estimate.upper, estimate.bound) == (1.0, 1.0, inf, True)
    value = estimate.value()
    assert (value.number, value.status, value.bound) == (1.0, Status.OK, True)


def test_the_edges_of_the_bucket_stand_beside_the_quantile() -> None:
    estimate = Distribution(USUAL).quantile(0.9)
    assert (estimate.lower, estimate.upper, estimate.bound) == (0.2, 1.0, False)


def test_nothing_observed_is_idle_and_not_zero() -> None:
    nothing = Distribution([(0.1, 0.0), (inf, 0.0)])
    assert isnan(nothing.quantile(0.5).number)
    assert nothing.value(0.5).status is Status.IDLE


@pytest.mark.parametrize("buckets", [[], [(inf, 5.0)], [(0.1, 3.0), (1.0, 5.0)]])
def test_buckets_that_cannot_tell_give_no_number(buckets: list[tuple[float, float]]) -> None:
    assert isnan(histogram_quantile(0.5, buckets))
    assert Distribution(buckets).value(0.5).status is Status.ABSENT


def test_quantiles_outside_0_and_1() -> None:
    assert histogram_quantile(-0.1, USUAL) == -inf
    assert histogram_quantile(1.1, USUAL) == inf
    assert isnan(histogram_quantile(nan, USUAL))
    assert histogram_quantile(1.0, USUAL) == 1.0
    assert histogram_quantile(0.0, USUAL) == 0.0
    assert isnan(histogram_quantile(0.0, [(0.1, 0.0), (1.0, 5.0), (inf, 5.0)])), "as Prometheus: 0 / 0"


def test_the_first_bucket_has_no_lower_bound_where_its_upper_is_not_positive() -> None:
    assert histogram_quantile(0.1, [(-1.0, 5.0), (1.0, 10.0), (inf, 10.0)]) == -1.0
    assert histogram_quantile(0.1, [(0.0, 5.0), (1.0, 10.0), (inf, 10.0)]) == 0.0


def test_order_and_repeated_bounds_do_not_matter() -> None:
    halves = [(bound, count / 2) for bound, count in USUAL]
    assert histogram_quantile(0.9, [*reversed(halves), *halves]) == histogram_quantile(0.9, USUAL)


def test_counts_that_fall_along_the_bounds_are_raised() -> None:
    # read between two requests: 0.2 lags behind 0.1
    torn = Distribution([(0.1, 100.0), (0.2, 90.0), (1.0, 150.0), (inf, 140.0)])
    assert torn.counts == [100.0, 100.0, 150.0, 150.0]
    assert torn.apart() == (100.0, 0.0, 50.0, 0.0)
    assert torn.total == 150.0


def test_rounding_errors_do_not_make_observations() -> None:
    tiny = Distribution([(0.1, 100.0), (0.2, 100.0 * (1 + 1e-13)), (inf, 100.0 * (1 - 1e-13))])
    assert tiny.counts == [100.0, 100.0, 100.0]


def test_a_reset_is_judged_for_the_whole_histogram() -> None:
    # buckets (0.1, inf), count, sum: the process began anew and has served more in the first bucket
    assert rise((5.0, 50.0, 50.0, 90.0), (8.0, 20.0, 20.0, 30.0)) == (8.0, 20.0, 20.0, 30.0)
    assert rise((5.0, 50.0, 50.0, 90.0), (8.0, 60.0, 60.0, 95.0)) == (3.0, 10.0, 10.0, 5.0)
    assert rise((1.0, 1.0, 1.0, 5.0), (1.0, 2.0, 2.0, -3.0))[3] == -8.0, "a negative observation is no reset"
    assert fell((1.0, 2.0), (1.0, 1.0))
    assert not fell((1.0, 2.0), (1.0, 2.0))


def _cases() -> list[list[tuple[float, float]]]:
    """Histograms of every shape, drawn with a fixed seed."""
    draw = random.Random(20261122)
    cases = [
        USUAL,
        [(0.0, 3.0), (inf, 9.0)],
        [(-2.0, 1.0), (-1.0, 3.0), (0.5, 4.0), (inf, 4.0)],
        [(0.1, 0.0), (0.2, 7.0), (inf, 7.0)],
    ]
    for _ in range(36):
        bounds = sorted(draw.sample([0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], draw.randint(1, 11)))
        count, buckets = 0, []
        for bound in [*map(float, bounds), inf]:
            count += draw.choice([0, 0, 1, 3, 17, 400])
            torn = draw.choice([0, 0, 0, 2])  # some scrapes are torn: counts fall
            buckets.append((bound, float(max(0, count - torn))))
        cases.append(buckets)
    return [case for case in cases if max(count for _, count in case) > 0 and case[-1][1] > 0]


def _promtool(tmp_path: Path, expected: list[tuple[int, float, float]], cases: list[list[tuple[float, float]]]) -> int:
    """Exit status of `promtool test rules` for (case, q, number) triples."""
    series = [
        {
            "series": f'h_bucket{{case="{number}",le="{"+Inf" if bound == inf else bound}"}}',
            "values": str(int(count)),
        }
        for number, case in enumerate(cases)
        for bound, count in case
    ]
    tests = [
        {
            "expr": f'histogram_quantile({q}, h_bucket{{case="{case}"}})',
            "eval_time": "0m",
            "exp_samples": [{"labels": f'{{case="{case}"}}', "value": value}],
        }
        for case, q, value in expected
    ]
    suite = {"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}]}
    file = tmp_path / "suite.yml"
    file.write_text(json.dumps(suite))  # JSON is YAML
    tool = shutil.which("promtool")
    assert tool is not None
    return subprocess.run([tool, "test", "rules", str(file)], capture_output=True, timeout=60).returncode


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_numbers_are_those_of_prometheus(tmp_path: Path) -> None:
    cases = _cases()
    expected = [
        (number, q, histogram_quantile(q, case))
        for number, case in enumerate(cases)
        for q in (0.01, 0.5, 0.9, 0.95, 0.99, 1.0)
    ]
    assert len(expected) > 200
    assert _promtool(tmp_path, expected, cases) == 0
    off = [(expected[1][0], expected[1][1], expected[1][2] * 1.01)]
    assert _promtool(tmp_path, off, cases) != 0, "promtool would see a difference of a hundredth"
