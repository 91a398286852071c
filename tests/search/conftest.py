"""Fixtures of an index with a few documents in it."""

import pytest

from fedora_packages.search.document import Binary
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.search.reader import IndexReader
from tests.search.fedora import HTOP, document

OPENSSL = (
    Binary("openssl", provides=("openssl(cli)",), files=("/usr/bin/openssl", "/etc/pki/tls/openssl.cnf")),
    Binary("openssl-devel", provides=("pkgconfig(libssl)",)),
    Binary("openssl-libs", provides=("libssl.so.3()(64bit)",), obsoletes=("openssl-fips",)),
)
REQUESTS = Binary("python3-requests", provides=("python3dist(requests)", "python3.14dist(requests)"))


@pytest.fixture
def make_index(tmp_path):
    """A function that writes documents to a new index and returns its reader."""

    def make(*documents, name="index"):
        with Writer(tmp_path / name, create=True) as writer:
            writer.replace(documents)
            writer.commit()
        return IndexReader(tmp_path / name)

    return make


@pytest.fixture(scope="session")
def reader(tmp_path_factory):
    """The reader of an index of packages of many kinds."""
    path = tmp_path_factory.mktemp("found") / "index"
    with Writer(path, create=True) as writer:
        writer.replace(
            [
                document("openssl", summary="Cryptography", owner="dbelyavs", dependents=900, binaries=OPENSSL),
                document("htop", summary="Interactive process viewer", owner="mhalano", binaries=(HTOP,)),
                document("htop-vim", summary="A viewer that is like htop"),
                document("python-requests", binaries=(REQUESTS,)),
                document("rust-requests", "rust-requests-devel"),
                document("grub2", "grub2-common", dependents=9),
                document("grub-theme", "grub-theme"),
                document("mysql++", "mysql++"),
                document("mysql8.4", "mysql8.4"),
                document("mysql9.7", "mysql9.7", dependents=3),
                document("lantern-big", dependents=5000),
                document("lantern-a", dependents=1),
                document("kakoune", "kakoune"),
                document("gnome-terminal", "gnome-terminal", summary="Terminal emulator"),
                document("files", "files", summary="Manager that keeps every file in order"),
                document("nautilus", "nautilus", summary="File manager for the desktop"),
                document("podman", "podman", summary="Manage containers", description="Runs them without a daemon."),
                document("daemonize", "daemonize", summary="Run a program as a daemon"),
                *(
                    document(f"share-{n}", binaries=(Binary(f"s{n}", files=(f"/usr/share/all/{n}",)),))
                    for n in range(30)
                ),
            ]
        )
        writer.commit()
    return IndexReader(path)
