"""Pressure stall information: the share of the last 10 s in which tasks waited for a resource."""

from __future__ import annotations

from collections.abc import Iterator

from perf_tui.measures.model import Sample, absent, ok, series
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.part import Part

_RESOURCES = ("cpu", "memory", "io")


class Pressure(Part[dict[tuple[str, str], float]]):
    measures = ("system.pressure",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> dict[tuple[str, str], float]:
        readings = {}
        for resource in _RESOURCES:
            for line in self._host.read_proc(f"pressure/{resource}").decode().splitlines():
                stat, average = line.split()[:2]
                readings[resource, stat] = float(average.removeprefix("avg10=")) / 100
        return readings

    def derive(
        self, before: dict[tuple[str, str], float] | None, now: dict[tuple[str, str], float], seconds: float
    ) -> Iterator[Sample]:
        for resource in _RESOURCES:
            for stat in ("some", "full"):
                value = now.get((resource, stat))
                yield Sample(
                    series("system.pressure", resource=resource, stat=stat),
                    absent("this kernel does not count it") if value is None else ok(value),
                )
