"""The stand-in of Bodhi: updates and releases over REST.

Times are strings in UTC without a zone.  A parameter can be repeated, or have values separated by commas or spaces; its values
are ORed, different parameters ANDed.  Unknown parameters are ignored.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed, WrongParameter, integer
from fedora_packages.sandbox.upstreams.bodhi_rows import is_pushed, nvrs_of, release_json, update_json
from fedora_packages.sandbox.world.models import Package, Update
from fedora_packages.sandbox.world.releases import Release
from fedora_packages.sandbox.world.world import View

STATUSES = ("pending", "testing", "stable", "unpushed", "obsolete")
REQUESTS = ("testing", "obsolete", "unpush", "revoke", "stable")
TYPES = ("bugfix", "security", "newpackage", "enhancement", "unspecified")
SEVERITIES = ("unspecified", "urgent", "high", "medium", "low")
STATES = ("disabled", "pending", "frozen", "current", "archived")

ROWS_DEFAULT, ROWS_LIMIT = 20, 1000

#: Names of all releases in some states.
STANDING_FOR = {"__current__": ("current",), "__pending__": ("pending", "frozen"), "__archived__": ("archived",)}

#: Accounts of services; their comments have no message.
SYSTEM_USERS = frozenset({"bodhi", "autoqa", "taskotron"})


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return Bodhi's routes."""
    return [
        web.get("/bodhi/updates/", updates),
        web.get("/bodhi/updates/{alias}", update),
        web.get("/bodhi/releases/", releases),
        web.get("/bodhi/releases/{name}", release),
    ]


async def updates(request: web.Request) -> web.Response:
    """Answer ``GET /updates/``."""
    view: View = request[VIEW]
    try:
        page, rows = _page(request)
        found = _wanted_updates(request, view)
    except WrongParameter as error:
        return _refused(400, "querystring", error.name, str(error))
    packages = _values(request, "packages")
    cut = found[(page - 1) * rows : page * rows]
    return web.json_response(
        {
            "updates": [update_json(view, package, one) for package, one in cut],
            "page": page,
            "pages": -(-len(found) // rows),
            "rows_per_page": rows,
            "total": len(found),
            "chrome": True,
            "display_user": True,
            "display_request": True,
            "package": packages[0] if packages else None,
        }
    )


async def update(request: web.Request) -> web.Response:
    """Answer ``GET /updates/ALIAS``."""
    view: View = request[VIEW]
    found = view.find_update(request.match_info["alias"])
    if found is None:
        return _refused(404, "url", "id", "Invalid update id")
    return web.json_response({"update": update_json(view, *found), "can_edit": False})


async def releases(request: web.Request) -> web.Response:
    """Answer ``GET /releases/``, by name."""
    view: View = request[VIEW]
    try:
        page, rows = _page(request)
        found = _wanted_releases(request, view)
    except WrongParameter as error:
        return _refused(400, "querystring", error.name, str(error))
    cut = found[(page - 1) * rows : page * rows]
    return web.json_response(
        {
            "releases": [release_json(one) for one in cut],
            "page": page,
            "pages": -(-len(found) // rows),
            "rows_per_page": rows,
            "total": len(found),
        }
    )


async def release(request: web.Request) -> web.Response:
    """Answer ``GET /releases/NAME``: a name, a long name or a dist tag."""
    view: View = request[VIEW]
    name = request.match_info["name"]
    for one in view.world.releases:
        if name in (one.name, one.long_name, one.dist_tag) or name.upper() == one.name:
            return web.json_response(release_json(one))
    return _refused(404, "body", "name", "No such release")


# Parameters


def _values(request: web.Request, name: str) -> list[str]:
    return [value for text in request.query.getall(name, ()) for value in re.split(r"[\s,]+", text) if value]


def _page(request: web.Request) -> tuple[int, int]:
    page = integer("page", request.query.get("page", "1"), 1, 10**9)
    return page, integer("rows_per_page", request.query.get("rows_per_page", str(ROWS_DEFAULT)), 1, ROWS_LIMIT)


def _choices(request: web.Request, name: str, allowed: tuple[str, ...]) -> list[str]:
    values = _values(request, name)
    for value in values:
        if value not in allowed:
            raise WrongParameter(name, f'"{value}" is not one of {", ".join(sorted(allowed))}')
    return values


def _named_releases(request: web.Request, view: View) -> set[str]:
    named: set[str] = set()
    wrong = []
    for value in _values(request, "releases"):
        if value in STANDING_FOR:
            named |= {one.name for one in view.world.releases if one.state in STANDING_FOR[value]}
            continue
        by_name = [one.name for one in view.world.releases if one.name in (value, value.upper())]
        by_version = [one.name for one in view.world.releases if one.version == value]
        if not by_name and not by_version:
            wrong.append(value)
        named |= {*by_name[:1], *by_version[:1]}
    if wrong:
        raise WrongParameter("releases", f"Invalid releases specified: {', '.join(wrong)}")
    return named


def _flag(request: web.Request, name: str) -> bool | None:
    text = request.query.get(name)
    return None if text is None else text.lower() in ("true", "1")


def _bounds(request: web.Request) -> list[Callable[[Update], bool]]:
    """Return the function that checks an update against the request's date bounds."""
    tests: list[Callable[[Update], bool]] = []
    for field, read in DATES.items():
        for end, holds in (("since", lambda time, bound: time >= bound), ("before", lambda time, bound: time < bound)):
            text = request.query.get(f"{field}_{end}")
            if text is None:
                continue
            try:
                bound = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
            except ValueError as error:
                raise WrongParameter(f"{field}_{end}", "Invalid date") from error
            tests.append(
                lambda one, read=read, holds=holds, bound=bound: (time := read(one)) is not None and holds(time, bound)
            )
    return tests


DATES: Mapping[str, Callable[[Update], int | None]] = {
    "submitted": lambda one: one.submitted,
    "modified": lambda one: one.modified,
    "approved": lambda one: one.approved,
    "pushed": lambda one: one.stable or one.testing,
}


def _wanted_updates(request: web.Request, view: View) -> list[tuple[Package, Update]]:
    """Return the updates that match a request, the one submitted last first.  Raises `WrongParameter`."""
    tests = _bounds(request)
    named = _named_releases(request, view)
    if "releases" in request.query:
        tests.append(lambda one: one.release in named)
    for name, allowed, field in (
        ("status", STATUSES, "status"),
        ("request", REQUESTS, "request"),
        ("type", TYPES, "type"),
        ("severity", SEVERITIES, "severity"),
    ):
        values = _choices(request, name, allowed)
        if values:
            tests.append(lambda one, field=field, values=values: getattr(one, field) in values)
    aliases = {*_values(request, "alias"), *_values(request, "updateid")}
    if aliases:
        tests.append(lambda one: one.alias in aliases)
    users = _values(request, "user")
    if users:
        tests.append(lambda one: one.user in users)
    bugs = [integer("bugs", value.lstrip("#"), 1, 10**9) for value in _values(request, "bugs")]
    if bugs:
        tests.append(lambda one: not set(bugs).isdisjoint(one.bugs))
    pushed, locked = _flag(request, "pushed"), _flag(request, "locked")
    critpath = _flag(request, "critpath")
    if pushed is not None:
        tests.append(lambda one: is_pushed(one) is pushed)
    if critpath is not None:
        tests.append(lambda one: one.critpath is critpath)
    if locked or request.query.get("content_type", "rpm") != "rpm":
        return []
    nvrs = _values(request, "builds")
    words = (request.query.get("search") or request.query.get("like") or "").lower()
    found = {
        one.alias: (package, one)
        for package in _wanted_packages(request, view, aliases, nvrs)
        for one in package.updates
        if all(test(one) for test in tests)
        and (not nvrs or not set(nvrs).isdisjoint(nvrs_of(view, one)))
        and (not words or words in f"{one.alias} {' '.join(nvrs_of(view, one))}".lower())
    }
    return sorted(found.values(), key=lambda pair: (-pair[1].submitted, pair[1].alias))


def _wanted_packages(request: web.Request, view: View, aliases: set[str], nvrs: list[str]) -> list[Package]:
    """Return the packages that can have a matching update."""
    names = _values(request, "packages")
    if nvrs and not names:
        names = [nvr.rsplit("-", 2)[0] for nvr in nvrs]
    if names:
        return [package for package in map(view.package, dict.fromkeys(names)) if package]
    if aliases:
        return [found[0] for found in map(view.find_update, sorted(aliases)) if found]
    return list(view.packages())


def _wanted_releases(request: web.Request, view: View) -> list[Release]:
    found = list(view.world.releases)
    pattern = request.query.get("name")
    if pattern is not None:
        wanted = re.compile(re.escape(pattern).replace("%", ".*").replace("_", "."), re.IGNORECASE)
        found = [one for one in found if wanted.fullmatch(one.name)]
    states = _choices(request, "state", STATES)
    if states:
        found = [one for one in found if one.state in states]
    if _flag(request, "exclude_archived"):
        found = [one for one in found if one.state != "archived"]
    names = _values(request, "packages")
    unknown = [name for name in names if view.package(name) is None]
    if unknown:
        raise WrongParameter("packages", f"Invalid packages specified: {', '.join(unknown)}")
    holders = [package for name in names if (package := view.package(name))]
    holders += [pair[0] for alias in _values(request, "updates") if (pair := view.find_update(alias))]
    if holders:
        having = {one.release for package in holders for one in package.updates}
        found = [one for one in found if one.name in having]
    return sorted(found, key=lambda one: one.name)


# Responses


def _refused(status: int, location: str, name: str, description: str) -> web.Response:
    errors = [{"location": location, "name": name, "description": description}]
    return web.json_response({"status": "error", "errors": errors}, status=status)
