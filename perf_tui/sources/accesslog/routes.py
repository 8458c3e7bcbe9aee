"""From the target of a request to a route: `GET /items/7` and `GET /items/8` are one, `GET /items/:id`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perf_tui.text import decode

MALFORMED = "(malformed)"
"""Requests that had no method and path."""
_LONGEST = 100
_REMEMBERED = 4096

# A segment that is a number, a long hexadecimal, or a long word with a digit in it (UUIDs, ULIDs,
# tokens, slugs). Segments begin at a slash, so each is looked at once.
_ID = re.compile(rb"/(?:\d++|(?=[\w-]{16})(?:[0-9a-fA-F]{16,}+|(?=[A-Za-z_-]*+\d)[\w-]{20,}+))(?=[/\n])")
# A proxy's clients name the host as well.
_HOST = re.compile(rb"^([A-Z]+ )https?://[^/]*")


def collapse(targets: Sequence[bytes]) -> list[bytes]:
    """The same targets with `:id` for what tells one thing from another."""
    if not targets:
        return []
    return _ID.sub(b"/:id", b"\n".join(targets) + b"\n").split(b"\n")[:-1]


class Names(dict[bytes, str]):
    """Collapsed target → the route's name, safe to show. Remembers a bounded number of them."""

    def __missing__(self, target: bytes) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        short = _HOST.sub(rb"\1", target)
        if len(short) > _LONGEST:
            name = decode(short[:_LONGEST]) + "…"
        else:
            name = decode(short) or MALFORMED
        self[target] = name
        return name
