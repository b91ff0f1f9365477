"""What README and RESULTS.md tell of speed is what was measured; and the goals ask for what there is."""

import json
import socket
import threading
from pathlib import Path

import pytest

from apispy.model import Exchange
from apispy.testing import replay
from bench import compose, report
from bench.__main__ import README, check_goals
from bench.bulk import CHUNK, serve
from bench.client import exchange, percentile, request, steady_latencies
from bench.data import CONTAINERS, containers
from bench.goals import GOALS, RELATIONS, Goal
from bench.measures import MEASURES
from bench.results import RESULTS, Results
from bench.setups import OPTIONS, SETUPS, SHARE
from tests.e2e.endpoints import Endpoint


def test_the_pages_tell_what_was_measured() -> None:
    """If not: `python -c 'from bench.__main__ import *; write(Results.load())'`"""
    results = Results.load()
    assert RESULTS.with_suffix(".md").read_text() == report.page(results)
    assert README.read_text() == report.with_table(README.read_text(), results)


def test_nothing_is_left_out_of_the_results() -> None:
    """A measure that was added after the run has no figures; the page says so."""
    results = Results.load()
    assert set(results.values) <= set(MEASURES)
    later = " ".join(report.not_measured(results).partition("after this run: ")[2].split())
    assert all(name in later for name in set(MEASURES) - set(results.values))
    assert all(setup in later for setup in set(SETUPS) - set(report.measured_setups(results)))


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.title} {goal.other}")
def test_goals_ask_for_what_is_measured(goal: Goal) -> None:
    measure = MEASURES[goal.measure]
    assert goal.transport in measure.transports
    assert {goal.setup, goal.other or "direct"} <= set(SETUPS)
    assert goal.relation in RELATIONS
    assert goal.target
    if goal.slack is not None:
        assert measure.quick


def test_a_goal_is_met_from_its_limit_on_and_the_quick_run_fails_far_below_it() -> None:
    results = Results(values={"download": {"tcp": {"apispy -q": [1.0, 9.0, 2.5], "mitmdump": [1.0]}}})
    [goal] = [
        goal
        for goal in GOALS
        if (goal.measure, goal.setup, goal.other) == ("download", "apispy -q", "mitmdump")
    ]
    assert goal.met(results) is True
    assert check_goals(results) == 0
    results.values["download"]["tcp"]["apispy -q"] = [0.1]
    assert goal.met(results) is False
    assert check_goals(results) == 1
    assert goal.met(Results()) is None


def test_the_list_of_containers() -> None:
    assert len(json.loads(containers())) == CONTAINERS


def test_the_client_and_the_source_of_large_bodies_understand_each_other() -> None:
    ours, theirs = socket.socketpair()
    threading.Thread(target=serve, args=(theirs,), daemon=True).start()
    with ours:
        assert len(exchange(ours, request(f"/x?size={CHUNK * 16}"))) > CHUNK * 16
        ours.sendall(b"POST /x?size=3 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
        assert ours.recv(1000).endswith(b"{}\n")


def test_percentiles() -> None:
    assert percentile([float(number) for number in range(1, 100)], 50) == 50


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    results = Results("2026-01-01", "one", {"a": "1"})
    results.add("download", "tcp", "direct", 1.5)
    results.save(tmp_path / "r")
    assert Results.load(tmp_path / "r") == results


def test_a_steady_rate_counts_from_when_a_request_is_due() -> None:
    """The first request is answered late, so those after it begin late; that counts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=answer_late, args=(listener,), daemon=True).start()
        found = steady_latencies(endpoint, "/_ping", 3, 1000)
    assert found[0] >= 50
    assert found[1] >= found[0] - 2
    assert found[2] >= found[0] - 3


def answer_late(listener: socket.socket) -> None:
    """Answer requests on one connection, the second one after 50 ms."""
    sock, _ = listener.accept()
    with sock:
        for number in range(4):
            while not sock.recv(4096).endswith(b"\r\n\r\n"):
                pass
            if number == 1:
                threading.Event().wait(0.05)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")


def test_a_setup_that_keeps_a_file_takes_part_where_that_matters() -> None:
    one = SETUPS["mitmdump -w"]
    assert one.takes_part("containers/json/s, 1 connection")
    assert not one.takes_part("download")
    assert all(setup.takes_part("download") for setup in SETUPS.values() if setup.only == ("",))


def test_options_are_compared_with_the_same_apispy_without_them() -> None:
    with_options = [name for name, setup in SETUPS.items() if setup.without]
    assert MEASURES[OPTIONS].setups == ("apispy -q", "apispy", *with_options)
    assert MEASURES[SHARE].setups == tuple(with_options)
    for name in with_options:
        assert not SETUPS[name].takes_part("download")
        assert name.startswith(SETUPS[name].without)
        assert [goal.limit for goal in GOALS if (goal.measure, goal.setup) == (SHARE, name)] == [0.9]


def test_a_share_is_shown_without_ratios() -> None:
    results = Results(values={SHARE: {"tcp": {"apispy --otlp": [0.94]}}})
    [goal] = [goal for goal in GOALS if goal.setup == "apispy --otlp"]
    assert goal.met(results) is True
    assert "| 0.94          |" in report.measure_tables(results)


def test_a_table_has_the_setups_that_were_measured_for_it() -> None:
    results = Results()
    results.add("download", "tcp", "direct", 1.0)
    results.add("upload", "tcp", "apispy", 1.0)
    assert [len(line.split("|")) for line in report.measure_tables(results).splitlines() if line] == [4] * 6


def test_the_calls_of_compose_are_answered_by_a_replay_of_them(tmp_path: Path) -> None:
    """Twice, as in two rounds of the measure."""
    made: list[Exchange] = compose.calls()
    environment: dict[str, str] = {}
    creates = {call.request.target for call in made if "containers/create" in call.request.target}
    assert len(creates) == compose.SERVICES
    with (
        replay(compose.write(tmp_path / "up"), repeat_last=True, environ=environment),
        Endpoint(environment["DOCKER_HOST"]).socket() as sock,
    ):
        for call, (message, bodyless) in zip(made, compose.requests(made), strict=True):
            body = exchange(sock, message, bodyless=bodyless)
            assert call.response is not None
            assert call.response.body.data in body or bodyless
        for message, bodyless in compose.requests(made):  # a container keeps its last state
            exchange(sock, message, bodyless=bodyless)
