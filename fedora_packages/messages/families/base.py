"""What an entry of a package's timeline tells, in words with links: for lists of what happened, whatever shows them.

The one thing to know: an entry may be older than any fact in it (see `gist`), and then says no more than its topic does.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fedora_packages.messages.event import matches
from fedora_packages.web.links import Links

#: What a message tells, by topic, where no facts were kept; the first that fits.
TOLD = (
    ("buildsys.build.state.change", "A build changed its state"),
    ("buildsys.tag", "A build was tagged"),
    ("buildsys.untag", "A build lost a tag"),
    ("buildsys.package.list.change", "A koji tag's list of packages changed"),
    ("bodhi.update.comment", "Somebody commented on an update"),
    ("bodhi.update.karma*", "An update reached its karma"),
    ("bodhi.update.request.*", "An update was asked to move on"),
    ("bodhi.update.complete.*", "An update was pushed"),
    ("bodhi.update.eject", "An update was taken out of a push"),
    ("bodhi.*", "An update changed"),
    ("bugzilla.bug.new", "A bug was reported"),
    ("bugzilla.bug.*", "A bug changed"),
    ("mdapi.repo.update", "A repository was refreshed"),
    ("*git.lookaside.new", "New sources were uploaded"),
    ("*git.branch*", "A branch was created"),
    ("*git.receive*", "Commits were pushed"),
    ("faf.*", "A program has crashed on users' machines, more often than before"),
    ("anitya.project.version.update*", "Upstream has published a version"),
    ("anitya.project.map.*", "The mapping to an upstream project changed"),
    ("anitya.*", "The upstream project changed"),
    ("hotness.*", "The-new-hotness, which files bugs about new versions, looked at one of upstream's"),
    ("pagure.project.*", "The project or its maintainers changed"),
)

#: What became of a build, by its state.
BUILT = {
    "building": "was begun",
    "complete": "was completed",
    "failed": "failed",
    "canceled": "was cancelled",
    "deleted": "was deleted",
}

#: What happened to an update, by topic, and whether to say who did it (else it is nobody, or bodhi); the first that fits.
UPDATED = (
    ("bodhi.update.request.testing", "was submitted to testing", True),
    ("bodhi.update.request.stable", "was submitted to stable", True),
    ("bodhi.update.request.unpush", "was unpushed", True),
    ("bodhi.update.request.obsolete", "was made obsolete", True),
    ("bodhi.update.request.revoke", "had its request revoked", True),
    ("bodhi.update.complete.testing", "was pushed to testing", False),
    ("bodhi.update.complete.stable", "was pushed to stable", False),
    ("bodhi.update.karma*", "reached its karma", False),
    ("bodhi.update.requirements_met.stable", "may be pushed to stable", False),
    ("bodhi.update.status.testing.*", "has its builds ready to be tested", False),
    ("bodhi.update.edit", "was edited", True),
    ("bodhi.update.eject", "was taken out of a push", False),
    ("bodhi.errata.publish", "was announced", False),
    ("*", "changed", False),
)


@dataclass(frozen=True)
class Part:
    """A few words of a sentence, and the address they lead to, if any."""

    text: str
    address: str | None = None


def sentence(entry: Mapping[str, Any], package: str, links: Links) -> tuple[Part, ...]:
    """Return what an entry of `timeline.read` about a source package tells: the parts of a sentence without its full stop."""
    facts, topic = entry["gist"], entry["topic"]
    tell = _TELLING.get(facts.get("kind", ""))
    parts = tuple(tell(topic, facts, package, links)) if tell else ()
    return parts or (Part(told(topic)),)


def told(topic: str) -> str:
    """Return what a message of this topic tells, in words."""
    return next((words for pattern, words in TOLD if matches(topic, (pattern,))), "Something changed")


Told = Iterator[Part]


def _build(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "nvr" in facts and "state" in facts:
        yield Part("Build ")
        yield _of_build(facts, links)
        # The owner is who asked for it; it fails or completes by itself.
        yield Part(f" {BUILT.get(facts['state'], 'changed')}{_by(facts) if facts['state'] == 'building' else ''}")


def _tag(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "nvr" in facts and "tag" in facts:
        yield _of_build(facts, links)
        yield Part(f" {'lost the tag' if topic == 'buildsys.untag' else 'was tagged'} {facts['tag']}{_by(facts)}")


def _list(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "tag" in facts:
        done = {
            "add": "was added to",
            "block": "was blocked in",
            "unblock": "was unblocked in",
            "remove": "was removed from",
        }
        yield Part(
            f"The package {done.get(facts.get('action', ''), 'changed in')} koji's tag {facts['tag']}{_by(facts)}"
        )


def _update(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "alias" not in facts:
        return
    alias, release = (
        Part(facts["alias"], links.update(facts["alias"])),
        f" ({facts['release']})" if "release" in facts else "",
    )
    if topic == "bodhi.update.comment":
        yield Part(f"{facts.get('who', 'Somebody')} commented on update ")
        yield alias
        given = f" and gave it karma {facts['said']:+d}" if facts.get("said") else ""
        yield Part(f"{release}{given}")
    else:
        yield Part("Update ")
        yield alias
        done, says_who = next(found for pattern, *found in UPDATED if matches(topic, (pattern,)))
        karma = f" ({facts['karma']})" if "karma" in facts and done == "reached its karma" else ""
        yield Part(f"{release} {done}{karma}{_by(facts) if says_who else ''}")
    if "builds" in facts:
        yield Part(f": {', '.join(facts['builds'])}")


def _bug(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "id" in facts:
        yield Part("Bug ")
        yield Part(str(facts["id"]), links.bug(facts["id"]))
        status = f" and is {facts['status']}" if "status" in facts else ""
        yield Part(" was reported" if topic == "bugzilla.bug.new" else f" changed{status}")
        if "summary" in facts:
            yield Part(f": {facts['summary']}")


def _push(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    branch = facts.get("branch")
    if branch is None:
        return
    if "branch" in topic:
        yield Part("Branch ")
        yield Part(branch, links.commits(package, branch))
        yield Part(f" was created{_by(facts)}")
        return
    count = facts.get("commits", 1)
    what = facts.get("summary") or ("a commit" if count == 1 else f"{count} commits")
    address = links.commit(package, branch, facts["commit"]) if "commit" in facts else links.commits(package, branch)
    yield Part(
        f"{facts.get('who', 'Somebody')} {'retired the package' if 'retires' in facts else 'pushed'} on {branch}: "
    )
    yield Part(what, address)


def _file(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "file" in facts:
        yield Part(f"{facts['file']} was uploaded{_by(facts)}")


def _project(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    name = facts.get("account") or (f"@{facts['group']}" if "group" in facts else None)
    if topic == "pagure.project.new":
        yield Part(f"The package was created in dist-git{_by(facts)}")
    elif name and topic.startswith(("pagure.project.user.", "pagure.project.group.")):
        access = f" ({facts['access']})" if "access" in facts else ""
        yield Part(name, links.maintainer(name))
        is_removal = topic.endswith(".removed")
        done = "is no maintainer any more" if is_removal else f"was given access{access}"
        yield Part(f" {done}{_by(facts)}")


def _repository(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "repository" in facts:
        yield Part(f"The repository {facts['repository']} was refreshed")


def _upstream(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "version" in facts:
        yield Part(f"Upstream has published version {facts['version']}")


def _crash(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "count" in facts:
        times = f"{facts['count']} times" if facts["count"] > 1 else "once"
        yield Part(f"A program has crashed on users' machines, {times} so far")


def _hotness(topic: str, facts: Mapping[str, Any], package: str, links: Links) -> Told:
    if "id" in facts:
        yield Part(f"The-new-hotness {'filed' if topic == 'hotness.update.bug.file' else 'commented on'} bug ")
        yield Part(str(facts["id"]), links.bug(facts["id"]))
    elif topic == "hotness.update.drop":
        why = f" ({facts['reason']})" if "reason" in facts else ""
        yield Part(f"The-new-hotness filed no bug about a new version{why}")


_TELLING: Mapping[str, Callable[[str, Mapping[str, Any], str, Links], Told]] = {
    "build": _build,
    "tag": _tag,
    "list": _list,
    "update": _update,
    "bug": _bug,
    "push": _push,
    "file": _file,
    "project": _project,
    "repository": _repository,
    "upstream": _upstream,
    "crash": _crash,
    "hotness": _hotness,
}


def _of_build(facts: Mapping[str, Any], links: Links) -> Part:
    return Part(facts["nvr"], links.build(facts["build_id"]) if "build_id" in facts else None)


def _by(facts: Mapping[str, Any]) -> str:
    return f" by {facts['who']}" if "who" in facts else ""
