"""Asking a part of the demo over HTTP, without an event loop."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit


def ask(url: str, method: str, path: str, body: object = None, *, seconds: float) -> tuple[int, Any]:
    """The status, and the answer's JSON; None where it has none. `seconds` are for each read.

    Raises OSError or HTTPException where nobody answers. Each question has a connection of its own: one
    that is kept may be closed by the other side at the moment of the next question.
    """
    text = None if body is None else json.dumps(body)
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=seconds)) as connection:
        connection.request(method, path, text, {"Content-Type": "application/json", "Connection": "close"})
        answer = connection.getresponse()
        data = answer.read()
    try:
        return answer.status, json.loads(data)
    except ValueError:
        return answer.status, None
