"""Questions to the model server, as programs that chat ask them: all begin alike, each turn repeats the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HOUSE = (
    "You work for a small shop that sells useful things. Answer in plain words, keep to what you know, "
    "and end with a full stop. "
)
"""What every conversation begins with: it is in the model server's cache after the first."""


def body_of(role: str, turns: Sequence[str], tokens: int, *, to_the_end: bool = False) -> dict[str, Any]:
    """The body of a POST to `/v1/chat/completions`: `turns` are the user's and the model's words by turns.

    `to_the_end` has the model write all of its `tokens`, even where it has come to an end.
    """
    speakers = ("user", "assistant")
    said = [{"role": speakers[place % 2], "content": words} for place, words in enumerate(turns)]
    system = {"role": "system", "content": f"{HOUSE}You are {role}."}
    return {"messages": [system, *said], "max_tokens": tokens, "cache_prompt": True, "ignore_eos": to_the_end}
