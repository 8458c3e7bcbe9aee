"""A worker's own screen: the way there, through its neighbours and back; what stands on it; hostile text."""

from __future__ import annotations

import pytest
from ui_scene import Driver, Scene, running, worker

from perf_tui.engine.alerts.model import Level
from perf_tui.measures.workers import Closeup, Event, State, Usage, Work
from perf_tui.sources.workers.closeup import Target
from perf_tui.ui.screens.engine import EngineScreen
from perf_tui.ui.screens.overview import Overview
from perf_tui.ui.screens.service import ServiceScreen
from perf_tui.ui.screens.worker import WorkerScreen
from perf_tui.ui.screens.workers import Workers


@pytest.fixture
def scene() -> Scene:
    made = Scene(services=("mail",), engines=("vllm-0",))
    made.crew(
        worker("w1"),
        worker(
            "w2", State.ERROR, events=(Event(1_795_000_000.0, "no disk " * 40 + "THE END", True),), log="/srv/w2.log"
        ),
        worker("w3", State.PROCESSING, task_age=12.0, work=Work("resize:1182", 0.0, 2, 1204.0, 3.0, 0.0, 8.0, 21.0)),
        worker("w4", State.STALE, silent=43.0),
        worker("other", kind="claude", group="", facts=(), usage=Usage("meta-llama/Llama-3.1-70B-Instruct", 900.0)),
    )
    made.pass_ticks(20)
    return made


def title(driver: Driver) -> str:
    return driver.pane_text("who")[0]


async def test_enter_opens_n_goes_on_and_escape_returns_to_the_same_row(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("5", "j")
        assert driver.pane("board").current.id == "w4"
        await driver.press("enter")
        assert isinstance(driver.app.screen, WorkerScreen)
        assert "◌ w4" in title(driver)
        await driver.press("escape")
        assert driver.pane("board").current.id == "w4"
        await driver.press("enter")
        order = []
        for key in ("n", "n", "n", "n", "N", "N"):
            await driver.press(key)
            order.append(title(driver).split()[2])
        # The worst first, and round in a circle.
        assert order == ["w1", "other", "w3", "w2", "w3", "other"]
        await driver.press("escape")
        assert isinstance(driver.app.screen, Workers)
        assert driver.pane("board").current.id == "other"
        assert any("other" in row for row in driver.pane_text("board"))


async def test_neighbours_are_those_that_the_filter_lets_through(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("5", "slash", *"mail", "enter", "enter")
        order = []
        for _ in range(5):
            order.append(title(driver).split()[2])
            await driver.press("n")
        assert order == ["w2", "w4", "w1", "w3", "w2"]
        # One that was dropped meanwhile is passed over.
        scene.workers = tuple(each for each in scene.workers if each.id != "w1")
        await driver.publish()
        assert "w4" in title(driver)
        await driver.press("n")
        assert "w3" in title(driver)


async def test_one_that_is_dropped_stays_on_show_as_it_was(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("5", "enter")
        scene.workers = scene.workers[2:]
        await driver.publish(3)
        assert "✖ w2" in title(driver)
        scene.workers = ()
        await driver.publish()
        await driver.press("n", "N")
        assert "✖ w2" in title(driver)
        await driver.press("escape")
        assert "no process here is recognised" in driver.text


async def test_the_strip_of_the_overview_opens_the_worst(scene: Scene) -> None:
    async with running(scene) as driver:
        driver.pane("workers").focus()
        await driver.settle()
        await driver.press("enter")
        assert "✖ w2" in title(driver)
        await driver.press("n")
        assert "◌ w4" in title(driver)
        await driver.press("escape")
        assert isinstance(driver.app.screen, Overview)


async def test_what_stands_on_it(scene: Scene) -> None:
    async with running(scene, (120, 60)) as driver:
        await driver.press("5", "G", "enter")
        text = driver.text
        for words in (
            "▶ w3", "says idle", "pid 4121", "on web-1", "parent 100 worker-100", "user www", "up 2h00m", "restarts 2",
            "/venv/bin/rq worker mail", "from workers mail, worker processes", "queue mail", "resize:1182  and 1 more",
            "12.0s of usually 8.00s", "done 1.20k", "failed 3", "retried 0", "rate 4.20/min", "p50 8.00s", "p95 21.0s",
            "CPU", "memory", "threads", "disk read", "no source tells where its log is",
        ):  # fmt: skip
            assert words in text, words
        assert "than usual" not in text
        for age, words in ((22.0, "─ longer than usual"), (90.0, "─ far longer than usual")):
            scene.workers = tuple(each._replace(task_age=age) if each.id == "w3" else each for each in scene.workers)
            await driver.publish()
            assert words in driver.pane_text("task")[0]


async def test_errors_are_told_in_full_and_its_alerts_are_there(scene: Scene) -> None:
    scene.alert("worker.memory", Level.WARNING, worker="w2")
    scene.alert("worker.memory", Level.CRITICAL, worker="w1")
    async with running(scene, (120, 60)) as driver:
        await driver.press("5", "enter")
        told = " ".join(row.strip() for row in driver.pane_text("events"))
        assert told.count("no disk") == 40
        assert "THE END" in told
        alerts = driver.pane_text("alerts")
        assert sum("w2" in row for row in alerts) == 1
        assert not any("w1" in row for row in alerts)
        driver.pane("alerts").focus()
        await driver.settle()
        assert driver.live.alert() is scene.alerts[0]


async def test_its_log_is_followed_and_can_be_scrolled(scene: Scene) -> None:
    async with running(scene, (120, 50)) as driver:
        await driver.press("5", "enter")
        assert driver.app._closeup is not None
        assert driver.app._closeup.target == Target("w2", 4121, "/srv/w2.log")
        assert "it is being read" in "".join(driver.pane_text("tail"))
        scene.closeup = Closeup("w2", 7, "/srv/w2.log", tuple(f"line {n}" for n in range(200)))
        await driver.publish()
        shown = driver.pane_text("tail")
        assert "/srv/w2.log" in shown[0]
        assert shown[-1].split() == ["line", "199"]
        driver.pane("tail").focus()
        await driver.settle()
        await driver.press("k")
        assert driver.pane_text("tail")[-1].split() == ["line", "198"]
        scene.closeup = scene.closeup._replace(lines=(*scene.closeup.lines, "line 200"))
        await driver.publish()
        assert driver.pane_text("tail")[-1].split() == ["line", "198"]
        await driver.press("G")
        assert driver.pane_text("tail")[-1].split() == ["line", "200"]
        await driver.press("g")
        assert driver.pane_text("tail")[1].split() == ["line", "0"]
        scene.closeup = Closeup("w2", 7, "/srv/w2.log", (), "there is no file /srv/w2.log")
        await driver.publish()
        assert "there is no file" in "".join(driver.pane_text("tail"))
        await driver.press("n")
        assert driver.app._closeup.target == Target("w4", 4121, "")
        await driver.press("escape")
        assert driver.app._closeup.target == Target()


async def test_a_log_of_another_machine_is_not_looked_for(scene: Scene) -> None:
    scene.workers = (worker("far", host="web-9", log="/etc/passwd"),)
    async with running(scene) as driver:
        await driver.press("5", "enter")
        assert driver.app._closeup is not None
        assert driver.app._closeup.target == Target("far", None, "")
        assert "it is on web-9, where perf-tui does not look" in driver.text


async def test_links_lead_to_its_engine_service_and_queue_and_back(scene: Scene) -> None:
    async with running(scene, (120, 50)) as driver:
        await driver.press("5", "enter", "tab", "tab")
        pane = driver.pane("links")
        assert driver.app.focused is pane
        assert [(row.what, row.name) for row in pane.shown] == [
            ("group", "mail"), ("queue", "mail"), ("service", "mail"),
        ]  # fmt: skip
        await driver.press("enter")
        assert isinstance(driver.app.screen, Workers)
        assert {row.id for row in driver.pane("board").shown} == {"w1", "w2", "w3", "w4"}
        await driver.press("escape", "G", "enter")
        assert isinstance(driver.app.screen, ServiceScreen)
        await driver.press("escape")
        assert "✖ w2" in title(driver)
        assert driver.app._closeup is not None
        assert driver.app._closeup.target.worker == "w2"
        await driver.press("n", "n", "n")
        assert [(row.what, row.name) for row in pane.shown] == [("engine", "vllm-0")]
        await driver.press("enter")
        assert isinstance(driver.app.screen, EngineScreen)
        assert driver.app.screen.engine[0] == "vllm-0"


async def test_from_elsewhere_the_neighbours_are_all_workers_the_worst_first(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.app.push_screen(WorkerScreen("w4"))
        await driver.settle()
        order = []
        for _ in range(4):
            await driver.press("n")
            order.append(title(driver).split()[2])
        assert order == ["w1", "other", "w3", "w2"]


async def test_below_a_short_board_stands_the_selected_worker(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("5")
        assert "─ task of w2 " in driver.text
        await driver.press("G")
        assert "─ task of w3 " in driver.text
        assert "12.0s of usually 8.00s" in driver.text
        assert "memory" in "".join(driver.pane_text("charts"))
        scene.crew(*(worker(f"w{number:04}") for number in range(500)))
        await driver.publish()
        assert "task of" not in driver.text
        assert driver.pane("board").size.height > 30
