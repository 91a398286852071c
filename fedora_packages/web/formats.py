"""What every template can say: times, versions, the names of upstreams, and links out.

The one thing to know: values come from upstreams, and a number that is no time must not become an error.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from pyramid.config import Configurator
from pyramid.events import BeforeRender

from fedora_packages.cache.values import ErrorState
from fedora_packages.connectors import titles
from fedora_packages.rpm.nvr import evr
from fedora_packages.search.match import MAX_QUERY_LENGTH

#: Titles of our own parts, which can fail as upstreams do.
OWN_TITLES = {"redis": "Redis", "worker": "the worker"}

#: What an upstream did, by `UpstreamError.kind`.
TROUBLES = {
    "unavailable": "does not answer",
    "invalid": "gives an answer that cannot be used",
    "release not served": "does not know this release",
    "unwatched": "has not followed what changes",
    "behind": "does not show yet what a message has announced",
}


def includeme(config: Configurator) -> None:
    """Hand the functions of this module to every template."""
    config.add_subscriber(_add, BeforeRender)


def _add(event: BeforeRender) -> None:
    event.update(iso=iso, moment=moment, day=day, evr=evr, lasted=lasted, spoken=spoken, trouble_of=trouble_of)
    # The search field is on every page.
    event["most_searched"] = MAX_QUERY_LENGTH
    if event.get("request") is not None:
        event["upstream_titles"] = titles_of(event["request"].service.connectors)
        event["links"] = event["request"].links


def iso(seconds: float) -> str:
    """Return seconds since 1970 as HTML's ``datetime`` wants them: ``2026-11-25T12:04:00Z``; "" for what is no time."""
    return _written(seconds, "%Y-%m-%dT%H:%M:%SZ") or ""


def moment(seconds: float) -> str:
    """Return seconds since 1970 as people read them: ``2026-11-25 12:04 UTC``."""
    return _written(seconds, "%Y-%m-%d %H:%M UTC") or "at an unknown time"


def day(seconds: float) -> str:
    """Return the day of seconds since 1970: ``2026-11-25``."""
    return _written(seconds, "%Y-%m-%d") or "on an unknown day"


def lasted(seconds: float) -> str:
    """Return how long something took in words, of two units at most: ``1 hour 12 minutes``, ``40 seconds``."""
    for size, smaller, unit, lesser in (
        (86400, 3600, "day", "hour"),
        (3600, 60, "hour", "minute"),
        (60, 1, "minute", ""),
    ):
        if seconds >= size:
            rest = int(seconds % size // smaller) if lesser else 0
            return (
                f"{_many(int(seconds // size), unit)} {_many(rest, lesser)}"
                if rest
                else _many(int(seconds // size), unit)
            )
    return _many(max(0, int(seconds)), "second")


def spoken(upstream: str) -> str:
    """Return the title of an upstream: ``dist-git`` for ``distgit``."""
    return OWN_TITLES.get(upstream) or titles().get(upstream, upstream)


def titles_of(upstreams: Iterable[str]) -> str:
    """Return the titles of some upstreams in a phrase: ``Anitya, Bodhi and Koji``."""
    *others, last = sorted({spoken(upstream) for upstream in upstreams}, key=str.lower)
    return f"{', '.join(others)} and {last}" if others else last


def trouble_of(problem: ErrorState) -> str:
    """Return who did what, in half a sentence: ``koji does not answer``."""
    return f"{spoken(problem.upstream)} {TROUBLES[problem.kind]}"


def _many(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _written(seconds: float, form: str) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(form)
    except (OverflowError, ValueError, OSError):
        return None
