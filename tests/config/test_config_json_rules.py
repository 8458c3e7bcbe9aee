"""Alert rules as a list in JSON."""

from __future__ import annotations

import json
from pathlib import Path

from perf_tui.config.load import load
from perf_tui.engine.alerts.model import Level
from perf_tui.engine.alerts.rules import rules


def write(tmp_path: Path, entries: object) -> str:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return str(path)


def test_each_entry_is_a_rule(tmp_path: Path) -> None:
    entries = [
        {"metric_name": "cpu_percent", "threshold": 80, "level": "warning", "message": "CPU is busy"},
        {"metric_name": "cpu_percent", "threshold": 95, "level": "critical", "message": "CPU is full"},
        {"metric_name": "app.request.duration", "threshold": "500ms", "level": "info"},
    ]
    config, _ = load(write(tmp_path, entries), environment={})
    made = rules(config)
    assert [(rule.metric, rule.thresholds, rule.message) for rule in made] == [
        ("system.cpu.utilization", ((Level.WARNING, 0.8),), "CPU is busy"),
        ("system.cpu.utilization", ((Level.CRITICAL, 0.95),), "CPU is full"),
        ("app.request.duration", ((Level.INFO, 0.5),), "latency is high"),
    ]
    assert [rule.name for rule in made] == [
        "cpu_percent-warning",
        "cpu_percent-critical",
        "app.request.duration-info",
    ]


def test_of_workers_fewer_is_worse(tmp_path: Path) -> None:
    entries = [{"metric_name": "active_workers", "threshold": 6, "level": "warning"}]
    config, _ = load(write(tmp_path, entries), environment={})
    assert rules(config)[0].below


def test_two_of_the_same_measure_and_level_have_names_of_their_own(tmp_path: Path) -> None:
    entries = [{"metric_name": "cpu_percent", "threshold": limit, "level": "info"} for limit in (10, 20, 30)]
    config, _ = load(write(tmp_path, entries), environment={})
    assert [rule.name for rule in config.alerts] == [
        "cpu_percent-info",
        "cpu_percent-info-2",
        "cpu_percent-info-3",
    ]


def test_an_empty_list_is_no_rules(tmp_path: Path) -> None:
    assert load(write(tmp_path, []), environment={})[0].alerts == ()
