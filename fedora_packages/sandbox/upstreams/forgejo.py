"""The stand-in of dist-git (Forgejo): repositories, branches, files, commits, and who may push, for accounts."""

import base64
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed, WrongParameter, integer, utc
from fedora_packages.sandbox.world import specs
from fedora_packages.sandbox.world.history import commit_hash
from fedora_packages.sandbox.world.models import Branch, Package

URL = "https://src.fedoraproject.org"
VERSION = "15.0.2+gitea-1.22.0"

#: Rows on a page of a list: default and maximum.
ROWS, MAX_ROWS = 30, 50

NEVER = "0001-01-01T00:00:00Z"
ISO = "%Y-%m-%dT%H:%M:%SZ"

API = "/distgit/api/v1"
REPO = f"{API}/repos/rpms/{{name}}"


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return Forgejo's routes."""
    return [
        web.get(f"{API}/version", version),
        web.get(REPO, repository),
        web.get(f"{REPO}/branches", branches),
        web.get(f"{REPO}/branches/{{branch:.+}}", branch),
        web.get(f"{REPO}/contents", contents),
        web.get(f"{REPO}/contents/{{path:.+}}", contents),
        web.get(f"{REPO}/raw/{{path:.+}}", raw),
        web.get(f"{REPO}/git/commits/{{commit}}", commit),
        web.get(f"{REPO}/collaborators", collaborators),
        web.get(f"{REPO}/teams", teams),
    ]


async def version(_request: web.Request) -> web.Response:
    """Answer ``GET /version``."""
    return web.json_response({"version": VERSION})


async def repository(request: web.Request) -> web.Response:
    """Answer ``GET /repos/rpms/NAME``."""
    package = _package(request)
    return missing() if package is None else web.json_response(repository_json(package))


async def branches(request: web.Request) -> web.Response:
    """Answer ``GET .../branches?page=&limit=``."""
    package = _package(request)
    if package is None:
        return missing()
    rows = [branch_json(package, name) for name in sorted(package.branches)]
    return _page(request, rows)


async def branch(request: web.Request) -> web.Response:
    """Answer ``GET .../branches/BRANCH``."""
    package, name = _package(request), request.match_info["branch"]
    if package is None or name not in package.branches:
        return missing(f"branch does not exist [name: {name}]")
    return web.json_response(branch_json(package, name))


async def contents(request: web.Request) -> web.Response:
    """Answer ``GET .../contents[/PATH]?ref=``: a list for the root, an object for a file."""
    found = _branch(request)
    if found is None:
        return missing("object does not exist", message="GetContentsOrList")
    name, head = found
    path = request.match_info.get("path")
    if path is None:
        return web.json_response([_entry(head, name, file) for file in sorted(specs.files(head))])
    if path not in specs.files(head):
        error = f"object does not exist [id: , rel_path: {path}]"
        return missing(error, message="GetContentsOrList")
    text = specs.files(head)[path].encode()
    return web.json_response(
        {**_entry(head, name, path), "encoding": "base64", "content": base64.b64encode(text).decode()}
    )


async def raw(request: web.Request) -> web.Response:
    """Answer ``GET .../raw/PATH?ref=``: the bytes of a file."""
    found, path = _branch(request), request.match_info["path"]
    text = specs.files(found[1]).get(path) if found else None
    if text is None:
        return missing(f"object does not exist [id: , rel_path: {path}]")
    return web.Response(body=text.encode(), content_type="text/plain", charset="utf-8")


async def commit(request: web.Request) -> web.Response:
    """Answer ``GET .../git/commits/HASH``; only the heads of branches have one."""
    package = _package(request)
    for name, head in package.branches.items() if package else ():
        if head.commit == request.match_info["commit"]:
            return web.json_response(_commit_json(package, name))
    return missing("object does not exist [id: commit]")


async def collaborators(request: web.Request) -> web.Response:
    """Answer ``GET .../collaborators``, which takes a token."""
    if not _has_token(request):
        return _token_required()
    package = _package(request)
    if package is None:
        return missing()
    people = dict.fromkeys((package.owner, *package.admins, *package.committers))
    return _page(request, [account_json(name) for name in people])


async def teams(request: web.Request) -> web.Response:
    """Answer ``GET .../teams``, which takes a token."""
    if not _has_token(request):
        return _token_required()
    package = _package(request)
    if package is None:
        return missing()
    rows = [{"id": number, "name": name, "permission": "write"} for number, name in enumerate(package.groups, 1)]
    return web.json_response(rows)


def missing(*errors: str, message: str = "The target couldn't be found.") -> web.Response:
    """Return Forgejo's answer that there is none."""
    return web.json_response({"errors": list(errors), "message": message, "url": f"{URL}/api/swagger"}, status=404)


def _token_required() -> web.Response:
    return web.json_response({"message": "token is required", "url": f"{URL}/api/swagger"}, status=401)


def _has_token(request: web.Request) -> bool:
    return request.headers.get("Authorization", "").startswith("token ")


def _package(request: web.Request) -> Package | None:
    return request[VIEW].package(request.match_info["name"])


def _branch(request: web.Request) -> tuple[str, Branch] | None:
    """Return name and head of the branch or commit that the request names; by default Rawhide."""
    package, wanted = _package(request), request.query.get("ref") or "rawhide"
    for name, head in package.branches.items() if package else ():
        if wanted in (name, head.commit):
            return name, head
    return None


def _page(request: web.Request, rows: list[dict[str, Any]]) -> web.Response:
    try:
        page = integer("page", request.query.get("page", "1"), 1, 10**6)
        limit = min(integer("limit", request.query.get("limit", str(ROWS)), 1, 10**6), MAX_ROWS)
    except WrongParameter as error:
        return web.json_response({"message": str(error), "url": f"{URL}/api/swagger"}, status=422)
    shown = rows[(page - 1) * limit : page * limit]
    return web.json_response(shown, headers={"X-Total-Count": str(len(rows))})


def account_json(name: str) -> dict[str, Any]:
    """Return an account as Forgejo returns it."""
    return {
        "id": int(commit_hash("account", name)[:6], 16),
        "login": name,
        "login_name": "",
        "source_id": 0,
        "full_name": name.replace("-", " ").title(),
        "email": f"{name}@noreply.src.fedoraproject.org",
        "avatar_url": f"{URL}/avatars/{commit_hash('avatar', name)}",
        "html_url": f"{URL}/{name}",
        "language": "",
        "is_admin": False,
        "last_login": NEVER,
        "created": "2026-10-01T00:00:00Z",
        "restricted": False,
        "active": False,
        "prohibit_login": False,
        "location": "",
        "pronouns": "",
        "website": "",
        "description": "",
        "visibility": "public",
        "followers_count": 0,
        "following_count": 0,
        "starred_repos_count": 0,
        "username": name,
    }


def repository_json(package: Package) -> dict[str, Any]:
    """Return a repository as Forgejo returns it."""
    path = f"rpms/{package.name}"
    return {
        "id": 1000 + package.number,
        "owner": account_json("rpms"),
        "name": package.name,
        "full_name": path,
        "description": f"The {package.name} package",
        "empty": False,
        "private": False,
        "fork": False,
        "template": False,
        "parent": None,
        "mirror": False,
        "size": 180,
        "html_url": f"{URL}/{path}",
        "url": f"{URL}/api/v1/repos/{path}",
        "clone_url": f"{URL}/{path}.git",
        "default_branch": "rawhide",
        "archived": False,
        "created_at": utc(package.created, ISO),
        "updated_at": utc(package.modified, ISO),
        "archived_at": "1970-01-01T00:00:00Z",
        "permissions": {"admin": False, "push": False, "pull": True},
        "has_pull_requests": True,
        "object_format_name": "sha1",
        "repo_transfer": None,
        "topics": None,
    }


def branch_json(package: Package, name: str) -> dict[str, Any]:
    """Return a branch as Forgejo returns it."""
    head = package.branches[name]
    person = _person(package, head)
    return {
        "name": name,
        "commit": {
            "id": head.commit,
            "message": _message(head),
            "url": f"{URL}/rpms/{package.name}/commit/{head.commit}",
            "author": {**person, "username": ""},
            "committer": {**person, "username": ""},
            "verification": _unverified(),
            "timestamp": utc(head.pushed, ISO),
            "added": None,
            "removed": None,
            "modified": None,
        },
        "protected": True,
        "required_approvals": 0,
        "enable_status_check": False,
        "status_check_contexts": [],
        "user_can_push": False,
        "user_can_merge": False,
        "effective_branch_protection_name": "",
    }


def _commit_json(package: Package, name: str) -> dict[str, Any]:
    head = package.branches[name]
    person = {**_person(package, head), "date": utc(head.pushed, ISO)}
    url = f"{URL}/api/v1/repos/rpms/{package.name}/git"
    return {
        "url": f"{url}/commits/{head.commit}",
        "sha": head.commit,
        "created": utc(head.pushed, ISO),
        "html_url": f"{URL}/rpms/{package.name}/commit/{head.commit}",
        "commit": {
            "url": f"{url}/commits/{head.commit}",
            "author": person,
            "committer": person,
            "message": _message(head),
            "tree": {"url": f"{url}/trees/{head.commit}", "sha": head.commit, "created": utc(head.pushed, ISO)},
            "verification": _unverified(),
        },
        "author": None,
        "committer": None,
        "parents": [],
        "files": [{"filename": file, "status": "modified"} for file in _changed(head)],
        "stats": {"total": 4, "additions": 2, "deletions": 2},
    }


def _entry(head: Branch, branch: str, path: str) -> dict[str, Any]:
    text, repo = specs.files(head)[path].encode(), f"rpms/{head.source.name}"
    url = f"{URL}/api/v1/repos/{repo}/contents/{path}?ref={branch}"
    sha, html = commit_hash("blob", text), f"{URL}/{repo}/src/branch/{branch}/{path}"
    git = f"{URL}/api/v1/repos/{repo}/git/blobs/{sha}"
    return {
        "name": path,
        "path": path,
        "sha": sha,
        "last_commit_sha": head.commit,
        "type": "file",
        "size": len(text),
        "encoding": None,
        "content": None,
        "target": None,
        "url": url,
        "html_url": html,
        "git_url": git,
        "download_url": f"{URL}/{repo}/raw/branch/{branch}/{path}",
        "submodule_git_url": None,
        "_links": {"self": url, "git": git, "html": html},
    }


def _changed(head: Branch) -> Iterator[str]:
    yield from ("dead.package",) if head.dead is not None else (f"{head.source.name}.spec", "sources")


def _message(head: Branch) -> str:
    return f"{(head.dead or f'Update to {head.evr.version}').rstrip()}\n"


def _person(package: Package, head: Branch) -> dict[str, Any]:
    name = head.agent or package.owner
    return {"name": name.replace("-", " ").title(), "email": f"{name}@fedoraproject.org"}


def _unverified() -> dict[str, Any]:
    return {
        "verified": False, "reason": "gpg.error.not_signed_commit", "signature": "", "signer": None, "payload": "",
    }  # fmt: skip
