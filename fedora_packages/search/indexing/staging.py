"""The staging file: all that a build has read so far, in SQLite beside the index, so that one that was killed goes on.

::

    repository   which are in it, each with the checksum of its list of packages
    package      the packages of those, one of a name and repository
    described    packages that were described one by one, each with a whole document
    found, said  which binary and source packages count: of each release and name those in the repository that is searched first

The one thing to know: whatever is in it is whole.  A repository and its packages are written in one transaction, and so is each
batch of descriptions; what is not committed is read again.  A file of another schema version, or a damaged one, is thrown away.
"""

import json
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.merge import DocumentDraft, merge, unlined, with_texts
from fedora_packages.search.indexing.repodata import Package
from fedora_packages.search.indexing.repositories import Repository

#: The schema version: raised with each change of the tables or of what they hold.
VERSION = 2

_TABLES = """
create table repository (id integer primary key, label text not null unique, checksum text not null);
create table package (
    id integer primary key, repository integer not null, name text not null, source text not null, checksum text not null,
    has_all_files integer not null, summary text, description text, url text, provides text, obsoletes text, requires text,
    files text
);
create table described (
    name text primary key, moment real not null, branches text not null, is_retired integer not null, document blob not null,
    requires text not null
);
create table branch (number integer primary key, name text not null);
create table place (repository integer primary key, release integer not null, rank integer not null, is_source integer);
create table found (source text, name text, release integer, id integer, rank integer, primary key (source, name, release))
    without rowid;
create table said (source text, release integer, id integer, rank integer, primary key (source, release)) without rowid;
"""


class Staging:
    """The staging file at ``path``, made where there is none.  A context manager.

    Raises `SearchUnavailable` where the file cannot be made, has no room, or is found damaged; it is then gone.
    ``read_only``: it is there, whole, and opened beside whoever made it.
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
        """Open the file and return whether it is one; where it is not, it is closed again."""
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
        address = f"{self.path.absolute().as_uri()}?mode={'ro' if self._read_only else 'rwc'}"
        self._connection = sqlite3.connect(address, isolation_level=None, uri=True)
        # Killed, a build loses what it had not committed; a loss of power may damage the file, which is then made anew.
        self._connection.executescript(
            "pragma journal_mode = truncate; pragma synchronous = off; pragma cache_size = -32000;"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            done = "read" if self._read_only else "written"
            raise SearchUnavailable(f"{self.path} cannot be {done}: {error}") from error
        except sqlite3.DatabaseError as error:
            with suppress(sqlite3.Error):
                self._connection.close()
            self.remove()
            raise SearchUnavailable(f"{self.path} was damaged and is removed, build again: {error}") from error

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
        """Whether nothing is in it yet."""
        with self._errors():
            row = self._connection.execute(
                "select exists (select 1 from repository) or exists (select 1 from described)"
            )
            return not row.fetchone()[0]

    # Repositories.

    def has(self, repository: Repository, checksum: str) -> bool:
        """Whether a repository is in it, with the list of packages that has this checksum."""
        with self._errors():
            row = self._connection.execute("select checksum from repository where label = ?", (repository.label,))
            return row.fetchone() == (checksum,)

    def stage(self, repository: Repository, checksum: str, packages: Iterable[Package]) -> None:
        """Put a repository in, in place of what there is of it; of packages of one name and source the newest counts."""
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
        """Look at these repositories only, in their order: by release, of each release what is searched first."""
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
            # With min() the other columns are those of the row that has it.
            connection.execute(
                "insert into said select p.name, place.release, p.id, min(place.rank) from package p"
                " join place on place.repository = p.repository where place.is_source group by p.name, place.release"
            )
            connection.execute(
                # One repository may have binaries of one name from several sources; each source has its own then.
                "insert into found select source, name, release, id, rank from (select p.source, p.name, place.release, p.id,"
                " place.rank, min(place.rank) over (partition by p.name, place.release) as best"
                " from package p join place on place.repository = p.repository where not place.is_source) where rank = best"
            )

    def _arranged(self) -> tuple[str, ...]:
        return tuple(name for (name,) in self._connection.execute("select name from branch order by number"))

    def lacking_files(self) -> dict[str, dict[str, int]]:
        """Return the packages that describe a binary and whose files are not all known: by repository, checksum -> number."""
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
        """Give what takes the files of packages, all of a repository's in one transaction; those it is not told of have none."""
        with self._transaction() as connection:

            def add(checksum: str, files: str) -> None:
                connection.execute("update package set files = ? where id = ?", (files, lacking[checksum]))

            yield add
            connection.executemany(
                "update package set has_all_files = 1 where id = ?", ((identity,) for identity in lacking.values())
            )

    def sources(self) -> list[str]:
        """Return the names of all sources of the repositories that were arranged, in order."""
        with self._errors():
            return [name for (name,) in self._connection.execute("select distinct source from found order by source")]

    def document(self, name: str, owner: str | None) -> Document:
        """Return the document of a source of the repositories, the union over the releases."""
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
            told = self._content(source[0]) if source else about[document.main_binary]
            return with_texts(document, *told[:3])

    def _content(self, identity: int) -> tuple[str | None, ...]:
        return self._connection.execute(
            "select summary, description, url, provides, obsoletes, files from package where id = ?", (identity,)
        ).fetchone()

    def releases(self) -> Iterator[int]:
        """Iterate over the numbers of the releases, for `relations`."""
        return iter(range(len(self._branches)))

    def requires(self, release: int) -> Iterator[tuple[str, str]]:
        """Yield (source, what it requires to run or to be built) of each package of a release, one capability or file a line."""
        yield from self._relations(release, "requires")
        with self._errors():
            yield from self._connection.execute(
                "select s.source, p.requires from said s join package p on p.id = s.id where s.release = ?", (release,)
            )

    def provides(self, release: int) -> Iterator[tuple[str, str]]:
        """Yield (source, what it provides and its files) of each binary package of a release, one a line."""
        return self._relations(release, "provides || char(10) || files")

    def _relations(self, release: int, columns: str) -> Iterator[tuple[str, str]]:
        with self._errors():
            yield from self._connection.execute(
                f"select f.source, {columns} from found f join package p on p.id = f.id where f.release = ?", (release,)
            )

    # Descriptions.

    def describe(self, moment: float, branches: Iterable[str], described: Iterable[DocumentDraft]) -> None:
        """Put in packages that were described, when, and from which branches."""
        with self._transaction() as connection:
            connection.executemany(
                "insert or replace into described values (?, ?, ?, ?, ?, ?)",
                (
                    (
                        each.document.name,
                        moment,
                        " ".join(branches),
                        each.document.retired,
                        zlib.compress(json.dumps(asdict(each.document)).encode(), 1),
                        "\n".join(each.requires),
                    )
                    for each in described
                ),
            )

    def described(self, since: float) -> dict[str, str]:
        """Return the names of what was described after a moment, each with the branches it was described from."""
        with self._errors():
            return dict(self._connection.execute("select name, branches from described where moment >= ?", (since,)))

    def description(self, name: str) -> DocumentDraft:
        """Return a package that was described."""
        with self._errors():
            document, requires = self._connection.execute(
                "select document, requires from described where name = ?", (name,)
            ).fetchone()
        stored = json.loads(zlib.decompress(document))
        binaries = tuple(
            Binary(*(tuple(value) if isinstance(value, list) else value for value in binary))
            for binary in stored.pop("binaries")
        )
        stored["releases"] = tuple(stored["releases"])
        return DocumentDraft(Document(**stored, binaries=binaries), unlined(requires))

    def retired(self, names: Collection[str]) -> set[str]:
        """Return those of some names that were described as retired."""
        with self._errors():
            return {
                name
                for (name,) in self._connection.execute("select name from described where is_retired")
                if name in names
            }


def _newest(packages: Iterable[Package], repository: int, number: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows of packages, numbered; one that is newer than one that was yielded has its number.

    One of the same name from another source is another package.
    """
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
