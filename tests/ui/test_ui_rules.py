"""Screen 6: rules that are made, edited, switched off and deleted; silences; the history; where alerts lead."""

from __future__ import annotations

import os
import stat
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from textual.widgets import Input
from ui_scene import EPOCH, Driver, Scene, running, worker

from perf_tui.config.load import parse
from perf_tui.config.schema import Alerting, AlertRule
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Change, Level, Moved, Rule, State, Transition
from perf_tui.engine.alerts.notice import Notices
from perf_tui.engine.alerts.rules import rule_of, rules
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.model import series
from perf_tui.measures.workers import WORKERS
from perf_tui.sources.fake import FakeSource
from perf_tui.ui import rulefile
from perf_tui.ui.app import PerfApp
from perf_tui.ui.panes.trial import Trial
from perf_tui.ui.screens.engine import EngineScreen
from perf_tui.ui.screens.gpu import GpuScreen
from perf_tui.ui.screens.remove import RemoveDialog
from perf_tui.ui.screens.rule import RuleEditor
from perf_tui.ui.screens.service import ServiceScreen
from perf_tui.ui.screens.silence import SilenceDialog, span
from perf_tui.ui.screens.worker import WorkerScreen
from perf_tui.ui.where import where
from perf_tui.ui.widgets.choice import Choice

CPU, BUSY = series("system.cpu.utilization"), series("system.disk.busy", device="sda")
SIZES = [(80, 24), (120, 40), (200, 50)]
FILE = """\
# mine
[[alerts]]
name = "cpu"
metric = "system.cpu.utilization"
warning = "80%"
for = "4s"

[[alerts]]
name = "busy"
metric = "system.disk.busy"
critical = "90%" # of its time
"""


class Live(Driver):
    """A driver over a real engine that ticks when it is told to."""

    engine: Engine
    now: list[float]

    async def tick(self, times: int = 1) -> Snapshot:
        for _ in range(times):
            await self.engine.tick()
            self.now[0] += 2.0
            await self.settle()
        return self.engine.store.snapshot

    async def attend(self) -> None:
        """What the engine's own loop would do at once."""
        await self.engine._attend()
        await self.settle()

    async def write(self, key: str, text: str) -> None:
        """Put a text into a field of the editor."""
        field = self.app.screen.query_one(f"#field-{key}")
        if isinstance(field, Input):
            field.value = text
        else:
            assert isinstance(field, Choice)
            field.choose(text)
        await self.settle()

    @property
    def words(self) -> str:
        """The screen without its lines and breaks."""
        return " ".join(self.text.replace("│", " ").replace("|", " ").split())

    async def tested(self) -> str:
        """What the editor says of the trial."""
        editor = self.app.screen
        assert isinstance(editor, RuleEditor)
        if editor._timer is not None:
            editor._timer.stop()
        rule = editor._rule
        judged = rule_of(rule) if rule is not None else editor._without_limits()
        assert judged is not None, self.text
        number = editor._trials
        await editor.run_worker(lambda: editor._try(judged, rule, number), thread=True, group="trial").wait()
        await self.settle()
        return self.words


@asynccontextmanager
async def live(
    size: tuple[int, int] = (120, 40),
    played: list[float] | None = None,
    text: str = FILE,
    file: Path | None = None,
    notifications: bool = False,
    plain: bool = False,
    **alerting: bool,
) -> AsyncIterator[Live]:
    """The app on screen 6 over an engine that has read as often as there are numbers of CPU."""
    played = played or [0.3] * 10
    if file is not None:
        file.write_text(text)  # noqa: ASYNC240
    config = parse(tomllib.loads(text), "test")
    ui = structs.replace(config.ui, screen="alerts", ascii=plain)
    config = structs.replace(config, ui=ui, alerting=Alerting(**alerting))
    now = [1000.0]
    source = FakeSource(lambda n: {CPU: played[min(n, len(played) - 1)], BUSY: 0.2})
    engine = Engine(
        [source], AlertEngine(rules(config)), 2.0, host="web-1", monotonic=lambda: now[0],
        wall=lambda: EPOCH + now[0],
    )  # fmt: skip
    app = PerfApp(engine, config, file=file)
    app.delay_update = lambda delay=0.0: None  # type: ignore[method-assign]
    async with app.run_test(size=size, notifications=notifications) as pilot:
        driver = Live(app, pilot, Scene(ticks=1))
        driver.engine, driver.now = engine, now
        await driver.until(lambda: app.live is not None and app.live.is_mounted)
        await driver.tick(len(played))
        yield driver


def clock(second: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(EPOCH + 1000.0 + second))


class TestEditor:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("plain", [False, True])
    async def test_a_new_rule_is_checked_tried_put_into_force_and_saved(
        self, tmp_path: Path, size: tuple[int, int], plain: bool
    ) -> None:
        file = tmp_path / "config.toml"
        played = [0.3, 0.6, 0.6, 0.6, 0.3, 0.3, 0.3, 0.7, 0.7, 0.3, 0.3]
        async with live(size, played, file=file, plain=plain) as driver:
            file.chmod(0o640)
            await driver.press("n")
            assert isinstance(driver.app.screen, RuleEditor)
            assert 'the key "name" is missing' in driver.text
            await driver.type("warm")
            assert driver.app.screen.query_one("#field-name", Input).value == "warm"
            await driver.press("tab")
            await driver.type("system.cpu.utilisation")
            assert "metric: 'system.cpu.utilisation' is no measure; the nearest is system.cpu.util" in driver.words
            await driver.write("metric", "system.cpu.utilization")
            assert "a rule needs at least one of info, warning, critical" in driver.text
            assert "with a limit, here is what it would have done" in await driver.tested()
            assert "100%" in driver.text, "the measure's past is there to choose a limit by"
            await driver.write("warning", "50")
            assert 'warning: 50 is beyond the whole of system.cpu.utilization; write "50%" or 0.5' in driver.words
            assert "wrong" in driver.app.screen.query_one("#name-warning").classes
            await driver.press("enter")
            assert isinstance(driver.app.screen, RuleEditor), "nothing wrong is saved"
            await driver.write("warning", "50%")
            await driver.write("for", "2s")
            text = await driver.tested()
            assert "would have fired 2 times in the last 20.0s" in text
            assert f"{clock(4)} warning for 6.00s (peak 60%)" in text
            assert "Saving: its comments stay, its old text stays in config.toml.bak" in text
            assert len(driver.engine.alerts.rules) == 2, "nothing is changed before it is saved"
            await driver.press("enter")
            assert not isinstance(driver.app.screen, RuleEditor)
            await driver.attend()
            assert [rule.name for rule in driver.engine.alerts.rules] == ["cpu", "busy", "warm"]
            assert "warm" in "\n".join(driver.pane_text("rules"))
        saved = parse(tomllib.loads(file.read_text()), "x").alerts
        assert saved[2] == AlertRule(name="warm", metric=CPU.id, warning="50%", hold="2s")
        assert file.read_text().startswith(FILE)
        assert (tmp_path / "config.toml.bak").read_text() == FILE
        assert [stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)] == [0o640, 0o640]

    async def test_editing_keeps_the_alert_and_what_has_no_field(self, tmp_path: Path) -> None:
        text = FILE.replace('for = "4s"', 'for = "4s"\nhysteresis = 0.2')
        async with live(played=[0.85] * 6, text=text, file=tmp_path / "c.toml") as driver:
            assert driver.engine.alerts.active()[0].state is State.FIRING
            await driver.press("tab", "G", "enter")
            assert driver.app.screen.query_one("#field-name", Input).value == "cpu"
            assert driver.app.screen.query_one("#field-for", Input).value == "4s"
            await driver.write("critical", "95%")
            await driver.write("message", "it is hot")
            await driver.press("enter")
            await driver.attend()
            (alert,) = driver.engine.alerts.active()
            assert (alert.state, alert.rule.message, alert.rule.hysteresis) == (State.FIRING, "it is hot", 0.2)
            assert [line.change for line in driver.engine.alerts.log()] == [Change.RAISED]
        assert parse(tomllib.loads((tmp_path / "c.toml").read_text()), "x").alerts[0] == AlertRule(
            name="cpu", metric=CPU.id, warning="80%", critical="95%", hold="4s", hysteresis=0.2, message="it is hot"
        )

    async def test_each_kind_has_its_own_fields(self) -> None:
        async with live() as driver:
            await driver.press("n")
            editor = driver.app.screen
            shown = {
                kind: {
                    each.id.removeprefix("field-")
                    for each in editor.query("Input, Choice")
                    if each.id and each.display and each.parent is not None and each.parent.display
                }
                for kind in ("threshold", "no_data", "rate", "baseline", "burn_rate")
                if not await driver.write("kind", kind)  # type: ignore[func-returns-value]
            }
            always = {"name", "metric", "labels", "kind", "info", "warning", "critical", "for", "keep_firing_for",
                      "clear", "message"}  # fmt: skip
            assert {kind: keys - always for kind, keys in shown.items()} == {
                "threshold": {"direction", "aggregate", "window", "over"},
                "no_data": set(),
                "rate": {"direction", "aggregate", "window"},
                "baseline": {"direction", "aggregate", "window", "baseline"},
                "burn_rate": {"objective", "bound", "period"},
            }

    async def test_every_kind_can_be_made(self, tmp_path: Path) -> None:
        wanted = (
            AlertRule(name="a", metric="cpu_percent", labels={}, info=50.0, clear={"info": 40.0}),
            AlertRule(name="b", metric="app.request.rate", kind="no_data", labels={"service": "~a,b|c"},
                      critical="30s"),
            AlertRule(name="c", metric="worker.memory", kind="rate", window="10m", warning="500MiB", aggregate="max",
                      by=("worker",)),
            AlertRule(name="d", metric="app.request.rate", kind="baseline", window="2m", baseline="20m",
                      direction="below", warning="50%"),
            AlertRule(name="e", metric="app.request.duration", kind="burn_rate", objective="99.5%", bound="500ms",
                      labels={"service": "shop", "stat": "p99"}, hold="1m", keep_firing_for="2m"),
        )  # fmt: skip
        file = tmp_path / "config.toml"
        async with live(file=file) as driver:
            for rule in wanted:
                await driver.press("n")
                from perf_tui.ui.screens.rule_fields import texts

                for key, text in texts(rule).items():
                    await driver.write(key, text)
                await driver.press("enter")
                assert not isinstance(driver.app.screen, RuleEditor), driver.text
        assert parse(tomllib.loads(file.read_text()), "x").alerts[2:] == wanted

    async def test_a_measure_is_completed_and_the_near_ones_are_named(self) -> None:
        async with live() as driver:
            await driver.press("n", "tab")
            await driver.type("system.cpu.u")
            assert "measures: system.cpu.utilization" in driver.text
            await driver.until(lambda: driver.app.screen.query_one("#field-metric", Input)._suggestion != "")
            await driver.press("right")
            assert driver.app.screen.query_one("#field-metric", Input).value == "system.cpu.utilization"
            assert "Share of CPU time not idle, whole machine; unit ratio; labels: none; 1 series now" in driver.text
            await driver.write("metric", "no such thing")
            assert "no measure is called that" in driver.text

    async def test_leaving_asks_once_where_something_was_typed(self) -> None:
        async with live() as driver:
            await driver.press("n", "escape")
            assert not isinstance(driver.app.screen, RuleEditor)
            await driver.press("n", "x", "escape")
            assert "Esc again leaves it unsaved" in driver.text
            await driver.press("escape")
            assert not isinstance(driver.app.screen, RuleEditor)

    async def test_a_trial_that_nobody_waits_for_is_not_shown(self) -> None:
        async with live(played=[0.85] * 6) as driver:
            await driver.press("tab", "G", "enter")
            await driver.tested()
            editor = driver.app.screen
            assert isinstance(editor, RuleEditor)
            before = editor.query_one(Trial).tried
            rule = editor._rule
            assert rule is not None
            editor._try(rule_of(rule), rule, editor._trials - 1)
            await driver.settle()
            assert editor.query_one(Trial).tried is before

    async def test_letters_in_a_choice_choose_and_never_reach_the_program(self) -> None:
        async with live() as driver:
            await driver.press("n")
            kind = driver.app.screen.query_one("#field-kind", Choice)
            kind.focus()
            await driver.press("b", "b", "b", "q", "right", "space", "left")
            assert kind.value == "burn_rate"
            assert driver.app.is_running


class TestFile:
    def rule(self, name: str = "x") -> rulefile.Edit:
        return rulefile.Edit(None, AlertRule(name=name, metric="cpu_percent", info=1))

    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
        return tmp_path / "home" / "perf-tui" / "config.toml"

    async def test_where_nothing_is_to_be_saved_nothing_is(self, home: Path) -> None:
        async with live(notifications=True) as driver:
            await driver.press("tab", "d")
            assert "In force until perf-tui ends." in driver.text
            await driver.press("o")
            await driver.until(lambda: "busy: off, until perf-tui ends" in driver.text)
        assert not home.exists()  # noqa: ASYNC240

    def test_without_a_file_it_goes_to_the_users_folder(self, home: Path) -> None:
        plan = rulefile.plan(home, self.rule())
        assert (plan.path, plan.exists, plan.words) == (home, False, f"makes the file {home}")
        plan.save()
        names = [rule.name for rule in parse(tomllib.loads(home.read_text()), "x").alerts]
        assert names == ["cpu", "memory", "errors", "x"], "the rules that ship stay in force"
        assert stat.S_IMODE(home.stat().st_mode) == 0o600

    def test_rules_in_json_go_to_the_users_folder_with_all_others(self, tmp_path: Path, home: Path) -> None:
        json = tmp_path / "rules.json"
        json.write_text('[{"metric_name": "cpu_percent", "threshold": 80, "level": "warning"}]')
        rulefile.plan(json, self.rule()).save()
        assert [rule.name for rule in parse(tomllib.loads(home.read_text()), "x").alerts] == [
            "cpu_percent-warning",
            "x",
        ]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_file_that_may_not_be_written_is_copied_into_the_users_folder(self, tmp_path: Path, home: Path) -> None:
        file = tmp_path / "etc.toml"
        file.write_text(FILE)
        file.chmod(0o400)
        rulefile.plan(file, self.rule()).save()
        assert home.read_text().startswith(FILE)

    def test_a_link_stays_one(self, tmp_path: Path) -> None:
        file, link = tmp_path / "real.toml", tmp_path / "link.toml"
        file.write_text(FILE)
        link.symlink_to(file)
        rulefile.plan(link, self.rule()).save()
        assert link.is_symlink()
        assert 'name = "x"' in file.read_text()

    async def test_a_file_that_has_become_wrong_is_left_alone_and_the_rule_is_in_force(self, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        async with live(file=file, notifications=True) as driver:
            file.write_text("nonsense")
            driver.app.edit_rules(self.rule(), "x: in force")
            await driver.until(lambda: "not saved" in driver.text)
            await driver.attend()
            assert [rule.name for rule in driver.engine.alerts.rules][-1] == "x"
        assert file.read_text() == "nonsense"


class TestRemoval:
    async def test_off_on_and_deleted(self, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        async with live(played=[0.85] * 5, file=file) as driver:

            def rows() -> list[str]:
                return [" ".join(row.split()) for row in driver.pane_text("rules")[2:4]]

            await driver.press("d")
            assert not isinstance(driver.app.screen, RemoveDialog), "no rule is selected"
            await driver.press("tab", "G", "d")
            assert isinstance(driver.app.screen, RemoveDialog)
            await driver.press("escape")
            assert file.read_text() == FILE
            await driver.press("d", "o")
            await driver.attend()
            assert [rule.name for rule in driver.engine.alerts.rules] == ["busy"]
            assert driver.engine.alerts.active() == ()
            assert rows()[1].startswith("◌ cpu off system.cpu.utilization")
            assert parse(tomllib.loads(file.read_text()), "x").alerts[0].enabled is False
            await driver.press("d", "o")
            await driver.tick(4)
            assert rows()[1].startswith("▲ cpu firing")
            await driver.press("d", "delete")
            await driver.tick()
            assert "cpu" not in "\n".join(rows())
        assert file.read_text() == FILE[: FILE.index("[[alerts]]")] + FILE[FILE.index('\n[[alerts]]\nname = "busy"') :]


class TestSilence:
    @pytest.mark.parametrize("size", SIZES)
    async def test_an_alert_is_silenced_shown_so_and_told_again(self, size: tuple[int, int]) -> None:
        async with live(size, played=[0.85] * 5) as driver:
            await driver.press("z")
            assert isinstance(driver.app.screen, SilenceDialog)
            assert "silence cpu" in driver.text
            field = driver.app.screen.query_one("#time", Input)
            assert field.value == "1h"
            await driver.press("down", "down", "down")
            assert field.value == "1d"
            await driver.press("up", "up", "up", "enter")
            assert not isinstance(driver.app.screen, SilenceDialog)
            await driver.attend()
            (alert,) = driver.engine.alerts.active()
            assert (alert.state, alert.until) == (State.SILENCED, EPOCH + driver.now[0] + 600.0)
            assert "silenced 10m02s" in "\n".join(driver.pane_text("active"))
            assert "silenced 10m02s" in "\n".join(driver.pane_text("rules"))
            assert "silenced" in "\n".join(driver.pane_text("history")) or size[0] == 80
            await driver.press("z")
            await driver.attend()
            assert driver.engine.alerts.active()[0].state is State.FIRING
            assert driver.engine.alerts.log()[-1].change is Change.LIFTED

    async def test_a_rule_is_silenced_before_it_fires(self) -> None:
        async with live() as driver:
            await driver.press("tab", "z", "enter")
            await driver.attend()
            assert [(each.rule, each.labels) for each in driver.engine.alerts.silences()] == [("busy", ())]
            assert "silenced 1h00m" in "\n".join(driver.pane_text("rules"))
            await driver.press("z")
            await driver.attend()
            assert driver.engine.alerts.silences() == ()

    async def test_one_disk_of_a_rule_or_all_of_them(self) -> None:
        text = FILE.replace("90%", "10%")
        for steps, labels in (0, (("device", "sda"),)), (1, ()):
            async with live(text=text) as driver:
                assert driver.engine.alerts.active()[0].series == BUSY
                await driver.press("z", *["shift+tab", "right"][: 2 * steps], "enter")
                await driver.attend()
                assert [each.labels for each in driver.engine.alerts.silences()] == [labels]
                assert ("partly 1h00m" if labels else "silenced 1h00m") in "\n".join(driver.pane_text("rules"))
                await driver.press("tab", "z")
                await driver.attend()
                assert driver.engine.alerts.silences() == (), "from the rule it is lifted as well"

    async def test_what_is_no_time_is_said(self) -> None:
        async with live(played=[0.85] * 5) as driver:
            await driver.press("z")
            driver.app.screen.query_one("#time", Input).value = "soon"
            await driver.press("enter")
            assert '"soon" is no duration' in driver.text
            await driver.press("escape")
            assert driver.engine.alerts.silences() == ()

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("10m", 600.0),
            ("1d", 86400.0),
            ("14:30", 1800.0),
            ("13:59", 86400.0 - 60.0),
            ("14:00", 86400.0),
            ("9:05", 68700.0),
        ],
    )
    def test_times(self, text: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        now = time.mktime((2026, 6, 10, 14, 0, 0, 0, 0, -1))
        try:
            assert span(text, now) == seconds
        finally:
            monkeypatch.undo()
            time.tzset()

    @pytest.mark.parametrize("text", ["", "0s", "91d", "24:00", "-1h", "1 hour"])
    def test_no_times(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"is no|is not allowed"):
            span(text, EPOCH)

    async def test_without_an_alert_nothing_is_silenced(self) -> None:
        async with live() as driver:
            await driver.press("z")
            assert not isinstance(driver.app.screen, SilenceDialog)


class TestHistory:
    def lines(self, scene: Scene) -> None:
        for n in range(30):
            level = Level.CRITICAL if n % 3 == 0 else Level.WARNING
            scene.transition("system.disk.busy", level=level, ago=60.0 * n, device="sda" if n % 2 else "sdb")
        scene.transition("system.cpu.utilization", Change.CLEARED, ago=90000.0)

    @pytest.mark.parametrize("size", SIZES)
    async def test_newest_first_filtered_and_sorted(self, scene: Scene, size: tuple[int, int]) -> None:
        self.lines(scene)
        async with running(scene, size, screen="alerts") as driver:
            rows = driver.pane_text("history")
            assert "31 lines" in rows[0]
            assert rows[2].strip().startswith(time.strftime("%H:%M:%S", time.localtime(scene.time)))
            await driver.press("shift+tab", "slash")
            await driver.type("disk busy sda")
            assert all("sda" in row for row in driver.pane_text("history")[2:] if row.strip())
            await driver.press("enter", "G")
            assert sum("sda" in row for row in driver.pane_text("history")[2:]) > 0
            await driver.press("escape")
            await driver.press("slash")
            await driver.type("cleared")
            (row,) = [row for row in driver.pane_text("history")[2:] if row.strip()]
            day = time.strftime("%m-%d %H:%M", time.localtime(scene.time - 90000.0))
            assert row.strip().startswith(day), "of another day than today's"
            assert "CPU" in row
            await driver.press("escape", "slash")
            await driver.type("level:critical what:sdb")
            rows = [row for row in driver.pane_text("history")[2:] if row.strip()]
            assert rows
            assert all("✖" in row and "sdb" in row for row in rows)

    @pytest.mark.parametrize("screen", ["alerts", "overview"])
    async def test_a_handler_that_fails_is_a_line_of_it(self, scene: Scene, screen: str) -> None:
        scene.log = tuple(Notices().of({"handler pager": "it answered 500"}, scene.time))
        async with running(scene, (120, 40), screen=screen) as driver:
            (row,) = [row for row in driver.rows if "failed sends" in row]
            assert " ".join(row.split()).startswith(time.strftime("%H:%M:%S", time.localtime(scene.time)))
            assert "▲ warning" in row
            assert "failed sends pager" in row
            assert "it answered 500" in row

    async def test_the_alert_log_key_hides_it(self, scene: Scene) -> None:
        self.lines(scene)
        async with running(scene, (120, 40), screen="alerts") as driver:
            tall = driver.pane("rules").region.y
            await driver.press("A")
            assert "history" not in driver.text
            assert driver.pane("rules").region.y > tall
            await driver.press("A")
            assert "31 lines" in driver.text


class TestWhere:
    @pytest.mark.parametrize(
        ("id", "labels", "mode"),
        [
            ("system.disk.busy", {"device": "sda"}, "system"),
            ("self.cpu", {}, "system"),
        ],
    )
    async def test_enter_on_an_alert_goes_where_it_is_shown(self, id: str, labels: dict[str, str], mode: str) -> None:
        scene = Scene(services=("checkout",), engines=("vllm-0",), gpus=1)
        scene.alert(id, **labels)
        async with running(scene, screen="alerts") as driver:
            await driver.press("enter")
            assert driver.app.current_mode == mode

    async def test_of_a_service_it_is_its_own_screen_from_the_history_too(self, scene: Scene) -> None:
        scene.alert("app.error.total", service="search")
        scene.transition("app.error.total", service="search")
        async with running(scene, screen="alerts") as driver:
            for keys in (["enter"], ["escape", "shift+tab", "enter"]):
                await driver.press(*keys)
                assert isinstance(driver.app.screen, ServiceScreen)
                assert driver.app.screen.service == "search"

    async def test_of_an_engine_and_of_a_gpu_it_is_their_own_screen(self) -> None:
        scene = Scene(engines=("vllm-0", "vllm-1"), gpus=2)
        model = "meta-llama/Llama-3.1-70B-Instruct"
        scene.alert("ai.requests.waiting", engine="vllm-1", model=model)
        async with running(scene, screen="alerts") as driver:
            await driver.press("enter")
            assert isinstance(driver.app.screen, EngineScreen)
            assert driver.app.screen.engine == ("vllm-1", model)
            await driver.press("escape")
            assert driver.app.current_mode == "alerts"
            scene.alerts = ()
            scene.alert("gpu.temperature", gpu="1", name="NVIDIA H100 1")
            await driver.publish()
            await driver.press("enter")
            assert isinstance(driver.app.screen, GpuScreen)
            assert driver.app.screen.gpu == ("1", "NVIDIA H100 1")

    async def test_of_a_worker_it_is_its_own_screen(self, scene: Scene) -> None:
        key = series("worker.cpu", worker="DATA_ENG")
        scene.put(key.id, 0.97, worker="DATA_ENG")
        scene.pass_ticks()
        scene.alert(key.id, worker="DATA_ENG")
        async with running(scene, screen="alerts") as driver:
            await driver.press("enter")
            assert driver.app.current_mode == "workers", "it is not known as a worker"
            await driver.press("6")
            found = where(key, scene.snapshot(tables={WORKERS: (worker("DATA_ENG"),)}))
            assert isinstance(found, WorkerScreen)
            assert found.worker == "DATA_ENG"

    async def test_a_service_that_is_gone_is_looked_for_among_the_others(self, scene: Scene) -> None:
        scene.transition("app.error.total", service="gone")
        async with running(scene, screen="alerts") as driver:
            await driver.press("shift+tab", "enter")
            assert driver.app.current_mode == "app"


WHY = (Moved(series("ai.requests.waiting", engine="vllm-0", model="m"), 0.0, 37.0, 9.0, -4.0),)


class TestItsAlerts:
    @pytest.mark.parametrize("size", SIZES)
    async def test_a_services_screen_has_its_alerts_with_what_else_moved(
        self, scene: Scene, size: tuple[int, int]
    ) -> None:
        own = scene.alert("app.error.total", service="search")
        scene.alert("app.error.total", service="checkout")
        scene.alerts = (replace(own, why=WHY), *scene.alerts[1:])
        async with running(scene, size, screen="alerts") as driver:
            await driver.press("enter")
            assert isinstance(driver.app.screen, ServiceScreen)
            rows = driver.pane_text("alerts")
            assert "its alerts" in rows[0]
            assert rows[1].strip().startswith("✖ errors search")
            assert "before it: waiting vllm-0 0 → 37" in rows[2]
            assert len(rows) == 3
            await driver.press("n")
            assert "errors checkout" in driver.pane_text("alerts")[1]
            scene.alerts = ()
            await driver.publish()
            assert "its alerts" not in driver.text

    @pytest.mark.parametrize("size", SIZES)
    async def test_an_engines_charts_stand_below_its_alerts(self, size: tuple[int, int]) -> None:
        scene = Scene(engines=("vllm-0", "vllm-1"), gpus=2)
        model = "meta-llama/Llama-3.1-70B-Instruct"
        alerts = [scene.alert("ai.requests.waiting", engine=name, model=model) for name in ("vllm-1", "vllm-0")]
        scene.alerts = tuple(replace(alert, why=WHY) for alert in alerts)
        async with running(scene, size, screen="ai") as driver:
            rows = driver.pane_text("alerts")
            assert rows[1].strip().startswith("✖ waiting vllm-0")
            assert "before it: waiting vllm-0 0 → 37" in rows[2]

    async def test_more_than_there_is_room_for_are_counted(self, scene: Scene) -> None:
        for kind in ("client", "server", "timeout", "total"):
            alert = scene.alert(f"app.error.{kind}", service="search")
            scene.alerts = (*scene.alerts[:-1], replace(alert, why=WHY))
        async with running(scene, (120, 40), screen="alerts") as driver:
            await driver.press("enter")
            rows = driver.pane_text("alerts")
            assert len(rows) == 7
            assert "4 alerts" in rows[0]


class TestToasts:
    async def test_what_begins_is_shown_and_what_was_known_is_not(self) -> None:
        async with live(played=[0.85] * 2, notifications=True) as driver:
            assert "warning: cpu" not in driver.text
            await driver.tick()
            await driver.until(lambda: "warning: cpu" in driver.text)
            assert "▲ CPU 85% ≥ 80%" in driver.text

    async def test_many_at_once_are_one(self) -> None:
        async with live(notifications=True) as driver:
            rule = Rule("busy", "system.disk.busy", ((Level.CRITICAL, 0.9), (Level.WARNING, 0.5)))
            before = driver.engine.store.snapshot
            log = [
                Transition(
                    before.time, Change.RAISED, rule, series(rule.metric, device=f"sd{n}"),
                    Level.CRITICAL if n == 5 else Level.WARNING, 0.95, before.time, number=n + 1,
                )
                for n in range(9)
            ]  # fmt: skip
            driver.engine.store.publish(replace(before, log=tuple(log)))
            await driver.until(lambda: "9 alerts" in driver.text)
            assert "✖ disk busy sd5" in driver.text
            assert "+7 more" in driver.text
            assert len(driver.app._notifications) == 1

    async def test_it_can_be_switched_off_and_quiet_lines_are_no_news(self) -> None:
        async with live(played=[0.85] * 2, notifications=True, toast=False) as driver:
            await driver.tick(3)
            assert driver.engine.alerts.active()[0].firing
            assert len(driver.app._notifications) == 0
        async with live(played=[0.85] * 2, notifications=True) as driver:
            driver.engine.silence(3600.0, "cpu")
            await driver.tick(3)
            assert len(driver.app._notifications) == 0

    async def test_the_bell_rings_where_it_is_wanted_and_not_at_each_line(self) -> None:
        for bell, rung in ((False, 0), (True, 1)):
            async with live(
                played=[0.85, 0.85, 0.85, 0.95], bell=bell, text=FILE.replace('for = "4s"', "critical = 0.9")
            ) as driver:
                rings: list[bool] = []
                driver.app.bell = lambda rings=rings: rings.append(True)  # type: ignore[method-assign,misc]
                driver.app._toasts._last, driver.app._toasts._rang = 0, -1e9
                await driver.tick()
                assert len(rings) == rung
                await driver.tick(2)
                assert len(rings) == rung

    async def test_in_ascii(self) -> None:
        async with live(played=[0.85] * 2, notifications=True, plain=True) as driver:
            await driver.tick()
            await driver.until(lambda: "warning: cpu" in driver.text)
            assert driver.text.isascii()
