"""What is pasted into the search, as the page and the API tell of it."""

import re
from urllib.parse import quote

from tests.web.website import Elements


def told(site, text: str):
    """Return what the API says that a text identifies."""
    return site.get(f"/api/v1/search?q={quote(text, safe='')}", 200).json["identified"]


def page(site, text: str) -> str:
    return site.get(f"/s?search={quote(text, safe='')}", 200).text


def block(site, text: str) -> str:
    """Return the block of the search page about what was pasted, spaces folded; "" where there is none."""
    found = re.search(r'<section class="identified".*?</section>', page(site, text), re.DOTALL)
    return " ".join(found[0].split()) if found else ""


def led(site, text: str) -> list[str]:
    """Return where the block about what was pasted leads."""
    return [link["href"] for link in Elements(block(site, text)).of("a")]
