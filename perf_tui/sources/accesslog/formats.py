"""What a line of each web server's access log looks like. A whole block of lines is taken apart at once."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Rows(NamedTuple):
    """The requests of one block of lines, as columns of the same length."""

    targets: Sequence[bytes]
    """Method and path without the query, as in `GET /items/7`; empty where the request made no sense."""
    statuses: Sequence[bytes | int]
    """HTTP status; a `!` behind it says that the server logged a timeout."""
    times: Sequence[float | None]
    """Seconds that each took; None where the line does not say."""
    bad: int = 0
    """Lines that should have been requests and are not."""
    others: int = 0
    """Lines of another kind, which such a log has by right."""


class Format(ABC):
    """One way to write a request on a line."""

    title: str
    """What people call it."""
    timed: bool
    """Whether its lines say how long a request took."""

    @abstractmethod
    def parse(self, block: bytes) -> Rows:
        """The requests of whole lines, each of which ends with a line feed."""

    @abstractmethod
    def understands(self, line: bytes) -> bool:
        """Whether one line, with its line feed, is none of those that `parse` counts as bad."""


_BLANK = re.compile(rb"(?m)^\r?\n")


def _rest(block: bytes, requests: int) -> int:
    """How many lines of the block are neither requests nor empty."""
    rest = block.count(b"\n") - requests
    return rest - len(_BLANK.findall(block)) if rest else 0


_numbers = msgspec.json.Decoder(list[float | None])


def _seconds(texts: Sequence[bytes], unit: float | None) -> list[float | None]:
    """Times as numbers of seconds; None for each that is empty."""
    if unit is None:
        return [None] * len(texts)
    try:
        # A list of numbers in JSON: a fifth of the time that float() takes for each.
        times = _numbers.decode(b"[" + b",".join([text or b"null" for text in texts]) + b"]")
    except msgspec.DecodeError:  # such as 007
        times = [float(text) if text else None for text in texts]
    return times if unit == 1 else [None if time is None else time * unit for time in times]


class TextFormat(Format):
    """Lines by a regular expression with the groups target, status, time. `mixed` logs have other lines too."""

    def __init__(self, title: str, pattern: bytes, unit: float | None, *, mixed: bool = False) -> None:
        """`unit` is the seconds in one unit of its times; None where it has no times."""
        self.title, self.timed = title, unit is not None
        self._pattern, self._unit, self._mixed = re.compile(pattern), unit, mixed

    def parse(self, block: bytes) -> Rows:
        rows = self._pattern.findall(block)
        rest = _rest(block, len(rows))
        bad, others = (0, rest) if self._mixed else (rest, 0)
        return Rows(
            [target for target, _, _ in rows],  # three passes take a third of the time of zip(*rows)
            [status for _, status, _ in rows],
            _seconds([time for _, _, time in rows], self._unit),
            bad,
            others,
        )

    def understands(self, line: bytes) -> bool:
        return self._pattern.search(line) is not None or line.isspace()


class Haproxy(TextFormat):
    """HAProxy's httplog: alone in saying why a session ended, and so in telling timeouts from other failures."""

    def parse(self, block: bytes) -> Rows:
        rows = self._pattern.findall(block)
        # The first flag in lower case is a timeout: c of the client's side, s of the server's.
        return Rows(
            [target for _, _, _, target in rows],
            [status + b"!" if flag in b"cs" else status for _, status, flag, _ in rows],
            _seconds([time for time, _, _, _ in rows], self._unit),
            0,
            _rest(block, len(rows)),
        )


# Each pattern begins with fixed text, for which a block is searched fast. Once it has seen a status it takes the
# whole line, so that nothing behind that can be taken for a second request, or be searched again: with possessive
# repeats, and others that end at a fixed character, no line takes more than linear time.

# The request within its quotes; servers write a quote inside as \" or \x22. What is no method and
# path (a TLS handshake on a plain port, an empty line) leaves the group empty.
_REQUEST = rb'([A-Z]{1,20}+ [^ ?"\\\n]++)?+[^"\\\n]*+(?:\\.[^"\\\n]*+)*+'
# The Common Log Format, from behind the host, user and time, to the status.
_COMMON = rb'\] "' + _REQUEST + rb'" (\d{3}) '
_DECIMAL = rb"(\d{1,7}+\.\d{1,9}+)(?![\w.])"
# A whole number at the end of the line, behind the size and whatever is quoted: referer, user agent and so on.
_WHOLE = _COMMON + rb'[^ \n]++(?:.*")?+(?: (?:\d++/)?+(\d{1,13}+)(?=\r?\n))?+.*\n'

COMBINED = TextFormat("common or combined log", _COMMON + rb"().*\n", None)
SECONDS = tuple(
    TextFormat("combined log with seconds", _COMMON + pattern + rb".*\n", 1.0)
    for pattern in (
        # nginx with $request_time, gunicorn with %(L)s; ingress controllers write the request's length before it
        rb'.*"(?: (?:\d++ )?+' + _DECIMAL + rb")?+",
        # the same with quoted fields behind it or none at all, and with its name before it: slower than the first
        rb'[^ \n]++(?: "[^"\\\n]*+(?:\\.[^"\\\n]*+)*+")*+(?: (?:\d++ )?+' + _DECIMAL + rb")?+",
        rb'(?:.* (?:rt|request_time)="?' + _DECIMAL + rb")?+",
    )
)
WHOLE_SECONDS = TextFormat("combined log with whole seconds", _WHOLE, 1.0)
MILLISECONDS = TextFormat("combined log with milliseconds", _WHOLE, 1e-3)
MICROSECONDS = TextFormat("combined log with microseconds", _WHOLE, 1e-6)
TRAEFIK = TextFormat("Traefik's common log", _COMMON + rb'(?:.*" (\d{1,10}+)ms(?=\r?\n))?+.*\n', 1e-3)
# uvicorn and Granian write a dash and no brackets before the request.
_DASH = rb' - "' + _REQUEST + rb'" (\d{3})'
UVICORN = TextFormat("uvicorn's log", _DASH + rb"()(?: (?:[A-Za-z].*)?+)?+\r?\n", None, mixed=True)
GRANIAN = TextFormat("Granian's log", _DASH + rb" (\d{1,10}+\.\d{1,9}+)\r?\n", 1e-3, mixed=True)
HAPROXY = Haproxy(
    "HAProxy's httplog",
    # behind the time in brackets: frontend; backend/server; TR/Tw/Tc/Tr/Ta; status; size; two cookies; how
    # the session ended; counts and captured headers; the request, which may be cut off
    rb"\] [^ \n]++ [^ \n]++ (?:-?\d{1,10}+/){4}\+?(\d{1,10}+) (\d{3}|-1) \+?\d++ "
    rb'[^ \n]++ [^ \n]++ ([^ \n])[^ \n]++ (?:[^"\n]*+"' + _REQUEST + rb")?+.*\n",
    1e-3,
    mixed=True,
)
