"""By whom something is done, for what one client may do so often in a minute (see `fedora_packages.cache.redis.counted`)."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def client_of(address: str | None) -> str:
    """Return what a client is counted by: its address, of IPv6 the network that one customer has."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found) >> 64 << 64, 64)))
