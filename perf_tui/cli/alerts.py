"""`perf-tui alerts`, `perf-tui alerts check FILE` and `perf-tui alerts import FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from perf_tui.cli.arguments import PROGRAM
from perf_tui.cli.live import Failures, Transitions, follow
from perf_tui.cli.options import config_of
from perf_tui.cli.output import put
from perf_tui.config.load import parse
from perf_tui.config.read import read

NOTHING_TAKEN = 1


def run(arguments: argparse.Namespace) -> int:
    """Evaluate the rules and print each change, check a file of rules, or turn Prometheus' into ours."""
    if arguments.action == "check":
        return _check(Path(arguments.file))
    if arguments.action == "import":
        return _import(Path(arguments.file))
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


def _import(path: Path) -> int:
    """Rules as TOML on standard output, and on standard error what could not be taken over."""
    import tomli_w

    from perf_tui.cli.prometheus_rules import convert
    from perf_tui.cli.prometheus_rules import read as read_rules

    rules, refused = convert(read_rules(path))
    if rules:
        put(tomli_w.dumps({"alerts": rules}), for_programs=True)
    for line in refused:
        print(f"{PROGRAM}: not taken over: {line}", file=sys.stderr)
    return 0 if rules or not refused else NOTHING_TAKEN
