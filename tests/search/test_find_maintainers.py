"""The owners of all packages, in the shapes that dist-git's file of them has had."""

import pytest

from fedora_packages.connectors.distgit import DistgitConnector
from fedora_packages.errors import InvalidResponse
from fedora_packages.settings import ConnectorSettings
from tests.upstream import Upstream

PATH = "/extras/pagure_poc.json"


@pytest.fixture
def upstream():
    found = Upstream()
    yield found
    found.close()


@pytest.fixture
def distgit(upstream):
    return DistgitConnector(ConnectorSettings(upstream.url, timeout=5, concurrency=1), "test")


@pytest.mark.parametrize(
    ("contacts", "owner"),
    [
        ({"admin": "pingou", "fedora": "ralph", "epel": "kevin"}, "pingou"),
        ({"fedora": "orphan", "epel": "kevin"}, "orphan"),
        ({"epel": "kevin"}, "kevin"),
        ("pingou", "pingou"),
    ],
)
def test_an_owner_is_read(upstream, distgit, contacts, owner):
    upstream.says(PATH, {"rpms": {"guake": contacts}, "container": {"x": "y"}})
    assert distgit.owners() == {"guake": owner}


@pytest.mark.parametrize("contacts", [{}, "", {"admin": None}])
def test_a_package_without_an_owner_is_left_out(upstream, distgit, contacts):
    upstream.says(PATH, {"rpms": {"guake": contacts}})
    assert distgit.owners() == {}


@pytest.mark.parametrize(
    "answer", [[], {}, {"rpms": []}, {"rpms": {"guake": 7}}, {"rpms": {"guake": {"admin": []}, "a": ["b"]}}]
)
def test_a_file_of_another_shape_is_not_believed(upstream, distgit, answer):
    upstream.says(PATH, answer)
    with pytest.raises(InvalidResponse):
        distgit.owners()
