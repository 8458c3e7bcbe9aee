"""Events `gen_ai.evaluation.result` as streams of scores."""

from __future__ import annotations

from perf_tui.measures.drift import Monitor
from perf_tui.measures.model import Sample
from perf_tui.measures.quality import Quality
from perf_tui.sources.otlp.model import Event, text
from perf_tui.sources.quality.streams import Streams, samples_of
from perf_tui.text import cut

NAME = "gen_ai.evaluation.result"
_VERDICTS = {
    1.0: frozenset(("pass", "passed", "true", "yes", "correct", "good", "relevant")),
    0.0: frozenset(("fail", "failed", "false", "no", "incorrect", "bad", "not_relevant", "irrelevant")),
}
"""Labels of evaluations that give no number."""
_LONGEST = 80


def score(event: Event) -> float | None:
    """The score that an event tells; None where the evaluation failed, or its label is not known."""
    if text(event.labels, "error.type"):
        return None
    told = event.labels.get("gen_ai.evaluation.score.value")
    if isinstance(told, float):
        return told
    label = text(event.labels, "gen_ai.evaluation.score.label").lower()
    return next((value for value, words in _VERDICTS.items() if label in words), None)


class Evaluations:
    """The scores that are pushed, by sender, model and name."""

    def __init__(self, source: str) -> None:
        self._streams = Streams(source, lambda key: Monitor())

    def take(self, event: Event) -> bool:
        """Take in an event; False where there is no room for its stream."""
        found = score(event)
        name = cut(text(event.labels, "gen_ai.evaluation.name"), _LONGEST)
        if found is None or not name:
            return True
        model = text(event.labels, "gen_ai.request.model") or text(event.labels, "gen_ai.response.model")
        engine = event.sender.text("service.name") or "unknown_service"
        return self._streams.add((engine, model, name), found)

    def derive(self) -> tuple[list[Sample], tuple[Quality, ...]]:
        """Measures and rows now."""
        rows = self._streams.rows()
        return samples_of(rows), rows
