"""What a PCI device is called, by the list that most systems have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from perf_tui.text import decode

LISTS = ("/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids")


@lru_cache(maxsize=32)
def pci_name(vendor: str, device: str, lists: Sequence[str] = LISTS) -> str:
    """The name under which a device is sold, or that of its chip; empty where it is not known.

    `vendor` and `device` are four hexadecimal digits each.
    """
    for path in lists:
        try:
            with open(path, "rb") as file:
                return _find(file.read(), vendor.encode(), device.encode())
        except OSError:
            continue
    return ""


def _find(text: bytes, vendor: bytes, device: bytes) -> str:
    """In a list with a line for each vendor, and below it a line with a tab for each of its devices."""
    start = text.find(b"\n" + vendor + b"  ")
    if start < 0 or not vendor or not device:
        return ""
    for line in text[start + 1 :].split(b"\n")[1:]:
        if line.startswith(b"\t" + device + b"  "):
            name = decode(line[len(device) + 3 :].strip())
            sold = name.rpartition("[")[2].rstrip("]")
            return sold or name
        if line and not line.startswith((b"\t", b"#")):
            break
    return ""
