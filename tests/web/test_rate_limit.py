"""How often something is done in a minute, and by whom."""

import pytest

from fedora_packages.cache.redis import connect, counted
from fedora_packages.errors import CacheUnavailable
from fedora_packages.web.rate_limit import client_of


def test_what_is_done_is_counted_until_the_minute_is_over(client, minute):
    assert [counted(client, "{x}:a"), counted(client, "{x}:a"), counted(client, "{x}:b")] == [(1, 51), (2, 51), (1, 51)]
    minute[0] += 51
    assert counted(client, "{x}:a") == (1, 60)


def test_counts_are_forgotten(client):
    counted(client, "{x}:a")
    (key,) = client.keys()
    assert (key.startswith(b"fp:{x}:a:"), 0 < client.ttl(key) <= 120) == (True, True)


def test_nothing_is_counted_without_redis():
    away = connect("redis://127.0.0.1:9/0")
    with pytest.raises(CacheUnavailable):
        counted(away, "{x}:a")
    away.close()


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("\n", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_client_is_counted_by_address_or_network(address, client):
    assert client_of(address) == client
