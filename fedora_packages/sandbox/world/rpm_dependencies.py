"""The capabilities that rpm adds to a package's provides, guessed from the package's name, version and files.

A spec file has only the provides that rpmbuild cannot find; the rest comes from dependency generators, which read the built
files.  The sandbox has no built files, so it guesses from their names, and adds nothing in doubtful cases.  A new kind belongs in
`_of_files` (by path) or in `_of_name` (by package name).

Source: rpm's ``build/rpmfc.cc`` and the generators in ``/usr/lib/rpm`` (``fileattrs/*.attr``).
"""

import re
from collections.abc import Iterator

from fedora_packages.sandbox.world.models import EVR, Binary

#: The Python version of the packages of a world file, unless their files or requirements have one.
PYTHON = "3.15"

#: Capabilities from a package's own name: itself, itself for its architecture, its settings.
ITSELF = re.compile(r"(?:config\((?P<configured>.+)\)|(?P<name>.+?)(?:\(x86-64\))?)")

#: Paths that reveal a file's contents.  A shell pattern is allowed only at the end of a library's number.
LIBRARY = re.compile(r"/usr/lib64/(lib[^/*?\[{]+?\.so)\.(\d[\w.]*)")
PKGCONFIG = re.compile(r"/usr/(?:lib64|share)/pkgconfig/([^/*?\[{]+)\.pc")
CMAKE = re.compile(r"/usr/(?:lib64|share)/cmake/(?:[^/]+/)?([A-Za-z][\w.+-]*?)(?:Config|-config)\.cmake")
#: Most spec files list the whole folder, named for the module that is configured in it.
CMAKE_FOLDER = re.compile(r"/usr/(?:lib64|share)/cmake/(?!Modules\b)([A-Za-z][\w+]*)(?:/|/\*\.cmake)?")
DESKTOP = re.compile(r"/usr/share/applications/([^/*?\[{]+\.desktop)")
SITE_PACKAGES = re.compile(r"/usr/lib(?:64)?/python(3\.\d+)/")
PYTHON_ABI = re.compile(r"python\(abi\) = (3\.\d+)")

#: Names of binary packages of languages, and names that are not modules of one.
PYTHON_NAME = re.compile(r"python3-(?!(?:devel|libs|test|idle|tkinter|debug)$)([\w.-]+?)(?:\+([\w.-]+))?")
PERL_NAME = re.compile(r"perl((?:-[A-Z]\w*)+)")
#: No crate has a dot in its name; a dot belongs to the version of a compatibility package (``rust-gio0.20``).
CRATE_NAME = re.compile(r"rust-([\w-]+?)(?P<kept>_?\d+(?:\.\d+)+)?(?P<feature>\+[\w.-]+)?-devel")
RUBYGEM_NAME = re.compile(r"rubygem-([\w.-]+)")
NPM_NAME = re.compile(r"nodejs-(?!(?:devel|libs|docs|packaging|full-i18n|npm|bash-completion)\b)([\w.-]+)")
R_NAME = re.compile(r"R-(?!(?:core|devel|java|rpm-macros|srpm-macros|base)\b)([\w.]+)")
PEAR_NAME = re.compile(r"php-pear-([\w-]+)")
BESIDES = re.compile(r".+-(?:devel|docs?|tests|examples)")


def provided(binary: Binary, source: EVR) -> tuple[str, ...]:
    """Return the provides of a binary package in rpm's syntax, in a build whose source has the EVR ``source``.

    First itself, then those of the spec file, then those that only the generators find.
    """
    evr, given = binary.evr(source), binary.relations.get("provides", ())
    known = {_capability(text) for text in given}
    itself = f"{binary.name} = {evr}"
    found = [f"{binary.name}(x86-64) = {evr}"] if binary.arch == "x86_64" else []
    if any(path.startswith("/etc/") and not path.endswith("/") for path in binary.files):
        found.append(f"config({binary.name}) = {evr}")
    found += [*_of_files(binary, evr.version), *_of_name(binary, evr.version)]
    return (*([] if itself in given else [itself]), *given, *(text for text in found if _capability(text) not in known))


def generated_capabilities(binary: Binary) -> set[str]:
    """Return the capabilities that rpm adds to a binary package, without those of its own name (`named_by`)."""
    return {_capability(text) for text in (*_of_files(binary, "0"), *_of_name(binary, "0"))}


def named_by(capability: str) -> str:
    """Return the name of the only package that can provide a capability by its own name."""
    found = ITSELF.fullmatch(capability)
    return (found["configured"] or found["name"]) if found else capability


def _capability(text: str) -> str:
    return text if text.startswith("(") else text.split(" ", 1)[0]


def _of_files(binary: Binary, version: str) -> Iterator[str]:
    sonames: dict[str, str] = {}
    found: dict[str, None] = {}
    for path in binary.files:
        if match := LIBRARY.match(path):
            number = match[2].rstrip(".")
            # The longer names are the file itself, the target of the shortest one's link.
            sonames[match[1]] = min(sonames.get(match[1], number), number, key=len)
        elif match := PKGCONFIG.fullmatch(path):
            found[f"pkgconfig({match[1]}) = {version}"] = None
        elif match := DESKTOP.fullmatch(path):
            found |= {"application()": None, f"application({match[1]})": None}
        elif match := CMAKE.fullmatch(path) or CMAKE_FOLDER.fullmatch(path):
            found[f"cmake({match[1]}) = {version}"] = None
    if binary.arch == "x86_64":
        yield from (f"{stem}.{number}()(64bit)" for stem, number in sonames.items())
    yield from found


def _of_name(binary: Binary, version: str) -> Iterator[str]:
    name = binary.name
    if BESIDES.fullmatch(name) and not name.startswith("rust-"):
        return
    if match := PYTHON_NAME.fullmatch(name):
        project = re.sub(r"[-_.]+", "-", match[1]).lower() + (f"[{match[2].lower()}]" if match[2] else "")
        short = re.sub(r"(?:\.0)+$", "", version)
        yield f"python{_python(binary)}dist({project}) = {short}"
        yield f"python3dist({project}) = {short}"
    elif match := PERL_NAME.fullmatch(name):
        yield f"perl({match[1][1:].replace('-', '::')}) = {version}"
    elif match := CRATE_NAME.fullmatch(name):
        # A single number at the end is part of the name (adler2), or the version (bincode1).
        if match["kept"] or re.search(r"\d*$", match[1])[0] != version.partition(".")[0]:
            yield f"crate({match[1]}{(match['feature'] or '').replace('+', '/')}) = {version}"
    elif match := RUBYGEM_NAME.fullmatch(name):
        yield f"rubygem({match[1]}) = {version}"
    elif match := NPM_NAME.fullmatch(name):
        yield f"npm({match[1]}) = {version}"
    elif match := R_NAME.fullmatch(name):
        yield f"R({match[1]}) = {version}"
    elif (match := PEAR_NAME.fullmatch(name)) and "php-pear(" not in " ".join(binary.relations.get("provides", ())):
        yield f"php-pear({match[1].replace('-', '_')}) = {version}"


def _python(binary: Binary) -> str:
    """Return the Python version of a package."""
    for path in binary.files:
        if match := SITE_PACKAGES.match(path):
            return match[1]
    for text in binary.relations.get("requires", ()):
        if match := PYTHON_ABI.fullmatch(text):
            return match[1]
    return PYTHON
