"""The benchmark of the search: how answers are scored, what a file of labelled queries may hold, what falls is named."""

import gzip
import json

import pytest

from benchmarks import relevance
from benchmarks.measuring import WORLD, quick_index
from benchmarks.relevance import (
    HALVES,
    KINDS,
    Names,
    Query,
    Result,
    WrongLabels,
    ask,
    check,
    check_labels,
    every_name,
    fallen,
    floors_of,
    is_right,
    metrics,
    names_of,
    read_queries,
    report,
)
from fedora_packages.search.document import Document
from fedora_packages.search.find import Hit
from fedora_packages.search.reader import IndexReader


def part(name: str, summary: str = "") -> dict:
    return {"name": name, "summary": summary, "description": "", "requires": [], "provides": [], "files": []}


def package(name: str, *binaries: str, summary: str = "", builds_main: bool = True) -> dict:
    return {
        **part(name, summary),
        "url": "",
        "buildrequires": [],
        "builds_main": builds_main,
        "subpackages": [part(binary) for binary in binaries],
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "packages.jsonl.gz"
    packages = [
        package("vim", "vim-enhanced", "vim-%{broken}", summary="The VIM editor"),
        package("guake", summary="Drop-down terminal for GNOME"),
        package("rust-ripgrep", "ripgrep", builds_main=False),
        package("golang-x-sys", builds_main=False),
    ]
    with gzip.open(path, "wt") as lines:
        lines.writelines(json.dumps(one) + "\n" for one in packages)
    return path


@pytest.fixture(scope="module")
def names(world):
    return names_of(world)


@pytest.fixture(scope="module")
def reader(world, tmp_path_factory):
    index = tmp_path_factory.mktemp("index") / "index"
    assert quick_index(world, index) == ["vim", "guake", "rust-ripgrep"]
    return IndexReader(index)


def query(text: str, *labels: str, kind: str = "description", half: str = "tuning", where: str = "here") -> Query:
    return Query(kind, half, text, labels, where)


def hit(source: str, *binaries: str, owner: str | None = None) -> Hit:
    return Hit(Document(source, owner=owner), binaries)


def test_names_are_those_of_sources_and_binaries_without_macros(names):
    assert names.sources == {"vim", "guake", "rust-ripgrep", "golang-x-sys"}
    assert names.builders == {
        "vim": {"vim"},
        "vim-enhanced": {"vim"},
        "guake": {"guake"},
        "ripgrep": {"rust-ripgrep"},
    }


def test_an_answer_is_right_as_the_source_or_as_what_the_source_builds(names):
    assert is_right(hit("vim"), query("editor", "vim"), names)
    assert is_right(hit("rust-ripgrep"), query("search in files", "ripgrep"), names)
    assert not is_right(hit("guake"), query("editor", "vim"), names)


@pytest.mark.parametrize("kind", KINDS)
def test_who_looks_for_a_binary_by_what_it_has_must_be_told_which(kind, names):
    wanted = query("rg", "ripgrep", kind=kind)
    assert is_right(hit("rust-ripgrep"), wanted, names) is (kind not in ("exact", "command", "path", "provide"))
    assert is_right(hit("rust-ripgrep", "ripgrep"), wanted, names)


def test_a_maintainer_is_right_by_the_owner_of_the_package(names):
    assert is_right(hit("vim", owner="ralph"), query("ralph", "owner:ralph", kind="maintainer"), names)
    assert not is_right(hit("ralph", owner="spot"), query("ralph", "owner:ralph", kind="maintainer"), names)


def test_queries_are_asked_and_the_place_of_the_first_right_hit_is_noted(reader, names):
    asked = ask(
        reader,
        [query("drop down terminal", "guake"), query("guake", "vim"), query("cmake28", "-")],
        names,
    )
    assert [(one.query.text, one.place, one.first) for one in asked] == [
        ("drop down terminal", 1, ("guake",)),
        ("guake", None, ("guake",)),
    ]


def test_figures_are_shares_of_all_that_was_asked():
    asked = [Result(query("a", "b"), place, ()) for place in (1, 2, 8, None)]
    assert metrics(asked) == {"count": 4, "success@1": 0.25, "success@5": 0.5, "mrr": 0.4062}
    assert metrics([]) == {"count": 0, "success@1": 0.0, "success@5": 0.0, "mrr": 0.0}


def test_a_report_has_both_halves_of_each_kind():
    measured = report(
        [
            Result(query("a", "b", kind="exact"), 1, ()),
            Result(query("c", "d", kind="exact", half="held"), None, ()),
            Result(query("e", "f", kind="path"), 2, ()),
        ]
    )
    firsts = {half: found["success@1"] for half, found in measured["kinds"]["exact"].items()}
    assert firsts == {"both": 0.5, "tuning": 1.0, "held": 0.0}
    assert list(measured["kinds"]) == ["exact", "path"]
    assert measured["overall"]["both"]["count"] == 3


def test_each_figure_that_falls_is_named_with_what_to_do():
    measured = report([Result(query("a", "b", kind="exact"), 2, ())])
    assert fallen(measured, {"exact": {"success@1": 0.0, "mrr": 0.5}}) == []
    (sentence,) = fallen(measured, {"exact": {"success@1": 0.0, "mrr": 0.51}})
    assert sentence.startswith("exact: mrr fell to 0.5000, the floor is 0.5100")
    assert "--kind exact --failures" in sentence
    assert len(fallen(measured, {})) == 2


def test_floors_of_kinds_that_were_not_measured_stay():
    measured = report([Result(query("a", "b", kind="exact"), 1, ())])
    floors = floors_of(measured, {"path": {"success@1": 0.3, "mrr": 0.4}, "exact": {"success@1": 0.1, "mrr": 0.2}})
    assert floors == {"exact": {"success@1": 1.0, "mrr": 1.0}, "path": {"success@1": 0.3, "mrr": 0.4}}


def test_every_name_finds_itself_first(reader, names):
    assert every_name(reader, names) == {"count": 6, "first": 6, "failing": []}


def test_a_name_that_does_not_find_itself_is_listed(reader, names):
    more = Names(names.sources | {"emacs"}, {**names.builders, "guake": frozenset({"vim"})}, names.owners)
    assert every_name(reader, more) == {"count": 7, "first": 6, "failing": [{"name": "emacs", "first": None}]}


@pytest.mark.parametrize(
    "line",
    [
        "tuning\tirc client",
        "tuning\tirc client\t ",
        "tuning\tirc client\thexchat\tirssi",
        "both\tirc client\thexchat",
        "held\t irc client\thexchat",
        "",
    ],
)
def test_a_line_that_is_no_query_is_named(tmp_path, line):
    (tmp_path / "description.tsv").write_text(f"tuning\ta\tb\n{line}\nheld\tc\td\n")
    with pytest.raises(WrongLabels, match=r"^description.tsv, line 2: "):
        read_queries(tmp_path)


def test_a_file_of_an_unknown_kind_is_named(tmp_path):
    (tmp_path / "rumours.tsv").write_text("tuning\ta\tb\n")
    with pytest.raises(WrongLabels, match="rumours.tsv: there is no such kind"):
        read_queries(tmp_path)


def test_a_query_that_is_there_twice_is_named_with_both_places():
    with pytest.raises(WrongLabels, match="there: 'htop' is in here already"):
        check([query("htop", "htop"), query("htop", "htop", kind="exact", where="there")], enough={})


def test_no_answer_stands_alone():
    with pytest.raises(WrongLabels, match="says that there is no answer"):
        check([query("cmake28", "-", "cmake")], enough={})


def test_a_kind_needs_enough_queries_in_both_halves():
    halves = [query(str(number), "a", kind="exact", half=HALVES[number % 2]) for number in range(4)]
    check(halves, enough={"exact": 4})
    with pytest.raises(WrongLabels, match="there are 4 queries, and 5 are wanted"):
        check(halves, enough={"exact": 5})
    with pytest.raises(WrongLabels, match="the halves are uneven, 2 for tuning and 0 held"):
        check(halves[::2], enough={"exact": 2})


def test_an_answer_that_is_not_in_the_data_is_named(names):
    check_labels([query("editor", "vim", "vim-enhanced"), query("cmake28", "-")], names)
    with pytest.raises(WrongLabels) as raised:
        check_labels([query("editor", "vim", "emacs"), query("me", "owner:nobody-at-all")], names)
    assert str(raised.value).splitlines() == [
        "here: 'emacs', an answer to 'editor', is not in the data",
        "here: 'owner:nobody-at-all', an answer to 'me', is not in the data",
    ]


def test_the_labelled_queries_are_well_formed_and_enough():
    queries = read_queries()
    check(queries)
    assert len(queries) >= 450
    assert {query.text for query in queries} >= {"gcc-c++", "drop down terminal", "/usr/bin/htop", "kakuone", "python"}


def test_every_kind_has_floors():
    floors = relevance.read_floors()
    assert set(floors) == set(KINDS)
    assert all(set(found) == set(relevance.HELD_AGAINST) for found in floors.values())


@pytest.mark.slow
@pytest.mark.skipif(not WORLD.exists(), reason="there is no file of all packages")
def test_every_answer_is_in_the_data():
    check_labels(read_queries(), names_of(WORLD))


def test_without_a_file_of_packages_nothing_is_measured(tmp_path, capsys):
    assert relevance.main(["--world", str(tmp_path / "none")]) == 0
    assert "nothing was measured" in capsys.readouterr().out


@pytest.fixture
def made_up(world, tmp_path, monkeypatch):
    """The benchmark over the made-up world, with a query of its own and a floor for it."""
    (tmp_path / "description.tsv").write_text("tuning\tdrop down terminal\tvim\nheld\tvim editor\tvim\n")
    floors = tmp_path / "floors.json"
    floors.write_text(json.dumps({"description": {"success@1": 0.9, "mrr": 0.5}}))
    monkeypatch.setattr(relevance, "read_queries", lambda: read_queries(tmp_path))
    monkeypatch.setattr(relevance, "check", lambda queries: None)
    monkeypatch.setattr(relevance, "read_floors", lambda: json.loads(floors.read_text()))
    monkeypatch.setattr(relevance, "FLOORS", floors)
    return world


def test_what_fell_fails_and_the_failures_are_told(made_up, capsys):
    assert relevance.main(["--world", str(made_up), "--failures"]) == 1
    out = capsys.readouterr().out
    assert "description: success@1 fell to 0.5000, the floor is 0.9000" in out
    assert "'drop down terminal'  place -  wanted vim  got guake" in out
    assert "'vim editor'" not in out


def test_floors_are_written_and_then_held(made_up, capsys):
    assert relevance.main(["--world", str(made_up), "--write-floors", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["kinds"]["description"]["both"]["success@1"] == 0.5
    assert measured["fallen"] == []
    assert relevance.main(["--world", str(made_up), "--every-name"]) == 0
    assert "6 of 6 names find themselves first" in capsys.readouterr().out
