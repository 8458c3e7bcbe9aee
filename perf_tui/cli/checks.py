"""The checks of `doctor`. Their ids are stable: scripts look for them."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from perf_tui.cli.output import is_unicode
from perf_tui.cli.sampling import collected
from perf_tui.config.explain import nearest
from perf_tui.config.load import PREFIX, variables
from perf_tui.config.schema import Config
from perf_tui.config.upcoming import ignored
from perf_tui.engine.blocking import Blocking
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Status
from perf_tui.measures.services import Recognised
from perf_tui.text import clean

SMALLEST = (80, 24)
"""Columns and lines that the screens need."""
GPU_DEADLINE = 3.0
"""Seconds that a driver has to answer."""


class Grade(StrEnum):
    """How a check ended."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


class Check(NamedTuple):
    """One check: what was found, and what would mend it."""

    id: str
    grade: Grade
    finding: str
    mend: str = ""


def _good(id: str, finding: str) -> Check:
    return Check(id, Grade.PASS, finding)


def _poor(id: str, finding: str, mend: str) -> Check:
    return Check(id, Grade.WARN, finding, mend)


def python() -> Check:
    """The interpreter; one that is too old does not get this far."""
    return _good("python.version", f"Python {platform.python_version()} on {platform.system()} {platform.release()}")


def terminal(variables: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """What the screens are drawn on."""
    if is_unicode():
        yield _good("terminal.encoding", f"{sys.stdout.encoding}: every character can be shown")
    else:
        mend = "set LANG to a UTF-8 locale, as in LANG=C.UTF-8, or use --ascii"
        yield _poor("terminal.encoding", f"{sys.stdout.encoding} has no characters for charts", mend)
    kind = variables.get("TERM", "")
    if not sys.stdout.isatty():
        yield _good("terminal.type", "standard output is no terminal: perf-tui prints a text snapshot there")
        return
    if kind in ("", "dumb"):
        mend = "set TERM to what the terminal is, as in TERM=xterm-256color"
        yield _poor("terminal.type", f"TERM is {clean(kind) or 'not set'}: perf-tui prints a text snapshot", mend)
    else:
        yield _good("terminal.type", f"TERM is {clean(kind)}")
    columns, lines = shutil.get_terminal_size()
    if columns < SMALLEST[0] or lines < SMALLEST[1]:
        mend = f"make it at least {SMALLEST[0]}x{SMALLEST[1]}"
        yield _poor("terminal.size", f"{columns}x{lines} is too small for the screens", mend)
    else:
        yield _good("terminal.size", f"{columns}x{lines}")
    if variables.get("NO_COLOR"):
        yield _good("terminal.colour", "NO_COLOR is set: no colours; marks and words carry the meaning")
    else:
        depth = variables.get("COLORTERM", "")
        known = (
            f"COLORTERM is {clean(depth)}" if depth else "COLORTERM is not set: colours are rounded to what TERM has"
        )
        yield _good("terminal.colour", known)


def configuration(config: Config, path: Path | None, problem: str | None) -> Iterator[Check]:
    """The file in force; `problem` is the error that it was refused with."""
    if problem is not None:
        mend = "perf-tui config validate says the same until it is right; perf-tui config schema has every key"
        yield Check("config.valid", Grade.FAIL, problem, mend)
        return
    source = f"{path}" if path else "no file: the defaults are in force (perf-tui config init writes one)"
    yield _good("config.valid", clean(source))
    for section, what in ignored(config).items():
        yield _poor(f"config.{section}", f"[{section}] is accepted, but {what} by this version", "leave it out")


def environment(given: Mapping[str, str] = os.environ) -> Check:
    """Variables that look like settings and are none."""
    known = [*variables(), f"{PREFIX}CONFIG"]
    unknown = sorted(name for name in given if name.startswith(PREFIX) and name not in known)
    if not unknown:
        return _good("config.environment", "every PERF_TUI_ variable is known")
    words = ", ".join(f"{clean(name)} is no setting ({nearest(name, known)})" for name in unknown)
    return _poor("config.environment", words, "unset or correct it")


def sources(snapshot: Snapshot) -> Iterator[Check]:
    """How each source did."""
    if not collected(snapshot):
        yield Check("sources", Grade.FAIL, "no source gave anything", "see the reason of each below")
    rows: Sequence[Recognised] = snapshot.tables.get("recognised", ())  # type: ignore[assignment]
    recognised = {row.source: row.text for row in rows}
    for source in snapshot.sources:
        id = f"source.{clean(source.name)}"
        if source.status is Status.OK:
            words = f"read in {(source.duration or 0.0) * 1000:.1f} ms"
            yield _good(id, "; ".join((words, *filter(None, [recognised.get(source.name)]))))
        elif source.status is Status.ABSENT:  # hardware that is not there is nothing to mend
            yield _good(id, clean(source.error or "not here"))
        elif source.status is Status.PENDING:
            yield _poor(id, "it has not answered yet", "look again with a longer --interval")
        else:
            yield _poor(id, clean(source.error or str(source.status)), _mend(source.status))


def measures(snapshot: Snapshot) -> Iterator[Check]:
    """What has no number here, by reason. What this machine does not have needs no mend."""
    reasons: dict[tuple[Status, str], list[str]] = {}
    for key, value in snapshot.values.items():
        if value.status in (Status.ABSENT, Status.DENIED, Status.ERROR):
            reasons.setdefault((value.status, value.reason or str(value.status)), []).append(str(key))
    missing = [id for id in CATALOGUE if id.startswith("system.") and id not in snapshot.index]
    if missing:
        reasons[Status.ABSENT, "nothing here has it"] = missing
    if not reasons:
        yield _good("measures.system", "every measure of the system has a value")
    for (status, reason), keys in reasons.items():
        finding = clean(f"{reason}: {', '.join(keys)}")
        if status is Status.ABSENT:
            yield _good("measures.absent", finding)
        else:
            yield _poor(f"measures.{status}", finding, _mend(status))


def _mend(status: Status) -> str:
    if status is Status.DENIED:
        return "run perf-tui as a user who may read it"
    return "if it stays, run perf-tui collect and see what it says"


def hidepid(mounts: Path = Path("/proc/self/mounts"), user: int | None = None) -> Check:
    """Whether /proc hides other users' processes."""
    id = "proc.hidepid"
    try:
        table = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return _good(id, "this system has no /proc: processes are read another way")
    fields = next((row.split() for row in table if row.split()[1:3] == ["/proc", "proc"]), [])
    options = fields[3].split(",") if len(fields) > 3 else []
    hidden = next((option for option in options if option.startswith("hidepid=")), "hidepid=0")
    if hidden in ("hidepid=0", "hidepid=off") or (os.geteuid() if user is None else user) == 0:
        return _good(id, "the processes of all users can be seen")
    group = next((option for option in options if option.startswith("gid=")), "gid=")
    return _poor(
        id,
        f"/proc is mounted with {clean(hidden)}: only your own processes can be seen",
        f"run perf-tui as root, or as a member of the group that /proc is mounted with ({clean(group)})",
    )


def pressure(folder: Path = Path("/proc/pressure")) -> Check:
    """Whether the kernel counts how long tasks wait."""
    id = "kernel.pressure"
    if (folder / "cpu").exists():
        return _good(id, "the kernel counts pressure stalls")
    if not sys.platform.startswith("linux"):
        return _good(id, "only Linux counts pressure stalls")
    return _poor(
        id, "the kernel does not count pressure stalls", "boot with psi=1; it takes Linux 4.20 with CONFIG_PSI"
    )


def gpu_library(driver: Path = Path("/proc/driver/nvidia/version")) -> Check:
    """Whether NVIDIA's management library answers. A machine without its driver is well."""
    id = "gpu.library"
    blocking = Blocking("doctor gpu")
    try:
        count = asyncio.run(_in_time(blocking))
    except TimeoutError:
        mend = "the driver hangs: nvidia-smi will hang as well; reload it or restart the machine"
        return _poor(id, f"NVML did not answer within {GPU_DEADLINE:g} s", mend)
    except Exception as error:
        if driver.exists():
            mend = "install the driver's user-space library (libnvidia-ml) of the same version"
            return _poor(id, f"the NVIDIA driver is loaded, but NVML says: {clean(str(error))}", mend)
        return _good(id, f"no NVIDIA driver here ({clean(str(error)) or type(error).__name__})")
    finally:
        blocking.close()
    return _good(id, f"NVML answers: {count} NVIDIA GPU{'' if count == 1 else 's'}")


async def _in_time(blocking: Blocking) -> int:
    async with asyncio.timeout(GPU_DEADLINE):
        return await blocking.call(_count_gpus)


def _count_gpus() -> int:
    import pynvml

    pynvml.nvmlInit()
    try:
        return int(pynvml.nvmlDeviceGetCount())
    finally:
        pynvml.nvmlShutdown()
