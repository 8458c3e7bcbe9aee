"""From the engine's thread to Textual's loop: a wake-up without payload, of which one is under way at most.

Never `call_from_thread`: it blocks its caller until the loop answers, and a terminal that stopped
reading would stop the engine with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from perf_tui.engine.snapshot import Snapshot
from perf_tui.engine.store import Store

if TYPE_CHECKING:
    from textual.app import App


class Collected(Message):
    """There is a newer snapshot in the store."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Collected)


class Bridge:
    """Posts `Collected` to an app for each publication, unless one is still waiting to be handled."""

    def __init__(self, app: App[None], store: Store) -> None:
        self._app = app
        self._pending = False
        self._end = store.subscribe(self._published)

    def _published(self, snapshot: Snapshot) -> None:
        if not self._pending:
            self._pending = True
            self._app.post_message(Collected())

    def taken(self) -> None:
        """Called by the app when it handles `Collected`, before it reads the store."""
        self._pending = False

    def close(self) -> None:
        """Post no more."""
        self._end()
