"""Workers among processes: which of a tree, what they take, and who died, was replaced or left."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import Clock
from processes_play import OWN, Machine, process

from perf_tui.engine.stage import Moment
from perf_tui.measures.gpus import Gpu, GpuProcess
from perf_tui.measures.workers import HERE, SIGHTINGS, Sighting, State

GUNICORN = "/venv/bin/python /venv/bin/gunicorn app:app"
CELERY = "/venv/bin/python /venv/bin/celery -A app worker"
SPAWNED = "/venv/bin/python -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle={})"
TRACKER = "/venv/bin/python -c from multiprocessing.resource_tracker import main;main(4)"


@pytest.fixture
def machine(clock: Clock) -> Machine:
    return Machine(clock)


def states(given: dict[str, Sighting]) -> dict[str, str]:
    return {name: each.word for name, each in given.items() if not each.left}


class TestTrees:
    def test_of_a_server_the_children_are_the_workers(self, machine: Machine) -> None:
        given = machine.tick(process(10, GUNICORN), process(11, GUNICORN, 10), process(12, GUNICORN, 10))
        assert sorted(given) == ["gunicorn:11", "gunicorn:12"]
        assert given["gunicorn:11"].body is not None
        assert given["gunicorn:11"].body.parent == 10

    def test_one_without_children_is_the_worker_itself(self, machine: Machine) -> None:
        assert sorted(machine.tick(process(10, GUNICORN))) == ["gunicorn:10"]

    def test_children_that_do_not_say_what_they_are_are_known_by_their_parent(self, machine: Machine) -> None:
        uvicorn = "/venv/bin/python /venv/bin/uvicorn app:app --workers 2"
        given = machine.tick(
            process(10, uvicorn), process(11, TRACKER, 10), process(12, SPAWNED.format(7), 10),
            process(13, SPAWNED.format(9), 10), process(20, SPAWNED.format(9), 1),
        )  # fmt: skip
        assert sorted(given) == ["uvicorn:12", "uvicorn:13"]

    def test_of_a_queue_s_worker_the_top_is_it_and_has_what_all_below_take(self, machine: Machine) -> None:
        given = machine.tick(
            process(10, CELERY, read=1.0), process(11, CELERY, 10, threads=3), process(12, CELERY, 10, cpu=None),
            process(13, "convert image.png", 11, memory=5000, write=9.0),
        )  # fmt: skip
        (body,) = [each.body for each in given.values()]
        assert body is not None
        assert (body.cpu, body.memory, body.threads, body.read, body.write) == (0.75, 8000.0, 6, 1.0, 9.0)
        assert (body.uptime, body.restarts, body.command) == (1002.0 - 900.0 - 10.0, 0, CELERY)

    def test_a_worker_below_another_counts_for_itself(self, machine: Machine) -> None:
        given = machine.tick(
            process(10, "claude", memory=1), process(11, "/bin/bash -c codex", 10, memory=2),
            process(12, "node /usr/local/bin/codex", 11, memory=4), process(13, "/x/@openai/codex/codex", 12, memory=8),
        )  # fmt: skip
        assert {name: each.body.memory for name, each in given.items() if each.body} == {"claude:10": 3, "codex:12": 12}

    def test_a_shell_that_starts_a_worker_is_none_though_the_pattern_fits(self, clock: Clock) -> None:
        machine = Machine(clock, "work.py")
        shell = process(10, "/bin/sh -c python work.py")
        given = machine.tick(shell, process(11, "python work.py", 10), process(12, "python work.py", 11))
        assert sorted(given) == ["group:11"]
        assert sorted(machine.tick(process(20, "/bin/bash work.py"))) == ["group:11", "group:20"]

    @pytest.mark.parametrize(
        ("unit", "pids"), [(None, [10]), ("top", [10]), ("leaves", [11, 12]), ("each", [10, 11, 12])]
    )
    def test_a_group_may_say_what_of_a_tree_it_means(self, clock: Clock, unit: Any, pids: list[int]) -> None:
        machine = Machine(clock, "work.py", unit)
        given = machine.tick(*(process(pid, "python work.py", parent) for pid, parent in ((10, 1), (11, 10), (12, 10))))
        assert sorted(each.pid for each in given.values() if each.pid) == pids

    def test_parents_in_a_circle_and_the_program_itself_do_no_harm(self, clock: Clock) -> None:
        machine = Machine(clock, "work")
        given = machine.tick(process(10, "work", 11), process(11, "other", 10), process(OWN, "work"))
        assert sorted(given) == ["group:10"]


class TestStates:
    @pytest.mark.parametrize(
        ("letter", "word", "state"),
        [("R", "running", State.ACTIVE), ("S", "sleeping", State.ACTIVE), ("D", "disk-sleep", State.ACTIVE),
         ("T", "stopped", State.WAITING)],
    )  # fmt: skip
    def test_by_the_kernel_s_letter(self, machine: Machine, letter: str, word: str, state: State) -> None:
        (found,) = machine.tick(process(10, CELERY, state=letter)).values()
        assert (found.word, found.state, found.host) == (word, state, HERE)

    def test_an_agent_waits_when_it_has_not_worked_for_a_while(self, machine: Machine) -> None:
        words = []
        for cpu in (None, 0.4, 0.0, 0.0, 0.0, 0.0, 0.2):
            (found,) = machine.tick(process(10, "claude", cpu=cpu)).values()
            words.append((found.word, found.state))
        busy, idle = ("busy", State.ACTIVE), ("idle", State.WAITING)
        assert words == [busy, busy, busy, busy, idle, idle, busy]

    def test_without_a_new_reading_it_grows_old(self, machine: Machine, clock: Clock) -> None:
        machine.tick(process(10, CELERY))
        then = clock.now
        clock.advance(2.0)
        assert machine.again()["celery:10"].heard == then


class TestEnds:
    def test_one_that_died_is_told_until_it_is_forgotten(self, clock: Clock) -> None:
        machine = Machine(clock, forget=5.0)
        machine.tick(process(10, CELERY))
        (gone,) = machine.tick(process(20, "other")).values()
        assert (gone.word, gone.state, gone.ended, gone.left) == ("gone", State.ERROR, clock.now, False)
        ended = clock.now
        assert [each.ended for each in machine.tick(process(20, "other")).values()] == [ended]
        machine.tick(process(20, "other"))
        assert machine.tick(process(20, "other")) == {}

    def test_a_zombie_has_ended(self, machine: Machine) -> None:
        machine.tick(process(10, CELERY))
        (gone,) = machine.tick(process(10, "[celery]", state="Z")).values()
        assert (gone.word, gone.state) == ("zombie", State.ERROR)

    def test_another_process_with_its_pid_is_another(self, machine: Machine) -> None:
        machine.tick(process(10, CELERY))
        (gone,) = machine.tick(process(10, "other", started=500.0)).values()
        assert (gone.word, gone.pid) == ("gone", 10)

    def test_one_that_takes_its_place_counts_the_restarts(self, machine: Machine) -> None:
        machine.tick(process(10, CELERY))
        assert states(machine.tick()) == {"celery:10": "gone"}
        given = machine.tick(process(20, CELERY))
        assert states(given) == {"celery:20": "sleeping"}
        assert given["celery:10"].left
        given = machine.tick(process(30, CELERY))
        assert states(given) == {"celery:30": "sleeping"}
        assert given["celery:30"].body is not None
        assert given["celery:30"].body.restarts == 2

    def test_a_graceful_reload_starts_the_new_ones_first(self, machine: Machine) -> None:
        master = process(10, GUNICORN)
        machine.tick(master, process(11, GUNICORN, 10))
        machine.tick(master, process(11, GUNICORN, 10), process(12, GUNICORN, 10))
        given = machine.tick(master, process(12, GUNICORN, 10))
        assert states(given) == {"gunicorn:12": "sleeping"}
        assert given["gunicorn:12"].body is not None
        assert given["gunicorn:12"].body.restarts == 1

    def test_spawned_workers_are_replaced_though_their_handles_differ(self, machine: Machine) -> None:
        master = process(10, "uvicorn app:app")
        machine.tick(master, process(11, SPAWNED.format(7), 10), process(12, SPAWNED.format(8), 10))
        given = machine.tick(master, process(12, SPAWNED.format(8), 10), process(13, SPAWNED.format(9), 10))
        assert states(given) == {"uvicorn:12": "sleeping", "uvicorn:13": "sleeping"}

    def test_one_of_another_command_takes_nobody_s_place(self, machine: Machine) -> None:
        machine.tick(process(10, CELERY))
        assert states(machine.tick(process(20, CELERY + " -Q other"))) == {"celery:20": "sleeping", "celery:10": "gone"}

    def test_what_a_killed_worker_leaves_behind_is_not_its_successor(self, machine: Machine, clock: Clock) -> None:
        machine.tick(process(10, CELERY), process(11, CELERY, 10))
        assert states(machine.tick(process(11, CELERY))) == {"celery:10": "gone"}
        clock.advance(50.0)
        assert states(machine.tick(process(11, CELERY))) == {"celery:10": "gone"}
        clock.advance(7.0)
        assert "celery:11" in states(machine.tick(process(11, CELERY)))

    def test_a_master_is_no_worker_between_two_generations(self, machine: Machine) -> None:
        master = process(10, GUNICORN)
        machine.tick(master, process(11, GUNICORN, 10))
        assert states(machine.tick(master)) == {"gunicorn:11": "gone"}
        assert states(machine.tick(master, process(12, GUNICORN, 10))) == {"gunicorn:12": "sleeping"}

    def test_a_server_that_has_just_started_does_not_die_of_its_first_children(self, machine: Machine) -> None:
        master = process(10, GUNICORN)
        assert states(machine.tick(master)) == {"gunicorn:10": "sleeping"}
        assert states(machine.tick(master, process(11, GUNICORN, 10))) == {"gunicorn:11": "sleeping"}

    def test_an_agent_leaves_without_a_word(self, machine: Machine) -> None:
        machine.tick(process(10, "claude"))
        assert machine.tick(process(20, "other")) == {}


class TestOthers:
    """Workers that other sources know."""

    def rq(self, pid: int, host: str = "web-1") -> Sighting:
        return Sighting("rq", "queue", "w", "rq", "busy", State.PROCESSING, 0.0, host=host, pid=pid)

    def test_the_kernel_s_numbers_of_a_process_that_is_not_recognised(self, machine: Machine) -> None:
        given = machine.tick(process(10, "python odd.py"), process(11, "x", 10), others=[self.rq(10)])
        assert given["w"].body is not None
        assert (given["w"].kind, given["w"].pid, given["w"].body.memory) == ("rq", 10, 2000.0)

    def test_one_that_is_not_there_is_gone_from_the_second_look_on(self, machine: Machine, clock: Clock) -> None:
        assert machine.tick(others=[self.rq(10)]) == {}
        since = clock.now
        gone = machine.tick(others=[self.rq(10)])["w"]
        assert (gone.word, gone.state, gone.ended, gone.pid, gone.host) == ("gone", State.ERROR, since, 10, HERE)
        assert machine.tick(process(10, "back"), others=[self.rq(10)])["w"].word == "sleeping"

    def test_nothing_is_said_of_other_hosts(self, machine: Machine) -> None:
        machine.tick(others=[self.rq(10, "db-1")])
        assert machine.tick(others=[self.rq(10, "db-1")]) == {}

    def test_where_proc_hides_processes_nobody_is_missed(self, machine: Machine) -> None:
        mine = process(50, "mine")
        for _ in range(3):
            assert machine.tick(mine, others=[self.rq(10)], init=False) == {}

    def test_one_that_died_is_not_forgotten_while_others_believe_in_it(self, clock: Clock) -> None:
        machine = Machine(clock, forget=5.0)
        machine.tick(process(10, "rq worker"))
        machine.tick(others=[self.rq(10)])
        ended = clock.now
        clock.advance(100.0)
        assert [each.ended for each in machine.tick(others=[self.rq(10)]).values()] == [ended]
        assert machine.tick() == {}


def test_gpu_memory_of_a_worker_s_processes(machine: Machine, clock: Clock) -> None:
    rows = (process(1, "init", 0), process(10, CELERY), process(11, CELERY, 10))
    gpu = Gpu("0", "G", "nvidia", "NVIDIA", processes=(GpuProcess(11, 64.0, "compute"), GpuProcess(99, 1.0, "compute")))
    derived = machine.stage.derive({"processes": rows, "gpus": (gpu,)}, Moment(clock.now, clock.day, 2.0))
    (found,) = derived.tables[SIGHTINGS]  # type: ignore[misc, has-type]
    assert found.body.gpu_memory == 64.0
