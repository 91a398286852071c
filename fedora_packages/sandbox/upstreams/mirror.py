"""The stand-in of Fedora's download servers: the metadata of the repositories, without rpms.

The ``repodata`` of a repository is written at its first request, and again after its contents have changed.  ``repomd.xml`` then
has a new revision and lists new files; the old files are gone, as after a compose.

Source: ``https://dl.fedoraproject.org/pub/`` (folders), ``repomd.xml`` there (its files).
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import formatdate
from itertools import chain
from pathlib import Path

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed
from fedora_packages.sandbox.upstreams.mdapi import Repositories
from fedora_packages.sandbox.upstreams.repodata import Repodata, Writer
from fedora_packages.sandbox.world.releases import Release
from fedora_packages.sandbox.world.world import View

#: Seconds for which writing a repository blocks other requests.
SLICE = 0.02

#: The number of cached states of a repository: a lagging mirror needs another than one without a fault.
MAX_STATES = 2

TYPES = {".xml": "application/xml", ".gz": "application/x-gzip"}


def folders(releases: Sequence[Release]) -> Mapping[str, str]:
    """Return the repositories by folder below ``/pub/``; the name of a repository of sources starts with ``src_``.

    Every repository has one of sources beside it, even if mdapi has none.  mdapi's second name of a repository (``koji``) has no
    folder, nor has a release without repositories in mdapi.
    """
    return dict(chain.from_iterable(_folders(release).items() for release in releases))


def _folders(release: Release) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for repository, _ in release.repositories:
        if repository == release.branch:
            base, below = _first(release), "/os" if release.id_prefix == "FEDORA" else ""
        elif repository.startswith(release.branch):
            base, below = _later(release, repository.endswith("testing")), ""
        else:
            continue
        found[f"{base}/Everything/x86_64{below}"] = repository
        found[f"{base}/Everything/source/tree"] = f"src_{repository}"
    return found


def _first(release: Release) -> str:
    """Return the folder of a release itself, without its updates."""
    if release.id_prefix != "FEDORA":
        return f"epel/{release.version}"
    if release.branch == "rawhide":
        return "fedora/linux/development/rawhide"
    return f"fedora/linux/{'development' if release.state == 'frozen' else 'releases'}/{release.version}"


def _later(release: Release, is_testing: bool) -> str:
    """Return the folder of a release's updates."""
    if release.id_prefix != "FEDORA":
        return f"epel/testing/{release.version}"
    return f"fedora/linux/updates/{'testing/' if is_testing else ''}{release.version}"


def made(view: View, repository: str) -> Repodata:
    """Return the files of a repository in a view of the world."""
    writer, renewal = Writer(), view.renewal(repository.removeprefix("src_"))
    for row in Repositories(view).each(repository):
        writer.add(row)
    return writer.finish(renewal.revision)


def write(view: View, releases: Sequence[Release], folder: Path) -> Iterator[tuple[str, int]]:
    """Write the repositories of releases below a folder; yields the folder and the number of packages of each.

    Raises `OSError`.
    """
    for place, repository in folders(releases).items():
        found = made(view, repository)
        below = folder / place / "repodata"
        below.mkdir(parents=True)
        for name, body in found.files.items():
            (below / name).write_bytes(body)
        yield place, found.packages


class Mirror:
    """The repositories of a world, written when they are requested.

    ``pause_after``: seconds of writing after which other requests get a turn; ``writer``: makes a new writer.
    """

    def __init__(self, pause_after: float = SLICE, writer: Callable[[], Writer] = Writer) -> None:
        self._pause_after = pause_after
        self._writer = writer
        self._states: dict[str, dict[int, Repodata]] = {}
        self._making: dict[str, asyncio.Lock] = {}

    async def repodata(self, view: View, repository: str) -> Repodata:
        """Return the files of a repository.  Other requests are answered meanwhile; those for the same repository wait."""
        renewal = view.renewal(repository.removeprefix("src_"))
        states = self._states.setdefault(repository, {})
        async with self._making.setdefault(repository, asyncio.Lock()):
            if renewal.revision not in states:
                states[renewal.revision] = await self._made(
                    view.world.at(renewal.timestamp), repository, renewal.revision
                )
                if len(states) > MAX_STATES:
                    del states[next(iter(states))]
            return states[renewal.revision]

    async def _made(self, view: View, repository: str, revision: int) -> Repodata:
        writer, began = self._writer(), time.monotonic()
        for row in Repositories(view).each(repository):
            writer.add(row)
            if time.monotonic() > began + self._pause_after:
                await asyncio.sleep(0)
                began = time.monotonic()
        # createrepo_c compresses without the GIL.
        return await asyncio.to_thread(writer.finish, revision)


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return the routes of the download servers."""
    mirror = Mirror()

    async def file(request: web.Request) -> web.Response:
        """Answer ``GET /.../repodata/NAME``."""
        view: View = request[VIEW]
        repository = folders(view.world.releases).get(request.match_info["folder"])
        if repository is None:
            raise web.HTTPNotFound
        found, name = await mirror.repodata(view, repository), request.match_info["name"]
        if name not in found.files:
            raise web.HTTPNotFound
        headers = {"Last-Modified": formatdate(found.revision, usegmt=True)}
        if request.headers.get("If-Modified-Since") == headers["Last-Modified"]:
            raise web.HTTPNotModified(headers=headers)
        return web.Response(body=found.files[name], content_type=TYPES[Path(name).suffix], headers=headers)

    return [web.get("/mirror/{folder:.+}/repodata/{name}", file)]
