"""The messages that upstreams publish: a topic, without Fedora's prefix and environment, and a body.

Pure functions from a change to (topic, body), in the shape of recorded messages.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fedora_packages.sandbox.upstreams.anitya import project_json as project_of
from fedora_packages.sandbox.upstreams.base import utc
from fedora_packages.sandbox.upstreams.bodhi_rows import update_json
from fedora_packages.sandbox.upstreams.distgit import person_json, project_json
from fedora_packages.sandbox.upstreams.forgejo import account_json, repository_json
from fedora_packages.sandbox.world.history import commit_hash
from fedora_packages.sandbox.world.models import STATES, Branch, Bug, Build, Comment, Package, Problem, Project, Update
from fedora_packages.sandbox.world.releases import Release, Tag
from fedora_packages.sandbox.world.world import View

Message = tuple[str, dict[str, Any]]

BASE_URL = "https://koji.fedoraproject.org"
FAF_URL = "https://retrace.fedoraproject.org/faf"

#: What the header ``Authorization`` of Forgejo's hook has; nothing may store or show it.
HOOK_CREDENTIAL = "c2FuZGJveDpub3QtZm9yLXlvdQ=="

#: Anitya is not part of Fedora; its topics have a prefix of their own.
ANITYA_PREFIX = "org.release-monitoring.dev"

#: The parts of a repository's metadata, each with a message of its own.
REPOSITORY_FILES = ("primary", "filelists", "other")


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def build_state(build: Build, old: str | None) -> Message:
    """Return the message of a new build (``old`` is None), or of a new state."""
    return "buildsys.build.state.change", {
        "attribute": "state",
        "build_id": build.build_id,
        "completion_time": _iso(build.finished),
        "creation_time": _iso(build.started),
        "epoch": build.evr.epoch or None,
        "instance": "primary",
        "name": build.name,
        "new": STATES[build.state],
        "old": None if old is None else STATES[old],
        "owner": build.owner,
        "release": build.evr.release,
        "request": [
            f"git+https://src.fedoraproject.org/rpms/{build.name}.git#{build.commit}",
            build.branch if build.branch in ("rawhide", "eln") else f"{build.branch}-candidate",
            {},
        ],
        "task_id": build.task_id,
        "version": build.evr.version,
    }


def tagging(build: Build, tag: Tag, user: str, untag: bool = False) -> Message:
    """Return the message of a tagged or untagged build."""
    return f"buildsys.{'untag' if untag else 'tag'}", {
        "base_url": BASE_URL,
        "build_id": build.build_id,
        "instance": "primary",
        "name": build.name,
        "owner": build.owner,
        "release": build.evr.release,
        "tag": tag.name,
        "tag_id": tag.tag_id,
        "user": user,
        "version": build.evr.version,
    }


def package_list(package: Package, tag: str, action: str) -> Message:
    """Return the message of a package added to a tag's list (``add``), or blocked in it (``block``)."""
    return "buildsys.package.list.change", {
        "action": action,
        "block": action == "block",
        "extra_arches": "",
        "force": True,
        "instance": "primary",
        "owner": package.owner,
        "package": package.name,
        "tag": tag,
        "update": False,
    }


def update_message(topic: str, view: View, package: Package, update: Update, agent: str) -> Message:
    """Return a message of an update; ``topic`` is the part after ``bodhi.update.``."""
    return f"bodhi.update.{topic}", {"update": update_json(view, package, update), "agent": agent}


def update_edited(view: View, package: Package, update: Update, new_bugs: Iterable[int], agent: str) -> Message:
    """Return the message of an edited update, whose builds stay."""
    topic, body = update_message("edit", view, package, update, agent)
    return topic, {**body, "new_bugs": sorted(new_bugs), "new_builds": [], "removed_builds": []}


def errata(before: Mapping[str, Any], package: Package) -> Message:
    """Return the message of a mail about an update, which has the update as it was before the end of its push."""
    subject = f"[SECURITY] {before['title']}" if before["type"] == "security" else before["title"]
    body = f"{before['release']['long_name']} Update Notification\n{before['alias']}\nName: {package.name}\n{before['notes']}"
    return "bodhi.errata.publish", {"subject": subject, "body": body, "update": before}


def requirements_met(before: Mapping[str, Any]) -> Message:
    """Return the message of an update that can be pushed to stable, as it was then."""
    return "bodhi.update.requirements_met.stable", {"update": before}


def update_builds_complete(view: View, package: Package, update: Update, agent: str) -> Message:
    """Return the message of a new update, whose builds are ready for testing."""
    builds = [build for build in map(view.find_build, update.builds) if build]
    return "bodhi.update.status.testing.koji-build-group.build.complete", {
        "contact": {
            "name": "Bodhi", "team": "Fedora CI", "docs": "https://docs.fedoraproject.org/en-US/ci/",
            "email": "admin@fp.o", "url": "https://bodhi.fedoraproject.org", "irc": "#fedora-ci",
        },
        "artifact": {
            "type": "koji-build-group",
            "id": f"{update.alias}-{commit_hash(update.alias, update.builds)}",
            "repository": f"https://bodhi.fedoraproject.org/updates/{update.alias}",
            "builds": [
                {
                    "type": "koji-build", "id": build.build_id, "task_id": build.task_id, "issuer": build.owner,
                    "component": build.name, "nvr": build.nvr, "scratch": False,
                }
                for build in builds
            ],
            "release": update.release.lower(),
        },
        "update": update_json(view, package, update),
        "generated_at": utc(time.time(), "%Y-%m-%dT%H:%M:%SZ"),
        "version": "0.2.2",
        "agent": agent,
        "re-trigger": False,
    }  # fmt: skip


def update_comment(view: View, package: Package, update: Update, comment: Comment) -> Message:
    """Return the message of a comment on an update."""
    return "bodhi.update.comment", {
        "comment": {
            "karma": comment.karma,
            "text": comment.text,
            "timestamp": utc(comment.time),
            "update": update_json(view, package, update),
            "user": {"name": comment.user},
        },
        "agent": comment.user,
    }


def bug_message(bug: Bug, changes: Iterable[Mapping[str, str]] | None, user: str) -> Message:
    """Return the message of a new bug (``changes`` is None), or of a changed one."""
    now = float(int(time.time()))
    person = {"login": user, "id": 150_000, "real_name": user.partition("@")[0].title()}
    action = "create" if changes is None else "modify"
    event: dict[str, Any] = {
        "target": "bug",
        "change_set": f"{bug.bug_id}.{now:.0f}.41171",
        "routing_key": f"bug.{action}",
        "bug_id": bug.bug_id,
        "user": person,
        "time": now,
        "action": action,
        "who": user,
        "changes": [{**change, "field_name": change["field"]} for change in changes or ()],
    }
    body = {
        "bug": _announced_bug(bug, person),
        "event": event,
        "headers": {
            "esbMessageType": "bugzillaNotification",
            "esbSourceSystem": "bugzilla",
            "timestamp": f"{now * 1000:.0f}",
            "destination": f"/topic/VirtualTopic.eng.bugzilla.bug.{action}",
        },
        "agent_name": None,
        "usernames": [],
    }
    return f"bugzilla.bug.{'new' if changes is None else 'update'}", body


def _announced_bug(bug: Bug, person: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bug as the relay writes it: some fields are strings, version and status have ids."""
    return {
        "alias": list(bug.alias),
        "assigned_to": bug.assigned_to,
        "cc": [],
        "classification": "Fedora",
        "component": bug.component,
        "creation_time": float(bug.created),
        "creator": bug.creator,
        "flags": [],
        "id": bug.bug_id,
        "is_private": False,
        "keywords": [{"id": 1 + number, "name": word} for number, word in enumerate(bug.keywords)],
        "last_change_time": float(bug.changed),
        "op_sys": "Unspecified",
        "operating_system": "Unspecified",
        "platform": "Unspecified",
        "priority": bug.priority,
        "product": bug.product,
        "qa_contact": {"login": "extras-qa@fedoraproject.org", "id": 171387, "real_name": "Fedora Extras Quality Assurance"},
        "reporter": dict(person) | {"login": bug.creator},
        "resolution": bug.resolution,
        "severity": bug.severity,
        "status": {"id": 1, "name": bug.status},
        "summary": bug.summary,
        "target_milestone": None,
        "url": "",
        "version": {"id": 495, "name": bug.version},
        "weburl": f"https://bugzilla.redhat.com/show_bug.cgi?id={bug.bug_id}",
        "whiteboard": "",
        **dict.fromkeys(
            (
                "cf_atomic", "cf_category", "cf_clone_of", "cf_cloudforms_team", "cf_crm", "cf_doc_type",
                "cf_documentation_action", "cf_environment", "cf_fixed_in", "cf_mount_type", "cf_ovirt_team",
                "cf_regression_status", "cf_release_notes", "cf_story_points", "cf_type",
            ),
            "",
        ),
        "cf_last_closed": None if bug.is_open else float(bug.changed),
    }  # fmt: skip


def push(
    package: Package, name: str, before: Branch | None, files: Mapping[str, str], summary: str, agent: str
) -> list[Message]:
    """Yield the two messages of a commit pushed to branch ``name``; ``files`` maps paths to ``A``, ``M`` or ``D``."""
    after = package.branches[name]
    person = person_json(agent)
    received = {
        "agent": agent,
        "authors": [person],
        "branch": name,
        "changed_files": dict(files),
        "end_commit": after.commit,
        "forced": False,
        "old_commit": before.commit if before else "0" * 40,
        "pull_request_id": None,
        "repo": project_json(package),
        "start_commit": after.commit,
        "total_commits": 1,
    }
    lines = {path: {"additions": 3, "deletions": 1 if kind == "M" else 0, "lines": 4} for path, kind in files.items()}
    commit = {
        "name": person["fullname"],
        "email": f"{agent}@fedoraproject.org",
        "username": agent,
        "summary": summary,
        "message": f"{summary}\n",
        "rev": after.commit,
        "path": f"/srv/git/repositories/rpms/{package.name}.git",
        "branch": name,
        "repo": package.name,
        "namespace": "rpms",
        "seen": False,
        "stats": {
            "files": lines,
            "total": {"additions": 3 * len(lines), "deletions": 1, "files": len(lines), "lines": 4 * len(lines)},
        },
    }
    url = f"https://src.fedoraproject.org/rpms/{package.name}/c/{after.commit}?branch={name}"
    return [
        ("git.receive", {"agent": agent, "commit": commit, "url": url}),
        ("pagure.git.receive", received),
    ]


def forgejo_push(
    package: Package, name: str, before: Branch | None, files: Mapping[str, str], summary: str, agent: str
) -> Message:
    """Return the message of a commit that Forgejo got; ``files`` maps paths to ``A``, ``M`` or ``D``."""
    after = package.branches[name]
    repository = repository_json(package)
    person = {"name": agent.replace("-", " ").title(), "email": f"{agent}@fedoraproject.org", "username": agent}
    kinds = {"added": "A", "removed": "D", "modified": "M"}
    pushed = {
        "id": after.commit,
        "message": f"{summary}\n",
        "url": f"{repository['html_url']}/commit/{after.commit}",
        "author": person,
        "committer": person,
        "verification": None,
        "timestamp": utc(after.pushed, "%Y-%m-%dT%H:%M:%SZ"),
        **{word: [path for path, kind in files.items() if kind == letter] for word, letter in kinds.items()},
    }
    old = before.commit if before else "0" * 40
    return _of_forgejo(
        "push",
        agent,
        {
            "ref": f"refs/heads/{name}",
            "before": old,
            "after": after.commit,
            "compare_url": f"{repository['html_url']}/compare/{old}...{after.commit}",
            "commits": [pushed],
            "total_commits": 1,
            "head_commit": pushed,
            "repository": repository,
            "pusher": account_json(agent),
        },
    )


def forgejo_branch(package: Package, name: str, agent: str) -> Message:
    """Return the message of a new branch in Forgejo."""
    fields = {"sha": package.branches[name].commit, "ref": name, "ref_type": "branch"}
    return _of_forgejo("create", agent, {**fields, "repository": repository_json(package)})


def _of_forgejo(event: str, agent: str, payload: Mapping[str, Any]) -> Message:
    """Return a message of Forgejo's hook.  It has the headers of the hook's request, credentials among them."""
    headers = {
        "user-agent": "Go-http-client/1.1",
        "content-type": "application/json",
        "authorization": f"Basic {HOOK_CREDENTIAL}",
        "x-forgejo-event": event,
        "x-forgejo-event-type": event,
        "x-hub-signature-256": f"sha256={commit_hash(event, agent)}",
        "host": "webhook.fedoraproject.org",
    }
    return f"forgejo.{event}", {"body": {**payload, "sender": account_json(agent)}, "headers": headers, "agent": agent}


def lookaside(package: Package, file: str, agent: str) -> Message:
    """Return the message of an uploaded tarball."""
    path = f"{package.name}/{file}/sha512/{commit_hash(file)}/{file}"
    return "git.lookaside.new", {
        "agent": agent, "filename": file, "md5sum": commit_hash(file)[:32], "name": package.name, "path": path,
    }  # fmt: skip


def branch_made(package: Package, name: str, agent: str) -> Message:
    """Return the message of a new branch."""
    return "pagure.git.branch.creation", {
        "agent": agent,
        "branch": name,
        "repo": project_json(package),
        "rev": package.branches[name].commit,
    }


def project_new(package: Package, agent: str) -> Message:
    """Return the message of a new package in dist-git."""
    return "pagure.project.new", {"agent": agent, "project": project_json(package)}


def user_added(package: Package, user: str, access: str, agent: str) -> Message:
    """Return the message of a user who got access to a package."""
    return "pagure.project.user.added", {
        "access": access,
        "agent": agent,
        "new_user": user,
        "new_access": access,
        "project": project_json(package),
    }


def repository(name: str, part: str, packages: Iterable[str]) -> Message:
    """Return the message of a renewed part of a repository's metadata; ``packages`` are changed binaries and capabilities."""
    path = f"fedora/linux/development/{name}/x86_64/os/repodata"
    return "mdapi.repo.update", {
        "name": name,
        "packages": list(packages),
        "url": f"{path}/{commit_hash(name, part, time.time())}-{part}.sqlite.xz",
    }


def synced(name: str, release: Release) -> Message:
    """Return the message that a repository of a release is on the mirror: of Bodhi's sync, or of a compose of all of it."""
    if name == release.branch and release.id_prefix == "FEDORA":
        return composed(release)
    is_fedora = release.id_prefix == "FEDORA"
    repo = ("updates" if is_fedora else "epel") + ("-testing" if name.endswith("-testing") else "")
    return f"bodhi.updates.{'fedora' if is_fedora else 'epel'}.sync", {
        "repo": repo, "release": release.version, "bytes": "1.5 GiB", "raw_bytes": "1610612736", "deleted": "40",
    }  # fmt: skip


def composed(release: Release) -> Message:
    """Return the message of pungi that a nightly compose of a release has ended."""
    version = "Rawhide" if release.branch == "rawhide" else release.version
    date = time.strftime("%Y%m%d", time.gmtime())
    identity = f"Fedora-{version}-{date}.n.0"
    return "pungi.compose.status.change", {
        "status": "FINISHED_INCOMPLETE", "compose_id": identity, "compose_date": date, "compose_type": "nightly",
        "compose_respin": 0, "compose_label": None, "compose_path": f"/mnt/koji/compose/{release.branch}/{identity}",
        "location": f"https://kojipkgs.fedoraproject.org/compose/{release.branch}/{identity}/compose",
        "release_short": "Fedora", "release_name": "Fedora", "release_version": version, "release_type": "ga",
        "release_is_layered": False,
    }  # fmt: skip


def crashes(before: Problem, after: Problem) -> Iterator[Message]:
    """Yield the messages of a problem that was reported again: for each power of ten, of its reports and then of itself."""
    known = {report.report_id: report.count for report in before.reports}
    first = date(1970, 1, 1) + timedelta(days=after.days[0][0])
    body = {
        "components": [after.component], "first_occurrence": first.isoformat(), "function": after.function, "type": after.type,
        "problem_id": after.problem_id,
    }  # fmt: skip
    for report in after.reports:
        for level in _levels(known.get(report.report_id, 0), report.count):
            url = f"{FAF_URL}/reports/{report.report_id}/"
            fields = {"count": report.count, "level": level, "report_id": report.report_id, "url": url}
            yield f"faf.report.threshold{level}", {**body, **fields}
    for level in _levels(before.count, after.count):
        fields = {"count": after.count, "level": level, "url": f"{FAF_URL}/problems/{after.problem_id}/"}
        yield f"faf.problem.threshold{level}", {**body, **fields}


def _levels(before: int, after: int) -> list[int]:
    return [10**power for power in range(7) if before < 10**power <= after]


def versions_found(package: Package, before: Project, after: Project, found: list[str]) -> list[Message]:
    """Return the two messages of new upstream versions."""
    project = project_of(after)
    fields = {
        "agent": "anitya",
        "old_version": before.latest or "",
        "packages": [{"distro": "Fedora", "package_name": package.name}],
        "project": project,
        "versions": list(after.versions),
    }
    newest = after.latest
    return [
        _of_anitya("version.update", project, {**fields, "upstream_version": newest, "odd_change": False}),
        _of_anitya(
            "version.update.v2", project, {**fields, "upstream_versions": found, "stable_versions": list(after.stable)}
        ),
    ]


def version_removed(before: Project, version: str, agent: str) -> Message:
    """Return the message of a removed version, which has its prefix, with the project as it was before."""
    fields = {"agent": agent, "project": before.name, "versions": [f"{before.prefix}{version}"]}
    return _of_anitya("version.remove.v2", project_of(before), fields)


def versions_removed(before: Project, agent: str) -> Message:
    """Return the message of all versions removed, which have no prefix; the project has no latest version any more."""
    fields = {"agent": agent, "project": before.name, "versions": list(before.found)}
    return _of_anitya("version.remove.v2", {**project_of(before), "version": None}, fields)


def project_edited(after: Project, changes: Mapping[str, Any], agent: str) -> Message:
    """Return the message of an edited project, whose latest version is still the one before."""
    fields = {"agent": agent, "project": after.name, "fields": list(changes), "changes": changes}
    return _of_anitya("edit", project_of(after), fields)


def mapped(package: Package, agent: str) -> Message:
    """Return the message of a package mapped to an upstream project."""
    assert package.project is not None, "it was mapped to one"
    fields = {"agent": agent, "project": package.project.name, "distro": "Fedora", "new": package.name}
    return _of_anitya("map.new", project_of(package.project), fields, {"name": "Fedora"})


def unmapped(before: Project, agent: str) -> Message:
    """Return the message of a project that lost a package; it does not name the package."""
    return _of_anitya("map.remove", project_of(before), {"agent": agent, "project": before.name, "distro": "Fedora"})


def _of_anitya(topic: str, project: Mapping[str, Any], message: Mapping[str, Any], distro: Any = None) -> Message:
    return f"{ANITYA_PREFIX}.anitya.project.{topic}", {"project": project, "distro": distro, "message": message}
