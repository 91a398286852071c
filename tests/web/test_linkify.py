"""What in a changelog's text leads somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.web.linkify import MAX_LINKS, linkify

ADDRESSES = {
    "bug": lambda number: f"bug/{number}",
    "cve": lambda name: f"cve/{name}",
    "advisory": lambda name: f"advisory/{name}",
    "web": lambda address: None if "@" in address else address,
}


def led(text: str) -> dict[str, str]:
    """Return what leads somewhere, and where."""
    return {part: address for part, address in linkify(text, ADDRESSES) if address is not None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- Fix it (#123456)", {"#123456": "bug/123456"}),
        ("rhbz#2401871", {"rhbz#2401871": "bug/2401871"}),
        ("bz 12345, BZ#77777 and bug #654321.", {
            "bz 12345": "bug/12345", "BZ#77777": "bug/77777", "bug #654321": "bug/654321",
        }),
        ("Resolves: rhbz#1234567, 2345678 #345678", {
            "rhbz#1234567": "bug/1234567", "2345678": "bug/2345678", "#345678": "bug/345678",
        }),
        ("Related: #1234567\n- 7654321 lines", {"#1234567": "bug/1234567"}),
        ("Resolves: CVE-2024-12345", {"CVE-2024-12345": "cve/CVE-2024-12345"}),
        ("cve-2023-1111", {"cve-2023-1111": "cve/CVE-2023-1111"}),
        ("FEDORA-EPEL-2024-ab12cd34ef", {"FEDORA-EPEL-2024-ab12cd34ef": "advisory/FEDORA-EPEL-2024-ab12cd34ef"}),
        ("fedora-epel-next-2026-0A1B2C3D4E", {
            "fedora-epel-next-2026-0A1B2C3D4E": "advisory/FEDORA-EPEL-NEXT-2026-0a1b2c3d4e",
        }),
        ("(see https://x.org/a_(b)#123456).", {"https://x.org/a_(b)#123456": "https://x.org/a_(b)#123456"}),
        # Numbers that are no bugs of ours.
        ("PR #123456, issue #1234567, GH-123456, upstream#654321, pull request 123456", {}),
        ("Fixes: #12", {}),
        ("#12 #12345 #1234567890", {}),
        ("&#123456; x#123456 ##123456 foo/#123456", {}),
        ("bug 3.5-1, bz 12345.6, #123456-1", {}),
        ("CVE-1-2 CVE-2024-1 XCVE-2024-12345x", {}),
        ("https://user@x.org/", {}),
        ("javascript:alert(1) ftp://x.org", {}),
    ],
)  # fmt: skip
def test_what_leads_somewhere(text, expected):
    assert led(text) == expected


PIECES = st.sampled_from(
    ["rhbz#", "#", "bz ", "Resolves: ", "CVE-2024-", "https://", "1234567", ",", " ", "\n", "<b>", "&"]
)


@given(text=st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_all_parts_together_are_the_text(text):
    assert "".join(part for part, _ in linkify(text, ADDRESSES)) == text


def test_links_of_one_text_are_bounded():
    assert len(led(" ".join(f"#{100_000 + number}" for number in range(MAX_LINKS * 2)))) == MAX_LINKS
