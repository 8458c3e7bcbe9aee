"""Screen 3: this machine in full."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.ui.panes.cores import Cores, CpuHistory, rows_of
from perf_tui.ui.panes.devices import Disks, Networks
from perf_tui.ui.panes.filesystems import Filesystems
from perf_tui.ui.panes.memory import Memory
from perf_tui.ui.panes.processes import Processes
from perf_tui.ui.panes.waits import Connections, Stalls
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane

CORES = "system.cpu.core.utilization"


class System(LiveScreen):
    """CPU, memory, disks, network, pressure, connections, file systems, processes."""

    name_of = "system"
    first_focus = "processes"
    log_rows = (2, 3, 5)

    def panes(self) -> Sequence[Pane]:
        return (
            CpuHistory("cpu"),
            Cores("cores"),
            Memory("memory"),
            Disks("disks"),
            Networks("networks"),
            Stalls("stalls"),
            Connections("connections"),
            Filesystems("filesystems"),
            Processes("processes"),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        return _small(width, top, height, view) if height < 28 else _large(width, top, height, view)


def _count(view: View, id: str) -> int:
    return max(1, len(view.snapshot.index.get(id, ())))


def _cpu(plan: Plan, x: int, y: int, width: int, height: int, view: View) -> None:
    """The cores in as few rows as show them all, the whole machine's history in what is left above."""
    cores = rows_of(_count(view, CORES), width, max(2, height // 2, height - 5))
    if height - cores < 3:
        cores = height
    else:
        plan["cpu"] = Region(x, y, width, height - cores)
    plan["cores"] = Region(x, y + height - cores, width, cores)


def _small(width: int, top: int, height: int, view: View) -> Plan:
    """For 24 to 30 rows: what is narrow stands side by side, the processes take what is left."""
    left = width // 2
    right = width - left - 1
    above = max(6, height // 3)
    middle = 2 + min(2, _devices(view))
    y = top + above
    plan = {
        "memory": Region(left + 1, top, right, above),
        "disks": Region(0, y, left, middle),
        "networks": Region(left + 1, y, right, middle),
        "processes": Region(0, y + middle, width, height - above - middle),
    }
    _cpu(plan, 0, top, left, above, view)
    return plan


def _devices(view: View) -> int:
    return max(_count(view, "system.disk.read"), _count(view, "system.network.receive"))


def _large(width: int, top: int, height: int, view: View) -> Plan:
    left = width // 2
    right = width - left - 1
    # Many cores get up to two fifths of the screen; the history above them keeps five rows.
    above = max(8, height // 4, 5 + rows_of(_count(view, CORES), left, height * 2 // 5 - 5))
    middle = 2 + min(4, _devices(view))
    waits = 5
    third = width // 3
    spaces = third if width >= 110 else 0
    y = top + above
    below = y + middle
    plan = {
        "memory": Region(left + 1, top, right, above),
        "disks": Region(0, y, left, middle),
        "networks": Region(left + 1, y, right, middle),
        "stalls": Region(0, below, third, waits),
        "connections": Region(third + 1, below, width - third - 1 - spaces, waits),
        "processes": Region(0, below + waits, width, top + height - below - waits),
    }
    if spaces:
        plan["filesystems"] = Region(width - spaces + 1, below, spaces - 1, waits)
    _cpu(plan, 0, top, left, above, view)
    return plan
