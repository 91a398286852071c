"""The commands of the documents, run against a sandbox."""

import re
import shlex
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("processes")

ROOT = Path(__file__).parents[2]
CURLS = [
    line.strip()
    for path in (ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst")))
    for line in path.read_text("utf-8").splitlines()
    if line.strip().startswith("curl ")
]


@pytest.mark.parametrize("line", CURLS)
def test_each_url_of_the_documents_answers(site, line):
    words = shlex.split(line)
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    (url,) = [word for word in words if word.startswith("http://127.0.0.1:6543")]
    path = re.sub(r"CURSOR", "0.0-0", url.removeprefix("http://127.0.0.1:6543"))
    assert site.session.request(method, site.url + path, timeout=30).status_code == 200
