"""JSON, CSV and the Prometheus format: read back by readers that this project did not write."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from math import inf, nan
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from perf_tui import __version__
from perf_tui.engine.alerts.model import Alert, Level, Moved, Rule, State
from perf_tui.engine.snapshot import Snapshot
from perf_tui.export import formats
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Status, Value, series

Make = Callable[..., Snapshot]
TIME = 1_795_341_600.0
"""Of the snapshots: 2026-11-22T10:00:00Z."""


def strict_json(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestJson:
    def test_its_head(self, usual: Snapshot) -> None:
        document = strict_json(formats.render(usual, "json"))
        assert list(document) == [
            "schema_version", "version", "host", "time", "interval_seconds", "measures", "workers", "alerts", "sources",
        ]  # fmt: skip
        assert document["schema_version"] == 1
        assert document["version"] == __version__
        assert document["host"] == "web-1"
        assert document["time"] == "2026-11-22T10:00:00.000Z"
        assert document["interval_seconds"] == 2.0
        assert document["workers"] == []

    def test_a_measure(self, usual: Snapshot) -> None:
        assert strict_json(formats.render(usual, "json"))["measures"][2] == {
            "id": "system.cpu.core.utilization",
            "labels": {"cpu": "0"},
            "value": 0.25,
            "unit": "ratio",
            "status": "ok",
            "age_seconds": 0.0,
            "reason": None,
        }

    def test_what_else_moved_and_who_knows(self, make: Make) -> None:
        waiting = series("ai.requests.waiting", engine="vllm", model="m")
        why = (Moved(waiting, 0.0, 37.0, 9.5, -4.0),)
        cpu = series("system.cpu.utilization")
        rule = Rule("cpu", cpu.id, ((Level.CRITICAL, 0.95),))
        alert = Alert(rule, cpu, Level.CRITICAL, True, inf, TIME, State.SILENCED, until=TIME + 60.0, why=why)
        snapshot = make({cpu: Value(0.99)}, alerts=(alert, replace(alert, state=State.ACKNOWLEDGED, until=None)))
        silenced, known = strict_json(formats.render(snapshot, "json"))["alerts"]
        assert (silenced["state"], silenced["silenced_until"]) == ("silenced", "2026-11-22T10:01:00.000Z")
        assert (known["state"], known["silenced_until"], known["value"]) == ("acknowledged", None, None)
        assert silenced["why"] == [
            {
                "id": "ai.requests.waiting", "labels": {"engine": "vllm", "model": "m"}, "before": 0.0, "after": 37.0,
                "onset_seconds": -4.0, "score": 9.5,
            }
        ]  # fmt: skip

    def test_an_alert_and_a_source(self, usual: Snapshot) -> None:
        document = strict_json(formats.render(usual, "json"))
        assert document["alerts"][0] == {
            "rule": "cpu",
            "level": "warning",
            "state": "firing",
            "metric": "system.cpu.utilization",
            "labels": {},
            "value": 0.84,
            "threshold": 0.8,
            "since": "2026-11-22T09:57:50.000Z",
            "message": "CPU is high",
            "flapping": False,
            "silenced_until": None,
            "why": [],
        }
        assert document["alerts"][1]["state"] == "pending"
        assert document["sources"] == [
            {"name": "system", "kind": "system", "status": "ok", "duration_seconds": 0.004, "error": None},
            {
                "name": "filesystems",
                "kind": "system",
                "status": "error",
                "duration_seconds": None,
                "error": "no answer within 5 s",
            },
        ]

    def test_every_series_is_there_and_only_ok_and_stale_have_numbers(self, usual: Snapshot) -> None:
        measures = strict_json(formats.render(usual, "json"))["measures"]
        assert {(each["id"], *sorted(each["labels"].items())) for each in measures} == {
            (key.id, *key.labels) for key in usual.values
        }
        for each in measures:
            assert (each["value"] is not None) == (each["status"] in ("ok", "stale")), each

    def test_a_stale_value_has_its_age(self, usual: Snapshot) -> None:
        measures = strict_json(formats.render(usual, "json"))["measures"]
        (stale,) = (each for each in measures if each["status"] == "stale")
        assert (stale["value"], stale["age_seconds"]) == (0.38, 43.0)

    def test_a_reading_later_than_the_tick_has_no_negative_age(self, make: Make) -> None:
        snapshot = make({series("self.cpu"): Value(0.1, at=5000.25)})
        assert strict_json(formats.render(snapshot, "json"))["measures"][0]["age_seconds"] == 0.0

    @pytest.mark.parametrize("number", [nan, inf, -inf])
    def test_what_is_no_finite_number_is_null(self, make: Make, number: float) -> None:
        snapshot = make({series("self.cpu"): Value(number)})
        (measure,) = strict_json(formats.render(snapshot, "json"))["measures"]
        assert (measure["value"], measure["status"], measure["reason"]) == (None, "error", "no finite number")

    def test_a_number_beside_a_status_that_has_none_is_dropped(self, make: Make) -> None:
        snapshot = make({series("self.cpu"): Value(0.0, Status.IDLE)})
        assert strict_json(formats.render(snapshot, "json"))["measures"][0]["value"] is None

    def test_a_bound_says_so(self, usual: Snapshot) -> None:
        measures = strict_json(formats.render(usual, "json"))["measures"]
        (bound,) = (each for each in measures if each["labels"].get("stat") == "p99")
        assert (bound["value"], bound["reason"]) == (10.0, "the true value is at least this")

    def test_an_empty_snapshot(self) -> None:
        document = strict_json(formats.render(Snapshot(), "json"))
        assert document["measures"] == document["alerts"] == document["sources"] == []


class TestCsv:
    def rows(self, snapshot: Snapshot) -> list[dict[str, str]]:
        return list(csv.DictReader(StringIO(formats.render(snapshot, "csv"))))

    def test_one_row_for_each_measure(self, usual: Snapshot) -> None:
        rows = self.rows(usual)
        assert len(rows) == len(usual.values)
        assert rows[2] == {
            "time": "2026-11-22T10:00:00.000Z",
            "id": "system.cpu.core.utilization",
            "labels": "cpu=0",
            "value": "0.25",
            "unit": "ratio",
            "status": "ok",
            "reason": "",
        }

    def test_what_has_no_number_has_an_empty_cell(self, usual: Snapshot) -> None:
        for row in self.rows(usual):
            assert (row["value"] == "") == (row["status"] not in ("ok", "stale"))

    def test_several_labels_and_a_semicolon_in_one(self, usual: Snapshot) -> None:
        labels = [row["labels"] for row in self.rows(usual)]
        assert "service=checkout;stat=p50" in labels
        assert r"mount=/srv/a\;b" in labels

    def test_a_negative_number_stays_a_number(self, usual: Snapshot) -> None:
        (row,) = (row for row in self.rows(usual) if row["id"] == "ai.quality.drift")
        assert float(row["value"]) == -0.02


class TestPrometheus:
    def test_its_values_are_read_back(self, usual: Snapshot) -> None:
        read = samples(formats.render(usual, "prom"))
        assert read["perf_tui_system_cpu_utilization_ratio", ()] == 0.84
        assert read["perf_tui_system_disk_read_bytes_per_second", (("device", "sda"),)] == 2**20
        assert read["perf_tui_system_memory_total_bytes", ()] == 32 * 2**30
        assert read["perf_tui_gpu_temperature_celsius", (("gpu", "0"), ("name", "H100"))] == 71
        stat = (("service", "checkout"), ("stat", "p50"))
        assert read["perf_tui_app_request_duration_seconds", stat] == 0.038
        assert read["perf_tui_app_request_rate_per_second", (("service", "checkout"),)] == 1240

    def test_only_what_has_a_number_is_there(self, usual: Snapshot, make: Make) -> None:
        with_number = [key for key, value in usual.values.items() if value.number is not None]
        assert len(samples(formats.render(usual, "prom"))) == len(with_number)
        snapshot = make({series("self.cpu"): Value(nan), series("self.memory"): Value(inf)})
        assert formats.render(snapshot, "prom") == ""

    def test_every_family_is_a_gauge_with_help(self, everything: Snapshot) -> None:
        families = list(text_string_to_metric_families(formats.render(everything, "prom")))
        assert len(families) == len(CATALOGUE)
        assert {family.type for family in families} == {"gauge"}
        assert {family.documentation for family in families} == {each.meaning for each in CATALOGUE.values()}

    @pytest.mark.parametrize(
        "value", ['say "hi"', r"C:\new", "a\\", "ü 日本 🚀", "{}=,", "line\nbreak", "\x1b[31mred", ""]
    )
    def test_labels_are_read_back_as_they_were_cleaned(self, make: Make, value: str) -> None:
        from perf_tui.text import clean

        snapshot = make({series("system.filesystem.used", mount=value): Value(1.0)})
        ((_, labels),) = samples(formats.render(snapshot, "prom"))
        assert labels == (("mount", clean(value)),)

    @pytest.mark.parametrize(("name", "safe"), [("http.route", "http_route"), ("0", "_0"), ("é", "_")])
    def test_names_of_labels_are_made_legal(self, make: Make, name: str, safe: str) -> None:
        snapshot = make({Series("self.cpu", ((name, "x"),)): Value(1.0)})
        ((_, labels),) = samples(formats.render(snapshot, "prom"))
        assert labels == ((safe, "x"),)

    def test_promtool_finds_nothing_to_blame(self, everything: Snapshot) -> None:
        promtool = shutil.which("promtool")
        if promtool is None:
            pytest.skip("promtool is not installed (Debian package prometheus)")
        done = subprocess.run(
            [promtool, "check", "metrics"],
            input=formats.render(everything, "prom"),
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
