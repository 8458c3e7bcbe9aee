"""A configuration file as plain data: TOML, or a list of alert rules in JSON."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from perf_tui.config.errors import ConfigError
from perf_tui.config.json_rules import json_rules

LARGEST = 4 * 1024 * 1024
"""Bytes of the largest file that is read: what is larger is no configuration."""


def read(path: Path) -> dict[str, Any]:
    """The file as plain data. Raises ConfigError."""
    text = _text(path)
    try:
        if path.suffix.lower() == ".json":
            return {"alerts": json_rules(text, str(path))}
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).rpartition(" (at ")
        raise ConfigError(str(path), place.rstrip(")").replace("end of document", "the end"), problem) from None
    except RecursionError:
        raise ConfigError(str(path), "", "it is nested too deeply; a configuration has two levels") from None
    except ValueError:  # the only one that is left: Python's guard against endless conversions
        raise ConfigError(str(path), "", "it holds a number of thousands of digits") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(str(path), "", "there is no such file") from None
    except OSError as error:
        raise ConfigError(str(path), "", f"it cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST:
        raise ConfigError(str(path), "", f"it is larger than {LARGEST // 1024**2} MiB: no configuration")
    try:
        return raw.decode("utf-8-sig")  # some editors put a byte order mark before the text
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(str(path), f"line {line}", "this is not UTF-8 text") from None
