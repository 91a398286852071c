"""What the queries of dist-git return: spec files, patches, retirements, maintainers."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from fedora_packages.connectors.types import (
    Count,
    Found,
    InvalidRows,
    Lines,
    Model,
    NotFound,
    Own,
    Parts,
    Rows,
    Text,
    Timestamp,
    field,
)
from fedora_packages.rpm.specfile import MAX_DESCRIPTION, MAX_FILES, MAX_SPEC, MAX_SUBPACKAGES, MAX_TEXT

#: Accounts or groups of one kind, and characters of a name.
MAX_NAMES = 500
MAX_NAME = 256

#: Characters of the reason why a branch was retired.
MAX_REASON = 2000

Commit = Annotated[Text(64) | None, Field(description="the branch's head; null if it is unknown")]
Names = Parts(Text(MAX_NAME), MAX_NAMES, "maintainer")
IsComplete = Annotated[bool, Field(description="false if the spec file is too large or too complex to be read in full")]

#: A tag, and a file name or URL.
Source = tuple[Text(16), Text(MAX_TEXT)]

#: Licenses by name of a binary package.
Licenses = Annotated[dict[Text(MAX_NAME), Text(MAX_TEXT) | None], Field(max_length=MAX_SUBPACKAGES)]


class Spec(Model):
    """A spec file, and what it says."""

    found: Found = True
    text: Lines(MAX_SPEC) = field("can be cut")
    size: Count = field("characters before the cut")
    dead: None = None
    commit: Commit
    summary: Text(MAX_TEXT) | None = field("null if it is missing or could not be expanded")
    description: Lines(MAX_DESCRIPTION) | None = field("null if it is missing or could not be expanded")
    license: Text(MAX_TEXT) | None = field("that of the source package; null if it is missing or could not be expanded")
    licenses: Licenses = field(f"of at most {MAX_SUBPACKAGES} binary packages that have one of their own, by name")
    sources: Rows(Source, MAX_FILES, "source") = field(
        '["Source0", file name or URL] of each, in order; macros that could not be expanded are left'
    )
    is_autorelease: bool = field("whether rpmautospec generates the release from the commits")
    is_autochangelog: bool = field("whether rpmautospec generates the changelog from the commits")
    is_complete: IsComplete


class NoSpec(NotFound):
    """A branch without a spec file, or no branch."""

    dead: Lines(MAX_REASON) | None = field("why the branch is retired; null if it is not")
    commit: Commit


class Patch(Model):
    """A patch that a spec file names."""

    name: Text()
    found: bool = field("false if there is no such file: a macro in its name could not be expanded")
    size: Count | None = field("characters", default=None)
    files: Count | None = field("files that it changes", default=None)
    added: Count | None = field("lines", default=None)
    removed: Count | None = field("lines", default=None)


class Patches(Model):
    """The patches of a spec file."""

    found: Found = True
    patches: Rows(Patch, MAX_FILES) = field("in the order of the spec file")
    commit: Commit
    is_complete: IsComplete


class NoPatches(NotFound):
    """A branch without a spec file, or no branch."""

    commit: Commit


class Retired(Model):
    """Why a branch is retired."""

    reason: Lines(MAX_REASON) = field("content of dead.package")
    when: Timestamp | None = field("null if dist-git does not say", default=None)
    who: Text(256) | None = field("author of the commit; null if dist-git does not say", default=None)


class Retirement(Model):
    """The retired branches of a package."""

    found: Found = True
    heads: dict[Text(64), Text(64) | None] = field("commits, by the branch of an active release; null if it is unknown")
    retired: dict[Text(64), Retired] = field("by branch")


def _digits(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,12}", value):
        raise ValueError("a string of digits")
    return int(value)


class _Groups(Model):
    admin: Names = []
    commit: Names = []
    # Missing on older servers.
    collaborator: Names = []


class _Users(_Groups):
    owner: Names = []


class Maintainers(Model):
    """The maintainers of a package: account names."""

    found: Found = True
    users: _Users = field(alias="access_users", exclude=True)
    teams: _Groups = field(alias="access_groups", exclude=True)
    owner: Own[Text(256) | None] = field('"orphan" without a maintainer; null without an owner', default=None)
    admins: Own[Names] = []
    committers: Own[Names] = []
    collaborators: Own[Names] = []
    groups: Own[Names] = []
    modified: Annotated[Timestamp, BeforeValidator(_digits)] | None = field(
        "when the project last changed; null if it is unknown", default=None, alias="date_modified"
    )
    invalid_rows: InvalidRows = None

    @model_validator(mode="after")
    def _named(self):
        self.owner = next(iter(self.users.owner), None)
        self.admins = sorted(self.users.admin)
        self.committers = sorted(self.users.commit)
        self.collaborators = sorted(self.users.collaborator)
        names = (*self.teams.admin, *self.teams.commit, *self.teams.collaborator)
        self.groups = sorted({f"@{name.removeprefix('@')}"[:MAX_NAME] for name in names})[:MAX_NAMES]
        return self
