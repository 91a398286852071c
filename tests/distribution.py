"""How tests are given to the processes of a run.  The one thing to know: the tests of a module stay together.

What they share is then made once, and not in each process.  And there are a hundred pieces to give away, not five thousand:
whenever a test ends, xdist looks through all that its process was ever given.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling


class Distribution(LoadGroupScheduling):
    """Gives away groups (``xdist_group``), then one module after the other, in the order in which tests were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None):
        super().__init__(config, log)
        # By number of tests, the groups that take longest would come last.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return nodeid.partition("::")[0] if scope == nodeid else scope
