"""Queries: the one idea of the code base.

A query is one named read of one upstream about one package.  Its declaration says how to fetch it, by which release its
answer differs, which messages change it, and how to see that a value shows a message already::

    class KojiConnector(Connector):
        name = "koji"

        @query(shape=1, returns=BUILDS)
        def builds(self, package):
            '''Return the newest builds of a source package ...'''

        @builds.affected("buildsys.build.state.change")
        def builds_affected(event):
            yield from event.source_packages

        @builds.evidence
        def builds_evidence(event, package):
            return {"about": f"build {event.body['build_id']}", "build_id": event.body["build_id"]}

        @builds.reflects
        def builds_reflect(value, facts):
            return facts["build_id"] in {build["build_id"] for build in value["builds"]}

Cache entry, invalidation, refill, JSON address, stamp and metrics all follow from that; nothing else names the query.
Declaring one changes nothing outside of its class: `Queries` collects them at start.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fedora_packages.cache.values import Entry
from fedora_packages.connectors.schema import Schema
from fedora_packages.errors import InvalidArgument
from fedora_packages.messages.event import Event, matches

#: The variant of a query whose answer does not differ by release.
ONLY = ""

#: The "package" of a query that is about none.
NO_PACKAGE = "*"

#: Characters of the facts of one event, written as JSON; more are not kept, and the value is then not compared with them.
EVIDENCE_KEPT = 8192

#: Topics whose listeners are remembered; a stream of made-up topics must not fill the memory.
TOPICS_KEPT = 1000


@dataclass(frozen=True)
class Rule:
    """Topics (exact, or with ``*``) and the function that names the packages which such an event touches.

    Where ``by_reference``, it gives numbers in the place of names: of things of upstream's that values refer to.
    """

    topics: tuple[str, ...]
    names: Callable[[Event], Iterable[Any]]
    by_reference: bool = False


class Declaration:
    """A query as its class declares it; `Query` is the same, bound to a connector."""

    def __init__(
        self,
        fetch: Callable[..., Any],
        shape: int,
        about: str,
        every: str | None,
        follows: str | None,
        returns: Schema | None,
        is_costly: bool,
    ):
        self.fetch = fetch
        self.returns = returns
        self.is_costly = is_costly
        self.shape = shape
        self.about = about
        self.every = every
        self.follows = follows
        self.rules: list[Rule] = []
        self.evident: Callable[[Event, str], Mapping[str, Any] | None] | None = None
        self.reflection: Callable[[Any, Mapping[str, Any]], bool] | None = None
        self.silence: Callable[[Any], Any] | None = None
        self.overtaking: Callable[[Any, Event], bool] | None = None
        self.reference: Callable[[Any], int | None] | None = None
        self.__doc__ = fetch.__doc__
        self.parameters = tuple(inspect.signature(fetch).parameters)[1:]

    def __set_name__(self, owner: type, name: str) -> None:
        self.short_name = name

    def affected(self, *topics: str) -> Callable[[Callable[[Event], Iterable[str]]], Callable]:
        """Mark a function event -> package names as what these topics touch.  Topics are exact; ``*`` stands for any text."""

        def mark(names: Callable[[Event], Iterable[str]]) -> Callable[[Event], Iterable[str]]:
            self.rules.append(Rule(topics, names))
            return names

        return mark

    def refers(self, reference: Callable[[Any], int | None]) -> Callable[[Any], int | None]:
        """Mark a function value -> the number of the one thing of upstream's that the value is about; None if it is about none.

        For messages that name that thing alone: whichever packages' values refer to it is kept with the values.  The answer of
        such a query does not differ by release.
        """
        self.reference = reference
        return reference

    def affected_by_reference(self, *topics: str) -> Callable[[Callable[[Event], Iterable[int]]], Callable]:
        """Mark a function event -> numbers: the packages whose values refer (see `refers`) to these are what the topics touch."""

        def mark(numbers: Callable[[Event], Iterable[int]]) -> Callable[[Event], Iterable[int]]:
            self.rules.append(Rule(topics, numbers, by_reference=True))
            return numbers

        return mark

    def evidence(self, facts: Callable[[Event, str], Mapping[str, Any] | None]) -> Callable:
        """Mark a function (event, package) -> the facts that the answer must show from now on, JSON-ready; or None.

        ``about`` in them says what they are about: newer facts about the same take the place of older ones.  ``release``, where
        the answer differs by it, limits them to that variant.  What they hold is small: no bodies of messages.
        """
        self.evident = facts
        return facts

    def reflects(self, seen: Callable[[Any, Mapping[str, Any]], bool]) -> Callable[[Any, Mapping[str, Any]], bool]:
        """Mark a function (value, facts) -> whether the value shows the facts of an event, or something later.

        Where it cannot tell and upstream may lag, no is the better answer: it costs a few more looks, and no more.
        """
        self.reflection = seen
        return seen

    def unannounced(self, rest: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Mark a function value -> the value without what changes unannounced: a difference in that alone is nobody's loss."""
        self.silence = rest
        return rest

    def overtaken(self, misses: Callable[[Any, Event], bool]) -> Callable[[Any, Event], bool]:
        """Mark a function (value, event) -> whether the event tells of something that the value does not know.

        For queries that are read on a schedule: such an event asks for an early look.
        """
        self.overtaking = misses
        return misses


def query(
    shape: int,
    about: str = "source",
    every: str | None = None,
    follows: str | None = None,
    returns: Schema | None = None,
    is_costly: bool = False,
) -> Callable[[Callable[..., Any]], Declaration]:
    """Mark a connector's method as a query.

    ``shape`` is the number of what it returns: change that, raise it.  ``about`` says what its package is: ``source``,
    ``binary`` (an event's binary names touch it) or ``nothing``.  ``every`` names the setting of the worker that says how often
    each of its entries is read again, for what no message announces.  ``follows`` names a query about nothing whose value the
    answer is made with: when that changes, all entries of this one are invalidated.  ``is_costly``: the answer takes upstream
    long to give, and a message has it fetched again only where somebody has looked at it before.  ``returns`` is the schema of
    what it returns (see `fedora_packages.connectors.schema`): the JSON API's parameters and document follow.
    """
    return lambda fetch: Declaration(fetch, shape, about, every, follows, returns, is_costly)


@dataclass(frozen=True)
class Query:
    """A query bound to its connector.  ``name`` is ``CONNECTOR.METHOD``."""

    name: str
    upstream: str
    declaration: Declaration
    connector: Any = field(repr=False)

    @property
    def about(self) -> str:
        return self.declaration.about

    @property
    def by_release(self) -> bool:
        """Whether the answer differs by release, which then is the variant."""
        return "release" in self.declaration.parameters

    @property
    def short_name(self) -> str:
        """The name without the connector's: what the JSON address is called."""
        return self.declaration.short_name

    @property
    def documentation(self) -> str:
        return inspect.cleandoc(self.declaration.__doc__ or "")

    @property
    def returns(self) -> Schema:
        """The schema of what it returns: of anything, where the query does not say."""
        return self.declaration.returns or {}

    def entry(self, package: str = NO_PACKAGE) -> Entry:
        """Return the cache entry of this query about ``package``."""
        return Entry(self.name, package, self.declaration.shape)

    def variant(self, release: str | None = None) -> str:
        """Return the variant for a release's branch; raises `InvalidArgument` where that means nothing."""
        if not self.by_release:
            return ONLY
        if release is None or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,31}", release.lower()):
            raise InvalidArgument(
                f"{self.name} needs a release (a branch such as f45, rawhide, epel9), not {release!r}"
            )
        return release.lower()

    def fetch(self, package: str, variant: str = ONLY) -> Any:
        """Ask upstream and return the JSON-ready value.  Raises `UpstreamError`."""
        arguments = [] if self.about == "nothing" else [package]
        if self.by_release:
            arguments.append(variant)
        return self.declaration.fetch(self.connector, *arguments)

    def touched(self, event: Event) -> Iterator[str]:
        """Yield the names of the packages whose entry of this query the event changes; they may repeat."""
        yield from self._given(event, by_reference=False)

    def referred(self, event: Event) -> Iterator[int]:
        """Yield the numbers of what the event names in the place of packages (see `Declaration.refers`); they may repeat."""
        yield from self._given(event, by_reference=True)

    def reference(self, value: Any) -> int | None:
        """Return the number of the thing of upstream's that a value is about, if its query says that there is one."""
        return None if self.declaration.reference is None else self.declaration.reference(value)

    def _given(self, event: Event, by_reference: bool) -> Iterator[Any]:
        for rule in self.declaration.rules:
            if rule.by_reference == by_reference and matches(event.topic, rule.topics):
                yield from rule.names(event)

    @property
    def has_evidence(self) -> bool:
        """Whether some message says what the answer must show."""
        return self.declaration.evident is not None

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics that touch it, sorted."""
        return tuple(sorted({topic for rule in self.declaration.rules for topic in rule.topics}))

    def evidence(self, event: Event, package: str) -> Mapping[str, Any] | None:
        """Return the facts that the answer about ``package`` must show from this event on; None where it says none."""
        if self.declaration.evident is None:
            return None
        facts = self.declaration.evident(event, package)
        return None if facts is None or len(json.dumps(facts)) > EVIDENCE_KEPT else facts

    def shows(self, value: Any, evidence: Iterable[Mapping[str, Any]], variant: str = ONLY) -> bool:
        """Whether a value shows all the facts there are about its variant."""
        return all(
            self.declaration.reflection(value, facts)
            for facts in evidence
            if self.declaration.reflection is not None and facts.get("release", variant) == variant
        )

    def announced(self, value: Any) -> Any:
        """Return what messages announce of a value: all of it, unless the query says otherwise."""
        return value if self.declaration.silence is None else self.declaration.silence(value)

    def is_overtaken(self, value: Any, event: Event) -> bool:
        """Whether an event tells of something that a value, read on a schedule, does not know."""
        return self.declaration.overtaking is not None and bool(self.declaration.overtaking(value, event))


class Queries(Mapping[str, Query]):
    """Every query of some connectors, by name."""

    def __init__(self, connectors: Iterable[Any]):
        self._queries = {found.name: found for connector in connectors for found in _queries_of(connector)}
        self._listening: dict[str, list[Query]] = {}

    def __getitem__(self, name: str) -> Query:
        return self._queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)

    def following(self, name: str) -> list[Query]:
        """Return the queries whose answers are made with the value of the query ``name``."""
        return [found for found in self._queries.values() if found.declaration.follows == name]

    def listening(self, topic: str) -> list[Query]:
        """Return the queries that some rule makes listen to ``topic``."""
        known = self._listening.get(topic)
        if known is not None:
            return known
        found = [
            query
            for query in self._queries.values()
            if any(matches(topic, rule.topics) for rule in query.declaration.rules)
        ]
        if len(self._listening) < TOPICS_KEPT:
            self._listening[topic] = found
        return found


def _queries_of(connector: Any) -> Iterator[Query]:
    for name, declaration in inspect.getmembers(type(connector), lambda member: isinstance(member, Declaration)):
        yield Query(f"{connector.name}.{name}", connector.name, declaration, connector)
