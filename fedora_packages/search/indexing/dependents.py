"""Dependents: how many other source packages require what a source package's binaries provide, to run or to be built.

The one thing to know: nothing is resolved as dnf would.  Versions do not count, and of what several packages provide each is
depended on.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

#: What an item of rpm says of itself, and no package provides.
_OWN = "rpmlib("

#: The words of a rich dependency that are no capabilities; its versions are provided by nobody.
_OPERATORS = frozenset(("and", "or", "if", "else", "unless", "with", "without", "<", "<=", "=", ">=", ">"))

#: What is required or provided: (source package, capabilities and files one a line).
Relations = Iterable[tuple[str, str]]


def dependents(requires: Relations, provides: Relations) -> Counter[str]:
    """Return how many others depend on each source that any depends on.

    Both are those of one release.  What is required is held in memory, what is provided only passes by:
    there is much more of it, and of files all that there are.
    """
    numbers: dict[str, int] = {}
    requiring: dict[str, set[int]] = {}
    for source, text in requires:
        number = numbers.setdefault(source, len(numbers))
        for capability in capabilities(text):
            requiring.setdefault(capability, set()).add(number)
    depending: dict[str, set[int]] = {}
    for source, text in provides:
        its = [requiring[name] for name in text.split("\n") if name in requiring]
        if its:
            depending.setdefault(source, set()).update(*its)
    return Counter(
        {source: others for source, who in depending.items() if (others := len(who - {numbers.get(source)}))}
    )


def capabilities(text: str) -> Iterator[str]:
    """Yield the capabilities and files in relations, one relation a line; of a rich one, ``(a and b)``, all words in it."""
    for relation in text.split("\n"):
        if relation.startswith("("):
            # Whether it is "if" or "or" does not count: who names a package has to do with it.
            yield from filter(None, map(_bare, relation.split()))
        elif relation and not relation.startswith(_OWN):
            yield relation


def _bare(word: str) -> str:
    """Return a word of a rich dependency without the brackets that belong to that: ``(python3dist(x)`` -> python3dist(x)."""
    word = re.sub(r"^\(+", "", word)
    while word.endswith(")") and word.count(")") > word.count("("):
        word = word[:-1]
    return "" if word in _OPERATORS else word
