"""The parameters of a request to Bodhi, checked as its schemas check them.

Source: bodhi-server 26.4.0, ``schemas.py``, whose nodes are colander's, and ``util.splitter``.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from multidict import MultiMapping

#: The strings that are booleans, in any case.
FALSE, TRUE = ("false", "0"), ("true", "1")


class ParameterError(NamedTuple):
    """A parameter with an invalid value: its name (``status.0``: the first of a list), and the reason."""

    name: str
    description: str


class InvalidParameters(ValueError):
    """A request with invalid parameters."""

    def __init__(self, errors: Iterable[ParameterError]):
        super().__init__()
        self.errors = list(errors)


class Parameters:
    """The parameters of a request.  Each method returns the value of one, or None if it is missing, and notes its errors."""

    def __init__(self, query: MultiMapping[str]):
        self._query = query
        self._errors: list[ParameterError] = []

    def check(self) -> None:
        """Raise `InvalidParameters` if there was any error.

        Bodhi returns the errors of all parameters together, and looks up what they name only if there is none.
        """
        if self._errors:
            raise InvalidParameters(self._errors)

    def strings(self, name: str, allowed: Sequence[str] = (), may_be_empty: bool = False) -> list[str] | None:
        """Return a list, split at commas and spaces.

        With ``allowed``, each value is checked before it is split, so that only one value in each repetition is valid.
        """
        texts = self._query.getall(name, None)
        if texts is None:
            return None
        for place, text in enumerate(texts):
            if not text and not may_be_empty:
                self._note(f"{name}.{place}", "Required")
            elif allowed and text not in allowed:
                self._note(f"{name}.{place}", f'"{text}" is not one of {", ".join(allowed)}')
        return [value for text in texts for value in re.split(r"[\s,]+", text) if value]

    def integers(self, name: str) -> list[int] | None:
        """Return a list of integers; like allowed values, they cannot be separated by commas."""
        texts = self._query.getall(name, None)
        if texts is None:
            return None
        return [
            number
            for place, text in enumerate(texts)
            if (number := self._integer(f"{name}.{place}", text) if text else self._note(f"{name}.{place}", "Required"))
            is not None
        ]

    def string(self, name: str) -> str | None:
        """Return a string without the spaces around it."""
        text = self._single(name)
        return text and text.strip()

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """Return one of some values."""
        text = self._single(name)
        if text is not None and text not in allowed:
            self._note(name, f'"{text}" is not one of {", ".join(allowed)}')
        return text

    def flag(self, name: str) -> bool | None:
        """Return a boolean; an empty string is none."""
        texts = self._query.getall(name, None)
        if texts is None:
            return None
        text = _joined(texts)
        if text.lower() not in FALSE + TRUE:
            self._note(name, f'"{text}" is neither in ({_quoted(FALSE)}) nor in ({_quoted(TRUE)})')
        return text.lower() in TRUE

    def integer(self, name: str, default: int, highest: int | None = None) -> int:
        """Return an integer from 1."""
        text = self._single(name)
        number = default if text is None else self._integer(name, text)
        if number is not None and number < 1:
            self._note(name, f"{number} is less than minimum value 1")
        if number is not None and highest is not None and number > highest:
            self._note(name, f"{number} is greater than maximum value {highest}")
        return default if number is None else number

    def time(self, name: str) -> float | None:
        """Return a timestamp in UTC seconds, from an ISO date with or without a time and a zone."""
        text = self._single(name)
        if text is None:
            return None
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            self._note(name, "Invalid date")
            return None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()

    def known(self, name: str, values: Iterable[str] | None, find: Callable[[str], Any], kind: str) -> list[Any]:
        """Return what a list names, without unknown names, which are one error; ``kind`` is what they are, in plural."""
        found = [(value, find(value)) for value in values or ()]
        unknown = [value for value, known in found if known is None]
        if unknown:
            self._note(name, f"Invalid {kind} specified: {', '.join(unknown)}")
        return [known for _, known in found if known is not None]

    def numbers(self, name: str, texts: Sequence[str]) -> set[int]:
        """Return the numbers of bugs in a list."""
        try:
            return {int(text) for text in texts}
        except ValueError:
            self._note(name, f"Invalid bug ID specified: {list(texts)}")
            return set()

    def _single(self, name: str) -> str | None:
        """Return a parameter, or None if it is empty.  Repeated, it is the list as a string, which is rarely valid."""
        texts = self._query.getall(name, None)
        return _joined(texts) or None if texts else None

    def _integer(self, name: str, text: str) -> int | None:
        if re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
            return int(text)
        self._note(name, f'"{text}" is not a number')
        return None

    def _note(self, name: str, description: str) -> None:
        self._errors.append(ParameterError(name, description))


def _joined(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else str(list(texts))


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(map(repr, words))
