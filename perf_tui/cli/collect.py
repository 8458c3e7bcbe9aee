"""`perf-tui collect [--for SECONDS]`, the same as `--collect-only`."""

from __future__ import annotations

import argparse

from perf_tui.cli.live import Failures, Transitions, follow
from perf_tui.cli.options import config_of


def run(arguments: argparse.Namespace) -> int:
    """Run the engine; quiet but for errors, and with --verbose a line for each alert that changes."""
    config, _ = config_of(arguments)
    tells = (Failures(), Transitions()) if arguments.verbose else (Failures(),)
    return follow(config, arguments.seconds, *tells)
