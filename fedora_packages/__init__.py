"""Package pages for Fedora: always fresh, never slow."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.router import Router

#: Templates escape all they show, and a name that a template misspells is an error and not an empty page.
TEMPLATES = {"mako.default_filters": "h", "mako.strict_undefined": "true"}


def main(global_config: Mapping[str, Any], **settings: str) -> "Router":
    """Return the WSGI application.  Raises `SettingsError` for settings that are missing or wrong."""
    # The worker and the commands have no use for a web framework.
    from pyramid.config import Configurator

    # A relative path in the ini file starts at its directory.
    here = {"here": global_config["here"]} if "here" in global_config else {}
    with Configurator(settings={**here, **settings, **TEMPLATES}) as config:
        # Templates are Mako's.
        config.include("pyramid_mako")
        # The parts that read and keep, made from the settings: what every request carries.
        config.include(".web.request")
        # The tabs of a package's page, one module each.
        config.include(".widgets")
        # What every template can say: times, links.
        config.include(".web.formats")
        # What every answer tells a browser about itself.
        config.include(".web.headers")
        # The addresses, in one list.
        config.include(".web.routes")
        # The queries that have an address of their own in the JSON API.
        config.include(".web.api")
        # What old clients ask of builds by their numbers.
        config.include(".web.legacy.build_lookup")
        # What makes the checks that readers ask for.
        config.include(".web.views.check")
        # And who answers at each address, errors included.
        config.scan(".web")
        return config.make_wsgi_app()
