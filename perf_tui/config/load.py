"""Reading a configuration: defaults, then the file, then the environment, then the command line."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from perf_tui.config import paths
from perf_tui.config.check import check
from perf_tui.config.errors import ConfigError
from perf_tui.config.schema import Config, Section
from perf_tui.text import clean

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`(?: - at `\$(?P<at>[^`]*)`)?")
_WRONG = re.compile(r"(?P<problem>.*?)(?: - at `\$(?P<at>[^`]*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list",
          "object": "a table", "null": "nothing"}  # fmt: skip


def load(
    explicit: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Config, Path | None]:
    """The configuration in force and the file that it came from, if any.

    `overrides` are dotted keys from the command line, as in {"ui.theme": "light"}. Raises ConfigError.
    """
    path = paths.find(explicit, environment)
    data = read(path) if path is not None else {}
    parse(data, str(path or "defaults"))  # what is wrong in the file is said of the file
    _override(data, from_environment(environment), "the environment")
    _override(data, overrides or {}, "the command line")
    return parse(data, str(path or "command line and environment")), path


def read(path: Path) -> dict[str, Any]:
    """The file as plain data. Raises ConfigError."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ConfigError(str(path), "", "there is no such file") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError(str(path), f"line {line}", "this is not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(str(path), "", f"it cannot be read: {error.strerror}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).partition(" (at ")
        raise ConfigError(str(path), place.rstrip(")").replace("end of document", "the end"), problem) from None
    except RecursionError:
        raise ConfigError(str(path), "", "it is nested too deeply") from None


def parse(data: Mapping[str, Any], file: str) -> Config:
    """Checked configuration from plain data; `file` is what errors are said of. Raises ConfigError."""
    try:
        config = msgspec.convert(dict(data), Config)
    except msgspec.ValidationError as error:
        where, problem = _explain(str(error), data)
        raise ConfigError(file, where, problem) from None
    check(config, file)
    return config


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Dotted keys from PERF_TUI_INTERVAL, PERF_TUI_UI_THEME and so on. Raises ConfigError."""
    found: dict[str, Any] = {}
    for key, kind in _scalars(Config).items():
        name = "PERF_TUI_" + key.replace(".", "_").upper()
        text = environment.get(name)
        # The interface's own settings go by their short names too: PERF_TUI_THEME.
        if text is None and key.startswith("ui."):
            name = "PERF_TUI_" + key.removeprefix("ui.").upper()
            text = environment.get(name)
        if text is None or text == "":
            continue
        try:
            found[key] = msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError("environment", name, _explain(str(error), {})[1]) from None
    return found


def _scalars(section: type[Section], prefix: str = "") -> dict[str, Any]:
    """Every plain setting of the schema as dotted key → type."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(section):
        kind = field.type
        if isinstance(kind, type) and issubclass(kind, Section):
            found.update(_scalars(kind, f"{prefix}{field.encode_name}."))
        elif "tuple" not in str(kind) and "dict" not in str(kind) and field.encode_name != "schema_version":
            found[prefix + field.encode_name] = kind
    return found


def _override(data: dict[str, Any], values: Mapping[str, Any], origin: str) -> None:
    for key, value in values.items():
        *tables, last = key.split(".")
        place = data
        for table in tables:
            place = place.setdefault(table, {})
        place[last] = value
        try:
            msgspec.convert(data, Config)
        except msgspec.ValidationError as error:
            raise ConfigError(origin, key, _explain(str(error), data)[1]) from None


def _explain(message: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """msgspec's message as (key path, what is wrong and what is allowed)."""
    if match := _UNKNOWN.match(message):
        at = _path(match["at"])
        known = _known_keys(at)
        near = difflib.get_close_matches(match["key"], known, n=1, cutoff=0.5)
        hint = f"; the nearest known key is {near[0]}" if near else f"; known keys: {', '.join(known)}"
        return _join(at, clean(match["key"])), f"unknown key{hint}"
    match = _WRONG.match(message)
    assert match is not None  # the pattern matches every text
    at, problem = _path(match["at"]), match["problem"]
    if expected := _EXPECTED.search(problem):
        allowed = " or ".join(_WORDS.get(word, word) for word in re.split(r" \| ", expected["expected"]))
        problem = f"expected {allowed}, got {_WORDS.get(expected['got'], expected['got'])}"
    elif missing := re.search(r"missing required field `([^`]*)`", problem):
        problem = f"the key {missing[1]} is missing"
    elif problem.startswith("Invalid enum value"):
        problem = f"{problem.removeprefix('Invalid enum value ')} is not allowed here{_choices(at)}"
    elif pattern := re.search(r"matching regex '(.*)'$", problem):
        problem = f"expected {_pattern_words(pattern[1])}"
    else:
        problem = problem.replace("Expected `float`", "expected a number").replace("Expected `str`", "expected text")
    return at, clean(problem)


def _path(at: str | None) -> str:
    # msgspec gives `[...]` for any place in a list or table
    return (at or "").lstrip(".").replace("[...]", "[*]")


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _type_at(at: str) -> Any:
    kind: Any = Config
    for word in filter(None, re.split(r"\.", at)):
        name, _, item = word.partition("[")
        kind = next(field.type for field in msgspec.structs.fields(kind) if field.encode_name == name)
        if item:
            kind = kind.__args__[0]
    return kind


def _known_keys(at: str) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(_type_at(at))]


def _choices(at: str) -> str:
    choices = getattr(_type_at(at), "__args__", ())
    return f"; allowed: {', '.join(map(str, choices))}" if choices else ""


def _pattern_words(pattern: str) -> str:
    if "http" in pattern:
        return "an address that begins with http:// or https://"
    return 'a duration such as "6s" or "7d"' if "ms|s|m" in pattern else 'a size such as "512MiB"'
