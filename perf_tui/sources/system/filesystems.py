"""Space on file systems. Each network mount is asked on a thread of its own: a dead server hangs only that."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.measures.counters import share
from perf_tui.measures.model import Sample, Status, Value, ok, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.text import clean

EVERY = 5
"""Space is read on each n-th tick: it changes slowly."""
PATIENCE = 1.0
"""Seconds that a file system has to answer."""

_LOCAL = frozenset(
    ("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "reiserfs", "nilfs2", "vfat", "exfat",
     "ntfs", "ntfs3", "fuseblk", "apfs", "hfsplus", "ufs", "overlay")
)  # fmt: skip
_REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "lustre", "9p", "afs", "beegfs", "gpfs",
     "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.juicefs")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mount:
    device: str
    path: str
    kind: str


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
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[2] not in _LOCAL | _REMOTE:
            continue
        # The table writes blanks, tabs, newlines and backslashes as octal.
        path = fields[1].encode("latin-1", "replace").decode("unicode_escape")
        mount = Mount(fields[0], path.encode("latin-1", "replace").decode("utf-8", "replace"), fields[2])
        key = path if mount.kind == "overlay" else mount.device
        if key not in shortest or len(path) < len(shortest[key].path):
            shortest[key] = mount
    # An overlay is a container's own root; those below are other containers' on the same disk.
    return [mount for mount in shortest.values() if mount.kind != "overlay" or mount.path == "/"]


def space(path: str) -> Space:
    """The space of a mounted file system. Raises OSError; may hang when its server is dead."""
    raw = os.statvfs(path)
    return Space(raw.f_blocks * raw.f_frsize, (raw.f_blocks - raw.f_bfree) * raw.f_frsize, raw.f_bavail * raw.f_frsize)


class Filesystems(Source[dict[str, "Space | str"]]):
    """Space by mount, or the reason why one could not be read."""

    kind = "system"
    every = EVERY

    def __init__(self, host: Host, name: str = "filesystems") -> None:
        self.name = name
        self._host = host
        self._local = Blocking(name)
        self._remote: dict[str, Blocking] = {}

    async def read(self) -> dict[str, Space | str]:
        mounts = await self._local.call(self._mounts)
        remote = [mount for mount in mounts if mount.kind in _REMOTE]
        for path in self._remote.keys() - {mount.path for mount in remote}:
            self._remote.pop(path).close()
        results = await asyncio.gather(
            self._local.call(lambda: self._all([mount.path for mount in mounts if mount.kind not in _REMOTE])),
            *(self._patiently(mount.path) for mount in remote),
        )
        return {path: found for result in results for path, found in result.items()}

    def _mounts(self) -> list[Mount]:
        if LINUX:
            return parse_mounts(self._host.read_proc("self/mounts").decode("utf-8", "surrogateescape"))
        return [Mount(part.device, part.mountpoint, part.fstype) for part in psutil.disk_partitions()]

    @staticmethod
    def _all(paths: list[str]) -> dict[str, Space | str]:
        found: dict[str, Space | str] = {}
        for path in paths:
            try:
                found[path] = space(path)
            except OSError as error:
                found[path] = error.strerror or str(error)
        return found

    async def _patiently(self, path: str) -> dict[str, Space | str]:
        thread = self._remote.setdefault(path, Blocking(f"mount {path}"))
        try:
            async with asyncio.timeout(PATIENCE):
                return await thread.call(lambda: self._all([path]))
        except (TimeoutError, SourceError):
            return {path: "the file system does not answer"}

    def derive(self, reading: dict[str, Space | str], at: float) -> Derived:
        return Derived(list(self._samples(reading)))

    @staticmethod
    def _samples(reading: dict[str, Space | str]) -> Iterator[Sample]:
        for path, found in reading.items():
            mount = clean(path)
            used = series("system.filesystem.used", mount=mount)
            total = series("system.filesystem.total", mount=mount)
            full = series("system.filesystem.utilization", mount=mount)
            if isinstance(found, str):
                for key in (used, total, full):
                    yield Sample(key, Value(None, Status.ERROR, found))
            elif found.total > 0:
                yield Sample(used, ok(found.used))
                yield Sample(total, ok(found.total))
                yield Sample(full, share(found.used, found.used + found.free))
