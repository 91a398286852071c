"""What all actions share: the world that they change, the bus that they publish on, their options."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.steps import Steps
from fedora_packages.sandbox.world.models import Branch, Build, Package
from fedora_packages.sandbox.world.releases import Release
from fedora_packages.sandbox.world.world import World

#: The maximum number of characters of an option.
MAX_LENGTH = 10_000


VERSION = re.compile(r"[A-Za-z0-9._+~^]{1,64}")
ACCOUNT = re.compile(r"[A-Za-z0-9._@+-]{1,64}")


class NotPossible(ValueError):
    """An action is not possible; the message has the reason and the allowed values."""


class Options:
    """The options of an action, each checked when it is read."""

    def __init__(self, given: Mapping[str, Any]):
        self._given = dict(given)

    def string(self, name: str, default: Any) -> Any:
        """Return an option as a string.  Raises `NotPossible`, as do the methods below."""
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not 0 < len(str(value)) <= MAX_LENGTH:
            raise NotPossible(f"{name!r} must be a string, not {value!r:.80}")
        return str(value)

    def version(self, default: Any) -> Any:
        """Return the option ``version``, a valid one for rpm."""
        text = self.string("version", default)
        if text is not None and not VERSION.fullmatch(text):
            raise NotPossible(f"invalid version {text!r}; use letters, digits and ._+~^")
        return text

    def account(self, name: str, default: str) -> str:
        """Return an option as the name of an account."""
        text = self.string(name, default)
        if not ACCOUNT.fullmatch(text):
            raise NotPossible(f"invalid account {text!r}; use letters, digits and ._@+-")
        return text

    def integer(self, name: str, default: int | None) -> int | None:
        """Return an option as an integer."""
        text = self.string(name, None)
        if text is None:
            return default
        if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 12:
            raise NotPossible(f"{name!r} must be an integer, not {text!r}")
        return int(text)

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return an option as numbers, which have commas or spaces between them."""
        words = self.string(name, "").replace(",", " ").split()
        for word in words:
            if not word.isascii() or not word.isdecimal() or len(word) > 9:
                raise NotPossible(f"{name!r} must be numbers with commas between them, not {word!r:.80}")
        return tuple(dict.fromkeys(map(int, words)))

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None) -> Any:
        """Return an option as one of the allowed values."""
        text = self.string(name, None)
        if text is not None and text not in allowed:
            raise NotPossible(f"{name!r} must be one of {', '.join(allowed)}, not {text!r}")
        return default if text is None else text

    def flag(self, name: str) -> bool:
        """Return an option as a boolean."""
        value = self._given.get(name, False)
        if isinstance(value, str):
            value = value.lower() in ("1", "true", "yes")
        return bool(value)


class Publisher:
    """Changes the world and publishes messages of it.

    ``sent`` has the messages since it was last cleared; ``pending`` the packages, by repository, that its next renewal changes;
    ``steps`` what follows later.
    """

    def __init__(self, world: World, publish: Callable[[str, Any], dict[str, str]], steps: Steps | None = None):
        self.world = world
        self.steps = steps or Steps()
        self._send = publish
        self.sent: list[dict[str, str]] = []
        self.pending: dict[str, set[str]] = {}

    def publish(self, message: tuple[str, dict[str, Any]]) -> None:
        """Publish a message."""
        self.sent.append(self._send(*message))

    def put(self, package: Package, user: str = "releng") -> Package:
        """Store the new state of a package as of now, and return it; ``user`` is the account that changes it in Koji."""
        self.world.put(package, time.time(), user)
        return package

    def add_tag(self, package: Package, build: Build, tag: str, user: str) -> Package:
        """Tag a build and publish it."""
        held = tuple(one for one in package.tags.get(tag, ()) if one != build.build_id)
        package = self.put(replace(package, tags={**package.tags, tag: (build.build_id, *held)}), user)
        self.note_pending(package, tag)
        self.publish(messages.tagging(build, self.world.tags[tag], user))
        return package

    def remove_tag(self, package: Package, build: Build, tag: str, user: str) -> Package:
        """Untag a build and publish it."""
        held = tuple(one for one in package.tags.get(tag, ()) if one != build.build_id)
        package = self.put(replace(package, tags={**package.tags, tag: held}), user)
        self.note_pending(package, tag)
        self.publish(messages.tagging(build, self.world.tags[tag], user, untag=True))
        return package

    def note_pending(self, package: Package, tag: str) -> None:
        """Note the repositories that will show a change of a package at their next renewal."""
        for release in self.world.releases:
            for repository, source_tag in release.repositories:
                if source_tag == tag:
                    self.pending.setdefault(repository, set()).add(package.name)

    def known(self, name: str) -> Package:
        """Return a package by name.  Raises `NotPossible`."""
        package = self.world.package(name)
        if package is None:
            raise NotPossible(f"unknown package {name!r}")
        return package

    def release(self, name: str) -> Release:
        """Return a release by branch or name.  Raises `NotPossible`."""
        release = self.world.release(name)
        if release is None:
            branches = ", ".join(one.branch for one in self.world.releases if one.holds_packages)
            raise NotPossible(f"unknown release {name!r}; use one of {branches}")
        return release

    def agent(self, package: Package) -> str:
        """Return the default agent of actions on a package: its owner, an admin, or releng."""
        return next((name for name in (package.owner, *package.admins) if name != "orphan"), "releng")


def living_branch(package: Package, name: str) -> Branch:
    """Return a branch that is not retired.  Raises `NotPossible`."""
    branch = package.branches.get(name)
    if branch is None or branch.dead is not None:
        living = ", ".join(name for name, branch in package.branches.items() if branch.dead is None) or "none"
        raise NotPossible(f"{package.name} has no active branch {name!r}; use one of {living}")
    return branch
