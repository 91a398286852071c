"""Answers of the upstreams as they were recorded."""

import json
from pathlib import Path


def recorded(data: Path, name: str):
    return json.loads((data / "upstream" / f"{name}.json").read_text("utf-8"))
