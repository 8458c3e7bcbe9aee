"""The formats that people read: one document, rendered three ways."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest

from perf_tui.engine.alerts.model import Alert, Kind, Level, Moved, Rule, State
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.export import formats
from perf_tui.export.findings import findings, words
from perf_tui.export.report import build
from perf_tui.measures.model import Status, Value, series
from perf_tui.sources.system.processes import Process
from perf_tui.text import width

Make = Callable[..., Snapshot]
TIME = 1_795_341_600.0


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def lines(snapshot: Snapshot, *, ascii_only: bool = False) -> list[str]:
    return formats.render(snapshot, "txt", ascii_only=ascii_only).splitlines()


def section(snapshot: Snapshot, title: str) -> list[str]:
    text = lines(snapshot)
    begin = text.index(title) + 1
    ends = [place for place, line in enumerate(text) if place > begin and line.isupper() and " " * 2 not in line]
    return text[begin : min(ends, default=len(text))]


class TestText:
    def test_its_head_names_host_time_and_interval(self, usual: Snapshot) -> None:
        assert lines(usual)[0] == "perf-tui 0.1.0 · web-1 · 2026-11-22 11:00:00+01:00 · 2s"

    def test_the_verdict_is_the_worst_first(self, usual: Snapshot) -> None:
        assert lines(usual)[1:3] == [
            "▲ system.cpu.utilization 84% (limit 80%) for 2m10s: CPU is high",
            "▲ filesystems cannot be read: no answer within 5 s",
        ]

    def test_a_healthy_machine_is_well(self, make: Make) -> None:
        assert lines(make({series("system.cpu.utilization"): Value(0.1)}))[1] == "● well"

    def test_nothing_read_is_not_well(self) -> None:
        assert lines(Snapshot())[1] == "▲ nothing has been read yet"

    def test_facts_stand_in_one_line_each(self, usual: Snapshot) -> None:
        text = section(usual, "SYSTEM")
        assert "load     1m 3.10   5m 2.80" in text
        assert "memory   utilization ~38%   total 32.0GiB" in text
        assert "core     0 25%   1 ✖ 100%" in text

    def test_devices_stand_in_a_table(self, usual: Snapshot) -> None:
        text = section(usual, "SYSTEM")
        place = next(number for number, line in enumerate(text) if line.startswith("device"))
        assert [line.split() for line in text[place : place + 3]] == [
            ["device", "read", "write", "disk", "busy"],
            ["sda", "1.00MiB/s", "0B/s", "71%"],
            ["sdb", "0B/s"],
        ]

    def test_columns_of_numbers_end_under_each_other(self, usual: Snapshot) -> None:
        text = section(usual, "SYSTEM")
        place = next(number for number, line in enumerate(text) if line.startswith("device"))
        ends = [line.index("/s") + 2 for line in text[place + 1 : place + 3]]
        assert len(set(ends)) == 1

    def test_quantiles_of_a_service_stand_beside_its_rate(self, usual: Snapshot) -> None:
        head, row = section(usual, "APPLICATION")[:2]
        assert head.split() == ["service", "requests", "latency", "p50", "latency", "p99"]
        assert row.split() == ["checkout", "1.24k/s", "38.0ms", "≥10.0s"]

    def test_processes_by_cpu_and_by_memory(self, usual: Snapshot) -> None:
        assert [line.split()[0] for line in section(usual, "PROCESSES BY CPU") if line][:2] == ["pid", "8"]
        by_memory = [line.split() for line in section(usual, "PROCESSES BY MEMORY") if line]
        assert [row[0] for row in by_memory[:3]] == ["pid", "7", "8"]
        assert by_memory[1] == ["7", "www", "S", "…", "3.00MiB", "1", "init"]

    def test_alerts_with_state_value_and_limit(self, usual: Snapshot) -> None:
        rows = [line.split() for line in section(usual, "ALERTS")]
        assert rows[1][:8] == ["▲", "warning", "firing", "cpu", "system.cpu.utilization", "84%", "80%", "2m10s"]
        assert rows[2][2] == "pending"

    @pytest.mark.parametrize("name", ["txt", "md", "html"])
    def test_what_else_moved_stands_in_the_verdict_and_the_table(self, make: Make, name: str) -> None:
        used = series("system.memory.used")
        waiting = series("ai.requests.waiting", engine="vllm", model="m")
        why = (Moved(waiting, 0.0, 37.0, 9.5, -4.0), Moved(used, 2.0**30, 2.0**32, 5.0, 4.0))
        rule = Rule("growth", used.id, ((Level.WARNING, 1.0),), kind=Kind.BASELINE, unit="ratio", message="grows")
        alert = Alert(rule, used, Level.WARNING, True, 1.5, TIME - 60, State.ACKNOWLEDGED, why=why)
        snapshot = make({used: Value(2.0**30)}, alerts=(alert,))
        text = html.unescape(formats.render(snapshot, name))
        assert text.count("before it: waiting vllm 0 → 37 · after it: used 1.00GiB → 4.00GiB") == 2
        assert "acknowledged" in text
        assert "150%" in text, "in the unit of what the rule compares"
        plain = formats.render(snapshot, name, ascii_only=True)
        assert "before it: waiting vllm 0 -> 37 - after it: used 1.00GiB -> 4.00GiB" in html.unescape(plain)

    def test_what_was_not_read_stands_with_its_reason(self, usual: Snapshot) -> None:
        text = "\n".join(section(usual, "NOT READ"))
        assert "no answer within 5 s" in text
        assert "no permission" in text
        assert "this system has no /proc/pressure/cpu" in text
        assert "does not say its speed" not in text  # one link's lack, already marked in the table

    def test_the_legend_explains_the_marks_that_are_used(self, usual: Snapshot, make: Make) -> None:
        assert lines(usual)[-1].startswith("— idle")
        assert "~ stale" in lines(usual)[-1]
        assert "idle" not in lines(make({series("self.cpu"): Value(0.1)}))[-1]

    def test_layers_that_nothing_gives_are_left_out(self, make: Make) -> None:
        assert "APPLICATION" not in lines(make({series("self.cpu"): Value(0.1)}))

    def test_many_cores_are_wrapped(self, make: Make) -> None:
        cores = {series("system.cpu.core.utilization", cpu=str(core)): Value(0.5) for core in range(64)}
        text = lines(make(cores))
        assert max(map(width, text)) <= 120
        assert sum("50%" in line for line in text) > 3

    def test_wide_names_keep_the_columns_aligned(self, make: Make) -> None:
        row = Process(1, 0, "root", "S", 0.5, 2**20, None, None, 1, "x", "x", 0.0)
        rows = (row._replace(user="日本"), row._replace(user="abcd"))
        text = section(make({series("self.cpu"): Value(0.1)}, tables={"processes": rows}), "PROCESSES BY CPU")
        assert {width(line[: line.index("50%")]) for line in text[1:3]} == {width("pid  user  state  ")}

    def test_plain_ascii(self, usual: Snapshot) -> None:
        text = formats.render(usual, "txt", ascii_only=True)
        assert text.isascii()
        assert "^ system.cpu.utilization 84%" in text
        assert ">=10.0s" in text

    def test_an_empty_snapshot(self) -> None:
        assert len(lines(Snapshot(host="h"))) == 2


class TestFindings:
    def test_a_value_beyond_its_own_limit_is_a_finding_without_an_alert(self, make: Make) -> None:
        snapshot = make({series("system.memory.utilization"): Value(0.95)})
        (found,) = findings(snapshot)
        assert (found.level, found.alert) == ("critical", None)
        assert words(found, snapshot.time) == "system.memory.utilization 95%"

    def test_a_value_with_an_alert_is_told_once(self, usual: Snapshot) -> None:
        assert sum(each.series == series("system.cpu.utilization") for each in findings(usual)) == 1

    def test_one_busy_core_is_none(self, make: Make) -> None:
        assert findings(make({series("system.cpu.core.utilization", cpu="0"): Value(1.0)})) == []

    def test_critical_comes_before_warning(self, make: Make) -> None:
        snapshot = make(
            {series("system.cpu.utilization"): Value(0.75), series("system.memory.utilization"): Value(0.95)},
            sources=(SourceState("s", "s", Status.DENIED, None, "why"),),
        )
        assert [each.level for each in findings(snapshot)] == ["critical", "warning", "warning"]

    @pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.SILENCED, State.SUPPRESSED])
    def test_what_somebody_knows_of_comes_last(self, make: Make, state: State) -> None:
        rule = Rule("cpu", "system.cpu.utilization", ((Level.CRITICAL, 0.95),), message="CPU is high")
        cpu = series("system.cpu.utilization")
        alert = Alert(rule, cpu, Level.CRITICAL, True, 0.99, TIME - 60, state=state)
        snapshot = make({cpu: Value(0.99), series("system.memory.utilization"): Value(0.75)}, alerts=(alert,))
        first, last = findings(snapshot)
        assert (first.level, last.level, last.alert) == ("warning", "info", alert)
        assert f"(limit 95%, {state.value}) for 1m00s" in words(last, TIME)


class TestMarkdown:
    def test_every_row_of_a_table_has_as_many_cells_as_its_head(self, usual: Snapshot) -> None:
        tables: list[list[str]] = [[]]
        for line in formats.render(usual, "md").splitlines():
            if line.startswith("|"):
                tables[-1].append(line)
            elif tables[-1]:
                tables.append([])
        for table in filter(None, tables):
            assert len({line.replace(r"\|", "").count("|") for line in table}) == 1
        assert len([table for table in tables if table]) > 6

    def test_it_has_the_sections_of_the_text(self, usual: Snapshot) -> None:
        heads = [line[3:] for line in formats.render(usual, "md").splitlines() if line.startswith("## ")]
        assert heads == [section.title for section in build(usual).sections]


class Page(HTMLParser):
    """Checks that tags nest, and collects what a page asks for."""

    VOID = ("meta", "br", "link", "img", "input")

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.stack or self.stack[-1] != "style":
            self.words.append(data)


def page(snapshot: Snapshot) -> Page:
    parsed = Page()
    parsed.feed(formats.render(snapshot, "html"))
    parsed.close()
    assert parsed.stack == []
    return parsed


class TestHtml:
    def test_it_is_whole_and_asks_for_nothing(self, usual: Snapshot) -> None:
        parsed = page(usual)
        assert not parsed.tags & {"script", "link", "img", "iframe", "object", "form", "base"}
        names = {name for name, _ in parsed.attributes}
        assert not names & {"src", "href", "onload", "onclick", "style"}
        text = formats.render(usual, "html")
        assert "url(" not in text
        assert "@import" not in text
        assert "http://" not in text
        assert "https://" not in text

    def test_it_follows_light_and_dark(self, usual: Snapshot) -> None:
        text = formats.render(usual, "html")
        assert "color-scheme: light dark" in text
        assert "prefers-color-scheme: dark" in text

    def test_levels_have_a_mark_and_not_only_a_colour(self, usual: Snapshot) -> None:
        assert "✖ 100%" in page(usual).words

    def test_it_has_the_sections_of_the_text(self, usual: Snapshot) -> None:
        words = page(usual).words
        for section in build(usual).sections:
            assert section.title in words
