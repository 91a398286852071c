"""Steps: when they run."""

import time

import pytest

from fedora_packages.sandbox.actions.steps import Steps


def test_a_step_without_a_delay_runs_at_once():
    ran = []
    Steps().add("unlock", "guake", lambda: ran.append(1))
    assert ran == [1]


def test_a_step_runs_when_it_is_due():
    steps, ran = Steps(delay=10), []
    steps.add("unlock", "guake", lambda: ran.append(1))
    assert (steps.run(time.time()), ran) == (0, [])
    assert (steps.run(time.time() + 10), ran, steps.waiting()) == (1, [1], [])


def test_a_share_of_the_delay_is_due_earlier():
    steps, ran = Steps(delay=10), []
    steps.add("unlock", "guake", lambda: ran.append("whole"))
    steps.add("commit", "guake", lambda: ran.append("tenth"), share=0.1)
    assert (steps.run(time.time() + 2), ran) == (1, ["tenth"])


def test_a_held_step_waits_without_a_delay_too():
    steps, ran = Steps(), []
    steps.is_held = True
    steps.add("unlock", "guake", lambda: ran.append(1))
    assert (ran, [(step.what, step.about) for step in steps.waiting()]) == ([], [("unlock", "guake")])


def test_a_step_can_add_another():
    steps, ran = Steps(), []
    steps.is_held = True
    steps.add("sign", "guake", lambda: steps.add("push", "guake", lambda: ran.append(1)))
    assert (steps.run(float("inf")), ran) == (2, [1])


def test_steps_of_a_kind_about_one_thing_run_alone():
    steps, ran = Steps(), []
    steps.is_held = True
    for what, about in (("commit", "guake"), ("check", "guake"), ("commit", "vim")):
        steps.add(what, about, lambda what=what, about=about: ran.append((what, about)))
    steps.run_of("commit", "guake")
    assert (ran, len(steps.waiting())) == ([("commit", "guake")], 2)


@pytest.mark.parametrize(
    "body", [{}, {"delay": -1}, {"delay": True}, {"hold": 1}, {"run": "yes"}, {"run": -1}, {"pace": 1}]
)
def test_a_wrong_change_of_steps_is_refused(quiet, body):
    import json

    answer = quiet.ask("/control/steps", json.dumps(body).encode())
    assert (answer.status, bool(answer.json["error"])) == (400, True)


def test_the_control_has_the_delay_and_what_waits(live):
    assert live.post("/control/steps", delay=2.5, hold=True) == {"delay": 2.5, "hold": True, "ran": 0}
    assert live.get("/control/steps") == {"delay": 2.5, "hold": True, "waiting": []}
