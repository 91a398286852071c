"""The preflight check, ``fedora-packages-worker --check``: whether the world is as the settings and the code expect.

It needs neither Redis nor the bus nor an index, and changes nothing.  Each check prints a line for what it has looked at.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from fedora_packages import connectors, settings
from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.query import NO_PACKAGE, Queries, Query
from fedora_packages.monitoring.probe import Probe, probe

#: What a line begins with, by the result.
OK, CHANGED, UNAVAILABLE = "ok", "changed", "no answer"

#: What to do about a line that is not ok.
ADVICE = {
    CHANGED: "The service cannot read these answers, or not all of them.  If a URL in the settings is right, the upstream has "
    "changed: its connector must follow.",
    UNAVAILABLE: "These upstreams could not be asked.  Check their URLs in the settings, and whether this host reaches them.",
}


def check(ini: str, tell: Callable[[str], object] = print) -> bool:
    """Check each upstream's answers with the settings of an ini file, and return whether all is well.

    ``tell`` gets each line.  Raises `SettingsError`.
    """
    loaded = settings.load(ini, connectors.declared())
    found = connectors.load(loaded, "check", lambda: releases())
    queries = Queries(found.values())

    @cache
    def releases() -> list[Mapping[str, object]]:
        return queries[RELEASES].fetch(NO_PACKAGE)["releases"]

    results = set()
    for line, result in _checked(queries):
        tell(line)
        results.add(result)
    for result, advice in ADVICE.items():
        if result in results:
            tell(f"\n{advice}")
    return results <= {OK}


def _checked(queries: Mapping[str, Query]) -> Iterator[tuple[str, str]]:
    """Yield a line for each query, as its upstream answers, and the result."""
    width = max(map(len, queries))
    for query in queries.values():
        found = probe(query)
        result = CHANGED if found.findings else UNAVAILABLE if found.unavailable else OK
        yield f"{result:9}  {query.name:{width}}  {_in_words(found)}".rstrip(), result


def _in_words(found: Probe) -> str:
    about = "" if found.sample == NO_PACKAGE else found.sample
    if problems := "; ".join((*found.findings, *filter(None, [found.unavailable]))):
        return f"{about}: {problems}".removeprefix(": ")
    return f"{about} ({', '.join(found.unchecked)}: no rows to compare)" if found.unchecked else about
