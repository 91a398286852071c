"""Stores of small repositories, written like the worker writes them."""

from fedora_packages.connectors.repository_files import Mirror
from fedora_packages.connectors.repository_lists import listing_of
from fedora_packages.connectors.repository_reader import write as write_store
from fedora_packages.connectors.repository_store import Meta, Store
from tests.search.indexing.repos import write

LISTS = ("primary", "filelists", "other")


def stored(folder, packages, name="store", skipped=lambda reason: None):
    """Write a repository and its store into a folder, and return the reader of the store."""
    path, repository = folder / f"{name}.sqlite", folder / f"{name}-repository"
    write(repository, packages, kinds=LISTS)
    mirror = Mirror(str(folder), folder / "downloads", "test")
    listing = listing_of(mirror.read(f"{repository.name}/repodata/repomd.xml"), "here")
    lists = {kind: (mirror.fetch(repository.name, listing.files[kind]), "here") for kind in LISTS}
    meta = Meta(name, 1, {kind: listing.files[kind].open_checksum[1] for kind in LISTS})
    write_store(path, meta, lists, skipped, path.exists())
    return Store(path)
