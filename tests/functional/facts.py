"""Every fact about a package twice, in the same plain form: as the sandbox's world has it, and as the JSON API tells it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: rpm's operators by mdapi's flags.
OPERATORS = {"EQ": "=", "LT": "<", "GT": ">", "LE": "<=", "GE": ">="}


def true_facts(expected: Mapping[str, Any], branch: str, binaries: Sequence[str]) -> dict[str, Any]:
    """Return what the world says of a package, of some of its binaries in a release, and of that release's sources."""
    repository = expected["repositories"].get(branch) or {"binaries": {}, "changelog": []}
    found = {name: repository["binaries"][name] for name in binaries}
    return {
        "builds": {(row["id"], row["nvr"], row["state"], row["owner"]) for row in expected["builds"]},
        "updates": {
            (row["alias"], row["release"], row["status"], row["request"], row["type"], row["severity"], row["karma"],
             frozenset(row["builds"]), frozenset(row["bugs"]))
            for row in expected["updates"]
        },
        "bugs": {
            (row["id"], row["summary"], row["status"], row["product"], row["version"], row["security"], frozenset(row["blocks"]))
            for row in expected["bugs"]
            if row["open"]
        },
        "open": sum(row["open"] for row in expected["bugs"]),
        "releases": {name: (held["stable"], held["testing"]) for name, held in expected["releases"].items()},
        "maintainers": (
            expected["owner"], sorted(expected["admins"]), sorted(expected["committers"]),
            sorted(f"@{name}" for name in expected["groups"]),
        ),
        "files": {name: {path.rstrip("/") for path in binary["files"]} for name, binary in found.items()},
        "summaries": {name: binary["summary"] for name, binary in found.items()},
        "relations": {
            name: {kind: set(map(_spaced, binary.get(kind, ()))) for kind in ("requires", "conflicts", "obsoletes")}
            for name, binary in found.items()
        },
        "changelog": [(row["date"], row["changelog"]) for row in repository["changelog"]] if found else [],
        "is_retired": bool(expected["branches"][branch]["retired"]),
    }  # fmt: skip


def told_facts(api: Callable[[str], Any], name: str, branch: str, binaries: Sequence[str]) -> dict[str, Any]:
    """Return the same as the API tells it; ``api`` returns the JSON at a path below ``/api/v1/``."""

    def value(query: str, about: str = name) -> Any:
        answer = api(f"packages/{about}/{query}")
        assert answer["state"] == "fresh", answer
        return answer["value"]

    tags = value("tagged")["tags"]
    releases = {
        row["branch"]: (_nvr(tags.get(row["stable_tag"])), _nvr(tags.get(row["testing_tag"])))
        for row in api("releases")["value"]["releases"]
    }
    maintainers, there = value("maintainers"), f"?release={branch}"
    changelog = value(f"changelog{there}", binaries[0]) if binaries else {"entries": []}
    relations = {binary: value(f"relations{there}", binary) for binary in binaries}
    files = {binary: value(f"files{there}", binary) for binary in binaries}
    return {
        "builds": {(row["build_id"], row["nvr"], row["state"], row["owner"]) for row in value("builds")["builds"]},
        "updates": {
            (row["alias"], row["release"], row["status"], row["request"], row["type"], row["severity"], row["karma"],
             frozenset(row["builds"]), frozenset(bug["id"] for bug in row["bugs"]))
            for row in value("updates")["updates"]
        },
        "bugs": {
            (row["id"], row["summary"], row["status"], row["product"], row["version"], row["security"], frozenset(row["blocks"]))
            for row in value("bugs")["bugs"]
        },
        "open": value("counts")["open"],
        "releases": {name: held for name, held in releases.items() if any(held)},
        "maintainers": (
            maintainers["owner"], maintainers["admins"], maintainers["committers"], maintainers["groups"],
        ),
        "files": {
            binary: {
                f"{folder['path']}/{file}".replace("//", "/")
                for folder in found["directories"]
                for file, *_ in folder["files"]
            }
            for binary, found in files.items()
        },
        "summaries": {binary: value(f"package{there}", binary)["summary"] for binary in binaries},
        "relations": {
            binary: {kind: {_related(row) for row in found[kind]} for kind in ("requires", "conflicts", "obsoletes")}
            for binary, found in relations.items()
        },
        "changelog": [(row["date"], row["text"]) for row in changelog["entries"]],
        "is_retired": bool(value(f"spec{there}")["dead"]),
    }  # fmt: skip


def _nvr(build: Mapping[str, Any] | None) -> str | None:
    return build["nvr"] if build else None


def _spaced(text: str) -> str:
    """Return a relation in rpm's syntax with single spaces, and without an epoch of 0."""
    return " ".join(text.split()).replace(" 0:", " ")


def _related(row: Mapping[str, Any]) -> str:
    """Return what the API tells of a relation in rpm's syntax."""
    if row["flags"] is None:
        return _spaced(row["name"])
    epoch = "" if row["epoch"] in (None, "0") else f"{row['epoch']}:"
    release = f"-{row['release']}" if row["release"] else ""
    return f"{row['name']} {OPERATORS[row['flags']]} {epoch}{row['version']}{release}"
