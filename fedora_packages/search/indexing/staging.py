"""The staging file: what a build has read, in SQLite beside the index, so that the next build continues from it.

::

    repository   repositories that are staged, each with the checksum of its list of packages
    package      their packages, one of a name, source and repository
    described    packages in no repository, each with its document, which has no binaries
    branch       the releases that were arranged, in reading order
    place        the release and rank of each repository that was arranged
    found, said  the binary and source packages that count, by release and name: those of the first repository

A repository and its packages are written in one transaction, and so is each batch of descriptions.  A build reads again what is
not committed.  A file of another schema version, or a corrupt one, is removed.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.document import Binary, Document, from_json
from fedora_packages.search.indexing.merge import merge, unlined, with_texts
from fedora_packages.search.indexing.repodata import Package
from fedora_packages.search.indexing.repositories import Repository

#: The schema version: raised with each change of the tables or their content.
VERSION = 4

_TABLES = """
create table repository (id integer primary key, label text not null unique, checksum text not null);
create table package (
    id integer primary key, repository integer not null, name text not null, source text not null, checksum text not null,
    has_all_files integer not null, summary text, description text, url text, provides text, obsoletes text, requires text,
    files text
);
create table described (
    name text primary key, described_at real not null, branches text not null, is_retired integer not null,
    document text not null
);
create table branch (number integer primary key, name text not null);
create table place (repository integer primary key, release integer not null, rank integer not null, is_source integer);
create table found (source text, name text, release integer, id integer, rank integer, primary key (source, name, release))
    without rowid;
create table said (source text, release integer, id integer, rank integer, primary key (source, release)) without rowid;
"""


class Staging:
    """The staging file at ``path``, which is made if it is missing.  A context manager.

    ``read_only`` opens an existing file.  Raises `SearchUnavailable` if the file cannot be written or is corrupt; a corrupt
    file is removed.
    """

    def __init__(self, path: Path, read_only: bool = False, version: int = VERSION):
        self.path = path
        self._version = version
        self._read_only = read_only

    def __enter__(self) -> "Staging":
        with self._errors():
            if self._read_only:
                self._open()
            elif not self._is_ours():
                self.remove()
                self._open()
                self._connection.executescript(f"begin; {_TABLES} pragma user_version = {self._version}; commit;")
            self._branches = self._arranged()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def remove(self) -> None:
        """Remove the file."""
        for end in ("", "-journal"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        """Open the file and return whether it is a staging file of this version; close it if it is not."""
        try:
            self._open()
            if self._connection.execute("pragma user_version").fetchone()[0] == self._version:
                return True
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            pass
        self._connection.close()
        return False

    def _open(self) -> None:
        uri = f"{self.path.absolute().as_uri()}?mode={'ro' if self._read_only else 'rwc'}"
        self._connection = sqlite3.connect(uri, isolation_level=None, uri=True)
        # A killed build loses what is not committed.  A power failure may corrupt the file, which is then removed.
        self._connection.executescript(
            "pragma journal_mode = truncate; pragma synchronous = off; pragma cache_size = -32000;"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            action = "read" if self._read_only else "written"
            raise SearchUnavailable(f"the staging file {self.path} cannot be {action}: {error}") from error
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

    @property
    def is_empty(self) -> bool:
        """Whether nothing is staged yet."""
        with self._errors():
            row = self._connection.execute(
                "select exists (select 1 from repository) or exists (select 1 from described)"
            )
            return not row.fetchone()[0]

    # Repositories.

    def has(self, repository: Repository, checksum: str) -> bool:
        """Whether a repository is staged, with the list of packages of this checksum."""
        with self._errors():
            row = self._connection.execute("select checksum from repository where label = ?", (repository.label,))
            return row.fetchone() == (checksum,)

    def stage(self, repository: Repository, checksum: str, packages: Iterable[Package]) -> None:
        """Stage a repository in place of its former content; of packages of one name and source the newest counts."""
        with self._transaction() as connection:
            connection.execute(
                "delete from package where repository in (select id from repository where label = ?)",
                (repository.label,),
            )
            connection.execute("delete from repository where label = ?", (repository.label,))
            number = connection.execute(
                "insert into repository (label, checksum) values (?, ?)", (repository.label, checksum)
            ).lastrowid
            (last,) = connection.execute("select coalesce(max(id), 0) from package").fetchone()
            connection.executemany(
                "insert or replace into package values (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)",
                _newest(packages, number, last + 1),
            )

    def arrange(self, repositories: Sequence[Repository]) -> None:
        """Select the repositories that count, in their order: by release, and in a release the first one searched."""
        self._branches = tuple(dict.fromkeys(repository.release for repository in repositories))
        with self._transaction() as connection:
            for table in ("branch", "place", "found", "said"):
                connection.execute(f"delete from {table}")
            connection.executemany("insert into branch values (?, ?)", enumerate(self._branches))
            for rank, repository in enumerate(repositories):
                connection.execute(
                    "insert into place select id, ?, ?, ? from repository where label = ?",
                    (self._branches.index(repository.release), rank, repository.is_source, repository.label),
                )
            # With min() SQLite takes the other columns from the row of the minimum.
            connection.execute(
                "insert into said select p.name, place.release, p.id, min(place.rank) from package p"
                " join place on place.repository = p.repository where place.is_source group by p.name, place.release"
            )
            connection.execute(
                # A repository may have binaries of one name from several sources, and each source has its own then.
                "insert into found select source, name, release, id, rank from (select p.source, p.name, place.release, p.id,"
                " place.rank, min(place.rank) over (partition by p.name, place.release) as best"
                " from package p join place on place.repository = p.repository where not place.is_source) where rank = best"
            )

    def _arranged(self) -> tuple[str, ...]:
        return tuple(name for (name,) in self._connection.execute("select name from branch order by number"))

    def lacking_files(self) -> dict[str, dict[str, int]]:
        """Return the packages that describe a binary and lack their files: by repository label, checksum -> id."""
        with self._errors():
            rows = self._connection.execute(
                "select r.label, p.checksum, p.id from"
                " (select id, min(release) from found group by source, name) first"
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
        """Return the names of all sources of the arranged repositories, in order."""
        with self._errors():
            return [name for (name,) in self._connection.execute("select distinct source from found order by source")]

    def document(self, name: str, owner: str | None) -> Document:
        """Return the document of a source, merged over the arranged releases."""
        with self._errors():
            having: dict[str, list[tuple[int, int]]] = {}
            for binary, release, identity in self._connection.execute(
                "select name, release, id from found where source = ? order by name, release", (name,)
            ):
                having.setdefault(binary, []).append((release, identity))
            about = {binary: self._content(places[0][1]) for binary, places in having.items()}
            releases = sorted({release for places in having.values() for release, _ in places})
            document = merge(
                name,
                [self._branches[release] for release in releases],
                (
                    (_binary(binary, about[binary]), [self._branches[release] for release, _ in places])
                    for binary, places in having.items()
                ),
                owner,
            )
            source = self._connection.execute(
                "select id from said where source = ? and release = ?", (name, releases[0])
            ).fetchone()
            content = self._content(source[0]) if source else about[document.main_binary]
            return with_texts(document, *content[:3])

    def _content(self, identity: int) -> tuple[str | None, ...]:
        return self._connection.execute(
            "select summary, description, url, provides, obsoletes, files from package where id = ?", (identity,)
        ).fetchone()

    def releases(self) -> Iterator[int]:
        """Iterate over the numbers of the releases, for `requires` and `provides`."""
        return iter(range(len(self._branches)))

    def requires(self, release: int) -> Iterator[tuple[str, str]]:
        """Yield (source, requirements) of each package of a release, to run or to be built, one a line."""
        yield from self._relations(release, "requires")
        with self._errors():
            yield from self._connection.execute(
                "select s.source, p.requires from said s join package p on p.id = s.id where s.release = ?", (release,)
            )

    def provides(self, release: int) -> Iterator[tuple[str, str]]:
        """Yield (source, provides and files) of each binary package of a release, one a line."""
        return self._relations(release, "provides || char(10) || files")

    def _relations(self, release: int, columns: str) -> Iterator[tuple[str, str]]:
        with self._errors():
            yield from self._connection.execute(
                f"select f.source, {columns} from found f join package p on p.id = f.id where f.release = ?", (release,)
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
        with self._errors():
            return dict(
                self._connection.execute("select name, branches from described where described_at >= ?", (since,))
            )

    def description(self, name: str) -> Document:
        """Return the document of a package that was described."""
        with self._errors():
            row = self._connection.execute("select document from described where name = ?", (name,))
            return from_json(row.fetchone()[0])

    def retired(self) -> set[str]:
        """Return the names of retired packages among those that were described."""
        with self._errors():
            return {name for (name,) in self._connection.execute("select name from described where is_retired")}


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
