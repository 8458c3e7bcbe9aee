"""The dialog that saves a snapshot: a file name, whose suffix is the format."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from perf_tui.engine.snapshot import Snapshot
from perf_tui.export import formats
from perf_tui.export.files import write
from perf_tui.text import clean

if TYPE_CHECKING:
    from perf_tui.ui.app import PerfApp


class Export(ModalScreen[None]):
    """Saves the snapshot that was on show when it was opened; as a picture, the screen below."""

    DEFAULT_CSS = """
    Export { align: center middle; }
    Export > Vertical {
        width: 64; max-width: 100%; height: auto; background: $surface; border: round $primary; padding: 0 1;
    }
    Export Input { border: none; height: 1; padding: 0; background: $boost; }
    Export Input:focus { border: none; }
    Export Static { height: auto; }
    """
    BINDINGS = [Binding("escape", "dismiss", show=False)]  # noqa: RUF012

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._snapshot = snapshot

    def compose(self) -> ComposeResult:
        moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._snapshot.time or time.time()))
        with Vertical() as box:
            box.border_title = "export a snapshot"
            yield Static(Content("File; its suffix is the format: " + " ".join(formats.SUFFIXES)))
            name = Input(f"perf-tui-{moment}.json", id="file")
            name.cursor_blink = False
            yield name
            yield Static(Content("Enter saves, Esc leaves"), id="said")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            path = Path(event.value.strip()).expanduser()
            write(path, self._rendered(formats.of(path)))
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: ~ of a user that there is not
            self.query_one("#said", Static).update(Content.styled(f"not saved: {clean(str(error))}", "$error"))
            return
        self.dismiss()
        self.app.notify(f"saved {clean(str(path))}", timeout=4, markup=False)

    def _rendered(self, name: str) -> str:
        app: PerfApp = self.app  # type: ignore[assignment]
        if name == formats.PICTURE:
            from perf_tui.ui.picture import screen_svg

            return screen_svg(app)
        return formats.render(self._snapshot, name, ascii_only=app.glyphs.ascii_only)
