"""Compare each cached value with what its upstream returns now.

Upstreams are read through the connectors of the service, so that a difference is never one of parsing.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import Query
from fedora_packages.errors import ReleaseNotServed, UpstreamError
from fedora_packages.monitoring.differences import differences
from fedora_packages.service import Service

#: Attempts to read an upstream.
MAX_ATTEMPTS = 5


@dataclass
class Compared:
    """The result of a comparison.

    ``lost`` are values that were invalidated and never refilled, ``ignored`` those that differ in nothing but the ignored fields
    of their query.
    """

    values: int = 0
    entries: int = 0
    by_query: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    ignored: list[dict[str, Any]] = field(default_factory=list)
    stale: list[dict[str, Any]] = field(default_factory=list)
    lost: list[dict[str, Any]] = field(default_factory=list)
    never_filled: list[dict[str, Any]] = field(default_factory=list)
    not_compared: list[dict[str, Any]] = field(default_factory=list)


def names(service: Service, query: Query) -> list[str]:
    """Return the packages with an entry of a query, sorted."""
    before, after = query.entry("*").key.split("*")
    keys = service.client.scan_iter(match=query.entry("*").key, count=1000)
    return sorted({key.decode().removeprefix(before).removesuffix(after) for key in keys})


def compare(
    service: Service,
    queries: Iterable[Query],
    only: Callable[[Query], Iterable[str]] | None = None,
    threads: int = 4,
) -> Compared:
    """Compare every value of some queries, for all packages or for those that ``only`` returns for a query."""
    found = Compared()
    with ThreadPoolExecutor(threads) as pool:
        for query in queries:
            packages = list(only(query)) if only else names(service, query)
            before = found.values
            for rows in pool.map(lambda package, query=query: list(_entry(service, query, package)), packages):
                found.entries += 1
                for kind, row in rows:
                    found.states[row["state"]] = found.states.get(row["state"], 0) + 1
                    found.values += kind in ("same", "stale", "ignored")
                    if kind != "same":
                        getattr(found, kind).append(row)
            found.by_query[query.name] = found.values - before
    return found


def _entry(service: Service, query: Query, package: str) -> Iterator[tuple[str, dict[str, Any]]]:
    entry = query.entry(package)
    opened = service.cache.open(entry)
    variants = sorted(opened.current | opened.wanting)
    for cached in service.cache.read([(entry, variant) for variant in variants]):
        if cached.variant in opened.current:
            yield _value(service, query, package, cached)
        elif not (cached.error_state and cached.error_state.kind == ReleaseNotServed.kind):
            # A value that was never known has failed, and the next reader fetches it.
            yield ("lost" if cached.is_known else "never_filled"), _described(query, package, cached)


def _value(service: Service, query: Query, package: str, cached: CachedValue) -> tuple[str, dict[str, Any]]:
    upstream_value: Any = None
    for last in (False,) * (MAX_ATTEMPTS - 1) + (True,):
        try:
            upstream_value = query.fetch(package, cached.variant)
            break
        except ReleaseNotServed as error:
            return "stale", {**_described(query, package, cached), "differences": [str(error)]}
        except UpstreamError as error:
            if last:
                return "not_compared", {**_described(query, package, cached), "error": str(error)}
    # As the cache has it: JSON has no tuples.
    upstream_value = json.loads(json.dumps(upstream_value))
    if upstream_value == cached.value:
        return "same", {"state": cached.state}
    kind = "ignored" if query.without_ignored(upstream_value) == query.without_ignored(cached.value) else "stale"
    return kind, {**_described(query, package, cached), "differences": differences(cached.value, upstream_value)}


def _described(query: Query, package: str, cached: CachedValue) -> dict[str, Any]:
    row: Mapping[str, Any] = cached.as_dict()
    return {
        "query": query.name,
        "package": package,
        "variant": cached.variant,
        "entry": cached.entry.key,
        **{name: row[name] for name in ("state", "stamp", "because", "problem")},
    }
