"""Settings: the strings of an ini file and of the environment, made into one frozen `Settings`.

This is the only file that knows the names of keys.  `KEYS` is the whole list: to add a setting, add a row there and the
attribute it fills, and document it in ``production.ini``.

A key such as ``connectors.koji.url`` is taken from the environment variable ``FEDORA_PACKAGES_CONNECTORS_KOJI_URL`` when
that is set, else from the ini file, else from the default below.  `Settings` says all that is wrong at once.
"""

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from fedora_packages.errors import SettingsError

log = logging.getLogger(__name__)

ENVIRONMENT_PREFIX = "FEDORA_PACKAGES_"

#: The upstreams.  Each has a section of its own in the settings and a connector of the same name.
UPSTREAMS = ("koji", "bodhi", "bugzilla", "mdapi", "distgit", "faf", "anitya")

#: How datagrepper is read, whose one setting is its URL.
ARCHIVE: Mapping[str, Any] = {"timeout": 120.0, "concurrency": 1, "rest": 5.0, "max_bytes": 96 << 20}

#: Prefixes of keys that are ours; anything else in the ini section belongs to Pyramid, Mako or the server.
PARTS = ("connectors", "cache", "search", "worker", "web", "links")


@dataclass(frozen=True)
class ConnectorSettings:
    """How one upstream is asked.  Times in seconds, sizes in bytes."""

    url: str
    timeout: float
    concurrency: int
    rest: float
    max_bytes: int


@dataclass(frozen=True)
class CacheSettings:
    """Where Redis is, and for how many seconds a page waits for a value that is not there."""

    url: str
    wait: float


@dataclass(frozen=True)
class SearchSettings:
    """The directory of the search index (a symbolic link to the current one), and the mirror it is built from."""

    index: str
    mirror: str


@dataclass(frozen=True)
class WorkerSettings:
    """What the worker listens to and how patient it is.  Times in seconds."""

    bus: str
    topic_prefix: tuple[str, ...]
    endpoints: tuple[str, ...]
    signed: bool
    datagrepper: str | None
    replay_margin: float
    replay_limit: float
    replay_every: float
    lease: float
    retry: float
    retry_limit: float
    releases_every: float
    updates_every: float
    bugs_every: float
    requirers_every: float
    problems_every: float
    audit_rate: float
    audit_grace: float


@dataclass(frozen=True)
class WebSettings:
    """What the web allows in a minute.

    Checks: that one client may ask for, and that may be made of one package.  Lookups: that one client may cause, and all.
    """

    checks_per_client: int
    checks_per_package: int
    lookups_per_client: int
    lookups: int


@dataclass(frozen=True)
class LinksSettings:
    """The sites for people that pages link to; an upstream's own address may be a machine's door only.  Fedora's by default."""

    koji: str = "https://koji.fedoraproject.org/koji"
    bodhi: str = "https://bodhi.fedoraproject.org"
    bugzilla: str = "https://bugzilla.redhat.com"
    distgit: str = "https://src.fedoraproject.org"
    faf: str = "https://retrace.fedoraproject.org/faf"
    anitya: str = "https://release-monitoring.org"


@dataclass(frozen=True)
class Settings:
    """All settings, one attribute for each part."""

    connectors: Mapping[str, ConnectorSettings]
    cache: CacheSettings
    search: SearchSettings
    worker: WorkerSettings
    web: WebSettings
    links: LinksSettings


def _text(value: str) -> str:
    if not value:
        raise ValueError("a text that is not empty")
    return value


def _url(*schemes: str) -> Callable[[str], str]:
    def url(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError("an address that starts with " + " or ".join(f"{s}://" for s in schemes))
        return value.rstrip("/")

    return url


def _number(least: float, most: float) -> Callable[[str], float]:
    def number(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            found = float("nan")
        if not least <= found <= most:
            raise ValueError(f"a number from {least:g} to {most:g}")
        return found

    return number


def _count(least: int, most: int) -> Callable[[str], int]:
    def count(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(value)

    return count


def _one_of(*words: str) -> Callable[[str], str]:
    def word(value: str) -> str:
        if value not in words:
            raise ValueError("one of " + ", ".join(words))
        return value

    return word


def _truth(value: str) -> bool:
    return _one_of("true", "false")(value) == "true"


def _list_of(convert: Callable[[str], str], least: int = 0) -> Callable[[str], tuple[str, ...]]:
    def words(value: str) -> tuple[str, ...]:
        found = tuple(convert(word) for word in re.split(r"[\s,]+", value) if word)
        if len(found) < least:
            raise ValueError(f"a list of at least {'one' if least == 1 else least}")
        return found

    return words


def _topic_prefix(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", value):
        raise ValueError("topic prefixes with their environment, such as org.fedoraproject.prod")
    return value


def _endpoint(value: str) -> str:
    # A zmq quirk: a name in an endpoint ("localhost") is refused by the hub, with an error that does not say so.
    if not re.fullmatch(r"tcp://[0-9.]+:[0-9]{1,5}", value):
        raise ValueError("endpoints such as tcp://127.0.0.1:9940, with numbers and not names")
    return value


def _optional(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda value: convert(value) if value else None


REQUIRED = object()

_CONNECTOR_KEYS: tuple[tuple[str, Callable[[str], Any], object], ...] = (
    ("url", _url("http", "https"), REQUIRED),
    ("timeout", _number(0.1, 300), "10"),
    ("concurrency", _count(1, 64), "4"),
    ("rest", _number(0, 3600), "30"),
    ("max_bytes", _count(1024, 1 << 30), str(32 << 20)),
)

#: (key, what turns its text into a value or says what was expected, default).
KEYS: tuple[tuple[str, Callable[[str], Any], object], ...] = (
    *(
        (f"connectors.{upstream}.{key}", convert, default)
        for upstream in UPSTREAMS
        for key, convert, default in _CONNECTOR_KEYS
    ),
    ("cache.url", _url("redis", "rediss", "unix"), REQUIRED),
    ("cache.wait", _number(0, 30), "2"),
    ("search.index", _text, REQUIRED),
    ("search.mirror", _url("http", "https", "file"), "https://dl.fedoraproject.org/pub"),
    ("worker.bus", _one_of("fedmsg"), "fedmsg"),
    ("worker.topic_prefix", _list_of(_topic_prefix, least=1), REQUIRED),
    ("worker.endpoints", _list_of(_endpoint), ""),
    ("worker.signed", _truth, "true"),
    ("worker.datagrepper", _optional(_url("http", "https")), ""),
    ("worker.replay_margin", _number(0, 86400), "60"),
    ("worker.replay_limit", _number(0, 90 * 86400), str(3 * 86400)),
    ("worker.replay_every", _number(1, 86400), "300"),
    ("worker.lease", _number(0.1, 3600), "30"),
    ("worker.retry", _number(0.01, 3600), "1"),
    ("worker.retry_limit", _number(0.01, 86400), "300"),
    ("worker.releases_every", _number(1, 7 * 86400), "900"),
    ("worker.updates_every", _number(1, 90 * 86400), "21600"),
    ("worker.bugs_every", _number(1, 90 * 86400), "86400"),
    ("worker.requirers_every", _number(1, 90 * 86400), "43200"),
    ("worker.problems_every", _number(1, 90 * 86400), "86400"),
    ("worker.audit_rate", _number(0, 1000), "1"),
    ("worker.audit_grace", _number(0, 86400), "60"),
    ("web.checks_per_client", _count(0, 10_000), "10"),
    ("web.checks_per_package", _count(0, 10_000), "20"),
    ("web.lookups_per_client", _count(0, 10_000), "20"),
    ("web.lookups", _count(0, 100_000), "120"),
    *((f"links.{site.name}", _url("http", "https"), site.default) for site in fields(LinksSettings)),
)

#: Keys of former settings.  An ini file may still have them: each is ignored, with a warning.
IGNORED = ("search.source",)


def environment_name(key: str) -> str:
    """Return the environment variable that overrides ``key``: ``cache.url`` -> ``FEDORA_PACKAGES_CACHE_URL``."""
    return ENVIRONMENT_PREFIX + key.upper().replace(".", "_")


def from_strings(ini: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
    """Return the `Settings` that an ini section and the environment give.

    Raises `SettingsError` naming every key that is missing, wrong or unknown, what was found and what was expected.
    """
    environ = os.environ if environ is None else environ
    wrong: list[str] = []
    values: dict[str, Any] = {}
    for key, convert, default in KEYS:
        variable = environment_name(key)
        text, where = (environ[variable], variable) if variable in environ else (ini.get(key, default), key)
        if text is REQUIRED:
            wrong.append(f"{key} is missing (also not given as {variable})")
            continue
        try:
            values[key] = convert(str(text).strip())
        except ValueError as expected:
            wrong.append(f"{where} is {text!r}; expected {expected}")
    for key in IGNORED:
        if key in ini:
            log.warning("settings: %s is no longer a setting and is ignored", key)
    known = {*IGNORED, *(key for key, _, _ in KEYS)}
    wrong += [
        f"{key} is no setting of {key.split('.')[0]} (misspelt?)"
        for key in sorted(ini)
        if key.split(".")[0] in PARTS and "." in key and key not in known
    ]
    if wrong:
        raise SettingsError("settings: " + "; ".join(wrong))
    return Settings(
        connectors={
            **{upstream: ConnectorSettings(**_part(values, f"connectors.{upstream}")) for upstream in UPSTREAMS},
            "datagrepper": ConnectorSettings(values["worker.datagrepper"] or "", **ARCHIVE),
        },
        cache=CacheSettings(**_part(values, "cache")),
        search=SearchSettings(**_part(values, "search")),
        worker=WorkerSettings(**_part(values, "worker")),
        web=WebSettings(**_part(values, "web")),
        links=LinksSettings(**_part(values, "links")),
    )


def load(ini_path: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the `Settings` of the ``[app:main]`` section of an ini file, overridden by the environment."""
    # Only commands come this way: the web app is handed its strings by its server, which has read the file.
    from plaster.exceptions import PlasterError
    from pyramid.paster import get_appsettings

    if not os.path.isfile(ini_path):
        raise SettingsError(f"settings: {ini_path} is no file")
    try:
        strings = get_appsettings(ini_path, name="main")
    except (PlasterError, LookupError, ValueError) as error:
        raise SettingsError(f"settings: {ini_path} cannot be read: {error}") from error
    return from_strings(strings, environ)


def _part(values: Mapping[str, Any], part: str) -> dict[str, Any]:
    prefix = part + "."
    return {key[len(prefix) :]: value for key, value in values.items() if key.startswith(prefix)}
