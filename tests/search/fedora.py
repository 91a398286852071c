"""A Fedora of a few packages, and stubs of the connectors that read it: what the index is made from, without HTTP."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import xapian

from fedora_packages.connectors.query import query
from fedora_packages.errors import InvalidResponse, NotPublic, ReleaseNotServed, UpstreamUnavailable
from fedora_packages.search.document import Binary, Document

RELEASES = (("rawhide", "f46"), ("f45", "f45-updates"), ("epel10", "epel10"))
BRANCHES = tuple(branch for branch, _ in RELEASES)


@dataclass
class Source:
    """A source package: its binaries with their summaries, the branches whose repositories have it, and its owner.

    ``only`` are the branches of those binaries that not all of these have.
    """

    binaries: dict = field(default_factory=dict)
    branches: tuple = BRANCHES
    owner: str = "pingou"
    specs: tuple = ()
    builds: int = 1
    in_distgit: bool = True
    only: dict = field(default_factory=dict)

    def binaries_in(self, branch):
        """Return the binaries that a branch has, with their summaries."""
        its = self.binaries if branch in self.branches else {}
        return {name: summary for name, summary in its.items() if branch in self.only.get(name, (branch,))}


class Fedora:
    """The packages, by name; upstreams in ``down`` do not answer, and neither does mdapi about names in ``bad``.

    The branches in ``unserved`` have no repositories, in mdapi or on the mirror.  ``provides``, ``obsoletes``, ``requires`` and
    ``files`` (pairs of a folder and a name) are binaries', by name.  Of a source without a binary of its name mdapi does not
    tell the binaries in the branches in ``untold``.  dist-git shows no owners if they are ``hidden``.
    """

    def __init__(self, **sources: Source):
        self.sources = {name.replace("_", "-"): source for name, source in sources.items()}
        self.releases = RELEASES
        self.unlisted_tags = set()
        self.unserved = set()
        self.down = set()
        self.bad = set()
        self.untold = set()
        self.hidden = False
        self.provides, self.obsoletes, self.requires, self.files = {}, {}, {}, {}
        self.asked = []
        self.connectors = {stub.name: stub(self) for stub in (Bodhi, Koji, Mdapi, Distgit)}

    def ask(self, upstream, what):
        self.asked.append((upstream, what))
        if upstream in self.down or what in self.bad:
            raise UpstreamUnavailable(upstream, str(what), "no answer within 10 s")

    def building(self, binary, branch):
        """Return the names of the sources that build a binary for a branch."""
        return [name for name, source in self.sources.items() if binary in source.binaries_in(branch)]


class Stub:
    role = None

    def __init__(self, fedora):
        self.fedora = fedora
        self.settings = SimpleNamespace(concurrency=4)


class Bodhi(Stub):
    name = "bodhi"

    @query(version=1, subject="nothing")
    def releases(self):
        self.fedora.ask("bodhi", "releases")
        return {"releases": [{"branch": branch, "stable_tag": tag} for branch, tag in self.fedora.releases]}


class Koji(Stub):
    name = "koji"

    @query(version=1)
    def builds(self, package):
        self.fedora.ask("koji", package)
        source = self.fedora.sources.get(package)
        return {"total": source.builds if source else 0, "builds": []}

    def packages(self, tag=None):
        self.fedora.ask("koji", tag)
        if tag in self.fedora.unlisted_tags:
            raise InvalidResponse("koji", f"listPackages of {tag}", "fault 1000: No such tag")
        branches = {branch for branch, its_tag in self.fedora.releases if its_tag == tag}
        return sorted(
            name
            for name, source in self.fedora.sources.items()
            if tag is None or branches & {*source.branches, *source.specs}
        )


class Mdapi(Stub):
    name = "mdapi"

    @query(version=1, subject="binary")
    def package(self, package, release):
        return self.source(package, release)

    @query(version=1, subject="binary")
    def files(self, package, release):
        self.fedora.ask("mdapi", f"files of {package}")
        files = self.fedora.files.get(package, ())
        return {"found": True, "directories": [{"path": path, "files": [[name, "file"]]} for path, name in files]}

    def source(self, package, release):
        self.fedora.ask("mdapi", package)
        if release in self.fedora.unserved:
            raise ReleaseNotServed("mdapi", f"package {package!r} in {release}", "it has no repositories of it")
        source = self.fedora.sources.get(package)
        if source and (binaries := source.binaries_in(release)):
            # Without a binary of its name, a source is described by one of its binaries, whichever that is.
            binary = package if package in binaries else max(binaries)
            row = self._row(package, binaries, binary, package if package in binaries else None)
            return row if package in binaries or release not in self.fedora.untold else {**row, "siblings": []}
        return self._of_binary(package, release)

    def binary(self, package, release):
        self.fedora.ask("mdapi", package)
        return self._of_binary(package, release)

    def _of_binary(self, package, release):
        # A name that several build is the one's that is called so.
        for name in sorted(self.fedora.building(package, release), key=lambda name: name != package):
            return self._row(name, self.fedora.sources[name].binaries_in(release), package, package)
        return {"found": False}

    def _row(self, name, binaries, binary, told):
        return {
            "found": True,
            "name": told,
            "source": name,
            "summary": binaries[binary],
            "description": f"{binaries[binary]}, at length.",
            "url": None,
            "siblings": sorted(binaries),
            "provides": [binary, *self.fedora.provides.get(binary, ())],
            "obsoletes": list(self.fedora.obsoletes.get(binary, ())),
            "requires": list(self.fedora.requires.get(binary, ())),
        }


class Distgit(Stub):
    name = "distgit"

    @query(version=1)
    def spec(self, package, release):
        self.fedora.ask("distgit", package)
        source = self.fedora.sources.get(package)
        if source and release in source.specs:
            return {"found": True, "summary": f"{package}, says its spec", "description": None, "dead": None}
        return {"found": False, "dead": None}

    @query(version=1)
    def retirement(self, package):
        source = self.fedora.sources.get(package)
        return {"found": bool(source and source.in_distgit)}

    @query(version=1)
    def maintainers(self, package):
        self.fedora.ask("distgit", package)
        self.check_hidden()
        source = self.fedora.sources.get(package)
        return {"found": True, "owner": source.owner} if source and source.in_distgit else {"found": False}

    def check_hidden(self):
        if self.fedora.hidden:
            raise NotPublic("distgit", "collaborators", "shown to accounts only")

    def owners(self):
        self.fedora.ask("distgit", "owners")
        self.check_hidden()
        return {name: source.owner for name, source in self.sources_with_owner()}

    def sources_with_owner(self):
        return [(name, source) for name, source in self.fedora.sources.items() if source.owner]


def small_fedora():
    """Return a Fedora that has each kind of package once."""
    return Fedora(
        guake=Source({"guake": "Drop-down terminal for GNOME"}),
        vim=Source(
            {
                "vim-X11": "The VIM version of the vi editor for X",
                "vim-data": "Shared data for Vi",
                "vim-go": "Go plugin",
            },
            branches=("f45", "epel10"),
        ),
        python3=Source(branches=()),
        orphaned=Source(branches=(), owner="orphan"),
        brandnew=Source(branches=(), specs=("rawhide",)),
    )


def document(name, *binaries, **fields):
    """Return a living document; ``binaries`` are names, or (name, summary)."""
    pairs = sorted((binary, "") if isinstance(binary, str) else binary for binary in binaries)
    made = tuple(Binary(*pair) for pair in pairs)
    return Document(name, **{"branch": "rawhide", "releases": ("rawhide",), "binaries": made, **fields})


def garble(folder, term=""):
    """Make nonsense of what the records of an index with a term say; all its tables are as sound as they were."""
    database = xapian.WritableDatabase(str(folder))
    for posting in database.postlist(term):
        record = database.get_document(posting.docid)
        record.set_data(b"\xff")
        database.replace_document(posting.docid, record)
    database.close()


def names(hits):
    """Return the names of the sources that were found."""
    return [hit.document.name for hit in hits.hits]


#: A binary with a command.
HTOP = Binary("htop", "Process viewer", files=("/usr/bin/htop", "/usr/share/applications/htop.desktop"))
