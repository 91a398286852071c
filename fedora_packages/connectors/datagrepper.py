"""datagrepper: the archive of the bus, which has the messages that a worker has missed.

Pages of the archive are counted from the start of an interval.  So the end of the interval is fixed before its first page is
read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.types import Count, Model

#: Pages of one interval: a million messages.
MAX_PAGES = 10_000


class _Page(Model):
    raw_messages: list[Any]
    pages: Count


class DatagrepperConnector(Connector):
    """Old messages, page by page, from datagrepper."""

    name = "datagrepper"
    title = "datagrepper"
    # Without an archive the service runs all the same; what it has missed stays unknown.
    url = ""
    timeout = 120.0
    concurrency = 1
    max_bytes = 96 << 20
    # A replay has a pause of its own, which grows.
    reset_pause = 5.0

    def pages(
        self, start: float, end: float, categories: Sequence[str], rows: int, max_pages: int = MAX_PAGES
    ) -> Iterator[list[Any]]:
        """Yield the messages sent from ``start`` to ``end``, oldest first, in lists of at most ``rows``.

        Times are in seconds since 1970, ``categories`` the first parts of topics.  A message is what datagrepper returns,
        unchecked.  A page is requested when it is consumed.  Raises `UpstreamUnavailable`, `InvalidResponse`.
        """
        interval = [("category", category) for category in categories]
        interval += [("start", f"{start:.3f}"), ("end", f"{end:.3f}"), ("order", "asc"), ("rows_per_page", str(rows))]
        number, count = 1, 1
        while number <= count:
            request = f"GET /raw?start={start:.0f}&end={end:.0f}&page={number}"
            page = self.parsed(self.get("raw", request=request, params=[*interval, ("page", str(number))]), _Page)
            count = page.pages
            if count > max_pages:
                raise self.invalid(request, f"{count} pages, more than {max_pages}")
            yield page.raw_messages
            number += 1


def id_of(message: Any) -> str | None:
    """Return the id of an archived message; None if it has none."""
    identity = message.get("msg_id") if isinstance(message, dict) else None
    return identity if isinstance(identity, str) else None
