"""A field of a dialog in which one of a few words is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """The arrows and the space bar go through the words; a letter goes to the next that begins with it."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; background: $boost; }
    Choice:focus { text-style: reverse; }
    """
    BINDINGS = [  # noqa: RUF012
        Binding("left,up", "step(-1)", show=False),
        Binding("right,down,space", "step(1)", show=False),
    ]

    class Changed(Message):
        """Another word was chosen."""

    def __init__(self, options: Sequence[str], value: str, id: str) -> None:
        super().__init__(id=id, classes="plain")
        self.options = list(options)
        self.value = value

    def render(self) -> Content:
        return Content(f"< {self.value} >")

    def choose(self, value: str) -> None:
        """Choose a word."""
        if value != self.value:
            self.value = value
            self.refresh()
            self.post_message(self.Changed())

    def action_step(self, step: int) -> None:
        """The next word, or the one before."""
        self.choose(self.options[(self.options.index(self.value) + step) % len(self.options)])

    def key_for(self, character: str) -> bool:
        """Go to the next word that begins with a character; whether there is one."""
        at = self.options.index(self.value)
        for word in (*self.options[at + 1 :], *self.options[: at + 1]):
            if word.startswith(character.lower()):
                self.choose(word)
                return True
        return False

    def on_key(self, event: object) -> None:
        character = getattr(event, "character", None)
        if character and character.isalpha() and self.key_for(character):
            event.stop()  # type: ignore[attr-defined]

    def on_click(self, event: Click) -> None:
        event.stop()
        self.focus()
        self.action_step(1)
