"""Filters: a list cut down to the rows that have a word, and the choice between the words that there are.

The one thing to know: what is offered is what the list has, with the number of rows that one gets by choosing it, the other
filters being as they are.  So no choice leads to an empty list, and no number is one that the page it leads to does not show.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Slice, Switch
from fedora_packages.widgets.parameters import MOST_ROWS, parsed
from fedora_packages.widgets.release_names import ReleaseNames

#: What the choice of all rows is called.
EVERY = "all"


@dataclass(frozen=True)
class Filter:
    """One way to cut a list: a parameter, which words of it a row has, and the order in which they are offered.

    ``chosen`` is the word that was asked for, None for all rows.
    """

    name: str
    label: str
    words: Callable[[Any], Iterable[str]]
    order: Callable[[str], Any]
    chosen: str | None

    def has(self, row: Any) -> bool:
        """Whether a row is not filtered out."""
        return self.chosen is None or self.chosen in self.words(row)


def ranked(words: Sequence[str]) -> Callable[[str], Any]:
    """Return a key that sorts words as ``words`` has them, and others after them."""
    ranks = {word: rank for rank, word in enumerate(words)}
    return lambda word: (ranks.get(word, len(ranks)), word)


def release_asked(page: PanelContext, names: ReleaseNames, branches: Collection[str]) -> str | None:
    """Return the branch of the release that was asked for, None if none was; ``branches`` are those that the list has.

    Raises `InvalidArgument` for what is no release.
    """
    text = page.values.get("release")
    return None if text is None else parsed("release", text, names.asked(branches, page.package))


def filtered(page: PanelContext, rows: Sequence[Any], filters: Sequence[Filter]) -> tuple[list[Any], list[Switch]]:
    """Return the rows that all filters leave, and for each filter a switch between its words."""
    shown = [row for row in rows if all(one.has(row) for one in filters)]
    return shown, [_switch(page, rows, one, [other for other in filters if other is not one]) for one in filters]


def _switch(page: PanelContext, rows: Sequence[Any], one: Filter, others: Sequence[Filter]) -> Switch:
    left = [row for row in rows if all(other.has(row) for other in others)]
    counts = Counter(word for row in left for word in dict.fromkeys(one.words(row)))
    words = sorted({*counts} | ({one.chosen} if one.chosen is not None else set()), key=one.order)
    if one.chosen is None and len(words) == 1 and counts[words[0]] == len(left):
        # All rows have the same word: there is nothing to choose.
        words = []
    labelled = [(word, f"{word} ({counts[word]})") for word in words]
    return page.switch(one.name, one.label, labelled, one.chosen, every=EVERY if labelled else "")


def sliced(page: PanelContext, rows: Sequence[Any], usual: int) -> tuple[Slice, Switch]:
    """Return the page of a list that was asked for, ``usual`` rows of it if no number was, and a switch between sizes."""
    size = page.values.get("size", usual)
    sizes = sorted({usual, usual * 2, MOST_ROWS, size}) if len(rows) > min(usual, size) else []
    choice = page.switch("size", "Rows on a page", [(str(number), str(number)) for number in sizes], str(size))
    return page.slice(rows, size), choice
