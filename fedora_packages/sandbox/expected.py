"""The expected state of a package, in plain terms: what pages must show, and what the command line prints.

It is read from the records of the world, not from the stand-ins' responses.
"""

from typing import Any

from fedora_packages.sandbox.upstreams.mdapi import Repositories, change_rows, changes_of
from fedora_packages.sandbox.world.models import RELATIONS, Branch, Build, Package, Project, Update
from fedora_packages.sandbox.world.rpm_dependencies import provided
from fedora_packages.sandbox.world.world import View

DAY = 86400


def expected_summary(view: View, package: Package) -> dict[str, Any]:
    """Return the newest part of a package's expected state.

    {"package": "guake", "owner": "pingou",
     "releases": {"f44": {"stable": "guake-3.10.0-4.fc44", "testing": None}},     # NVRs, by Koji's tags
     "builds": [...], "updates": [...],           # the three newest of each, as in `expected_package`
     "bugs_open": 3,
     "problems": 2, "upstream": "3.10.2",         # upstream's newest version; None without a project
     "branches": {"rawhide": {"evr", "commit", "retired", "patches"}}}
    """
    return {
        "package": package.name,
        "owner": package.owner,
        "releases": releases(view, package),
        "builds": [expected_build(build) for build in sorted(package.builds, key=lambda build: -build.build_id)[:3]],
        "updates": [_update(view, one) for one in sorted(package.updates, key=lambda one: -one.submitted)[:3]],
        "bugs_open": sum(bug.is_open and not bug.is_private for bug in package.bugs),
        "problems": len(package.problems),
        "upstream": package.project.latest if package.project and package.project.is_mapped else None,
        "branches": {name: _branch(branch) for name, branch in package.branches.items()},
    }


def expected_package(view: View, package: Package) -> dict[str, Any]:
    """Return the expected state of a package; times are UTC seconds, builds and updates newest first."""
    newest = next(
        (build.source for repository in package.published if (build := package.shown(repository))),
        next((branch.source for branch in package.branches.values()), None),
    )
    return {
        "package": package.name,
        "summary": newest.summary if newest else None,
        "description": newest.description if newest else None,
        "license": newest.license if newest else None,
        "url": newest.url if newest else None,
        "owner": package.owner,
        "admins": list(package.admins),
        "committers": list(package.committers),
        "groups": list(package.groups),
        "releases": releases(view, package),
        "repositories": {name: _repository(package, name) for name in package.published},
        "tags": {tag: [build.nvr for build in map(package.build, held) if build] for tag, held in package.tags.items() if held},
        "blocked": sorted(package.blocked),
        "branches": {name: _branch(branch) for name, branch in package.branches.items()},
        "builds": [expected_build(build) for build in sorted(package.builds, key=lambda build: -build.build_id)],
        "updates": [_update(view, one) for one in sorted(package.updates, key=lambda one: (-one.submitted, one.alias))],
        "bugs": [
            {
                "id": bug.bug_id, "summary": bug.summary, "status": bug.status, "product": bug.product, "version": bug.version,
                "open": bug.is_open, "security": bug.is_security, "blocks": list(bug.blocks), "changed": bug.changed,
                "private": bug.is_private,
            }
            for bug in package.bugs
        ],
        "problems": [
            {
                "id": problem.problem_id, "function": problem.function, "type": problem.type, "status": problem.status,
                "count": problem.count, "bugs": list(problem.bugs),
                "first": problem.days[0][0] * DAY, "last": problem.days[-1][0] * DAY,
            }
            for problem in package.problems
        ],
        "project": _project(package.project),
    }  # fmt: skip


def _project(project: Project | None) -> dict[str, Any] | None:
    if project is None or not project.is_mapped:
        return None
    return {
        "id": project.project_id, "name": project.name, "homepage": project.homepage, "backend": project.backend,
        "latest": project.latest, "versions": list(project.versions), "stable": list(project.stable),
    }  # fmt: skip


def repository_content(view: View, name: str) -> list[dict[str, Any]]:
    """Return the packages of an mdapi repository in its order, with the fields of an rpm's header, as createrepo_c reads them."""
    repositories = Repositories(view)
    return [
        {
            "name": row.name,
            "arch": row.arch,
            "epoch": row.evr.epoch,
            "version": row.evr.version,
            "release": row.evr.release,
            "summary": (row.binary or row.build.source).summary,
            "description": (row.binary or row.build.source).description,
            "url": row.url,
            "license": row.build.source.license,
            "sourcerpm": row.source_file,
            "relations": {kind: list(row.relation_texts(kind)) for kind in RELATIONS},
            "files": list(row.files),
            "changelog": [
                {"date": change.date, "author": change.author, "evr": change.evr, "text": change.text}
                for change in changes_of(row.build)
            ],
        }
        for row in repositories.rows(name)
    ]


def releases(view: View, package: Package) -> dict[str, dict[str, str | None]]:
    """Return, by branch, the NVR that Koji has tagged for a release, and the one in its testing tag."""
    found = {}
    for release in view.world.releases:
        if not release.holds_packages or release.branch not in package.branches:
            continue
        stable = view.tagged(package, release.stable_tag, inherit=True)
        testing = view.tagged(package, release.testing_tag, inherit=False)
        if stable or testing:
            found[release.branch] = {
                "stable": stable[0][1].nvr if stable else None,
                "testing": testing[0][1].nvr if testing else None,
            }
    return found


def expected_build(build: Build) -> dict[str, Any]:
    """Return a build in plain terms."""
    return {
        "id": build.build_id, "nvr": build.nvr, "epoch": build.evr.epoch, "state": build.state, "owner": build.owner,
        "release": build.branch, "started": build.started, "finished": build.finished,
    }  # fmt: skip


def _update(view: View, one: Update) -> dict[str, Any]:
    return {
        "alias": one.alias, "release": one.release, "status": one.status, "request": one.request, "type": one.type,
        "severity": one.severity, "karma": one.karma, "submitted": one.submitted, "comments": len(one.comments),
        "builds": [build.nvr for build in map(view.find_build, one.builds) if build], "bugs": list(one.bugs),
    }  # fmt: skip


def _branch(branch: Branch) -> dict[str, Any]:
    return {
        "evr": str(branch.evr), "commit": branch.commit, "retired": branch.dead, "patches": list(branch.source.patches),
    }  # fmt: skip


def _repository(package: Package, name: str) -> dict[str, Any]:
    build = package.shown(name)
    assert build is not None, "a published build exists"
    return {
        "nvr": build.nvr,
        "epoch": build.evr.epoch,
        "binaries": {
            binary.name: {
                "summary": binary.summary,
                "description": binary.description,
                "arch": binary.arch,
                "files": list(binary.all_files),
                **{kind: list(texts) for kind, texts in binary.relations.items()},
                "provides": list(provided(binary, build.evr)),
            }
            for binary in build.source.binaries
        },
        "changelog": change_rows(build),
    }
