"""dist-git as Pagure serves it: its JSON API, and raw files."""

import json
import re
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Annotated, Any

from pydantic import BeforeValidator

from fedora_packages.connectors.distgit_forge import Server
from fedora_packages.connectors.distgit_types import Maintainers
from fedora_packages.connectors.http import Response
from fedora_packages.connectors.types import Model, NotFound, Text, Timestamp
from fedora_packages.messages.body import dig

#: Branches of a package.
MAX_BRANCHES = 2000

#: What Pagure's page has that says that a file does not exist: the title of its template, and names of its own files.
NO_FILE = re.compile(rb"Page not found \(404\)|pagure", re.IGNORECASE)


def _by_name(branches: Any) -> Any:
    # An older server returns the names of branches and nothing else.
    is_list = isinstance(branches, list) and all(isinstance(name, str) for name in branches)
    return dict.fromkeys(branches) if is_list else branches


class _Branches(Model):
    branches: Annotated[dict[Text(256), Text(64) | None], BeforeValidator(_by_name)]


class _Commit(Model):
    commit_time: Timestamp
    author: Text(256)


class Pagure(Server):
    """Reads dist-git from Pagure."""

    def head(self, package: str, branch: str) -> str | None:
        return (self.heads(package, ()) or {}).get(branch)

    def heads(self, package: str, wanted: Collection[str]) -> dict[str, str | None] | None:
        """Return all branches of a package: one answer has them."""
        answer = self.connector.get("api", "0", "rpms", package, "git", "branches", params={"with_commits": "true"})
        if answer.status == 404:
            self._miss(answer, "ENOPROJECT")
            return None
        return dict(islice(self.connector.parsed(answer, _Branches).branches.items(), MAX_BRANCHES))

    def file(self, package: str, branch: str, path: str, head: str | None = None) -> str | None:
        """Return the content of a file at the head, or else on the branch.  For an empty file Pagure returns 404."""
        answer = self.connector.get("rpms", package, "raw", head or branch, "f", path, accept="*/*")
        if answer.status == 404 and NO_FILE.search(answer.body):
            self.missed()
            return None
        if not answer.body and answer.status == 200:
            raise self.connector.invalid(answer.request, "an empty file")
        return self.content(answer)

    def patch_names(self, package: str, branch: str, named: Sequence[str]) -> list[str]:
        """Return the names in the spec file: Pagure lists no files."""
        return list(named)

    def commit(self, package: str, head: str) -> tuple[int | None, str | None]:
        answer = self.connector.get("api", "0", "rpms", package, "c", head, "info")
        if answer.status == 404:
            self._miss(answer)
            return None, None
        commit = self.connector.parsed(answer, _Commit)
        return commit.commit_time, commit.author

    def maintainers(self, package: str) -> Maintainers | NotFound:
        answer = self.connector.get("api", "0", "rpms", package)
        if answer.status == 404:
            self._miss(answer, "ENOPROJECT")
            return NotFound()
        return self.connector.parsed(answer, Maintainers)

    def _miss(self, answer: Response, code: str | None = None) -> None:
        """Note a 404.  Raises `InvalidResponse` if it is not Pagure's own: a proxy without a route returns 404 too."""
        try:
            found = dig(json.loads(answer.body), "error_code")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, str) or code not in (found, None):
            expected, kind = code or "an error code", answer.content_type or "no content type"
            reason = f"HTTP 404: expected {expected} as error_code, got {kind}"
            raise self.connector.invalid(answer.request, reason, answer.body)
        self.missed()
