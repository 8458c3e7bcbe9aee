"""The smallest difference that means anything, by unit: what is nearer than this is the same.

Something that hardly ever moves has no spread to compare a movement with, and something that was 0 has no
share of itself; both are compared with this instead.
"""

from __future__ import annotations

_BY_UNIT = {"ratio": 0.01, "s": 0.001, "By": 1024.0**2, "By/s": 10_000.0, "1": 1.0, "1/s": 0.1, "Cel": 1.0, "W": 1.0}


def resolution(unit: str) -> float:
    """The smallest difference that matters, in the unit itself; 1 for a unit that is not known."""
    return _BY_UNIT.get(unit, 1.0)
