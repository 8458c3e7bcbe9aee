"""Following a log as it grows, through rotation and truncation, on a thread that may block."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress

from perf_tui.measures.model import Status
from perf_tui.text import clean

BLOCK = 128 * 1024
"""Bytes that are handed on at once: few enough that other threads are not kept waiting."""
LONGEST_LINE = 64 * 1024
"""A line that is longer is dropped; servers cut their lines far below that."""
LOOK_BACK = 64 * 1024
"""Bytes before the place where reading begins, by which the format is recognised."""
_HEAD = 1024


class TailError(Exception):
    """The log cannot be followed now; the next attempt may succeed."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Budget:
    """How much one reading may take: bytes, and seconds on `clock`."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float]) -> None:
        self._left = size
        self._clock = clock
        self._until = clock() + seconds

    def spend(self, size: int) -> None:
        """Note that so many bytes were read."""
        self._left -= size

    @property
    def spent(self) -> bool:
        """Whether to stop here."""
        return self._left <= 0 or self._clock() >= self._until


class Follower:
    """One open file and the place in it. A file is known by its inode and by how it begins."""

    def __init__(self, path: str, at_end: bool) -> None:
        """Raises OSError."""
        # A file object, so that one which is forgotten (its reading hung) is closed all the same.
        self._file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0)
        self._fd = self._file.fileno()
        try:
            found = os.fstat(self._fd)
            if not stat.S_ISREG(found.st_mode):  # it was one a moment ago
                raise OSError(0, "it is not a file any more")
            self.key = (found.st_dev, found.st_ino)
            self.offset = 0
            self.before = b""
            """Whole lines before the place where reading began."""
            self.dropped: list[bytes] = []
            """How lines that were too long begin."""
            self._rest = b""
            self._skipping = False
            if at_end and found.st_size:
                self._begin_at(found.st_size)
            self._head = os.pread(self._fd, min(_HEAD, self.offset), 0)
        except BaseException:
            self._file.close()
            raise

    def _begin_at(self, size: int) -> None:
        start = max(0, size - LOOK_BACK)
        seen = os.pread(self._fd, size - start, start)
        self.offset = start + len(seen)
        end = seen.rfind(b"\n") + 1
        # The beginning of a line that is being written belongs to the line that will follow.
        if end or start == 0:
            self._rest = seen[end:]
        else:
            self._skipping = True
        first = seen.find(b"\n") + 1 if start else 0
        self.before = seen[first:end]

    @property
    def behind(self) -> int:
        """Bytes that wait to be read."""
        return max(0, os.fstat(self._fd).st_size - self.offset)

    def restarted(self) -> bool:
        """Whether the file was emptied and begun anew; reading then goes on at its new beginning."""
        size = os.fstat(self._fd).st_size
        head = os.pread(self._fd, len(self._head), 0)
        if size >= self.offset and head == self._head:
            return False
        self._head = head
        # A writer that does not append goes on at its old place, after a hole of zeros.
        if size >= self.offset and head.startswith(b"\0"):
            return True
        self.offset, self._rest, self._skipping, self._head = 0, b"", False, b""
        return True

    def blocks(self, budget: Budget) -> Iterator[bytes]:
        """Whole lines, up to the end of the file or of the budget; a line without an end is kept for later."""
        while not budget.spent and (data := os.pread(self._fd, BLOCK, self.offset)):
            self.offset += len(data)
            budget.spend(len(data))
            if self._skipping:
                _, feed, data = data.partition(b"\n")
                self._skipping = not feed
            end = data.rfind(b"\n") + 1
            if end:
                block, self._rest = self._rest + data[:end], data[end:]
            else:
                block, self._rest = b"", self._rest + data
            if len(self._rest) > LONGEST_LINE:
                self.dropped.append(self._rest[:_HEAD])
                self._rest, self._skipping = b"", True
            if block:
                yield block
        if len(self._head) < _HEAD and len(self._head) < self.offset:
            self._head = os.pread(self._fd, min(_HEAD, self.offset), 0)

    def close(self) -> bytes:
        """Close the file; returns its last line, if that never was completed."""
        self._file.close()
        return self._rest + b"\n" if self._rest else b""


class Tail:
    """The log at a path: its file, and while it is being rotated the one before."""

    def __init__(self, path: str, *, whole: bool = False) -> None:
        """`whole`: read what stands in it, too, not only what comes from now on."""
        self.path = os.path.expanduser(path)
        self._whole = whole
        self.before = b""
        """Whole lines that stood in the file before the place where reading began."""
        self.begun = False
        """Whether the last reading only found where to begin: what was written before it is not known."""
        self.behind = 0
        """Bytes that the last reading left for the next."""
        self.restarts = 0
        """How often the file was emptied or replaced."""
        self._current: Follower | None = None
        self._leaving: Follower | None = None
        self._missing = False

    def blocks(self, budget: Budget) -> Iterator[bytes]:
        """Whole new lines, oldest first. Raises TailError, at the latest after the last of them."""
        try:
            yield from self._blocks(budget)
        except OSError as error:
            # A handle that went bad (a network mount, a disk) is not used again.
            self.close()
            raise TailError(Status.ERROR, f"{clean(self.path)}: {error.strerror or error}") from None

    def _blocks(self, budget: Budget) -> Iterator[bytes]:
        if self._current is None:
            # A file that was not there before is new from its first line on; of one that was,
            # only what comes from now on.
            self.begun = not self._missing and not self._whole
            self._current = self._open(at_end=self.begun)
            self.before = self._current.before
        else:
            self.begun = False
        there = self._identity()
        if self._leaving is not None:
            yield from self._finish(self._leaving, budget)
        if self._current.restarted():
            self.restarts += 1
        place = self._current.offset
        yield from self._current.blocks(budget)
        if there is not None and there != self._current.key and not self._current.behind:
            # The old file has been read to its end after the new one was seen: nothing is lost between
            # them. It stays open a little longer, as servers go on writing to it until they reopen.
            arrived = self._open(at_end=False)
            if self._leaving is not None:
                yield from self._end(self._leaving)
            self._leaving, self._current = self._current, arrived
            self.restarts += 1
            yield from self._current.blocks(budget)
        self.behind = self._current.behind + (self._leaving.behind if self._leaving else 0)
        gone = there is None and self._current.offset == place
        if gone and self._missing:  # twice in a row, and nothing new in the old file: this is no rotation
            raise TailError(Status.ERROR, self._no_file())
        self._missing = gone

    def _finish(self, leaving: Follower, budget: Budget) -> Iterator[bytes]:
        place = leaving.offset
        yield from leaving.blocks(budget)
        if leaving.offset == place and not budget.spent:
            self._leaving = None
            yield from self._end(leaving)

    @staticmethod
    def _end(follower: Follower) -> Iterator[bytes]:
        if rest := follower.close():
            yield rest

    def _identity(self) -> tuple[int, int] | None:
        """The inode of what is at the path; None where there is nothing."""
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _open(self, at_end: bool) -> Follower:
        try:
            mode = os.stat(self.path).st_mode
            # Opening a pipe or a device may do something; a log is a file, or a link to one.
            if not stat.S_ISREG(mode):
                raise TailError(Status.ERROR, f"{clean(self.path)} is {_kind(mode)}, not a file")
            return Follower(self.path, at_end)
        except (FileNotFoundError, NotADirectoryError):
            self._missing = True
            raise TailError(Status.ERROR, self._no_file()) from None
        except PermissionError:
            raise TailError(Status.DENIED, _denied(self.path)) from None

    def _no_file(self) -> str:
        return f"there is no file {clean(self.path)}; it is read as soon as it is there"

    def take_dropped(self) -> list[bytes]:
        """How the lines begin that were too long, since the last call."""
        dropped: list[bytes] = []
        for follower in (self._leaving, self._current):
            if follower is not None:
                dropped += follower.dropped
                follower.dropped.clear()
        return dropped

    def close(self) -> None:
        """Close what is open."""
        for follower in (self._leaving, self._current):
            if follower is not None:
                with suppress(OSError):
                    follower.close()
        self._leaving = self._current = None


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def _denied(path: str) -> str:
    name = clean(path)
    try:
        found = os.stat(path)
        owner, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name
    except OSError:
        return f"no permission to read {name}: this user may not enter a folder on the way to it"
    except KeyError:
        return f"no permission to read {name}: it belongs to a user or group that this system does not know"
    if found.st_mode & stat.S_IRGRP:
        return f"no permission to read {name}: members of the group {group} have it"
    return f"no permission to read {name}: only its owner {owner} has it"
