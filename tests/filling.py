"""What tests put into the cache, as a fill does it."""

from collections.abc import Callable
from typing import Any

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Policy, Source
from fedora_packages.cache.values import CachedValue, Entry


def source(entry: Entry, value: Any, variant: str = "", reflects: Callable[..., bool] | None = None) -> Source:
    """Return a source of a value, or of what the function ``value`` returns."""
    fetch = value if callable(value) else lambda: value
    return Source(entry, variant, entry.query.partition(".")[0], fetch, reflects)


def put(
    cache: Cache, entry: Entry, value: Any, variant: str = "", policy: Policy = Policy.MISS, **more: Any
) -> CachedValue:
    """Fill a variant of an entry, and return what a page would show of it."""
    return cache.fill(source(entry, value, variant, **more), policy).after
