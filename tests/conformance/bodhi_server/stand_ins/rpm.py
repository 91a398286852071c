"""RPM's bindings, of which Bodhi calls one function; they belong to the system's Python, and there is no wheel."""

from itertools import zip_longest

from rpm_vercmp import vercmp


def labelCompare(first, second):
    """Return 1, 0 or -1, as the first of two labels is newer, equal or older, part by part."""
    for mine, its in zip_longest(first, second, fillvalue="0"):
        order = vercmp(str(mine or "0"), str(its or "0"))
        if order:
            return order
    return 0
