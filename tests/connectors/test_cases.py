"""Malformed answers of upstreams, each with what must become of it; they lie beside the project where there are any."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, assume, given, strategies
from jsonschema import Draft202012Validator

from fedora_packages import settings
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import UpstreamError
from fedora_packages.messages.text import lines
from tests.documented import closed
from tests.upstream import Answer

CASES = Path(__file__).parents[3] / "shared" / "cases" / "answers"

BASES = {path.name.removeprefix("base.").removesuffix(".json"): path for path in sorted(CASES.glob("base.*.json"))}


def read_cases() -> list[dict[str, Any]]:
    path = CASES / "cases.json"
    found = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return [case for case in found if "must" in case]


needs_cases = pytest.mark.skipif(not BASES, reason=f"no recorded cases: {CASES} is missing")


@pytest.fixture
def queries(strings):
    """All queries, with the active releases that the answers are of."""
    releases = (
        {"branch": "rawhide", "stable_tag": "f46", "testing_tag": None},
        {"branch": "f45", "stable_tag": "f45", "testing_tag": "f45-updates-testing"},
        {"branch": "f44", "stable_tag": "f44-updates", "testing_tag": "f44-updates-testing"},
    )
    return Queries(load(settings.from_strings(strings, declared(), {}), "test", lambda: releases).values())


def at(value: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to."""
    for part in pointer.split("/")[1:]:
        value = value[int(part) if isinstance(value, list) else part]
    return value


def patched(value: Any, patch: list[dict[str, Any]]) -> Any:
    """Return a value with a JSON patch of the operations that the cases have."""
    value = copy.deepcopy(value)
    for step in patch:
        parent, _, name = step["path"].rpartition("/")
        holder = at(value, parent)
        key = int(name) if isinstance(holder, list) else name
        if step["op"] == "remove":
            del holder[key]
        elif step["op"] == "add" and isinstance(holder, list):
            holder.insert(key, step["value"])
        else:
            holder[key] = step["value"]
    return value


def generated(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the long list of a case."""
    rows = [{**rule["each"], "nvr": rule["each"]["nvr"].format(n=number)} for number in range(rule["count"])]
    for number, change in rule["but"].items():
        rows[int(number)] |= change
    return rows


def fetch(queries: Queries, upstream: Any, base: dict[str, Any], answers: dict[str, Any], *later: Any) -> Any:
    """Return the value of a base's query, from these answers, and ``later`` ones for another request to the same address."""
    for address, answer in answers.items():
        if address == "multiCall":
            upstream.koji_says(answer, *later)
        elif address in base.get("texts", ()):
            upstream.answers[address] = Answer(answer.encode(), content_type="text/plain")
        else:
            upstream.says(address, answer, *later)
    query = queries[base["query"]]
    value = query.fetch(base["package"] or "*", query.variant(base["release"]) if base["release"] else "")
    errors = [error.message for error in Draft202012Validator(closed(query.returns)).iter_errors(value)]
    assert (errors, json.loads(json.dumps(value))) == ([], value)
    return value


@needs_cases
@pytest.mark.parametrize("name", BASES)
def test_a_valid_answer_is_read_whole(queries, upstream, name):
    base = json.loads(BASES[name].read_text("utf-8"))
    value = fetch(queries, upstream, base, base["answers"])
    assert ("invalid_rows" in value, value.get("found", True)) == (False, True)


@needs_cases
@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["id"])
def test_a_malformed_answer_costs_no_more_than_it_must(queries, upstream, case):
    base = json.loads(BASES[case["query"]].read_text("utf-8"))
    answers = dict(base["answers"])
    if "everywhere" in case:
        said = case["everywhere"]
        answers = {}
        upstream.answer = lambda asked: Answer(
            said["body"].encode(), said["status"], said["type"], said.get("headers", {})
        )
    else:
        answers[case["address"]] = patched(answers[case["address"]], case["patch"])
    if "generate" in case:
        rule = case["generate"]
        answers[case["address"]] = patched(
            answers[case["address"]], [{"op": "replace", "path": rule["path"], "value": generated(rule)}]
        )
    must = case["must"]
    if "raises" in must:
        with pytest.raises(UpstreamError):
            fetch(queries, upstream, base, answers)
        return
    value = fetch(queries, upstream, base, answers)
    rows = next((rows for rows in value.values() if isinstance(rows, list)), [])
    for key, kept in must.get("keeps", {}).items():
        assert kept in [row[key] for row in rows]
        # The other row is there too, or is counted.
        assert len(rows) == 2 or value["invalid_rows"]["count"] == 1
    for pointer, expected in must.get("at", {}).items():
        assert at(value, pointer) == expected
    if "holds" in must:
        assert must["holds"]["value"] in at(value, must["holds"]["path"])
    if "marked" in must:
        marked = must["marked"]
        (row,) = [row for row in value[marked["list"]] if row["nvr"] == marked["nvr"]]
        assert marked["word"] in [word for key, word in row.items() if key not in ("nvr", "version", "release")]
    if "names_are_text" in must:
        assert all(isinstance(row["name"], str) for row in at(value, must["names_are_text"]))


#: Values that stand in no valid answer, in one place or another.
JUNK = [
    None,
    True,
    False,
    -1,
    0,
    7,
    1.5,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "x",
    "x" * 70_000,
    "\ud800",
    "12:61",
    [],
    {},
]
JUNK += [[None], [[]], {"x": None}, list(range(2000)), "EQ", "2026-11-20", "9999-12-31T23:59:59-23:00", "0001-01-01"]


def places(value: Any, pointer: str = "") -> Iterator[str]:
    """Yield the pointer of everything in a value, and of itself."""
    yield pointer
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        if "/" not in str(key):
            yield from places(part, f"{pointer}/{key}")


@needs_cases
@pytest.mark.parametrize("name", BASES)
def test_what_was_left_out_of_a_value_has_a_name(queries, upstream, name):
    base, kinds = json.loads(BASES[name].read_text("utf-8")), set()
    for address, answer in base["answers"].items():
        for pointer in places(answer):
            junk = False if isinstance(at(answer, pointer), str) else []
            if not pointer or not isinstance(at(answer, pointer.rpartition("/")[0]), list):
                continue
            changed = patched(answer, [{"op": "replace", "path": pointer, "value": junk}])
            try:
                value = fetch(queries, upstream, base, {**base["answers"], address: changed})
            except UpstreamError:
                continue
            kinds |= set(value.get("invalid_rows", {}).get("by_kind", ()))
    assert "row" not in kinds
    # The fields that hold no rows, and the rows of which a value is about one.
    has_rows = "invalid_rows" in json.dumps(queries[base["query"]].returns)
    assert bool(kinds) == has_rows


#: What XML-RPC can carry of what acts on a page or a terminal, and the rest of it.
TURNED = "\u202e\u2066\x85\x9b\u2028\r\n"
CONTROLLED = "\0\x07\x1b[31m\x7f" + TURNED


def acting(value: Any) -> list[str]:
    """Return the strings in a value, and in its keys, that would act on what shows them."""
    if isinstance(value, str):
        return [value] if lines(value) != value else []
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for part in parts for found in acting(part)]


@needs_cases
@pytest.mark.parametrize("name", BASES)
def test_no_string_of_an_answer_acts_on_what_shows_it(queries, upstream, name):
    base = json.loads(BASES[name].read_text("utf-8"))
    for address, answer in base["answers"].items():
        # NUL marks a file as no text.
        added = TURNED if address == "multiCall" else CONTROLLED[address in base.get("texts", ()) :]
        strings = [pointer for pointer in places(answer) if isinstance(at(answer, pointer), str)]
        for pointer in strings:
            dirty = f"{added}{at(answer, pointer)}{added}"
            changed = patched(answer, [{"op": "replace", "path": pointer, "value": dirty}]) if pointer else dirty
            try:
                value = fetch(queries, upstream, base, {**base["answers"], address: changed})
            except UpstreamError as error:
                value = str(error)
            assert (pointer, acting(value)) == (pointer, [])


def read_strings() -> list[dict[str, Any]]:
    path = CASES.with_name("text") / "strings.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else []


@needs_cases
@pytest.mark.parametrize("case", read_strings(), ids=lambda case: case["id"])
def test_a_text_that_would_act_is_stored_without_what_acts(queries, upstream, case):
    base = json.loads(BASES[case["base"]].read_text("utf-8"))
    for address, answer in base["answers"].items():
        if case["pointer"] in places(answer):
            change = {"op": "replace", "path": case["pointer"], "value": case["text"]}
            value = fetch(queries, upstream, base, {**base["answers"], address: patched(answer, [change])})
            shown = json.dumps(value, ensure_ascii=False)
            assert case["stays"] in shown
            assert [unwanted for unwanted in case["unwanted"] if unwanted in shown] == []
            return
    pytest.fail(f"{case['base']} has no {case['pointer']}")


@needs_cases
@pytest.mark.parametrize("name", BASES)
@hypothesis.settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_a_field_of_junk_is_refused_or_costs_its_row(queries, upstream, name, data):
    base = json.loads(BASES[name].read_text("utf-8"))
    address = data.draw(strategies.sampled_from(sorted(base["answers"])))
    answer = base["answers"][address]
    pointer = data.draw(strategies.sampled_from(list(places(answer))))
    junk = data.draw(strategies.sampled_from(JUNK))
    op = data.draw(strategies.sampled_from(["replace", "remove"])) if pointer else "replace"
    changed = junk if not pointer else patched(answer, [{"op": op, "path": pointer, "value": junk}])
    assume(isinstance(changed, str) or address not in base.get("texts", ()))
    try:
        value = fetch(queries, upstream, base, {**base["answers"], address: changed})
    except UpstreamError:
        return
    except (OverflowError, UnicodeEncodeError):
        # It can be sent neither by XML-RPC nor as plain text.
        assert address == "multiCall" or address in base.get("texts", ())
        return
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


#: The second row of an answer, and the list in the value that has it.
ROWS = {
    "anitya.versions": ("/api/project/Fedora/guake", "/versions/1", "versions"),
    "bodhi.releases": ("/releases/", "/releases/1", "releases"),
    "bodhi.updates": ("/updates/", "/updates/1", "updates"),
    "bugzilla.bugs": ("/rest/bug", "/bugs/1", "bugs"),
    "faf.problems": ("/problems/", "/problems/1", "problems"),
    "koji.builds": ("multiCall", "/1/0/1", "builds"),
    "mdapi.changelog": ("/rawhide/changelog/guake", "/changelogs/1", "entries"),
    "mdapi.files": ("/rawhide/files/guake", "/files/1", "directories"),
    "mdapi.relations": ("/rawhide/pkg/guake", "/requires/1", "requires"),
}


@needs_cases
@pytest.mark.parametrize("name", ROWS)
@hypothesis.settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_a_row_of_junk_costs_itself_and_is_counted(queries, upstream, name, data):
    address, place, key = ROWS[name]
    base = json.loads(BASES[name].read_text("utf-8"))
    answer = base["answers"][address]
    pointer = data.draw(strategies.sampled_from(list(places(at(answer, place), place))))
    ops = ["replace", "remove"] if pointer != place else ["replace"]
    step = {
        "op": data.draw(strategies.sampled_from(ops)),
        "path": pointer,
        "value": data.draw(strategies.sampled_from(JUNK)),
    }
    good = fetch(queries, upstream, base, base["answers"])[key]
    try:
        value = fetch(queries, upstream, base, {**base["answers"], address: patched(answer, [step])}, answer)
    except (OverflowError, UnicodeEncodeError):
        # XML-RPC cannot send it.
        assert address == "multiCall"
        return
    assert good[0] in value[key]
    # Releases without a branch, and those of modules, are left out by what they say.
    assert len(value[key]) == len(good) or "invalid_rows" in value or name == "bodhi.releases"
