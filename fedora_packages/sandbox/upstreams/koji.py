"""The stand-in of Koji's hub: XML-RPC calls answered from a `View`.

Faults come with HTTP 200, a missing package ID means no filter, times are strings, ``*_ts`` floats.

Source: koji 1.35.3, ``kojihub/kojihub.py``, ``kojihub/kojixmlrpc.py``, ``kojihub/db.py`` (``QueryProcessor``).
"""

import asyncio
import inspect
import math
import re
import traceback
import xmlrpc.client
from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers.expat import ExpatError

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import NOTES, VIEW, Sandboxed
from fedora_packages.sandbox.upstreams.koji_history import history
from fedora_packages.sandbox.upstreams.koji_rows import (
    BUILD_COLUMNS,
    GENERIC_ERROR,
    OTHER_ERROR,
    build_row,
    listed_row,
    owner_json,
    package_id,
    paged,
    seconds,
    source_url,
    tag_row,
    tagged_row,
    types_of,
    user_id,
    user_name,
)
from fedora_packages.sandbox.upstreams.koji_xmlrpc import dump_fault, dumps
from fedora_packages.sandbox.world.ids import FIRST_PACKAGE
from fedora_packages.sandbox.world.models import STATES, Build, Package
from fedora_packages.sandbox.world.releases import Tag
from fedora_packages.sandbox.world.world import View

PARAMETER_ERROR = 1019

#: The names of the call of many calls.
MULTICALLS = ("multiCall", "system.multicall")

#: The hub's types of build.
BUILD_TYPES = ("rpm", "maven", "win", "image", "module")

#: The maximum bytes of a request (``MaxRequestLength``).
REQUEST_LIMIT = 4 << 20

#: The place of the package among the arguments of ``listTagged``.
PACKAGE_ARGUMENT = 5

#: The number of packages that are generated before the other upstreams answer again.
PACKAGES_AT_ONCE = 50

HEADERS = {"Koji-Version": "1.35.3"}


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return the hub's routes."""
    return [web.route("*", "/kojihub", answer), web.route("*", "/kojihub/{rest:.*}", answer)]


async def answer(request: web.Request) -> web.Response:
    """Answer a call."""
    if request.method != "POST":
        text = "Method Not Allowed\nThis is an XML-RPC server. Only POST requests are accepted.\n"
        return web.Response(status=405, text=text, headers={"Allow": "POST", **HEADERS})
    data = await request.read()
    if len(data) > REQUEST_LIMIT:
        return web.Response(status=400, text="Bad Request\nRequest too long\n", headers=HEADERS)
    try:
        params, method = xmlrpc.client.loads(data, use_builtin_types=True)
    except (ExpatError, xmlrpc.client.Error, ValueError, LookupError, TypeError, AssertionError):
        return web.Response(status=400, text="Bad Request\nInvalid request\n", headers=HEADERS)
    if not method:
        return web.Response(status=400, text="Bad Request\nno method\n", headers=HEADERS)
    if _lists_a_whole_tag(method, params):
        await _generate_tags(request[VIEW])
    hub = Hub(request[VIEW])
    request[NOTES].extend(_words(method, params))
    try:
        body = dumps(hub.call(method, params))
    except xmlrpc.client.Fault as fault:
        body = dump_fault(fault)
    return web.Response(body=body, content_type="text/xml", headers=HEADERS)


def _lists_a_whole_tag(method: str, params: Any) -> bool:
    """Whether a request asks for the builds of all packages of a tag."""
    if method in MULTICALLS and params and isinstance(params[0], list):
        calls = [call for call in params[0] if isinstance(call, dict)]
        return any(_lists_a_whole_tag(str(call.get("methodName")), call.get("params")) for call in calls)
    if method != "listTagged" or not isinstance(params, list | tuple):
        return False
    positional, named = _arguments(params)
    return not named.get("package") and not any(positional[PACKAGE_ARGUMENT : PACKAGE_ARGUMENT + 1])


def _arguments(params: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments of a call; the last positional one can be a struct of named ones."""
    positional = list(params)
    if not positional or not isinstance(positional[-1], dict) or not positional[-1].get("__starstar"):
        return positional, {}
    return positional[:-1], {key: value for key, value in positional[-1].items() if key != "__starstar"}


async def _generate_tags(view: View) -> None:
    """Generate the tags of all packages, so that the other upstreams answer meanwhile; of all of Fedora it takes long, once."""
    for number, name in enumerate(view.world.names, 1):
        view.with_tags(name)
        if number % PACKAGES_AT_ONCE == 0:
            await asyncio.sleep(0)


def _words(method: str, params: Any) -> list[str]:
    """Return the calls of a request for the log of requests: ``listBuilds guake``."""
    if method in MULTICALLS and params and isinstance(params[0], list):
        calls = [call for call in params[0][:100] if isinstance(call, dict)]
        return [_word(str(call.get("methodName")), call.get("params")) for call in calls]
    return [_word(method, params)]


def _word(method: str, params: Any) -> str:
    params = params if isinstance(params, list | tuple) else []
    named = params[-1] if params and isinstance(params[-1], dict) else {}
    first = next((word for word in params if isinstance(word, str)), "")
    about = named.get("packageID") or named.get("package") or first
    return f"{method} {about}".strip()[:200]


class Hub:
    """The calls of the hub, each a method of its name with an underscore before it."""

    def __init__(self, view: View):
        self.view = view
        self.tags = view.world.tags

    def call(self, method: str, params: Any) -> Any:
        """Return the result of a call.  Raises `xmlrpc.client.Fault`."""
        function = Hub._multicall if method in MULTICALLS else CALLS.get(method)
        if function is None:
            _wrong(f"Invalid method: {method}")
        positional, named = _arguments(params)
        try:
            inspect.signature(function).bind(self, *positional, **named)
        except TypeError as error:
            raise xmlrpc.client.Fault(PARAMETER_ERROR, f"{method}: {error}") from error
        try:
            return function(self, *positional, **named)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise xmlrpc.client.Fault(OTHER_ERROR, f"{type(error)}: {error}") from error

    def _multicall(self, calls: Any) -> list[Any]:
        """Return the result of each call in a list, or its fault; another iterable has calls too, none of which is valid."""
        results: list[Any] = []
        for call in calls:
            try:
                results.append([self.call(call["methodName"], call["params"])])
            except xmlrpc.client.Fault as fault:
                results.append(_fault_struct(fault.faultCode, fault.faultString, fault))
            except (TypeError, KeyError, AttributeError) as error:
                results.append(_fault_struct(OTHER_ERROR, ", ".join(map(str, error.args)), error))
        return results

    def _getAPIVersion(self) -> int:
        return 1

    def _getKojiVersion(self) -> str:
        return HEADERS["Koji-Version"]

    def _find(self, info: Any) -> Package | None:
        """Return a package by name, by id, or by a struct with one of them."""
        if isinstance(info, dict) and ("id" in info or "name" in info):
            info = info.get("id", info.get("name"))
        if not isinstance(info, str | int):
            raise xmlrpc.client.Fault(PARAMETER_ERROR, f"Invalid name or id value: {info}")
        if isinstance(info, str):
            return self.view.package(info)
        names = self.view.world.names
        place = info - FIRST_PACKAGE
        return self.view.package(names[place]) if 0 <= place < len(names) else None

    def _getPackageID(self, name: str, strict: bool = False) -> int | None:
        package = self.view.package(name) if isinstance(name, str) else None
        if package is None and strict:
            _wrong(f"No such package name: {name}")
        return None if package is None else package_id(package.number)

    def _getPackage(self, info: Any, strict: bool = False, create: bool = False) -> dict[str, Any] | None:
        package = self._find(info)
        if package is None:
            return _wrong(f"No such entry in table package: {info}") if strict else None
        return {"id": package_id(package.number), "name": package.name}

    def _builds(self, package: Any) -> list[tuple[Package, Build]]:
        """Return the builds of a package, or without one, of all packages."""
        if package is None:
            return [(found, build) for found in self.view.packages() for build in found.builds]
        found = self._find(package)
        return [(found, build) for build in found.builds] if found else []

    def _listBuilds(
        self,
        packageID: Any = None,
        userID: Any = None,
        taskID: int | None = None,
        prefix: str | None = None,
        state: int | None = None,
        volumeID: int | None = None,
        source: str | None = None,
        createdBefore: Any = None,
        createdAfter: Any = None,
        completeBefore: Any = None,
        completeAfter: Any = None,
        type: str | None = None,
        typeInfo: Any = None,
        queryOpts: Mapping[str, Any] | None = None,
        pattern: str | None = None,
        cgID: Any = None,
        draft: bool | None = None,
        promotedBefore: Any = None,
        promotedAfter: Any = None,
        promoter: Any = None,
    ) -> Any:
        if state is not None and (isinstance(state, bool) or not isinstance(state, int)):
            raise TypeError("%i format: a real number is required, not " + state.__class__.__name__)
        if type is not None and type not in BUILD_TYPES:
            _wrong(f"unsupported build type: {type}")
        owner = None if userID is None else user_name(self.view, userID)
        if (userID is not None and owner is None) or (packageID is not None and self._find(packageID) is None):
            # The hub returns before its query, so that even a count of these is an empty list.
            return []
        if cgID is not None or volumeID not in (None, 0):
            return paged([], queryOpts, BUILD_COLUMNS)
        before, after = seconds(createdBefore), seconds(createdAfter)
        done_before, done_after = seconds(completeBefore), seconds(completeAfter)
        promoted_before, promoted_after = seconds(promotedBefore), seconds(promotedAfter)
        promoted_by = None if promoter is None else user_name(self.view, promoter)
        rows = [
            build_row(self.view, package, build)
            for package, build in self._builds(packageID)
            if (state is None or STATES[build.state] == state)
            and (owner is None or build.owner == owner)
            and (taskID is None or build.task_id == taskID or taskID == -1)
            and (prefix is None or package.name.lower().startswith(prefix.lower()))
            and (pattern is None or _like(build.nvr, pattern))
            and (source is None or _like(source_url(build), source))
            and (before is None or build.started < before)
            and (after is None or build.started > after)
            and (done_before is None or (build.finished is not None and build.finished < done_before))
            and (done_after is None or (build.finished is not None and build.finished > done_after))
            and (promoted_before is None or (build.promoted is not None and build.promoted < promoted_before))
            and (promoted_after is None or (build.promoted is not None and build.promoted > promoted_after))
            and (promoter is None or (promoted_by is not None and build.promoter == promoted_by))
            and (type is None or type in types_of(build))
            and (draft is None or build.draft is bool(draft))
        ]
        return paged(rows, queryOpts, BUILD_COLUMNS)

    def _getBuild(self, buildInfo: Any, strict: bool = False) -> dict[str, Any] | None:
        if not isinstance(buildInfo, int | str | dict):
            _wrong(f"Invalid type for argument: {type(buildInfo)!r}")
        if isinstance(buildInfo, int):
            build = self.view.find_build(buildInfo)
        else:
            build = self.view.find_nvr("-".join(_name_version_release(buildInfo)))
        if build is None:
            return _wrong(f"No such build: {buildInfo!r}") if strict else None
        package = self.view.package(build.name)
        assert package is not None, "a build that was found has a package"
        return {"id": build.build_id, **build_row(self.view, package, build), "cg_id": None, "cg_name": None}

    def _getUser(
        self, userInfo: Any = None, strict: bool = False, krb_princs: bool = True, groups: bool = False
    ) -> Any:
        if userInfo is None:
            _wrong("No user provided")
        name = user_name(self.view, userInfo)
        if name is None:
            return _wrong(f"No such user: {userInfo!r}") if strict else None
        row = {"id": user_id(name), "name": name, "status": 0, "usertype": 0}
        if krb_princs:
            row["krb_principals"] = [f"{name}@FEDORAPROJECT.ORG"]
        return row | ({"groups": []} if groups else {})

    def _tag(self, info: Any) -> Tag | None:
        if isinstance(info, dict):
            info = info.get("name", info.get("id"))
        if isinstance(info, bool) or not isinstance(info, str | int):
            raise xmlrpc.client.Fault(GENERIC_ERROR, f"Invalid type for tag lookup: {type(info).__name__}")
        if isinstance(info, str):
            return self.tags.get(info)
        return next((tag for tag in self.tags.values() if tag.tag_id == info), None)

    def _getTag(self, tagInfo: Any, strict: bool = False, event: Any = None, blocked: bool = False) -> Any:
        tag = self._tag(tagInfo)
        if tag is None:
            return _wrong(f"No such tagInfo: {tagInfo!r}") if strict else None
        return tag_row(tag) | {"extra": {}}

    def _listTagged(
        self,
        tag: Any,
        event: Any = None,
        inherit: bool = False,
        prefix: str | None = None,
        latest: Any = False,
        package: str | None = None,
        owner: str | None = None,
        type: str | None = None,
        strict: bool = True,
        extra: bool = False,
        draft: bool | None = None,
    ) -> list[dict[str, Any]]:
        found = self._tag(tag)
        if found is None:
            return _wrong(f"No such tagInfo: {tag!r}") if strict else []
        if type is not None and type not in BUILD_TYPES:
            _wrong(f"unsupported build type: {type}")
        view = self._at(event)
        if package is not None:
            known = view.package(package)
            packages = [known] if known else []
        else:
            packages = [known for known in map(view.with_tags, view.world.names) if known]
        rows: list[dict[str, Any]] = []
        for known in packages:
            if prefix and not known.name.lower().startswith(prefix.lower()):
                continue
            builds = view.tagged(known, found.name, bool(inherit))
            builds = [
                (where, build)
                for where, build in builds
                if (owner is None or build.owner == owner)
                and (type is None or type in types_of(build))
                and (draft is None or build.draft is bool(draft))
            ]
            for where, build in builds[: int(latest)] if latest else builds:
                rows.append(tagged_row(view, known, build, self.tags[where], bool(extra)))
        return rows

    def _at(self, event: Any) -> View:
        """Return the view at the time of an event."""
        if event is None:
            return self.view
        found = self.view.world.events.numbered(event)
        return self.view.world.at(min(found.time if found else float("-inf"), self.view.timestamp))

    def _getLastEvent(self, before: Any = None) -> dict[str, Any]:
        """Return the last event, before a timestamp if one is given."""
        if isinstance(before, bool) or not isinstance(before, int | float | None):
            _wrong(f"Invalid type for before: {type(before)}")
        limit = self.view.timestamp if before is None else min(math.nextafter(before, -math.inf), self.view.timestamp)
        event = self.view.world.events.last(limit)
        return {"id": event.number, "ts": float(event.time)}

    def _queryHistory(self, tables: Any = None, **options: Any) -> dict[str, Any]:
        """Return what events created and revoked."""
        return history(self.view, tables, options, self._find, self._tag)

    def _listPackages(
        self,
        tagID: Any = None,
        userID: Any = None,
        pkgID: Any = None,
        prefix: str | None = None,
        inherited: bool = False,
        with_dups: bool = False,
        event: Any = None,
        queryOpts: Mapping[str, Any] | None = None,
        with_owners: bool = True,
        with_blocked: bool = True,
    ) -> Any:
        if tagID is None and userID is None and pkgID is None:
            rows: list[dict[str, Any]] = [
                {"package_id": package_id(number), "package_name": name}
                for number, name in enumerate(self.view.world.names)
                if not prefix or name.lower().startswith(prefix.lower())
            ]
            return paged(rows, queryOpts, ("package_id", "package_name"))
        tags = list(self.tags.values())
        if tagID is not None:
            tag = self._tag(tagID) or _wrong(f"No such entry in table tag: {tagID}")
            tags = [self.tags[name] for name in (self.view.inherited(tag.name) if inherited else [tag.name])]
        owner = None if userID is None else user_name(self.view, userID) or _wrong(f"No such user: {userID!r}")
        if pkgID is not None:
            names = [(self._find(pkgID) or _wrong(f"No such entry in table package: {pkgID}")).name]
        else:
            names = self.view.world.names
        rows = []
        for name in names:
            listing = self.view.listing(name)
            if (
                listing is None
                or (prefix and not name.lower().startswith(prefix.lower()))
                or (owner is not None and listing.owner != owner)
            ):
                continue
            listed = [tag for tag in tags if tag.name in listing.tags]
            for tag in listed if with_dups or tagID is None else listed[:1]:
                if with_blocked or tag.name not in listing.blocked:
                    rows.append(
                        listed_row(package_id(self.view.world.catalog.numbers[name]), name, listing, tag, with_owners)
                    )
        # The hub cuts these rows itself and not in its database: they are never lists.
        return paged(rows, {**(queryOpts or {}), "asList": False})

    def _listTags(
        self,
        build: Any = None,
        package: Any = None,
        perms: bool = True,
        queryOpts: Mapping[str, Any] | None = None,
        pattern: str | None = None,
    ) -> Any:
        if build is not None and package is not None:
            _wrong("only one of build and package may be specified")
        rows = [tag_row(tag) for tag in self.tags.values() if pattern is None or _like(tag.name, pattern)]
        if package is not None:
            known = self._find(package) or _wrong(f"No such package: {package}")
            listing = self.view.listing(known.name)
            rows = [
                row | {"blocked": row["name"] in listing.blocked, "extra_arches": None, **owner_json(listing.owner)}
                for row in rows
                if row["name"] in listing.tags
            ]
        elif build is not None:
            found = self._getBuild(build) or _wrong(f"No such build: {build}")
            known = self.view.package(found["name"])
            rows = [row for row in rows if known and found["build_id"] in known.tags.get(row["name"], ())]
        return paged(rows, queryOpts)


#: The hub's calls by name.
CALLS: Mapping[str, Callable[..., Any]] = {
    name.removeprefix("_"): getattr(Hub, name)
    for name in (
        "_getAPIVersion", "_getKojiVersion", "_getPackageID", "_getPackage", "_listBuilds", "_getBuild", "_getUser", "_getTag",
        "_listTagged", "_listPackages", "_listTags", "_getLastEvent", "_queryHistory",
    )
}  # fmt: skip


def _fault_struct(code: int, text: str, error: Exception) -> dict[str, Any]:
    """Return the fault in place of a result of multiCall.  The hub's own faults are none of XML-RPC, so all have tracebacks."""
    return {"faultCode": code, "faultString": text, "traceback": traceback.format_exception(error)}


def _wrong(message: str) -> Any:
    raise xmlrpc.client.Fault(GENERIC_ERROR, message)


def _name_version_release(info: str | Mapping[str, Any]) -> tuple[str, str, str]:
    """Return name, version and release of a string, whose name can have an epoch before it, or of a struct."""
    if isinstance(info, str):
        name, *rest = info.rsplit("-", 2)
        if len(rest) < 2 or not all(rest):
            _wrong(f"invalid format: {info}")
        return name.partition(":")[2] if ":" in name else name, rest[0], rest[1]
    if not {"name", "version", "release"} <= set(info):
        _wrong("did not provide name, version, and release")
    return str(info["name"]), str(info["version"]), str(info["release"])


def _like(text: str, pattern: str) -> bool:
    """Whether a string matches a glob pattern of ``*`` and ``?``, in any case."""
    parts = {"*": ".*", "?": "."}
    wanted = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(wanted, text, re.IGNORECASE | re.DOTALL) is not None
