"""How often the true cause is among the first that are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from benchmarks.why.rankers import Ranker
from benchmarks.why.recording import Recording
from perf_tui.measures.model import Series

DEEPEST = 5
NOBODY = "—"


def place(recording: Recording, named: Sequence[Series]) -> int:
    """The place of the first true cause, from 1; beyond the deepest where none is named."""
    places = (number for number, key in enumerate(named, 1) if key in recording.causes)
    return next(places, DEEPEST + 1)


def accuracies(recordings: Sequence[Recording], ranker: Ranker) -> list[float]:
    """AC@1 to AC@5: the share of faults whose cause is among the first k. Their mean is Avg@5."""
    places = [place(each, ranker(each)) for each in recordings]
    return [fmean(found <= k for found in places) for k in range(1, DEEPEST + 1)]


def average(recordings: Sequence[Recording], ranker: Ranker) -> float:
    """Avg@5."""
    return fmean(accuracies(recordings, ranker))


def confusion(recordings: Iterable[Recording], ranker: Ranker) -> dict[str, dict[str, int]]:
    """True kind → what was named first → how many times: the kinds whose cause that would be, else the layer."""
    table: dict[str, dict[str, int]] = {}
    for each in recordings:
        named = ranker(each)
        first = says(named[0], each) if named else NOBODY
        row = table.setdefault(each.kind, {})
        row[first] = row.get(first, 0) + 1
    return table


def says(key: Series, recording: Recording) -> str:
    """What an operator would take a series for that is named first."""
    if key in recording.causes:
        return recording.kind
    for words, fits in _SAYS:
        if fits(key):
            return words
    return "something else"


def _starts(*heads: str, **labels: str) -> Callable[[Series], bool]:
    return lambda key: key.id.startswith(heads) and all(key.label(name) == wanted for name, wanted in labels.items())


_SAYS: tuple[tuple[str, Callable[[Series], bool]], ...] = (
    ("disk writer", _starts("system.disk.", "system.cpu.iowait")),
    ("disk writer", _starts("system.pressure", resource="io")),
    ("memory hog", _starts("system.memory.", "system.swap.")),
    ("memory hog", _starts("system.pressure", resource="memory")),
    ("CPU burner", _starts("system.cpu.", "system.load", "system.pressure")),
    ("connection leak", _starts("system.network.connections")),
    ("network flood", _starts("system.network.")),
    ("slow dependency", _starts("app.request.duration", service="pricing")),
    ("failing dependency", _starts("app.error.", service="pricing")),
    ("flooded model", _starts("ai.requests.", "ai.kv_cache", "ai.context", "ai.batch", "ai.latency.queue")),
    ("another worker", _starts("worker.")),
    ("workers", _starts("workers.")),
    ("the shop's own", _starts("app.", service="shop")),
    ("another service's", _starts("app.")),
    ("the model's speed", _starts("ai.")),
)
