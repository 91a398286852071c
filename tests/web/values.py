"""A value of each query, as its docstring promises."""

from typing import Any

RELEASES = {
    "releases": [
        {
            "name": name,
            "title": title,
            "version": name.removeprefix("F"),
            "branch": branch,
            "state": "current",
            "family": "fedora",
            "dist_tag": name.lower(),
            "stable_tag": stable,
            "testing_tag": testing,
            "released_on": None if branch == "rawhide" else "2026-10-20",
            "eol": None if branch == "rawhide" else "2027-11-30",
            "min_karma": 2,
            "critpath_min_karma": 2,
            "mandatory_days_in_testing": 7,
            "critpath_mandatory_days_in_testing": 14,
        }
        for name, title, branch, stable, testing in (
            ("F46", "Fedora 46", "rawhide", "f46", None),
            ("F45", "Fedora 45", "f45", "f45-updates", "f45-updates-testing"),
        )
    ]
}


def build(number: int, state: str = "complete", **changes: Any) -> dict[str, Any]:
    """Return a build of guake."""
    return {
        "build_id": number,
        "nvr": f"guake-3.{number}-1.fc46",
        "version": f"3.{number}",
        "release": "1.fc46",
        "epoch": None,
        "state": state,
        "type": "rpm",
        "owner": "pingou",
        "package_id": 6454,
        "owner_id": 131,
        "task_id": number,
        "creation_event": 50000000 + number,
        "volume": "DEFAULT",
        "volume_id": 0,
        "created": 1763990000 + number,
        "started": 1763990000 + number,
        "finished": None if state == "building" else 1763990600 + number,
        **changes,
    }


def tagged(number: int, tag: str) -> dict[str, Any]:
    """Return a tagged build of guake."""
    return {
        **{key: build(number)[key] for key in ("build_id", "nvr", "version", "release", "epoch", "owner")},
        "tag": tag,
    }


def update(number: int, release: str = "F45", status: str = "testing", **changes: Any) -> dict[str, Any]:
    """Return an update of guake."""
    return {
        "alias": f"FEDORA-2026-{number:010x}",
        "title": f"guake-3.{number}-1.fc45",
        "release": release,
        "status": status,
        "request": "stable",
        "type": "bugfix",
        "severity": "low",
        "karma": 2,
        "critpath": False,
        "submitter": "pingou",
        "submitted": 1763990000,
        "modified": None,
        "pushed": None,
        "testing": None if status == "pending" else 1763993600,
        "stable": 1764600000 if status == "stable" else None,
        "stable_karma": 3,
        "unstable_karma": -3,
        "stable_days": 7,
        "autokarma": True,
        "autotime": True,
        "require_bugs": True,
        "require_testcases": True,
        "meets_testing_requirements": True if status in ("pending", "testing") else None,
        "gating": "passed",
        "builds": [f"guake-3.{number}-1.fc46"],
        "epochs": {},
        "bugs": [{"id": 2300000 + number, "title": "It drops down", "security": False}],
        **changes,
    }


def bug(number: int, status: str = "NEW", **changes: Any) -> dict[str, Any]:
    """Return an open bug of guake."""
    return {
        "id": number,
        "summary": f"Bug number {number}",
        "status": status,
        "severity": "medium",
        "product": "Fedora",
        "version": "45",
        "created": 1763000000,
        "changed": 1763990000,
        "security": False,
        "blocks": [],
        "keywords": [],
        "alias": [],
        **changes,
    }


def relation(
    name: str, flags: str | None = None, version: str | None = None, epoch: str | None = None
) -> dict[str, Any]:
    """Return something that is required or provided."""
    return {"name": name, "flags": flags, "epoch": epoch, "version": version, "release": None}


NO_RELATIONS: dict[str, list] = {
    kind: []
    for kind in ("requires", "provides", "recommends", "suggests", "supplements", "enhances", "obsoletes", "conflicts")
}


def problem(number: int, **changes: Any) -> dict[str, Any]:
    """Return a problem of guake."""
    return {
        "id": number,
        "function": "g_log",
        "status": "NEW",
        "type": "core",
        "count": 1234,
        "first": 1761000000,
        "last": 1763990000,
        "recent": True,
        "before": True,
        "bugs": ["https://bugzilla.redhat.com/show_bug.cgi?id=2300001"],
        **changes,
    }


#: By query.  All of them are about guake.
VALUES: dict[str, Any] = {
    "bodhi.releases": RELEASES,
    "bodhi.updates": {
        "total": 3,
        "testing": 1,
        "updates": [update(7), update(6, status="stable"), update(5, "F40", "obsolete")],
    },
    "koji.builds": {"total": 412, "builds": [build(9, "building"), build(8), build(7, "failed")]},
    "koji.tagged": {
        "tags": {
            "f46": tagged(8, "f46"),
            "f45-updates": tagged(6, "f45"),
            "f45-updates-testing": tagged(7, "f45-updates-testing"),
        }
    },
    "bugzilla.bugs": {
        "total": 3,
        "bugs": [bug(2300003, "POST"), bug(2300002, "ASSIGNED", security=True), bug(2300001)],
    },
    "bugzilla.counts": {"open": 3, "blockers": 1, "changed": 1763990000},
    "mdapi.package": {
        "found": True,
        "name": "guake",
        "source": "guake",
        "epoch": "0",
        "version": "3.8",
        "release": "1.fc46",
        "arch": "noarch",
        "summary": "Drops down",
        "description": "A terminal.\n\nAs in a game.",
        "url": "https://guake.example/",
        "repository": "release",
        "siblings": ["guake"],
        "architectures": None,
        "size": None,
        "installed_size": None,
        "built": None,
    },
    "mdapi.files": {
        "found": True,
        "total": 3,
        "repository": "release",
        "directories": [
            {"path": "/usr/bin", "files": [["guake", "file"], ["guake-toggle", "file"]]},
            {"path": "/usr/share", "files": [["guake", "directory"]]},
        ],
    },
    "mdapi.changelog": {
        "found": True,
        "repository": "release",
        "entries": [
            {
                "author": "A. Packager <packager@example.org>",
                "evr": "3.8-1",
                "date": 1763985600,
                "text": "- Update to 3.8",
            },
            {"author": "<nobody@example.org>", "evr": None, "date": 1763899200, "text": "- Begin"},
        ],
    },
    "mdapi.relations": {
        "found": True,
        **NO_RELATIONS,
        "requires": [relation("vim-common", "GE", "2.0", "1"), relation("libc.so.6(GLIBC_2.4)(64bit)")],
        "provides": [relation("guake", "EQ", "3.8", "0")],
    },
    "mdapi.required_by": {
        "found": True,
        "asked": ["guake", "python3dist(guake)"],
        "unasked": 2,
        "is_by_name_only": False,
        "is_complete": False,
        "repositories": ["release"],
        "total": 2,
        "packages": [
            {"name": "gcc-c++", "source": "gcc", "relations": [relation("guake", "GE", "3.0", "0")]},
            {"name": None, "source": "vim", "relations": [relation("python3dist(guake)")]},
        ],
        "is_cut": False,
    },
    "faf.problems": {"total": 2, "problems": [problem(400001), problem(400002, function="??", bugs=[], before=False)]},
    "distgit.forge": {"kind": "pagure"},
    "faf.tracked_releases": {
        "releases": [{"title": "Fedora 45", "branch": "f45"}, {"title": "CentOS 7", "branch": None}]
    },
    "faf.tracked_packages": {"packages": ["gcc", "guake"]},
    "anitya.versions": {
        "found": True,
        "project": {
            "id": 5311,
            "name": "guake",
            "homepage": "https://guake.example/",
            "backend": "GitHub",
            "ecosystem": "pypi",
        },
        "latest": "3.11-rc1",
        "versions": ["3.11-rc1", "3.10", "3.8", "3.7"],
        "stable": ["3.10", "3.8", "3.7"],
    },
    "distgit.spec": {
        "found": True,
        "text": "Name: guake\n%description\n<b>\n",
        "size": 30,
        "dead": None,
        "commit": "7a98",
        "summary": None,
        "description": "<b>",
        "license": None,
        "licenses": {},
        "sources": [],
        "is_autorelease": False,
        "is_autochangelog": False,
        "is_complete": True,
    },
    "distgit.patches": {
        "found": True,
        "patches": [
            {"name": "guake-tray.patch", "found": True, "size": 100, "files": 2, "added": 14, "removed": 3},
            {"name": "guake-%{x}.patch", "found": False, "size": None, "files": None, "added": None, "removed": None},
        ],
        "commit": "7a98",
        "is_complete": True,
    },
    "distgit.retirement": {"found": True, "heads": {"rawhide": "7a98f80d", "f45": "7a98f80d"}, "retired": {}},
    "mdapi.obsoleters": {"is_known": True, "packages": []},
    "distgit.maintainers": {
        "found": True,
        "owner": "pingou",
        "admins": ["ralph"],
        "committers": [],
        "collaborators": [],
        "groups": ["@gnome-sig"],
        "modified": None,
    },
}
