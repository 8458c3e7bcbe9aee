"""One GET to a listener without the HTTP library: most of what listens has no metrics, and a machine without any
need not pay the library's memory (11 MiB) for learning so.

It is asked in HTTP/1.0, whose answers are whole when the connection closes: neither chunks nor gzip.
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress

from perf_tui import __version__
from perf_tui.engine.source import SourceError
from perf_tui.sources.scrape.fetch import ACCEPT, Response, Unreachable
from perf_tui.text import clean

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r|\n|$)")
_KIND = re.compile(rb"\ncontent-type:[ \t]*([^\r\n]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CODED = re.compile(rb"\n(?:transfer|content)-encoding:", re.IGNORECASE)


async def knock(address: str, port: int, path: str, within: float, most: int) -> Response | None:
    """The answer to a GET; None where only the library can tell what it is (TLS, a redirection, a coded body).

    Raises Unreachable where there is no answer, or none in HTTP, SourceError for more than `most` bytes.
    """
    began = time.monotonic()
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    try:
        async with asyncio.timeout(within):
            data = await _ask(address, port, place, path, most)
    except TimeoutError:
        raise Unreachable(f"no answer within {within:g} s") from None
    except ConnectionRefusedError:
        raise Unreachable(f"nothing listens on {place}") from None
    except ConnectionResetError:
        raise Unreachable(f"{place} closed the connection without an answer") from None
    except OSError as error:
        raise Unreachable(f"{place}: {clean(error.strerror or type(error).__name__)}") from None
    if not data:
        raise Unreachable(f"{place} closed the connection without an answer")
    if (status := _STATUS.match(data)) is None:
        if data[:1] in (b"\x15", b"\x16"):  # the first byte of a TLS record
            return None
        raise Unreachable(f"{place} does not answer in HTTP")
    head, _, body = data.partition(b"\r\n\r\n")
    if status[1].startswith(b"3") or _CODED.search(head):
        return None
    if (length := _LENGTH.search(head)) is not None and len(body) < int(length[1]):
        raise Unreachable(f"{place} closed the connection in the middle of its answer")
    kind = _KIND.search(head)
    return Response(int(status[1]), clean(kind[1].decode("latin-1")) if kind else "", body, time.monotonic() - began)


async def _ask(address: str, port: int, place: str, path: str, most: int) -> bytes:
    reader, writer = await asyncio.open_connection(address, port)
    try:
        agent = f"User-Agent: perf-tui/{__version__}\r\n"
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {place}\r\nAccept: {ACCEPT}\r\n{agent}\r\n".encode("ascii"))
        data = bytearray()
        whole = most
        while len(data) <= most and (part := await reader.read(65536)):
            data += part
            # Some keep the connection open all the same, or send chunks that only the library reads.
            if whole == most and (end := data.find(b"\r\n\r\n")) >= 0:
                if _CODED.search(data, 0, end):
                    break
                length = _LENGTH.search(data, 0, end + 2)
                whole = end + 4 + int(length[1]) if length else most + 1
            if len(data) >= whole:
                break
        if min(whole, len(data)) > most:
            raise SourceError(f"its answer is larger than {most / 2**20:g} MiB")
        return bytes(data)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
