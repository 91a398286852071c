"""Shared by the benchmarks: percentiles, memory, tables, and indexes of all of Fedora's packages."""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fedora_packages.connectors.repositories import Repository
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.sandbox.devserver import Part
from fedora_packages.sandbox.world import models
from fedora_packages.sandbox.world.load import outline_of
from fedora_packages.sandbox.world.rpm_dependencies import provided
from fedora_packages.search.document import MAX_CAPABILITIES, MAX_FILES, Binary, Document
from fedora_packages.search.indexing.assemble import Assembly
from fedora_packages.search.indexing.collect import StagedPackages
from fedora_packages.search.indexing.merge import lines
from fedora_packages.search.indexing.repodata import Package
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import Writer

ROOT = Path(__file__).parents[1]

#: The file of Rawhide's packages, beside the project where it exists.
WORLD = ROOT.parent / "shared" / "data" / "fedora-rawhide.jsonl.gz"


class WaitTimeout(Exception):
    """A condition did not become true in time."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` (0 to 1) of all do not exceed; nan if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Return the count of some durations, and their p50, p99 and maximum in milliseconds."""
    if not seconds:
        return {"count": 0}
    cuts = {"p50": percentile(seconds, 0.5), "p99": percentile(seconds, 0.99), "max": max(seconds)}
    return {"count": len(seconds), **{name: round(1000 * cut, 1) for name, cut in cuts.items()}}


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as a text table: the first column aligned left, the others right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in cells if column < len(row)) for column in range(max(map(len, cells)))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=False))
        ).rstrip()
        for row in cells
    )


def _cell(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def wait_until(true: Callable[[], object], limit: float, every: float = 0.05, what: str = "") -> None:
    """Wait until ``true()`` is true.  Raises `WaitTimeout` after ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while not true():
        if time.monotonic() > deadline:
            raise WaitTimeout(f"timed out after {limit:g} s, waiting for {what or true.__qualname__}")
        time.sleep(every)


def megabytes(part: Part) -> tuple[float, float]:
    """Return the resident memory of a process in MB: now, and its peak since `forget_peak`."""
    text = Path(f"/proc/{part.process.pid}/status").read_text("ascii")
    return tuple(int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) / 1024 for name in ("VmRSS", "VmHWM"))


def forget_peak(part: Part) -> None:
    """Reset the peak of a process's memory."""
    Path(f"/proc/{part.process.pid}/clear_refs").write_text("5\n", "ascii")


def cpu_seconds(part: Part) -> float:
    """Return the CPU seconds of a process."""
    fields = Path(f"/proc/{part.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def packages_of(world: Path) -> Iterator[dict[str, Any]]:
    """Yield the packages of a world file."""
    with gzip.open(world, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def quick_index(world: Path, folder: Path) -> list[str]:
    """Make a search index straight from a world file, in seconds; returns the names of its packages that build binaries.

    `fedora-packages-index` would ask mdapi and dist-git about each of them, which takes minutes and is measured elsewhere.
    """
    names = []
    with Writer(folder, create=True) as writer:
        batch = []
        for package in packages_of(world):
            if not is_package_name(package["name"]):
                continue
            parts = [*([package] if package["builds_main"] else []), *package["subpackages"]]
            # Some names in the file still hold macros.
            binaries = {part["name"]: part["summary"] for part in parts if is_package_name(part["name"])}
            if binaries:
                names.append(package["name"])
            batch.append(
                Document(
                    package["name"], package["summary"], package["description"], package.get("url"),
                    owner=outline_of(package["name"]).owner, branch="rawhide", releases=("rawhide",),
                    binaries=tuple(Binary(*binary) for binary in sorted(binaries.items())),
                )
            )  # fmt: skip
        writer.replace(batch)
        writer.commit()
    return names


def staged_index(world: Path, folder: Path) -> list[str]:
    """Make what `quick_index` does as `fedora-packages-index` would, of the one release rawhide: with what binaries provide,
    their files, and how many others depend on each.
    """
    repository, sources = Repository("rawhide", "release", False, ()), Repository("rawhide", "release", True, ())
    owners = {package["name"]: outline_of(package["name"]).owner for package in packages_of(world)}
    with Staging(folder.with_name(f"{folder.name}.staging")) as staging:
        staging.stage(
            sources, "", (_staged(package, package, is_source=True) for package in _named(packages_of(world)))
        )
        staging.stage(
            repository,
            "",
            (_staged(package, part) for package in _named(packages_of(world)) for part in _named(_parts(package))),
        )
        staging.arrange([sources, repository])
        assembly = Assembly(staging, StagedPackages(("rawhide",), owners))
        assembly.write(folder, assembly.count_dependents(), lambda done, total: None)
        names = staging.sources()
    staging.remove()
    return names


def _parts(package: dict[str, Any]) -> list[dict[str, Any]]:
    # Of some the file knows no binaries, since macros list them (fonts, Go): these stand for themselves.
    own = [package] if package["builds_main"] or not package["subpackages"] else []
    return [*own, *package["subpackages"]]


def _named(parts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    # Some names in the file still hold macros.
    return (part for part in parts if is_package_name(part["name"]))


def _staged(package: dict[str, Any], part: dict[str, Any], is_source: bool = False) -> Package:
    """Return a package of a world file, or a part of one, as a repository has it: with what rpm's generators add."""

    def bare(relations: Iterable[str]) -> Iterator[str]:
        return (
            relation if relation.startswith("(") else relation.split()[0] for relation in relations if relation.strip()
        )

    files = tuple(models.file_type(text)[0] for text in part["files"])
    built = models.Binary(part["name"], "", "", "x86_64", {"provides": tuple(part["provides"])}, files)
    provides = () if is_source else bare(provided(built, models.EVR(None, "1", "1")))
    return Package(
        part["name"], package["name"], part["name"], ("0", "1", "1"), "noarch", part["summary"], part["description"],
        package.get("url"), lines(provides, MAX_CAPABILITIES), "",
        lines(bare(package["buildrequires"] if is_source else part["requires"]), MAX_CAPABILITIES),
        "" if is_source else lines(files, MAX_FILES),
    )  # fmt: skip
