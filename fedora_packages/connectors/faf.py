"""FAF (ABRT Analytics): the crashes of a package that users' machines have reported.

FAF returns success and an empty list for a request that it does not understand, such as one with an unknown name.  An empty list
can mean either.  The production server has had no reports of new releases for years.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import model_validator

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import query
from fedora_packages.connectors.site_links import Site
from fedora_packages.connectors.types import (
    Count,
    InvalidRows,
    ISOTime,
    Known,
    Model,
    Parts,
    Rows,
    Text,
    Timestamp,
    default_for_null,
    field,
)

#: Problems that are kept of a package, and URLs of bugs of a problem.
MAX_PROBLEMS = 100
MAX_BUGS = 20

#: Days that the list covers.  FAF counts such a range by months.
RANGE = 365

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
    count: Count = field("all reports, also of earlier years", default=0)
    first: Timestamp | None = None
    last: Timestamp | None = None
    recent: bool | None = field(
        f"whether it occurred in the last {WINDOW} days; null if FAF's list was cut before it", default=None
    )
    before: bool | None = field(
        f"whether it occurred in the {WINDOW} days before those; null if FAF's list was cut before it", default=None
    )
    bugs: Parts(Text(1000), MAX_BUGS) = field("URLs")
    reports: list[_Report] = field(exclude=True)

    @model_validator(mode="after")
    def _summed(self):
        self.count = sum(report.count for report in self.reports)
        first = [report.first_occurrence for report in self.reports if report.first_occurrence is not None]
        last = [report.last_occurrence for report in self.reports if report.last_occurrence is not None]
        self.first, self.last = min(first, default=None), max(last, default=None)
        return self


class Problems(Model):
    """What `FafConnector.problems` returns."""

    total: Count = field(f"as listed; {MAX_PROBLEMS + 1} if there are more than {MAX_PROBLEMS}", default=0)
    problems: Rows(Problem, MAX_PROBLEMS) = field("the most frequent of the last year first")
    invalid_rows: InvalidRows = None


class _Occurred(Model):
    id: Count


class _List(Model):
    problems: list[Any]


class _Ids(Model):
    problems: Rows(_Occurred, MAX_PROBLEMS + 1)


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
    @query(version=1, topics=("faf.problem.threshold*", "faf.report.threshold*"), every=24 * 3600)
    def problems(self, package) -> Problems:
        """Return the problems (crashes of one cause) of a source package in the last year, the most frequent first.

        A value has at most `MAX_PROBLEMS` problems, in FAF's order.  FAF does not say how often a problem occurred in a range of
        time, only which problems did: `recent` and `before` are the trend.  Comments of users are dropped.

        Source: ``GET /problems/``, three times where there is any problem, once where there is none.  No message announces most
        changes: the query is read again on a schedule.
        """
        today = datetime.now(UTC).date()
        listed = self._list(package, today - timedelta(days=RANGE - 1), today)
        value = self.read(_request_of(package), Problems, {"problems": listed})
        value.total = len(listed)
        if listed:
            border = today - timedelta(days=WINDOW)
            recent = self._ids(package, border + timedelta(days=1), today)
            before = self._ids(package, border - timedelta(days=WINDOW - 1), border)
            for problem in value.problems:
                problem.recent, problem.before = _is_in(problem.id, *recent), _is_in(problem.id, *before)
        return value

    @problems.ignores
    def problems_ignore(value):
        # A message comes once in ten times as many reports as before, if at all.
        return {}

    def _list(self, package: str, start: Any, end: Any) -> list[Any]:
        """Return the rows of the problems that occurred in a range of days, at most one more than are kept."""
        request = _request_of(package)
        params = {
            "component_names": package,
            "daterange": f"{start.isoformat()}:{end.isoformat()}",
            "limit": str(MAX_PROBLEMS + 1),
        }
        answer = self.json("problems", "", request=request, params=params)
        return self.read(request, _List, answer).problems[: MAX_PROBLEMS + 1]

    def _ids(self, package: str, start: Any, end: Any) -> tuple[frozenset[int], bool]:
        """Return the ids of the problems that occurred in a range of days, and whether the list is complete."""
        listed = self._list(package, start, end)
        found = self.read(_request_of(package), _Ids, {"problems": listed}).problems
        return frozenset(problem.id for problem in found), len(listed) <= MAX_PROBLEMS


def _request_of(package: str) -> str:
    return f"GET /problems/?component_names={package}"


def _is_in(number: int, numbers: frozenset[int], are_all: bool) -> bool | None:
    return True if number in numbers else False if are_all else None
