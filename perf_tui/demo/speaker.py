"""A worker's side of its conversations with the model server, and what they have used."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Any

from perf_tui.demo.asking import ask
from perf_tui.demo.chat import body_of

PATIENCE = 8.0
"""Seconds that the model has for an answer."""
TOKENS = 60
"""Tokens of an answer at most."""


class Failed(Exception):  # noqa: N818  (what became of a task, not of the program)
    """A task cannot be done; the text says why."""


@dataclass
class Speaker:
    """Asks on behalf of a role, and counts."""

    url: str
    role: str
    tokens_in: int = 0
    tokens_out: int = 0
    cache_reads: int = 0
    retried: int = 0
    """Questions that were asked once more, as there was nothing in the answer."""
    context: float | None = None
    """The share of a slot's context that the newest answer took."""
    context_limit: int | None = None

    def answer(self, said: list[str]) -> str:
        """The model's answer to the last of `said`. Raises Failed."""
        for _ in range(2):
            if (words := self._ask(said)).strip():
                return words
            self.retried += 1
        raise Failed("the model says nothing")

    def _ask(self, said: list[str]) -> str:
        if self.context_limit is None:
            self.context_limit = int(self._answer("GET", "/props")["default_generation_settings"]["n_ctx"])
        told = self._answer("POST", "/v1/chat/completions", body_of(self.role, said, TOKENS))
        used = told["usage"]
        self.tokens_in += used["prompt_tokens"]
        self.tokens_out += used["completion_tokens"]
        self.cache_reads += used["prompt_tokens_details"]["cached_tokens"]
        self.context = used["total_tokens"] / self.context_limit
        return str(told["choices"][0]["message"]["content"])

    def _answer(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        try:
            status, told = ask(self.url, method, path, body, seconds=PATIENCE)
        except TimeoutError:
            raise Failed(f"the model did not answer within {PATIENCE:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"the model cannot be asked: {error or type(error).__name__}") from None
        if status != 200 or not isinstance(told, dict):
            raise Failed(f"the model answered with {status}")
        return told
