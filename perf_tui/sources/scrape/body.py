"""The body of an answer, within its limit: counted after decompression, which is bounded as well."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable
from typing import NoReturn

from perf_tui.engine.source import SourceError

STEP = 262_144
"""Bytes that are decompressed at once."""
TURN = 1_048_576
"""Bytes after which others on the loop get their turn."""


class Body:
    """Collects what arrives. Raises SourceError when it is too large or no gzip."""

    def __init__(self, limit: int, encoding: str = "", announced: int | None = None) -> None:
        """`encoding` is the answer's Content-Encoding, of which only gzip was asked for; `announced` its length."""
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise SourceError("the answer is encoded in a way that was not asked for")
        self._limit = limit
        if announced is not None and announced > limit:
            self._too_large()
        self._inflate = zlib.decompressobj(31) if encoding.endswith("gzip") else None
        self._padding = False
        self._data = bytearray()
        self._raw = 0
        self._since = 0

    async def read(self, chunks: AsyncIterable[bytes]) -> bytes:
        """The whole body."""
        async for chunk in chunks:
            self._raw += len(chunk)
            # Empty gzip members cost work and give nothing: what comes in is limited, too.
            if self._raw > self._limit:
                self._too_large()
            if self._inflate is None:
                await self._keep(chunk)
            else:
                await self._unpack(self._inflate, chunk)
        if self._inflate is not None and not self._inflate.eof and self._raw:
            raise SourceError("the answer ends in the middle of its gzip data")
        return bytes(self._data)

    async def _unpack(self, inflate: zlib._Decompress, data: bytes) -> None:
        while data and not self._padding:
            if inflate.eof:
                # Several members in a row are one body; anything else behind the last is padding.
                if data[:1] != b"\x1f":
                    self._padding = True
                    return
                inflate = self._inflate = zlib.decompressobj(31)
            try:
                part = inflate.decompress(data, STEP)
            except zlib.error:
                raise SourceError("the answer says that it is gzip, and is not") from None
            await self._keep(part)
            data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail

    async def _keep(self, part: bytes) -> None:
        self._data += part
        if len(self._data) > self._limit:
            self._too_large()
        self._since += len(part) + 1024
        if self._since >= TURN:
            self._since = 0
            await asyncio.sleep(0)

    def _too_large(self) -> NoReturn:
        raise SourceError(f"the answer is larger than {mebibytes(self._limit)}; max_body sets the limit")


def mebibytes(size: int) -> str:
    """A limit as people wrote it, nearly: in MiB, or in bytes where it is small."""
    return f"{size / 1048576:g} MiB" if size >= 1048576 else f"{size} bytes"
