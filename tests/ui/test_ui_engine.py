"""Screen 4's selected engine, and the screens of an engine and of a GPU that Enter opens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ui_scene import MODEL, Scene, drawn, running, text_of

from perf_tui.engine.alerts.model import Level
from perf_tui.measures.drift import Difference, Drift, Moments, Stability, Verdict
from perf_tui.measures.engines import Engine, Phases, Rank, Reason, Slot
from perf_tui.measures.gpus import Gpu, GpuProcess, Pcie, Throttle, Xid
from perf_tui.measures.model import absent, ok
from perf_tui.measures.quality import Quality
from perf_tui.ui.draw.glyphs import ASCII
from perf_tui.ui.screens.engine import EngineScreen
from perf_tui.ui.screens.gpu import GpuScreen

SLOTS = (Slot("0", "processing", 443.0, 2048.0, 166.0, 234.0), Slot("1", "idle", 12.0, 2048.0))
RANKS = (Rank("a", ok(4.0), ok(1.0), ok(0.97), "ready"), Rank("b", word="unhealthy"))
SIZES = ((80, 24), (100, 30), (120, 40), (160, 48), (200, 50))
NASTY = "[red]\x1b[31m数据\u200d"


def drift(value: float, verdict: Verdict, n: int = 840) -> Drift:
    moments = Moments(n, 0.75, 0.02)
    return Drift(
        verdict, moments, moments._replace(mean=0.75 - value), Difference(value, value - 0.012, value + 0.012),
        Stability(0.02, 0.05), None,
    )  # fmt: skip


def score(
    name: str, verdict: Verdict = Verdict.STEADY, proxy: bool = False, value: float = -0.021, n: int = 840
) -> Quality:
    return Quality("vllm-0", MODEL, name, "quality", proxy, drift(value, verdict, n))


class Play(Scene):
    """Two engines and two GPUs, of which everything may be changed."""

    def __init__(self) -> None:
        self.engines: tuple[Engine, ...] = ()
        self.quality: Sequence[Quality] = ()
        super().__init__(processes=5, engines=("vllm-0", "vllm-1"), gpus=2)
        self.engines = tuple(
            Engine(name, MODEL, "metrics", "vLLM", address="127.0.0.1:8000") for name in ("vllm-0", "vllm-1")
        )

    def engine(self, **changes: object) -> None:
        """Change the first engine."""
        self.engines = (self.engines[0]._replace(**changes), self.engines[1])  # type: ignore[arg-type]

    def gpu(self, **changes: object) -> None:
        """Change the first GPU."""
        self._gpu_rows: tuple[Gpu, ...] = (self._gpu_rows[0]._replace(**changes), self._gpu_rows[1])  # type: ignore[arg-type]

    def tables(self) -> dict[str, object]:
        more = {"engines": self.engines} if self.engines else {}
        return {**super().tables(), **more, "quality": tuple(self.quality)}


# -- opening, neighbours, and back


async def test_enter_opens_the_engine_and_escape_goes_back_to_its_row() -> None:
    async with running(Play(), screen="ai") as driver:
        table = driver.pane("engines")
        table.focus()
        await driver.press("down", "enter")
        assert isinstance(driver.live, EngineScreen)
        first = driver.live.engine
        assert first[0] in driver.text
        await driver.press("n")
        second = driver.live.engine
        assert second != first
        await driver.press("N")
        assert driver.live.engine == first
        await driver.press("n", "escape")
        assert not isinstance(driver.live, EngineScreen)
        assert table.selected == second, "the row that it was led to"


async def test_enter_opens_the_gpu_and_escape_goes_back_to_its_row() -> None:
    scene = Play()
    scene.gpu(processes=(GpuProcess(101, 3.0 * 2**30, "compute"),))
    async with running(scene, screen="ai") as driver:
        table = driver.pane("gpus")
        table.focus()
        await driver.press("enter")
        assert isinstance(driver.live, GpuScreen)
        assert driver.live.gpu == ("0", "NVIDIA H100 0")
        assert any("101" in row and "3.00GiB" in row for row in driver.pane_text("ongpu"))
        await driver.press("n")
        assert driver.live.gpu == ("1", "NVIDIA H100 1")
        await driver.press("escape")
        assert table.selected == ("1", "NVIDIA H100 1")


async def test_neighbours_that_are_gone_are_passed_over() -> None:
    scene = Play()
    async with running(scene, screen="ai") as driver:
        driver.pane("engines").focus()
        await driver.press("enter")
        assert isinstance(driver.live, EngineScreen)
        here = driver.live.engine
        other = "vllm-1" if here[0] == "vllm-0" else "vllm-0"
        scene.given = {key: given for key, given in scene.given.items() if key.label("engine") != other}
        await driver.publish()
        await driver.press("n")
        assert driver.live.engine == here


@pytest.mark.parametrize("kind", ["engines", "gpus"])
async def test_what_is_gone_says_so_and_breaks_nothing(kind: str) -> None:
    scene = Play()
    async with running(scene, screen="ai") as driver:
        driver.pane(kind).focus()
        await driver.press("enter")
        scene.drop("ai." if kind == "engines" else "gpu.")
        scene.engines, scene._gpu_rows, scene._engine_names = (), (), ()
        await driver.publish()
        assert "not there any more" in driver.text or "n/a" in driver.text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_both_screens_fill_every_size_exactly(size: tuple[int, int], ascii_only: bool) -> None:
    scene = Play()
    scene.engine(slots=SLOTS, notices=(NASTY,), finish=(Reason("length", 4.0),), details=(("batch.tokens", ok(4.1)),))
    scene.gpu(
        throttle=(Throttle("too hot", "warning"),), xids=(Xid(79, 2, "it fell off the bus"),), notices=(NASTY,),
        clock=ok(1.7e9), clock_max=ok(2e9), pcie=Pcie(ok(5.0), ok(8.0), ok(5.0), ok(16.0)), uuid="GPU-1",
    )  # fmt: skip
    scene.quality = [score("helpfulness"), score("length of answers", proxy=True), score(NASTY, Verdict.TOO_FEW, n=3)]
    scene.alerts = (scene.alert("ai.requests.waiting", engine="vllm-0", model=MODEL),)
    async with running(scene, size=size, screen="ai", ascii=ascii_only) as driver:
        for pane in ("engines", "gpus"):
            driver.pane(pane).focus()
            await driver.press("enter")
            for each, width, rows in drawn(driver.live, *size):
                for row in rows:
                    assert len(text_of(row)) <= width, each.id
                    assert "\x1b" not in text_of(row)
            assert len(driver.rows) == size[1]
            if ascii_only:
                assert driver.text.isascii() or "…" not in driver.text
            await driver.press("escape")


# -- what they show


async def test_slots_with_their_context() -> None:
    scene = Play()
    scene.engine(slots=SLOTS)
    async with running(scene, (200, 50), screen="ai") as driver:
        driver.pane("engines").selected = ("vllm-0", MODEL)
        await driver.publish()
        busy, idle = driver.pane_text("parts")[1:3]
        assert "1 of 2 at work" in driver.pane_text("parts")[0]
        assert "slot 0" in busy
        assert "22%" in busy
        assert "443 of 2.05k tokens" in busy
        assert "166 written" in busy
        assert "idle" in idle
        assert "%" not in idle, "nobody uses what it still holds"


async def test_replicas_with_their_state() -> None:
    scene = Play()
    scene.engine(ranks=RANKS, parts="replica")
    async with running(scene, (200, 50), screen="ai") as driver:
        driver.pane("engines").selected = ("vllm-0", MODEL)
        await driver.publish()
        text = "\n".join(driver.pane_text("parts"))
        assert "replicas" in text
        assert "unhealthy" in text
        assert "97%" in text


async def test_phases_as_the_engine_tells_them_go_before_what_follows_from_latencies() -> None:
    scene = Play()
    scene.engine(phases=Phases(ok(1.0), ok(0.5), ok(2.5)))
    async with running(scene, (200, 50), screen="ai") as driver:
        driver.pane("engines").selected = ("vllm-0", MODEL)
        await driver.publish()
        text = "\n".join(driver.pane_text("phases"))
        assert "4.00s on average" in text
        assert "queue 1.00s 25%" in text
        assert "prefill 500ms 12%" in text
        scene.engine(phases=Phases(ok(1.0), absent("no"), ok(2.5)))
        await driver.publish()
        assert "4.00s on average" not in "\n".join(driver.pane_text("phases")), "from the first token and the end"


async def test_the_diagnosis_on_an_engines_screen_says_what_to_do_in_full() -> None:
    scene = Play()
    scene.put("ai.requests.waiting", 9.0, engine="vllm-0", model=MODEL)
    scene.put("ai.requests.running", 1.0, engine="vllm-0", model=MODEL)
    scene.alerts = (scene.alert("ai.requests.waiting", Level.CRITICAL, engine="vllm-0", model=MODEL),)
    async with running(scene, (120, 40), screen="ai") as driver:
        driver.pane("engines").focus()
        driver.pane("engines").selected = ("vllm-0", MODEL)
        await driver.publish()
        await driver.press("enter")
        text = " ".join(" ".join(driver.pane_text("remedies")).split())
        assert "more requests wait than run" in text
        assert "add a replica, let more sequences run at once if there is room for them, or send fewer requests" in text
        assert any("waiting" in row for row in driver.pane_text("alerts")[1:]), "its alerts"


async def test_a_gpus_clocks_throttling_and_errors() -> None:
    scene = Play()
    scene.gpu(
        clock=ok(1.755e9), clock_max=ok(1.98e9), throttle=(Throttle("too hot", "warning"),), ecc_boot=ok(2.0), xids=(),
        uuid="GPU-abc",
    )  # fmt: skip
    async with running(scene, (120, 40), screen="ai") as driver:
        driver.pane("gpus").focus()
        await driver.press("enter")
        text = "\n".join(driver.pane_text("facts"))
        for words in ("1755MHz of 1980MHz", "too hot", "none since the program started", "GPU-abc", "80.0GiB"):
            assert words in text


# -- quality


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            score("helpfulness"),
            ["helpfulness", "−0.021 ±0.012", "n=840", "● steady", "baseline 0.771"],
        ),
        (score("helpfulness", Verdict.DRIFTED), ["▲ drifted"]),
        (score("length of answers", proxy=True), ["length of answers (proxy)", "−0.021"]),
        (score("faithfulness", Verdict.TOO_FEW, n=12), ["too few: 12 of 30"]),
    ],
)
async def test_quality_of_the_selected_engine(row: Quality, words: list[str]) -> None:
    scene = Play()
    scene.quality = [row]
    async with running(scene, (200, 50), screen="ai") as driver:
        driver.pane("engines").selected = ("vllm-0", MODEL)
        await driver.publish()
        text = "\n".join(driver.pane_text("quality"))
        for each in words:
            assert each in text
        assert ("±" not in text) == (row.drift.verdict is Verdict.TOO_FEW)


async def test_the_overview_tells_scores_and_proxies_that_drifted() -> None:
    scene = Play()
    scene.quality = [
        score("length of answers", Verdict.DRIFTED, proxy=True), score("helpfulness"), score("perplexity", proxy=True),
    ]  # fmt: skip
    async with running(scene, (120, 40)) as driver:
        lines = driver.pane_text("quality")
        assert "drift length of answers (proxy)" in lines[0]
        assert "▲ drifted" in lines[0]
        assert "drift helpfulness" in lines[1]
        assert "−0.021 ±0.012  n=840  ● steady" in lines[1]
        assert len(lines) == 2


async def test_ascii_has_a_sign_and_a_spread_of_its_own() -> None:
    scene = Play()
    scene.quality = [score("helpfulness")]
    async with running(scene, (120, 40), ascii=True) as driver:
        assert "-0.021 +/-0.012" in driver.pane_text("quality")[0]
        assert driver.app.glyphs is ASCII
