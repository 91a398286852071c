"""The generated files of a dist-git branch: spec, patches, ``sources``, ``dead.package``."""

import hashlib
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from fedora_packages.sandbox.world.models import Binary, Branch, Change

#: rpm's names of the relations, in the order of spec files.
TAGS = {
    "requires": "Requires", "recommends": "Recommends", "suggests": "Suggests", "supplements": "Supplements",
    "enhances": "Enhances", "provides": "Provides", "obsoletes": "Obsoletes", "conflicts": "Conflicts",
}  # fmt: skip


def files(branch: Branch) -> dict[str, str]:
    """Return all files of a branch, text by path.  A retired branch has only ``dead.package``."""
    if branch.dead is not None:
        return {"dead.package": branch.dead.rstrip() + "\n"}
    name = branch.source.name
    return {
        f"{name}.spec": spec(branch),
        "sources": sources(branch),
        ".gitignore": f"/{name}-*.tar.gz\n",
        **{patch: patch_text(branch, patch) for patch in branch.source.patches if "/" not in patch},
    }


def tarball(branch: Branch) -> str:
    """Return the name of the source's tarball."""
    return f"{branch.source.name}-{branch.evr.version}.tar.gz"


def sources(branch: Branch) -> str:
    """Return the ``sources`` file: the tarball with its checksum."""
    file = tarball(branch)
    return f"SHA512 ({file}) = {hashlib.sha512(file.encode()).hexdigest()}\n"


def spec(branch: Branch) -> str:
    """Return the spec file of a branch."""
    source = branch.source
    main = next((binary for binary in source.binaries if binary.name == source.name), None)
    others = [binary for binary in source.binaries if binary.name != source.name]
    parts = [
        "\n".join(_preamble(branch, main)),
        f"%description\n{source.description}",
        *(_subpackage(source.name, binary, source.arch) for binary in others),
        "%prep\n%autosetup -p1",
        "%build\n%configure\n%make_build",
        "%install\n%make_install",
        "%check\nmake check",
        *(_files("%files", main) if main else ()),
        *(part for binary in others for part in _files(f"%files {_short(source.name, binary.name)}", binary)),
        "%changelog\n"
        + ("%autochangelog" if source.autospec else "\n\n".join(_change(change) for change in source.changelog)),
    ]
    return "\n\n".join(parts).rstrip() + "\n"


def _preamble(branch: Branch, main: Binary | None) -> Iterator[str]:
    source, evr = branch.source, branch.evr
    stem = "%autorelease" if source.autospec else re.sub(r"\.(fc|el|eln)\d+$", "%{?dist}", evr.release)
    yield f"Name:           {source.name}"
    yield f"Version:        {evr.version}"
    yield f"Release:        {stem}"
    if evr.epoch:
        yield f"Epoch:          {evr.epoch}"
    yield f"Summary:        {source.summary}"
    yield ""
    yield f"License:        {source.license}"
    yield f"URL:            {source.url}"
    yield f"Source0:        {source.url.rstrip('/')}/releases/%{{name}}-%{{version}}.tar.gz"
    for number, patch in enumerate(source.patches):
        yield f"Patch{number}:         {patch}"
    if source.arch == "noarch":
        yield "BuildArch:      noarch"
    yield ""
    yield from (f"BuildRequires:  {text}" for text in source.buildrequires)
    if main:
        yield from _relations(main)


def _relations(binary: Binary) -> Iterator[str]:
    for kind, tag in TAGS.items():
        yield from (f"{tag + ':':15} {text}" for text in binary.relations.get(kind, ()))


def _short(source: str, binary: str) -> str:
    return binary.removeprefix(f"{source}-") if binary.startswith(f"{source}-") else f"-n {binary}"


def _subpackage(source: str, binary: Binary, arch: str) -> str:
    short = _short(source, binary.name)
    lines = [f"%package {short}", f"Summary:        {binary.summary}"]
    if binary.arch == "noarch" and arch != "noarch":
        lines.append("BuildArch:      noarch")
    return "\n".join([*lines, *_relations(binary), "", f"%description {short}", binary.description])


def _files(heading: str, binary: Binary) -> list[str]:
    return ["\n".join([heading, *(f"%dir {path}" if path.endswith("/") else path for path in binary.files)])]


def _change(change: Change) -> str:
    day = datetime.fromtimestamp(change.date, UTC).strftime("%a %b %d %Y")
    return f"* {day} {change.author}{f' - {change.evr}' if change.evr else ''}\n{change.text.rstrip()}"


def patch_text(branch: Branch, name: str) -> str:
    """Return a patch: a small unified diff, the same each time for a package and a name."""
    dice = random.Random(f"patch {name} of {branch.source.name}")
    words = re.findall(r"[a-z]+", name.lower()) or ["change"]
    changes = [_file_diff(f"src/{dice.choice(words)}{number or ''}.c", dice) for number in range(dice.randint(1, 3))]
    subject = name.removesuffix(".patch").replace("-", " ")
    return f"From: A Packager <packager@example.com>\nSubject: [PATCH] {subject}\n\n---\n" + "".join(changes)


def _file_diff(path: str, dice: random.Random) -> str:
    start, kept = dice.randint(3, 900), dice.randint(1, 3)
    removed = [f"-    check(state, {dice.randint(0, 9)});" for _ in range(dice.randint(0, 3))]
    added = [f"+    check(state, limit + {dice.randint(10, 99)});" for _ in range(dice.randint(1, 6))]
    context = [f"     step({number});" for number in range(kept)]
    head = f"@@ -{start},{2 * kept + len(removed)} +{start},{2 * kept + len(added)} @@"
    lines = [f"--- a/{path}", f"+++ b/{path}", head, *context, *removed, *added, *context]
    return "\n".join(lines) + "\n"
