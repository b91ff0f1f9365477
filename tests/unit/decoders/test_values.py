"""Values of headers and query parameters."""

import base64
import json
from typing import Any

import pytest

from apispy.decoders import DECODERS, decode_header, decode_parameter, make
from apispy.decoders.header_values import HEADERS, PARAMETERS
from apispy.decoders.registry_auth import NO_AUTH_CONFIG, why_ignored
from apispy.decoders.value import VALUE_LIMIT
from apispy.model import Item

AUTH, CONFIG, STAT = b"X-Registry-Auth", b"x-registry-config", b"X-Docker-Container-Path-Stat"


def packed(value: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode())


def words(item: Item | None) -> str:
    assert item is not None
    assert item.kind == "value", item.value
    return item.label


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            {"username": "ann", "password": "s", "serveraddress": "https://r/"},
            "ann at https://r/ with password",
        ),
        ({"Username": "ann", "auth": "s", "identitytoken": "t"}, "ann with auth and identitytoken"),
        ({"password": ""}, "no credentials"),
        ({}, "no credentials"),
        (None, "no credentials"),
    ],
)
def test_registry_auth(value: Any, said: str) -> None:
    assert words(decode_header(AUTH, packed(value))) == said
    unpadded = packed(value).rstrip(b"=")
    ignored = ", which Docker ignores: its base64 has no padding, and must end in ="
    if len(unpadded) % 4:
        assert words(decode_header(AUTH, unpadded)) == said + (ignored if "with" in said else "")


BOB = {"username": "bob", "password": "a!?testpassword~~>?>", "serveraddress": "127.0.0.1:5055"}
NO_PADDING = {"username": "bob", "password": "pww"}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (packed(BOB), ""),
        (b" " + packed(BOB) + b" ", ""),
        (packed({"Username": "bob", "Password": "pw"}), ""),
        (packed({"identitytoken": "t"}), ""),
        (base64.urlsafe_b64encode(json.dumps(BOB).encode() + b" x"), ""),
        (
            base64.b64encode(json.dumps(BOB).encode()),
            "it is in standard base64, and must be in base64url: - for +, _ for /",
        ),
        (packed(NO_PADDING).rstrip(b"="), "its base64 has no padding, and must end in ="),
        (json.dumps(BOB).encode(), NO_AUTH_CONFIG),
        (b"bob:pw", NO_AUTH_CONFIG),
        (base64.b64encode(b"bob:pw"), NO_AUTH_CONFIG),
        (b'"%b"' % packed(BOB), NO_AUTH_CONFIG),
        (b"Basic " + packed(BOB), NO_AUTH_CONFIG),
        (packed("bob"), NO_AUTH_CONFIG),
        (packed([BOB]), NO_AUTH_CONFIG),
        (packed({"username": 5}), NO_AUTH_CONFIG),
        (
            packed({"127.0.0.1:5055": BOB}),
            "it is an object by host, and must be the credentials for one registry",
        ),
        (packed({"auth": "Ym9iOnB3"}), "its auth is not read here: send username and password"),
        (b"", ""),
        (b"e30=", ""),
        (b"bnVsbA==", ""),
    ],
)
def test_the_forms_of_credentials_that_dockerd_20_10_and_28_5_ignore(value: bytes, why: str) -> None:
    assert why_ignored(value) == why


def test_credentials_are_never_in_the_words() -> None:
    config = dict.fromkeys(("password", "auth", "identitytoken", "registrytoken"), "hunter2")
    assert "hunter2" not in words(decode_header(AUTH, packed(config)))
    assert "hunter2" not in words(decode_header(CONFIG, packed({"r": config})))


def test_registry_config() -> None:
    value = {"r.example": {"username": "ann", "password": "s"}, "ghcr.io": {}}
    assert (
        words(decode_header(CONFIG, packed(value))) == "r.example: ann with password; ghcr.io: no credentials"
    )
    assert words(decode_header(CONFIG, b"bnVsbA==")) == "no credentials"


@pytest.mark.parametrize("value", [b"%", b"c2VjcmV0", b"WzFd", b"aHVudGVyMg", packed({"r": "hunter2"})])
def test_what_cannot_be_read_is_a_problem_that_quotes_nothing(value: bytes) -> None:
    item = decode_header(CONFIG, value)
    assert item is not None
    assert item.kind == "problem"
    assert "hunter2" not in item.value
    assert "secret" not in item.value


def test_what_is_withheld_or_empty_has_no_meaning() -> None:
    assert decode_header(AUTH, b"<redacted>") is None
    assert decode_header(AUTH, b"") is None
    assert decode_header(b"Host", b"docker") is None
    assert decode_parameter("all", "1") is None


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        (0x80000000 | 0o755, "drwxr-xr-x"),
        (0o644, "-rw-r--r--"),
        (0x08000000 | 0o777, "lrwxrwxrwx"),
        (0x04000000 | 0x00200000 | 0o666, "crw-rw-rw-"),
        (0x04000000 | 0o660, "brw-rw----"),
        (0x80000000 | 0x00100000 | 0o777, "drwxrwxrwt"),
        (0x00800000 | 0o755, "-rwsr-xr-x"),
        (0x01000000 | 0o755, "srwxr-xr-x"),
        (0x02000000 | 0o600, "prw-------"),
    ],
)
def test_path_stat(mode: int, shown: str) -> None:
    value = {"name": "x", "size": 5, "mode": mode, "mtime": "2024-01-01T00:00:00Z", "linkTarget": "/y"}
    encoded = base64.b64encode(json.dumps(value).encode())
    assert words(decode_header(STAT, encoded)) == f"{shown} x -> /y 5 bytes changed 2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("filters", '{"status":{"running":true},"label":{"a=b":true}}', "status=running, label=a=b"),
        ("filters", '{"status":["running"],"n":["1"]}', "status=running, n=1"),
        ("filters", '{"reference":{"busybox":false}}', "reference=busybox"),
        ("filters", "null", ""),
        ("ulimits", "null", ""),
        ("buildargs", "null", ""),
        ("cachefrom", "null", ""),
        ("filters", '{"dangling":{"true":false}}', "dangling=true"),
        ("buildargs", '{"A":"1","B":null}', "A=1, B"),
        ("labels", '{"a":"b c"}', "a=b c"),
        ("cachefrom", '["x:1","y"]', "x:1, y"),
        ("ulimits", '[{"Name":"nofile","Soft":1024,"Hard":2048}]', "nofile=1024:2048"),
        ("outputs", '[{"Type":"local","Attrs":{"dest":"out"}}]', "type=local,dest=out"),
        ("platform", "linux/arm64/v8", "linux/arm64/v8"),
        (
            "platform",
            '{"os":"windows","architecture":"amd64","os.version":"10"}',
            "windows/amd64 (version 10)",
        ),
        ("changes", 'CMD ["x"]\nENV a=b', 'CMD ["x"]; ENV a=b'),
    ],
)
def test_parameters(name: str, value: str, said: str) -> None:
    assert words(decode_parameter(name, value)) == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("filters", '{"a":1}'),
        ("filters", '{"status":"running"}'),
        ("filters", '{"status":["running",1]}'),
        ("filters", '{"status":[true]}'),
        ("filters", '{"status":{"running":"true"}}'),
        ("filters", '["status=running"]'),
        ("filters", '""'),
        ("filters", "status=running"),
        ("filters", "[]"),
        ("filters", "{broken"),
        ("ulimits", "[1]"),
        ("cachefrom", "{}"),
    ],
)
def test_parameters_that_are_wrong(name: str, value: str) -> None:
    item = decode_parameter(name, value)
    assert item is not None
    assert item.kind == "problem"
    assert item.value.startswith("not readable: expected ")


def test_a_value_is_one_item_over_all_of_it() -> None:
    decoder = make("names")
    assert decoder.feed(b'["a"') + decoder.feed(b"]") == []
    assert decoder.close() == [Item("value", "a", ["a"], (0, 5))]


def test_a_value_over_the_limit_is_a_problem() -> None:
    decoder = make("platform")
    decoder.feed(b"x" * VALUE_LIMIT + b"y")
    assert [item.label for item in decoder.close()] == ["too long"]


def test_every_name_has_its_decoder() -> None:
    assert {*HEADERS.values(), *PARAMETERS.values()} <= set(DECODERS)
