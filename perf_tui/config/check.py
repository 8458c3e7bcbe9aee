"""What a type cannot say: names that must exist, be unique, or belong together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from math import isfinite
from urllib.parse import urlsplit

from perf_tui.config.check_rules import check_rule
from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import shown
from perf_tui.config.quantities import duration, size
from perf_tui.config.schema import Config, Target


def check(config: Config, file: str) -> None:
    """Raises ConfigError for the first thing that is wrong."""
    for section in ("targets", "access_logs", "workers", "alerts"):
        _unique(file, section, [each.name for each in getattr(config, section)])
    for number, target in enumerate(config.targets):
        _check_target(target, file, f"targets[{number}]")
    if config.prometheus.url is not None:
        _check_url(config.prometheus.url, file, "prometheus.url")
    for number, worker in enumerate(config.workers):
        try:
            re.compile(worker.match)
        except (re.error, RecursionError, OverflowError) as error:
            raise ConfigError(file, f"workers[{number}].match", f"no regular expression: {error}") from None
    for section, listen in (("otlp", config.otlp.listen), ("statsd", config.statsd.listen)):
        if int(listen.rpartition(":")[2]) > 65535:
            raise ConfigError(
                file, f"{section}.listen", f"{shown(listen)} is not allowed; allowed: ports up to 65535"
            )
    if not _is_loopback(config.statsd.listen):
        problem = f"{shown(config.statsd.listen)} is not allowed; allowed: 127.0.0.1 or [::1] and a port"
        raise ConfigError(file, "statsd.listen", problem + " (anyone can send it datagrams)")
    _check_quantity(duration, config.history.keep, file, "history.keep")
    _check_quantity(size, config.history.max_size, file, "history.max_size")
    for number, rule in enumerate(config.alerts):
        check_rule(rule, file, f"alerts[{number}]")


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


def _is_loopback(listen: str) -> bool:
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
