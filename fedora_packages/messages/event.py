"""Events: messages of either bus in one form, and which packages each kind of message names.

The one thing to know: a message is never trusted to have its shape.  `parse` refuses what is no message at all; what a message
names is looked up field by field, and a field that is missing or of another type names nothing.

`FAMILIES` has the shapes, one line for each family of topics.  Which *queries* a topic touches stands with the queries.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

from fedora_packages.errors import InvalidNVR, MessageNotUnderstood
from fedora_packages.rpm.nvr import is_package_name, parse_nvr

#: Bytes of a message as it comes from the bus.  mdapi's old form had 25 MB; nothing honest is larger.
MAX_MESSAGE_BYTES = 32 << 20

#: Names that are read from one message: more than Fedora has packages.
MAX_NAMES = 200_000

#: What a body has that is an envelope itself: a consumer of the hub is handed such.
WRAPPED = frozenset({"topic", "msg"})

_TOPIC = re.compile(r"(?P<prefix>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*?\.(?:prod|stg|dev))\.(?P<rest>[^\s]{1,500})")

#: Bugzilla components of Fedora that are no packages.
_NO_PACKAGES = re.compile(r"distribution|LiveCD.*|Package Review")


@dataclass(frozen=True)
class Event:
    """One message of either bus.

    ``topic`` is what follows the environment (``"buildsys.tag"``), ``prefix`` what stands before it
    (``"org.fedoraproject.prod"``), ``sent`` is UTC in seconds since 1970, ``body`` the message proper.
    """

    prefix: str
    topic: str
    id: str
    sent: float
    body: Mapping[str, Any]

    @cached_property
    def source_packages(self) -> tuple[str, ...]:
        """The source packages that the message names, each once, in its order; whether they exist is not known here."""
        return self._named("source")

    @cached_property
    def binary_packages(self) -> tuple[str, ...]:
        """The binary packages that the message names; mdapi's mix them with names of capabilities."""
        return self._named("binary")

    @cached_property
    def projects(self) -> tuple[int, ...]:
        """The Anitya projects that the message names where it names no package."""
        return tuple(dict.fromkeys(_anitya_projects(self.topic, self.body)))

    def cause(self) -> dict[str, Any]:
        """Return what a stamp says of the event: ``{"id", "topic", "sent"}``."""
        return {"id": self.id, "topic": self.topic, "sent": self.sent}

    def as_dict(self) -> dict[str, Any]:
        """Return the event JSON-ready, for `from_dict`."""
        return {"prefix": self.prefix, "topic": self.topic, "id": self.id, "sent": self.sent, "body": self.body}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Event":
        """Return the event that `as_dict` was called on."""
        return cls(data["prefix"], data["topic"], data["id"], data["sent"], data["body"])

    def _named(self, kind: str) -> tuple[str, ...]:
        names = dict.fromkeys(
            name
            for names_in in _naming(self.topic, kind)
            for name in names_in(self.topic, self.body)
            if is_package_name(name)
        )
        if len(names) > MAX_NAMES:
            raise MessageNotUnderstood(f"message {self.id} ({self.topic}) names {len(names)} packages")
        return tuple(names)


@lru_cache(maxsize=4096)
def matches(topic: str, patterns: tuple[str, ...]) -> bool:
    """Whether a topic is one of some, of which each may have a ``*`` for any text."""
    return any(fnmatchcase(topic, pattern) for pattern in patterns)


def parse(message: Any, received: float | None = None) -> Event:
    """Return the event of a message in any of the envelopes it comes in.

    Those are classic fedmsg (``{"topic", "msg", "timestamp", "msg_id"}``; also as a consumer is handed it, below
    ``"body"``) and fedora-messaging (``{"topic", "body", "id", "headers": {"sent-at"}}``).  A message without an id
    is given one made from what it says; one without a time, or with one to come, counts as sent when it was
    ``received``.

    Raises `MessageNotUnderstood`.
    """
    received = time.time() if received is None else received
    envelope = message
    if (
        isinstance(envelope, Mapping)
        and isinstance(envelope.get("body"), Mapping)
        and envelope["body"].keys() >= WRAPPED
    ):
        envelope = envelope["body"]
    if not isinstance(envelope, Mapping):
        raise MessageNotUnderstood(f"a message that is a {type(message).__name__}: {message!r:.100}")
    body = envelope["msg"] if "msg" in envelope else envelope.get("body")
    identity = next(
        (envelope[key] for key in ("msg_id", "id", "message_id") if _is_id(envelope.get(key))), None
    ) or _made_up_id(envelope)
    topic = envelope.get("topic")
    found = _TOPIC.fullmatch(topic) if isinstance(topic, str) else None
    if found is None:
        raise MessageNotUnderstood(f"message {identity} has the topic {topic!r:.200}, which is none of any bus")
    if not isinstance(body, Mapping):
        raise MessageNotUnderstood(
            f"message {identity} ({topic}) has a body that is a {type(body).__name__}, no object"
        )
    return Event(found["prefix"], found["rest"], identity, min(_sent(envelope, received), received), body)


def dig(value: Any, *keys: str) -> Any:
    """Return what lies below some keys of nested objects, or None where the way ends."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def named(value: Any) -> Any:
    """Return the name of what some messages give as a text and others as an object with a ``name``."""
    return dig(value, "name") if isinstance(value, Mapping) else value


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list, or none where it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """Return the texts in a list, or none where it is no list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


# What queries ask of an event beside its packages.


def koji_instance_is_primary(event: Event) -> bool:
    """Whether the message comes from the main hub; secondary hubs (``s390``, ``ppc``) publish on the same topics."""
    return dig(event.body, "instance") in ("primary", None)


def koji_tag(event: Event) -> str | None:
    """Return the koji tag that a tagging message is about."""
    tag = dig(event.body, "tag")
    return tag if isinstance(tag, str) else None


def update_of(event: Event) -> Mapping[str, Any] | None:
    """Return bodhi's update as the message carries it: whole, in part, or not at all."""
    for way in (("update",), ("comment", "update")):
        update = dig(event.body, *way)
        if isinstance(update, Mapping):
            return update
    return None


def bug_of(event: Event) -> dict[str, Any]:
    """Return ``{"id", "status", "component", "changed", "moment"}`` of the bug in a bugzilla message.

    All but ``changed`` may be None.  ``changed`` are the names of the fields that the message says have changed, ``moment`` is
    when the bug last did (UTC, whole seconds since 1970).
    """
    number, status, component = (
        dig(event.body, "bug", "id"), named(dig(event.body, "bug", "status")), named(dig(event.body, "bug", "component")),
    )  # fmt: skip
    moment = dig(event.body, "bug", "last_change_time")
    return {
        "moment": int(moment) if isinstance(moment, int | float) and 0 < moment < 1e11 else None,
        "id": number if isinstance(number, int) else None,
        "status": status if isinstance(status, str) else None,
        "component": component if isinstance(component, str) else None,
        "changed": frozenset(
            field
            for change in objects(dig(event.body, "event", "changes"))
            if isinstance(field := change.get("field"), str)
        ),
    }


def repository_release(event: Event) -> str | None:
    """Return the branch of the release that an mdapi message is about: ``f45-updates-testing`` -> ``f45``.

    None for the source repositories (``src_f45``) and for koji's own, which no page shows.
    """
    name = dig(event.body, "name")
    if not isinstance(name, str) or name.startswith("src_") or name == "koji":
        return None
    for suffix in ("-updates-testing", "-updates", "-testing"):
        name = name.removesuffix(suffix)
    return name or None


def changed_paths(event: Event) -> tuple[str, ...] | None:
    """Return the paths that a push changed, or None where the message does not say."""
    for way in (("changed_files",), ("commit", "stats", "files")):
        files = dig(event.body, *way)
        if isinstance(files, Mapping):
            return tuple(str(path) for path in files)
    return None


# The families of messages.  Each function is given topic and body and yields candidates; what is no package name is
# left out later.


def _koji(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    if dig(body, "instance") in ("primary", None):
        yield body.get("package") if topic == "buildsys.package.list.change" else body.get("name")


def _koji_signed(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    yield dig(body, "build", "name")


def _koji_signed_binary(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    yield dig(body, "info", "name")


def _update(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """From 2015 on an update lists its builds; before that its title was its NVRs."""
    update = dig(body, "update") or dig(body, "comment", "update") or {}
    artifacts = objects(dig(body, "artifact", "builds"))
    nvrs = [build.get("nvr") for build in (*objects(dig(update, "builds")), *artifacts)]
    nvrs += [*texts(body.get("new_builds")), *texts(body.get("removed_builds"))]
    components = [build.get("component") for build in artifacts]
    if not nvrs and not components:
        nvrs = _words(dig(update, "title") or dig(body, "comment", "update_title"))
    yield from (name_of(nvr) for nvr in nvrs)
    yield from components


def _mash(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    yield from (name_of(nvr) for title in texts(body.get("updates")) for nvr in _words(title))


def _override(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """The field has moved twice in bodhi's life."""
    override = body.get("override")
    build = dig(override, "build")
    yield name_of(dig(override, "nvr") or dig(build, "nvr") or build)


def _bug(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """A bug that moved names two components: the one it is at, and the one it came from."""
    components = [named(dig(body, "bug", "component"))]
    for change in objects(dig(body, "event", "changes")):
        if change.get("field") == "component":
            components += [change.get("removed"), change.get("added")]
    yield from (name for name in components if isinstance(name, str) and not _NO_PACKAGES.fullmatch(name))


def _repository(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """The old form lists changed rows instead of names: a row's first or last column is the package, by its table."""
    yield from texts(body.get("packages"))
    differences = body.get("differences")
    for table, changes in differences.items() if isinstance(differences, Mapping) else ():
        column = 0 if table in ("packages", "filelist", "changelog") else -1
        for side in ("added", "removed"):
            rows = dig(changes, side)
            yield from (row[column] for row in rows if isinstance(row, list) and row) if isinstance(rows, list) else ()


def _push(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """dist-git's hook; long ago, package and branch were in the topic alone."""
    if topic != "git.receive":
        yield topic.removeprefix("git.receive.").rpartition(".")[0]
    elif dig(body, "commit", "namespace") in ("rpms", None):
        yield dig(body, "commit", "repo")


def _branch(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    yield body.get("name") if topic == "git.branch" else topic.removeprefix("git.branch.").rpartition(".")[0]


def _lookaside(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    yield body.get("name")


def _pagure(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Forks have the package's name, other namespaces (tests, modules) may."""
    project = body.get("repo") if topic.startswith("pagure.git.") else body.get("project")
    name = dig(project, "name")
    is_fork = dig(project, "parent") is not None or dig(project, "fullname") not in (f"rpms/{name}", None)
    if dig(project, "namespace") == "rpms" and not is_fork:
        yield name


def _pkgdb(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Historic: the database that dist-git's own projects replaced."""
    yield dig(body, "package_listing", "package", "name") or body.get("package_name") or dig(body, "package", "name")


def _faf(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    yield from texts(body.get("components"))


def _anitya(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    message = body.get("message")
    for package in objects(dig(message, "packages") if "message" in body else None) + objects(body.get("packages")):
        if _is_fedora(package.get("distro")):
            yield package.get("package_name")
    if topic.startswith("anitya.project.map.") and _is_fedora(dig(body, "distro", "name")):
        yield dig(message, "new")
        yield dig(message, "prev")


def _anitya_projects(topic: str, body: Mapping[str, Any]) -> Iterator[int]:
    """Some changes are announced by project only: whoever keeps a package's project can tell which package that is."""
    project = dig(body, "project", "id")
    if topic == "anitya.project.map.update":
        # Moved to another distribution, of which alone the message speaks: perhaps from Fedora.
        has_moved = "distribution" in texts(dig(body, "message", "edited"))
        is_unnamed = has_moved and not _is_fedora(dig(body, "distro", "name"))
    elif topic == "anitya.project.map.remove":
        is_unnamed = _is_fedora(dig(body, "message", "distro"))
    else:
        is_unnamed = matches(topic, ("anitya.project.version.remove*", "anitya.project.edit", "anitya.project.remove"))
    # What is no number of a project in a database could not be told from another in a list of them.
    if is_unnamed and isinstance(project, int) and not isinstance(project, bool) and 0 < project < 1 << 31:
        yield project


def _hotness(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """The-new-hotness acts on other messages and carries the one that triggered it."""
    if isinstance(body.get("package"), str):
        yield body["package"]
        return
    trigger = dig(body, "trigger", "msg")
    if isinstance(trigger, Mapping):
        yield trigger.get("name")
        yield from _anitya(str(dig(body, "trigger", "topic")).partition("anitya.")[2] or topic, trigger)


#: The messages that announce another head of a branch at dist-git.
PUSH_TOPICS = (
    "pagure.git.receive",
    "git.receive",
    "git.receive.*",
    "pagure.git.branch.creation",
    "git.branch",
    "git.branch.*",
)

#: (topics, kind of name, what yields the names).  Topics not listed name no package.
FAMILIES: tuple[tuple[tuple[str, ...], str, Callable[[str, Mapping[str, Any]], Iterable[Any]]], ...] = (
    (
        ("buildsys.build.state.change", "buildsys.tag", "buildsys.untag", "buildsys.package.list.change"),
        "source",
        _koji,
    ),
    (("buildsys.rpm.sign",), "source", _koji_signed),
    (("buildsys.rpm.sign",), "binary", _koji_signed_binary),
    (("bodhi.update.*", "bodhi.errata.publish"), "source", _update),
    (("bodhi.masher.start",), "source", _mash),
    (("bodhi.buildroot_override.tag", "bodhi.buildroot_override.untag"), "source", _override),
    (("bugzilla.bug.new", "bugzilla.bug.update"), "source", _bug),
    (("mdapi.repo.update",), "binary", _repository),
    (("git.receive", "git.receive.*"), "source", _push),
    (("git.branch", "git.branch.*"), "source", _branch),
    (("git.lookaside.new",), "source", _lookaside),
    (("pagure.git.receive", "pagure.git.branch.creation", "pagure.project.*"), "source", _pagure),
    (("pkgdb.*",), "source", _pkgdb),
    (("faf.report.threshold*", "faf.problem.threshold*"), "source", _faf),
    (("anitya.project.*",), "source", _anitya),
    (("hotness.*",), "source", _hotness),
)


def name_of(nvr: Any) -> str | None:
    """Return the name in an NVR, or None; some very old messages have no more than the name."""
    try:
        return parse_nvr(nvr).name
    except InvalidNVR:
        return nvr if is_package_name(nvr) else None


def _words(title: Any) -> list[str]:
    return [word for word in re.split(r"[,\s]+", title) if word] if isinstance(title, str) else []


def _is_fedora(distribution: Any) -> bool:
    return isinstance(distribution, str) and distribution.lower() == "fedora"


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


def _made_up_id(envelope: Mapping[str, Any]) -> str:
    said = json.dumps(envelope, sort_keys=True, default=str, skipkeys=True).encode("utf-8", "replace")
    return "made-up-" + hashlib.sha256(said).hexdigest()[:24]


def _sent(envelope: Mapping[str, Any], received: float) -> float:
    told = envelope.get("timestamp")
    if told is None:
        told = dig(envelope, "headers", "sent-at")
    if isinstance(told, str):
        try:
            moment = datetime.fromisoformat(told)
        except ValueError:
            return received
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(told, int | float) and not isinstance(told, bool) and 0 < told < 1e11:
        return float(told)
    return received


@lru_cache(maxsize=2048)
def _naming(topic: str, kind: str) -> tuple[Callable[[str, Mapping[str, Any]], Iterable[Any]], ...]:
    """Return what yields the names of a kind of a topic's messages."""
    return tuple(names_in for topics, named, names_in in FAMILIES if named == kind and matches(topic, topics))
