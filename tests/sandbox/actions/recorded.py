"""Recorded messages, to compare with those that actions publish."""

import json


def recorded(data, name):
    """Return the body of a recorded message, of either envelope."""
    message = json.loads((data / "messages" / name).read_text("utf-8"))
    return message["msg"] if "msg" in message else message["body"]


def message(live, answer, topic):
    """Return the body of the only message of a topic."""
    (found,) = [one["msg"] for one in live.envelopes(answer) if one["topic"] == f"org.fedoraproject.dev.{topic}"]
    return found


def kinds(body):
    """Return a body's keys with the types of their values; numbers are one type, and null is any."""
    names = {int: "number", float: "number"}
    return {key: names.get(type(value), type(value).__name__) for key, value in body.items() if value is not None}
