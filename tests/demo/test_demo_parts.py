"""The processes of the demo: they work, obey their levers, and end with whoever started them."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from demo_play import processes, started, until
from prometheus_client.parser import text_string_to_metric_families

from perf_tui.demo.asking import ask
from perf_tui.demo.cast import Cast
from perf_tui.demo.lines import HEARTBEATS, LARGEST, Lines
from perf_tui.demo.metrics import Kind, Requests
from perf_tui.demo.parts import Part, free_ports
from perf_tui.demo.plan import Plan
from perf_tui.demo.roles import ROLES
from perf_tui.demo.scores import scores

ALONE = """
import sys, time
from pathlib import Path
from perf_tui.demo.cast import Cast
from perf_tui.demo.plan import Plan
import msgspec
cast = Cast(msgspec.structs.replace(Plan.in_folder(Path(sys.argv[1])), model_port=None))
cast.wait()
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """All parts but the model server."""
    plan = Plan.in_folder(tmp_path_factory.mktemp("demo"))
    with Cast(msgspec.structs.replace(plan, model_port=None), load=False) as cast:
        cast.wait()
        yield cast


def beats(cast: Cast, name: str) -> list[dict[str, object]]:
    lines = Path(cast.plan.file(HEARTBEATS)).read_text().splitlines()
    return [beat for beat in map(json.loads, lines) if beat["worker"] == name]


def worker(folder: Path) -> int:
    """The process of one worker."""
    return next(each.pid for each in processes(folder) if "perf_tui.demo.worker" in each.cmdline())


class TestWeb:
    def test_the_slowness_of_what_it_asks_is_its_own(self, cast: Cast) -> None:
        cast.pricing.tell(delay=0.3)
        try:
            began = time.monotonic()
            status, told = ask(cast.plan.shop, "GET", "/items/7", seconds=5)
            assert (status, told["item"]) == (200, "7")
            assert time.monotonic() - began >= 0.3
        finally:
            cast.pricing.tell(delay=0)

    def test_the_failures_of_what_it_asks_are_its_own(self, cast: Cast) -> None:
        cast.pricing.tell(failing=1)
        try:
            assert until(lambda: ask(cast.plan.shop, "GET", "/items/7", seconds=5)[0] == 502)
        finally:
            cast.pricing.tell(failing=0)
        assert until(lambda: ask(cast.plan.shop, "GET", "/items/7", seconds=5)[0] == 200)

    def test_what_there_is_not_is_not_found(self, cast: Cast) -> None:
        assert ask(cast.plan.shop, "GET", "/items/502", seconds=5)[0] == 404
        assert ask(cast.plan.shop, "GET", "/nowhere", seconds=5)[0] == 404

    def test_its_log_has_requests(self, cast: Cast) -> None:
        ask(cast.plan.shop, "GET", "/search?q=a", seconds=5)
        assert until(lambda: '"GET /search?q=a HTTP/1.1" 200' in Path(cast.plan.file("shop.log")).read_text())


class TestWorkers:
    def test_eight_take_tasks(self, cast: Cast) -> None:
        names = [role.name for role in ROLES]
        assert len(names) == 8
        for name in names:
            cast.hand_out(role=name, name="test", turns=0)
        assert until(lambda: all(any(beat.get("done") for beat in beats(cast, name)) for name in names))

    def test_a_task_that_cannot_be_read_fails_with_its_reason(self, cast: Cast) -> None:
        cast.hand_out(role="PM", name="broken")
        assert until(lambda: any("broken: it does not say" in str(beat.get("error")) for beat in beats(cast, "PM")))

    def test_one_that_is_killed_is_started_anew_and_gets_its_task_back(self, cast: Cast) -> None:
        cast.hand_out(role="SECURITY", name="long", spin=30)
        assert until(lambda: beats(cast, "SECURITY")[-1].get("task") == "long")
        before = beats(cast, "SECURITY")[-1]["pid"]
        cast.crew.tell(kill="SECURITY", down=0.1)
        assert until(lambda: beats(cast, "SECURITY")[-1].get("pid", before) != before)
        assert any("killed by signal 9" in str(beat.get("error")) for beat in beats(cast, "SECURITY"))
        assert until(lambda: beats(cast, "SECURITY")[-1].get("task") == "long")

    def test_one_that_is_stopped_is_silent_until_it_goes_on(self, cast: Cast) -> None:
        cast.crew.tell(stop="ANALYST")
        (pid,) = {beat["pid"] for beat in beats(cast, "ANALYST")}
        assert until(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "T")
        cast.crew.tell(go="ANALYST")
        heard = len(beats(cast, "ANALYST"))
        assert until(lambda: len(beats(cast, "ANALYST")) > heard)


class TestEnd:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_nobody_outlives_who_started_them(self, tmp_path: Path, number: signal.Signals) -> None:
        with started("-c", ALONE, str(tmp_path)) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"ready\n"
            assert until(lambda: len(processes(tmp_path)) >= 3 + len(ROLES))  # itself, the crew, its workers, the shop
            psutil.Process(worker(tmp_path)).suspend()
            parent.send_signal(number)
            parent.wait()
        assert until(lambda: not processes(tmp_path))

    def test_one_that_is_stopped_ends_as_well(self) -> None:
        (port,) = free_ports(1)
        part = Part("pricing", str(port))
        part.process.send_signal(signal.SIGSTOP)
        part.end()
        assert not part.alive


class TestOwnWords:
    def test_requests_are_counted_as_a_scrape_reads_them(self) -> None:
        requests = Requests()
        requests.active = 2
        for seconds in (0.002, 0.02, 20.0):
            requests.add(Kind("GET", "/items/{item}", 200), seconds)
        families = {family.name: family for family in text_string_to_metric_families(requests.text())}
        histogram = families["http_server_request_duration_seconds"]
        counts = {sample.labels["le"]: sample.value for sample in histogram.samples if "le" in sample.labels}
        assert (counts["0.001"], counts["0.0025"], counts["0.025"], counts["10"], counts["+Inf"]) == (0, 1, 2, 2, 3)
        assert {sample.labels.get("http_route") for sample in histogram.samples} == {"/items/{item}"}
        assert families["http_server_active_requests"].samples[0].value == 2

    def test_a_file_of_lines_begins_anew(self, tmp_path: Path) -> None:
        file = tmp_path / "lines"
        file.write_bytes(b"x" * (LARGEST + 1))
        Lines(str(file)).put("first")
        assert file.read_text() == "first\n"

    def test_scores(self) -> None:
        assert scores("abab") == {"readable": 1.0, "variety": 0.5}
        assert scores("a\ufffd\x07b") == {"readable": 0.5, "variety": 1.0}
        assert scores("\ufffd") == {"readable": 0.0, "variety": 0.0}
