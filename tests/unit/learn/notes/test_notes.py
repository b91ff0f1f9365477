"""Which notes a call gets."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from apispy.decoders.registry_auth import IGNORED
from apispy.engine import lookup, with_form
from apispy.learn import notes_on
from apispy.model import REDACTED, Body, Chunk, Exchange, Headers, Redaction, Request, Response

STANDARD = base64.b64encode(
    b'{"username":"bob","password":"a!?testpassword~~?>>","serveraddress":"127.0.0.1:5055"}'
)


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
         "parameter one-shot of ContainerStats is documented since API 1.41, not for API 1.40: engines may ignore it"),
        (notes("POST /v1.48/build/prune?keep-storage=1", daemon="1.48"),
         "parameter keep-storage of BuildPrune has been deprecated since API 1.48: use reserved-space"),
        (notes(CREATE, {"Imgae": "x"}),
         "ContainerCreate has no field 'Imgae' in its body, so Docker ignores it; did you mean Image?"),
        (notes(CREATE, {"HostConfig": {"Annotations": {"a": "b"}}}),
         "HostConfig.Annotations in the request body of ContainerCreate is documented since API 1.43, "
         "not for API 1.41: engines may ignore it"),
        (notes(CREATE, {"Cmd": {"a": 1}}),
         "Cmd in the request body of ContainerCreate is object, but the API reference says array"),
        (notes(CREATE, {"HostConfig": {"Mounts": [{"Type": "x"}]}}),
         "HostConfig.Mounts[].Type in the request body of ContainerCreate has a value that the API reference "
         "does not list: it allows bind, npipe, tmpfs, volume"),
        (notes("POST /v1.41/containers/x/copy", {}),
         "ContainerCopy is documented from API 1.4 to 1.23, not for API 1.41: engines may ignore it"),
        (notes("POST /v1.30/volumes/x", daemon=""), ""),
        (notes("PUT /v1.41/volumes/x"),
         "VolumeUpdate is documented since API 1.42, not for API 1.41: engines may ignore it"),
        (notes("POST /session", daemon="1.53"), "Session has been deprecated since API 1.53"),
        (notes("GET /v1.20/info"),
         "Docker Engine 25.0 and later refuses API 1.20 by default "
         "(lowest supported version: 1.24 in 25.0, 1.44 in 29.0, 1.40 in 29.3)"),
        (notes("GET /v1.41/info", daemon="1.55"),
         "Docker Engine from 29.0 to before 29.3 refuses API 1.41 by default (lowest supported version: 1.44 in 29.0)"),
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
        notes("GET /v1.40/images/json?filter=x", daemon="1.40"),
        notes("GET /v1.24/images/json?filter=x", daemon="1.24"),
        notes(
            "POST /v1.41/swarm/init", {"ListenAddr": "x", "Availability": "drain", "AutoLockManagers": True}
        ),
        notes("POST /v1.51/volumes/create", {"Name": "x", "ClusterVolumeSpec": {"Availability": "active"}}),
        notes("PUT /v1.51/volumes/x?version=1", {"Spec": {"Availability": "drain"}}),
        notes(
            "POST /v1.51/volumes/create",
            {
                "Name": "x",
                "ClusterVolumeSpec": {"CapacityRange": {"RequiredBytes": 1}, "Secrets": [{"Key": "k"}]},
            },
        ),
        notes("POST /v1.41/auth", {"username": "x", "identitytoken": "planted"}),
        notes(CREATE, {"Image": "x", "HostConfig": {"LogConfig": {"Type": "loki"}}}),
        notes("POST /v1.41/swarm/init", {"listenaddr": "x", "availability": "drain"}),
        notes(CREATE, {"Image": "x", "MacAddress": ""}),
        notes(CREATE, {"Image": "x", "MacAddress": "02:42:ac:11:00:09"}),
        notes("GET /v5.0.0/libpod/containers/x/stats?stream=false"),
        notes("POST /v5.0.0/libpod/containers/create", {"image": "x", "no_such": 1}),
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


def test_a_value_is_no_deprecated_filter() -> None:
    filters = "filters=%7B%22is-official%22%3A%5B%22is-automated%22%5D%7D"
    assert not any(
        "deprecated" in note for note in notes(f"GET /v1.44/images/search?{filters}", daemon="1.44")
    )


@pytest.mark.parametrize("filters", ['{"pod":["x"]}', '{"status":["unheard-of"]}', "status=running"])
def test_filters_that_were_accepted_are_not_said_to_be_refused(filters: str) -> None:
    """Podman has more filters than Docker, and so may an engine that is newer than apispy."""
    line = f"GET /v1.41/containers/json?filters={quote(filters)}"
    assert notes_of(line, [], server="Libpod/4.3.1 (linux)", status=200) == ()
    [note] = notes_of(line, [], server="Libpod/4.3.1 (linux)", status=500)
    assert "the daemon refuses" in note


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


@pytest.mark.parametrize(
    ("call", "note"),
    [
        (notes("GET /v1.41/containers/json?since=x"),
         'parameter since of ContainerList has no effect on Docker Engine 20.10 and later: '
         'use filters={"since":["NAME"]}'),
        (notes("GET /v1.24/containers/json?before=x", daemon="1.24"),
         'parameter before of ContainerList has no effect on Docker Engine 20.10 and later: '
         'use filters={"before":["NAME"]}'),
        (notes("GET /v1.41/images/json?filter=x"),
         "API 1.41 has no parameter filter of ImageList: it is available from API 1.12 to 1.40; "
         'use filters={"reference":["NAME"]}'),
        (notes("GET /v1.41/events?filters=%7B%22even%22%3A%5B%22die%22%5D%7D"),
         "SystemEvents has no filter 'even', so Docker ignores it; did you mean event?"),
        (notes("GET /v1.41/containers/json?filters=status%3Drunning", status=500),
         "the daemon refuses these filters: they are not JSON; the form NAME=VALUE is the CLI's, "
         'the API takes {"status":["VALUE"]}'),
        (notes("GET /v1.41/images/json?filters=%7B%22reference%22%3A%7B%22busybox%22%3Afalse%7D%7D"),
         "false in a filter is not a negation: most filters treat it like true"),
        (notes("GET /v1.44/images/search?filters=%7B%22is-automated%22%3A%5B%22true%22%5D%7D", daemon="1.44"),
         "the filter is-automated of ImageSearch has been deprecated since API 1.44"),
    ],
)  # fmt: skip
def test_notes_on_parameters(call, note):
    assert call == (note,)


@pytest.mark.parametrize(
    ("call", "note"),
    [
        (notes(CREATE, {"name": "x"}),
         "ContainerCreate has no field 'name' in its body, so Docker ignores it; it belongs in the query: ?name="),
        (notes(f"{CREATE}?Hostname=x"),
         "ContainerCreate has no parameter 'Hostname', so Docker ignores it; it belongs in the body, as Hostname"),
        (notes(f"{CREATE}?NetworkMode=x"),
         "ContainerCreate has no parameter 'NetworkMode', so Docker ignores it; "
         "it belongs in the body, as HostConfig.NetworkMode"),
        (notes(CREATE, {"HostConfig": {"Image": "x"}}),
         "ContainerCreate has no field 'Image' in HostConfig, so Docker ignores it; it belongs in Image"),
        (notes(CREATE, {"EndpointsConfig": {"a": {}, "b": 1}}),
         "ContainerCreate has no field 'EndpointsConfig' in its body, so Docker ignores it; "
         "it belongs in NetworkingConfig.EndpointsConfig"),
        (notes("POST /v1.41/images/x/push?X-Registry-Auth=x"),
         "ImagePush has no parameter 'X-Registry-Auth', so Docker ignores it; it belongs in a header: X-Registry-Auth"),
    ],
)  # fmt: skip
def test_a_suggestion_looks_in_the_other_places_first(call, note):
    assert call == (note,)


PRIVILEGED = {"Image": "x", "Privileged": True}


@pytest.mark.parametrize(
    ("body", "server", "said"),
    [
        (PRIVILEGED, "Docker/20.10.24 (linux)", "is used by this engine, and ignored by Docker Engine 27.0 and later"),
        (PRIVILEGED, "Docker/28.5.2+dfsg4 (linux)", "is ignored by Docker Engine 27.0 and later"),
        (PRIVILEGED, "Libpod/5.8.6 (linux)", "is used by Docker Engine before 27.0 only"),
        (PRIVILEGED | {"hostconfig": {"NetworkMode": "none"}}, "Docker/20.10.24 (linux)", "is ignored by Docker"),
        (PRIVILEGED | {"HostConfig": None}, "Docker/20.10.24 (linux)", "is used by this engine"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_field_of_host_config_at_the_top_level(body, server, said):
    [note] = notes_of(CREATE, [body], server=server)
    assert note.startswith(f"Privileged at the top level of ContainerCreate {said}")
    assert note.endswith(": it belongs in HostConfig.Privileged")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"Memory": 7, "HostConfig": {"Init": True}}, "is used by this engine"),
        ({"Memory": 7, "HostConfig": {"Memory": 8}}, "is ignored by Docker"),
        ({"Cpuset": "0", "HostConfig": {"Init": True}}, "is used by this engine"),
        ({"Cpuset": "0"}, "is ignored by Docker"),
        ({"cpuset": "0"}, "is ignored by Docker"),
    ],
)
def test_some_are_read_beside_a_host_config(body, said):
    [note] = notes_of(CREATE, [body], server="Docker/20.10.24 (linux)")
    assert f"at the top level of ContainerCreate {said}" in note


def notes_of(
    line: str, requests: list[Any], *, server: str = "", headers: dict[str, str] | None = None, body: bytes = b"",
    answers: list[Any] | None = None, status: int = 200, redactions: tuple[Redaction, ...] = (),
) -> tuple[str, ...]:  # fmt: skip
    method, target = line.split(" ", 1)
    fields = tuple((name.encode(), value.encode()) for name, value in (headers or {}).items())
    chunks = (Chunk(0.0, body),) if body else ()
    asked = Request(method, target, headers=Headers(fields), body=Body(chunks, len(body)))
    named = (b"Server", server.encode()), (b"Api-Version", b"1.41")
    response = Response(status, headers=Headers(named if server else ()))
    exchange = Exchange(1, 1, 0.0, "", "", asked, response, redactions=redactions)
    call = (
        with_form(lookup(method, target), body)
        if "urlencoded" in (headers or {}).get("Content-Type", "")
        else lookup(method, target)
    )
    return notes_on(call, exchange, requests, answers or [])


MAC = "MacAddress in the request body of ContainerCreate"


@pytest.mark.parametrize(
    ("line", "body", "note"),
    [
        ("POST /v1.44/containers/create", {"MacAddress": "02:00:00:00:00:01"},
         f"{MAC} has been deprecated since API 1.44, and has no effect from API 1.52: "
         "use NetworkingConfig.EndpointsConfig.NETWORK.MacAddress"),
        ("POST /v1.52/containers/create", {"macaddress": "02:00:00:00:00:01"},
         "macaddress in the request body of ContainerCreate is documented from API 1.25 to 1.51, not for API 1.52: "
         "engines may ignore it; use NetworkingConfig.EndpointsConfig.NETWORK.MacAddress"),
        ("POST /v1.41/containers/create", {"HostConfig": {"KernelMemory": 5}},
         "HostConfig.KernelMemory in the request body of ContainerCreate has been deprecated since API 1.41, "
         "and has no effect from API 1.42"),
        ("POST /v1.44/networks/create", {"Name": "x", "CheckDuplicate": True},
         "CheckDuplicate in the request body of NetworkCreate has been deprecated since API 1.44: "
         "names are always checked, so leave it out"),
        ("POST /v1.44/services/create", {"Networks": [{"Target": "x"}]},
         "Networks in the request body of ServiceCreate has been deprecated since API 1.44: use TaskTemplate.Networks"),
    ],
)  # fmt: skip
def test_a_deprecated_field_that_is_sent(line, body, note):
    assert notes_of(line, [body]) == (note,)
    unset = json.loads(
        json.dumps(body), object_hook=lambda one: {name: type(part)() for name, part in one.items()}
    )
    assert notes_of(line, [unset]) == ()


def test_fields_that_the_reference_has_in_the_wrong_place():
    body = {"Name": "x", "ClusterVolumeSpec": {"accessmode": {"CapacityRange": {"RequiredBytes": 1}}}}
    assert notes_of("POST /v1.51/volumes/create", [body]) == (
        "ClusterVolumeSpec.AccessMode.CapacityRange in the request body of VolumeCreate has no effect on Docker: "
        "it belongs in ClusterVolumeSpec.CapacityRange",
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CURL = "with curl, add -H 'Content-Type: application/json'"


@pytest.mark.parametrize(
    ("line", "body", "note"),
    [
        (CREATE, b'{"Image":"busybox"}',
         "ContainerCreate takes JSON, but the request declares it as application/x-www-form-urlencoded, "
         f"as curl -d does; {CURL}"),
        (CREATE, b"name=planted&Image=planted",
         "ContainerCreate takes JSON, but the request declares it as application/x-www-form-urlencoded, "
         f"as curl -d does; {CURL}"),
        ("PUT /v1.41/containers/x/archive?path=/", b"planted\0\0\0planted=5&x",
         "Docker takes no archive from this body, because the request declares it as "
         "application/x-www-form-urlencoded, as curl -d does; with curl, add -H 'Content-Type: application/x-tar', "
         "and --data-binary or -T"),
        ("POST /v1.41/containers/x/stop", b'{"t":5}',
         "ContainerStop takes parameters in the query or in a form, and this body is neither"),
        ("POST /v1.41/containers/x/rename", b"name=planted", ""),
        ("POST /v1.41/images/create", b"fromImage=planted", ""),
        ("POST /v1.41/auth", b'{"username":"planted"}', ""),
        ("POST /v1.41/build", b"planted\0\0", ""),
    ],
)  # fmt: skip
def test_a_body_that_curl_declared_as_a_form(line, body, note):
    assert notes_of(line, [], headers=FORM, body=body) == ((note,) if note else ())


def test_a_type_that_the_daemon_refused():
    refused = {"message": "unsupported Content-Type header (text/plain): must be 'application/json'"}
    plain = {"Content-Type": "text/plain"}
    body = b'{"Image":"x"}'
    [note] = notes_of(CREATE, [], headers=plain, body=body, answers=[refused], status=400)
    assert (
        note
        == f"ContainerCreate needs Content-Type: application/json, and the request declares another; {CURL}"
    )
    [note] = notes_of(CREATE, [], body=body, answers=[refused], status=400)
    assert "and the request has none" in note
    assert notes_of("POST /v1.41/swarm/init", [], headers=plain, body=body) == ()  # 20.10 reads it


@pytest.mark.parametrize(
    ("server", "what"),
    [
        ("Docker/28.5.1 (linux)", "Docker ignores it"),
        ("", "Docker ignores it"),
        ("Libpod/5.8.0 (linux)", "Docker ignores it (Podman may not)"),
        ("nginx", "Docker ignores it (this server may not)"),
    ],
)
@pytest.mark.parametrize(
    ("line", "bodies", "note"),
    [
        (
            "GET /v1.41/containers/json?al=1",
            [],
            "ContainerList has no parameter 'al', so {}; did you mean all?",
        ),
        (
            CREATE,
            [{"Imgae": "x"}],
            "ContainerCreate has no field 'Imgae' in its body, so {}; did you mean Image?",
        ),
        (
            "GET /v1.41/events?filters=%7B%22even%22%3A%5B%22die%22%5D%7D",
            [],
            "SystemEvents has no filter 'even', so {}; did you mean event?",
        ),
    ],
)
def test_another_server_may_know_more(
    server: str, what: str, line: str, bodies: list[Any], note: str
) -> None:
    assert notes_of(line, bodies, server=server) == (note.format(what),)


def test_credentials_in_a_form_that_the_daemon_ignores():
    def noted(value: str, redactions: tuple[Redaction, ...] = ()) -> tuple[str, ...]:
        line = "POST /v1.41/images/create?fromImage=x"
        return notes_of(line, [], headers={"X-Registry-Auth": value}, redactions=redactions)

    assert noted(STANDARD.decode()) == (
        "Docker ignores the credentials in X-Registry-Auth: "
        "it is in standard base64, and must be in base64url: - for +, _ for /",
    )
    assert noted("e30=") == noted(REDACTED) == ()
    hidden = Redaction("request.header:X-Registry-Auth", REDACTED, IGNORED)
    assert noted(REDACTED, (hidden,)) == (
        "Docker ignores the credentials in X-Registry-Auth: "
        'not base64url of a JSON object with "username" and "password"',
    )


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("GET /containers/create",
         "Docker has no GET of this path; did you mean POST /containers/create (ContainerCreate)?"),
        ("GET /v1.41/exec/x/start", "Docker has no GET of this path; did you mean POST /exec/{id}/start (ExecStart)?"),
        ("GET /V1.41/containers/json", "an API version in a path begins with a small v: /v1.41, for ContainerList"),
        ("GET /1.41/containers/json", "an API version in a path begins with a small v: /v1.41, for ContainerList"),
        ("get /containers/json", "methods are in upper case: GET /containers/json (ContainerList)"),
        ("GET /container/json", "no operation has this path; did you mean GET /containers/json (ContainerList)?"),
        ("GET /Containers/json", "no operation has this path; did you mean GET /containers/json (ContainerList)?"),
        ("GET /images/x/hisotry",
         "no operation has this path; did you mean GET /images/{name}/history (ImageHistory)?"),
        ("GET /containers/x", "no operation has this path; did you mean GET /containers/{id}/json (ContainerInspect)?"),
        ("GET /containers/json/", "the path ends in a slash, which is another path to Docker; ContainerList has none"),
        ("GET /nothing/like/it", ""),
        ("GET /", ""),
    ],
)  # fmt: skip
def test_what_a_404_is_likely_to_mean(line, hint):
    assert notes_of(line, [], status=404) == ((hint,) if hint else ())
    assert notes_of(line, [], status=200) == ()


def test_field_names_are_found_regardless_of_case():
    assert notes_of(CREATE, [{"image": "x", "hostconfig": {"networkmode": "none"}}]) == ()


@pytest.mark.parametrize(
    ("data", "format_", "noted"),
    [
        (b"\1\0\0\0\0\0\0\2hi", "raw", True),
        (b"\1\0\0\0\0\0\0\2hi\2\0\0\0\0\0\0\1x", "raw", True),
        (b"\1\0\0\0\0\0\0\2hi", "frames", False),
        (b"\1\0\0\0\0\0\0\2hi and more text", "raw", False),
        (b"hello", "raw", False),
    ],
)
def test_frames_in_the_output_of_a_program_with_a_terminal(data, format_, noted):
    asked = Request("GET", "/v1.41/containers/x/logs?stdout=1")
    exchange = Exchange(1, 1, 0.0, "", "", asked, Response(200, body=Body((Chunk(0.0, data),), len(data))))
    call = lookup(asked.method, asked.target)
    assert bool(notes_on(call, exchange, [], [], formats={"response": format_})) is noted
