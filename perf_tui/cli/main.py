"""The entry point: arguments in, exit code out. What a command needs is imported when it runs."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys

from perf_tui.cli.arguments import PROGRAM, parse
from perf_tui.cli.output import on_terminal, settle, silence

NOTHING_COLLECTED = 1
WRONG_USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """Run a command line (by default that of the process); returns the exit code."""
    if sys.stdout is None:  # closed by the caller, as `>&-` does
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (for as long as the process)
    try:
        code = _code(argv)
        settle()
    except KeyboardInterrupt:
        silence()
        return 128 + signal.SIGINT
    except BrokenPipeError:  # whoever read the output has gone, as `head` does
        silence()
        return 128 + signal.SIGPIPE
    return code


def _code(argv: list[str] | None) -> int:
    try:
        return _run(parse(argv))
    except SystemExit as ended:  # argparse: --help, --version, or a usage error that has been told
        return int(ended.code or 0)


def _run(arguments: argparse.Namespace) -> int:
    from perf_tui.cli.errors import Ended, UsageError
    from perf_tui.config.errors import ConfigError
    from perf_tui.text import clean

    command = arguments.command or _without_command(arguments)
    try:
        code = importlib.import_module(f"perf_tui.cli.{command}").run(arguments)
    except (ConfigError, UsageError) as error:
        print(f"{PROGRAM}: {clean(str(error))}", file=sys.stderr)
        return WRONG_USAGE
    except Ended as ended:
        silence()
        return 128 + ended.number
    return int(code)


def _without_command(arguments: argparse.Namespace) -> str:
    """The interface needs a terminal to draw on and one to read keys from; else one snapshot is printed."""
    return "interface" if on_terminal() and not (arguments.once or arguments.json) else "once"
