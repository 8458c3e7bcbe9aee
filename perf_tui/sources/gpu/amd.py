"""What the driver amdgpu tells in /sys."""

from __future__ import annotations

import re

from perf_tui.engine.source import Failure
from perf_tui.measures.model import Status
from perf_tui.sources.gpu.card import Card
from perf_tui.sources.gpu.raw import NOT_TOLD, RawCard
from perf_tui.sources.gpu.told import Told

_STEP = re.compile(rb"^\S+:\s*(\d+)\s*[Mm][Hh][Zz]\s*(\*?)", re.MULTILINE)
"""A step of a clock, as in `1: 1850Mhz *`; the star stands at the one in use."""
_UNCORRECTED = re.compile(rb"^ue:\s*(\d+)", re.MULTILINE)
_MEGAHERTZ = 1e6


def read(card: Card) -> RawCard:
    """Everything of one card."""
    clock, clock_max = _steps(card, "pp_dpm_sclk")
    memory_clock, memory_clock_max = _steps(card, "pp_dpm_mclk")
    exact, exact_memory = card.sensor("freq1_input"), card.sensor("freq2_input")
    return RawCard(
        card,
        busy=card.number(f"{card.device}/gpu_busy_percent"),
        memory_busy=card.number(f"{card.device}/mem_busy_percent"),
        used=card.number(f"{card.device}/mem_info_vram_used"),
        total=card.number(f"{card.device}/mem_info_vram_total"),
        # The edge of the chip, as other tools show it; where there is no such sensor, the hottest spot.
        temperature=card.sensor("temp1_input", "temp2_input"),
        power=card.sensor("power1_average", "power1_input"),
        limit=card.sensor("power1_cap"),
        clock=clock if isinstance(exact, Failure) else exact,
        clock_max=clock_max,
        memory_clock=memory_clock if isinstance(exact_memory, Failure) else exact_memory,
        memory_clock_max=memory_clock_max,
        fan=card.sensor("fan1_input"),
        fan_max=card.sensor("fan1_max"),
        errors=_errors(card),
        uuid=card.text("unique_id"),
    )


def _steps(card: Card, name: str) -> tuple[Told, Told]:
    """The clock in use and the highest, in Hz, from a list of steps."""
    try:
        found = _STEP.findall(card.host.read_sys(f"{card.device}/{name}"))
    except OSError:
        return NOT_TOLD, NOT_TOLD
    if not found:
        return NOT_TOLD, NOT_TOLD
    now = next((float(mhz) * _MEGAHERTZ for mhz, star in found if star), None)
    return NOT_TOLD if now is None else now, max(float(mhz) for mhz, _ in found) * _MEGAHERTZ


def _errors(card: Card) -> Told:
    """Memory errors that could not be corrected, since the driver was loaded."""
    try:
        found = _UNCORRECTED.search(card.host.read_sys(f"{card.device}/ras/umc_err_count"))
    except OSError:
        found = None
    return float(found[1]) if found else Failure(Status.ABSENT, "this card does not count memory errors")
