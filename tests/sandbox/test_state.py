"""The log of requests: the requests, their numbers, and the seconds that they took."""

GUAKE = "/mdapi/rawhide/pkg/guake"


def test_requests_are_logged_with_their_calls(live):
    live.ask("/bodhi/updates/?packages=guake")
    live.koji(
        "multiCall", [{"methodName": "listBuilds", "params": ["guake"]}, {"methodName": "getTag", "params": ["f46"]}]
    )
    logged = live.get("/control/requests")["requests"]
    assert [(one["serial"], one["upstream"], one["asked"]) for one in logged] == [
        (1, "bodhi", "GET /bodhi/updates/?packages=guake"),
        (2, "koji", "POST /kojihub listBuilds guake, getTag f46"),
    ]
    assert logged[0]["user_agent"].startswith("Python-urllib")


def test_the_log_goes_on_from_a_serial(live):
    for _ in range(3):
        live.ask(GUAKE)
    assert [one["serial"] for one in live.get("/control/requests", since=2)["requests"]] == [3]
    assert live.get("/control/requests/count")["mdapi"] == 3


def test_control_requests_are_not_counted(live):
    live.get("/control/")
    assert set(live.get("/control/requests/count").values()) == {0}


def test_the_seconds_that_an_upstream_took_are_added_up(live):
    live.fault("mdapi", delay=0.2)
    for _ in range(2):
        live.ask(GUAKE)
    seconds = live.get("/control/requests/seconds")
    assert (0.4 <= seconds["mdapi"] < 2, seconds["koji"]) == (True, 0)
