"""`perf-tui alerts`, and `perf-tui alerts check FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from perf_tui.cli.live import Failures, Transitions, follow
from perf_tui.cli.options import config_of
from perf_tui.cli.output import put
from perf_tui.config.load import parse
from perf_tui.config.read import read


def run(arguments: argparse.Namespace) -> int:
    """Evaluate the rules and print each change, or check a file of rules."""
    if arguments.action == "check":
        return _check(Path(arguments.file))
    config, _ = config_of(arguments)
    return follow(config, arguments.seconds, Failures(), Transitions())


def _check(path: Path) -> int:
    data = read(path)
    config = parse(data, str(path))
    if "alerts" not in data:
        put(f"{path}: valid; it has no rules of its own, so the {len(config.alerts)} that ship are in force\n")
    else:
        put(f"{path}: valid, {len(config.alerts)} rule{'' if len(config.alerts) == 1 else 's'}\n")
    return 0
