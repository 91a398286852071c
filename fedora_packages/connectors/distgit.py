"""dist-git: the spec file and patches of each branch, and who maintains a package.

A retired branch still exists, and has no file but ``dead.package``.
"""

import json
import re
from itertools import islice
from typing import Annotated, Any

from pydantic import BeforeValidator

from fedora_packages.connectors.base import Connector
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
from fedora_packages.connectors.http import Response
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.query import query
from fedora_packages.connectors.types import Model, NotFound, Text, Timestamp
from fedora_packages.messages import text
from fedora_packages.messages.body import dig
from fedora_packages.messages.contents.distgit import PUSH_TOPICS, changed_paths
from fedora_packages.messages.event import Event
from fedora_packages.rpm.specfile import parse

#: Branches of a package.
MAX_BRANCHES = 2000

#: Bytes of the largest spec file or patch that is read; the largest in Fedora have a fifth of that.
FILE_LIMIT = 10 << 20

#: What Pagure's page has that says that a file does not exist: the title of its template, and names of its own files.
NO_FILE = re.compile(rb"Page not found \(404\)|pagure", re.IGNORECASE)

#: Topics of messages about changed files.
CONTENT_TOPICS = (*PUSH_TOPICS, "git.lookaside.new")


def _by_name(branches: Any) -> Any:
    # An older server returns the names of branches and nothing else.
    is_list = isinstance(branches, list) and all(isinstance(name, str) for name in branches)
    return dict.fromkeys(branches) if is_list else branches


class _Branches(Model):
    branches: Annotated[dict[Text(256), Text(64) | None], BeforeValidator(_by_name)]


class _Commit(Model):
    commit_time: Timestamp
    author: Text(256)


class _Contacts(Model):
    admin: Text(256) | None = None
    fedora: Text(256) | None = None
    epel: Text(256) | None = None


def _contacts(value: Any) -> Any:
    # An older file has the owner and nothing else.
    return value if isinstance(value, dict) else {"admin": value}


class _Owners(Model):
    rpms: dict[Text(256), Annotated[_Contacts, BeforeValidator(_contacts)]]


class DistgitSite(Site):
    """The web interface of dist-git (Pagure)."""

    default = "https://src.fedoraproject.org"

    def sources(self, package: str) -> str:
        """Return the page of a source package."""
        return self.link("rpms", package)

    def source_file(self, package: str, branch: str, path: str) -> str:
        """Return the page of a file on a branch."""
        return self.link("rpms", package, "blob", branch, "f", *path.split("/"))

    def commits(self, package: str, branch: str) -> str:
        """Return the list of the commits on a branch."""
        return self.link("rpms", package, "commits", branch)

    def commit(self, package: str, branch: str, commit: str) -> str:
        """Return the page of a commit on a branch."""
        return self.link("rpms", package, "c", commit, branch=branch)

    def maintainer(self, name: str) -> str:
        """Return the page of an account, or of a group if the name begins with ``@``."""
        return self.link("group" if name.startswith("@") else "user", name.removeprefix("@"))


class DistgitConnector(Connector):
    """Spec files, patches and maintainers, from dist-git (Pagure)."""

    name = "distgit"
    title = "dist-git"
    site = DistgitSite()
    authorization = "token"

    @query(version=4)
    def spec(self, package, release) -> Spec | NoSpec:
        """Return the spec file of a package on a branch, and what it says as far as that can be read without rpm.

        A value has at most `MAX_FILES` sources, and licenses of `MAX_SUBPACKAGES` binary packages.

        Source: ``/rpms/NAME/raw/BRANCH/f/NAME.spec``, then ``dead.package``; the head as for `patches`.
        """
        commit = self._head(package, release)
        spec = self._file(package, release, f"{package}.spec")
        if spec is None:
            dead = self._file(package, release, "dead.package")
            return NoSpec(dead=dead and dead[:MAX_REASON].strip(), commit=commit)
        return Spec(**parse(spec)._asdict(), text=spec, size=len(spec), commit=commit)

    @query(version=4)
    def patches(self, package, release) -> Patches | NoPatches:
        """Return the patches that the spec file of a package names on a branch, in its order.

        A value has at most `MAX_FILES` patches.  The numbers of files and lines are those of a unified diff.

        Source: ``PatchN:`` lines and ``%patchlist`` of the spec; each patch is read.  The head, which is read first, is from
        ``/api/0/rpms/NAME/git/branches``.
        """
        commit = self._head(package, release)
        spec = self._file(package, release, f"{package}.spec")
        if spec is None:
            return NoPatches(commit=commit)
        facts = parse(spec)
        patches = [self._patch(package, release, name) for name in facts.patches]
        return Patches(patches=patches, commit=commit, is_complete=facts.is_complete)

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

        Source: ``/api/0/rpms/NAME/git/branches``; ``dead.package`` of each head, once where branches share it;
        ``/api/0/rpms/NAME/c/HASH/info`` of those that have it: nothing is pushed to a branch after it was retired.
        """
        heads = self._heads(package)
        if heads is None:
            return NotFound()
        active = [release["branch"] for release in self.releases()]
        kept = {branch: heads[branch] for branch in active if branch in heads}
        # Branches can share a head.
        looked: dict[str, Retired | None] = {}
        for branch, head in kept.items():
            if (head or branch) not in looked:
                looked[head or branch] = self._retired(package, branch, head)
        retired = {branch: why for branch, head in kept.items() if (why := looked[head or branch])}
        return Retirement(heads=kept, retired=retired)

    @retirement.affected(*PUSH_TOPICS)
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

    @query(version=4, topics=("pagure.project.*",))
    def maintainers(self, package) -> Maintainers | NotFound:
        """Return the maintainers of a package: account names, owner first.

        Source: ``/api/0/rpms/NAME``.
        """
        answer = self.get("api", "0", "rpms", package)
        if answer.status == 404:
            self._check_missing(answer, "ENOPROJECT")
            return NotFound()
        return self.parsed(answer, Maintainers)

    @maintainers.expects
    def maintainers_expect(event, package):
        modified = dig(event.body, "project", "date_modified")
        if not isinstance(modified, str) or not re.fullmatch("[0-9]{1,11}", modified):
            return None
        return {"about": "project", "modified": int(modified)}

    @maintainers.reflects
    def maintainers_reflect(value, facts):
        return value["found"] and (value["modified"] is None or value["modified"] >= facts["modified"])

    @spec.ignores
    @patches.ignores
    @maintainers.ignores
    @retirement.ignores
    def without_revision(value):
        # Every push moves them, also one that changes no field that is shown.
        return {key: part for key, part in value.items() if key not in ("commit", "modified", "heads")}

    def owners(self) -> dict[str, str]:
        """Return the owner of every package, also of retired ones, for the search index.

        Source: ``/extras/pagure_poc.json``, which dist-git writes every hour.  The owner is that of `maintainers`: the
        ``admin``, also where a distribution (``fedora``, ``epel``) has a contact of its own.
        """
        answer = self.get("extras", "pagure_poc.json")
        contacts = self.parsed(answer, _Owners).rpms
        if not contacts:
            raise self.invalid(answer.request, "no package")
        owners = {name: found.admin or found.fedora or found.epel for name, found in contacts.items()}
        return {name: owner for name, owner in owners.items() if owner}

    def _head(self, package: str, branch: str) -> str | None:
        """Return the commit at the head of a branch, or None if it is unknown."""
        return (self._heads(package) or {}).get(branch)

    def _heads(self, package: str) -> dict[str, str | None] | None:
        """Return the branches of a package, each with its head (None: unknown); None for an unknown package."""
        answer = self.get("api", "0", "rpms", package, "git", "branches", params={"with_commits": "true"})
        if answer.status == 404:
            self._check_missing(answer, "ENOPROJECT")
            return None
        return dict(islice(self.parsed(answer, _Branches).branches.items(), MAX_BRANCHES))

    def _retired(self, package: str, branch: str, head: str | None) -> Retired | None:
        """Return why, when and by whom a branch was retired; None if it is not retired."""
        reason = self._file(package, head or branch, "dead.package")
        if reason is None:
            return None
        retired = Retired(reason=reason[:MAX_REASON].strip())
        if head is not None:
            answer = self.get("api", "0", "rpms", package, "c", head, "info")
            if answer.status == 404:
                self._check_missing(answer)
            else:
                commit = self.parsed(answer, _Commit)
                retired.when, retired.who = commit.commit_time, commit.author
        return retired

    def _check_missing(self, answer: Response, code: str | None = None) -> None:
        """Raise `InvalidResponse` for a 404 that is not Pagure's own: a proxy without a route returns 404 too."""
        try:
            found = dig(json.loads(answer.body), "error_code")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, str) or code not in (found, None):
            expected, kind = code or "an error code", answer.content_type or "no content type"
            raise self.invalid(answer.request, f"HTTP 404: expected {expected} as error_code, got {kind}", answer.body)

    def _file(self, package: str, branch: str, path: str) -> str | None:
        """Return the content of a file at a branch or commit, cleaned, or None if it does not exist."""
        answer = self.get("rpms", package, "raw", branch, "f", path, accept="*/*")
        kind, size = answer.content_type or "no content type", len(answer.body)
        if answer.status == 404 and NO_FILE.search(answer.body):
            return None
        if answer.status != 200 or kind.startswith(("text/html", "application/json")):
            reason = f"HTTP {answer.status}: expected a file, got {kind}"
        elif not answer.body or b"\0" in answer.body:
            # For an empty file Pagure returns 404, and no text file has a NUL.
            reason = "a binary file" if answer.body else "an empty file"
        elif size > FILE_LIMIT:
            reason = f"a file of {size} bytes"
        else:
            # Pagure guesses the encoding, at times wrongly.  Pages lose nothing that they could show.
            return text.lines(answer.body.decode("utf-8", "replace"))
        raise self.invalid(answer.request, reason, answer.body)

    def _patch(self, package: str, branch: str, name: str) -> Patch:
        patch = self._file(package, branch, name)
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
