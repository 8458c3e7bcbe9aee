"""Where ticks are counted (`--once`, `snapshot`), each waits for sources that a live screen would not wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from perf_tui.engine.engine import Engine
from perf_tui.measures.model import Series, Status, Value, series
from perf_tui.sources.fake import FakeSource

RATE = series("app.request.rate", service="slow")


class Slow(FakeSource):
    """Answers after more than a quarter of the interval: later than a live tick waits."""

    async def read(self) -> Mapping[Series, Value | float]:
        await asyncio.sleep(0.2)
        return await super().read()


def test_the_last_tick_has_the_second_reading_of_a_slow_source() -> None:
    source = Slow(lambda number: {RATE: float(number)})
    engine = Engine([source], interval=0.5)
    asyncio.run(engine.run(ticks=2))
    assert engine.store.snapshot.values[RATE].number == 1.0
    assert engine.store.snapshot.values[RATE].status is Status.OK
