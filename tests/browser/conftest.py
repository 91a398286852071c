"""A real browser before the real application: headless Chromium, driven by chromedriver."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from fedora_packages import main
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.writer import Writer
from tests.upstream import connector_strings

from .door import Door
from .search_page import SearchPage

#: Names under which systems have Chromium.
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: A fresh profile of the test's own comes with these; nothing is asked of the world outside.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1100,800",
)

#: What a test may make of the browser, and how it was before.
USUAL = {
    "Emulation.clearDeviceMetricsOverride": {},
    "Emulation.setEmulatedMedia": {"features": []},
    "Emulation.setScriptExecutionDisabled": {"value": False},
    "Emulation.setTouchEmulationEnabled": {"enabled": False},
    "Network.setCacheDisabled": {"cacheDisabled": False},
}

#: What a browser would run, were it taken for markup.
HOSTILE = "<img src=x onerror=\"document.title='run'\">"

#: What "vim" is completed to, in order.
VIM = ["vim", "vim-common", "vim-enhanced", "vimdiff"]

DOCUMENTS = (
    Document(
        "vim",
        "The VIM editor",
        branch="rawhide",
        releases=("rawhide",),
        binaries=(
            Binary("vim-common", "The common files"),
            Binary("vim-enhanced", "A version of the VIM editor", files=("/usr/bin/vim", "/usr/bin/vimdiff")),
        ),
    ),
    Document("guake", "Drop-down terminal", branch="rawhide", releases=("rawhide",), binaries=(Binary("guake"),)),
    Document("markup", HOSTILE, branch="rawhide", releases=("rawhide",), binaries=(Binary("markup"),)),
    Document("x" * 120, "A long name", branch="rawhide", releases=("rawhide",), binaries=(Binary("x" * 110),)),
    *(Document(f"many-{number:02}", "what " * 50, branch="rawhide") for number in range(10, 40)),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def door(redis_url, tmp_path_factory) -> Iterator[Door]:
    """The application over a small index, as it is asked over HTTP; no upstream answers."""
    index = str(tmp_path_factory.mktemp("browser") / "index")
    with Writer(index, create=True) as writer:
        writer.replace(DOCUMENTS)
        writer.commit()
    strings = connector_strings("http://127.0.0.1:9")
    more = {
        "cache.url": redis_url,
        "cache.wait": "0.1",
        "search.index": index,
    }
    application = main({}, **strings, **more, **{"worker.topic_prefix": "org.fedoraproject.prod"})
    with Door(application) as found:
        yield found
    application.registry.loader.close()
    application.registry.service.client.close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator[Any]:
    """The browser, as selenium drives it, with a profile that nobody has used."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium: install the extra `browser`")
    binary = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no Chromium, or no chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    # Without it the protocol takes commands about the cache and does nothing.
    found.execute_cdp_cmd("Network.enable", {})
    yield found
    found.quit()


@pytest.fixture
def search(chromium, door) -> Iterator[SearchPage]:
    """The start page in a browser that remembers nothing, before a site that answers as it should."""
    chromium.execute_cdp_cmd("Network.clearBrowserCache", {})
    found = SearchPage(chromium, door)
    found.visit("/")
    door.open()
    yield found
    door.open()
    for command, usual in USUAL.items():
        chromium.execute_cdp_cmd(command, usual)
