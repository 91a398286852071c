"""The archive of published messages."""

from fedora_packages.sandbox.archive import Archive


def test_only_the_newest_messages_are_kept():
    kept = Archive(max_messages=3)
    for number in range(5):
        kept.add({"topic": "a.b.c.d", "msg_id": str(number), "timestamp": number}, number)
    assert ([one.msg_id for one in kept], kept.find("1")) == (["2", "3", "4"], None)
