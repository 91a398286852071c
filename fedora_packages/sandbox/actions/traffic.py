"""Traffic: random actions at a rate, the same for the same seed."""

import asyncio
import logging
import random

from fedora_packages.sandbox.actions.actions import Actions
from fedora_packages.sandbox.actions.publisher import NotPossible

LOG = logging.getLogger(__name__)

#: The actions, and how many of each in 100.
CHANCES = {"build": 28, "update": 25, "comment": 15, "bug": 14, "push": 9, "repo": 4, "crash": 3, "upstream-release": 2}


async def run_traffic(actions: Actions, rate: float, seed: int) -> None:
    """Trigger ``rate`` actions a second until canceled."""
    dice = random.Random(seed)
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due += 1 / rate
        await asyncio.sleep(max(due - loop.time(), 0))
        random_action(actions, dice)


def random_action(actions: Actions, dice: random.Random) -> None:
    """Trigger one random action on a random package; one that is not possible is skipped."""
    world = actions.world
    # As in Fedora, a thousand packages have nearly all the traffic.
    name = world.names[int(len(world.names[:1000]) * dice.random() ** 2)]
    package = world.package(name)
    what = dice.choices(list(CHANCES), list(CHANCES.values()))[0]
    living = [branch for branch, head in package.branches.items() if head.dead is None] if package else []
    active = [release.branch for release in world.releases if release.branch in living and release.state != "archived"]
    if not active:
        return
    release = dice.choice(active)
    options: dict[str, object] = {"release": release}
    if what == "update":
        options |= {"to": dice.choice(("pending", "testing", "stable"))}
        if world.release(release).automatic_updates:
            what, options = "automatic-update", {"release": release}
    elif what == "comment":
        what, options = "update", {"comment": "Works for me.", "karma": dice.choice((-1, 0, 1, 1))}
    elif what == "bug":
        options = {"summary": f"{name} does something odd ({dice.randint(1, 999)})", "security": dice.random() < 0.1}
    elif what == "push":
        options = {"branch": release}
    elif what in ("crash", "upstream-release"):
        options = {}
    try:
        actions.trigger(what, name, options)
    except NotPossible as error:
        LOG.debug("skipped %s of %s: %s", what, name, error)
