"""How often something is done in a minute, and by whom."""

import pytest

from fedora_packages.cache.keys import rate_limit
from fedora_packages.cache.redis import connect
from fedora_packages.errors import CacheUnavailable
from fedora_packages.web.rate_limit import RateLimit, client_of


@pytest.fixture
def limit(client) -> RateLimit:
    """A limit of two a minute."""
    return RateLimit(client, "checks/client", 2)


def test_a_client_may_do_so_much_in_a_minute_and_uses_up_nothing_of_others(limit):
    assert [limit.allows(who) for who in ("me", "me", "me", "you")] == [True, True, False, True]


def test_of_many_requests_those_within_the_limit_are_its_share(client):
    limit = RateLimit(client, "left", 5)
    assert [limit.share(wanted) for wanted in (2, 2, 2, 2)] == [2, 2, 1, 0]


def test_a_limit_begins_anew_when_its_window_ends(limit, client):
    assert [limit.allows("me") for _ in range(3)] == [True, True, False]
    assert 0 < limit.seconds_left("me") <= 60
    client.delete(rate_limit("checks/client", "me", 2))
    assert limit.allows("me")


def test_a_limit_of_nothing_allows_nothing(client):
    assert not RateLimit(client, "checks/client", 0).allows("me")


def test_counts_are_under_the_key_of_the_keyspace_and_end_with_their_window(limit, client):
    limit.allows("2001:db8:1:2::/64")
    (key,) = client.keys()
    assert key.decode() == rate_limit("checks/client", "2001:db8:1:2::/64", 2)
    assert 0 < client.ttl(key) <= 60


def test_two_processes_count_together(client, limit):
    assert [limit.allows("me"), RateLimit(client, "checks/client", 2).allows("me"), limit.allows("me")] == [
        True,
        True,
        False,
    ]


def test_nothing_is_counted_without_redis():
    away = connect("redis://127.0.0.1:9/0")
    limit = RateLimit(away, "checks/client", 2)
    for ask in (limit.allows, lambda: limit.share(3), limit.seconds_left):
        with pytest.raises(CacheUnavailable):
            ask()
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
