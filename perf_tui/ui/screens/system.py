"""Screen 3: this machine in full."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.ui.panes.cores import Cores, CpuHistory
from perf_tui.ui.panes.devices import Disks, Filesystems, Networks
from perf_tui.ui.panes.memory import Memory
from perf_tui.ui.panes.processes import Processes
from perf_tui.ui.panes.waits import Connections, Stalls
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane


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


def _small(width: int, top: int, height: int, view: View) -> Plan:
    """For 24 to 30 rows: what is narrow stands side by side, the processes take what is left."""
    left = width // 2
    right = width - left - 1
    above, middle = 5, 4
    rest = height - above - middle
    return {
        "cores": Region(0, top, left, above),
        "memory": Region(left + 1, top, right, above),
        "disks": Region(0, top + above, left, middle),
        "networks": Region(left + 1, top + above, right, middle),
        "processes": Region(0, top + above + middle, width, rest),
    }


def _large(width: int, top: int, height: int, view: View) -> Plan:
    left = width // 2
    right = width - left - 1
    cores = min(6, max(2, 1 + -(-_count(view, "system.cpu.core.utilization") // max(1, left // 30))))
    history = max(4, min(8, height // 6))
    upper = history + cores
    devices = 2 + min(4, max(_count(view, "system.disk.read"), _count(view, "system.network.receive")))
    third = width // 3
    waits = 5
    filesystems = third if width >= 120 else 0
    y = top + upper
    plan = {
        "cpu": Region(0, top, left, history),
        "cores": Region(0, top + history, left, cores),
        "memory": Region(left + 1, top, right, upper),
        "disks": Region(0, y, left, devices),
        "networks": Region(left + 1, y, right, devices),
        "stalls": Region(0, y + devices, third - 1, waits),
        "connections": Region(third, y + devices, width - third - filesystems, waits),
        "processes": Region(0, y + devices + waits, width, top + height - y - devices - waits),
    }
    if filesystems:
        plan["filesystems"] = Region(width - filesystems + 1, y + devices, filesystems - 1, waits)
    return plan
