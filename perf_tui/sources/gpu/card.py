"""A graphics card as the kernel shows it below /sys/class/drm: its identity, and numbers in small files."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from perf_tui.engine.source import Failure
from perf_tui.measures.model import Status
from perf_tui.sources.gpu.names import pci_name
from perf_tui.sources.gpu.told import Told
from perf_tui.sources.system.host import Host
from perf_tui.text import decode

VENDORS = {"amdgpu": "AMD", "xe": "Intel", "i915": "Intel"}
"""The drivers that are read, and whose cards they drive."""

_NONE = frozenset((errno.ENOENT, errno.ENODEV, errno.ENODATA, errno.EOPNOTSUPP, errno.EINVAL, errno.ENXIO))
"""What the kernel answers where a card does not have what a file is for."""


@dataclass(frozen=True, slots=True)
class Card:
    """One card; the folders are below /sys."""

    host: Host
    folder: str
    """As in class/drm/card0."""
    driver: str
    gpu: str
    """Its place on the PCI bus, without a domain of zeros."""
    name: str
    hwmon: str
    """The folder of its sensors; empty where it has none."""

    @property
    def device(self) -> str:
        """The folder of the PCI device."""
        return f"{self.folder}/device"

    @property
    def integrated(self) -> bool:
        """Whether it is a part of the processor: then it is on the first bus."""
        return self.gpu.startswith("00:")

    @property
    def asleep(self) -> bool:
        """Whether the kernel has suspended it; to read a sensor would wake it."""
        try:
            return self.host.read_sys(f"{self.device}/power/runtime_status").startswith(b"suspend")
        except OSError:
            return False

    def number(self, *names: str) -> Told:
        """The number in the first of these files below /sys that there is, or why there is none."""
        answer: Told = Failure(Status.ABSENT, f"{self.driver} does not tell it in /sys")
        for name in names:
            try:
                return float(self.host.read_sys(name).split()[0])
            except OSError as error:
                if error.errno not in _NONE:
                    return _refused(error)
            except (ValueError, IndexError):
                answer = Failure(Status.ERROR, f"{self.driver} gives no number for it")
        return answer

    def sensor(self, *names: str) -> Told:
        """The same with files of the sensors' folder."""
        return self.number(*(f"{self.hwmon}/{name}" for name in names if self.hwmon))

    def text(self, name: str) -> str:
        """A file of the device as clean text; empty where there is none."""
        try:
            return decode(self.host.read_sys(f"{self.device}/{name}").strip())
        except OSError:
            return ""


def _refused(error: OSError) -> Failure:
    if error.errno == errno.EACCES:
        return Failure(Status.DENIED, "only root may read it")
    if error.errno == errno.EPERM:  # of a file that may be opened: the driver's own answer
        return Failure(Status.ERROR, "the card is being reset")
    return Failure(Status.ERROR, error.strerror or "it cannot be read")


def cards(host: Host) -> list[Card]:
    """The cards that are driven by a driver that is read, by their numbers."""
    names = sorted(name for name in host.sys_names("class/drm") if name.startswith("card") and name[4:].isdigit())
    found = (_card(host, f"class/drm/{name}") for name in names)
    return [card for card in found if card is not None]


def _card(host: Host, folder: str) -> Card | None:
    try:
        lines = host.read_sys(f"{folder}/device/uevent").decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    known = dict(line.split("=", 1) for line in lines if "=" in line)
    driver = known.get("DRIVER", "")
    if driver not in VENDORS:
        return None
    slot = decode(known.get("PCI_SLOT_NAME", folder.rpartition("/")[2]).encode("utf-8", "replace"))
    vendor, _, device = known.get("PCI_ID", "").lower().partition(":")
    card = Card(host, folder, driver, slot.removeprefix("0000:"), "", _sensors(host, folder, driver))
    name = card.text("product_name") or pci_name(vendor, device)
    brand = VENDORS[driver]
    if not name:
        name = f"{brand} GPU {decode(device.encode())}".rstrip()
    elif not name.startswith(brand):
        name = f"{brand} {name}"
    return Card(host, folder, driver, card.gpu, name, card.hwmon)


def _sensors(host: Host, folder: str, driver: str) -> str:
    """The folder of the card's own sensors; single engines have some as well, under other names."""
    below = f"{folder}/device/hwmon"
    for name in sorted(host.sys_names(below)):
        try:
            if host.read_sys(f"{below}/{name}/name").strip() == driver.encode():
                return f"{below}/{name}"
        except OSError:
            continue
    return ""
