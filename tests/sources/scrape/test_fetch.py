"""The happy ways: what is asked, what comes back, connections that are kept, secrets, redirects."""

import asyncio
import gzip
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hostile import Answer, Request, Server, Writer, chunk, page, raw, redirect, serve

from perf_tui.config.schema import Target
from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.sources.scrape.credentials import LONGEST, Credentials
from perf_tui.sources.scrape.fetch import Fetcher, TargetOptions, place


@asynccontextmanager
async def fetching(answer: Answer) -> AsyncIterator[tuple[Fetcher, Server]]:
    fetcher = Fetcher()
    fetcher.open()
    async with serve(answer) as server:
        try:
            yield fetcher, server
        finally:
            await fetcher.close()


async def test_what_is_asked_and_what_comes_back() -> None:
    async with fetching(page("up 1\n")) as (fetcher, server):
        response = await fetcher.get(TargetOptions(server.url("/metrics?x=a%20b"), timeout=2.5))
    assert (response.status, response.body, response.text) == (200, b"up 1\n", "up 1\n")
    assert response.content_type == "text/plain; version=0.0.4"
    assert not response.openmetrics
    assert response.seconds > 0
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/metrics?x=a%20b")
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["x-prometheus-scrape-timeout-seconds"] == "2.5"
    assert request.headers["user-agent"].startswith("perf-tui/")
    assert "authorization" not in request.headers
    # Classic text is preferred, OpenMetrics accepted, and anything else as a last resort.
    weights = {}
    for kind in request.headers["accept"].split(","):
        name, *settings = kind.split(";")
        version = next((each for each in settings if each.startswith("version=")), "")
        weights[name, version] = float(next(each for each in settings if each.startswith("q="))[2:])
    assert sorted(weights, key=weights.__getitem__, reverse=True) == [
        ("text/plain", "version=1.0.0"),
        ("text/plain", "version=0.0.4"),
        ("application/openmetrics-text", "version=1.0.0"),
        ("*/*", ""),
    ]


async def test_openmetrics_is_recognised_by_its_type() -> None:
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    async with fetching(page("# EOF\n", content_type=kind)) as (fetcher, server):
        assert (await fetcher.get(TargetOptions(server.url()))).openmetrics


@pytest.mark.parametrize("kind", [None, "text/plain", "", "application/octet-stream"])
async def test_any_content_type_but_html_and_json_will_do(kind: str | None) -> None:
    async with fetching(page("up 1\n", content_type=kind)) as (fetcher, server):
        response = await fetcher.get(TargetOptions(server.url()))
    assert response.body == b"up 1\n"


async def test_utf8_names_in_braces_are_no_json() -> None:
    body = '{"http.server.request.duration_count", path="/"} 1\n'
    async with fetching(page(body)) as (fetcher, server):
        assert (await fetcher.get(TargetOptions(server.url()))).text == body


async def test_what_is_not_utf8_is_kept_visible() -> None:
    async with fetching(page(b'a{b="\xff"} 1\n')) as (fetcher, server):
        assert (await fetcher.get(TargetOptions(server.url()))).text == 'a{b="\udcff"} 1\n'


async def test_connections_are_kept_and_shared() -> None:
    first, second = Fetcher(), None
    async with serve(page()) as server:
        for _ in range(2):  # two sources
            first.open()
        for _ in range(5):
            await first.get(TargetOptions(server.url()))
        assert server.connections == 1
        await first.close()  # one of the two
        await first.get(TargetOptions(server.url()))
        assert server.connections == 1
        await first.close()
        second = first
        second.open()
        await second.get(TargetOptions(server.url()))
        assert server.connections == 2
        await second.close()


async def test_a_kept_connection_that_the_server_has_closed_is_no_failure() -> None:
    async def once(request: Request, writer: Writer) -> None:
        await page()(request, writer)
        await writer.drain()
        writer.close()

    async with fetching(once) as (fetcher, server):
        for _ in range(3):
            await fetcher.get(TargetOptions(server.url()))
        assert server.connections == 3


async def test_a_body_without_length_ends_with_the_connection() -> None:
    async with fetching(raw(b"HTTP/1.0 200 OK\r\n\r\nup 1\n", b"up 2\n")) as (fetcher, server):
        for _ in range(2):
            assert (await fetcher.get(TargetOptions(server.url()))).text == "up 1\nup 2\n"
        assert server.connections == 2


async def test_no_cookies_and_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    async with fetching(page(set_cookie="id=1")) as (fetcher, server):
        await fetcher.get(TargetOptions(server.url()))
        await fetcher.get(TargetOptions(server.url()))
    assert not any("cookie" in request.headers for request in server.requests)


async def test_a_name_is_looked_up() -> None:
    async with fetching(page()) as (fetcher, server):
        assert (await fetcher.get(TargetOptions(server.url(host="localhost")))).status == 200


# -- compression


def gzipped(data: bytes, **headers: str) -> Answer:
    return page(data, content_encoding="gzip", **headers)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"up 1\n" * 100_000),
        gzip.compress(b"up 1\n" * 60_000) + gzip.compress(b"up 1\n" * 40_000),
        gzip.compress(b"") + gzip.compress(b"up 1\n" * 100_000) + gzip.compress(b""),
        gzip.compress(b"up 1\n" * 100_000) + b"\0" * 512,
        gzip.compress(b"up 1\n" * 100_000, compresslevel=0),
    ],
    ids=["one member", "two members", "empty members", "padding", "stored"],
)
async def test_gzip(data: bytes) -> None:
    async with fetching(gzipped(data)) as (fetcher, server):
        assert (await fetcher.get(TargetOptions(server.url()))).body == b"up 1\n" * 100_000


async def test_gzip_in_the_smallest_pieces() -> None:
    body = b'requests_total{path="/a"} 17\n' * 50
    data = gzip.compress(body[:100]) + gzip.compress(body[100:])
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [chunk(data[at : at + 1]) for at in range(len(data))]
    async with fetching(raw(head, *pieces, b"0\r\n\r\n", close=False)) as (fetcher, server):
        assert (await fetcher.get(TargetOptions(server.url()))).body == body


async def test_an_empty_body_is_an_answer() -> None:
    async with fetching(gzipped(b"")) as (fetcher, server):
        assert (await fetcher.get(TargetOptions(server.url()))).body == b""


@pytest.mark.parametrize(
    ("data", "encoding", "words"),
    [
        (b"up 1\n", "gzip", "says that it is gzip, and is not"),
        (gzip.compress(b"up 1\n" * 9)[:-9], "gzip", "ends in the middle of its gzip data"),
        (zlib.compress(b"up 1\n"), "deflate", "was not asked for"),
        (b"\x8b\x02\x80up 1\n\x03", "br", "was not asked for"),
    ],
)
async def test_bad_compression(data: bytes, encoding: str, words: str) -> None:
    async with fetching(page(data, content_encoding=encoding)) as (fetcher, server):
        with pytest.raises(SourceError, match=words):
            await fetcher.get(TargetOptions(server.url()))


# -- redirects


async def test_redirects_on_the_same_host_and_port_are_followed() -> None:
    async def answer(request: Request, writer: Writer) -> None:
        step = {"/metrics": "/a", "/a": "b?x=1", "/b?x=1": f"http://127.0.0.1:{server.port}/end"}.get(request.path)
        await (redirect(step, "307 Temporary Redirect") if step else page("up 1\n"))(request, writer)

    async with fetching(answer) as (fetcher, server):
        response = await fetcher.get(TargetOptions(server.url(), credentials=Credentials(bearer_token_env="HOME")))
        assert response.body == b"up 1\n"
        assert server.connections == 1
    assert [request.path for request in server.requests] == ["/metrics", "/a", "/b?x=1", "/end"]
    assert all("authorization" in request.headers for request in server.requests)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("http://evil.example/metrics", "http://evil.example:80:"),
        ("//evil.example/metrics", "http://evil.example:80:"),
        ("http://127.0.0.1:1/metrics", "http://127.0.0.1:1:"),
        ("http://localhost/", "http://localhost:80:"),
        ("file:///etc/passwd", "file://"),
        ("http://\x1bc.example/", r"\x1bc.example"),
        ("http://\x1b[31m.example/", "no address"),
        ("http://[", "no address"),
        ("http://x:99999/", "no address"),
    ],
)
async def test_redirects_to_elsewhere_are_not_followed(where: str, words: str) -> None:
    async with fetching(redirect(where)) as (fetcher, server):
        with pytest.raises(SourceError) as raised:
            await fetcher.get(TargetOptions(server.url()))
    assert words in str(raised.value)
    assert str(raised.value).isprintable()
    assert len(server.requests) == 1


async def test_the_scheme_must_stay_the_same() -> None:
    async def answer(request: Request, writer: Writer) -> None:
        await redirect(f"https://127.0.0.1:{server.port}/metrics")(request, writer)

    async with fetching(answer) as (fetcher, server):
        with pytest.raises(SourceError, match="only the same host and port"):
            await fetcher.get(TargetOptions(server.url()))
        assert server.connections == 1


async def test_a_loop_of_redirects_ends() -> None:
    async with fetching(redirect("/metrics")) as (fetcher, server):
        with pytest.raises(SourceError, match="redirects more than 5 times"):
            await fetcher.get(TargetOptions(server.url()))
    assert len(server.requests) == 6


async def test_a_redirect_without_a_place_is_its_status() -> None:
    async with fetching(page(b"", "302 Found")) as (fetcher, server):
        with pytest.raises(SourceError, match="answered 302 Found"):
            await fetcher.get(TargetOptions(server.url()))


# -- secrets


async def sent(credentials: Credentials) -> str:
    async with fetching(page()) as (fetcher, server):
        await fetcher.get(TargetOptions(server.url(), credentials=credentials))
    return server.requests[0].headers["authorization"]


async def test_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_TOKEN", "abc.def-_~+/=")
    assert await sent(Credentials(bearer_token_env="A_TOKEN")) == "Bearer abc.def-_~+/="
    (tmp_path / "token").write_text("from-a-file\n")
    assert await sent(Credentials(bearer_token_file=str(tmp_path / "token"))) == "Bearer from-a-file"


async def test_users_with_passwords(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_PASSWORD", "pass:wörd ")
    expected = "Basic " + b64encode("monitör:pass:wörd ".encode()).decode()
    assert await sent(Credentials(username="monitör", password_env="A_PASSWORD")) == expected
    (tmp_path / "password").write_text("pass:wörd \r\n", encoding="utf-8", newline="")
    assert await sent(Credentials(username="monitör", password_file=str(tmp_path / "password"))) == expected


async def test_a_renewed_token_is_used_at_once(tmp_path: Path) -> None:
    token = tmp_path / "token"
    options = {"credentials": Credentials(bearer_token_file=str(token))}
    async with fetching(page()) as (fetcher, server):
        for secret in ("first", "second"):
            token.write_text(secret)
            await fetcher.get(TargetOptions(server.url(), **options))  # type: ignore[arg-type]
    assert [each.headers["authorization"] for each in server.requests] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"hunter2 hunter2", "holds no token"),
        (b"hunter2\r\nX-Evil: 1", "holds no token"),
        (b"hunter2\xff", "is not UTF-8"),
        ("hunter2ö".encode(), "holds no token"),
        (b"hunter2" * LONGEST, "holds more than"),
    ],
)
async def test_bad_tokens_are_denied_without_showing_them(tmp_path: Path, content: bytes | None, words: str) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_bytes(content)
    async with fetching(page()) as (fetcher, server):
        with pytest.raises(SourceDenied, match=words) as raised:
            await fetcher.get(TargetOptions(server.url(), credentials=Credentials(bearer_token_file=str(token))))
    assert str(token) in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert server.connections == 0


async def test_a_variable_that_is_not_set_is_named() -> None:
    async with fetching(page()) as (fetcher, server):
        with pytest.raises(SourceDenied, match="the environment variable NOT_SET_ANYWHERE is not set"):
            await fetcher.get(TargetOptions(server.url(), credentials=Credentials(bearer_token_env="NOT_SET_ANYWHERE")))


# -- options


def test_options_are_those_of_the_file() -> None:
    target = Target(
        name="a", url="https://h/m", timeout=1.5, max_body="2MiB", username="u", password_env="P",
        ca_file="/ca.pem",
    )  # fmt: skip
    assert TargetOptions.of(target) == TargetOptions(
        "https://h/m", 1.5, 2 * 1024 * 1024, "/ca.pem", True, Credentials(username="u", password_env="P")
    )
    assert TargetOptions.of(Target(name="a", url="http://h/m")) == TargetOptions("http://h/m")
    other = Target(name="a", url="https://h/m", verify=False, bearer_token_file="/t")
    assert TargetOptions.of(other) == TargetOptions(
        "https://h/m", verify=False, credentials=Credentials(bearer_token_file="/t")
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example/metrics?token=hunter2", "example:80"),
        ("https://example/", "example:443"),
        ("https://example:8443", "example:8443"),
        ("http://[::1]:9100/metrics", "[::1]:9100"),
        ("http://\u202eevil/", "\\u202eevil:80"),
    ],
)
def test_places_are_shown_without_their_query(url: str, expected: str) -> None:
    assert place(url) == expected


async def test_a_fetcher_that_never_fetched_closes() -> None:
    fetcher = Fetcher()
    fetcher.open()
    await fetcher.close()


async def test_many_requests_at_once_share_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perf_tui.sources.scrape.fetch.MOST_AT_ONCE", 3)
    now = most = 0

    async def answer(request: Request, writer: Writer) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(20):
            await asyncio.sleep(0)
        now -= 1
        await page()(request, writer)

    async with fetching(answer) as (fetcher, server):
        await asyncio.gather(*(fetcher.get(TargetOptions(server.url())) for _ in range(12)))
    assert len(server.requests) == 12
    assert most == 3
