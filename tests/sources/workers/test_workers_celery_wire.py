"""Celery's messages and what they amount to, from what a real worker of Celery 5.7 published and answered."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perf_tui.measures.workers import Sighting, State
from perf_tui.sources.workers import celery_wire as wire
from perf_tui.sources.workers.celery_state import CeleryState

DATA = Path(__file__).parents[2] / "data" / "workers"
FORGET = 100.0


def state(near: bool = False) -> CeleryState:
    return CeleryState("workers c", "c", frozenset(("vm",)), near, FORGET)


def one(state: CeleryState, at: float) -> Sighting:
    (found,) = state.sightings(at)
    return found


@pytest.fixture
def events() -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in (DATA / "celery_5.7_events.jsonl").read_text().splitlines())


def beat(**more: Any) -> dict[str, Any]:
    return {"type": "worker-heartbeat", "hostname": "w1@vm", "pid": 7, "freq": 2.0, "active": 0, "processed": 0, **more}


def task(kind: str, id: str = "1", **more: Any) -> dict[str, Any]:
    return {"type": f"task-{kind}", "hostname": "w1@vm", "pid": 7, "uuid": id, "timestamp": 50.0, **more}


def test_a_recorded_hour_of_a_worker(events: Iterator[dict[str, Any]]) -> None:
    known = state()
    path = []
    for event in events:
        known.event(event, event["local_received"])
        at = event["local_received"]
        for found in known.sightings(at):
            assert (found.name, found.pid, found.host, found.kind) == ("w1@vm", 32023, "vm", "celery")
            path.append((str(found.state), found.work.task if found.work else ""))
    assert path[0] == ("waiting", "")
    assert ("processing", "ctasks.ok") in path
    last = one(known, at)
    assert last.work is not None
    recorded = [json.loads(line) for line in (DATA / "celery_5.7_events.jsonl").read_text().splitlines()]
    kinds = [event["type"] for event in recorded]
    assert (last.work.done, last.work.failed) == (kinds.count("task-succeeded"), kinds.count("task-failed"))
    failures = [event["exception"] for event in recorded if event["type"] == "task-failed"]
    assert [event.words for event in last.events if event.error] == [f"ctasks.bad: {words}" for words in failures]
    runtimes = [event["runtime"] for event in recorded if event["type"] == "task-succeeded"]
    assert last.work.p50 is not None
    assert min(runtimes) <= last.work.p50 <= max(runtimes)


def test_a_recorded_answer() -> None:
    known = state()
    inspect = json.loads((DATA / "celery_5.7_inspect.json").read_text())
    for method in ("ping", "stats", "active"):
        for name, said in inspect[method]["reply"].items():
            known.answer(name, said, 10.0)
    found = one(known, 12.0)
    assert found.work is not None
    assert (found.state, found.work.task, found.work.since, found.work.running) == (
        State.PROCESSING, "ctasks.ok", 1795344392.8992906, 1,
    )  # fmt: skip
    assert found.pid == 32023
    assert found.body is not None
    assert found.body.uptime == 11.0
    assert dict(found.facts) == {"pool": "prefork, 2 at once", "prefetch": "8"}


class TestStates:
    def test_silence_is_lost_in_the_end_and_forgotten_later(self) -> None:
        known = state()
        known.event(beat(), 0.0)
        assert (one(known, 29.0).word, one(known, 29.0).ended) == ("online", None)
        found = one(known, 31.0)
        assert (found.word, found.state, found.ended) == ("lost", State.ERROR, 30.0)
        known.event(beat(), 32.0)
        assert (one(known, 32.0).word, one(known, 32.0).state) == ("online", State.WAITING)
        assert len(list(known.sightings(32.0 + 30.0 + FORGET))) == 1
        assert list(known.sightings(32.1 + 30.0 + FORGET)) == []

    def test_one_that_goes_offline_and_comes_back(self) -> None:
        known = state()
        known.event(beat(active=1), 0.0)
        assert one(known, 0.0).state is State.PROCESSING
        known.event(beat(type="worker-offline"), 1.0)
        found = one(known, 5.0)
        assert (found.word, found.state, found.ended) == ("offline", State.ERROR, 1.0)
        known.event(beat(type="worker-online"), 6.0)
        assert (one(known, 6.0).word, one(known, 6.0).ended) == ("online", None)

    def test_counts_never_fall_but_for_a_restart(self) -> None:
        known = state()
        known.event(beat(processed=5), 0.0)
        seen = []
        for event in (
            task("received", name="t"), task("started"), beat(processed=6, active=1), task("failed", exception="x"),
            beat(processed=6), task("started", "2"), beat(processed=7), task("failed", "2"), beat(processed=7),
            beat(processed=8), beat(processed=1, pid=8),
        ):  # fmt: skip
            known.event(event, 0.0)
            work = one(known, 0.0).work
            assert work is not None
            seen.append((work.done, work.failed))
        assert [done for done, _ in seen] == [5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 1]
        assert [failed for _, failed in seen] == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 0]

    def test_what_happens_to_tasks_is_told(self) -> None:
        known = state()
        for event in (
            task("received", "1", name="t"), task("started", "1"), task("retried", "1", exception="E()"),
            task("revoked", "2"), task("rejected", "3", name="u\x1b[2J"),
        ):  # fmt: skip
            known.event(event, 0.0)
        found = one(known, 0.0)
        assert {event.words for event in found.events} == {
            "t: retried after E()", "a task: revoked", "u\\x1b[2J: rejected",
        }  # fmt: skip
        assert found.work is not None
        assert (found.work.retried, found.work.running) == (1.0, 0)

    def test_a_node_s_own_name_may_be_of_this_machine_where_the_broker_is(self) -> None:
        for near, name, host in ((True, "w@odd", ""), (False, "w@odd", "odd"), (True, "w@vm", "vm")):
            known = state(near)
            known.event(beat(hostname=name), 0.0)
            assert one(known, 0.0).host == host


@pytest.mark.parametrize(
    "event",
    [
        {}, {"type": "worker-heartbeat"}, {"type": 3, "hostname": "x"}, {"type": "worker-heartbeat", "hostname": None},
        {"type": "task-sent", "hostname": "gen1@vm"},
        beat(pid="x", freq=-1, active=float("nan"), processed=float("inf"), sw_ver=[]), beat(active=True, freq=1e300),
        task("started", uuid=None, timestamp="x"), task("succeeded", runtime="fast"), task("failed", exception=None),
        task("odd"),
    ],
)  # fmt: skip
def test_odd_events_do_no_harm(event: dict[str, Any]) -> None:
    known = state()
    known.event(event, 0.0)
    for found in known.sightings(0.0):
        assert found.state in (State.WAITING, State.PROCESSING)


def test_messages_as_they_travel() -> None:
    raw = wire.request("active", ["w1@vm"], "me", 9.0)
    outer = json.loads(raw)
    assert outer["content-type"] == "application/json"
    assert outer["headers"]["expires"] == 9.0
    (inner,) = wire.contents(raw)
    assert inner["method"] == "active"
    assert inner["destination"] == ["w1@vm"]
    assert inner["reply_to"] == {"exchange": "reply.celery.pidbox", "routing_key": "me"}
    assert wire.binding("me") == "me\x06\x16\x06\x16me.reply.celery.pidbox"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"null", b"{}", b'{"body": 3}', b'{"body": "x", "properties": {"body_encoding": "base64"}}',
        b'{"body": "e30=", "properties": []}', b"\xff",
        json.dumps({"body": "gASVBAAAAAAAAABLAS4=", "content-type": "application/x-python-serialize"}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        wire.contents(raw)


def test_several_events_in_one_message() -> None:
    body = b64encode(json.dumps([{"a": 1}, 2, {"b": 3}]).encode()).decode()
    message = json.dumps({"body": body, "content-type": "application/json", "properties": {"body_encoding": "base64"}})
    assert wire.contents(message.encode()) == [{"a": 1}, {"b": 3}]
