"""The functions of every template: times, versions, names of upstreams, links.

Values come from upstreams: an invalid timestamp must not become an error.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

from pyramid.config import Configurator
from pyramid.events import BeforeRender

from fedora_packages.cache.values import BEHIND, UNWATCHED, CachedValue, ErrorState
from fedora_packages.connectors import titles
from fedora_packages.connectors.page_links import web_address
from fedora_packages.errors import InvalidResponse, NotPublic, ReleaseNotServed, UpstreamError, UpstreamUnavailable
from fedora_packages.rpm.nvr import evr
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.highlight import highlight
from fedora_packages.web.linkify import linkify

#: Titles of our own parts, which can fail as upstreams do.
OWN_TITLES = {"redis": "Redis", "worker": "The worker"}

#: What is wrong with an upstream, by the kind of an error state.
ERRORS = {
    UpstreamUnavailable.kind: "is not responding",
    InvalidResponse.kind: "returned an invalid response",
    ReleaseNotServed.kind: "does not have this release",
    NotPublic.kind: "shows this to its accounts only",
    UNWATCHED: "may have missed messages",
    BEHIND: "does not show the latest change yet",
}


#: Units of a duration with their seconds, longest first.
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def includeme(config: Configurator) -> None:
    """Hand the functions of this module to every template."""
    config.add_subscriber(_add, BeforeRender)


def _add(event: BeforeRender) -> None:
    event.update(
        iso=iso,
        format_time=format_time,
        format_date=format_date,
        format_duration=format_duration,
        format_counts=format_counts,
        evr=evr,
        upstream_title=upstream_title,
        error_summary=error_summary,
        highlight=highlight,
    )
    # The search field is on every page.
    event["max_search_length"] = MAX_QUERY_LENGTH
    if event.get("request") is not None:
        event["upstream_titles"] = titles_of(event["request"].service.connectors)
        links = event["links"] = event["request"].links
        event["linkify"] = partial(
            linkify,
            urls={
                "bug": lambda number: links.bug(int(number)),
                "cve": links.cve,
                "advisory": links.update,
                "web": web_address,
            },
        )


def format_time(seconds: float, form: str = "%Y-%m-%d %H:%M UTC", unknown: str = "at an unknown time") -> str:
    """Return a Unix timestamp in words: ``2026-11-25 12:04 UTC``; ``form`` is that of `strftime`."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(form)
    except (OverflowError, ValueError, OSError):
        return unknown


def iso(seconds: float) -> str:
    """Return a Unix timestamp for HTML's ``datetime``: ``2026-11-25T12:04:00Z``; "" if it is invalid."""
    return format_time(seconds, "%Y-%m-%dT%H:%M:%SZ", "")


def format_date(seconds: float) -> str:
    """Return the day of a Unix timestamp: ``2026-11-25``."""
    return format_time(seconds, "%Y-%m-%d", "on an unknown day")


def format_duration(seconds: float) -> str:
    """Return a duration in words, in two units at most: ``1 hour 12 minutes``, ``40 seconds``."""
    whole = max(0, int(seconds))
    for (unit, size), (lesser, smaller) in pairwise(UNITS):
        if whole >= size:
            # Beside minutes seconds do not matter.
            rest = whole % size // smaller if smaller > 1 else 0
            return _many(whole // size, unit) + (f" {_many(rest, lesser)}" if rest else "")
    return _many(whole, "second")


def format_counts(counts: Mapping[str, int]) -> str:
    """Return some numbers of things in words, the things by their singular: ``2 updates and 1 bug``."""
    return _phrase([_many(number, kind) for kind, number in counts.items()])


def upstream_title(upstream: str) -> str:
    """Return the title of an upstream: ``dist-git`` for ``distgit``."""
    return OWN_TITLES.get(upstream) or titles().get(upstream, upstream)


def missing_detail(cached: CachedValue, upstream: str) -> str:
    """Return why a value is unknown, as sentences."""
    if cached.error_state:
        return f"{cached.error_state.error}."
    return f"{upstream_title(upstream)} has not answered yet. Try again later."


def titles_of(upstreams: Iterable[str]) -> str:
    """Return the titles of some upstreams in a phrase: ``Anitya, Bodhi and Koji``."""
    return _phrase(sorted({upstream_title(upstream) for upstream in upstreams}, key=str.lower))


def error_summary(error: ErrorState | UpstreamError) -> str:
    """Return what is wrong, as a sentence without its full stop: ``Koji is not responding``."""
    return f"{upstream_title(error.upstream)} {ERRORS[error.kind]}"


def _phrase(parts: Sequence[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _many(number: int, unit: str) -> str:
    if number == 1:
        return f"1 {unit}"
    if unit.endswith("y") and unit[-2] not in "aeiou":
        return f"{number} {unit[:-1]}ies"
    return f"{number} {unit}{'es' if unit.endswith('s') else 's'}"
