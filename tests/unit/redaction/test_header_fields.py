"""Header fields and trailers."""

import base64
import json
from urllib.parse import quote

import pytest

from apispy.model import Headers
from apispy.redaction.header_fields import fields, without_quotes

from .hiding import replacer, token

EMPTY, NULL = base64.b64encode(b"{}"), base64.b64encode(b"null")


def shown(name: bytes, value: bytes, *rules: str) -> bytes:
    [(same, clean)] = fields(replacer(*rules), Headers(((name, value),)), "request.header")
    assert same == name
    return clean


@pytest.mark.parametrize(
    "name",
    [
        *(b"X-Registry-Auth", b"x-registry-config", b"Authorization", b"Proxy-Authorization", b"Cookie"),
        *(b"Set-Cookie", b"X-Vault-Token", b"X-Api-Key", b"Client-Secret"),
        *(b"X-Auth", b"X-Meta-Auth", b"x_auth_key", b"X-AuthKey", b"X-Forwarded-Authorization"),
    ],
)
def test_credentials(name: bytes) -> None:
    assert shown(name, b"c2VjcmV0") == token("c2VjcmV0").encode()


@pytest.mark.parametrize("value", [EMPTY, NULL, b""])
def test_that_there_are_none_is_shown(value: bytes) -> None:
    assert shown(b"X-REGISTRY-AUTH", value) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((b"User-Agent", b"docker"), (b"Www-Authenticate", b"Basic"), (b"X-Odd", b"\x9b31m\xff")),
        *((b"X-Author", b"ann"), (b"X-Auth-Method", b"tls"), (b"Sec-WebSocket-Key", b"eA==")),
    ],
)
def test_what_is_no_secret_stays(name: bytes, value: bytes) -> None:
    assert shown(name, value, "re:nowhere") == value


def test_urls_and_rules() -> None:
    assert shown(b"X-Proxy", b"https://a:b@r/") == f"https://{token('a:b')}@r/".encode()
    assert shown(b"Location", b"https://a:b@r/") == f"https://{quote(token('a:b'), safe=':')}@r/".encode()
    assert shown(b"Location", b"/x?a=b#auth=s") == f"/x?a=b%23auth%3D{quote(token('s'), safe='')}".encode()
    assert (
        shown(b"Referer", b"https://r/x?password%253Ds")
        == f"https://r/x?password%3D{quote(token('s'))}".encode()
    )
    assert shown(b"Host", b"a:b/c@d:80") == f"{token('a:b/c')}@d:80".encode()
    assert shown(b"Forwarded", b'for=_x;host="a:b@d"') == f'for=_x;host="{token("a:b")}@d"'.encode()
    assert shown(b"X-Note", b"password=s") == f"password={token('s')}".encode()
    assert shown(b"X-Foo", b"\xff", "header:x-FOO") == token("\udcff").encode()
    assert shown(b"X-Foo", b"at corp-1", "re:corp-.") == f"at {token('corp-1')}".encode()


def base64_of(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("name", "value", "clean"),
    [
        (
            b"X-Registry-Auth",
            {"username": "ann", "Password": "s", "auth": "", "serveraddress": "https://r/"},
            {"username": "ann", "Password": token("s"), "auth": "", "serveraddress": "https://r/"},
        ),
        (b"X-Registry-Auth", {"serveraddress": "https://a:s@r/"}, {"serveraddress": token("https://a:s@r/")}),
        (
            b"X-Registry-Config",
            {"r.example": {"username": "ann", "password": "s"}, "ghcr.io": {"identitytoken": "t"}},
            {
                "r.example": {"username": "ann", "password": token("s")},
                "ghcr.io": {"identitytoken": token("t")},
            },
        ),
    ],
)
def test_of_registry_headers_the_structure_stays(name: bytes, value: object, clean: object) -> None:
    assert shown(name, base64_of(value)) == base64_of(clean)


@pytest.mark.parametrize(
    "value",
    [{"unknown": "s"}, {"password": ["s"]}, ["s"], "s", {"r": {"password": "s"}}, [{"password": "s"}]],
)
def test_registry_headers_of_another_shape_are_hidden_as_a_whole(value: object) -> None:
    coded = base64_of(value)
    hiding = replacer()
    [(_, clean)] = fields(hiding, Headers(((b"X-Registry-Auth", coded),)), "request.header")
    assert clean == token(coded.decode()).encode()
    assert [one.place for one in hiding.found] == ["request.header:X-Registry-Auth"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("illegal header line: bytearray(b'X-Registry-Auth hunter2')", "illegal header line"),
        ('an internal error in apispy: ValueError(b"it\'s")', "an internal error in apispy: ValueError()"),
        ("the daemon spoke before it was asked", "the daemon spoke before it was asked"),
    ],
)
def test_quotes_of_the_wire_are_left_out(reason: str, said: str) -> None:
    assert without_quotes(reason).startswith(said.removesuffix(")"))
    assert "hunter2" not in without_quotes(reason)
    assert "it's" not in without_quotes(reason)


@pytest.mark.parametrize("name", [b"grpc-message", b"Grpc-Status-Details-Bin"])
def test_errors_of_grpc_are_withheld_and_no_secret_to_look_for(name: bytes) -> None:
    made = replacer()
    found = fields(made, Headers(((name, b"not found"), (b"grpc-status", b"5"))), "response.trailer")
    assert found.fields == ((name, b"<redacted>"), (b"grpc-status", b"5"))
    assert [(one.place, one.token) for one in made.found] == [(f"response.trailer:{name.decode()}", "")]
    assert fields(replacer(), found, "response.trailer") == found
    assert not made.known_secrets.found_in(b"not found")
