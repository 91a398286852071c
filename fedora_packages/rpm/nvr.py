"""Package names, NVRs, NEVRAs and EVRs: parse them, and order versions as rpm does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.errors import InvalidNVR

#: Characters of the name of a package.
MAX_NAME = 200

#: Names of packages, by Fedora's guidelines; rpm allows more characters.
PACKAGE_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._+-]{{0,{MAX_NAME - 1}}}")

MAX_LENGTH = 512

#: Architectures at the end of the name of an rpm file.
ARCHES = (
    "aarch64", "armv5tel", "armv6hl", "armv7hl", "armv7hnl", "i386", "i486", "i586", "i686", "ia64", "noarch", "nosrc", "ppc",
    "ppc64", "ppc64le", "ppc64p7", "riscv64", "s390", "s390x", "src", "x86_64", "x86_64_v2",
)  # fmt: skip

_NEVRA = re.compile(
    rf"""(?: (?P<first> [0-9]{{1,9}} ) : )? (?P<name> {PACKAGE_NAME.pattern} )
    - (?: (?P<epoch> [0-9]{{1,9}} ) : )? (?P<version> [A-Za-z0-9._+~^]{{1,200}} )
    - (?P<release> [A-Za-z0-9._+~^]{{1,200}}? ) (?: \. (?P<arch> {"|".join(ARCHES)} ) )?""",
    re.VERBOSE,
)

_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")


def is_package_name(value: object) -> bool:
    """Whether a value, of any type, can be the name of a package."""
    return isinstance(value, str) and PACKAGE_NAME.fullmatch(value) is not None


@dataclass(frozen=True)
class NVR:
    """A build's name, version and release: ``python3-foo-1.2-3.fc45``."""

    name: str
    version: str
    release: str

    def __str__(self) -> str:
        return f"{self.name}-{self.version}-{self.release}"


def parse_nvr(text: str) -> NVR:
    """Return the parts of an NVR.  Raises `InvalidNVR`.

    Version and release have no dash, so the last two dashes separate them.
    """
    parts = text.rsplit("-", 2) if isinstance(text, str) and len(text) <= MAX_LENGTH else []
    if len(parts) != 3 or not all(parts) or not is_package_name(parts[0]):
        raise InvalidNVR(f"{text!r:.80} is not a name-version-release")
    return NVR(*parts)


def name_of(nvr: Any) -> str | None:
    """Return the name in an NVR, or None; a value that is only a name, as in very old messages, is returned as it is."""
    try:
        return parse_nvr(nvr).name
    except InvalidNVR:
        return nvr if is_package_name(nvr) else None


@dataclass(frozen=True)
class NEVRA:
    """A build or one of its packages: its NVR, with epoch and architecture if given."""

    nvr: NVR
    epoch: int | None = None
    arch: str | None = None


def parse_nevra(text: str) -> NEVRA:
    """Return the parts of an NVR with or without an epoch, an architecture and ``.rpm``.  Raises `InvalidNVR`.

    The epoch is before the version (``vim-X11-2:9.0-1.fc38.x86_64``) or at the start (``2:vim-X11-9.0-1.fc38``).
    """
    found = _NEVRA.fullmatch(text.removesuffix(".rpm")) if len(text) <= MAX_LENGTH else None
    if found is None or (found["first"] and found["epoch"]):
        raise InvalidNVR(f"{text!r:.80} is not a name-version-release with an optional epoch and architecture")
    epoch = found["first"] or found["epoch"]
    return NEVRA(
        NVR(found["name"], found["version"], found["release"]), None if epoch is None else int(epoch), found["arch"]
    )


def evr(build: Mapping[str, Any]) -> str:
    """Return the EVR of a mapping with ``epoch``, ``version`` and ``release``, without an epoch of 0."""
    text = f"{build['version']}-{build['release']}" if build["release"] else str(build["version"])
    return text if build["epoch"] in (None, 0, "0", "") else f"{build['epoch']}:{text}"


@dataclass(order=True, unsafe_hash=True, slots=True)
class EVR:
    """Epoch, version and release of a package, ordered as rpm orders them."""

    epoch: int | str | None = field(compare=False)
    version: str = field(compare=False)
    release: str = field(default="", compare=False)
    order: tuple[Any, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.epoch = int(self.epoch or 0)
        self.order = (self.epoch, _order(self.version), _order(self.release))

    def __str__(self) -> str:
        """Return the EVR, without an epoch of 0."""
        text = f"{self.version}-{self.release}" if self.release else self.version
        return f"{self.epoch}:{text}" if self.epoch else text


def newer(build: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a build if it is newer than another one, or that is None; else None.

    A build stays in the testing tag of a release after it, or a newer one, has become stable.
    """
    if build is None or other is None:
        return build
    mine, its = (EVR(one["epoch"], one["version"], one["release"]) for one in (build, other))
    return build if mine > its else None


def compare_evr(one: Mapping[str, Any], other: Mapping[str, Any]) -> int | None:
    """Return -1, 0 or 1 for an older, the same or a newer version of two mappings with ``epoch``, ``version`` and ``release``.

    Sources differ in what they know: an epoch counts only if both have one.  None for an epoch that is no number.
    """
    epochs = [str(each["epoch"]) for each in (one, other) if each["epoch"] not in (None, "")]
    if not all(re.fullmatch("[0-9]{1,9}", epoch) for epoch in epochs):
        return None
    has_both = len(epochs) == 2
    mine, its = (EVR(each["epoch"] if has_both else 0, each["version"], each["release"]) for each in (one, other))
    return (mine > its) - (mine < its)


def _order(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts versions as rpm's ``rpmvercmp`` does.

    Runs of digits compare as numbers and are newer than runs of letters; ``~`` is older than the end of the text,
    ``^`` newer than the end and older than anything else.  All other characters are separators.
    """
    ranks = {"~": (0, 0, ""), "^": (2, 0, "")}
    segments = [
        ranks.get(segment) or ((4, int(segment), "") if segment.isdecimal() else (3, 0, segment))
        for segment in _SEGMENT.findall(text[:MAX_LENGTH])
    ]
    return (*segments, (1, 0, ""))
