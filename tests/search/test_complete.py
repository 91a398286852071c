"""Completion: names alone, by the beginning of any word, the important ones first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedora_packages.rpm.nvr import MAX_NAME
from fedora_packages.search import complete, terms
from fedora_packages.search.complete import Completion
from fedora_packages.search.document import Binary
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.search.reader import IndexReader
from tests.search.fedora import document


def told(found):
    return [(completion.name, completion.kind) for completion in found]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    path = tmp_path_factory.mktemp("names") / "index"
    vim = (Binary("vim-X11", "For X", files=("/usr/bin/gvim",)), Binary("vim-enhanced", files=("/usr/bin/vim",)))
    with Writer(path, create=True) as writer:
        writer.replace(
            [
                document("vim", summary="The editor", binaries=vim),
                document("virt-manager", "virt-manager"),
                document("gnome-terminal", "gnome-terminal", "gnome-terminal-nautilus"),
                document("gcc", "gcc", ("gcc-c++", "C++ support")),
                document("libreoffice", "libreoffice-writer"),
                *(document(f"python-{number}", f"python3-{number}") for number in range(40)),
            ]
        )
        writer.commit()
    return IndexReader(path)


def test_a_name_that_is_typed_whole_comes_first(reader):
    assert told(reader.complete("vim"))[0] == ("vim", "source")


def test_a_name_is_completed_by_its_beginning(reader):
    assert told(reader.complete("vi"))[:3] == [("vim", "source"), ("virt-manager", "source"), ("vim-X11", "binary")]


def test_a_name_is_completed_by_the_beginning_of_any_of_its_words(reader):
    assert told(reader.complete("term")) == [("gnome-terminal", "source"), ("gnome-terminal-nautilus", "binary")]


@pytest.mark.parametrize("text", ["gnome term", "term gnome", "GNOME-Term", "  gnome_terminal "])
def test_several_words_must_all_begin_so(reader, text):
    assert told(reader.complete(text))[0] == ("gnome-terminal", "source")


@pytest.mark.parametrize(
    ("text", "name"), [("gcc-c++", "gcc-c++"), ("libre off", "libreoffice"), ("vim-x1", "vim-X11")]
)
def test_other_spellings_are_completed(reader, text, name):
    assert told(reader.complete(text))[0][0] == name


def test_a_hyphen_at_the_end_is_what_names_go_on_with(reader):
    found = told(reader.complete("vim-"))
    assert found == [("vim-X11", "binary"), ("vim-enhanced", "binary")]
    assert told(reader.complete(" VIM- ")) == found
    assert told(reader.complete("gcc-"))[0] == ("gcc-c++", "binary")
    assert {name.partition("-")[0] for name, _ in told(reader.complete("python3-", 20))} == {"python3"}
    assert told(reader.complete("guake-")) == []


def test_what_goes_on_after_a_hyphen_is_found_after_many_that_only_begin_alike(make_index):
    alike = [document(f"lantern{number}") for number in range(30)]
    reader = make_index(document("lantern"), document("x-lantern"), *alike, document("Lantern-lit"))
    assert [found.name for found in reader.complete("lantern-", 2)] == ["Lantern-lit", "x-lantern"]
    assert [found.name for found in reader.complete("lantern", 2)] == ["lantern", "lantern0"]


def test_a_command_leads_to_the_package_that_has_it(reader):
    assert reader.complete("gvi") == (Completion("gvim", "command", "vim", "vim-X11", "For X"),)


def test_a_command_that_is_called_as_its_package_is_told_once(reader):
    assert told(reader.complete("vim")).count(("vim", "command")) == 0


def test_a_binary_without_a_summary_has_that_of_its_source(reader):
    found = {completion.name: completion.summary for completion in reader.complete("vim")}
    assert found["vim-enhanced"] == "The editor"


def test_many_of_one_kind_leave_room_for_the_others(reader):
    assert {completion.kind for completion in reader.complete("python")} == {"source", "binary"}


def test_the_first_that_were_written_come_first(reader):
    assert [name for name, kind in told(reader.complete("python-")) if kind == "source"][:3] == [
        "python-0",
        "python-1",
        "python-2",
    ]


@pytest.mark.parametrize(("asked", "given_"), [(0, 0), (-1, 0), (3, 3), (1000, complete.MAX_COMPLETIONS)])
def test_there_are_as_many_as_are_asked_for_within_a_bound(reader, asked, given_):
    assert len(reader.complete("python", asked)) == given_


@pytest.mark.parametrize("text", ["", " ", "zzz", "***", "\0", "-", "++", "\ud800"])
def test_no_completion_is_an_answer(reader, text):
    assert reader.complete(text) == ()


@settings(deadline=None)
@given(text=st.text(max_size=200) | st.text(alphabet="vimgncpyho3-+. ", max_size=30))
def test_any_text_can_be_completed(reader, text):
    assert len(reader.complete(text)) <= 10


def test_a_long_beginning_is_held_against_the_whole_name(reader):
    assert told(reader.complete("gnome-terminal-n")) == [("gnome-terminal-nautilus", "binary")]
    assert reader.complete("gnome-terminal-x") == ()


def test_a_long_beginning_is_found_after_many_that_begin_alike(make_index):
    alike = [document(f"lanternfisher{number}-one") for number in range(9)]
    reader = make_index(document("x-lanternfishery"), *alike, document("lanternfishery-one"))
    assert [found.name for found in reader.complete("lanternfishery", 2)] == ["lanternfishery-one", "x-lanternfishery"]
    assert [found.name for found in reader.complete("one lanternfishery", 2)] == ["lanternfishery-one"]


def test_what_has_all_words_is_found_after_many_that_have_one(make_index):
    reader = make_index(*(document(f"lantern-{number}") for number in range(400)), document("lantern-of-zebras"))
    assert [found.name for found in reader.complete("lantern zebra")] == ["lantern-of-zebras"]


def test_the_longest_names_that_there_may_be_are_completed(make_index):
    source, binary = "s" * MAX_NAME, "b" * MAX_NAME
    reader = make_index(document(source, binary))
    assert [found.name for text in ("ss", "bb") for found in reader.complete(text)] == [source, binary]


def test_of_names_that_differ_in_signs_the_one_that_was_typed_comes_first(make_index):
    reader = make_index(document("gcc-c"), document("gcc-c++"), document("GCC-C"))
    assert [found.name for found in reader.complete("gcc-c++")] == ["gcc-c++", "gcc-c", "GCC-C"]
    assert [found.name for found in reader.complete("Gcc-C++")][:1] == ["gcc-c++"]


def test_each_kind_has_its_turn(make_index):
    reader = make_index(
        *(
            document(f"lantern-s{n}", binaries=(Binary(f"lantern-b{n}", files=(f"/usr/bin/lantern-c{n}",)),))
            for n in "123456"
        )
    )
    kinds = "".join(found.kind[0] for found in reader.complete("lantern", 12))
    assert kinds == "sssbbc" * 2


def test_of_a_long_text_its_beginning_is_completed(make_index):
    words = "abcdefgh"[: complete.MAX_WORDS]
    reader = make_index(document("x-" + "-".join(words)))
    texts = [f"{' '.join(words)} z", "x" + " " * complete.MAX_TEXT_LENGTH + "z"]
    assert [len(reader.complete(text)) for text in texts] == [1, 1]


def test_a_long_name_comes_before_those_that_only_begin_alike(make_index):
    alike = "lantern" * 6
    assert len(alike) > terms.MAX_WORD_LENGTH
    reader = make_index(document(f"{alike}x"), document(f"{alike}-yy"), document(f"{alike}y"))
    assert [found.name for found in reader.complete(f"{alike}y")][:2] == [f"{alike}y", f"{alike}-yy"]


def test_a_command_of_several_packages_leads_to_each(make_index):
    vi = Binary("vi", files=("/usr/bin/ex",))
    reader = make_index(document("nvi", binaries=(vi,)), document("vim", binaries=(vi,)))
    assert [(found.name, found.source) for found in reader.complete("ex")] == [("ex", "nvi"), ("ex", "vim")]


def test_so_many_commands_of_a_package_are_completed(make_index):
    commands = [f"a{number:03}" for number in range(complete.MAX_COMMANDS + 1)]
    files = ("/usr/bin/a\nb", f"/usr/bin/{'a' * 101}", *(f"/usr/bin/{command}" for command in commands))
    reader = make_index(document("z", binaries=(Binary("z", files=files),)))
    completed = [told(reader.complete(text)) for text in ("a", *commands[-2:])]
    assert (completed[0][0], completed[1:]) == (("a000", "command"), [[(commands[-2], "command")], []])


def test_names_that_a_package_lost_are_not_completed(make_index, tmp_path):
    reader = make_index(document("tools", "hammer", "saw"))
    with Writer(tmp_path / "index") as writer:
        writer.replace([document("tools", "hammer")])
        writer.commit()
    assert (told(reader.complete("saw")), told(reader.complete("hammer"))) == ([], [("hammer", "binary")])


def test_names_of_a_removed_package_are_not_completed(make_index, tmp_path):
    reader = make_index(document("tools", "hammer"))
    with Writer(tmp_path / "index") as writer:
        writer.remove(["tools"])
        writer.commit()
    assert reader.complete("hammer") == ()


def test_a_name_keeps_its_place_when_its_package_is_written_again(make_index, tmp_path):
    reader = make_index(document("tool-a"), document("tool-b"))
    with Writer(tmp_path / "index") as writer:
        writer.replace([document("tool-a", summary="new")])
        writer.commit()
    assert [(found.name, found.summary) for found in reader.complete("tool")] == [("tool-a", "new"), ("tool-b", "")]


def test_names_are_no_packages(reader):
    assert reader.count() == 45
