"""Workers that an endpoint tells of by the documented metrics."""

from __future__ import annotations

import pytest
from scraping import PROFILES, Endpoint

from perf_tui.measures.workers import SIGHTINGS, Sighting, State
from perf_tui.sources.scrape.ledger import KEEP

WHOLE = """
# TYPE worker_info gauge
worker_info{worker="a",kind="resizer",pid="77",host="web-1"} 1
worker_info{worker="b",kind="resizer",pid="0",host=""} 1
# TYPE worker_status stateset
worker_status{worker="a",state="processing"} 1
worker_status{worker="a",state="waiting"} 0
worker_status{worker="b",state="processing"} 0
worker_status{worker="b",state="waiting"} 1
# TYPE worker_tasks_total counter
worker_tasks_total{worker="a",result="done"} 12
worker_tasks_total{worker="a",result="failed"} 2
worker_tasks_total{worker="a",result="retried"} 1
worker_task_started_timestamp_seconds{worker="a",task="resize"} 1700000003
"""


def workers(endpoint: Endpoint) -> dict[str, Sighting]:
    rows = endpoint.derived.tables[SIGHTINGS]
    assert isinstance(rows, tuple)
    return {row.name: row for row in rows}


def test_everything_that_is_documented() -> None:
    found = workers(Endpoint().scrape(WHOLE, 10.0))
    a, b = found["a"], found["b"]
    assert (a.system, a.source, a.kind, a.word, a.state) == (
        "heartbeat",
        "svc",
        "resizer",
        "processing",
        State.PROCESSING,
    )
    assert (a.pid, a.host, a.heard) == (77, "web-1", 10.0)
    assert a.work is not None
    assert (a.work.task, a.work.since, a.work.done, a.work.failed, a.work.retried) == (
        "resize", 1700000003.0, 12.0, 2.0, 1.0,
    )  # fmt: skip
    assert (b.word, b.state, b.pid, b.host) == ("waiting", State.WAITING, None, "")
    assert b.work is not None
    assert (b.work.done, b.work.failed, b.work.running) == (None, None, 0)


def test_states_change_and_the_period_is_that_of_the_scrapes() -> None:
    endpoint = Endpoint().scrape(WHOLE, 0.0)
    later = WHOLE.replace('"waiting"} 1', '"waiting"} 0').replace('"processing"} 0', '"processing"} 1')
    found = workers(endpoint.scrape(later, 5.0))["b"]
    assert (found.word, found.heard, found.period) == ("processing", 5.0, 5.0)


def test_who_is_missing_grows_old_and_is_forgotten() -> None:
    endpoint = Endpoint().scrape(WHOLE, 0.0)
    less = "".join(line + "\n" for line in WHOLE.splitlines() if 'worker="b"' not in line)
    assert workers(endpoint.scrape(less, 2.0))["b"].heard == 0.0
    for tick in range(2, 2 + 2 * KEEP):
        endpoint.scrape(less, tick * 2.0)
    assert list(workers(endpoint)) == ["a"]


@pytest.mark.parametrize(
    ("body", "word", "state"),
    [
        ('worker_info{worker="a"} 1\n', "active", State.ACTIVE),
        ('worker_tasks_total{worker="a",result="done"} 1\n', "active", State.ACTIVE),
        ('worker_status{worker="a",state="idle"} 0\n', "unknown", State.UNKNOWN),
        ('worker_status{worker="a",state="x\x1b[2J"} 1\n', "x\\x1b[2J", State.UNKNOWN),
        ('worker_status{worker="a",state="crashed"} 1\n', "crashed", State.ERROR),
        (
            'worker_info{worker="a"} 1\nworker_task_started_timestamp_seconds{worker="a"} 9\n',
            "active",
            State.PROCESSING,
        ),
    ],
)
def test_less_than_everything(body: str, word: str, state: State) -> None:
    found = workers(Endpoint().scrape(body, 0.0))["a"]
    assert (found.word, found.state) == (word, state)


def test_beside_an_application_s_own_metrics() -> None:
    requests = 'http_requests_total{handler="/x",method="GET",status="200"} 5\n'
    endpoint = Endpoint().scrape(requests + WHOLE, 0.0)
    assert set(workers(endpoint)) == {"a", "b"}
    assert list(endpoint.services) == ["svc"]


def test_metrics_of_other_workers_are_left_alone() -> None:
    endpoint = Endpoint().scrape('worker_info{thread="3"} 1\nworker_tasks_total 7\n', 0.0)
    assert SIGHTINGS not in endpoint.derived.tables
    assert "workers" in {profile.name for profile in PROFILES}
