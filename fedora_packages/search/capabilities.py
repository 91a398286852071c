"""What binary packages carry, as people ask for it: commands, paths, capabilities, names in other ecosystems.

The one thing to know before editing: what is written and what is asked are both taken apart here, so that what is written
can be found.  An index holds what the code that built it made of it: after a change here, build it anew.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from posixpath import dirname
from urllib.parse import unquote

from fedora_packages.search.document import MAX_CAPABILITIES, MAX_FILES, Binary

#: The package that obsoletes what nothing takes the place of, so that upgrades remove it: it replaces nothing.
REMOVER = "fedora-obsolete-packages"

#: Where commands are.  Since /bin and /sbin became links all of them are in one folder, see `canonical`.
COMMANDS_IN = "/usr/bin"

#: Bytes of a capability or path that is a term as it is; of a longer one the rest is digested.
MAX_TERM_BYTES = 200

#: Of what is asked: the folders above a path that are looked for, and characters that are looked at.
MAX_PARENT_DIRECTORIES = 4
MAX_TEXT_LENGTH = 1000

#: Capabilities ``KIND(NAME)`` that say how a package is called elsewhere.
_FOREIGN = re.compile(
    r"(?:python\d[\d.]*dist|npm|nodejs|rubygem|perl|crate|golang|php-(?:composer|pear|pecl|pie)|mvn|R|ghc(?:-devel)?|tex"
    r"|pkgconfig|cmake|mono|lua\d*|julia|ocamlx?|vagrant|ansible-collection|font)\((?P<name>[^()\s]+)\)(?:\(.*\))?"
)

#: Paths that somebody asks for by name, wherever the package puts them.
_TELLING = re.compile(
    r"/usr/bin/|/etc/|/usr/lib(?:64)?/[^/]+\.so|/usr/lib/systemd/|.*\.(?:desktop|pc|service|socket|timer|target)$"
    r"|/usr/share/man/man[0-9a-z]*/|/usr/include/[^/]+$"
)

#: Paths whose last part is a name that people know.
_NAMED = re.compile(r"/etc/|/usr/lib(?:64)?/[^/]+\.so|/usr/lib/systemd/(?:system|user)/|/usr/share/applications/")

#: Folders that are links to others.
_MERGED = (
    ("/usr/sbin", "/usr/bin"),
    ("/sbin", "/usr/bin"),
    ("/bin", "/usr/bin"),
    ("/lib64", "/usr/lib64"),
    ("/lib", "/usr/lib"),
)

#: A relation as dependencies are written: ``NAME >= VERSION``.
_RELATION = re.compile(r"(?P<name>.*\S)\s+(?:[<>]=?|==?)\s*\S+\s*")

_LIBRARY = re.compile(r"([^()\s/]+)\.so(?:[.(]|$)")

#: Parts of the names of hosts that are no part of a project's.
_DOMAINS = frozenset(("com", "org", "net", "io", "in", "www", "https", "http", "git", "maven", "plugins"))

_ADDRESS = re.compile(r"(?:https?|git|ftp|ssh)://(?P<host>[^/?#\s]+)(?P<path>/[^?#\s]*)?\S*$", re.IGNORECASE)

#: What ends the last part of an address and is no part of a name.
_ENDING = re.compile(r"(?:\.git|\.html?|\.php|\.cgi)$", re.IGNORECASE)

#: Sites that give each project a name below their own.
_HOSTING = frozenset(
    ("codeberg.page", "github.io", "gitlab.io", "netlify.app", "pages.dev", "readthedocs.io", "readthedocs.org")
    + ("sourceforge.io", "sourceforge.net")
)

#: Parts of addresses that are words for a kind of page.
_NO_NAMES = frozenset(
    ("about", "archive", "blob", "browse", "crates", "dist", "doc", "docs", "download", "downloads", "en", "files")
    + ("gems", "home", "index", "issues", "latest", "main", "master", "news", "package", "packages", "project")
    + ("projects", "pull", "raw", "release", "releases", "rpms", "search", "simple", "software", "src", "stable")
    + ("tags", "tree", "user", "users", "wiki")
)

#: The same package for one architecture.
_FOR_ARCH = re.compile(r"(?P<name>[^()\s]+)\((?:x86-64|x86-32|aarch-64|ppc-64|s390-64|riscv-64)\)")


@dataclass(frozen=True)
class Limits:
    """How many paths of one binary are searchable: of its files, those that people search for, others, and directories.

    All paths of a distribution would make the index ten times as large.  A search for one of the rest finds its directory.
    """

    files: int = MAX_FILES
    known_paths: int = 5000
    other_paths: int = 50
    directories: int = 1000


@dataclass(frozen=True)
class Capabilities:
    """What one binary is found by; each in the spelling of what is asked, see the functions below."""

    commands: tuple[str, ...]
    paths: tuple[str, ...]
    capabilities: tuple[str, ...]
    foreign: tuple[str, ...]  # case folded
    obsoletes: tuple[str, ...]
    file_names: tuple[str, ...]


def capabilities_of(binary: Binary, limits: Limits = Limits()) -> Capabilities:
    """Return what a binary is found by, within limits."""
    files = list(dict.fromkeys(canonical(path) for path in binary.files[: limits.files] if path.startswith("/")))
    provides = [name for name in dict.fromkeys(binary.provides[:MAX_CAPABILITIES]) if _is_telling(name, binary.name)]
    return Capabilities(
        commands=tuple(_commands(files)),
        paths=tuple(dict.fromkeys(_paths(files, limits))),
        capabilities=tuple(provides),
        foreign=tuple(dict.fromkeys(name for capability in provides for name in _foreign(capability))),
        obsoletes=tuple(dict.fromkeys(binary.obsoletes[:MAX_CAPABILITIES])) if binary.name != REMOVER else (),
        file_names=tuple(dict.fromkeys(path.rpartition("/")[2] for path in files if _NAMED.match(path))),
    )


def commands(binary: Binary) -> tuple[str, ...]:
    """Return the commands that a binary has."""
    return tuple(dict.fromkeys(_commands(map(canonical, binary.files[:MAX_FILES]))))


def canonical(path: str) -> str:
    """Return the one path of those that links make the same: ``/sbin/ip`` -> ``/usr/bin/ip``.  No slash at its end."""
    if "//" in path or path.endswith("/"):
        path = re.sub("//+", "/", path).rstrip("/") or "/"
    for beginning, merged in _MERGED:
        if path.startswith(beginning) and path[len(beginning) :][:1] in ("", "/"):
            return merged + path[len(beginning) :]
    return path


def paths_in(text: str) -> tuple[str, ...]:
    """Return the paths that a text may ask for: itself, then the folders it is in, the nearest first; none if it is no path."""
    if not re.match(r"/[^/]", text) or "\0" in text:
        return ()
    paths = [canonical(text[:MAX_TEXT_LENGTH])]
    # What is in /usr/share is nobody's: three parts at least say whose a folder is.
    while len(paths) <= MAX_PARENT_DIRECTORIES and (above := dirname(paths[-1])).count("/") >= 3:
        paths.append(above)
    return tuple(paths)


def capabilities_in(text: str) -> tuple[str, ...]:
    """Return the capabilities that a text may ask for, the likeliest first: ``libfoo.so.3`` -> ..., ``libfoo.so.3()(64bit)``."""
    text = text[:MAX_TEXT_LENGTH].strip()
    relation = _RELATION.fullmatch(text)
    name = relation["name"] if relation else text
    if not name or len(name.split()) > 1:
        return ()
    own = _FOR_ARCH.fullmatch(name)
    # A library is asked for by its file's name too, and by one of its versions of symbols.
    file = re.fullmatch(r"([^()]*)(?:\([^()]+\)(?:\(64bit\))?)?", name)
    more = (f"{file[1]}()(64bit)",) if file and (".so." in file[1] or file[1].endswith(".so")) else ()
    return (own["name"] if own else name, *more)


def plain(text: str) -> Iterator[str]:
    """Yield names that are in a path, a capability or a name of another ecosystem, for when nothing has it as it is.

    ``/usr/bin/htop`` -> ``htop``, ``pkgconfig(gtk4)`` -> ``gtk4``, ``libfoo.so.3()(64bit)`` -> ``libfoo``,
    ``golang(github.com/spf13/cobra)`` -> ``github spf13 cobra``, ``org.apache.commons:commons-io`` -> ``apache commons-io``;
    none if the text is nothing like it.
    """
    text = text[:MAX_TEXT_LENGTH].strip()
    if re.match(r"/[^/]", text):
        yield from filter(None, [canonical(text).rpartition("/")[2]])
        return
    capability = next(iter(capabilities_in(text)), "")
    library = _LIBRARY.match(capability)
    within = re.fullmatch(r"[^()\s]+\((?P<name>[^()\s]+)\)(?:\(.*\))?", capability)
    name = library[1] if library else within["name"] if within else text
    if name != text:
        yield name
    if re.fullmatch(r"[\w@~.+-]+(?:[/:][\w@~.+-]+)+", name):
        words = re.split(r"[/:.]", name)
        yield " ".join(dict.fromkeys(word for word in words if word.strip("@") and word not in _DOMAINS))
        yield re.split(r"[/:]", name)[-1]
    elif name.endswith("-dev"):
        # As Debian has it.
        yield f"{name}el"
        yield name.removesuffix("-dev")


def is_address(text: str) -> bool:
    """Whether a text is the address of a page."""
    return _ADDRESS.match(text) is not None


def within_address(text: str) -> Iterator[str]:
    """Yield what may be a name in the address of a page, the likeliest first: the last of its path, then its host.

    ``https://github.com/Guake/guake.git`` -> guake, Guake; ``https://guake.github.io/`` -> guake.
    """
    found = _ADDRESS.match(text[:MAX_TEXT_LENGTH])
    if found is None:
        return
    labels = found["host"].lower().rpartition("@")[2].partition(":")[0].split(".")
    for part in reversed(unquote(found["path"] or "").split("/")):
        name = _ENDING.sub("", part)
        # The site of a service that is called so says nothing: koji.fedoraproject.org/koji.
        if name and name.lower() not in _NO_NAMES and name.lower() != labels[0] and not name.isdigit():
            yield name
    place = -3 if ".".join(labels[-2:]) in _HOSTING else -2
    if len(labels) >= -place:
        yield labels[place]


def bounded(text: str) -> str:
    """Return a text that fits into a term: itself, or what it begins with and a digest of it."""
    # Half a surrogate has no bytes, and of a NUL Xapian makes two.
    data = text.encode(errors="replace")
    if len(data) + data.count(0) <= MAX_TERM_BYTES:
        return data.decode()
    digest = blake2b(data, digest_size=12).hexdigest()
    return data.replace(b"\0", b"")[: MAX_TERM_BYTES - 60].decode(errors="ignore") + digest


def _is_telling(capability: str, own: str) -> bool:
    """Whether a capability says more than the binary's name does."""
    for_arch = _FOR_ARCH.fullmatch(capability)
    return (for_arch["name"] if for_arch else capability) != own


def _commands(files: Iterable[str]) -> Iterator[str]:
    for path in files:
        if path.startswith(COMMANDS_IN):
            folder, _, name = path.rpartition("/")
            # Data that were read from spec files have globs in them.
            if folder == COMMANDS_IN and name and not set(name) & set("*?{}"):
                yield name


def _foreign(capability: str) -> Iterator[str]:
    found = _FOREIGN.fullmatch(capability)
    if found:
        name = found["name"].casefold()
        yield name
        # Maven's are GROUP:ARTIFACT, and people know the artifact; Perl's have two colons.
        if capability.startswith("mvn("):
            yield name.partition(":")[2].partition(":")[0] or name
    library = _LIBRARY.match(capability)
    if library:
        yield library[1].casefold()


def _paths(files: Iterable[str], limits: Limits) -> Iterator[str]:
    """Yield the paths to find a binary by: those that people ask for, some of the others, the folders of all."""
    files = list(files)
    telling = [path for path in files if _TELLING.match(path)]
    yield from telling[: limits.known_paths]
    yield from islice((path for path in files if not _TELLING.match(path)), limits.other_paths)
    folders = dict.fromkeys(dirname(path) for path in files)
    # Folders that many packages put something into say nothing.
    yield from islice((folder for folder in folders if folder.count("/") >= 3), limits.directories)
