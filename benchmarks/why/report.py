"""The tables: how often the cause was named, by kind, and what was taken for what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.why.kinds import KINDS
from benchmarks.why.rankers import RANKERS, ours
from benchmarks.why.recording import Recording
from benchmarks.why.score import accuracies, average, confusion

DOCS = Path("docs/why.md")
BEGIN, END = "<!-- begin: python -m benchmarks.why --write -->", "<!-- end -->"


def report(recordings: Sequence[Recording], words: str) -> str:
    """Everything as Markdown."""
    kinds = [kind.name for kind in KINDS if any(each.kind == kind.name for each in recordings)]
    alerts = sum(bool(each.alert) for each in recordings)
    return "\n\n".join(
        (
            f"{words}: {len(recordings)} faults of {len(kinds)} kinds; {alerts} raised an alert on a symptom, for the "
            "others the question was asked at the time at which the fault began.",
            _overall(recordings),
            _by_kind(recordings, kinds),
            "What was named first (rows: what was broken; columns: what the first series named stands for):",
            _confusion(recordings, kinds),
        )
    )


def into_docs(text: str) -> None:
    """Between the two marks."""
    page = DOCS.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    DOCS.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


def _overall(recordings: Sequence[Recording]) -> str:
    halves = {
        "all": recordings,
        "odd seeds": [each for each in recordings if each.seed % 2],
        "even seeds": [each for each in recordings if each.seed % 2 == 0],
    }
    rows = []
    for name, ranker in RANKERS.items():
        for half, some in halves.items():
            if some:
                found = accuracies(some, ranker)
                rows.append((name, half, *(f"{each:.2f}" for each in found), f"{sum(found) / len(found):.3f}"))
    return _table(("ranking", "faults", *(f"AC@{k}" for k in range(1, 6)), "Avg@5"), rows)


def _by_kind(recordings: Sequence[Recording], kinds: Sequence[str]) -> str:
    rows = []
    for kind in kinds:
        some = [each for each in recordings if each.kind == kind]
        first = accuracies(some, ours)[0]
        rows.append(
            (kind, str(len(some)), f"{first:.2f}", *(f"{average(some, each):.2f}" for each in RANKERS.values()))
        )
    return _table(("kind", "faults", "AC@1 ours", *(f"Avg@5 {name}" for name in RANKERS)), rows)


def _confusion(recordings: Sequence[Recording], kinds: Sequence[str]) -> str:
    table = confusion(recordings, ours)
    named = {first for row in table.values() for first in row}
    columns = [*(kind for kind in kinds if kind in named), *sorted(named - set(kinds))]
    rows = [(kind, *(str(table[kind].get(first, "")) for first in columns)) for kind in kinds]
    return _table(("", *columns), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
