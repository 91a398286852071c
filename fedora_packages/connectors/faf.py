"""FAF (ABRT Analytics): the crashes of a package that users' machines have reported.

The one thing to know: FAF answers a question that it does not understand, such as one about a name that it does not know, with an
empty list and success.  An empty list means that nothing is known; production has not heard of new releases for years.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import query
from fedora_packages.connectors.schema import count, flag, moment, optional, record, rows, whole, word
from fedora_packages.connectors.schema import text as a_text
from fedora_packages.connectors.types import integer, items, text

#: How many problems are kept of a package, and addresses of bugs of a problem.
PROBLEMS_KEPT = 100
BUGS_KEPT = 20

#: Days that the list covers.  FAF counts so long a range by months.
RANGE = 365

#: Days of the two windows that are compared with each other.  FAF counts up to 15 days by days.
WINDOW = 14


#: What the query returns.
PROBLEMS = record(
    total=count("as listed; one more than are kept if there are more"),
    problems=rows(
        record(
            id=whole(),
            function=a_text("where it crashes; ?? if FAF does not know", 500),
            status=word("NEW", "FIXED", meaning="or a bug's status"),
            type=word("core", "java", "kerneloops", "python", "ruby"),
            count=count("all reports there ever were"),
            first=optional(moment()),
            last=optional(moment()),
            recent=optional(flag("whether it occurred lately"), "null if the list was cut before it"),
            before=optional(flag("and in as many days before those"), "null if the list was cut before it"),
            bugs=rows(a_text(most=1000), BUGS_KEPT),
        ),
        PROBLEMS_KEPT,
        "the most frequent first",
    ),
)


class FafConnector(Connector):
    """Problems, from FAF's web interface, which answers in JSON to who asks for nothing else."""

    name = "faf"
    is_optional = True

    @query(version=1, every="problems_every", returns=PROBLEMS)
    def problems(self, package):
        """Return the problems (crashes of one cause) of a source package in the last year, the most frequent in it first.

            {"total": 2,                                # as listed; PROBLEMS_KEPT + 1 if there are more than are listed
             "problems": [{"id": 54321,
                           "function": "g_log",         # where it crashes, "??" if FAF does not know
                           "status": "NEW",             # NEW: no bug; a bug's status; FIXED
                           "type": "core",              # core java kerneloops python ruby
                           "count": 1234,               # all reports there ever were, not those of the year
                           "first": 1667385600,         # UTC, seconds since 1970; None if FAF does not say
                           "last": 1667385600,
                           "recent": True,              # whether it occurred in the last WINDOW days,
                           "before": False,             # and in as many days before those; None: the list was cut before it
                           "bugs": ["https://bugzilla.redhat.com/show_bug.cgi?id=7"]}]}

        At most `PROBLEMS_KEPT` are listed, in FAF's order.  How often a problem occurred in a range of time FAF does not say,
        only which problems did: that is the trend there is.  What users wrote is dropped.

        Source: ``GET /problems/``, three times where there is any problem, once where there is none.  Most changes are announced
        by no message: it is read again on a schedule.
        """
        today = datetime.now(UTC).date()
        rows = self._list(package, today - timedelta(days=RANGE - 1), today)
        if not rows:
            return {"total": 0, "problems": []}
        border = today - timedelta(days=WINDOW)
        recent = self._ids(package, border + timedelta(days=1), today)
        before = self._ids(package, border - timedelta(days=WINDOW - 1), border)
        problems = self.check(_asked(package), lambda: [_problem(row, recent, before) for row in rows[:PROBLEMS_KEPT]])
        return {"total": len(rows), "problems": problems}

    @problems.affected("faf.problem.threshold*", "faf.report.threshold*")
    def problems_affected(event):
        # The names may be of another distribution's components; those are no packages that we know.
        yield from event.source_packages

    @problems.ignores
    def problems_announced(value):
        # A message may come, once in ten times as many reports as before; none has to.
        return {}

    def _list(self, package: str, start: Any, end: Any) -> list[Any]:
        """Return FAF's rows of the problems that occurred from one day to another, one more than are kept if there are more."""
        asked = _asked(package)
        params = {
            "component_names": package,
            "daterange": f"{start.isoformat()}:{end.isoformat()}",
            "limit": str(PROBLEMS_KEPT + 1),
        }
        answer = self.json("/problems/", asked=asked, params=params)
        return self.check(asked, lambda: items(answer["problems"])[: PROBLEMS_KEPT + 1])

    def _ids(self, package: str, start: Any, end: Any) -> tuple[frozenset[int], bool]:
        """Return the numbers of the problems that occurred in a range, and whether those are all."""
        rows = self._list(package, start, end)
        return (
            self.check(_asked(package), lambda: frozenset(integer(row["id"]) for row in rows)),
            len(rows) <= PROBLEMS_KEPT,
        )


def _asked(package: str) -> str:
    return f"problems of {package!r}"


def _problem(
    row: Mapping[str, Any], recent: tuple[frozenset[int], bool], before: tuple[frozenset[int], bool]
) -> dict[str, Any]:
    number, reports = integer(row["id"]), items(row["reports"])
    first = [moment for report in reports if (moment := _time(report["first_occurrence"])) is not None]
    last = [moment for report in reports if (moment := _time(report["last_occurrence"])) is not None]
    return {
        "id": number,
        "function": text(row["crash_function"], 500),
        "status": text(row["status"], 64),
        "type": text(row["type"], 64),
        "count": sum(integer(report["count"]) for report in reports),
        "first": min(first, default=None),
        "last": max(last, default=None),
        "recent": _is_in(number, *recent),
        "before": _is_in(number, *before),
        "bugs": [text(address, 1000) for address in items(row["bugs"])[:BUGS_KEPT]],
    }


def _is_in(number: int, numbers: frozenset[int], are_all: bool) -> bool | None:
    return True if number in numbers else False if are_all else None


def _time(value: Any) -> int | None:
    # FAF's times are UTC and do not say so.
    if value is None:
        return None
    found = datetime.fromisoformat(text(value, 40))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
