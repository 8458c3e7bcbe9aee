"""The rows of the table `gpus` that one exporter gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from perf_tui.measures.gpus import DETAILS, Gpu
from perf_tui.measures.model import Sample, Status, Value, absent
from perf_tui.sources.scrape.evaluate import Evaluation
from perf_tui.sources.scrape.plan import Plan
from perf_tui.sources.scrape.terms import Key


def gpus(
    plan: Plan, evaluation: Evaluation, source: str, samples: Sequence[Sample], notices: Sequence[str]
) -> Iterator[Gpu]:
    """One row of the table for each row of measures, which are in `samples`."""
    title = plan.profile.title
    not_read = absent(f"it is not read from {title}")
    of = {row: dict(evaluation.shown[row]) for row in evaluation.rows}
    for row, labels in of.items():
        whole, instance = plan.parents.get(row, (None, ""))
        parent = of[whole]["gpu"] if whole in of else ""
        own = ("gpu", labels["gpu"])
        told: dict[str, Any] = {name: _told(evaluation, name, Key(row), not_read) for name in DETAILS}
        yield Gpu(
            gpu=labels["gpu"],
            name=labels.get("name", ""),
            source=source,
            vendor=title,
            uuid=plan.uuids.get(whole or row, "") if not instance else "",
            parent=parent,
            **told,
            processes_reason=f"{title} is asked for no processes",
            notices=(*plan.profile.notes, *notices),
            instance=instance,
            exporter=title,
            samples=tuple(each for each in samples if own in each.series.labels),
        )


def _told(evaluation: Evaluation, name: str, key: Key, otherwise: Value) -> Value:
    value = evaluation.number(name, key)
    return otherwise if value.status is Status.ABSENT else value
