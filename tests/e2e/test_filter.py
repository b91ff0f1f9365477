"""--filter on real calls: what does not match is neither shown nor counted, and the client notices nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client, end_group
from .daemon import Daemons
from .options import listen_options, upstream_options
from .wait import until

SESSION = """
docker run -d --name $P $N $IMG sleep 60 >id && docker exec $P true; docker exec $(cat id) false; echo $?
docker inspect nosuch-$P; docker ps -q >all; docker rm -f $P
"""


def through(spy: Apispy, place: Path, daemons: Daemons) -> Client:
    return Client(spy.at, daemons.plain, CLIS[max(CLIS)], spy.where.name, spy.where / "c", place)


@pytest.mark.parametrize(
    ("expression", "among", "all_are"),
    [
        (
            "container:zqfilter0",
            {"ContainerCreate", "ContainerStart", "ContainerExec", "ExecStart", "ContainerDelete"},
            lambda call: "/containers/" in call["path"] or "/exec/" in call["path"],
        ),
        ("status>=400", {"ContainerInspect"}, lambda call: call["status"] >= 400),
        ("op:*List and slow<1m", {"ContainerList"}, lambda call: call["operation"].endswith("List")),
        ("image:busybox*", {"ContainerCreate"}, lambda call: call["operation"] in ("ContainerCreate", "ImageInspect")),
        ("exec not method:POST", {"ExecInspect"}, lambda call: call["method"] == "GET"),
    ],
)  # fmt: skip
def test_what_matches_is_shown(
    expression: str,
    among: set[str],
    all_are: Callable[[dict[str, Any]], bool],
    place: Path,
    daemons: Daemons,
) -> None:
    where = place / "".join(filter(str.isalpha, expression)) / "zqfilter0"
    where.parent.mkdir()
    words = [
        *listen_options("unix", where),
        *upstream_options("unix", daemons),
        "--json",
        "--filter",
        expression,
    ]
    spy = Apispy.start(where, *words)
    try:
        result = through(spy, place, daemons).sh(SESSION)
        assert result.out.splitlines()[0] == b"1", result
    finally:
        spy.end()
    calls = [json.loads(line) for line in spy.out.splitlines()]
    assert {call["operation"] for call in calls} >= among
    assert all(map(all_are, calls))
    assert "Traceback" not in spy.err


def test_a_stream_is_shown_while_it_is_open(place: Path, daemons: Daemons) -> None:
    where = place / "zqfilterlive"
    words = [
        *listen_options("unix", where),
        *upstream_options("unix", daemons),
        "--filter",
        "op:SystemEvents status:200",
    ]
    spy = Apispy.start(where, *words)
    client = through(spy, place, daemons)
    events = client.popen("docker events")
    try:
        until(
            lambda: (
                client.sh("docker volume create $P; docker volume rm $P").code == 0 and "volume" in spy.out
            ),
            20,
            "an event to be shown",
        )
        assert "SystemEvents" in spy.out.splitlines()[0]
        assert spy.out.splitlines()[0].endswith("...")
    finally:
        end_group(events)
        events.communicate()
        spy.end()
    lines = spy.out.splitlines()
    assert "VolumeCreate" not in spy.out
    assert lines[-1].endswith("total")
    assert lines[-1].split()[0] == "1"


def test_a_summary_of_nothing_says_why(place: Path, daemons: Daemons) -> None:
    where = place / "zqfilternone"
    spy = Apispy.start(
        where,
        *listen_options("unix", where),
        *upstream_options("unix", daemons),
        "--filter",
        "slow>59m",
        "-q",
    )
    try:
        assert through(spy, place, daemons).sh("docker version").code == 0
    finally:
        spy.end()
    assert spy.out == "No call matched the filter duration>59m\n"


def test_a_quiet_run_has_the_notes_that_its_filter_asks_for(place: Path, daemons: Daemons) -> None:
    where = place / "zqfilternote"
    spy = Apispy.start(
        where, *listen_options("unix", where), *upstream_options("unix", daemons), "--filter", "note", "-q"
    )
    try:
        client = through(spy, place, daemons)
        assert client.sh("dcurl '/v1.41/containers/json?nosuch=1' && dcurl /v1.41/_ping").code == 0
    finally:
        spy.end()
    assert spy.out.splitlines()[2].endswith("ContainerList")
    assert "SystemPing" not in spy.out
