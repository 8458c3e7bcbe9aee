"""What is sent: only what has changed, only of the screen on show, and nothing piles up."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from typing import Any

import pytest
from textual.dom import DOMNode
from textual.widget import Widget
from ui_scene import Driver, Scene, process, running

from perf_tui.engine.engine import Engine
from perf_tui.engine.store import Store
from perf_tui.ui.bridge import Bridge, Collected
from perf_tui.ui.widgets.pane import Pane


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Each refresh of a pane: its id and how many rows; -1 for all of it."""
    seen: list[tuple[str, int]] = []
    refresh = Widget.refresh

    def spy(self: Any, *regions: Any, **kwargs: Any) -> Any:
        if isinstance(self, Pane):
            seen.append((str(self.id), len(regions) or -1))
        return refresh(self, *regions, **kwargs)

    monkeypatch.setattr(Widget, "refresh", spy)
    return seen


async def again(driver: Driver, **changes: Any) -> None:
    """Publish the last snapshot, with changes."""
    from dataclasses import replace

    driver.app.engine.store.publish(replace(driver.app.engine.store.snapshot, **changes))
    await driver.settle()


async def test_only_the_header_is_sent_when_only_the_clock_has_changed(
    scene: Scene, sent: list[tuple[str, int]]
) -> None:
    async with running(scene) as driver:
        for at, key in enumerate(("1", "2", "3", "4", "5", "6")):
            await driver.press(key)
            sent.clear()
            await again(driver)
            assert sent == [], key
            await again(driver, time=scene.time + 1 + at)
            assert sent == [("header", 1)], key


async def test_only_rows_that_changed_are_sent(scene: Scene, sent: list[tuple[str, int]]) -> None:
    async with running(scene) as driver:
        await driver.press("3")
        sent.clear()
        rows = list(scene.processes or ())
        rows[4] = rows[4]._replace(memory=rows[4].memory + (1 << 20))
        await again(driver, tables={**scene.tables(), "processes": tuple(rows)})
        assert sent == [("processes", 1)]
        sent.clear()
        values = dict(driver.app.engine.store.snapshot.values)
        key = next(each for each in values if each.id == "system.disk.read")
        values[key] = values[key]._replace(number=12345.0)
        await again(driver, values=values)
        assert sent == [("disks", 1)]


async def test_the_bytes_of_a_row_are_sent_and_no_more(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("3")
        regions: list[Any] = []
        compositor = driver.app.screen._compositor
        render = compositor.render_update

        def spy(*args: Any, **kwargs: Any) -> Any:
            regions.extend(compositor._dirty_regions)
            return render(*args, **kwargs)

        compositor.render_update = spy  # type: ignore[method-assign]
        await again(driver, time=scene.time + 1)
        assert {(region.y, region.height) for region in regions} == {(0, 1)}


async def test_a_hidden_screen_paints_nothing_and_paints_when_it_comes_back(
    scene: Scene, sent: list[tuple[str, int]]
) -> None:
    async with running(scene) as driver:
        await driver.press("3")
        system = driver.live
        before = [list(pane._rows) for pane in system.query(Pane)]
        await driver.press("1")
        drawn: Counter[str] = Counter()
        for pane in system.query(Pane):
            draw = pane.draw

            def counting(*args: Any, draw: Any = draw, id: Any = pane.id) -> Any:
                drawn[id] += 1
                return draw(*args)

            pane.draw = counting  # type: ignore[method-assign]
        for _ in range(10):
            await driver.publish(3)
        assert drawn == Counter()
        await driver.press("3")
        assert driver.live is system
        assert drawn["processes"] >= 1
        assert "11:12:38" in driver.rows[0] or driver.rows[0] != "".join(text for text, _ in before[0][0])
        header = driver.pane_text("header")[0]
        await driver.press("1")
        assert driver.pane_text("header")[0] == header


async def test_switching_and_ticking_leaves_no_nodes_behind(scene: Scene) -> None:
    scene.alert("system.cpu.utilization")

    def nodes() -> int:
        gc.collect()
        return sum(isinstance(each, DOMNode) for each in gc.get_objects())

    async with running(scene) as driver:

        async def round_trip(times: int, ticks: int) -> None:
            for mode in ("overview", "app", "system", "alerts", "workers") * times:
                await driver.app.action_show(mode)
            await driver.press(
                "1", "question_mark", "escape", "e", "escape", "2", "enter", "escape", "slash", "escape", "3"
            )
            for _ in range(ticks):
                scene.processes = tuple(process(scene.tick + n, n / 9) for n in range(40))
                scene.pass_ticks()
                driver.app.engine.store.publish(scene.snapshot())
                await asyncio.sleep(0)
            await driver.settle()

        await round_trip(1, 5)
        before = nodes()
        for _ in range(3):
            await round_trip(4, 70)
        # Textual keeps a node or two of the last dialog for a while; the rounds must not add up.
        assert nodes() <= before + 5


# -- from the engine's thread


class Listener:
    """What the bridge needs of an app."""

    def __init__(self) -> None:
        self.posted: list[Any] = []

    def post_message(self, message: Any) -> bool:
        self.posted.append(message)
        return True


def test_one_message_is_under_way_at_most() -> None:
    store, app = Store(), Listener()
    bridge = Bridge(app, store)  # type: ignore[arg-type]
    for _ in range(1000):
        store.publish(store.snapshot)
    assert len(app.posted) == 1
    bridge.taken()
    store.publish(store.snapshot)
    assert len(app.posted) == 2
    bridge.taken()
    bridge.close()
    store.publish(store.snapshot)
    assert len(app.posted) == 2


def test_a_later_message_replaces_an_earlier() -> None:
    assert Collected().can_replace(Collected())


async def test_publishing_from_another_thread_reaches_the_screen(scene: Scene) -> None:
    async with running(scene) as driver:
        scene.pass_ticks(30)
        snapshot = scene.snapshot()
        await asyncio.to_thread(driver.app.engine.store.publish, snapshot)
        await driver.until(lambda: driver.app.view.snapshot is snapshot)
        from perf_tui.ui.panes.header import clock

        assert clock(scene.time) in driver.rows[0]


async def test_an_app_that_has_ended_is_told_nothing(scene: Scene) -> None:
    async with running(scene) as driver:
        store = driver.app.engine.store
        assert len(store._subscribers) == 1
    assert store._subscribers == ()
    store.publish(scene.snapshot())


async def test_a_stopped_collector_is_said(scene: Scene) -> None:
    async with running(scene) as driver:
        engine: Engine = driver.app.engine
        engine.failure = RuntimeError("boom")
        await again(driver)
        assert "✖ collector stopped" in driver.rows[0]
        assert "the collector has stopped" in driver.rows[1]
