"""`perf-tui discover`: the table, the lines, and the file that they are written to."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import Request, Writer, page, serve
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from perf_tui import assembly
from perf_tui.cli.main import main
from perf_tui.config.load import load
from perf_tui.config.schema import Config
from perf_tui.sources.discovery.listeners import Listener
from perf_tui.sources.discovery.probe import Finding


def found(port: int, process: str = "app", profiles: tuple[str, ...] = ("Flask",), **more: object) -> Finding:
    listener = Listener("127.0.0.1", port, 40 + port, process, port)
    return Finding(listener, "Flask (5)", f"http://127.0.0.1:{port}/metrics", profiles, 12, **more)  # type: ignore[arg-type]


NOTHING = Finding(Listener("::1", 5, None, "", 1), "no answer within 2 s")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What is found on this machine."""
    findings = [NOTHING, found(8000), found(8001, "\\x1b[31m")]
    monkeypatch.setattr(assembly, "find", lambda config, within: findings)
    return findings


def test_the_table_and_the_lines(here: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover"]) == 0
    output = capsys.readouterr().out
    table, _, rest = output.partition("\n\n")
    heading, *rows = table.splitlines()
    assert re.split(r"\s{2,}", heading) == ["ADDRESS", "PROCESS", "WHAT", "HOW IT WAS RECOGNISED, OR WHY NOT"]
    assert [re.split(r"\s{2,}", row) for row in rows] == [
        ["127.0.0.1:8000", "app (8040)", "Flask", "/metrics, 12 metrics: Flask (5)"],
        ["127.0.0.1:8001", "\\x1b[31m (8041)", "Flask", "/metrics, 12 metrics: Flask (5)"],
        ["[::1]:5", "another user's", "-", "no answer within 2 s"],
    ]
    assert rest.startswith("2 of 3 listeners can be watched and are new.\n")
    lines = tomllib.loads(output[output.index("# perf-tui discover --write adds these lines to") :])
    assert lines["targets"] == [
        {"name": "app:8000", "url": "http://127.0.0.1:8000/metrics"},
        {"name": "\\x1b[31m:8001", "url": "http://127.0.0.1:8001/metrics"},
    ]
    assert not list(Path().rglob("*.toml"))


def test_what_makes_agents_push(here: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("mine.toml")
    file.write_text('[otlp]\nlisten = "0.0.0.0:14318"\ntoken_env = "OTLP_TOKEN"\n')
    assert main(["discover", "--config", str(file)]) == 0
    output = capsys.readouterr().out
    assert "First, in mine.toml:\n  [otlp]\n  enabled = true\n" in output
    assert output.count("http://127.0.0.1:14318") == 7
    assert '  export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $OTLP_TOKEN"\n' in output
    file.write_text(file.read_text() + "enabled = true\n")
    assert main(["discover", "--config", str(file)]) == 0
    assert "First, in" not in capsys.readouterr().out


def test_metrics_without_a_profile_are_listed_and_not_proposed(
    here: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    here[:] = [found(9100, profiles=())]
    assert main(["discover"]) == 0
    output = capsys.readouterr().out
    assert "127.0.0.1:9100" in output
    assert "0 of 1 listeners" in output
    assert "[[targets]]" not in output


def test_a_new_file_is_written(here: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", "--write"]) == 0
    config, path = load()
    assert [target.name for target in config.targets] == ["app:8000", "\\x1b[31m:8001"]
    assert path is not None
    assert f"{path}: written, with 2 targets." in capsys.readouterr().out


def test_a_file_that_is_there_keeps_its_text_its_rights_and_a_copy(
    here: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("config.toml")
    before = "# mine\ninterval = 1.0 # quick\n[[targets]]\nname = 'app:8000'\nurl = 'http://other/'\n"
    path.write_text(before)
    path.chmod(0o640)
    assert main(["discover", "--write"]) == 0
    after = path.read_text()
    assert after.startswith(before)
    assert [target.name for target in load()[0].targets] == ["app:8000", "app:8000 (2)", "\\x1b[31m:8001"]
    (backup,) = Path().glob("config.toml.bak-*")
    assert backup.read_text() == before
    assert [each.stat().st_mode & 0o777 for each in (path, backup)] == [0o640, 0o640]
    assert re.search(
        rf"config\.toml: 2 targets added at its end; as it was before: {re.escape(backup.name)}\n",
        capsys.readouterr().out,
    )
    assert sorted(each.name for each in Path().glob("*.toml*")) == ["config.toml", backup.name], "nothing is left over"


def test_a_link_stays_a_link(here: list[Finding]) -> None:
    real = Path("elsewhere.toml")
    real.write_text("interval = 1.0\n")
    Path("config.toml").symlink_to(real)
    assert main(["discover", "--write"]) == 0
    assert Path("config.toml").is_symlink()
    assert "app:8000" in real.read_text()


def test_a_file_in_another_form_is_written_anew_and_that_is_said(
    here: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("config.toml")
    path.write_text('targets = [{ name = "a", url = "http://a/" }]\n')
    assert main(["discover", "--write"]) == 0
    assert "written anew, in another form" in capsys.readouterr().out
    assert [target.name for target in load()[0].targets] == ["a", "app:8000", "\\x1b[31m:8001"]


def test_comments_are_not_lost(here: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("config.toml")
    path.write_text('targets = [{ name = "a", url = "http://a/" }] # by hand\n')
    assert main(["discover", "--write"]) == 2
    assert "comments would be lost" in capsys.readouterr().err
    assert path.read_text() == 'targets = [{ name = "a", url = "http://a/" }] # by hand\n'
    assert not list(Path().glob("*.bak*"))


def test_nothing_new_is_nothing_written(here: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    here[:] = [NOTHING]
    assert main(["discover", "--write"]) == 0
    assert "0 of 1 listeners can be watched" in capsys.readouterr().out
    assert not list(Path().rglob("*.toml"))


def test_where_nothing_can_be_written(here: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("rules.json")
    path.write_text("[]")
    assert main(["--config", str(path), "discover", "--write"]) == 2
    assert "targets have no place in a file of alert rules" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["flag", "file"])
def test_switched_off_is_off(how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def find(config: Config, within: float) -> list[Finding]:
        raise AssertionError

    monkeypatch.setattr(assembly, "find", find)
    if how == "file":
        Path("config.toml").write_text("[discovery]\nenabled = false\n")
    assert main(["discover", "--no-discover"] if how == "flag" else ["discover"]) == 2
    assert "discovery is switched off" in capsys.readouterr().err


def test_where_nobody_may_see_who_listens(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def find(config: Config, within: float) -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/proc/net/tcp")

    monkeypatch.setattr(assembly, "find", find)
    assert main(["discover"]) == 1
    assert "who listens here cannot be read: Permission denied" in capsys.readouterr().err


# -- the real program


@pytest.fixture
def service() -> Iterator[tuple[int, list[Request]]]:
    """A service of this process with prometheus_client's metrics, and what it was asked."""
    registry = CollectorRegistry()
    requests = Counter("http_requests", "Requests", ["method", "status"], registry=registry)
    latency = Histogram("http_request_duration_seconds", "Latency", ["handler"], registry=registry)
    ready, stop = threading.Event(), asyncio.Event()
    seen: list[Request] = []
    loop = asyncio.new_event_loop()
    port = 0

    async def answer(request: Request, writer: Writer) -> None:
        seen.append(request)
        requests.labels("GET", "200").inc()
        latency.labels("/").observe(0.1)
        await page(generate_latest(registry))(request, writer)

    async def run() -> None:
        nonlocal port
        async with serve(answer) as server:
            port = server.port
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(20)
    yield port, seen
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    loop.close()


def perf_tui(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "perf_tui", *arguments],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it may need root to see who listens")
def test_a_service_of_this_machine_is_found_written_and_watched(service: tuple[int, list[Request]]) -> None:
    port, seen = service
    output = perf_tui("discover", "--write")
    assert re.search(rf"^127\.0\.0\.1:{port}\s+\S+ \({os.getpid()}\)", output, re.MULTILINE)
    assert {request.method for request in seen} == {"GET"}
    config, _ = load()
    urls = [target.url for target in config.targets]
    assert f"http://127.0.0.1:{port}/metrics" in urls
    again = perf_tui("discover", "--write")
    assert re.search(rf"^127\.0\.0\.1:{port}.*the configuration names it", again, re.MULTILINE)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it may need root to see who listens")
def test_once_watches_what_it_finds(service: tuple[int, list[Request]]) -> None:
    import json

    port, _ = service
    shot = json.loads(perf_tui("--once", "--json", "--interval", "0.5"))
    (name,) = [source["name"] for source in shot["sources"] if source["name"].endswith(f":{port}")]
    rates = {each["labels"]["service"]: each for each in shot["measures"] if each["id"] == "app.request.rate"}
    assert rates[name]["status"] == "ok"
    blind = json.loads(perf_tui("--once", "--json", "--interval", "0.5", "--no-discover"))
    assert not [source for source in blind["sources"] if source["name"].endswith(f":{port}")]
