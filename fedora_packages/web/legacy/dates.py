"""Times in the words of the old service: ``2 years, 3 months and 4 days``, ``10 Aug 2010``.

Times come from upstreams: what is no time is "".
"""

from calendar import monthrange
from datetime import UTC, datetime

#: What a span is told in, from the largest to the smallest.
UNITS = ("century", "decade", "year", "month", "day", "hour", "minute", "second")

#: How many of a unit make the next larger one; a month has as many days as it has.
_MONTHS = {"century": 1200, "decade": 120, "year": 12, "month": 1}
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}


def span(since: float, until: float, unit: str = "hour") -> str:
    """Return how much time lies between two times, down to ``unit``: ``1 year, 2 days and 4 hours``, ``less than 1 hour``."""
    first, last = _moment(min(since, until)), _moment(max(since, until))
    if first is None or last is None:
        return ""
    parts = [_many(count, name) for name, count in _counts(first, last).items() if count and _is_told(name, unit)]
    if not parts:
        return f"less than 1 {unit}"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def ago(since: float | None, now: float, unit: str = "hour") -> str:
    """Return how long ago something was, in its largest unit: ``2 years ago``; "" if it was not."""
    told = "" if since is None else span(since, now, unit)
    return f"{told.partition(',')[0].partition(' and ')[0]} ago" if told else ""


def day(seconds: float | None) -> str:
    """Return a day: ``10 Aug 2010``."""
    return _written(seconds, "%d %b %Y")


def clock(seconds: float | None) -> str:
    """Return a time of day: ``04:01 AM UTC``."""
    return _written(seconds, "%I:%M %p UTC")


def timestamp(seconds: float | None) -> str | None:
    """Return a time as koji and bodhi write it: ``2012-07-19 04:01:20``, in UTC; None where there is none."""
    return _written(seconds, "%Y-%m-%d %H:%M:%S") or None


def _counts(first: datetime, last: datetime) -> dict[str, int]:
    months = (last.year - first.year) * 12 + last.month - first.month
    if _later(first, months) > last:
        months -= 1
    rest = last - _later(first, months)
    counts = {}
    for name, size in _MONTHS.items():
        counts[name], months = divmod(months, size)
    counts["day"], seconds = rest.days, rest.seconds
    for name, size in _SECONDS.items():
        counts[name], seconds = divmod(seconds, size)
    return counts


def _later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _many(count: int, name: str) -> str:
    plural = "centuries" if name == "century" else f"{name}s"
    return f"{count} {name if count == 1 else plural}"


def _is_told(name: str, unit: str) -> bool:
    return UNITS.index(name) <= UNITS.index(unit)


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _written(seconds: float | None, form: str) -> str:
    moment = None if seconds is None else _moment(seconds)
    return "" if moment is None else moment.strftime(form)
