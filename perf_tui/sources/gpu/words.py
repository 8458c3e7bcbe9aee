"""What bits and numbers mean, in a few words: why clocks are low, errors of the memory and of the driver."""

from __future__ import annotations

from perf_tui.measures.gpus import Throttle, Xid

IDLE = 0x1
"""The bit that says that the clocks are low because there is nothing to do: no throttling."""

HARDWARE = 0x8
"""Set together with the bits that say which; the general word is left out then."""

REASONS: tuple[tuple[int, Throttle], ...] = (
    (0x40, Throttle("too hot (hardware)", "warning")),
    (0x80, Throttle("power brake", "warning")),
    (0x20, Throttle("too hot", "warning")),
    (HARDWARE, Throttle("hardware slowdown", "warning")),
    (0x400, Throttle("reliability limit", "warning")),
    (0x200, Throttle("board limit", "info")),
    (0x4, Throttle("power limit", "info")),
    (0x10, Throttle("sync boost", "info")),
    (0x2, Throttle("clocks are set", "info")),
    (0x100, Throttle("display clocks", "info")),
)
"""NVML's bits, the worst first. The numbers are part of its binary interface and never change."""

_MEANINGS = {
    13: "a program made a graphics engine exception",
    31: "a program accessed memory that is not its own",
    32: "a corrupted command stream",
    38: "the driver's firmware failed",
    43: "a program's channel was stopped",
    45: "a program's channels were taken down",
    48: "a memory error that could not be corrected",
    61: "an internal controller stopped",
    62: "an internal controller halted",
    63: "a memory row was retired",
    64: "a memory row could not be retired",
    69: "a program made a graphics engine class error",
    74: "an NVLink error",
    79: "it fell off the bus",
    92: "many corrected memory errors",
    94: "a memory error that was contained",
    95: "a memory error that was not contained",
    119: "its system processor does not answer",
    120: "its system processor failed",
}


def reasons(bits: int) -> tuple[Throttle, ...]:
    """What the bits say, the worst first."""
    if bits & (0x40 | 0x80):
        bits &= ~HARDWARE
    return tuple(throttle for bit, throttle in REASONS if bits & bit)


def xid(code: int, times: int) -> Xid:
    """An error number with its meaning."""
    return Xid(code, times, _MEANINGS.get(code, ""))


def memory_errors(count: float) -> str:
    """A notice of errors that could not be corrected."""
    what = "a memory error" if count == 1 else f"{count:.0f} memory errors"
    return f"{what} that could not be corrected since the driver was loaded"
