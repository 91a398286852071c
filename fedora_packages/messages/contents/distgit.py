"""dist-git's messages: pushes, branches, uploaded sources, projects and their maintainers.

dist-git's own hook publishes one message for each commit (``git.receive``), Pagure one for each pushed branch
(``pagure.git.receive``).  Long ago the package and the branch were in the topic only.

Forgejo's hook publishes its requests one level deeper, below ``body``, beside their ``headers``, which have credentials.  Any
account can make such a hook and send what it likes.  So of these messages only the package and the branch are believed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.messages.body import dig, strings
from fedora_packages.messages.contents.base import MAX_TEXT, Links, Part, Sentence, account, by, integer, line

#: The topics about a push and about a new branch, and of both: all that announce another head of a branch.
COMMIT_TOPICS = ("pagure.git.receive", "git.receive", "git.receive.*")
BRANCH_TOPICS = ("pagure.git.branch.creation", "git.branch", "git.branch.*")
PUSH_TOPICS = (*COMMIT_TOPICS, *BRANCH_TOPICS)

#: The topics about what is gone: a branch, a project.
DELETION_TOPICS = ("pagure.git.branch.deletion", "pagure.project.deleted")

#: The topics of Forgejo about what changes a repository; about others, such as issues, nothing changes.
FORGEJO_TOPICS = ("forgejo.push", "forgejo.create", "forgejo.delete", "forgejo.repository")

#: The hosts of dist-git, of production and staging: other servers have the same topics, and can have a namespace ``rpms``.
HOSTS = ("src.fedoraproject.org", "src.stg.fedoraproject.org")


def push_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the package of a push."""
    if topic == "pagure.git.receive":
        yield _package(body.get("repo"))
    elif topic != "git.receive":
        yield topic.removeprefix("git.receive.").rpartition(".")[0]
    elif dig(body, "commit", "namespace") in ("rpms", None):
        yield dig(body, "commit", "repo")


def branch_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the package of a new or deleted branch."""
    if topic.startswith("pagure."):
        yield _package(body.get("repo"))
    else:
        yield body.get("name") if topic == "git.branch" else topic.removeprefix("git.branch.").rpartition(".")[0]


def forgejo_believed(topic: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``{"package", "branch"}`` of a message of Forgejo about dist-git, the branch only of one about a branch; else {}."""
    event, repository = dig(body, "body"), dig(body, "body", "repository")
    name, url = dig(repository, "name"), dig(repository, "html_url")
    is_ours = dig(repository, "owner", "login") == "rpms" and dig(repository, "fork") is False
    if topic not in FORGEJO_TOPICS or not is_ours or url not in [f"https://{host}/rpms/{name}" for host in HOSTS]:
        return {}
    ref, kind = dig(event, "ref"), dig(event, "ref_type")
    if topic == "forgejo.push":
        kind, ref = ("branch", ref.removeprefix("refs/heads/")) if str(ref).startswith("refs/heads/") else ("tag", None)
    if topic != "forgejo.repository" and (kind != "branch" or line(ref) is None):
        return {}
    return {"package": name, "branch": line(ref)}


def forgejo_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the package of a message of Forgejo, of what is believed of it."""
    yield body.get("package")


def file_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the package of an uploaded source file."""
    yield body.get("name")


def project_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the package of a project in Pagure."""
    yield _package(body.get("project"))


def pkgdb_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the package of a message of pkgdb, the database that dist-git's projects replaced."""
    yield dig(body, "package_listing", "package", "name") or body.get("package_name") or dig(body, "package", "name")


def changed_paths(body: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the paths that a push changed; None if the message has no list of them."""
    for path in (("changed_files",), ("commit", "stats", "files")):
        files = dig(body, *path)
        if isinstance(files, Mapping):
            return tuple(map(str, files))
    return None


def push_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"branch", "commit", "summary", "who", "commits", "retires"}``; ``commits`` is how many were pushed."""
    commit = dig(body, "commit")
    branch = line(body.get("branch")) or line(dig(commit, "branch"))
    is_removal = dig(body, "changed_files", "dead.package") == "D"
    return {
        "branch": branch and branch.removeprefix("refs/heads/"),
        "commit": line(body.get("end_commit")) or line(body.get("rev")) or line(dig(commit, "rev")),
        "summary": line(dig(commit, "summary"), MAX_TEXT),
        "who": account(body.get("agent")) or line(dig(commit, "username")) or line(dig(commit, "name")),
        "commits": integer(body.get("total_commits"), 1),
        "retires": True if "dead.package" in (changed_paths(body) or ()) and not is_removal else None,
    }


def push_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "mjw pushed to f45: Fix it"."""
    branch = details.get("branch")
    if branch is None:
        return "Commits were pushed"
    if "who" in details:
        start = f"{details['who']} {'retired the package on' if 'retires' in details else 'pushed to'}"
    else:
        start = "The package was retired on" if "retires" in details else "Push to"
    count, commit = details.get("commits", 1), details.get("commit")
    what = details.get("summary") or ("1 commit" if count == 1 else f"{count} commits")
    url = links.commits(package, branch) if commit is None else links.commit(package, branch, commit)
    return f"{start} {branch}: ", Part(what, url)


def branch_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "Branch epel9 was created by mjw"."""
    branch = details.get("branch")
    if branch is None:
        return "A branch was created"
    return "Branch ", Part(branch, links.commits(package, branch)), f" was created{by(details)}"


def deleted_branch_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "Branch epel9 was deleted by mjw"."""
    return f"Branch {details['branch']} was deleted{by(details)}" if "branch" in details else "A branch was deleted"


def file_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"file", "who"}``."""
    return {"file": line(body.get("filename")), "who": account(body.get("agent"))}


def file_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "guake-1.tar.gz was uploaded by mjw"."""
    return f"{details['file']} was uploaded{by(details)}" if "file" in details else "A source file was uploaded"


def project_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"account", "group", "access", "who"}``: whose access changed, and who changed it."""
    member = body.get("new_user") or body.get("removed_user") or body.get("user")
    group = body.get("new_group") or next(iter(strings(body.get("removed_groups"))), None)
    return {
        "account": account(member),
        "group": account(group),
        "access": line(body.get("access") or body.get("new_access")),
        "who": account(body.get("agent")),
    }


def project_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "ralph was given access (admin) by pingou"."""
    name = details.get("account") or (f"@{details['group']}" if "group" in details else None)
    if name is None or not topic.startswith(("pagure.project.user.", "pagure.project.group.")):
        return "The project or its maintainers changed"
    access = f" ({details['access']})" if "access" in details else ""
    verb = "was removed as a maintainer" if topic.endswith(".removed") else f"was given access{access}"
    return Part(name, links.maintainer(name)), f" {verb}{by(details)}"


def new_project_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "The package was created in dist-git by pingou"."""
    return f"The package was created in dist-git{by(details)}"


def deleted_project_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "The package was deleted from dist-git by pingou"."""
    return f"The package was deleted from dist-git{by(details)}"


def _package(project: Any) -> Any:
    """Return the package of a project in Pagure, or None: forks have the package's name, other namespaces (tests) can."""
    name = dig(project, "name")
    is_fork = dig(project, "parent") is not None or dig(project, "fullname") not in (f"rpms/{name}", None)
    return name if dig(project, "namespace") == "rpms" and not is_fork else None
