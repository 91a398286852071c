"""Tests.  What is here comes before everything else that they import."""

import os
import sys

# Keep compiled modules, also where the environment says not to: a run has dozens of processes, and each would compile
# the project anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
