"""Inference servers, their ranks and slots as workers."""

from __future__ import annotations

import pytest

from perf_tui.engine.stage import Moment
from perf_tui.engine.workers.board import Board
from perf_tui.engine.workers.inference import InferenceWorkers
from perf_tui.measures.engines import Engine, Rank, Slot
from perf_tui.measures.model import Value, ok
from perf_tui.measures.workers import (
    HERE,
    OWNERS,
    SIGHTINGS,
    Body,
    Sighting,
    State,
    Worker,
    rows,
    sightings,
    state_of,
)

RUNNING, WAITING = "ai.requests.running", "ai.requests.waiting"


def server(running: float | None = 0.0, waiting: float = 0.0, **more: object) -> Engine:
    """A server that answers on port 8000 of this machine."""
    now: dict[str, Value] = {WAITING: ok(waiting), "ai.tokens.generation": ok(120.0), "ai.context.limit": ok(4096.0)}
    if running is not None:
        now[RUNNING] = ok(running)
    given = {"now": now, "kind": "vllm", "address": "127.0.0.1:8000", "heard": 100.0, "period": 2.0, **more}
    return Engine("llm", "llama", "llm", "vLLM", **given)  # type: ignore[arg-type]


def process(pid: int, kind: str = "vllm") -> Sighting:
    return Sighting(
        "process", "processes", f"{kind}:{pid}", kind, "sleeping", State.ACTIVE, 100.0, host=HERE, pid=pid,
        body=Body(cpu=0.7, memory=2.0**30),
    )  # fmt: skip


def board(
    *engines: Engine, at: float = 100.0, owners: dict[int, int] | None = None, seen: tuple[Sighting, ...] = ()
) -> dict[str, Worker]:
    """The workers that these engines come to, by their ids."""
    return Play().tick(*engines, at=at, owners=owners, seen=seen)


class Play:
    """Tick after tick."""

    def __init__(self) -> None:
        self.stage, self.board = InferenceWorkers(), Board({HERE})

    def tick(
        self,
        *engines: Engine,
        at: float = 100.0,
        owners: dict[int, int] | None = None,
        seen: tuple[Sighting, ...] = (),
    ) -> dict[str, Worker]:
        moment = Moment(at, 1.7e9 + at, 2.0)
        found = sightings(self.stage.derive({"engines": engines, OWNERS: owners or {}}, moment).tables)
        return {each.id: each for each in rows(self.board.derive({SIGHTINGS: found + seen}, moment).tables)}


@pytest.mark.parametrize(
    ("engine", "state", "word"),
    [
        (server(3.0), State.PROCESSING, "busy"),
        (server(0.0, 2.0), State.WAITING, "queued"),
        (server(0.0), State.WAITING, "idle"),
        (server(None), State.ACTIVE, "ready"),
        (server(0.0, word="asleep"), State.WAITING, "asleep"),
        (server(1.0, word="loading"), State.WAITING, "loading"),
        (server(1.0, word="unhealthy"), State.ERROR, "unhealthy"),
        (server(1.0, word="ready"), State.PROCESSING, "busy"),
    ],
)
def test_a_servers_state(engine: Engine, state: State, word: str) -> None:
    worker = board(engine)["llm"]
    assert (worker.state, worker.word, worker.kind) == (state, word, "vllm")


def test_what_a_server_uses() -> None:
    worker = board(server(3.0))["llm"]
    assert (worker.usage.model, worker.usage.rate, worker.usage.context_limit) == ("llama", 120.0, 4096.0)
    assert (worker.work.task, worker.work.running) == ("3 requests", 3)
    assert ("engine", "llm") in worker.facts, "the way to its screen"


def test_a_server_and_its_process_are_one_worker() -> None:
    found = board(server(1.0), owners={8000: 4121}, seen=(process(4121), process(5000, "celery")))
    assert set(found) == {"llm", "celery:5000"}
    assert (found["llm"].pid, found["llm"].body.memory, found["llm"].state) == (4121, 2.0**30, State.PROCESSING)
    assert found["llm"].sources == ("llm", "processes")


@pytest.mark.parametrize("address", ["10.0.0.7:8000", "gpu-host:8000", ""])
def test_a_server_elsewhere_has_no_process_here(address: str) -> None:
    found = board(server(1.0, address=address), owners={8000: 4121}, seen=(process(4121),))
    assert set(found) == {"llm", "vllm:4121"}


def test_one_that_does_not_answer_any_more_is_stale() -> None:
    assert board(server(1.0), at=104.0)["llm"].state is State.PROCESSING
    assert board(server(1.0), at=104.5)["llm"].state is State.STALE


def test_ranks_and_replicas_are_workers() -> None:
    ranks = (Rank("0", ok(4.0), ok(0.0)), Rank("1", ok(0.0), ok(2.0)))
    found = board(server(4.0, ranks=ranks))
    assert found["llm rank 0"].state is State.PROCESSING
    assert (found["llm rank 1"].state, found["llm rank 1"].word) == (State.WAITING, "queued")
    replicas = (Rank("a", ok(1.0), word="ready"), Rank("b", word="unhealthy"))
    found = board(server(1.0, ranks=replicas, parts="replica", kind="ray-serve"))
    assert found["llm replica b"].state is State.ERROR
    assert found["llm replica b"].kind == "ray-serve replica"


def test_workers_of_which_only_the_cache_is_told() -> None:
    ranks = (Rank("x", kv_cache=ok(0.3)), Rank("y", kv_cache=ok(0.0)))
    found = board(server(ranks=ranks, parts="worker", kind="dynamo"))
    assert (found["llm worker x"].word, found["llm worker y"].word) == ("busy", "idle")


def test_deployments_behind_a_proxy_are_workers_and_the_proxys_models_are_not() -> None:
    rank = (Rank("d1", word="degraded"),)
    found = board(server(None, ranks=rank, parts="deployment", kind="litellm"))
    assert set(found) == {"llm deployment d1"}
    assert found["llm deployment d1"].state is State.ERROR


def test_slots_with_the_age_of_their_request_and_their_context() -> None:
    def slots(generated: float | None) -> Engine:
        busy = (
            Slot("0", "processing", 400.0, 2000.0, generated) if generated is not None else Slot("0", "idle", 9, 2000)
        )
        return server(1.0, slots=(busy, Slot("1", "idle", 0.0, 2000.0)), heard=play_at)

    play, play_at = Play(), 100.0
    found = play.tick(slots(10.0), at=100.0)
    assert (found["llm slot 0"].state, found["llm slot 1"].state) == (State.PROCESSING, State.WAITING)
    assert (found["llm slot 0"].usage.context, found["llm slot 0"].task_age) == (0.2, 0.0)
    assert found["llm slot 1"].usage.context is None, "nobody uses what it still holds"
    play_at = 102.0
    assert play.tick(slots(80.0), at=102.0)["llm slot 0"].task_age == pytest.approx(2.0)
    play_at = 104.0
    assert play.tick(slots(5.0), at=104.0)["llm slot 0"].task_age == pytest.approx(0.0), "another request"
    play_at = 106.0
    assert play.tick(slots(None), at=106.0)["llm slot 0"].word == "idle"


def test_one_server_with_two_models_is_one_worker() -> None:
    one = server(1.0)
    assert set(board(one, one._replace(model="other"))) == {"llm"}


def test_every_word_has_its_state() -> None:
    assert state_of("inference", "busy") is State.PROCESSING
    assert state_of("inference", "meditating") is State.UNKNOWN
