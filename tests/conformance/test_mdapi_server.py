"""The sandbox's mdapi and the published one, over the same repositories, answer the same: status, type and body.

Compared is everything that mdapi's code decides.  Where its SQL leaves an order open, rows that may stand in any order
are sorted on both sides first (`settled`); all other orders count.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from .repodata import RELATIONS, relation

#: mdapi searches these, in this order, then the repository of the branch's own name.
REPOSITORIES = ("-updates-testing", "-updates", "-testing")

ODD_NAMES = (
    *("gcc-c++", "gcc-c%2B%2B", "perl(X)", "perl%28X%29", "a_b", "a%20b", "GUAKE", "Guake", "guake-", "guake-3"),
    # What means something to LIKE, to SQL, to a pattern, to a file system, and to none of them.
    *("%25", "_", "_%25", "gua%25", "guak_", "*", "'", "%22", "%3B--", ".x", "..%2F..%2Fetc", "~", "%C3%BC", "n" * 300),
)

NO_BRANCHES = ("f1", "F44", "Rawhide", "src_f1", "%25", "..", "%2E%2E", "..%2F..", "a%20b", "f44-", "-updates")

#: Addresses asked at a time, of each server.
CONCURRENCY = 8


@dataclass(frozen=True)
class Answer:
    """What an address answered; ``body`` is JSON's value where that is the type, else the text."""

    status: int
    content_type: str
    origin: str | None
    body: Any


async def _answer(session: aiohttp.ClientSession, base: str, path: str, method: str) -> Answer:
    # The path is sent as it stands: how a name is quoted is part of what is compared.
    url = aiohttp.client.URL(base + path, encoded=True)
    async with session.request(method, url) as response:
        text = await response.text()
        return Answer(
            response.status,
            response.headers.get("Content-Type", ""),
            response.headers.get("Access-Control-Allow-Origin"),
            json.loads(text) if response.content_type == "application/json" else text,
        )


async def _pairs(bases: tuple[str, str], paths: Iterable[str], method: str) -> dict[str, tuple[Answer, Answer]]:
    gate = asyncio.Semaphore(CONCURRENCY)

    async def pair(path: str) -> tuple[str, tuple[Answer, Answer]]:
        async with gate:
            return path, await asyncio.gather(*(_answer(session, base, path, method) for base in bases))

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as session:
        return dict(await asyncio.gather(*(pair(path) for path in dict.fromkeys(paths))))


def in_any_order(rows: Iterable[Any]) -> list[Any]:
    """Return rows in one fixed order."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def ties_in_any_order(rows: Iterable[Any], key: Callable[[Any], Any]) -> list[Any]:
    """Return rows in the order that they have, but those of an equal ``key`` next to each other in one fixed order."""
    return [row for _, tied in groupby(rows, key) for row in in_any_order(tied)]


def settled_package(package: dict[str, Any]) -> dict[str, Any]:
    """Return a package with the lists in order that mdapi's SQL asks for without saying in which order."""
    return {name: in_any_order(value) if isinstance(value, list) else value for name, value in package.items()}


def settled(body: Any) -> Any:
    """Return an answer's body with what mdapi's SQL leaves open in one fixed order."""
    if isinstance(body, list) and body and isinstance(body[0], dict):
        # ORDER BY epoch, version, release: packages of one source have them in common.
        packages = [settled_package(package) for package in body]
        return ties_in_any_order(packages, lambda row: (row["epoch"], row["version"], row["release"]))
    if not isinstance(body, dict):
        return body
    if "files" in body:
        # ORDER BY filenames: two folders may hold files of the same names.
        return {**body, "files": ties_in_any_order(body["files"], lambda row: row["filenames"])}
    if "changelogs" in body:
        # ORDER BY date.
        return {**body, "changelogs": ties_in_any_order(body["changelogs"], lambda row: row["date"])}
    return settled_package(body)


def difference(sandbox: Answer, real: Answer) -> str | None:
    """Return how two answers differ, in words, or None where they do not."""
    for name in ("status", "content_type", "origin"):
        here, there = getattr(sandbox, name), getattr(real, name)
        if here != there:
            return f"{name}: {here!r} here, {there!r} there"
    here, there = settled(sandbox.body), settled(real.body)
    if here == there:
        return None
    if isinstance(here, dict) and isinstance(there, dict):
        names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
        here, there = ({name: body.get(name) for name in names} for body in (here, there))
    return f"{_shortened(here)} here, {_shortened(there)} there"


def _shortened(value: Any, limit: int = 600) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}…"


FILES = Answer(
    200, "application/json; charset=utf-8", "*", {"files": [{"filenames": "a"}, {"filenames": "b"}], "repo": "release"}
)
PACKAGE = Answer(200, "application/json; charset=utf-8", "*", {"url": None, "requires": [{"name": "a"}, {"name": "b"}]})


@pytest.mark.parametrize(("answer", "other"), [
    (PACKAGE, replace(PACKAGE, status=404)),
    (PACKAGE, replace(PACKAGE, content_type="application/json")),
    (PACKAGE, replace(PACKAGE, origin=None)),
    (PACKAGE, replace(PACKAGE, body={**PACKAGE.body, "url": ""})),
    (PACKAGE, replace(PACKAGE, body={**PACKAGE.body, "name": None})),
    (PACKAGE, replace(PACKAGE, body={**PACKAGE.body, "requires": [{"name": "a"}]})),
    (PACKAGE, replace(PACKAGE, body={**PACKAGE.body, "requires": [*PACKAGE.body["requires"], {"name": "b"}]})),
    (FILES, replace(FILES, body={**FILES.body, "files": FILES.body["files"][::-1]})),
    (FILES, replace(FILES, body={**FILES.body, "repo": "updates"})),
])  # fmt: skip
def test_a_difference_is_seen(answer, other):
    assert difference(answer, answer) is None
    assert difference(answer, other)


@pytest.fixture
def same(sandbox, published_mdapi):
    """A function that fails where addresses answer differently, and gives the published server's answers otherwise."""

    def compare(paths: Iterable[str], method: str = "GET", but: Callable[[str, Answer, Answer], bool] | None = None):
        pairs = asyncio.run(_pairs((f"{sandbox}/mdapi", published_mdapi), paths, method))
        wrong = {
            path: text for path, pair in pairs.items() if (text := difference(*pair)) and not (but and but(path, *pair))
        }
        first = "\n".join(f"  {path}: {text}" for path, text in list(wrong.items())[:12])
        assert not wrong, f"{len(wrong)} of {len(pairs)} addresses answer differently:\n{first}"
        return {path: real for path, (_, real) in pairs.items()}

    return compare


@pytest.fixture(scope="module")
def branches(repositories) -> list[str]:
    """The branches that the repositories belong to."""
    return sorted({branch_of(name) for name in repositories})


def branch_of(repository: str) -> str:
    """Return the branch that a repository belongs to."""
    suffix = next((suffix for suffix in REPOSITORIES if repository.endswith(suffix)), "")
    return repository.removesuffix(suffix)


@pytest.fixture(scope="module")
def names(repositories) -> list[str]:
    """The names of all binary and all source packages."""
    packages = [package for packages in repositories.values() for package in packages]
    # A source package itself has no source.
    sources = {package["sourcerpm"].rsplit("-", 2)[0] for package in packages if package["sourcerpm"]}
    return sorted(sources | {package["name"] for package in packages})


def capabilities(packages: Iterable[dict[str, Any]], kind: str) -> set[str]:
    """Return the names that packages have a relation of this kind to."""
    return {relation(text)[0] for package in packages for text in package["relations"].get(kind, ())}


def addresses(branches: Iterable[str], kind: str, names: Iterable[str]) -> list[str]:
    names = [quote(name, safe="") for name in names]
    return [f"/{branch}/{kind}/{name}" for branch in branches for name in names]


def test_the_repositories_are_worth_comparing(repositories, branches):
    assert len(branches) >= 5
    assert all(repositories[branch] for branch in branches), "a branch without packages"
    assert any(packages for name, packages in repositories.items() if branch_of(name) != name), "no updates anywhere"


def test_the_branches_are_the_same(same):
    assert same(["/branches"])["/branches"].body


@pytest.mark.parametrize("kind", ["pkg", "files", "changelog"])
def test_every_package_is_the_same_on_every_branch(same, branches, names, kind):
    answers = same(addresses(branches, kind, names))
    statuses = {answer.status for answer in answers.values()}
    assert statuses == {200, 404}
    found = {answer.body["repo"] for answer in answers.values() if answer.status == 200}
    assert {"release", "updates", "updates-testing"} <= found, "no answer from one of the repositories"


def test_every_source_is_the_same_on_every_branch(same, repositories, branches, names):
    def has_parts_of_another(path: str, here: Answer, there: Answer) -> bool:
        """Whether answers agree but for the parts that mdapi reads from another repository's file than the package.

        Where a source has no package of its own name, what was found of it in one repository is reported as that of the
        next one, and its relations are read there by its number in the first: they are those of any package, or none.
        """
        bodies = here.body, there.body
        if replace(here, body=None) != replace(there, body=None) or not all(isinstance(body, dict) for body in bodies):
            return False
        repo = there.body["repo"]
        branch = path.split("/")[1]
        reported = repositories[branch if repo == "release" else f"{branch}-{repo}"]
        hit = f"{there.body['basename']}-{there.body['version']}-{there.body['release']}.src.rpm"
        if any(package["sourcerpm"] == hit for package in reported):
            return False
        described, expected = ({key: body[key] for key in body if key not in RELATIONS} for body in bodies)
        return described == expected

    answers = same(addresses(branches, "srcpkg", names), but=has_parts_of_another)
    assert {answer.status for answer in answers.values()} == {200, 404}


@pytest.mark.parametrize("kind", RELATIONS)
def test_who_has_a_relation_is_the_same(same, repositories, branches, kind):
    asked = []
    for branch in branches:
        packages = [
            package for name, packages in repositories.items() if branch_of(name) == branch for package in packages
        ]
        # Rawhide has every name; of the other branches a third is enough to see which of their repositories answers.
        found = sorted(capabilities(packages, kind))
        asked += addresses([branch], kind, found if branch == "rawhide" else found[::3])
    if not asked:
        pytest.skip(f"no package of the small world {kind} another")
    assert {answer.status for answer in same(asked).values()} == {200}


@pytest.mark.parametrize("kind", ["pkg", "srcpkg", "files", "changelog", *RELATIONS])
def test_names_that_do_not_exist_or_look_odd_are_the_same(same, branches, kind):
    same(f"/{branch}/{kind}/{name}" for branch in ("rawhide", "f44") for name in ("no-such-package", *ODD_NAMES))


@pytest.mark.parametrize("kind", ["pkg", "srcpkg", "files", "changelog", *RELATIONS])
def test_branches_that_do_not_exist_are_the_same(same, kind):
    same(f"/{branch}/{kind}/guake" for branch in NO_BRANCHES)


def test_repositories_asked_as_if_they_were_branches_are_the_same(same, repositories, names):
    suffixed = [name for name in repositories if branch_of(name) != name]
    same(addresses(suffixed, "pkg", names[::5]))


def test_addresses_that_are_none_are_the_same(same):
    paths = (
        "/branches/",
        "/rawhide",
        "/rawhide/",
        "/rawhide/pkg",
        "/rawhide/pkg/",
        "/rawhide/pkg/guake/",
        "/rawhide/nonsense/guake",
    )
    same(paths)


def test_what_is_no_get_is_refused_the_same(same):
    same(["/branches", "/rawhide/pkg/guake", "/rawhide/requires/glibc"], method="POST")


def test_a_question_mark_changes_nothing(same):
    same(["/rawhide/pkg/guake?x=1", "/branches?x=1"])
