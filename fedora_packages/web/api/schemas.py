"""The shapes of the JSON API's answers, apart from the values of queries: models, and `COMPONENTS`, their schemas by name."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from fedora_packages.cache.values import BEHIND, FAILING, FRESH, REFRESHING, UNKNOWN, UNWATCHED
from fedora_packages.connectors.bugzilla import MAX_CARRIERS
from fedora_packages.connectors.query import Query
from fedora_packages.connectors.types import Count, InvalidRows, Known, Model, Rows, Schema, field, schema_of
from fedora_packages.messages.timeline import MAX_EVENTS
from fedora_packages.monitoring.alerts import Alert
from fedora_packages.monitoring.health import FINDERS, Topic, TurnHealth, Waiting, WorkerHealth
from fedora_packages.monitoring.probe import Probe
from fedora_packages.monitoring.warmth import Warmth
from fedora_packages.search import reasons
from fedora_packages.search.complete import BINARY, COMMAND, MAX_COMPLETIONS, SOURCE
from fedora_packages.search.corruption import Corruption
from fedora_packages.search.find import MAX_ROWS
from fedora_packages.web.api.changes import MAX_COUNT
from fedora_packages.web.api.lists import TOTAL, List, Lists
from fedora_packages.web.api.values import CHECK_OUTCOMES
from fedora_packages.web.resolve import KINDS

#: Each state of a cached value and what it means, the best first.
STATES = {
    FRESH: "the value is what the upstream returns",
    REFRESHING: "a message announced a change, and the value is being fetched again; this is the value before it",
    BEHIND: "the value is what the upstream returns, and does not show yet what a message announced",
    UNWATCHED: "the value may have changed: no worker is running, or no messages arrive",
    FAILING: "the upstream is not responding, or its response is invalid; this is the last known value",
    UNKNOWN: "nothing was ever fetched; there is no value",
}

State = Literal[tuple(STATES)]

#: A time to the fraction of a second, UTC, seconds since 1970.
Time = Annotated[float, Field(json_schema_extra={"format": "unixtime"})]
URL = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Event(Model):
    id: str = field("message ID")
    topic: str = field("without prefix and environment")
    sent: Time
    swept: Time | None = field("when a sweep found the change; missing for a message", default=None)


class Stamp(Model):
    fetched: Time = field("when the request was sent")
    took: float = field("seconds until the response")
    upstream: str = field("koji, bodhi …")
    by: str = field("the process that sent the request: web or worker")
    event: Event | None = field("the message that made it necessary; null if there was none")


class Because(Model):
    event: Event | None = field("null if there was no message")
    at: Time = field("when the value was invalidated")


class ErrorState(Model):
    since: Time
    at: Time = field("when it was last observed")
    error: str = field("a sentence")
    upstream: str
    kind: str = field("silent, unusable, release not served, not public, behind or unwatched")


class Problem(Model):
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: URL = field("the kind of error; its address describes it")
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str = field("what was wrong, and what is allowed")
    replaced_by: list[str] = field("for an unknown package: the binary packages that replaced the name", default=[])
    provided_by: list[str] = field("for an unknown package: the packages that provide the name", default=[])


class Reading(Model):
    state: State
    stamp: Stamp | None = field("null if nothing was ever fetched")
    because: Because | None = field("null if the value is not invalidated")
    problem: ErrorState | None = field("null if nothing is wrong")


class _PartialReading(Reading):
    """The reading of a value that an answer shows a part of."""

    invalid_rows: InvalidRows = None


class Completion(Model):
    name: str = field("the completed text")
    kind: Literal[SOURCE, BINARY, COMMAND] = field("source package, binary package or command")
    source: str = field("the source package that it belongs to")
    package: str = field("the package whose page it leads to: itself, or the package of a command")
    summary: str = field("summary of the package")
    url: URL = field("that page")


class _Retirement(Model):
    branch: str = field("the branch of which the reason was read")
    reason: str | None = field("content of dead.package; null if there is none, or it is unknown")
    is_known: bool = field("whether the reason is known")


class Package(Model):
    """A package in the search index, with the URLs of all its values.

    A package that no active release has any more returns 200 too, here and for its queries: `retired` is true, and `retirement`
    says why.  (Its page for people returns 410.)
    """

    name: str
    kind: Literal["source", "binary"]
    source: str = field("the source package: it has the builds, updates, bugs and sources")
    summary: str
    branch: str | None = field("the release that is shown by default; null if no release has it")
    releases: list[str] = field("branches of the releases that have it, in reading order")
    retired: bool = field("whether no active release has it any more")
    retirement: _Retirement | None = field("null if it is not retired")
    binaries: list[str] = field("all binary packages of the source")
    links: dict[str, str] = field("URLs: self, page (for people), and one for each query")


class Listed(Model):
    name: str
    summary: str
    retired: bool
    branch: str | None
    binaries: list[str] = field("in a search: the binaries that match")
    url: str = field("the package in this API")


class Reason(Model):
    kind: Literal[reasons.KINDS]
    text: str = field("the match; for a summary or description its words, which can be apart there")
    binaries: list[str] = field("the binaries that have it, where it is of a binary")


class Found(Listed):
    found: str = field("the match: the source, or the binary of that name")
    replaced_by: list[str] = field("for a retired package: some binary packages that replaced it")
    reasons: list[Reason] = field("why it matches, where its name does not show it")


class _NamedBug(Model):
    id: int
    summary: str
    status: str
    product: str
    component: str
    version: str
    page: str | None = field("the bugs of its package here; null if it is of no known package")
    upstream: str = field("its page in Bugzilla")


class _Links(Model):
    page: str | None = field("its page here; for a CVE the bugs of the first package; null if there is none")
    upstream: str = field("its page at the upstream")


class Identified(Model):
    kind: Literal[tuple(KINDS)]
    text: str = field("an NVR, an update's alias, a number, a CVE, or a package's name")
    title: str | None = field("its name at the upstream; null if it has no other, or it is unknown")
    state: str | None = field("of a build, an update or a bug; null if it is unknown")
    packages: list[str] = field("the packages that it is about")
    bugs: Rows(_NamedBug, MAX_CARRIERS) = field("for a CVE: the bugs that have its name")
    note: str | None = field("a sentence: what is unknown, and why; null if nothing is")
    links: _Links


class Change(Model):
    query: str = field("the query whose value changed: koji.builds")
    package: str | None = field("source or binary package, by the query; null if it is about no package")
    release: str | None = field("branch; null if the value does not differ by release")
    at: Time = field("when the value was stored")
    url: str | None = field("the value in this API; null if it has no URL")


class _Slot(Model):
    build_id: int
    nvr: str
    evr: str = field("epoch (if it is not 0), version and release")
    version: str
    release: str
    epoch: int | None
    owner: str | None
    tag: str = field("the Koji tag that the build has itself")
    update: str | None = field("alias of Bodhi's update that pushes it; null if there is none, or it is unknown")
    is_published: bool | None = field(
        "whether the repositories have it: false if they have an older one; null if they have a newer one, or it is unknown"
    )


class InRelease(Model):
    name: str = field("Bodhi's name: F45")
    title: str
    version: str
    branch: str = field("f45")
    family: str = field("fedora, epel or eln")
    state: str = field("pending, frozen or current")
    stable: _Slot | None = field("null if the release has none, or it is unknown")
    testing: _Slot | None = field("null if nothing is in testing, or it is unknown")
    published: str | None = field(
        "EVR of its main binary package in the repositories, testing ones first; null if there is none, or it is unknown"
    )
    is_known: bool = field("whether both tags were read from Koji; false for a release that has just become active")


class _Durations(Model):
    count: Count
    sum: float
    p50: float | None
    p95: float | None
    p99: float | None


class _Requests(Model):
    took: _Durations
    unavailable: Count
    invalid: Count


class _QueryStatus(Model):
    upstream: str
    entries: Count | None = field("null until they are counted")
    waiting: Waiting
    lately: dict[str, float | None] = field("the last hour")
    total: dict[str, float | None] = field("since the beginning")


class _UpstreamStatus(Model):
    queued: Count
    lately: _Requests
    total: _Requests
    circuits: list[dict[str, Any]] = field("by process")


class _Lag(Model):
    name: str
    upstream: str | None
    lately: _Durations
    total: _Durations


class _Ages(Model):
    count: Count
    over_60: Count = field("of more than 60 seconds")
    over_300: Count
    over_600: Count


class _WrongValues(Model):
    query: str
    found_by: Known(*FINDERS)
    lately: _Ages
    total: _Ages


class _Drift(Model):
    model_config = ConfigDict(extra="allow")

    query: str
    package: str
    variant: str
    found: float
    differences: list[str]


class Status(Model):
    """Whether anything is wrong, and all numbers of the page /status."""

    ok: bool = field("whether nothing is wrong")
    at: Time = field("now")
    caught_up_to: Time | None = field("up to when all messages are handled; null if that is unknown")
    packages: Count | None = field("source packages in the index; null if it cannot be read")
    skipped_packages: Count = field("invalid packages in repositories that the last build of the index left out")
    corruption: Corruption | None = field("null if the index is not corrupt")
    alerts: list[Alert] = field("what is wrong, critical first")
    queries: dict[str, _QueryStatus]
    upstreams: dict[str, _UpstreamStatus]
    lags: list[_Lag]
    load: float = field("reads a second that all schedules ask for")
    budget: float | None = field("reads a second that the workers do on schedules; null if that is unknown")
    messages: dict[str, Count] = field("by outcome")
    topics: list[Topic]
    turns: list[TurnHealth] = field("sweeps and audits in bulk")
    warmth: Warmth | None = field(
        "how many of the values that pages show by default are cached; null until they are counted"
    )
    wrong: list[_WrongValues] = field("for how long values were shown and wrong, at most")
    workers: list[WorkerHealth]
    drifts: list[_Drift] = field("lost messages that were found, newest first")
    probes: list[Probe] = field("whether each upstream still returns what is read of it, by query")
    counted: Time | None = field("when entries were counted; null if they never were")


class _Answer(Reading):
    """What the address of a query returns."""

    package: str
    query: str
    release: str | None
    value: Any


class _PackageAndAnswer(Package):
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    answer: _Answer | None = field("null if the package is not in that release", default=None)


class SomePackages(Model):
    packages: list[_PackageAndAnswer]
    unknown: list[str]


class AllPackages(Model):
    packages: list[Listed]
    list: List


class SearchAnswer(Model):
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


class Completions(Model):
    """Completions of a text, best first: packages and commands whose names are the text, begin with it, or have words that begin
    with it.  Every text has an answer; it can be empty.  `Cache-Control` says how long it can be kept.
    """

    completions: Rows(Completion, MAX_COMPLETIONS)


class Changes(Model):
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


class Releases(Model):
    """The stable build and the build in testing of every active release, in reading order, from Koji's tags (see `tagged`), with
    the update that pushed it.

    `state` is the worst state of the `readings`.
    """

    package: str = field("the source package")
    retired: bool
    state: State
    releases: list[InRelease]
    readings: dict[str, _PartialReading] = field("by query")


class Timeline(Model):
    """The messages about a source package that were handled, newest first."""

    package: str
    events: Rows(Event, MAX_EVENTS)


class _Check(Model):
    outcome: Literal[tuple(CHECK_OUTCOMES.values())]
    differences: list[str] = field("sentences")
    took: float = field("seconds until the upstream's response")


class Checked(_Answer):
    check: _Check


class Start(Model):
    """The URLs that need no package name."""

    documentation: str = field("for people")
    links: dict[str, str]


_MODELS = (
    Event,
    Stamp,
    Because,
    ErrorState,
    Problem,
    Reading,
    List,
    Completion,
    Package,
    Listed,
    Found,
    Reason,
    Identified,
    Change,
    InRelease,
)
_NAMES = frozenset(model.__name__ for model in _MODELS)

COMPONENTS: dict[str, Schema] = {model.__name__: schema_of(model, _NAMES) for model in _MODELS}
COMPONENTS["Problem"] = {
    **COMPONENTS["Problem"],
    "description": "An error (RFC 9457).  At the address of a query it has the members of an answer too.",
}


def ref(name: str) -> Schema:
    """Return the schema that refers to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer(kind: Any) -> Schema:
    """Return the schema of an answer, which refers to components."""
    return schema_of(kind, _NAMES)


def value_name(query: Query) -> str:
    """Return the name of a query's value as a component."""
    return "".join(part.capitalize() for part in query.name.replace(".", "_").split("_"))


def value_of(query: Query) -> Schema:
    """Return the schema of a query's value in answers: one of several lists can be requested, and filtered."""
    lists = Lists(query)
    several = lists.rows if len(lists.rows) > 1 else ()

    def relaxed(schema: Schema) -> Schema:
        properties = dict(schema["properties"])
        if lists.filters and TOTAL in properties:
            meaning = f"{properties[TOTAL]['description']}; in a filtered list the matching rows"
            properties[TOTAL] = {**properties[TOTAL], "description": meaning}
        required = [name for name in schema["required"] if name not in several]
        return {**schema, "properties": properties, "required": required}

    if not (several or lists.filters):
        return query.returns
    if "anyOf" in query.returns:
        return {"anyOf": [relaxed(branch) for branch in query.returns["anyOf"]]}
    return relaxed(query.returns)


def answer_of(query: Query) -> Schema:
    """Return the schema of an answer with the value of a query."""
    subject = {"type": "string", "description": f"the {query.subject} package that it is about"}
    reading = COMPONENTS["Reading"]
    about = {
        "package": {"const": None} if query.subject == "nothing" else subject,
        "query": {"const": query.name},
        "release": {"type": "string", "description": "branch"} if query.by_release else {"const": None},
    }
    properties = {**about, **reading["properties"], "value": ref(value_name(query))}
    found = {"type": "object", "properties": properties, "required": list(properties)}
    if Lists(query).rows:
        found["properties"]["list"] = {**ref("List"), "description": "present if the list was filtered or cut"}
    return found
