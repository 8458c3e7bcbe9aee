"""What a type cannot say: names that must exist, be unique, or belong together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from math import isfinite
from urllib.parse import urlsplit

from perf_tui.config.check_handlers import check_handler
from perf_tui.config.check_rules import check_rule
from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import shown
from perf_tui.config.quantities import duration, size
from perf_tui.config.schema import Config, Otlp, Target, WorkerGroup

WORKER_PLACES = ("match", "heartbeat", "queue", "supervisord", "gunicorn", "systemd")
"""Where a group of workers is: exactly one of these keys says it."""
_BELONGS = {
    "unit": ("match",), "log": ("match", "heartbeat"), "url": ("queue",), "url_env": ("queue",),
    "username": ("queue", "supervisord"), "password_env": ("queue", "supervisord"),
    "password_file": ("queue", "supervisord"),
}  # fmt: skip
"""Keys that mean something with some of these places alone."""


def check(config: Config, file: str) -> None:
    """Raises ConfigError for the first thing that is wrong."""
    for section in ("targets", "access_logs", "quality", "workers", "alerts", "handlers"):
        _unique(file, section, [each.name for each in getattr(config, section)])
    for number, target in enumerate(config.targets):
        _check_target(target, file, f"targets[{number}]")
    for number, stream in enumerate(config.quality):
        low, high = stream.low or 0.0, 1.0 if stream.high is None else stream.high
        if not (isfinite(low) and isfinite(high) and low < high):
            key = "low" if stream.high is None else "high"
            problem = f"the least score, {low:g}, is not below the most, {high:g}"
            raise ConfigError(file, f"quality[{number}].{key}", problem)
    if config.prometheus.url is not None:
        _check_url(config.prometheus.url, file, "prometheus.url")
    for number, group in enumerate(config.workers):
        _check_workers(group, file, f"workers[{number}]")
    _check_quantity(duration, config.board.forget, file, "board.forget")
    for where, listen in (
        ("otlp.listen", config.otlp.listen), ("otlp.grpc", config.otlp.grpc), ("statsd.listen", config.statsd.listen),
    ):  # fmt: skip
        if listen is not None and int(listen.rpartition(":")[2]) > 65535:
            raise ConfigError(file, where, f"{shown(listen)} is not allowed; allowed: ports up to 65535")
    _check_otlp(config.otlp, file)
    if not is_loopback(config.statsd.listen):
        problem = f"{shown(config.statsd.listen)} is not allowed; allowed: 127.0.0.1 or [::1] and a port"
        raise ConfigError(file, "statsd.listen", problem + " (anyone can send it datagrams)")
    _check_quantity(duration, config.history.keep, file, "history.keep")
    _check_quantity(size, config.history.max_size, file, "history.max_size")
    for number, handler in enumerate(config.handlers):
        if handler.url is not None:
            _check_url(handler.url, file, f"handlers[{number}].url")
        check_handler(handler, file, f"handlers[{number}]")
    for number, rule in enumerate(config.alerts):
        check_rule(rule, file, f"alerts[{number}]")


def _check_otlp(otlp: Otlp, file: str) -> None:
    _check_quantity(size, otlp.max_body, file, "otlp.max_body")
    for key, listen in (("listen", otlp.listen), ("grpc", otlp.grpc)):
        if listen is not None and not is_loopback(listen) and otlp.token_env is None:
            problem = f"{shown(listen)} is not loopback: other machines could send; token_env is missing"
            raise ConfigError(file, f"otlp.{key}", problem)


def _check_target(target: Target, file: str, where: str) -> None:
    _check_url(target.url, file, f"{where}.url")
    _check_quantity(size, target.max_body, file, f"{where}.max_body")
    secrets = ("bearer_token_env", "bearer_token_file", "password_env", "password_file")
    given = [key for key in secrets if getattr(target, key) is not None]
    if len(given) > 1:
        raise ConfigError(file, f"{where}.{given[1]}", f"{given[0]} is set already; a target has one secret")
    password = bool(given) and given[0].startswith("password")
    if password is not (target.username is not None):
        missing = "username" if password else "password_env or password_file"
        raise ConfigError(file, where, f"a user and a password belong together; {missing} is missing")
    if target.username is not None and ":" in target.username:
        raise ConfigError(file, f"{where}.username", "the name of a user must not hold a colon")
    if target.ca_file is not None and not target.verify:
        raise ConfigError(file, f"{where}.verify", "verify = false accepts any certificate; then ca_file has no use")


def _check_workers(group: WorkerGroup, file: str, where: str) -> None:
    places = [place for place in WORKER_PLACES if getattr(group, place)]
    if len(places) != 1:
        said = f"{places[0]} is set already" if places else "it does not say where they are"
        raise ConfigError(
            file, f"{where}.{places[1]}" if places else where, f"{said}; one of {', '.join(WORKER_PLACES)}"
        )
    if group.match is not None:
        try:
            re.compile(group.match)
        except (re.error, RecursionError, OverflowError) as error:
            raise ConfigError(file, f"{where}.match", f"no regular expression: {error}") from None
    if group.url is not None:
        _check_url(group.url, file, f"{where}.url")
    for kind, keys in (("address", ("url", "url_env")), ("password", ("password_env", "password_file"))):
        if all(getattr(group, key) is not None for key in keys):
            raise ConfigError(file, f"{where}.{keys[1]}", f"{keys[0]} is set already; there is one {kind}")
    if group.username is not None and group.password_env is None and group.password_file is None:
        raise ConfigError(
            file, where, "a user and a password belong together; password_env or password_file is missing"
        )
    for key, ways in _BELONGS.items():
        if getattr(group, key) is not None and places[0] not in ways:
            raise ConfigError(file, f"{where}.{key}", f"it is of use with {' or '.join(ways)} alone")


def _check_quantity(parse: Callable[[str], float], text: str, file: str, where: str) -> None:
    # The schema's pattern lets a line break at the end pass, and numbers beyond any float.
    try:
        number = parse(text)
    except ValueError as error:
        raise ConfigError(file, where, str(error)) from None
    if not isfinite(number):
        raise ConfigError(file, where, f"{shown(text)} is too large")


def _check_url(url: str, file: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a property that raises
    except ValueError as error:
        raise ConfigError(file, where, f"{shown(url)} is no address: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(file, where, "an address must not hold a user or password: this file is printed and shared")


def is_loopback(listen: str) -> bool:
    """Whether only this machine reaches an address with a port."""
    try:
        return ip_address(listen.rpartition(":")[0].strip("[]")).is_loopback
    except ValueError:
        return False


def _unique(file: str, section: str, names: Iterable[str]) -> None:
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if name in first:
            raise ConfigError(
                file,
                f"{section}[{number}].name",
                f"{shown(name)} is the name of {section}[{first[name]}] too",
            )
        first[name] = number
