"""`perf-tui --once [--json]`, and `perf-tui` where there is no terminal."""

from __future__ import annotations

import argparse

from perf_tui.cli.main import NOTHING_COLLECTED
from perf_tui.cli.options import config_of
from perf_tui.cli.output import is_unicode, put
from perf_tui.cli.sampling import collected, sample
from perf_tui.config.schema import Config
from perf_tui.export import formats


def run(arguments: argparse.Namespace) -> int:
    """Print one snapshot."""
    config, _ = config_of(arguments)
    return printed(config, as_json=arguments.json)


def printed(config: Config, *, as_json: bool) -> int:
    """Print one snapshot of what a configuration watches; returns the exit code."""
    snapshot = sample(config)
    if as_json:
        put(formats.render(snapshot, "json"), for_programs=True)
    else:
        put(formats.render(snapshot, "txt", ascii_only=config.ui.ascii or not is_unicode()))
    return 0 if collected(snapshot) else NOTHING_COLLECTED
