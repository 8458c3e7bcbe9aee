"""The rows of the table `gpus` that one exporter gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perf_tui.measures.gpus import Gpu
from perf_tui.measures.model import absent
from perf_tui.sources.scrape.evaluate import Evaluation
from perf_tui.sources.scrape.plan import Plan


def gpus(plan: Plan, evaluation: Evaluation, source: str, notices: Sequence[str]) -> Iterator[Gpu]:
    """One row of the table for each row of measures: what the exporter tells besides them stays with it."""
    not_read = absent(f"it is not read from {plan.profile.title}")
    for row in evaluation.rows:
        labels = dict(evaluation.shown[row])
        yield Gpu(
            gpu=labels["gpu"],
            name=labels.get("name", ""),
            source=source,
            vendor=plan.profile.title,
            clock=not_read,
            clock_max=not_read,
            memory_clock=not_read,
            memory_clock_max=not_read,
            memory_busy=not_read,
            fan=not_read,
            ecc_boot=not_read,
            ecc_life=not_read,
            processes_reason=f"{plan.profile.title} is asked for no processes",
            notices=(*plan.profile.notes, *notices),
        )
