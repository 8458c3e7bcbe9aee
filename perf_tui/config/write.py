"""A configuration as TOML."""

from __future__ import annotations

from typing import Any

import msgspec
import tomli_w

from perf_tui.config.schema import Config


def to_toml(config: Config) -> str:
    """The whole configuration, with every default. It holds no secrets: the schema has no place for one."""
    return tomli_w.dumps(_without_nothing(msgspec.to_builtins(config)))


def _without_nothing(value: Any) -> Any:
    """TOML has no null: a key that is not set is left out, and so is a table without keys."""
    if isinstance(value, dict):
        items = ((key, _without_nothing(item)) for key, item in value.items())
        return {key: item for key, item in items if item is not None and item != {}}
    if isinstance(value, (list, tuple)):
        return [_without_nothing(item) for item in value]
    return value
