"""Endpoints that do what they should not: a reason each time, soon, and no secret in it."""

import asyncio
import gzip
import traceback
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hostile import Answer, Endless, Request, Writer, chunk, hang, page, raw, redirect, serve

from perf_tui.engine.engine import Engine
from perf_tui.engine.source import Derived, Source, SourceDenied, SourceError
from perf_tui.measures.model import Sample, Series, Status, Value
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.sources.scrape.fetch import Fetcher, Response, TargetOptions

SECRET = "hunter2-never-shown"
LIMIT = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", SECRET)


async def refused(answer: Answer, within: float = 5.0, path: str = "/metrics") -> SourceError:
    """What is raised for this answer; checked for secrets. The answer after it comes over another connection."""
    good = page("up 1\n")
    pages = [answer, good]

    async def either(request: Request, writer: Writer) -> None:
        await pages[0](request, writer)

    fetcher = Fetcher()
    fetcher.open()
    try:
        async with serve(either) as server:
            options = TargetOptions(
                server.url(f"{path}?key={SECRET}"),
                timeout=within,
                max_body=LIMIT,
                credentials=Credentials(bearer_token_env="A_TOKEN"),
            )
            with pytest.raises(SourceError) as raised:
                await fetcher.get(options)
            assert SECRET not in "".join(traceback.format_exception(raised.value))
            assert str(raised.value).isprintable()
            assert len(str(raised.value)) < 250
            pages.pop(0)
            assert (await fetcher.get(replace(options, timeout=5.0))).text == "up 1\n"
    finally:
        await fetcher.close()
    return raised.value


STATUSES = [
    (400, "400 Bad Request"),
    (404, "404 Not Found: there is nothing at /metrics"),
    (406, "406 Not Acceptable"),
    (204, "204 No Content"),
    (429, "429 Too Many Requests"),
    (500, "500 Internal Server Error"),
    (503, "503 Service Unavailable"),
    (599, "599"),
    (999, "999"),
]


@pytest.mark.parametrize(("status", "words"), STATUSES)
async def test_a_status_is_named_in_its_common_words(status: int, words: str) -> None:
    error = await refused(page("" if status == 204 else "\x1b[2J", f"{status} \x1b[31mserver's own words"))
    assert str(error) == f"answered {words}"
    assert error.status is Status.ERROR


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_denied_with_a_secret_says_where_the_secret_is_from(status: str) -> None:
    error = await refused(page("", status, www_authenticate="Bearer"))
    assert isinstance(error, SourceDenied)
    assert str(error) == f"answered {status}: it does not accept what the environment variable A_TOKEN holds"


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_denied_without_a_secret_says_which_keys_give_access(status: str) -> None:
    fetcher = Fetcher()
    fetcher.open()
    async with serve(page("", status)) as server:
        with pytest.raises(SourceDenied) as raised:
            await fetcher.get(TargetOptions(server.url()))
        await fetcher.close()
    for key in ("bearer_token_env", "bearer_token_file", "username", "password_env", "password_file"):
        assert key in str(raised.value)


@pytest.mark.parametrize(
    ("body", "kind", "word"),
    [
        ("<!DOCTYPE html><html>", "text/html", "HTML"),
        ("anything", "text/html; charset=utf-8", "HTML"),
        ("\n <html><body>", "text/plain", "HTML"),
        ("<?xml version='1.0'?>", None, "HTML"),
        ('{"status": "ok"}', "application/json", "JSON"),
        ('{ "a\\"b" : 1}', "text/plain", "JSON"),
        ("[1, 2]", None, "JSON"),
        ("{}", None, "JSON"),
        ("anything", "application/problem+json", "JSON"),
    ],
)
async def test_pages_for_people_and_programs_are_no_metrics(body: str, kind: str | None, word: str) -> None:
    error = await refused(page(body, content_type=kind), path="/metrics/\x1b[31m<b>")
    assert str(error).startswith(f"answered {word}, not metrics")


# -- bodies


async def test_a_body_of_a_gibibyte_that_is_announced_is_not_read() -> None:
    body = Endless(OK + b"Content-Length: 1073741824\r\n\r\n", b"x 1\n" * 16384, most=2**30)
    assert "larger than 1 MiB; max_body sets the limit" in str(await refused(body))
    assert body.sent < 16 * LIMIT


async def test_a_body_of_a_gibibyte_ends_at_the_limit() -> None:
    body = Endless(CHUNKED + b"\r\n", chunk(b"x 1\n" * 16384), most=2**30)
    assert "larger than 1 MiB" in str(await refused(body))
    # What was under way in the buffers of both ends is all that was sent besides.
    assert LIMIT <= body.sent < 16 * LIMIT


async def test_a_body_without_end_ends_at_the_limit() -> None:
    body = Endless(OK + b"\r\n", b"x 1\n" * 16384)
    assert "larger than 1 MiB" in str(await refused(body))
    assert body.sent < 16 * LIMIT


async def test_a_gzip_bomb_ends_at_the_limit() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([packer.compress(bytes(2**20)) for _ in range(64)]) + packer.flush()
    assert len(bomb) < LIMIT  # what arrives is within the limit; what it holds is 64 times that
    assert "larger than 1 MiB" in str(await refused(page(bomb, content_encoding="gzip")))


async def test_gzip_members_with_nothing_in_them_end_at_the_limit() -> None:
    body = Endless(CHUNKED + b"Content-Encoding: gzip\r\n\r\n", chunk(gzip.compress(b"") * 3000))
    assert "larger than 1 MiB" in str(await refused(body))


async def test_others_get_their_turn_while_a_bomb_is_unpacked() -> None:
    bomb = gzip.compress(bytes(16 * LIMIT))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    fetcher = Fetcher()
    fetcher.open()
    async with serve(page(bomb, content_encoding="gzip")) as server:
        await fetcher.request(TargetOptions(server.url(), max_body=16 * LIMIT))
        task = asyncio.create_task(others())
        await fetcher.request(TargetOptions(server.url(), max_body=16 * LIMIT))
        task.cancel()
        await fetcher.close()
    assert turns >= 15


async def test_a_body_at_the_limit_is_read() -> None:
    fetcher = Fetcher()
    fetcher.open()
    async with serve(page(b"x" * 5000)) as server:
        assert len((await fetcher.get(TargetOptions(server.url(), max_body=5000))).body) == 5000
        with pytest.raises(SourceError, match="larger than 4999 bytes"):
            await fetcher.get(TargetOptions(server.url(), max_body=4999))
    await fetcher.close()


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        raw(b"HTTP/1.1 200", close=False),
        raw(OK + b"Content-Length: 100\r\n\r\nup 1\n", close=False),
        Endless(OK + b"\r\n", b"#", pause=0.005),
        Endless(b"HTTP/1.1 200 OK\r\nX: ", b"x", pause=0.005),
        Endless(CHUNKED + b"\r\n", chunk(b"\n"), pause=0.005),
    ],
    ids=["nothing", "half a head", "half a body", "drip", "drip of a head", "drip of chunks"],
)
async def test_who_is_slow_ends_at_the_deadline(answer: Answer) -> None:
    assert str(await refused(answer, within=0.3)) == "no answer within 0.3 s"


async def test_redirects_do_not_prolong_the_deadline() -> None:
    async def answer(request: Request, writer: Writer) -> None:
        await asyncio.sleep(0.1)
        await redirect("/metrics")(request, writer)

    assert str(await refused(answer, within=0.25)) == "no answer within 0.25 s"


# -- protocols


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raw(b""), "closed the connection without an answer"),
        (raw(OK + b"Content-Length: 100\r\n\r\nup 1\n"), "closed the connection in the middle of its answer"),
        (raw(CHUNKED + b"\r\n" + chunk(b"up 1\n")), "closed the connection in the middle of its answer"),
        (raw(CHUNKED + b"\r\n" + b"zz\r\nup 1\n"), "does not answer in HTTP"),
        (raw(OK + b"Content-Length: 5\r\n\r\nup 1\nevil 2\n"), "does not answer in HTTP"),
        (raw(OK + b"Content-Length: many\r\n\r\nup 1\n"), "does not answer in HTTP"),
        (raw(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nup 1\n"), "does not answer in HTTP"),
        (raw(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "does not answer in HTTP"),
        (raw(b"-ERR unknown command \x1b[31m'GET'\r\n"), "does not answer in HTTP"),
        (raw(b"\x15\x03\x01\x00\x02\x02\x46"), "does not answer in HTTP"),
        (raw(b"\x00" * 1000), "does not answer in HTTP"),
        (raw(OK + b"X: " + b"x" * 100_000 + b"\r\n\r\n"), "sends headers that are too large"),
        (raw(OK + b"".join(b"X%d: 1\r\n" % each for each in range(5000)) + b"\r\n"), "headers that are too large"),
        (Endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096), "headers that are too large"),
        (Endless(OK, b"X: 1\r\n" * 500), "headers that are too large"),
    ],
)
async def test_what_is_not_http_is_said_in_words(answer: Answer, words: str) -> None:
    assert words in str(await refused(answer))


async def failing(url: str, within: float = 5.0) -> str:
    fetcher = Fetcher()
    fetcher.open()
    try:
        with pytest.raises(SourceError) as raised:
            await fetcher.get(TargetOptions(url, within, credentials=Credentials(bearer_token_env="A_TOKEN")))
    finally:
        await fetcher.close()
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    return str(raised.value)


async def test_nobody_listens() -> None:
    async with serve(page()) as server:
        port = server.port
    assert await failing(f"http://127.0.0.1:{port}/") == f"nothing listens on 127.0.0.1:{port}"
    assert await failing(f"http://[::1]:{port}/") in (
        f"nothing listens on [::1]:{port}",
        f"[::1]:{port}: Cannot assign requested address",  # a machine without IPv6
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.1:1/", "127.1:1 is no address"),
        ("http://\u202e/", "is no address"),
        ("http://" + "a" * 99 + "/", "is no address"),
        ("http://a..b/", "is no address"),
    ],
)
async def test_addresses_that_lead_nowhere(url: str, words: str) -> None:
    assert words in await failing(url)


async def test_a_host_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def unknown(*given: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert await failing("http://nowhere.example/metrics") == "the host of nowhere.example:80 is not known"


async def test_a_name_server_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import threading

    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given: release.wait(30) and [])
    try:
        assert await failing("http://slow.example/metrics", within=0.2) == "no answer within 0.2 s"
    finally:
        release.set()


# -- many


class Watched(Source[Response]):
    """A target in its smallest form."""

    kind = "scrape"

    def __init__(self, name: str, fetcher: Fetcher, options: TargetOptions) -> None:
        self.name, self._fetcher, self._options = name, fetcher, options
        self.deadline = options.timeout + 1
        self.given = asyncio.Event()

    async def open(self) -> None:
        self._fetcher.open()

    async def read(self) -> Response:
        return await self._fetcher.get(self._options)

    def derive(self, reading: Response, at: float) -> Derived:
        self.given.set()
        return Derived([Sample(Series("app.request.rate", (("service", self.name),)), Value(float(reading.text)))])

    async def close(self) -> None:
        await self._fetcher.close()


async def test_one_that_hangs_among_twenty_holds_up_nobody() -> None:
    fetcher = Fetcher()
    asked: dict[str, int] = {}
    others = {f"/{each}" for each in range(20) if each != 7}

    async def answer(request: Request, writer: Writer) -> None:
        asked[request.path] = number = asked.get(request.path, 0) + 1
        if request.path == "/7":
            await hang(request, writer)
        await page(f"{number}")(request, writer)

    async with serve(answer) as server:
        sources = [Watched(f"t{each}", fetcher, TargetOptions(server.url(f"/{each}"), 30)) for each in range(20)]
        engine = Engine(sources, interval=0.04)
        for number in range(1, 7):
            await engine.tick()
            async with asyncio.timeout(20):
                for source in sources:
                    if source.name != "t7":
                        await source.given.wait()
                        source.given.clear()
            assert {path: asked[path] for path in others} == dict.fromkeys(others, number)
        snapshot = await engine.tick()
        engine.stop()
        await engine.run()  # nothing but closing is left to do
    assert asked["/7"] == 1
    for each in range(20):
        value = snapshot.values.get(Series("app.request.rate", (("service", f"t{each}"),)))
        assert (value and value.number) in ((None,) if each == 7 else (6.0, 7.0))
