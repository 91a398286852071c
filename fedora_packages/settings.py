"""Settings: the strings of an ini file and of the environment become one frozen `Settings`.

This module alone knows the names of the keys.  `keys` lists all of them: the attributes of `CacheSettings` and its like, and
for each upstream the keys that follow from its connector (`fedora_packages.connectors.declared`).  A new setting is such an
attribute, and a paragraph in ``production.ini``.

The key ``cache.url`` is read from the environment variable ``FEDORA_PACKAGES_CACHE_URL`` if that is set, else from the ini
file, else its default is used.  One `SettingsError` names everything that is wrong.
"""

import difflib
import ipaddress
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from fedora_packages.errors import SettingsError

log = logging.getLogger(__name__)

ENVIRONMENT_PREFIX = "FEDORA_PACKAGES_"

#: Variables with our prefix that are no settings: the ini file that ``fedmsg.d`` names, and the sandbox's URL.
OTHER_VARIABLES = frozenset({"FEDORA_PACKAGES_INI", "FEDORA_PACKAGES_SANDBOX"})

#: First words of our keys.  Every other key of the ini section belongs to Pyramid, Mako or the server.
PARTS = ("connectors", "cache", "search", "worker", "web", "links")


@dataclass(frozen=True)
class Pace:
    """Times of the worker and of circuits, in seconds.

    A worker that has died loses its jobs after ``lease``.  A failed refill is repeated after ``retry``, doubled with each failure
    up to ``retry_limit``.  A replay begins ``replay_margin`` before the high-water mark and is repeated every ``replay_every``.
    A difference counts as a lost message after ``audit_grace``.  A circuit stays open for ``reset_pause`` at most.  The first
    recheck of an answer follows after ``recheck_delay``, the first after a lagging answer was stored after
    ``lagging_recheck_delay``; each next one waits twice as long.  What was never cached is counted every ``warm_every``.
    """

    lease: float = 30.0
    retry: float = 1.0
    retry_limit: float = 300.0
    replay_margin: float = 60.0
    replay_every: float = 300.0
    audit_grace: float = 60.0
    reset_pause: float = 30.0
    recheck_delay: float = 0.5
    lagging_recheck_delay: float = 60.0
    warm_every: float = 900.0

    def after_failure(self, attempts: int) -> float:
        """Return the pause after so many failures in a row."""
        return min(self.retry_limit, self.retry * 2 ** min(attempts - 1, 30))


#: The choices of ``worker.pace``.  ``fast`` is for development, and for tests and benchmarks that run whole processes.
PACES = {
    "normal": Pace(),
    "fast": Pace(
        lease=2.0, retry=0.1, retry_limit=1.0, replay_margin=10.0, audit_grace=0.5, reset_pause=0.2, warm_every=5.0
    ),
}


@dataclass(frozen=True)
class APIKey:
    """An API key, which is shown nowhere."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class ConnectorSettings:
    """How to reach one upstream.

    ``timeout`` is in seconds, ``concurrency`` in requests, ``site`` the URL of its pages, ``sweep`` the seconds between two
    sweeps (0: none), ``key`` and ``key_file`` the API key of our account there, from the environment or from a file.
    ``store`` is the directory of what was read there, as an absolute path.
    """

    url: str
    timeout: float
    concurrency: int
    site: str | None = None
    sweep: float = 0.0
    key: APIKey | None = None
    key_file: APIKey | None = None
    store: str | None = None

    @property
    def api_key(self) -> str | None:
        """The API key of our account at the upstream; None without one."""
        found = self.key or self.key_file
        return found and found.text


class HasURL(Protocol):
    """The site of an upstream, as far as settings use it."""

    url: str


class Upstream(Protocol):
    """The class of a connector, as far as settings use it; see `fedora_packages.connectors.base.Connector`."""

    name: str
    url: str | None
    timeout: float
    concurrency: int
    site: HasURL | None
    sweep_every: float | None
    authorization: str | None
    url_setting: str | None
    has_store: bool
    role: str | None


#: A parser returns the value of a string, or raises ValueError with what was expected.
Parser = Callable[[str], Any]

#: Characters of the longest API key.
MAX_KEY = 512

#: The default of a setting that has none.
REQUIRED = object()


@dataclass(frozen=True)
class Key:
    """A setting: its name, parser, default as a string (or `REQUIRED`), and the unit of its value.

    A secret is read from the environment only, and no error shows it.
    """

    name: str
    parse: Parser
    default: object = REQUIRED
    unit: str = ""
    is_secret: bool = False


def variable(name: str) -> str:
    """Return the environment variable of a setting: ``FEDORA_PACKAGES_CACHE_URL`` for ``cache.url``."""
    return ENVIRONMENT_PREFIX + name.upper().replace(".", "_")


def _string(value: str) -> str:
    if not value:
        raise ValueError("a non-empty string")
    return value


def _url(*schemes: str) -> Parser:
    def url(value: str) -> str:
        expected = ValueError("a URL that starts with " + " or ".join(f"{scheme}://" for scheme in schemes))
        parts = _split(value)
        if parts is None or parts.scheme not in schemes or parts.query or parts.fragment:
            raise expected
        # A file has a path only: file://var/lib would be the directory /lib of a host called var.
        if bool(parts.hostname) == (parts.scheme == "file") or (parts.scheme == "file" and not parts.path):
            raise expected
        return value.rstrip("/")

    return url


def _redis_url(value: str) -> str:
    expected = ValueError(
        "a URL such as redis://HOST:PORT/0, rediss://HOST:PORT/0 or unix:///PATH?db=0, with the number of a database"
    )
    parts = _split(value)
    if parts is None or parts.scheme not in ("redis", "rediss", "unix") or parts.fragment:
        raise expected
    databases = parse_qs(parts.query, keep_blank_values=True).get("db", [])
    if parts.scheme == "unix":
        if parts.hostname or len(parts.path) < 2:
            raise expected
    elif not (parts.netloc or parts.path):
        raise expected
    elif parts.path.strip("/"):
        databases.append(parts.path.removeprefix("/"))
    # redis-py would take database 0 for anything that is no number.
    if len(databases) > 1 or not all(re.fullmatch(r"[0-9]{1,6}", database) for database in databases):
        raise expected
    return value


def _split(value: str) -> Any:
    """Return the parts of a URL, or None for an invalid one; a port out of range is found only when asked for."""
    try:
        parts = urlsplit(value)
        return None if " " in value or not value.isprintable() or parts.port == 0 else parts
    except ValueError:
        return None


def _number(least: float, most: float, kind: type[float] = float) -> Parser:
    noun, pattern = "a number", r"[0-9]{1,12}(\.[0-9]{1,6})?|\.[0-9]{1,6}"
    if kind is int:
        noun, pattern = "an integer", r"[0-9]{1,12}"

    def number(value: str) -> float:
        if not re.fullmatch(pattern, value) or not least <= kind(value) <= most:
            raise ValueError(f"{noun} from {least:g} to {most:g}")
        return kind(value)

    return number


def _choice(choices: Mapping[str, Any]) -> Parser:
    def choice(value: str) -> Any:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return choices[value]

    return choice


def _list_of(parse: Parser, is_required: bool = False) -> Parser:
    def items(value: str) -> tuple[str, ...]:
        found = tuple(parse(item) for item in re.split(r"[\s,]+", value) if item)
        if is_required and not found:
            raise ValueError("a list of at least one")
        return found

    return items


def _topic_prefix(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", value):
        raise ValueError("topic prefixes with their environment, such as org.fedoraproject.prod")
    return value


def _endpoint(value: str) -> str:
    # The hub refuses a host name ("localhost") in an endpoint, with an error that does not say so.
    found = re.fullmatch(r"tcp://([0-9.]+):([0-9]{1,5})", value)
    try:
        if found and ipaddress.IPv4Address(found[1]) and 0 < int(found[2]) < 65536:
            return value
    except ValueError:
        pass
    raise ValueError("endpoints such as tcp://127.0.0.1:9940, with IP addresses and not host names")


def _optional(parse: Parser) -> Parser:
    return lambda value: parse(value) if value else None


_HTTP = _url("http", "https")


def _contact(value: str) -> str:
    # It becomes a comment in a header, which a parenthesis would end.
    if len(value) > 200 or not re.fullmatch(r"https?://[!-~]+|[!-~]+@[!-~]+", value) or set(value) & set("()<>;\\"):
        raise ValueError("a URL (http or https) or a mail address, in ASCII, of at most 200 characters")
    return value


def _key(text: str) -> APIKey:
    if len(text) > MAX_KEY or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(f"an API key: at most {MAX_KEY} ASCII characters that can be printed, without spaces")
    return APIKey(text)


def _key_file(path: str) -> APIKey:
    if not os.path.isabs(path):
        raise ValueError("an absolute path")
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_KEY + 2)
    except (OSError, ValueError) as error:
        raise ValueError(f"a file that can be read ({getattr(error, 'strerror', None) or error})") from error
    try:
        return _key(content.decode("ascii").removesuffix("\n"))
    except ValueError:
        # A decoder's error has the content.
        raise ValueError(
            f"a file with an API key alone: one line of at most {MAX_KEY} ASCII characters that can be printed, without spaces"
        ) from None


def _setting(parse: Parser, default: object = REQUIRED, unit: str = "") -> Any:
    """Return an attribute whose value is a setting; the arguments are those of `Key`."""
    return field(metadata={"parse": parse, "default": default, "unit": unit})


@dataclass(frozen=True)
class CacheSettings:
    """The URL of Redis, and for how many seconds a page waits for a value that is not cached."""

    url: str = _setting(_redis_url)
    wait: float = _setting(_number(0, 30), "2", "seconds")


@dataclass(frozen=True)
class SearchSettings:
    """The directory of the search index (a symbolic link to the current one), and the URL of the repositories."""

    index: str = _setting(_string)
    mirror: str = _setting(_url("http", "https", "file"), "https://dl.fedoraproject.org/pub")


@dataclass(frozen=True)
class WorkerSettings:
    """The bus that the worker listens to, and its times.

    ``replay_limit`` is in seconds, ``audit_rate`` in entries, ``warm_rate`` in packages per second.
    """

    topic_prefix: tuple[str, ...] = _setting(_list_of(_topic_prefix, is_required=True))
    endpoints: tuple[str, ...] = _setting(_list_of(_endpoint), "")
    signed: bool = _setting(_choice({"true": True, "false": False}), "true")
    replay_limit: float = _setting(_number(0, 90 * 86400), "259200", "seconds")
    audit_rate: float = _setting(_number(0, 1000), "1", "entries per second")
    warm_rate: float = _setting(_number(0, 1000), "0.3", "packages per second")
    pace: Pace = _setting(_choice(PACES), "normal")


@dataclass(frozen=True)
class WebSettings:
    """Rate limits of one client, per minute: checks, and live lookups."""

    checks_per_client: int = _setting(_number(0, 10_000, int), "10", "checks per minute")
    lookups_per_client: int = _setting(_number(0, 10_000, int), "20", "lookups per minute")


@dataclass(frozen=True)
class Settings:
    """All settings, one attribute for each part, and those of all upstreams together.

    ``contact`` is what requests name; ``repositories`` the connector that answers the queries about repositories.
    """

    connectors: Mapping[str, ConnectorSettings]
    contact: str | None
    repositories: str
    cache: CacheSettings
    search: SearchSettings
    worker: WorkerSettings
    web: WebSettings


#: The parts whose settings are the attributes of a class: all but the upstreams.
_OWN_PARTS = {
    part.name: part.type for part in fields(Settings) if part.name not in ("connectors", "contact", "repositories")
}

#: Upstreams that earlier versions had settings for.
_OLD_UPSTREAMS = ("koji", "bodhi", "bugzilla", "mdapi", "distgit", "faf", "anitya")

#: The settings of all upstreams together.
CONTACT, REPOSITORIES = "connectors.contact", "connectors.repositories"

#: Old names of settings, which are still read, and the new ones.
RENAMED = {
    **{f"links.{name}": f"connectors.{name}.site" for name in _OLD_UPSTREAMS if name != "mdapi"},
    "worker.datagrepper": "connectors.datagrepper.url",
}

#: Names of former settings, which are ignored.
CUT = (
    *(f"connectors.{name}.{key}" for name in _OLD_UPSTREAMS for key in ("rest", "max_bytes")),
    "search.source",
    *(
        f"worker.{key}"
        for key in (
            *("bus", "replay_margin", "replay_every", "lease", "retry", "retry_limit", "releases_every"),
            *("updates_every", "bugs_every", "requirers_every", "problems_every", "audit_grace"),
        )
    ),
    "web.checks_per_package",
    "web.lookups",
)


def keys(upstreams: Iterable[type[Upstream]]) -> tuple[Key, ...]:
    """Return every setting: those of the upstreams, then our own."""
    upstreams = tuple(upstreams)
    choices = {upstream.name: upstream.name for upstream in upstreams if upstream.role}
    common = (Key(CONTACT, _optional(_contact), ""), Key(REPOSITORIES, _choice(choices), "mdapi"))
    own = (Key(f"{part}.{one.name}", **one.metadata) for part, kind in _OWN_PARTS.items() for one in fields(kind))
    return (*(key for upstream in upstreams for key in _keys_of(upstream)), *common, *own)


def _keys_of(upstream: type[Upstream]) -> Iterator[Key]:
    part = f"connectors.{upstream.name}"
    required = upstream.url is None
    if upstream.url_setting is None:
        yield Key(f"{part}.url", _HTTP if required else _optional(_HTTP), REQUIRED if required else upstream.url)
    yield Key(f"{part}.timeout", _number(0.1, 300), f"{upstream.timeout:g}", "seconds")
    yield Key(f"{part}.concurrency", _number(1, 64, int), str(upstream.concurrency), "requests")
    if upstream.sweep_every is not None:
        yield Key(f"{part}.sweep", _number(0, 86400), f"{upstream.sweep_every:g}", "seconds")
    if upstream.authorization is not None:
        yield Key(f"{part}.key", _optional(_key), "", is_secret=True)
        yield Key(f"{part}.key_file", _optional(_key_file), "")
    if upstream.has_store:
        yield Key(f"{part}.store", _optional(_string), "")
    if upstream.site is not None:
        yield Key(f"{part}.site", _HTTP, upstream.site.url)


@cache
def warn_once(sentence: str) -> None:
    """Log a warning, once in the life of the process."""
    log.warning("settings: %s", sentence)


def from_strings(
    ini: Mapping[str, str], upstreams: Iterable[type[Upstream]], environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the `Settings` of an ini section and the environment (by default the one of the process).

    A relative path starts at the directory of the ini file, which the server and `load` pass on as ``here``.
    Raises `SettingsError`, which names every key that is missing, invalid or unknown, its value, and what was expected.
    """
    upstreams, source = tuple(upstreams), _Source(ini, os.environ if environ is None else environ)
    declared = keys(upstreams)
    values = {key.name: source.value(key) for key in declared}
    source.refuse_unknown(declared)
    store = f"connectors.{values[REPOSITORIES]}.store"
    if values.get(store, "") is None:
        source.errors.append(f"{store} is missing, since {REPOSITORIES} is {values[REPOSITORIES]}")
    if source.errors:
        raise SettingsError("settings: " + "; ".join(source.errors))
    return Settings(
        contact=values[CONTACT],
        repositories=values[REPOSITORIES],
        connectors={each.name: ConnectorSettings(**_settings_of(each, values)) for each in upstreams},
        **{name: kind(**_part(values, name)) for name, kind in _OWN_PARTS.items()},
    )


def load(ini_path: str, upstreams: Iterable[type[Upstream]], environ: Mapping[str, str] | None = None) -> Settings:
    """Return the `Settings` of the ``[app:main]`` section of an ini file and of the environment, as `from_strings` does."""
    # For the commands; the web app gets its strings from its server, which has read the file.
    from plaster.exceptions import PlasterError
    from pyramid.paster import get_appsettings

    if not os.path.isfile(ini_path):
        raise SettingsError(f"settings: {ini_path} does not exist or is not a file")
    try:
        strings = get_appsettings(ini_path, name="main")
    except (PlasterError, LookupError, ValueError) as error:
        raise SettingsError(f"settings: {ini_path} cannot be read: {error}") from error
    return from_strings({**strings, "here": os.path.dirname(os.path.abspath(ini_path))}, upstreams, environ)


class _Source:
    """The strings of an ini section and of the environment, and the sentences about what is wrong in them."""

    def __init__(self, ini: Mapping[str, str], environ: Mapping[str, str]):
        self._ini = ini
        self._environ = environ
        self.errors: list[str] = []

    def value(self, key: Key) -> Any:
        """Return the value of a setting; None if it is missing or invalid, which is then an error."""
        where, string = self._found(key) or (key.name, key.default)
        if string is REQUIRED:
            self.errors.append(f"{key.name} is missing (environment variable: {variable(key.name)})")
            return None
        try:
            found = key.parse(str(string).strip())
            return self._absolute(found) if found and key.name.endswith((".index", ".store")) else found
        except ValueError as expected:
            self.errors.append(f"{where} is {'invalid' if key.is_secret else repr(string)}; expected {expected}")
            return None

    def _found(self, key: Key) -> tuple[str, str] | None:
        """Return where a setting stands, by its present name or its old one, and its string; None if it stands nowhere."""
        found = self._look_up(key.name)
        if key.is_secret and key.name in self._ini:
            self.errors.append(
                f"{key.name} is a secret; set {variable(key.name)} in the environment, or {key.name}_file"
            )
        for old_name in (old for old, new in RENAMED.items() if new == key.name):
            old = self._look_up(old_name)
            if old is not None and found is not None:
                self.errors.append(f"{old[0]} and {found[0]} are one setting; remove {old[0]}")
            elif old is not None:
                new = key.name if old[0] == old_name else variable(key.name)
                warn_once(f"{old[0]} is now {new}; the old name is still read")
                found = old
        return found

    def _look_up(self, name: str) -> tuple[str, str] | None:
        if variable(name) in self._environ:
            return variable(name), self._environ[variable(name)]
        return (name, self._ini[name]) if name in self._ini else None

    def _absolute(self, path: str) -> str:
        # Relative to the current directory, web and worker would use different indexes.
        if os.path.isabs(path):
            return path
        if "here" not in self._ini:
            raise ValueError("an absolute path, since there is no ini file whose directory it could start at")
        return os.path.join(self._ini["here"], path)

    def refuse_unknown(self, declared: Iterable[Key]) -> None:
        """Add an error for each unknown key and variable of ours, and warn about each former one."""
        known = [*(key.name for key in declared), *RENAMED]
        ini = (name for name in self._ini if "." in name and _is_ours(name.partition(".")[0]))
        self._refuse(sorted(ini), set(known), set(CUT))
        variables = {name for name in self._environ if name.startswith(ENVIRONMENT_PREFIX)} - OTHER_VARIABLES
        self._refuse(sorted(variables), set(map(variable, known)), set(map(variable, CUT)))

    def _refuse(self, names: Iterable[str], known: set[str], cut: set[str]) -> None:
        for name in names:
            if name in cut - known:
                warn_once(f"{name} is no longer a setting and is ignored")
            elif name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.8)
                self.errors.append(
                    f"{name} is not a setting" + (f"; did you mean {close[0]}?" if close else " (typo?)")
                )


@cache
def _is_ours(part: str) -> bool:
    """Whether a key with this first word is ours, or is a typo of one."""
    return bool(difflib.get_close_matches(part.lower(), PARTS, n=1, cutoff=0.8))


def _settings_of(upstream: type[Upstream], values: Mapping[str, Any]) -> dict[str, Any]:
    found = _part(values, f"connectors.{upstream.name}")
    return found if upstream.url_setting is None else {"url": values[upstream.url_setting], **found}


def _part(values: Mapping[str, Any], part: str) -> dict[str, Any]:
    prefix = part + "."
    return {key[len(prefix) :]: value for key, value in values.items() if key.startswith(prefix)}
