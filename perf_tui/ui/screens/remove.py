"""The dialog that switches a rule off, or deletes it."""

from __future__ import annotations

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from perf_tui.config.edit_rules import Edit
from perf_tui.config.schema import AlertRule
from perf_tui.text import clean
from perf_tui.ui import rulefile
from perf_tui.ui.screens.dialog import Dialog


class RemoveDialog(Dialog):
    """Asks before it does anything: a rule that is gone watches no more."""

    BINDINGS = [  # noqa: RUF012
        Binding("o", "switch", show=False),
        Binding("delete,x", "delete", show=False),
    ]

    def __init__(self, rule: AlertRule) -> None:
        super().__init__()
        self._rule = rule

    def compose(self) -> ComposeResult:
        word = "off: it is kept, and not judged" if self._rule.enabled else "on again"
        where = rulefile.words(self.perf.file, Edit(self._rule.name, None))
        with Vertical() as box:
            box.border_title = Content(f"rule {clean(self._rule.name)}").plain
            yield Static(Content(f"o       switches it {word}"))
            yield Static(Content("Delete  deletes it, and ends its alerts (also x)"))
            yield Static(Content("Esc     leaves it as it is"))
            yield Static(Content.styled(where, "$secondary"), id="said")

    def action_switch(self) -> None:
        """Off, or on again."""
        changed = msgspec.structs.replace(self._rule, enabled=not self._rule.enabled)
        self._do(Edit(self._rule.name, changed), "on" if changed.enabled else "off")

    def action_delete(self) -> None:
        """Gone."""
        self._do(Edit(self._rule.name, None), "deleted")

    def _do(self, edit: Edit, word: str) -> None:
        self.dismiss()
        self.perf.edit_rules(edit, f"{self._rule.name}: {word}")
