"""What a type cannot say of handlers of alerts: which keys belong to which kind."""

from __future__ import annotations

from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import shown
from perf_tui.config.quantities import duration
from perf_tui.config.schema import AlertHandler

_NEEDED = {
    "file": ("path",), "syslog": (), "command": ("command",), "webhook": ("url",), "alertmanager": ("url",),
    "email": ("server", "sender", "to"), "heartbeat": ("url",),
    "apprise": (),
}  # fmt: skip
_ASKED = ("webhook", "alertmanager", "heartbeat")
_OWN = {
    "path": ("file",), "command": ("command",), "url": _ASKED, "every": ("heartbeat",),
    "url_env": ("apprise",), "url_file": ("apprise",), "server": ("email",),
    "sender": ("email",), "to": ("email",), "bearer_token_env": _ASKED, "bearer_token_file": _ASKED,
    "username": (*_ASKED, "email"), "password_env": (*_ASKED, "email"), "password_file": (*_ASKED, "email"),
}  # fmt: skip
_SECRETS = ("bearer_token_env", "bearer_token_file", "password_env", "password_file", "url_env", "url_file")


def check_handler(handler: AlertHandler, file: str, where: str) -> None:
    """Raises ConfigError for the first thing that is wrong with a handler."""
    for key in _NEEDED[handler.kind]:
        if not getattr(handler, key):
            raise ConfigError(file, where, f"a handler of kind {handler.kind} needs {_written(key)}")
    for key, kinds in _OWN.items():
        if getattr(handler, key) and handler.kind not in kinds:
            problem = f"it is of use to handlers of kind {' or '.join(kinds)} alone"
            raise ConfigError(file, f"{where}.{_written(key)}", problem)
    if handler.kind == "apprise" and handler.url_env is None and handler.url_file is None:
        problem = "a handler of kind apprise needs url_env or url_file: an address of a service holds secrets"
        raise ConfigError(file, where, problem)
    given = [key for key in _SECRETS if getattr(handler, key) is not None]
    if len(given) > 1:
        raise ConfigError(file, f"{where}.{given[1]}", f"{given[0]} is set already; a handler has one secret")
    if (bool(given) and given[0].startswith("password")) is not (handler.username is not None):
        raise ConfigError(file, where, "a user and a password belong together; one of them is missing")
    if handler.every is not None and not 1 <= duration(handler.every) <= 86400:
        problem = f"{shown(handler.every)} is not allowed; allowed: from 1s to 1d"
        raise ConfigError(file, f"{where}.every", problem)
    port = (handler.server or "").rpartition(":")[2]
    if ":" in (handler.server or "") and not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):
        raise ConfigError(file, f"{where}.server", f"{shown(handler.server)} is no host and port")


def _written(key: str) -> str:
    return "from" if key == "sender" else key
