"""dist-git as Forgejo serves it: the JSON API at ``/api/v1``, and raw files.

Forgejo lists the files of a branch.  So it is known which exist, without a request for each.  Its objects of accounts have mail
addresses, of which nothing is passed on.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from fedora_packages.connectors.distgit_forge import Server
from fedora_packages.connectors.distgit_types import MAX_NAME, MAX_NAMES, Maintainers
from fedora_packages.connectors.http import Response
from fedora_packages.connectors.types import Count, Model, NotFound, Text, Timestamp, seconds_of
from fedora_packages.errors import NotPublic
from fedora_packages.messages.body import dig

#: Rows on a page of a list, at most, and pages that are read.
ROWS = 50
MAX_PAGES = 40

#: Files of a branch that are read of a list.
MAX_FILES = 20_000

#: What the address in Forgejo's own errors ends with.
DOCUMENTATION = "/api/swagger"

#: The statuses of a request for which a token is missing, or is of an account that may not see the answer; and of one for the
#: teams of a repository that no organization owns.
FORBIDDEN, NO_TEAMS = frozenset({401, 403}), 405

#: Endings of files that are patches, whether or not the spec file names them.
PATCHES = (".patch", ".diff")

#: The beginnings of times that mean "never".
NEVER = ("0001-01-01", "1970-01-01")


def _when(value: Any) -> int | None:
    return None if isinstance(value, str) and value.startswith(NEVER) else seconds_of(value)


class _Head(Model):
    id: Text(64)


class _Branch(Model):
    name: Text(256)
    commit: _Head


class _Branches(Model):
    branches: list[_Branch]


class _File(Model):
    name: Text(1000)
    size: Count


class _Files(Model):
    files: Annotated[list[_File], Field(max_length=MAX_FILES)]


class _Person(Model):
    name: Text(256)
    date: Annotated[Timestamp | None, BeforeValidator(_when)]


class _Signed(Model):
    author: _Person


class _Commit(Model):
    commit: _Signed


class _Account(Model):
    login: Text(MAX_NAME)


class _Accounts(Model):
    accounts: list[_Account]


class _Team(Model):
    name: Text(MAX_NAME)


class _Teams(Model):
    teams: list[_Team]


class Forgejo(Server):
    """Reads dist-git from Forgejo."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self._sizes: dict[str, dict[str, int]] = {}

    def head(self, package: str, branch: str) -> str | None:
        answer = self._get(package, "branches", branch)
        return None if self._is_missing(answer) else self.connector.parsed(answer, _Branch).commit.id

    def heads(self, package: str, wanted: Collection[str]) -> dict[str, str | None] | None:
        """Return branches of a package, page by page until all that are ``wanted`` are among them."""
        heads: dict[str, str | None] = {}
        for answer in self._pages(package, "branches"):
            if self._is_missing(answer):
                return None
            rows = self._list(answer, _Branches, "branches")
            self.connector.check_rows(answer.request, 1 if not heads else 0, rows)
            heads |= {branch.name: branch.commit.id for branch in rows}
            if not rows or heads.keys() >= set(wanted):
                return heads
        return heads

    def file(self, package: str, branch: str, path: str, head: str | None = None) -> str | None:
        """Return the content of a file on a branch.

        The list of files says whether it exists, unless it is in a folder, and how large it is: half a file is an error.
        """
        size = None
        if "/" not in path:
            size = self._files(package, branch).get(path)
            if size is None:
                return None
        answer = self._get(package, "raw", *path.split("/"), params={"ref": branch}, accept="*/*")
        if size is None and self._is_missing(answer):
            return None
        content = self.content(answer)
        if size not in (None, len(answer.body)):
            reason = f"a file of {len(answer.body)} bytes: expected {size}, as in the list of files"
            raise self.connector.invalid(answer.request, reason)
        return content

    def patch_names(self, package: str, branch: str, named: Sequence[str]) -> list[str]:
        """Return the names in the spec file, in its order, then those of other patch files.

        A name with a macro that could not be expanded is left out: the file that it means has its own name in the list.
        """
        files = self._files(package, branch)
        known = [name for name in named if name in files or "%" not in name]
        return [*known, *sorted(name for name in files.keys() - set(known) if name.endswith(PATCHES))]

    def commit(self, package: str, head: str) -> tuple[int | None, str | None]:
        answer = self._get(package, "git", "commits", head)
        if self._is_missing(answer):
            return None, None
        author = self.connector.parsed(answer, _Commit).commit.author
        return author.date, author.name

    def maintainers(self, package: str) -> Maintainers | NotFound:
        """Return the maintainers: collaborators, who have no levels in the list, and teams.

        The owner is an organization, and so null.  Raises `NotPublic` without a token, or if its account may not see them.
        """
        if not self.connector.settings.api_key:
            # Without a request: the answer is known.
            raise self._not_public(f"GET /api/v1/repos/rpms/{package}/collaborators")
        accounts: list[str] = []
        for answer in self._pages(package, "collaborators"):
            if answer.status in FORBIDDEN:
                raise self._not_public(answer.request)
            if self._is_missing(answer):
                return NotFound()
            rows = self._list(answer, _Accounts, "accounts")
            accounts += [account.login for account in rows]
            if not rows or len(accounts) >= MAX_NAMES:
                break
        answer = self._get(package, "teams")
        is_answered = answer.status not in FORBIDDEN | {NO_TEAMS} and not self._is_missing(answer)
        teams = [team.name for team in self._list(answer, _Teams, "teams")] if is_answered else []
        found = {
            "access_users": {"commit": accounts[:MAX_NAMES]},
            "access_groups": {"commit": teams[:MAX_NAMES]},
        }
        return Maintainers.model_validate(found)

    def _files(self, package: str, branch: str) -> dict[str, int]:
        """Return the files and folders of a branch with their bytes; none without such a branch."""
        if branch not in self._sizes:
            answer = self._get(package, "contents", params={"ref": branch})
            self._sizes[branch] = {}
            if not self._is_missing(answer):
                files = self._list(answer, _Files, "files")
                # A branch has at least one file.
                self.connector.check_rows(answer.request, 1, files)
                self._sizes[branch] = {file.name: file.size for file in files}
        return self._sizes[branch]

    def _get(self, package: str, *path: str, **options: Any) -> Response:
        return self.connector.get("api", "v1", "repos", "rpms", package, *path, **options)

    def _pages(self, package: str, *path: str) -> Iterator[Response]:
        for page in range(1, MAX_PAGES + 1):
            yield self._get(package, *path, params={"page": page, "limit": ROWS})

    def _list(self, answer: Response, kind: type[Model], name: str) -> Any:
        """Return the rows of an answer that is a list; ``name`` is the field of the model that has them."""
        return getattr(self.connector.read(answer.request, kind, {name: self.connector.decoded(answer)}), name)

    def _is_missing(self, answer: Response) -> bool:
        """Whether Forgejo says that there is none.  Raises `InvalidResponse` for a 404 that is not its own."""
        if answer.status != 404:
            return False
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        message, url = dig(found, "message"), dig(found, "url")
        if not isinstance(message, str) or not isinstance(url, str) or not url.endswith(DOCUMENTATION):
            reason = f"HTTP 404: expected a message of Forgejo, got {answer.content_type or 'no content type'}"
            raise self.connector.invalid(answer.request, reason, answer.body)
        self.missed()
        return True

    def _not_public(self, request: str) -> NotPublic:
        reason = "maintainers are shown to accounts only; set an API key"
        return NotPublic(self.connector.name, request, reason, title=self.connector.title)
