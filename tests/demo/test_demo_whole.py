"""The whole demo: what watches it sees all of it, incidents raise their alerts, and nothing stays behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from demo_play import processes, until

from benchmarks.incidents import Watching, watching
from perf_tui.cli.main import main
from perf_tui.config.load import parse
from perf_tui.config.schema import Config
from perf_tui.config.write import to_toml
from perf_tui.demo.incidents import BY_NAME, INCIDENTS, chosen
from perf_tui.demo.model import missing
from perf_tui.demo.plan import Plan
from perf_tui.demo.roles import ROLES
from perf_tui.demo.settings import config_of, rules


def demo(folder: Path, *words: str) -> subprocess.Popen[str]:
    """`perf-tui demo`, whose files are in this folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "perf_tui", "demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )


class TestConfig:
    def test_each_incident_has_its_rules(self) -> None:
        known = {rule.name for rule in rules(2.0)}
        assert {rule for incident in INCIDENTS for rule in incident.raises} == known

    def test_it_watches_nothing_else(self, tmp_path: Path) -> None:
        config = config_of(Plan.in_folder(tmp_path), Config(interval=1.0))
        assert parse(tomllib.loads(to_toml(config)), "demo") == config
        assert not any((config.discovery.enabled, config.alerting.remember, config.handlers, config.board.recognise))
        assert all(target.url.startswith("http://127.0.0.1:") for target in config.targets)
        assert config.interval == 1.0

    def test_without_a_model_server_nothing_is_expected_of_it(self, tmp_path: Path) -> None:
        plan = Plan(folder=str(tmp_path), shop_port=1, pricing_port=2, tasks_port=3, model_port=None)
        config = config_of(plan, Config())
        assert [target.name for target in config.targets] == ["shop", "pricing"]
        assert not config.quality
        assert "full-cache" not in {incident.name for incident in chosen("all", model=False)}


class TestCommand:
    def test_an_incident_that_there_is_not(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["demo", "--incidents", "full-cache,flod"]) == 2
        said = capsys.readouterr().err
        assert said.startswith("perf-tui: there is no incident 'flod'; known: all, off, slow-dependency,")

    def test_one_snapshot_has_all_layers(self, tmp_path: Path) -> None:
        with demo(tmp_path, "--once", "--json", "--interval", "2") as running:
            told, said = running.communicate(timeout=60)
        assert (running.returncode, said.strip()) == (0, f"perf-tui: {missing()}" if missing() else "")
        snapshot = json.loads(told)
        assert {role.name for role in ROLES} <= {worker["id"] for worker in snapshot["workers"]}
        alive = {measure["id"] for measure in snapshot["measures"] if measure["status"] == "ok"}
        wanted = {"app.request.rate", "app.request.duration", "system.cpu.utilization", "workers.waiting", "worker.cpu"}
        if not missing():
            wanted |= {"ai.requests.running", "ai.context.limit", "ai.kv_cache.utilization"}
        assert wanted <= alive
        assert not list(tmp_path.iterdir())
        assert not processes(tmp_path)

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
    def test_nothing_stays_behind(self, tmp_path: Path, number: signal.Signals) -> None:
        with demo(tmp_path, "--for", "60", "--incidents", "off") as running:
            workers = 1 + len(ROLES)  # those whose command line names the folder: the crew and its workers, at least
            assert until(lambda: len(processes(tmp_path)) > workers, 30)
            everybody = psutil.Process(running.pid).children(recursive=True)
            running.send_signal(number)
            running.communicate(timeout=20)
        assert running.returncode == (-9 if number is signal.SIGKILL else 130)
        assert until(lambda: not any(process.is_running() for process in everybody))
        assert until(lambda: not list(tmp_path.iterdir()))


@pytest.fixture(scope="module")
def watched() -> Iterator[Watching]:
    """A demo that is watched twice a second."""
    with watching(0.5) as watched:
        yield watched


class TestIncidents:
    @pytest.mark.parametrize("name", ["slow-dependency", "dead-worker"])
    def test_one_raises_its_alert_and_is_over(self, watched: Watching, name: str) -> None:
        seconds = 5.0
        for told in watched.play(BY_NAME[name], seconds):
            assert told.raised is not None
            assert told.raised < seconds  # while it is under way; benchmarks/incidents.py has the exact times
            assert told.resolved is not None
