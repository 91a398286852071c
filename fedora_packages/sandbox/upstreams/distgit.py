"""The stand-in of dist-git: Pagure with projects, branches, raw files and the hourly files about all packages, or Forgejo.

The world says which of the two serves it.  The other one's addresses are then missing, in the words of the one that is there.
"""

import mimetypes
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams import forgejo
from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed
from fedora_packages.sandbox.world import specs
from fedora_packages.sandbox.world.models import Listing, Package

NO_PROJECT = {"error": "Project not found", "error_code": "ENOPROJECT"}
NO_COMMIT = {"error": "Commit not found", "error_code": "ENOCOMMIT"}
NOT_FOUND_PAGE = "<!DOCTYPE html>\n<html><body><h1>Page not found (404)</h1></body></html>\n"


Handler = Callable[[web.Request], Awaitable[web.Response]]


def routes(sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return dist-git's routes."""
    pagure = [
        web.get("/distgit/api/0/version", version),
        web.get("/distgit/api/0/rpms/{name}", project),
        web.get("/distgit/api/0/rpms/{name}/git/branches", branches),
        web.get("/distgit/api/0/rpms/{name}/c/{commit}/info", commit),
        web.get("/distgit/rpms/{name}/raw/{branch}/f/{path:.+}", raw),
        web.get("/distgit/extras/pagure_poc.json", points_of_contact),
        web.get("/distgit/extras/pagure_owner_alias.json", owner_aliases),
    ]
    return [
        web.get(route.path, _served_by(software, route.handler))
        for software, found in (("pagure", pagure), ("forgejo", forgejo.routes(sandbox)))
        for route in found
    ]


def _served_by(software: str, handler: Handler) -> Handler:
    """Return the handler of an address that one software has: 404 if dist-git is the other one, or neither."""

    async def answer(request: web.Request) -> web.Response:
        current = request[VIEW].world.software["distgit"]
        if current == software:
            return await handler(request)
        if current == "forgejo":
            return forgejo.missing()
        # Without either, all is missing in Pagure's own words: the hardest case for those who tell a fact from a failure.
        if request.path.startswith("/distgit/api/0/rpms/"):
            return web.json_response(NO_PROJECT, status=404)
        return web.Response(status=404, text=NOT_FOUND_PAGE, content_type="text/html")

    return answer


async def version(_request: web.Request) -> web.Response:
    """Answer ``GET /api/0/version``."""
    return web.json_response({"version": "0.31"})


async def project(request: web.Request) -> web.Response:
    """Answer ``GET /api/0/rpms/NAME``."""
    package = request[VIEW].package(request.match_info["name"])
    if package is None:
        return web.json_response(NO_PROJECT, status=404)
    return web.json_response(project_json(package))


async def branches(request: web.Request) -> web.Response:
    """Answer ``GET /api/0/rpms/NAME/git/branches``."""
    package = request[VIEW].package(request.match_info["name"])
    if package is None:
        return web.json_response(NO_PROJECT, status=404)
    heads = {name: branch.commit for name, branch in sorted(package.branches.items())}
    with_commits = request.query.get("with_commits", "").lower() in ("true", "1")
    return web.json_response(
        {"total_branches": len(heads), "branches": heads if with_commits else list(heads), "default": "rawhide"}
    )


async def commit(request: web.Request) -> web.Response:
    """Answer ``GET /api/0/rpms/NAME/c/HASH/info``; only the heads of branches have one."""
    package = request[VIEW].package(request.match_info["name"])
    if package is None:
        return web.json_response(NO_PROJECT, status=404)
    for branch in package.branches.values():
        if branch.commit == request.match_info["commit"]:
            said = branch.dead or f"Update to {branch.evr.version}"
            author = person_json(branch.agent or package.owner)["fullname"]
            return web.json_response(
                {
                    "author": author,
                    "commit_time": branch.pushed,
                    "commit_time_offset": 0,
                    "committer": author,
                    "hash": branch.commit,
                    "message": f"{said.rstrip()}\n",
                    "parent_ids": [],
                    "tree_id": branch.commit[::-1],
                }
            )
    return web.json_response(NO_COMMIT, status=404)


async def raw(request: web.Request) -> web.Response:
    """Answer ``GET /rpms/NAME/raw/BRANCH/f/PATH``; BRANCH can be the hash of its head.  An empty file is a 404 too."""
    package: Package | None = request[VIEW].package(request.match_info["name"])
    wanted, path = request.match_info["branch"], request.match_info["path"]
    text = None
    for name, branch in package.branches.items() if package else ():
        if wanted in (name, branch.commit):
            text = specs.files(branch).get(path)
            break
    if not text:
        return web.Response(status=404, text=NOT_FOUND_PAGE, content_type="text/html")
    kind = mimetypes.guess_type(path)[0]
    return web.Response(text=text, content_type=kind if kind and kind.startswith("text/") else "text/plain")


async def points_of_contact(request: web.Request) -> web.Response:
    """Answer ``GET /extras/pagure_poc.json``: the owner of every package."""
    found = {name: listing.owner for name, listing in _all(request)}
    return web.json_response(
        {
            "rpms": {name: {"fedora": owner, "epel": owner, "admin": owner} for name, owner in found.items()},
            "container": {},
        }
    )


async def owner_aliases(request: web.Request) -> web.Response:
    """Answer ``GET /extras/pagure_owner_alias.json``: all maintainers of every package."""
    return web.json_response({"rpms": {name: list(listing.maintainers) for name, listing in _all(request)}})


def _all(request: web.Request) -> list[tuple[str, Listing]]:
    view = request[VIEW]
    return [(name, listing) for name in sorted(view.world.names) if (listing := view.listing(name))]


def person_json(name: str) -> dict[str, Any]:
    """Return a user as Pagure returns it."""
    return {
        "name": name,
        "fullname": name.replace("-", " ").title(),
        "url_path": f"user/{name}",
        "full_url": f"https://src.fedoraproject.org/user/{name}",
    }


def project_json(package: Package) -> dict[str, Any]:
    """Return a project as Pagure returns it."""
    path = f"rpms/{package.name}"
    return {
        "access_groups": {"admin": [], "collaborator": [], "commit": list(package.groups), "ticket": []},
        "access_users": {
            "admin": list(package.admins),
            "collaborator": [],
            "commit": list(package.committers),
            "owner": [package.owner],
            "ticket": [],
        },
        "close_status": [],
        "custom_keys": [],
        "date_created": str(package.created),
        "date_modified": str(package.modified),
        "description": f"The {package.name} package",
        "full_url": f"https://src.fedoraproject.org/{path}",
        "fullname": path,
        "id": 1000 + package.number,
        "milestones": {},
        "name": package.name,
        "namespace": "rpms",
        "parent": None,
        "priorities": {},
        "tags": [],
        "url_path": path,
        "user": person_json(package.owner),
    }
