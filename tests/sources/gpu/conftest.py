"""Fixtures of the tests of GPUs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def gate() -> Iterator[Callable[[], None]]:
    """A call that does not return before the test is over."""
    released = threading.Event()
    yield lambda: (released.wait(30), None)[1]
    released.set()
