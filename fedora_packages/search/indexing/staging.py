"""The staging file: what a build has read, in SQLite beside the index, so that the next build continues from it.

::

    repository   repositories that are staged, each with the checksum of its list of packages; the number of its release in
                 reading order and its rank, if it was arranged
    package      their packages, one of a name, source and repository
    described    packages in no repository, each with its document, which has no binaries
    found        the binary and source packages that count, by release and name: those of the first repository

A repository and its packages are written in one transaction, and so is each batch of descriptions.  A build reads again what is
not committed.  A file of another schema version, or a corrupt one, is removed.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fedora_packages.connectors.repositories import Repository
from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.document import Binary, Document, from_json
from fedora_packages.search.indexing.merge import merge, unlined, with_texts
from fedora_packages.search.indexing.repodata import Package

#: The schema version: raised with each change of the tables or their content.
VERSION = 4

_TABLES = """
create table repository (
    id integer primary key, label text not null unique, checksum text not null, is_source integer not null, release integer,
    rank integer
);
create table package (
    id integer primary key, repository integer not null, name text not null, source text not null, checksum text not null,
    has_all_files integer not null, summary text, description text, url text, provides text, obsoletes text, requires text,
    files text
);
create table described (
    name text primary key, described_at real not null, branches text not null, is_retired integer not null,
    document text not null
);
create table found (
    is_source integer, source text, name text, release integer, id integer, primary key (is_source, source, name, release)
) without rowid;
"""


class Staging:
    """The staging file at ``path``, which is made if it is missing.  A context manager, whose end removes an empty file.

    Raises `SearchUnavailable` if the file cannot be written or is corrupt; a corrupt file is removed.
    """

    def __init__(self, path: Path):
        self.path = path
        self._branches: tuple[str, ...] = ()

    def __enter__(self) -> "Staging":
        with self._errors():
            if self._version() != VERSION:
                self._connection.close()
                self.remove()
                self._open()
                self._connection.executescript(f"begin; {_TABLES} pragma user_version = {VERSION}; commit;")
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(sqlite3.Error):
            count = "select (select count(*) from repository) + (select count(*) from described)"
            if self._connection.execute(count).fetchone() == (0,):
                self.remove()
        self._connection.close()

    def remove(self) -> None:
        """Remove the file."""
        for end in ("", "-journal"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    def _version(self) -> int | None:
        """Open the file and return its version, or None if it is of something else."""
        try:
            self._open()
            return self._connection.execute("pragma user_version").fetchone()[0]
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            return None

    def _open(self) -> None:
        self._connection = sqlite3.connect(self.path, isolation_level=None)
        # A killed build loses what is not committed.  A power failure may corrupt the file, which is then removed.
        self._connection.executescript(
            "pragma journal_mode = truncate; pragma synchronous = off; pragma cache_size = -32000;"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise SearchUnavailable(f"the staging file {self.path} cannot be written: {error}") from error
        except sqlite3.DatabaseError as error:
            with suppress(sqlite3.Error):
                self._connection.close()
            self.remove()
            raise SearchUnavailable(
                f"the staging file {self.path} was corrupt and is removed: build again ({error})"
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def _rows(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        with self._errors():
            yield from self._connection.execute(query, values)

    # Repositories.

    def has(self, repository: Repository, checksum: str) -> bool:
        """Whether a repository is staged, with the list of packages of this checksum."""
        return (checksum,) in self._rows("select checksum from repository where label = ?", repository.label)

    def stage(self, repository: Repository, checksum: str, packages: Iterable[Package]) -> None:
        """Stage a repository in place of its former content; of packages of one name and source the newest counts."""
        with self._transaction() as connection:
            connection.execute(
                "insert into repository (label, checksum, is_source) values (?, ?, ?)"
                " on conflict (label) do update set checksum = excluded.checksum",
                (repository.label, checksum, repository.is_source),
            )
            (number,) = connection.execute("select id from repository where label = ?", (repository.label,)).fetchone()
            connection.execute("delete from package where repository = ?", (number,))
            (last,) = connection.execute("select coalesce(max(id), 0) from package").fetchone()
            connection.executemany(
                "insert or replace into package values (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)",
                _newest(packages, number, last + 1),
            )

    def arrange(self, repositories: Sequence[Repository]) -> None:
        """Select the repositories that count, in their order: by release, and in a release the first one searched."""
        self._branches = tuple(dict.fromkeys(repository.release for repository in repositories))
        with self._transaction() as connection:
            connection.execute("update repository set release = null")
            connection.executemany(
                "update repository set release = ?, rank = ? where label = ?",
                ((self._branches.index(each.release), rank, each.label) for rank, each in enumerate(repositories)),
            )
            connection.execute("delete from found")
            connection.execute(
                # A repository may have binaries of one name from several sources, and each source has its own then.
                "insert into found select is_source, source, name, release, id from (select r.is_source, p.source, p.name,"
                " r.release, p.id, r.rank, min(r.rank) over (partition by r.is_source, p.name, r.release) as best"
                " from package p join repository r on r.id = p.repository where r.release is not null) where rank = best"
            )

    def lacking_files(self) -> dict[str, dict[str, int]]:
        """Return the packages that describe a binary and lack their files: by repository label, checksum -> id."""
        rows = self._rows(
            # With min() SQLite takes the other columns from the row of the minimum.
            "select r.label, p.checksum, p.id from"
            " (select id, min(release) from found where not is_source group by source, name) first"
            " join package p on p.id = first.id join repository r on r.id = p.repository where not p.has_all_files"
        )
        lacking: dict[str, dict[str, int]] = {}
        for label, checksum, identity in rows:
            lacking.setdefault(label, {})[checksum] = identity
        return lacking

    @contextmanager
    def add_files(self, lacking: dict[str, int]) -> Iterator[Callable[[str, str], None]]:
        """Yield a function that takes the checksum and files of a package; a package without a call has no files."""
        with self._transaction() as connection:

            def add(checksum: str, files: str) -> None:
                connection.execute("update package set files = ? where id = ?", (files, lacking[checksum]))

            yield add
            connection.executemany(
                "update package set has_all_files = 1 where id = ?", ((identity,) for identity in lacking.values())
            )

    def sources(self) -> list[str]:
        """Return the names of all sources with a binary in the arranged repositories, in order."""
        rows = self._rows("select distinct source from found where not is_source order by source")
        return [name for (name,) in rows]

    def document(self, name: str, owner: str | None) -> Document:
        """Return the document of a source, merged over the arranged releases."""
        having: dict[str, list[str]] = {}
        about: dict[str, tuple[str | None, ...]] = {}
        releases: set[int] = set()
        query = "select name, release, id from found where is_source = ? and source = ? order by name, release"
        for binary, release, identity in self._rows(query, False, name):
            releases.add(release)
            having.setdefault(binary, []).append(self._branches[release])
            if binary not in about:
                about[binary] = self._content(identity)
        document = merge(
            name,
            [self._branches[release] for release in sorted(releases)],
            ((_binary(binary, content), having[binary]) for binary, content in about.items()),
            owner,
        )
        sources = {release: identity for _, release, identity in self._rows(query, True, name)}
        source = sources.get(min(releases))
        content = about[document.main_binary] if source is None else self._content(source)
        return with_texts(document, *content[:3])

    def _content(self, identity: int) -> tuple[str | None, ...]:
        query = "select summary, description, url, provides, obsoletes, files from package where id = ?"
        return next(self._rows(query, identity))

    # Relations of packages, for the count of dependents.

    def releases(self) -> range:
        """Return the numbers of the releases, for `requires` and `provides`."""
        return range(len(self._branches))

    def requires(self, release: int) -> Iterator[tuple[str, str]]:
        """Yield (source, requirements) of each package of a release, to run or to be built, one a line."""
        return self._rows(
            "select f.source, p.requires from found f join package p on p.id = f.id where f.release = ?", release
        )

    def provides(self, release: int) -> Iterator[tuple[str, str]]:
        """Yield (source, provides and files) of each binary package of a release, one a line."""
        return self._rows(
            "select f.source, p.provides || char(10) || p.files from found f join package p on p.id = f.id"
            " where f.release = ? and not f.is_source",
            release,
        )

    # Descriptions.

    def describe(self, described_at: float, branches: Iterable[str], document: Document) -> None:
        """Stage the document of a package in no repository, with its time (UTC seconds) and branches."""
        with self._transaction() as connection:
            connection.execute(
                "insert or replace into described values (?, ?, ?, ?, ?)",
                (document.name, described_at, " ".join(branches), document.retired, document.to_json()),
            )

    def described(self, since: float) -> dict[str, str]:
        """Return the names of packages described since a time (UTC seconds), each with its branches."""
        return dict(self._rows("select name, branches from described where described_at >= ?", since))

    def description(self, name: str) -> Document:
        """Return the document of a package that was described."""
        ((document,),) = self._rows("select document from described where name = ?", name)
        return from_json(document)

    def retired(self) -> set[str]:
        """Return the names of retired packages among those that were described."""
        return {name for (name,) in self._rows("select name from described where is_retired")}


def _newest(packages: Iterable[Package], repository: int, number: int) -> Iterator[tuple[Any, ...]]:
    """Yield numbered rows of packages.  A newer package of the same name and source gets the number of the older one."""
    seen: dict[tuple[str, str], tuple[int, Any, Any]] = {}
    for package in packages:
        name, source, checksum, evr, arch, *texts = package
        identity, *before = seen.get((name, source), (None,))
        if identity is None:
            identity, number = number, number + 1
        elif not package.replaces(*before):
            continue
        seen[name, source] = (identity, evr, arch)
        yield (identity, repository, name, source, checksum, *texts)


def _binary(name: str, content: tuple[str | None, ...]) -> Binary:
    summary, _, _, *relations = content
    return Binary(name, summary, (), *map(unlined, relations))
