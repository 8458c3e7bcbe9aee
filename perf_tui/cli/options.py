"""From arguments to the configuration in force."""

from __future__ import annotations

import argparse
from pathlib import Path

from perf_tui.cli.arguments import SETTINGS
from perf_tui.config.load import load
from perf_tui.config.schema import Config


def config_of(arguments: argparse.Namespace) -> tuple[Config, Path | None]:
    """The configuration that these arguments ask for, and its file if there is one. Raises ConfigError."""
    given = vars(arguments)
    config, path = load(given["config"], {key: given[key] for key in SETTINGS if key in given})
    check_keys(config, path)
    return config, path


def check_keys(config: Config, path: Path | None) -> None:
    """Raises ConfigError where `[keys]` names no command or gives one key twice: only the interface knows."""
    if config.keys:
        from perf_tui.ui.commands import check_keys as check

        check(config.keys, str(path))
