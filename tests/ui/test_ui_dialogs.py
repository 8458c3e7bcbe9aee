"""The dialog that exports, and pictures."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from textual.widgets import Input, Static
from ui_scene import Driver, Scene, running

from perf_tui.config.schema import Config, Ui
from perf_tui.export import formats
from perf_tui.measures.model import Value
from perf_tui.ui.picture import svg
from perf_tui.ui.screens.export import Export


async def save(driver: Driver, name: object) -> None:
    """Open the dialog, name a file, press Enter."""
    if not isinstance(driver.app.screen, Export):
        await driver.press("e")
    driver.app.screen.query_one(Input).value = str(name)
    await driver.press("enter")


async def test_each_suffix_is_saved_in_its_format(scene: Scene, tmp_path: Path) -> None:
    async with running(scene, notifications=True) as driver:
        for suffix in formats.SUFFIXES:
            path = tmp_path / f"snap{suffix}"
            driver.app.clear_notifications()
            await save(driver, path)
            assert not isinstance(driver.app.screen, Export), suffix
            await driver.until(lambda: "▌ saved" in driver.text)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert os.listdir(tmp_path) == [path.name]
            check_content(suffix, path.read_text())
            path.unlink()


def check_content(suffix: str, text: str) -> None:
    """That a format holds what it is for."""
    if suffix == ".json":
        assert json.loads(text)["host"] == "web-1"
    elif suffix == ".csv":
        assert any("system.cpu.utilization" in row for row in csv.reader(io.StringIO(text)))
    elif suffix == ".svg":
        shown = "".join(ElementTree.fromstring(text).itertext()).replace("\xa0", " ")
        assert "web-1" in shown
        assert "memory" in shown
        assert "export a snapshot" not in shown
    else:
        assert "CPU" in text or "cpu" in text


async def test_the_dialog_offers_a_name_with_the_time_of_the_snapshot(scene: Scene, tmp_path: Path) -> None:
    async with running(scene) as driver:
        await driver.press("e")
        assert driver.app.screen.query_one(Input).value.startswith("perf-tui-2026")
        assert all(suffix in driver.text for suffix in formats.SUFFIXES)
        await driver.press("q", "x")
        assert driver.app.screen.query_one(Input).value.endswith("qx")
        await driver.press("escape")
        assert not isinstance(driver.app.screen, Export)
        await driver.press("escape")
        assert driver.app.is_running


async def test_what_was_on_show_is_saved_not_what_came_after(scene: Scene, tmp_path: Path) -> None:
    async with running(scene) as driver:
        scene.put("system.swap.utilization", Value(0.123))
        await driver.publish()
        await driver.press("e")
        scene.put("system.swap.utilization", Value(0.987))
        await driver.publish()
        await save(driver, tmp_path / "a.json")
        found = [
            each for each in json.loads((tmp_path / "a.json").read_text())["measures"] if "swap.util" in each["id"]
        ]
        assert [each["value"] for each in found] == [0.123]


async def test_a_paused_picture_is_what_is_saved(scene: Scene, tmp_path: Path) -> None:
    async with running(scene) as driver:
        await driver.press("p")
        paused = scene.time
        await driver.publish(50)
        await save(driver, tmp_path / "a.json")
        from datetime import datetime

        assert datetime.fromisoformat(json.loads((tmp_path / "a.json").read_text())["time"]).timestamp() == paused


async def test_errors_stay_in_the_dialog(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    os.mkfifo(tmp_path / "pipe.json")
    async with running(scene) as driver:
        for name, said in (
            ("", "no suffix"),
            ("snap", "no suffix"),
            ("snap.exe", "allowed: .json"),
            (".json", "no suffix"),
            ("nowhere/snap.json", "no folder"),
            ("folder.json", "folder"),
            ("link.json", "symbolic link"),
            ("pipe.json", "no plain file"),
            ("~no-such-user-at-all/snap.json", "home"),
            ("x" * 300 + ".json", "not saved"),
            ("[red]nowhere[/]/snap.json", "[red]nowhere[/]"),
        ):
            await save(driver, name)
            assert isinstance(driver.app.screen, Export), name
            words = driver.app.screen.query_one("#said", Static).content.plain  # type: ignore[union-attr]
            assert words.startswith("not saved: "), name
            assert said in words, (name, words)
            assert "not saved: " in driver.text
        assert (tmp_path / "real.json").read_text() == "old"
        assert (tmp_path / "link.json").is_symlink()
        # The dialog still works.
        await save(driver, "good.JSON")
        assert not isinstance(driver.app.screen, Export)
        assert json.loads((tmp_path / "good.JSON").read_text())["host"] == "web-1"


async def test_a_picture_by_its_suffix_in_any_case(scene: Scene, tmp_path: Path) -> None:
    async with running(scene) as driver:
        await save(driver, tmp_path / "SCREEN.SVG")
        ElementTree.fromstring((tmp_path / "SCREEN.SVG").read_text())


async def test_the_home_folder_is_known(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with running(scene) as driver:
        await save(driver, "~/snap.txt")
    assert "web-1" in (tmp_path / "snap.txt").read_text()


async def test_text_for_people_is_ascii_under_ascii(scene: Scene, tmp_path: Path) -> None:
    async with running(scene, ascii=True) as driver:
        await save(driver, tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text().isascii()


async def test_dialogs_are_ascii_under_ascii(scene: Scene) -> None:
    async with running(scene, ascii=True, notifications=True) as driver:
        for opening, words in (
            ("e", "Enter saves"), ("question_mark", "Screens"), ("ctrl+p", "Screens"), ("t", "theme"),
            ("plus", "every 5 s"),
        ):  # fmt: skip
            await driver.press(opening)
            await driver.until(lambda words=words: words in driver.text)
            for row in driver.rows:
                assert row.isascii(), (opening, row)
            await driver.press("escape")


@pytest.mark.parametrize("screen", ["overview", "app", "system", "alerts"])
def test_a_picture_of_a_snapshot(scene: Scene, screen: str) -> None:
    scene.put("system.disk.read", 1e6, device="[red]<&>\x1b[31m")
    scene.pass_ticks()
    text = svg(scene.snapshot(), Config(ui=Ui(screen=screen)), (100, 30))  # type: ignore[arg-type]
    shown = "".join(ElementTree.fromstring(text).itertext()).replace("\xa0", " ")
    assert "web-1" in shown
    assert {"overview": "one clock", "app": "services", "system": "processes", "alerts": "rules"}[screen] in shown
    assert "\x1b" not in text
