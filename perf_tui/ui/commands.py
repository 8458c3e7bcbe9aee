"""The one table of commands: keys, key bar, command palette and help are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from perf_tui.config.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Command:
    """Something that a key does."""

    id: str
    keys: str
    """Textual's key names, separated by commas."""
    title: str
    """A word or two for the key bar and the palette."""
    help: str
    action: str = ""
    """The action; by default `command('id')`."""
    bar: bool = False
    """Whether the key bar shows it."""
    group: str = "Everywhere"

    @property
    def shown(self) -> str:
        """The keys as people write them."""
        return " ".join(_NAMES.get(key, key) for key in self.keys.split(","))

    @property
    def first(self) -> str:
        """The first key as people write it."""
        return self.shown.split()[0]


_NAMES = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home",
    "end": "End",
    "tab": "Tab", "shift+tab": "Shift+Tab", "enter": "Enter", "escape": "Esc", "space": "Space", "slash": "/",
    "plus": "+", "minus": "-", "equals_sign": "=", "question_mark": "?", "f1": "F1", "ctrl+p": "Ctrl+P",
    "ctrl+c": "Ctrl+C",
}  # fmt: skip

SCREENS = (
    ("overview", "overview", "Is it well, and if not, where?"),
    ("app", "app", "The application: latency, throughput, errors"),
    ("system", "system", "The system: CPU, memory, disks, network, processes"),
    ("ai", "ai", "AI: GPUs and inference servers"),
    ("workers", "workers", "Everything that works, and one key into any of them"),
    ("alerts", "alerts", "Alerts and the rules behind them"),
)

COMMANDS = (
    *(
        Command(id, str(number), title, help, bar=True, action=f"show('{id}')", group="Screens")
        for number, (id, title, help) in enumerate(SCREENS, 1)
    ),
    Command("next_pane", "tab", "next pane", "To the next pane", action="pane(1)", group="Moving"),
    Command(
        "previous_pane",
        "shift+tab",
        "previous pane",
        "To the previous pane",
        action="pane(-1)",
        group="Moving",
    ),
    Command("up", "up,k", "up", "One row up", action="move('up')", group="Moving"),
    Command("down", "down,j", "down", "One row down", action="move('down')", group="Moving"),
    Command("left", "left,h", "left", "Sort by the column to the left", action="move('left')", group="Moving"),
    Command("right", "right,l", "right", "Sort by the column to the right", action="move('right')", group="Moving"),
    Command("page_up", "pageup", "page up", "One page up", action="move('page_up')", group="Moving"),
    Command("page_down", "pagedown", "page down", "One page down", action="move('page_down')", group="Moving"),
    Command("top", "g,home", "top", "To the first row", action="move('top')", group="Moving"),
    Command("bottom", "G,end", "bottom", "To the last row", action="move('bottom')", group="Moving"),
    Command("open", "enter", "open", "Open the selected row", action="open", group="Moving"),
    Command("next", "n", "next", "To the next one, on the screen of a service", action="neighbour(1)", group="Moving"),
    Command("previous", "N", "previous", "To the one before", action="neighbour(-1)", group="Moving"),
    Command(
        "back",
        "escape",
        "back",
        "Back one level, or clear the filter; never quits",
        action="back",
        group="Moving",
    ),
    Command(
        "filter",
        "slash",
        "filter",
        "Show only rows that hold a text",
        action="filter",
        bar=True,
        group="Tables",
    ),
    Command("sort", "s", "sort", "Sort by the next column", action="sort", bar=True, group="Tables"),
    Command("reverse", "r", "reverse", "Turn the order around", action="reverse", group="Tables"),
    Command("pause", "p,space", "pause", "Freeze the picture; collection goes on", action="pause", bar=True),
    Command("longer", "plus,equals_sign", "longer", "A longer interval", action="interval(1)"),
    Command("shorter", "minus", "shorter", "A shorter interval", action="interval(-1)"),
    Command("log", "A", "alert log", "Show or hide the alert log", action="log"),
    Command("export", "e", "export", "Save a snapshot to a file", action="export", bar=True),
    Command("theme", "t", "theme", "The next theme", action="theme"),
    Command("help", "question_mark,f1", "help", "This page", action="help", bar=True),
    Command("palette", "ctrl+p", "palette", "All commands, by name", action="command_palette"),
    Command("quit", "q,ctrl+c", "quit", "End perf-tui", action="quit", bar=True),
)

BY_ID = {command.id: command for command in COMMANDS}


def check_keys(keys: Mapping[str, str], file: str = "config.toml") -> None:
    """Raises ConfigError where `[keys]` names a command that does not exist, or gives one key to two."""
    held = {key: command.id for command in COMMANDS for key in command.keys.split(",") if command.id not in keys}
    for id, text in keys.items():
        if id not in BY_ID:
            raise ConfigError(file, f"keys.{id}", f"no such command; commands: {', '.join(BY_ID)}")
        for key in filter(None, (part.strip() for part in text.split(","))):
            if key in held:
                raise ConfigError(
                    file, f"keys.{id}", f'the key "{key}" belongs to {held[key]}; give that another one first'
                )
            held[key] = id
