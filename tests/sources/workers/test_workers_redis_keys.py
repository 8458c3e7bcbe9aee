"""RQ's and arq's keys in a real Redis, as they were recorded or written down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from real_queue import need, redis_server

from perf_tui.measures.workers import SIGHTINGS, Sighting, State
from perf_tui.sources.workers.arq import ArqSource
from perf_tui.sources.workers.link import RedisLink
from perf_tui.sources.workers.rq import RqSource

need("redis")
KEYS = Path(__file__).parents[2] / "data" / "workers" / "rq_3.0_redis_keys.json"
RECORDED = 1795344412.0
"""About a second after the newest of the recorded times."""


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    with redis_server(tmp_path) as port:
        yield port


def client(port: int) -> Any:
    import redis

    return redis.Redis(port=port)


async def look(source: RqSource | ArqSource, at: float) -> dict[str, Sighting]:
    derived = source.derive(await source.read(), at)  # type: ignore[arg-type]
    return {each.name: each for each in derived.tables[SIGHTINGS]}  # type: ignore[attr-defined]


async def test_recorded_workers_of_rq(port: int) -> None:
    server = client(port)
    for key, entry in json.loads(KEYS.read_text()).items():
        if entry["type"] == "hash":
            server.hset(key, mapping=entry["v"])
        elif entry["type"] == "set":
            server.sadd(key, *entry["v"])
    busy = "a8da3bb9880f4384a029130f201e0473"
    source = RqSource("mail", RedisLink(f"redis://127.0.0.1:{port}"), 60.0, wall=lambda: RECORDED)
    await source.open()
    found = await look(source, 100.0)
    assert list(found) == [busy]  # the other was shut down, and only its hash is left
    one = found[busy]
    assert (one.word, one.state, one.pid, one.host) == ("busy", State.PROCESSING, 32077, "vm")
    assert one.work is not None
    assert one.work._replace(since=None) == one.work._replace(
        task="rqt.ok", since=None, running=1, done=3.0, failed=1.0
    )  # fmt: skip
    assert one.work.since == pytest.approx(1795344411.282472)
    assert one.body is not None
    assert one.body.uptime == pytest.approx(RECORDED - 1795344408.951387)

    server.srem("rq:workers", f"rq:worker:{busy}")
    server.hset(f"rq:worker:{busy}", "death", "2026-11-22T10:47:00Z")
    one = (await look(source, 110.0))[busy]
    assert (one.word, one.state, one.ended) == ("death", State.ERROR, 110.0)
    server.delete(f"rq:worker:{busy}")
    one = (await look(source, 120.0))[busy]
    assert (one.word, one.state, one.ended) == ("absent", State.ERROR, 110.0)
    assert one.work is not None
    assert (one.work.task, one.work.running, one.work.done) == ("", 0, 3.0)
    assert await look(source, 171.0) == {}
    server.sadd("rq:workers", "rq:worker:lingers")
    assert (await look(source, 180.0))["lingers"].word == "absent"
    assert await look(source, 250.0) == {}
    assert await look(source, 300.0) == {}
    await source.close()
    server.close()


async def test_the_health_check_of_arq(port: int) -> None:
    server = client(port)
    text = "Nov-22 10:00:00 j_complete=12 j_failed=1 j_retried=2 j_ongoing={} queued=3"
    source = ArqSource("jobs", RedisLink(f"redis://127.0.0.1:{port}"), forget=60.0)
    await source.open()
    assert await look(source, 0.0) == {}
    server.set("arq:queue:health-check", text.format(0), px=3_600_000)
    server.zadd("arq:queue", {"a": 1.0, "b": 2.0})
    one = (await look(source, 1.0))["arq:queue"]
    assert (one.word, one.state, one.kind, one.pid) == ("healthy", State.WAITING, "arq", None)
    assert one.work is not None
    assert (one.work.done, one.work.failed, one.work.retried, one.work.running) == (12.0, 1.0, 2.0, 0)
    assert dict(one.facts)["queued"] == "2"
    server.set("arq:queue:health-check", text.format(2))
    assert (await look(source, 3.0))["arq:queue"].state is State.PROCESSING
    server.delete("arq:queue:health-check")
    one = (await look(source, 5.0))["arq:queue"]
    assert (one.word, one.state, one.ended) == ("absent", State.ERROR, 5.0)
    server.set("arq:queue:health-check", "what is this")
    one = (await look(source, 7.0))["arq:queue"]
    assert (one.word, one.ended) == ("healthy", None)
    server.delete("arq:queue:health-check")
    await look(source, 9.0)
    assert list(await look(source, 69.0)) == ["arq:queue"]
    assert await look(source, 70.0) == {}
    server.rpush("arq:queue:health-check", "a list")
    assert await look(source, 72.0) == {}
    await source.close()
    server.close()


async def test_redis_py_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from perf_tui.engine.source import SourceAbsent

    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(SourceAbsent, match=r"redis-py is not installed: pip install 'perf-tui\[redis\]' brings it"):
        await RqSource("mail", RedisLink()).open()


@pytest.mark.parametrize(
    ("url", "where", "near", "database"),
    [
        (None, "redis://127.0.0.1:6379/0", True, 0),
        ("redis://localhost/3", "redis://localhost:6379/3", True, 3),
        ("rediss://u:hunter2@far.example:7000/1", "rediss://far.example:7000/1", False, 1),
        ("unix:///run/redis.sock?db=2", "unix:///run/redis.sock", True, 0),
    ],
)
def test_addresses(url: str | None, where: str, near: bool, database: int) -> None:
    link = RedisLink(url_env="X", environment={"X": url}) if url else RedisLink()
    assert (link.where, link.near, link.database) == (where, near, database)
    assert "hunter2" not in link.where
