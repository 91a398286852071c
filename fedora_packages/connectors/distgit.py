"""dist-git: the spec file and patches of each branch, and who maintains a package.

Pagure or Forgejo serves it (see `fedora_packages.connectors.distgit_forge`); the values are the same.  A retired branch still
exists, and has no file but ``dead.package``.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.distgit_forge import Forge, Kind, Server
from fedora_packages.connectors.distgit_forgejo import Forgejo
from fedora_packages.connectors.distgit_pagure import Pagure
from fedora_packages.connectors.distgit_types import (
    MAX_REASON,
    Maintainers,
    NoPatches,
    NoSpec,
    Patch,
    Patches,
    Retired,
    Retirement,
    Spec,
)
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.query import query
from fedora_packages.connectors.types import Known, Model, NotFound, Own, Text
from fedora_packages.errors import NotPublic
from fedora_packages.messages.body import dig
from fedora_packages.messages.contents.distgit import DELETION_TOPICS, FORGEJO_TOPICS, PUSH_TOPICS, changed_paths
from fedora_packages.messages.event import Event
from fedora_packages.rpm.specfile import MAX_FILES, parse

T = TypeVar("T")

#: The readers of each software that serves dist-git.
SERVERS = {Kind.PAGURE: Pagure, Kind.FORGEJO: Forgejo}

#: Topics of messages that can change files.
CONTENT_TOPICS = (*PUSH_TOPICS, *DELETION_TOPICS, *FORGEJO_TOPICS, "git.lookaside.new")


class _Contacts(Model):
    admin: Text(256) | None = None
    fedora: Text(256) | None = None
    epel: Text(256) | None = None


def _contacts(value: Any) -> Any:
    # An older file has the owner and nothing else.
    return value if isinstance(value, dict) else {"admin": value}


class _Owners(Model):
    rpms: dict[Text(256), Annotated[_Contacts, BeforeValidator(_contacts)]]


class Software(Model):
    """The software that serves dist-git, and so has the pages that links lead to."""

    kind: Own[Known(*Kind)]


class DistgitSite(Site):
    """The web interface of dist-git.  ``kind`` returns which software serves it."""

    default = "https://src.fedoraproject.org"

    def __init__(self, url: str | None = None, kind: Callable[[], Kind] = lambda: Kind.PAGURE):
        super().__init__(url)
        self.kind = kind

    def sources(self, package: str) -> str:
        """Return the page of a source package."""
        return self.link("rpms", package)

    def source_file(self, package: str, branch: str, path: str) -> str:
        """Return the page of a file on a branch."""
        if self.kind() is Kind.FORGEJO:
            return self.link("rpms", package, "src", "branch", *branch.split("/"), *path.split("/"))
        return self.link("rpms", package, "blob", branch, "f", *path.split("/"))

    def commits(self, package: str, branch: str) -> str:
        """Return the list of the commits on a branch; of Forgejo the page of the branch, which leads to it."""
        if self.kind() is Kind.FORGEJO:
            return self.link("rpms", package, "src", "branch", *branch.split("/"))
        return self.link("rpms", package, "commits", branch)

    def commit(self, package: str, branch: str, commit: str) -> str:
        """Return the page of a commit on a branch."""
        if self.kind() is Kind.FORGEJO:
            return self.link("rpms", package, "commit", commit)
        return self.link("rpms", package, "c", commit, branch=branch)

    def maintainer(self, name: str) -> str:
        """Return the page of an account, or of a group if the name begins with ``@``."""
        if self.kind() is Kind.FORGEJO:
            return self.link("org", "rpms", "teams", name[1:]) if name.startswith("@") else self.link(name)
        return self.link("group" if name.startswith("@") else "user", name.removeprefix("@"))


class DistgitConnector(Connector):
    """Spec files, patches and maintainers, from dist-git."""

    name = "distgit"
    title = "dist-git"
    site = DistgitSite()
    authorization = "token"

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._forge = Forge(SERVERS, lambda: self._on_recovery(self.name))

    @query(version=1, subject="nothing", every=30)
    def forge(self) -> Software:
        """Return the software that serves dist-git: ``pagure`` or ``forgejo``.

        Source: ``/api/0/version`` of Pagure, ``/api/v1/version`` of Forgejo; each returns 404 for the other's.
        """
        return Software(kind=self._forge.ask(self, float("inf")))

    @query(version=4)
    def spec(self, package, release) -> Spec | NoSpec:
        """Return the spec file of a package on a branch, and what it says as far as that can be read without rpm.

        A value has at most `MAX_FILES` sources.

        Source: the head, then the files ``NAME.spec`` or else ``dead.package``.  Pagure: as for `patches`,
        ``/rpms/NAME/raw/BRANCH/f/PATH``.  Forgejo, below ``/api/v1/repos/rpms/NAME``: ``branches/BRANCH``,
        ``contents?ref=BRANCH``, ``raw/PATH?ref=BRANCH``.
        """

        def read(server: Server) -> Spec | NoSpec:
            commit = server.head(package, release)
            spec = server.file(package, release, f"{package}.spec")
            if spec is None:
                dead = server.file(package, release, "dead.package")
                return NoSpec(dead=dead and dead[:MAX_REASON].strip(), commit=commit)
            return Spec(**parse(spec)._asdict(), text=spec, size=len(spec), commit=commit)

        return self._read(read)

    @query(version=5)
    def patches(self, package, release) -> Patches | NoPatches:
        """Return the patches of a package on a branch: those that its spec file names, in its order.

        Forgejo lists the files of a branch: other patch files follow, and names that could not be expanded are left out.  A value
        has at most `MAX_FILES` patches.  The numbers of files and lines are those of a unified diff.

        Source: ``PatchN:`` lines and ``%patchlist`` of the spec; each patch is read.  The head, which is read first, is from
        ``/api/0/rpms/NAME/git/branches`` of Pagure; Forgejo as for `spec`.
        """

        def read(server: Server) -> Patches | NoPatches:
            commit = server.head(package, release)
            spec = server.file(package, release, f"{package}.spec")
            if spec is None:
                return NoPatches(commit=commit)
            facts = parse(spec)
            names = server.patch_names(package, release, facts.patches)[:MAX_FILES]
            patches = [_patch(name, server.file(package, release, name)) for name in names]
            return Patches(patches=patches, commit=commit, is_complete=facts.is_complete)

        return self._read(read)

    @spec.affected(*CONTENT_TOPICS)
    @patches.affected(*CONTENT_TOPICS)
    def affected_by_push(event):
        paths = changed_paths(event.body)
        # Patches can have any name without a leading dot, and lie beside the spec file.
        if not paths or any("/" not in path and not path.startswith(".") for path in paths):
            yield from event.source_packages

    @spec.expects
    @patches.expects
    def push_expects(event, package):
        return _pushed(event)

    @spec.reflects
    @patches.reflects
    def reflects_push(value, facts):
        return value["commit"] in (facts["commit"], None)

    # The sample needs Python 2, and is retired on all branches that have it.
    @query(version=2, follows="bodhi.releases", sample="MySQL-python")
    def retirement(self, package) -> Retirement | NotFound:
        """Return the branches of active releases on which a package is retired: why, since when and by whom.

        Source: the heads, ``dead.package`` of each, once where branches share a head, and the commits that have one: nothing is
        pushed to a branch after it was retired.  Pagure: ``/api/0/rpms/NAME/git/branches``, files as for `spec`,
        ``/api/0/rpms/NAME/c/HASH/info``.  Forgejo: ``branches``, files as for `spec`, ``git/commits/HASH``.
        """
        active = [release["branch"] for release in self.releases()]

        def read(server: Server) -> Retirement | NotFound:
            heads = server.heads(package, active)
            if heads is None:
                return NotFound()
            kept = {branch: heads[branch] for branch in active if branch in heads}
            # Branches can share a head.
            looked: dict[str, Retired | None] = {}
            for branch, head in kept.items():
                if (head or branch) not in looked:
                    looked[head or branch] = _retired(server, package, branch, head)
            retired = {branch: why for branch, head in kept.items() if (why := looked[head or branch])}
            return Retirement(heads=kept, retired=retired)

        return self._read(read)

    @retirement.affected(*PUSH_TOPICS, *DELETION_TOPICS, *FORGEJO_TOPICS)
    def retirement_affected(event):
        paths = changed_paths(event.body)
        if not paths or "dead.package" in paths:
            yield from event.source_packages

    @retirement.expects
    def retirement_expects(event, package):
        facts = _pushed(event)
        # The value is the same for all releases: the release is no variant.
        return facts and {"about": facts["about"], "branch": facts["release"], "commit": facts["commit"]}

    @retirement.reflects
    def reflects_retirement(value, facts):
        return not value["found"] or value["heads"].get(facts["branch"]) in (facts["commit"], None)

    @query(version=5, topics=("pagure.project.*",), follows="distgit.forge", every=7 * 86400)
    def maintainers(self, package) -> Maintainers | NotFound:
        """Return the maintainers of a package: account names, owner first.

        Forgejo shows them to its accounts only: without an API key there is no new value.  Its collaborators are ``committers``,
        since their list has no levels, its teams ``groups``; the owner is null.

        Source: ``/api/0/rpms/NAME`` of Pagure; ``collaborators`` and ``teams`` below ``/api/v1/repos/rpms/NAME`` of Forgejo.
        """
        return self._read(lambda server: server.maintainers(package))

    @maintainers.expects
    def maintainers_expect(event, package):
        modified = dig(event.body, "project", "date_modified")
        if event.topic == "pagure.project.deleted":
            # No value shows the time of a project that is gone.
            return None
        if not isinstance(modified, str) or not re.fullmatch("[0-9]{1,11}", modified):
            return None
        return {"about": "project", "modified": int(modified)}

    @maintainers.reflects
    def maintainers_reflect(value, facts):
        return value["found"] and (value["modified"] is None or value["modified"] >= facts["modified"])

    @spec.ignores
    @patches.ignores
    @retirement.ignores
    def without_revision(value):
        # Every push moves them, also one that changes no field that is shown.
        return {key: part for key, part in value.items() if key not in ("commit", "heads")}

    @maintainers.ignores
    def without_time(value):
        # Forgejo tells no time, and no message announces its maintainers.
        if value["found"] and value["modified"] is None:
            return None
        return {key: part for key, part in value.items() if key != "modified"}

    def owners(self) -> dict[str, str]:
        """Return the owner of every package, also of retired ones, for the search index.

        Source: ``/extras/pagure_poc.json``, which dist-git writes every hour.  The owner is that of `maintainers`: the
        ``admin``, also where a distribution (``fedora``, ``epel``) has a contact of its own.  Raises `NotPublic` if Forgejo does
        not have the file.
        """

        def read(server: Server) -> dict[str, _Contacts]:
            answer = self.get("extras", "pagure_poc.json")
            if answer.status == 404 and isinstance(server, Forgejo):
                raise NotPublic(self.name, answer.request, "HTTP 404: the owners are not listed", title=self.title)
            return self.parsed(answer, _Owners).rpms

        contacts = self._read(read)
        if not contacts:
            raise self.invalid("GET /extras/pagure_poc.json", "no package")
        owners = {name: found.admin or found.fedora or found.epel for name, found in contacts.items()}
        return {name: owner for name, owner in owners.items() if owner}

    def _read(self, read: Callable[[Server], T]) -> T:
        return self._forge.read(self, read)


def _retired(server: Server, package: str, branch: str, head: str | None) -> Retired | None:
    """Return why, when and by whom a branch was retired; None if it is not retired."""
    reason = server.file(package, branch, "dead.package", head)
    if reason is None:
        return None
    when, who = (None, None) if head is None else server.commit(package, head)
    return Retired(reason=reason[:MAX_REASON].strip(), when=when, who=who)


def _patch(name: str, patch: str | None) -> Patch:
    if patch is None:
        return Patch(name=name, found=False)
    lines = patch.splitlines()
    return Patch(
        name=name,
        found=True,
        size=len(patch),
        files=sum(line.startswith("+++ ") for line in lines),
        added=sum(line.startswith("+") and not line.startswith("+++ ") for line in lines),
        removed=sum(line.startswith("-") and not line.startswith("--- ") for line in lines),
    )


def _pushed(event: Event) -> dict[str, Any] | None:
    """Return the expected head of a branch after a push, or None if the message does not name it."""
    # A push has a git.receive for each of its commits, and only one of them is the head.
    commit, branch = event.body.get("end_commit", event.body.get("rev")), event.body.get("branch")
    if event.topic not in ("pagure.git.receive", "pagure.git.branch.creation"):
        return None
    if not isinstance(commit, str) or not isinstance(branch, str):
        return None
    release = branch[:128].removeprefix("refs/heads/")
    return {"about": f"branch {release}", "release": release, "commit": commit[:64]}
