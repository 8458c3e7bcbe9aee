"""The one table of commands: keys, key bar, command palette and help are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import punctuation
from unicodedata import name

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
    always: str = ""
    """A key that it has whatever `[keys]` says, before what has the focus."""

    @property
    def shown(self) -> str:
        """The keys as people write them."""
        return self.shown_as(self.keys)

    def shown_as(self, keys: str) -> str:
        """`keys` that it was given, as people write them."""
        return " ".join(map(_written, key_names(f"{keys},{self.always}")))


_NAMES = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "escape": "Esc",
}  # fmt: skip

_CHARACTERS = {"/": "slash", "\\": "backslash", "@": "at", "-": "minus", "+": "plus", "_": "underscore"}
_OTHERS = frozenset(
    ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace", "tab",
     "enter", "escape", "space", *(f"f{number}" for number in range(1, 25))),
)  # fmt: skip
_ALLOWED = 'a character, or a name such as "f2", "pageup", "space", "comma", with "ctrl+", "shift+" or "alt+" before it'


def key_names(text: str) -> list[str]:
    """The keys of a comma-separated list by the names that Textual gives them: `?` is `question_mark`."""
    return [_key_name(part) for part in map(str.strip, text.split(",")) if part]


def _key_name(key: str) -> str:
    if len(key) == 1 and key in punctuation:
        return _CHARACTERS.get(key) or name(key).lower().replace("-", "_").replace(" ", "_")
    return key


_WRITTEN = {_key_name(char): char for char in punctuation}


def _written(key: str) -> str:
    """A key as people write it: `?`, `Ctrl+C`, `F1`, `g`."""
    return _NAMES.get(key) or _WRITTEN.get(key) or (key if len(key) == 1 else key.title())


def _exists(key: str) -> bool:
    """Whether a terminal can send such a key. Shift and a letter come as the capital letter."""
    *modifiers, last = key.split("+")
    if last not in _OTHERS and last not in _WRITTEN and not (len(last) == 1 and last.isprintable()):
        return False
    return set(modifiers) <= {"ctrl", "shift", "alt"} and (modifiers != ["shift"] or last in _OTHERS)


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
    Command(
        "next",
        "n",
        "next",
        "The next worker or service; a new alert rule",
        action="neighbour(1)",
        group="Moving",
    ),
    Command("previous", "N", "previous", "To the one before it", action="neighbour(-1)", group="Moving"),
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
        "Show only some rows: a word, state:error, cpu>50",
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
    Command(
        "acknowledge",
        "a",
        "acknowledge",
        "You know of the selected alert",
        action="acknowledge",
    ),
    Command("silence", "z", "silence", "Tell nobody of this alert or rule; again: lift it"),
    Command("remove", "d", "off, delete", "Switch the selected alert rule off, or delete it"),
    Command("export", "e", "export", "Save a snapshot to a file", action="export", bar=True),
    Command("theme", "t", "theme", "The next theme", action="theme"),
    Command("help", "question_mark,f1", "help", "This page", action="help", bar=True),
    Command("suspend", "ctrl+z", "suspend", "To the shell, and back with fg", action="suspend_process"),
    Command("palette", "ctrl+p", "palette", "All commands, by name", action="command_palette"),
    Command("quit", "q", "quit", "End perf-tui", action="quit", bar=True, always="ctrl+c"),
)

BY_ID = {command.id: command for command in COMMANDS}


def check_keys(keys: Mapping[str, str], file: str = "config.toml") -> None:
    """Raises ConfigError where `[keys]` names a command or a key that does not exist, or gives one key to two."""
    held = {key: command.id for command in COMMANDS for key in key_names(command.keys) if command.id not in keys}
    held |= {key: command.id for command in COMMANDS for key in key_names(command.always)}
    for id, text in keys.items():
        where = f"keys.{id}"
        if id not in BY_ID:
            raise ConfigError(file, where, f"no such command; commands: {', '.join(BY_ID)}")
        names = key_names(text)
        if not names:
            raise ConfigError(file, where, f"there is no key in it; allowed: {_ALLOWED}")
        for key in names:
            if not _exists(key):
                raise ConfigError(file, where, f'there is no key "{key}"; allowed: {_ALLOWED}')
            if held.setdefault(key, id) != id:
                raise ConfigError(file, where, f'the key "{key}" belongs to {held[key]}; give that another one first')
