"""The command line over an engine that plays what a test gives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_play import Play

from perf_tui import assembly
from perf_tui.config.schema import Config
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.rules import rules
from perf_tui.engine.engine import Engine
from perf_tui.sources.fake import FakeSource, Played


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration but a test's own, and no environment that changes what is printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("PERF_TUI_CONFIG", "PERF_TUI_INTERVAL", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Let every engine that a command builds read from these sources, quickly."""

    def install(**sources: Callable[[int], Played]) -> None:
        def build(config: Config, *, remember: bool = False) -> Engine:
            fakes = [FakeSource(each, name) for name, each in sources.items()]
            return Engine(fakes, AlertEngine(rules(config)), 0.02, host="web-1")

        monkeypatch.setattr(assembly, "build_engine", build)
        monkeypatch.setattr(assembly, "find", lambda config, within: [])

    return install
