"""``request.links``: the links of all upstreams' sites, in one bundle.

Each connector has the links to its own site (`fedora_packages.connectors.page_links`).
"""

from collections.abc import Mapping

from fedora_packages.connectors.page_links import Site
from fedora_packages.errors import SettingsError


class Links:
    """The links of some sites, by the names of their methods: ``links.build(12)`` is that of Koji.

    ``sites`` has the sites by the names of their upstreams.  Raises `SettingsError` if two sites have a link of one name.
    """

    def __init__(self, sites: Mapping[str, Site | None]):
        self.sites = {name: site for name, site in sites.items() if site is not None}
        for site in self.sites.values():
            for name in _own_methods(type(site)):
                if name in vars(self):
                    other = type(getattr(self, name).__self__)
                    raise SettingsError(
                        f"{other.__module__} and {type(site).__module__} both have a link called {name!r}"
                    )
                setattr(self, name, getattr(site, name))


def _own_methods(kind: type[Site]) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))} - {*dir(Site)}
