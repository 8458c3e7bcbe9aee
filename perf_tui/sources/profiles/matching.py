"""Matchers of label values, compiled, and names in the one spelling that profiles use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from perf_tui.sources.accesslog.tally import TIMEOUTS
from perf_tui.sources.profiles.schema import Where

Test = Callable[[str], bool]

_UNCLASSIC = re.compile(r"[^a-zA-Z0-9_:]")
_CLASS = re.compile(r"[1-5]xx")


def plain(name: str) -> str:
    """A metric's or label's name with `_` for what the classic format lacks, such as OpenTelemetry's dots."""
    return _UNCLASSIC.sub("_", name)


@lru_cache(maxsize=512)
def compiled(matcher: str | tuple[str, ...]) -> Test:
    """The function that a matcher stands for. Raises re.error."""
    if isinstance(matcher, tuple):
        tests = [compiled(each) for each in matcher]
        return lambda value: any(each(value) for each in tests)
    if matcher.startswith("!"):
        inner = compiled(matcher[1:])
        return lambda value: not inner(value)
    if matcher == "timeouts":
        return {str(code) for code in TIMEOUTS}.__contains__
    if _CLASS.fullmatch(matcher):
        return _class(matcher[0])
    if pattern := regular(matcher):
        return lambda value: pattern.fullmatch(value) is not None
    return matcher.__eq__


def _class(digit: str) -> Test:
    def within(value: str) -> bool:
        return value[:1] == digit and (
            len(value) == 1 or (len(value) == 3 and (value[1:].isdecimal() or value[1:].lower() == "xx"))
        )

    return within


def regular(text: str) -> re.Pattern[str] | None:
    """The pattern between the slashes of `/…/` or `*/…/`; None where there are none. Raises re.error."""
    text = text.removeprefix("*")
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        return re.compile(text[1:-1])
    return None


class Matchers:
    """All matchers of a `where`."""

    def __init__(self, where: Where) -> None:
        self._tests = [(names(label), compiled(matcher), matcher) for label, matcher in where.items()]

    def match(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels is meant."""
        return all(check(value(labels, alternatives)) for alternatives, check, _ in self._tests)

    def possible(self, labels: Mapping[str, object]) -> bool:
        """Whether a family whose series have these labels can have such series at all."""
        return all(
            any(name in labels for name in alternatives)
            or (isinstance(matcher, str) and (not matcher or matcher.startswith("!")))
            for alternatives, _, matcher in self._tests
        )


def names(label: str) -> tuple[str, ...]:
    """The alternatives of a label: `status|code`."""
    return tuple(label.split("|"))


def value(labels: Mapping[str, str], alternatives: tuple[str, ...]) -> str:
    """The value of the first of these labels that is there; empty where none is."""
    for name in alternatives:
        if name in labels:
            return labels[name]
    return ""
