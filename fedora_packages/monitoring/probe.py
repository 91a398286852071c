"""Probes: whether an upstream still returns what we read, one small question for each query.

A probe asks about a package that is everywhere (`Declaration.sample`).  Its findings are about the shape of the answers: a field
that is gone, a type that changed, rows that are invalid, another server at that URL.  An upstream that is down is no finding.

The workers keep the latest result of each query in Redis::

    fp:{worker}:probes      hash: query -> `Probe` as JSON
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from dataclasses import fields as fields_of
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.connectors.query import DEFAULT, NO_PACKAGE, Query
from fedora_packages.connectors.shape import Shape
from fedora_packages.errors import InvalidResponse, UpstreamError

#: The release that every upstream has.
RELEASE = "rawhide"

#: Findings that are kept of a query, and characters of one: names in them can be an upstream's.
MAX_FINDINGS = 10
MAX_FINDING = 300

#: What shows that a web page came in place of an answer.
_PAGE = re.compile(r"text/html|<!doctype html|<html", re.IGNORECASE)


@dataclass(frozen=True)
class Probe:
    """The result of a probe.

    ``findings`` are sentences that name field, expected and returned; ``since`` is when a probe had any first, in seconds since
    1970.  ``unavailable`` says why the upstream returned nothing to compare; the findings are then those of the probe before.
    ``unchecked`` are lists without any row, of whose fields nothing is known.
    """

    query: str
    sample: str
    at: float
    findings: tuple[str, ...] = ()
    since: float | None = None
    unavailable: str = ""
    unchecked: tuple[str, ...] = ()


def probe(query: Query, clock: Callable[[], float] = time.time) -> Probe:
    """Ask an upstream about the query's sample, and compare the answers with what the query reads of them."""
    shape, value = Shape(), None
    sample = NO_PACKAGE if query.subject == "nothing" else query.declaration.sample
    findings, unavailable = [], ""
    try:
        value = query.observed(shape.note).fetch(sample, RELEASE if query.by_release else DEFAULT)
    except InvalidResponse as error:
        if error.upstream == query.upstream:
            findings.append(_finding(query, shape, error))
        else:
            unavailable = error.sentence
    except UpstreamError as error:
        unavailable = error.sentence
    if value is not None:
        findings += _findings_in(query, value, sample, shape)
    if not unavailable and not shape.foreign:
        findings += shape.errors
        findings += [sentence for sentence in shape.missing if not _is_in(sentence, findings)]
    kept = tuple(_clipped(finding) for finding in findings[:MAX_FINDINGS])
    at = clock()
    return Probe(query.name, sample, at, kept, at if kept else None, unavailable, tuple(shape.unchecked))


def store(client: Redis, result: Probe) -> None:
    """Keep a result.  Without an answer the findings of the probe before stay.  Raises `CacheUnavailable`."""
    before = next((one for one in probes(client) if one.query == result.query), None)
    row = asdict(result)
    if before is not None and before.findings and (result.findings or result.unavailable):
        row["since"] = before.since
        row["findings"] = result.findings or before.findings
    with redis_errors():
        client.hset(keys.PROBES, result.query, json.dumps(row))


def probes(client: Redis) -> list[Probe]:
    """Return the latest result of each query that was ever probed.  Raises `CacheUnavailable`."""
    with redis_errors():
        return [*map(_loaded, client.hvals(keys.PROBES))]


def _loaded(row: bytes) -> Probe:
    # A worker of another version may keep fewer or more fields.
    known = {field.name for field in fields_of(Probe)}
    found = {name: value for name, value in json.loads(row).items() if name in known}
    return Probe(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})


def _findings_in(query: Query, value: Any, sample: str, shape: Shape) -> list[str]:
    """Return what a value shows: that the sample is unknown, or that rows were left out of it."""
    found = []
    if shape.foreign:
        found.append(_foreign(query, shape))
    elif value.get("found") is False or shape.is_empty:
        found.append(f"expected an answer about {sample}, got that there is none")
    if invalid := value.get("invalid_rows"):
        found.append(f"invalid rows left out: {invalid['count']}; the first: {invalid['error']}")
    return found


def _finding(query: Query, shape: Shape, error: InvalidResponse) -> str:
    """Return what an answer that cannot be read shows."""
    if _PAGE.search(f"{error.reason} {error.excerpt}"):
        return (
            f"{error.request} returned {error.reason}, a web page; check {_setting(query)} and any bot wall before it"
        )
    if shape.foreign:
        return f"{error.request}: {_foreign(query, shape)}"
    check = f"; check {_setting(query)}" if error.reason.startswith("HTTP ") else ""
    return f"{error.request} returned {error.reason}{check}"


def _foreign(query: Query, shape: Shape) -> str:
    return f"expected {shape.foreign}, got an answer without any of them, as of another server; check {_setting(query)}"


def _setting(query: Query) -> str:
    return query.connector.url_setting or f"connectors.{query.upstream}.url"


def _is_in(missing: str, findings: list[str]) -> bool:
    """Whether a finding is about the same field as a sentence about a missing one."""
    same = re.compile(rf"(?<![\w.\]-]){re.escape(missing.partition(':')[0])}:")
    return any(map(same.search, findings))


def _clipped(finding: str) -> str:
    """Return a finding in one line of bounded length."""
    return "".join(one if one.isprintable() else "?" for one in finding[:MAX_FINDING])
