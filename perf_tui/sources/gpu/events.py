"""Errors that the NVIDIA driver reports by number (Xid), since the program started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from perf_tui.sources.gpu.driver import Driver

WAIT = 1
"""Milliseconds to wait for an event; 0 is not said to return at once by every driver."""
MOST = 32
"""Events taken in one pass: a GPU in trouble can send more than can be read."""


class XidEvents:
    """An event set on all GPUs. The driver keeps events from its creation on, and gives each once."""

    def __init__(self, driver: Driver, handles: Iterable[tuple[str, Any]]) -> None:
        """`handles` are the label and the handle of each GPU; one that has no such events is left out."""
        self._nvml = driver.nvml
        self._error: type[Exception] = driver.nvml.NVMLError
        self._set: Any = None
        self.watched: dict[int, str] = {}
        """The labels by the addresses of their handles."""
        with suppress(self._error):
            self._set = self._nvml.nvmlEventSetCreate()
            for gpu, handle in handles:
                with suppress(self._error):
                    self._nvml.nvmlDeviceRegisterEvents(handle, self._nvml.nvmlEventTypeXidCriticalError, self._set)
                    self.watched[_address(handle)] = gpu

    def take(self) -> Counter[tuple[str, int]]:
        """The GPU and the number of each new event, how often."""
        found: Counter[tuple[str, int]] = Counter()
        if self.watched:
            with suppress(self._error):  # a timeout: there is none
                for _ in range(MOST):
                    event = self._nvml.nvmlEventSetWait(self._set, WAIT)
                    gpu = self.watched.get(_address(event.device))
                    if gpu is not None and event.eventType == self._nvml.nvmlEventTypeXidCriticalError:
                        found[gpu, int(event.eventData)] += 1
        return found

    def close(self) -> None:
        """Give the set back."""
        if self._set is not None:
            with suppress(self._error):
                self._nvml.nvmlEventSetFree(self._set)
            self._set = None
            self.watched = {}


def _address(handle: Any) -> int:
    """What identifies a GPU: a handle is a pointer into the driver's library."""
    import ctypes

    return ctypes.cast(handle, ctypes.c_void_p).value or 0
