"""Blocking calls on a thread that may be lost."""

from __future__ import annotations

import asyncio
import threading
import weakref

import pytest

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import SourceError


def threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"perf-tui {name}"]


async def gone(name: str) -> bool:
    """Whether every thread of that name has ended, or does so soon."""
    for thread in threads(name):
        await asyncio.to_thread(thread.join, 5)
    return not threads(name)


async def test_it_runs_on_one_daemon_thread_of_its_own() -> None:
    blocking = Blocking("one")
    assert not threads("one"), "it begins with the first call"
    first = await blocking.call(threading.current_thread)
    second = await blocking.call(threading.current_thread)
    assert first is second
    assert first is not threading.current_thread()
    assert first.daemon
    blocking.close()
    assert await gone("one")


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyError("x"), SourceError("why")])
async def test_what_the_function_raises_is_raised(error: Exception) -> None:
    def function() -> None:
        raise error

    blocking = Blocking("raising")
    with pytest.raises(type(error)) as caught:
        await blocking.call(function)
    assert caught.value is error
    assert await blocking.call(lambda: 7) == 7
    blocking.close()


@pytest.mark.parametrize(("error", "as_what"), [(SystemExit(3), SourceError), (StopIteration(1), RuntimeError)])
async def test_what_would_end_the_thread_or_confuse_the_loop_is_an_ordinary_error(
    error: BaseException, as_what: type[Exception]
) -> None:
    def function() -> None:
        raise error

    blocking = Blocking("ending")
    with pytest.raises(as_what, match=type(error).__name__):
        await blocking.call(function)
    assert await blocking.call(lambda: 7) == 7
    blocking.close()


async def test_it_refuses_while_a_call_hangs_and_recovers_when_it_returns() -> None:
    blocking, begun, release = Blocking("hanging"), threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        release.wait()
        return "late"

    hanging = asyncio.create_task(blocking.call(hang))
    await asyncio.to_thread(begun.wait)
    with pytest.raises(SourceError, match="has not returned"):
        await blocking.call(lambda: 1)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    with pytest.raises(SourceError, match="has not returned"):
        await blocking.call(lambda: 1)
    release.set()
    while True:
        try:
            assert await blocking.call(lambda: 2) == 2
            break
        except SourceError:
            await asyncio.sleep(0)
    blocking.close()
    assert await gone("hanging")


async def test_closing_while_a_call_hangs_ends_its_thread_once_it_returns() -> None:
    blocking, begun, release = Blocking("closed"), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        release.wait()

    task = asyncio.create_task(blocking.call(hang))
    await asyncio.to_thread(begun.wait)
    blocking.close()
    blocking.close()
    task.cancel()
    with pytest.raises(SourceError):
        await blocking.call(lambda: 1)
    release.set()
    assert await gone("closed")
    assert await blocking.call(lambda: 3) == 3, "a later call begins another thread"
    blocking.close()
    assert await gone("closed")


def test_a_loop_that_has_ended_takes_the_thread_along_with_nothing() -> None:
    blocking, begun, release = Blocking("orphan"), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        release.wait()

    async def give_up() -> None:
        task = asyncio.create_task(blocking.call(hang))
        await asyncio.to_thread(begun.wait)
        task.cancel()

    asyncio.run(give_up())
    release.set()  # the answer finds a closed loop

    async def again() -> int:
        while True:
            try:
                return await blocking.call(lambda: 4)
            except SourceError:
                await asyncio.sleep(0)

    assert asyncio.run(again()) == 4
    blocking.close()
    assert asyncio.run(gone("orphan"))


async def test_nothing_of_a_call_is_kept() -> None:
    class Big:
        pass

    blocking = Blocking("forgetful")
    reference = weakref.ref(await blocking.call(Big))
    await blocking.call(lambda: None)
    assert reference() is None
    blocking.close()
