"""What a pasted text identifies, by its form alone."""

import gzip
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedora_packages.connectors import declared
from fedora_packages.rpm.nvr import ARCHES, NEVRA, NVR
from fedora_packages.web.identifiers import (
    MAX_QUERY_LENGTH,
    Bug,
    BuildNumber,
    PackageNumber,
    PackagePage,
    Project,
    SearchPage,
    Update,
    Vulnerability,
    recognize,
)
from fedora_packages.web.links import Links
from fedora_packages.web.routes import ROUTES

FEDORA = {kind.name: kind.site for kind in declared() if kind.site}
#: Sites of somebody else's, some on one host.
OTHERS = {
    name: type(FEDORA[name])(url)
    for name, url in (
        ("koji", "http://127.0.0.1:6580/koji"),
        ("bodhi", "http://127.0.0.1:6580"),
        ("bugzilla", "http://127.0.0.1:6580/bugs"),
        ("distgit", "https://src.example"),
        ("faf", "https://x"),
        ("anitya", "https://y"),
    )
}

GUAKE = NVR("guake", "3.9.0", "1.fc38")
X11 = NVR("vim-X11", "9.0", "1.fc38")
UPDATE = "FEDORA-2026-0a1b2c3d4e"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("guake-3.9.0-1.fc38", NEVRA(GUAKE)),
        (" guake-3.9.0-1.fc38\n", NEVRA(GUAKE)),
        ("(guake-3.9.0-1.fc38).", NEVRA(GUAKE)),
        ("vim-X11-2:9.0-1.fc38.x86_64", NEVRA(X11, 2, "x86_64")),
        ("2:vim-X11-9.0-1.fc38.x86_64", NEVRA(X11, 2, "x86_64")),
        ("vim-X11-0:9.0-1.fc38", NEVRA(X11, 0)),
        ("vim-X11-9.0-1.fc38.x86_64.rpm", NEVRA(X11, None, "x86_64")),
        ("guake-3.9.0-1.fc38.src.rpm", NEVRA(GUAKE, None, "src")),
        ("./results/guake-3.9.0-1.fc38.src.rpm", NEVRA(GUAKE, None, "src")),
        ("/home/pingou/my builds/guake-3.9.0-1.fc38.src.rpm", NEVRA(GUAKE, None, "src")),
        ("https://mirror.example/g/guake-3.9.0-1.fc38.noarch.rpm", NEVRA(GUAKE, None, "noarch")),
        ("https://mirror.example/g/guake-3.9.0-1.fc38.noarch.rpm?x=1", NEVRA(GUAKE, None, "noarch")),
        ("gtk+-2-1", NEVRA(NVR("gtk+", "2", "1"))),
        (UPDATE, Update(UPDATE)),
        ("fedora-2026-0A1B2C3D4E", Update(UPDATE)),
        ("FEDORA-EPEL-2015-0238", Update("FEDORA-EPEL-2015-0238")),
        ("fedora-epel-next-2026-0a1b2c3d4e", Update("FEDORA-EPEL-NEXT-2026-0a1b2c3d4e")),
        ("Fedora-Flatpak-2026-0a1b2c3d4e", Update("FEDORA-FLATPAK-2026-0a1b2c3d4e")),
        ("#1234567", Bug(1234567)),
        ("bug 1234567", Bug(1234567)),
        ("Bug #1234567:", Bug(1234567)),
        ("rhbz#1234567", Bug(1234567)),
        ("BZ 123", Bug(123)),
        ("12345", Bug(12345)),
        ("CVE-2026-1234", Vulnerability("CVE-2026-1234")),
        ("cve-2026-1234567", Vulnerability("CVE-2026-1234567")),
        ("https://nvd.nist.gov/vuln/detail/CVE-2026-1234", Vulnerability("CVE-2026-1234")),
        # Addresses.
        (f"https://bodhi.fedoraproject.org/updates/{UPDATE}", Update(UPDATE)),
        (f"bodhi.fedoraproject.org/updates/{UPDATE}/", Update(UPDATE)),
        (f"https://bodhi.fedoraproject.org/updates/{UPDATE}#comment-7", Update(UPDATE)),
        ("https://bodhi.fedoraproject.org/updates/?packages=guake&page=2", PackagePage(("guake",))),
        ("https://koji.fedoraproject.org/koji/buildinfo?buildID=2345678", BuildNumber(2345678)),
        ("https://koji.fedoraproject.org/koji/buildinfo?buildID=guake-3.9.0-1.fc38", NEVRA(GUAKE)),
        ("https://koji.fedoraproject.org/koji/packageinfo?packageID=6454", PackageNumber(6454)),
        ("https://koji.fedoraproject.org/koji/packageinfo?packageID=guake", PackagePage(("guake",))),
        ("https://koji.fedoraproject.org/koji/search?match=glob&type=build&terms=guake-3.9.0-1.fc38", NEVRA(GUAKE)),
        ("https://koji.fedoraproject.org/koji/search?type=package&terms=guake", PackagePage(("guake",))),
        ("https://bugzilla.redhat.com/show_bug.cgi?id=1234567#c3", Bug(1234567)),
        ("https://bugzilla.redhat.com/show_bug.cgi?id=CVE-2026-1234", Vulnerability("CVE-2026-1234")),
        ("https://bugzilla.redhat.com/1234567", Bug(1234567)),
        ("HTTPS://BUGZILLA.REDHAT.COM/1234567", Bug(1234567)),
        ("https://src.fedoraproject.org/rpms/guake", PackagePage(("guake",))),
        ("https://src.fedoraproject.org/rpms/guake.git", PackagePage(("guake",))),
        ("https://src.fedoraproject.org/rpms/gcc-c%2B%2B/blob/rawhide/f/x.spec", PackagePage(("gcc-c++",))),
        ("https://src.fedoraproject.org/rpms/guake/src/branch/f45/guake.spec", PackagePage(("guake",))),
        ("https://src.fedoraproject.org/fork/pingou/rpms/guake", PackagePage(("guake",))),
        ("ssh://pingou@pkgs.fedoraproject.org/rpms/guake", PackagePage(("guake",))),
        ("https://packages.fedoraproject.org/pkgs/vim/vim-enhanced/", PackagePage(("vim-enhanced", "vim"))),
        ("https://packages.fedoraproject.org/pkgs/vim/vim-enhanced/fedora-rawhide.html", PackagePage(("vim-enhanced", "vim"))),
        ("https://packages.fedoraproject.org/pkgs/vim", PackagePage(("vim",))),
        ("https://packages.fedoraproject.org/search?query=vim", PackagePage(("vim",))),
        ("https://bodhi.fedoraproject.org/updates/?search=guake", PackagePage(("guake",))),
        ("https://apps.fedoraproject.org/packages/s/guake", SearchPage("guake")),
        ("https://apps.fedoraproject.org/packages/guake/builds", PackagePage(("guake",))),
        ("https://release-monitoring.org/project/5311/", Project(5311)),
    ],
)  # fmt: skip
def test_what_identifies_something_is_recognised(text, expected):
    assert recognize(text, FEDORA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bug 2300003 - Please build guake for EPEL 10", Bug(2300003)),
        ("2300003 \u2013 Please build guake for EPEL 10", Bug(2300003)),
        ("This is bug #2300003 of guake", Bug(2300003)),
        ("FEDORA-2026-6b76c84d11 \u2014 unspecified update for guake", Update("FEDORA-2026-6b76c84d11")),
        ("FEDORA-2026-6b76c84d11 FEDORA-2026-6b76c84d12", Update("FEDORA-2026-6b76c84d11")),
        ("guake-3.10.0-5.fc44 | Build Info | koji", NEVRA(NVR("guake", "3.10.0", "5.fc44"))),
        ("see guake-3.10.0-5.el9 please", NEVRA(NVR("guake", "3.10.0", "5.el9"))),
        ("(guake-3.10.0-5.fc44.noarch.rpm) is broken", NEVRA(NVR("guake", "3.10.0", "5.fc44"), arch="noarch")),
        ("Bug 2300003 - CVE-2026-12345 guake: it falls", Bug(2300003)),
        ("cve-2026-12345 guake", Vulnerability("CVE-2026-12345")),
        ("CVE-2026-1234 OR 1=1", Vulnerability("CVE-2026-1234")),
        ("guake-3.9.0-1.fc38 guake-3.9.0-1.fc39", NEVRA(NVR("guake", "3.9.0", "1.fc38"))),
        ("text editor 2024", None),
        ("2024 - a book", None),
        ("2300003 2300002", None),
        ("bug tracker", None),
        ("python 3.14-rc1", None),
        ("what is at https://bodhi.example/FEDORA-2026-6b76c84d11", None),
        ("guake-3.10.0-5.fc44/x and more", None),
    ],
)
def test_what_identifies_something_is_recognised_among_words(text, expected):
    assert recognize(text, FEDORA) == expected


@pytest.mark.parametrize("own", ["http://localhost:6543", "https://pages.example/some/where"])
@pytest.mark.parametrize(
    "path",
    [
        "/guake", "/guake/", "/guake/builds?release=f45#x", "/guake/bugs/all", "/packages/guake", "/packages/guake/sources/spec",
        "/api/v1/packages/guake/builds", "/packages/api/v1/packages/guake", "/guake/feed.atom",
    ],
)  # fmt: skip
def test_an_address_of_this_site_is_of_the_package_that_it_is_about(own, path):
    found = PackagePage(("guake",))
    # A proxy may speak TLS where we do not, and browsers leave out what they speak.
    for address in (f"{own}{path}", f"https://{own.partition('://')[2]}{path}", f"{own.partition('://')[2]}{path}"):
        assert recognize(address, OTHERS, own) == found
    assert recognize(f"{own}{path}", OTHERS) is None
    assert recognize(f"https://elsewhere.example{path}", OTHERS, own) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/s?search=text+editor", "text editor"), ("/s?q=guake", "guake"), ("/packages/s?search=guake&page=2", "guake"),
        ("/s/guake", "guake"), ("/s//usr/bin/guake", "/usr/bin/guake"), ("/s/usr/bin/guake", "usr/bin/guake"),
        ("/api/v1/search?q=guake-3.9.0-1.fc38&rows=1", "guake-3.9.0-1.fc38"),
    ],
)  # fmt: skip
def test_the_address_of_a_search_is_of_what_was_searched_for(path, text):
    assert recognize(f"https://here.example{path}", OTHERS, "https://here.example") == SearchPage(text)


def test_what_no_package_is_called_no_address_is_of():
    firsts = {pattern.split("/")[1] for _, pattern in ROUTES}
    paths = [f"/{first}" for first in firsts if "{" not in first]
    assert len(paths) > 5
    for path in (
        *paths,
        "/_static/site.css",
        "/status/x",
        "/api/v1/packages",
        "/api/v1/search",
        "/s?search=",
        "/s?q=%20",
    ):
        assert recognize(f"https://here.example{path}", OTHERS, "https://here.example") is None, path


def test_where_this_site_has_taken_anothers_place_that_ones_addresses_lead_on():
    own = "https://packages.fedoraproject.org"
    assert recognize(f"{own}/pkgs/vim/vim-enhanced/", FEDORA, own) == PackagePage(("vim-enhanced", "vim"))
    assert recognize(f"{own}/search?query=vim", FEDORA, own) == PackagePage(("vim",))
    assert recognize(f"{own}/vim/builds", FEDORA, own) == PackagePage(("vim",))


def test_of_the_old_sites_other_services_no_package_is_known():
    assert recognize("https://apps.fedoraproject.org/datagrepper/raw", FEDORA) is None
    assert recognize("https://apps.fedoraproject.org/packagesguake", FEDORA) is None


@pytest.mark.parametrize("own", ["http://[", "http://", "http://:", "http://a b", ""])
def test_a_host_that_cannot_be_is_no_site(own):
    assert recognize("https:///guake", OTHERS, own) is None
    assert recognize("http://[/guake", OTHERS, own) is None


@pytest.mark.parametrize("path", ["", "/", "/%3Cscript%3E", "/a b"])
def test_an_address_of_this_site_that_is_of_no_package_is_nothing(path):
    assert recognize(f"http://localhost{path}", OTHERS, "http://localhost") is None


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "guake", "terminal emulator", "gtk+-2", "gnome-shell-extension-common", "python3-foo-1", "x-1-fc38",
        "1234", "0123456", "1" * 10, "9" * 400, "#0", "#" + "9" * 400, "bug", "bug one", "issue 1234567", "PR#1234567",
        "CVE-2026", "CVE-2026-1234%",
        "FEDORA-2026-../../x", "FEDORA-2026-xyz", "FEDORA-2026-0a1b2c3d4e/../x", "FEDORA-2026-" + "a" * 400,
        "guake-3.9.0-1.fc38;rm", "2:guake-2:3.9.0-1.fc38", "guake-3.9.0-1.fc38/x y",
        "https://bodhi.fedoraproject.org/updates/..%2Fx", "https://bodhi.example/updates/FEDORA-2026-0a1b2c3d4e",
        "https://koji.fedoraproject.org/koji/buildinfo?buildID=-1", "https://koji.fedoraproject.org/kojibuildinfo?buildID=1",
        "https://koji.fedoraproject.org/koji/buildinfo", "https://koji.fedoraproject.org/buildinfo?buildID=1",
        "https://koji.fedoraproject.org.example/koji/buildinfo?buildID=1",
        "https://bugzilla.redhat.com/show_bug.cgi?id=1%20OR%201", "https://src.fedoraproject.org/rpms/%3Cscript%3E",
        "https://src.fedoraproject.org/rpms/guake/ does not answer",
        "https://[::1", "https://src.fedoraproject.org/", "/usr/bin/guake", "x" * 100_000, "/" * 100_000,
    ],
)  # fmt: skip
def test_what_identifies_nothing_is_not_recognised(text):
    assert recognize(text, FEDORA) is None


@given(st.text() | st.text("FEDORAcve-20169:/.#bug?=&%rpm \n", max_size=80) | st.from_regex(r"https?://[^ ]*"))
def test_every_text_has_an_answer(text):
    for own in ("", "http://localhost:6543"):
        assert recognize(text, OTHERS, own) == recognize(f" {text} ".strip(), OTHERS, own)


def test_no_more_is_looked_at_than_may_be():
    assert recognize("guake-3.9.0-1.fc38" + " " * MAX_QUERY_LENGTH + "x", FEDORA) == NEVRA(GUAKE)


def test_spaces_around_a_text_are_no_part_of_what_is_looked_at():
    assert recognize(" " * MAX_QUERY_LENGTH + "guake-3.9.0-1.fc38", FEDORA) == NEVRA(GUAKE)


VERSION = st.from_regex(r"[0-9][0-9a-z~^+]{0,10}", fullmatch=True)
NVRS = st.builds(
    NVR, st.from_regex(r"[A-Za-z][A-Za-z0-9+_]{0,20}(-[a-z0-9+]{1,9}){0,3}", fullmatch=True), VERSION, VERSION
)


@given(
    nvr=NVRS,
    epoch=st.none() | st.integers(0, 99),
    arch=st.none() | st.sampled_from(ARCHES),
    rpm=st.sampled_from(["", ".rpm"]),
)
def test_a_build_is_recognised_however_it_is_written(nvr, epoch, arch, rpm):
    said = "" if epoch is None else f"{epoch}:"
    end = f"-{nvr.release}{f'.{arch}' if arch else ''}{rpm}"
    expected = NEVRA(nvr, epoch, arch)
    assert recognize(f"{nvr.name}-{said}{nvr.version}{end}", FEDORA) == expected
    assert recognize(f"{said}{nvr.name}-{nvr.version}{end}", FEDORA) == expected


@pytest.mark.slow
def test_every_build_of_fedora_is_recognised(data):
    wrong = []
    with gzip.open(data / "fedora-rawhide.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            nvr = NVR(row["name"], row["version"], row["release"])
            # Of a few the version was taken from the spec file as it stands there, a macro.
            if any(map(str.isdigit, nvr.version)) and recognize(f"{nvr}.src.rpm", FEDORA) != NEVRA(nvr, None, "src"):
                wrong.append(str(nvr))
    assert wrong == []


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9._+-]{0,20}[a-z]", fullmatch=True)
NUMBERS = st.integers(1, 999_999_999)


@pytest.mark.parametrize("sites", [FEDORA, OTHERS], ids=["Fedora", "others"])
@pytest.mark.parametrize(
    ("things", "link", "expected"),
    [
        (NUMBERS, "build", BuildNumber),
        (NVRS, "build_of", NEVRA),
        (NVRS, "updates_of_build", NEVRA),
        (NAMES, "builds", lambda name: PackagePage((name,))),
        (NAMES, "updates", lambda name: PackagePage((name,))),
        (st.just(UPDATE), "update", Update),
        (NUMBERS, "bug", Bug),
        (NAMES, "bugs", lambda name: PackagePage((name,))),
        (NAMES, "blocking_bugs", lambda name: PackagePage((name,))),
        (st.just("CVE-2026-1234"), "cve", Vulnerability),
        (NAMES, "sources", lambda name: PackagePage((name,))),
        (NAMES, ("source_file", "f45", "a/b.patch"), lambda name: PackagePage((name,))),
        (NAMES, ("commit", "f45", "7a98f80d"), lambda name: PackagePage((name,))),
        (NAMES, "problems", lambda name: PackagePage((name,))),
        (NUMBERS, "project", Project),
    ],
)  # fmt: skip
def test_a_link_that_pages_show_leads_back(sites, things, link, expected):
    name, *details = [link] if isinstance(link, str) else link

    @settings(max_examples=15)
    @given(things)
    def leads_back(thing):
        name_ends_as_clones_do = isinstance(thing, str) and thing.endswith(".git")
        if not name_ends_as_clones_do:
            assert recognize(getattr(Links(sites), name)(str(thing), *details), sites) == expected(thing)

    leads_back()


def test_addresses_of_other_sites_than_the_settings_name_are_not_ours():
    assert recognize("http://127.0.0.1:6580/koji/buildinfo?buildID=7", FEDORA) is None
    assert recognize("http://127.0.0.1:6580/koji/buildinfo?buildID=7", OTHERS) == BuildNumber(7)


def test_fedoras_own_addresses_are_known_whatever_the_settings_name():
    assert recognize("https://bugzilla.redhat.com/1234567", OTHERS) == Bug(1234567)


@given(st.text(max_size=40))
def test_whatever_an_address_says_is_a_name_or_nothing(text):
    found = recognize(f"https://src.fedoraproject.org/rpms/{quote(text, safe='')}", FEDORA)
    assert found is None or found.names[0] in text
