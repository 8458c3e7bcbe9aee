"""The whole source on real files: what arrives becomes rates, latencies, errors, routes and notices."""

from __future__ import annotations

import math
import os
import random
import statistics
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fakes import Clock

from perf_tui.assembly import access_logs
from perf_tui.config.load import parse
from perf_tui.engine.engine import Engine
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Status, Value, series
from perf_tui.measures.services import Service
from perf_tui.sources.accesslog import reader
from perf_tui.sources.accesslog.source import AccessLogSource
from perf_tui.text import clean

TIMED = '127.0.0.1 - - [22/Nov/2026:10:33:45 +0000] "{method} {path} HTTP/1.1" {status} 9 "-" "curl/8" {time:.3f} -\n'
PLAIN = '127.0.0.1 - - [22/Nov/2026:10:33:45 +0000] "{method} {path} HTTP/1.1" {status} 9 "-" "curl/8"\n'


def line(status: int = 200, time: float = 0.1, path: str = "/ok", method: str = "GET", shape: str = TIMED) -> str:
    return shape.format(status=status, time=time, path=path, method=method)


class Watch:
    """A source on a log that a test writes to."""

    def __init__(self, log: Path, clock: Clock, format: str = "auto", window: float = 60) -> None:
        self.log, self.clock = log, clock
        self.source = AccessLogSource("web", str(log), format, window, clock=clock)
        self.samples: dict[Series, Value] = {}
        self.row: Service

    async def tick(self, text: str | bytes = b"", after: float = 2.0) -> Watch:
        """Time passes, `text` arrives, and is read."""
        self.clock.advance(after)
        if text:
            with self.log.open("ab") as file:
                file.write(text.encode() if isinstance(text, str) else text)
        derived = self.source.derive(await self.source.read(), self.clock())
        self.samples = dict(derived.samples)
        (self.row,) = derived.tables["services"]  # type: ignore[misc]
        return self

    def get(self, id: str, **labels: str) -> Value:
        return self.samples[series(id, service="web", **labels)]

    def statuses(self, but: str = "app.request.active") -> set[Status]:
        return {value.status for key, value in self.samples.items() if key.id != but}


@pytest.fixture
async def watch(tmp_path: Path, clock: Clock) -> AsyncIterator[Callable[..., Watch]]:
    made: list[Watch] = []

    def begin(text: str | None = "", **options: object) -> Watch:
        log = tmp_path / "access.log"
        if text is not None:
            log.write_text(text)
        one = Watch(log, clock, **options)  # type: ignore[arg-type]
        made.append(one)
        return one

    yield begin
    for each in made:
        await each.source.close()


async def begun(one: Watch) -> Watch:
    await one.source.open()
    return await one.tick()


async def test_the_first_reading_has_no_rate(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line() * 50))
    assert one.statuses() == {Status.PENDING}
    assert one.row.name == "web"
    assert one.row.source == one.source.name == "access log web"
    assert one.row.profile == "combined log with seconds"
    assert one.row.routes == ()
    assert one.row.notices == ()


async def test_every_sample_is_in_the_catalogue(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    for turn in range(2):
        for key in one.samples:
            assert tuple(sorted(name for name, _ in key.labels)) == tuple(sorted(CATALOGUE[key.id].labels))
        assert {key.id for key in one.samples} == {
            "app.request.rate", "app.request.duration", "app.request.active", "app.error.client",
            "app.error.server", "app.error.timeout", "app.error.total",
        }  # fmt: skip
        await one.tick(line() * turn)


async def test_rates_and_errors_are_exact(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    text = line(200) * 80 + line(404) * 6 + line(499) * 2 + line(408) + line(500) * 5 + line(504) * 4 + line(301) * 2
    await one.tick(text, after=4.0)
    assert one.get("app.request.rate") == Value(25.0)
    assert one.get("app.error.client").number == pytest.approx(0.09)
    assert one.get("app.error.server").number == pytest.approx(0.09)
    assert one.get("app.error.timeout").number == pytest.approx(0.05)
    assert one.get("app.error.total").number == pytest.approx(0.18)
    await one.tick(line(200) * 100)
    assert one.get("app.request.rate") == Value(50.0), "of the newest interval"
    assert one.get("app.error.total").number == pytest.approx(0.09), "of the window"


async def test_latencies_are_within_two_percent(watch: Callable[..., Watch]) -> None:
    source = random.Random(8)
    one = await begun(watch(line()))
    times: list[float] = []
    for _ in range(20):
        new = [round(source.lognormvariate(-2.5, 1.0), 3) for _ in range(250)]
        times += new
        await one.tick("".join(line(time=time) for time in new))
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    for stat, percent in (("p50", 50), ("p95", 95), ("p99", 99)):
        assert one.get("app.request.duration", stat=stat).number == pytest.approx(cuts[percent - 1], rel=0.02)
    assert one.get("app.request.duration", stat="mean").number == pytest.approx(statistics.fmean(times))


async def test_without_requests_latency_and_errors_are_idle(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    await one.tick()
    assert one.get("app.request.rate") == Value(0.0)
    assert one.statuses("app.request.rate") == {Status.IDLE, Status.ABSENT}
    await one.tick(line(time=0.5))
    assert one.get("app.request.duration", stat="p99").number == pytest.approx(0.5, rel=0.011)
    for _ in range(31):
        await one.tick()
    assert one.get("app.request.duration", stat="p99").status is Status.IDLE
    assert one.get("app.error.total").status is Status.IDLE
    assert one.row.routes == ()


async def test_what_a_log_cannot_tell_is_absent(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line(shape=PLAIN)))
    await one.tick(line(shape=PLAIN) * 4)
    assert one.get("app.request.rate").number == 2.0
    for stat in ("p50", "p95", "p99", "mean"):
        value = one.get("app.request.duration", stat=stat)
        assert (value.status, value.reason) == (Status.ABSENT, "the common or combined log has no times")
    assert one.get("app.request.active").status is Status.ABSENT
    assert one.row.buckets is None
    (route,) = one.row.routes
    assert (route.rate.number, route.p99.status, route.share) == (2.0, Status.ABSENT, None)


async def test_routes_by_the_time_they_take(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    text = "".join(line(path=f"/items/{number}?a=b", time=0.2) for number in range(30))
    text += line(path="/slow", time=7.0, status=504) + line(path="/slow", time=7.0) + line(path="/fast", time=0.0) * 68
    await one.tick(text + "".join(line(404, path=f"/scan/{letter}.php", time=0.0) for letter in "abcde"))
    assert [route.name for route in one.row.routes] == ["GET /slow", "GET /items/:id", "GET /fast", "(not found)"]
    slow, items, fast, nowhere = one.row.routes
    assert slow.share == pytest.approx(0.7)
    assert items.share == pytest.approx(0.3)
    assert slow.errors.number == 0.5
    assert slow.p99.number == pytest.approx(7.0, rel=0.011)
    assert items.rate.number == 15.0
    assert items.mean.number == pytest.approx(0.2)
    assert fast.p50.number == 0.0
    assert nowhere.errors.number == 1.0


async def test_the_heat_map_has_the_newest_interval(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    await one.tick(line(time=0.125) * 3 + line(time=0.126) * 2 + line(time=0.0) + line(time=500.0))
    buckets = one.row.buckets
    assert buckets is not None
    assert buckets.bounds[-1] == math.inf
    assert list(buckets.bounds) == sorted(buckets.bounds)
    found = {bound: count for bound, count in zip(buckets.bounds, buckets.counts, strict=True) if count}
    assert found == {2.0**-11: 1, 0.125: 3, 0.25: 2, math.inf: 1}
    await one.tick(line(time=1.0))
    assert one.row.buckets is not None
    assert sum(one.row.buckets.counts) == 1


async def test_the_time_of_day_in_the_log_is_not_trusted(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    odd = line().replace("22/Nov/2026:10:33:45", "01/Jan/1970:00:00:00")
    await one.tick(odd * 10 + line() * 10)
    assert one.get("app.request.rate").number == 10.0


# -- when the log is not there, or not what was thought


async def test_a_missing_log_says_so_and_recovers(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(None))
    for _ in range(2):
        value = one.get("app.request.rate")
        assert value.status is Status.ERROR
        assert value.reason == f"there is no file {one.log}; it is read as soon as it is there"
        assert one.row.notices == (value.reason,)
        await one.tick()
    await one.tick(line() * 8)
    assert one.get("app.request.rate").number == 4.0, "all of it arrived since the last look"
    assert one.row.notices == ()
    one.log.unlink()
    await one.tick()
    assert one.get("app.request.rate").number == 0.0
    await one.tick()
    assert one.get("app.request.rate").status is Status.ERROR
    await one.tick(line() * 2)
    assert one.get("app.request.rate").number == 1.0
    assert one.get("app.request.duration", stat="p50").number == pytest.approx(0.1, rel=0.011)


async def test_no_permission_is_denied_and_recovers(
    watch: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = watch(line())
    with monkeypatch.context() as patch:

        def refuse(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        patch.setattr(os, "open", refuse)
        await one.source.open()
        for _ in range(2):
            await one.tick()
            value = one.get("app.error.total")
            assert value.status is Status.DENIED
            assert "no permission to read" in str(value.reason)
    await one.tick(line())
    assert one.get("app.request.rate").status is Status.PENDING, "how much came meanwhile is not known"
    await one.tick(line())
    assert one.get("app.request.rate").number == 0.5


async def test_an_empty_log_shows_its_format_with_its_first_lines(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(""))
    await one.tick()
    assert one.get("app.request.rate") == Value(0.0)
    assert one.row.profile == "an access log"
    await one.tick(line(200, 0.25) * 2)
    assert one.get("app.request.rate") == Value(1.0)
    assert one.row.profile == "combined log with seconds"
    assert one.get("app.request.duration", stat="p50").number == pytest.approx(0.25, rel=0.011)


async def test_lines_of_no_known_format(watch: Callable[..., Watch]) -> None:
    one = await begun(watch("kernel: eth0 up\n"))
    assert one.statuses() == {Status.PENDING}
    await one.tick("kernel: \x1b[2J eth0 down\n" * 3)
    value = one.get("app.request.rate")
    assert value.status is Status.ERROR
    assert value.reason == ("no line is a request in a format that is known; the first: kernel: \\x1b[2J eth0 down")
    await one.tick(line() * 6)
    assert one.get("app.request.rate") == Value(3.0)


async def test_a_server_that_says_other_things_first(watch: Callable[..., Watch]) -> None:
    one = await begun(watch("INFO:     Started server process [439]\n"))
    await one.tick("INFO:     Application startup complete.\n")
    await one.tick('INFO:     127.0.0.1:5 - "GET /ok HTTP/1.1" 200 OK\n' * 4)
    assert one.get("app.request.rate") == Value(2.0)
    assert one.row.profile == "uvicorn's log"
    await one.tick("INFO:     something else\n" * 50)
    assert one.row.notices == ()


async def test_a_format_that_was_named_and_fits_nothing(watch: Callable[..., Watch]) -> None:
    one = await begun(watch("", format="uvicorn"))
    await one.tick(line() * 3)
    assert one.get("app.request.rate") == Value(0.0)
    (notice,) = one.row.notices
    assert notice.startswith("none of 3 lines is a request; the first: 127.0.0.1 - - [")


async def test_bad_lines_are_counted_and_the_first_is_shown(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line() * 3))
    await one.tick(line() + "\x1b]0;owned\x07 [red]no request[/]" + "x" * 500 + "\n" + line() + "more\n")
    assert one.get("app.request.rate") == Value(1.0)
    (notice,) = one.row.notices
    assert notice.startswith("2 lines were not understood; the first: \\x1b]0;owned\\x07 [red]no request[/]xxx")
    assert notice.endswith("x…")
    assert len(notice) < 220
    await one.tick("\0\n" * 5)
    assert one.row.notices[0].startswith("7 lines were not understood; the first: \\x1b]0;")


async def test_a_unit_that_was_guessed_is_told(watch: Callable[..., Watch]) -> None:
    micro = line(shape=PLAIN).rstrip() + " 51000\n"
    one = await begun(watch(micro * 3))
    await one.tick(micro)
    assert one.get("app.request.duration", stat="p50").number == pytest.approx(0.051, rel=0.011)
    (notice,) = one.row.notices
    assert "looks like a combined log with microseconds" in notice
    sure = await begun(watch(micro * 3, format="combined-us"))
    assert sure.row.notices == ()


async def test_a_new_file_may_have_a_new_format(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line(shape=PLAIN)))
    await one.tick(line(shape=PLAIN))
    assert one.get("app.request.duration", stat="p50").status is Status.ABSENT
    one.log.rename(one.log.with_suffix(".1"))
    await one.tick(line(time=0.5))
    assert one.get("app.request.duration", stat="p50").number == pytest.approx(0.5, rel=0.011)
    assert one.row.profile == "combined log with seconds"


async def test_a_format_that_changes_within_the_file(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    caddy = '{"status":500,"duration":0.25,"request":{"method":"GET","uri":"/"}}\n'
    await one.tick(caddy * 40)
    assert one.get("app.request.rate") == Value(20.0)
    assert one.get("app.error.server").number == 1.0
    assert one.row.profile == "Caddy's JSON log"
    assert one.row.notices == ()


async def test_rotation_and_truncation_count_every_line_once(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    total = 0.0
    for turn in range(12):
        with one.log.open("a") as file:
            file.write(line(path="/before") * 3)
        if turn % 3 == 1:
            one.log.rename(one.log.with_suffix(f".{turn}"))
        elif turn % 3 == 2:
            await one.tick()
            total += (one.get("app.request.rate").number or 0) * 2
            os.truncate(one.log, 0)
        await one.tick(line(path="/after") * 5)
        total += (one.get("app.request.rate").number or 0) * 2
    assert total == 12 * 8
    assert {route.name: route.rate.number for route in one.row.routes}.keys() == {"GET /before", "GET /after"}


async def test_a_reading_is_bounded_and_the_rest_follows(
    watch: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = watch(line())
    one.source._reader = reader.Reader(str(one.log), size=256 * 1024, clock=one.clock)
    await one.tick()
    text = line() * 10_000
    await one.tick(text)
    behind = len(text) - 256 * 1024
    assert one.row.notices[0].startswith(f"behind by {behind / 1024:.0f}KiB: ")
    counted = (one.get("app.request.rate").number or 0) * 2
    for _ in range(3):
        await one.tick()
        counted += (one.get("app.request.rate").number or 0) * 2
    assert counted == 10_000
    assert one.row.notices == ()


HOSTILE: dict[str, bytes] = {
    "ten megabytes without an end": b"x" * 10_000_000,
    "zeros": b"\0" * 300_000 + b"\n",
    "broken UTF-8": b"\xff\xfe\xfd\n" * 100,
    "escape sequences": b"\x1b[2J\x1b]0;x\x07\n" * 100,
    "markup": b"[bold red]x[/] [@click=app.quit]x[/]\n",
    "gigantic numbers": line().replace("0.100", "9" * 400 + ".0").encode() * 3,
    "negative times": line().replace("0.100", "-0.100").encode() * 3,
    "hostile paths": b"".join(line(path=f"/\x1b[31m{n}\u202e").encode() for n in range(100)),
    "many routes": "".join(line(path=f"/r{n}x") for n in range(3000)).encode(),
    "empty lines": b"\n" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_lines_leave_clean_numbers(watch: Callable[..., Watch], name: str) -> None:
    one = await begun(watch(line() * 3))
    await one.tick(HOSTILE[name])
    await one.tick(b"\n" + line(path="/good").encode() * 4)
    rate = one.get("app.request.rate").number
    assert rate == 2.0
    assert one.get("app.request.duration", stat="p99").number == pytest.approx(0.1, rel=0.011)
    assert {route.name for route in one.row.routes} & {"GET /good", "(other)"}
    assert len(one.row.routes) <= 102
    bad = {"ten megabytes without an end": 1, "zeros": 1, "broken UTF-8": 100, "escape sequences": 100, "markup": 1}
    words = [notice.partition(";")[0] for notice in one.row.notices]
    count = bad.get(name, 0)
    assert words == ([f"{count} line{'s were' if count > 1 else ' was'} not understood"] if count else [])
    for text in (*one.row.notices, *(route.name for route in one.row.routes)):
        assert text == clean(text)
        assert len(text) < 300


async def test_a_service_name_is_made_safe(tmp_path: Path) -> None:
    source = AccessLogSource("\x1b[2Jweb", str(tmp_path / "none"))
    assert source.name == "access log \\x1b[2Jweb"


async def test_closing_ends_the_thread_and_opening_begins_again(watch: Callable[..., Watch]) -> None:
    one = await begun(watch(line()))
    await one.tick(line())
    await one.source.close()
    await one.source.open()
    await one.tick(line())
    assert one.get("app.request.rate").status is Status.PENDING
    await one.tick(line())
    assert one.get("app.request.rate").number == 0.5


async def test_the_engine_runs_it(tmp_path: Path, clock: Clock) -> None:
    log = tmp_path / "access.log"
    log.write_text(line())
    source = AccessLogSource("web", str(log), clock=clock)
    engine = Engine([source], interval=2.0, monotonic=clock, wall=clock.wall)
    await engine.tick()
    with log.open("a") as file:
        file.write(line(500) * 6)
    clock.advance(2.0)
    snapshot = await engine.tick()
    await source.close()
    assert snapshot.get("app.request.rate", service="web").number == 3.0
    assert snapshot.get("app.error.server", service="web").number == 1.0


def test_the_configuration_makes_the_sources() -> None:
    logs = [{"name": "web", "path": "/var/log/web", "format": "nginx"}, {"name": "api", "path": "/var/log/api"}]
    found = access_logs(parse({"window": 30, "access_logs": logs}, "test"))
    assert [source.name for source in found] == ["access log web", "access log api"]
