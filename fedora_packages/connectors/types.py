"""Types of fields in answers: each function returns its argument, or raises `TypeError`."""

from typing import Any


def text(value: Any, limit: int = 4000) -> str:
    """Return a text from an answer, at most ``limit`` characters of it; raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    # A lone surrogate is legal in JSON and in Python, and nowhere else: it could be neither stored nor shown.
    return value[:limit].encode("utf-8", "replace").decode("utf-8")


def optional_text(value: Any, limit: int = 4000) -> str | None:
    """Return a text from an answer, or None for null."""
    return None if value is None else text(value, limit)


def integer(value: Any) -> int:
    """Return a whole number from an answer; raises TypeError for anything else (true and false too)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {value!r:.40}")
    return value


def boolean(value: Any) -> bool:
    """Return a truth value from an answer; raises TypeError for anything else."""
    if not isinstance(value, bool):
        raise TypeError(f"true or false was expected, not {value!r:.40}")
    return value


def items(value: Any) -> list[Any]:
    """Return a list from an answer; raises TypeError for anything else (a text would iterate too)."""
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value
