"""What koji is asked about a build, by its number."""

import pytest

from fedora_packages.errors import InvalidResponse


def test_the_package_of_a_build_is_read(connectors, upstream):
    upstream.koji_says([[{"build_id": 7, "package_name": "guake", "release": "1.fc45"}]], [[None]])
    assert [connectors["koji"].package_of(7), connectors["koji"].package_of(8)] == [("guake", "1.fc45"), None]


def test_a_build_without_a_package_is_a_lie(connectors, upstream):
    upstream.koji_says([[{"build_id": 7}]])
    with pytest.raises(InvalidResponse):
        connectors["koji"].package_of(7)
