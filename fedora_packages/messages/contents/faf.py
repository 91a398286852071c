"""FAF's messages: the reports of a crash have reached another power of ten."""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.messages.body import strings
from fedora_packages.messages.contents.base import Links, Sentence, integer


def packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the components of a crash."""
    yield from strings(body.get("components"))


def details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"count"}``: the number of reports."""
    return {"count": integer(body.get("count"), 1)}


def sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "A crash was reported 10 times"."""
    count = details.get("count")
    times = "more often than before" if count is None else "once" if count == 1 else f"{count} times"
    return f"A crash was reported {times}"
