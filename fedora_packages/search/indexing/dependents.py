"""Count the dependents of source packages: how many others require one of its binaries, to run or to be built.

Dependencies are not resolved as dnf does it: versions are ignored, and each provider of a capability counts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

#: Features of rpm itself, which no package provides.
_OWN = "rpmlib("

#: Operators in rich dependencies.  Versions there need no exception: no package provides them.
_OPERATORS = frozenset(("and", "or", "if", "else", "unless", "with", "without", "<", "<=", "=", ">=", ">"))

#: Required or provided: (source package, capabilities and files, one a line).
Relations = Iterable[tuple[str, str]]


def dependents(requires: Relations, provides: Relations) -> Counter[str]:
    """Return the number of dependents of each source package that has any, in one release.

    Requirements are held in memory.  Provides are read once, since they are many more and include all files.
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
    """Yield the capabilities and files in relations, one relation a line, and all those in a rich one: ``(a and b)``."""
    for relation in text.split("\n"):
        if relation.startswith("("):
            # Each package of an "if" or "or" counts.
            yield from filter(None, map(_bare, relation.split()))
        elif relation and not relation.startswith(_OWN):
            yield relation


def _bare(word: str) -> str:
    """Return a word of a rich dependency without the brackets of the dependency: ``(python3dist(x)`` -> python3dist(x)."""
    word = re.sub(r"^\(+", "", word)
    while word.endswith(")") and word.count(")") > word.count("("):
        word = word[:-1]
    return "" if word in _OPERATORS else word
