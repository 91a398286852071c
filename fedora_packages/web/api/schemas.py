"""What the answers of the JSON API look like, apart from the values of queries: `COMPONENTS` by name, and what refers to them."""

from typing import Any

from fedora_packages.cache.values import BEHIND, FAILING, FRESH, REFRESHING, UNKNOWN, UNWATCHED
from fedora_packages.connectors.bugzilla import CARRIERS_KEPT
from fedora_packages.connectors.query import Query
from fedora_packages.connectors.schema import (
    Schema,
    count,
    exactly,
    flag,
    number,
    one_of,
    optional,
    record,
    rows,
    table,
    text,
    whole,
    with_optional,
)
from fedora_packages.search import reasons
from fedora_packages.search.complete import BINARY, COMMAND, SOURCE
from fedora_packages.web.api.lists import CUT, TOTAL, lists_of
from fedora_packages.web.resolve import KINDS

#: Each state of a reading and what it means, the best first.
STATES = {
    FRESH: "this is what the upstream says",
    REFRESHING: "a message says that it has changed, and it is being read again; the value is the one before",
    BEHIND: "this is what the upstream says, and it does not show yet what a message has announced",
    UNWATCHED: "nobody can tell whether it has changed since, for want of a worker or of messages",
    FAILING: "the upstream does not answer, or not so that it can be used; the value is the last one known",
    UNKNOWN: "nothing was ever read; there is no value",
}


def ref(name: str) -> Schema:
    """Return the schema that refers to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def when(meaning: str) -> Schema:
    """Return the schema of a moment to the fraction of a second."""
    return number(f"{meaning}; UTC, seconds since 1970")


#: What every reading of a value says of it.
READING = {
    "state": one_of(*STATES),
    "stamp": optional(ref("Stamp"), "null if nothing was ever read"),
    "because": optional(ref("Because"), "null if nothing has made it old"),
    "problem": optional(ref("Trouble"), "null if nothing is wrong"),
}

#: A package in a list.
LISTED = {
    "name": text(),
    "summary": text(),
    "retired": flag(),
    "branch": optional(text()),
    "binaries": rows(text(), meaning="of a search: the binaries that match"),
    "url": text("the package's address"),
}

_SLOT = record(
    build_id=whole(),
    nvr=text(),
    evr=text("epoch (if it is not 0), version and release: what compares"),
    version=text(),
    release=text(),
    epoch=optional(whole()),
    owner=optional(text()),
    tag=text("the koji tag that it really has"),
    update=optional(text("alias of bodhi's update that brings it there"), "null if there is none, or none is known"),
)

COMPONENTS: dict[str, Schema] = {
    "Event": record(
        id=text("message ID"), topic=text("topic, without prefix and environment"), sent=when("when it was sent")
    ),
    "Stamp": record(
        fetched=when("when the upstream was asked"),
        took=number("how many seconds it took to answer"),
        upstream=text("who answered: koji, bodhi"),
        by=text("who asked: web or worker"),
        event=optional(ref("Event"), "null if no message made it necessary"),
    ),
    "Because": record(event=optional(ref("Event"), "null if no message did"), at=when("when it was taken out of use")),
    "Trouble": record(
        since=when("since when it is so"),
        at=when("when it was seen last"),
        error=text("a sentence"),
        upstream=text(),
        kind=text("one word: silent, unusable, release not served, behind, unwatched"),
    ),
    "Problem": {
        **with_optional(
            record(
                type={
                    "type": "string",
                    "format": "uri",
                    "description": "what kind of error it is; the address describes it",
                },
                title=text(),
                status=whole(least=400, most=599),
                detail=text("what was wrong here, and what is allowed"),
            ),
            replaced_by=rows(
                text(), meaning="of an unknown package: the binary packages that replaced what was called so"
            ),
            provided_by=rows(text(), meaning="of an unknown package: those that provide what is called so"),
        ),
        "description": "An error (RFC 9457).  At addresses of queries it has what an answer has too.",
    },
    "Reading": record(**READING),
    "List": CUT,
    "Completion": record(
        name=text("what the text becomes"),
        kind=one_of(SOURCE, BINARY, COMMAND, meaning="a source package, a binary package, or a command of one"),
        source=text("the source package that it belongs to"),
        package=text("the package whose page is its: itself, or of a command the one that has it"),
        summary=text("of the package"),
        url={**text("that page, for people"), "format": "uri"},
    ),
    "Package": record(
        name=text(),
        kind=one_of("source", "binary"),
        source=text("the source package: builds, updates, bugs and sources are its"),
        summary=text(),
        branch=optional(text("the release that is shown where none is asked for"), "null if no release has it"),
        releases=rows(text(), meaning="branches of the releases that have it, in reading order"),
        retired=flag("whether it was a package once, and no active release has it any more"),
        retirement=optional(
            record(
                branch=text("where the reason was looked for"),
                reason=optional(text("what whoever retired it wrote"), "null if nothing, or not known"),
                is_known=flag("whether it is known what was written"),
            ),
            "null if it is not retired",
        ),
        binaries=rows(text(), meaning="all binary packages of the source"),
        links=table(text(), "addresses: self, page (for people), and of everything that is known of it"),
    ),
    "Listed": record(**LISTED),
    "Found": record(
        **LISTED,
        found=text("what was found: the source, or the binary that the text names"),
        replaced_by=rows(text(), meaning="of a retired package: the binary packages that replaced it, a few"),
        reasons=rows(ref("Reason"), meaning="why, where its name does not say it"),
    ),
    "Reason": record(
        kind=one_of(*reasons.KINDS),
        text=text("what was found; of a summary or description the words, which may stand apart there"),
        binaries=rows(text(), meaning="the binaries that have it, where it is a binary's"),
    ),
    "Identified": record(
        kind=one_of(*KINDS),
        text=text("what it is called: an NVR, an update's alias, a number, a CVE, a package's name"),
        title=optional(text("what the upstream calls it"), "null if nothing else, or it is not known"),
        state=optional(text("of a build, an update or a bug"), "null if it is not known"),
        packages=rows(text(), meaning="those that it is about"),
        bugs=rows(
            record(
                id=whole(),
                summary=text(),
                status=text(),
                product=text(),
                component=text(),
                version=text(),
                page=optional(text("the bugs of its package here"), "null if it is of no package that is known"),
                upstream=text("its own page"),
            ),
            CARRIERS_KEPT,
            "of a CVE: the bugs that have its name",
        ),
        note=optional(text("a sentence: what is not known, and why"), "null if nothing is to be said"),
        links=record(
            page=optional(text("where it leads to here; of a CVE the bugs of the first package"), "null if nowhere"),
            upstream=text("the upstream's page of it"),
        ),
    ),
    "Change": record(
        query=text("the query that has another value: koji.builds"),
        package=optional(text("source or binary package, by the query"), "null of what is about no package"),
        release=optional(text("the branch"), "null where the answer does not differ by release"),
        at=when("when it was stored"),
        url=optional(text("where the value is"), "null if it has no address of its own"),
    ),
    "InRelease": record(
        name=text("bodhi's name: F45"),
        title=text(),
        version=text(),
        branch=text("f45"),
        family=text("fedora, epel or eln"),
        state=text("pending, frozen or current"),
        stable=optional(_SLOT, "null if the release has none, or it is not known"),
        testing=optional(_SLOT, "null if nothing is in testing, or it is not known"),
        is_known=flag("whether koji has been asked about both tags: not yet of a release that has just become active"),
    ),
}


def value_name(query: Query) -> str:
    """Return what the value of a query is called as a component."""
    return "".join(part.capitalize() for part in query.name.replace(".", "_").split("_"))


def value_of(query: Query) -> Schema:
    """Return the schema of a query's value as answers have it: of several lists one may be asked for, and filtered."""
    lists = lists_of(query)
    several = lists.rows if len(lists.rows) > 1 else ()

    def relaxed(schema: dict[str, Any]) -> dict[str, Any]:
        found = {**schema, "required": [name for name in schema["required"] if name not in several]}
        if lists.filters and TOTAL in schema["properties"]:
            total = schema["properties"][TOTAL]
            meaning = f"{total['description']}; of a filtered list the rows that are left, and list.whole has this"
            return with_optional(found, **{TOTAL: {**total, "description": meaning}})
        return found

    if not (several or lists.filters):
        return query.returns
    if "anyOf" in query.returns:
        return {"anyOf": [relaxed(branch) for branch in query.returns["anyOf"]]}
    return relaxed(query.returns)


def about(query: Query) -> dict[str, Schema]:
    """Return what every answer about an entry begins with."""
    return {
        "package": exactly(None)
        if query.subject == "nothing"
        else text(f"the {query.subject} package that it is about"),
        "query": exactly(query.name),
        "release": text("branch") if query.by_release else exactly(None),
    }


def answer_of(query: Query) -> Schema:
    """Return the schema of an answer with the value of a query."""
    found = record(**about(query), **READING, value=ref(value_name(query)))
    if not lists_of(query).rows:
        return found
    return with_optional(found, list={**ref("List"), "description": "there if the list was filtered or cut"})


def _more(schema: Schema) -> Schema:
    """Return the schema of an object that has more than these, which is for people."""
    return {**schema, "additionalProperties": True}


#: What ``/status`` tells of.
_DURATIONS = record(count=count(), sum=number(), p50=optional(number()), p95=optional(number()), p99=optional(number()))
_REQUESTS = record(took=_DURATIONS, unavailable=count(), invalid=count())
STATUS = record(
    ok=flag("whether nothing is wrong"),
    at=when("now"),
    caught_up_to=optional(when("up to when all messages are handled"), "null if unknown"),
    packages=optional(count("source packages in the index"), "null if it cannot be read"),
    corruption=optional(
        record(
            directory=text("of the index"),
            error=text("of a reader"),
            at=when("when it was first seen"),
            failure=optional(text("why the last rebuild failed"), "null if none has"),
            failed=optional(when("when it did"), "null if none has"),
        ),
        "null if the index is not corrupt",
    ),
    alerts=rows(
        record(summary=text(), since=optional(number()), description=text(), severity=text("critical or warning")),
        meaning="what is wrong, critical first",
    ),
    queries=table(
        record(
            upstream=text(),
            entries=optional(count(), "null while nobody has counted"),
            waiting=record(entries=count(), package=optional(text()), since=optional(number())),
            lately=table(optional(number()), "of the last hour"),
            total=table(optional(number()), "since the beginning"),
        )
    ),
    upstreams=table(
        record(
            queued=count(), lately=_REQUESTS, total=_REQUESTS, circuits=rows({"type": "object"}, meaning="by process")
        )
    ),
    lags=rows(record(name=text(), upstream=optional(text()), lately=_DURATIONS, total=_DURATIONS)),
    messages=table(count(), "by what became of them"),
    topics=rows(record(topic=text(), id=text(), sent=number(), handled=number())),
    workers=rows(
        _more(record(name=text(), is_alive=flag(), at=number(), caught_up_to=optional(number()))),
        meaning="and what else they say",
    ),
    drifts=rows(
        _more(record(query=text(), package=text(), variant=text(), found=number(), differences=rows(text()))),
        meaning="messages that were found to be lost, newest first",
    ),
    counted=optional(number("when entries were counted"), "null if nobody has"),
)
