"""Pressure stall information: the share of the last 10 s in which tasks waited for a resource."""

from __future__ import annotations

from collections.abc import Iterator
from errno import EOPNOTSUPP

from perf_tui.engine.source import SourceAbsent
from perf_tui.measures.model import Sample, absent, ok, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.part import Part

_RESOURCES = ("cpu", "memory", "io")


class Pressure(Part[dict[tuple[str, str], float]]):
    measures = ("system.pressure",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> dict[tuple[str, str], float]:
        readings: dict[tuple[str, str], float] = {}
        if not LINUX:
            raise SourceAbsent("only Linux counts it")
        for resource in _RESOURCES:
            try:
                text = self._host.read_proc(f"pressure/{resource}")
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno != EOPNOTSUPP:
                    raise
                raise SourceAbsent("this kernel does not count it; it does when started with psi=1") from None
            for line in text.decode().splitlines():
                stat, average = line.split()[:2]
                readings[resource, stat] = float(average.removeprefix("avg10=")) / 100
        if not readings:
            raise SourceAbsent("this kernel does not count it; Linux 4.20 with CONFIG_PSI does")
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
