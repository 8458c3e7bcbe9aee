"""What the dialogs about alerts look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from perf_tui.ui.app import PerfApp


class Dialog(ModalScreen[None]):
    """A box over the dimmed screen; Esc leaves it."""

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > Vertical {
        width: 72; max-width: 100%; height: auto; max-height: 100%; background: $surface; border: round $primary;
        padding: 0 1;
    }
    Dialog Input { border: none; height: 1; padding: 0; background: $boost; }
    Dialog Input:focus { border: none; }
    Dialog Static { height: auto; }
    Dialog Horizontal { height: 1; }
    Dialog .short { width: 6; }
    """
    BINDINGS = [Binding("escape", "leave", show=False)]  # noqa: RUF012

    @property
    def perf(self) -> PerfApp:
        """The application, with its own type."""
        return self.app  # type: ignore[return-value]

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss()
