"""What the stand-ins share: the parts of the server that they use, parameters, times.

``request[VIEW]`` is the world as the upstream sees it, which can be behind; ``request[NOTES]`` a list of strings that the log of
requests adds to the URL.
"""

from datetime import UTC, datetime
from typing import Any, Protocol

from aiohttp import web

from fedora_packages.sandbox.world.world import View, World

VIEW = web.RequestKey("view", View)
NOTES = web.RequestKey("notes", list)

UPSTREAMS = ("koji", "bodhi", "bugzilla", "mdapi", "distgit", "faf", "anitya", "mirror", "datagrepper")


class Sandboxed(Protocol):
    """The parts of the sandbox that stand-ins use."""

    world: World
    bus: Any


class WrongParameter(ValueError):
    """A parameter of a request has an invalid value; ``name`` is the parameter's."""

    def __init__(self, name: str, message: str):
        super().__init__(message)
        self.name = name


def integer(name: str, text: str, lowest: int, highest: int) -> int:
    """Return a parameter as an integer between bounds.  Raises `WrongParameter`."""
    if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 12:
        raise WrongParameter(name, f'"{text}" is not a number')
    number = int(text)
    if number < lowest:
        raise WrongParameter(name, f"{number} is less than minimum value {lowest}")
    if number > highest:
        raise WrongParameter(name, f"{number} is greater than maximum value {highest}")
    return number


async def html_not_found(_request: web.Request) -> web.Response:
    """Answer a path that an upstream does not have, as its web interface does: with a page."""
    page = (
        "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>\n"
    )
    return web.Response(status=404, text=page, content_type="text/html")


def utc(seconds: float | None, form: str = "%Y-%m-%d %H:%M:%S") -> str | None:
    """Return a timestamp as a string in UTC, or None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime(form)
