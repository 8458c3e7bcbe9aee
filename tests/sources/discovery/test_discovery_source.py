"""Discovery round by round, with an engine that gets what appears and loses what vanishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hostile import Server, hang, page, raw, routes, serve
from test_discovery_probe import exposition

from perf_tui import assembly
from perf_tui.config.errors import ConfigError
from perf_tui.config.schema import Config, Target
from perf_tui.config.schema import Discovery as Settings
from perf_tui.engine.engine import Engine
from perf_tui.engine.source import Source
from perf_tui.measures.model import Status
from perf_tui.sources.discovery.listeners import Listener
from perf_tui.sources.discovery.probe import Finding
from perf_tui.sources.discovery.source import EVERY, GONE, TRIES, Discovery
from perf_tui.sources.discovery.watch import EngineWatcher, taken
from perf_tui.sources.fake import FakeSource
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.targets import Scraping

PROFILES = load_all()


class Hosts:
    """Stands for Listeners: whoever is in `now`."""

    def __init__(self) -> None:
        self.now: list[Listener] = []

    def read(self) -> list[Listener]:
        return list(self.now)


class Names:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def appear(self, finding: Finding) -> str:
        self.log.append(f"+{finding.target.name}")
        return finding.target.name

    def vanish(self, name: str) -> None:
        self.log.append(f"-{name}")


def listener(server: Server, identity: int = 1, process: str = "app") -> Listener:
    return Listener("127.0.0.1", server.port, 70 + identity, process, identity)


class Scene:
    """A discovery with its surroundings."""

    def __init__(self, taken: tuple[int, ...] = ()) -> None:
        self.hosts, self.names, self.fetcher = Hosts(), Names(), Fetcher()
        self.discovery = Discovery(self.hosts, PROFILES, self.fetcher, self.names, taken)  # type: ignore[arg-type]

    async def round(self) -> tuple[Finding, ...]:
        found = await self.discovery.read()
        assert self.discovery.derive(found, 0.0).tables["discovered"] == found
        return found


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    await made.discovery.open()
    yield made
    await made.discovery.close()


async def test_each_listener_is_asked_once(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        good, html, deaf = [
            await stack.enter_async_context(serve(each))
            for each in (page(exposition()), page("<html>"), raw(b"hello\r\n"))
        ]
        scene.hosts.now = [listener(each) for each in (good, html, deaf)]
        first = await scene.round()
        asked = [len(each.requests) for each in (good, html, deaf)]
        assert await scene.round() == first
        assert [len(each.requests) for each in (good, html, deaf)] == asked
    by_port = {finding.listener.port: finding for finding in first}
    assert by_port[good.port].watchable
    assert by_port[html.port].reason.startswith("answered HTML")
    assert by_port[deaf.port].reason.endswith("does not answer in HTTP")
    assert scene.names.log == [f"+app:{good.port}"]


async def test_one_that_hangs_does_not_hide_the_others(scene: Scene) -> None:
    async with serve(page(exposition())) as good, serve(hang) as stuck:
        scene.hosts.now = [listener(stuck), listener(good)]
        found = await scene.round()
    assert [finding.watchable for finding in found] == [False, True]
    assert found[0].reason == "no answer within 0.5 s"


async def test_a_port_that_was_opened_again_is_asked_again_and_its_source_goes_on(scene: Scene) -> None:
    async with serve(page(exposition())) as server:
        scene.hosts.now = [listener(server, 1)]
        await scene.round()
        scene.hosts.now = [listener(server, 2)]
        for _ in range(GONE + 2):
            found = await scene.round()
        assert len(server.requests) == 2
    assert [finding.listener.identity for finding in found] == [2]
    assert scene.names.log == [f"+app:{server.port}"]


async def test_another_program_on_the_port_takes_the_place_of_the_source(scene: Scene) -> None:
    async with serve(page(exposition())) as server:
        port = server.port
        scene.hosts.now = [listener(server, 1)]
        await scene.round()
    async with serve(routes(stats=page(exposition())), port=port) as server:
        scene.hosts.now = [listener(server, 2, "other")]
        await scene.round()
    assert scene.names.log == [f"+app:{port}", f"-app:{port}", f"+other:{port}"]


async def test_what_is_away_for_long_goes(scene: Scene) -> None:
    async with serve(page(exposition())) as server:
        scene.hosts.now = [listener(server)]
        await scene.round()
        appeared = [f"+app:{server.port}"]
        scene.hosts.now = []
        for _ in range(GONE - 1):
            assert await scene.round() == ()
            assert scene.names.log == appeared
        scene.hosts.now = [listener(server)]  # it was there all the time
        await scene.round()
        scene.hosts.now = []
        for _ in range(GONE):
            assert scene.names.log == appeared
            await scene.round()
    assert scene.names.log == [*appeared, f"-app:{server.port}"]
    await scene.round()
    assert len(scene.names.log) == 2


async def test_one_without_metrics_is_tried_a_few_times(scene: Scene) -> None:
    async with serve(page("")) as server:
        scene.hosts.now = [listener(server)]
        for _ in range(TRIES + 2):
            await scene.round()
        assert len(server.requests) == TRIES
    assert scene.names.log == []


async def test_one_that_has_metrics_later_is_found_then(scene: Scene) -> None:
    pages = iter([page(""), page("\n"), page(exposition())])

    async def answer(request: Any, writer: Any) -> None:
        await next(pages)(request, writer)

    async with serve(answer) as server:
        scene.hosts.now = [listener(server)]
        for _ in range(4):
            await scene.round()
        assert len(server.requests) == 3
    assert scene.names.log == [f"+app:{server.port}"]


async def test_ports_that_the_configuration_names_are_not_asked() -> None:
    async with serve(page(exposition())) as server:
        scene = Scene(taken=(server.port,))
        await scene.discovery.open()
        scene.hosts.now = [listener(server)]
        assert await scene.round() == ()
        await scene.discovery.close()
        assert server.connections == 0


def test_which_ports_the_configuration_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Web-1")
    urls = [
        "http://127.0.0.1:8000/metrics", "http://localhost/", "https://[::1]/m", "http://web-1:9100/",
        "http://WEB-1:9101/", "http://other:9102/", "http://10.0.0.1:9103/",
    ]  # fmt: skip
    assert taken(Target(name="a", url=url) for url in urls) == {8000, 80, 443, 9100, 9101}


# -- with an engine


async def test_what_is_found_becomes_a_source_with_measures() -> None:
    hosts = Hosts()
    engine = Engine([FakeSource(lambda n: {})], interval=0.04)
    scraping = Scraping(Config(interval=0.5), Path("/nowhere"))
    watcher = EngineWatcher(engine, scraping.source)
    discovery = Discovery(hosts, PROFILES, scraping.fetcher, watcher)  # type: ignore[arg-type]
    engine.add_source(discovery)

    def state(name: str) -> Status | None:
        return next((each.status for each in engine.store.snapshot.sources if each.name == name), None)

    async def tick_until(condition: Any) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await engine.tick()
                await asyncio.sleep(0.001)

    async with serve(page(exposition())) as server:
        name = f"app:{server.port}"
        hosts.now = [listener(server)]
        await tick_until(lambda: state(name) is Status.OK)
        tables = engine.store.snapshot.tables
        await tick_until(lambda: "discovered" in engine.store.snapshot.tables)
        assert [finding.watchable for finding in engine.store.snapshot.tables["discovered"]] == [True]  # type: ignore[attr-defined]
        assert [row.source for row in tables["services"]] == [name]  # type: ignore[attr-defined]
        assert state("discovery") is Status.OK
    hosts.now = []
    rounds = GONE * EVERY
    await tick_until(lambda: state(name) is None)
    assert engine._tick >= rounds - EVERY
    assert "services" not in engine.store.snapshot.tables
    engine.stop()
    await engine.run()


async def test_names_are_unique_in_the_engine() -> None:
    made: list[str] = []

    def make(target: Target) -> Source[Any]:
        made.append(target.url)
        return FakeSource(lambda n: {}, target.name)

    engine = Engine([FakeSource(lambda n: {}, "app:8000")])
    watcher = EngineWatcher(engine, make)
    finding = Finding(Listener("127.0.0.1", 8000, 7, "app", 1), "", "http://127.0.0.1:8000/metrics", ("x",))
    assert watcher.appear(finding) == "app:8000 (2)"
    assert watcher.appear(finding) == "app:8000 (3)"
    watcher.vanish("app:8000 (2)")
    assert watcher.appear(finding) == "app:8000 (2)"


def names(config: Config) -> list[str]:
    engine = assembly.build_engine(config)
    with engine._changing:
        return sorted(engine._names)


def test_it_is_part_of_the_engine_unless_it_is_switched_off() -> None:
    assert "discovery" in names(Config())
    assert "discovery" not in names(Config(discovery=Settings(enabled=False)))
    targets = (Target(name="shop", url="http://127.0.0.1:1/metrics"),)
    assert {"discovery", "shop"} <= set(names(Config(targets=targets)))
    assert "shop" in names(Config(targets=targets, discovery=Settings(enabled=False)))


def test_a_target_must_not_have_the_name_of_another_source() -> None:
    with pytest.raises(ConfigError, match=r"targets\[0\]\.name: 'processes' is the name of one of the program's own"):
        assembly.build_engine(Config(targets=(Target(name="processes", url="http://127.0.0.1:1/"),)))
