"""How often something is done in a minute, and by whom: counted in Redis, there being many web processes."""

import time
from ipaddress import IPv6Address, IPv6Network, ip_address

import redis

from fedora_packages.redis_server import PREFIX, redis_errors

#: Seconds in which things are counted.
MINUTE = 60


def counted(client: redis.Redis, what: str) -> tuple[int, int]:
    """Count that something is done once more; returns how often it then was in this minute, and the seconds until the next.

    ``what`` is a key without its prefix: ``{checks}:client:192.0.2.1``.  Raises `CacheUnavailable`.
    """
    now = time.time()
    key = f"{PREFIX}:{what}:{int(now // MINUTE)}"
    with redis_errors():
        pipe = client.pipeline(transaction=False)
        pipe.incr(key)
        pipe.expire(key, 2 * MINUTE)
        count, _ = pipe.execute()
    return count, MINUTE - int(now % MINUTE)


def client_of(address: str | None) -> str:
    """Return what a client is counted by: its address, of IPv6 the network that one customer has."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found) >> 64 << 64, 64)))
