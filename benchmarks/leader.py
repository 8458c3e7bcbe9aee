"""The shell that a measured command believes to be started by: leader of a session, owner of its terminal.

A program that leads its session is spared what others meet: when a leader ends, the kernel resets the terminal,
so that nobody could see in which state it was left.

Run as a script, with the terminal at descriptors 0 to 2: `leader.py DESCRIPTOR COMMAND [ARGUMENT ...]`.
Over the socket DESCRIPTOR it says `started PID SECONDS` (of the monotonic clock) and `ended STATUS SECONDS` (as
wait gives it, and of CPU time). It keeps the terminal until the other end of the socket is closed, and then
leaves nothing behind.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import termios
import time

_IGNORED = (signal.SIGHUP, signal.SIGTTOU, signal.SIGTTIN)
"""A shell outlives the hang-up of its terminal, and hands the terminal to its jobs."""
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def main() -> int:
    report = socket.socket(fileno=int(sys.argv[1]))
    report.set_inheritable(False)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        _become(report, sys.argv[2:])
    ended = os.pidfd_open(child)
    if report.fileno() in select.select([report.fileno(), ended], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    try:
        report.sendall(f"ended {status} {used.ru_utime + used.ru_stime:.6f}\n".encode())
        report.recv(1)
    except OSError:
        pass  # nobody listens any more
    return 0


def _become(report: socket.socket, command: list[str]) -> None:
    """In the child: a job of its own in the foreground, with the signals that a shell gives its jobs."""
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in (*_IGNORED, *_IGNORED_BY_PYTHON):
        signal.signal(number, signal.SIG_DFL)
    report.sendall(f"started {os.getpid()} {time.monotonic():.6f}\n".encode())
    try:
        os.execvp(command[0], command)
    except OSError:
        os._exit(127)


if __name__ == "__main__":
    sys.exit(main())
