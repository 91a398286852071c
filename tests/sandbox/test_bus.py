"""The bus: the messages of a listener, withheld and held ones."""

import json

import pytest
import zmq

from fedora_packages.sandbox.bus import Bus, BusError


@pytest.fixture
def listener(live, wait_until):
    """A function that returns the next message on the bus as (topic, text), or None if none comes in time."""
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.SUBSCRIBE, b"")
    socket.connect(live.bus.endpoint)

    def receive(limit=2000):
        if not socket.poll(limit):
            return None
        topic, text = socket.recv_multipart()
        return topic.decode(), text.decode()

    def joined():
        live.bus.publish_raw("test.ready", "")
        return receive(20)

    wait_until(joined)
    while receive(50):
        # Messages that were sent to test the connection.
        pass
    yield receive
    socket.close(0)
    context.term()


def test_a_message_comes_in_the_classic_envelope(live, listener):
    (sent,) = live.post("/control/publish", topic="bodhi.update.comment", msg={"a": 1})["messages"]
    topic, text = listener()
    envelope = json.loads(text)
    assert topic == sent["topic"] == "org.fedoraproject.dev.bodhi.update.comment"
    assert (envelope["msg"], envelope["msg_id"], set(envelope)) == (
        {"a": 1},
        sent["msg_id"],
        {"topic", "msg", "timestamp", "msg_id", "i", "username"},
    )


def test_messages_come_in_order(live, listener):
    wanted = [message["msg_id"] for message in live.trigger("update", "guake", to="testing")["messages"]]
    assert [json.loads(listener()[1])["msg_id"] for _ in wanted] == wanted


def test_a_whole_topic_is_left_as_it_is(live, listener):
    live.post("/control/publish", topic="io.pagure.prod.pagure.git.receive", msg={})
    assert listener()[0] == "io.pagure.prod.pagure.git.receive"
    live.post("/control/publish", topic="org.fedoraproject.stg.bodhi.update.edit", msg={})
    assert listener()[0] == "org.fedoraproject.stg.bodhi.update.edit"


def test_any_text_can_be_sent_in_the_place_of_a_message(live, listener):
    live.post("/control/publish", topic="org.fedoraproject.dev.bodhi.update.edit", raw="{broken")
    assert listener() == ("org.fedoraproject.dev.bodhi.update.edit", "{broken")


@pytest.mark.parametrize(
    "body", [None, [], "text", 7, {"name": [], "bug": {"component": {}}, "update": {"builds": [{}]}}]
)
def test_a_body_need_not_be_an_object(live, listener, body):
    live.post("/control/publish", topic="bodhi.update.edit", msg=body)
    # fedmsg itself puts an empty object in the place of nothing.
    assert json.loads(listener()[1])["msg"] == (body or {})
    assert live.ask("/datagrepper/raw").status == 200


@pytest.mark.parametrize(("archive", "archived"), [(False, 2), (True, 3)])
def test_messages_are_kept_back(live, listener, archive, archived):
    live.post("/control/keep-back", count=1, archive=archive)
    sent = live.trigger("build", "guake")["messages"]
    assert [json.loads(listener()[1])["msg_id"] for _ in range(2)] == [message["msg_id"] for message in sent[1:]]
    assert live.get("/datagrepper/raw")["total"] == archived


def test_a_share_of_all_messages_is_lost_for_bus_and_archive(live, listener):
    live.post("/control/lose", share=0.5)
    sent = [message["msg_id"] for _ in range(20) for message in live.trigger("build", "guake")["messages"]]
    heard = []
    while (frames := listener(300)) is not None:
        heard.append(json.loads(frames[1])["msg_id"])
    assert set(heard) < set(sent)
    assert 0.3 < len(heard) / len(sent) < 0.7
    assert live.get("/datagrepper/raw")["total"] == len(heard)


def test_held_messages_leave_all_at_once_and_in_order(live, listener):
    live.post("/control/hold", hold=True)
    sent = [message["msg_id"] for _ in range(2) for message in live.trigger("build", "guake")["messages"]]
    assert listener(100) is None
    assert live.post("/control/hold", hold=False)["messages"] == len(sent)
    assert [json.loads(listener()[1])["msg_id"] for _ in sent] == sent


def test_the_bus_is_on_the_loopback_address(live):
    assert live.bus.endpoint.startswith("tcp://127.0.0.1:")


def test_an_endpoint_in_use_is_refused(live):
    with pytest.raises(BusError, match="cannot use the endpoint"):
        Bus(live.bus.endpoint)


@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:3001", "localhost:3001", "tcp://127.0.0.1"])
def test_an_endpoint_that_is_not_local_is_refused(endpoint):
    with pytest.raises(BusError, match="invalid endpoint"):
        Bus(endpoint)
