"""The capabilities that rpm adds to packages: by name and by files, and found in both directions."""

import pytest

from fedora_packages.sandbox.upstreams.mdapi import Repositories
from fedora_packages.sandbox.world.models import EVR, Binary
from fedora_packages.sandbox.world.rpm_dependencies import provided

OWN = EVR(0, "1.2.0", "3.fc46")


def provides(name, *files, arch="x86_64", told=(), requires=(), evr=OWN):
    relations = {"provides": told, "requires": requires}
    return provided(Binary(name, "S", "D", arch, relations, files), evr)


def added(name, *files, arch="noarch", **more):
    """Return what a package provides besides itself."""
    return set(provides(name, *files, arch=arch, **more)[1:])


def test_a_package_provides_itself_and_itself_for_its_architecture():
    assert provides("glibc") == ("glibc = 1.2.0-3.fc46", "glibc(x86-64) = 1.2.0-3.fc46")
    assert provides("filesystem", arch="noarch") == ("filesystem = 1.2.0-3.fc46",)


def test_an_epoch_stands_before_the_version():
    assert provides("vim-data", arch="noarch", evr=EVR(2, "9.1", "1.fc46")) == ("vim-data = 2:9.1-1.fc46",)


def test_provides_of_the_spec_file_are_not_repeated():
    told = ("pkgconfig(x) = 7", "libx.so.1()(64bit)")
    found = provides("x", "/usr/lib64/libx.so.1", "/usr/lib64/pkgconfig/x.pc", told=told)
    assert found == ("x = 1.2.0-3.fc46", *told, "x(x86-64) = 1.2.0-3.fc46")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("/usr/lib64/libcurl.so.4", "/usr/lib64/libcurl.so.4.[0-9].[0-9]"), {"libcurl.so.4()(64bit)"}),
        (("/usr/lib64/libx.so.1{,.*}",), {"libx.so.1()(64bit)"}),
        (("/usr/lib64/libx-2.0.so.0*", "/usr/lib64/liby.so.1.*"), {"libx-2.0.so.0()(64bit)", "liby.so.1()(64bit)"}),
        # The number is not known, or it is a link for compilers, or a plugin that nothing is linked to.
        (("/usr/lib64/libx.so.*", "/usr/lib64/*.so.1"), set()),
        (("/usr/lib64/libx.so", "/usr/lib64/plugins/libx.so.1"), set()),
    ],
)
def test_a_library_is_provided_by_its_soname(files, expected):
    assert added("x", *files, arch="x86_64") - {"x(x86-64) = 1.2.0-3.fc46"} == expected
    assert added("x", *files, arch="noarch") == set()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/lib64/pkgconfig/gtk4.pc", {"pkgconfig(gtk4) = 1.2.0"}),
        ("/usr/share/pkgconfig/xwayland.pc", {"pkgconfig(xwayland) = 1.2.0"}),
        ("/usr/lib64/pkgconfig/*.pc", set()),
        ("/usr/lib64/cmake/Qt6Svg/", {"cmake(Qt6Svg) = 1.2.0"}),
        ("/usr/lib64/cmake/fbgemm", {"cmake(fbgemm) = 1.2.0"}),
        ("/usr/lib64/cmake/OpenImageIO/*.cmake", {"cmake(OpenImageIO) = 1.2.0"}),
        ("/usr/lib64/cmake/vpl/VPLConfig.cmake", {"cmake(VPL) = 1.2.0"}),
        ("/usr/lib64/cmake/libpqxx/libpqxx-config.cmake", {"cmake(libpqxx) = 1.2.0"}),
        ("/usr/lib64/cmake/catalyst-2.1/", set()),
        ("/usr/share/cmake/Modules/FindX.cmake", set()),
        ("/usr/share/applications/guake.desktop", {"application()", "application(guake.desktop)"}),
        ("/usr/share/applications/*.desktop", set()),
        ("/usr/share/kde/guake.desktop", set()),
        ("/etc/x.conf", {"config(x) = 1.2.0-3.fc46"}),
        ("/etc/x/", set()),
    ],
)
def test_a_path_gives_the_capabilities_of_its_file(path, expected):
    assert added("x", path) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("python3-Zope.Interface", {"python3dist(zope-interface) = 1.2", "python3.15dist(zope-interface) = 1.2"}),
        ("python3-requests+socks", {"python3dist(requests[socks]) = 1.2", "python3.15dist(requests[socks]) = 1.2"}),
        ("python3-devel", set()),
        ("python3-requests-doc", set()),
        ("perl-Try-Tiny", {"perl(Try::Tiny) = 1.2.0"}),
        ("perl-Try-Tiny-tests", set()),
        ("perl-interpreter", set()),
        ("rubygem-rack-test", {"rubygem(rack-test) = 1.2.0"}),
        ("rubygem-rack-doc", set()),
        ("nodejs-undici", {"npm(undici) = 1.2.0"}),
        ("nodejs-packaging", set()),
        ("rust-libc-devel", {"crate(libc) = 1.2.0"}),
        ("rust-libc+std-devel", {"crate(libc/std) = 1.2.0"}),
        ("rust-gdk4-x11_0.10+v4_10-devel", {"crate(gdk4-x11/v4_10) = 1.2.0"}),
        ("rust-base64-devel", {"crate(base64) = 1.2.0"}),
        # Is it the crate bincode1, or the crate bincode of the version 1?
        ("rust-bincode1-devel", set()),
        ("rust-analyzer", set()),
        ("R-xml2", {"R(xml2) = 1.2.0"}),
        ("R-core", set()),
        ("php-pear-Net-SMTP", {"php-pear(Net_SMTP) = 1.2.0"}),
    ],
)
def test_a_name_gives_the_capabilities_of_a_package(name, expected):
    assert added(name) == expected


def test_a_channel_of_pear_that_the_spec_file_names_is_the_only_one():
    told = ("php-pear(phpseclib.sourceforge.net/Math_BigInteger) = 1.0.3",)
    assert added("php-pear-math-biginteger", told=told) == set(told)


@pytest.mark.parametrize(
    "more", [{"requires": ("python(abi) = 3.14",)}, {"arch": "x86_64"}], ids=["what it requires", "a file"]
)
def test_the_version_of_python_comes_from(more):
    files = ["/usr/lib64/python3.14/site-packages/x/"] if "arch" in more else []
    assert "python3.14dist(x) = 1.2" in added("python3-x", *files, **more)


def test_a_package_is_found_by_everything_that_it_provides(quiet):
    repositories = Repositories(quiet.sandbox.world.now())
    rows = repositories.rows("rawhide")
    found = {}
    for row in rows:
        for item in row.relations("provides"):
            found.setdefault(item["name"], set()).add(row.name)
    assert len(found) > 2 * len(rows)
    for capability, names in found.items():
        assert {row.name for row in repositories.related("rawhide", "provides", capability)} == names
