"""Processes of the demo, from the side of whoever starts them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

_PATIENCE = 2.0
"""Seconds that a process has to end by itself."""


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses at the moment."""
    with ExitStack() as held:
        servers = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(server.getsockname()[1]) for server in servers]


class Part:
    """One process. It ends with the process, and on Linux with the thread, that started it."""

    def __init__(self, name: str, *words: str, listen: bool = False) -> None:
        """`name` is a module of this package, `words` its arguments; `listen` keeps what it prints for `said`."""
        self.name = name
        home, _, python = sys.executable.rpartition(os.sep)
        self.process = subprocess.Popen(
            # By its name alone, so that process tables show what it runs, and not where Python is installed. As
            # it looks for itself in the search path then, that begins where it is.
            [python, "-m", f"perf_tui.demo.{name}", *words],
            executable=sys.executable,
            env={**os.environ, "PATH": os.pathsep.join([home, os.environ.get("PATH", os.defpath)])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if listen else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a terminal's Ctrl+C is for whoever started it, who then ends it
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def tell(self, **levers: Any) -> None:
        """Move its levers. One that has ended is told nothing."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError, ValueError):  # it has ended, or was ended here
            self.process.stdin.write(json.dumps(levers).encode() + b"\n")
            self.process.stdin.flush()

    def release(self) -> None:
        """Let go of it: it ends by itself."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def end(self) -> None:
        """End it, and wait for that."""
        self.release()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
