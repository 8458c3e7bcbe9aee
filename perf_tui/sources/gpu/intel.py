"""What the drivers i915 and xe tell in /sys: clocks and power; how busy a card is they tell only to privileged
programs, by other ways."""

from __future__ import annotations

from perf_tui.engine.source import Failure
from perf_tui.measures.gpus import Throttle
from perf_tui.measures.model import Status
from perf_tui.sources.gpu.card import Card
from perf_tui.sources.gpu.raw import RawCard
from perf_tui.sources.gpu.told import Told

_MEGAHERTZ = 1e6
_SHARED = Failure(Status.ABSENT, "it has no memory of its own: it uses the machine's")
_UNLIMITED = Failure(Status.ABSENT, "no power limit is set")

_WORDS = {
    "pl1": Throttle("power limit", "info"),
    "pl2": Throttle("power limit", "info"),
    "psys_pl1": Throttle("power limit", "info"),
    "psys_pl2": Throttle("power limit", "info"),
    "pl4": Throttle("current limit", "info"),
    "iccmax": Throttle("current limit", "info"),
    "psys_crit": Throttle("power brake", "warning"),
    "thermal": Throttle("too hot", "warning"),
    "soc_thermal": Throttle("too hot", "warning"),
    "soc_avg_thermal": Throttle("too hot", "warning"),
    "ratl": Throttle("too hot", "warning"),
    "mem_thermal": Throttle("memory too hot", "warning"),
    "prochot": Throttle("machine too hot", "warning"),
    "vr_thermal": Throttle("regulator too hot", "warning"),
    "vr_thermalert": Throttle("regulator too hot", "warning"),
    "vr_tdc": Throttle("regulator limit", "info"),
}
"""The drivers' reasons for low clocks."""


def read(card: Card) -> RawCard:
    """Everything of one card."""
    engine = f"{card.device}/tile0/gt0/freq0" if card.driver == "xe" else f"{card.folder}/gt/gt0"
    if card.driver == "xe":
        clock = card.number(f"{engine}/act_freq")
        clock_max = card.number(f"{engine}/max_freq", f"{engine}/rp0_freq")
        throttle = _throttle(card, f"{engine}/throttle", "status", "reason_")
    else:
        clock = card.number(f"{engine}/rps_act_freq_mhz", f"{card.folder}/gt_act_freq_mhz")
        clock_max = card.number(f"{engine}/rps_max_freq_mhz", f"{card.folder}/gt_max_freq_mhz")
        throttle = _throttle(card, engine, "throttle_reason_status", "throttle_reason_")
    limit = card.sensor("power1_max", "power2_max", "power1_cap")
    total, used = _memory(card)
    return RawCard(
        card,
        used=used,
        total=total,
        temperature=card.sensor("temp1_input", "temp2_input"),
        power=card.sensor("power1_input", "power1_average"),
        energy=card.sensor("energy1_input", "energy2_input"),
        limit=_UNLIMITED if limit == 0 else limit,
        clock=_hertz(clock),
        clock_max=_hertz(clock_max),
        throttle=throttle,
    )


def _memory(card: Card) -> tuple[Told, Told]:
    """Total and used; only drivers that are not of the kernel's own tree tell them."""
    total = card.number(f"{card.folder}/lmem_total_bytes", f"{card.device}/tile0/physical_vram_size_bytes")
    if isinstance(total, Failure):
        return (_SHARED, _SHARED) if card.integrated else (total, total)
    free = card.number(f"{card.folder}/lmem_avail_bytes")
    return total, free if isinstance(free, Failure) else total - free


def _throttle(card: Card, folder: str, status: str, prefix: str) -> tuple[Throttle, ...] | None:
    held = card.number(f"{folder}/{status}")
    if isinstance(held, Failure):
        return None
    if not held:
        return ()
    found: set[Throttle] = set()
    for name in card.host.sys_names(folder):
        reason = name.removeprefix(prefix)
        if reason != name and name != status and card.number(f"{folder}/{name}") == 1:
            found.add(_WORDS.get(reason, Throttle("held down", "info")))
    return tuple(sorted(found, key=lambda throttle: (throttle.level != "warning", throttle.words)))


def _hertz(told: Told) -> Told:
    return told if isinstance(told, Failure) else told * _MEGAHERTZ
