"""Every endpoint of the JSON API: those that are written down here, and one for each query about packages."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import ConfigDict

from fedora_packages.cache.changefeed import CURSOR
from fedora_packages.connectors.query import Query
from fedora_packages.connectors.types import Count, Model, Rows, field
from fedora_packages.errors import SettingsError
from fedora_packages.messages.timeline import MAX_EVENTS
from fedora_packages.search.complete import MAX_COMPLETIONS
from fedora_packages.search.complete import MAX_TEXT_LENGTH as MAX_COMPLETED_LENGTH
from fedora_packages.search.find import MAX_HITS, MAX_ROWS
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.api import docs
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
from fedora_packages.web.api.schemas import (
    Change,
    Completion,
    Event,
    Found,
    Identified,
    InRelease,
    List,
    Listed,
    Package,
    Reading,
    State,
    Status,
    answer,
    answer_of,
)
from fedora_packages.web.api.search import DEFAULT_COMPLETIONS
from fedora_packages.web.api.values import CHECK_OUTCOMES
from fedora_packages.web.loader import LEFT_PER_MINUTE
from fedora_packages.web.routes import ROUTES

PACKAGES, ONE, SERVICE = "Packages", "About one package", "The service"

_PATHS = dict(ROUTES)


class _Answer(Reading):
    """What the address of a query returns."""

    package: str
    query: str
    release: str | None
    value: Any


class _PackageAndAnswer(Package):
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    answer: _Answer | None = field("null if the package is not in that release", default=None)


class _SomePackages(Model):
    packages: list[_PackageAndAnswer]
    unknown: list[str]


class _AllPackages(Model):
    packages: list[Listed]
    list: List


class _SearchAnswer(Model):
    """The packages that match a text, best first; an exact name comes first.

    If the text is an identifier (an NVR or the name of an rpm file, an update, a bug number, a CVE, or the URL of their page)
    and no package name, `identified` describes it.  That takes requests to upstreams, which are limited in time and rate: unknown
    members are null, and `note` says why.  For a build or URL of an unknown package the search is for its name; for the URL of a
    search on this site it is for that search's text.
    """

    total: Count = field("packages that match")
    start: Count
    corrected: str | None = field("the text that was searched for instead; null if the text has results")
    suggestion: str | None = field("a similar name; null unless only summaries and descriptions match")
    identified: Identified | None = field("null if the text is no identifier, and after the first hits")
    packages: Rows(Found, MAX_ROWS)


class _Completions(Model):
    """Completions of a text, best first: packages and commands whose names are the text, begin with it, or have words that begin
    with it.  Every text has an answer; it can be empty.  `Cache-Control` says how long it can be kept.
    """

    completions: Rows(Completion, MAX_COMPLETIONS)


class _Changes(Model):
    """The values of all packages that changed after the cursor `since`, oldest first, and the `cursor` for the next request;
    `more` says whether there are more already.  Without `since`: the current cursor, and no changes.

    The first value of an entry is a change, the same value fetched again is not.  Nor is a change of `state`: the value stays the
    same while a fetch is due or the upstream fails.

    With `names` or `query` the cursor skips all other changes: an answer can be empty although `more` is true.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    changes: Rows(Change, MAX_COUNT)
    cursor: str
    more: bool
    unknown: list[str] = field("with names: those that are no packages", default=[])


class _Releases(Model):
    """The stable build and the build in testing of every active release, in reading order, from Koji's tags (see `tagged`), with
    the update that pushed it.

    `state` is the worst state of the `readings`.
    """

    package: str = field("the source package")
    retired: bool
    state: State
    releases: list[InRelease]
    readings: dict[str, Reading] = field("by query")


class _Timeline(Model):
    """The messages about a source package that were handled, newest first."""

    package: str
    events: Rows(Event, MAX_EVENTS)


class _Check(Model):
    outcome: Literal[tuple(CHECK_OUTCOMES.values())]
    differences: list[str] = field("sentences")
    took: float = field("seconds until the upstream's response")


class _Checked(_Answer):
    """Fetches a value at once, corrects the cached one where it differs, and returns the answer with the outcome: `same`,
    `healed` (it differed and is corrected), `first` (nothing was cached), `overtaken` (a message arrived meanwhile), or `lagging`
    (the upstream does not show yet what a message announced).  Checks are rate-limited.
    """

    check: _Check


class _Start(Model):
    """The URLs that need no package name."""

    documentation: str = field("for people")
    links: dict[str, str]


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


def endpoints(queries: Mapping[str, Query], releases: Query) -> dict[str, Endpoint]:
    """Return every endpoint by name, in the order of the documentation.

    The name is that of the route.  Endpoints of queries share a route: their names are those of `name_of`.  ``queries`` are those
    about packages (`addressed`), ``releases`` is the query of the active releases.
    """
    names = tuple(queries)
    found = [
        *_about_all(names),
        *_about_one(),
        *map(_about_package, queries.values()),
        _check(names),
        *_of_service(releases),
    ]
    return {endpoint.name: endpoint for endpoint in found}


def _endpoint(name: str, group: str, title: str, kind: Any, *parameters: Parameter, **more: Any) -> Endpoint:
    """Return the endpoint of a route; the docstring of its answer describes it, unless ``more`` has a text."""
    text = more.pop("text", None) or docs.paragraphs(kind.__doc__)
    return Endpoint(name, group, _PATHS[name], title, text, answer(kind), parameters, **more)


def _of_query(
    query: Query, name: str, group: str, path: str, parameters: tuple[Parameter, ...], problems: tuple[str, ...]
) -> Endpoint:
    text, parameters = docs.documentation(query), (*parameters, *Lists(query).parameters)
    return Endpoint(name, group, path, docs.title(text), text, answer_of(query), parameters, problems)


def _about_package(query: Query) -> Endpoint:
    path = _PATHS["api.query"].replace("{query}", query.short_name)
    parameters, problems = (PACKAGE,), ("unknown-package", "no-value")
    if query.by_release:
        parameters, problems = (*parameters, RELEASE), (*problems, "release-not-served")
    return _of_query(query, name_of(query), ONE, path, parameters, problems)


def _about_all(queries: tuple[str, ...]) -> list[Endpoint]:
    return [
        _endpoint(
            "api.packages",
            PACKAGES,
            "Packages: all, or some by name",
            _SomePackages | _AllPackages,
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
            PACKAGES,
            "Search",
            _SearchAnswer,
            Parameter(
                "q", {"type": "string"}, f"The text; at most {MAX_QUERY_LENGTH} characters are used.", "terminal"
            ),
            Parameter("start", integer(0, MAX_HITS), "The number of hits to skip.", "0"),
            Parameter("rows", integer(0, MAX_ROWS), "The number of hits to return.  Default: 20.", "20"),
            example="?q=terminal",
        ),
        _endpoint(
            "api.completions",
            PACKAGES,
            "Completions",
            _Completions,
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
            PACKAGES,
            "Changes",
            _Changes,
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
        _endpoint("api.package", ONE, "A package", Package, PACKAGE, problems=("unknown-package",)),
        _endpoint(
            "api.package.releases",
            ONE,
            "Versions by release",
            _Releases,
            PACKAGE,
            replace(RELEASE, meaning=f"Only this release: {RELEASE_NAMES}."),
            problems=("unknown-package", "no-value"),
        ),
        _endpoint(
            "api.package.timeline", ONE, "Recent activity", _Timeline, PACKAGE, problems=("unknown-package", "no-cache")
        ),
    ]


def _check(queries: tuple[str, ...]) -> Endpoint:
    return _endpoint(
        "api.check",
        ONE,
        "Check now",
        _Checked,
        PACKAGE,
        replace(choice_parameter("query", queries, "The query."), place="path"),
        RELEASE,
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


def _of_service(releases: Query) -> list[Endpoint]:
    document = "The OpenAPI 3.1 document of this API."
    return [
        _of_query(releases, "api.releases", SERVICE, _PATHS["api.releases"], (), ("no-value",)),
        _endpoint("api.status", SERVICE, "Status of the service", Status, problems=("no-cache",)),
        Endpoint("api.openapi", SERVICE, _PATHS["api.openapi"], "OpenAPI", document, {"type": "object"}),
        _endpoint("api.start", SERVICE, "Start", _Start),
    ]
