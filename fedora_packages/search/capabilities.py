"""The searchable capabilities of binary packages: commands, paths, provides, and names in other ecosystems.

This module splits documents and searches alike, so that a search finds what the index has.  After a change here, build the index
again.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from posixpath import dirname

from fedora_packages.search.document import MAX_CAPABILITIES, MAX_FILES, Binary

#: The package that obsoletes removed packages, so that upgrades remove them: it replaces nothing.
REMOVER = "fedora-obsolete-packages"

#: The directory of commands.  /bin and /sbin are links to it, see `canonical`.
COMMANDS_IN = "/usr/bin"

#: Bytes of a capability or path as a term; a longer one has a digest of the rest.
MAX_TERM_BYTES = 200

#: Of a search: the directories above a path that are searched, and characters.
MAX_PARENT_DIRECTORIES = 4
MAX_TEXT_LENGTH = 1000

#: Capabilities ``KIND(NAME)`` with the package's name in another ecosystem.
_FOREIGN = re.compile(
    r"(?:python\d[\d.]*dist|npm|nodejs|rubygem|perl|crate|golang|php-(?:composer|pear|pecl|pie)|mvn|R|ghc(?:-devel)?|tex"
    r"|pkgconfig|cmake|mono|lua\d*|julia|ocamlx?|vagrant|ansible-collection|font)\((?P<name>[^()\s]+)\)(?:\(.*\))?"
)

#: Paths that people search for, each of which is a term.
_KNOWN_PATH = re.compile(
    r"/usr/bin/|/etc/|/usr/lib(?:64)?/[^/]+\.so|/usr/lib/systemd/|.*\.(?:desktop|pc|service|socket|timer|target)$"
    r"|/usr/share/man/man[0-9a-z]*/|/usr/include/[^/]+$"
)

#: Paths with a well-known file name.
_NAMED = re.compile(r"/etc/|/usr/lib(?:64)?/[^/]+\.so|/usr/lib/systemd/(?:system|user)/|/usr/share/applications/")

#: Directories that are links to others.
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

#: Parts of host names that are not the name of a project.
_DOMAINS = frozenset(("com", "org", "net", "io", "in", "www", "https", "http", "git", "maven", "plugins"))

#: A package of one architecture: ``NAME(x86-64)``.
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


def capabilities_of(binary: Binary, limits: Limits = Limits()) -> dict[str, tuple[str, ...]]:
    """Return the searchable items of a binary, within limits, each once, by kind (see `Reason`), in the spelling of searches.

    Names in other ecosystems are case folded.
    """
    files = list(dict.fromkeys(canonical(path) for path in binary.files[: limits.files] if path.startswith("/")))
    provides = [name for name in binary.provides[:MAX_CAPABILITIES] if _without_arch(name) != binary.name]
    items = {
        "command": _commands(files),
        "path": _paths(files, limits),
        "capability": provides,
        "obsoletes": binary.obsoletes[:MAX_CAPABILITIES] if binary.name != REMOVER else (),
        "foreign": (name for capability in provides for name in _foreign(capability)),
        "file": (path.rpartition("/")[2] for path in files if _NAMED.match(path)),
    }
    return {kind: tuple(dict.fromkeys(texts)) for kind, texts in items.items()}


def commands(binary: Binary) -> tuple[str, ...]:
    """Return the commands of a binary."""
    return tuple(dict.fromkeys(_commands(map(canonical, binary.files[:MAX_FILES]))))


def canonical(path: str) -> str:
    """Return the path that links lead to, without a slash at its end: ``/sbin/ip`` -> ``/usr/bin/ip``."""
    if "//" in path or path.endswith("/"):
        path = re.sub("//+", "/", path).rstrip("/") or "/"
    for beginning, merged in _MERGED:
        if path.startswith(beginning) and path[len(beginning) :][:1] in ("", "/"):
            return merged + path[len(beginning) :]
    return path


def paths_in(text: str) -> tuple[str, ...]:
    """Return the path in a text, then the directories above it, the nearest first; none for other texts."""
    if not re.match(r"/[^/]", text) or "\0" in text:
        return ()
    paths = [canonical(text[:MAX_TEXT_LENGTH])]
    # A directory with fewer than three parts, such as /usr/share, belongs to no package.
    while len(paths) <= MAX_PARENT_DIRECTORIES and (above := dirname(paths[-1])).count("/") >= 3:
        paths.append(above)
    return tuple(paths)


def capabilities_in(text: str) -> tuple[str, ...]:
    """Return the capabilities that a text can mean, the likeliest first: ``libfoo.so.3`` -> ..., ``libfoo.so.3()(64bit)``."""
    text = text[:MAX_TEXT_LENGTH].strip()
    relation = _RELATION.fullmatch(text)
    name = relation["name"] if relation else text
    if not name or len(name.split()) > 1:
        return ()
    # The file name of a library, or one of its symbol versions, means its capability.
    file = re.fullmatch(r"([^()]*)(?:\([^()]+\)(?:\(64bit\))?)?", name)
    more = (f"{file[1]}()(64bit)",) if file and (".so." in file[1] or file[1].endswith(".so")) else ()
    return (_without_arch(name), *more)


def plain(text: str) -> Iterator[str]:
    """Yield names in a path, a capability or a name of another ecosystem, for a search without an exact match.

    ``/usr/bin/htop`` -> ``htop``, ``pkgconfig(gtk4)`` -> ``gtk4``, ``libfoo.so.3()(64bit)`` -> ``libfoo``,
    ``golang(github.com/spf13/cobra)`` -> ``github spf13 cobra``, ``org.apache.commons:commons-io`` -> ``apache commons-io``;
    none for other texts.
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
        # Debian's suffix.
        yield f"{name}el"
        yield name.removesuffix("-dev")


def bounded(text: str) -> str:
    """Return a string that fits into a term: the text, or its beginning and a digest of it."""
    # A lone surrogate has no encoding, and Xapian writes a NUL as two bytes.
    data = text.encode(errors="replace")
    if len(data) + data.count(0) <= MAX_TERM_BYTES:
        return data.decode()
    digest = blake2b(data, digest_size=12).hexdigest()
    return data.replace(b"\0", b"")[: MAX_TERM_BYTES - 60].decode(errors="ignore") + digest


def _without_arch(capability: str) -> str:
    found = _FOR_ARCH.fullmatch(capability)
    return found["name"] if found else capability


def _commands(files: Iterable[str]) -> Iterator[str]:
    for path in files:
        if path.startswith(COMMANDS_IN):
            folder, _, name = path.rpartition("/")
            # Files from spec files have globs.
            if folder == COMMANDS_IN and name and not set(name) & set("*?{}"):
                yield name


def _foreign(capability: str) -> Iterator[str]:
    found = _FOREIGN.fullmatch(capability)
    if found:
        name = found["name"].casefold()
        yield name
        # Maven has GROUP:ARTIFACT, and people search for the artifact.  Perl has two colons.
        if capability.startswith("mvn("):
            yield name.partition(":")[2].partition(":")[0] or name
    library = _LIBRARY.match(capability)
    if library:
        yield library[1].casefold()


def _paths(files: list[str], limits: Limits) -> Iterator[str]:
    """Yield the searchable paths of a binary: those that people search for, some others, and directories."""
    known = [path for path in files if _KNOWN_PATH.match(path)]
    yield from known[: limits.known_paths]
    yield from islice((path for path in files if not _KNOWN_PATH.match(path)), limits.other_paths)
    folders = dict.fromkeys(dirname(path) for path in files)
    # Directories of many packages are no help in a search.
    yield from islice((folder for folder in folders if folder.count("/") >= 3), limits.directories)
