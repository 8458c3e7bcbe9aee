"""Tables: the selection stays on its row, the scroll follows, and large ones draw only what is seen."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widget import Widget
from ui_scene import Driver, Scene, process, running

from perf_tui.ui.widgets.table import TablePane


def marked(driver: Driver, id: str = "processes") -> str:
    """The row on the screen that is drawn as the selected one."""
    pane = driver.pane(id)
    found = [row for row in pane._rows if any(role == "select" for _, role in row)]
    assert len(found) <= 1
    return "".join(text for text, _ in found[0]) if found else ""


async def test_the_cursor_stays_on_its_process_when_the_order_changes(scene: Scene) -> None:
    async with running(scene, (120, 40)) as driver:
        await driver.press("3", "j", "j", "j")
        assert "/worker-103 " in marked(driver)
        rows = list(scene.processes or ())
        page = driver.pane("processes").size.height - 2
        for cpu, place in ((9.0, 0), (0.0001, None), (0.5, None), (9.0, 0)):
            scene.processes = tuple(row._replace(cpu=cpu) if row.pid == 103 else row for row in rows)
            await driver.publish()
            pane = driver.pane("processes")
            assert "/worker-103 " in marked(driver)
            assert pane.current.pid == 103
            assert pane._top <= pane._index < pane._top + page
            if place is not None:
                assert pane._index == place
        # Sorting, too, takes the cursor along.
        for key in ("s", "r", "l", "h", "h"):
            await driver.press(key)
            assert "/worker-103 " in marked(driver)


async def test_a_cursor_whose_process_is_gone_keeps_its_place(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("3", "j", "j", "j")
        scene.processes = tuple(row for row in scene.processes or () if row.pid != 103)
        await driver.publish()
        assert "/worker-104 " in marked(driver)
        scene.processes = scene.processes[:2]
        await driver.publish()
        assert "/worker-101 " in marked(driver)
        scene.processes = ()
        await driver.publish()
        assert marked(driver) == ""
        assert driver.pane("processes").current is None
        await driver.press("j", "G", "pagedown", "s")
        scene.processes = (process(7, 0.3), process(8, 0.2))
        await driver.publish()
        assert marked(driver) != ""


async def test_a_pid_that_is_used_again_is_another_process(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("3", "j")
        assert driver.pane("processes").selected[0] == 101
        scene.processes = tuple(
            row._replace(started=9999.0, cpu=0.0) if row.pid == 101 else row for row in scene.processes or ()
        )
        await driver.publish()
        assert "/worker-102 " in marked(driver)


async def test_an_untouched_cursor_stays_at_the_top(scene: Scene) -> None:
    """What used most CPU when the program started is not what a person has chosen."""
    async with running(scene) as driver:
        await driver.press("3")
        assert "/worker-100 " in marked(driver)
        scene.processes = tuple(row._replace(cpu=row.pid / 100) for row in scene.processes or ())
        await driver.publish()
        assert "/worker-159 " in marked(driver)
        assert driver.pane("processes")._top == 0
        await driver.press("j", "k")
        scene.processes = tuple(row._replace(cpu=100 / row.pid) for row in scene.processes or ())
        await driver.publish()
        assert "/worker-159 " in marked(driver)
        assert driver.pane("processes")._index == 59
        # Esc lets it go.
        await driver.press("escape")
        assert "/worker-100 " in marked(driver)
        assert driver.pane("processes")._top == 0


async def test_the_selected_service_keeps_its_charts(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("2")
        first = driver.pane("services").service
        assert first in driver.pane_text("latency")[0]
        await driver.press("j")
        name = driver.pane("services").service
        assert name != first
        assert name in driver.pane_text("latency")[0]
        for other in ("checkout", "search"):
            scene.put("app.error.server", 0.5 if other != name else 0.0, service=other)
        await driver.publish()
        assert driver.pane("services").service == name
        assert name in driver.pane_text("latency")[0]


async def test_a_filter_keeps_the_cursor_where_it_can(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("3", "j", "j", "slash", *"er-10", "enter")
        assert "/worker-102 " in marked(driver)
        await driver.press("escape")
        assert "/worker-102 " in marked(driver)
        await driver.press("slash", *"er-11", "enter")
        assert "/worker-11" in marked(driver)


async def test_what_has_no_value_comes_last_in_either_order(scene: Scene) -> None:
    scene.processes = (process(1, None), process(2, 0.5), process(3, None), process(4, 0.9), process(5, 0.0))
    async with running(scene) as driver:
        await driver.press("3")
        assert [row.pid for row in driver.pane("processes")._shown] == [4, 2, 5, 1, 3]
        await driver.press("r")
        assert [row.pid for row in driver.pane("processes")._shown] == [5, 2, 4, 1, 3]


async def test_the_mouse_selects_sorts_and_scrolls(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("3", "tab")
        pane = driver.pane("processes")
        await driver.pilot.click("#processes", offset=(10, 4))
        await driver.settle()
        assert driver.app.focused is pane
        assert "/worker-102 " in marked(driver)
        head = driver.pane_text("processes")[1]
        await driver.pilot.click("#processes", offset=(head.index("memory"), 1))
        await driver.settle()
        assert "memory▼" in driver.pane_text("processes")[1]
        await driver.pilot.click("#processes", offset=(head.index("memory"), 1))
        await driver.settle()
        assert "memory▲" in driver.pane_text("processes")[1]
        for title in ("pid", "user", "CPU", "read", "write", "thr", "command"):
            head = driver.pane_text("processes")[1]
            await driver.pilot.click("#processes", offset=(head.index(title), 1))
            await driver.settle()
            assert pane.columns[pane.sort_column].title == title


async def test_a_table_that_cannot_be_focused_has_no_cursor(scene: Scene) -> None:
    async with running(scene, (120, 60)) as driver:
        await driver.pilot.click("#top", offset=(10, 4))
        await driver.settle()
        assert marked(driver, "top") == ""
        assert driver.app.focused is None


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many table lines were drawn, and how many rows were asked to be sent."""
    counts = {"lines": 0, "rows": 0}
    line, refresh = TablePane._line, Widget.refresh

    def counting_line(self: Any, *args: Any) -> Any:
        counts["lines"] += 1
        return line(self, *args)

    def counting_refresh(self: Any, *regions: Any, **kwargs: Any) -> Any:
        if isinstance(self, TablePane):
            counts["rows"] += sum(region.height for region in regions) if regions else self.size.height
        return refresh(self, *regions, **kwargs)

    monkeypatch.setattr(TablePane, "_line", counting_line)
    monkeypatch.setattr(Widget, "refresh", counting_refresh)
    return counts


async def test_five_thousand_rows_draw_only_what_is_seen(scene: Scene, counted: dict[str, int]) -> None:
    scene.processes = tuple(process(100 + n, 5.0 / (n + 1)) for n in range(5000))
    async with running(scene, (120, 40)) as driver:
        await driver.press("3")
        page = driver.pane("processes").size.height - 2
        for key, lines, rows in (
            ("j", page, 2),  # the old row and the new one
            ("j", page, 2),
            ("G", page, page),
            ("k", page, 2),
            ("g", page, page),
        ):
            counted.update(lines=0, rows=0)
            await driver.press(key)
            assert counted["lines"] == lines, key
            assert counted["rows"] <= rows, key
        await driver.press("slash")
        counted.update(lines=0, rows=0)
        await driver.press("7")
        assert counted["lines"] <= page
        assert all("7" in row.command for row in driver.pane("processes")._shown)
        counted.update(lines=0, rows=0)
        await driver.publish()
        assert counted["lines"] <= page
        assert counted["rows"] == 0
