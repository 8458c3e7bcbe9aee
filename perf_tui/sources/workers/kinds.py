"""What sort of worker a process is, by its command line: the table in kinds.toml, and groups of the configuration."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec import convert

from perf_tui.config.schema import Section

Unit = Literal["top", "leaves", "each"]

_TABLE = Path(__file__).with_name("kinds.toml")
_INTERPRETER = re.compile(r"(python|pypy|node|nodejs|bun|deno|ruby|perl)[\d.]*t?")
_WITH_VALUE = frozenset(("-X", "-W", "-r", "--require", "--import", "-I", "--loader"))
"""Options of interpreters whose value is the next word."""
_SUFFIX = re.compile(r"\.(py|js|mjs|cjs|ts|rb|exe)$")


class Kind(Section, frozen=True):
    """One sort of worker; kinds.toml says what the fields mean."""

    name: str
    program: tuple[str, ...] = ()
    path: str = ""
    arguments: str = ""
    unless: str = ""
    titles: str = ""
    adopts: str = ""
    unit: Unit = "top"
    agent: bool = False


class Table(Section, frozen=True):
    """kinds.toml."""

    wrappers: tuple[str, ...]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A group of the configuration: processes by a regular expression on their command lines."""

    group: str
    match: re.Pattern[str]
    unit: Unit | None = None
    log: str = ""


class Program(NamedTuple):
    """A command line taken apart."""

    name: str
    """Of the program, or of what an interpreter runs; empty where that is text on the command line."""
    path: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tag:
    """What a process was recognised as."""

    key: str
    """Processes with the same key that are parents of each other belong together."""
    kind: str
    group: str
    unit: Unit
    agent: bool
    adopts: re.Pattern[str] | None
    wrapper: bool
    log: str


def program_of(command: str) -> Program:
    """The program of a command line, whose words are joined by blanks: a path with blanks is not understood."""
    words = command.split()
    if not words:
        return Program("", "", "")
    place = 0
    if _INTERPRETER.fullmatch(_base(words[0])):
        place = 1
        while place < len(words) and words[place].startswith("-"):
            if words[place] in ("-m", "-c", "-e", "--eval"):
                break
            place += 2 if words[place] in _WITH_VALUE else 1
        if place >= len(words) or words[place] in ("-c", "-e", "--eval"):
            return Program("", "", " ".join(words[place:]))
        if words[place] == "-m":
            module = words[place + 1] if place + 1 < len(words) else ""
            return Program(module, module, " ".join(words[place + 2 :]))
    path = words[place]
    return Program(_SUFFIX.sub("", _base(path)), path, " ".join(words[place + 1 :]))


def _base(path: str) -> str:
    return path.rpartition("/")[2]


class _Compiled(NamedTuple):
    kind: Kind
    path: re.Pattern[str] | None
    arguments: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    titles: re.Pattern[str] | None
    adopts: re.Pattern[str] | None


class Recogniser:
    """Tags command lines, each of them once as long as some process has it."""

    def __init__(self, patterns: Sequence[Pattern] = (), everything: bool = True) -> None:
        """Without `everything`, only what fits one of the `patterns` is a worker."""
        table = convert(tomllib.loads(_TABLE.read_text(encoding="utf-8")), Table)
        self._wrappers = frozenset(table.wrappers)
        self._kinds = [_compiled(kind) for kind in table.kinds]
        self._patterns = tuple(patterns)
        self._everything = everything
        self._before: dict[str, Tag | None] = {}
        self._used: dict[str, Tag | None] = {}

    def turn(self) -> None:
        """Forget the command lines that were not asked for since the last call."""
        self._before, self._used = self._used, {}

    def tag(self, command: str) -> Tag | None:
        """What a process with this command line is; None for what is no worker."""
        if command in self._used:
            return self._used[command]
        tag = self._before[command] if command in self._before else self._recognise(command)
        self._used[command] = tag
        return tag

    def _recognise(self, command: str) -> Tag | None:
        program = program_of(command)
        found = next((each for each in self._kinds if _fits(each, program, command)), None)
        pattern = next((each for each in self._patterns if each.match.search(command)), None)
        if pattern is None and (found is None or not self._everything):
            return None
        kind = found.kind if found else None
        return Tag(
            key=kind.name if kind else f"[{pattern.group if pattern else ''}]",
            kind=kind.name if kind else pattern.group if pattern else "",
            group=pattern.group if pattern else "",
            unit=(pattern.unit if pattern else None) or (kind.unit if kind else "top"),
            agent=kind.agent if kind else False,
            adopts=found.adopts if found else None,
            wrapper=kind is None and program.name in self._wrappers,
            log=pattern.log if pattern else "",
        )


def _compiled(kind: Kind) -> _Compiled:
    texts = (kind.path, kind.arguments, kind.unless, kind.titles, kind.adopts)
    return _Compiled(kind, *(re.compile(text) if text else None for text in texts))


def _fits(each: _Compiled, program: Program, command: str) -> bool:
    if each.titles is not None and each.titles.search(command):
        return True
    named = program.name in each.kind.program
    if not named and not (each.path is not None and program.path and each.path.search(program.path)):
        return False
    if each.arguments is not None and not each.arguments.search(program.arguments):
        return False
    return each.unless is None or not each.unless.search(program.arguments)
