"""Standard output, whatever its encoding."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO

from perf_tui.cli.errors import UsageError


def is_unicode() -> bool:
    """Whether standard output can take every character."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def on_terminal() -> bool:
    """Whether there is a terminal to draw on and to read keys from."""
    if os.environ.get("TERM") == "dumb":
        return False
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def put(text: str, *, for_programs: bool = False) -> None:
    """Write `text`. What programs read is UTF-8 always; people's text is spelled out where it does not fit.

    Raises UsageError where it cannot be written, and BrokenPipeError where nobody reads it any more.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        if for_programs:
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        else:
            sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence()
        raise UsageError(f"standard output cannot be written: {error.strerror or error}") from None


def settle() -> None:
    """Write out what is buffered; where nobody is there any more (a terminal that hung up), let it go.

    Otherwise the interpreter fails at it while it ends, and replaces the exit code by its own.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None where the caller closed it
        try:
            stream.flush()
        except BrokenPipeError:
            raise
        except (OSError, ValueError):
            silence(stream)


def silence(stream: TextIO | None = None) -> None:
    """Let nothing that is still buffered for a stream (standard output) fail or hang while the interpreter ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, (stream or sys.stdout).fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a standard output without a file behind it
        pass
