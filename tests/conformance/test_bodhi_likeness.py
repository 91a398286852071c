"""The sandbox's Bodhi beside the published server: the same requests are answered in the same form.

The two have different updates.  So compared are statuses, types of contents, errors word by word, and the keys of rows with the
types of their values.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from .published_bodhi import PublishedBodhi

NONE = "NoneType"

#: Keys of answers whose values depend on the request alone.
FIXED = ("page", "rows_per_page", "chrome", "display_user", "display_request")

#: What is asked of a list besides its own filters.
PAGES = """
    page=0 page=-1 page=x page=1.5 page= page=99 page=9999999999999 page=1&page=2 rows_per_page=1 rows_per_page=1000
    rows_per_page=1001 rows_per_page=0 rows_per_page=x unknown=1 row_per_page=3&page=1 rows_per_page=1&page=2
"""

DATES = " ".join(
    f"{name}={text}"
    for name in ("submitted_since", "modified_before", "approved_since", "pushed_since")
    for text in (
        "2020-01-01", "2100-01-01", "2020-01-01%2010:00:00", "2020-01-01T10:00:00Z", "2020-01-01T10:00:00%2B02:00",
        "2020-13-01", "01-01-2020", "nonsense", "",
    )
)  # fmt: skip

#: The addresses by what is there, each list with its filters.  Left out is what is SQLite's doing: it takes patterns of names for
#: the same in any case, and has no numbers above 64 bits.
PATHS = {
    "updates/": PAGES + DATES + """
        packages= packages packages={package} packages=no-such-package packages={package},vim
        packages={package}%20vim packages={package}&packages=vim package={package} user=nobody user={user} user={user},nobody
        user= status=lost status= status=Stable status=pending&status=testing status=pending,testing status=stable&status=lost
        request=stable request=lost request= request=null type=bugfix type=lost severity=high severity=lost suggest=reboot
        suggest=lost content_type=rpm content_type=lost gating=lost gating=passed&gating=failed gating=passed,failed gating=
        locked=true locked=maybe locked=1 locked= pushed=true pushed=x critpath=0 critpath=x releases=WinXP releases=WinXP,F44
        releases=f44 releases=44 releases=__current__ releases=__pending__ releases=__archived__ releases=__lost__ releases=
        release=F44 release=WinXP release= alias={alias} alias=nothing alias={alias},nothing alias= updateid={alias}
        updateid=nothing builds={nvr} builds=guake-99999-1.fc44 builds=nonsense builds= bugs={bug} bugs=x bugs= bugs=99999999
        like={package} like= search={package} search={alias} search= from_side_tag=true from_side_tag=x
        from_side_tag_name=f44-build-side-1 chrome=false chrome=x display_user=false display_user=x
        status=lost&page=x&locked=maybe status=lost&releases=WinXP releases=WinXP&user=nobody&bugs=x
    """,
    "releases/": PAGES + """
        state=current state=current,pending state=current&state=pending state=lost state= exclude_archived=true
        exclude_archived=x ids=1 ids=1&ids=2 ids=1,2 ids=x ids= ids=0 ids=-1 name=F4%25 name=F44 name=nothing name= name=F4_
        packages={package} packages=no-such-package packages= updates={alias} updates=nothing updates=
        updates=nothing&packages=no-such-package
    """,
    "comments/": PAGES + """
        since=2020-01-01 since=2100-01-01 since=x since= updates={alias} updates=nothing updates= packages={package}
        packages=no-such-package user={user} user=nobody like=it search=it ignore_user=bodhi ignore_user=nobody chrome=false
        chrome=x updates=nothing&user=nobody
    """,
}  # fmt: skip

#: Addresses that are no lists, and near misses.
SINGLE = """
    updates/{alias} updates/nothing updates/{package} updates/no-such-package updates/{alias}/ updates updates?packages={package}
    releases releases?state=current comments releases/F44 releases/Fedora%2044 releases/f44 releases/44 releases/rawhide
    releases/WinXP releases/f44/ nothing nothing/at/all
"""


@dataclass(frozen=True)
class Side:
    """One of the two servers, with the names in its own world for what requests name: ``{alias}``, ``{nvr}`` and so on."""

    url: str
    names: dict[str, str]

    def ask(self, path: str, accept: str = "application/json") -> requests.Response:
        """Return the answer at a path with names in braces."""
        for name, value in self.names.items():
            path = path.replace(f"{{{name}}}", value)
        return requests.get(f"{self.url}/{path}", headers={"Accept": accept}, allow_redirects=False, timeout=60)

    def plain(self, text: str) -> str:
        """Return a text with the names in braces again, and without the address."""
        text = text.replace(self.url, "")
        for name, value in self.names.items():
            text = re.sub(rf"\b{re.escape(value)}\b", f"{{{name}}}", text)
        return text

    def outline(self, answer: requests.Response) -> dict[str, Any]:
        """Return what must be the same of an answer on both sides, row by row put together."""
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        found = {"status": answer.status_code, "type": kind, "location": self.plain(answer.headers.get("Location", ""))}
        if kind != "application/json":
            return found
        body = answer.json()
        if "errors" in body:
            errors = [{key: self.plain(str(text)) for key, text in row.items()} for row in body["errors"]]
            return found | {"errors": sorted(errors, key=lambda row: row["name"])}
        fixed = {key: body[key] for key in FIXED if key in body}
        return found | fixed | {"types": types_of(body)}


def types_of(value: Any, path: str = "", found: dict[str, set[str]] | None = None) -> dict[str, set[str]]:
    """Return the types of all values in JSON by their paths; the elements of a list have one path."""
    found = defaultdict(set) if found is None else found
    found[path].add(type(value).__name__)
    items = (
        value.items() if isinstance(value, dict) else [("", one) for one in value] if isinstance(value, list) else []
    )
    for key, one in items:
        types_of(one, f"{path}/{key}", found)
    return found


def difference(sandbox: dict[str, Any], real: dict[str, Any]) -> list[str]:
    """Return how two outlines differ, in words.

    Null beside another type is no difference: which values are null is a matter of the updates.  Nor is what only rows tell of
    which one side has none.
    """
    wrong = [
        f"{key}: {sandbox.get(key)!r} here, {real.get(key)!r} there"
        for key in sorted({*sandbox, *real} - {"types"})
        if sandbox.get(key) != real.get(key)
    ]
    here, there = sandbox.get("types", {}), real.get("types", {})
    for path in sorted({*here, *there}):
        mine, its = here.get(path, set()) - {NONE}, there.get(path, set()) - {NONE}
        parent = path.rpartition("/")[0]
        is_known = parent in here and parent in there and "dict" in here[parent] & there[parent]
        if mine and its and mine != its:
            wrong.append(f"{path} is {sorted(mine)} here, {sorted(its)} there")
        elif is_known and (path in here) != (path in there):
            wrong.append(f"{path} is only {'here' if path in here else 'there'}")
    return wrong


@pytest.fixture(scope="module")
def sides(sandbox, published_bodhi) -> tuple[Side, Side]:
    """The sandbox and the published server, each with the names of an update with a bug and comments."""
    populate(published_bodhi)
    return Side(f"{sandbox}/bodhi", names(f"{sandbox}/bodhi")), Side(published_bodhi.url, names(published_bodhi.url))


def populate(server: PublishedBodhi) -> None:
    """Give the server releases, and updates in every status."""
    server.control("begin")
    server.save_release(43, "f43", "archived")
    server.save_release(44, "f44", "current")
    server.save_release(46, "rawhide", "pending", composed_by_bodhi=False, create_automatic_updates=True)
    server.control("file_bug", number=701, title="It does not start", keywords=["Security"])
    for version, actions in enumerate((("stable",), ("unpush",), (), None), 1):
        alias = server.submit(f"guake-{version}-1.fc44", bugs="701", severity="high")
        server.control("run_tasks")
        if actions is not None:
            server.push(alias)
            server.comment(alias, karma=1)
        for action in actions or ():
            server.request(alias, action)
        if actions == ("stable",):
            server.push(alias)
    server.build("vim-1-1.fc46")


def names(url: str) -> dict[str, str]:
    """Return the names around an update of F44 with a bug and comments, in the world of a server."""
    updates = requests.get(f"{url}/updates/", {"releases": "F44", "rows_per_page": "1000"}, timeout=60).json()[
        "updates"
    ]
    update = next(one for one in updates if one["bugs"] and one["comments"] and len(one["builds"]) == 1)
    nvr = update["builds"][0]["nvr"]
    return {
        "alias": update["alias"], "nvr": nvr, "package": nvr.rsplit("-", 2)[0], "user": update["user"]["name"],
        "bug": str(update["bugs"][0]["bug_id"]),
    }  # fmt: skip


def differences(sides: tuple[Side, Side], paths: list[str]) -> dict[str, list[str]]:
    """Return what differs at some paths."""
    found = {path: difference(*(side.outline(side.ask(path)) for side in sides)) for path in paths}
    return {path: wrong for path, wrong in found.items() if wrong}


@pytest.mark.parametrize("name", PATHS)
def test_lists_are_answered_in_the_same_form(sides, name):
    assert differences(sides, [name, *(f"{name}?{query}" for query in PATHS[name].split())]) == {}


def test_other_addresses_are_answered_in_the_same_form(sides):
    assert differences(sides, SINGLE.split()) == {}


OUTLINE = {"status": 200, "page": 1, "types": {"": {"dict"}, "/a": {"list"}, "/a/": {"dict"}, "/a//b": {"int", NONE}}}


@pytest.mark.parametrize("other", [
    {"status": 404}, {"page": 2}, {"errors": []},
    {"types": {**OUTLINE["types"], "/a//b": {"str"}}}, {"types": {**OUTLINE["types"], "/c": {"str"}}},
    {"types": {**OUTLINE["types"], "/a//c": {NONE}}},
])  # fmt: skip
def test_a_difference_is_seen(other):
    assert difference(OUTLINE, OUTLINE) == []
    assert difference(OUTLINE, {**OUTLINE, **other}) != []


def test_null_and_lists_without_rows_are_no_difference():
    types = {**OUTLINE["types"], "/a//b": {NONE}}
    assert difference(OUTLINE, {**OUTLINE, "types": types}) == []
    assert difference(OUTLINE, {**OUTLINE, "types": {"": {"dict"}, "/a": {"list"}}}) == []
