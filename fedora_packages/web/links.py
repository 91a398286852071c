"""Links out: every address of another site that a page shows is made here, from the settings ``links.*``.

The one thing to know: what upstreams say is quoted before it becomes part of an address, and an address that an upstream gives is
shown as a link only if a browser would open it as a page (`web_address`): a ``javascript:`` one would run as ours.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from fedora_packages.connectors.bugzilla import open_bugs
from fedora_packages.settings import LinksSettings

#: Longer ones are no address of a project's page.
LONGEST_ADDRESS = 1000


@dataclass(frozen=True)
class Links:
    """The addresses of builds, updates, bugs and sources on the sites for people."""

    settings: LinksSettings

    def build(self, build_id: int) -> str:
        """Return koji's page of a build."""
        return f"{self.settings.koji}/buildinfo?{urlencode({'buildID': build_id})}"

    def build_of(self, nvr: str) -> str:
        """Return the address that koji takes for its page of a build of which only the NVR is known.

        That page itself takes numbers only; a search that finds one build leads on to it.
        """
        return f"{self.settings.koji}/search?{urlencode({'match': 'exact', 'type': 'build', 'terms': nvr})}"

    def task(self, task_id: int) -> str:
        """Return koji's page of a task."""
        return f"{self.settings.koji}/taskinfo?{urlencode({'taskID': task_id})}"

    def builder(self, name: str) -> str:
        """Return koji's page of an account: what it has built."""
        return f"{self.settings.koji}/userinfo?{urlencode({'userID': name})}"

    def builds(self, package: str) -> str:
        """Return koji's page of a source package."""
        return f"{self.settings.koji}/packageinfo?{urlencode({'packageID': package})}"

    def update(self, alias: str) -> str:
        """Return bodhi's page of an update."""
        return f"{self.settings.bodhi}/updates/{_segment(alias)}"

    def updates(
        self, package: str, release: str | None = None, status: str | None = None, kind: str | None = None
    ) -> str:
        """Return bodhi's list of a source package's updates, of a release (``F45``), a status and a type."""
        asked = {"packages": package, "releases": release, "status": status, "type": kind}
        return f"{self.settings.bodhi}/updates/?{urlencode({name: text for name, text in asked.items() if text})}"

    def submitter(self, name: str) -> str:
        """Return bodhi's page of an account: its updates and comments."""
        return f"{self.settings.bodhi}/users/{_segment(name)}"

    def updates_of_build(self, nvr: str) -> str:
        """Return bodhi's list of the updates that have a build."""
        return f"{self.settings.bodhi}/updates/?{urlencode({'builds': nvr})}"

    def new_update(self) -> str:
        """Return bodhi's form for a new update."""
        return f"{self.settings.bodhi}/updates/new"

    def bug(self, number: int) -> str:
        """Return bugzilla's page of a bug."""
        return f"{self.settings.bugzilla}/show_bug.cgi?{urlencode({'id': number})}"

    def bugs(self, package: str, product: str | None = None, version: str | None = None) -> str:
        """Return bugzilla's list of a source package's open bugs, of a product and a version."""
        return f"{self.settings.bugzilla}/buglist.cgi?{urlencode(open_bugs(package, product, version))}"

    def blocking_bugs(self, package: str) -> str:
        """Return bugzilla's list of a source package's open bugs that block others."""
        return f"{self.settings.bugzilla}/buglist.cgi?{urlencode(open_bugs(package, is_blocking=True))}"

    def cve(self, name: str) -> str:
        """Return bugzilla's list of the bugs that have a CVE's name for an alias; there may be none."""
        return f"{self.settings.bugzilla}/buglist.cgi?{urlencode([('f1', 'alias'), ('o1', 'equals'), ('v1', name)])}"

    def new_bug(self, package: str, product: str = "Fedora", version: str | None = None) -> str:
        """Return bugzilla's form for a new bug of a source package."""
        filled = {"product": product, "version": version, "component": package}
        filled = {name: text for name, text in filled.items() if text}
        return f"{self.settings.bugzilla}/enter_bug.cgi?{urlencode(filled)}"

    def sources(self, package: str) -> str:
        """Return dist-git's page of a source package."""
        return f"{self.settings.distgit}/rpms/{_segment(package)}"

    def source_file(self, package: str, branch: str, path: str) -> str:
        """Return dist-git's page of a file on a branch."""
        return f"{self.sources(package)}/blob/{_segment(branch)}/f/{'/'.join(map(_segment, path.split('/')))}"

    def commits(self, package: str, branch: str) -> str:
        """Return dist-git's list of the commits on a branch."""
        return f"{self.sources(package)}/commits/{_segment(branch)}"

    def commit(self, package: str, branch: str, commit: str) -> str:
        """Return dist-git's page of a commit on a branch."""
        return f"{self.sources(package)}/c/{_segment(commit)}?{urlencode({'branch': branch})}"

    def problem(self, problem_id: int) -> str:
        """Return FAF's page of a problem."""
        return f"{self.settings.faf}/problems/{problem_id}/"

    def problems(self, package: str) -> str:
        """Return FAF's list of a source package's problems of the last two weeks."""
        return f"{self.settings.faf}/problems/?{urlencode({'component_names': package})}"

    def project(self, project_id: int) -> str:
        """Return Anitya's page of a project."""
        return f"{self.settings.anitya}/project/{project_id}/"

    def projects(self, name: str) -> str:
        """Return Anitya's list of the projects whose name has a text in it."""
        return f"{self.settings.anitya}/projects/search/?{urlencode({'pattern': name})}"

    def new_project(self) -> str:
        """Return Anitya's form for a new project."""
        return f"{self.settings.anitya}/project/new"

    def maintainer(self, name: str) -> str:
        """Return dist-git's page of an account, or of a group where the name begins with ``@``."""
        kind = "group" if name.startswith("@") else "user"
        return f"{self.settings.distgit}/{kind}/{_segment(name.removeprefix('@'))}"


def web_address(text: str | None) -> str | None:
    """Return an address that was given by an upstream if it is one of the web (http or https), else None."""
    if not text or len(text) > LONGEST_ADDRESS or not text.isprintable() or " " in text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        # An unfinished IPv6 address, for one.
        return None
    return text if parts.scheme in ("http", "https") and parts.netloc else None


def _segment(text: str) -> str:
    # Quoting leaves dots alone, and a browser takes ".." for the folder above, and "%2E%2E" too.  Quoted twice it is a name that
    # nobody has, which is what it is.
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%252E")
