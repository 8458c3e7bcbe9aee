"""Which sightings are of one worker, and which of them is believed."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from perf_tui.engine.workers.merge import body_of, grouped, usage_of, verdict, work_of
from perf_tui.measures.workers import HERE, VOCABULARY, Body, Sighting, State, Usage, Work, level, state_of

HOSTS = frozenset(("web-1", HERE))
AT, INTERVAL = 100.0, 2.0


def sighting(system: str = "process", **more: Any) -> Sighting:
    fields: dict[str, Any] = {
        "source": system, "name": "one", "kind": "celery", "word": "word", "state": State.ACTIVE, "heard": AT,
    }  # fmt: skip
    return Sighting(system, **{**fields, **more})


def process(pid: int = 7, **more: Any) -> Sighting:
    return sighting("process", **{"name": f"celery:{pid}", "host": HERE, "pid": pid, **more})


def celery(pid: int | None = 7, host: str = "web-1", **more: Any) -> Sighting:
    return sighting("celery", **{"name": f"w@{host}", "host": host, "pid": pid, "state": State.WAITING, **more})


def names(sightings: list[Sighting]) -> list[list[str]]:
    return [[each.name for each in group] for group in grouped(sightings, HOSTS)]


class TestWhoIsWho:
    def test_a_process_and_its_name_in_a_queue_are_one_whatever_comes_first(self) -> None:
        for order in permutations([process(), celery(), sighting("supervisord", name="mail", pid=7, host=HERE)]):
            assert names(list(order)) == [["w@web-1", "mail", "celery:7"]]

    def test_the_same_pid_on_another_host_is_another(self) -> None:
        assert names([process(), celery(host="db-1")]) == [["w@db-1"], ["celery:7"]]

    def test_where_the_host_is_not_known_the_kind_must_be_the_same(self) -> None:
        assert names([process(), celery(host="", name="odd")]) == [["odd", "celery:7"]]
        assert names([process(kind="gunicorn"), celery(host="", name="odd")]) == [["odd"], ["celery:7"]]

    def test_the_same_kind_and_name_are_one_without_a_pid(self) -> None:
        assert names([celery(pid=None), sighting("heartbeat", name="w@web-1")]) == [["w@web-1", "w@web-1"]]
        assert names([celery(pid=None), sighting("heartbeat", name="w@web-1", kind="rq")]) == [["w@web-1"], ["w@web-1"]]

    def test_workers_that_share_a_process_are_several_and_the_first_has_its_numbers(self) -> None:
        beats = [sighting("heartbeat", name=name, pid=7, host=HERE) for name in "abc"]
        assert names([process(), *beats]) == [["a", "celery:7"], ["b"], ["c"]]

    def test_two_of_one_source_with_one_name_are_two(self) -> None:
        beats = [sighting("heartbeat", name="a", pid=pid, host=HERE) for pid in (1, 2)]
        assert [[each.pid for each in group] for group in grouped([*beats, process(2)], HOSTS)] == [[1], [2, 2]]


class TestWhatIsBelieved:
    def judged(self, *given: Sighting, at: float = AT) -> tuple[State, str]:
        found = verdict(grouped(given, HOSTS)[0], at, INTERVAL)
        return found.state, found.word

    def test_who_knows_best_says_the_state(self) -> None:
        assert self.judged(process(word="sleeping"), celery(word="online")) == (State.WAITING, "online")

    def test_one_that_ended_is_dead_whatever_others_still_believe(self) -> None:
        gone = process(word="gone", state=State.ERROR, ended=AT)
        assert self.judged(gone, celery(state=State.PROCESSING)) == (State.ERROR, "gone")

    def test_what_is_wrong_goes_before_what_is_well(self) -> None:
        failing = sighting("systemd", pid=7, host=HERE, state=State.ERROR, word="failed")
        assert self.judged(process(), celery(), failing) == (State.ERROR, "failed")

    def test_an_old_error_does_not(self) -> None:
        failing = sighting("systemd", pid=7, host=HERE, state=State.ERROR, word="failed", heard=AT - 60)
        assert self.judged(process(), celery(), failing) == (State.WAITING, "word")

    def test_a_silent_queue_is_stale_though_the_process_lives(self) -> None:
        assert self.judged(process(), celery(word="online", heard=AT - 5)) == (State.STALE, "online")

    def test_two_intervals_of_its_own_or_of_the_ticks_whichever_is_longer(self) -> None:
        assert self.judged(celery(), at=AT + 4.0) == (State.WAITING, "word")
        assert self.judged(celery(), at=AT + 4.2) == (State.STALE, "word")
        assert self.judged(celery(period=30.0), at=AT + 60.0) == (State.WAITING, "word")
        assert self.judged(celery(period=30.0), at=AT + 60.2) == (State.STALE, "word")

    def test_who_does_not_know_leaves_it_to_the_next(self) -> None:
        strange = celery(state=State.UNKNOWN, word="??")
        assert self.judged(strange, process(word="running")) == (State.ACTIVE, "running")
        assert self.judged(strange) == (State.UNKNOWN, "??")

    def test_numbers_are_completed_by_others(self) -> None:
        each = grouped(
            [
                celery(work=Work("resize", done=3.0), body=Body(uptime=9.0)),
                sighting("heartbeat", pid=7, host=HERE, work=Work("other", failed=1.0)),
                process(body=Body(parent=1, cpu=0.5, uptime=10.0)),
            ],
            HOSTS,
        )[0]
        assert work_of(each) == Work("resize", done=3.0, failed=1.0)
        assert body_of(each) == Body(parent=1, cpu=0.5, uptime=10.0)

    def test_use_of_models_too(self) -> None:
        each = [
            sighting(usage=Usage("tiny", input=9.0)),
            sighting(usage=None),
            sighting(usage=Usage("other", input=8.0, output=3.0, context=0.5)),
        ]
        assert usage_of(each) == Usage("tiny", input=9.0, output=3.0, context=0.5)
        assert usage_of(each[1:2]) == Usage()


@pytest.mark.parametrize(
    ("system", "word", "has_task", "state"),
    [
        ("rq", "busy", False, State.PROCESSING),
        ("rq", "idle", False, State.WAITING),
        ("rq", "started", False, State.WAITING),
        ("rq", "suspended", False, State.WAITING),
        ("rq", "death", False, State.ERROR),
        ("rq", "absent", True, State.ERROR),
        ("celery", "online", True, State.PROCESSING),
        ("celery", "online", False, State.WAITING),
        ("celery", "lost", True, State.ERROR),
        ("supervisord", "RUNNING", False, State.ACTIVE),
        ("supervisord", "STARTING", False, State.WAITING),
        ("supervisord", "STOPPING", False, State.WAITING),
        ("supervisord", "BACKOFF", False, State.ERROR),
        ("supervisord", "FATAL", False, State.ERROR),
        ("supervisord", "EXITED", False, State.ERROR),
        ("supervisord", "UNKNOWN", False, State.UNKNOWN),
        ("systemd", "active", False, State.ACTIVE),
        ("systemd", "activating", False, State.WAITING),
        ("systemd", "failed", False, State.ERROR),
        ("process", "disk-sleep", False, State.ACTIVE),
        ("process", "gone", False, State.ERROR),
        ("heartbeat", "BUSY", False, State.PROCESSING),
        ("heartbeat", "idle", True, State.PROCESSING),
        ("heartbeat", "crashed", True, State.ERROR),
        ("heartbeat", "dreaming", True, State.UNKNOWN),
    ],
)
def test_the_vocabulary(system: str, word: str, has_task: bool, state: State) -> None:
    assert state_of(system, word, has_task) is state


def test_every_state_of_the_contract_is_a_word_of_heartbeats() -> None:
    assert all(state_of("heartbeat", str(state)) is state for state in State)
    assert "unknown" not in VOCABULARY["heartbeat"]


@pytest.mark.parametrize(
    ("alive", "expected", "word"),
    [(8, 8, "ok"), (6, 8, "ok"), (5, 8, "warning"), (4, 8, "warning"), (3, 8, "critical"), (0, 8, "critical"),
     (3, 4, "ok"), (2, 4, "warning"), (1, 4, "critical"), (1, 1, "ok"), (0, 1, "critical"), (0, None, "ok")],
)  # fmt: skip
def test_fewer_than_expected(alive: int, expected: int | None, word: str) -> None:
    assert level(alive, expected) == word
