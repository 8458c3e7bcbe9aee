"""A real Alertmanager receives what this program sends, groups it, hands it on, and resolves it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from handler_play import P99, Server, alert, batch, line

from perf_tui.engine.alerts.model import Change, Level
from perf_tui.handlers.web import Alertmanager
from perf_tui.sources.scrape.credentials import Credentials

PROGRAM = shutil.which("prometheus-alertmanager")
SOON = 15.0
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Alertmanager is not here: apt install prometheus-alertmanager")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + SOON
    while True:
        try:
            if found := ask():
                return found
        except OSError:
            pass
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


@pytest.fixture
def receiver() -> Iterator[Server]:
    receiver = Server()
    yield receiver
    receiver.close()


@pytest.fixture
def url(tmp_path: Path, receiver: Server) -> Iterator[str]:
    config = tmp_path / "alertmanager.yml"
    config.write_text(f"""
route: {{receiver: here, group_by: [alertname], group_wait: 100ms, group_interval: 200ms, repeat_interval: 1h}}
receivers: [{{name: here, webhook_configs: [{{url: "{receiver.url}/hook", send_resolved: true}}]}}]
""")
    port = free_port()
    command = [
        PROGRAM, f"--config.file={config}", f"--storage.path={tmp_path}", f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # type: ignore[arg-type]
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: urllib.request.urlopen(f"{address}/-/ready", timeout=1).status == 200)
            yield address
        finally:
            process.terminate()
            process.wait(SOON)


def active(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=SOON) as answer:
        return list(json.load(answer))


def test_it_receives_groups_and_resolves(url: str, receiver: Server) -> None:
    handler = Alertmanager("am", url, Credentials(), SOON)
    now = time.time()
    handler.deliver(batch(line(), active=(alert(),), wall=now))
    body = receiver.asked.get(timeout=SOON)[3]
    assert (body["status"], body["groupLabels"]) == ("firing", {"alertname": "slow"})
    (told,) = body["alerts"]
    assert told["labels"]["severity"] == "critical"
    assert told["labels"]["service"] == P99.label("service")
    assert told["annotations"]["summary"] == "latency checkout p99 1.90s (limit 500ms)"
    handler.deliver(batch(active=(alert(),), wall=now))  # told again, it is still one
    assert len(active(url)) == 1
    ended = line(Change.CLEARED, Level.CRITICAL)
    handler.deliver(batch(ended, wall=now))
    body = receiver.asked.get(timeout=SOON)[3]
    assert (body["status"], [each["status"] for each in body["alerts"]]) == ("resolved", ["resolved"])
    assert active(url) == []
