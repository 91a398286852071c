"""dist-git: the spec file and patches of each branch, and who maintains a package.

The one thing to know: a branch that was retired is still there, with nothing but ``dead.package`` in it.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import query
from fedora_packages.connectors.schema import NULL, count, flag, found_or, moment, optional, record, rows, table
from fedora_packages.connectors.schema import text as a_text
from fedora_packages.connectors.types import integer, items, optional_text, text
from fedora_packages.errors import InvalidResponse
from fedora_packages.messages.event import Event
from fedora_packages.messages.families.distgit import PUSH_TOPICS, changed_paths
from fedora_packages.rpm.specfile import patch_names

#: Bounds of what is kept: characters of a spec file, patches of a spec, branches of a package.
SPEC_KEPT = 1 << 20
PATCHES_KEPT = 200
BRANCHES_KEPT = 2000

#: Bytes that a spec file or a patch has at most; the largest in Fedora have a fifth of that.
FILE_LIMIT = 10 << 20

#: Characters that are kept of why a branch was retired.
REASON_KEPT = 2000

#: The messages that announce other contents.
CONTENT_TOPICS = (*PUSH_TOPICS, "git.lookaside.new")


#: What the queries return.
_COMMIT = optional(a_text("the branch's head"), "null if it is not known")
SPEC = found_or(
    record(dead=optional(a_text("of a retired branch: why"), "null if it is not retired"), commit=_COMMIT),
    text=a_text("may be cut", SPEC_KEPT),
    size=count("characters of all of it"),
    dead=NULL,
    commit=_COMMIT,
)
PATCHES = found_or(
    record(commit=_COMMIT),
    patches=rows(
        record(
            name=a_text(),
            found=flag("false if there is no such file: a macro in its name could not be expanded"),
            size=optional(count("characters")),
            files=optional(count("files that it changes")),
            added=optional(count("lines")),
            removed=optional(count("lines")),
        ),
        PATCHES_KEPT,
        "in the order of the spec file",
    ),
    commit=_COMMIT,
)
_NAMES = rows(a_text())
MAINTAINERS = found_or(
    owner=optional(a_text('account name; "orphan" if nobody maintains it'), "null if it has no owner"),
    admins=_NAMES,
    committers=_NAMES,
    collaborators=_NAMES,
    groups=_NAMES,
    modified=optional(moment("when the project last changed"), "null if it is not known"),
)


RETIREMENT = found_or(
    heads=table(
        optional(a_text("commit", 64), "null if dist-git does not tell"),
        "of the branches of active releases",
    ),
    retired=table(
        record(
            reason=a_text("what dead.package says", REASON_KEPT),
            when=optional(moment(), "null if dist-git does not tell"),
            who=optional(a_text("who committed that"), "null if dist-git does not tell"),
        ),
        "by branch",
    ),
)


class DistgitConnector(Connector):
    """Spec files, patches and maintainers, from dist-git (Pagure)."""

    name = "distgit"

    @query(version=2, returns=SPEC)
    def spec(self, package, release):
        """Return the spec file of a package on a branch.

            {"found": True, "text": "Name: guake\\n...", "size": 4711,      # characters; the text may be cut at SPEC_KEPT
             "dead": None,                                                # of a retired branch: why (found is then False)
             "commit": "7a98f80d..."}                                     # the branch's head, or None where it is not known

        ``{"found": False, "dead": None, "commit": None}`` if there is no such branch.

        Source: ``/rpms/NAME/raw/BRANCH/f/NAME.spec``, then ``dead.package``; the head as for `patches`.
        """
        asked = f"spec file of {package!r} on {release}"
        commit = self._head(asked, package, release)
        spec = self._file(asked, package, release, f"{package}.spec")
        if spec is not None:
            return {"found": True, "text": spec[:SPEC_KEPT], "size": len(spec), "dead": None, "commit": commit}
        dead = self._file(f"dead.package of {package!r} on {release}", package, release, "dead.package")
        return {"found": False, "dead": None if dead is None else dead[:REASON_KEPT].strip(), "commit": commit}

    @query(version=3, returns=PATCHES)
    def patches(self, package, release):
        """Return the patches that the spec file of a package names on a branch, in its order.

            {"found": True,
             "patches": [{"name": "guake-no-tray.patch",
                          "found": True,            # False: no such file (a macro in the name could not be expanded)
                          "size": 1234,             # characters
                          "files": 2, "added": 14, "removed": 3}],      # of a unified diff; numbers of files and lines
             "commit": "7a98f80d..."}               # the branch's head, or None where it is not known

        or ``{"found": False, "commit": ...}`` if there is no spec file.  At most `PATCHES_KEPT` are listed.

        Source: ``PatchN:`` lines and ``%patchlist`` of the spec; each patch is read.  The head, which is read first, is from
        ``/api/0/rpms/NAME/git/branches``.
        """
        asked = f"spec file of {package!r} on {release}"
        commit = self._head(asked, package, release)
        spec = self._file(asked, package, release, f"{package}.spec")
        if spec is None:
            return {"found": False, "commit": commit}
        names = list(dict.fromkeys(islice(patch_names(spec), PATCHES_KEPT)))
        return {"found": True, "patches": [self._patch(package, release, name) for name in names], "commit": commit}

    @spec.affected(*CONTENT_TOPICS)
    @patches.affected(*CONTENT_TOPICS)
    def affected_by_push(event):
        paths = changed_paths(event.body)
        # Patches may be called anything, but they lie beside the spec file, and no dot begins their names.
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

    @query(version=1, follows="bodhi.releases", returns=RETIREMENT)
    def retirement(self, package):
        """Return on which branches of the active releases a package is retired, why, since when and by whom.

            {"found": True,
             "heads": {"rawhide": "7a98f80d...", "f45": "0b1c..."},      # each such branch that there is; None: head not known
             "retired": {"rawhide": {"reason": "Renamed to luanti",
                                     "when": 1667385600,                # UTC, seconds since 1970; None if dist-git does not tell
                                     "who": "Pierre-Yves Chibon"}}}      # who committed that; None if dist-git does not tell

        or ``{"found": False}`` if dist-git has no such package.

        Source: ``/api/0/rpms/NAME/git/branches``; ``dead.package`` of each head, once where branches share it;
        ``/api/0/rpms/NAME/c/HASH/info`` of those that have it: nothing is pushed to a branch after it was retired.
        """
        asked = f"branches of {package!r}"
        active = [release.branch for release in self.releases()]
        heads = self._heads(asked, package)
        if heads is None:
            return {"found": False}
        kept = {branch: heads[branch] for branch in active if branch in heads}
        looked: dict[str, dict[str, Any] | None] = {}
        for branch, head in kept.items():
            if (head or branch) not in looked:
                looked[head or branch] = self._retired(package, branch, head)
        found = {branch: looked[head or branch] for branch, head in kept.items()}
        return {"found": True, "heads": kept, "retired": {branch: why for branch, why in found.items() if why}}

    @retirement.affected(*PUSH_TOPICS)
    def retirement_affected(event):
        paths = changed_paths(event.body)
        if not paths or "dead.package" in paths:
            yield from event.source_packages

    @retirement.expects
    def retirement_expects(event, package):
        facts = _pushed(event)
        # The answer does not differ by release: what must be seen is in the one that there is.
        return facts and {"about": facts["about"], "branch": facts["release"], "commit": facts["commit"]}

    @retirement.reflects
    def reflects_retirement(value, facts):
        return not value["found"] or value["heads"].get(facts["branch"]) in (facts["commit"], None)

    @query(version=2, returns=MAINTAINERS)
    def maintainers(self, package):
        """Return who maintains a package: account names, owner first.

            {"found": True, "owner": "pingou",           # "orphan" if nobody does; None if it has no owner
             "admins": ["ralph"], "committers": [], "collaborators": [], "groups": ["@gnome-sig"],
             "modified": 1667385600}                     # UTC, seconds since 1970: when the project last changed; None: not known

        or ``{"found": False}`` if dist-git has no such package.

        Source: ``/api/0/rpms/NAME``.
        """
        asked = f"maintainers of {package!r}"
        path = f"/api/0/rpms/{quote(package, safe='')}"
        answer = self.request("GET", path, asked=asked, headers={"Accept": "application/json"})
        if answer.status == 404:
            said = self.decoded(answer, asked, status=404)
            return self.check(asked, lambda: _missing(said))
        project = self.decoded(answer, asked)
        return self.check(asked, lambda: _maintainers(project))

    @maintainers.affected("pagure.project.*")
    def affected_by_project(event):
        yield from event.source_packages

    @maintainers.expects
    def maintainers_expect(event, package):
        modified = (
            event.body["project"].get("date_modified") if isinstance(event.body.get("project"), Mapping) else None
        )
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
        # A push moves them, also one that changes nothing shown here.
        return {key: part for key, part in value.items() if key not in ("commit", "modified", "heads")}

    def owners(self) -> dict[str, str]:
        """Return the owner of every package, retired ones too: for the search index.

        Source: ``/extras/pagure_poc.json``, which dist-git writes every hour.  Owners are those of `maintainers`: its
        ``admin``, whom a contact for one distribution (``fedora``, ``epel``) does not replace.  An older shape has the owner
        and nothing else.
        """
        asked = "the owners of all packages"
        answer = self.json("/extras/pagure_poc.json", asked=asked)
        return self.check(asked, lambda: dict(_owners(answer["rpms"])))

    def _head(self, asked: str, package: str, branch: str) -> str | None:
        """Return the commit that a branch is at, or None where dist-git does not tell."""
        return (self._heads(f"the head for {asked}", package) or {}).get(branch)

    def _heads(self, asked: str, package: str) -> dict[str, str | None] | None:
        """Return the branches of a package, each with its head (None: not told); None if there is no such package."""
        path = f"/api/0/rpms/{quote(package, safe='')}/git/branches"
        answer = self.request("GET", path, asked=asked, params={"with_commits": "true"})
        if answer.status == 404:
            return None
        heads = self.decoded(answer, asked)
        return self.check(asked, lambda: _branches(heads["branches"]))

    def _retired(self, package: str, branch: str, head: str | None) -> dict[str, Any] | None:
        """Return why, when and by whom a branch was retired, or None if it is not."""
        reason = self._file(f"dead.package of {package!r} on {branch}", package, head or branch, "dead.package")
        if reason is None:
            return None
        told = {"reason": reason[:REASON_KEPT].strip(), "when": None, "who": None}
        if head is None:
            return told
        asked = f"the commit that retired {package!r} on {branch}"
        answer = self.request(
            "GET", f"/api/0/rpms/{quote(package, safe='')}/c/{quote(head, safe='')}/info", asked=asked
        )
        if answer.status == 404:
            return told
        commit = self.decoded(answer, asked)
        return self.check(
            asked, lambda: {**told, "when": integer(commit["commit_time"]), "who": text(commit["author"], 256)}
        )

    def _file(self, asked: str, package: str, branch: str, path: str) -> str | None:
        answer = self.request(
            "GET",
            f"/rpms/{quote(package, safe='')}/raw/{quote(branch, safe='')}/f/{quote(path, safe='')}",
            asked=asked,
        )
        if answer.status == 404:
            return None
        if answer.status != 200 or answer.content_type.startswith("text/html"):
            raise InvalidResponse(
                self.name, asked, f"{answer.status} {answer.content_type or 'without a type'}", answer.body
            )
        if not answer.body or b"\0" in answer.body:
            # Pagure says 404 of a file that is empty, and no text has a NUL.
            raise InvalidResponse(
                self.name, asked, "a file that is no text" if answer.body else "an empty file", answer.body
            )
        if len(answer.body) > FILE_LIMIT:
            raise InvalidResponse(self.name, asked, f"a file of {len(answer.body)} bytes", answer.body)
        # Pagure guesses the encoding and at times is wrong; nothing is lost that a page could show.
        return answer.body.decode("utf-8", "replace")

    def _patch(self, package: str, branch: str, name: str) -> dict[str, Any]:
        patch = self._file(f"patch {name!r} of {package!r} on {branch}", package, branch, name)
        if patch is None:
            return {"name": name, "found": False, "size": None, "files": None, "added": None, "removed": None}
        lines = patch.splitlines()
        return {
            "name": name,
            "found": True,
            "size": len(patch),
            "files": sum(line.startswith("+++ ") for line in lines),
            "added": sum(line.startswith("+") and not line.startswith("+++ ") for line in lines),
            "removed": sum(line.startswith("-") and not line.startswith("--- ") for line in lines),
        }


def _pushed(event: Event) -> dict[str, Any] | None:
    """Return what a branch must be at after a push, or None where the message does not say."""
    # A push has one of these and a git.receive for each commit in it, of which only one is the head.
    commit, branch = event.body.get("end_commit", event.body.get("rev")), event.body.get("branch")
    if event.topic not in ("pagure.git.receive", "pagure.git.branch.creation"):
        return None
    if not isinstance(commit, str) or not isinstance(branch, str):
        return None
    release = branch[:128].removeprefix("refs/heads/")
    return {"about": f"branch {release}", "release": release, "commit": commit[:64]}


def _branches(found: Any) -> dict[str, str | None]:
    # An older server names the branches and nothing else.
    if isinstance(found, Mapping):
        return {text(branch, 256): optional_text(head, 64) for branch, head in islice(found.items(), BRANCHES_KEPT)}
    return dict.fromkeys(text(branch, 256) for branch in items(found)[:BRANCHES_KEPT])


def _owners(packages: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, contacts in packages.items():
        if isinstance(contacts, Mapping):
            owners = [contacts[role] for role in ("admin", "fedora", "epel") if contacts.get(role)]
        else:
            owners = [contacts] if contacts else []
        if owners:
            yield text(name, 256), text(owners[0], 256)


def _missing(said: Any) -> dict[str, Any]:
    # A proxy that has lost the way says 404 too, in other words.
    if said["error_code"] != "ENOPROJECT":
        raise ValueError(f"error_code is {said['error_code']!r:.40}")
    return {"found": False}


def _maintainers(answer: Mapping[str, Any]) -> dict[str, Any]:
    users, groups = answer["access_users"], answer["access_groups"]

    def names(holder: Mapping[str, Any], role: str) -> list[str]:
        # "collaborator" is missing on older servers.
        return [text(name, 256) for name in items(holder.get(role, []))[:500]]

    owners = names(users, "owner")
    return {
        "found": True,
        "owner": owners[0] if owners else None,
        "admins": sorted(names(users, "admin")),
        "committers": sorted(names(users, "commit")),
        "collaborators": sorted(names(users, "collaborator")),
        "groups": sorted(
            {
                "@" + name.removeprefix("@")
                for role in ("admin", "commit", "collaborator")
                for name in names(groups, role)
            }
        ),
        "modified": None if answer.get("date_modified") is None else int(text(answer["date_modified"], 11)),
    }
