"""The table of GPUs, the processes on one of them, and all of them in one line."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan

import pytest
from ui_scene import GIB, Given, Scene, process, text_of, wave

from perf_tui.engine.alerts.model import Level
from perf_tui.engine.snapshot import SourceState
from perf_tui.measures.gpus import Gpu, GpuProcess, Pcie, Throttle
from perf_tui.measures.model import Status, Value, absent
from perf_tui.text import width as cells_of
from perf_tui.ui.draw.glyphs import ASCII, UNICODE, Glyphs
from perf_tui.ui.panes.gpus import GpuProcesses, Gpus, gpu_rows, height, short_name, summary, words
from perf_tui.ui.view import View

NASTY = (
    "数据库服务器进程",
    "👩\u200d💻 dev",
    "e\u0301\u0301",
    "[red]markup[/]",
    "\x1b[31mred\x1b[0m",
    "🇩🇪 flag",
    "a\nb\tc",
)
H100 = "NVIDIA H100 80GB HBM3"
NONE = (
    SourceState("nvidia", "gpu", Status.ABSENT, None, "no NVIDIA driver"),
    SourceState("amd-intel", "gpu", Status.ABSENT, None, "no amdgpu, xe or i915 device"),
)


class Machine(Scene):
    """A machine with GPUs, of which everything may be changed."""

    def __init__(self, *gpus: Gpu, ticks: int = 60, **numbers: Given) -> None:
        self.gpus: tuple[Gpu, ...] = gpus
        super().__init__(cores=1, disks=("sda",), interfaces=("lo",), mounts=("/",), processes=3, ticks=0)
        for gpu in gpus:
            self.numbers(gpu, **numbers)
        self.pass_ticks(ticks)

    def numbers(self, gpu: Gpu, **numbers: Given) -> None:
        """Give a GPU its measures; those of an ordinary one where no others are named."""
        ordinary: dict[str, Given] = {
            "utilization": wave(0.2, 0.7, gpu.gpu), "memory.used": 20 * GIB, "memory.total": 80 * GIB,
            "memory.utilization": 0.25, "temperature": 61.0, "power": 312.0, "power.limit": 700.0,
        }  # fmt: skip
        for id, given in {**ordinary, **{id.replace("_", "."): given for id, given in numbers.items()}}.items():
            self.put(f"gpu.{id}", given, gpu=gpu.gpu, name=gpu.name)

    def tables(self) -> dict[str, object]:
        return {**super().tables(), "gpus": self.gpus}

    def view(self, glyphs: Glyphs = UNICODE, **changes: object) -> View:
        return View(self.snapshot(**changes), glyphs=glyphs)


def gpu(place: str = "0", name: str = H100, **changes: object) -> Gpu:
    """An NVIDIA GPU in good health."""
    row = Gpu(
        place, name, "nvidia", "NVIDIA", f"GPU-{place}", clock=Value(1755e6), memory_clock=Value(2619e6),
        fan=Value(0.3), throttle=(), xids=(), pcie=Pcie(Value(5.0), Value(16.0), Value(5.0), Value(16.0)),
        processes=(), ecc_boot=Value(0.0),
    )  # fmt: skip
    return row._replace(**changes)  # type: ignore[arg-type]


def drawn(pane: Gpus | GpuProcesses, view: View, width: int = 240, rows: int = 30) -> list[str]:
    """The rows below the title."""
    return [text_of(spans) for spans in pane.draw(view, width, rows)]


def roles(pane: Gpus, view: View, line: int, text: str) -> str:
    """The role of the run that holds a text."""
    return next(role for part, role in pane.draw(view, 240, 30)[line] if text in part)


def test_a_line_has_what_matters() -> None:
    head, line = drawn(Gpus("gpus"), Machine(gpu(), utilization=0.37).view())
    for title in ("gpu", "name", "util", "busy", "memory", "full", "temp", "power", "clock", "over time", "state"):
        assert title in head
    for part in (" 0 ", "H100 80GB HBM3", "37%", "███▊", "20.0GiB/80.0GiB", "25%", "61°C", "312W/700W", "1755MHz",
                 "2619MHz", "gen5 x16", "30%", "▃▃▃▃▃▃▃▃"):  # fmt: skip
        assert part in line
    assert "NVIDIA" not in line


def test_the_head_counts_gpus_and_instances_apart() -> None:
    machine = Machine(gpu(), gpu("1"), gpu("1:0", f"{H100} MIG 1g.10gb", parent="1"))
    assert Gpus("gpus").head(machine.view()) == ("GPUs", "2 GPUs · 1 MIG instance")
    assert Gpus("gpus").head(Machine(gpu()).view()) == ("GPUs", "1 GPU")


def test_instances_stand_below_their_gpu_and_places_on_the_bus_last() -> None:
    machine = Machine(gpu("10"), gpu("03:00.0"), gpu("1:2", parent="1"), gpu("2"), gpu("1"), gpu("1:10", parent="1"))
    order = [line.split()[1] for line in drawn(Gpus("gpus"), machine.view())[1:]]
    assert order == ["1", "1:2", "1:10", "2", "10", "03:00.0"]


def test_an_instance_is_named_by_its_size_and_has_no_sensors() -> None:
    part = gpu("0:1", f"{H100} MIG 1g.10gb", parent="0")
    part = part._replace(clock=absent("x"), memory_clock=absent("x"), fan=absent("x"), pcie=Pcie())
    machine = Machine(gpu(), part, utilization=absent("NVML does not tell it"))
    for id in ("temperature", "power", "power.limit"):
        machine.given = {
            key: given for key, given in machine.given.items()
            if not (key.id == f"gpu.{id}" and key.label("gpu") == "0:1")
        }  # fmt: skip
    line = drawn(Gpus("gpus"), machine.view())[2]
    assert "MIG 1g.10gb" in line
    assert "H100" not in line
    assert line.count("—") == 6, "temperature, power, both clocks, link and fan are the GPU's"
    assert "n/a" in line, "how busy it is nobody tells"


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [
        (80, ("util", "memory", "full", "temp", "power", "state"), ("name", "busy", "clock", "over time")),
        (120, ("name", "busy"), ("clock", "over time", "fan")),
        (160, ("over time", "clock"), ("memclock",)),
        (200, ("memclock", "link", "fan"), ()),
    ],
)
def test_columns_drop_by_importance(width: int, there: Sequence[str], gone: Sequence[str]) -> None:
    head = drawn(Gpus("gpus"), Machine(gpu()).view(), width)[0].split()
    for title in there:
        assert title.split()[0] in " ".join(head)
    for title in gone:
        assert title not in " ".join(head)


def test_throttling_is_a_word_and_a_mark() -> None:
    hot = gpu("0", throttle=(Throttle("too hot", "warning"), Throttle("power limit", "info")))
    capped = gpu("1", throttle=(Throttle("power limit", "info"),))
    view = Machine(hot, capped, gpu("2")).view()
    lines = drawn(Gpus("gpus"), view)[1:]
    assert [line[1] for line in lines] == ["▲", "◆", "●"]
    assert lines[0].rstrip().endswith("too hot, power limit")
    assert lines[1].rstrip().endswith("power limit")
    assert roles(Gpus("gpus"), view, 1, "too hot") == "warning"
    assert roles(Gpus("gpus"), view, 2, "power limit") == "dim"


def test_a_lost_gpu_says_so_on_its_own_line() -> None:
    why = Value(None, Status.ERROR, "it is lost")
    machine = Machine(gpu(), gpu("1", problem="it is lost"))
    machine.numbers(gpu("1"), **dict.fromkeys(("utilization", "memory_used", "temperature", "power"), why))
    machine.pass_ticks()
    view = machine.view()
    line = drawn(Gpus("gpus"), view)[2]
    assert line[1] == "✖"
    assert line.rstrip().endswith("it is lost")
    assert roles(Gpus("gpus"), view, 2, "it is lost") == "critical"
    assert "0.0%" not in line


def test_a_driver_that_hangs_leaves_the_last_values_and_the_reason() -> None:
    machine = Machine(gpu())
    machine.turn_all(lambda value: value._replace(status=Status.STALE, reason="the NVIDIA driver does not answer"))
    line = drawn(Gpus("gpus"), machine.view())[1]
    assert "~20.0GiB/80.0GiB" in line
    assert "the NVIDIA driver does not answer" in line
    assert line[1] == "▲"


def test_an_alert_on_a_gpu_marks_its_line() -> None:
    machine = Machine(gpu(), gpu("1"))
    machine.alert("gpu.utilization", Level.CRITICAL, gpu="1", name=H100)
    assert [line[1] for line in drawn(Gpus("gpus"), machine.view())[1:]] == ["●", "✖"]


def test_memory_errors_warn() -> None:
    sick = gpu(ecc_boot=Value(2.0), notices=("2 memory errors that could not be corrected",))
    row = gpu_rows(Machine(sick).snapshot())[0]
    assert row.role == "warning"
    assert words(row) == "2 memory errors that could not be corrected"


def test_gpus_that_only_an_exporter_tells_of() -> None:
    machine = Machine(gpu())
    machine.numbers(Gpu("3", "Tesla T4", "", ""), utilization=0.5)
    machine.pass_ticks()
    lines = drawn(Gpus("gpus"), machine.view())[1:]
    assert len(lines) == 2
    assert "Tesla T4" in lines[1]
    assert "50%" in lines[1]
    assert "n/a" in lines[1]


def test_without_a_gpu_there_is_one_line() -> None:
    machine = Machine()
    machine.sources = (*machine.sources, *NONE)
    view = machine.view()
    assert [line.strip() for line in drawn(Gpus("gpus"), view)] == ["no NVIDIA driver, no amdgpu, xe or i915 device"]
    assert Gpus("gpus").head(view) == ("GPUs", "")
    assert height(view.snapshot) == 2
    assert summary(view) is None


def test_before_anything_was_read_nothing_is_claimed() -> None:
    machine = Machine()
    machine.sources = (SourceState("nvidia", "gpu", Status.PENDING),)
    assert [line.strip() for line in drawn(Gpus("gpus"), machine.view())] == ["…"]


def test_what_cannot_be_read_is_said_where_there_is_no_row() -> None:
    machine = Machine()
    machine.sources = (SourceState("nvidia", "gpu", Status.ERROR, None, "the NVIDIA driver does not answer"), NONE[1])
    line = drawn(Gpus("gpus"), machine.view())[0]
    assert line.strip() == "the NVIDIA driver does not answer, no amdgpu, xe or i915 device"


def test_the_height_is_that_of_the_rows() -> None:
    assert height(Machine(*(gpu(str(place)) for place in range(8))).snapshot()) == 10


def test_the_filter_looks_at_names_and_words() -> None:
    machine = Machine(gpu(), gpu("1", "NVIDIA T4", throttle=(Throttle("too hot", "warning"),)))
    for needle in ("t4", "too HOT", "GPU-1"):
        pane = Gpus("gpus")
        pane.needle = needle
        lines = drawn(pane, machine.view())
        assert len(lines) == 2
        assert "T4" in lines[1]
    pane.needle = "nothing like it"
    assert "no row holds" in drawn(pane, machine.view())[1]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("number", [0.0, 1.0, nan, inf, -inf, -1e30, 1.7e308, 5e-324])
def test_rows_are_exactly_as_wide_as_the_pane_whatever_the_numbers(number: float, glyphs: Glyphs) -> None:
    odd = Value(number)
    rows = [
        gpu(str(place), name, clock=odd, memory_clock=odd, fan=odd, pcie=Pcie(odd, odd), notices=(name * 5,))
        for place, name in enumerate(NASTY)
    ]
    machine = Machine(*rows, ticks=5, **dict.fromkeys(("utilization", "memory_used", "temperature", "power"), number))
    pane, view = Gpus("gpus"), machine.view(glyphs)
    for width in (*range(1, 40), 79, 80, 100, 120, 160, 200, 300):
        for spans in pane.draw(view, width, 12):
            assert cells_of(text_of(spans)) == width
            assert "\x1b" not in text_of(spans)
    line = summary(view)
    assert line is not None


# -- in one line


def test_all_gpus_in_one_line() -> None:
    machine = Machine(gpu(), gpu("1"), gpu("1:0", f"{H100} MIG 1g.10gb", parent="1"))
    machine.numbers(gpu("1"), utilization=0.9, temperature=83.0)
    machine.pass_ticks()
    line = summary(machine.view())
    assert line is not None
    label, id, value, text = line
    assert (label, id, value.number) == ("GPUs", "gpu.utilization", 0.9)
    assert text == ["2 GPUs", "40.0GiB of 160GiB", "83°C", "624W"], "the instance's memory is the GPU's"


def test_one_gpu_in_one_line_is_named() -> None:
    line = summary(Machine(gpu()).view())
    assert line is not None
    assert line[0] == "GPU"
    assert line[3] == ["H100 80GB HBM3", "20.0GiB of 80.0GiB", "61°C", "312W"]


def test_trouble_is_a_part_of_the_line() -> None:
    line = summary(Machine(gpu(), gpu("1", throttle=(Throttle("too hot", "warning"),))).view(ASCII))
    assert line is not None
    assert line[3] == ["2 GPUs", "40.0GiB of 160GiB", "61C", "624W", "1: too hot"]


def test_names_without_what_is_known() -> None:
    assert short_name(gpu()) == "H100 80GB HBM3"
    assert short_name(gpu("0:1", f"{H100} MIG 3g.40gb", parent="0")) == "MIG 3g.40gb"
    assert short_name(Gpu("00:02.0", "Intel GPU 46a6", "amd-intel", "Intel")) == "GPU 46a6"
    assert short_name(Gpu("0", "", "", "")) == ""


# -- processes


def test_processes_are_joined_with_the_process_table() -> None:
    machine = Machine(
        gpu(processes=(GpuProcess(100, 3 * GIB, "compute"), GpuProcess(9999, None, "both"))),
        gpu("1", processes=(GpuProcess(101, GIB, "compute"),)),
    )
    machine.processes = (process(100, command="python serve.py"), process(101, command="other"))
    pane = GpuProcesses("processes", lambda: ("0", H100))
    view = machine.view()
    assert pane.head(view) == ("processes on GPU 0", H100)
    lines = drawn(pane, view, 100)
    assert len(lines) == 3
    assert lines[1].split() == ["3.00GiB", "100", "compute", "www", "python", "serve.py"]
    assert lines[2].split() == ["n/a", "9999", "both", "not", "seen", "here"]


def test_why_there_are_no_processes() -> None:
    machine = Machine(gpu(), gpu("1", processes=None, processes_reason="its MIG instances tell theirs"))
    for place, words_of in (("0", "no process"), ("1", "its MIG instances tell theirs"), ("7", "no GPU is selected")):
        pane = GpuProcesses("processes", lambda place=place: (place, H100))  # type: ignore[misc]
        assert drawn(pane, machine.view())[1].strip() == words_of


def test_the_selected_gpu_is_known() -> None:
    machine, pane = Machine(gpu(), gpu("1")), Gpus("gpus")
    assert pane.gpu == ("", "")
    drawn(pane, machine.view())
    assert pane.gpu == ("0", H100)
