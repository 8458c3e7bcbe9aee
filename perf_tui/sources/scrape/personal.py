"""Labels that name people or their keys: nothing past the door knows what they held.

Series that differ by such a label alone stay apart, so what stands in its place differs too, by a
digest with a key that is made anew each time the program starts and is never written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2s
from os import urandom

_NAME = r"(?:end_?)?user(?:_\w*)?|\w*e_?mail\w*|\w*api_?key\w*|\w*key_(?:hash|alias)\w*"
_PERSONAL = re.compile(_NAME, re.IGNORECASE)
_WRITTEN = re.compile(rf'\b({_NAME})\s*=\s*"(?:[^"\\]|\\.)*"?', re.IGNORECASE)
_KEY = urandom(16)


def without(labels: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Labels as they may be kept."""
    return {name: _stand_in(text) if _PERSONAL.fullmatch(name) and text else text for name, text in labels}


def redacted(line: str) -> str:
    """A line of a scrape as it may be shown."""
    return _WRITTEN.sub(r'\1="…"', line)


def _stand_in(text: str) -> str:
    return "#" + blake2s(text.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=8).hexdigest()
