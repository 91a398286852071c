"""Koji: builds, and what is tagged for each release.

The hub is asked over XML-RPC with the standard library: koji's own client wants Kerberos headers to compile, for calls that
are made anonymously here.  A fault is an HTTP 200 like any answer.
"""

import re
import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.http import Answer
from fedora_packages.connectors.query import query
from fedora_packages.connectors.schema import count, moment, one_of, optional, record, rows, table, whole
from fedora_packages.connectors.schema import text as a_text
from fedora_packages.connectors.types import integer, items, optional_text, text
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.messages.families.koji import BUILD_STATES, koji_tag

BUILDING, DELETED = BUILD_STATES.index("building"), BUILD_STATES.index("deleted")

#: How many builds are kept for a package, newest first; koji knows thousands of some (kernel).
BUILDS_KEPT = 300

#: Tags that no release page shows: side tags, and stations on the way into a release.
PASSING_TAG = re.compile(r".*(-build-side-[0-9]+|-pending|-candidate|-override|-build|-gate)$")

#: The fault of a hub that is switched off for a while (``koji.ServerOffline``).
SERVER_OFFLINE = 1014


#: What `KojiConnector.builds` and `KojiConnector.tagged` return.
_NVR = {
    "build_id": whole(),
    "nvr": a_text(most=512),
    "version": a_text(),
    "release": a_text(),
    "epoch": optional(whole()),
    "owner": optional(a_text(), "null of some imported builds"),
}
BUILDS = record(
    total=count("builds that koji knows of"),
    builds=rows(
        record(
            **_NVR,
            state=one_of(*BUILD_STATES),
            package_id=optional(whole("koji's number of the package")),
            owner_id=optional(whole("koji's number of the owner")),
            task_id=optional(whole(), "null of imported builds"),
            creation_event=optional(whole("koji's number of the change that made it")),
            volume=optional(a_text("where koji keeps its files")),
            volume_id=optional(whole()),
            created=optional(moment()),
            started=optional(moment()),
            finished=optional(moment(), "null while it builds"),
        ),
        BUILDS_KEPT,
        "newest first",
        as_="build",
    ),
)
TAGGED = record(
    tags=table(
        optional(
            record(**_NVR, tag=a_text("the tag that it really has, which this one inherits")), "no build has the tag"
        ),
        "by koji tag: the stable and the testing tag of each active release",
    )
)


class KojiConnector(Connector):
    """Builds and tags, from the koji hub over XML-RPC."""

    name = "koji"

    @query(version=2, returns=BUILDS)
    def builds(self, package):
        """Return the newest builds of a source package, newest first.

            {"total": 412,                          # builds koji knows of
             "builds": [{"build_id": 2345678,
                         "nvr": "guake-3.9.0-1.fc38", "version": "3.9.0", "release": "1.fc38",
                         "epoch": None,             # or a whole number
                         "state": "complete",       # one of BUILD_STATES
                         "package_id": 6454,        # koji's number of the package; None if it does not say
                         "owner": "pingou",         # None for some imported builds
                         "owner_id": 131,           # koji's number of the owner; None if it does not say
                         "task_id": 98765432,       # None for imported builds
                         "creation_event": 4896507,                # koji's number of the change that made it, or None
                         "volume": "DEFAULT", "volume_id": 0,      # where koji keeps its files; None if it does not say
                         "created": 1667385600,     # UTC, seconds since 1970
                         "started": 1667385600,     # the same, but earlier for imported builds
                         "finished": None}]}        # None while it builds

        At most `BUILDS_KEPT` are listed.  A package unknown to koji has a total of 0.

        Source: ``listBuilds``.  The package is given by name: the hub takes a missing package ID for "every build there is".
        """
        asked = f"listBuilds of {package!r}"
        options = {"order": "-build_id", "limit": BUILDS_KEPT}
        total, builds = self._multicall(
            asked,
            _call("listBuilds", package, queryOpts={"countOnly": True}),
            _call("listBuilds", package, queryOpts=options),
        )
        return self.check(
            asked,
            lambda: {"total": _count(total), "builds": [_build(row) for row in items(builds)[:BUILDS_KEPT]]},
        )

    @builds.affected("buildsys.build.state.change")
    def builds_affected(event):
        # Secondary hubs publish on the same topic; their builds are not ours to show (the event then names no package).
        yield from event.source_packages

    @builds.expects
    def builds_expect(event, package):
        build_id, state = event.body.get("build_id"), event.body.get("new")
        if isinstance(build_id, int) and isinstance(state, int):
            return {"about": f"build {build_id}", "build_id": build_id, "state": state}
        return None

    @builds.reflects
    def builds_reflect(value, facts):
        build_id, announced = facts["build_id"], facts["state"]
        states = {build["build_id"]: build["state"] for build in value["builds"]}
        if build_id not in states:
            # Deleted, or too old to be kept: then there is nothing to wait for.
            return announced == DELETED or (len(states) >= BUILDS_KEPT and build_id < min(states))
        if announced == DELETED:
            return states[build_id] == "deleted"
        # A message may come late, after the build has moved on; only "still building" can be older than the message.
        return announced == BUILDING or states[build_id] != "building"

    @query(version=1, follows="bodhi.releases", returns=TAGGED)
    def tagged(self, package):
        """Return the build of a source package that each active release has, by koji tag.

            {"tags": {"f45-updates": {"build_id": 2345678, "nvr": "guake-3.9.0-1.fc45", "version": "3.9.0",
                                      "release": "1.fc45", "epoch": None, "owner": "pingou",
                                      "tag": "f45"},             # where it really is: f45-updates inherits f45
                      "f45-updates-testing": None}}              # None: no build has that tag

        The tags are the stable tag (with what it inherits) and the testing tag of every active release.  The build is the one
        tagged last, which is what the release's users get; it need not be the highest version.

        Source: ``listTagged``, one call for each tag in one request.
        """
        asked = f"listTagged of {package!r}"
        wanted = [
            (tag, inherit)
            for release in self.releases()
            for tag, inherit in ((release.stable, True), (release.testing, False))
            if tag
        ]
        answers = self._multicall(
            asked,
            *(
                # A release's tag need not exist in koji yet: not strict, it then has no builds.
                _call("listTagged", tag, package=package, latest=True, inherit=inherit, strict=False)
                for tag, inherit in wanted
            ),
        )
        return self.check(
            asked,
            lambda: {"tags": {tag: _tagged(rows, package) for (tag, _), rows in zip(wanted, answers, strict=True)}},
        )

    @tagged.affected("buildsys.tag", "buildsys.untag", "buildsys.package.list.change")
    def tagged_affected(event):
        # Secondary hubs publish on the same topics; their messages name no package.
        if not PASSING_TAG.match(koji_tag(event.body) or ""):
            yield from event.source_packages

    @tagged.affected("bodhi.update.*", "bodhi.errata.publish")
    def tagged_affected_by_updates(event):
        # Tags move before bodhi says so; this catches a tag message that was lost.
        yield from event.source_packages

    @tagged.expects
    def tagged_expect(event, package):
        build_id, tag = event.body.get("build_id"), koji_tag(event.body)
        if event.topic in ("buildsys.tag", "buildsys.untag") and isinstance(build_id, int) and tag:
            is_tagged = event.topic == "buildsys.tag"
            return {"about": f"{tag[:128]} {build_id}", "tag": tag[:128], "build_id": build_id, "is_tagged": is_tagged}
        return None

    @tagged.reflects
    def tagged_reflect(value, facts):
        shown = {build["build_id"] for build in value["tags"].values() if build and build["tag"] == facts["tag"]}
        if not facts["is_tagged"]:
            return facts["build_id"] not in shown
        # Of a tag only the build tagged last is shown: a newer one hides it.  What a tag holds that no release shows by itself is
        # hidden where the tag that inherits it has a build of its own.
        return max(shown, default=0) >= facts["build_id"] or (not shown and facts["tag"] not in value["tags"])

    def package_of(self, build_id: int) -> tuple[str, str] | None:
        """Return the source package that a build is of, and its release, which never change; None if koji has no such build.

        Source: ``getBuild``.
        """
        asked, build = self._get_build(build_id)
        if build is None:
            return None
        return self.check(asked, lambda: (text(build["package_name"], 256), text(build["release"], 256)))

    def build(self, which: int | str) -> dict[str, Any] | None:
        """Return the build of a number or an NVR, as `builds` has it, with the ``name`` of its source package, or None.

        Source: ``getBuild``.
        """
        asked, build = self._get_build(which)
        if build is None:
            return None
        return self.check(asked, lambda: {"name": text(build["package_name"], 256), **_build(build)})

    def package(self, package_id: int) -> str | None:
        """Return the name of the source package of a number; None if koji has no such package.

        Source: ``getPackage``.
        """
        asked = f"getPackage of {package_id}"
        (package,) = self._multicall(asked, _call("getPackage", package_id))
        return None if package is None else self.check(asked, lambda: text(package["name"], 256))

    def packages(self, tag: str | None = None) -> list[str]:
        """Return the names of all packages koji has (of one tag, blocked ones left out): for the search index.

        Source: ``listPackages``.  Tens of thousands of names in one answer.
        """
        asked = f"listPackages of {tag or 'the hub'}"
        options: dict[str, Any] = {"tagID": tag, "inherited": True, "with_blocked": False} if tag else {}
        (rows,) = self._multicall(asked, _call("listPackages", **options))
        return self.check(asked, lambda: sorted({text(row["package_name"], 256) for row in items(rows)}))

    def _get_build(self, which: int | str) -> tuple[str, Any]:
        """Return what koji was asked, for errors, and the build of a number or an NVR, or None."""
        asked = f"getBuild of {which}"
        (build,) = self._multicall(asked, _call("getBuild", which))
        return asked, build

    def _multicall(self, asked: str, *calls: dict[str, Any]) -> list[Any]:
        """Return the results of several calls made in one request; raises as soon as one of them is a fault."""
        if not calls:
            return []
        body = xmlrpc.client.dumps((list(calls),), "multiCall", allow_none=True).encode()
        answer = self.request(
            "POST", "", asked=asked, data=body, headers={"Content-Type": "text/xml"}, accept=self._refuse_offline
        )
        if answer.status != 200:
            raise InvalidResponse(self.name, asked, f"it answered {answer.status}")
        try:
            (results,), _ = xmlrpc.client.loads(answer.body, use_builtin_types=True)
        except xmlrpc.client.Fault as fault:
            raise self._fault(asked, fault.faultCode, fault.faultString) from fault
        # The parser's own errors for what is no XML-RPC are of many kinds, by the place where it stumbles.
        except (
            ExpatError,
            xmlrpc.client.Error,
            ValueError,
            LookupError,
            TypeError,
            AssertionError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise InvalidResponse(
                self.name, asked, f"{answer.content_type or 'something'} that is no XML-RPC", answer.body
            ) from error
        if not isinstance(results, list) or len(results) != len(calls):
            raise InvalidResponse(
                self.name, asked, f"a {type(results).__name__} that does not answer {len(calls)} calls"
            )
        return [self._result(asked, result) for result in results]

    def _result(self, asked: str, result: Any) -> Any:
        if isinstance(result, list) and len(result) == 1:
            return result[0]
        if isinstance(result, dict) and "faultCode" in result:
            raise self._fault(asked, result["faultCode"], result.get("faultString"))
        raise InvalidResponse(self.name, asked, f"a {type(result).__name__} as the result of a call")

    def _refuse_offline(self, answer: Answer, asked: str) -> None:
        """Raise `UpstreamUnavailable` if the hub is switched off, which it says with a status of 200 like any fault."""
        if b"<fault>" not in answer.body[:200]:
            return
        try:
            xmlrpc.client.loads(answer.body)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == SERVER_OFFLINE:
                raise self._fault(asked, fault.faultCode, fault.faultString) from fault
        except (ExpatError, xmlrpc.client.Error, ValueError, LookupError, TypeError):
            # What else is wrong with it is said when it is read.
            return

    def _fault(self, asked: str, code: Any, said: Any) -> UpstreamUnavailable | InvalidResponse:
        kind = UpstreamUnavailable if code == SERVER_OFFLINE else InvalidResponse
        return kind(self.name, asked, f"fault {code!r:.20}: {said!r:.200}")


def _call(method: str, *positional: Any, **named: Any) -> dict[str, Any]:
    params = [*positional, {**named, "__starstar": True}] if named else list(positional)
    return {"methodName": method, "params": params}


def _count(value: Any) -> int:
    # Of a package that it does not know the hub gives an empty list, also where a number was asked for.
    return 0 if value == [] else integer(value)


def _seconds(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"seconds were expected, not {value!r:.40}")
    return int(value)


def _state(value: Any) -> str:
    number = integer(value)
    if not 0 <= number < len(BUILD_STATES):
        raise ValueError(f"there is no build state {number}")
    return BUILD_STATES[number]


def _epoch(value: Any) -> int | None:
    return None if value is None else integer(value)


def _whole(row: Any, key: str) -> int | None:
    # Numbers that only programs ask for: an older or newer hub may not give them.
    return None if row.get(key) is None else integer(row[key])


def _build(row: Any) -> dict[str, Any]:
    started = row.get("start_ts")
    return {
        "build_id": integer(row["build_id"]),
        "nvr": text(row["nvr"], 512),
        "version": text(row["version"], 256),
        "release": text(row["release"], 256),
        "epoch": _epoch(row["epoch"]),
        "state": _state(row["state"]),
        "owner": optional_text(row["owner_name"], 256),
        "package_id": _whole(row, "package_id"),
        "owner_id": _whole(row, "owner_id"),
        "task_id": None if row["task_id"] is None else integer(row["task_id"]),
        "creation_event": _whole(row, "creation_event_id"),
        "volume": optional_text(row.get("volume_name"), 256),
        "volume_id": _whole(row, "volume_id"),
        "created": _seconds(row["creation_ts"]),
        "started": _seconds(row["creation_ts"] if started is None else started),
        "finished": _seconds(row["completion_ts"]),
    }


def _tagged(rows: Any, package: str) -> dict[str, Any] | None:
    builds = [row for row in items(rows) if row["package_name"] == package]
    if not builds:
        return None
    row = builds[0]
    return {
        "build_id": integer(row["build_id"]),
        "nvr": text(row["nvr"], 512),
        "version": text(row["version"], 256),
        "release": text(row["release"], 256),
        "epoch": _epoch(row["epoch"]),
        "owner": optional_text(row["owner_name"], 256),
        "tag": text(row["tag_name"], 256),
    }
