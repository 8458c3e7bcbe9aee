"""The eight workers, and what each of them is given to do."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NamedTuple


class Role(NamedTuple):
    """One worker."""

    name: str
    title: str
    tasks: tuple[str, ...]
    """Names of tasks that are its own."""

    def facts(self, folder: Path) -> dict[str, str]:
        """What every heartbeat says of it; the folder is that of the demo."""
        log = str(folder / f"{self.name}.log")
        return {"host": socket.gethostname(), "role": self.title, "queue": self.name.lower(), "log": log}


ROLES = (
    Role("PRESIDENT", "decides what matters", ("decide: budget", "decide: priorities")),
    Role("COORDINATOR", "hands work around", ("assign: tickets", "collect: answers")),
    Role("ANALYST", "reads the numbers", ("report: sales", "compare: weeks")),
    Role("ARCHITECT", "draws the plans", ("review: design", "sketch: interface")),
    Role("DATA_ENG", "moves the data", ("transform: orders", "load: prices")),
    Role("SECURITY", "looks for holes", ("audit: access", "scan: packages")),
    Role("PM", "keeps the list short", ("plan: sprint", "write: story")),
    Role("DEVOPS", "keeps it running", ("deploy: canary", "rotate: keys")),
)
BY_NAME = {role.name: role for role in ROLES}
