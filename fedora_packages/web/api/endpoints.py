"""Every address of the JSON API: those that are written down here, and one for each query about packages."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import ConfigDict

from fedora_packages.cache.changefeed import CURSOR
from fedora_packages.connectors.query import Query
from fedora_packages.connectors.types import Count, Model, Rows, field, schema_of
from fedora_packages.errors import SettingsError
from fedora_packages.messages.timeline import MAX_EVENTS
from fedora_packages.monitoring.verify import FIRST, HEALED, LAGGING, OVERTAKEN, SAME
from fedora_packages.search.complete import MAX_COMPLETIONS
from fedora_packages.search.complete import MAX_TEXT_LENGTH as MAX_COMPLETED_LENGTH
from fedora_packages.search.find import MAX_HITS, MAX_ROWS
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.api import docs as prose
from fedora_packages.web.api.changes import MOST_CHANGES, USUAL_CHANGES
from fedora_packages.web.api.endpoint import (
    IN_WHICH_WORDS,
    NAMES,
    PACKAGE,
    PAGE,
    PARTS,
    RELEASE,
    SIZE,
    Address,
    Parameter,
    integer,
    name_of,
    word_parameter,
)
from fedora_packages.web.api.lists import lists_of
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
from fedora_packages.web.api.search import USUAL_COMPLETIONS
from fedora_packages.web.loader import LEFT_PER_MINUTE

PACKAGES, ONE, SERVICE = "Packages", "About one package", "The service"


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
    total: Count = field("packages that match")
    start: Count
    corrected: str | None = field("the text that was searched for instead; null if the text has results")
    suggestion: str | None = field("a similar name; null unless only summaries and descriptions match")
    identified: Identified | None = field("null if the text is no identifier, and after the first hits")
    packages: Rows(Found, MAX_ROWS)


class _Completions(Model):
    completions: Rows(Completion, MAX_COMPLETIONS)


class _Changes(Model):
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    changes: Rows(Change, MOST_CHANGES)
    cursor: str
    more: bool
    unknown: list[str] = field("with names: those that are no packages", default=[])


class _Releases(Model):
    package: str = field("the source package")
    retired: bool
    state: State
    releases: list[InRelease]
    readings: dict[str, Reading] = field("by query")


class _Timeline(Model):
    package: str
    events: Rows(Event, MAX_EVENTS)


class _Check(Model):
    outcome: Literal[SAME, HEALED, FIRST, OVERTAKEN, LAGGING]
    differences: list[str] = field("sentences")
    took: float = field("seconds until the upstream's response")


class _Checked(_Answer):
    check: _Check


class _Start(Model):
    documentation: str = field("for people")
    links: dict[str, str]


def addressed(queries: Iterable[Query]) -> dict[str, Query]:
    """Return the queries about packages by short name, sorted.

    Raises `SettingsError` if two have the same, or one is called as another part of packages is.
    """
    found: dict[str, Query] = {}
    for query in sorted((query for query in queries if query.subject != "nothing"), key=lambda query: query.short_name):
        if query.short_name in (*PARTS, "check"):
            raise SettingsError(f"{query.name} is called as an address of packages is: choose another name")
        if query.short_name in found:
            raise SettingsError(
                f"two queries are called {query.short_name!r}: {found[query.short_name].name} and {query.name}"
            )
        found[query.short_name] = query
    return found


def addresses(queries: Mapping[str, Query], releases: Query) -> dict[str, Address]:
    """Return every address by name, in the order in which they are described.

    The name is that of the route; of a query's address, which all have the same route, what `name_of` says.

    ``queries`` are those about packages, as `addressed` gives them; ``releases`` is the one that says which releases there are.
    """
    found = [*_packages(tuple(queries)), *_one(queries), *map(_of_query, queries.values()), _check(tuple(queries))]
    found += _service(releases)
    return {address.name: address for address in found}


def _of_query(query: Query) -> Address:
    release = (RELEASE,) if query.by_release else ()
    return Address(
        name_of(query),
        ONE,
        f"/packages/{{package}}/{query.short_name}",
        prose.title(prose.documentation(query)),
        prose.documentation(query),
        answer_of(query),
        (PACKAGE, *release, *lists_of(query).parameters),
        ("unknown-package", "no-value", *(("release-not-served",) if query.by_release else ())),
        f"/packages/guake/{query.short_name}",
    )


def _packages(queries: tuple[str, ...]) -> list[Address]:
    return [
        Address(
            "api.packages",
            PACKAGES,
            "/packages",
            "Packages: all, or some by name",
            "All source packages by name, page by page.  With `names`, those packages in that order, and in `unknown` the names "
            "that are none's.\n\nWith `query` each of them has an `answer` too: what the address of that query would give, as "
            "far as it is known.  No upstream is waited for: what is not known or not fresh says so in its `state`, and is "
            f"read by and by, of all who ask {LEFT_PER_MINUTE} answers in a minute.",
            answer(_SomePackages | _AllPackages),
            (
                NAMES,
                word_parameter("query", queries, "With names: the query that each package's answer is of."),
                Parameter(
                    "release",
                    RELEASE.schema,
                    f"With query: the release ({IN_WHICH_WORDS}); each package's own where it is not said.",
                    "rawhide",
                ),
                PAGE,
                SIZE,
            ),
            ("no-cache",),
            "/packages?names=guake,vim,nothing&query=builds",
        ),
        Address(
            "api.search",
            PACKAGES,
            "/search",
            "Search",
            "The packages that a text finds, best first; one that is called exactly so comes first.\n\nA text that is no "
            "package's name and identifies something (an NVR or the name of an rpm file, an update, a bug's number, a CVE, the "
            "address of a page of theirs) is told of in `identified`.  Upstreams are asked for that, for a moment and so often "
            "in a minute: what they do not say is null, and `note` says why.  Of a build or an address "
            "of a package that is not known its name is searched for, of the address of a search here what was searched for.",
            answer(_SearchAnswer),
            (
                Parameter(
                    "q",
                    {"type": "string"},
                    f"The text; of more than {MAX_QUERY_LENGTH} characters the first count.",
                    "terminal",
                ),
                Parameter("start", integer(0, MAX_HITS), "How many to pass over.", "0"),
                Parameter("rows", integer(0, MAX_ROWS), "How many to give; 20 where it is not said.", "20"),
            ),
            (),
            "/search?q=terminal",
        ),
        Address(
            "api.completions",
            PACKAGES,
            "/completions",
            "Completions: what is being typed",
            "What a text that somebody is typing may become, best first: packages and commands that are called so, whose names "
            "begin so, or have words that do.  Any text has an answer, if an empty one.  It may be kept for as long as its "
            "`Cache-Control` says.",
            answer(_Completions),
            (
                Parameter(
                    "q",
                    {"type": "string"},
                    f"The text; of more than {MAX_COMPLETED_LENGTH} characters the first count.",
                    "gua",
                ),
                Parameter(
                    "rows",
                    integer(1, MAX_COMPLETIONS),
                    f"How many to give; {USUAL_COMPLETIONS} where it is not said.",
                    str(USUAL_COMPLETIONS),
                ),
            ),
            (),
            "/completions?q=gua",
        ),
        Address(
            "api.changes",
            PACKAGES,
            "/changes",
            "Changes: which values became others",
            "Over all packages, the values that became others after the cursor `since`, oldest first, and the `cursor` for the "
            "next time; `more` says that there are more already.  Without `since` the cursor of now, and no changes.\n\nA value "
            "that was read again and is the same is not told of.  One that is read for the first time is.  Of states nothing is "
            "told: a value that is about to change, or whose upstream fails, is as it was.\n\nWith `names` or `query` only those "
            "are given, and the cursor passes over the others: an answer may then be empty although there are more.",
            answer(_Changes),
            (
                Parameter(
                    "since",
                    {"type": "string", "maxLength": 60, "pattern": f"^{CURSOR}$"},
                    "The cursor of an answer of this address.",
                    "",
                ),
                Parameter(
                    "count",
                    integer(1, MOST_CHANGES),
                    f"How many changes to look at, at most; {USUAL_CHANGES} where it is not said.",
                    "100",
                ),
                Parameter(
                    "names",
                    NAMES.schema,
                    f"{NAMES.meaning[:-1]}; a source's binaries and a binary's source count too.",
                    "guake",
                ),
                word_parameter("query", queries, "Only changes of this query."),
            ),
            ("cursor-gone", "no-cache"),
            "/changes",
        ),
    ]


def _one(queries: Mapping[str, Query]) -> list[Address]:
    return [
        Address(
            "api.package",
            ONE,
            "/packages/{package}",
            "What a name means",
            "What the index knows of a package, and the addresses of everything about it.\n\nOf a package that no active release "
            "has any more this is still an answer, with status 200, and so are those of its queries: `retired` says so, and "
            "`retirement` why.  (Its page for people is 410.)",
            answer(Package),
            (PACKAGE,),
            ("unknown-package",),
            "/packages/guake",
        ),
        Address(
            "api.package.releases",
            ONE,
            "/packages/{package}/releases",
            "Which version each release has",
            "What is stable and what is in testing in every active release, in reading order: koji's tags (see `tagged`) by the "
            "releases that they are of, with the update that brings a build there.\n\n`state` is the worst of the `readings` "
            "that it is made of.",
            answer(_Releases),
            (
                PACKAGE,
                Parameter("release", RELEASE.schema, f"The one release that is wanted: {IN_WHICH_WORDS}.", "rawhide"),
            ),
            ("unknown-package", "no-value"),
            "/packages/guake/releases",
        ),
        Address(
            "api.package.timeline",
            ONE,
            "/packages/{package}/timeline",
            "What happened lately",
            "The messages about a source package that were handled, newest first.",
            answer(_Timeline),
            (PACKAGE,),
            ("unknown-package", "no-cache"),
            "/packages/guake/timeline",
        ),
    ]


def _check(queries: tuple[str, ...]) -> Address:
    return Address(
        "api.check",
        ONE,
        "/packages/{package}/{query}/check",
        "Check now",
        "Has the upstream asked at once about a query, mends what differs, and gives the answer as it is then, with what came of "
        "it: it was the `same`; it differed and is `healed`; nothing was known (`first`); a message came meanwhile "
        "(`overtaken`); the upstream does not show yet what a message said (`lagging`).  Only so many are made in a minute.",
        answer(_Checked),
        (
            PACKAGE,
            replace(word_parameter("query", queries, "The query."), place="path"),
            RELEASE,
        ),
        (
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


def _service(releases: Query) -> list[Address]:
    return [
        Address(
            "api.releases",
            SERVICE,
            "/releases",
            prose.title(prose.documentation(releases)),
            prose.documentation(releases),
            answer_of(releases),
            lists_of(releases).parameters,
            ("no-value",),
            "/releases",
        ),
        Address(
            "api.status",
            SERVICE,
            "/status",
            "How the service is",
            "Whether anything is wrong, what, and every figure that the page /status shows.",
            schema_of(Status),
            (),
            ("no-cache",),
            "/status",
        ),
        Address(
            "api.openapi",
            SERVICE,
            "/openapi.json",
            "All of this, for programs",
            "The OpenAPI 3.1 document of this API.",
            {"type": "object"},
            (),
            (),
            "/openapi.json",
        ),
        Address(
            "api.start",
            SERVICE,
            "",
            "Where everything is",
            "The addresses that do not need a name.",
            answer(_Start),
            (),
            (),
            "",
        ),
    ]
