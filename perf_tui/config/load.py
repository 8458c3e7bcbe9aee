"""The configuration in force: defaults, then the file, then the environment, then the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin

import msgspec

from perf_tui.config import paths
from perf_tui.config.check import check
from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import locate, wrong
from perf_tui.config.read import read
from perf_tui.config.schema import Config, Section

PREFIX = "PERF_TUI_"


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
    if path is not None:
        parse(data, str(path))  # what is wrong in the file is said of the file
    _override(data, from_environment(environment), "environment")
    return _override(data, overrides or {}, "command line"), path


def parse(data: Mapping[str, Any], file: str) -> Config:
    """Checked configuration from plain data; `file` is what errors are said of. Raises ConfigError."""
    try:
        config = msgspec.convert(dict(data), Config)
    except msgspec.ValidationError as error:
        where, problem = locate(data, Config) or ("", str(error))
        raise ConfigError(file, where, problem) from None
    check(config, file)
    return config


def variables() -> dict[str, str]:
    """The environment variable of every plain setting, with its dotted key; the long names first.

    The interface's own settings go by a short name too: PERF_TUI_THEME for `ui.theme`.
    """
    names = {PREFIX + key.replace(".", "_").upper(): key for key in _scalars(Config)}
    short = {PREFIX + key.removeprefix("ui.").upper(): key for key in names.values() if key.startswith("ui.")}
    return names | short


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Dotted keys from PERF_TUI_INTERVAL, PERF_TUI_UI_THEME and so on. Raises ConfigError."""
    found: dict[str, Any] = {}
    kinds = _scalars(Config)
    for name, key in variables().items():
        text = environment.get(name)
        if not text or key in found:
            continue
        try:
            found[key] = msgspec.convert(text, kinds[key], strict=False)
        except msgspec.ValidationError:
            raise ConfigError("environment", name, wrong(text, kinds[key])) from None
    return found


def _scalars(section: type[Section], prefix: str = "") -> dict[str, Any]:
    """Every plain setting of the schema as dotted key → type."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(section):
        kind = field.type
        if isinstance(kind, type) and issubclass(kind, Section):
            found.update(_scalars(kind, f"{prefix}{field.encode_name}."))
        elif get_origin(kind) not in (tuple, dict) and field.encode_name != "schema_version":
            found[prefix + field.encode_name] = kind
    return found


def _override(data: dict[str, Any], values: Mapping[str, Any], origin: str) -> Config:
    """Set dotted keys in `data`; what is wrong afterwards is said of `origin`."""
    for key, value in values.items():
        *tables, last = key.split(".")
        place = data
        for table in tables:
            place = place.setdefault(table, {})
        place[last] = value
    return parse(data, origin)
