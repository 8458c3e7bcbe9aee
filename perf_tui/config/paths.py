"""Where files lie: the only module that knows the platform's folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

NAME = "perf-tui"


def user_config() -> Path:
    """The user's own config.toml."""
    return Path(platformdirs.user_config_dir(NAME)) / "config.toml"


def user_profiles() -> Path:
    """The folder of the user's own profiles of what endpoints export."""
    return user_config().parent / "profiles"


def user_state() -> Path:
    """The folder of what the program remembers for this user."""
    return Path(platformdirs.user_state_dir(NAME))


def system_config() -> Path:
    """The machine's config.toml."""
    return Path("/etc") / NAME / "config.toml"


def candidates(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Where config.toml is looked for, in order, when the command line names none."""
    named = environment.get("PERF_TUI_CONFIG")
    return [*([Path(named)] if named else []), Path("config.toml"), user_config(), system_config()]


def find(explicit: str | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file to read, or None where there is none; one that was named is returned even if it is missing."""
    if explicit is not None:
        return Path(explicit)
    if named := environment.get("PERF_TUI_CONFIG"):
        return Path(named)
    return next((path for path in candidates(environment) if path.is_file()), None)
