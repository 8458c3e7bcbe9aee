"""Scraping beside prometheus_client's parser, and whether memory stays flat while series come and go.

The steady scrape is the costliest there is: 5,000 series of which every one is needed and has moved.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.accounting import pss_bytes
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.exposition import Line
from perf_tui.sources.scrape.model import Model
from perf_tui.sources.scrape.reader import Reader

_BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "+Inf")
_STEADY, _CHURN = 100, 50
"""Series of the churning endpoint that stay, and that each scrape has for the first and only time."""


class Everything:
    """A sink to which each series matters."""

    def __init__(self) -> None:
        self._slots = 0

    def slot(self, line: Line) -> int:
        """The next slot."""
        self._slots += 1
        return self._slots - 1

    def family(self, name: str, kind: str) -> None:
        """Kinds do not matter."""


def exposition(moment: int) -> str:
    """5,000 series with three labels each, 543 kB: 280 histograms of 15 series, 500 counters, 300 gauges."""
    lines = ["# HELP http_request_duration_seconds Time to answer.", "# TYPE http_request_duration_seconds histogram"]
    for route in range(280):
        labels = f'method="GET",handler="/api/v1/resources/{route:06d}",status="200"'
        count = route * 10 + moment
        for place, bound in enumerate(_BOUNDS):
            lines.append(
                f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}} {count * (place + 1) / 13:.1f}'
            )
        lines.append(f"http_request_duration_seconds_sum{{{labels}}} {count * 0.0137:.6f}")
        lines.append(f"http_request_duration_seconds_count{{{labels}}} {count}.0")
    lines.append("# TYPE http_requests_total counter")
    lines += [
        f'http_requests_total{{method="GET",handler="/api/v1/resources/{route:06d}",status="{code}"}} {moment + route}'
        for route in range(100)
        for code in (200, 201, 404, 500, 504)
    ]
    lines.append("# TYPE mail_queue_depth gauge")
    lines += [
        f'mail_queue_depth{{queue="outgoing-{number:04d}",shard="{number % 16:02d}",zone="eu-central-{number % 3}"}} '
        f"{(number + moment) % 7}"
        for number in range(300)
    ]
    return "\n".join(lines) + "\n"


def churning(moment: int) -> str:
    """An endpoint that labels by what strangers ask for: series that are there for a single scrape."""
    steady = (f'http_requests_total{{handler="/{number}",status="200"}} {moment}' for number in range(_STEADY))
    passing = (f'http_requests_total{{handler="/{moment}/{number}",status="404"}} 1' for number in range(_CHURN))
    return "# TYPE http_requests_total counter\n" + "\n".join((*steady, *passing)) + "\n"


def best(work: Callable[[int], object], rounds: int) -> float:
    """Milliseconds of CPU of the quickest round."""
    taken = []
    for number in range(rounds):
        began = time.process_time()
        work(number)
        taken.append(time.process_time() - began)
    return min(taken) * 1000


def model() -> Model:
    """A model of one endpoint, with every profile that there is."""
    return Model("bench", load_all(), 60.0)


def scrape(target: Model, body: str, moment: float) -> None:
    """Read a body and derive the measures."""
    reading = target.reader.read(body)
    if target.settle():
        reading = target.reader.read(body)
    target.derive(reading, moment, moment)


def steady(rounds: int) -> None:
    """Print what a scrape of 5,000 series costs here and there."""
    bodies = [exposition(moment) for moment in range(rounds + 2)]
    series = sum(not line.startswith("#") for line in bodies[0].splitlines())
    print(f"one scrape of {series:,} series, {len(bodies[1].encode()) / 1000:.0f} kB; CPU time, best of {rounds}")
    oracle = best(
        lambda number: [
            sample for family in text_string_to_metric_families(bodies[number]) for sample in family.samples
        ],
        max(3, rounds // 6),
    )
    reader = Reader(Everything())
    reader.read(bodies[0])
    read = best(lambda number: reader.read(bodies[number + 1]), rounds)
    target = model()
    scrape(target, bodies[0], 0.0)
    whole = best(lambda number: scrape(target, bodies[number + 1], 2.0 * (number + 1)), rounds)
    first = best(lambda number: scrape(model(), bodies[number], 0.0), 3)
    print(f"  prometheus_client's parser    {oracle:8.2f} ms")
    print(f"  read, every series needed     {read:8.2f} ms   {oracle / read:5.1f} times faster")
    print(f"  read and derive all measures  {whole:8.2f} ms   {oracle / whole:5.1f} times faster")
    print(f"  the first scrape of a target  {first:8.2f} ms")


def churn(scrapes: int) -> None:
    """Print the memory before and after many scrapes of an endpoint whose series come and go."""
    target = model()
    settled = scrapes // 10
    before = 0
    for moment in range(scrapes):
        scrape(target, churning(moment), 2.0 * moment)
        if moment == settled:
            gc.collect()
            before = pss_bytes([os.getpid()])
    gc.collect()
    after = pss_bytes([os.getpid()])
    print(f"{scrapes:,} scrapes of {_STEADY + _CHURN} series, {_CHURN} of them new each time")
    print(f"  memory after {settled:,} scrapes {before / 1e6:8.1f} MB, at the end {after / 1e6:8.1f} MB")


def main() -> int:
    """Print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scrape", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="steady scrapes, of which the best counts")
    parser.add_argument("--scrapes", type=int, default=10_000, help="scrapes of the churning endpoint")
    options, _ = parser.parse_known_args()
    steady(options.rounds)
    churn(options.scrapes)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
