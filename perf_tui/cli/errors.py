"""What ends a command before it is done."""

from __future__ import annotations


class UsageError(Exception):
    """The command cannot be followed as it was given; one line for the person who gave it."""


class Ended(Exception):  # noqa: N818  (no error: somebody asked for it)
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"signal {number}")
