"""Which attributes are kept: those that something is made of. All others are never more than bytes of a request.

A list of what is kept cannot forget a new name for a person, a prompt or the argument of a tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any

from perf_tui.sources.otlp.model import Labels
from perf_tui.text import clean, cut

LONGEST = 120
"""Cells of a text that is kept."""
_LONGEST_READ = 4 * LONGEST


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESOURCE = _names("service.name service.version host.name process.pid session.id")
"""Of senders."""
KEPT = _names("""
    http.route http.request.method http.method http.response.status_code http.status_code error.type
    gen_ai.token.type gen_ai.request.model gen_ai.response.model gen_ai.provider.name gen_ai.system
    gen_ai.operation.name gen_ai.conversation.id gen_ai.tool.name gen_ai.usage.input_tokens
    gen_ai.usage.output_tokens gen_ai.usage.cache_read.input_tokens gen_ai.evaluation.name
    gen_ai.evaluation.score.value gen_ai.evaluation.score.label
    session.id conversation.id type model token_type success status decision tool_name function_name event.name
    event.kind status_code duration_ms ttft_ms cost_usd input_tokens output_tokens cache_read_tokens
    cache_creation_tokens input_token_count output_token_count cached_token_count cached_content_token_count
    thoughts_token_count prompt_length error error_type error.message error_message
""")
"""Of points and events."""
PERSONAL = _names("user.id user.email user.account_uuid organization.id")
"""Of either, where the configuration switches it on."""

_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_KEY = re.compile(r"\b(?:(?:sk|pk|key|ghp|gho|xox[bp])[-_]|AIza)[A-Za-z0-9_-]{12,}", re.IGNORECASE)
_FREE_TEXT = frozenset(("error", "error.message", "error_message", "error.type", "error_type"))
"""Text that a program wrote for people: it may quote an address or a key."""


def kept(attributes: Iterable[Any], names: frozenset[str]) -> Labels:
    """Those of `names`, from messages. What is a list, a map or bytes is left out."""
    found: dict[str, str | float | bool] = {}
    for each in attributes:
        name = each.key
        if name in names and (value := _scalar(each.value, name)) is not None:
            found[name] = value
    return found


def _scalar(value: Any, name: str) -> str | float | bool | None:
    if value is None:
        return None
    if value.HasField("string_value"):
        text = value.string_value[:_LONGEST_READ]
        if name in _FREE_TEXT:
            text = _KEY.sub("…", _ADDRESS.sub("…", text))
        return cut(clean(text), LONGEST)
    if value.HasField("bool_value"):
        return bool(value.bool_value)
    if value.HasField("int_value"):
        return float(value.int_value) if -(2**63) <= value.int_value < 2**64 else None
    if value.HasField("double_value") and isfinite(value.double_value):
        return float(value.double_value)
    return None
