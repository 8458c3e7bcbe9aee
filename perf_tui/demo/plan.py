"""Where everything of one demo is: its folder and its ports."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import msgspec

from perf_tui.demo import model
from perf_tui.demo.parts import free_ports

PLAN = "plan.json"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """It travels to the processes of the demo as a file."""

    folder: str
    shop_port: int
    pricing_port: int
    tasks_port: int
    model_port: int | None
    """None: there is no model server."""
    seed: int = 1

    @classmethod
    def in_folder(cls, folder: Path, seed: int = 1) -> Self:
        """One with free ports."""
        shop, pricing, tasks, served = free_ports(4)
        return cls(
            folder=str(folder),
            shop_port=shop,
            pricing_port=pricing,
            tasks_port=tasks,
            model_port=None if model.missing() else served,
            seed=seed,
        )

    @property
    def shop(self) -> str:
        """The address of the shop."""
        return _url(self.shop_port)

    @property
    def pricing(self) -> str:
        """The address of the service that it depends on."""
        return _url(self.pricing_port)

    @property
    def tasks(self) -> str:
        """The address of the queue."""
        return _url(self.tasks_port)

    @property
    def model(self) -> str | None:
        """The address of the model server, if there is one."""
        return None if self.model_port is None else _url(self.model_port)

    def file(self, name: str) -> str:
        """The path of a file in the folder."""
        return str(Path(self.folder) / name)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
