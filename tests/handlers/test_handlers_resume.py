"""What handlers have not delivered when the program ends, they deliver when it begins again: once, and first."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest
from handler_play import WALL, line

from perf_tui.engine.alerts.model import Change, Level, Transition
from perf_tui.engine.source import SourceError
from perf_tui.handlers import dispatch
from perf_tui.handlers.dispatch import TOGETHER, Dispatcher
from perf_tui.handlers.handler import Batch, Handler
from perf_tui.handlers.ledger import Ledger

SOON = 10.0


class Recorder(Handler):
    kind = "recorder"
    name = "a/b ü"

    def __init__(self, broken: bool = False, every: float | None = None) -> None:
        self.broken, self.every = broken, every
        self.got: Queue[Batch] = Queue()
        self.tried = threading.Event()

    def deliver(self, batch: Batch) -> None:
        self.tried.set()
        if self.broken:
            raise SourceError("not now")
        self.got.put(batch)

    @property
    def numbers(self) -> list[int]:
        """The lines that have arrived so far."""
        return [line.number for batch in list(self.got.queue) for line in batch.lines]


def lines(*numbers: int, **changes: object) -> list[Transition]:
    return [replace(line(), number=number, **changes) for number in numbers]  # type: ignore[arg-type]


def run(
    folder: Path, handler: Recorder, log: list[Transition], *ticks: list[Transition], known: bool = True
) -> Dispatcher:
    """One run of the program."""
    post = Dispatcher([handler], "web-1", folder)
    if known:
        post.resume(log)
    for number, new in enumerate(ticks):
        post.tick(new, [], number * TOGETHER, WALL)
    if not ticks:
        post.close()
    return post


def test_what_failed_is_told_by_the_next_and_what_arrived_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "FIRST_PAUSE", 60.0)
    first = Recorder()
    post = run(tmp_path, first, [], lines(1, 2))
    assert first.got.get(timeout=SOON)
    post.close()
    second = Recorder(broken=True)
    post = run(tmp_path, second, lines(1, 2), lines(3))
    assert second.tried.wait(SOON)
    post.close()
    third = Recorder()
    post = run(tmp_path, third, lines(1, 2, 3), lines(4))
    assert [each.number for each in third.got.get(timeout=SOON).lines] == [3]
    assert [each.number for each in third.got.get(timeout=SOON).lines] == [4]
    post.close()
    fourth = Recorder()
    run(tmp_path, fourth, lines(1, 2, 3, 4))
    assert fourth.numbers == []


def test_what_never_left_the_queue_goes_out_later(tmp_path: Path) -> None:
    first = Recorder()
    post = run(tmp_path, first, [], lines(1))
    assert first.got.get(timeout=SOON)
    post.tick(lines(2), [], 1.0, WALL)  # it waits for what comes within five seconds
    post.close()
    second = Recorder()
    run(tmp_path, second, lines(1, 2))
    assert second.numbers == [2]


def test_the_first_time_nothing_old_is_told(tmp_path: Path) -> None:
    first, second = Recorder(), Recorder()
    run(tmp_path, first, lines(1, 2, 3))
    run(tmp_path, second, lines(1, 2, 3, 4))
    assert (first.numbers, second.numbers) == ([], [4])


def test_what_does_not_concern_it_is_not_told_later_either(tmp_path: Path) -> None:
    run(tmp_path, Recorder(), [])
    handler = Recorder()
    handler.least = Level.CRITICAL
    log = [*lines(1), *lines(2, quiet="silenced"), *lines(3, level=Level.WARNING), *lines(4, change=Change.CLEARED)]
    run(tmp_path, handler, log)
    assert handler.numbers == [1, 4]


def test_a_log_that_began_anew_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    run(tmp_path, Recorder(), lines(*range(1, 101)))
    handler = Recorder()
    run(tmp_path, handler, lines(1, 2))
    assert handler.numbers == []
    again = Recorder()
    run(tmp_path, again, lines(1, 2, 3))
    assert again.numbers == [3]


def test_without_a_memory_and_for_those_who_tell_what_is_nothing_is_written(tmp_path: Path) -> None:
    handler = Recorder()
    post = run(tmp_path / "a", handler, [], lines(1), known=False)
    assert handler.got.get(timeout=SOON)
    post.close()
    beating = Recorder(every=60.0)
    post = run(tmp_path / "a", beating, lines(1), lines(2))
    assert beating.got.get(timeout=SOON)
    post.close()
    assert not (tmp_path / "a").exists()


def test_a_disk_that_does_not_take_it_delays_and_prevents_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    handler = Recorder()
    post = run(tmp_path / "file", handler, [], lines(1))
    assert handler.got.get(timeout=SOON)
    post.close()


def test_a_ledger_that_is_no_number_is_none(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "x/../y")
    assert ledger.read() is None
    ledger.write(7, sync=True)
    (path,) = tmp_path.iterdir()
    assert (path.parent, Ledger(tmp_path, "x/../y").read()) == (tmp_path, 7)
    path.write_text("seven")
    assert Ledger(tmp_path, "x/../y").read() is None
