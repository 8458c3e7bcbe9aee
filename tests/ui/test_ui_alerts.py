"""From a rule to the screen: transitions in the log, the verdict's words, the header's counts, marks on the axis."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from ui_scene import EPOCH, Driver, Scene, process, running

from perf_tui.config.schema import Config
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Alert, Change, Kind, Level, Rule, State, compared
from perf_tui.engine.alerts.rules import rules
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.measures.model import PENDING, Status, Value, series
from perf_tui.measures.ring import History
from perf_tui.sources.fake import FakeSource
from perf_tui.ui.app import PerfApp
from perf_tui.ui.panes.rules import rule_rows

CPU = series("system.cpu.utilization")


def clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))


async def test_an_alerts_life_from_the_rule_to_the_screen() -> None:
    """The rules that ship, a real engine without its thread, a source that plays numbers."""
    played = [0.3, 0.85, 0.85, 0.85, 0.85, 0.97, 0.97, 0.97, 0.97, 0.3, 0.3, 0.3, 0.3, 0.3]
    now = [1000.0]
    source = FakeSource(lambda n: {CPU: played[min(n, len(played) - 1)]})
    engine = Engine(
        [source], AlertEngine(rules(Config())), 2.0, host="web-1", monotonic=lambda: now[0],
        wall=lambda: EPOCH + now[0],
    )  # fmt: skip
    app = PerfApp(engine, Config())
    seen: list[tuple[str, str, str]] = []
    async with app.run_test(size=(120, 40)) as pilot:
        driver = Driver(app, pilot, Scene(ticks=1))
        await driver.until(lambda: app.live is not None and app.live.is_mounted)
        for _ in played:
            await engine.tick()
            now[0] += 2.0
            await driver.settle()
            seen.append((driver.rows[1].strip(), driver.rows[0], driver.pane_text("log")[1].strip()))
        await engine.aclose() if hasattr(engine, "aclose") else None
    verdicts = [verdict for verdict, _, _ in seen]
    headers = [header for _, header, _ in seen]
    logs = [" ".join(log.split()) for _, _, log in seen]
    assert verdicts[0].startswith("● well · CPU 30%")
    # Above the screen's own limit at once, above the rule's only after `for` (6 s).
    assert verdicts[1].startswith("▲ CPU 85%")
    assert "limit" not in verdicts[1]
    assert not any("warning" in header for header in headers[:4])
    assert verdicts[4].startswith("▲ CPU 85% (limit 80%) for 6.00s")
    assert "▲ 1 warning " in headers[4]
    raised = clock(EPOCH + 1008)
    assert logs[3].startswith("● nothing has happened; 3 rules watch")
    assert logs[4] == f"{raised} ▲ warning raised CPU 85% ≥ 80% CPU utilization is high"
    escalated = next(log for log in logs if "escalated" in log)
    assert "✖ critical escalated CPU 97% ≥ 95%" in escalated
    assert any(verdict.startswith("✖ CPU 97% (limit 95%)") for verdict in verdicts)
    assert any("✖ 1 critical " in header for header in headers)
    assert "● critical cleared" in logs[-1] or "● warning cleared" in logs[-1]
    assert "CPU 30%, limit 95%" in logs[-1]
    assert "after" in logs[-1]
    assert verdicts[-1].startswith("● well")
    assert "critical" not in headers[-1]


async def test_a_line_has_time_level_value_threshold_and_message(scene: Scene) -> None:
    lines = (
        (Change.RAISED, Level.WARNING, 0.84, "▲ warning  raised    CPU 84% ≥ 80%  it is high"),
        (Change.ESCALATED, Level.CRITICAL, 0.97, "✖ critical escalated CPU 97% ≥ 95%  it is high"),
        (Change.LOWERED, Level.INFO, 0.6, "◆ info     lowered   CPU 60%, limit 50%  it is high"),
        (Change.CLEARED, Level.WARNING, 0.2, "● warning  cleared   CPU 20%, limit 80%  after 2m10s it is high"),
    )
    for at, (change, level, value, _) in enumerate(lines):
        scene.transition("system.cpu.utilization", change, level, value, ago=60 - at)
    async with running(scene, (120, 60)) as driver:
        shown = [row.strip() for row in driver.pane_text("log")[1:5]]
        for at, (row, (*_, words)) in enumerate(zip(reversed(shown), lines, strict=True)):
            assert row.split() == [clock(scene.time - 60 + at), *words.split()]
        # Columns stand under each other.
        assert len({row.index("it is high") for row in shown[1:]}) == 1


async def test_values_are_shown_in_their_unit_and_never_cut(scene: Scene) -> None:
    scene.transition("system.disk.read", value=1.25 * 2**30, device="nvme0n1")
    scene.transition("app.request.duration", value=1.94, service="checkout", stat="p99")
    async with running(scene, (80, 24)) as driver:
        text = "\n".join(driver.pane_text("log"))
        assert "1.25GiB/s ≥ 1B/s" in text or "1.25GiB/s ≥ 0.80B/s" in text
        assert "1.94s ≥ 800ms" in text
        assert "latency checkout p99" in text


async def test_the_log_is_newest_first_scrolls_and_keeps_still(scene: Scene) -> None:
    for n in range(50):
        scene.transition("system.cpu.utilization", value=n / 100, ago=100 - n)
    async with running(scene, (120, 40)) as driver:
        assert " 49% ≥" in driver.pane_text("log")[1]
        await driver.press("shift+tab")
        assert driver.app.focused is driver.pane("log")
        await driver.press("j", "j")
        assert " 47% ≥" in driver.pane_text("log")[1]
        await driver.press("G")
        assert " 0.0% ≥" in driver.pane_text("log")[-1]
        await driver.press("j", "k")
        assert " 1.0% ≥" in driver.pane_text("log")[-1]
        await driver.press("g")
        assert " 49% ≥" in driver.pane_text("log")[1]
        await driver.press("pagedown")
        page = driver.pane("log").size.height - 1
        assert f" {49 - page}% ≥" in driver.pane_text("log")[1]


async def test_the_header_counts_what_fires(scene: Scene) -> None:
    for n in range(3):
        scene.alert("system.cpu.core.utilization", Level.CRITICAL, cpu=str(n))
    scene.alert("system.disk.busy", Level.WARNING, device="sda")
    scene.alert("system.memory.utilization", Level.CRITICAL, firing=False)
    scene.alert("system.swap.utilization", Level.INFO)
    scene.sources = (SourceState("nginx", "accesslog", Status.ERROR, None, "no such file"),)
    async with running(scene, (120, 40)) as driver:
        assert "✖ 3 critical" in driver.rows[0]
        assert "▲ 1 warning " in driver.rows[0]
        assert "▲ 1 source failed" in driver.rows[0]
        scene.alert("system.disk.busy", Level.WARNING, device="nvme0n1")
        await driver.publish()
        assert "▲ 2 warnings" in driver.rows[0]
        # What somebody knows of, or wants quiet of, does not call for anybody.
        scene.alerts = tuple(replace(alert, state=State.SILENCED) for alert in scene.alerts)
        scene.sources = (SourceState("handler ops", "handler", Status.ERROR, None, "refused"),)
        await driver.publish()
        assert "critical" not in driver.rows[0]
        assert "6 known" in driver.rows[0]
        assert "▲ 1 handler failed" in driver.rows[0]
        assert "source" not in driver.rows[0]


@pytest.mark.parametrize("width", [80, 100, 200])
async def test_alerts_stay_in_the_header_whatever_else_there_is(scene: Scene, width: int) -> None:
    scene.host = "a-very-long-host-name.of.some.machine.in.a.data-centre.example.org"
    scene.alert("system.cpu.utilization")
    scene.alert("system.disk.busy", Level.WARNING, device="sda")
    scene.sources = tuple(SourceState(f"s{n}", "scrape", Status.ERROR, None, "no") for n in range(9))
    async with running(scene, (width, 40)) as driver:
        for key in ("1", "p"):
            await driver.press(key)
            assert "✖ 1 critical" in driver.rows[0]
            assert "▲ 1 warning" in driver.rows[0]
            assert clock(scene.time) in driver.rows[0]
            assert " a-ver" in driver.rows[0]


# -- the verdict


async def verdict(scene: Scene, size: tuple[int, int] = (120, 40)) -> list[str]:
    async with running(scene, size) as driver:
        return [row.strip() for row in driver.pane_text("verdict")]


async def test_a_healthy_machine_is_well(scene: Scene) -> None:
    assert await verdict(scene) == ["● well · CPU 41% · memory 57% · /home 56% full · disk busy 31%"]


async def test_who_is_behind_it_is_named(scene: Scene) -> None:
    scene.put("system.cpu.utilization", 0.97)
    scene.put("system.memory.utilization", 0.91)
    scene.pass_ticks()
    scene.alert("system.cpu.utilization")
    first, second = (await verdict(scene, (120, 60)))[0], ""
    assert first.startswith("✖ CPU 97% (limit 95%) for 1m00s — most by worker-100 (100) 200% of a core")
    scene.alert("system.memory.utilization", Level.WARNING)
    first, second = await verdict(scene, (120, 60))
    assert first.startswith("✖ CPU")
    assert second == "▲ memory 91% (limit 80%) for 1m00s"  # sixty small processes: none of them explains it
    scene.processes = (*(scene.processes or ()), process(7, 0.0, memory=9 << 30, name="java"))
    _, second = await verdict(scene, (120, 60))
    assert second == "▲ memory 91% (limit 80%) for 1m00s — most by java (7) 9.00GiB"


async def test_the_worst_is_first(scene: Scene) -> None:
    scene.put("system.disk.busy", 0.85, device="sda")
    scene.put("system.filesystem.utilization", 0.97, mount="/home")
    scene.pass_ticks()
    scene.sources = (SourceState("gpu", "gpu", Status.DENIED, None, "no permission"),)
    (line,) = await verdict(scene)
    assert line.startswith("✖ full /home 97%")
    scene.put("system.filesystem.utilization", 0.2, mount="/home")
    scene.pass_ticks()
    (line,) = await verdict(scene)
    assert line.startswith("▲ disk busy sda 85%")
    scene.put("system.disk.busy", 0.1, device="sda")
    scene.pass_ticks()
    assert await verdict(scene) == ["▲ gpu cannot be read: no permission"]


async def test_a_pending_alert_is_no_verdict(scene: Scene) -> None:
    scene.alert("system.memory.utilization", Level.CRITICAL, firing=False)
    (line,) = await verdict(scene)
    assert line.startswith("● well")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (PENDING, "◌ nothing is known of this machine"),
        (Value(None, Status.ERROR, "broken"), "◌ nothing is known of this machine"),
        (Value(None, Status.ABSENT, "not here"), "◌ nothing is known of this machine"),
    ],
)
async def test_what_is_not_known_is_not_well(value: Value, said: str) -> None:
    scene = Scene(ticks=3)
    scene.turn_all(lambda _: value)
    assert await verdict(scene) == [said]


async def test_before_the_first_reading() -> None:
    scene = Scene(ticks=1)
    scene.given, scene.processes = {}, None
    assert await verdict(scene) == ["◌ reading for the first time"]


# -- one clock


async def test_what_alerts_is_charted_first_and_once(scene: Scene) -> None:
    scene.alert("system.filesystem.utilization", Level.CRITICAL, mount="/home")
    scene.alert("system.filesystem.utilization", Level.WARNING, mount="/home")
    async with running(scene, (120, 60)) as driver:
        text = driver.pane_text("clock")
        assert text[1].strip().startswith("full /home")
        assert sum("full /home" in row for row in text) == 1
        title = driver.pane("clock")._rows[1]
        assert any(role == "critical" for _, role in title)


async def test_alert_marks_stand_under_their_time(scene: Scene) -> None:
    scene.pass_ticks(100)
    ago = {60.0, 200.0}
    for seconds in ago:
        scene.transition("system.cpu.utilization", Change.RAISED, ago=seconds)
    scene.transition("system.cpu.utilization", Change.CLEARED, ago=120.0)
    scene.transition("system.cpu.utilization", Change.RAISED, ago=9000.0)
    async with running(scene, (200, 40)) as driver:
        axis = driver.pane_text("clock")[-1]
        end = axis.rindex("now") + 2
        marks = [at for at, char in enumerate(axis) if char == "▲"]
        assert len(marks) == 2
        for at in marks:
            # A column is two ticks of 2 s each.
            assert min(abs((end - at) * 4.0 - seconds) for seconds in ago) <= 4.0
        assert axis.lstrip()[0] != "▲"


def test_a_rule_on_a_change_shows_what_it_compares() -> None:
    used = series("system.memory.used")
    rule = Rule("growth", used.id, ((Level.WARNING, 2.0**20),), kind=Kind.RATE, unit="By/s")
    history = History(10)
    snapshot = Snapshot(values={used: Value(2.0**30)}, index={used.id: (used,)}, tick=3, history=history)
    (early,) = rule_rows([rule], snapshot)
    assert (early.value.status, early.unit, early.level) == (Status.PENDING, "By/s", Level.OK)
    history.record(3, [(compared("growth"), 2.0**10)])
    (calm,) = rule_rows([rule], snapshot)
    assert (calm.value.number, calm.unit, calm.level, calm.state) == (2.0**10, "By/s", Level.OK, "inactive")

    alert = Alert(rule, used, Level.WARNING, True, 2.0**21, 0.0)
    (firing,) = rule_rows([rule], replace(snapshot, alerts=(alert,)))
    assert (firing.value.number, firing.unit, firing.level) == (2.0**21, "By/s", Level.WARNING)
