"""Queries: the one idea of the code base.

A query is one named read of one upstream about one package.  Its declaration says how to fetch it, by which release its
answer differs, which messages change it, and how to see that a value shows a message already::

    class KojiConnector(Connector):
        name = "koji"

        @query(version=1, topics=("buildsys.build.state.change",))
        def builds(self, package) -> Builds:
            '''Return the newest builds of a source package ...'''

        @builds.expects
        def builds_expect(event, package):
            return {"about": f"build {event.body['build_id']}", "build_id": event.body["build_id"]}

        @builds.reflects
        def builds_reflect(value, facts):
            return facts["build_id"] in {build["build_id"] for build in value["builds"]}

Cache entry, invalidation, refill, JSON address, stamp and metrics all follow from that; nothing else names the query.
Declaring one changes nothing outside of its class: `Queries` collects them at start.
"""

import inspect
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, Self

from fedora_packages.cache.fill_types import Source
from fedora_packages.cache.values import Entry
from fedora_packages.connectors.types import Model, OnRead, Schema, schema_of
from fedora_packages.errors import InvalidArgument
from fedora_packages.messages.body import matches
from fedora_packages.messages.event import Event

log = logging.getLogger(__name__)

#: The variant of a query whose answer does not differ by release.
DEFAULT = ""

#: The "package" of a query that is about none.
NO_PACKAGE = "*"

#: A package that is everywhere, by which probes judge an upstream's answers.
SAMPLE = "bash"

#: Characters of an expected state as JSON.  A larger one is dropped, and values are not compared with it.
MAX_EXPECTED = 8192


@dataclass(frozen=True)
class Rule:
    """Topics (exact, or with ``*``) and the function that names the packages which such an event touches.

    Where ``by_external_id``, it gives external ids instead of names.
    """

    topics: tuple[str, ...]
    names: Callable[[Event], Iterable[Any]]
    by_external_id: bool = False


@dataclass(eq=False)
class Declaration:
    """A query as its class declares it; `Query` is the same, bound to a connector.  `query` documents the options."""

    fetch: Callable[..., Any]
    version: int
    subject: str = "source"
    every: float | None = None
    follows: str | None = None
    is_lazy: bool = False
    sample: str = SAMPLE
    rules: list[Rule] = field(default_factory=list)
    expectation: Callable[[Event, str], Mapping[str, Any] | None] | None = None
    reflection: Callable[[Any, Mapping[str, Any]], bool] | None = None
    ignoring: Callable[[Any], Any] = lambda value: value
    missing: Callable[[Any, Event], bool] = lambda value, event: False
    numbered: Callable[[Any], int | None] = lambda value: None

    def __post_init__(self) -> None:
        signature = inspect.signature(self.fetch)
        self.returns = signature.return_annotation
        self.by_release = "release" in signature.parameters

    def __set_name__(self, owner: type, name: str) -> None:
        self.short_name = name

    def affected(self, *topics: str, by_external_id: bool = False) -> Callable[[Callable], Callable]:
        """Register a function event -> names of packages that these topics touch.  ``*`` in a topic matches any string.

        Where ``by_external_id``, it returns external ids: the topics touch the packages whose values have one of them.
        """

        def register(names: Callable[[Event], Iterable[Any]]) -> Callable[[Event], Iterable[Any]]:
            self.rules.append(Rule(topics, names, by_external_id))
            return names

        return register

    def external_id(self, number: Callable[[Any], int | None]) -> Callable[[Any], int | None]:
        """Register a function value -> the upstream's number of what the value is about, or None.

        Some messages name that number and no package.  The cache keeps it with each value, and so finds the packages.  The value
        of such a query does not differ by release.
        """
        self.numbered = number
        return number

    def expects(self, facts: Callable[[Event, str], Mapping[str, Any] | None]) -> Callable:
        """Register a function (event, package) -> the expected state, JSON-ready, or None.

        A value fetched after the event must show it.  Its key ``about`` names its subject: a newer state of the same subject
        replaces an older one.  ``release``, where the value differs by it, limits the state to that variant.  States are small.
        """
        self.expectation = facts
        return facts

    def reflects(self, seen: Callable[[Any, Mapping[str, Any]], bool]) -> Callable[[Any, Mapping[str, Any]], bool]:
        """Register a function (value, state) -> whether the value shows an expected state, or a later one.

        Where that is unknown and the upstream may lag, it returns False, which costs a few rechecks and no more.
        """
        self.reflection = seen
        return seen

    def ignores(self, rest: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Register a function value -> the value without the fields that change without a message: they are no drift."""
        self.ignoring = rest
        return rest

    def misses(self, misses: Callable[[Any, Event], bool]) -> Callable[[Any, Event], bool]:
        """Register a function (value, event) -> whether the value lacks what the event announces.

        For scheduled queries: such an event makes the worker recheck at once.
        """
        self.missing = misses
        return misses


def query(version: int, *, topics: tuple[str, ...] = (), **options: Any) -> Callable[[Callable[..., Any]], Declaration]:
    """Register a connector's method as a query.

    * ``version``: the schema version.  Raise it with every change of what the query returns.
    * ``topics``: messages that touch the packages they name.  `Declaration.affected` is for what needs a rule.
    * ``subject``: what its package is: ``source``, ``binary`` (an event's binary names touch it) or ``nothing``.
    * ``every``: seconds after which the worker reads each entry again, for what no message announces.
    * ``follows``: a query about nothing whose value the answer needs.  When that changes, all entries of this one fall.
    * ``sample``: a package whose answer has all that the query reads, for the probe.
    * ``is_lazy``: the upstream needs long.  A message then refills an entry only if it was read before.

    The method is annotated with the `Model` that it returns, or a union of those.
    """
    rules = [Rule(topics, attrgetter(f"{options.get('subject', 'source')}_packages"))] if topics else []
    return lambda fetch: Declaration(fetch, version, rules=rules, **options)


@dataclass(frozen=True)
class Query:
    """A query bound to its connector.  ``name`` is ``CONNECTOR.METHOD``, or ``ROLE.METHOD`` if another can answer it too."""

    name: str
    upstream: str
    declaration: Declaration
    connector: Any = field(repr=False)
    count_invalid: Callable[[str, int], None] = field(default=lambda query, count: None, repr=False)

    @property
    def subject(self) -> str:
        return self.declaration.subject

    @property
    def by_release(self) -> bool:
        """Whether the answer differs by release, which then is the variant."""
        return self.declaration.by_release

    @property
    def short_name(self) -> str:
        """The name without the connector's: what the JSON address is called."""
        return self.declaration.short_name

    @property
    def documentation(self) -> str:
        return inspect.getdoc(self.declaration.fetch) or ""

    @property
    def returns(self) -> Schema:
        """The JSON schema of its value; of any value where the query has no type."""
        returns = self.declaration.returns
        return {} if returns is inspect.Signature.empty else schema_of(returns)

    @property
    def schema(self) -> tuple[str, int]:
        """The name and the schema version: what all its entries share."""
        return self.name, self.declaration.version

    def entry(self, package: str = NO_PACKAGE) -> Entry:
        """Return the cache entry of this query about ``package``."""
        return Entry(self.name, package, self.declaration.version)

    def variant(self, release: str | None = None) -> str:
        """Return the variant for a release's branch; raises `InvalidArgument` where that means nothing."""
        if not self.by_release:
            return DEFAULT
        if release is None or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,31}", release.lower()):
            raise InvalidArgument(
                f"{self.name} needs a release (a branch such as f45, rawhide, epel9), not {release!r}"
            )
        return release.lower()

    def fetch(self, package: str, variant: str = DEFAULT) -> Any:
        """Ask upstream and return the JSON-ready value.  Raises `UpstreamError`.

        Rows that were left out because they are invalid are logged and counted.
        """
        arguments = [] if self.subject == "nothing" else [package]
        if self.by_release:
            arguments.append(variant)
        found = self.declaration.fetch(self.connector, *arguments)
        if not isinstance(found, Model):
            return found
        value = found.model_dump(mode="json")
        if "invalid_rows" in value:
            count, error = value["invalid_rows"]["count"], value["invalid_rows"]["error"]
            log.warning("%s of %r: %d invalid rows left out; the first: %s", self.name, package, count, error)
            self.count_invalid(self.name, count)
        return value

    def touched(self, event: Event) -> Iterator[str]:
        """Yield the names of the packages whose entry of this query the event changes; they may repeat."""
        yield from self._given(event, by_external_id=False)

    def external_ids(self, event: Event) -> Iterator[int]:
        """Yield the numbers of what the event names in the place of packages (see `Declaration.external_id`); they may repeat."""
        yield from self._given(event, by_external_id=True)

    def observed(self, on_read: OnRead) -> Self:
        """Return this query, as one that calls ``on_read`` with each answer that it reads."""
        return replace(self, connector=self.connector.observed(on_read))

    def external_id(self, value: Any) -> int | None:
        """Return the number of the thing of upstream's that a value is about, if its query says that there is one."""
        return self.declaration.numbered(value)

    def _given(self, event: Event, by_external_id: bool) -> Iterator[Any]:
        for rule in self.declaration.rules:
            if rule.by_external_id == by_external_id and matches(event.topic, rule.topics):
                yield from rule.names(event)

    @property
    def has_expected(self) -> bool:
        """Whether some message has an expected state."""
        return self.declaration.expectation is not None

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics that touch it, sorted."""
        return tuple(sorted({topic for rule in self.declaration.rules for topic in rule.topics}))

    def expected(self, event: Event, package: str) -> Mapping[str, Any] | None:
        """Return the state that answers about ``package`` must reflect after the event; None if the event has none."""
        if self.declaration.expectation is None:
            return None
        state = self.declaration.expectation(event, package)
        return None if state is None or len(json.dumps(state)) > MAX_EXPECTED else state

    def reflects(self, value: Any, expected: Iterable[Mapping[str, Any]], variant: str = DEFAULT) -> bool:
        """Whether a value reflects all expected states of its variant."""
        return all(
            self.declaration.reflection(value, state)
            for state in expected
            if self.declaration.reflection is not None and state.get("release", variant) == variant
        )

    def without_ignored(self, value: Any) -> Any:
        """Return what messages announce of a value: all of it, unless the query says otherwise; None if no message touches it."""
        return self.declaration.ignoring(value) if self.topics else None

    def misses(self, value: Any, event: Event) -> bool:
        """Whether an event is about something that a value, read on a schedule, lacks."""
        return self.declaration.missing(value, event)


@dataclass(frozen=True)
class QueryCall:
    """A query with its arguments: one variant of one entry."""

    query: Query
    package: str = NO_PACKAGE
    release: str | None = None

    @property
    def entry(self) -> Entry:
        return self.query.entry(self.package)

    @property
    def variant(self) -> str:
        """The entry's variant.  Raises `InvalidArgument` if the query needs a release and has none."""
        return self.query.variant(self.release)

    def source(self) -> Source:
        """Return what fills that variant of the entry."""
        query, variant = self.query, self.variant
        return Source(
            self.entry,
            variant,
            query.upstream,
            lambda: query.fetch(self.package, variant),
            (lambda value, expected: query.reflects(value, expected, variant)) if query.has_expected else None,
        )


class Queries(dict[str, Query]):
    """Every query of some connectors, by name.  ``count_invalid`` is called with a query's name and a number of invalid rows."""

    def __init__(
        self, connectors: Iterable[Any], count_invalid: Callable[[str, int], None] = lambda query, count: None
    ):
        for connector in connectors:
            for short_name, found in inspect.getmembers(type(connector), lambda one: isinstance(one, Declaration)):
                name = f"{connector.role or connector.name}.{short_name}"
                self[name] = Query(name, connector.name, found, connector, count_invalid)
        # A stream of made-up topics must not fill the memory.
        self.listening = lru_cache(maxsize=1000)(self._listening)

    def following(self, name: str) -> list[Query]:
        """Return the queries whose answers are made with the value of the query ``name``."""
        return [found for found in self.values() if found.declaration.follows == name]

    def _listening(self, topic: str) -> list[Query]:
        """Return the queries that some rule makes listen to ``topic``."""
        return [
            query for query in self.values() if any(matches(topic, rule.topics) for rule in query.declaration.rules)
        ]
