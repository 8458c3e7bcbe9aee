"""The language of filters: `state:error cpu>50 -kind:rq timeout` shows the rows of a table for which all of it holds.

A word by itself is looked for in the whole row, `name:word` in one column, `name=word` is the whole of it;
`name>number` and its like compare what the column counts, in the units that people see. A minus before a
term turns it around, commas offer several words, quotes keep blanks. Case does not matter.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """What can be asked of a row by name."""

    text: Callable[[T], str]
    number: Callable[[T], float | None] | None = None
    """None where the column counts nothing."""
    unit: str = "1"
    """Of the number, as in the catalogue."""


class _Term(NamedTuple):
    negated: bool
    name: str
    sign: str
    words: str


_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, "!=": operator.ne, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip
_TERM = re.compile(r'(-(?!-))?(?:([^\s"\-<>=!:,][^\s"<>=!:,]*)(:|>=|<=|!=|>|<|=))?((?:"[^"]*"?|[^\s"])*)')
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([^\d\s].*)?")
_DECIMAL = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_BYTES = {
    "": 1.0, "b": 1.0, **{f"{letter}{end}": step**power for end, step in (("", 1024.0), ("ib", 1024.0), ("b", 1e3))
    for power, letter in enumerate("kmgt", 1)},
}  # fmt: skip
_SECONDS = {"": 1.0, "s": 1.0, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SCALES = {
    "ratio": ({"": 0.01, "%": 0.01}, "percent, as in 50"), "By": (_BYTES, "bytes, as in 1GiB"),
    "By/s": (_BYTES, "bytes per second, as in 1MiB"), "s": (_SECONDS, "a time, as in 30s"),
}  # fmt: skip


def compiled(
    expression: str, fields: Mapping[str, Field[T]], whole: Callable[[T], str]
) -> tuple[Callable[[T], bool], str]:
    """Whether an expression holds for a row whose text `whole` gives; and what is wrong with it, or nothing.

    A term that is wrong is left out: more often than not it has not been typed to its end.
    """
    tests: list[Callable[[T], bool]] = []
    problem = ""
    for term in _terms(expression):
        try:
            tests.append(_test(term, fields, whole))
        except ValueError as error:
            problem = problem or str(error)
    return (lambda row: all(test(row) for test in tests)), problem


def _terms(expression: str) -> Iterator[_Term]:
    for minus, name, sign, words in _TERM.findall(expression):
        if name or words:
            yield _Term(bool(minus), name.lower(), sign, words)


def _test(term: _Term, fields: Mapping[str, Field[T]], whole: Callable[[T], str]) -> Callable[[T], bool]:
    holds = _holds(term, fields, whole)
    return (lambda row: not holds(row)) if term.negated else holds


def _holds(term: _Term, fields: Mapping[str, Field[T]], whole: Callable[[T], str]) -> Callable[[T], bool]:
    field = _named(term.name, fields) if term.name else None
    if field is None:
        if term.name and term.sign != ":":
            raise ValueError(f'there is no column "{term.name}"; there are {", ".join(fields)}')
        # Names and addresses hold colons themselves.
        word = _unquoted(f"{term.name}{term.sign}{term.words}")
        return lambda row: word in whole(row).lower()
    if term.sign == ":":
        return _has(field.text, _words(term.words))
    number = _number(term, field)
    if number is None:
        same = _words(term.words)
        equal = term.sign == "="
        return lambda row: (field.text(row).lower() in same) is equal
    compare, count = _SIGNS[term.sign], field.number
    assert count is not None  # else there is no number to compare with
    return lambda row: (amount := count(row)) is not None and compare(amount, number)


def _has(text: Callable[[T], str], words: Sequence[str]) -> Callable[[T], bool]:
    def holds(row: T) -> bool:
        there = text(row).lower()
        return any(word in there for word in words)

    return holds


def _named(name: str, fields: Mapping[str, Field[T]]) -> Field[T] | None:
    """The field of that name, or the only one whose name begins so."""
    if name in fields:
        return fields[name]
    alike = {id(field): field for key, field in fields.items() if key.startswith(name)}
    return next(iter(alike.values())) if len(alike) == 1 else None


def _unquoted(words: str) -> str:
    return words.replace('"', "").lower()


def _words(words: str) -> list[str]:
    """What is between commas outside of quotes."""
    return [_unquoted(part) for part in re.findall(r'(?:"[^"]*"?|[^,"])+', words)] or [""]


def _number(term: _Term, field: Field[T]) -> float | None:
    """What a comparison compares with; None where `=` and `!=` are about words."""
    scale, example = _SCALES.get(field.unit, (_DECIMAL, "a number, as in 10"))
    match = _NUMBER.fullmatch(_unquoted(term.words)) if field.number is not None else None
    if match is not None and (factor := scale.get((match[2] or "").removesuffix("/s"))) is not None:
        return float(match[1]) * factor
    if field.number is not None:
        raise ValueError(f"{term.name}{term.sign}{term.words}: {term.name} is {example}")
    if term.sign in ("=", "!="):
        return None
    raise ValueError(f"{term.name}{term.sign}{term.words}: {term.name} is no number; {term.name}:word looks for a word")
