"""What a line of each web server's access log looks like. A whole block of lines is taken apart at once."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple


class Rows(NamedTuple):
    """The requests of one block of lines, as columns of the same length."""

    targets: Sequence[bytes]
    """Method and path without the query, as in `GET /items/7`; empty where the request made no sense."""
    statuses: Sequence[bytes | int]
    """HTTP status; a `!` behind it says that the server logged a timeout."""
    times: Sequence[bytes | float | None]
    """How long each took, in the format's unit; None or empty where the line does not say."""
    bad: int = 0
    """Lines that should have been requests and are not."""
    others: int = 0
    """Lines of another kind, which such a log has by right."""


class Format(ABC):
    """One way to write a request on a line."""

    title: str
    """What people call it."""
    unit: float | None
    """Seconds in one unit of its times; None where it has no times."""

    @abstractmethod
    def parse(self, block: bytes) -> Rows:
        """The requests of whole lines, each of which ends with a line feed."""

    @abstractmethod
    def understands(self, line: bytes) -> bool:
        """Whether one line, with its line feed, is none of those that `parse` counts as bad."""

    def seconds(self, time: bytes | float | None) -> float | None:
        """One of the times of `parse` in seconds."""
        if self.unit is None or time is None or time == b"":
            return None
        return float(time) * self.unit


_BLANK = re.compile(rb"(?m)^\r?\n")


def _rest(block: bytes, requests: int) -> int:
    """How many lines of the block are neither requests nor empty."""
    rest = block.count(b"\n") - requests
    return rest - len(_BLANK.findall(block)) if rest else 0


class TextFormat(Format):
    """Lines by a regular expression with the groups target, status, time. `mixed` logs have other lines too."""

    def __init__(self, title: str, pattern: bytes, unit: float | None, *, mixed: bool = False) -> None:
        self.title, self.unit, self._mixed = title, unit, mixed
        self._pattern = re.compile(b"(?m)^" + pattern)

    def parse(self, block: bytes) -> Rows:
        rows = self._pattern.findall(block)
        rest = _rest(block, len(rows))
        bad, others = (0, rest) if self._mixed else (rest, 0)
        return Rows(
            [target for target, _, _ in rows],  # three passes take a third of the time of zip(*rows)
            [status for _, status, _ in rows],
            [time for _, _, time in rows],
            bad,
            others,
        )

    def understands(self, line: bytes) -> bool:
        return self._pattern.match(line) is not None or line.isspace()


class Haproxy(TextFormat):
    """HAProxy's httplog: alone in saying why a session ended, and so in telling timeouts from other failures."""

    def parse(self, block: bytes) -> Rows:
        rows = self._pattern.findall(block)
        # The first flag in lower case is a timeout: c of the client's side, s of the server's.
        return Rows(
            [target for _, _, _, target in rows],
            [status + b"!" if flag in b"cs" else status for _, status, flag, _ in rows],
            [time for time, _, _, _ in rows],
            0,
            _rest(block, len(rows)),
        )


# All repeats are possessive or end at a fixed character, so that no line takes more than linear time.
# The request within its quotes; servers write a quote inside as \" or \x22. What is no method and
# path (a TLS handshake on a plain port, an empty line) leaves the group empty.
_REQUEST = rb'([A-Z]{1,20}+ [^ ?"\\\n]++)?+[^"\\\n]*+(?:\\.[^"\\\n]*+)*+'
# Host, user and time in brackets, request, status, size: the Common Log Format.
_COMMON = rb'[^"\n]*+"(?<=\] ")' + _REQUEST + rb'" (\d{3}) [^ \n]++'
# uvicorn and Granian write no brackets before the request.
_DASH = rb'[^"\n]*+"(?<= - ")'
# To the last quote of the line: referer, user agent and whatever else is quoted.
_QUOTED = rb'(?:[^\n]*")?+'
_REST = rb"[^\n]*+\n"
_DECIMAL = rb"(\d{1,7}+\.\d{1,9}+)(?![\w.])"
_WHOLE = rb"(?: (?:\d++/)?+(\d{1,13}+)(?=\r?\n))?+"

_WITH_WHOLE = _COMMON + _QUOTED + _WHOLE + _REST

COMBINED = TextFormat("common or combined log", _COMMON + rb"()" + _REST, None)
SECONDS = tuple(
    TextFormat("combined log with seconds", _COMMON + pattern + _REST, 1.0)
    for pattern in (
        # nginx with $request_time, gunicorn with %(L)s; ingress controllers write the request's length before it
        _QUOTED + rb"(?: (?:\d++ )?+" + _DECIMAL + rb")?+",
        # the same with quoted fields behind it, and with its name before it: slower than the first
        rb'(?: "[^"\\\n]*+(?:\\.[^"\\\n]*+)*+")*+(?: (?:\d++ )?+' + _DECIMAL + rb")?+",
        rb'(?:[^\n]* (?:rt|request_time)="?' + _DECIMAL + rb")?+",
    )
)
WHOLE_SECONDS = TextFormat("combined log with whole seconds", _WITH_WHOLE, 1.0)
MILLISECONDS = TextFormat("combined log with milliseconds", _WITH_WHOLE, 1e-3)
MICROSECONDS = TextFormat("combined log with microseconds", _WITH_WHOLE, 1e-6)
TRAEFIK = TextFormat("Traefik's common log", _COMMON + rb'[^\n]*" (\d{1,10}+)ms\r?\n', 1e-3)
UVICORN = TextFormat(
    "uvicorn's log", _DASH + _REQUEST + rb'" (\d{3})()(?: (?:[A-Za-z][^\n]*+)?+)?+\r?\n', None, mixed=True
)
GRANIAN = TextFormat("Granian's log", _DASH + _REQUEST + rb'" (\d{3}) (\d{1,10}+\.\d{1,9}+)\r?\n', 1e-3, mixed=True)
HAPROXY = Haproxy(
    "HAProxy's httplog",
    # syslog's head and the time in brackets; frontend; backend/server; TR/Tw/Tc/Tr/Ta; status; size;
    # two cookies; how the session ended; counts and captured headers; the request, which may be cut off
    rb"(?:[^\]\n]*+\]){1,4}? [^ \n]++ [^ \n]++ (?:-?\d{1,10}+/){4}\+?(\d{1,10}+) (\d{3}|-1) \+?\d++ "
    rb'[^ \n]++ [^ \n]++ ([^ \n])[^ \n]++ [^"\n]*+"' + _REQUEST + _REST,
    1e-3,
    mixed=True,
)
