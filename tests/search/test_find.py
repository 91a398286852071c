"""What packages are found by beside their names and prose, and why they were; of slips see `test_correcting`."""

import pytest

from fedora_packages.search import find
from fedora_packages.search.document import Binary
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.search.match import MAX_BINARIES_OF_HIT, MAX_SUMMARIES_READ
from fedora_packages.search.reader import IndexReader
from fedora_packages.search.reasons import Reason
from tests.search.fedora import HTOP, document, names

#: Too long to be a term as it is.
LONG = "lantern-" * 40


@pytest.mark.parametrize(
    ("text", "source", "reason"),
    [
        ("/usr/bin/htop", "htop", Reason("path", "/usr/bin/htop", ("htop",))),
        ("/bin/htop", "htop", Reason("path", "/usr/bin/htop", ("htop",))),
        ("/etc/pki/tls/nothing", "openssl", Reason("folder", "/etc/pki/tls", ("openssl",))),
        ("openssl.cnf", "openssl", Reason("file", "openssl.cnf", ("openssl",))),
        ("pkgconfig(libssl)", "openssl", Reason("capability", "pkgconfig(libssl)", ("openssl-devel",))),
        ("pkgconfig(libssl) >= 3", "openssl", Reason("capability", "pkgconfig(libssl)", ("openssl-devel",))),
        ("libssl.so.3", "openssl", Reason("capability", "libssl.so.3()(64bit)", ("openssl-libs",))),
        ("openssl-fips", "openssl", Reason("obsoletes", "openssl-fips", ("openssl-libs",))),
        ("requests", "python-requests", Reason("foreign", "requests", ("python3-requests",))),
        ("dbelyavs", "openssl", Reason("maintainer", "dbelyavs")),
        ("cryptography", "openssl", Reason("summary", "cryptography")),
        ("without daemon", "podman", Reason("description", "without daemon")),
    ],
)
def test_a_package_is_found_first_and_says_why(reader, text, source, reason):
    first = reader.search(text).hits[0]
    assert first.document.name == source
    assert reason in first.reasons


def test_a_command_comes_right_after_the_names(reader):
    first, second = reader.search("htop").hits
    assert (first.document.name, first.reasons, first.binaries) == (
        "htop",
        (Reason("command", "htop", ("htop",)),),
        ("htop",),
    )
    assert (second.document.name, second.reasons) == ("htop-vim", ())


def test_where_a_binary_carries_what_was_asked_for_prose_is_no_reason(make_index):
    lantern = Binary("tools-x", files=("/usr/bin/lantern",))
    [hit] = make_index(document("tools", summary="A lantern", binaries=(lantern,))).search("lantern").hits
    assert hit.reasons == (Reason("command", "lantern", ("tools-x",)),)


@pytest.mark.parametrize(
    ("binary", "reasons"), [("lantern", ()), ("lantern-shade", ()), ("shade", (Reason("summary", "lantern"),))]
)
def test_where_a_binarys_name_has_the_text_prose_is_no_reason(make_index, binary, reasons):
    [hit] = make_index(document("tools", binary, summary="A lantern", description="A lantern")).search("lantern").hits
    assert hit.reasons == reasons


def test_what_a_binary_says_is_a_reason_where_its_source_does_not_say_it(make_index):
    reader = make_index(
        document(
            "tools",
            ("tools", "Something else"),
            ("tools-a", "Juggles tools"),
            ("tools-b", "A lantern that juggles"),
            summary="A zebra",
            description="A zebra",
        )
    )
    # A name is reason enough.
    [hit] = reader.search("zebra tools lanterns juggling").hits
    assert hit.reasons == (
        Reason("summary", "zebra"),
        Reason("summary", "juggling", ("tools-a",)),
        Reason("summary", "lanterns", ("tools-b",)),
    )


def test_so_many_binaries_are_named_with_a_hit(make_index):
    binaries = tuple(Binary(f"b{number}", provides=("lantern(one)",)) for number in range(MAX_BINARIES_OF_HIT + 1))
    [hit] = make_index(document("tools", binaries=binaries)).search("lantern(one)").hits
    assert ([len(reason.binaries) for reason in hit.reasons], len(hit.binaries)) == (
        [MAX_BINARIES_OF_HIT],
        MAX_BINARIES_OF_HIT,
    )


def test_so_many_are_named_be_it_for_their_names_or_for_what_they_carry(make_index):
    named = tuple(Binary(f"lantern-{number}") for number in range(MAX_BINARIES_OF_HIT - 1))
    others = tuple(Binary(f"other-{number}", files=("/usr/bin/lantern",)) for number in range(2))
    [hit] = make_index(document("tools", binaries=(*named, *others))).search("lantern").hits
    assert hit.binaries == tuple(binary.name for binary in (*named, others[0]))


def test_names_come_before_those_that_differ_in_case_and_these_before_all_else(make_index):
    reader = make_index(
        document("lantern_x", dependents=99),
        document("LANTERN-X", dependents=9),
        document("a", "Lantern-X", dependents=99),
        document("z", "lantern-x"),
    )
    assert names(reader.search("lantern-x")) == ["z", "LANTERN-X", "a", "lantern_x"]


def test_so_many_packages_at_most_come_first_for_what_they_carry(make_index):
    many = [f"p{number:02}" for number in range(find.MAX_EXACT_HITS + 1)]
    light = Binary("light", files=("/usr/bin/lantern",))
    reader = make_index(document("lantern-viewer"), *(document(name, binaries=(light,)) for name in many))
    assert names(reader.search("lantern", rows=30)) == [*many[:-1], "lantern-viewer"]


@pytest.mark.parametrize(
    ("kind", "text", "fields"),
    [
        ("command", LONG.title(), {"files": (f"/usr/bin/{LONG.title()}",)}),
        ("command", LONG.title(), {"files": (f"/usr/bin/{LONG.lower()}",)}),
        ("path", f"/opt/{LONG}", {"files": (f"/opt/{LONG}",)}),
        ("capability", f"lantern({LONG})", {"provides": (f"lantern({LONG})",)}),
        ("foreign", LONG, {"provides": (f"npm({LONG})",)}),
        ("file", f"{LONG}.conf", {"files": (f"/etc/{LONG}.conf",)}),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_what_is_longer_than_a_term_is_found(make_index, kind, text, fields):
    reader = make_index(document("a", binaries=(Binary("a", **fields),)))
    [hit] = reader.search(text).hits
    assert [reason.kind for reason in hit.reasons] == [kind]
    # All of it counts.
    assert reader.search(f"{text[:-9]}x{text[-9:]}").total == 0


def test_all_that_have_a_command_come_first_the_most_important_at_once(make_index):
    ps = Binary("procps", files=("/usr/bin/ps",))
    reader = make_index(
        document("ps-viewer"), document("a", binaries=(ps,)), document("b", binaries=(ps,), dependents=1)
    )
    assert [names(reader.search(text)) for text in ("ps", "PS")] == [["b", "a", "ps-viewer"]] * 2


def test_what_a_file_is_called_is_a_word_mostly(make_index):
    reader = make_index(document("a", binaries=(Binary("a", files=("/etc/raddb/dictionary", "/etc/raddb/a_b")),)))
    assert [reader.search(text).total for text in ("dictionary", "a_b")] == [0, 1]


def test_who_replaced_a_name_is_not_named_as_if_it_was_meant(reader):
    assert reader.search("openssl-fips").hits[0].binaries == ()


def test_a_maintainer_is_known_in_any_case(make_index):
    [hit] = make_index(document("a", owner="Pingou")).search("pinGOU").hits
    assert hit.reasons == (Reason("maintainer", "Pingou"),)


def test_a_folder_that_many_packages_share_says_nothing(reader):
    assert reader.search("/usr/share/all/other").total == 0


@pytest.mark.parametrize(
    ("packages", "found"),
    [
        (find.MAX_PACKAGES_OF_DIRECTORY, find.MAX_PACKAGES_OF_DIRECTORY),
        (find.MAX_PACKAGES_OF_DIRECTORY + 1, 0),
    ],
)
def test_so_many_packages_may_share_a_folder_that_says_something(make_index, packages, found):
    files = ("/usr/share/lantern/one",)
    reader = make_index(
        *(document(f"p{number}", binaries=(Binary(f"p{number}", files=files),)) for number in range(packages))
    )
    assert reader.search(f"{files[0]}x").total == found


def test_each_package_that_has_a_file_is_found_by_it(make_index):
    files = ("/usr/share/lantern/one",)
    reader = make_index(*(document(name, binaries=(Binary(name, files=files),)) for name in "abc"))
    assert reader.search(files[0]).total == 3


def test_a_path_leads_to_the_nearest_folder_alone(make_index):
    near, far = Binary("b", files=("/usr/share/lantern/b/one",)), Binary("a", files=("/usr/share/lantern/one",))
    reader = make_index(document("a", binaries=(far,)), document("b", binaries=(near,)))
    assert names(reader.search("/usr/share/lantern/b/two")) == ["b"]


def test_a_hit_is_called_by_the_binary_that_was_asked_for(reader):
    assert [reader.search(text).hits[0].name for text in ("openssl-libs", "openssl", "htop")] == [
        "openssl-libs",
        "openssl",
        "htop",
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # Where words tie what much depends on comes first.
        ("lantern", "lantern-big"),
        # A version at its end, and a language before it, are no part of what a package is called.
        ("grub", "grub2"),
        ("mysql", "mysql9.7"),
        ("mysql++", "mysql++"),
        # Words that follow each other say more than words anywhere.
        ("file manager", "nautilus"),
        ("gnome terminal", "gnome-terminal"),
        # Any word will do where no package has all.
        ("containers without a zebra", "podman"),
    ],
)
def test_a_text_finds_first(reader, text, first):
    assert names(reader.search(text))[0] == first


@pytest.mark.parametrize(
    ("text", "is_found", "has_all"),
    [
        ("file manager", True, True),
        ("containers zzzzzz", True, False),
        ("zzzzzz qqqqqq", False, True),
        ("", False, True),
    ],
)
def test_what_has_only_some_of_the_words_is_marked(reader, text, is_found, has_all):
    found = reader.search(text)
    assert (bool(found.hits), found.has_all) == (is_found, has_all)


def test_of_what_has_some_of_the_words_the_rarest_comes_first_and_equals_in_order(make_index):
    common = [document(name, summary="A lantern") for name in ("zzz", "yyy", "xxx")]
    reader = make_index(*common, document("zebras", summary="A zebra"))
    assert names(reader.search("lantern zebra missing")) == ["zebras", "xxx", "yyy", "zzz"]


def test_a_description_climbs_not_by_repeating_a_word(make_index):
    reader = make_index(document("zz", description="Lantern " * 9), document("aa", description="A lantern and more"))
    assert names(reader.search("lantern")) == ["aa", "zz"]


def test_names_are_looked_for_in_names_so_deep(reader, monkeypatch):
    asked = []
    monkeypatch.setattr(find, "plain", lambda text: asked.append(text) or iter([f"{text}z"]))
    assert (reader.search("z").total, asked) == (0, ["z", "zz"])


def test_a_library_in_a_folder_is_found_by_its_name(make_index):
    assert names(make_index(document("libfoo")).search("/usr/lib64/libfoo.so.3")) == ["libfoo"]


def test_capabilities_lead_to_the_binaries_that_provide_them(reader):
    asked = ["libssl.so.3()(64bit)", "libssl.so.3", "/usr/sbin/htop", "htop", "openssl(cli)", "unknown", ""]
    assert reader.providers(asked) == {
        "libssl.so.3()(64bit)": ("openssl-libs",),
        "libssl.so.3": ("openssl-libs",),
        "/usr/sbin/htop": ("htop",),
        "htop": ("htop",),
        "openssl(cli)": ("openssl",),
    }


def test_of_many_providers_some_are_given_each_once(make_index):
    many = tuple(Binary(f"b{number:02}", provides=("lantern(many)",)) for number in range(30))
    few = tuple(Binary(f"b{number:02}", provides=("lantern(few)",)) for number in range(3))
    reader = make_index(document("a", binaries=many), *(document(name, binaries=few) for name in ("b", "c")))
    assert reader.providers(["lantern(many)", "lantern(few)"]) == {
        "lantern(many)": tuple(f"b{number:02}" for number in range(20)),
        "lantern(few)": ("b00", "b01", "b02"),
    }


def test_what_is_longer_than_a_term_has_providers(make_index):
    binary = Binary("a", provides=(f"{LONG}({LONG})",), obsoletes=(LONG,), files=(f"/opt/{LONG}",))
    reader = make_index(document("a", binaries=(binary,)))
    asked = [f"{LONG}({LONG})", f"/opt/{LONG}"]
    assert (reader.providers(asked), reader.obsoleters(LONG)) == (dict.fromkeys(asked, ("a",)), ("a",))


def test_a_name_elsewhere_is_found_whatever_letters_it_has(make_index):
    reader = make_index(document("fonts", binaries=(Binary("fonts", provides=("font(Café)",)),)))
    assert reader.search("CAFÉ").hits[0].reasons == (Reason("foreign", "café", ("fonts",)),)


def test_a_retired_package_that_is_found_names_what_replaced_it(make_index):
    reader = make_index(
        document("lantern", retired=True),
        document("lantern-doc", retired=True),
        document("torch", binaries=(Binary("torch-cli", obsoletes=("lantern",)),)),
        document("lamp", dependents=7, binaries=(Binary("lamp", obsoletes=("lantern", "torch")),)),
    )
    found = {hit.document.name: hit.replaced_by for hit in reader.search("lantern").hits}
    assert found == {"lantern": ("lamp", "torch-cli"), "lantern-doc": (), "lamp": (), "torch": ()}
    # What is not retired is replaced by nothing, whatever obsoletes it.
    assert [hit.replaced_by for hit in reader.search("torch").hits if hit.document.name == "torch"] == [()]


def test_nothing_is_replaced_by_what_has_its_name(make_index):
    reader = make_index(
        document("lantern", retired=True), document("lamp", binaries=(Binary("lantern", obsoletes=("lantern",)),))
    )
    found = {hit.document.name: hit.replaced_by for hit in reader.search("lantern").hits}
    assert found == {"lantern": (), "lamp": ()}


def test_so_many_summaries_are_read_for_a_reason(make_index):
    many = tuple(Binary(f"part-{number:03}", "Of the whole") for number in range(MAX_SUMMARIES_READ - 1))
    reader = make_index(
        document("near", binaries=(*many, Binary("part-last", "A lantern"))),
        document("far", binaries=(*many, Binary("part-100", "One more"), Binary("part-last", "A lantern"))),
    )
    found = {hit.document.name: hit.reasons for hit in reader.search("lantern").hits}
    assert found == {"near": (Reason("summary", "lantern", ("part-last",)),), "far": ()}


def test_no_more_successors_are_named_than_help(make_index):
    names = [f"new{number}" for number in range(find.MAX_SUCCESSORS + 3)]
    reader = make_index(
        document("old", retired=True), *(document(n, binaries=(Binary(n, obsoletes=("old",)),)) for n in names)
    )
    (found,) = (hit.replaced_by for hit in reader.search("old").hits if hit.document.name == "old")
    assert found == tuple(names[: find.MAX_SUCCESSORS])


def test_a_name_that_was_obsoleted_leads_on(reader):
    assert (reader.obsoleters("openssl-fips"), reader.obsoleters("openssl")) == (("openssl-libs",), ())


def test_what_a_package_was_found_by_is_gone_when_it_is_replaced(make_index, tmp_path):
    reader = make_index(document("htop", binaries=(HTOP,)))
    with Writer(tmp_path / "index") as writer:
        writer.replace([document("htop", "htop", summary="Something")])
        writer.commit()
    assert reader.search("/usr/bin/htop").hits[0].reasons == ()
    # The spellings of its summary too.
    assert reader.search("proces").total == 0


def test_a_package_is_kept_as_another_index_has_it(make_index, tmp_path):
    make_index(document("htop", binaries=(HTOP,)), document("other"))
    with Writer(tmp_path / "new", create=True) as writer:
        assert writer.copy("htop", tmp_path / "index").name == "htop"
        assert writer.copy("unknown", tmp_path / "index") is None
        assert writer.copy("htop", tmp_path / "none") is None
        writer.commit()
    new = IndexReader(tmp_path / "new")
    assert (list(new.names()), new.search("/usr/bin/htop").hits[0].document.name) == (["htop"], "htop")
    assert ([found.name for found in new.complete("hto")], new.search("htpo").corrected) == (["htop"], "htop")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://htop.example/", "htop"), ("https://github.com/someone/HTOP", "htop"),
        ("https://pypi.org/project/requests/", "requests"),
        ("https://example.org/python3-requests/", "python3-requests"), ("https://grub.github.io/", "grub"),
        ("https://example.org/openssl/wiki", "openssl"),
    ],
)  # fmt: skip
def test_an_address_leads_to_what_it_is_named_after(reader, text, name):
    found, wanted = reader.search(text), reader.search(name)
    assert (names(found), found.corrected.lower()) == (names(wanted), name)


@pytest.mark.parametrize(
    "text", ["https://file.example/manager", "http://terminal.example/", "https://x", "https://daemon.org/a"]
)
def test_an_address_of_nothing_is_no_words(reader, text):
    assert reader.search(text).hits == ()
