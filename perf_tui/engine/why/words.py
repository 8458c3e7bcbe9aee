"""What moved, in a line: `before it: KV cache 61 → 99%, waiting 0 → 37`."""

from __future__ import annotations

from collections.abc import Sequence

from perf_tui.engine.alerts.model import Moved
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.units import number


def words(why: Sequence[Moved], arrow: str = "→", dot: str = " · ") -> str:
    """All of it, what moved before the alert's onset apart from what did after; empty where nothing did."""
    before = ", ".join(one(each, arrow) for each in why if each.onset <= 0)
    after = ", ".join(one(each, arrow) for each in why if each.onset > 0)
    return dot.join(
        f"{when}: {what}" for when, what in (("before it", before), ("after it", after)) if what
    )  # fmt: skip


def one(moved: Moved, arrow: str = "→") -> str:
    """`KV cache vllm 61 → 99%`: the title, which of its measure, the median before, the farthest since."""
    measure = CATALOGUE.get(moved.series.id)
    unit, title = (measure.unit, measure.title) if measure else ("1", moved.series.id)
    first, last = number(moved.before, unit), "gone" if moved.after is None else number(moved.after, unit)
    if first.endswith("%") and last.endswith("%"):
        first = first.removesuffix("%")
    return f"{' '.join([title, *_names(moved.series)])} {first} {arrow} {last}"


def _names(key: Series) -> list[str]:
    return [value for name, value in key.labels if name not in ("model", "name")]
