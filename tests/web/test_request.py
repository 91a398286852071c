"""What every request carries, and what the application refuses to start with."""

import subprocess
import sys

import pytest

from fedora_packages import main
from fedora_packages.connectors.query import Query, query
from fedora_packages.errors import SettingsError
from fedora_packages.web.api import addressed


def test_wrong_settings_are_an_error_at_start_that_names_them(strings):
    with pytest.raises(SettingsError, match=r"cache.wait is 'soon'"):
        main({}, **{**strings, "cache.wait": "soon"})


def test_a_missing_setting_is_an_error_at_start(strings):
    del strings["cache.url"]
    with pytest.raises(SettingsError, match="cache.url is missing"):
        main({}, **strings)


def test_the_application_starts_without_redis_and_index(strings):
    app = main({}, **{**strings, "cache.url": "redis://127.0.0.1:9/0", "search.index": "/nowhere"})
    assert app.registry.service.settings.search.index == "/nowhere"


def test_importing_the_package_imports_no_web_framework():
    code = "import fedora_packages, sys; sys.exit('pyramid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_two_queries_of_one_short_name_are_an_error_at_start():
    def builds(self, package):
        """Return builds."""

    declaration = query(version=1)(builds)
    declaration.__set_name__(None, "builds")
    twins = [Query(f"{name}.builds", name, declaration, None) for name in ("koji", "copr")]
    with pytest.raises(SettingsError, match="two queries have the short name 'builds': koji.builds and copr.builds"):
        addressed(twins)


def test_of_a_repeated_parameter_the_last_counts(site):
    assert "state is &#39;b&#39;" in site.get("/guake/builds?state=a&state=b", 400).text


def test_parameters_that_nobody_knows_are_passed_over(site):
    assert site.get("/guake/builds?utm_source=x").status_int == 200


def test_an_empty_parameter_counts_as_not_given(site):
    assert site.get("/guake/builds?state=&page=").status_int == 200
