"""Alerts by e-mail."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

from perf_tui.handlers.handler import Batch, Handler
from perf_tui.handlers.words import letter
from perf_tui.sources.scrape.credentials import Credentials


class Mail(Handler):
    """One message for all that changed. With a user, or where the server offers it, over TLS."""

    kind = "email"

    def __init__(
        self, name: str, server: str, sender: str, to: Sequence[str], credentials: Credentials, deadline: float
    ) -> None:
        self.name, self._sender, self._to, self._deadline = name, sender, list(to), deadline
        host, _, port = server.rpartition(":")
        self._host, self._port = (host, int(port)) if host else (server, 25)
        self._credentials = credentials

    def deliver(self, batch: Batch) -> None:
        """Raises OSError and smtplib.SMTPException."""
        direct = self._port == 465
        context = ssl.create_default_context()
        connection = (
            smtplib.SMTP_SSL(self._host, self._port, timeout=self._deadline, context=context)
            if direct
            else smtplib.SMTP(self._host, self._port, timeout=self._deadline)
        )
        with connection as smtp:
            smtp.ehlo()
            password = self._credentials.password()
            if not direct and (password is not None or smtp.has_extn("starttls")):
                smtp.starttls(context=context)  # a password never goes over the wire without it
                smtp.ehlo()
            if password is not None:
                smtp.login(self._credentials.username or "", password)
            smtp.send_message(self._message(batch))

    def _message(self, batch: Batch) -> EmailMessage:
        message = EmailMessage()
        message["Subject"], text = letter(batch)
        message["From"], message["To"] = self._sender, ", ".join(self._to)
        message["Date"] = formatdate(batch.wall)
        message.set_content(text)
        return message
