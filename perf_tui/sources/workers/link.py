"""The way to Redis, through redis-py, which is an extra: imported when the first group of workers needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perf_tui.engine.source import SourceAbsent, SourceDenied, SourceError
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.text import clean

if TYPE_CHECKING:
    from redis.asyncio import Redis

DEFAULT = "redis://127.0.0.1:6379/0"
SCHEMES = ("redis", "rediss", "unix")
CONNECT, ANSWER = 2.0, 3.0
"""Seconds for a connection, and for one answer."""
CHUNK = 500
"""Keys that are asked for at once: Redis answers nobody else meanwhile."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(slots=True)
class RedisLink:
    """One Redis. Its password is read when a connection is opened, and is in no text, error or export."""

    url: str | None = None
    url_env: str | None = None
    credentials: Credentials = field(default_factory=Credentials)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _client: Redis | None = field(default=None, repr=False)
    _secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def where(self) -> str:
        """The address for people, without user and password."""
        try:
            parts = urlsplit(self._address())
            port = parts.port  # a property that raises
        except (SourceError, ValueError):
            return f"the address in {self.url_env}"
        if parts.scheme == "unix":
            return clean(f"unix://{parts.path}")
        return clean(f"{parts.scheme}://{parts.hostname or ''}:{port or 6379}{parts.path}")

    @property
    def near(self) -> bool:
        """Whether it is on this machine, so that what talks to it most likely is as well."""
        parts = urlsplit(self._address())
        return parts.scheme == "unix" or parts.hostname in _LOOPBACK

    @property
    def database(self) -> int:
        """The number of the database."""
        digits = urlsplit(self._address()).path.strip("/")
        return int(digits) if digits.isdecimal() and urlsplit(self._address()).scheme != "unix" else 0

    def _address(self) -> str:
        if self.url_env is None:
            return self.url or DEFAULT
        found = self.environment.get(self.url_env, "").strip()
        if not found:
            raise SourceDenied(f"the environment variable {self.url_env} is not set; it holds the address of Redis")
        try:
            right = urlsplit(found).scheme in SCHEMES
        except ValueError:
            right = False
        if not right:
            raise SourceError(f"{self.url_env} holds no address of Redis: redis://, rediss:// and unix:// are read")
        return found

    def open(self) -> Redis:
        """A client; nothing is sent yet. Raises SourceError."""
        address = self._address()
        try:
            from redis.asyncio import Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise SourceAbsent("redis-py is not installed: pip install 'perf-tui[redis]' brings it") from None
        more: dict[str, Any] = {}
        password = self.credentials.password(self.environment)
        if password is not None:
            more = {"password": password, "username": self.credentials.username}
        with suppress(ValueError):
            own = urlsplit(address).password
            self._secrets = tuple(secret for secret in (password, own) if secret)
        try:
            self._client = Redis.from_url(
                address, socket_connect_timeout=CONNECT, socket_timeout=ANSWER, retry=Retry(NoBackoff(), 0),
                client_name="perf-tui", max_connections=4, **more,
            )  # fmt: skip
        except (ValueError, TypeError) as error:
            raise SourceError(self._safe(f"{self.where}: {error}")) from None
        return self._client

    @property
    def client(self) -> Redis:
        """The open client."""
        assert self._client is not None  # the engine opens first
        return self._client

    @contextmanager
    def asking(self) -> Iterator[Redis]:
        """The client; what goes wrong with Redis is raised as a SourceError that people can read."""
        from redis import exceptions

        try:
            yield self.client
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
            raise SourceDenied(self._safe(f"{self.where} refuses: {error}")) from None
        except exceptions.ResponseError as error:
            denied = str(error).startswith(("NOAUTH", "WRONGPASS", "NOPERM"))
            raise (SourceDenied if denied else SourceError)(self._safe(f"{self.where}: {error}")) from None
        except (exceptions.RedisError, OSError) as error:
            raise SourceError(self._safe(f"{self.where}: {error}")) from None

    def _safe(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def hashes(self, keys: Sequence[str], fields: Sequence[str]) -> list[list[bytes | None]]:
        """The fields of many hashes, in the order of the keys."""
        found: list[list[bytes | None]] = []
        for start in range(0, len(keys), CHUNK):
            pipe = self.client.pipeline(transaction=False)
            for key in keys[start : start + CHUNK]:
                pipe.hmget(key, list(fields))
            found += await pipe.execute()
        return found

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):  # the connection may be lost already
                await client.aclose()
