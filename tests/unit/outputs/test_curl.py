"""The curl command of a call: how a shell parses it, and its comment when it is incomplete."""

import base64
import re
import shlex
import subprocess

import pytest

from apispy.outputs import Target
from apispy.outputs.curl import curl
from apispy.structs import replace

from .decoded_calls import body, decoded_call, headers, tunnel

SOCKET = Target(socket="/run/docker.sock")


def words(line: str) -> list[str]:
    return shlex.split(line.partition("  # ")[0])


@pytest.mark.parametrize(
    ("line", "rest", "expected"),
    [
        ("GET /v1.41/info", {}, "http://localhost/v1.41/info"),
        ("HEAD /_ping", {}, "--head http://localhost/_ping"),
        ("POST /v1.41/containers/x/start", {}, "-X POST http://localhost/v1.41/containers/x/start"),
        ("DELETE /containers/a?force=1", {}, "-X DELETE 'http://localhost/containers/a?force=1'"),
        ("GET /events", {}, "--no-buffer http://localhost/events"),
        ("GET /containers/a/logs?stdout=1", {}, "--output - 'http://localhost/containers/a/logs?stdout=1'"),
        ("GET http://docker/v1.41/info", {}, "http://localhost/v1.41/info"),
        ('GET /images/json?filters={"a":["b"]}', {}, "--globoff 'http://localhost/images/json?filters={\"a\":[\"b\"]}'"),
        ("GET /x/../y", {}, "--path-as-is http://localhost/x/../y"),
    ],
)  # fmt: skip
def test_the_request_line(line, rest, expected):
    assert curl(decoded_call(line, **rest), SOCKET) == f"curl -sS --unix-socket /run/docker.sock {expected}"


def test_where_it_goes():
    target = Target("", "https://h:2376", "/c d/ca.pem", "/c/cert.pem", "/c/key.pem")
    line = curl(decoded_call("GET /info"), target)
    assert line == "curl -sS --cacert '/c d/ca.pem' --cert /c/cert.pem --key /c/key.pem https://h:2376/info"
    assert "--insecure" in curl(decoded_call("GET /info"), Target(base="https://h:1", insecure=True))
    assert curl(decoded_call("GET /info"), Target(impossible="no way")) == "# no way"


def with_headers(line: str, ask: object, **fields: str):
    told = decoded_call(line, ask=ask)
    request = replace(told.exchange.request, headers=headers(**fields))
    return replace(told, exchange=replace(told.exchange, request=request))


def test_a_json_body_stands_in_the_line():
    told = with_headers("POST /networks/create", {"Name": "it's"}, Content_Type="application/json", Host="x")
    assert words(curl(told, SOCKET))[4:] == [
        "-X", "POST", "-H", "Content-Type: application/json", "--data-binary", '{"Name": "it\'s"}',
        "http://localhost/networks/create",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"\x00\xff\x1b[2J", b"@file", "umgedreht \u202e".encode(), b"a\nb"])
def test_any_other_body_reaches_the_daemon_unchanged_and_the_terminal_harmless(content):
    told = with_headers("POST /images/load", content)
    line = curl(told, SOCKET)
    assert line.isprintable()
    pipe = line.replace("curl -sS", "sh -c 'cat' --", 1)
    done = subprocess.run(["sh", "-c", pipe], capture_output=True, check=True, timeout=20)
    assert done.stdout == content
    assert base64.b64encode(content).decode() in line
    assert "Content-Type:" in words(line)


def test_a_large_body_comes_from_a_file_and_the_line_says_so():
    line = curl(with_headers("POST /images/load", b"x" * 100_000), SOCKET)
    assert "@request-7" in words(line)
    assert line.endswith("  # save the body (100.0 kB) as request-7")


def test_a_large_body_is_given_away_to_be_kept():
    kept = {}

    def save(name: str, data: bytes) -> str:
        kept[name] = data
        return f"/some where/{name}"

    line = curl(with_headers("POST /images/load", b"x" * 100_000), SOCKET, save)
    assert "@/some where/request-7" in words(line)
    assert "#" not in line
    assert kept == {"request-7": b"x" * 100_000}


def test_secrets_are_not_in_it_and_it_says_so():
    told = with_headers("POST /auth", {"username": "ann", "password": "hunter2"})
    line = curl(told, SOCKET)
    assert "hunter2" not in line
    [name] = set(re.findall(r"SECRET_[0-9a-f]{8}", line))
    assert f"""password":"'"${{{name}:?}}"'"}}'""" in line
    assert line.endswith(f"# set {name} to what was hidden; --show-secrets shows it")
    in_target = curl(with_headers("GET /unheard?token=hunter2", None), SOCKET)
    assert re.search(r'unheard\?token=.?"\$\{SECRET_[0-9a-f]{8}:\?\}"', in_target)
    assert "withheld" in curl(with_headers("POST /auth", b"password=hunter2"), SOCKET)


def test_what_curl_cannot_do_is_said():
    assert curl(decoded_call("POST /session", 101, tunnel=tunnel()), SOCKET).startswith("# curl cannot")
    assert curl(decoded_call("GET /containers/a/attach/ws", 101), SOCKET).startswith("# curl cannot")


def test_a_body_that_was_cut_is_not_passed_off_as_whole():
    told = with_headers("POST /x", b"abc")
    cut = replace(body(b"abc"), size=10)
    request = replace(told.exchange.request, body=cut)
    line = curl(replace(told, exchange=replace(told.exchange, request=request)), SOCKET)
    assert "abc" not in line
    assert "save the body (10 B)" in line
