"""The client: what Redis errors become, scripts that a restart has lost, and counters of rate limits."""

import pytest
import redis

from fedora_packages.cache.redis import add_script, connect, in_one_trip, redis_errors, run_id, run_script
from fedora_packages.errors import CacheUnavailable


@pytest.mark.parametrize(
    "refusal", ["OOM command not allowed", "MISCONF disk", "NOREPLICAS not enough", "LOADING data"]
)
def test_a_redis_that_refuses_to_write_is_unavailable(refusal):
    with pytest.raises(CacheUnavailable), redis_errors():
        raise redis.ResponseError(refusal)


def test_a_bug_of_ours_is_not_cache_unavailable():
    with pytest.raises(redis.ResponseError), redis_errors():
        raise redis.ResponseError("ERR Error running script")


def test_an_unreachable_redis_is_unavailable_and_its_host_is_not_named():
    away = connect("redis://127.0.0.1:1/0", timeout=0.2)
    with pytest.raises(CacheUnavailable) as raised:
        run_id(away)
    assert "127.0.0.1" not in raised.value.sentence


def test_a_script_runs_though_redis_has_lost_it(client):
    client.script_flush()
    assert int(run_script(client, "open", ["entry"])) > 0


def test_a_pipeline_with_a_lost_script_is_sent_a_second_time(client):
    client.script_flush()

    def build(pipe):
        pipe.set("before", 1)
        add_script(pipe, "open", ["entry"])

    is_set, generation = in_one_trip(client, build)
    assert (is_set, client.hget("entry", "gen")) == (True, generation)
