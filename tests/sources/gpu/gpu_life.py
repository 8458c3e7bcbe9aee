"""A source under the engine's own runner, with a clock that is moved by hand."""

from __future__ import annotations

from typing import Any

from fakes import Clock

from perf_tui.engine.runner import Runner
from perf_tui.engine.source import Source
from perf_tui.measures.gpus import Gpu
from perf_tui.measures.model import Status, Value, series


class Life:
    """Ticks of one source, two seconds apart."""

    def __init__(self, source: Source[Any], clock: Clock) -> None:
        self.source = source
        self.clock = clock
        self.runner = Runner(source, clock)
        self.tick = -1
        self.values: dict[tuple[str, str], Value] = {}
        """By measure and GPU; of the newest good reading."""
        self.rows: dict[str, Gpu] = {}
        self.names: dict[str, str] = {}

    async def pass_tick(self, count: int = 1, seconds: float = 2.0) -> Status:
        """Let ticks pass; the state after the last."""
        for _ in range(count):
            self.tick += 1
            if self.tick:
                self.clock.advance(seconds)
            if self.runner.due(self.tick):
                await self.runner.start(self.tick)
                derived = self.runner.take()
                if derived is not None:
                    self.values = {(key.id, key.label("gpu")): value for key, value in derived.samples}
                    self.names = {key.label("gpu"): key.label("name") for key, _ in derived.samples}
                    rows: tuple[Gpu, ...] = derived.tables["gpus"]  # type: ignore[assignment]
                    self.rows = {row.gpu: row for row in rows}
                    assert len(self.rows) == len(rows)
                    assert {key for key, _ in derived.samples} == {
                        series(id, gpu=gpu, name=self.rows[gpu].name) for id, gpu in self.values
                    }
        return self.status

    @property
    def status(self) -> Status:
        return self.runner.state.status

    @property
    def error(self) -> str:
        """The reason that the list of sources shows."""
        return self.runner.state.error or ""

    def number(self, id: str, gpu: str = "0") -> float | None:
        """The number of a measure."""
        return self.values[f"gpu.{id}", gpu].number

    def why(self, id: str, gpu: str = "0") -> tuple[Status, str | None]:
        """Why a measure has no number."""
        value = self.values[f"gpu.{id}", gpu]
        assert value.number is None
        return value.status, value.reason
