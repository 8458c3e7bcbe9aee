"""Real workers of RQ on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from real_queue import SOON, TASKS, Watch, need, python, redis_server, running

from perf_tui.config.schema import WorkerGroup
from perf_tui.measures.model import Status, series
from perf_tui.measures.workers import HERE, Group, State, Worker

need("redis", "rq")


class Queue:
    """A Redis with a worker on it."""

    def __init__(self, folder: Path, port: int) -> None:
        import redis
        import rq

        self.folder = folder
        self.url = f"redis://127.0.0.1:{port}/3"
        self.redis = redis.Redis(port=port, db=3)
        self.queue: Any = rq.Queue("mail", connection=self.redis)
        (folder / "rq_tasks.py").write_text(TASKS)

    @contextmanager
    def worker(self, name: str, *more: str) -> Iterator[Any]:
        command = python("-m", "rq.cli", "worker", "--url", self.url, "--name", name, *more, "mail")
        with running(command, self.folder) as process:
            yield process

    def hold(self) -> Path:
        """Enqueue a job that works until the file that is returned exists."""
        path = self.folder / f"let-go-{self.redis.incr('holds')}"
        self.queue.enqueue("rq_tasks.hold", str(path), secret="hunter2")
        return path


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[Queue]:
    with redis_server(tmp_path) as port:
        play = Queue(tmp_path, port)
        yield play
        play.redis.close()


@pytest.fixture
async def watch(queue: Queue) -> AsyncIterator[Watch]:
    play = Watch(WorkerGroup(name="mail", queue="rq", url=queue.url, expected=2))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(play.close)
        yield play


def in_state(state: State, *names: str) -> Any:
    return lambda workers: all(name in workers and workers[name].state is state for name in names)


async def test_states_counts_task_and_a_kill(queue: Queue, watch: Watch) -> None:
    assert await watch.tick() == {}
    with queue.worker("w1") as first, queue.worker("w2") as second:
        workers = await watch.until(in_state(State.WAITING, "w1", "w2"))
        one = workers["w1"]
        assert (one.kind, one.group, one.host, one.pid) == ("rq", "mail", HERE, first.pid)
        assert (one.work.done, one.work.failed, one.work.task, one.task_age) == (0.0, 0.0, "", None)

        queue.queue.enqueue("rq_tasks.quick")
        queue.queue.enqueue("rq_tasks.fail")

        def counted(workers: dict[str, Worker]) -> bool:
            done = [(worker.work.done, worker.work.failed) for worker in workers.values()]
            events = [worker.error for worker in workers.values() if worker.error]
            return sum(each[0] or 0 for each in done) == 1 and sum(each[1] or 0 for each in done) == 1 and bool(events)

        workers = await watch.until(counted)
        (error,) = [worker.error for worker in workers.values() if worker.error]
        assert error == "rq_tasks.fail: ValueError: no good \\x1b[31m"
        failed = next(name for name, worker in workers.items() if worker.error)
        assert watch.snapshot.get("worker.tasks.failed", worker=failed).number == 1.0

        held = queue.hold(), queue.hold()
        # A job has its name a moment before the time at which it began.
        await watch.until(in_state(State.PROCESSING, "w1", "w2"))
        workers = await watch.until(lambda workers: all(each.task_age is not None for each in workers.values()))
        assert {worker.work.task for worker in workers.values()} == {"rq_tasks.hold"}
        assert all(worker.task_age is not None and worker.task_age < SOON for worker in workers.values())
        assert watch.group == Group("mail", alive=2, total=2, expected=2)
        assert "hunter2" not in repr(workers)

        second.kill()
        second.wait(SOON)
        await watch.tick()
        workers = await watch.tick()  # two intervals
        assert (workers["w2"].state, workers["w2"].word) == (State.ERROR, "gone")
        assert workers["w1"].state is State.PROCESSING
        assert watch.group == Group("mail", alive=1, total=2, expected=2)

        held[0].touch()
        held[1].touch()
        workers = await watch.until(in_state(State.WAITING, "w1"))
        assert workers["w1"].work.task == ""
        assert workers["w2"].state is State.ERROR


async def test_one_that_is_shut_down_has_died_and_its_successor_takes_its_place(queue: Queue, watch: Watch) -> None:
    with queue.worker("w1") as process:
        workers = await watch.until(in_state(State.WAITING, "w1"))
        assert set(workers["w1"].sources) == {"workers mail", "worker processes"}
        assert workers["w1"].body.memory is not None
        process.terminate()
        process.wait(SOON)
        workers = await watch.until(in_state(State.ERROR, "w1"))
        assert workers["w1"].word in ("death", "gone")
        assert len(workers) == 1


async def test_a_suspended_queue(queue: Queue, watch: Watch) -> None:
    from rq.suspension import resume, suspend

    with queue.worker("w1"):
        await watch.until(in_state(State.WAITING, "w1"))
        suspend(queue.redis)
        held = queue.hold()
        held.touch()  # an idle worker looks whether it is suspended after its next job
        await watch.until(lambda workers: workers["w1"].word == "suspended" and workers["w1"].state is State.WAITING)
        resume(queue.redis)
        await watch.until(lambda workers: workers["w1"].word == "idle")


async def test_a_server_that_goes_away_is_said(tmp_path: Path) -> None:
    with redis_server(tmp_path) as port:
        queue = Queue(tmp_path, port)
        watch = Watch(WorkerGroup(name="mail", queue="rq", url=queue.url))
        queue.redis.sadd("rq:workers", "rq:worker:far")
        fields = {"state": "idle", "pid": "7", "hostname": "elsewhere", "last_heartbeat": "2099-01-01T00:00:00Z"}
        queue.redis.hset("rq:worker:far", mapping=fields)
        workers = await watch.until(in_state(State.WAITING, "far"))
        assert (workers["far"].host, workers["far"].pid) == ("elsewhere", 7)
        queue.redis.close()
    await watch.tick()
    state = next(source for source in watch.snapshot.sources if source.name == "workers mail")
    assert state.status is Status.ERROR
    assert state.error is not None
    assert state.error.startswith(f"redis://127.0.0.1:{port}/3: ")
    assert series("workers.waiting") in watch.snapshot.values
    await watch.close()


async def test_passwords_are_used_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_server(tmp_path, "--requirepass", "hunter2") as port:
        url = f"redis://127.0.0.1:{port}/0"
        monkeypatch.setenv("RIGHT", "hunter2")
        monkeypatch.setenv("WRONG", "hunter3")
        monkeypatch.setenv("WHOLE", f"redis://:hunter2@127.0.0.1:{port}/0")
        monkeypatch.setenv("FALSE", f"redis://:hunter3@127.0.0.1:{port}/0")
        monkeypatch.setenv("AMQP", "amqp://guest:hunter2@127.0.0.1//")
        (tmp_path / "secret").write_text("hunter2\n")
        watch = Watch(
            WorkerGroup(name="right", queue="rq", url=url, password_env="RIGHT"),
            WorkerGroup(name="file", queue="celery", url=url, password_file=str(tmp_path / "secret")),
            WorkerGroup(name="whole", queue="arq", url_env="WHOLE"),
            WorkerGroup(name="none", queue="rq", url=url),
            WorkerGroup(name="wrong", queue="celery", url=url, password_env="WRONG"),
            WorkerGroup(name="unset", queue="arq", url=url, password_env="UNSET"),
            WorkerGroup(name="false", queue="rq", url_env="FALSE"),
            WorkerGroup(name="amqp", queue="celery", url_env="AMQP"),
            WorkerGroup(name="nowhere", queue="celery", url_env="NOWHERE"),
        )
        await watch.tick()
        found = {source.name.removeprefix("workers "): source for source in watch.snapshot.sources}
        ok, denied, error = Status.OK, Status.DENIED, Status.ERROR
        assert {name: source.status for name, source in found.items()} == {
            "processes": ok, "right": ok, "file": ok, "whole": ok, "none": denied, "wrong": denied, "unset": denied,
            "false": denied, "amqp": error, "nowhere": denied,
        }  # fmt: skip
        assert "hunter" not in repr(watch.snapshot)
        assert found["unset"].error == "the environment variable UNSET is not set"
        assert found["amqp"].error == "AMQP holds no address of Redis: redis://, rediss:// and unix:// are read"
        await watch.close()
