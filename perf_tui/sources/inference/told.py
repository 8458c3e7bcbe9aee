"""What JSON endpoints told: series for the profiles, and the slots of a server that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from perf_tui.measures.engines import Slot

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Told(NamedTuple):
    """One endpoint's answer, or that of several."""

    lines: tuple[str, ...] = ()
    """Series in the text format, without line ends."""
    slots: tuple[Slot, ...] = ()
    notices: tuple[str, ...] = ()
    """Sentences that a reader of the numbers should know."""

    @property
    def text(self) -> str:
        """The series as a body, or the beginning of one."""
        return "".join(line + "\n" for line in self.lines)


def joined(parts: Iterable[Told]) -> Told:
    """All of them as one."""
    each = list(parts)
    return Told(
        tuple(line for part in each for line in part.lines),
        tuple(slot for part in each for slot in part.slots),
        tuple(notice for part in each for notice in part.notices),
    )


def line(name: str, number: float, **labels: str) -> str:
    """A series in the text format."""
    pairs = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in labels.items())
    return f"{name}{{{pairs}}} {number!r}" if pairs else f"{name} {number!r}"
