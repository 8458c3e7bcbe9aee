"""`doctor`: each check, and the exit code of the worst."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_play import CPU, Play, broken, busy

from perf_tui.cli import checks, checks_otlp
from perf_tui.cli.checks import Check, Grade
from perf_tui.cli.main import main
from perf_tui.config.schema import Config, Otlp, Prometheus
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.measures.model import Status, Value, absent, series
from perf_tui.sources.otlp import decode


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def by_id(found: list[Check]) -> dict[str, Check]:
    return {check.id: check for check in found}


class TestCommand:
    @pytest.fixture(autouse=True)
    def quiet_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("hidepid", "pressure", "gpu_library"):
            monkeypatch.setattr(checks, name, lambda name=name: Check(name, Grade.PASS, "fine"))

    def test_all_well(self, play: Play, capsys: pytest.CaptureFixture[str]) -> None:
        play(system=busy)
        assert main(["doctor"]) == 0
        out = capsys.readouterr().out
        assert "PASS source.system" in out
        assert out.splitlines()[-1].endswith("0 to mend, 0 broken")

    def test_a_failing_source_is_a_warning_with_its_reason(
        self, play: Play, capsys: pytest.CaptureFixture[str]
    ) -> None:
        play(system=busy, disks=broken)
        assert main(["doctor"]) == 1
        out = capsys.readouterr().out
        assert "WARN source.disks         it is gone" in out
        assert "mend: " in out

    def test_a_broken_configuration_is_said_and_the_rest_checked(
        self, play: Play, capsys: pytest.CaptureFixture[str]
    ) -> None:
        play(system=busy)
        Path("config.toml").write_text("intervall = 1.0\n")
        assert main(["doctor"]) == 2
        out = capsys.readouterr().out
        assert "FAIL config.valid         config.toml: intervall: unknown key; the nearest is interval" in out
        assert "PASS source.system" in out

    def test_nothing_collected_is_broken(self, play: Play) -> None:
        play(system=broken)
        assert main(["doctor"]) == 2

    def test_json(self, play: Play, capsys: pytest.CaptureFixture[str]) -> None:
        play(system=busy)
        assert main(["doctor", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert {tuple(each) for each in found} == {("id", "grade", "finding", "mend")}
        assert found[0]["id"] == "python.version"


class TestTerminal:
    def on(self, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], **variables: str) -> dict[str, Check]:
        monkeypatch.setattr(sys, "stdout", Terminal())
        monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size(size))
        return by_id(list(checks.terminal(variables)))

    def test_a_good_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.on(monkeypatch, (120, 40), TERM="xterm-256color", COLORTERM="truecolor")
        assert {check.grade for check in found.values()} == {Grade.PASS}
        assert list(found) == ["terminal.encoding", "terminal.type", "terminal.size", "terminal.colour"]

    @pytest.mark.parametrize("kind", ["dumb", ""])
    def test_a_dumb_one(self, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
        assert self.on(monkeypatch, (120, 40), TERM=kind)["terminal.type"].grade is Grade.WARN

    def test_a_small_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.on(monkeypatch, (79, 40), TERM="xterm")["terminal.size"]
        assert (found.grade, found.mend) == (Grade.WARN, "make it at least 80x24")

    def test_no_color(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.on(monkeypatch, (80, 24), TERM="xterm", NO_COLOR="1")["terminal.colour"]
        assert found.finding.startswith("NO_COLOR is set")

    def test_one_without_unicode(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
        found = by_id(list(checks.terminal({})))
        assert found["terminal.encoding"].grade is Grade.WARN
        assert found["terminal.type"].grade is Grade.PASS  # a pipe is no terminal, and needs none


class TestReceiver:
    def found(self, **options: object) -> dict[str, checks.Check]:
        config = Config(otlp=Otlp(enabled=True, **options))  # type: ignore[arg-type]
        return by_id(list(checks_otlp.receiver(config, {"SET": "secret"})))

    def test_one_that_is_off(self) -> None:
        (check,) = checks_otlp.receiver(Config())
        assert check.grade is Grade.PASS
        assert "[otlp] enabled = true switches it on" in check.finding

    def test_where_it_listens(self) -> None:
        found = self.found()
        assert found["otlp.address"].grade is Grade.PASS
        assert found["otlp.address"].finding.startswith("OTLP over HTTP on 127.0.0.1:4318: this machine alone")

    def test_one_that_is_open_to_others(self) -> None:
        found = self.found(listen="0.0.0.0:4318", token_env="SET")
        assert found["otlp.address"].grade is Grade.WARN
        assert "other machines reach it" in found["otlp.address"].finding
        assert found["otlp.token"].grade is Grade.PASS
        assert not any("secret" in check.finding for check in found.values())

    def test_a_token_that_is_not_set(self) -> None:
        assert self.found(token_env="UNSET")["otlp.token"].finding == "UNSET is not set: nobody is let in"

    def test_what_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "grpc.aio", None)
        monkeypatch.setattr(decode, "protobuf_there", lambda: False)
        found = self.found(grpc="127.0.0.1:4317")
        assert "pip install perf-tui[otlp]" in found["otlp.protobuf"].mend
        assert found["otlp.grpc"].mend == "pip install perf-tui[otlp-grpc]"


class TestConfiguration:
    def test_sections_that_are_ignored_are_warnings(self) -> None:
        found = by_id(
            list(checks.configuration(Config(prometheus=Prometheus(url="http://127.0.0.1:9090")), None, None))
        )
        assert found["config.prometheus"].grade is Grade.WARN

    def test_a_variable_that_is_no_setting(self) -> None:
        found = checks.environment({"PERF_TUI_INTERVALL": "1", "PERF_TUI_CONFIG": "x", "PATH": "/bin"})
        assert found.grade is Grade.WARN
        assert "PERF_TUI_INTERVALL is no setting (the nearest is PERF_TUI_INTERVAL)" in found.finding
        assert checks.environment({"PERF_TUI_THEME": "dark"}).grade is Grade.PASS


class TestMeasures:
    def test_denied_is_to_mend_and_absent_is_not(self) -> None:
        values = {
            CPU: Value(0.5),
            series("system.swap.used"): Value(None, Status.DENIED, "no permission to read it"),
            series("system.network.utilization", interface="lo"): absent("no speed"),
        }
        snapshot = Snapshot(values=values, index={key.id: (key,) for key in values})
        found = list(checks.measures(snapshot))
        denied = next(check for check in found if check.id == "measures.denied")
        assert (denied.grade, denied.finding) == (Grade.WARN, "no permission to read it: system.swap.used")
        absences = [check for check in found if check.id == "measures.absent"]
        assert {check.grade for check in absences} == {Grade.PASS}
        assert "no speed: system.network.utilization{interface=lo}" in [check.finding for check in absences]
        assert "system.disk.read" in absences[-1].finding

    def test_a_source_that_is_late_is_said(self) -> None:
        snapshot = Snapshot(sources=(SourceState("nfs", "system", Status.PENDING),))
        assert by_id(list(checks.sources(snapshot)))["source.nfs"].finding == "it has not answered yet"


class TestMachine:
    @pytest.mark.parametrize(
        ("options", "user", "grade"),
        [
            ("rw,relatime", 1000, Grade.PASS),
            ("rw,hidepid=0", 1000, Grade.PASS),
            ("rw,gid=4,hidepid=2", 1000, Grade.WARN),
            ("rw,hidepid=invisible", 1000, Grade.WARN),
            ("rw,hidepid=2", 0, Grade.PASS),
        ],
    )
    def test_hidepid(self, tmp_path: Path, options: str, user: int, grade: Grade) -> None:
        mounts = tmp_path / "mounts"
        mounts.write_text(f"sysfs /sys sysfs rw 0 0\nproc /proc proc {options} 0 0\n")
        assert checks.hidepid(mounts, user).grade is grade

    def test_no_proc(self, tmp_path: Path) -> None:
        assert checks.hidepid(tmp_path / "none").grade is Grade.PASS

    def test_pressure(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "linux")
        assert checks.pressure(tmp_path).grade is Grade.WARN
        (tmp_path / "cpu").touch()
        assert checks.pressure(tmp_path).grade is Grade.PASS


class TestGpuLibrary:
    def with_nvml(self, monkeypatch: pytest.MonkeyPatch, **functions: object) -> None:
        usual = {"nvmlInit": lambda: None, "nvmlShutdown": lambda: None, "nvmlDeviceGetCount": lambda: 2}
        monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(**{**usual, **functions}))

    def test_it_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.with_nvml(monkeypatch)
        assert checks.gpu_library().finding == "NVML answers: 2 NVIDIA GPUs"

    def test_no_driver_is_well(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        def missing() -> None:
            raise RuntimeError("Library Not Found")

        self.with_nvml(monkeypatch, nvmlInit=missing)
        found = checks.gpu_library(tmp_path / "none")
        assert (found.grade, found.finding) == (Grade.PASS, "no NVIDIA driver here (Library Not Found)")

    def test_a_driver_without_its_library_is_to_mend(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        def mismatch() -> None:
            raise RuntimeError("Driver/library version mismatch")

        self.with_nvml(monkeypatch, nvmlInit=mismatch)
        assert checks.gpu_library(tmp_path).grade is Grade.WARN

    def test_a_driver_that_hangs_is_given_up_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        gate = threading.Event()
        self.with_nvml(monkeypatch, nvmlInit=gate.wait)
        monkeypatch.setattr(checks, "GPU_DEADLINE", 0.05)
        try:
            assert "did not answer" in checks.gpu_library().finding
        finally:
            gate.set()
