"""HTTP: one GET of one target, bounded in time, size and whom it talks to.

Nothing that a server does holds anybody up: the deadline is for the whole answer, the body is limited
after decompression, redirects are followed on the same host and port alone, and proxies of the
environment are not used. aiohttp takes a third of a second to import: that happens when the first
target is fetched, on a thread.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from perf_tui import __version__
from perf_tui.config.quantities import size
from perf_tui.config.schema import Target
from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.sources.scrape.body import Body
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.text import clean, cut

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")

ACCEPT = (
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,"
    "application/openmetrics-text;version=1.0.0;q=0.2,*/*;q=0.1"
)
"""Classic text first: it is the quickest to read and the most lenient."""
MOST_AT_ONCE = 64
"""Requests under way; more than there are targets on nearly every machine, as one that hangs takes a place."""
MOST_REDIRECTS = 5
IDLE = 65.0
"""Seconds for which a connection is kept for the next request: a little more than the longest interval."""

_HTML = re.compile(rb"\s*<")
_JSON = re.compile(rb'\s*(\[|\{\s*\}|\{\s*"(?:[^"\\]|\\.){0,200}"\s*:)')


class Unreachable(SourceError):  # noqa: N818  (a kind of SourceError, named for what it says)
    """There was no answer, or none in HTTP: asking for another path would fare no better."""


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """How one URL is asked. It names where secrets are and holds none."""

    url: str
    timeout: float = 5.0
    """Seconds for the whole answer, redirects included."""
    max_body: int = 32 * 1024 * 1024
    """Bytes of the body after decompression."""
    ca_file: str | None = None
    verify: bool = True
    credentials: Credentials = field(default_factory=Credentials)
    fresh: bool = False
    """Close the connection afterwards, so that the next request may reach another worker."""

    @classmethod
    def of(cls, target: Target) -> TargetOptions:
        """As config.toml says it."""
        return cls(
            url=target.url,
            timeout=target.timeout,
            max_body=int(size(target.max_body)),
            ca_file=target.ca_file,
            verify=target.verify,
            credentials=Credentials(
                bearer_token_env=target.bearer_token_env,
                bearer_token_file=target.bearer_token_file,
                username=target.username,
                password_env=target.password_env,
                password_file=target.password_file,
            ),
        )


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, as it came."""

    status: int
    content_type: str
    """With its parameters; empty where the server names none."""
    body: bytes
    seconds: float
    """From the request to the last byte."""
    first: float = 0.0
    """From the request to the beginning of the answer."""

    @property
    def openmetrics(self) -> bool:
        """Whether it is to be read as OpenMetrics."""
        return self.content_type.lstrip().lower().startswith("application/openmetrics-text")

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become surrogates, which `perf_tui.text.clean` spells out."""
        return self.body.decode("utf-8", "surrogateescape")


class Fetcher:
    """Gets targets for all sources of one engine, over one pool of connections, on the engine's loop.

    A source calls `open` in its own `open` and `close` in its own `close`; the last one that closes ends
    all connections. `get` and `request` may be called between the two, and `ready` at any time.
    """

    def __init__(self) -> None:
        self._users = 0
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()
        self._contexts: dict[tuple[str | None, bool], ssl.SSLContext] = {}

    def open(self) -> None:
        """One more source uses the connections."""
        self._users += 1

    async def close(self) -> None:
        """One source less uses them."""
        self._users -= 1
        if self._users <= 0 and self._session is not None:
            session, self._session = self._session, None
            self._contexts.clear()
            await session.close()

    async def ready(self) -> aiohttp.ClientSession:
        """The pool of connections; the first time it takes a while, as aiohttp is imported."""
        async with self._opening:
            if self._session is None or self._session.closed:
                connections = await _aside(lambda: import_module("perf_tui.sources.scrape.connections"))
                self._session = connections.session(MOST_AT_ONCE, IDLE)
            return self._session

    async def get(self, options: TargetOptions) -> Response:
        """The metrics of a target: an answer with status 200 that is neither HTML nor JSON.

        Raises SourceError with the reason, SourceDenied where it names what would give access.
        """
        response = await self.request(options)
        judge(response, options)
        return response

    async def request(self, options: TargetOptions) -> Response:
        """Any answer, whatever its status. Raises SourceError where there is none, SourceDenied without a secret."""
        session = await self.ready()  # not within the target's time
        began = time.monotonic()
        try:
            async with asyncio.timeout(options.timeout):
                return await self._ask(session, options, began)
        except TimeoutError:
            raise Unreachable(f"no answer within {options.timeout:g} s") from None

    async def _ask(self, session: aiohttp.ClientSession, options: TargetOptions, began: float) -> Response:
        context = await self._context(options)
        headers = await self._headers(options)
        url = options.url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                async with session.get(url, headers=headers, ssl=context, allow_redirects=False) as answer:
                    target = answer.headers.get("Location")
                    if answer.status not in (301, 302, 303, 307, 308) or target is None:
                        first = time.monotonic() - began
                        kind = clean(answer.headers.get("Content-Type", ""))
                        body = Body(options.max_body, answer.headers.get("Content-Encoding", ""), answer.content_length)
                        whole = await body.read(answer.content.iter_any())
                        return Response(answer.status, kind, whole, time.monotonic() - began, first)
            except SourceError:
                raise
            except Exception as error:
                from perf_tui.sources.scrape.connections import explain

                if isinstance(error, ssl.SSLError):
                    self._contexts.pop((options.ca_file, options.verify), None)  # the CA file may be mended
                # Not `from error`: the chain may hold the request with its secrets.
                raise Unreachable(explain(error, place(options.url))) from None
            url = _follow(url, target)
        raise SourceError(f"it redirects more than {MOST_REDIRECTS} times")

    async def _headers(self, options: TargetOptions) -> dict[str, str]:
        headers = {
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip",
            "User-Agent": f"perf-tui/{__version__}",
            "X-Prometheus-Scrape-Timeout-Seconds": f"{options.timeout:g}",
        }
        if options.fresh:
            headers["Connection"] = "close"
        secrets = options.credentials
        authorization = await _aside(secrets.header) if secrets.in_files else secrets.header()
        if authorization is not None:
            headers["Authorization"] = authorization
        return headers

    async def _context(self, options: TargetOptions) -> ssl.SSLContext | bool:
        if not options.url.lower().startswith("https:"):
            return True
        key = (options.ca_file, options.verify)
        if key not in self._contexts:
            self._contexts[key] = await _aside(lambda: _trust(options.ca_file, options.verify))
        return self._contexts[key]


def judge(response: Response, options: TargetOptions) -> None:
    """Raises SourceError where an answer is not what a scrape expects."""
    status, path = response.status, clean(urlsplit(options.url).path or "/")
    named = _named(status)
    if status in (401, 403):
        origin = options.credentials.origin
        if origin is not None:
            raise SourceDenied(f"answered {named}: it does not accept what {origin} holds")
        raise SourceDenied(
            f"answered {named}: set bearer_token_env or bearer_token_file, or username and password_env or "
            "password_file, of this target"
        )
    if status == 404:
        raise SourceError(f"answered {named}: there is nothing at {cut(path, 60)}")
    if status != 200:
        raise SourceError(f"answered {named}")
    kind = response.content_type.lower()
    if "html" in kind or _HTML.match(response.body):
        raise SourceError(f"answered HTML, not metrics: is {cut(path, 60)} the right path?")
    if "json" in kind or _JSON.match(response.body):
        raise SourceError(f"answered JSON, not metrics in text: is {cut(path, 60)} the right path?")


def place(url: str) -> str:
    """Host and port of an address, safe to show; never its query, which may hold a token."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    host = clean(parts.hostname or "")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _follow(url: str, target: str) -> str:
    """Where a redirect leads. Raises SourceError where that is another host, port or scheme."""
    try:
        there = urljoin(url, target)
        same = urlsplit(there).scheme == urlsplit(url).scheme and place(there) == place(url)
        elsewhere = f"{urlsplit(there).scheme}://{place(there)}"
    except ValueError:
        raise SourceError("it redirects to something that is no address") from None
    if not same:
        raise SourceError(f"it redirects to {cut(clean(elsewhere), 80)}: only the same host and port are followed")
    return there


def _named(status: int) -> str:
    """A status code with its common name; the server's own words are not repeated."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _trust(ca_file: str | None, verify: bool) -> ssl.SSLContext:
    """What a server must prove. Raises SourceError where the CA file cannot be used."""
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise SourceError(f"ca_file {clean(str(ca_file))} holds no certificate in PEM form") from None
    except OSError as error:
        raise SourceError(f"ca_file {clean(str(ca_file))}: {error.strerror}") from None


async def _aside(function: Callable[[], T]) -> T:
    """The result of a call that may block, from a thread of its own."""
    blocking = Blocking("fetch")
    try:
        return await blocking.call(function)
    finally:
        blocking.close()
