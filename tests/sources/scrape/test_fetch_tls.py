"""TLS against a CA of the test's own."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from hostile import page, serve

from perf_tui.engine.source import SourceError
from perf_tui.sources.scrape.fetch import Fetcher, Response, TargetOptions


class Authority(NamedTuple):
    """A CA, another one that signed nothing here, and a server's key and certificate by the first."""

    ca: Path
    other: Path
    server: ssl.SSLContext
    folder: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("the openssl command is not here to make certificates with")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True, timeout=30)

    for name in ("ca", "other"):
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign", "-keyout", f"{name}.key",
            "-out", f"{name}.pem",
        )  # fmt: skip
    openssl(
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=server",
        "-keyout", "server.key", "-out", "server.csr",
    )  # fmt: skip
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "names", "-out", "server.pem",
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return Authority(folder / "ca.pem", folder / "other.pem", context, folder)


async def fetch(url: str, ca_file: Path | None = None, verify: bool = True) -> Response:
    fetcher = Fetcher()
    fetcher.open()
    try:
        return await fetcher.get(TargetOptions(url, ca_file=None if ca_file is None else str(ca_file), verify=verify))
    finally:
        await fetcher.close()


async def test_the_right_ca(authority: Authority) -> None:
    async with serve(page("up 1\n"), tls=authority.server) as server:
        assert (await fetch(server.url(), authority.ca)).text == "up 1\n"


async def test_any_certificate_where_that_is_wished(authority: Authority) -> None:
    async with serve(page("up 1\n"), tls=authority.server) as server:
        assert (await fetch(server.url(), verify=False)).text == "up 1\n"
        assert (await fetch(server.url(host="localhost"), verify=False)).text == "up 1\n"


async def test_a_ca_that_did_not_sign_it(authority: Authority) -> None:
    async with serve(page(), tls=authority.server) as server:
        for ca in (authority.other, None):
            with pytest.raises(SourceError, match=r"is not accepted \(unable to get local issuer certificate\)"):
                await fetch(server.url(), ca)
    assert not server.requests


async def test_a_certificate_for_another_name(authority: Authority) -> None:
    async with serve(page(), tls=authority.server) as server:
        with pytest.raises(SourceError, match="Hostname mismatch"):
            await fetch(server.url(host="localhost"), authority.ca)
    assert not server.requests


async def test_who_does_not_speak_tls() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SourceError, match=f"127.0.0.1:{port} does not speak TLS as this program does"):
            await fetch(f"https://127.0.0.1:{port}/metrics", verify=False)


async def test_a_ca_file_that_is_none(authority: Authority) -> None:
    (authority.folder / "empty.pem").write_text("hello\n")
    with pytest.raises(SourceError, match=r"empty\.pem holds no certificate in PEM form"):
        await fetch("https://127.0.0.1:1/", authority.folder / "empty.pem")
    with pytest.raises(SourceError, match=r"missing\.pem: No such file or directory"):
        await fetch("https://127.0.0.1:1/", authority.folder / "missing.pem")


async def test_a_mended_ca_file_is_read_again(authority: Authority) -> None:
    mended = authority.folder / "mended.pem"
    shutil.copy(authority.other, mended)
    fetcher = Fetcher()
    fetcher.open()
    async with serve(page("up 1\n"), tls=authority.server) as server:
        options = TargetOptions(server.url(), ca_file=str(mended))
        with pytest.raises(SourceError, match="is not accepted"):
            await fetcher.get(options)
        shutil.copy(authority.ca, mended)
        assert (await fetcher.get(options)).text == "up 1\n"
        for _ in range(3):
            await fetcher.get(options)
        assert server.connections == 1  # the refused one never came about
    await fetcher.close()
