"""`perf-tui` on a terminal."""

from __future__ import annotations

import argparse

from perf_tui.cli.options import config_of
from perf_tui.config import paths


def run(arguments: argparse.Namespace) -> int:
    """Show the interface until it is quit."""
    config, file = config_of(arguments)  # before Textual is imported: a wrong file is said at once

    from perf_tui.cli.tui import run as show

    return show(config, file=file or paths.user_config())
