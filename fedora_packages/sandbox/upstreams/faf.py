"""The stand-in of FAF (ABRT Analytics): the list of problems.

Only a client that prefers JSON to HTML gets JSON.  An invalid request gets an empty list, without an error.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed, utc
from fedora_packages.sandbox.world.models import Problem
from fedora_packages.sandbox.world.world import View

LIMIT_DEFAULT = 40
TYPES = ("core", "java", "kerneloops", "python", "ruby")
DAY = 86400

#: The lengths in days below which a range is counted by days, and by weeks; a longer one is counted by months.
BY_DAYS, BY_WEEKS = 16, 70

#: The page of the problems for people, with the form that filters them.
PAGE = """\
<!DOCTYPE html>
<html><head><title>Problems - ABRT Analytics</title></head><body>
<form id="filter" method="get" action="">
<select class="form-control" id="opsysreleases" multiple name="opsysreleases">{releases}</select>
<input id="component_names" name="component_names" type="text" value="">
<select id="type" multiple name="type">{types}</select>
</form>
<table></table>
</body></html>
"""
ERROR_PAGE = "<!DOCTYPE html>\n<html><body><h1>500 Internal Server Error</h1></body></html>\n"


class Invalid(ValueError):
    """A parameter with an invalid value."""


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return FAF's routes."""
    return [
        web.get("/faf/problems", slashless),
        web.get("/faf/problems/", problems),
        web.get("/faf/component_names.json", component_names),
    ]


async def slashless(request: web.Request) -> web.Response:
    """Redirect to the URL with a slash."""
    raise web.HTTPPermanentRedirect(str(request.rel_url.with_path("/faf/problems/").with_query(request.query)))


async def problems(request: web.Request) -> web.Response:
    """Answer ``GET /problems/``."""
    try:
        limit = max(int(request.query.get("limit") or LIMIT_DEFAULT), 0)
        offset = max(int(request.query.get("offset") or 0), 0)
    except ValueError:
        return web.Response(status=500, text=ERROR_PAGE, content_type="text/html")
    if not wants_json(request.headers.get("Accept", "*/*")):
        return web.Response(text=_page(request[VIEW]), content_type="text/html")
    try:
        found = _found(request)
    except Invalid:
        return web.json_response({"problems": []})
    shown = found[offset : offset + limit] if limit else found[offset:]
    return web.json_response({"problems": [problem_json(problem) for problem in shown]})


async def component_names(request: web.Request) -> web.Response:
    """Answer ``GET /component_names.json``: the components with a report."""
    names = sorted(package.name for package in request[VIEW].packages() if package.problems)
    return web.json_response(names, headers={"Cache-Control": "max-age=86400"})


def _page(view: View) -> str:
    """Return the page of the problems: the real FAF has learned of no release since years, the sandbox's of none to come."""
    known = [release for release in view.releases if release.id_prefix == "FEDORA" and release.state == "current"]
    releases = (f'<option value="{number}">{release.long_name}</option>' for number, release in enumerate(known, 1))
    types = (f'<option value="{kind}">{kind}</option>' for kind in TYPES)
    return PAGE.format(releases="".join(releases), types="".join(types))


def wants_json(accept: str) -> bool:
    """Whether an ``Accept`` header prefers JSON to HTML."""
    weights: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = (word.strip() for word in part.split(";"))
        quality = [word.removeprefix("q=") for word in parameters if word.startswith("q=")]
        weights[kind] = float(quality[0]) if quality and quality[0].replace(".", "", 1).isdecimal() else 1.0

    def weight(kind: str) -> float:
        family = kind.split("/")[0] + "/*"
        return next((weights[known] for known in (kind, family, "*/*") if known in weights), 0.0)

    return weight("application/json") > weight("text/html")


def _found(request: web.Request) -> list[Problem]:
    """Return the problems that match a request, the most frequent in its date range first.  Raises `Invalid`."""
    view: View = request[VIEW]
    counted = _counted(request.query.get("daterange", ""), view)
    kinds = request.query.getall("type", [])
    if not set(kinds) <= set(TYPES):
        raise Invalid(str(kinds))
    names = [name.strip() for name in request.query.get("component_names", "").split(",") if name.strip()]
    packages = [view.package(name) for name in names] if names else view.packages()
    found = [
        (counted(problem), problem)
        for package in packages
        for problem in (package.problems if package else ())
        if not kinds or problem.type in kinds
    ]
    ordered = sorted((row for row in found if row[0]), key=lambda row: (-row[0], row[1].problem_id))
    return [problem for _, problem in ordered]


def _counted(text: str, view: View) -> Callable[[Problem], int]:
    """Return the function that counts a problem's crashes in a range of days.  Raises `Invalid`."""
    timestamp = datetime.now(UTC) if view.timestamp == float("inf") else datetime.fromtimestamp(view.timestamp, UTC)
    first, last = timestamp.date() - timedelta(days=14), timestamp.date()
    parts = text.split(":")
    if len(parts) == 2:
        try:
            first, last = date.fromisoformat(parts[0]), date.fromisoformat(parts[1])
        except ValueError as error:
            raise Invalid(text) from error
    span = (last - first).days

    def begin(day: int) -> date:
        """Return the first day of the period of a day."""
        found = date(1970, 1, 1) + timedelta(days=day)
        if span < BY_DAYS:
            return found
        return found - timedelta(days=found.weekday()) if span < BY_WEEKS else found.replace(day=1)

    return lambda problem: sum(count for day, count in problem.days if first <= begin(day) <= last)


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as the list has it."""
    bugs = [f"https://bugzilla.redhat.com/show_bug.cgi?id={number}" for number in problem.bugs]
    return {
        "id": problem.problem_id,
        "components": [problem.component],
        "crash_function": problem.function,
        "bugs": bugs,
        "status": problem.status,
        "type": problem.type,
        "reports": [
            {
                "id": report.report_id,
                "bugs": bugs,
                "component": problem.component,
                "count": report.count,
                "first_occurrence": utc(report.days[0][0] * DAY, "%Y-%m-%dT%H:%M:%S"),
                "last_occurrence": utc(report.days[-1][0] * DAY, "%Y-%m-%dT%H:%M:%S"),
                "problem_id": problem.problem_id,
                "comments": [
                    {
                        "saved": utc(report.days[-1][0] * DAY, "%Y-%m-%dT%H:%M:%S"),
                        "text": f"I only started {problem.component}.",
                    }
                ],
            }
            for report in problem.reports
        ],
    }
