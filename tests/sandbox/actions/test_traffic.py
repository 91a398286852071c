"""Traffic: random actions."""

import random

from fedora_packages.sandbox.actions.traffic import random_action
from tests.sandbox.running import Running


def test_traffic_is_the_same_for_the_same_seed():
    days = []
    for _ in range(2):
        day = Running()
        dice = random.Random(7)
        for _ in range(60):
            random_action(day.sandbox.actions, dice)
        days.append([(one.topic, one.envelope["msg"].get("name")) for one in day.bus.archive])
        day.bus.close()
    assert days[0] == days[1]
    assert len({topic for topic, _ in days[0]}) > 8


def test_traffic_has_automatic_updates_where_bodhi_does_not_compose():
    day = Running()
    dice = random.Random(7)
    for _ in range(200):
        random_action(day.sandbox.actions, dice)
    updates = {update.alias: update for package in day.sandbox.world.now().packages() for update in package.updates}
    made = [one.envelope["msg"] for one in day.bus.archive if one.topic.endswith("koji-build-group.build.complete")]
    day.bus.close()
    assert {"F46", "F44"} <= {updates[body["update"]["alias"]].release for body in made}
