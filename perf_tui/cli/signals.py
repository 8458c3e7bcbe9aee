"""Signals that ask for the end, as an exception: whoever is at work puts things in order on the way out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from perf_tui.cli.errors import Ended

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_signals() -> Iterator[None]:
    """Within this, the first of SIGNALS raises Ended; the next has its usual effect.

    A signal that the caller had ignored (as nohup does) stays ignored.
    """
    before = {each: signal.getsignal(each) for each in SIGNALS}
    caught = [each for each, handler in before.items() if handler is not signal.SIG_IGN]

    def ended(number: int, frame: FrameType | None) -> None:
        for each in caught:
            signal.signal(each, signal.SIG_DFL)
        raise Ended(number)

    for each in caught:
        signal.signal(each, ended)
    try:
        yield
    finally:
        for each in caught:
            signal.signal(each, before[each])
