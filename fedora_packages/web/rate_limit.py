"""Rate limits per minute: what one client, one package or the whole site may cost the upstreams.

The counts are in Redis, since there are many web processes (see `fedora_packages.cache.keys.rate_limit`).  A window of a minute
begins with the first request that counts.
"""

import math
import time
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from fedora_packages.cache.keys import rate_limits
from fedora_packages.cache.redis import Redis, redis_errors

#: Who is counted where a limit is for all clients together.
EVERYONE = "all"


class RateLimit:
    """One limit: ``per_minute`` requests of each client, of each package or of all.  All methods can raise `CacheUnavailable`."""

    def __init__(self, client: Redis, name: str, per_minute: int):
        self._limiter = _limiter(client)
        self._item = RateLimitItemPerMinute(per_minute, namespace=name)

    def allows(self, who: str = EVERYONE) -> bool:
        """Count one request; return whether it is within the limit."""
        with redis_errors():
            return self._limiter.hit(self._item, who)

    def share(self, wanted: int, who: str = EVERYONE) -> int:
        """Count ``wanted`` requests; return how many of them are within the limit."""
        with redis_errors():
            remaining = self._limiter.get_window_stats(self._item, who).remaining
            return wanted if self._limiter.hit(self._item, who, cost=wanted) else min(wanted, remaining)

    def seconds_left(self, who: str = EVERYONE) -> int:
        """Return the seconds until the window ends, at least 1."""
        with redis_errors():
            window = self._limiter.get_window_stats(self._item, who)
        return max(1, math.ceil(window.reset_time - time.time()))


@lru_cache(maxsize=4)
def _limiter(client: Redis) -> FixedWindowRateLimiter:
    """Return what counts by a client of Redis: one for all limits."""
    # The pool is the client's own; the URL only says which kind of server that is.
    return FixedWindowRateLimiter(
        RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix=rate_limits())
    )


def client_of(address: str | None) -> str:
    """Return the name under which a client is counted: its IPv4 address, or the IPv6 network that one customer has."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found) >> 64 << 64, 64)))
