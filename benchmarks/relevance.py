"""Relevance: whether the package search has the right packages first, over all of Fedora's packages.

The labeled queries are in ``relevance/``, a file for each kind and a line for each query: ``tuning`` or ``held``, the query,
and its labels, separated by tabs.  A label is the name of a source or a binary package, or ``owner:NAME`` for any package of a
maintainer; ``-`` marks a query without a right package in the data, which is not run.  The search is tuned with one half and
judged with the other.

Write a label before you run the query, from what Fedora's packages are and never from what the search finds.  A score below
``relevance/floors.json`` is a failure.

    python -m benchmarks.relevance [--kind misspelt] [--failures] [--every-name] [--json] [--write-floors]
"""

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import WORLD, packages_of, staged_index, table
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.sandbox.world.load import outline_of
from fedora_packages.search.find import Hit
from fedora_packages.search.reader import IndexReader

QUERIES = Path(__file__).with_name("relevance")
FLOORS = QUERIES / "floors.json"

#: The kinds of queries, and how many of each there must be.
KINDS = {
    "exact": 40,  # the name of a source or a binary package
    "command": 40,  # what is typed into a shell
    "path": 40,  # a file or a folder
    "provide": 40,  # what a package provides, as rpm writes it
    "ecosystem": 40,  # the name that something has on PyPI, CPAN, npm and the like
    "partial": 60,  # the beginning of a name, or parts of one
    "misspelt": 60,  # a name with a slip or two
    "spelling": 40,  # another spelling of a name, right elsewhere
    "description": 60,  # what it is for, by someone who does not know the name
    "popular": 40,  # a short word that means one famous package
    "maintainer": 20,  # who maintains it
}

#: The kinds whose answer may be a binary: a hit has to name it, and not only the source that builds it.
NAMING = frozenset({"exact", "command", "path", "provide"})

HALVES = ("tuning", "held")
NO_ANSWER = "-"
OWNER = "owner:"

#: How far down a right answer still counts, and how many names that are not first are listed.
DEPTH = 10
LISTED = 20


class WrongLabels(Exception):
    """The queries or their labels are invalid; each line of the message has one error with its place."""


@dataclass(frozen=True)
class Query:
    """A query with its labels; ``where`` is its file and line."""

    kind: str
    half: str
    text: str
    labels: tuple[str, ...]
    where: str

    @property
    def has_label(self) -> bool:
        return self.labels != (NO_ANSWER,)


@dataclass(frozen=True)
class Names:
    """The names in a world file: sources, binaries with the sources that build each, and maintainers."""

    sources: frozenset[str]
    builders: Mapping[str, frozenset[str]]
    owners: frozenset[str]

    def has(self, label: str) -> bool:
        if label.startswith(OWNER):
            return label.removeprefix(OWNER) in self.owners
        return label in self.sources or label in self.builders


@dataclass(frozen=True)
class Result:
    """The result of a query: the place of the first right hit (1 is the best, None is none), and the first hits."""

    query: Query
    place: int | None
    first: tuple[str, ...]


def names_of(world: Path) -> Names:
    """Return the names in a world file, without those with macros."""
    sources, builders = set(), defaultdict(set)
    for package in packages_of(world):
        name = package["name"]
        if is_package_name(name):
            sources.add(name)
            for binary in [sub["name"] for sub in package["subpackages"]] + [name] * package["builds_main"]:
                if is_package_name(binary):
                    builders[binary].add(name)
    owners = frozenset(outline_of(name).owner for name in sources)
    return Names(frozenset(sources), {binary: frozenset(found) for binary, found in builders.items()}, owners)


def read_queries(folder: Path = QUERIES) -> list[Query]:
    """Return the labeled queries of a directory, by kind.  Raises `WrongLabels` with every invalid line."""
    queries: list[Query] = []
    wrong = [f"{path.name}: there is no such kind" for path in sorted(folder.glob("*.tsv")) if path.stem not in KINDS]
    for kind in KINDS:
        path = folder / f"{kind}.tsv"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for number, line in enumerate(lines, start=1):
            where = f"{path.name}, line {number}"
            cells = line.split("\t")
            if (
                len(cells) != 3
                or cells[0] not in HALVES
                or cells[1] != cells[1].strip()
                or not all(map(str.strip, cells))
            ):
                wrong.append(
                    f"{where}: {line!r} is not a half ({' or '.join(HALVES)}), a query and its answers, tabs between"
                )
                continue
            half, text, labels = cells
            queries.append(Query(kind, half, text, tuple(labels.split()), where))
    raise_if_wrong(wrong)
    return queries


def check(queries: Sequence[Query], enough: Mapping[str, int] = KINDS) -> None:
    """Raise `WrongLabels` where a query is there twice, or a kind has too few of them or nearly all in one half."""
    wrong = []
    first: dict[str, Query] = {}
    for query in queries:
        known = first.setdefault(query.text, query)
        if known is not query:
            wrong.append(f"{query.where}: {query.text!r} is in {known.where} already")
        if NO_ANSWER in query.labels and query.has_label:
            wrong.append(f"{query.where}: {NO_ANSWER!r} says that there is no answer, and others are given")
    for kind, least in enough.items():
        halves = Counter(query.half for query in queries if query.kind == kind)
        if halves.total() < least:
            wrong.append(f"{kind}.tsv: there are {halves.total()} queries, and {least} are wanted")
        elif any(halves[half] < 0.4 * halves.total() for half in HALVES):
            wrong.append(f"{kind}.tsv: the halves are uneven, {halves['tuning']} for tuning and {halves['held']} held")
    raise_if_wrong(wrong)


def check_labels(queries: Iterable[Query], names: Names) -> None:
    """Raise `WrongLabels` where an answer is no package, or no maintainer, of the data."""
    raise_if_wrong(
        [
            f"{query.where}: {label!r}, an answer to {query.text!r}, is not in the data"
            for query in queries
            if query.has_label
            for label in query.labels
            if not names.has(label)
        ]
    )


def raise_if_wrong(wrong: Sequence[str]) -> None:
    """Raise `WrongLabels` if anything is."""
    if wrong:
        raise WrongLabels("\n".join(wrong))


def is_right(hit: Hit, query: Query, names: Names) -> bool:
    """Whether a hit is what a query is for: its source is the answer, or builds it (and says so, where it must)."""
    source = hit.document.name
    return any(
        hit.document.owner == label.removeprefix(OWNER)
        if label.startswith(OWNER)
        else source == label
        or source in names.builders.get(label, ())
        and (query.kind not in NAMING or label in hit.binaries)
        for label in query.labels
    )


def ask(reader: IndexReader, queries: Iterable[Query], names: Names) -> list[Result]:
    """Return what the search says to each query that has an answer."""
    asked = []
    for query in queries:
        if query.has_label:
            hits = reader.search(query.text, 0, DEPTH).hits
            place = next((place for place, hit in enumerate(hits, start=1) if is_right(hit, query, names)), None)
            asked.append(Result(query, place, tuple(hit.document.name for hit in hits)))
    return asked


def metrics(asked: Sequence[Result]) -> dict[str, float]:
    """Return how many queries there were, and the shares of them that have a right answer first and among five.

        {"count": 80, "success@1": 0.9125, "success@5": 0.9625, "mrr": 0.9331}

    The last is the mean of 1 / place; an answer that is not among the first `DEPTH` counts 0.
    """
    count = len(asked)
    places = [one.place for one in asked if one.place is not None]

    def share(total: float) -> float:
        return round(total / count, 4) if count else 0.0

    return {
        "count": count,
        "success@1": share(sum(place == 1 for place in places)),
        "success@5": share(sum(place <= 5 for place in places)),
        "mrr": share(sum(1 / place for place in places)),
    }


def report(asked: Sequence[Result]) -> dict[str, Any]:
    """Return the scores: ``kinds`` has them by kind and half (``both``, ``tuning``, ``held``), ``overall`` by half."""

    def by_half(chosen: Sequence[Result]) -> dict[str, Any]:
        halves = {half: metrics([one for one in chosen if one.query.half == half]) for half in HALVES}
        return {"both": metrics(chosen), **halves}

    kinds = [kind for kind in KINDS if any(one.query.kind == kind for one in asked)]
    return {
        "kinds": {kind: by_half([one for one in asked if one.query.kind == kind]) for kind in kinds},
        "overall": by_half(asked),
    }


#: What is held against the floors.
HELD_AGAINST = ("success@1", "mrr")


def fallen(measured: Mapping[str, Any], floors: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return a sentence for each figure of a kind that is below its floor, or that has none."""
    sentences = []
    for kind, halves in measured["kinds"].items():
        for figure in HELD_AGAINST:
            now, floor = halves["both"][figure], floors.get(kind, {}).get(figure)
            if floor is None:
                sentences.append(f"{kind}: {figure} has no floor: --write-floors writes today's")
            elif now < floor:
                sentences.append(
                    f"{kind}: {figure} fell to {now:.4f}, the floor is {floor:.4f}: see `python -m benchmarks.relevance "
                    f"--kind {kind} --failures`; mend the search, or where it is meant, lower the floor and say why"
                )
    return sentences


def floors_of(measured: Mapping[str, Any], floors: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the floors with those of the measured kinds made today's."""
    today = {
        kind: {figure: halves["both"][figure] for figure in HELD_AGAINST} for kind, halves in measured["kinds"].items()
    }
    known = {**floors, **today}
    return {kind: dict(known[kind]) for kind in KINDS if kind in known}


def every_name(reader: IndexReader, names: Names) -> dict[str, Any]:
    """Return how many of all names find themselves first: ``count``, ``first`` and, of the others, some as ``failing``.

    A source has to be the first hit; for a binary it is a source that builds it, and the hit has to name it.
    """
    wanted = sorted(names.sources | names.builders.keys())
    failing = []
    for name in wanted:
        label = Query("exact", HALVES[0], name, (name,), "")
        hits = reader.search(name, 0, 1).hits
        found = hits[0].document.name if hits else None
        right = found == name if name in names.sources else bool(hits) and is_right(hits[0], label, names)
        if not right:
            failing.append({"name": name, "first": found})
    return {"count": len(wanted), "first": len(wanted) - len(failing), "failing": failing[:LISTED]}


def as_table(measured: Mapping[str, Any]) -> str:
    """Return the scores as a table: success in percent and the mean reciprocal rank, of both halves and of each."""
    rows: list[list[Any]] = [
        ["kind", "queries", "first", "in 5", "MRR", *(f"{half} first" for half in HALVES), "held MRR"]
    ]
    for kind, halves in [*measured["kinds"].items(), ("overall", measured["overall"])]:
        both = halves["both"]
        rows.append(
            [kind, both["count"], 100 * both["success@1"], 100 * both["success@5"], f"{both['mrr']:.3f}"]
            + [100 * halves[half]["success@1"] for half in HALVES]
            + [f"{halves['held']['mrr']:.3f}"]
        )
    return table(rows)


def failures(asked: Iterable[Result]) -> list[str]:
    """Return a line for each query whose first hit is wrong: what it is for, where that came, and the first three hits."""
    return [
        f"{one.query.kind}  {one.query.text!r}  place {one.place or '-'}  wanted {' '.join(one.query.labels[:5])}"
        f"{' ...' if len(one.query.labels) > 5 else ''}  got {' '.join(one.first[:3]) or 'nothing'}"
        for one in asked
        if one.place != 1
    ]


def read_floors(path: Path = FLOORS) -> dict[str, dict[str, float]]:
    """Return the floors of a file by kind; none where there is no file."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def measure(given: argparse.Namespace, index: Path, say: Callable[[str], None]) -> int:
    """Ask all that is wanted, say what came of it, and return 1 if anything fell below its floor."""
    queries, names = read_queries(), names_of(given.world)
    check(queries)
    check_labels(queries, names)
    reader = IndexReader(index)
    asked = ask(reader, (query for query in queries if query.kind in (given.kind or KINDS)), names)
    measured, floors = report(asked), read_floors()
    if given.every_name:
        measured["every_name"] = every_name(reader, names)
    if given.write_floors:
        floors = floors_of(measured, floors)
        FLOORS.write_text(json.dumps(floors, indent=1) + "\n", "utf-8")
    measured["fallen"] = fallen(measured, floors)
    if given.failures:
        measured["failures"] = failures(asked)
    say(json.dumps(measured, indent=1) if given.json else as_text(measured))
    return int(bool(measured["fallen"]))


def as_text(measured: Mapping[str, Any]) -> str:
    """Return a report as it is read in a terminal."""
    lines = [*measured.get("failures", ()), as_table(measured)]
    if "every_name" in measured:
        names = measured["every_name"]
        lines.append(f"{names['first']:,} of {names['count']:,} names find themselves first")
        lines += [f"  {one['name']}: first is {one['first'] or 'nothing'}" for one in names["failing"]]
    return "\n".join([*lines, *measured["fallen"]])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark, print its table, and return 1 if a kind fell below its floor."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relevance", description=__doc__.splitlines()[0])
    parser.add_argument("--kind", action="append", choices=KINDS, help="ask queries of this kind only; may be repeated")
    parser.add_argument("--failures", action="store_true", help="list the queries whose first hit is wrong")
    parser.add_argument("--every-name", action="store_true", help="look for each name there is, too (minutes)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write-floors", action="store_true", help="make the current scores the floors")
    parser.add_argument("--world", type=Path, default=WORLD, help="a file of packages")
    parser.add_argument("--index", type=Path, help="an index of these packages (default: one that is made for this)")
    given = parser.parse_args(arguments)
    if not given.world.exists():
        print(f"relevance: nothing was measured, since there is no file of packages {given.world}")
        return 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            if given.index is None:
                staged_index(given.world, Path(folder) / "index")
            return measure(given, given.index or Path(folder) / "index", print)
    except WrongLabels as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
