"""Settings: strings in, one frozen object out, and sentences for what is wrong."""

import re
from pathlib import Path

import pytest

from fedora_packages import settings
from fedora_packages.errors import SettingsError

ROOT = Path(__file__).parents[1]

GOOD = {
    **{f"connectors.{name}.url": f"http://127.0.0.1:1/{name}" for name in settings.UPSTREAMS},
    "cache.url": "redis://127.0.0.1:6379/0",
    "search.index": "var/index",
    "worker.topic_prefix": "org.fedoraproject.dev",
}


def test_defaults_are_used_where_nothing_is_said():
    assert settings.from_strings(GOOD, {}).connectors["koji"].timeout == 10


def test_the_environment_wins():
    found = settings.from_strings(GOOD, {"FEDORA_PACKAGES_CONNECTORS_KOJI_URL": "http://koji.example"})
    assert found.connectors["koji"].url == "http://koji.example"


def test_settings_of_others_are_left_alone():
    assert settings.from_strings({**GOOD, "pyramid.reload_templates": "true", "mako.x": "y"}, {})


def test_lists_may_be_divided_by_commas_or_spaces():
    found = settings.from_strings({**GOOD, "worker.topic_prefix": "org.a.dev, org.b.dev\norg.c.dev"}, {})
    assert found.worker.topic_prefix == ("org.a.dev", "org.b.dev", "org.c.dev")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("connectors.koji.url", "koji.example", "an address that starts with http"),
        ("connectors.koji.timeout", "soon", "a number from 0.1 to 300"),
        ("connectors.koji.timeout", "nan", "a number from 0.1 to 300"),
        ("connectors.koji.timeout", "-1", "a number from 0.1 to 300"),
        ("connectors.koji.concurrency", "1.5", "a whole number from 1 to 64"),
        ("cache.url", "http://x", "redis://"),
        ("search.index", "  ", "not empty"),
        ("worker.bus", "carrier pigeon", "one of fedmsg"),
        ("worker.topic_prefix", "prod", "topic prefixes"),
        ("worker.topic_prefix", "", "at least one"),
        ("worker.endpoints", "tcp://localhost:1", "numbers and not names"),
        ("cache.wiat", "2", "no setting of cache"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(key, value, expected):
    with pytest.raises(SettingsError, match=f"{re.escape(key)}.*{re.escape(expected)}"):
        settings.from_strings({**GOOD, key: value}, {})


def test_a_wrong_variable_is_named_by_its_own_name():
    with pytest.raises(SettingsError, match="FEDORA_PACKAGES_CACHE_WAIT"):
        settings.from_strings(GOOD, {"FEDORA_PACKAGES_CACHE_WAIT": "long"})


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(SettingsError, match=r"(?s)connectors.koji.url is missing.*cache.url is missing"):
        settings.from_strings({}, {})


def test_a_former_setting_is_ignored_with_a_warning(caplog):
    assert settings.from_strings({**GOOD, "search.source": "mdapi"}, {}) == settings.from_strings(GOOD, {})
    assert caplog.messages == ["settings: search.source is no longer a setting and is ignored"]


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_ini_files_are_right(name):
    assert settings.load(str(ROOT / name), {})


def test_an_ini_file_that_is_not_there_is_said_so():
    with pytest.raises(SettingsError, match="nowhere.ini is no file"):
        settings.load("nowhere.ini", {})


def test_an_ini_file_without_our_section_is_said_so(tmp_path):
    (tmp_path / "x.ini").write_text("[app:other]\nuse = egg:fedora_packages\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(str(tmp_path / "x.ini"), {})


def test_every_setting_is_documented():
    manual = (ROOT / "production.ini").read_text("utf-8")
    shared = {key.split(".", 2)[2] for key, _, _ in settings.KEYS if key.startswith("connectors.")}
    keys = {key for key, _, _ in settings.KEYS if not key.startswith("connectors.")}
    missing = {key for key in keys if not re.search(rf"^(# )?{re.escape(key)} =", manual, re.MULTILINE)}
    missing |= {key for key in shared if not re.search(rf"^#   {key} ", manual, re.MULTILINE)}
    assert missing == set()
