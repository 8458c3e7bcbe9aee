"""Who may send, and how much: what HTTP and gRPC ask before they take in a request."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import SourceDenied, failure
from perf_tui.sources.otlp.decode import Encoding, Signal, decode
from perf_tui.sources.otlp.intake import Intake, Outcome
from perf_tui.sources.otlp.limits import Bucket, Limits
from perf_tui.sources.otlp.model import Peer
from perf_tui.sources.otlp.pieces import pieces
from perf_tui.sources.otlp.read import Read, ReadLogs
from perf_tui.sources.scrape.credentials import Credentials

SMALL = 32 * 1024
"""Bytes that are read at once; larger bodies are read on a thread, so that nothing else waits for them."""


class Refused(Exception):  # noqa: N818
    """A request that is not taken now; the text says why."""

    def __init__(self, why: str, retry: float = 0.0) -> None:
        super().__init__(why)
        self.retry = retry
        """Seconds after which to try again; 0 where that is of no use."""


class Door:
    """One receiver's, for all its ways in."""

    def __init__(
        self,
        intake: Intake,
        limits: Limits,
        credentials: Credentials | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Without `credentials` anybody who reaches it may send."""
        self.intake, self.limits = intake, limits
        self._credentials = credentials
        self._bucket = Bucket(limits.requests)
        self._monotonic, self._wall = monotonic, wall
        self._inside = 0
        self._reading = Blocking("otlp")
        self._one = asyncio.Lock()

    def permit(self, authorization: str | None) -> bool:
        """Whether a request with this `Authorization` may be taken. Raises SourceDenied where nobody knows."""
        if self._credentials is None:
            return True
        expected = self._credentials.header()
        if expected is None:
            raise SourceDenied("no token is set")
        kind, _, token = (authorization or "").partition(" ")
        given = f"Bearer {token.strip()}" if kind.lower() == "bearer" else ""
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())

    def __enter__(self) -> Door:
        """A request comes in. Raises Refused."""
        wait = self._bucket.wait(self._monotonic())
        if wait:
            raise Refused(f"more than {self.limits.requests:g} requests per second", wait)
        if self._inside >= self.limits.at_once:
            raise Refused(f"{self.limits.at_once} requests are being read", 1.0)
        self._inside += 1
        return self

    def __exit__(self, *error: object) -> None:
        self._inside -= 1

    async def take(self, signal: Signal, encoding: Encoding, body: bytes, peer: Peer | None = None) -> Outcome:
        """Decode a body and take it in. Raises BadBody."""
        if len(body) <= SMALL:
            read = self._read(signal, encoding, body, peer)
        else:
            async with self._one:
                read = await self._reading.call(lambda: self._read(signal, encoding, body, peer))
        at, wall = self._monotonic(), self._wall()
        self.intake.announce(read, at)
        rejected, reason = 0, ""
        for piece in pieces(read):
            outcome = self.intake.take(piece, at, wall)
            rejected, reason = rejected + outcome.rejected, reason or outcome.reason
            await asyncio.sleep(0)  # a large request must not hold up the others
        return Outcome(rejected, reason)

    def _read(self, signal: Signal, encoding: Encoding, body: bytes, peer: Peer | None) -> Read | ReadLogs | int:
        return self.intake.read(signal, decode(signal, encoding, body), peer)

    def broke(self, error: Exception) -> None:
        """A request could not be taken in, and that is this program's fault."""
        self.intake.note(f"a request could not be taken in: {failure(error).reason}")

    def close(self) -> None:
        """Let go of the thread."""
        self._reading.close()
