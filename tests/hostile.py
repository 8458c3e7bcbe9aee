"""Servers on free loopback ports that answer whatever a test wants, or do not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Writer = asyncio.StreamWriter


@dataclass
class Request:
    """What came in; `headers` by their small-letter names."""

    method: str
    path: str
    headers: dict[str, str]
    connection: int


Answer = Callable[[Request, Writer], Awaitable[None]]


@dataclass
class Server:
    """A server that runs, and what it was asked."""

    port: int
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    raw: list[bytes] = field(default_factory=list)
    """What came in that is no request."""

    def url(self, path: str = "/metrics", host: str = "127.0.0.1") -> str:
        """The address of a path of it."""
        return f"{self.scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def serve(
    answer: Answer, *, tls: ssl.SSLContext | None = None, port: int = 0, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """Runs `answer` for each request of each connection until the end of the block."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: Writer) -> None:
        server.connections += 1
        number = server.connections
        try:
            while not writer.is_closing() and (head := await _head(reader, server)) is not None:
                request = Request(*head, connection=number)
                server.requests.append(request)
                await answer(request, writer)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.create_task(connected(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, host, port, ssl=tls)
    server = Server(listener.sockets[0].getsockname()[1], "https" if tls else "http")
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _head(reader: asyncio.StreamReader, server: Server) -> tuple[str, str, dict[str, str]] | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            server.raw.append(error.partial)
        return None
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, path, *_ = [*first.split(" "), ""]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return method, path, headers


def page(body: bytes | str = b"up 1\n", status: str = "200 OK", **headers: str | None) -> Answer:
    """The same whole answer to each request; a header given as None is left out."""
    data = body.encode() if isinstance(body, str) else body
    fields = {"Content-Type": "text/plain; version=0.0.4", "Content-Length": str(len(data))}
    fields |= {name.replace("_", "-").title(): value for name, value in headers.items()}  # type: ignore[misc]
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    whole = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data

    async def answer(request: Request, writer: Writer) -> None:
        writer.write(whole)

    return answer


def routes(**pages: Answer) -> Answer:
    """By the path's first word: `routes(metrics=page("up 1\\n"))`; 404 for all others."""
    nothing = page("no such page\n", "404 Not Found")

    async def answer(request: Request, writer: Writer) -> None:
        await pages.get(request.path.strip("/").partition("/")[0].partition("?")[0], nothing)(request, writer)

    return answer


async def hang(request: Request, writer: Writer) -> None:
    """Takes the request and never answers, until the client gives up."""
    with suppress(ConnectionError):
        await writer.wait_closed()


def raw(*parts: bytes, close: bool = True) -> Answer:
    """These bytes, and nothing more."""

    async def answer(request: Request, writer: Writer) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if close:
            writer.close()

    return answer


class Endless:
    """Chunks without end; `sent` counts their bytes."""

    def __init__(self, head: bytes, chunk: bytes, pause: float = 0.0, most: int | None = None) -> None:
        self.sent = 0
        self._head, self._chunk, self._pause, self._most = head, chunk, pause, most

    async def __call__(self, request: Request, writer: Writer) -> None:
        """The answer."""
        writer.write(self._head)
        while self._most is None or self.sent < self._most:
            writer.write(self._chunk)
            await writer.drain()
            self.sent += len(self._chunk)
            await asyncio.sleep(self._pause)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def redirect(where: str, status: str = "302 Found") -> Answer:
    """An answer that leads somewhere else."""
    return page(b"", status, location=where)
