"""Which processes of a tree are workers, and which of the others belong to them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from perf_tui.sources.system.processes import Process
from perf_tui.sources.workers.kinds import Tag


def tagged(rows: Sequence[Process], tag: Callable[[str], Tag | None], own: int) -> dict[int, Tag]:
    """Every process that is of some kind of worker, by pid. `own` is this program's."""
    tags = {row.pid: found for row in rows if (found := tag(row.command)) is not None and row.pid != own}
    if not tags:
        return tags
    for row in rows:
        parent = tags.get(row.parent)
        if parent is not None and row.pid not in tags and parent.adopts and parent.adopts.search(row.command):
            tags[row.pid] = parent
    return tags


def selected(tags: Mapping[int, Tag], rows: Mapping[int, Process]) -> list[int]:
    """The pids that are workers: of each tree of one kind those that its unit says."""
    above = {pid: _kin(pid, tag, tags, rows) for pid, tag in tags.items()}
    parents = {parent for parent in above.values() if parent is not None}
    launchers = {pid for pid in parents if tags[pid].wrapper}
    if launchers:
        return selected({pid: tag for pid, tag in tags.items() if pid not in launchers}, rows)
    return [
        pid
        for pid, tag in tags.items()
        if tag.unit == "each"
        or (tag.unit == "top" and above[pid] is None)
        or (tag.unit == "leaves" and pid not in parents)
    ]


def _kin(pid: int, tag: Tag, tags: Mapping[int, Tag], rows: Mapping[int, Process]) -> int | None:
    """The nearest process above of the same kind."""
    for parent in _above(pid, rows):
        other = tags.get(parent)
        if other is not None and other.key == tag.key:
            return parent
    return None


def _above(pid: int, rows: Mapping[int, Process]) -> list[int]:
    """The processes above one, the nearest first. Pids are used again, so that what is read may run in a circle."""
    found: list[int] = []
    row = rows.get(pid)
    while row is not None and row.parent not in found and row.parent != pid:
        found.append(row.parent)
        row = rows.get(row.parent)
    return found


def owners(workers: Sequence[int], rows: Mapping[int, Process]) -> dict[int, int]:
    """The worker that a process belongs to, by pid: the nearest one above, or itself. Others are left out."""
    found: dict[int, int | None] = {pid: pid for pid in workers}
    for pid in rows:
        if pid in found:
            continue
        path = [pid]
        above: int | None = None
        for parent in _above(pid, rows):
            if parent in found:
                above = found[parent]
                break
            path.append(parent)
        for each in path:
            found[each] = above
    return {pid: owner for pid, owner in found.items() if owner is not None}
