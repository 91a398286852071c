"""Generated files of dist-git."""

from fedora_packages.sandbox.world.models import RELATIONS
from fedora_packages.sandbox.world.specs import TAGS


def test_every_kind_of_relation_has_its_place_in_a_spec():
    assert set(TAGS) == set(RELATIONS)
