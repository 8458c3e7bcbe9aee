"""One line of the Prometheus text format or of OpenMetrics, read strictly, and what is wrong with it.

Covers text 0.0.4 and 1.0.0 (with quoted UTF-8 names) and OpenMetrics 1.0. Timestamps and exemplars
are checked and dropped: a rate is taken over the times of the scrapes. A line that other scrapers
read and Prometheus does not is read as well, with the objection beside it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from perf_tui.sources.scrape.personal import redacted
from perf_tui.text import clean, cut

Labels = tuple[tuple[str, str], ...]
"""Names and unescaped values, in the order of the line."""

_BLANKS = re.compile(r"[ \t]*")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_QUOTED_NAME = re.compile(_QUOTED + r"[ \t]*(?=[,}])")
_LABEL = re.compile(r"(?:([a-zA-Z_][a-zA-Z0-9_]*)|" + _QUOTED + r")[ \t]*=[ \t]*" + _QUOTED)
_NEXT = re.compile(r"[ \t]*([,}])[ \t]*")
_VALUE = re.compile(r"[ \t]*([^{ \t]+)")
_TIMESTAMP = re.compile(r"[ \t]+([^ \t#{]+)")
_EXEMPLAR = re.compile(r"[ \t]+#[ \t]+\{.*\}[ \t]+[^ \t]+(?:[ \t]+[^ \t]+)?$")
_PAIR = r'[a-zA-Z_][a-zA-Z0-9_]*="[^"\\]*"'
_COMMON = re.compile(
    rf"(?P<series>(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{(?P<labels>(?:{_PAIR}(?:,{_PAIR})*)?)\}})?)"
    r" (?P<number>[^ \t{_]+)"
)
_COMMON_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="([^"]*)"')
_COMPOSITE = re.compile(r" \{(?:count|sum|schema|zero_threshold):")
_ESCAPE = re.compile(r'\\([\\"n])')

LONGEST = 65_536
"""Characters of a line; longer ones are an attack or not metrics."""
SHOWN = 80
"""Cells of a bad line that are shown."""


class LineError(ValueError):
    """No value can be taken from this line; the text says why."""


class Line(NamedTuple):
    """One sample."""

    series: str
    """The text before the value: the identity of the series."""
    name: str
    labels: Labels
    number: float
    objection: str | None = None
    """Why Prometheus would reject the scrape for this line, though a value can be taken from it."""


def parse(line: str, openmetrics: bool = False) -> Line:
    """The sample on a line that is neither blank nor a comment. Raises LineError."""
    if len(line) > LONGEST:
        raise LineError(f"it is longer than {LONGEST} characters")
    if match := _COMMON.fullmatch(line):  # what nearly every line looks like
        labels = tuple(_COMMON_LABEL.findall(match["labels"] or ""))
        if len(dict(labels)) == len(labels):
            return Line(match["series"], match["name"], labels, parse_number(match["number"]))
    try:
        return _closely(line.rstrip("\r"), openmetrics)
    except LineError:
        if _COMPOSITE.search(line):
            raise LineError("composite values of OpenMetrics 2 are not supported") from None
        raise


def _closely(text: str, openmetrics: bool) -> Line:
    """Reads blanks, quoted names, timestamps and exemplars wherever they may be."""
    start = _BLANKS.match(text).end()  # type: ignore[union-attr]  # it matches nothing, too
    match = _NAME.match(text, start)
    name, end = (match[0], match.end()) if match else ("", start)
    labels: Labels = ()
    brace = _BLANKS.match(text, end).end()  # type: ignore[union-attr]
    if text[brace : brace + 1] == "{":
        quoted, labels, end = _labels(text, brace + 1)
        if name and quoted:
            raise LineError("it has two names")
        name = name or quoted
    if not name:
        raise LineError("a metric's name is missing")
    value = _VALUE.match(text, end)
    if value is None:
        raise LineError("a value is missing")
    if value.start(1) == end and end > 0 and text[end - 1] != "}":
        raise LineError(f"{text[end]!r} does not belong into a name")
    number = parse_number(value[1])
    objection = _after(text, value.end(), openmetrics)
    if start > 0:
        objection = "a line begins with a blank"
    return Line(text[start:end], name, labels, number, objection)


def parse_number(text: str) -> float:
    """A value as Prometheus reads it: decimal, NaN or infinite. Raises LineError."""
    try:
        if "_" in text or not text.isascii():  # which Python would read
            raise ValueError
        return float(text)
    except ValueError:
        raise LineError(f"{clean(cut(text, 20))!r} is no number") from None


def _labels(text: str, at: int) -> tuple[str, Labels, int]:
    """A quoted name if there is one, the labels, and where the closing brace ends."""
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    name = ""
    if text[at : at + 1] == "}":
        return name, (), at + 1
    if match := _QUOTED_NAME.match(text, at):
        name = _unescape(match[1])
        if not name:
            raise LineError("a metric's name is missing")
        at = match.end()
        if text[at] == "}":
            return name, (), at + 1
        at = _BLANKS.match(text, at + 1).end()  # type: ignore[union-attr]
    labels: list[tuple[str, str]] = []
    while True:
        if text[at : at + 1] == "}" and (labels or name):  # after a trailing comma
            return name, tuple(labels), at + 1
        match = _LABEL.match(text, at)
        if match is None:
            raise LineError("its labels cannot be read")
        labels.append((match[1] or _unescape(match[2]), _unescape(match[3])))
        following = _NEXT.match(text, match.end())
        if following is None:
            raise LineError("its labels cannot be read")
        at = following.end(1) if following[1] == "}" else following.end()
        if following[1] == "}":
            break
    if len({key for key, _ in labels}) != len(labels):
        raise LineError("a label stands twice")
    return name, tuple(labels), at


def _after(text: str, at: int, openmetrics: bool) -> str | None:
    """Checks what stands after the value; returns what Prometheus would object to."""
    objection = None
    if stamp := _TIMESTAMP.match(text, at):
        if openmetrics:
            parse_number(stamp[1])
        elif not stamp[1].lstrip("-").isdecimal():
            raise LineError(f"{clean(cut(stamp[1], 20))!r} is no timestamp")
        elif stamp[1].startswith("-"):
            objection = "a timestamp is negative"
        at = stamp.end()
    if text[at:].strip(" \t"):
        if not _EXEMPLAR.match(text, at):
            raise LineError("there is more after the value")
        if not openmetrics:
            objection = "an exemplar, which only OpenMetrics has"
    return objection


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    # an unknown escape stays as it is written
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text)


def show(line: str) -> str:
    """A line from outside, safe to show and short."""
    return cut(clean(redacted(line.strip()[: 4 * SHOWN])), SHOWN)
