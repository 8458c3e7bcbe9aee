"""OTLP over HTTP: POST of protobuf or JSON to /v1/metrics, /v1/logs and /v1/traces."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from math import ceil

from aiohttp import ClientPayloadError, web

from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.sources.otlp.decode import BadBody, Encoding, Signal, TooLarge, protobuf_there, unzipped
from perf_tui.sources.otlp.door import Door, Refused
from perf_tui.sources.otlp.peer import Peers
from perf_tui.sources.otlp.replies import DENIED, EXHAUSTED, INTERNAL, INVALID, UNAVAILABLE, done, failed

PATHS = {f"/v1/{signal}": signal for signal in Signal}
_LONGEST_URL = 4096


class _Answer(Exception):  # noqa: N818
    """An answer other than success."""

    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


class HttpReceiver:
    """Listens from `open` to `close`."""

    def __init__(self, door: Door, host: str, port: int, peers: Peers | None = None) -> None:
        """`peers` finds out which local process sends."""
        self._door = door
        self._address = (host, port)
        self._peers = peers
        self._runner: web.ServerRunner | None = None
        self.port = port
        """The port that it listens on, while it is open."""

    async def open(self) -> None:
        """Begin to listen. Raises SourceError."""
        host, port = self._address
        # Bodies are decompressed here, where their size is limited.
        server = web.Server(
            self._handle, auto_decompress=False, access_log=None, keepalive_timeout=75.0,
            max_line_size=_LONGEST_URL, lingering_time=1.0,
        )  # fmt: skip
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise SourceError(f"it cannot listen on {host}:{port}: {error.strerror or error}") from None
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        encoding = _encoding(request) or Encoding.JSON
        try:
            body = await self._answer(request)
        except _Answer as answer:
            headers = {name.replace("_", "-"): value for name, value in answer.headers.items()}
            response = web.Response(
                status=answer.status, body=failed(encoding, answer.code, str(answer)), headers=headers
            )
        except Exception as error:
            # Of this program's own making: whoever sends learns that it is not theirs, and people are told.
            self._door.broke(error)
            response = web.Response(status=500, body=failed(encoding, INTERNAL, "the request could not be taken in"))
        else:
            response = web.Response(body=body)
        response.content_type = str(encoding)
        if not request.content.at_eof():
            response.force_close()  # what is left of a body is not waited for
        return response

    async def _answer(self, request: web.BaseRequest) -> bytes:
        """The body of a success. Raises _Answer."""
        signal = PATHS.get(request.path.rstrip("/"))
        if signal is None:
            raise _Answer(404, INVALID, f"there is nothing here; OTLP is taken on {', '.join(PATHS)}")
        if request.method != "POST":
            raise _Answer(405, INVALID, "only POST is taken", Allow="POST")
        self._permit(request)
        encoding = _encoding(request)
        if encoding is None:
            raise _Answer(415, INVALID, f"the content type must be {Encoding.PROTOBUF} or {Encoding.JSON}")
        if encoding is Encoding.PROTOBUF and not protobuf_there():
            raise _Answer(415, INVALID, "protobuf is not installed here (pip install perf-tui[otlp]); JSON is taken")
        zipped = _zipped(request)
        try:
            with self._door:
                body = await self._body(request)
                if zipped:
                    body = unzipped(body, self._door.limits.body)
                peer = await self._peers.of(request.transport) if self._peers is not None else None
                outcome = await self._door.take(signal, encoding, body, peer)
        except Refused as refused:
            retry = str(max(1, ceil(refused.retry)))
            raise _Answer(429, EXHAUSTED, str(refused), Retry_After=retry) from None
        except TooLarge:
            size = self._door.limits.body
            raise _Answer(413, INVALID, f"a request may have {size} bytes, before and after decompression") from None
        except BadBody as problem:
            raise _Answer(400, INVALID, str(problem)) from None
        return done(signal, encoding, outcome)

    def _permit(self, request: web.BaseRequest) -> None:
        try:
            permitted = self._door.permit(request.headers.get("Authorization"))
        except SourceDenied as why:
            raise _Answer(503, UNAVAILABLE, f"nobody can be let in: {why}") from None
        if not permitted:
            raise _Answer(401, DENIED, "a bearer token is needed", WWW_Authenticate="Bearer")

    async def _body(self, request: web.BaseRequest) -> bytes:
        limits = self._door.limits
        if (request.content_length or 0) > limits.body:
            raise TooLarge
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(limits.seconds):
                async for part in request.content.iter_any():
                    size += len(part)
                    if size > limits.body:
                        raise TooLarge
                    parts.append(part)
        except (web.PayloadAccessError, ClientPayloadError, web.RequestPayloadError, ConnectionError):
            raise _Answer(400, INVALID, "the body ended too early, or its chunks are none") from None
        except TimeoutError:
            raise _Answer(408, INVALID, f"the body did not come within {limits.seconds:g} s") from None
        return b"".join(parts)


def _encoding(request: web.BaseRequest) -> Encoding | None:
    with suppress(ValueError):
        return Encoding(request.content_type.lower())
    return None


def _zipped(request: web.BaseRequest) -> bool:
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", ""):
        raise _Answer(415, INVALID, "the content encoding must be gzip, or none", Accept_Encoding="gzip")
    return coding == "gzip"
