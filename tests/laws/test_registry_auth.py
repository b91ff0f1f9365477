"""Nothing secret passes the redaction of registry credentials, whatever their shape and coding."""

import base64
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apispy.decoders.registry_auth import why_ignored
from apispy.decoders.value import unbase64
from apispy.model import Exchange, Headers, Request, is_redacted
from apispy.redaction import Redactor

SECRET = "hunter2-planted"
HEADER_NAMES = st.sampled_from([b"X-Registry-Auth", b"x-registry-config", b"X-REGISTRY-CONFIG"])
FIELDS = [
    "password",
    "auth",
    "identitytoken",
    "registrytoken",
    "PassWord",
    "IdentityToken",
    "other",
    "Password ",
]
HOLDERS = st.recursive(
    st.sampled_from([SECRET, f"x{SECRET}y", [SECRET], None, "", 5, {SECRET: ""}]),
    lambda inner: st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "username": st.just("ann"),
        "serveraddress": st.sampled_from(["https://r/", f"https://a:{SECRET}@r/"]),
    },
)
ACCOUNTS = st.builds(
    lambda plain, rest: plain | rest, PLAIN, st.dictionaries(st.sampled_from(FIELDS), HOLDERS, max_size=3)
)
HOSTS = st.sampled_from(["r.example", "https://index.docker.io/v1/", f"https://a:{SECRET}@r/", "auths"])
VALUES = ACCOUNTS | HOLDERS | st.dictionaries(HOSTS, ACCOUNTS | HOLDERS, max_size=3)

Coding = Callable[[bytes], bytes]
CODINGS: list[Coding] = [
    base64.urlsafe_b64encode,
    base64.b64encode,
    lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    lambda data: base64.b64encode(data)[:-1],
    lambda data: base64.b64encode(data + b"\n{}"),
    base64.b32encode,
    lambda data: data,
    lambda data: b" " + base64.b64encode(data) + b" ",
]


def redacted(name: bytes, value: bytes) -> bytes:
    asked = Request("POST", "/images/create", headers=Headers(((name, value),)))
    [(_, clean)] = Redactor().redact(Exchange(1, 1, 0.0, "c", "u", asked)).request.headers
    return clean


@given(name=HEADER_NAMES, value=VALUES, coding=st.sampled_from(CODINGS))
def test_no_secret_passes(name: bytes, value: Any, coding: Coding) -> None:
    clean = redacted(name, coding(json.dumps(value).encode()))
    assert SECRET.encode() not in clean
    if not is_redacted(clean.decode("latin-1")):
        assert SECRET.encode() not in unbase64(clean)


@given(noise=st.binary(max_size=60) | st.text(max_size=40).map(lambda text: base64.b64encode(text.encode())))
def test_what_is_no_credentials_is_withheld(noise: bytes) -> None:
    if noise.strip() not in (b"", b"e30=", b"bnVsbA=="):
        assert is_redacted(redacted(b"X-Registry-Auth", noise).decode())


@given(
    fields=st.dictionaries(
        st.sampled_from(["username", "email", "password", "serveraddress"]),
        st.text("abc/?~", min_size=1),
        min_size=1,
    ),
    safe=st.booleans(),
    padded=st.booleans(),
)
def test_the_structure_and_what_is_no_secret_stay(fields: dict[str, str], safe: bool, padded: bool) -> None:
    data = json.dumps(fields).encode()
    encoded = base64.urlsafe_b64encode(data) if safe else base64.b64encode(data)
    clean = redacted(b"X-Registry-Auth", encoded if padded else encoded.rstrip(b"="))
    shown = json.loads(unbase64(clean))
    assert is_redacted(shown.pop("password", "<redacted>"))
    assert shown == {name: text for name, text in fields.items() if name != "password"}


@given(
    value=PLAIN.map(lambda plain: plain | {"username": "ann", "password": "??>>~~" + SECRET}),
    spaces=st.integers(0, 2),
)
def test_a_form_that_the_daemon_ignores_is_ignored_after_redaction_too(value: Any, spaces: int) -> None:
    data = b" " * spaces + json.dumps(value).encode()
    safe, plain = base64.urlsafe_b64encode(data), base64.b64encode(data)
    for sent in (safe, plain, safe.rstrip(b"=")):
        clean = redacted(b"X-Registry-Auth", sent)
        assert why_ignored(clean) == why_ignored(sent) or is_redacted(clean.decode())
