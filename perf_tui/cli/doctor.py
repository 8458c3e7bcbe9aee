"""`perf-tui doctor`: what can be read and what not, with the mend."""

from __future__ import annotations

import argparse
import json
from collections import Counter

import msgspec

from perf_tui.cli import checks, checks_otlp
from perf_tui.cli.checks import Check, Grade
from perf_tui.cli.options import config_of
from perf_tui.cli.output import put
from perf_tui.cli.sampling import sample
from perf_tui.config.errors import ConfigError
from perf_tui.config.schema import Config

_EXIT = {Grade.PASS: 0, Grade.WARN: 1, Grade.FAIL: 2}
QUICK = 0.5
"""Seconds between the two readings."""


def run(arguments: argparse.Namespace) -> int:
    """Print every check; the exit code is that of the worst."""
    found = _examine(arguments)
    if arguments.json:
        put(json.dumps([check._asdict() for check in found], indent=1, ensure_ascii=False) + "\n", for_programs=True)
    else:
        put("".join(f"{line}\n" for check in found for line in _lines(check)))
        counts = Counter(check.grade for check in found)
        put(f"\n{counts[Grade.PASS]} passed, {counts[Grade.WARN]} to mend, {counts[Grade.FAIL]} broken\n")
    return max(_EXIT[check.grade] for check in found)


def _examine(arguments: argparse.Namespace) -> list[Check]:
    config, path, problem = Config(), None, None
    try:
        config, path = config_of(arguments)
    except ConfigError as error:
        problem = str(error)
    snapshot = sample(msgspec.structs.replace(config, interval=QUICK))
    return [
        checks.python(),
        *checks.terminal(),
        *checks.configuration(config, path, problem),
        checks.environment(),
        *checks.sources(snapshot),
        *checks.measures(snapshot),
        *checks_otlp.receiver(config),
        checks.hidepid(),
        checks.pressure(),
        checks.gpu_library(),
    ]


def _lines(check: Check) -> list[str]:
    lines = [f"{check.grade} {check.id:<20} {check.finding}"]
    if check.mend:
        lines.append(f"{'':<26}mend: {check.mend}")
    return lines
