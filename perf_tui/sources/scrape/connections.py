"""The part of fetching that needs aiohttp at once: the pool of connections, and its errors in plain words."""

from __future__ import annotations

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from perf_tui.engine.blocking import Blocking
from perf_tui.text import clean

HEADER = 16_384
"""Bytes of one header line, and twice the usual limit."""


def session(most: int, idle: float) -> aiohttp.ClientSession:
    """Connections that are kept `idle` seconds, at most `most` at once. Must be called on the loop that uses them.

    It decompresses nothing, stores no cookies, and takes no proxy or password from the environment.
    """
    connector = aiohttp.TCPConnector(
        limit=most, keepalive_timeout=idle, resolver=_Resolver(), ttl_dns_cache=30, happy_eyeballs_delay=0.1
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # each target has its own, for the whole of its answer
        auto_decompress=False,
        trust_env=False,
        max_line_size=HEADER,
        max_field_size=HEADER,
    )


def explain(error: Exception, place: str) -> str:
    """What went wrong between this program and `place`, safe to show; nothing of the request is in it."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"the host of {place} is not known"
        case aiohttp.ClientConnectorCertificateError():
            why = getattr(error.certificate_error, "verify_message", "") or "not valid"
            return f"the certificate of {place} is not accepted ({clean(str(why))}); ca_file names the CA to trust"
        case aiohttp.ClientConnectorSSLError():
            return f"{place} does not speak TLS as this program does"
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionRefusedError):
            return f"nothing listens on {place}"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientConnectionResetError():
            return f"{place} closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return f"{place} closed the connection in the middle of its answer"
        case aiohttp.ClientResponseError():
            large = "Got more than" in error.message or "Too many" in error.message
            return f"{place} sends headers that are too large" if large else f"{place} does not answer in HTTP"
        case aiohttp.InvalidURL() | UnicodeError():
            return f"{place} is no address"
        case OSError() if error.strerror:
            return f"{place}: {clean(error.strerror)}"
    return f"{place}: {type(error).__name__}"


class _Resolver(AbstractResolver):
    """Names by the system, on a daemon thread: a name server that hangs must not keep the program from ending."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        lookup = Blocking("resolver")
        try:
            found = await lookup.call(lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM))
        finally:
            lookup.close()
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Nothing to release."""
