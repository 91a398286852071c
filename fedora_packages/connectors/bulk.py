"""Facts in bulk: what an upstream tells of all packages in few requests, for the audit and for values that were never cached.

A connector declares beside a query how to get the facts of all its values, and how to see one in a value::

    @in_bulk(tagged, every=86400)
    def all_tagged(self):
        '''Yield (package, build ids by tag) of all packages that have a build in a tag of a release ...'''

    @all_tagged.agrees
    def tagged_agrees(value, fact):
        return ...

    @all_tagged.values
    def all_tagged_values(self):
        '''Yield (package, value of ``tagged``) ...'''
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fedora_packages.connectors.query import Declaration

#: Returns whether a value and a fact agree.
Agrees = Callable[[Any, Any], bool]


class BulkDeclaration:
    """The facts of a query as its class declares them; `Bulk` is the same, bound to a connector."""

    def __init__(self, fetch: Callable[[Any], Iterable[tuple[str, Any]]], query: Declaration, every: float):
        self.fetch = fetch
        self.query = query
        self.every = every
        self.agreement: Agrees = lambda value, fact: True
        self.value_fetch: Callable[[Any], Iterable[tuple[str, Any]]] | None = None
        self.__doc__ = fetch.__doc__

    def agrees(self, agreement: Agrees) -> Agrees:
        """Register a function (value, fact) -> whether they agree; the fact is None for a package that the upstream lacks."""
        self.agreement = agreement
        return agreement

    def values(self, fetch: Callable[[Any], Iterable[tuple[str, Any]]]) -> Callable[[Any], Iterable[tuple[str, Any]]]:
        """Register a method that yields (package, value) where the facts have all that the query's value has.

        The value is the one that the query returns: JSON-ready and checked.  Packages of which something is unknown are left out.
        """
        self.value_fetch = fetch
        return fetch


def in_bulk(query: Declaration, every: float) -> Callable[[Callable[..., Any]], BulkDeclaration]:
    """Register a connector's method that yields (package, fact) of all packages, each once, as the facts of a query.

    ``every`` is in seconds.  The method raises `UpstreamError`.
    """
    return lambda fetch: BulkDeclaration(fetch, query, every)


@dataclass(frozen=True)
class Bulk:
    """The facts of all values of a query, bound to its connector; ``values`` is None where they are not enough for values."""

    query: str
    every: float
    fetch: Callable[[], Iterable[tuple[str, Any]]]
    agrees: Agrees
    values: Callable[[], Iterable[tuple[str, Any]]] | None = None

    @property
    def name(self) -> str:
        """The name of the workers' turn at it."""
        return f"audit:{self.query}"


def bulks_of(connectors: Iterable[Any]) -> Iterator[Bulk]:
    """Yield what connectors tell in bulk."""
    for connector in connectors:
        for declared in vars(type(connector)).values():
            if isinstance(declared, BulkDeclaration):
                query = f"{connector.name}.{declared.query.short_name}"
                values = declared.value_fetch and declared.value_fetch.__get__(connector)
                yield Bulk(query, declared.every, declared.fetch.__get__(connector), declared.agreement, values)
