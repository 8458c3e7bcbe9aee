"""Prometheus' own `promtool test rules` agrees on `for` and `keep_firing_for`, for what both can express.

Random values, one a minute; at each minute after the first, promtool is asked whether the alert is firing as
this program says that it is. A missing sample is where the two differ on purpose, so there is none.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Level, Rule
from perf_tui.measures.model import Value, series

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here: apt install prometheus")
KEY = series("m")
STEP, LENGTH = 60.0, 120
CASES = [(0, 0), (3, 0), (0, 4), (2, 3), (5, 1)]


def firing(hold: int, keep: int, values: list[int]) -> list[bool]:
    rule = Rule("r", "m", ((Level.WARNING, 5.0),), hold=hold * STEP, keep=keep * STEP, hysteresis=0.0)
    engine = AlertEngine([rule])
    states = []
    for minute, value in enumerate(values):
        engine.evaluate({KEY: Value(float(value))}, minute * STEP, minute * STEP, STEP)
        states.append(any(alert.firing for alert in engine.active()))
    return states


def test_the_version_knows_keep_firing_for() -> None:
    said = subprocess.run([str(PROMTOOL), "--version"], capture_output=True, text=True, check=True)
    assert "promtool" in said.stdout + said.stderr


@pytest.mark.parametrize("seed", [1, 2])
def test_promtool_agrees(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    rules, tests, changes = [], [], 0
    for place, (hold, keep) in enumerate(CASES):
        # Runs of a few minutes on each side of the limit, few enough changes for nothing to be called flapping.
        values: list[int] = []
        while len(values) < LENGTH:
            values += [dice.choice((4, 5, 6, 9)) if len(values) % 2 else dice.choice((1, 4))] * dice.randint(1, 9)
        values = values[:LENGTH]
        states = firing(hold, keep, values)
        changes += sum(a != b for a, b in pairwise(states))
        rule = {"alert": f"r{place}", "expr": f"m{place} >= 5", "for": f"{hold}m"}
        if keep:
            rule["keep_firing_for"] = f"{keep}m"
        rules.append(rule)
        asked = [
            {
                "eval_time": f"{minute}m",
                "alertname": f"r{place}",
                "exp_alerts": [{"exp_labels": {}}] if states[minute] else [],
            }
            for minute in range(1, LENGTH)
        ]
        tests.append(
            {
                "interval": "1m",
                "input_series": [{"series": f"m{place}", "values": " ".join(map(str, values))}],
                "alert_rule_test": asked,
            }
        )
    assert changes > 20, "there is something to agree on"
    # JSON is YAML.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "interval": "1m", "rules": rules}]}))
    test = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "test.yml").write_text(json.dumps(test))
    said = subprocess.run(
        [str(PROMTOOL), "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 0, (said.stdout + said.stderr)[:4000]
