"""The stand-in of bugzilla.redhat.com's REST service.

Component and version are lists there.  A search returns 20 bugs by default and at most 1000; ``total_matches`` has the number of
all.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed, WrongParameter, integer, utc
from fedora_packages.sandbox.world.models import Bug, BugChange
from fedora_packages.sandbox.world.world import View

LIMIT_DEFAULT, LIMIT_HIGHEST = 20, 1000

VERSION = "5.0.4.rh111"

PARAM_REQUIRED, NO_SUCH_ALIAS, NO_SUCH_BUG, ACCESS_DENIED, NOT_A_NUMBER, SEARCH_TOO_WIDE = 50, 100, 101, 102, 52, 1007

#: The HTTP statuses of errors by code; 400 for all others.
STATUSES = {51: 404, NO_SUCH_BUG: 404, ACCESS_DENIED: 401}

#: Parameters of a search besides the triples: name -> the values of a bug, one of which must be given.
FIELDS: Mapping[str, Callable[[Bug], list[str]]] = {
    "id": lambda bug: [str(bug.bug_id)],
    "bug_id": lambda bug: [str(bug.bug_id)],
    "product": lambda bug: [bug.product],
    "component": lambda bug: [bug.component],
    "version": lambda bug: [bug.version],
    "status": lambda bug: [bug.status],
    "bug_status": lambda bug: [bug.status],
    "resolution": lambda bug: [bug.resolution or "---"],
    "alias": lambda bug: list(bug.alias),
    "severity": lambda bug: [bug.severity],
    "bug_severity": lambda bug: [bug.severity],
    "priority": lambda bug: [bug.priority],
    "keywords": lambda bug: list(bug.keywords),
    "assigned_to": lambda bug: [bug.assigned_to],
    "creator": lambda bug: [bug.creator],
    "blocks": lambda bug: [str(number) for number in bug.blocks],
    "blocked": lambda bug: [str(number) for number in bug.blocks],
    "depends_on": lambda bug: [str(number) for number in bug.depends_on],
    "short_desc": lambda bug: [bug.summary],
}

#: Names of groups of statuses.
STANDING_FOR: Mapping[str, Callable[[Bug], bool]] = {
    "__open__": lambda bug: bug.is_open,
    "__closed__": lambda bug: not bug.is_open,
    "__all__": lambda _bug: True,
}

#: The operators ``oN``, which compare the values of a bug with ``vN``.
OPERATORS: Mapping[str, Callable[[list[str], str], bool]] = {
    "equals": lambda have, want: want in have,
    "notequals": lambda have, want: want not in have,
    "anyexact": lambda have, want: not set(have).isdisjoint(_words(want)),
    "anywords": lambda have, want: any(_has_word(" ".join(have), word) for word in _words(want)),
    "anywordssubstr": lambda have, want: any(word in " ".join(have) for word in _words(want)),
    "allwordssubstr": lambda have, want: all(word in " ".join(have) for word in _words(want)),
    "substring": lambda have, want: want.lower() in " ".join(have).lower(),
    "casesubstring": lambda have, want: want in " ".join(have),
    "isempty": lambda have, _want: not any(have),
    "isnotempty": lambda have, _want: any(have),
}

ORDERS: Mapping[str, Callable[[Bug], Any]] = {
    "bug_id": lambda bug: bug.bug_id,
    "id": lambda bug: bug.bug_id,
    "last_change_time": lambda bug: bug.changed,
    "changeddate": lambda bug: bug.changed,
    "delta_ts": lambda bug: bug.changed,
    "creation_time": lambda bug: bug.created,
    "bug_status": lambda bug: bug.status,
    "status": lambda bug: bug.status,
    "component": lambda bug: bug.component,
    "product": lambda bug: bug.product,
    "severity": lambda bug: bug.severity,
}


class Refusal(Exception):
    """A refused request, with one of the service's codes."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return Bugzilla's routes."""
    return [
        web.get("/bugzilla/rest/version", version),
        web.get("/bugzilla/rest/bug", search),
        web.get("/bugzilla/rest/bug/{ids}", bug),
        web.get("/bugzilla/rest/bug/{ids}/history", history),
    ]


async def version(_request: web.Request) -> web.Response:
    """Answer ``GET /rest/version``."""
    return web.json_response({"version": VERSION})


async def bug(request: web.Request) -> web.Response:
    """Answer ``GET /rest/bug/ID``: a number or an alias."""
    view: View = request[VIEW]
    try:
        found = _one(view, request.match_info["ids"])
    except Refusal as refusal:
        return _refused(refusal)
    return web.json_response({"bugs": [_shown(found, request)], "faults": []})


async def history(request: web.Request) -> web.Response:
    """Answer ``GET /rest/bug/ID/history``: the changes of a bug, those since ``new_since`` if it is given."""
    view: View = request[VIEW]
    try:
        found = _one(view, request.match_info["ids"])
        since = _time("new_since", request.query["new_since"]) if "new_since" in request.query else 0
    except WrongParameter as error:
        return _refused(Refusal(NOT_A_NUMBER, f"'{error.name}': {error}"))
    except Refusal as refusal:
        return _refused(refusal)
    changes = [_change_json(change) for change in found.changes if change.time >= since]
    return web.json_response({"bugs": [{"id": found.bug_id, "alias": list(found.alias), "history": changes}]})


async def search(request: web.Request) -> web.Response:
    """Answer ``GET /rest/bug``."""
    view: View = request[VIEW]
    try:
        limit, offset = _window(request)
        found = _found(request, view)
    except WrongParameter as error:
        return _refused(Refusal(NOT_A_NUMBER, f"'{error.name}': {error}"))
    except Refusal as refusal:
        return _refused(refusal)
    for key in reversed(_orders(request)):
        name, _, direction = key.strip().partition(" ")
        name, direction = (name[1:], "desc") if name.startswith("-") else (name, direction)
        if name in ORDERS:
            found.sort(key=ORDERS[name], reverse=direction.strip().lower() == "desc")
    shown = [_shown(one, request) for one in found[offset : offset + limit]]
    return web.json_response({"bugs": shown, "total_matches": len(found), "limit": limit, "offset": offset})


def _one(view: View, wanted: str) -> Bug:
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 12:
        found = view.find_bug(int(wanted))
        if found is None:
            raise Refusal(NO_SUCH_BUG, f"Bug #{wanted} does not exist.")
        return _public(found)
    for package in view.packages():
        for one in package.bugs:
            if wanted in one.alias:
                return _public(one)
    raise Refusal(NO_SUCH_ALIAS, f"'{wanted}' is not a valid bug number nor an alias to a bug.")


def _public(found: Bug) -> Bug:
    """Return a public bug.  Raises `Refusal`."""
    if found.is_private:
        raise Refusal(ACCESS_DENIED, f"You are not authorized to access bug #{found.bug_id}.")
    return found


def _window(request: web.Request) -> tuple[int, int]:
    offset = integer("offset", request.query.get("offset", "0"), 0, 10**9)
    if "offset" in request.query and "limit" not in request.query:
        raise Refusal(PARAM_REQUIRED, "The function requires a limit argument, and that argument was not set.")
    limit = integer("limit", request.query.get("limit", str(LIMIT_DEFAULT)), 0, 10**9)
    return min(limit or LIMIT_HIGHEST, LIMIT_HIGHEST), offset


def _orders(request: web.Request) -> list[str]:
    text = request.query.get("order") or request.query.get("order_on") or "bug_id"
    return [key for key in text.split(",") if key.strip()] + ["bug_id"]


def _found(request: web.Request, view: View) -> list[Bug]:
    """Return the bugs that match a search.  Raises `Refusal`."""
    tests = _tests(request)
    if not tests:
        raise Refusal(SEARCH_TOO_WIDE, "You may not search, or create saved searches, without any search terms.")
    if "id" in request.query:
        numbers = [text for value in request.query.getall("id") for text in _words(value)]
        bugs = [view.find_bug(int(text)) for text in numbers if text.isdecimal() and len(text) < 12]
    elif "component" in request.query:
        names = dict.fromkeys(request.query.getall("component"))
        bugs = [one for package in map(view.package, names) if package for one in package.bugs]
    else:
        bugs = [one for package in view.packages() for one in package.bugs]
    there = (one for one in dict.fromkeys(bugs) if one is not None and not one.is_private)
    return [one for one in there if all(test(one) for test in tests)]


def _tests(request: web.Request) -> list[Callable[[Bug], bool]]:
    query = request.query
    tests: list[Callable[[Bug], bool]] = []
    for name in dict.fromkeys(query):
        values = query.getall(name)
        if name in ("id", "bug_id", "alias", "keywords", "blocks", "blocked"):
            values = [word for value in values for word in _words(value)]
        if name in FIELDS:
            tests.append(_any_of(FIELDS[name], values))
    summaries = [value.lower() for value in query.getall("summary", ())]
    if summaries:
        tests.append(lambda one: any(text in one.summary.lower() for text in summaries))
    words = [word.lower() for value in query.getall("quicksearch", ()) for word in value.split()]
    if words:
        tests.append(lambda one: all(word in f"{one.component} {one.summary}".lower() for word in words))
    for name, read in (("last_change_time", ORDERS["changeddate"]), ("creation_time", ORDERS["creation_time"])):
        if name in query:
            bound = _time(name, query[name])
            tests.append(lambda one, read=read, bound=bound: read(one) >= bound)
    triples = [test for name in query if name[:1] == "f" and name[1:].isdecimal() for test in _triple(query, name[1:])]
    if triples and query.get("j_top") == "OR":
        return [*tests, lambda one: any(test(one) for test in triples)]
    return tests + triples


def _any_of(read: Callable[[Bug], list[str]], wanted: list[str]) -> Callable[[Bug], bool]:
    special = [STANDING_FOR[value] for value in wanted if value in STANDING_FOR]
    plain = {value for value in wanted if value not in STANDING_FOR}
    return lambda one: any(holds(one) for holds in special) or not plain.isdisjoint(read(one))


def _triple(query: Mapping[str, str], number: str) -> list[Callable[[Bug], bool]]:
    field, operator, value = (query.get(f"{letter}{number}", "") for letter in "fov")
    if field in ("OP", "CP"):
        return []
    if field not in FIELDS:
        raise Refusal(108, f"Can't use {field} as a field name.")
    if operator == "changedafter":
        bound = _time(f"v{number}", value)
        return [
            lambda one: any(field in map(itemgetter(0), change.fields) for change in one.changes if change.time > bound)
        ]
    if operator not in OPERATORS:
        raise Refusal(108, f"'{operator}' is not a valid type of search.")
    read, compare = FIELDS[field], OPERATORS[operator]
    return [lambda one: compare(read(one), value)]


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _has_word(text: str, word: str) -> bool:
    """Whether a string has a word, as a database matches it: in any case, without a letter or digit next to it."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def _time(name: str, text: str) -> float:
    try:
        timestamp = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongParameter(name, f"'{text}' is not a legal date") from error
    return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()


def _refused(refusal: Refusal) -> web.Response:
    status = STATUSES.get(refusal.code, 400)
    body = {
        "error": True,
        "code": refusal.code,
        "message": str(refusal),
        "documentation": "https://bugzilla.redhat.com/docs/en/html/api/index.html",
    }
    return web.json_response(body, status=status)


def _shown(one: Bug, request: web.Request) -> dict[str, Any]:
    """Return the requested fields of a bug."""
    row = bug_json(one)
    wanted = {word for value in request.query.getall("include_fields", ()) for word in _words(value)}
    unwanted = {word for value in request.query.getall("exclude_fields", ()) for word in _words(value)}
    if wanted and wanted.isdisjoint({"_all", "_default"}):
        row = {name: value for name, value in row.items() if name in wanted}
    return {name: value for name, value in row.items() if name not in unwanted}


def _change_json(change: BugChange) -> dict[str, Any]:
    changes = [{"field_name": name, "removed": removed, "added": added} for name, removed, added in change.fields]
    return {"when": utc(change.time, "%Y-%m-%dT%H:%M:%SZ"), "who": change.user, "changes": changes}


def _person(login: str) -> dict[str, Any]:
    return {"id": sum(login.encode()) * 37, "name": login, "email": login, "real_name": login.partition("@")[0].title()}


def bug_json(one: Bug) -> dict[str, Any]:
    """Return a bug with all fields, as the service returns it."""
    return {
        "actual_time": 0,
        "alias": list(one.alias),
        "assigned_to": one.assigned_to,
        "assigned_to_detail": _person(one.assigned_to),
        "blocks": list(one.blocks),
        "cc": [],
        "cc_detail": [],
        "classification": "Fedora",
        "component": [one.component],
        "creation_time": utc(one.created, "%Y-%m-%dT%H:%M:%SZ"),
        "creator": one.creator,
        "creator_detail": _person(one.creator),
        "depends_on": list(one.depends_on),
        "dupe_of": None,
        "flags": [],
        "groups": [],
        "id": one.bug_id,
        "is_cc_accessible": True,
        "is_confirmed": True,
        "is_creator_accessible": True,
        "is_open": one.is_open,
        "keywords": list(one.keywords),
        "last_change_time": utc(one.changed, "%Y-%m-%dT%H:%M:%SZ"),
        "op_sys": "Unspecified",
        "platform": "Unspecified",
        "priority": one.priority,
        "product": one.product,
        "qa_contact": "extras-qa@fedoraproject.org",
        "resolution": one.resolution,
        "see_also": [],
        "severity": one.severity,
        "status": one.status,
        "summary": one.summary,
        "target_milestone": "---",
        "target_release": ["---"],
        "url": "",
        "version": [one.version],
        "whiteboard": "",
        "cf_fixed_in": "",
        "cf_last_closed": None if one.is_open else utc(one.changed, "%Y-%m-%dT%H:%M:%SZ"),
    }
