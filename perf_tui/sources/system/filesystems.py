"""Space on file systems. Each remote mount is asked on a thread of its own: a dead server hangs only that."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Failure, Source, SourceError, failure
from perf_tui.measures.counters import share
from perf_tui.measures.model import Sample, Status, Value, absent, ok, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.text import clean

EVERY = 5
"""Space is read on each n-th tick: it changes slowly."""
PATIENCE = 1.0
"""Seconds that a remote file system has to answer."""
MEASURES = ("system.filesystem.used", "system.filesystem.total", "system.filesystem.utilization")

_LOCAL = frozenset(
    ("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "reiserfs", "nilfs2", "vfat", "exfat",
     "ntfs", "ntfs3", "fuseblk", "apfs", "hfsplus", "ufs", "overlay")
)  # fmt: skip
_REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "lustre", "9p", "virtiofs", "afs", "beegfs", "gpfs")
)
# Programs that show something else as a file system, and hold no space.
_PSEUDO = frozenset(("fuse.lxcfs", "fuse.gvfsd-fuse", "fuse.portal", "fuse.snapfuse", "fuse.fuse-overlayfs"))
# Files that container engines mount one by one from the host's disk.
_INJECTED = frozenset(("/etc/hosts", "/etc/hostname", "/etc/resolv.conf"))


@dataclass(frozen=True, slots=True)
class Mount:
    device: str
    path: str
    kind: str

    @property
    def remote(self) -> bool:
        """Whether a server or a program answers for it, and may not."""
        return self.kind in _REMOTE or self.kind.startswith("fuse.")


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes, as statvfs gives them."""

    total: float
    used: float
    free: float
    """Free for users without privileges; less than total - used where some is reserved."""


def parse_mounts(text: str) -> list[Mount]:
    """The mounts worth showing of a mount table: one for each device, under its shortest path."""
    shortest: dict[str, Mount] = {}
    for line in text.split("\n"):  # a path may hold what else str.splitlines splits at
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = Mount(fields[0], _unescaped(fields[1]), fields[2])
        if not _worth_showing(mount):
            continue
        key = mount.path if mount.kind == "overlay" else mount.device
        if key not in shortest or len(mount.path) < len(shortest[key].path):
            shortest[key] = mount
    return list(shortest.values())


def _unescaped(path: str) -> str:
    """The table writes blanks, tabs, newlines, backslashes and hashes as octal, and nothing else."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def _worth_showing(mount: Mount) -> bool:
    if mount.path == "/":
        return mount.kind != "rootfs"
    if mount.kind == "overlay" or mount.path in _INJECTED:
        return False  # overlays elsewhere than at the root are other containers' on a disk that is shown
    return mount.kind in _LOCAL or (mount.remote and mount.kind not in _PSEUDO)


def space(path: str) -> Space:
    """The space of a mounted file system. Raises OSError; may hang when its server is dead."""
    raw = os.statvfs(path)
    return Space(raw.f_blocks * raw.f_frsize, (raw.f_blocks - raw.f_bfree) * raw.f_frsize, raw.f_bavail * raw.f_frsize)


class Filesystems(Source[dict[str, "Space | Failure"]]):
    """Space by mount, or why one could not be read."""

    kind = "system"
    every = EVERY

    def __init__(self, host: Host, name: str = "filesystems") -> None:
        self.name = name
        self._host = host
        self._local = Blocking(name)
        self._remote: dict[str, Blocking] = {}
        self._good: dict[str, tuple[Space, float]] = {}

    async def read(self) -> dict[str, Space | Failure]:
        mounts = await self._local.call(self._mounts)
        remote = {mount.path for mount in mounts if mount.remote}
        for path in self._remote.keys() - remote:
            self._remote.pop(path).close()
        results = await asyncio.gather(
            self._local.call(lambda: self._all([mount.path for mount in mounts if not mount.remote])),
            *(self._patiently(path) for path in sorted(remote)),
        )
        return {path: found for result in results for path, found in result.items()}

    def _mounts(self) -> list[Mount]:
        if LINUX:
            return parse_mounts(self._host.read_proc("self/mounts").decode("utf-8", "surrogateescape"))
        return [Mount(part.device, part.mountpoint, part.fstype) for part in psutil.disk_partitions()]

    @staticmethod
    def _all(paths: list[str]) -> dict[str, Space | Failure]:
        found: dict[str, Space | Failure] = {}
        for path in paths:
            try:
                found[path] = space(path)
            except FileNotFoundError:
                continue  # unmounted since the table was read
            except OSError as error:
                found[path] = failure(error)
        return found

    async def _patiently(self, path: str) -> dict[str, Space | Failure]:
        thread = self._remote.setdefault(path, Blocking(f"mount {path}"))
        try:
            async with asyncio.timeout(PATIENCE):
                return await thread.call(lambda: self._all([path]))
        except (TimeoutError, SourceError):
            return {path: Failure(Status.ERROR, "the file system does not answer")}

    def derive(self, reading: dict[str, Space | Failure], at: float) -> Derived:
        self._good = {
            path: (found, at) if isinstance(found, Space) else self._good[path]
            for path, found in reading.items()
            if isinstance(found, Space) or path in self._good
        }
        samples = [sample for path, found in reading.items() for sample in self._samples(path, found)]
        if not samples:
            samples = [Sample(series(id), absent("no file system with space is mounted here")) for id in MEASURES]
        return Derived(samples)

    def _samples(self, path: str, found: Space | Failure) -> Iterator[Sample]:
        keys = [series(id, mount=clean(path)) for id in MEASURES]
        if isinstance(found, Space):
            values = _values(found)
        elif path in self._good:
            last, at = self._good[path]
            values = [value._replace(status=Status.STALE, reason=found.reason, at=at) for value in _values(last)]
        else:
            values = [Value(None, found.status, found.reason)] * len(keys)
        yield from map(Sample, keys, values)

    async def close(self) -> None:
        for thread in (self._local, *self._remote.values()):
            thread.close()  # kept: one that hangs must go on refusing


def _values(space: Space) -> list[Value]:
    """Used, total and utilization; nothing of a file system without space."""
    if space.total <= 0:
        return []
    return [ok(space.used), ok(space.total), share(space.used, space.used + space.free)]
