"""Rows of the table `quality`: what is known of the quality of answers, by evaluation or by proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from perf_tui.measures.drift import ENOUGH, Drift, Verdict
from perf_tui.measures.model import IDLE, Sample, Status, Value, series
from perf_tui.measures.units import significant


class Quality(NamedTuple):
    """One kind of score of one model. A proxy needs nobody's judgement, and may move for other reasons."""

    engine: str
    model: str
    name: str
    """What is scored, or measured instead; safe to show."""
    source: str
    proxy: bool
    drift: Drift

    @property
    def sentence(self) -> str:
        """It in words, with its numbers."""
        found = self.drift
        what = f"{self.name} (proxy)" if self.proxy else self.name
        if found.verdict is Verdict.TOO_FEW:
            few = min(found.now.n, found.baseline.n)
            return f"{what}: too few to say, {few} of {ENOUGH}"
        low, high = significant(found.difference.low), significant(found.difference.high)
        text = (
            f"{what} {significant(found.now.mean)}, baseline {significant(found.baseline.mean)}: "
            f"{significant(found.difference.value)} ({low} to {high}, n {found.now.n} and {found.baseline.n})"
        )
        if found.stability is not None:
            text += f"; PSI {significant(found.stability.psi)}, limit {significant(found.stability.limit)}"
        return f"{text}; {found.verdict}"


def samples(row: Quality) -> tuple[Sample, Sample]:
    """`ai.quality.score` and `ai.quality.drift` of a row of scores."""
    labels = {"engine": row.engine, "model": row.model, "name": row.name}
    found = row.drift
    mean = found.now if found.now.n else found.baseline
    score = Value(mean.mean) if mean.n else IDLE
    if found.verdict is Verdict.TOO_FEW:
        few = min(found.now.n, found.baseline.n)
        drift = Value(None, Status.PENDING, f"too few scores: {few} of {ENOUGH}")
    else:
        drift = Value(found.difference.value)
    return Sample(series("ai.quality.score", **labels), score), Sample(series("ai.quality.drift", **labels), drift)


def rows(tables: Mapping[str, object]) -> Sequence[Quality]:
    """The rows of a snapshot's tables."""
    return tables.get("quality", ())  # type: ignore[return-value]
