"""Which notes a call gets."""

from typing import Any

import pytest

from apispy.engine import lookup
from apispy.learn import notes_on
from apispy.model import REDACTED, Exchange, Headers, Request, Response


def notes(
    line: str, request: Any = None, answer: Any = None, *, daemon: str = "1.41", client: str = "", strict: bool = False,
    status: int = 200,
) -> tuple[str, ...]:  # fmt: skip
    method, target = line.split(" ", 1)
    asked = Request(method, target, headers=Headers(((b"User-Agent", client.encode()),)))
    response = Response(status, headers=Headers(((b"Api-Version", daemon.encode()),) if daemon else ()))
    exchange = Exchange(1, 1, 0.0, "", "", asked, response)
    given = [] if request is None else [request], [] if answer is None else [answer]
    return notes_on(lookup(method, target), exchange, *given, strict=strict)


CREATE = "POST /v1.41/containers/create"


@pytest.mark.parametrize(
    ("call", "note"),
    [
        (notes("GET /v1.41/containers/json?al=1"),
         "ContainerList has no parameter 'al', so Docker ignores it; did you mean all?"),
        (notes("GET /v1.40/containers/x/stats?one-shot=1", daemon="1.40"),
         "API 1.40 has no parameter one-shot of ContainerStats: it is available since API 1.41"),
        (notes("POST /v1.48/build/prune?keep-storage=1", daemon="1.48"),
         "parameter keep-storage of BuildPrune has been deprecated since API 1.48"),
        (notes(CREATE, {"Imgae": "x"}),
         "ContainerCreate has no field 'Imgae' in its body, so Docker ignores it; did you mean Image?"),
        (notes(CREATE, {"HostConfig": {"Annotations": {"a": "b"}}}),
         "API 1.41 has no field HostConfig.Annotations in the request body of ContainerCreate: "
         "it is available since API 1.43"),
        (notes(CREATE, {"Cmd": {"a": 1}}),
         "Cmd in the request body of ContainerCreate is object, but the API reference says array"),
        (notes(CREATE, {"HostConfig": {"Mounts": [{"Type": "x"}]}}),
         "HostConfig.Mounts[].Type in the request body of ContainerCreate is 'x', "
         "but the API reference allows bind, npipe, tmpfs, volume"),
        (notes("POST /v1.41/containers/x/copy", {}),
         "API 1.41 has no ContainerCopy: it is available from API 1.4 to 1.23"),
        (notes("POST /v1.30/volumes/x", daemon=""), ""),
        (notes("PUT /v1.41/volumes/x"), "API 1.41 has no VolumeUpdate: it is available since API 1.42"),
        (notes("POST /session", daemon="1.53"), "Session has been deprecated since API 1.53"),
        (notes("GET /v1.20/info"),
         "Docker Engine 25.0 and later refuses API 1.20 "
         "(lowest supported version: 1.24 in 25.0, 1.44 in 29.0, 1.40 in 29.3)"),
        (notes("GET /v1.41/info", daemon="1.55"),
         "Docker Engine from 29.0 to before 29.3 refuses API 1.41 (lowest supported version: 1.44 in 29.0)"),
        (notes("GET /v1.41/info", client="Docker-Client/28.2.2 (linux)"),
         "the client supports API 1.50 and the daemon 1.41, so API 1.41 is used"),
        (notes("GET /v1.41/info", daemon="1.50", client="Docker-Client/20.10.24 (linux)"),
         "the client supports API 1.41 and the daemon 1.50, so API 1.41 is used"),
        (notes("GET /v1.99/info"), "API 1.99 is newer than any version apispy knows; the call is decoded as API 1.55"),
    ],
)  # fmt: skip
def test_a_note_is_made(call, note):
    assert (note in call) if note else not call


@pytest.mark.parametrize(
    "call",
    [
        notes("GET /v1.41/containers/json?all=1&limit=3&size=0&filters=%7B%7D"),
        notes("GET /v1.24/containers/json?since=x&before=y", daemon="1.24"),
        notes("GET /containers/json?since=x"),  # still read by 20.10, though no document has it
        notes(CREATE, {"image": "x", "Env": REDACTED, "HostConfig": {"NetworkMode": "none"}}),
        notes(CREATE, {"Image": None, "NoSuch": None, "Other": {"A": [], "B": ""}}),  # Go's zero values
        notes(CREATE, {"HostConfig": {"RestartPolicy": {"Name": ""}, "Ulimits": None}}),
        notes("GET /v1.41/info", client="Docker-Client/20.10.24 (linux)"),
        notes("GET /v1.41/info", client="curl/8"),
        notes("GET /no/such?x=1"),
        notes("GET /v4.0.0/libpod/info"),
    ],
)
def test_no_note_is_made(call):
    assert call == ()


LIST = "GET /v1.41/containers/json"


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ([{"Id": "x", "New": 1}], "[].New in the response body of ContainerList is not in the API reference"),
        (
            [{"Id": 7}],
            "[].Id in the response body of ContainerList is integer, but the API reference says string",
        ),
        ({"Id": "x"}, "the response body of ContainerList is object, but the API reference says array"),
    ],
)
def test_where_an_answer_differs_is_told_when_strict(answer, note):
    assert notes(LIST, answer=answer, strict=True) == (note,)
    assert notes(LIST, answer=answer) == ()


def test_what_real_daemons_do_is_no_difference():
    event = {"Type": "image", "Action": "pull", "status": "pull", "id": "x", "from": "y"}
    assert notes("GET /v1.41/events", answer=event, strict=True) == ()
    assert notes("GET /v1.41/info", answer={"message": "no"}, status=500, strict=True) == ()
