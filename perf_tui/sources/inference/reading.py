"""Taking things out of JSON that somebody else wrote: whatever is not as expected is not there."""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec

LONGEST = 400
"""Characters of a text."""


def decoded(body: bytes) -> Any:
    """The value of a JSON document, or None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def under(value: Any, key: str) -> Any:
    """What stands under `key` of an object."""
    return value.get(key) if isinstance(value, dict) else None


def each(value: Any) -> list[Any]:
    """The elements of an array."""
    return value if isinstance(value, list) else []


def number(value: Any, key: str) -> float | None:
    """A number that is not negative: -1 stands for none everywhere."""
    found = under(value, key)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    try:
        amount = float(found)
    except OverflowError:
        return None
    return amount if isfinite(amount) and amount >= 0 else None


def text(value: Any, key: str) -> str:
    """A text, or nothing."""
    found = under(value, key)
    return found[:LONGEST] if isinstance(found, str) else ""
