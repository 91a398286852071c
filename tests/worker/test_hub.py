"""The plugin of the fedmsg hub: it works, or ends the process and says why."""

import pytest

from fedora_packages.worker.hub import PackagesConsumer

GOOD = {
    "fedora_packages.enabled": True,
    "fedora_packages.ini": "development.ini",
    "zmq_enabled": True,
    "endpoints": {"fedora_packages.bus": ["tcp://127.0.0.1:9"]},
}


class Hub:
    """As much of the hub as a consumer sees while it is made."""

    def __init__(self, **config):
        self.config = config

    def subscribe(self, topic, callback):
        raise AssertionError("nothing may be subscribed to")


@pytest.mark.parametrize("missing", GOOD)
def test_a_key_that_the_hub_lacks_ends_the_process_and_is_named(missing):
    config = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(SystemExit, match=missing):
        PackagesConsumer(Hub(**config))


def test_wrong_settings_end_the_process_and_are_named(monkeypatch):
    monkeypatch.setenv("FEDORA_PACKAGES_CACHE_WAIT", "long")
    with pytest.raises(SystemExit, match="FEDORA_PACKAGES_CACHE_WAIT"):
        PackagesConsumer(Hub(**GOOD))


def test_a_consumer_that_is_switched_off_stays_idle():
    consumer = PackagesConsumer(Hub(**{**GOOD, "fedora_packages.enabled": False}))
    assert not consumer._initialized
