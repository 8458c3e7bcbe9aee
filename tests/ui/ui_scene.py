"""A made-up machine for tests of the interface, and the interface over it: no thread, no timer, no chance.

`Scene` holds a function of the tick for every series, remembers what they gave, and makes the
snapshots that an engine would publish. `Driver` is a running app with a scene behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from math import inf, sin, tau
from typing import Any
from zlib import crc32

from textual.events import Key, Resize
from textual.geometry import Size
from textual.keys import _character_to_key
from textual.pilot import Pilot

from perf_tui.config.schema import Config, Ui
from perf_tui.engine.alerts.model import Alert, Change, Level, Rule, Transition
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import TICK_TIME, Snapshot, SourceState
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.engines import Engine as EngineOf
from perf_tui.measures.gpus import Gpu
from perf_tui.measures.model import IDLE, Series, Status, Value, absent, series
from perf_tui.measures.ring import History
from perf_tui.measures.services import Buckets, Route, Service, traces
from perf_tui.measures.workers import CLOSEUP, HERE, SUMMARY, WORKERS, Body, Closeup, Summary, Work, Worker, counted
from perf_tui.measures.workers import State as Does
from perf_tui.sources.system.processes import Process
from perf_tui.ui.app import PerfApp
from perf_tui.ui.draw.row import Spans
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.widgets.pane import Pane

GIB = 2.0**30
MODEL = "meta-llama/Llama-3.1-70B-Instruct"
BOUNDS = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, inf)
EPOCH = 1_795_000_000.0
"""Wall time of tick 0."""

Given = float | Value | Callable[[int], float]


def wave(low: float, high: float, seed: str, period: float = 90.0) -> Callable[[int], float]:
    """A smooth walk between two numbers, the same on every run."""
    phase = crc32(seed.encode()) % 1000 / 1000 * tau
    return lambda tick: (
        low + (high - low) * (0.5 + 0.4 * sin(tick * tau / period + phase) + 0.1 * sin(tick * 1.7 + phase))
    )


def process(pid: int, cpu: float | None = 0.0, command: str = "", **changes: Any) -> Process:
    """One process; what is not named is ordinary."""
    row = Process(
        pid, 1, "www", "S", cpu, (20 + pid % 37) << 20, 0.0, 0.0, 1 + pid % 9, f"worker-{pid}",
        command or f"/usr/bin/worker-{pid} --serve", 100.0 + pid,
    )  # fmt: skip
    return row._replace(**changes)


def worker(id: str, state: Does = Does.WAITING, **changes: Any) -> Worker:
    """One worker of a queue; what is not named is ordinary."""
    row = Worker(
        id, "rq", state, "idle", "mail", HERE, 4121, ("workers mail", "worker processes"),
        Work("", None, 0, 12.0, 1.0, 0.0, 8.0, 21.0),
        Body(100, "/venv/bin/rq worker mail", "www", 0.2, 50e6, None, 3, 0.0, 0.0, 7200.0, 2),
        None, 0.07, 0.4, 30.0, (), "", (("queue", "mail"),),
    )  # fmt: skip
    return row._replace(**changes)


class Scene:
    """A machine as numbers over time; everything in it may be changed by tests."""

    def __init__(
        self,
        *,
        cores: int = 8,
        disks: Sequence[str] = ("nvme0n1", "sda"),
        interfaces: Sequence[str] = ("eth0", "lo"),
        mounts: Sequence[str] = ("/", "/home", "/var/lib/docker"),
        processes: int = 60,
        services: Sequence[str] = (),
        engines: Sequence[str] = (),
        gpus: int = 0,
        ticks: int = 60,
        interval: float = 2.0,
    ) -> None:
        self.host = "web-1"
        self.interval = interval
        self.tick = -1
        self.given: dict[Series, Given] = {}
        self.history = History(1800)
        self.processes: tuple[Process, ...] | None = tuple(
            process(100 + n, cpu=round(2.0 / (n + 1), 3) if n < 30 else 0.0) for n in range(processes)
        )
        self.alerts: tuple[Alert, ...] = ()
        self.log: tuple[Transition, ...] = ()
        self.workers: tuple[Worker, ...] = ()
        self.closeup = Closeup("")
        self.sources = (SourceState("system", "system", Status.OK, 0.004),)
        self.services = services
        self._engine_names = engines
        self._gpu_rows = tuple(Gpu(str(n), f"NVIDIA H100 {n}", "nvidia", "NVIDIA") for n in range(gpus))
        self._machine(cores, disks, interfaces, mounts)
        for service in services:
            self._service(service)
        for engine in engines:
            self._engine(engine)
        for gpu in self._gpu_rows:
            self._gpu(gpu)
        self.pass_ticks(ticks)

    def _machine(self, cores: int, disks: Sequence[str], interfaces: Sequence[str], mounts: Sequence[str]) -> None:
        put = self.put
        put("system.cpu.utilization", wave(0.2, 0.6, "cpu"))
        put("system.cpu.idle", wave(0.4, 0.8, "idle"))
        put("system.cpu.iowait", wave(0.0, 0.05, "iowait"))
        put("system.cpu.steal", 0.0)
        for core in range(cores):
            put("system.cpu.core.utilization", wave(0.05, 0.95, f"core{core}", 20 + core % 60), cpu=str(core))
        for period, high in (("1m", 6.0), ("5m", 4.0), ("15m", 3.0)):
            put("system.load", wave(1.0, high, period, 300), period=period)
        put("system.memory.total", 32 * GIB)
        put("system.memory.used", wave(15 * GIB, 20 * GIB, "memory", 400))
        put("system.memory.available", wave(12 * GIB, 17 * GIB, "available", 400))
        put("system.memory.cached", 8 * GIB)
        put("system.memory.buffers", 0.4 * GIB)
        put("system.memory.utilization", wave(0.47, 0.63, "memory", 400))
        put("system.swap.total", 8 * GIB)
        put("system.swap.used", 0.5 * GIB)
        put("system.swap.utilization", 0.0625)
        for disk in disks:
            put("system.disk.read", wave(0, 40e6, f"r{disk}"), device=disk)
            put("system.disk.write", wave(1e6, 9e6, f"w{disk}"), device=disk)
            put("system.disk.read_ops", wave(0, 900, f"ro{disk}"), device=disk)
            put("system.disk.write_ops", wave(20, 200, f"wo{disk}"), device=disk)
            put("system.disk.busy", wave(0.0, 0.5, f"b{disk}"), device=disk)
        for mount in mounts:
            put("system.filesystem.used", 40 * GIB, mount=mount)
            put("system.filesystem.total", 100 * GIB, mount=mount)
            put("system.filesystem.utilization", 0.4 + crc32(mount.encode()) % 30 / 100, mount=mount)
        for interface in interfaces:
            put("system.network.receive", wave(1e5, 9e6, f"in{interface}"), interface=interface)
            put("system.network.transmit", wave(1e5, 2e6, f"out{interface}"), interface=interface)
            put("system.network.utilization", wave(0.01, 0.2, f"u{interface}"), interface=interface)
            put("system.network.loss", 0.0, interface=interface)
        put("system.network.retransmits", 0.0004)
        for state, count in (("established", 213.0), ("listen", 24.0), ("time_wait", 55.0), ("udp", 11.0)):
            put("system.network.connections", count, state=state)
        for resource in ("cpu", "memory", "io"):
            for stat in ("some", "full"):
                put("system.pressure", wave(0.0, 0.1, resource + stat), resource=resource, stat=stat)
        put("self.cpu", 0.009)
        put("self.memory", 45e6)
        put("self.tick.duration", 0.006)

    def _service(self, name: str) -> None:
        put = self.put
        put("app.request.rate", wave(50, 400, f"rate{name}"), service=name)
        for stat, low in (("p50", 0.02), ("p95", 0.1), ("p99", 0.4), ("mean", 0.03)):
            put("app.request.duration", wave(low, low * 3, stat + name), service=name, stat=stat)
        put("app.request.active", wave(1, 40, f"active{name}"), service=name)
        for kind in ("client", "server", "timeout", "total"):
            put(f"app.error.{kind}", wave(0.0, 0.01, kind + name), service=name)
        put("app.task.rate", absent("this profile tells no tasks"), service=name)
        put("app.task.completion", IDLE, service=name)

    def _engine(self, name: str) -> None:
        for measure in CATALOGUE.values():
            if (
                measure.id.startswith("ai.")
                and measure.labels[:2] == ("engine", "model")
                and "name" not in measure.labels
            ):
                high = {"ratio": 0.8, "s": 2.0}.get(measure.unit, 60.0)
                for stat in ("p50", "p95", "p99", "mean") if "stat" in measure.labels else ("",):
                    labels = {"engine": name, "model": MODEL} | ({"stat": stat} if stat else {})
                    self.put(measure.id, wave(high / 9, high, measure.id + stat + name), **labels)

    def _gpu(self, gpu: Gpu) -> None:
        for id, low, high in (
            ("utilization", 0.2, 0.7), ("memory.used", 20 * GIB, 30 * GIB), ("memory.total", 80 * GIB, 80 * GIB),
            ("memory.utilization", 0.25, 0.4), ("temperature", 50.0, 70.0), ("power", 200.0, 600.0),
            ("power.limit", 700.0, 700.0),
        ):  # fmt: skip
            self.put(f"gpu.{id}", wave(low, high, id + gpu.gpu), gpu=gpu.gpu, name=gpu.name)

    def crew(self, *workers: Worker) -> None:
        """Workers, with measures of their own."""
        self.workers = workers
        for each in workers:
            for id in ("cpu", "memory", "threads", "tasks.rate", "io.read"):
                self.put(f"worker.{id}", wave(0.0, 3e7 if id == "memory" else 3.0, each.id + id), worker=each.id)

    # -- what tests change

    def put(self, id: str, given: Given, **labels: str) -> None:
        """Give a series a number, a value with a status, or a function of the tick; from the next tick on."""
        self.given[series(id, **labels)] = given

    def drop(self, prefix: str) -> None:
        """Take all series of the measures whose id begins so."""
        self.given = {key: given for key, given in self.given.items() if not key.id.startswith(prefix)}

    def turn_all(self, change: Callable[[Value], Value]) -> None:
        """Make something else of every value there is, for ever."""
        self.given = {key: change(value) for key, value in self.values().items()}

    def alert(self, id: str, level: Level = Level.CRITICAL, firing: bool = True, **labels: str) -> Alert:
        """An alert on a series at the value that it has now, since a minute ago."""
        key = series(id, **labels)
        value = self.values()[key].number
        each = Alert(rule(id), key, level, firing, 0.0 if value is None else value, self.time - 60)
        self.alerts = (*self.alerts, each)
        return each

    def transition(
        self, id: str, change: Change = Change.RAISED, level: Level = Level.WARNING, value: float = 0.84,
        ago: float = 0.0, message: str = "it is high", **labels: str,
    ) -> Transition:  # fmt: skip
        """A line of the alert log."""
        each = Transition(
            self.time - ago, change, replace(rule(id), message=message), series(id, **labels), level, value,
            self.time - ago - 130,
        )  # fmt: skip
        self.log = (*self.log, each)
        return each

    # -- what it is now

    @property
    def time(self) -> float:
        """Wall time of the tick."""
        return EPOCH + self.tick * self.interval

    def values(self) -> dict[Series, Value]:
        """Every series' value at this tick."""
        return {key: self._value(given) for key, given in self.given.items()}

    def _value(self, given: Given) -> Value:
        value = given if isinstance(given, Value) else Value(given(self.tick) if callable(given) else float(given))
        return value._replace(at=1000.0 + self.tick * self.interval)

    def _number(self, given: Given) -> float | None:
        if isinstance(given, Value):
            return given.number if given.status is Status.OK else None
        return given(self.tick) if callable(given) else given

    def tables(self) -> dict[str, object]:
        """The rows that are not measures."""
        found: dict[str, object] = {} if self.processes is None else {"processes": self.processes}
        if self.services:
            found["services"] = tuple(self._service_row(name) for name in self.services)
        if self._engine_names:
            found["engines"] = tuple(EngineOf(name, MODEL, "metrics", "vLLM") for name in self._engine_names)
        if self._gpu_rows:
            found["gpus"] = self._gpu_rows
        if self.workers:
            found[WORKERS] = self.workers
            found[SUMMARY] = Summary(counted(each.state for each in self.workers), (), 0)
            found[CLOSEUP] = self.closeup
        return found

    def _service_row(self, name: str) -> Service:
        counts = tuple(max(0.0, wave(-20, 200, f"{name}{n}", 40 + n)(self.tick)) for n in range(len(BOUNDS)))
        routes = tuple(
            Route(
                f"GET /{path}/{{id}}", *(Value(amount) for amount in (12.5 / n, 0.1 * n, 0.08, 0.3, 0.9)), 0.4 / n, IDLE
            )
            for n, path in enumerate(("items", "users", "carts"), 1)
        )
        return Service(name, "metrics", "prometheus client", routes, Buckets(BOUNDS, counts))

    def pass_ticks(self, count: int = 1) -> None:
        """Let time pass, and remember it."""
        for _ in range(count):
            self.tick += 1
            numbers = [(key, self._number(given)) for key, given in self.given.items()]
            self.history.record(self.tick, [(TICK_TIME, self.time), *numbers, *traces(self.tables())])

    def snapshot(self, **changes: Any) -> Snapshot:
        """What an engine would publish at this tick."""
        values = self.values()
        index: dict[str, tuple[Series, ...]] = {}
        for key in values:
            index[key.id] = (*index.get(key.id, ()), key)
        made = Snapshot(
            host=self.host,
            time=self.time,
            at=1000.0 + self.tick * self.interval,
            tick=self.tick,
            interval=self.interval,
            values=values,
            index=index,
            tables=self.tables(),
            alerts=self.alerts,
            log=self.log,
            sources=self.sources,
            history=self.history,
        )
        return replace(made, **changes)


def rule(id: str) -> Rule:
    """A rule with every level on a measure."""
    limits = ((Level.CRITICAL, 0.95), (Level.WARNING, 0.8), (Level.INFO, 0.5))
    return Rule("rule of " + id, id, limits, message="it is high")


_CHARACTERS = {"space": " ", "slash": "/", "minus": "-", "plus": "+", "comma": ","}


class Driver:
    """A running app: keys go in, text comes out, time passes when told."""

    def __init__(self, app: PerfApp, pilot: Pilot[None], scene: Scene) -> None:
        self.app = app
        self.pilot = pilot
        self.scene = scene

    @property
    def rows(self) -> list[str]:
        """What is on the screen, dialogs included."""
        return ["".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.rows)

    @property
    def live(self) -> LiveScreen:
        """The live screen on show."""
        assert self.app.live is not None
        return self.app.live

    def pane(self, id: str) -> Any:
        """A pane of the live screen."""
        return self.live.query_one(f"#{id}", Pane)

    def pane_text(self, id: str) -> list[str]:
        """The rows of one pane as they are on the screen."""
        x, y, width, height = self.pane(id).region
        return [row[x : x + width] for row in self.rows[y : y + height]]

    async def settle(self) -> None:
        """Wait until nothing is left to do: every message handled, every layout made, everything painted.

        Unlike the pilot's own pause this does not judge by how busy the machine is, but by what the
        event loop still has to run.
        """
        app, loop = self.app, asyncio.get_running_loop()
        for _ in range(100_000):
            if app._exit or not app.is_running:
                return
            if loop._ready:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
                continue
            screen = app.screen
            if app._batch_count or app._resize_timer:
                await asyncio.sleep(0.002)
            elif screen._layout_required or screen._repaint_required or screen._dirty_widgets or screen._callbacks:
                screen._on_timer_update()
            else:
                return
        raise AssertionError("it does not come to rest:\n" + self.text)

    async def press(self, *keys: str) -> None:
        """Press keys, and wait for what each of them does."""
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 else key
            char = key if len(key) == 1 else _CHARACTERS.get(key)
            self.app.post_message(Key(name, char))
            await self.settle()

    async def leave(self, key: str) -> None:
        """Press a key that ends the program."""
        self.app.post_message(Key(key, None))
        for _ in range(400):
            if self.app._exit:
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"{key} does not end the program")

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*text)

    async def publish(self, ticks: int = 1, **changes: Any) -> Snapshot:
        """Let ticks pass, publish what the scene then is, and wait until it is painted."""
        self.scene.pass_ticks(ticks)
        snapshot = self.scene.snapshot(**changes)
        self.app.engine.store.publish(snapshot)
        await self.settle()
        return snapshot

    async def resize(self, width: int, height: int) -> None:
        """Make the terminal another size."""
        self.app._driver._size = Size(width, height)  # type: ignore[union-attr]
        self.app.post_message(Resize(Size(width, height), Size(width, height)))
        await self.settle()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that takes more than one turn of the loop."""
        for _ in range(200):
            if true():
                return
            await asyncio.sleep(0.005)
            await self.settle()
        raise AssertionError("it did not happen:\n" + self.text)


@asynccontextmanager
async def running(
    scene: Scene | None = None,
    size: tuple[int, int] = (120, 40),
    *,
    colour: bool = True,
    keys: dict[str, str] | None = None,
    notifications: bool = False,
    **ui: Any,
) -> AsyncIterator[Driver]:
    """The app over a scene, on a terminal of `size`; `ui` are settings of the table [ui]."""
    scene = scene or Scene()
    engine = Engine([], interval=scene.interval, host=scene.host)
    engine.store.publish(scene.snapshot())
    app = PerfApp(engine, Config(ui=Ui(**ui), keys=keys or {}), colour=colour)
    app.delay_update = lambda delay=0.0: None  # type: ignore[method-assign]  # it waits 50 ms on a clock
    async with app.run_test(size=size, notifications=notifications) as pilot:
        driver = Driver(app, pilot, scene)
        await driver.until(lambda: app.live is not None and app.live.is_mounted)
        yield driver


def text_of(spans: Spans) -> str:
    """A drawn row without its roles."""
    return "".join(text for text, _ in spans)


def drawn(screen: LiveScreen, width: int, height: int) -> Iterator[tuple[Pane, int, list[Spans]]]:
    """Every pane of a screen as it would be on a terminal of this size, without sending anything.

    Gives the pane, its width, and its rows.
    """
    for id, region in screen.plan(Size(width, height)).items():
        if id != "filter":
            pane = screen.query_one(f"#{id}", Pane)
            yield pane, region.width, pane._all_rows(screen.perf.view, region.width, region.height)
