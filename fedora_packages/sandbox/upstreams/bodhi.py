"""The stand-in of Bodhi: updates, their comments, and releases over REST.

The values of one parameter are ORed, different parameters ANDed.  Unknown parameters are ignored.

Source: bodhi-server 26.4.0, ``services/updates.py`` (``query_updates``), ``services/comments.py`` (``query_comments``),
``services/releases.py`` (``query_releases_json``, ``get_release_json``), ``validators.py``, ``views/generic.py``
(``notfound_view``).
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed, html_not_found
from fedora_packages.sandbox.upstreams.bodhi_parameters import InvalidParameters, ParameterError, Parameters
from fedora_packages.sandbox.upstreams.bodhi_rows import (
    is_pushed,
    listed_comment_json,
    nvrs_of,
    release_json,
    update_json,
)
from fedora_packages.sandbox.world.models import Comment, Package, Update
from fedora_packages.sandbox.world.releases import Release
from fedora_packages.sandbox.world.world import View

STATUSES = ("pending", "testing", "stable", "unpushed", "obsolete")
REQUESTS = ("testing", "obsolete", "unpush", "revoke", "stable")
TYPES = ("bugfix", "security", "newpackage", "enhancement", "unspecified")
SEVERITIES = ("unspecified", "urgent", "high", "medium", "low")
SUGGESTIONS = ("unspecified", "reboot", "logout")
CONTENT_TYPES = ("base", "rpm", "module", "container", "flatpak")
GATING = ("waiting", "ignored", "queued", "running", "passed", "failed", "greenwave_failed")
STATES = ("disabled", "pending", "frozen", "current", "archived")

ROWS_DEFAULT, ROWS_LIMIT = 20, 1000

#: Names of all releases in some states.
STANDING_FOR = {"__current__": ("current",), "__pending__": ("pending", "frozen"), "__archived__": ("archived",)}

#: Accounts of services; their comments have no message.
SYSTEM_USERS = frozenset({"bodhi", "autoqa", "taskotron"})

Test = Callable[[Update], bool]


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return Bodhi's routes."""
    return [
        web.get("/bodhi/updates/", updates),
        web.get("/bodhi/updates/{alias}", update),
        web.get("/bodhi/comments/", comments),
        web.get("/bodhi/releases/", releases),
        web.get("/bodhi/releases/{name}", release),
        web.get("/bodhi/{name:updates|comments|releases}", with_slash),
        web.route("*", "/bodhi/{rest:.*}", html_not_found),
    ]


async def updates(request: web.Request) -> web.Response:
    """Answer ``GET /updates/``, the update submitted last first."""
    view: View = request[VIEW]
    parameters = Parameters(request.query)
    page, rows = _page(parameters)
    packages = parameters.strings("packages")
    shown = {name: parameters.flag(name) is not False for name in ("chrome", "display_user")}
    try:
        found = _wanted_updates(parameters, view, packages)
    except InvalidParameters as error:
        return _refused(400, "querystring", *error.errors)
    cut = _cut(found, page, rows)
    return web.json_response(
        {
            "updates": [update_json(view, package, one) for package, one in cut],
            "page": page,
            "pages": -(-len(found) // rows),
            "rows_per_page": rows,
            "total": len(found),
            **shown,
            "display_request": True,
            "package": packages[0] if packages else None,
        }
    )


async def update(request: web.Request) -> web.Response:
    """Answer ``GET /updates/ALIAS``; the name of a package leads to its updates."""
    view: View = request[VIEW]
    alias = request.match_info["alias"]
    found = view.find_update(alias)
    if found is not None:
        return web.json_response({"update": update_json(view, *found), "can_edit": False, "ci_allowed": False})
    if view.package(alias):
        raise _moved(web.HTTPFound, f"{request.url.origin()}/bodhi/updates/?packages={quote(alias)}")
    return _refused(404, "url", ParameterError("id", "Invalid update id"))


async def comments(request: web.Request) -> web.Response:
    """Answer ``GET /comments/``, the newest comment first."""
    view: View = request[VIEW]
    parameters = Parameters(request.query)
    page, rows = _page(parameters)
    chrome = parameters.flag("chrome") is not False
    try:
        found = _wanted_comments(parameters, view, chrome)
    except InvalidParameters as error:
        return _refused(400, "querystring", *error.errors)
    cut = found[(page - 1) * rows : page * rows]
    return web.json_response(
        {
            "comments": [listed_comment_json(view, package, one, comment) for package, one, comment in cut],
            "page": page,
            "pages": -(-len(found) // rows),
            "rows_per_page": rows,
            "total": len(found),
            "chrome": chrome,
        }
    )


async def releases(request: web.Request) -> web.Response:
    """Answer ``GET /releases/``, by name."""
    view: View = request[VIEW]
    parameters = Parameters(request.query)
    page, rows = _page(parameters)
    try:
        found = _wanted_releases(parameters, view)
    except InvalidParameters as error:
        return _refused(400, "querystring", *error.errors)
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
    """Answer ``GET /releases/NAME``: a name, a long name, a dist tag, or ``rawhide``."""
    view: View = request[VIEW]
    name = request.match_info["name"]
    for one in view.releases:
        is_rawhide = (one.branch, one.state, one.id_prefix) == ("rawhide", "pending", "FEDORA")
        if name in (one.name, one.long_name, one.dist_tag) or (name == "rawhide" and is_rawhide):
            return web.json_response(release_json(one))
    return _refused(404, "body", ParameterError("name", "No such release"))


async def with_slash(request: web.Request) -> web.Response:
    """Redirect from a list's path without the last slash to the path with it."""
    text = f"?{request.query_string}" if request.query_string else ""
    raise _moved(web.HTTPTemporaryRedirect, f"{request.url.origin()}{request.path}/{text}")


# Parameters


def _page(parameters: Parameters) -> tuple[int, int]:
    return parameters.integer("page", 1), parameters.integer("rows_per_page", ROWS_DEFAULT, ROWS_LIMIT)


def _named_releases(parameters: Parameters, view: View, values: list[str]) -> set[str]:
    """Return the names of the releases that a parameter names; a version can name several, and is the first of them."""
    named = {one.name for value in values for one in view.releases if one.state in STANDING_FOR.get(value, ())}
    single = [value for value in values if value not in STANDING_FOR]
    return named | set(parameters.known("releases", single, lambda value: _release_named(view, value), "releases"))


def _release_named(view: View, value: str) -> str | None:
    for one in view.releases:
        if value == one.version or one.name in (value, value.upper()):
            return one.name
    return None


#: The dates of updates by the parameters' names, in which ``pushed`` is only the push to stable: ``Update.date_pushed`` is
#: a property of Python, of which the database gets the first of its cases.
DATES: Mapping[str, Callable[[Update], int | None]] = {
    "submitted": lambda one: one.submitted,
    "modified": lambda one: one.modified,
    "approved": lambda one: one.approved,
    "pushed": lambda one: one.stable,
}


def _bounds(parameters: Parameters) -> Iterator[Test]:
    """Yield the functions that check an update against the date bounds."""
    for field, read in DATES.items():
        since, before = parameters.time(f"{field}_since"), parameters.time(f"{field}_before")
        if since is not None:
            yield lambda one, read=read, since=since: (time := read(one)) is not None and time >= since
        if before is not None:
            yield lambda one, read=read, before=before: (time := read(one)) is not None and time < before


def _is_one_of(read: Callable[[Update], object], values: list[str] | None) -> Iterator[Test]:
    """Yield the function that checks a field of an update; an empty list checks nothing."""
    if values:
        yield lambda one: read(one) in values


def _is(read: Callable[[Update], object], value: object) -> Iterator[Test]:
    if value is not None:
        yield lambda one: read(one) == value


def _wanted_updates(parameters: Parameters, view: View, packages: list[str] | None) -> list[tuple[Package, Update]]:
    """Return the updates that match a request.  Raises `InvalidParameters`."""
    aliases, nvrs = parameters.strings("alias"), parameters.strings("builds")
    release, named = parameters.string("release"), parameters.strings("releases")
    users, bugs = parameters.strings("user"), parameters.strings("bugs", may_be_empty=True)
    like, search = parameters.string("like"), parameters.string("search")
    from_side_tag = parameters.flag("from_side_tag") or parameters.string("from_side_tag_name") is not None
    tests = [
        *_bounds(parameters),
        *_is_one_of(lambda one: one.status, parameters.strings("status", STATUSES)),
        *_is_one_of(lambda one: one.gating, parameters.strings("gating", GATING)),
        *_is_one_of(lambda one: one.alias, aliases),
        *_is_one_of(lambda one: one.alias, parameters.strings("updateid")),
        *_is(lambda one: one.request, parameters.choice("request", REQUESTS)),
        *_is(lambda one: one.type, parameters.choice("type", TYPES)),
        *_is(lambda one: one.severity, parameters.choice("severity", SEVERITIES)),
        *_is(lambda one: "unspecified", parameters.choice("suggest", SUGGESTIONS)),
        *_is(lambda one: "rpm", parameters.choice("content_type", CONTENT_TYPES)),
        *_is(lambda one: one.critpath, parameters.flag("critpath")),
        *_is(lambda one: one.locked, parameters.flag("locked")),
        *_is(is_pushed, parameters.flag("pushed")),
    ]
    parameters.check()
    if release is not None:
        names = parameters.known("release", [release], lambda value: _release_named(view, value), "release")
        tests += _is_one_of(lambda one: one.release, names)
    if named:
        tests += _is_one_of(lambda one: one.release, sorted(_named_releases(parameters, view, named)))
    if users:
        known = _users(view)
        tests += _is_one_of(
            lambda one: one.user,
            parameters.known("user", users, lambda name: name if name in known else None, "users"),
        )
    if bugs is not None:
        tests.append(_has_bug(parameters.numbers("bugs", bugs)))
    parameters.check()
    if from_side_tag:
        # The sandbox has no update of a side tag.
        return []
    found = {
        one.alias: (package, one)
        for package in _wanted_packages(view, packages, aliases, nvrs)
        for one in package.updates
        if all(test(one) for test in tests)
        and (not nvrs or not set(nvrs).isdisjoint(nvrs_of(view, one)))
        and (not like or any(like in nvr for nvr in nvrs_of(view, one)))
        and (not search or any(search.lower() in text.lower() for text in (one.alias, *nvrs_of(view, one))))
    }
    return list(found.values())


def _has_bug(numbers: set[int]) -> Test:
    """Return the function that checks an update's bugs; without a number, any bug will do."""
    return lambda one: bool(numbers.intersection(one.bugs) if numbers else one.bugs)


def _users(view: View) -> set[str]:
    """Return the names of the accounts that have used Bodhi."""
    return {
        name
        for package in view.packages()
        for one in package.updates
        for name in (one.user, *(comment.user for comment in one.comments))
    }


def _wanted_packages(
    view: View, names: list[str] | None, aliases: list[str] | None, nvrs: list[str] | None
) -> list[Package]:
    """Return the packages that can have a matching update."""
    if nvrs and not names:
        names = [nvr.rsplit("-", 2)[0] for nvr in nvrs]
    if names:
        return [package for package in map(view.package, dict.fromkeys(names)) if package]
    if aliases:
        return [found[0] for found in map(view.find_update, sorted(aliases)) if found]
    return list(view.packages())


def _cut(found: list[tuple[Package, Update]], page: int, rows: int) -> list[tuple[Package, Update]]:
    """Return a page of updates.

    They are ordered by the date of submission alone.  Equal ones have any order, which can be another in each request: one of
    them can be on two pages, and one on none.
    """

    def order(pair: tuple[Package, Update]) -> tuple[int, bytes]:
        text = f"{page} {rows} {pair[1].alias}"
        return -pair[1].submitted, hashlib.sha1(text.encode(), usedforsecurity=False).digest()

    return sorted(found, key=order)[(page - 1) * rows : page * rows]


def _wanted_comments(parameters: Parameters, view: View, chrome: bool) -> list[tuple[Package, Update, Comment]]:
    """Return the comments that match a request, the newest first.  Raises `InvalidParameters`.

    With ``chrome``, those of Bodhi itself are left out.
    """
    since, like = parameters.time("since"), parameters.string("like")
    aliases, packages = parameters.strings("updates"), parameters.strings("packages")
    users, ignored = parameters.strings("user"), parameters.strings("ignore_user")
    parameters.check()
    known = _users(view) if users or ignored else frozenset()
    for name, values in (("user", users), ("ignore_user", ignored)):
        parameters.known(name, values, lambda user: user if user in known else None, "users")
    parameters.known("updates", aliases, view.find_update, "updates")
    parameters.known("packages", packages, view.package, "packages")
    parameters.check()
    found = [
        (package, one, comment)
        for package in _wanted_packages(view, packages, aliases, None)
        for one in package.updates
        if not aliases or one.alias in aliases
        for comment in one.comments
        if (since is None or comment.time >= since)
        and (not like or like in comment.text)
        and (not users or comment.user in users)
        and comment.user not in (ignored or ())
        and not (chrome and comment.user == "bodhi")
    ]
    return sorted(found, key=lambda row: -row[2].time)


def _wanted_releases(parameters: Parameters, view: View) -> list[Release]:
    """Return the releases that match a request, by name.  Raises `InvalidParameters`."""
    numbers, pattern = parameters.integers("ids"), parameters.string("name")
    names, aliases = parameters.strings("packages"), parameters.strings("updates")
    states, without_archived = parameters.strings("state", STATES), parameters.flag("exclude_archived")
    parameters.check()
    found = [one for number, one in enumerate(view.releases, 1) if not numbers or number in numbers]
    if pattern is not None:
        wanted = re.compile(re.escape(pattern).replace("%", ".*").replace("_", "."))
        found = [one for one in found if wanted.fullmatch(one.name)]
    if states:
        found = [one for one in found if one.state in states]
    if without_archived:
        found = [one for one in found if one.state != "archived"]
    of_updates = {one.release for _, one in parameters.known("updates", aliases, view.find_update, "updates")}
    holders = parameters.known("packages", names, view.package, "packages")
    parameters.check()
    of_packages = {one.release for package in holders for one in package.updates}
    for wanted_names, values in ((of_updates, aliases), (of_packages, names)):
        if values:
            found = [one for one in found if one.name in wanted_names]
    return sorted(found, key=lambda one: one.name)


def _moved(kind: type[web.HTTPMove], url: str) -> web.HTTPMove:
    """Return a redirect, with JSON as its text."""
    title = HTTPStatus(kind.status_code).phrase
    message = f"The resource has been moved to {url}; you should be redirected automatically.\n\n"
    text = json.dumps({"message": message, "code": f"{kind.status_code} {title}", "title": title})
    return kind(url, text=text, content_type="application/json")


def _refused(status: int, location: str, *errors: ParameterError) -> web.Response:
    rows = [{"location": location, **error._asdict()} for error in errors]
    return web.json_response({"status": "error", "errors": rows}, status=status)
