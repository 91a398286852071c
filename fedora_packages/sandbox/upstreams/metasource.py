"""The stand-in of MetaSource, the successor of mdapi at the same URLs, over the same repositories.

Its source of July 2025 and files stored later differ: here all repositories of a branch are searched, as in the later files, and
an unknown package is 404, as in July.  It has not been seen at work; see the contract.
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, unquote

from aiohttp import web

from fedora_packages.sandbox.upstreams import mdapi
from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed
from fedora_packages.sandbox.world.models import RELATIONS

Handler = Callable[[web.Request], Awaitable[web.Response]]

#: What Go's `net/url` leaves unquoted in a path, beside letters, digits and ``-._~``.
UNQUOTED = "$&+:=@"

#: Characters that Go's JSON encoder escapes.
ESCAPED = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&"})


def routes(sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return the routes of mdapi, at which the one or the other server answers."""
    return [web.get(route.path, _either(sandbox, route.handler)) for route in mdapi.routes(sandbox)]


def _either(sandbox: Sandboxed, classic: Handler) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await (answer if sandbox.world.software["mdapi"] == "metasource" else classic)(request)

    return handler


async def answer(request: web.Request) -> web.Response:
    """Answer a request as MetaSource does."""
    *_, branch, kind, raw_name = request.raw_path.partition("?")[0].split("/")
    name = unquote(raw_name)
    if quote(name, safe=UNQUOTED) != raw_name:
        # The router looks up what came as it came, unless Go would have quoted it in the same way.
        name = raw_name
    try:
        value = _answer(mdapi.Repositories(request[VIEW]), branch, kind, name)
    except web.HTTPException as error:
        raise type(error)(text=f"{error.status}: {error.reason}\n", headers=mdapi.HEADERS) from error
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPED) + "\n"
    return web.Response(text=text, content_type="application/json", headers=mdapi.HEADERS)


def _answer(repositories: mdapi.Repositories, branch: str, kind: str, name: str) -> Any:
    if name == "branches":
        return list(dict.fromkeys(re.sub("-updates|-testing", "", one) for one in repositories.names))
    if kind == "srcpkg":
        return described(repositories, *find_source(repositories, branch, name))
    row, part, repository = mdapi.find(repositories, branch, name)
    if kind == "pkg":
        return described(repositories, row, part, repository)
    if kind == "files":
        return {"repo": part, "files": mdapi.file_rows(row) or None}
    if kind == "changelog":
        changes = [{**change, "date": change["date"] % (1 << 64)} for change in mdapi.change_rows(row.build)]
        return {"repo": part, "changelogs": changes or None}
    rows = repositories.related(repository, kind, name)
    return [described(repositories, one, part, repository) for one in rows]


def find_source(repositories: mdapi.Repositories, branch: str, name: str) -> tuple[mdapi.Row, str, str]:
    """Return a branch's row for a source package: of the binary of its name, else of the first with a matching source rpm."""
    built = re.compile(f"{re.escape(name)}-[0-9]")
    for part, repository in repositories.of(branch):
        rows = repositories.like(repository, name)
        found = next((row for row in rows if row.name == name), None)
        found = found or next((row for row in rows if built.match(row.source_file)), None)
        if found is not None:
            return found, part, repository
    raise mdapi.missing(repositories, branch)


def described(repositories: mdapi.Repositories, row: mdapi.Row, part: str, repository: str) -> dict[str, Any]:
    """Return a row as MetaSource returns it: with its own name, and with empty strings where mdapi has null."""
    shown = mdapi.described(repositories, row, part, repository)
    relations = {kind: [{key: text or "" for key, text in item.items()} for item in shown[kind]] for kind in RELATIONS}
    texts = ("epoch", "version", "release", "repo", "arch", "summary", "description")
    return {
        **{name: shown[name] for name in texts},
        "basename": row.name,
        "url": shown["url"] or "",
        **relations,
        "co-packages": shown["co-packages"],
    }
