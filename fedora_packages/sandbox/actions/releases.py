"""Actions on releases in Bodhi: created, frozen, made current, archived.  None of them has a message.

Source: bodhi-server 26.4.0, ``services/releases.py`` (``save_release``).
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher
from fedora_packages.sandbox.actions.updates import Updates
from fedora_packages.sandbox.upstreams.bodhi import STATES
from fedora_packages.sandbox.upstreams.bodhi_rows import RULES
from fedora_packages.sandbox.world.models import Update
from fedora_packages.sandbox.world.releases import Release, fedora

#: The branch of a release that can be created.
NUMBERED = re.compile(r"f([1-9][0-9]{1,2})")

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: The value of an option that clears a field.
NONE = "none"


class Releases:
    """The action ``release``, whose subject is a release in place of a package."""

    def __init__(self, publisher: Publisher, updates: Updates):
        self.publisher = publisher
        self.updates = updates

    def run(self, name: str, options: Options) -> None:
        """Change a release in silence, or create a numbered one.

        Options: state, status (of the settings: pre_beta, post_beta, none), released, eol (dates, or none).
        """
        world = self.publisher.world
        state = options.choice("state", STATES, None)
        changes: dict[str, Any] = {} if state is None else {"state": state}
        status = options.choice("status", (NONE, *(known for known in RULES if known)), None)
        if status is not None:
            changes["setting_status"] = None if status == NONE else status
        for option, field in (("released", "released_on"), ("eol", "eol")):
            date = options.string(option, None)
            if date is not None:
                if date != NONE and not DATE.fullmatch(date):
                    raise NotPossible(f"{option!r} must be a date such as 2026-05-13, or {NONE}, not {date!r:.80}")
                changes[field] = None if date == NONE else date
        before = world.release(name)
        if before is None:
            made = NUMBERED.fullmatch(name.lower())
            if made is None:
                raise NotPossible(f"unknown release {name!r}; a new one has a name such as f47")
            after = replace(fedora(int(made[1]), "frozen"), repositories=(), **{"state": "pending", **changes})
            world.set_releases((*world.releases, after), time.time())
            return
        after = replace(before, **changes)
        if after == before:
            raise NotPossible(f"no field of {before.name} would change; give another value")
        world.set_releases(tuple(after if one is before else one for one in world.releases), time.time())
        if after.state == "archived" != before.state:
            self._change_updates(after, lambda update: update.status in ("pending", "testing"), self._archived)
        elif after.state == "frozen" != before.state:
            self._change_updates(after, lambda update: update.request == "stable" and not update.locked, self._frozen)

    def _change_updates(
        self, release: Release, test: Callable[[Update], bool], change: Callable[[Update], Update]
    ) -> None:
        """Change some updates of a release."""
        for package in list(self.publisher.world.now().packages()):
            for update in package.updates:
                if update.release == release.name and test(update):
                    package = self.updates.replaced(package, change(update))

    def _archived(self, update: Update) -> Update:
        text = f"This update is marked obsolete because the {update.release} release is archived."
        return replace(self.updates.commented(update, "bodhi", text), status="obsolete", request=None)

    def _frozen(self, update: Update) -> Update:
        text = "There is an ongoing freeze; this will be pushed to stable after the freeze is over."
        return self.updates.commented(update, "bodhi", text)
