"""`collect` and `alerts`: the engine with no interface."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_play import CPU, Play, Ticks, broken, busy

from perf_tui.cli import live
from perf_tui.cli.errors import Ended
from perf_tui.cli.live import Failures, Transitions
from perf_tui.cli.main import main
from perf_tui.cli.signals import SIGNALS, ending_signals
from perf_tui.engine.alerts.model import Change, Level, Rule, Transition
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.engine.source import SourceError
from perf_tui.measures.model import Series, Status
from perf_tui.sources.fake import Played

RULES = [{"metric_name": "cpu_percent", "threshold": 40, "level": "warning", "message": "CPU is\x1b[31m busy"}]


def rising(number: int) -> Played:
    """Below the limit, above it, below it again."""
    return {CPU: 0.5 if number in (1, 2) else 0.1}


@pytest.fixture
def rules() -> str:
    Path("rules.json").write_text(json.dumps(RULES))
    return "rules.json"


@pytest.fixture
def ticks(play: Play, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Like `play`, and `--for` is over when the source `system` has been read a few times."""

    def install(system: Callable[[int], Played], **more: Callable[[int], Played]) -> None:
        clock = Ticks(system, enough=6)
        monkeypatch.setattr(live, "time", clock)
        play(system=clock, **more)

    return install


class TestCommands:
    def test_collect_is_quiet(self, ticks: Play, rules: str, capsys: pytest.CaptureFixture[str]) -> None:
        ticks(system=busy)
        assert main(["collect", "--for", "1", "--config", rules]) == 0
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", "")

    @pytest.mark.parametrize("command", [["alerts"], ["collect", "--verbose"]])
    def test_a_line_for_each_change(
        self, ticks: Play, rules: str, command: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        ticks(system=rising)
        assert main([*command, "--for", "1", "--config", rules]) == 0
        raised, cleared = (line.split("  ") for line in capsys.readouterr().out.splitlines())
        assert raised[1:] == [
            "raised", "warning", "cpu_percent-warning", "system.cpu.utilization", "50%", "limit 40%",
            r"CPU is\x1b[31m busy",
        ]  # fmt: skip
        assert raised[0].endswith("Z")
        assert cleared[1:6] == ["cleared", "warning", "cpu_percent-warning", "system.cpu.utilization", "10%"]

    def test_a_failing_source_is_said_once(self, ticks: Play, capsys: pytest.CaptureFixture[str]) -> None:
        ticks(system=busy, disks=broken)
        assert main(["collect", "--for", "1"]) == 0
        assert capsys.readouterr().err == "perf-tui: disks cannot be read: it is gone\n"

    def test_nothing_collected_is_exit_1(self, play: Play) -> None:
        play(system=broken)
        assert main(["collect", "--for", "0.05"]) == 1

    def test_an_engine_that_ends_by_itself_is_an_error(
        self, play: Play, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async def fails(self: Engine) -> None:
            raise RuntimeError("out of memory")

        play(system=busy)
        monkeypatch.setattr(Engine, "run", fails)
        assert main(["collect", "--for", "10"]) == 1
        last = capsys.readouterr().err.splitlines()[-1]
        assert last == "perf-tui: the engine ended: RuntimeError('out of memory')"

    def test_no_engine_outlives_its_command(self, ticks: Play) -> None:
        ticks(system=busy)
        main(["collect", "--for", "1"])
        assert not any(thread.name == "perf-tui engine" for thread in threading.enumerate())


class TestCheck:
    @pytest.mark.parametrize(
        ("name", "text", "line"),
        [
            ("rules.json", json.dumps(RULES), "rules.json: valid, 1 rule"),
            ("rules.toml", "alerts = []\n", "rules.toml: valid, 0 rules"),
            (
                "other.toml",
                "interval = 1.0\n",
                "other.toml: valid; it has no rules of its own, so the 3 that ship are in force",
            ),
        ],
    )
    def test_a_valid_file(self, name: str, text: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path(name).write_text(text)
        assert main(["alerts", "check", name]) == 0
        assert capsys.readouterr().out == f"{line}\n"

    def test_a_file_that_is_not(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("rules.json").write_text('[{"metric_name": "cpu", "threshold": 1, "level": "warning"}]')
        assert main(["alerts", "check", "rules.json"]) == 2
        assert capsys.readouterr().err.startswith("perf-tui: rules.json: [0].metric_name: 'cpu' is no measure;")


def transition(place: int) -> Transition:
    rule = Rule(f"rule{place}", CPU.id, ((Level.WARNING, 0.8),))
    return Transition(0.0, Change.RAISED, rule, CPU, Level.WARNING, 0.9, 0.0)


class TestTransitions:
    def test_each_is_printed_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        log = tuple(transition(place) for place in range(5))
        tell = Transitions()
        for seen in ((), log[:2], log[:2], log[1:4], log[2:]):
            tell(Snapshot(log=seen))
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("  ")[3] for line in lines] == [f"rule{place}" for place in range(5)]

    def test_two_that_are_equal_are_two(self, capsys: pytest.CaptureFixture[str]) -> None:
        first, second = transition(0), transition(0)
        tell = Transitions()
        tell(Snapshot(log=(first,)))
        tell(Snapshot(log=(first, second)))
        assert len(capsys.readouterr().out.splitlines()) == 2

    def test_names_from_outside_cannot_act(self, capsys: pytest.CaptureFixture[str]) -> None:
        key = Series("system.disk.busy", (("device", "sda\n\x1b[2J"),))
        rule = Rule("a\nb", key.id, ((Level.WARNING, 0.8),), message="\x9b31m")
        Transitions()(Snapshot(log=(Transition(0.0, Change.RAISED, rule, key, Level.WARNING, 0.9, 0.0),)))
        (line,) = capsys.readouterr().out.splitlines()
        assert line.isprintable()


class TestFailures:
    def test_only_changes_are_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        def seen(status: Status, error: str | None = None) -> Snapshot:
            return Snapshot(sources=(SourceState("disks", "system", status, None, error),))

        tell = Failures()
        for snapshot in (
            seen(Status.PENDING),
            seen(Status.ERROR, "late"),
            seen(Status.ERROR, "late"),
            seen(Status.DENIED, "no\nright"),
            seen(Status.OK),
            seen(Status.OK),
        ):
            tell(snapshot)
        assert capsys.readouterr().err.splitlines() == [
            "perf-tui: disks cannot be read: late",
            r"perf-tui: disks cannot be read: no\x0aright",
            "perf-tui: disks: read again",
        ]


class TestSignals:
    @pytest.mark.parametrize("number", SIGNALS)
    def test_the_first_ends_and_the_next_has_its_usual_effect(self, number: int) -> None:
        before = signal.getsignal(number)
        with ending_signals():
            with pytest.raises(Ended) as ended:
                signal.raise_signal(number)
            assert all(signal.getsignal(each) is signal.SIG_DFL for each in SIGNALS)
        assert ended.value.number == number
        assert signal.getsignal(number) is before

    def test_one_that_was_ignored_stays_ignored(self) -> None:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            with ending_signals():
                signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        finally:
            signal.signal(signal.SIGHUP, before)


def test_the_error_of_a_source_is_that_of_its_author() -> None:
    assert str(SourceError("it is gone")) == str(broken(0))
