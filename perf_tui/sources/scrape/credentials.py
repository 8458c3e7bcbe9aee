"""Passwords and tokens of targets: from the environment or a file, on the way to one header and nowhere else.

The configuration names the variable or the file. What is in it is read for each request, because tokens
are renewed, and appears in no text, error or export.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from perf_tui.engine.source import SourceDenied
from perf_tui.text import clean

LONGEST = 16384
"""Bytes of a secret; longer ones are refused, as servers refuse such headers."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the secret of one target is; never the secret. At most one of the four places is set."""

    bearer_token_env: str | None = None
    bearer_token_file: str | None = None
    username: str | None = None
    password_env: str | None = None
    password_file: str | None = None

    @property
    def in_files(self) -> bool:
        """Whether `header` reads a file, which may block."""
        return self.bearer_token_file is not None or self.password_file is not None

    @property
    def origin(self) -> str | None:
        """Where the secret comes from, in words for people; None where the target has none."""
        for variable in (self.bearer_token_env, self.password_env):
            if variable is not None:
                return f"the environment variable {variable}"
        path = self.bearer_token_file or self.password_file
        return None if path is None else f"the file {clean(path)}"

    def header(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """The value of `Authorization`, or None where nothing is set. Raises SourceDenied, without the secret."""
        if self.bearer_token_env is not None or self.bearer_token_file is not None:
            secret = self._secret(self.bearer_token_env, self.bearer_token_file, environment)
            if not (secret.isascii() and secret.isprintable()) or " " in secret:
                raise SourceDenied(f"{self.origin} holds no token: it has blanks or characters that no token has")
            return f"Bearer {secret}"
        if self.username is None:
            return None
        secret = self._secret(self.password_env, self.password_file, environment)
        return "Basic " + b64encode(f"{self.username}:{secret}".encode()).decode()

    def password(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """The password by itself, or None where none is set. Raises SourceDenied, without the secret."""
        if self.password_env is None and self.password_file is None:
            return None
        return self._secret(self.password_env, self.password_file, environment)

    def _secret(self, variable: str | None, path: str | None, environment: Mapping[str, str]) -> str:
        secret = _from_file(path) if path is not None else environment.get(variable or "", "")
        if not secret:
            raise SourceDenied(f"{self.origin} is {'empty' if path is not None else 'not set'}")
        if len(secret) > LONGEST:
            raise SourceDenied(f"{self.origin} holds more than {LONGEST} bytes: that is no password or token")
        return secret


def _from_file(path: str) -> str:
    """What stands in the file, without the line break at its end."""
    try:
        with open(path, "rb") as file:
            raw = file.read(LONGEST + 2)
    except OSError as error:
        raise SourceDenied(f"{clean(path)}: {error.strerror or 'cannot be read'}") from None
    try:
        return raw.decode().strip("\r\n")
    except UnicodeDecodeError:
        raise SourceDenied(f"{clean(path)} is not UTF-8 text") from None
