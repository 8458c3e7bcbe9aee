"""What befalls the parts of a demo: each incident begins, lasts for a time, and is over by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from perf_tui.demo.cast import Cast

USUAL = 45.0
"""Seconds that an incident lasts."""
_DELAY, _FAILING, _CLIENTS = 0.7, 0.5, 24
_VICTIM = "DATA_ENG"


class Incident(NamedTuple):
    """One kind of trouble."""

    name: str
    title: str
    raises: tuple[str, ...]
    """The names of the demo's alert rules of which at least one tells of it; the first is about nothing else."""
    begin: Callable[[Cast, float], None]
    """Does it; the number is for how many seconds."""
    end: Callable[[Cast], None]
    """Takes it back."""
    needs_model: bool = False


def _flood(cast: Cast, clients: int) -> None:
    if cast.load is not None:
        cast.load.tell(flood=clients)


def _nothing(cast: Cast) -> None:
    """It ends by itself."""


INCIDENTS = (
    Incident(
        "slow-dependency", "the pricing service takes its time", ("shop is slow",),
        lambda cast, seconds: cast.pricing.tell(delay=_DELAY),
        lambda cast: cast.pricing.tell(delay=0),
    ),
    Incident(
        "full-cache", "too many ask the model server, with long prompts", ("requests wait", "slots are full"),
        lambda cast, seconds: _flood(cast, _CLIENTS),
        lambda cast: _flood(cast, 0),
        needs_model=True,
    ),
    Incident(
        "dead-worker", f"{_VICTIM} is killed", ("worker is down",),
        lambda cast, seconds: cast.crew.tell(kill=_VICTIM, down=seconds),
        _nothing,  # it is started anew then
    ),
    Incident(
        "failing-requests", "the pricing service fails half of the time", ("shop fails",),
        lambda cast, seconds: cast.pricing.tell(failing=_FAILING),
        lambda cast: cast.pricing.tell(failing=0),
    ),
    Incident(
        "runaway-task", "a task that computes without end", ("worker is busy",),
        lambda cast, seconds: cast.hand_out(name="reindex: everything", spin=seconds),
        _nothing,
    ),
)  # fmt: skip
BY_NAME = {incident.name: incident for incident in INCIDENTS}


def chosen(which: str, model: bool) -> list[Incident]:
    """Those of `all`, of `off`, or of names with commas between them; `model` says whether there is a model server.

    Raises ValueError for a name that there is not.
    """
    if which in ("all", "off"):
        found = list(INCIDENTS) if which == "all" else []
    else:
        names = which.split(",")
        if unknown := [name for name in names if name not in BY_NAME]:
            raise ValueError(f"there is no incident {unknown[0]!r}; known: all, off, {', '.join(BY_NAME)}")
        found = [BY_NAME[name] for name in names]
    return [incident for incident in found if model or not incident.needs_model]
