"""Real workers of Celery on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from real_queue import SOON, TASKS, Watch, need, python, redis_server, running

from perf_tui.config.schema import WorkerGroup
from perf_tui.measures.workers import HERE, Group, State, Worker

need("redis", "celery", "kombu")

APP = """
import celery_tasks
from celery import Celery

app = Celery("play", broker={url!r})
app.conf.worker_pool_restarts = False
hold = app.task(celery_tasks.hold, name="play.hold")
quick = app.task(celery_tasks.quick, name="play.quick")
fail = app.task(celery_tasks.fail, name="play.fail")
"""


class Broker:
    """A Redis with workers on it. Tasks are sent by a process of their own: Celery is not imported here."""

    def __init__(self, folder: Path, port: int) -> None:
        import redis

        self.folder = folder
        self.url = f"redis://127.0.0.1:{port}/2"
        self.redis = redis.Redis(port=port, db=2)
        (folder / "celery_tasks.py").write_text(TASKS)
        (folder / "play_app.py").write_text(APP.format(url=self.url))

    @contextmanager
    def worker(self, name: str, *more: str) -> Iterator[Any]:
        command = python("-m", "celery", "-A", "play_app", "worker", "-n", name, "-l", "error", *more)
        with running(command, self.folder) as process:
            yield process

    def send(self, *calls: str) -> None:
        """Run `play_app.TASK.delay(…)` for each call."""
        lines = "; ".join(f"play_app.{call}" for call in calls)
        with running(python("-c", f"import play_app; {lines}"), self.folder) as process:
            assert process.wait(SOON) == 0


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    with redis_server(tmp_path) as port:
        play = Broker(tmp_path, port)
        yield play
        play.redis.close()


@pytest.fixture
async def watch(broker: Broker) -> AsyncIterator[Watch]:
    play = Watch(WorkerGroup(name="images", queue="celery", url=broker.url, expected=2))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(play.close)
        yield play


def in_state(state: State, *names: str) -> Any:
    return lambda workers: all(name in workers and workers[name].state is state for name in names)


async def test_states_counts_task_and_a_kill(broker: Broker, watch: Watch) -> None:
    a, b = "a@here", "b@here"  # names of their own, not this machine's
    with broker.worker(a, "-c", "1", "-E") as first, broker.worker(b, "-c", "1", "-E") as second:
        workers = await watch.until(in_state(State.WAITING, a, b))
        one = workers[a]
        assert (one.kind, one.word, one.group, one.host, one.pid) == ("celery", "online", "images", HERE, first.pid)
        assert one.sources == ("workers images", "worker processes")
        assert len(workers) == 2
        assert one.body.memory is not None

        broker.send("quick.delay()", "fail.delay()")

        def counted(workers: dict[str, Worker]) -> bool:
            done = sum(worker.work.done or 0 for worker in workers.values())
            return done == 1 and sum(worker.work.failed or 0 for worker in workers.values()) == 1

        workers = await watch.until(counted)
        (error,) = [worker.error for worker in workers.values() if worker.error]
        assert error == "play.fail: ValueError('no good \\x1b[31m')"

        path = broker.folder / "let-go"
        broker.send(f"hold.delay({str(path)!r}, secret='hunter2')", f"hold.delay({str(path)!r})")
        workers = await watch.until(in_state(State.PROCESSING, a, b))
        assert {worker.work.task for worker in workers.values()} == {"play.hold"}
        assert all(worker.task_age is not None and worker.task_age < SOON for worker in workers.values())
        assert watch.group == Group("images", alive=2, total=2, expected=2)
        assert "hunter2" not in repr(workers)

        second.kill()
        second.wait(SOON)
        await watch.tick()
        workers = await watch.tick()  # two intervals
        assert (workers[b].state, workers[b].word) == (State.ERROR, "gone")
        assert workers[a].state is State.PROCESSING
        assert watch.group == Group("images", alive=1, total=2, expected=2)
        path.touch()
        workers = await watch.until(in_state(State.WAITING, a))
        assert workers[a].work.task == ""

        first.terminate()
        first.wait(SOON)
        workers = await watch.until(in_state(State.ERROR, a))
        assert workers[a].word in ("offline", "gone")


async def test_without_events_of_tasks_the_current_one_is_asked_for(broker: Broker, watch: Watch) -> None:
    path = broker.folder / "let-go"
    with broker.worker("a@here", "-c", "1"):
        await watch.until(in_state(State.WAITING, "a@here"))
        broker.send("fail.delay()", f"hold.delay({str(path)!r})")
        workers = await watch.until(lambda workers: workers["a@here"].work.task)
        assert workers["a@here"].state is State.PROCESSING
        assert workers["a@here"].work.task == "play.hold"
        workers = await watch.until(lambda workers: dict(workers["a@here"].facts).get("pool"))
        assert dict(workers["a@here"].facts)["pool"] == "prefork, 1 at once"
        # Without events nobody knows what failed: that is not 0.
        assert workers["a@here"].work.failed is None
        path.touch()
        await watch.until(in_state(State.WAITING, "a@here"))


async def test_one_that_is_too_busy_to_answer_is_waited_for_once(broker: Broker, watch: Watch) -> None:
    """A solo pool does nothing beside its task: no heartbeat, no answer. It is silent, and not dead."""
    path = broker.folder / "let-go"
    with broker.worker("solo@here", "-P", "solo", "--heartbeat-interval", "1"):
        await watch.until(in_state(State.WAITING, "solo@here"))
        broker.send(f"hold.delay({str(path)!r})")
        workers = await watch.until(in_state(State.STALE, "solo@here"))
        assert workers["solo@here"].sources == ("workers images", "worker processes")
        path.touch()
        await watch.until(in_state(State.WAITING, "solo@here"))


async def test_nothing_is_left_in_redis(broker: Broker, watch: Watch) -> None:
    with broker.worker("a@here", "-c", "1"):
        await watch.until(in_state(State.WAITING, "a@here"))
        await watch.close()
    left = {key.decode() for key in broker.redis.keys("*") if b"pidbox" in key}
    assert left <= {"_kombu.binding.celery.pidbox", "_kombu.binding.reply.celery.pidbox"}
    # A worker that was just answering when the list was taken away declares it once more, after the close.
    assert len(broker.redis.smembers("_kombu.binding.reply.celery.pidbox")) <= 1
