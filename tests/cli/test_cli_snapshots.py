"""`--once`, `snapshot`, and `perf-tui` without a terminal."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest
from cli_play import CPU, Play, broken, busy

from perf_tui.cli import tui
from perf_tui.cli.main import main
from perf_tui.config.schema import Config
from perf_tui.engine.snapshot import Snapshot
from perf_tui.export import formats
from perf_tui.sources.fake import Played
from perf_tui.ui import picture


class TestOnce:
    def test_two_samples_as_text(self, play: Play, capsys: pytest.CaptureFixture[str]) -> None:
        play(system=lambda number: {CPU: 0.1 * (number + 1)})
        assert main(["--once"]) == 0
        out = capsys.readouterr().out
        assert "cpu  utilization 20%" in out
        assert out.splitlines()[1] == "● well"

    def test_json(self, play: Play, capsys: pytest.CaptureFixture[str]) -> None:
        play(system=busy)
        assert main(["--once", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["measures"][0]["value"] == 0.5
        assert document["host"] == "web-1"

    def test_a_failed_source_is_listed_and_all_is_well(self, play: Play, capsys: pytest.CaptureFixture[str]) -> None:
        play(system=busy, disks=broken)
        assert main(["--once"]) == 0
        assert "disks cannot be read: it is gone" in capsys.readouterr().out
        assert main(["--once", "--json"]) == 0
        sources = {each["name"]: each["error"] for each in json.loads(capsys.readouterr().out)["sources"]}
        assert sources == {"system": None, "disks": "it is gone"}

    def test_nothing_collected_is_exit_1_and_still_printed(
        self, play: Play, capsys: pytest.CaptureFixture[str]
    ) -> None:
        play(system=broken, disks=broken)
        assert main(["--once"]) == 1
        assert "it is gone" in capsys.readouterr().out

    def test_an_output_that_takes_no_unicode(self, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
        play(system=busy)
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
        assert main(["--once"]) == 0
        assert b". well" in raw.getvalue()

    def test_json_is_utf8_whatever_the_locale(self, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
        from perf_tui.measures.model import series

        play(system=lambda number: {series("system.filesystem.used", mount="/ü"): 1.0})
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
        assert main(["--json"]) == 0
        assert json.loads(raw.getvalue().decode("utf-8"))["measures"][0]["labels"] == {"mount": "/ü"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())


class TestWithoutCommand:
    @pytest.fixture
    def shown(self, play: Play, monkeypatch: pytest.MonkeyPatch) -> list[Config]:
        play(system=busy)
        shown: list[Config] = []

        def show(config: Config, **files: object) -> int:
            shown.append(config)
            return 0

        monkeypatch.setattr(tui, "run", show)
        monkeypatch.setenv("TERM", "xterm-256color")
        return shown

    def test_on_a_terminal_it_is_the_interface(self, shown: list[Config], monkeypatch: pytest.MonkeyPatch) -> None:
        on_terminal(monkeypatch)
        assert main(["--theme", "light", "--ascii", "--no-mouse", "--mode", "perf"]) == 0
        (config,) = shown
        assert (config.ui.theme, config.ui.ascii, config.ui.mouse, config.ui.mode) == ("light", True, False, "perf")

    @pytest.mark.parametrize("stream", ["stdin", "stdout"])
    def test_not_on_a_terminal_it_is_one_snapshot(
        self, shown: list[Config], monkeypatch: pytest.MonkeyPatch, stream: str
    ) -> None:
        on_terminal(monkeypatch)
        out = io.StringIO() if stream == "stdout" else Terminal()
        monkeypatch.setattr(sys, "stdout", out)
        if stream == "stdin":
            monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert main([]) == 0
        assert shown == []
        assert "well" in out.getvalue()

    def test_a_dumb_terminal_gets_one_snapshot(self, shown: list[Config], monkeypatch: pytest.MonkeyPatch) -> None:
        on_terminal(monkeypatch)
        monkeypatch.setenv("TERM", "dumb")
        assert main([]) == 0
        assert shown == []

    def test_a_wrong_key_is_told_before_anything_starts(
        self, shown: list[Config], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        on_terminal(monkeypatch)
        Path("config.toml").write_text('[keys]\nquite = "x"\n')
        assert main([]) == 2
        assert capsys.readouterr().err.startswith("perf-tui: config.toml: keys.quite: no such command")
        assert shown == []


class TestSnapshot:
    @pytest.mark.parametrize("name", [name for name in formats.FORMATS if name != formats.PICTURE])
    def test_the_suffix_is_the_format(self, play: Play, name: str) -> None:
        play(system=busy)
        assert main(["snapshot", "-o", f"out.{name}"]) == 0
        path = Path(f"out.{name}")
        beginnings = {
            "json": '{"schema_version": 1', "csv": "time,id,labels,", "txt": "perf-tui ", "md": "# perf-tui",
            "html": "<!DOCTYPE html>", "prom": "# HELP perf_tui_",
        }  # fmt: skip
        assert path.read_text(encoding="utf-8").startswith(beginnings[name])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.listdir() == [path.name]

    def test_the_interface_draws_the_picture(self, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
        def svg(snapshot: Snapshot, config: Config) -> str:
            return f"<svg>{snapshot.get(CPU.id).number} {config.ui.theme}</svg>"

        play(system=busy)
        monkeypatch.setattr(picture, "svg", svg)
        assert main(["snapshot", "-o", "out.svg", "--theme", "night"]) == 0
        assert Path("out.svg").read_text() == "<svg>0.5 night</svg>"

    def test_a_format_goes_before_the_suffix(self, play: Play) -> None:
        play(system=busy)
        assert main(["snapshot", "-o", "out.txt", "--format", "json"]) == 0
        json.loads(Path("out.txt").read_text())

    @pytest.mark.parametrize(("format", "begin"), [(["--format", "csv"], "time,id"), ([], "perf-tui ")])
    def test_to_standard_output(
        self, play: Play, format: list[str], begin: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        play(system=busy)
        assert main(["snapshot", "-o", "-", *format]) == 0
        assert capsys.readouterr().out.startswith(begin)
        assert os.listdir() == []

    @pytest.mark.parametrize(
        ("argv", "line"),
        [
            (["-o", "out.xml"], "'out.xml' has no suffix of a format; allowed: .json .csv .txt .md .html .svg .prom"),
            (
                ["-o", "-", "--format", "yaml"],
                "--format: 'yaml' is no format; allowed: json, csv, txt, md, html, svg, prom",
            ),
            (["-o", "none/out.json"], "none/out.json: there is no folder none"),
            (["-o", "\x1b[2J/out.json"], r"\x1b[2J/out.json: there is no folder \x1b[2J"),
            (["-o", "folder.json"], "folder.json: this is a folder"),
            (
                ["-o", "link.json"],
                "link.json: this is a symbolic link, and links are not followed; name the file itself",
            ),
        ],
    )
    def test_what_cannot_be_written_is_told_before_anything_is_read(
        self, play: Play, argv: list[str], line: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def never(number: int) -> Played:
            raise AssertionError("a source was read")

        play(system=never)
        Path("folder.json").mkdir()
        Path("link.json").symlink_to("target.json")
        assert main(["snapshot", *argv]) == 2
        assert capsys.readouterr().err == f"perf-tui: {line}\n"
        assert not Path("target.json").exists()

    def test_a_full_disk_is_told_in_one_line(
        self, play: Play, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        play(system=busy)
        monkeypatch.setattr(os, "fsync", full)
        assert main(["snapshot", "-o", "out.json"]) == 2
        assert capsys.readouterr().err == "perf-tui: out.json: it cannot be written: No space left on device\n"

    def test_nothing_collected_is_exit_1(self, play: Play) -> None:
        play(system=broken)
        assert main(["snapshot", "-o", "out.json"]) == 1
        assert json.loads(Path("out.json").read_text())["sources"][0]["status"] == "error"
