"""What no old client sends: never an error of ours, always bounded, said in the envelope, and no upstream is asked."""

import json
from urllib.parse import quote

import pytest

from tests.web.legacy.old_site import BASE, ask, said

BUILDS, SEARCH = "koji/query/query_builds", "xapian/query/search_packages"

#: Hostile texts, as they are.
TEXTS = {
    "dots": "..",
    "path": "../../etc/passwd",
    "slash": "guake/builds",
    "nul": "gua\x00ke",
    "line": "guake\r\nSet-Cookie: a=b",
    "long": "x" * 10_000,
    "cyrillic": "гуаке",
    "chinese": "終端機",
    "right-to-left": "\u202eekaug",
    "half a character": "\ud800",
    "markup": "<script>alert(1)</script>",
    "quotes": "'\"\\",
    "wildcards": "*?%_",
    "star": "*",
}

FILTERS = {
    "xapian/query/search_packages": "search",
    "bodhi/query/query_active_releases": "package",
    "bodhi/query/query_updates": "package",
    "koji/query/query_builds": "package",
    "koji/query/query_changelogs": "package_name",
    "bugzilla/query/query_bugs": "package",
    "faf/query/query_problems": "package_name",
    "yum/query/query_requires": "package",
    "yum/query/query_required_by": "package",
}


def refused(old, path: str, status: int = 400) -> str:
    """Return what is said of a request that is refused without asking anybody."""
    old.upstream.asked.clear()
    answer = ask(old, path, status=status)
    found = json.loads(answer.text)
    assert (found["total_rows"], found["rows"], found["visible_rows"], old.upstream.asked) == (-1, None, 0, [])
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Deprecation"][0]) == ("*", "@")
    assert len(answer.text) < 1000
    return found["error"]


@pytest.mark.parametrize("path", FILTERS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_text_is_no_package(old, path, text):
    old.upstream.asked.clear()
    answer = old.app.get(f"{BASE}/{path}/" + quote(json.dumps({"filters": {FILTERS[path]: text}})), status=[200, 400])
    found = json.loads(answer.text)
    is_refused = len(text) > 1000
    # Of a text that is no name there is nothing but the three releases; a search may find what else has its words.
    assert path == SEARCH or found["total_rows"] in (-1, 0, 3)
    assert (answer.status_int, old.upstream.asked) == (400 if is_refused else 200, [])
    assert ("<script" in answer.text, "\n" in answer.headers["Link"], len(answer.text) < 2000) == (False, False, True)


@pytest.mark.parametrize("text", [text for text in TEXTS.values() if text.isprintable()])
@pytest.mark.parametrize("path", ["yum/get_file_tree", "bugzilla/get_bug_stats"])
def test_a_hostile_parameter_is_no_package(old, path, text):
    old.upstream.asked.clear()
    answer = old.app.get(f"{BASE}/{path}", {"package": text, "repo": text}, status=[200, 400])
    assert ("<" in answer.text, old.upstream.asked, "Traceback" in answer.text) == (False, [], False)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{", "is invalid JSON"),
        ("{'filters':{}}", "is invalid JSON"),
        ('{"filters":{"package":"guake"}', "is invalid JSON"),
        ('{"filters":{"package":"guake"}}x', "is invalid JSON"),
        ('{"rows_per_page":NaN}', "is invalid JSON"),
        ('{"rows_per_page":Infinity}', "is invalid JSON"),
        ('{"rows_per_page":' + "9" * 5000 + "}", "is invalid JSON"),
        ('{"a":' * 1500, "is invalid JSON"),
        ('{"a":' + "[" * 4000 + "]" * 4000 + "}", "is invalid JSON"),
        ('{"filters":' * 2 + '"' + "a" * 9000 + '"}}', "has 9026 characters"),
        ('{"filters":[]}', "the filters need"),
        ('{"filters":["package"]}', "filters is a list of 1"),
        ('{"filters":7}', "filters is 7"),
        ('{"filters":"guake"}', "is invalid JSON"),
        ('{"filters":"[1]"}', "is a list of 1"),
        ('{"filters":{"package":{"a":1}}}', "is a nested object of 1"),
        ('{"filters":{"package":[["guake"]]}}', "is a list of 1"),
        ('{"filters":{"package":["guake"]}}', "is a list of 1"),
        ('{"filters":{"package":true}}', "package is True"),
        ('{"filters":{"package":1.5}}', "package is 1.5"),
        ('{"filters":{"package":null}}', "the filters need"),
        ('{"filters":{"package":""}}', "the filters need"),
        ("{}", "the filters need"),
        ("", "the filters need"),
        ('{"filters":{"package":"guake","state":"5"}}', "expected numbers from 0 to 4"),
        ('{"filters":{"package":"guake","state":"1,,2"}}', "expected numbers from 0 to 4"),
        ('{"filters":{"package":"guake","state":"\u0661"}}', "expected numbers from 0 to 4"),
        ('{"filters":{"package":"guake","state":[1]}}', "state is a list of 1"),
        ('{"filters":{"package":"guake","query_updates":"perhaps"}}', "expected true or false"),
        *(
            (f'{{"filters":{{"package":"guake"}},"{name}":{value}}}', f"{name} is")
            for name in ("start_row", "rows_per_page")
            for value in ("-1", "1e3", "1.5", "true", '"many"', "[]", "{}", "1" * 20, '"-1"')
        ),
    ],
    ids=lambda text: text[:40],
)
def test_what_cannot_be_understood_is_400_and_says_why(old, query, why):
    assert why in refused(old, f"{BUILDS}/{quote(query)}")


@pytest.mark.parametrize(
    ("path", "filters", "why"),
    [
        ("koji/query/query_changelogs", {"build_id": 0}, "build_id is 0"),
        ("koji/query/query_changelogs", {"build_id": 10**30}, "expected an integer"),
        ("koji/query/query_changelogs", {"build_id": "guake"}, "expected an integer"),
        ("koji/query/query_changelogs", {"release": "f45"}, "the filters need"),
        ("bodhi/query/query_updates", {"package": "guake", "status": "lost"}, "expected one of pending"),
        ("bodhi/query/query_updates", {"package": "guake", "granularity": "eon"}, "expected one of century"),
        ("bodhi/query/query_updates", {"package": "guake", "group_updates": "x"}, "expected true or false"),
        ("bugzilla/query/query_bugs", {"package": "guake", "collection": [7]}, "expected strings"),
        ("bugzilla/query/query_bugs", {"package": "guake", "collection": ["a"] * 101}, "a list of 101"),
        ("xapian/query/search_packages", {"search": ["a"]}, "search is a list of 1"),
    ],
)
def test_a_wrong_filter_is_400_and_says_why(old, path, filters, why):
    assert why in refused(old, path + "/" + quote(json.dumps({"filters": filters})))


@pytest.mark.parametrize(
    "path",
    [
        f"{BUILDS}/%ff",
        f'{BUILDS}/{{"filters":{{"package":"%ff"}}}}',
        "bugzilla/get_bug_stats?package=%ff",
        f"{BUILDS}/{{}}?_cookies=1",
        "bugzilla/get_bug_stats?package=guake&_cookies=",
    ],
)
def test_what_is_no_utf_8_and_what_is_not_taken_is_400(old, path):
    refused(old, path)


@pytest.mark.parametrize("path", ["yum/get_file_tree", "yum/get_file_tree?package=", "yum/get_file_tree?_cookies=1"])
def test_a_tree_of_nothing_is_400_with_an_error_alone(old, path):
    assert list(said(old, path, status=400)) == ["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(old, method):
    answer = old.app.request(f"{BASE}/{BUILDS}/{{}}", method=method, status=405)
    assert (answer.headers["Access-Control-Allow-Origin"], json.loads(answer.text)["total_rows"]) == ("*", -1)


def test_an_upstreams_own_calls_cannot_be_made(old):
    old.upstream.asked.clear()
    for path in ("koji/call/listBuilds", "bodhi/request_data/updates", "bodhi/call/releases/?user=x"):
        assert said(old, path, status=404)["rows"] is None
    assert old.upstream.asked == []


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ('{"filters":{"search":"/usr/bin/guake"}}', "guake"),
        ('{ "filters" : { "search" : "guake" } }', "guake"),
        ('{"filters":"{\\"search\\":\\"guake\\"}"}', "guake"),
        ('{"filters":+{"search":+"guake"}}', "guake"),
        ('{"filters":{"search":{"value":"guake","op":"="}}}', "guake"),
        ('{"filters":{"search":"guake","unknown":"x"},"unknown":[]}', "guake"),
        ('{"filters":{"search":"guake"},"rows_per_page":"10","start_row":""}', "guake"),
        ('{"filters":{"search":"guake"},"rows_per_page":null,"sort_col":7,"sort_order":"x"}', "guake"),
        ('{"filters":{"search":"guake"}}/', "guake"),
        ('{"filters":{"search":"gcc-c++"}}', "gcc"),
        ('{"filters":{"search":"gcc-c%2B%2B"}}', "gcc"),
        ('{"filters":{"search":"gcc-c%252B%252B"}}', "gcc"),
    ],
)
def test_what_is_only_unusual_is_understood(old, query, first):
    for slashes in ("/", "//", "/%20"):
        found = said(old, f"{SEARCH}{slashes}{query.replace(' ', '%20')}?_=1398&callback=x")
        assert (found["rows"][0]["name"] if found["rows"] else None) == first
