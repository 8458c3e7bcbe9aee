"""`perf-tui snapshot -o FILE [--format F]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from perf_tui.cli.errors import UsageError
from perf_tui.cli.main import NOTHING_COLLECTED
from perf_tui.cli.options import config_of
from perf_tui.cli.output import is_unicode, put
from perf_tui.cli.sampling import collected, sample
from perf_tui.config.schema import Config
from perf_tui.engine.snapshot import Snapshot
from perf_tui.export import files, formats

STDOUT = "-"
_PEOPLE = ("txt", "md", "html")


def run(arguments: argparse.Namespace) -> int:
    """Write one snapshot; what cannot be written is said before anything is read."""
    config, _ = config_of(arguments)
    destination: str = arguments.output
    name = _format(destination, arguments.format)
    try:
        if destination != STDOUT:
            files.check(Path(destination))
        snapshot = sample(config)
        to_stdout = destination == STDOUT
        plain = config.ui.ascii or (to_stdout and not is_unicode())
        text = _render(snapshot, name, config, plain)
        if to_stdout:
            put(text, for_programs=name not in _PEOPLE)
        else:
            files.write(Path(destination), text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(_why(error, destination)) from None
    return 0 if collected(snapshot) else NOTHING_COLLECTED


def _format(destination: str, given: str | None) -> str:
    if given is not None:
        name = given.removeprefix(".").lower()
        if name not in formats.FORMATS:
            raise UsageError(f"--format: {given!r} is no format; allowed: {', '.join(formats.FORMATS)}")
        return name
    if destination == STDOUT:
        return "txt"
    try:
        return formats.of(Path(destination))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _render(snapshot: Snapshot, name: str, config: Config, ascii_only: bool) -> str:
    if name == formats.PICTURE:
        from perf_tui.ui import picture  # Textual draws it, and nothing else here needs Textual

        return picture.svg(snapshot, config)
    return formats.render(snapshot, name, ascii_only=ascii_only)


def _why(error: OSError, destination: str) -> str:
    if isinstance(error, files.DestinationError):
        return str(error)
    return f"{destination}: it cannot be written: {error.strerror or error}"
