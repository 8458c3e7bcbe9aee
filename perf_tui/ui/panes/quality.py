"""Whether answers are still as good as they were: scores against their baseline, and proxies, named as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.drift import ENOUGH, Verdict
from perf_tui.measures.quality import Quality, rows
from perf_tui.measures.units import significant
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.charts import ChartPane
from perf_tui.ui.view import Rows, View

_MARKS = {Verdict.STEADY: "ok", Verdict.UNSURE: "info", Verdict.DRIFTED: "warning", Verdict.TOO_FEW: "pending"}
_ORDER = (Verdict.DRIFTED, Verdict.UNSURE, Verdict.STEADY, Verdict.TOO_FEW)
_NAME = 22
_NOTHING = "no scores: [[quality]] in config.toml names a file of them"


def of(snapshot: Snapshot, labels: Mapping[str, str]) -> list[Quality]:
    """What is known of an engine's model: scores before proxies, what drifted first.

    Scores that name no engine of their own are about the model wherever it runs.
    """
    engine, model = labels.get("engine", ""), labels.get("model", "")
    found = [
        row
        for row in rows(snapshot.tables)
        if row.model in (model, "")
        and (row.engine == engine or (not row.proxy and row.model == model != ""))
        and (not row.proxy or row.drift.now.n or row.drift.baseline.n)  # of a proxy nothing may ever come
    ]
    return sorted(found, key=lambda row: (row.proxy, _ORDER.index(row.drift.verdict)))


def telling(snapshot: Snapshot) -> list[Quality]:
    """What the overview tells: all scores, and the proxies that drifted; the worst first."""
    found = [row for row in rows(snapshot.tables) if not row.proxy or row.drift.verdict is Verdict.DRIFTED]
    return sorted(found, key=lambda row: (_ORDER.index(row.drift.verdict), row.proxy))


def _fine(number: float) -> str:
    """Scores lie within 0..1 mostly, and move by hundredths."""
    return f"{number:.3f}" if abs(number) < 10 else significant(number)


def _signed(number: float, view: View) -> str:
    words = _fine(abs(number))
    sign = "" if not number else "+" if number > 0 else "-" if view.glyphs.ascii_only else "−"
    return f"{sign}{words}"


def line(row: Quality, view: View, width: int, name: str = "") -> Spans:
    """A score or proxy in one row: how far from its baseline, how sure, of how many, and the verdict."""
    found, drift = Row(width).gap(), row.drift
    verdict = drift.verdict
    mark = _MARKS[verdict]
    title = (name or row.name) + (" (proxy)" if row.proxy else "")
    found.cell(title, max(_NAME, len(title)), "dim" if row.proxy else "text").gap()
    words = f"{view.glyphs.marks[mark]} {verdict.value}"
    role = {"pending": "dim", "ok": "ok"}.get(mark, mark)
    if verdict is Verdict.TOO_FEW:
        few = min(drift.now.n, drift.baseline.n)
        found.put(f"{words}: {few} of {ENOUGH}", "dim")
        return found.whole((f"   now {_fine(drift.now.mean)}" if drift.now.n else "", "dim")).done()
    plus_minus = "+/-" if view.glyphs.ascii_only else "±"
    reach = (drift.difference.high - drift.difference.low) / 2
    found.put(f"{_signed(drift.difference.value, view)} {plus_minus}{_fine(reach)}", "strong")
    found.put(f"  n={drift.now.n}  ", "dim").put(words, role)
    found.whole((f"   now {_fine(drift.now.mean)}, baseline {_fine(drift.baseline.mean)}", "dim"))
    if drift.stability is not None:
        found.whole((f"  PSI {significant(drift.stability.psi)} of {significant(drift.stability.limit)}", "dim"))
    return found.done()


class QualityPane(ChartPane):
    """Of the selected engine's model, one line each."""

    title = "quality of answers"

    def count(self, view: View) -> int:
        """How many lines it has."""
        return len(of(view.snapshot, self.subject()))

    def head(self, view: View) -> tuple[str, str]:
        return self.title, "now against baseline, 95 % interval"

    def draw(self, view: View, width: int, height: int) -> Rows:
        found = of(view.snapshot, self.subject())
        if not found:
            return [Row(width).gap().put(_NOTHING, "dim").done()]
        return [line(row, view, width) for row in found[:height]]


class QualityTile(ChartPane):
    """On the overview, in a line or two: `drift helpfulness −0.021 ±0.012 n=840 ● steady`."""

    def __init__(self, id: str) -> None:
        super().__init__(id, dict)

    def draw(self, view: View, width: int, height: int) -> Rows:
        found: Sequence[Quality] = telling(view.snapshot)
        return [line(row, view, width, f"drift {row.name}") for row in found[:height]]
