"""The explanation of an operation matches its API version."""

from urllib.parse import quote

import pytest

from apispy.engine.operations import BY_ID
from apispy.engine.parameters import parameters
from apispy.errors import UsageError
from apispy.learn.explain.body_fields import fields_named, top_level
from apispy.learn.explain.changes import compare, difference, history
from apispy.learn.explain.descriptions import DESCRIPTIONS, description
from apispy.learn.explain.explanation import engines, explain
from apispy.learn.explain.interpretation import interpret
from apispy.learn.explain.pages import check_version
from apispy.learn.explain.records import Question


def told(text: str, api: str | None = None):
    return explain(interpret(text).questions[0], api)


def test_a_request_is_held_against_its_own_version():
    one = told('GET /v1.18/containers/json?all=maybe&limit=x&filters={"label":["b"]}&nosuch=1')
    notes = {row.name: row.note for row in one.typed}
    assert one.api == "1.18"
    assert notes == {
        "all": "interpreted as true",
        "limit": "expected an integer",
        "filters": "",
        "nosuch": "unknown to API 1.18, which ignores it",
    }
    assert [row.decoded for row in one.typed if row.name == "filters"] == [{"label": ["b"]}]


def test_what_is_newer_or_older_is_told():
    assert told("GET /v1.44/containers/json?before=x").typed[0].note == "only until API 1.41"
    assert told("POST /v1.30/containers/create?platform=x").typed[0].note == "documented since API 1.41"


@pytest.mark.parametrize(
    ("filters", "note"),
    [
        ('{"status":"running"}', "a list of text for each name"),
        ('{"status":["running",1]}', "only text in their lists"),
        ('{"status":[true]}', "only text in their lists"),
        ('{"status":{"running":"true"}}', "only true in their objects"),
        ('["status=running"]', "must be a JSON object"),
        ('""', "must be a JSON object"),
        ("status=running", "are not JSON"),
        ("{", "are not JSON"),
        ('{"statu":["running"]}', "did you mean status"),
        ('{"status":["runing"]}', "the daemon refuses this value of the filter status"),
    ],
)
def test_filters_that_the_daemon_refuses_are_not_explained_as_if_it_took_them(filters, note):
    [row] = told(f"GET /v1.41/containers/json?filters={quote(filters)}").typed
    assert note in row.note
    assert row.note.endswith("(400, or in Docker Engine 20.10 also 500)")
    assert row.decoded is None


def test_false_in_a_filter_is_no_negation():
    [row] = told('GET /v1.41/images/json?filters={"reference":{"busybox":false}}').typed
    assert "not a negation" in row.note
    assert "400" not in row.note


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ImageDelete", "image: name, name:tag"),
        ("ImagePush", "its name begins with the registry"),
        ("ImageInspect", "image: name"),
        ("VolumeDelete", "volume: name"),
        ("PluginEnable", "plugin: name"),
        ("ContainerInspect", "container: ID"),
        ("ExecStart", "which ContainerExec returned"),
    ],
)
def test_a_name_in_the_path_is_not_one_to_assign(text, words):
    parameter = next(one for one in told(text).parameters if one.place == "path")
    assert words in description(text, parameter.name, "path")


def test_every_name_in_a_path_is_described():
    rows = [(row, one) for row in BY_ID.values() for one in parameters(row.id) if one.place == "path"]
    assert not [
        row.id for row, one in rows if row.tag != "Podman" and not description(row.id, one.name, "path")
    ]


def test_fields_of_a_body_are_named_without_their_values():
    one = told("""curl -d '{"env": ["A=hunter2"], "HostConfig": {"Annotations": {}, "Mounts": [{"Nosuch": 1}]}}' """
               "http://d/v1.41/containers/create")  # fmt: skip
    assert {row.name: row.note for row in one.typed} == {
        "env": "",
        "HostConfig": "",
        "HostConfig.Annotations": "documented since API 1.43",
        "HostConfig.Mounts": "",
        "HostConfig.Mounts.Nosuch": "unknown to API 1.41, which ignores it",
    }
    assert "hunter2" not in repr(one)


def test_fields_of_host_config_at_the_top_level_are_explained_as_engines_take_them():
    line = """curl -H 'Content-Type: application/json' -d '{"Image": "x", "Privileged": true, "cpuset": "0"%s}' """
    create = "http://d/v1.41/containers/create"
    notes = {row.name: row.note for row in told(f"{line % ''}{create}").typed}
    assert notes == {
        "Image": "",
        "Privileged": "at the top level it is used by Docker Engine before 27.0 only: "
        "it belongs in HostConfig.Privileged",
        "cpuset": "at the top level it is ignored by Docker: it belongs in HostConfig.CpusetCpus",
    }
    beside = {
        row.name: row.note for row in told(f"""{line % ', "HostConfig": {"Init": true}'}{create}""").typed
    }
    assert beside["Privileged"].startswith("at the top level it is ignored by Docker:")
    assert beside["cpuset"].startswith("at the top level it is used by Docker Engine before 27.0 only:")


def test_fields_that_the_reference_omits_are_not_explained_as_ignored():
    one = told("""curl --json '{"listenaddr": "x", "Availability": "drain"}' http://d/v1.41/swarm/init""")
    assert {row.name: row.note for row in one.typed} == {
        "listenaddr": "",
        "Availability": "not in the reference; the daemon uses it",
    }


def test_parameters_without_an_effect_are_explained_so():
    for row in told("GET /v1.41/containers/json?since=x&before=y").typed:
        assert row.meaning.endswith("no effect on Docker Engine 20.10 and later: use filters")


@pytest.mark.parametrize(
    ("header", "note"),
    [
        *(
            (name, None)
            for name in ("Expect", "Traceparent", "X-Docker-Expose-Session-Uuid", "Sec-WebSocket-Key")
        ),
        ("X-Meta-Owner", None),
        ("Authorization", "unknown to API 1.55, which ignores it"),
    ],
)
def test_headers_that_something_reads_are_not_explained_as_ignored(header, note):
    one = told(f"POST /session HTTP/1.1\nHost: d\n{header}: x\n\n")
    assert [row.note for row in one.typed] == ([note] if note else [])


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("GET /v1.41/containers/json/",
         "The path ends in a slash, which is another path to Docker; ContainerList has none (404)."),
        ("""curl -d '{"ListenAddr": "x"}' http://d/v1.41/swarm/init""",
         "SwarmInit takes JSON, but the request declares it as application/x-www-form-urlencoded, as curl -d does; "
         "with curl, add -H 'Content-Type: application/json'."),
        ("POST /v1.41/swarm/init HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n{}",
         "SwarmInit takes JSON, but the request declares it as application/x-www-form-urlencoded, as curl -d does; "
         "with curl, add -H 'Content-Type: application/json'."),
        ("curl --data-binary @x.tar http://d/v1.41/images/load",
         "Docker takes no archive from this body, because the request declares it as "
         "application/x-www-form-urlencoded, as curl -d does; with curl, add -H 'Content-Type: application/x-tar', "
         "and --data-binary or -T."),
        ("curl -T x.tar 'http://d/v1.41/containers/x/archive?path=/'", ""),
        ("curl --json '{}' http://d/v1.41/swarm/init", ""),
        ("curl -H 'content-type: application/json; charset=utf-8' -d '{}' http://d/v1.41/swarm/init", ""),
        ("curl -d name=b http://d/v1.41/containers/a/rename", ""),
        ("curl --data-binary @x.tar http://d/v1.41/build", ""),
        ("GET /v1.41/networks/", ""),
    ],
)  # fmt: skip
def test_a_request_that_the_daemon_does_not_read_as_it_is_meant(line, note):
    assert told(line).notes == ((note,) if note else ())


def test_an_operation_of_a_version():
    assert told("containercreate@v1.24").api == "1.24"
    assert told("ContainerCreate@1.24", api="1.41").api == "1.41"
    assert any("API 1.99 is unknown" in note for note in told("ContainerCreate@1.99").notes)
    with pytest.raises(UsageError):
        interpret("ContainerCreate@latest")


def test_a_moment_is_left_open_in_the_curl_line():
    assert "since=SINCE" in told("docker events --since 1h").curl


def test_what_a_request_carries():
    assert "No body." not in told("ContainerStart@1.23").request_framing
    assert told("ContainerStart@1.24").request_framing == "No body."
    assert told("ImageCreate").request_framing.startswith("With fromSrc=- a tar archive")
    assert "JSON lines" not in told("ContainerStats").response_framing
    assert "a volume in use stays" in description("VolumeDelete", "force")
    platform = next(row for row in told("ImagePush").parameters if row.name == "platform")
    assert "as JSON" in description("ImagePush", platform.name)


def test_a_secret_in_the_wrong_form_is_not_repeated():
    one = told("curl -d username=me -d password=hunter2 http://d/auth")
    assert [row.name for row in one.typed] == ["username", "password"]
    assert not [row for row in one.typed if "hunter2" in row.value]
    assert "hunter2" not in one.curl


def test_the_version_asked_for_goes_before_the_one_typed():
    assert told("GET /v1.18/info", api="1.41").api == "1.41"


@pytest.mark.parametrize(
    ("text", "api", "used", "says"),
    [
        ("ConfigList", "1.24", "1.30", "reference for API 1.24 does not have this operation (since 1.30)"),
        (
            "ContainerCopy",
            "1.41",
            "1.23",
            "reference for API 1.41 does not have this operation (since 1.4 until 1.23)",
        ),
        ("ContainerList", "1.99", "1.55", "API 1.99 is unknown"),
        ("ContainerList", "1.18", "1.18", "documented since API 1.25"),
        ("Grpc", None, "1.55", "This operation is not in Docker's API reference"),
    ],
)
def test_what_must_be_known_first(text, api, used, says):
    one = told(text, api)
    assert one.api == used
    assert any(says in note for note in one.notes)


def test_fields_have_their_versions_and_secrets():
    fields = {row.path: row for row in told("ContainerCreate").body}
    assert fields["HostConfig.Annotations"].first == "1.43"
    assert fields["Env"].secret
    assert fields["HostConfig.Mounts[].Target"].type == "string"
    assert {row.path: row for row in told("ContainerCreate", "1.41").body}["MacAddress"].last == "1.51"


def test_one_place_of_a_body():
    rows = fields_named("hostconfig.restartpolicy", told("ContainerCreate").body)
    assert [row.path for row in rows][:2] == ["HostConfig.RestartPolicy", "HostConfig.RestartPolicy.Name"]
    assert all("." not in row.path for row in top_level(told("ContainerCreate").body))


def test_a_change_is_told_once_and_at_its_head():
    changes = compare(BY_ID["ContainerCreate"], "1.47", "1.48")
    names = [change.name for change in changes if change.what == "added"]
    assert "HostConfig.Mounts[].ImageOptions" in names
    assert not [name for name in names if name.startswith("HostConfig.Mounts[].ImageOptions.")]


def test_an_operation_comes_and_goes():
    assert [(c.version, c.what) for c in history(BY_ID["ContainerCopy"]) if c.part == "operation"] == [
        ("1.4", "added"),
        ("1.24", "removed"),
    ]


def test_a_version_does_not_differ_from_itself():
    assert all(difference(version, version) == () for version in ("1.18", "1.41", "1.55"))


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.1", "not supported by Docker Engine 1.0 or later"),
        (
            "1.18",
            "supported by Docker Engine 1.6 and later; refused by 25.0 and later unless configured otherwise",
        ),
        (
            "1.24",
            "supported by Docker Engine 1.12 and later; refused by 29.0 and later unless configured otherwise",
        ),
        (
            "1.41",
            "supported by Docker Engine 20.10 and later; refused by 29.0 to before 29.3 unless configured otherwise",
        ),
        ("1.44", "supported by Docker Engine 25.0 and later"),
    ],
)
def test_engines(version, words):
    assert engines(version) == words


@pytest.mark.parametrize("text", ["x", "", "1", "1.2.3", "1.41 "])
def test_no_version(text):
    with pytest.raises(UsageError, match="expected one like"):
        check_version(text)


@pytest.mark.parametrize("row", BY_ID.values(), ids=lambda row: row.id)
def test_every_parameter_has_a_meaning(row):
    assert not [one.name for one in explain(Question(row)).parameters
                if one.place != "path" and not description(row.id, one.name)]  # fmt: skip


def test_no_meaning_is_left_over():
    used = {f"{row.id}.{one.name}" for row in BY_ID.values() for one in parameters(row.id)}
    names = {name.partition(".")[2] for name in used}
    assert not [key for key in DESCRIPTIONS if key not in used and key not in names]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ContainerLogs", "'http://localhost/v1.55/containers/CONTAINER/logs?stdout=1&stderr=1'"),
        ("SystemPingHead", "--head http://localhost/v1.55/_ping"),
        (
            "ImageCreate",
            "-X POST --no-buffer 'http://localhost/v1.55/images/create?fromImage=IMAGE&tag=latest'",
        ),
        ("POST /v1.41/containers/web/start", "-X POST http://localhost/v1.41/containers/web/start"),
        ("ContainerAttachWebsocket", "# curl cannot do this"),
    ],
)
def test_curl(text, command):
    assert command in told(text).curl


def test_podmans_own_calls_keep_their_version_and_get_no_note_from_dockers_table():
    one = told("GET /v5.0.0/libpod/containers/web/stats?stream=false")
    assert "/v5.0.0/libpod/containers/web/stats?stream=false" in one.curl
    assert not [row.note for row in one.typed if row.note]
    assert not [note for note in one.notes if "unknown" in note]


def test_the_curl_command_of_a_push_has_the_header_that_engines_want():
    assert "-H 'X-Registry-Auth: e30='" in told("POST /v1.41/images/x/push").curl
    assert "X-Registry-Auth" not in told("POST /v1.41/images/create").curl
