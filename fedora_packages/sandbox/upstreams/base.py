"""What stand-ins need of the server that holds them, and the small things that they share.

``request[LOOK]`` is the world as the upstream sees it (perhaps a while ago), ``request[ASKED]`` a list for words about what was
asked, which the log of requests shows.
"""

from datetime import UTC, datetime
from typing import Any, Protocol

from aiohttp import web

from fedora_packages.sandbox.world.world import View, World

LOOK = web.RequestKey("look", View)
ASKED = web.RequestKey("asked", list)

UPSTREAMS = ("koji", "bodhi", "bugzilla", "mdapi", "distgit", "faf", "anitya", "mirror", "datagrepper")


class Sandboxed(Protocol):
    """The parts of the sandbox that a stand-in may ask for."""

    world: World
    bus: Any


class WrongParameter(ValueError):
    """A request's parameter cannot be understood; ``name`` is the parameter's."""

    def __init__(self, name: str, message: str):
        super().__init__(message)
        self.name = name


def whole(name: str, text: str, lowest: int, highest: int) -> int:
    """Return a whole number that a request gives.  Raises `WrongParameter`."""
    if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 12:
        raise WrongParameter(name, f'"{text}" is not a number')
    number = int(text)
    if number < lowest:
        raise WrongParameter(name, f"{number} is less than minimum value {lowest}")
    if number > highest:
        raise WrongParameter(name, f"{number} is greater than maximum value {highest}")
    return number


def utc(seconds: float | None, form: str = "%Y-%m-%d %H:%M:%S") -> str | None:
    """Return a time as text in UTC, or None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime(form)
