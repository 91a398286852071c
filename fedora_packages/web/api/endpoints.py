"""Every endpoint of the JSON API: those that are written down here, and one for each query about packages."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from fedora_packages.cache.changefeed import CURSOR
from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.query import Query
from fedora_packages.errors import SettingsError
from fedora_packages.search.complete import MAX_COMPLETIONS
from fedora_packages.search.complete import MAX_TEXT_LENGTH as MAX_COMPLETED_LENGTH
from fedora_packages.search.find import MAX_HITS, MAX_ROWS
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.api import docs, schemas
from fedora_packages.web.api.changes import DEFAULT_COUNT, MAX_COUNT
from fedora_packages.web.api.endpoint import (
    NAMES,
    PACKAGE,
    PAGE,
    PARTS,
    RELEASE,
    RELEASE_NAMES,
    SIZE,
    Endpoint,
    Parameter,
    choice_parameter,
    integer,
    name_of,
)
from fedora_packages.web.api.lists import Lists
from fedora_packages.web.api.search import DEFAULT_COMPLETIONS
from fedora_packages.web.loader import LEFT_PER_MINUTE
from fedora_packages.web.routes import ROUTES

_PATHS = dict(ROUTES)


def addressed(queries: Iterable[Query]) -> dict[str, Query]:
    """Return the queries about packages by short name, sorted.

    Raises `SettingsError` if two queries have the same short name, or one has the name of another part of packages.
    """
    found: dict[str, Query] = {}
    for query in sorted((query for query in queries if query.subject != "nothing"), key=lambda query: query.short_name):
        if query.short_name in (*PARTS, "check"):
            raise SettingsError(f"{query.name} has the name of another endpoint: choose another name")
        if query.short_name in found:
            raise SettingsError(
                f"two queries have the short name {query.short_name!r}: {found[query.short_name].name} and {query.name}"
            )
        found[query.short_name] = query
    return found


def shared(queries: Iterable[Query]) -> dict[str, Query]:
    """Return the queries about no package by name, but for that of the releases, which has an address of its own."""
    return {query.name: query for query in queries if query.subject == "nothing" and query.name != RELEASES}


def endpoints(queries: Mapping[str, Query], releases: Query, others: Mapping[str, Query]) -> dict[str, Endpoint]:
    """Return every endpoint by name, in the order of the documentation.

    The name is that of the route.  Endpoints of queries share a route: their names are those of `name_of`.  ``queries`` are those
    about packages (`addressed`), ``releases`` is the query of the active releases, ``others`` are about no package (`shared`).
    """
    names = tuple(queries)
    groups = {
        "Packages": _about_all(names),
        "About one package": [*_about_one(), *map(_about_package, queries.values()), _check(names)],
        "The service": _of_service(releases, others.values()),
    }
    return {endpoint.name: replace(endpoint, group=group) for group, found in groups.items() for endpoint in found}


def _endpoint(name: str, title: str, kind: Any, *parameters: Parameter, text: str = "", **more: Any) -> Endpoint:
    """Return the endpoint of a route, described by ``text`` or else by the docstring of its answer."""
    text = text or docs.paragraphs(kind.__doc__)
    return Endpoint(name, _PATHS[name], title, text, schemas.answer(kind), parameters, **more)


def _of_query(
    query: Query, name: str, path: str, parameters: tuple[Parameter, ...], problems: tuple[str, ...]
) -> Endpoint:
    text, parameters = docs.documentation(query), (*parameters, *Lists(query).parameters)
    return Endpoint(name, path, docs.title(text), text, schemas.answer_of(query), parameters, problems)


def _about_package(query: Query) -> Endpoint:
    path = _PATHS["api.query"].replace("{query}", query.short_name)
    parameters, problems = (PACKAGE,), ("unknown-package", "no-value")
    if query.by_release:
        parameters, problems = (*parameters, RELEASE), (*problems, "release-not-served")
    return _of_query(query, name_of(query), path, parameters, problems)


def _about_all(queries: tuple[str, ...]) -> list[Endpoint]:
    return [
        _endpoint(
            "api.packages",
            "Packages: all, or some by name",
            schemas.SomePackages | schemas.AllPackages,
            NAMES,
            choice_parameter("query", queries, "With names: the query whose answer each package has."),
            replace(RELEASE, meaning=f"With query: the release ({RELEASE_NAMES}).  Default: each package's own."),
            PAGE,
            SIZE,
            text="All source packages, sorted by name, in pages.  With `names`, those packages in that order; `unknown` lists "
            "the names that are no packages.\n\nWith `query` each package has an `answer` too: the answer of that query's "
            "endpoint, from the cache, without a request to an upstream: `state` says whether the value is unknown or not "
            f"fresh.  Such values are then fetched in the background, at most {LEFT_PER_MINUTE} a minute for all clients.",
            problems=("no-cache",),
            example="?names=guake,vim,nothing&query=builds",
        ),
        _endpoint(
            "api.search",
            "Search",
            schemas.SearchAnswer,
            Parameter(
                "q", {"type": "string"}, f"The text; at most {MAX_QUERY_LENGTH} characters are used.", "terminal"
            ),
            Parameter("start", integer(0, MAX_HITS), "The number of hits to skip.", "0"),
            Parameter("rows", integer(0, MAX_ROWS), "The number of hits to return.  Default: 20.", "20"),
            example="?q=terminal",
        ),
        _endpoint(
            "api.completions",
            "Completions",
            schemas.Completions,
            Parameter("q", {"type": "string"}, f"The text; at most {MAX_COMPLETED_LENGTH} characters are used.", "gua"),
            Parameter(
                "rows",
                integer(1, MAX_COMPLETIONS),
                f"The number of completions to return.  Default: {DEFAULT_COMPLETIONS}.",
                str(DEFAULT_COMPLETIONS),
            ),
            example="?q=gua",
        ),
        _endpoint(
            "api.changes",
            "Changes",
            schemas.Changes,
            Parameter(
                "since",
                {"type": "string", "maxLength": 60, "pattern": f"^{CURSOR}$"},
                "The cursor of an earlier answer.",
            ),
            Parameter(
                "count", integer(1, MAX_COUNT), f"The number of changes to examine.  Default: {DEFAULT_COUNT}.", "100"
            ),
            replace(
                NAMES,
                meaning=f"{NAMES.meaning[:-1]}; binaries of a source and the source of a binary are included.",
                example="guake",
            ),
            choice_parameter("query", queries, "Only changes of this query."),
            problems=("cursor-gone", "no-cache"),
        ),
    ]


def _about_one() -> list[Endpoint]:
    return [
        _endpoint("api.package", "A package", schemas.Package, PACKAGE, problems=("unknown-package",)),
        _endpoint(
            "api.package.releases",
            "Versions by release",
            schemas.Releases,
            PACKAGE,
            replace(RELEASE, meaning=f"Only this release: {RELEASE_NAMES}."),
            problems=("unknown-package", "no-value"),
        ),
        _endpoint(
            "api.package.timeline",
            "Recent activity",
            schemas.Timeline,
            PACKAGE,
            problems=("unknown-package", "no-cache"),
        ),
    ]


def _check(queries: tuple[str, ...]) -> Endpoint:
    return _endpoint(
        "api.check",
        "Check now",
        schemas.Checked,
        PACKAGE,
        replace(choice_parameter("query", queries, "The query."), place="path"),
        RELEASE,
        text="Fetches a value at once, corrects the cached one where it differs, and returns the answer with the outcome: "
        "`same`, `healed` (it differed and is corrected), `first` (nothing was cached), `overtaken` (a message arrived "
        "meanwhile), or `lagging` (the upstream does not show yet what a message announced).  Checks are rate-limited.",
        problems=(
            "check-refused",
            "unknown-package",
            "unknown-query",
            "release-not-served",
            "too-many-checks",
            "upstream-failed",
            "no-cache",
        ),
        method="post",
    )


def _of_service(releases: Query, others: Iterable[Query]) -> list[Endpoint]:
    document = "The OpenAPI 3.1 document of this API."
    paths = {query: _PATHS["api.shared"].format(upstream=query.upstream, query=query.short_name) for query in others}
    return [
        _of_query(releases, "api.releases", _PATHS["api.releases"], (), ("no-value",)),
        *(_of_query(query, query.name, path, (), ("no-value",)) for query, path in paths.items()),
        _endpoint("api.status", "Status of the service", schemas.Status, problems=("no-cache",)),
        Endpoint("api.openapi", _PATHS["api.openapi"], "OpenAPI", document, {"type": "object"}),
        _endpoint("api.start", "Start", schemas.Start),
    ]
