"""One question and one answer over a Unix socket, bounded in time by the engine and in size here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from perf_tui.engine.source import SourceAbsent, SourceDenied, SourceError
from perf_tui.text import clean

LARGEST = 8 * 1024 * 1024
"""Bytes of an answer."""


@asynccontextmanager
async def connected(path: str, who: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the socket at `path`, on which `who` listens. Raises SourceError with what would mend it."""
    shown = clean(path)
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LARGEST)
    except FileNotFoundError:
        raise SourceAbsent(f"there is no socket {shown}: {who} does not run, or has another") from None
    except PermissionError:
        raise SourceDenied(f"no permission for {shown}: the user that runs {who} has it, and root") from None
    except ConnectionRefusedError:
        raise SourceError(f"nobody listens on {shown}: {who} has ended") from None
    except OSError as error:
        raise SourceError(f"{shown}: {clean(error.strerror or str(error))}") from None
    try:
        yield reader, writer
    except (asyncio.IncompleteReadError, ConnectionError):
        raise SourceError(f"{shown}: {who} closed the connection in the middle of an answer") from None
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
