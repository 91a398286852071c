"""FAF (ABRT Analytics): the crashes of a package that users' machines have reported.

FAF returns success and an empty list for a request that it does not understand, such as one with an unknown name.  An empty list
can mean either.  The production server has had no reports of new releases for years: which releases and packages it tracks are
queries of their own.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.query import query
from fedora_packages.connectors.types import (
    Count,
    InvalidRows,
    ISOTime,
    Known,
    M,
    Model,
    Own,
    Parts,
    Rows,
    Sometimes,
    Text,
    Timestamp,
    default_for_null,
    field,
    sorted_once,
)

#: Problems that are kept of a package, and URLs of bugs of a problem.
MAX_PROBLEMS = 100
MAX_BUGS = 20

#: Days that the list covers.  FAF counts such a range by months.
RANGE = 365

#: Releases and packages that FAF tracks, at most.
MAX_RELEASES = 500
MAX_PACKAGES = 200_000

#: Bytes that are read of the page with the form, and characters of the list of releases in it.
MAX_FORM_BYTES = 4 << 20
MAX_SELECT = 64 << 10

#: The start of the list of releases in the form.
_SELECT = re.compile(r"<select\b[^<>]{0,500}?\bname\s*=\s*[\"']?opsysreleases[\"'\s>]", re.IGNORECASE)

#: A release of Fedora as FAF calls it.
_FEDORA = re.compile(r"Fedora (?:(?P<number>[0-9]{1,3})|rawhide)", re.IGNORECASE)

#: A component that no distribution has.
NO_COMPONENT = "-"

#: Days of each of the two windows that are compared.  FAF counts up to 15 days by days.
WINDOW = 14


class _Report(Model):
    count: Count
    first_occurrence: ISOTime | None
    last_occurrence: ISOTime | None


class Problem(Model):
    """Crashes of one cause."""

    id: Count
    function: Annotated[Text(500), default_for_null("??")] = field(
        "where it crashes; ?? if FAF does not know", alias="crash_function"
    )
    status: Known("NEW", "FIXED") = field("NEW without a bug, FIXED, or the status of a bug")
    type: Known("core", "java", "kerneloops", "python", "ruby")
    count: Own[Count] = field("all reports, also of earlier years", default=0)
    first: Own[Timestamp | None] = None
    last: Own[Timestamp | None] = None
    recent: Own[bool | None] = field(
        f"whether it occurred in the last {WINDOW} days; null if FAF's list was cut before it", default=None
    )
    before: Own[bool | None] = field(
        f"whether it occurred in the {WINDOW} days before those; null if FAF's list was cut before it", default=None
    )
    bugs: Parts(Text(1000), MAX_BUGS, "bug") = field("URLs")
    reports: list[_Report] = field(exclude=True)

    @model_validator(mode="after")
    def _summed(self):
        self.count = sum(report.count for report in self.reports)
        first = [report.first_occurrence for report in self.reports if report.first_occurrence is not None]
        last = [report.last_occurrence for report in self.reports if report.last_occurrence is not None]
        self.first, self.last = min(first, default=None), max(last, default=None)
        return self


def _length(rows: Any) -> Any:
    return min(len(rows), MAX_PROBLEMS + 1) if isinstance(rows, list) else rows


class _Listed(Model):
    total: Annotated[Count, BeforeValidator(_length)] = field(
        f"as listed; {MAX_PROBLEMS + 1} if there are more than {MAX_PROBLEMS}", alias="problems"
    )


class Problems(_Listed):
    """What `FafConnector.problems` returns."""

    problems: Sometimes[Rows(Problem, MAX_PROBLEMS, "problem")] = field("the most frequent of the last year first")
    invalid_rows: InvalidRows = None


class _Occurred(Model):
    id: Count


class _Ids(_Listed):
    problems: Sometimes[Rows(_Occurred, MAX_PROBLEMS + 1)]
    invalid_rows: InvalidRows = None

    def has(self, number: int) -> bool | None:
        """Whether a problem is in the list; None if it is not, and that is cut or has invalid rows."""
        is_listed = number in {problem.id for problem in self.problems}
        is_whole = self.total <= MAX_PROBLEMS and not self.invalid_rows
        return is_listed if is_listed or is_whole else None


class TrackedRelease(Model):
    """A release of a distribution."""

    title: Text(100) = field("as FAF calls it: Fedora 42")
    branch: Own[Text(64) | None] = field("f42; null if it is no release of Fedora", default=None)

    @model_validator(mode="after")
    def _has_branch(self):
        found = _FEDORA.fullmatch(self.title)
        self.branch = found and (f"f{found['number']}" if found["number"] else "rawhide")
        return self


class TrackedReleases(Model):
    """What `FafConnector.tracked_releases` returns."""

    releases: Rows(TrackedRelease, MAX_RELEASES, "release") = field("in FAF's order")
    invalid_rows: InvalidRows = None


class TrackedPackages(Model):
    """What `FafConnector.tracked_packages` returns."""

    packages: Annotated[Rows(Text(256), MAX_PACKAGES, "package"), sorted_once] = field(
        "names of components, sorted; some are of other distributions"
    )
    invalid_rows: InvalidRows = None


class _Options(HTMLParser):
    """Reads the texts of a list's options.  ``is_closed``: the list has ended, and all that came later was left out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.is_closed = False
        self._is_option = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "option" and not self.is_closed:
            self.texts.append("")
        self._is_option = tag == "option"

    def handle_endtag(self, tag: str) -> None:
        self._is_option = False
        self.is_closed = self.is_closed or tag == "select"

    def handle_data(self, data: str) -> None:
        if self._is_option and not self.is_closed:
            self.texts[-1] += data


class FafSite(Site):
    """FAF's web interface."""

    default = "https://retrace.fedoraproject.org/faf"

    def problem(self, problem_id: int) -> str:
        """Return the page of a problem."""
        return self.link("problems", str(problem_id), "")

    def problems(self, package: str) -> str:
        """Return the list of a source package's problems of the last two weeks."""
        return self.link("problems", "", component_names=package)


class FafConnector(Connector):
    """Problems, from FAF's web interface, which answers in JSON to who asks for nothing else."""

    name = "faf"
    title = "FAF"
    site = FafSite()
    timeout = 60.0  # it is always slow
    concurrency = 2
    is_optional = True

    # Names of other distributions' components are no packages here.
    @query(version=3, topics=("faf.problem.threshold*", "faf.report.threshold*"), every=7 * 86400)
    def problems(self, package) -> Problems:
        """Return the problems (crashes of one cause) of a source package in the last year, the most frequent first.

        An empty list does not mean that nothing crashes: see `tracked_releases` and `tracked_packages`.

        A value has at most `MAX_PROBLEMS` problems, in FAF's order.  FAF does not say how often a problem occurred in a range of
        time, only which problems did: `recent` and `before` are the trend.  Comments of users are dropped.

        Source: ``GET /problems/``, three times where there is any problem, once where there is none.  No message announces most
        changes, and FAF gets hardly any: the query is read again once a week.
        """
        today = datetime.now(UTC).date()
        value = self._list(Problems, package, today - timedelta(days=RANGE - 1), today)
        if value.total:
            border = today - timedelta(days=WINDOW)
            recent = self._list(_Ids, package, border + timedelta(days=1), today)
            before = self._list(_Ids, package, border - timedelta(days=WINDOW - 1), border)
            for problem in value.problems:
                problem.recent, problem.before = recent.has(problem.id), before.has(problem.id)
        return value

    @problems.ignores
    def problems_ignore(value):
        # A message comes once in ten times as many reports as before, if at all.
        return {}

    @query(version=1, subject="nothing", every=7 * 86400)
    def tracked_releases(self) -> TrackedReleases:
        """Return the releases that FAF tracks: of others no crash is ever counted.

        Source: the form of ``GET /problems/`` as HTML; FAF has no list of them as JSON.
        """
        request = "GET /problems/ (form)"
        params = {"component_names": NO_COMPONENT, "limit": "1"}
        answer = self.get("problems", "", request=request, accept="text/html", params=params, max_bytes=MAX_FORM_BYTES)
        if answer.status != 200 or not answer.content_type.startswith("text/html"):
            kind = answer.content_type or "no content type"
            raise self.invalid(request, f"HTTP {answer.status}: expected a page, got {kind}", answer.body)
        texts = _options(answer.body.decode("utf-8", "replace"))
        if not texts:
            raise self.invalid(request, "no list of releases", answer.body)
        return self.read(request, TrackedReleases, {"releases": [{"title": text.strip()} for text in texts]})

    @query(version=1, subject="nothing", every=7 * 86400)
    def tracked_packages(self) -> TrackedPackages:
        """Return the packages of which FAF has any report: others can be unknown to it.

        Source: ``GET /component_names.json``.
        """
        answer = self.get("component_names.json")
        value = self.read(answer.request, TrackedPackages, {"packages": self.decoded(answer)})
        if not value.packages:
            raise self.invalid(answer.request, "an empty list")
        return value

    def _list(self, kind: type[M], package: str, start: date, end: date) -> M:
        """Return the problems that occurred in a range of days, and at most one more than are kept."""
        params = {
            "component_names": package,
            "daterange": f"{start.isoformat()}:{end.isoformat()}",
            "limit": str(MAX_PROBLEMS + 1),
        }
        request = f"GET /problems/?component_names={package}"
        return self.parsed(self.get("problems", "", request=request, params=params), kind)


def _options(page: str) -> list[str]:
    """Return the names in the list of releases of FAF's form; none if the page has no such list, two, or one without an end."""
    starts = [found.start() for found in _SELECT.finditer(page)]
    if len(starts) != 1:
        return []
    # Python's parser is slow with markup that does not end: it gets the list alone.
    options = _Options()
    options.feed(page[starts[0] : starts[0] + MAX_SELECT])
    return options.texts if options.is_closed else []
