"""Settings: strings in, one frozen object out, and sentences for what is wrong."""

import csv
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedora_packages import main, settings
from fedora_packages.connectors import declared
from fedora_packages.errors import SettingsError
from tests.upstream import connector_strings

ROOT = Path(__file__).parents[1]
CASES = ROOT.parent / "shared" / "cases" / "settings.tsv"

GOOD = {
    **connector_strings("http://127.0.0.1:1"),
    "cache.url": "redis://127.0.0.1:6379/0",
    "search.index": "/var/index",
    "worker.topic_prefix": "org.fedoraproject.dev",
}
KEYS = {key.name: key for key in settings.keys(declared())}

#: The settings that can stand in an ini file.
IN_INI = [key.name for key in KEYS.values() if not key.is_secret]

#: The units that are no plain plurals.
SINGULAR = {"entries per second": "entry per second"}


@pytest.fixture(autouse=True)
def no_warning_was_given():
    settings.warn_once.cache_clear()


def read(environ=None, /, **changed):
    """Return the settings of good strings with some changed; ``cache_wait`` is ``cache.wait``, None takes one out."""
    given = {**GOOD, **{name.replace("__", "."): value for name, value in changed.items()}}
    return settings.from_strings(
        {name: value for name, value in given.items() if value is not None}, declared(), environ or {}
    )


def test_defaults_are_used_where_nothing_is_said():
    found = read()
    assert (found.connectors["koji"].timeout, found.connectors["faf"].timeout, found.cache.wait) == (10, 60, 2)


def test_the_environment_wins():
    found = read({"FEDORA_PACKAGES_CONNECTORS_KOJI_URL": "http://koji.example"})
    assert found.connectors["koji"].url == "http://koji.example"


def test_settings_of_others_are_left_alone():
    assert read(pyramid__reload_templates="true", mako__x="y", use="egg:fedora_packages")


def test_lists_may_be_divided_by_commas_or_spaces():
    found = read(worker__topic_prefix="org.a.dev, org.b.dev\norg.c.dev")
    assert found.worker.topic_prefix == ("org.a.dev", "org.b.dev", "org.c.dev")


@pytest.mark.parametrize("contact", ["admin@example.org", "https://example.org/~infra/contact", None])
def test_a_contact_is_a_url_a_mail_address_or_none(contact):
    assert read(connectors__contact=contact).contact == contact


def test_the_pace_is_one_of_two():
    assert [read(worker__pace=pace).worker.pace.lease for pace in ("normal", "fast")] == [30, 2]


def test_the_queries_about_repositories_are_answered_by_one_of_two_connectors():
    assert read().repositories == "mdapi"
    found = read(
        connectors__repositories="repodata", connectors__repodata__store="/var/store", search__mirror="file:///pub"
    )
    assert (found.repositories, found.connectors["repodata"].store) == ("repodata", "/var/store")
    assert found.connectors["repodata"].url == found.search.mirror == "file:///pub"


def test_a_store_is_required_by_the_connector_that_has_one():
    with pytest.raises(
        SettingsError, match=r"connectors\.repodata\.store is missing.*connectors\.repositories is repodata"
    ):
        read(connectors__repositories="repodata")


def test_a_relative_store_starts_at_the_directory_of_the_ini_file():
    found = read(here="/srv", connectors__repositories="repodata", connectors__repodata__store="var/repositories")
    assert found.connectors["repodata"].store == "/srv/var/repositories"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("connectors.koji.url", "koji.example", "a URL that starts with http"),
        ("connectors.koji.url", "http://", "a URL that starts with http"),
        ("connectors.koji.url", "http://koji.example:port", "a URL that starts with http"),
        ("connectors.koji.url", "http://koji.example:99999/", "a URL that starts with http"),
        ("connectors.koji.url", "http://koji.example/?x=1", "a URL that starts with http"),
        ("connectors.koji.url", "http://koji example/", "a URL that starts with http"),
        ("connectors.koji.site", "ftp://koji.example", "a URL that starts with http"),
        ("search.mirror", "file://mirror/fedora", "file://"),
        ("connectors.contact", "the admins", "a URL (http or https) or a mail address"),
        ("connectors.contact", "ftp://example.org", "a URL (http or https) or a mail address"),
        ("connectors.contact", "adm\u00edn@example.org", "a URL (http or https) or a mail address"),
        ("connectors.contact", "a@example.org\r\nX-Header: 1", "a URL (http or https) or a mail address"),
        ("connectors.contact", "a@example.org)", "a URL (http or https) or a mail address"),
        ("connectors.contact", f"{'a' * 200}@example.org", "at most 200 characters"),
        ("connectors.koji.timeout", "soon", "a number from 0.1 to 300"),
        ("connectors.koji.timeout", "nan", "a number from 0.1 to 300"),
        ("connectors.koji.timeout", "1_0", "a number from 0.1 to 300"),
        ("connectors.koji.timeout", "-1", "a number from 0.1 to 300"),
        ("connectors.koji.concurrency", "1.5", "an integer from 1 to 64"),
        ("cache.url", "http://x", "redis://"),
        ("cache.url", "redis://127.0.0.1:6379/abc", "the number of a database"),
        ("cache.url", "redis://127.0.0.1:6379/-1", "the number of a database"),
        ("cache.url", "redis://127.0.0.1:6379/0/1", "the number of a database"),
        ("cache.url", "redis://127.0.0.1:6379/0?db=1", "the number of a database"),
        ("cache.url", "redis://127.0.0.1:6379?db=abc", "the number of a database"),
        ("cache.url", "redis://127.0.0.1:0/0", "redis://"),
        ("cache.url", "redis://127.0.0.1:a/0", "redis://"),
        ("cache.url", "unix://run/redis.sock", "unix:///PATH"),
        ("search.index", "  ", "a non-empty string"),
        ("search.index", "var/index", "an absolute path"),
        ("connectors.repodata.store", "var/repositories", "an absolute path"),
        ("connectors.repositories", "pdc", "one of mdapi, repodata"),
        ("worker.pace", "slow", "one of normal, fast"),
        ("worker.signed", "yes", "one of true, false"),
        ("worker.topic_prefix", "prod", "topic prefixes"),
        ("worker.topic_prefix", "", "at least one"),
        ("worker.endpoints", "tcp://localhost:1", "not host names"),
        ("worker.endpoints", "tcp://127.0.0.1:99999", "endpoints such as"),
        ("worker.endpoints", "tcp://127.0.1:9940", "endpoints such as"),
    ],
)
def test_an_invalid_value_is_named_with_what_was_expected(key, value, expected):
    with pytest.raises(SettingsError, match=f"{re.escape(key)}.*{re.escape(expected)}"):
        settings.from_strings({**GOOD, key: value}, declared(), {})


@pytest.mark.parametrize(
    "url", ["redis://x", "redis://x/", "redis://x/15", "rediss://:secret@x:1/2", "unix:///run/redis.sock?db=3"]
)
def test_a_url_of_redis_may_name_a_database(url):
    assert read(cache__url=url).cache.url == url


def test_an_invalid_variable_is_named_by_its_own_name():
    with pytest.raises(SettingsError, match="FEDORA_PACKAGES_CACHE_WAIT"):
        read({"FEDORA_PACKAGES_CACHE_WAIT": "long"})


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(SettingsError, match=r"(?s)connectors.koji.url is missing.*cache.url is missing"):
        settings.from_strings({}, declared(), {})


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("cache.wiat", "cache.wait"),
        ("connectors.koji.urll", "connectors.koji.url"),
        ("connectors.mdapi.site", None),
        ("worke.signed", "worker.signed"),
        ("conectors.koji.url", "connectors.koji.url"),
        ("cache.expiration_time", None),
    ],
)
def test_an_unknown_key_is_refused_and_the_one_meant_is_named(key, meant):
    with pytest.raises(SettingsError, match=rf"{re.escape(key)} is not a setting.*{re.escape(meant or '')}"):
        settings.from_strings({**GOOD, key: "1"}, declared(), {})


@pytest.mark.parametrize("variable", ["FEDORA_PACKAGES_CONNECTORS_KOJI_URLL", "FEDORA_PACKAGES_WORKR_SIGNED"])
def test_an_unknown_variable_is_refused_like_an_unknown_key(variable):
    with pytest.raises(SettingsError, match=f"{variable} is not a setting; did you mean FEDORA_PACKAGES_"):
        read({variable: "false"})


def test_variables_of_ours_that_are_no_settings_are_left_alone():
    assert read({"FEDORA_PACKAGES_INI": "x.ini", "FEDORA_PACKAGES_SANDBOX": "http://x", "HOME": "/"})


# API keys.

KEY = "k3y-of-0ur-account"


@pytest.fixture
def key_file(tmp_path):
    """A function that writes a file and returns its path."""

    def write(content):
        path = tmp_path / "key"
        path.write_bytes(content)
        return str(path)

    return write


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_key_is_read_from_its_file_and_shown_nowhere(key_file, end):
    found = read({"FEDORA_PACKAGES_CONNECTORS_BUGZILLA_KEY_FILE": key_file(KEY.encode() + end)})
    assert found.connectors["bugzilla"].api_key == KEY
    assert KEY not in repr(found)


def test_a_key_is_read_from_the_environment_before_its_file_and_shown_nowhere(key_file):
    environ = {"FEDORA_PACKAGES_CONNECTORS_BUGZILLA_KEY": KEY}
    found = read(environ, connectors__bugzilla__key_file=key_file(b"another"))
    assert (found.connectors["bugzilla"].api_key, found.connectors["distgit"].api_key) == (KEY, None)
    assert KEY not in repr(found)


def test_a_key_in_the_ini_file_is_an_error_that_does_not_show_it():
    with pytest.raises(
        SettingsError, match="bugzilla.key is a secret; set FEDORA_PACKAGES_CONNECTORS_BUGZILLA_KEY"
    ) as raised:
        read(connectors__bugzilla__key=KEY)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("text", [f"{KEY}\nX-Header: 1", f"{KEY} 1", f"{KEY}\u00e9", KEY * 40])
def test_an_invalid_key_in_the_environment_is_an_error_that_does_not_show_it(text):
    with pytest.raises(SettingsError, match="CONNECTORS_BUGZILLA_KEY is invalid; expected an API key") as raised:
        read({"FEDORA_PACKAGES_CONNECTORS_BUGZILLA_KEY": text})
    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "content",
    [
        f"{KEY}\nX-Header: 1".encode(),
        f"{KEY}\r\n".encode(),
        f" {KEY}".encode(),
        f"{KEY}\u00e9".encode(),
        KEY.encode() * 40,
        b"",
        b"\n",
    ],
)
def test_an_invalid_key_is_an_error_that_names_the_setting_and_does_not_show_it(key_file, content):
    path = key_file(content)
    with pytest.raises(SettingsError) as raised:
        read(connectors__distgit__key_file=path)
    said = str(raised.value)
    assert f"connectors.distgit.key_file is {path!r}; expected a file with an API key alone" in said
    assert KEY not in said
    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("path", "expected"), [("key", "an absolute path"), ("/nowhere/key", "No such file"), ("/", "directory")]
)
def test_a_key_file_that_cannot_be_read_is_named_with_the_reason(path, expected):
    with pytest.raises(SettingsError, match=f"connectors.distgit.key_file is '{path}'; expected .*{expected}"):
        read(connectors__distgit__key_file=path)


def test_only_upstreams_that_take_a_key_have_the_setting():
    assert [name for name in KEYS if ".key" in name] == [
        "connectors.bugzilla.key",
        "connectors.bugzilla.key_file",
        "connectors.distgit.key",
        "connectors.distgit.key_file",
    ]


# Former names.


@pytest.mark.parametrize(("old", "new"), settings.RENAMED.items())
def test_a_renamed_setting_is_still_read_and_warns_once(old, new, caplog):
    given = {name: value for name, value in GOOD.items() if name != new}
    for _ in range(2):
        found = settings.from_strings({**given, old: "https://old.example"}, declared(), {})
    _, upstream, attribute = new.split(".")
    assert getattr(found.connectors[upstream], attribute) == "https://old.example"
    assert caplog.messages == [f"settings: {old} is now {new}; the old name is still read"]


def test_a_renamed_variable_is_still_read_and_warns_with_the_new_one(caplog):
    found = read({"FEDORA_PACKAGES_LINKS_KOJI": "https://old.example"})
    assert found.connectors["koji"].site == "https://old.example"
    assert "FEDORA_PACKAGES_LINKS_KOJI is now FEDORA_PACKAGES_CONNECTORS_KOJI_SITE" in caplog.text


@pytest.mark.parametrize(
    ("ini", "environ"),
    [
        ({"links.koji": "https://a", "connectors.koji.site": "https://a"}, {}),
        ({"links.koji": "https://a"}, {"FEDORA_PACKAGES_CONNECTORS_KOJI_SITE": "https://a"}),
    ],
)
def test_the_old_and_the_new_name_together_are_an_error(ini, environ):
    with pytest.raises(
        SettingsError, match=r"links\.koji and .*SITE are one setting|links\.koji and .*site are one setting"
    ):
        settings.from_strings({**GOOD, **ini}, declared(), environ)


@pytest.mark.parametrize("name", settings.CUT)
def test_a_former_setting_is_ignored_and_warns_once(name, caplog):
    for _ in range(2):
        assert settings.from_strings({**GOOD, name: "any"}, declared(), {}) == read()
    assert caplog.messages == [f"settings: {name} is no longer a setting and is ignored"]


def test_a_former_variable_is_ignored_and_warns(caplog):
    assert read({"FEDORA_PACKAGES_WORKER_LEASE": "5"}) == read()
    assert "FEDORA_PACKAGES_WORKER_LEASE is no longer a setting" in caplog.text


# Files.


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_ini_files_are_right_and_have_no_former_names(name, caplog):
    assert settings.load(str(ROOT / name), declared(), {})
    assert caplog.messages == []


def test_a_relative_index_starts_at_the_directory_of_the_ini_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert settings.load(str(ROOT / "development.ini"), declared(), {}).search.index == str(ROOT / "var/index")


def test_the_web_app_takes_a_relative_index_from_there_too():
    application = main({"here": "/srv", "__file__": "/srv/x.ini"}, **{**GOOD, "search.index": "var/index"})
    assert application.registry.service.settings.search.index == "/srv/var/index"


def test_an_ini_file_that_does_not_exist_is_named():
    with pytest.raises(SettingsError, match="nowhere.ini does not exist"):
        settings.load("nowhere.ini", declared(), {})


def test_an_ini_file_without_our_section_is_named(tmp_path):
    (tmp_path / "x.ini").write_text("[app:other]\nuse = egg:fedora_packages\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(str(tmp_path / "x.ini"), declared(), {})


# The manual.


def manual() -> Iterator[tuple[str, bool, str, str]]:
    """Yield (key, whether the line is active, value, the comment above it) of each setting in ``production.ini``."""
    comment, is_over = "", False
    for line in (ROOT / "production.ini").read_text("utf-8").partition("[server:main]")[0].splitlines():
        found = re.fullmatch(r"(# )?([a-z]+(?:\.[a-z_]+)+) =(?: (.*))?", line)
        if found:
            yield found[2], not found[1], found[3] or "", comment
            is_over = True
        elif line.startswith("# "):
            comment = f"{'' if is_over else comment} {line[2:]}".strip()
            is_over = False
        else:
            comment = ""


MANUAL = {key: (is_active, value, comment) for key, is_active, value, comment in manual()}


def test_the_manual_has_every_setting_once_and_no_other():
    assert sorted(key for key, *_ in manual()) == sorted(IN_INI)


@pytest.mark.parametrize("name", IN_INI)
def test_the_manual_says_the_default_and_its_unit(name):
    key, (is_active, value, comment) = KEYS[name], MANUAL[name]
    if key.default is settings.REQUIRED:
        assert (is_active, comment.endswith("Required.")) == (True, True)
        return
    unit = SINGULAR.get(key.unit, key.unit.removesuffix("s")) if key.default == "1" else key.unit
    assert comment.endswith(f"Default: {f'{key.default} {unit}'.strip() or 'none'}.")
    assert is_active or value == key.default


def test_there_are_few_settings():
    """Tuning that no operator needs is a constructor argument, and a setting of every upstream counts eight times."""
    assert (len(settings.keys([])), max(len(settings.keys([kind])) - 15 for kind in declared())) == (15, 7)


# Cases.


def cases() -> list[dict[str, str]]:
    if not CASES.is_file():
        return []
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.skipif(not CASES.is_file(), reason=f"no recorded cases: {CASES} is missing")
@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['# where']}-{case['key']}-{case['value']}")
def test_a_case_is_refused_and_its_key_named(case):
    key, given = case["key"], {case["key"]: case["value"]}
    ini, environ = ({}, given) if case["# where"] == "environment" else (given, {})
    with pytest.raises(SettingsError, match=re.escape(key)):
        settings.from_strings({**GOOD, **ini}, declared(), environ)
