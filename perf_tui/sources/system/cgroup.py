"""Limits of the container that this runs in, from cgroup v2 or v1.

Only the root of the cgroup tree *as this process sees it* counts: inside a container that root
carries the container's limits; on a machine without one it carries none. The limits of perf-tui's
own service unit are not the machine's.
"""

from __future__ import annotations

from dataclasses import dataclass

from perf_tui.sources.system.host import Host


@dataclass(frozen=True, slots=True)
class CpuQuota:
    """A CPU limit and what was used of it."""

    cores: float
    used: float
    """CPU seconds since the container began."""


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """A memory limit in bytes and how the memory below it is used."""

    total: float
    used: float
    """Without page cache that can be dropped at once, as container tools count it."""
    cached: float


def cpu_quota(host: Host, cores: int) -> CpuQuota | None:
    """The container's CPU quota, or None where it has none below the machine's `cores`."""
    quota = _quota_v2(host) or _quota_v1(host)
    return quota if quota is not None and 0 < quota.cores < cores else None


def _quota_v2(host: Host) -> CpuQuota | None:
    try:
        quota, period = host.read_sys("fs/cgroup/cpu.max").split()[:2]
        if quota == b"max":
            return None
        used = _fields(host.read_sys("fs/cgroup/cpu.stat"))["usage_usec"] / 1e6
        return CpuQuota(float(quota) / float(period), used)
    except (OSError, ValueError, KeyError, ZeroDivisionError):
        return None


def _quota_v1(host: Host) -> CpuQuota | None:
    quota = host.sys_number("fs/cgroup/cpu/cpu.cfs_quota_us")
    period = host.sys_number("fs/cgroup/cpu/cpu.cfs_period_us")
    used = host.sys_number("fs/cgroup/cpuacct/cpuacct.usage")
    if quota is None or quota <= 0 or not period or used is None:
        return None
    return CpuQuota(quota / period, used / 1e9)


def memory_limit(host: Host, physical: float) -> MemoryLimit | None:
    """The container's memory limit, or None where it has none below the physical memory."""
    for limit, usage, stat, reclaimable in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
    ):
        total = host.sys_number(f"fs/cgroup/{limit}")
        current = host.sys_number(f"fs/cgroup/{usage}")
        if total is None or current is None or not 0 < total < physical:
            continue
        try:
            fields = _fields(host.read_sys(f"fs/cgroup/{stat}"))
        except (OSError, ValueError):
            fields = {}
        cached = fields.get("file", fields.get("total_cache", 0.0))
        return MemoryLimit(total, max(0.0, current - fields.get(reclaimable, 0.0)), cached)
    return None


def _fields(text: bytes) -> dict[str, float]:
    pairs = (line.split() for line in text.decode().splitlines())
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2}
