"""Alerts to the services that Apprise knows, each by an address that holds its secrets."""

from __future__ import annotations

import logging

from perf_tui.engine.alerts.model import Change, Level
from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.handlers.handler import Batch, Handler
from perf_tui.handlers.words import letter
from perf_tui.sources.scrape.credentials import Credentials

_TYPES = {Level.CRITICAL: "failure", Level.WARNING: "warning"}


class Services(Handler):
    """One message for all that changed, to each address. They are read for each, and stand in no error."""

    kind = "apprise"

    def __init__(self, name: str, addresses: Credentials, deadline: float) -> None:
        self.name, self._addresses, self._deadline = name, addresses, deadline

    def deliver(self, batch: Batch) -> None:
        """Raises SourceError where an address is none, or a service did not take the message."""
        try:
            import apprise  # 0.4 s and 36 MB, on the handler's own thread, with the first alert
        except ImportError:
            raise SourceError("Apprise is not there: pip install perf-tui[apprise]") from None
        # It logs addresses, and a logger without a handler writes on the terminal.
        logging.getLogger("apprise").disabled = True
        addresses = (self._addresses.password() or "").split()
        if not addresses:
            raise SourceDenied(f"{self._addresses.origin} holds no address")
        services = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
        for place, address in enumerate(addresses, 1):
            if not services.add(f"{address}{'&' if '?' in address else '?'}cto={self._deadline}&rto={self._deadline}"):
                raise SourceError(f"address {place} of {self._addresses.origin} is none that Apprise knows")
        title, body = letter(batch)
        if not services.notify(body=body, title=title, notify_type=_type(batch)):
            raise SourceError("a service did not take it")


def _type(batch: Batch) -> str:
    began = [line.level for line in batch.lines if line.change is not Change.CLEARED]
    if not began:
        return "success" if batch.lines else "warning"
    return _TYPES.get(max(began), "info")
