"""The shell and Python scripts: IDs become variables, calls that wait run in the background, bodies are complete."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from apispy.learn import NameRegistry
from apispy.model import Exchange
from apispy.outputs.exports import EXPORTERS
from apispy.outputs.exports.python_docker import filters
from apispy.outputs.exports.script_steps import build_script
from apispy.pipeline import read
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import WEB, decoded_call, exchange, headers, tunnel

CREATE = exchange("POST /v1.41/containers/create", 201, {"Id": WEB}, ask={"Image": "busybox"})
START = replace(exchange(f"POST /v1.41/containers/{WEB}/start", 204), id=9, started=CREATE.started + 2)
WAIT = replace(exchange(f"POST /v1.41/containers/{WEB}/wait"), id=8, started=CREATE.started + 1, duration=3.0)


def export(name: str, *calls: Exchange) -> str:
    memory = NameRegistry()
    return "".join(map(str, EXPORTERS[name].export([read(call, memory) for call in calls])))


def lines(name: str, *calls: Exchange) -> list[str]:
    """Return the script after the common prologue."""
    common = export(name).splitlines()
    return [line for line in export(name, *calls).splitlines()[len(common) :] if line]


def test_a_known_id_is_taken_from_the_new_answer():
    text = export("curl", CREATE, START)
    assert 'id_1=$(id_in "$response")' in text
    assert '"$base"/v1.41/containers/"$id_1"/start' in text
    assert WEB not in text.replace(f"id web ({WEB[:12]})", "")


def test_its_beginning_is_known_too():
    short = replace(START, request=replace(START.request, target="/v1.41/containers/c12250feba24/start"))
    assert 'containers/"$id_1"/start' in export("curl", CREATE, short)
    assert "api.start, id_1" in export("python", CREATE, short)


SECRET = exchange(
    "POST /v1.41/containers/create", 201, {"Id": WEB}, ask={"Image": "x", "Env": ["DB_PASSWORD=hunter2"]}
)
SECRET = replace(SECRET, request=replace(SECRET.request, headers=headers(Content_Type="application/json")))

PROGRAMS = {
    "curl": ("sh", "curl() { printf '%s\\n' \"$@\"; }\n"),
    "python-requests": (
        sys.executable,
        "import requests\nrequests.Session.request = lambda *words, **options: print(options)\n",
    ),
}
"""What runs a script, and a first line that prints a request instead of sending it."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script_takes_its_secrets_from_the_environment(name: str, tmp_path: Path):
    program, first = PROGRAMS[name]
    text = export(name, SECRET)
    [variable] = set(re.findall(r"SECRET_[0-9a-f]{8}", text))
    assert "redacted" not in text
    script = tmp_path / "script"
    script.write_text(first + text)

    def run(**secrets: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "DOCKER_HOST": "tcp://127.0.0.1:1"} | secrets
        return subprocess.run([program, script], env=env, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode != 0
    assert f"set {variable} to the secret at request.body:.Env[0] of call 7" in " ".join(done.stderr.split())
    assert "DB_PASSWORD" not in done.stdout
    assert "DB_PASSWORD=hunter3" in run(**{variable: "hunter3"}).stdout


def test_a_secret_in_base64_is_to_be_filled_in():
    account = base64.urlsafe_b64encode(b'{"password":"hunter2"}').decode()
    push = exchange("POST /v1.41/images/x/push")
    push = replace(push, request=replace(push.request, headers=headers(X_Registry_Auth=account)))
    for name in ("curl", "python", "python-requests"):
        assert "# <redacted> replaces a secret, maybe in base64: fill it in" in export(name, push)


def test_an_id_that_no_later_call_names_is_left():
    assert "answer=" not in export("curl", CREATE)
    assert "id_1" not in export("python", CREATE)


def test_calls_stand_in_the_order_of_their_beginning_and_one_that_waits_runs_beside():
    steps = build_script([read(call, NameRegistry()) for call in (CREATE, START, WAIT)]).steps
    assert [(step.decoded.exchange.id, step.background) for step in steps] == [
        (7, False),
        (8, True),
        (9, False),
    ]
    text = export("curl", CREATE, START, WAIT)
    assert re.search(r"(?m)^curl .*/wait & *\nsleep 1", text)
    assert text.endswith("\nwait\n")
    assert "background(send, 'POST', '/v1.41/containers/' + id_1 + '/wait', seconds=13)" in export(
        "python", CREATE, WAIT, START
    )


@pytest.mark.parametrize(
    ("call", "seconds"),
    [
        (exchange("GET /v1.41/events", duration=3600.0, end="cut"), 10),
        (exchange("GET /v1.41/events", duration=0.2, end="cut"), 1),
        (exchange("GET /v1.41/events?until=1", duration=2.0), 12),
        (exchange("POST /v1.41/images/create", duration=3600.0), 0),
        (exchange("POST /v1.41/containers/web/attach", 101, tunnel=tunnel(), duration=2.5), 13),
        (exchange("GET /v1.41/info"), 0),
    ],
)
def test_a_stream_that_has_no_end_of_its_own_is_watched_for_a_while(call: Exchange, seconds: int):
    assert build_script([read(call, NameRegistry())]).steps[0].time_limit == seconds


def test_a_large_body_stands_in_the_script():
    data = bytes(range(256)) * 40
    put = exchange("PUT /v1.41/containers/web/archive?path=/", 200, ask=data)
    text = export("curl", put)
    coded = text.partition("<<'END' | curl")[2].partition("\n")[2].partition("\nEND\n")[0]
    assert base64.b64decode(coded) == data
    coded = export("python", put).partition('b64decode("""')[2].partition('"""')[0]
    assert base64.b64decode(coded) == data


def test_what_cannot_be_sent_is_said():
    attach = exchange("POST /v1.41/containers/web/attach", 101, tunnel=tunnel(b"typed"))
    assert "# curl cannot send the standard input recorded here (5 B)" in export("curl", attach)
    assert "# the standard input recorded here (5 B) is not sent" in export("python", attach)
    session = exchange("POST /session", 101, tunnel=replace(tunnel(), protocol="h2c"))
    assert [line for line in lines("curl", session) if not line.startswith("#")] == []
    assert [line for line in lines("python-requests", session) if not line.startswith("#")] == []


def test_a_script_goes_where_the_calls_went_if_it_can():
    assert "recorded=tcp://orion:2375\n" in export("curl", replace(CREATE, upstream="tcp://orion:2375"))
    assert "recorded=unix:///var/run/docker.sock\n" in export("curl", replace(CREATE, upstream="ssh://orion"))


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("GET /v1.41/containers/json?all=1&limit=3", "call(api.containers, all=True, limit=3)"),
        (
            "GET /v1.41/containers/json?before=x",
            "call(send, 'GET', '/v1.41/containers/json', params={'before': 'x'})",
        ),
        (
            "GET /v1.41/containers/json?limit=x",
            "call(send, 'GET', '/v1.41/containers/json', params={'limit': 'x'})",
        ),
        ("POST /v1.41/containers/web/stop?t=2", "call(api.stop, 'web', timeout=2)"),
        (
            "DELETE /v1.41/containers/web?force=1&v=0",
            "call(api.remove_container, 'web', force=True, v=False)",
        ),
        ("GET /v1.41/images/busybox/json", "call(api.inspect_image, 'busybox')"),
        ('GET /v1.41/networks?filters={"name":{"a":true}}', "call(api.networks, filters={'name': ['a']})"),
        ("GET /info", "call(send, 'GET', '/info')"),
        ("GET /v1.41/x?a=1&a=2", "call(send, 'GET', '/v1.41/x', params=[['a', '1'], ['a', '2']])"),
    ],
)
def test_docker_py_has_a_method_or_sends_the_call(line: str, call: str):
    assert lines("python", exchange(line))[-1] == call


def test_another_version_than_that_of_the_client_is_sent_as_it_was():
    text = export("python", exchange("GET /v1.41/info"), exchange("GET /v1.30/info"))
    assert "version='1.41'" in text
    assert "call(api.info)" in text
    assert "call(send, 'GET', '/v1.30/info')" in text


def test_versions_that_docker_py_refuses_are_not_asked_of_it():
    assert "version='auto'" in export("python", exchange("GET /v1.18/info"))


def test_headers_and_json():
    call = exchange("POST /v1.41/x", ask={"a": [1, None, True]})
    call = replace(
        call, request=replace(call.request, headers=headers(Content_Type="application/json", X_A="b"))
    )
    assert lines("python-requests", call)[-1] == (
        "call(send, 'POST', '/v1.41/x', headers={'X-A': 'b'}, json={'a': [1, None, True]})"
    )


def test_filters_in_both_forms():
    assert filters('{"a": {"x": true}, "b": ["y"]}') == {"a": ["x"], "b": ["y"]}
    with pytest.raises(ValueError, match="not filters"):
        filters("[1]")


def test_a_title_stays_on_its_line():
    said = decoded_call("GET /v1.41/info", 500, {"message": "one\ntwo $(x)"})
    title = next(iter(build_script([said]).steps)).title
    assert title == "#7 22:13:20.000 SystemInfo -> 500 one\\ntwo $(x)"
