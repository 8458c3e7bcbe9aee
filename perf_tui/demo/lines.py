"""Files that several processes append whole lines to, and that do not grow for ever."""

from __future__ import annotations

import json
import os
import time
from typing import Any

ACCESS_LOG, HEARTBEATS, SCORES = "shop.log", "workers.jsonl", "scores.jsonl"
"""Those that are watched, in the folder of a demo."""
LARGEST = 4 * 1024 * 1024
"""Bytes after which a file begins anew."""


class Lines:
    """One file, opened for appending. Each line is written at once, so that those of several writers do not mix."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def put(self, line: str) -> None:
        """Append a line. A full file is emptied first, as a rotation that copies and truncates does."""
        if os.fstat(self._descriptor).st_size > LARGEST:
            os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, line.encode("utf-8", "replace") + b"\n")

    def put_json(self, **fields: Any) -> None:
        """Append an object, without the fields that are None or empty."""
        self.put(json.dumps({name: value for name, value in fields.items() if value not in (None, "")}))


class Log(Lines):
    """A log for people: each line begins with the time."""

    def say(self, words: str) -> None:
        """Append a line of it."""
        self.put(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {words}")
