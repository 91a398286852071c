"""Times in the formats of the old service: ``2 years, 3 months and 4 days``, ``10 Aug 2010``.

Timestamps come from upstreams: invalid ones become "".
"""

from calendar import monthrange
from datetime import UTC, datetime

#: Months and seconds in a unit; months differ in their days.
_MONTHS = {"century": 1200, "decade": 120, "year": 12, "month": 1}
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}

#: The units of durations, largest first.
UNITS = (*_MONTHS, "day", *_SECONDS)


def span(since: float, until: float, unit: str = "hour") -> str:
    """Return the duration between two timestamps, down to ``unit``: ``1 year, 2 days and 4 hours``, ``less than 1 hour``."""
    first, last = _datetime(min(since, until)), _datetime(max(since, until))
    if first is None or last is None:
        return ""
    counts = _counts(first, last)
    parts = [_many(counts[name], name) for name in UNITS[: UNITS.index(unit) + 1] if counts[name]]
    if not parts:
        return f"less than 1 {unit}"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def ago(since: float | None, now: float, unit: str = "hour") -> str:
    """Return the time since a timestamp in its largest unit: ``2 years ago``; "" without a timestamp."""
    duration = "" if since is None else span(since, now, unit)
    return f"{duration.partition(',')[0].partition(' and ')[0]} ago" if duration else ""


def day(seconds: float | None) -> str:
    """Return a date: ``10 Aug 2010``."""
    return _formatted(seconds, "%d %b %Y")


def clock(seconds: float | None) -> str:
    """Return a time of day: ``04:01 AM UTC``."""
    return _formatted(seconds, "%I:%M %p UTC")


def timestamp(seconds: float | None) -> str | None:
    """Return a timestamp in the format of Koji and Bodhi: ``2012-07-19 04:01:20``, in UTC; None without one."""
    return _formatted(seconds, "%Y-%m-%d %H:%M:%S") or None


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


def _later(time: datetime, months: int) -> datetime:
    year, month = divmod(time.year * 12 + time.month - 1 + months, 12)
    return time.replace(year=year, month=month + 1, day=min(time.day, monthrange(year, month + 1)[1]))


def _many(count: int, name: str) -> str:
    plural = "centuries" if name == "century" else f"{name}s"
    return f"{count} {name if count == 1 else plural}"


def _datetime(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _formatted(seconds: float | None, form: str) -> str:
    time = None if seconds is None else _datetime(seconds)
    return "" if time is None else time.strftime(form)
