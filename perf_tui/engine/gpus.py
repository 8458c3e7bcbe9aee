"""The stage by which a GPU stands once, though several sources tell of it: by its UUID.

This machine's driver knows most: its row stays. What it does not tell is taken from the exporters, such as
how busy a GPU in MIG mode is; their own measures of the same GPU are not shown beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from perf_tui.engine.source import Derived
from perf_tui.engine.stage import Moment, Stage
from perf_tui.measures.gpus import DETAILS, JOINED, Gpu
from perf_tui.measures.model import Sample, Series, series


class GpuJoin(Stage):
    """Makes the table of joined GPUs, where there is anything to join."""

    name = "gpus"

    def derive(self, tables: Mapping[str, object], moment: Moment) -> Derived:
        found: Sequence[Gpu] = tables.get("gpus", ())  # type: ignore[assignment]
        groups = grouped(found)
        if len(groups) == len(found):
            return Derived()
        samples: list[Sample] = []
        hidden: set[Series] = set()
        rows = []
        shown: dict[tuple[str, str], str] = {}
        for group in groups:
            best, *others = sorted(group, key=_rank)
            shown.update(((gpu.source, gpu.gpu), best.gpu) for gpu in group)
            rows.append(_completed(best, others))
            for more in _more(best, others):
                samples.append(more)
                hidden.add(more.series)
            hidden.update(sample.series for gpu in others for sample in gpu.samples)
        # An instance that only an exporter knows belongs to its GPU's row, whoever that is from.
        rows = [gpu._replace(parent=shown.get((gpu.source, gpu.parent), gpu.parent)) for gpu in rows]
        return Derived(samples, {JOINED: tuple(rows)}, frozenset(hidden))


def grouped(found: Sequence[Gpu]) -> list[list[Gpu]]:
    """Rows by GPU or instance, in their order; one source never tells of one twice."""
    whole = {(gpu.source, gpu.gpu): identity(gpu.uuid) for gpu in found if not gpu.parent}
    groups: dict[object, list[Gpu]] = {}
    for place, gpu in enumerate(found):
        uuid = whole.get((gpu.source, gpu.parent or gpu.gpu), "")
        known = uuid and (not gpu.parent or gpu.instance)
        key: object = (uuid, gpu.instance if gpu.parent else "") if known else place
        if any(other.source == gpu.source for other in groups.get(key, ())):
            key = place
        groups.setdefault(key, []).append(gpu)
    return list(groups.values())


def identity(uuid: str) -> str:
    """A UUID as all sources would write it; empty for one that stands for none."""
    found = uuid.lower().removeprefix("gpu-")
    return found if found.strip("0-") else ""


def _rank(gpu: Gpu) -> tuple[bool, bool, int]:
    """Who can read it first; of these the driver, then who tells more."""
    return bool(gpu.problem), bool(gpu.exporter), -sum(sample.value.number is not None for sample in gpu.samples)


def _completed(best: Gpu, others: Sequence[Gpu]) -> Gpu:
    """A row with what others tell in the place of what it lacks."""
    found = {}
    for name in (*DETAILS, "throttle", "processes", "xids"):
        told = getattr(best, name)
        if told is None or (name in DETAILS and told.number is None):
            better = (getattr(gpu, name) for gpu in others)
            found[name] = next((each for each in better if _tells(each)), told)
    return best._replace(**found) if found else best


def _tells(told: object) -> bool:
    return told is not None and getattr(told, "number", 0.0) is not None


def _more(best: Gpu, others: Sequence[Gpu]) -> Iterator[Sample]:
    """Measures that others have a number of and it has not, under its labels."""
    known = {sample.series.id for sample in best.samples if sample.value.number is not None}
    for gpu in others:
        for sample in gpu.samples:
            if sample.series.id not in known and sample.value.number is not None:
                known.add(sample.series.id)
                yield Sample(series(sample.series.id, gpu=best.gpu, name=best.name), sample.value)
