"""Celery's messages as they travel through Redis: events that workers publish, requests for them, their replies.

A message is JSON with its body in base 64. Events are published under a channel of the database with
the event's type behind it; requests go to a channel that every worker listens to, and answers into a
list of the asker's own, which a binding announces.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import msgspec

_SEPARATOR = "\x06\x16"
_REPLIES = "reply.celery.pidbox"
BINDINGS = f"_kombu.binding.{_REPLIES}"
"""The set that names the lists of all who wait for answers."""


def events_channels(database: int) -> tuple[str, str]:
    """The pattern of the channels with events, and the one channel of those who publish without their types."""
    return f"/{database}.celeryev/*", f"/{database}.celeryev"


def requests_channel(database: int) -> str:
    """The channel that every worker listens to."""
    return f"/{database}.celery.pidbox"


def reply_list(asker: str) -> str:
    """The key of the list that gets the answers to an asker."""
    return f"{asker}.{_REPLIES}"


def binding(asker: str) -> str:
    """The member of BINDINGS by which workers find the asker's list."""
    return _SEPARATOR.join((asker, "", reply_list(asker)))


def request(method: str, destinations: Sequence[str] | None, asker: str, expires: float) -> bytes:
    """A question to some workers, or to all; after `expires`, in seconds since the epoch, nobody answers it."""
    body = {
        "method": method,
        "arguments": {},
        "destination": list(destinations) if destinations is not None else None,
        "pattern": None,
        "matcher": None,
        "ticket": str(uuid4()),
        "reply_to": {"exchange": _REPLIES, "routing_key": asker},
    }
    return msgspec.json.encode(
        {
            "body": b64encode(msgspec.json.encode(body)).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"clock": 1, "expires": expires},
            "properties": {
                "delivery_mode": 2,
                "delivery_info": {"exchange": "celery.pidbox", "routing_key": ""},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid4()),
            },
        }
    )


def contents(message: bytes) -> list[Mapping[str, Any]]:
    """What a message holds: one object or several. Raises ValueError where it is not JSON."""
    try:
        outer = msgspec.json.decode(message)
        body = outer["body"]
        if outer.get("properties", {}).get("body_encoding") == "base64":
            body = b64decode(body)
        kind = outer.get("content-type", "application/json")
        if kind != "application/json":
            raise ValueError(f"messages are serialised as {kind}; only JSON is read")
        inner = msgspec.json.decode(body)
    except (msgspec.DecodeError, BadBase64, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a message of Celery: {error}") from None
    return [each for each in (inner if isinstance(inner, list) else [inner]) if isinstance(each, dict)]
