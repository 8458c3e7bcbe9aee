"""Every screen on every size of terminal, of machines large, small and broken: no error, no overlap, exact rows."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan

from textual.geometry import Size
from ui_scene import Driver, Scene, drawn, process, running, text_of, worker

from perf_tui.engine.alerts.model import Change, Level
from perf_tui.engine.snapshot import SourceState
from perf_tui.measures.model import IDLE, PENDING, Status, Value, absent
from perf_tui.measures.workers import Body, Closeup, Event, State, Usage, Work
from perf_tui.text import clean
from perf_tui.text import width as cells_of
from perf_tui.ui.app import PerfApp
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.screens.service import ServiceScreen
from perf_tui.ui.screens.worker import WorkerScreen

SIZES = ((80, 24), (80, 60), (120, 40), (132, 43), (300, 100), (200, 50))
THOROUGH = ("ordinary", "working", "nasty names", "troubled", "nothing", "1024 cores")
"""States that are drawn at each of the sizes; the others at every second."""
SMALL = ((0, 0), (1, 1), (20, 3), (79, 24), (80, 23), (79, 23))
NASTY = (
    "数据库服务器进程",
    "👩\u200d💻 dev",
    "e\u0301\u0301",
    "[red]markup[/]",
    "\x1b[31mred\x1b[0m",
    "🇩🇪 flag",
    "a\nb\tc",
)


async def screens(driver: Driver) -> list[LiveScreen]:
    """Every live screen of the app, mounted."""
    found = []
    for name in PerfApp.MODES:
        await driver.app.switch_mode(name)
        await driver.settle()
        assert isinstance(driver.app.screen, LiveScreen)
        found.append(driver.app.screen)
    service = ServiceScreen(next(iter(driver.scene.services), "nothing"))
    await driver.app.push_screen(service)
    await driver.settle()
    one = WorkerScreen(driver.scene.workers[0].id if driver.scene.workers else "nobody")
    await driver.app.push_screen(one)
    await driver.settle()
    return [*found, service, one]


def check(screen: LiveScreen, width: int, height: int, state: str = "") -> None:
    """Panes within bounds and beside each other; rows exactly as wide as their panes."""
    plan = screen.plan(Size(width, height))
    where = f"{state}: {screen.name_of} {width}x{height}"
    for id, region in plan.items():
        assert region.width > 0, (where, id)
        assert region.height > 0, (where, id)
        assert region.x >= 0, (where, id)
        assert region.right <= max(1, width), (where, id)
        assert region.y >= 0, (where, id)
        assert region.bottom <= max(1, height), (where, id)
        assert screen.query(f"#{id}"), (where, id)
    for id, region in plan.items():
        for other, beside in plan.items():
            assert id == other or not region.overlaps(beside), (where, id, other)
    for pane, cells, rows in drawn(screen, width, height):
        assert len(rows) == plan[pane.id].height, (where, pane.id)
        for spans in rows:
            text = text_of(spans)
            assert cells_of(text) == cells, (where, pane.id, text)
            assert "\x1b" not in text, (where, pane.id)
            assert all(part for part, _ in spans), (where, pane.id)
            if screen.perf.glyphs.ascii_only:
                assert text.isascii(), (where, pane.id, text)


def plain(scene: Scene) -> None:
    pass


def working(scene: Scene) -> None:
    """Workers in every state, the first with everything that is known of any."""
    scene.crew(
        worker(
            "w1", State.PROCESSING, task_age=12.0, work=Work("resize:1182", 0.0, 2, 1204.0, 3.0, 0.0, 8.0, 21.0),
            usage=Usage("tiny", 9e9, 1e6, 1e9, 12.5, 44.0, 0.9, 131072.0), log="/srv/w1.log",
            events=(Event(1.0, "no disk " * 90, True),) * 20,
        ),
        *(worker(str(state), state) for state in State),
    )  # fmt: skip
    scene.closeup = Closeup("w1", 9, "/srv/w1.log", tuple(f"line {n} " * (n % 40) for n in range(300)), "it broke")
    scene.alert("worker.memory", worker="w1")
    scene.pass_ticks(3)


def all_become(value: Value) -> Callable[[Scene], None]:
    return lambda scene: scene.turn_all(lambda _: value)


def stale(scene: Scene) -> None:
    scene.turn_all(lambda value: value._replace(status=Status.STALE))
    scene.sources = (SourceState("system", "system", Status.ERROR, None, "it does not answer"),)


def no_table(scene: Scene) -> None:
    scene.processes = None


def empty_table(scene: Scene) -> None:
    scene.processes = ()


def gaps(scene: Scene) -> None:
    for tick in range(40):
        scene.tick += 1
        scene.history.record(
            scene.tick,
            [(key, value.number if tick % 3 else nan) for key, value in scene.values().items() if value.number],
        )
    scene.turn_all(lambda value: value._replace(number=nan) if value.number is not None else value)
    scene.pass_ticks()


def numbers(number: float) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        scene.turn_all(lambda value: Value(number))
        scene.processes = (process(1, number, memory=10**25, read=number, write=-number, threads=10**9),)
        scene.pass_ticks(30)

    return change


def nasty(scene: Scene) -> None:
    scene.host = "数据库-" * 12
    scene.processes = tuple(process(n, 0.1 * n, command=name * 9, user=name, name=name) for n, name in enumerate(NASTY))
    for name in NASTY:
        scene.put("system.disk.busy", 0.99, device=name)
        scene.put("system.filesystem.utilization", 0.99, mount=name)
        scene.transition("system.disk.busy", device=name, message=name * 9)
    scene.pass_ticks()
    for name in NASTY:
        scene.alert("system.disk.busy", device=name)
    scene.crew(
        *(worker(
            clean(NASTY[0] * 9), State.ERROR, word=name, kind=name, group=name, work=Work(clean(name * 30), 1.0, 1),
            usage=Usage(clean(name * 20), 1.0, context=2.0),
            events=tuple(Event(1.0, clean(name * 60), True) for name in NASTY),
            facts=tuple((clean(name), clean(name * 9)) for name in NASTY), log=clean(name * 20), task_age=1e12,
            body=Body(1, clean(name * 99), clean(name), 9e9, 9e99, 1.0, 10**9, 1e300, -1.0, 1e12, 10**9),
        )
        for name in NASTY)
    )  # fmt: skip
    scene.closeup = Closeup(clean(NASTY[0] * 9), 9, "", tuple(clean(name * 40) for name in NASTY), clean(NASTY[4]))
    scene.sources = tuple(SourceState(name, "system", Status.ERROR, None, name * 20) for name in NASTY)


def troubled(scene: Scene) -> None:
    """Every level, firing and pending, and every change in the log, many times."""
    for level in (Level.CRITICAL, Level.WARNING, Level.INFO):
        for firing in (True, False):
            scene.alert("system.cpu.utilization", level, firing)
            scene.alert("system.disk.busy", level, firing, device="sda")
    for n in range(60):
        for change in Change:
            scene.transition("system.cpu.utilization", change, Level(1 + n % 3), 0.97, ago=n * 30)
    scene.sources = (
        SourceState("system", "system", Status.ERROR, None, "no answer within 5 s"),
        SourceState("processes", "system", Status.DENIED, None, "mounted with hidepid"),
    )


def parts_missing(scene: Scene) -> None:
    """What the system source says of a part that it could not read: one value without labels."""
    for prefix in ("system.disk", "system.network", "system.filesystem", "system.cpu.core", "system.pressure"):
        ids = {key.id for key in scene.given if key.id.startswith(prefix)}
        scene.drop(prefix)
        for id in ids:
            scene.put(id, absent(f"this system has no /proc/{prefix}"))
    scene.pass_ticks()


ALL: dict[str, object] = {"services": ("checkout",), "engines": ("vllm-0",), "gpus": 2}
STATES: dict[str, tuple[dict[str, object], Callable[[Scene], None]]] = {
    "ordinary": ({"services": ("checkout", "search"), "engines": ("vllm-0",), "gpus": 2}, plain),
    "working": (ALL, working),
    "absent": ({}, all_become(absent("this source does not have it"))),
    "pending": ({}, all_become(PENDING)),
    "idle": (ALL, all_become(IDLE)),
    "error": (ALL, all_become(Value(None, Status.ERROR, "it broke"))),
    "denied": ({}, all_become(Value(None, Status.DENIED, "run it as root"))),
    "stale": (ALL, stale),
    "no table": ({}, no_table),
    "empty table": ({}, empty_table),
    "gaps": (ALL, gaps),
    "huge": (ALL, numbers(1.7e308)),
    "infinite": (ALL, numbers(inf)),
    "negative": (ALL, numbers(-1e30)),
    "small": (ALL, numbers(5e-324)),
    "nasty names": (
        {"services": NASTY, "disks": NASTY, "mounts": NASTY, "interfaces": NASTY, "engines": NASTY, "gpus": 1},
        nasty,
    ),
    "troubled": (ALL, troubled),
    "parts missing": ({}, parts_missing),
    "nothing": ({"cores": 0, "disks": (), "interfaces": (), "mounts": (), "processes": 0, "ticks": 1}, plain),
    "one of each": ({"cores": 1, "disks": ("sda",), "interfaces": ("lo",), "mounts": ("/",), "ticks": 2}, plain),
    "forty of each": (
        {
            "disks": [f"nvme{n}n1" for n in range(40)],
            "interfaces": [f"veth{n:08x}" for n in range(40)],
            "mounts": [f"/mnt/volume{n}" for n in range(40)],
            "services": [f"service-{n}" for n in range(40)],
            "engines": [f"vllm-{n}" for n in range(40)],
            "gpus": 16,
            "ticks": 30,
        },
        plain,
    ),
    "2 cores": ({"cores": 2, "ticks": 30}, plain),
    "16 cores": ({"cores": 16, "ticks": 30}, plain),
    "64 cores": ({"cores": 64, "ticks": 30}, plain),
    "256 cores": ({"cores": 256, "ticks": 30}, plain),
    "1024 cores": ({"cores": 1024, "ticks": 12}, plain),
}


async def test_every_screen_at_every_size() -> None:
    async with running(Scene(services=("checkout",), ticks=5)) as driver:
        shown = await screens(driver)
        for state, (options, change) in STATES.items():
            scene = Scene(**{"ticks": 90, **options})  # type: ignore[arg-type]
            change(scene)
            driver.app.engine.store.snapshot = scene.snapshot()
            one = shown[-1]
            assert isinstance(one, WorkerScreen)
            one.worker = scene.workers[0].id if scene.workers else "nobody"
            for screen in shown:
                for size in SIZES if state in THOROUGH else SIZES[::2]:
                    check(screen, *size, state)


async def test_every_screen_in_ascii() -> None:
    async with running(Scene(services=("checkout",), ticks=5), ascii=True) as driver:
        shown = await screens(driver)
        for state in ("ordinary", "working", "nasty names", "troubled", "pending", "infinite", "64 cores"):
            options, change = STATES[state]
            scene = Scene(**{"ticks": 90, **options})  # type: ignore[arg-type]
            change(scene)
            driver.app.engine.store.snapshot = scene.snapshot()
            one = shown[-1]
            assert isinstance(one, WorkerScreen)
            one.worker = scene.workers[0].id if scene.workers else "nobody"
            for screen in shown:
                for size in ((80, 24), (120, 40), (200, 50)):
                    check(screen, *size, state)


async def test_small_terminals_say_so_and_recover(scene: Scene) -> None:
    async with running(scene, (120, 40)) as driver:
        for key in ("1", "3"):
            await driver.press(key)
            before = driver.text
            for width, height in (*SMALL, (79, 60), (300, 23)):
                await driver.resize(width, height)
                if width and height:
                    assert driver.text.startswith(f"{width}x{height}"[: width - 1])
                    assert "80x24" in driver.text or width < 20
                    assert "─ alerts ─" not in driver.text
                driver.app.engine.store.publish(scene.snapshot())
                await driver.settle()
            await driver.resize(120, 40)
            assert driver.text == before
            assert driver.app.focused is (None if key == "1" else driver.pane("processes"))


async def test_the_app_starts_on_any_size(scene: Scene) -> None:
    for size in ((1, 1), (20, 3), (79, 24)):
        async with running(scene, size) as driver:
            await driver.press("3", "j", "s", "slash", "x", "escape", "f1", "escape", "tab", "A")
            await driver.publish()
            await driver.resize(80, 24)
            assert "─ processes ─" in driver.text


async def test_panes_that_a_resize_brings_in_are_drawn_at_once(scene: Scene) -> None:
    """Also while paused, when no tick paints them."""
    async with running(scene, (80, 24)) as driver:
        await driver.press("3", "p")
        assert "pressure" not in driver.text
        await driver.resize(200, 50)
        assert "─ pressure ─" in driver.text
        assert any("established" in row for row in driver.pane_text("connections"))
        await driver.resize(80, 24)
        assert "pressure" not in driver.text


async def test_what_is_drawn_is_what_is_on_the_screen(scene: Scene) -> None:
    """After resizes and ticks no remainder of an older picture is left."""
    async with running(scene, (80, 24)) as driver:
        for key in ("1", "2", "3", "6"):
            await driver.press(key)
            for size in ((200, 50), (100, 30), (80, 60), (132, 43), (80, 24)):
                await driver.resize(*size)
                await driver.publish()
                for id in driver.live.plan(driver.live.size):
                    if id != "filter":
                        pane = driver.pane(id)
                        assert driver.pane_text(id) == [text_of(row) for row in pane._rows]


async def test_statuses_are_drawn_unlike_each_other_and_unlike_numbers() -> None:
    async with running(Scene(ticks=5)) as driver:
        seen: dict[str, str] = {}
        states = {
            "zero": Value(0.0),
            "number": Value(0.5),
            "stale": Value(0.5, Status.STALE),
            **{status.value: Value(None, status) for status in Status if status not in (Status.OK, Status.STALE)},
        }
        for key in ("1", "3"):
            for name, value in states.items():
                driver.scene.put("system.cpu.utilization", value)
                driver.scene.put("system.disk.read", value, device="sda")
                await driver.publish()
                await driver.press(key)
                pane = "machine" if key == "1" else "disks"
                label = "CPU" if key == "1" else "sda"
                line = next(row for row in driver.pane_text(pane) if row.strip().startswith(label))
                seen[name] = line[:22]
            assert len(set(seen.values())) == len(seen), seen
            for name in ("pending", "idle", "absent", "denied", "error"):
                assert not any(char.isdigit() for char in seen[name].replace("sda", "")), seen


async def test_a_wide_terminal_is_used(scene: Scene) -> None:
    """No screen with data leaves a fifth of its rows to nobody."""
    async with running(scene, (120, 40)) as driver:
        for key in ("1", "2", "3", "6"):
            await driver.press(key)
            for width, height in SIZES:
                plan = driver.live.plan(Size(width, height))
                covered = {y for region in plan.values() for y in range(region.y, region.bottom)}
                assert len(covered) >= 0.8 * height, (driver.live.name_of, width, height, plan)


async def test_cores_are_shown_in_as_much_detail_as_there_is_room() -> None:
    """A meter and a past each, else a number each, else a cell each; no number is cut, and no core is left out."""
    async with running(Scene(ticks=3)) as driver:
        await driver.press("3")
        for cores, size, detail in (
            (1, (120, 40), "past"), (8, (120, 40), "past"), (16, (120, 40), "number"), (64, (200, 50), "number"),
            (64, (120, 40), "cell"), (1024, (300, 100), "cell"), (1024, (80, 24), "cell"),
        ):  # fmt: skip
            driver.app.engine.store.snapshot = Scene(cores=cores, ticks=40).snapshot()
            pane = driver.pane("cores")
            width, height = driver.live.plan(Size(*size))["cores"].size
            rows = [text_of(row) for row in pane._all_rows(driver.app.view, width, height)][1:]
            text = " ".join(rows)
            assert sum(part.endswith("%") for part in text.split()) == (0 if detail == "cell" else cores), (cores, size)
            assert ("█" in text and "▁" in text) == (detail == "past") or detail == "cell", (cores, size)
            assert "…" not in text
            if detail == "cell":
                shown = len("".join(text.split()))
                assert shown == cores or cores / shown > 1
