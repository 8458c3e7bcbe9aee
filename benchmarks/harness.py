"""A command on a pseudo-terminal of its own: run it, press keys, look at its screen, take the terminal away.

Nothing here sleeps: every wait is for output, for an end, or for a deadline. While no method is waiting, nobody
reads the terminal; a terminal that has stalled is one on which no method is called.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import accounting
from benchmarks.emulator import Emulator

_LEADER = Path(__file__).with_name("leader.py")
_KEYS = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "up": "\x1b[A", "down": "\x1b[B",
    "right": "\x1b[C", "left": "\x1b[D", "ctrl+c": "\x03", "ctrl+p": "\x10", "ctrl+z": "\x1a", "f1": "\x1bOP",
}  # fmt: skip
_NOT_INHERITED = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")
"""What would make a terminal, or the start of a program, another one than a person's."""

Wanted = str | Callable[["Terminal"], bool]
"""A regular expression that the screen must come to hold, or a question about the terminal."""


class Terminal:
    """Starts `command`; as a context manager, ends everything that it started."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str | None] | None = None,
        folder: str | Path | None = None,
    ) -> None:
        """`environment` is laid over this process's own; None takes a variable away."""
        self.raw = bytearray()
        """All that the command has sent."""
        self.emulating = True
        """Whether output is drawn on the emulated screen; measurements spare themselves that."""
        self._emulator = Emulator(columns, rows)
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        self._set_size(columns, rows)
        self.state_before = self.state
        """The terminal's settings before the command ran."""
        self._reports, theirs = socket.socketpair()
        self._said = b""
        self._status: int | None = None
        self._cpu_in_all = 0.0
        try:
            self._leader = subprocess.Popen(
                # Named as briefly as possible: it stands in the process tables that are tested and photographed.
                ["python", "-I", "-S", _leader(folder), str(theirs.fileno()), *command],
                executable=sys.executable,
                stdin=self._slave,
                stdout=self._slave,
                stderr=self._slave,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd=folder,
                env=surroundings(environment or {}),
            )
        except BaseException:
            self._close_descriptors()
            raise
        finally:
            theirs.close()
        try:
            words = self._report("started").split()
            self.pid, self.started = int(words[0]), float(words[1])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- looking

    @property
    def screen(self) -> Any:
        """The emulated screen, a pyte.Screen."""
        return self._emulator.screen

    @property
    def lines(self) -> list[str]:
        """The emulated screen's rows."""
        return self._emulator.lines

    @property
    def text(self) -> str:
        """The emulated screen."""
        return self._emulator.text

    @property
    def state(self) -> list[Any]:
        """The terminal's settings, as termios has them, and whether its descriptors block."""
        blocking = not fcntl.fcntl(self._slave, fcntl.F_GETFL) & os.O_NONBLOCK
        return [*termios.tcgetattr(self._slave), blocking]

    @property
    def ended(self) -> bool:
        """Whether the command is known to have ended."""
        return self._status is not None

    @property
    def elapsed(self) -> float:
        """Seconds since the command was started."""
        return time.monotonic() - self.started

    def wait_for(self, wanted: Wanted, timeout: float = 10.0) -> float:
        """Read until the screen holds `wanted`; returns the seconds since the start of the command.

        Raises TimeoutError with the screen in its message; EOFError where the command ended before.
        """
        holds = wanted if callable(wanted) else _pattern(wanted)
        deadline = time.monotonic() + timeout
        while not holds(self):
            if self.ended:
                raise EOFError(f"ended with {self._status} before it showed {wanted!r}:\n{self.text}")
            if not self._turn(deadline):
                raise TimeoutError(f"{wanted!r} did not appear within {timeout:g} s:\n{self.text}")
        return self.elapsed

    def read_for(self, seconds: float) -> None:
        """Read whatever comes for so long, or until the command ends."""
        deadline = time.monotonic() + seconds
        while not self.ended and self._turn(deadline):
            pass

    def exit_code(self, timeout: float = 10.0, *, reading: bool = True) -> int:
        """Wait for the end: the exit code, or minus the signal that killed the command.

        Not `reading` leaves the terminal stalled meanwhile, and what was written unread.
        Raises TimeoutError where it does not end.
        """
        deadline = time.monotonic() + timeout
        while self._status is None:
            if not self._turn(deadline, reading):
                raise TimeoutError(f"it did not end within {timeout:g} s:\n{self.text}")
        if reading and self._master >= 0:
            self._take_output()
        return os.waitstatus_to_exitcode(self._status)

    # -- acting

    def press(self, *keys: str) -> None:
        """Type keys: their names, or text as it stands."""
        os.write(self._master, "".join(_KEYS.get(key, key) for key in keys).encode())

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the kernel tells the command."""
        self._emulator.resize(columns, rows)
        self._set_size(columns, rows)

    def signal(self, number: signal.Signals) -> None:
        """Send the command a signal."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Take the terminal away, without a word to the command: as when a connection breaks."""
        for descriptor in (self._slave, self._master):
            os.close(descriptor)
        self._slave = self._master = -1

    # -- what it costs

    def processes(self) -> list[int]:
        """The command and all that it started."""
        return accounting.session(self._leader.pid)

    def cpu_seconds(self) -> float:
        """CPU seconds that they have used; once the command has ended, what it used in all."""
        if self.ended:
            return self._cpu_in_all
        return accounting.cpu_seconds(self.processes())

    def pss_bytes(self) -> int:
        """Memory that they hold."""
        return accounting.pss_bytes(self.processes())

    # -- the end

    def close(self) -> None:
        """End what still runs, and let go of everything."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._close_descriptors()
        self._leader.wait()

    def _close_descriptors(self) -> None:
        self._reports.close()
        for descriptor in (self._slave, self._master):
            if descriptor >= 0:
                os.close(descriptor)
        self._slave = self._master = -1

    # -- inside

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _turn(self, deadline: float, reading: bool = True) -> bool:
        """Wait for output or for the end, and take it; False once the deadline has passed."""
        watched: list[Any] = [self._reports]
        if reading and self._master >= 0:
            watched.append(self._master)
        left = deadline - time.monotonic()
        ready = select.select(watched, [], [], max(0.0, left))[0]
        if self._master in ready:
            self._take_output()
        if self._reports in ready:
            status, seconds = self._report("ended").split()
            self._status, self._cpu_in_all = int(status), float(seconds)
            if reading and self._master >= 0:
                self._take_output()
        return bool(ready) or left > 0

    def _take_output(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, 1 << 16)
            except BlockingIOError:
                return
            self.raw += chunk
            if self.emulating:
                answer = self._emulator.feed(chunk)
                if answer:
                    os.write(self._master, answer)

    def _report(self, kind: str) -> str:
        """The leader's next line, which must be of this kind."""
        while b"\n" not in self._said:
            data = self._reports.recv(256)
            if not data:
                raise ChildProcessError("the session's leader is gone")
            self._said += data
        line, self._said = self._said.split(b"\n", 1)
        word, _, rest = line.decode().partition(" ")
        if word != kind:
            raise ChildProcessError(f"the session's leader said {word!r}, not {kind!r}")
        return rest


def _leader(folder: str | Path | None) -> str:
    return str(_LEADER) if folder is not None else os.path.relpath(_LEADER)


def _pattern(text: str) -> Callable[[Terminal], bool]:
    pattern = re.compile(text)
    return lambda terminal: pattern.search(terminal.text) is not None


def surroundings(over: Mapping[str, str | None]) -> dict[str, str]:
    """The environment of a person at a terminal of today, with `over` laid over it; None takes a variable away."""
    chosen: dict[str, str | None] = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    chosen |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **over}
    return {name: value for name, value in chosen.items() if value is not None}
