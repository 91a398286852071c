"""The stand-in of Anitya (release-monitoring.org): upstream projects and the Fedora packages mapped to them.

Source: anitya 2.3.0, ``api.py``, ``api_v2.py`` (``PackagesResource``, ``VersionsResource``).
"""

import asyncio
import re
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed, WrongParameter, html_not_found, utc
from fedora_packages.sandbox.world import ids
from fedora_packages.sandbox.world.models import Package, Project
from fedora_packages.sandbox.world.world import View

ITEMS_DEFAULT, ITEMS_LIMIT = 25, 250

#: The number of projects that are read before the other upstreams answer again.
PROJECTS_AT_ONCE = 200


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return Anitya's routes.  Those of version 2 end in a slash; it is optional in version 1."""
    return [
        web.get("/anitya/api/project/{distro}/{name:.+}", project),
        web.get("/anitya/api/v2/packages/", packages),
        web.get("/anitya/api/v2/versions/", versions),
        web.route("*", "/anitya/{rest:.*}", html_not_found),
    ]


async def project(request: web.Request) -> web.Response:
    """Answer ``GET /api/project/DISTRO/NAME``.  Only the package's name is case-sensitive."""
    distro, name = request.match_info["distro"], request.match_info["name"].removesuffix("/")
    package = request[VIEW].package(name) if distro.lower() == "fedora" else None
    found = mapped(package)
    if found is None:
        said = f'No package "{name}" found in distro "{distro}"'
        return web.json_response({"output": "notok", "error": said}, status=404)
    return web.json_response({**project_json(found), "packages": [{"package_name": name, "distro": "Fedora"}]})


async def packages(request: web.Request) -> web.Response:
    """Answer ``GET /api/v2/packages/``."""
    view: View = request[VIEW]
    try:
        page = _number(request, "page", 1, 10**18)
        size = _number(request, "items_per_page", ITEMS_DEFAULT, ITEMS_LIMIT)
    except WrongParameter as error:
        return web.json_response({"message": {error.name: str(error)}}, status=400)
    wanted = request.query.get("name", "").lower()
    names = [name for name in view.world.names if not wanted or name.lower() == wanted]
    is_fedora = request.query.get("distribution", "").lower() in ("", "fedora")
    found = await _mapped_names(view, names) if is_fedora else []
    return web.json_response(
        {
            "items": [_item(view, name) for name in found[(page - 1) * size : page * size]],
            "page": page,
            "items_per_page": size,
            "total_items": len(found),
        }
    )


async def _mapped_names(view: View, names: list[str]) -> list[str]:
    """Return those of some packages that are mapped to a project, by name."""
    found = []
    for number, name in enumerate(sorted(names), 1):
        project = view.project(name)
        if project is not None and project.is_mapped:
            found.append(name)
        if number % PROJECTS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


async def versions(request: web.Request) -> web.Response:
    """Answer ``GET /api/v2/versions/``."""
    view: View = request[VIEW]
    try:
        place = _number(request, "project_id", 0, 10**18, lowest=-(10**18)) - ids.FIRST_PROJECT
    except WrongParameter as error:
        return web.json_response({"message": {error.name: str(error)}}, status=400)
    package = view.package(view.world.names[place]) if 0 <= place < len(view.world.names) else None
    if package is None or package.project is None:
        return web.json_response({"output": "notok", "error": "No such project"}, status=404)
    found = package.project
    return web.json_response(
        {
            "latest_version": found.latest,
            "versions": list(found.versions),
            "stable_versions": list(found.stable),
            "latest_version_created_on": utc(found.updated, "%Y-%m-%dT%H:%M:%S"),
        }
    )


def mapped(package: Package | None) -> Project | None:
    """Return the project of a package that is mapped to one."""
    return package.project if package and package.project and package.project.is_mapped else None


def project_json(found: Project) -> dict[str, Any]:
    """Return a project as Anitya returns and publishes it."""
    return {
        "id": found.project_id,
        "name": found.name,
        "homepage": found.homepage,
        "regex": None,
        "backend": found.backend,
        "version_url": f"{found.name}/{found.name}",
        "version": found.latest,
        "versions": list(found.versions),
        "stable_versions": list(found.stable),
        "created_on": float(found.created),
        "updated_on": float(found.updated),
        "ecosystem": "pypi" if found.backend == "PyPI" else found.homepage,
    }


def _item(view: View, name: str) -> dict[str, Any]:
    found = view.project(name)
    assert found is not None, "only packages that are mapped are listed"
    shown = project_json(found)
    return {
        "distribution": "Fedora",
        "name": name,
        "project": found.name,
        "ecosystem": shown["ecosystem"],
        "version": shown["version"],
        "stable_version": next(iter(found.stable), None),
    }


def _number(request: web.Request, name: str, default: int, highest: int, lowest: int = 1) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
        raise WrongParameter(name, "Not a valid integer.")
    number = int(text)
    if number < lowest:
        raise WrongParameter(name, f"Value must be greater than or equal to {lowest}.")
    if number > highest:
        raise WrongParameter(name, f"Value must be less than or equal to {highest}.")
    return number
