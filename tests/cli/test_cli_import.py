"""`alerts import`: what of Prometheus' rules ours can say, and what is said of the rest."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from perf_tui.cli.main import main
from perf_tui.cli.prometheus_rules import convert
from perf_tui.config.load import parse
from perf_tui.engine.alerts.rules import rules

CPU = "perf_tui_system_cpu_utilization_ratio"
BUSY = "perf_tui_system_disk_busy_ratio"


def group(*of: dict[str, Any]) -> dict[str, Any]:
    return {"groups": [{"name": "g", "rules": [{"alert": "A", **each} for each in of]}]}


TAKEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"expr": f"{CPU} > 0.8"}, {"metric": "system.cpu.utilization", "warning": 0.8}),
    ({"expr": f"{CPU}<.2", "labels": {"severity": "page"}}, {"direction": "below", "critical": 0.2}),
    ({"expr": f"{CPU} >= 8e-1", "for": "5m", "keep_firing_for": "1m"}, {"for": "5m", "keep_firing_for": "1m"}),
    ({"expr": f'{BUSY}{{device="sda"}} > 0.9'}, {"labels": {"device": "sda"}}),
    ({"expr": f'{BUSY}{{device=~"sd.*", }} > 0.9'}, {"labels": {"device": "~sd.*"}}),
    ({"expr": f'{BUSY}{{device!="sda"}} > 0.9'}, {"labels": {"device": "!sda"}}),
    ({"expr": f"max({BUSY}) > 0.9"}, {"aggregate": "max"}),
    ({"expr": f"max by (device) (avg_over_time({BUSY}[5m])) > 0.9"}, {"by": ["device"], "over": "avg", "window": "5m"}),
    ({"expr": f"max_over_time({CPU}[10m]) > 0.9"}, {"over": "max", "window": "10m"}),
    ({"expr": f"absent({CPU})", "for": "2m"}, {"kind": "no_data", "warning": "2m"}),
    ({"expr": f"{CPU} > 0.8", "annotations": {"summary": "too hot"}}, {"message": "too hot"}),
]
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"expr": "node_load1 > 5"}, "A: node_load1 is none of the metrics that perf-tui exports"),
    ({"expr": f"rate({CPU}[5m]) > 1"}, "A: its expression is not a comparison of one metric with a number"),
    ({"expr": f"{CPU} > 0.8 and {BUSY} > 0.9"}, "A: its expression is not a comparison"),
    ({"expr": f"{CPU}[5m] > 0.8"}, "A: a window and a function over it belong together"),
    ({"expr": f'{CPU}{{job="x"}} > 0.8'}, "A: labels.job: system.cpu.utilization has no such label"),
    ({"expr": f"{CPU} > 80"}, "A: warning: 80 is beyond the whole"),
    ({"expr": f"{CPU} > 0.8", "for": "1h30m"}, "A: for: '1h30m' is not allowed"),
    ({}, "A: its expression is not a comparison"),
]


@pytest.mark.parametrize(("given", "expected"), TAKEN)
def test_what_is_taken_over(given: dict[str, Any], expected: dict[str, Any]) -> None:
    (made,), refused = convert(group(given))
    assert refused == []
    assert {key: made[key] for key in expected} == expected
    assert len(rules(parse({"alerts": [made]}, "x"))) == 1


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_what_is_refused_is_said(given: dict[str, Any], said: str) -> None:
    made, (line,) = convert(group(given))
    assert made == []
    assert line.startswith(said)


def test_names_are_unique_and_recordings_are_left_out() -> None:
    data = group({"expr": f"{CPU} > 0.8"}, {"expr": f"{CPU} > 0.9"})
    data["groups"][0]["rules"].append({"record": "x", "expr": "y"})
    made, refused = convert(data)
    assert ([each["name"] for each in made], refused) == (["A", "A-2"], [])


def test_the_command_writes_toml_that_is_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(group({"expr": f"{CPU} > 0.8"}, {"expr": "node_load1 > 5"})))
    assert main(["alerts", "import", str(path)]) == 0
    said = capsys.readouterr()
    assert len(parse(tomllib.loads(said.out), "x").alerts) == 1
    assert said.err == "perf-tui: not taken over: A: node_load1 is none of the metrics that perf-tui exports\n"
    path.write_text(json.dumps(group({"expr": "node_load1 > 5"})))
    assert main(["alerts", "import", str(path)]) == 1


def test_yaml_takes_the_extra(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(f"groups:\n- name: g\n  rules:\n  - alert: Hot\n    expr: {CPU} > 0.8\n    for: 5m\n")
    try:
        import yaml  # noqa: F401
    except ImportError:
        assert main(["alerts", "import", str(path)]) == 2
        assert "pip install perf-tui[import]" in capsys.readouterr().err
    else:
        assert main(["alerts", "import", str(path)]) == 0
        assert 'name = "Hot"' in capsys.readouterr().out


@pytest.mark.parametrize("text", ["[]", "{}", '{"groups": 1}'])
def test_what_is_no_rule_file(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    assert main(["alerts", "import", str(path)]) == 2
    assert "no rule file" in capsys.readouterr().err
